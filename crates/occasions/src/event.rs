//! One dated part of an occasion, and the seats it has.

use jiff::Timestamp;
use platform::store::{FromRow, Row};
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use web::I18n;

use crate::occasion::{OccasionId, json, to_json};

platform::id!(EventId, "One event of an occasion.");

/// An event, as stored.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// Its name in forms and JSON: `a-z0-9-`, unique in the occasion.
    pub key: String,
    /// What hosts fill in.
    pub details: Details,
    /// SEQUENCE in calendars (RFC 5545 §3.8.7.4).
    pub calendar_sequence: i64,
    /// Raised by every change.
    pub version: i64,
}

/// What hosts fill in about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// 1–120.
    pub name: I18n,
    /// Its first instant.
    pub starts_at: Timestamp,
    /// After the start, at most 7 days.
    pub ends_at: Timestamp,
    /// 0–160.
    pub venue: String,
    /// 0–500.
    pub address: String,
    /// Empty or https, up to 2,048.
    pub map_url: String,
    /// 0–200.
    pub dress_code: I18n,
    /// 0–50 lines.
    pub schedule: Vec<ScheduleLine>,
    /// Seats, 1–100,000; `None`: as many as come.
    pub capacity: Option<i64>,
    /// Order of showing.
    pub position: i64,
}

/// One line of an event's schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleLine {
    /// Local wall-clock time, `HH:MM`.
    pub time: String,
    /// 1–120.
    pub title: I18n,
    /// 0–500.
    #[serde(default)]
    pub detail: I18n,
}

impl FromRow for Event {
    fn from_row(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.column(0)?,
            key: row.column(1)?,
            details: Details {
                name: I18n::from_json(&row.column::<String>(2)?),
                starts_at: row.column(3)?,
                ends_at: row.column(4)?,
                venue: row.column(5)?,
                address: row.column(6)?,
                map_url: row.column(7)?,
                dress_code: I18n::from_json(&row.column::<String>(8)?),
                schedule: json(row, 9)?,
                capacity: row.column(10)?,
                position: row.column(11)?,
            },
            calendar_sequence: row.column(12)?,
            version: row.column(13)?,
        })
    }
}

/// All events of an occasion, in the order they are shown.
pub fn list(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<Event>, StoreError> {
    tx.all(
        sql!(
            "SELECT id, key, name, starts_at, ends_at, venue, address, map_url, dress_code,
                    schedule, capacity, position, calendar_sequence, version
             FROM event WHERE occasion = $1 ORDER BY position, starts_at, id"
        ),
        &[occasion],
    )
}

/// Guests who said yes, for each event with limited seats.
pub fn seats_taken(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<Vec<(EventId, i64)>, StoreError> {
    tx.all(
        sql!("SELECT id, seats_taken FROM event WHERE occasion = $1 AND capacity IS NOT NULL"),
        &[occasion],
    )
}

/// Takes the locks of all events with limited seats, in the order of their ids,
/// so that two households that want the last seats wait for one another.
pub fn lock_limited(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
    let limited: Vec<(EventId,)> = tx.all(
        sql!("SELECT id FROM event WHERE occasion = $1 AND capacity IS NOT NULL ORDER BY id"),
        &[occasion],
    )?;
    for (id,) in limited {
        tx.run(
            sql!("UPDATE event SET version = version WHERE id = $1"),
            &[&id],
            Rows::AtMostOne,
        )?;
    }
    Ok(())
}

/// Which seats may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seats {
    /// Those that are free.
    Free,
    /// More than there are: a host wants it so.
    Beyond,
}

/// Takes or gives back seats of an event whose lock is held. Whoever takes some
/// has looked whether they are free; should that be wrong, nothing is written.
pub fn take_seats(
    tx: &mut Tx<'_>,
    event: &EventId,
    more: i64,
    seats: Seats,
) -> Result<(), StoreError> {
    tx.run(
        sql!(
            "UPDATE event SET seats_taken = seats_taken + $2
             WHERE id = $1 AND (CAST($2 AS BIGINT) <= 0 OR CAST($3 AS BIGINT) = 1
                                OR capacity IS NULL OR seats_taken + $2 <= capacity)"
        ),
        &[event, &more, &(seats == Seats::Beyond)],
        Rows::Exactly(1),
    )?;
    Ok(())
}

/// Counts the seats of every event with a limit anew: what hosts change may
/// touch many guests at once.
pub fn recount_seats(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
    tx.run(
        sql!(
            "UPDATE event SET seats_taken = (
                 SELECT COUNT(*) FROM reply
                 JOIN guest ON guest.id = reply.guest
                 JOIN invitation ON invitation.id = guest.invitation
                 WHERE reply.event = event.id AND reply.status = 'yes'
                   AND invitation.archived_at IS NULL
             )
             WHERE occasion = $1 AND capacity IS NOT NULL"
        ),
        &[occasion],
        Rows::Any,
    )?;
    Ok(())
}

/// Writes a new event.
pub fn insert(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    key: &str,
    details: &Details,
) -> Result<EventId, StoreError> {
    let id: EventId = tx.id();
    let now = tx.now();
    tx.run(
        sql!(
            "INSERT INTO event (id, occasion, key, name, starts_at, ends_at, venue, address,
                 map_url, dress_code, schedule, capacity, seats_taken, position,
                 calendar_sequence, version, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, 0, 1, $14, $14)"
        ),
        &[
            &id,
            occasion,
            &key,
            &details.name.to_json(),
            &details.starts_at,
            &details.ends_at,
            &details.venue,
            &details.address,
            &details.map_url,
            &details.dress_code.to_json(),
            &to_json(&details.schedule),
            &details.capacity,
            &details.position,
            &now,
        ],
        Rows::Exactly(1),
    )?;
    Ok(id)
}
