//! One dated part of an occasion, and the seats it has.

use std::collections::BTreeMap;

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

/// Seats taken in each event that has a limit: guests of invitations that are
/// not archived, who said yes.
pub fn seats_taken(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<BTreeMap<EventId, i64>, StoreError> {
    let taken: Vec<(EventId, i64)> = tx.all(
        sql!(
            "SELECT event.id, COUNT(*) FROM event
             JOIN reply ON reply.event = event.id AND reply.status = 'yes'
             JOIN guest ON guest.id = reply.guest
             JOIN invitation ON invitation.id = guest.invitation
             WHERE event.occasion = $1 AND event.capacity IS NOT NULL
               AND invitation.archived_at IS NULL
             GROUP BY event.id"
        ),
        &[occasion],
    )?;
    Ok(taken.into_iter().collect())
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
                 map_url, dress_code, schedule, capacity, position, calendar_sequence, version,
                 created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, 1, $14, $14)"
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
