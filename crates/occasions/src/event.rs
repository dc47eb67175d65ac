//! One dated part of an occasion, and the seats it has.

mod dates;
mod rules;
mod schedule;
mod web;

use ::web::I18n;
use jiff::Timestamp;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::occasion::OccasionId;

pub(crate) use dates::dates;
pub(crate) use rules::{by_keys, keys_of, wait_for_answers};
pub(crate) use schedule::{change as change_schedule, edit as edit_schedule};

platform::id!(EventId, "One event of an occasion.");

/// A dated part of an occasion.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Its id.
    #[schema(value_type = String)]
    pub id: EventId,
    /// 1–40 of `a-z0-9-`, unique in the occasion; only when it is created.
    pub key: String,
    /// 1–120.
    pub name: I18n,
    /// Its first instant.
    #[schema(value_type = String, format = "date-time")]
    pub starts_at: Timestamp,
    /// After the start, at most 7 days.
    #[schema(value_type = String, format = "date-time")]
    pub ends_at: Timestamp,
    /// 0–160.
    pub venue: String,
    /// 0–500.
    pub address: String,
    /// https, up to 2,048, or empty.
    pub map_url: String,
    /// 0–200.
    pub dress_code: I18n,
    /// 0–50 lines.
    #[row(json)]
    pub schedule: Vec<ScheduleLine>,
    /// Seats, 1–100,000, or null: as many as come.
    pub capacity: Option<i64>,
    /// Order of showing, 0–1,000.
    pub position: i64,
    /// SEQUENCE in calendars (RFC 5545 §3.8.7.4).
    pub calendar_sequence: i64,
    /// Raised by every change, which names the one that was seen.
    pub version: i64,
}

/// One line of an event's schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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

/// All events of an occasion, in the order they are shown.
pub fn list(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<Event>, StoreError> {
    sql!(
        "SELECT {Event} FROM event WHERE occasion = :occasion ORDER BY position, starts_at, id",
        occasion
    )
    .all(tx)
}

/// Guests who said yes to an event with limited seats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeatsTaken {
    /// Those who were invited, or whom a host approved.
    pub confirmed: i64,
    /// Those who answered without a code and wait for approval.
    pub unapproved: i64,
}

impl SeatsTaken {
    /// Seats that one more guest of a household may take.
    ///
    /// Invited households do not compete with answers that nobody has approved:
    /// anybody can send those by the hundred. They in turn get what is left by
    /// both, and together at most half of the event's seats.
    pub fn remaining(self, capacity: i64, is_unapproved: bool) -> i64 {
        let free = capacity - self.confirmed;
        let left = if is_unapproved {
            let share = (capacity + 1) / 2;
            free.min(share) - self.unapproved
        } else {
            free
        };
        left.max(0)
    }
}

/// Seats taken of each event that has a limit.
pub fn seats_taken(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<Vec<(EventId, SeatsTaken)>, StoreError> {
    let found: Vec<(EventId, i64, i64)> = sql!(
        "SELECT id, seats_taken, unapproved_seats FROM event
         WHERE occasion = :occasion AND capacity IS NOT NULL",
        occasion
    )
    .all(tx)?;
    let taken = |(id, confirmed, unapproved)| {
        let taken = SeatsTaken {
            confirmed,
            unapproved,
        };
        (id, taken)
    };
    Ok(found.into_iter().map(taken).collect())
}

/// Takes the locks of all events with limited seats, in the order of their ids,
/// so that two households that want the last seats wait for one another.
pub fn lock_limited(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
    let _: Vec<(EventId,)> = sql!(
        "SELECT id FROM event WHERE occasion = :occasion AND capacity IS NOT NULL
         ORDER BY id FOR NO KEY UPDATE",
        occasion
    )
    .all(tx)?;
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
    sql!(
        "UPDATE event SET seats_taken = seats_taken + :more
         WHERE id = :event AND (CAST(:more AS BIGINT) <= 0 OR CAST(:is_beyond AS BIGINT) = 1
                                OR capacity IS NULL OR seats_taken + :more <= capacity)",
        event,
        more,
        is_beyond = seats == Seats::Beyond
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// As [`take_seats`], for guests who wait for approval.
pub fn take_unapproved_seats(
    tx: &mut Tx<'_>,
    event: &EventId,
    more: i64,
    seats: Seats,
) -> Result<(), StoreError> {
    sql!(
        "UPDATE event SET unapproved_seats = unapproved_seats + :more
         WHERE id = :event AND (CAST(:more AS BIGINT) <= 0 OR CAST(:is_beyond AS BIGINT) = 1
                                OR capacity IS NULL
                                OR (seats_taken + unapproved_seats + :more <= capacity
                                    AND unapproved_seats + :more <= (capacity + 1) / 2))",
        event,
        more,
        is_beyond = seats == Seats::Beyond
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Counts the seats of every event with a limit anew: what hosts change may
/// touch many guests at once.
pub fn recount_seats(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
    sql!(
        "UPDATE event SET seats_taken = (
             SELECT COUNT(*) FROM reply
             JOIN guest ON guest.id = reply.guest
             JOIN invitation ON invitation.id = guest.invitation
             WHERE reply.event = event.id AND reply.status = 'yes'
               AND invitation.archived_at IS NULL AND invitation.unapproved = 0
         ), unapproved_seats = (
             SELECT COUNT(*) FROM reply
             JOIN guest ON guest.id = reply.guest
             JOIN invitation ON invitation.id = guest.invitation
             WHERE reply.event = event.id AND reply.status = 'yes'
               AND invitation.archived_at IS NULL AND invitation.unapproved = 1
         )
         WHERE occasion = :occasion AND capacity IS NOT NULL",
        occasion
    )
    .run(tx, Rows::Any)?;
    Ok(())
}
