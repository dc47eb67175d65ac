//! Events as hosts plan them, perhaps without a day or cancelled. All other code reads
//! [`super::list`], so such an event is in no list, calendar, sum or job.

use std::collections::BTreeMap;

use ::web::I18n;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Event, ScheduleLine, over};
use crate::id::{EventId, OccasionId};

/// A part of an occasion, such as a ceremony or a dinner. Its day may not be known yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Event)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a tick of the hosts' form"
)]
pub struct PlannedEvent {
    /// The event's id.
    pub id: EventId,
    /// 1–40 characters of `a-z0-9-`, unique in the occasion; fixed once the event is created.
    pub key: String,
    /// 1–120 characters.
    pub name: I18n,
    /// Whether the day is known. If not, guests read “Date to follow”, nobody is invited, and
    /// `starts_at` and `ends_at` are null. A `starts_at` makes the day known, and everybody is then
    /// invited unless `invite_all` is false.
    pub day_known: bool,
    /// Whether the event is cancelled. Guests then read that it is, and nobody is asked or counted.
    /// Answers are kept, and return when the event is no longer cancelled.
    pub cancelled: bool,
    /// When the event starts; null if the day is not known.
    pub starts_at: Option<Timestamp>,
    /// When the event ends: after its start, and at most 7 days later; null if the day or the end is
    /// not known.
    pub ends_at: Option<Timestamp>,
    /// Whether the hour is known. If not, the event lasts from midnight to midnight of the
    /// occasion's time zone, also after that zone changes, and guests read only its day. A new
    /// `starts_at` at another hour than midnight makes the hour known.
    pub hour_known: bool,
    /// Whether the end is known. If not, guests read only when the event begins, and for all else it ends
    /// at 4 am of the morning after the day on which it begins, or at noon if it begins before 4 am. A
    /// change that has an `ends_at` makes the end known, and one whose `ends_at` is null makes it unknown,
    /// unless it also has `end_known`; another `ends_at` beside `end_known: false` is refused. Always true while the hour is not known: an event that is then given its
    /// hour, but neither `ends_at` nor `end_known`, lasts two hours, also if its end was not known before.
    pub end_known: bool,
    /// Up to 160 characters.
    pub venue: String,
    /// Up to 500 characters.
    pub address: String,
    /// An https URL of up to 2,048 characters, or empty.
    pub map_url: String,
    /// Up to 200 characters.
    pub dress_code: I18n,
    /// Up to 50 lines.
    pub schedule: Vec<ScheduleLine>,
    /// Number of seats, 1–100,000; null if unlimited.
    pub capacity: Option<i64>,
    /// Whether everybody is invited to the event. If so, the public page shows the event.
    pub open_to_all: bool,
    /// Order among events that begin at the same time, 0–1,000. If the public page shows no event, it
    /// shows the day of the event with the lowest position.
    pub position: i64,
    /// The value of the property SEQUENCE in calendar files (RFC 5545 §3.8.7.4).
    pub calendar_sequence: i64,
    /// Increased by every change. A change must name the version it is based on.
    pub version: i64,
}

impl PlannedEvent {
    /// Whether guests are invited to the event: its day is known, and it is not cancelled.
    pub(crate) fn takes_place(&self) -> bool {
        self.day_known && !self.cancelled
    }

    /// Whether guests may still come to the event.
    pub(crate) fn is_ahead(&self, zone: &TimeZone, now: Timestamp) -> bool {
        let event = self.clone().dated(zone);
        self.takes_place() && event.is_some_and(|event| event.ends_at > now)
    }

    /// Returns the event if its day is known, cancelled or not. `zone` is the occasion's time zone.
    pub fn dated(self, zone: &TimeZone) -> Option<Event> {
        let starts_at = self.starts_at?;
        Some(self.at(starts_at, zone))
    }

    fn at(self, starts_at: Timestamp, zone: &TimeZone) -> Event {
        let ends_at = match self.ends_at {
            Some(ends_at) => ends_at,
            None if self.end_known => starts_at,
            None => over::open_end(starts_at, zone),
        };
        Event {
            id: self.id,
            key: self.key,
            name: self.name,
            starts_at,
            ends_at,
            hour_known: self.hour_known,
            end_known: self.end_known,
            venue: self.venue,
            address: self.address,
            map_url: self.map_url,
            dress_code: self.dress_code,
            schedule: self.schedule,
            capacity: self.capacity,
            open_to_all: self.open_to_all,
            position: self.position,
            calendar_sequence: self.calendar_sequence,
            version: self.version,
        }
    }

    /// The row of the table, in which an event without a day has a moment that nothing shows: these
    /// columns cannot be null.
    fn row(&self, zone: &TimeZone) -> Event {
        let never = Timestamp::UNIX_EPOCH + jiff::SignedDuration::from_secs(NEVER);
        self.clone().at(self.starts_at.unwrap_or(never), zone)
    }

    pub(crate) fn insert(
        &self,
        tx: &mut Tx<'_>,
        occasion: &OccasionId,
        zone: &TimeZone,
    ) -> Result<(), StoreError> {
        sql!(
            "INSERT INTO event (occasion, {Event}, day_known, cancelled_at, seats_taken, created_at,
                 updated_at)
             VALUES (:occasion, {:Event}, :day_known, :cancelled_at, 0, :now, :now)",
            occasion,
            Event = &self.row(zone),
            day_known = self.day_known,
            cancelled_at = self.cancelled.then_some(tx.now()),
            now = tx.now()
        )
        .run(tx, Rows::Exactly(1))
        .map(drop)
    }

    /// Stores the event if the stored one has the version before it.
    pub(crate) fn update(&self, tx: &mut Tx<'_>, zone: &TimeZone) -> Result<(), StoreError> {
        sql!(
            "UPDATE event SET {Event = :Event}, day_known = :day_known,
                 cancelled_at = CASE WHEN CAST(:cancelled AS BIGINT) = 1
                     THEN COALESCE(cancelled_at, :now) END,
                 updated_at = :now
             WHERE id = :id AND version = :version - 1",
            Event = &self.row(zone),
            day_known = self.day_known,
            cancelled = self.cancelled,
            now = tx.now(),
            id = self.id,
            version = self.version
        )
        .run(tx, Rows::Exactly(1))
        .map(drop)
    }
}

/// The start of the year 9000, in seconds.
const NEVER: i64 = 221_845_392_000;

impl From<Event> for PlannedEvent {
    fn from(event: Event) -> Self {
        let ends_at = event.known_end();
        Self {
            id: event.id,
            key: event.key,
            name: event.name,
            day_known: true,
            cancelled: false,
            starts_at: Some(event.starts_at),
            ends_at,
            hour_known: event.hour_known,
            end_known: ends_at.is_some(),
            venue: event.venue,
            address: event.address,
            map_url: event.map_url,
            dress_code: event.dress_code,
            schedule: event.schedule,
            capacity: event.capacity,
            open_to_all: event.open_to_all,
            position: event.position,
            calendar_sequence: event.calendar_sequence,
            version: event.version,
        }
    }
}

#[derive(Row)]
struct Stored {
    #[row(flatten)]
    event: Event,
    day_known: bool,
    cancelled_at: Option<Timestamp>,
}

impl From<Stored> for PlannedEvent {
    fn from(stored: Stored) -> Self {
        let event = Self::from(stored.event);
        Self {
            day_known: stored.day_known,
            cancelled: stored.cancelled_at.is_some(),
            starts_at: event.starts_at.filter(|_| stored.day_known),
            ends_at: event.ends_at.filter(|_| stored.day_known),
            ..event
        }
    }
}

/// Returns the events whose day is not known, in the hosts' order.
pub fn without_day(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<Vec<PlannedEvent>, StoreError> {
    let mut all = planned(tx, occasion)?;
    all.retain(|event| !event.day_known && !event.cancelled);
    Ok(all)
}

/// Returns all events: first those with a day, in the order in which they begin, and last the
/// cancelled ones.
pub(crate) fn planned(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<Vec<PlannedEvent>, StoreError> {
    // Events without a day are stored as of the year 9000.
    let found: Vec<Stored> = sql!(
        "SELECT {Stored} FROM event WHERE occasion = :occasion
         ORDER BY CASE WHEN cancelled_at IS NULL THEN 0 ELSE 1 END, starts_at, position, id",
        occasion
    )
    .all(tx)?;
    Ok(found.into_iter().map(PlannedEvent::from).collect())
}

/// Who said yes to an event.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub(crate) struct SaidYes {
    event: EventId,
    pub(crate) people: i64,
    pub(crate) households: i64,
}

/// Returns who said yes to each event; to a cancelled one, before it was cancelled. Archived
/// households are left out.
pub(crate) fn said_yes(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<BTreeMap<EventId, SaidYes>, StoreError> {
    let all: Vec<SaidYes> = sql!(
        "SELECT reply.event AS event, COUNT(*) AS people,
             COUNT(DISTINCT guest.invitation) AS households
         FROM (SELECT guest, event, status FROM reply
               UNION ALL SELECT guest, event, status FROM cancelled_reply) AS reply
         JOIN guest ON guest.id = reply.guest
         JOIN invitation ON invitation.id = guest.invitation
         WHERE invitation.occasion = :occasion AND invitation.archived_at IS NULL
           AND reply.status = 'yes'
         GROUP BY reply.event",
        occasion
    )
    .all(tx)?;
    Ok(all
        .into_iter()
        .map(|one| (one.event.clone(), one))
        .collect())
}
