//! Reads the busy times of a calendar file (RFC 5545). The crate `calcard` parses the file and
//! computes repetitions in local time. This program converts local times to instants.
//!
//! What cannot be understood is told, and time that may be busy is busy.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use calcard::common::PartialDateTime;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarParameterName,
    ICalendarPeriod, ICalendarProperty, ICalendarRecurrenceRule, ICalendarStatus,
    ICalendarTransparency, ICalendarValue,
};
use calcard::{Entry, Parser};
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use super::ReadError;
use super::length::Length;
use super::repetition::{self, Repetition};
use super::text;
use super::zones::{Zone, Zones};

/// The maximum number of line ends, commas and semicolons in a calendar. The parser makes up to
/// 350 bytes of each of the values that they separate.
const MARKS: usize = 150_000;
/// The maximum number of rules of one event. Calendars should have at most one.
pub(super) const RULES: usize = 10;
const MOST: usize = 20_000;
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// How much earlier and later than in UTC a local time may be: no place is further than 14 hours
/// east or 12 hours west.
const FURTHEST: (SignedDuration, SignedDuration) = (
    SignedDuration::from_hours(14),
    SignedDuration::from_hours(12),
);

/// One time during which the calendar's owner is busy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Busy {
    /// The event's unique id; empty if it has none.
    pub(super) uid: Arc<str>,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

/// The busy times of a calendar, and whether some of its events could not be read exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) busy: Vec<Busy>,
    pub(super) is_partial: bool,
}

/// Reads the busy times that overlap `period`. Times without a time zone are read in `zone`. A time
/// in an unknown zone is busy wherever on Earth it might be.
pub(super) fn read(
    file: &str,
    zone: &TimeZone,
    period: &Range<Timestamp>,
) -> Result<Found, ReadError> {
    let is_mark = |byte: &u8| matches!(byte, b'\n' | b'\r' | b',' | b';');
    let is_second = |pair: &[u8]| pair == b"\r\n";
    let marks = file.bytes().filter(|byte| is_mark(byte)).count();
    if marks
        - file
            .as_bytes()
            .windows(2)
            .filter(|pair| is_second(pair))
            .count()
        > MARKS
    {
        return Err(ReadError::TooMuch);
    }
    let file = text::prepare(file).ok_or(ReadError::Broken)?;
    let mut parser = Parser::new(&file);
    let mut found = Found {
        busy: Vec::new(),
        is_partial: false,
    };
    let begins = file
        .lines()
        .filter(|line| text::is_delimiter(line, "BEGIN:VEVENT"));
    let begun = begins.count();
    let started = Instant::now();
    let (mut calendars, mut read) = (0, 0);
    loop {
        match parser.entry() {
            Entry::ICalendar(calendar) => {
                let reading = Reading {
                    zones: Zones::of(&calendar, period.end),
                    zone,
                    period,
                    started,
                };
                reading.calendar(&calendar, &mut found)?;
                let components = calendar.components.iter();
                read += components.filter(|one| is_event(one)).count();
                calendars += 1;
            }
            Entry::Eof if calendars > 0 => {
                // Nonsense in one event may make the parser take the next ones for parts of it.
                found.is_partial |= read < begun;
                return Ok(found);
            }
            _ => return Err(ReadError::Broken),
        }
    }
}

/// The error for what cannot be read.
#[derive(Debug)]
pub(super) struct Unreadable;

struct EventTimes {
    busy: Vec<(Timestamp, Timestamp)>,
    /// Whether all of the event was understood.
    is_exact: bool,
}

/// An event that replaces one repetition of another event, or that one and all later ones (RFC
/// 5545, section 3.2.13).
struct Override<'a> {
    at: Moment,
    is_for_later: bool,
    event: &'a ICalendarComponent,
}

/// An instant, and whether its zone is known. Without a known zone, it is read in UTC.
type Moment = (Timestamp, bool);

struct Time {
    /// The time that its rule says.
    local: DateTime,
    length: Length,
}

pub(super) struct Reading<'a> {
    zones: Zones<'a>,
    zone: &'a TimeZone,
    period: &'a Range<Timestamp>,
    started: Instant,
}

impl Reading<'_> {
    fn calendar(&self, calendar: &ICalendar, found: &mut Found) -> Result<(), ReadError> {
        let events = || calendar.components.iter().filter(|one| is_event(one));
        let mut overrides: HashMap<&str, Vec<Override<'_>>> = HashMap::new();
        for event in events() {
            let Some(entry) = event.property(&ICalendarProperty::RecurrenceId) else {
                continue;
            };
            let at = values(entry).next().and_then(|at| self.moment(entry, at));
            let Some(at) = at else {
                found.is_partial = true;
                continue;
            };
            let uid = event.uid().unwrap_or_default();
            overrides.entry(uid).or_default().push(Override {
                at,
                is_for_later: entry
                    .parameters(&ICalendarParameterName::Range)
                    .next()
                    .is_some(),
                event,
            });
        }
        for all in overrides.values_mut() {
            all.sort_by_key(|one| one.at);
        }
        for event in events().filter(|event| is_busy(event)) {
            if self.started.elapsed() > TIME_LIMIT {
                return Err(ReadError::TooMuch);
            }
            let is_replacement = event.has_property(&ICalendarProperty::RecurrenceId);
            let uid = event.uid().unwrap_or_default();
            let overrides = overrides.get(uid).filter(|_| !is_replacement);
            match self.event(event, overrides.map_or(&[], Vec::as_slice)) {
                Ok(times) => {
                    let uid: Arc<str> = uid.into();
                    found.is_partial |= !times.is_exact;
                    found
                        .busy
                        .extend(times.busy.into_iter().map(|(from, until)| Busy {
                            uid: Arc::clone(&uid),
                            from,
                            until,
                        }));
                }
                Err(Unreadable) => found.is_partial = true,
            }
            if found.busy.len() > MOST {
                return Err(ReadError::TooMuch);
            }
        }
        Ok(())
    }

    fn event(
        &self,
        event: &ICalendarComponent,
        overrides: &[Override<'_>],
    ) -> Result<EventTimes, Unreadable> {
        let entry = event
            .property(&ICalendarProperty::Dtstart)
            .ok_or(Unreadable)?;
        let start = values(entry).next().ok_or(Unreadable)?;
        let Zone { zone, is_known } = self.zone_of(entry, start);
        let length = self.length(event, entry, start);
        let mut is_exact = length.is_exact && is_known;
        let mut is_known_everywhere = length.is_known && is_known;
        let first = instant(start, &zone).ok_or(Unreadable)?;
        let mut times = BTreeMap::from([(
            first,
            Time {
                local: civil(start).ok_or(Unreadable)?,
                length,
            },
        )]);
        let mut days = BTreeSet::new();
        let rules = || event.properties(&ICalendarProperty::Rrule);
        is_exact &= rules().count() <= RULES;
        for rule in rules().take(RULES) {
            match self.repeat(&zone, start, rule) {
                Ok(Repetition::At(all)) => {
                    for local in all {
                        match zone.to_timestamp(local) {
                            Ok(at) => {
                                times.insert(at, Time { local, length });
                            }
                            Err(_) => is_exact = false,
                        }
                    }
                }
                Ok(Repetition::On(all)) => days.extend(all),
                Err(Unreadable) => is_exact = false,
            }
        }
        for entry in event.properties(&ICalendarProperty::Rdate) {
            for value in &entry.values {
                match self.added(entry, value, length) {
                    Some(((at, is_known), length)) => {
                        is_known_everywhere &= is_known;
                        let local = zone.to_datetime(at);
                        times.insert(at, Time { local, length });
                    }
                    None => is_exact = false,
                }
            }
        }
        for entry in event.properties(&ICalendarProperty::Exdate) {
            for at in values(entry) {
                match self.moment(entry, at) {
                    Some((at, known)) if known == is_known => {
                        times.remove(&at);
                    }
                    _ => is_exact = false,
                }
            }
        }
        let is_overridden = |at: Timestamp| overrides.iter().any(|one| one.at == (at, is_known));
        times.retain(|at, _| !is_overridden(*at));
        let mut later = overrides.iter().rev().filter(|one| one.is_for_later);
        let mut moved = Vec::new();
        for one in later.by_ref() {
            if one.at.1 != is_known {
                is_exact = false;
                continue;
            }
            let replaced = times.split_off(&one.at.0);
            if is_busy(one.event) {
                match self.moved(one, &zone, replaced.into_values()) {
                    Some(all) => moved.extend(all),
                    None => is_exact = false,
                }
            }
        }
        is_exact &= days.is_empty();
        let days = days.into_iter().filter_map(|day| {
            // An event without a length is never busy.
            length.after(first, &zone).filter(|until| *until > first)?;
            let from = day.to_zoned(zone.clone()).ok()?.timestamp().max(first);
            let until = day.tomorrow().ok()?.to_zoned(zone.clone()).ok()?;
            Some((from, length.after(until.timestamp(), &zone)?))
        });
        let times = times.into_iter().map(|(at, time)| (at, time.length));
        let times = times.chain(moved);
        let times = times.filter_map(|(from, length)| {
            let until = length.after(from, &zone)?;
            Some((from.checked_sub(length.before).ok()?, until))
        });
        let (earlier, later) = if is_known_everywhere {
            (SignedDuration::ZERO, SignedDuration::ZERO)
        } else {
            FURTHEST
        };
        let busy = times.chain(days).filter(|(from, until)| until > from);
        let busy = busy.filter_map(|(from, until)| {
            Some((
                from.checked_sub(earlier).ok()?,
                until.checked_add(later).ok()?,
            ))
        });
        let busy =
            busy.filter(|(from, until)| *from < self.period.end && *until > self.period.start);
        Ok(EventTimes {
            busy: busy.collect(),
            is_exact: is_exact && is_known_everywhere,
        })
    }

    /// A time that `RDATE` adds to an event, perhaps with a length of its own.
    fn added(
        &self,
        entry: &ICalendarEntry,
        value: &ICalendarValue,
        length: Length,
    ) -> Option<(Moment, Length)> {
        match value {
            ICalendarValue::PartialDateTime(at) => Some((self.moment(entry, at)?, length)),
            ICalendarValue::Period(ICalendarPeriod::Range { start, end }) => {
                let (from, until) = (self.moment(entry, start)?, self.moment(entry, end)?);
                Some((from, Length::elapsed(until.0.duration_since(from.0))))
            }
            ICalendarValue::Period(ICalendarPeriod::Duration { start, duration }) => {
                Some((self.moment(entry, start)?, Length::of(duration)))
            }
            _ => None,
        }
    }

    /// The times of an event from which on another event moves them.
    fn moved(
        &self,
        by: &Override<'_>,
        zone: &TimeZone,
        replaced: impl Iterator<Item = Time>,
    ) -> Option<Vec<(Timestamp, Length)>> {
        let old = by.event.property(&ICalendarProperty::RecurrenceId)?;
        let old = self.local(zone, old, values(old).next()?)?;
        let entry = by.event.property(&ICalendarProperty::Dtstart)?;
        let start = values(entry).next()?;
        let (_, is_known) = self.moment(entry, start)?;
        let length = self.length(by.event, entry, start);
        if is_known != by.at.1 || !length.is_known {
            return None;
        }
        let shift = self.local(zone, entry, start)?.duration_since(old);
        let moved = replaced.filter_map(|time| {
            let local = time.local.checked_add(shift).ok()?;
            Some((zone.to_timestamp(local).ok()?, length))
        });
        Some(moved.collect())
    }

    /// The local time stays the same when the clock changes.
    fn repeat(
        &self,
        zone: &TimeZone,
        start: &PartialDateTime,
        rule: &ICalendarEntry,
    ) -> Result<Repetition, Unreadable> {
        let Some(ICalendarValue::RecurrenceRule(rule)) = rule.values.first() else {
            return Err(Unreadable);
        };
        let begin = civil(start).ok_or(Unreadable)?;
        repetition::repeat(rule, begin, self.last(zone, rule)?)
    }

    fn last(
        &self,
        zone: &TimeZone,
        rule: &ICalendarRecurrenceRule,
    ) -> Result<DateTime, Unreadable> {
        // In an unknown zone, the period ends later.
        let last = self.period.end.checked_add(FURTHEST.0);
        let last = zone.to_datetime(last.map_err(|_| Unreadable)?);
        // The end of the rule may be an instant in UTC, but the library compares local times.
        match &rule.until {
            Some(until) if until.has_time() => {
                let until = instant(until, zone).ok_or(Unreadable)?;
                Ok(zone.to_datetime(until).min(last))
            }
            Some(until) => {
                let day = civil(until).ok_or(Unreadable)?.date();
                Ok(day.at(23, 59, 59, 0).min(last))
            }
            None => Ok(last),
        }
    }

    fn moment(&self, entry: &ICalendarEntry, at: &PartialDateTime) -> Option<Moment> {
        let zone = self.zone_of(entry, at);
        Some((instant(at, &zone.zone)?, zone.is_known))
    }

    /// A time as the clocks of `zone` are said to show it. Where they are put forward, no instant has
    /// that time.
    fn local(
        &self,
        zone: &TimeZone,
        entry: &ICalendarEntry,
        at: &PartialDateTime,
    ) -> Option<DateTime> {
        if self.zone_of(entry, at).zone == *zone {
            return civil(at);
        }
        Some(zone.to_datetime(self.moment(entry, at)?.0))
    }

    pub(super) fn zone_of(&self, entry: &ICalendarEntry, at: &PartialDateTime) -> Zone {
        if let Some(offset) = offset(at) {
            return Zone::known(offset);
        }
        match entry.tz_id() {
            // A date is a day where its reader is.
            Some(name) if at.has_time() => self.zones.find(name),
            _ => Zone::known(self.zone.clone()),
        }
    }
}

fn is_event(component: &ICalendarComponent) -> bool {
    component.component_type == ICalendarComponentType::VEvent
}

fn is_busy(event: &ICalendarComponent) -> bool {
    event.status() != Some(&ICalendarStatus::Cancelled)
        && event.transparency() != Some(&ICalendarTransparency::Transparent)
}

pub(super) fn values(entry: &ICalendarEntry) -> impl Iterator<Item = &PartialDateTime> {
    entry
        .values
        .iter()
        .filter_map(ICalendarValue::as_partial_date_time)
}

pub(super) fn instant(at: &PartialDateTime, zone: &TimeZone) -> Option<Timestamp> {
    let zone = offset(at).unwrap_or_else(|| zone.clone());
    zone.to_timestamp(civil(at)?).ok()
}

/// The offset that a value states, such as `Z` for UTC.
pub(super) fn offset(at: &PartialDateTime) -> Option<TimeZone> {
    let seconds = i32::from(at.tz_hour?) * 3_600 + i32::from(at.tz_minute.unwrap_or(0)) * 60;
    let seconds = if at.tz_minus { -seconds } else { seconds };
    Some(Offset::from_seconds(seconds).ok()?.to_time_zone())
}

pub(super) fn civil(at: &PartialDateTime) -> Option<DateTime> {
    let part = |part: Option<u8>| i8::try_from(part.unwrap_or(0)).ok();
    let year = i16::try_from(at.year?).ok()?;
    // A leap second is read as the second before.
    let second = part(at.second)?.min(59);
    DateTime::new(
        year,
        part(at.month)?,
        part(at.day)?,
        part(at.hour)?,
        part(at.minute)?,
        second,
        0,
    )
    .ok()
}

#[cfg(test)]
mod generated;
#[cfg(test)]
mod tests;
