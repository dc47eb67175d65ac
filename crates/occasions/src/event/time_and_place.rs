//! When and where an event is, and how people read that it has changed.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use platform::store::Row;
use platform::{StoreError, Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;
use web::Text;
use web::dates::ZonedPage;

use super::{Event, PlannedEvent};
use crate::id::{EventId, OccasionId};

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

impl TimeAndPlace {
    /// Of an event whose day is known.
    pub(crate) fn of(planned: &PlannedEvent, zone: &TimeZone) -> Option<Self> {
        let event = planned.clone().dated(zone)?;
        Some(Self {
            is_cancelled: planned.cancelled,
            ..Self::of_event(&event)
        })
    }

    /// Of an event that takes place.
    pub(crate) fn of_event(event: &Event) -> Self {
        Self {
            starts_at: event.starts_at,
            ends_at: event.ends_at,
            hour_known: event.hour_known,
            end_known: event.end_known,
            venue: event.venue.clone(),
            address: event.address.clone(),
            is_cancelled: false,
        }
    }

    fn known_end(&self) -> Option<Timestamp> {
        self.end_known.then_some(self.ends_at)
    }

    /// What reads in the second zone as this reads in the first.
    pub(crate) fn read_in(&self, [old, new]: [&TimeZone; 2]) -> Self {
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
    pub(crate) fn reads_like(&self, other: &Self) -> bool {
        let same_end = Self {
            ends_at: self.ends_at,
            ..other.clone()
        };
        (*self == same_end && self.known_end() == other.known_end())
            || (self.is_cancelled && other.is_cancelled)
    }

    /// Whether only when it ends differs.
    pub(crate) fn differs_in_end(&self, other: &Self) -> bool {
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
pub(crate) fn say_change(
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

/// A sentence about what has changed: its message's id, and what it names, if it names anything.
pub(crate) struct News {
    pub(crate) id: &'static str,
    pub(crate) was: String,
    pub(crate) now: String,
}

/// Says of a change whether it is of the day, the hour or the place, and names the day or the hour at
/// which the event begins, in the language of `text`.
pub(crate) fn news([was, now]: [&TimeAndPlace; 2], text: &Text, zone: &TimeZone) -> News {
    let ((old_days, old_hours), (days, hours)) = (was.read(zone), now.read(zone));
    let place = |of: &TimeAndPlace| (of.venue.clone(), of.address.clone());
    let has_place = !now.venue.is_empty() || !now.address.trim().is_empty();
    let is_same_time = old_days == days && old_hours == hours;
    let begins = |hours: Option<Hours>| hours.map(|(begin, _)| begin);
    let clock = |at: Timestamp| ZonedPage::at_venue(text, zone).time(at);
    let (id, was, now) = match (is_same_time, place(was) == place(now)) {
        (true, false) if has_place => ("send-moved", String::new(), String::new()),
        (false, false) if has_place => ("send-when-where", String::new(), String::new()),
        (false, true) if old_days != days => {
            ("send-day", text.date(old_days[0]), text.date(days[0]))
        }
        (false, true) => match (begins(old_hours), begins(hours)) {
            (Some(old), Some(new)) if old != new => {
                ("send-hour", clock(was.starts_at), clock(now.starts_at))
            }
            (None, Some(_)) => ("send-hour-new", String::new(), clock(now.starts_at)),
            _ => ("send-changed", String::new(), String::new()),
        },
        _ => ("send-changed", String::new(), String::new()),
    };
    News { id, was, now }
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

/// What an event was before it changed.
#[derive(Clone, Debug, Row)]
pub struct EventBefore {
    pub event: EventId,
    #[row(flatten)]
    pub was: TimeAndPlace,
    pub changed_at: Timestamp,
    /// When it changed first, if it has changed several times since.
    pub since: Option<Timestamp>,
    /// The name of the time zone by whose clock guests read it, if it was another.
    pub zone: Option<String>,
}

/// Returns what the occasion's events were that have changed, unless hosts tell nobody.
pub(crate) fn before(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<Vec<EventBefore>, StoreError> {
    sql!(
        "SELECT {EventBefore} FROM event_told
         WHERE event IN (SELECT id FROM event WHERE occasion = :occasion)
           AND dismissed_at IS NULL
         ORDER BY event",
        occasion
    )
    .all(tx)
}
