//! The events of an occasion, each with a date and possibly limited seats.

pub mod cancelled;
mod dates;
mod freezes;
pub(crate) mod over;
mod planned;
pub mod time_and_place;
pub(crate) mod whole_days;

use ::web::{Findings, I18n};
use jiff::{SignedDuration, Timestamp};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{EventId, OccasionId};

pub use cancelled::cancelled;
pub(crate) use dates::dates;
pub(crate) use freezes::freezes;
pub use planned::{PlannedEvent, without_day};
pub(crate) use planned::{SaidYes, planned, said_yes};

/// An event whose day is known. [`PlannedEvent`] has what all fields mean.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row)]
pub struct Event {
    pub id: EventId,
    pub key: String,
    pub name: I18n,
    pub starts_at: Timestamp,
    /// Until then the event is not over. If its end is not known, this is what `over::open_end` returns,
    /// so that nothing counts it as over while people still dance. What people read is
    /// [`Event::known_end`].
    pub ends_at: Timestamp,
    pub hour_known: bool,
    pub end_known: bool,
    pub venue: String,
    pub address: String,
    pub map_url: String,
    pub dress_code: I18n,
    #[row(json)]
    pub schedule: Vec<ScheduleLine>,
    pub capacity: Option<i64>,
    pub open_to_all: bool,
    pub position: i64,
    pub calendar_sequence: i64,
    pub version: i64,
}

/// A line in an event's schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleLine {
    /// Local wall-clock time, `HH:MM`.
    pub time: String,
    /// 1–120 characters.
    pub title: I18n,
    /// Up to 500 characters.
    #[serde(default)]
    pub detail: I18n,
}

impl Event {
    /// Whether the event begins at a known hour, and nobody knows when it ends.
    pub(crate) fn is_open_ended(&self) -> bool {
        self.hour_known && !self.end_known
    }

    /// Returns when the event ends, if that is known.
    pub(crate) fn known_end(&self) -> Option<Timestamp> {
        (!self.is_open_ended()).then_some(self.ends_at)
    }

    pub fn insert(&self, tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
        sql!(
            "INSERT INTO event (occasion, {Event}, seats_taken, created_at, updated_at)
             VALUES (:occasion, {:Event}, 0, :now, :now)",
            occasion,
            Event = self,
            now = tx.now()
        )
        .run(tx, Rows::Exactly(1))
        .map(drop)
    }
}

/// Returns the events of an occasion that take place on a known day, in the order in which they
/// begin.
pub fn list(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<Event>, StoreError> {
    sql!(
        "SELECT {Event} FROM event
         WHERE occasion = :occasion AND day_known = 1 AND cancelled_at IS NULL
         ORDER BY starts_at, position, id",
        occasion
    )
    .all(tx)
}

/// Without a day, an occasion ends this long after its last change: 18 months.
const WITHOUT_EVENTS: SignedDuration = SignedDuration::from_hours(548 * 24);

/// Returns when an occasion ends: with its last known day, cancelled or not, or, without any, 18 months
/// after its last change. `archived_for` then keeps the end that archived it. As days are counted from
/// it, an event without a known end counts with its start, which no time zone changes.
pub(crate) fn end_of_occasion(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<Option<Timestamp>, StoreError> {
    let (last,): (Option<Timestamp>,) = sql!(
        "SELECT MAX(CASE WHEN hour_known = 1 AND end_known = 0 THEN starts_at ELSE ends_at END)
         FROM event WHERE occasion = :occasion AND day_known = 1",
        occasion
    )
    .one(tx)?;
    if last.is_some() {
        return Ok(last);
    }
    let found: Option<(Option<Timestamp>, Timestamp)> = sql!(
        "SELECT archived_for, updated_at FROM occasion WHERE id = :occasion",
        occasion
    )
    .maybe(tx)?;
    Ok(found.and_then(|(archived_for, changed_at)| {
        archived_for.or_else(|| changed_at.checked_add(WITHOUT_EVENTS).ok())
    }))
}

/// Returns the occasions without a known day that may have ended.
pub(crate) fn ended_without_events(tx: &mut Tx<'_>) -> Result<Vec<OccasionId>, StoreError> {
    let Ok(changed_before) = tx.now().checked_sub(WITHOUT_EVENTS) else {
        return Ok(Vec::new());
    };
    let found: Vec<(OccasionId,)> = sql!(
        "SELECT id FROM occasion
         WHERE (archived_for IS NOT NULL OR updated_at <= :changed_before)
           AND NOT EXISTS (SELECT 1 FROM event WHERE event.occasion = occasion.id AND event.day_known = 1)
         ORDER BY id",
        changed_before
    )
    .all(tx)?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// Returns the events that visitors without a code can see and answer. These are the events that
/// are open to all. If none is, not even a cancelled one, returns all events.
pub fn for_all<'a>(events: &'a [Event], cancelled: &[Event]) -> Vec<&'a Event> {
    let open: Vec<_> = events.iter().filter(|event| event.open_to_all).collect();
    if open.is_empty() && !cancelled.iter().any(|event| event.open_to_all) {
        events.iter().collect()
    } else {
        open
    }
}

/// Returns the event whose day everybody may know. If the public page shows no event, this is the
/// first one in the hosts' order, because perhaps only a few guests are invited to an earlier one.
pub fn of_public_day<'a>(
    events: &'a [Event],
    cancelled: &[Event],
    is_answered_openly: bool,
) -> Option<&'a Event> {
    let mut all = events.iter().chain(cancelled);
    if is_answered_openly || all.any(|event| event.open_to_all) {
        for_all(events, cancelled)
            .into_iter()
            .min_by_key(|event| event.starts_at)
    } else {
        let first = events.iter().min_by_key(|event| event.position)?;
        let is_first = |event: &Event| event.position >= first.position;
        cancelled.iter().all(is_first).then_some(first)
    }
}

/// Adds the events that are open to all to the events chosen for an invitation.
pub fn with_open(events: &[Event], mut chosen: Vec<EventId>) -> Vec<EventId> {
    let open = events.iter().filter(|event| event.open_to_all);
    for event in open {
        if !chosen.contains(&event.id) {
            chosen.push(event.id.clone());
        }
    }
    chosen
}

/// Returns the ids of the events with these keys. For each unknown key, adds an error at the JSON
/// pointer `pointer`.
pub fn by_keys(
    events: &[Event],
    keys: &[String],
    pointer: &str,
    fields: &mut Findings,
) -> Vec<EventId> {
    let mut found = Vec::new();
    for (index, key) in keys.iter().enumerate() {
        match events.iter().find(|event| event.key == *key) {
            Some(event) if !found.contains(&event.id) => found.push(event.id.clone()),
            Some(_) => {}
            None => fields.add(&format!("{pointer}/{index}"), "unknown_option", []),
        }
    }
    found
}

/// Returns the keys of the events with these ids, in the order of `events`.
pub fn keys_of(events: &[Event], ids: &[EventId]) -> Vec<String> {
    events
        .iter()
        .filter(|event| ids.contains(&event.id))
        .map(|event| event.key.clone())
        .collect()
}

/// How many seats of an event with limited seats are taken. Each guest who said yes takes one seat,
/// and keeps it for a while when asked again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeatsTaken {
    /// Seats of guests whom hosts have invited or approved.
    pub confirmed: i64,
    /// Seats of guests who answered without a code and wait for approval.
    pub unapproved: i64,
}

impl SeatsTaken {
    /// Returns how many more seats the guests of one household may take.
    ///
    /// Anybody can send hundreds of answers without a code. So answers that wait for approval take
    /// no seats from invited households. They only get seats that nobody else has taken, and
    /// together at most half of the event's seats.
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

/// Returns the taken seats of each event with limited seats.
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

/// Returns the number of households that are invited to each event. Archived ones are not counted.
pub fn invited(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<Vec<(EventId, i64)>, StoreError> {
    sql!(
        "SELECT invitation_event.event, COUNT(*)
         FROM invitation_event JOIN invitation ON invitation.id = invitation_event.invitation
         WHERE invitation.occasion = :occasion AND invitation.archived_at IS NULL
         GROUP BY invitation_event.event",
        occasion
    )
    .all(tx)
}

/// Locks an event.
pub(crate) fn lock(tx: &mut Tx<'_>, id: &EventId) -> Result<(), StoreError> {
    let _: Option<(EventId,)> =
        sql!("SELECT id FROM event WHERE id = :id FOR NO KEY UPDATE", id).maybe(tx)?;
    Ok(())
}

/// Locks all events with limited seats, in the order of their ids. So households that compete for
/// the last seats are saved one after the other.
pub fn lock_limited(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
    let _: Vec<(EventId,)> = sql!(
        "SELECT id FROM event WHERE occasion = :occasion AND capacity IS NOT NULL
         ORDER BY id FOR NO KEY UPDATE",
        occasion
    )
    .all(tx)?;
    Ok(())
}

/// Whether a save may take more seats than are free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seats {
    Free,
    /// The save may take more seats than are free. Only hosts may do this.
    Beyond,
}

/// Takes `more` seats at an event. A negative `more` frees seats. The caller must hold the event's
/// lock, and must have checked that enough seats are free. Returns an error if too few seats are
/// free.
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

/// Like [`take_seats`], but for guests who wait for approval.
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

/// Recounts the taken seats of each event with limited seats. Called after a host's change that may
/// affect many guests.
pub fn recount_seats(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
    sql!(
        "UPDATE event SET seats_taken = (
             SELECT COUNT(*) FROM reply
             JOIN guest ON guest.id = reply.guest
             JOIN invitation ON invitation.id = guest.invitation
             WHERE reply.event = event.id AND (reply.status = 'yes' OR reply.seat_until IS NOT NULL)
               AND invitation.archived_at IS NULL AND invitation.unapproved = 0
         ), unapproved_seats = (
             SELECT COUNT(*) FROM reply
             JOIN guest ON guest.id = reply.guest
             JOIN invitation ON invitation.id = guest.invitation
             WHERE reply.event = event.id AND (reply.status = 'yes' OR reply.seat_until IS NOT NULL)
               AND invitation.archived_at IS NULL AND invitation.unapproved = 1
         )
         WHERE occasion = :occasion AND capacity IS NOT NULL",
        occasion
    )
    .run(tx, Rows::Any)?;
    Ok(())
}
