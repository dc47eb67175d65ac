//! What guests were last told of an event, since it has changed.

use std::collections::HashSet;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;
use web::Text;

use super::reached;
use crate::event::PlannedEvent;
use crate::id::{EventId, InvitationId, OccasionId};

/// When and where an event is, unless it is cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[schema(as = EventTimeAndPlace)]
#[serde(into = "Shown")]
pub struct TimeAndPlace {
    /// When it starts.
    pub starts_at: Timestamp,
    /// When it ends; null if that is not known.
    #[schema(value_type = Option<Timestamp>)]
    pub ends_at: Timestamp,
    /// Whether the hour is known.
    pub hour_known: bool,
    /// Whether the end is known. If not, guests read only when it starts.
    pub end_known: bool,
    /// The name of the place.
    pub venue: String,
    /// The address of the place.
    pub address: String,
    /// Whether the event is cancelled.
    pub is_cancelled: bool,
}

/// [`TimeAndPlace`] in JSON. Where the end is not known, nobody reads the one that stands for it.
#[derive(Serialize)]
struct Shown {
    starts_at: Timestamp,
    ends_at: Option<Timestamp>,
    hour_known: bool,
    end_known: bool,
    venue: String,
    address: String,
    is_cancelled: bool,
}

impl From<TimeAndPlace> for Shown {
    fn from(of: TimeAndPlace) -> Self {
        Self {
            ends_at: of.known_end(),
            starts_at: of.starts_at,
            hour_known: of.hour_known,
            end_known: of.end_known,
            venue: of.venue,
            address: of.address,
            is_cancelled: of.is_cancelled,
        }
    }
}

/// The kind of the messages that tell of it.
const KIND: &str = "moved";

/// What is stored of an event that has moved.
#[derive(Row)]
pub(super) struct Stored {
    #[row(flatten)]
    pub(super) was: TimeAndPlace,
    pub(super) changed_at: Timestamp,
    pub(super) dismissed_at: Option<Timestamp>,
    pub(super) asked_at: Option<Timestamp>,
    /// The name of the time zone by whose clock guests were told, if it was another.
    pub(super) zone: Option<String>,
}

impl TimeAndPlace {
    /// Of an event whose day is known.
    pub(super) fn of(planned: &PlannedEvent, zone: &TimeZone) -> Option<Self> {
        let event = planned.clone().dated(zone)?;
        Some(Self {
            starts_at: event.starts_at,
            ends_at: event.ends_at,
            hour_known: event.hour_known,
            end_known: event.end_known,
            venue: event.venue,
            address: event.address,
            is_cancelled: planned.cancelled,
        })
    }

    fn known_end(&self) -> Option<Timestamp> {
        self.end_known.then_some(self.ends_at)
    }

    /// What reads in the second zone as this reads in the first.
    fn read_in(&self, [old, new]: [&TimeZone; 2]) -> Self {
        let read = |at: Timestamp| {
            let clock = at.to_zoned(old.clone()).datetime();
            clock.to_zoned(new.clone()).map_or(at, |at| at.timestamp())
        };
        Self {
            starts_at: read(self.starts_at),
            ends_at: read(self.ends_at),
            ..self.clone()
        }
    }

    /// Whether guests read the same of both. When and where a cancelled event would be is no news.
    pub(super) fn reads_like(&self, other: &Self) -> bool {
        let same_end = Self {
            ends_at: self.ends_at,
            ..other.clone()
        };
        (*self == same_end && self.known_end() == other.known_end())
            || (self.is_cancelled && other.is_cancelled)
    }

    /// Whether only when it ends differs.
    pub(super) fn differs_in_end(&self, other: &Self) -> bool {
        let same_end = Self {
            ends_at: self.ends_at,
            end_known: self.end_known,
            ..other.clone()
        };
        !self.is_cancelled && *self == same_end && !self.reads_like(other)
    }

    /// The day, the hours with their time zone, and the place, in the language of `text`.
    pub fn say(&self, text: &Text, zone: &TimeZone) -> String {
        let said = Said {
            when: When::Hours,
            place: Where::IfKnown,
            names_open_end: false,
        };
        self.say_of(said, text, zone)
    }

    fn say_of(&self, said: Said, text: &Text, zone: &TimeZone) -> String {
        if self.is_cancelled {
            return text.say("event-cancelled").into_owned();
        }
        let Said { when, place, .. } = said;
        let [first, last] = self.days(zone);
        let date = if first == last {
            text.date(first)
        } else {
            let days = [("from", first), ("to", last)];
            let days = days.map(|(name, day)| (name, text.date(day).into()));
            text.with("time-range-wide", days)
        };
        let (from, to) = (self.starts_at, self.known_end());
        let hours = match when {
            When::Hours if self.hour_known => Some(text.hours_in(zone, from, to)),
            _ => None,
        };
        let hours = hours.map(|hours| {
            if said.names_open_end && to.is_none() {
                [hours, text.say("event-end-open").into_owned()].join(&text.say("list-comma"))
            } else {
                hours
            }
        });
        let mut parts = Vec::new();
        match hours {
            Some(hours) => {
                let values = [("date", date.into()), ("time", hours.into())];
                parts.push(text.with("date-moment", values));
            }
            None if when == When::Same => {}
            None => parts.push(date),
        }
        let address = self.address.lines().map(str::trim);
        let names = [self.venue.as_str()].into_iter().chain(address);
        let names: Vec<&str> = names.filter(|part| !part.is_empty()).collect();
        match place {
            Where::Same => {}
            Where::Changed if names.is_empty() => {
                parts.push(text.say("event-place-open").into_owned());
            }
            Where::IfKnown if names.is_empty() => {}
            Where::IfKnown | Where::Changed => parts.push(names.join(&text.say("list-comma"))),
        }
        parts.join(" · ")
    }

    /// The first and the last of the days that guests read. Beside hours, only the first stands.
    fn days(&self, zone: &TimeZone) -> [Date; 2] {
        let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
        let first = day(self.starts_at);
        if self.hour_known {
            return [first, first];
        }
        // Whole days end at midnight.
        let before = self.ends_at.checked_sub(SignedDuration::from_millis(1));
        [first, before.map_or(first, day).max(first)]
    }

    /// What calendar and clock say: the days; the hours, and how long after the first day the last
    /// one is.
    fn read(&self, zone: &TimeZone) -> ([Date; 2], Option<Hours>) {
        let from = self.starts_at.to_zoned(zone.clone());
        let end = self.known_end().map(|to| to.to_zoned(zone.clone()));
        let end = end.map(|to| (to.time(), from.date().duration_until(to.date())));
        let hours = self.hour_known.then_some((from.time(), end));
        (self.days(zone), hours)
    }
}

/// When an event starts; when it ends, and how long after the first day its last one is.
type Hours = (Time, Option<(Time, SignedDuration)>);

/// What a message names of an event.
#[derive(Clone, Copy)]
struct Said {
    when: When,
    place: Where,
    /// Whether it says so if the end is not known.
    names_open_end: bool,
}

/// What a message names of when an event is. Hours stand beside their day.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Same,
    Day,
    Hours,
}

/// What a message names of where an event is.
#[derive(Clone, Copy)]
enum Where {
    Same,
    IfKnown,
    /// Also that it is not known any more.
    Changed,
}

/// What the households to tell know of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Knows {
    /// All of them know what it was before it changed.
    TheSame,
    /// Some were told of an earlier change, and others may not have been.
    Different,
}

/// What an event was and what it is, in the language of `text`: of both only what differs, unless
/// somebody of those to tell may not know what it was. The time zone is named if guests were told
/// the time by the clock of another one, `told_in`.
pub(super) fn say_change(
    [was, now]: [&TimeAndPlace; 2],
    knows: Knows,
    text: &Text,
    zone: &TimeZone,
    told_in: Option<&TimeZone>,
) -> [String; 2] {
    let told_in = told_in.filter(|told_in| *told_in != zone);
    let is_whole =
        knows == Knows::Different || was.is_cancelled || now.is_cancelled || was.reads_like(now);
    let said = say_both([was, now], is_whole, text, zone, told_in);
    if said.iter().all(String::is_empty) {
        return say_both([was, now], true, text, zone, told_in);
    }
    said
}

fn say_both(
    [was, now]: [&TimeAndPlace; 2],
    is_whole: bool,
    text: &Text,
    zone: &TimeZone,
    told_in: Option<&TimeZone>,
) -> [String; 2] {
    let ((old_days, old_hours), (days, hours)) = (was.read(zone), now.read(zone));
    let when = if told_in.is_some() || is_whole || old_hours != hours {
        When::Hours
    } else if old_days != days {
        When::Day
    } else {
        When::Same
    };
    let place = if is_whole {
        Where::IfKnown
    } else if (&was.venue, &was.address) == (&now.venue, &now.address) {
        Where::Same
    } else {
        Where::Changed
    };
    let old_zone = told_in.unwrap_or(zone);
    let said = Said {
        when,
        place,
        names_open_end: was.known_end().is_some() != now.known_end().is_some(),
    };
    let was = was.read_in([zone, old_zone]);
    [
        was.say_of(said, text, old_zone),
        now.say_of(said, text, zone),
    ]
}

/// Records that an event has changed, so that hosts are asked whether to tell guests. The caller must
/// hold the event's lock.
pub(super) fn note(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    [old, new]: [&PlannedEvent; 2],
    zone: &TimeZone,
) -> Result<(), StoreError> {
    let [Some(was), Some(now)] = [old, new].map(|event| TimeAndPlace::of(event, zone)) else {
        return forget(tx, &new.id);
    };
    let read = Read { was, zone: None };
    compare(tx, occasion, &new.id, read, &now)
}

/// Records that the occasion's time zone has changed: guests read the time of an event whose hour is
/// known by another clock. What they were told is kept as what they read. The caller must hold the
/// event's lock.
pub(super) fn note_zone(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    event: &PlannedEvent,
    zones: [&TimeZone; 2],
) -> Result<(), StoreError> {
    let zone = zones[0].iana_name().map(str::to_owned);
    if let Some(stored) = find(tx, &event.id)? {
        let was = stored.was.read_in(zones);
        sql!(
            "UPDATE event_told SET starts_at = :starts_at, ends_at = :ends_at,
                 zone = COALESCE(zone, :zone)
             WHERE event = :event",
            starts_at = was.starts_at,
            ends_at = was.ends_at,
            zone,
            event = event.id
        )
        .run(tx, Rows::Exactly(1))?;
    }
    match TimeAndPlace::of(event, zones[1]) {
        Some(now) if now.hour_known => {
            let was = now.read_in(zones);
            compare(tx, occasion, &event.id, Read { was, zone }, &now)
        }
        _ => Ok(()),
    }
}

/// What guests read, and the name of the time zone of its clock if it was another.
struct Read {
    was: TimeAndPlace,
    zone: Option<String>,
}

fn compare(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    event: &EventId,
    mut read: Read,
    now: &TimeAndPlace,
) -> Result<(), StoreError> {
    if now.reads_like(&read.was) {
        return Ok(());
    }
    let stored = find(tx, event)?;
    // Who was asked again and has not answered has to hear of it, also if the event is again as it was.
    let asked_at = match stored.as_ref().and_then(|stored| stored.asked_at) {
        Some(at) if is_anybody_asked(tx, event)? => Some(at),
        _ => None,
    };
    if let Some(stored) = stored
        && told_since(tx, occasion, event, stored.changed_at)?.is_empty()
    {
        read = Read {
            was: stored.was,
            zone: stored.zone,
        };
    }
    forget(tx, event)?;
    let is_news = !read.was.reads_like(now) || asked_at.is_some();
    if !is_news || affected(tx, event)?.is_empty() {
        return Ok(());
    }
    sql!(
        "INSERT INTO event_told (event, {TimeAndPlace}, changed_at, asked_at, zone)
         VALUES (:event, {:TimeAndPlace}, :changed_at, :asked_at, :zone)",
        event,
        TimeAndPlace = read.was,
        changed_at = tx.now(),
        asked_at,
        zone = read.zone
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

fn is_anybody_asked(tx: &mut Tx<'_>, event: &EventId) -> Result<bool, StoreError> {
    let (asked,): (i64,) = sql!(
        "SELECT COUNT(*) FROM (SELECT event, seat_until FROM reply
                               UNION ALL SELECT event, seat_until FROM cancelled_reply) AS reply
         WHERE event = :event AND seat_until IS NOT NULL",
        event
    )
    .one(tx)?;
    Ok(asked > 0)
}

pub(super) fn forget(tx: &mut Tx<'_>, event: &EventId) -> Result<(), StoreError> {
    sql!("DELETE FROM event_told WHERE event = :event", event).run(tx, Rows::AtMostOne)?;
    Ok(())
}

pub(super) fn find(tx: &mut Tx<'_>, event: &EventId) -> Result<Option<Stored>, StoreError> {
    sql!(
        "SELECT {Stored} FROM event_told WHERE event = :event",
        event
    )
    .maybe(tx)
}

/// The households that may expect the event as it was: somebody has not declined it, and it was sent
/// to them or somebody has answered for it, or is asked again.
pub(super) fn affected(
    tx: &mut Tx<'_>,
    event: &EventId,
) -> Result<HashSet<InvitationId>, StoreError> {
    let found: Vec<(InvitationId,)> = sql!(
        "SELECT DISTINCT invitation.id
         FROM (SELECT guest, status, seat_until FROM reply WHERE event = :event
               UNION ALL
               SELECT guest, status, seat_until FROM cancelled_reply WHERE event = :event) AS reply
         JOIN guest ON guest.id = reply.guest
         JOIN invitation ON invitation.id = guest.invitation
         WHERE invitation.archived_at IS NULL AND reply.status <> 'no'
           AND (reply.status <> 'pending' OR reply.seat_until IS NOT NULL
                OR invitation.sent_at IS NOT NULL)",
        event
    )
    .all(tx)?;
    Ok(found.into_iter().map(|(id,)| id).collect())
}

/// What the households know that are still to be told of the change at that time.
pub(super) fn known(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    event: &EventId,
    changed_at: Timestamp,
) -> Result<Knows, StoreError> {
    let is_any = reached::is_any_before(tx, occasion, KIND, event.as_str(), changed_at)?;
    Ok(if is_any {
        Knows::Different
    } else {
        Knows::TheSame
    })
}

/// The households that were told of the event since then.
pub(super) fn told_since(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    event: &EventId,
    since: Timestamp,
) -> Result<HashSet<InvitationId>, StoreError> {
    reached::reached(tx, occasion, KIND, event.as_str(), since)
}
