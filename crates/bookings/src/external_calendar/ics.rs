//! Reads the busy times of a calendar file (RFC 5545). The crate `calcard` parses the file and
//! computes repetitions in local time. This program converts local times to instants.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use calcard::common::PartialDateTime;
use calcard::icalendar::timezone::TzResolver;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarProperty,
    ICalendarRecurrenceRule, ICalendarStatus, ICalendarTransparency, ICalendarValue,
};
use calcard::{Entry, Parser};
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use tokio::time::Instant;

use super::ReadError;
use super::repetition::{self, Repetition};

/// The maximum number of line ends, commas and semicolons in a calendar. The parser makes up to
/// 350 bytes of each of the values that they separate.
const MARKS: usize = 150_000;
/// The maximum number of rules of one event. Calendars should have at most one.
const RULES: usize = 10;
/// The maximum number of busy times in a calendar.
const MOST: usize = 20_000;
/// The maximum time for computing the repetitions of all events.
const PATIENCE: Duration = Duration::from_secs(5);

/// One time during which the calendar's owner is busy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Busy {
    /// The event's unique id; empty if it has none.
    pub(super) uid: Arc<str>,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

/// The busy times of a calendar, and whether some of its events could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) busy: Vec<Busy>,
    pub(super) is_partial: bool,
}

/// Reads the busy times that overlap `period`. Times without a time zone or with an unknown one are
/// read in `zone`.
pub(super) fn read(
    file: &str,
    zone: &TimeZone,
    period: (Timestamp, Timestamp),
) -> Result<Found, ReadError> {
    // The parser accepts a file that was cut off.
    let end = file.trim_end().rsplit(['\r', '\n']).next();
    if !end.is_some_and(|line| line.trim().eq_ignore_ascii_case("END:VCALENDAR")) {
        return Err(ReadError::Broken);
    }
    let is_mark = |byte: &u8| matches!(byte, b'\n' | b',' | b';');
    if file.bytes().filter(is_mark).count() > MARKS {
        return Err(ReadError::TooMuch);
    }
    let mut parser = Parser::new(file);
    let mut found = Found {
        busy: Vec::new(),
        is_partial: false,
    };
    let started = Instant::now();
    let mut calendars = 0;
    loop {
        match parser.entry() {
            Entry::ICalendar(calendar) => {
                let reading = Reading {
                    zones: calendar.build_tz_resolver(),
                    zone,
                    period,
                    started,
                };
                reading.calendar(&calendar, &mut found)?;
                calendars += 1;
            }
            Entry::Eof if calendars > 0 => return Ok(found),
            _ => return Err(ReadError::Broken),
        }
    }
}

/// The error for an event that cannot be read.
#[derive(Debug)]
pub(super) struct Unreadable;

/// The busy times of one event.
struct EventTimes {
    busy: Vec<(Timestamp, Timestamp)>,
    /// Whether no rule had to be read as whole days.
    is_exact: bool,
}

struct Reading<'a> {
    zones: TzResolver<&'a str>,
    zone: &'a TimeZone,
    period: (Timestamp, Timestamp),
    started: Instant,
}

impl Reading<'_> {
    fn calendar(&self, calendar: &ICalendar, found: &mut Found) -> Result<(), ReadError> {
        let is_event =
            |one: &&ICalendarComponent| one.component_type == ICalendarComponentType::VEvent;
        let events = || calendar.components.iter().filter(is_event);
        // For each event's id, the starts of repetitions that a separate event replaces.
        let mut replaced: HashMap<&str, BTreeSet<Timestamp>> = HashMap::new();
        for event in events() {
            let Some(entry) = event.property(&ICalendarProperty::RecurrenceId) else {
                continue;
            };
            let at = values(entry).next().and_then(|at| self.instant(entry, at));
            let uid = event.uid().unwrap_or_default();
            replaced.entry(uid).or_default().extend(at);
        }
        for event in events().filter(|event| is_busy(event)) {
            if self.started.elapsed() > PATIENCE {
                return Err(ReadError::TooMuch);
            }
            let is_replacement = event.has_property(&ICalendarProperty::RecurrenceId);
            let uid = event.uid().unwrap_or_default();
            let skipped = replaced.get(uid).filter(|_| !is_replacement);
            match self.event(event, skipped) {
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
        replaced: Option<&BTreeSet<Timestamp>>,
    ) -> Result<EventTimes, Unreadable> {
        let entry = event
            .property(&ICalendarProperty::Dtstart)
            .ok_or(Unreadable)?;
        let start = values(entry).next().ok_or(Unreadable)?;
        let length = self.length(event, entry, start)?;
        let zone = self.zone_of(entry, start);
        let first = instant(start, &zone).ok_or(Unreadable)?;
        let (mut starts, mut days) = (BTreeSet::from([first]), BTreeSet::new());
        if event.properties(&ICalendarProperty::Rrule).count() > RULES {
            return Err(Unreadable);
        }
        for rule in event.properties(&ICalendarProperty::Rrule) {
            let Some(ICalendarValue::RecurrenceRule(rule)) = rule.values.first() else {
                return Err(Unreadable);
            };
            match self.repeat(&zone, start, rule)? {
                Repetition::At(all) => {
                    for local in all {
                        starts.insert(zone.to_timestamp(local).map_err(|_| Unreadable)?);
                    }
                }
                Repetition::On(all) => days.extend(all),
            }
        }
        for entry in event.properties(&ICalendarProperty::Rdate) {
            let zone = self.named_zone(entry);
            for value in &entry.values {
                let ICalendarValue::PartialDateTime(at) = value else {
                    return Err(Unreadable);
                };
                starts.extend(instant(at, &zone));
            }
        }
        for entry in event.properties(&ICalendarProperty::Exdate) {
            let zone = self.named_zone(entry);
            for at in values(entry) {
                if let Some(at) = instant(at, &zone) {
                    starts.remove(&at);
                }
            }
        }
        starts.retain(|at| replaced.is_none_or(|replaced| !replaced.contains(at)));
        let is_exact = days.is_empty();
        let days = days.into_iter().filter_map(|day| {
            // An event without a length is never busy.
            length.after(first, &zone).filter(|until| *until > first)?;
            let from = day.to_zoned(zone.clone()).ok()?.timestamp().max(first);
            let until = day.tomorrow().ok()?.to_zoned(zone.clone()).ok()?;
            Some((from, length.after(until.timestamp(), &zone)?))
        });
        let times = starts
            .into_iter()
            .filter_map(|from| Some((from, length.after(from, &zone)?)));
        let busy = times.chain(days).filter(|(from, until)| {
            *from < self.period.1 && *until > self.period.0 && until > from
        });
        Ok(EventTimes {
            busy: busy.collect(),
            is_exact,
        })
    }

    /// Returns the length of each repetition of an event.
    fn length(
        &self,
        event: &ICalendarComponent,
        start_entry: &ICalendarEntry,
        start: &PartialDateTime,
    ) -> Result<Length, Unreadable> {
        if let Some(entry) = event.property(&ICalendarProperty::Dtend) {
            let end = values(entry).next().ok_or(Unreadable)?;
            if !start.has_time() {
                let (from, until) = (
                    civil(start).ok_or(Unreadable)?,
                    civil(end).ok_or(Unreadable)?,
                );
                let days = from.date().until(until.date()).map_err(|_| Unreadable)?;
                return Ok(Length::Days(i64::from(days.get_days())));
            }
            let from = self.instant(start_entry, start).ok_or(Unreadable)?;
            let until = self.instant(entry, end).ok_or(Unreadable)?;
            return Ok(Length::Elapsed(until.duration_since(from)));
        }
        match event.property(&ICalendarProperty::Duration) {
            Some(entry) => match entry.values.first() {
                Some(ICalendarValue::Duration(length)) => {
                    let seconds = length.as_seconds();
                    Ok(Length::Elapsed(SignedDuration::from_secs(seconds)))
                }
                _ => Err(Unreadable),
            },
            None if start.has_time() => Ok(Length::Elapsed(SignedDuration::ZERO)),
            None => Ok(Length::Days(1)),
        }
    }

    /// When a rule repeats an event, until the end of the period. The local time stays the same
    /// when the clock changes.
    fn repeat(
        &self,
        zone: &TimeZone,
        start: &PartialDateTime,
        rule: &ICalendarRecurrenceRule,
    ) -> Result<Repetition, Unreadable> {
        let begin = civil(start).ok_or(Unreadable)?;
        let last = self.period.1.to_zoned(zone.clone()).datetime();
        // The end of the rule may be an instant in UTC, but the library compares local times.
        let until = match &rule.until {
            Some(until) if until.has_time() => {
                let until = instant(until, zone).ok_or(Unreadable)?;
                until.to_zoned(zone.clone()).datetime().min(last)
            }
            Some(until) => {
                let day = civil(until).ok_or(Unreadable)?.date();
                day.at(23, 59, 59, 0).min(last)
            }
            None => last,
        };
        repetition::repeat(rule, begin, until)
    }

    fn instant(&self, entry: &ICalendarEntry, at: &PartialDateTime) -> Option<Timestamp> {
        instant(at, &self.zone_of(entry, at))
    }

    fn zone_of(&self, entry: &ICalendarEntry, at: &PartialDateTime) -> TimeZone {
        offset(at).unwrap_or_else(|| self.named_zone(entry))
    }

    /// The time zone that an entry names. Calendars use the names of IANA or those of Windows.
    fn named_zone(&self, entry: &ICalendarEntry) -> TimeZone {
        let Some(name) = entry.tz_id() else {
            return self.zone.clone();
        };
        let resolved = || self.zones.resolve(name)?.name();
        TimeZone::get(name)
            .ok()
            .or_else(|| TimeZone::get(&resolved()?).ok())
            .unwrap_or_else(|| self.zone.clone())
    }
}

#[derive(Clone, Copy)]
enum Length {
    /// The difference between two instants.
    Elapsed(SignedDuration),
    /// Whole days, some of which have 23 or 25 hours.
    Days(i64),
}

impl Length {
    /// The instant at which a time of this length ends. `None` if no calendar reaches so far.
    fn after(self, from: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Elapsed(length) => from.checked_add(length).ok(),
            Self::Days(days) => {
                let end = from.to_zoned(zone.clone()).checked_add(days.days()).ok()?;
                Some(end.timestamp())
            }
        }
    }
}

/// Whether an event blocks its time.
fn is_busy(event: &ICalendarComponent) -> bool {
    event.status() != Some(&ICalendarStatus::Cancelled)
        && event.transparency() != Some(&ICalendarTransparency::Transparent)
}

fn values(entry: &ICalendarEntry) -> impl Iterator<Item = &PartialDateTime> {
    entry
        .values
        .iter()
        .filter_map(ICalendarValue::as_partial_date_time)
}

fn instant(at: &PartialDateTime, zone: &TimeZone) -> Option<Timestamp> {
    let zone = offset(at).unwrap_or_else(|| zone.clone());
    zone.to_timestamp(civil(at)?).ok()
}

/// The offset that a value states, such as `Z` for UTC.
fn offset(at: &PartialDateTime) -> Option<TimeZone> {
    let seconds = i32::from(at.tz_hour?) * 3_600 + i32::from(at.tz_minute.unwrap_or(0)) * 60;
    let seconds = if at.tz_minus { -seconds } else { seconds };
    Some(Offset::from_seconds(seconds).ok()?.to_time_zone())
}

fn civil(at: &PartialDateTime) -> Option<DateTime> {
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
mod tests {
    use super::*;

    const ZONE: &str = "Europe/London";

    fn file(events: &str) -> String {
        let head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n";
        format!("{head}{events}END:VCALENDAR\r\n").replace('|', "\r\n")
    }

    fn period() -> (Timestamp, Timestamp) {
        let from: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        (from, from + SignedDuration::from_hours(365 * 24))
    }

    fn found(events: &str) -> Found {
        let zone = TimeZone::get(ZONE).unwrap();
        read(&file(events), &zone, period()).unwrap()
    }

    /// The beginnings and ends of the busy times, in the order of the file.
    fn times(events: &str) -> Vec<String> {
        let found = found(events);
        assert!(!found.is_partial);
        let show = |one: &Busy| format!("{}/{}", one.from, one.until);
        found.busy.iter().map(show).collect()
    }

    #[test]
    fn only_events_that_block_their_time_are_busy() {
        let rest = "DTSTART:20270105T090000Z|DTEND:20270105T100000Z|END:VEVENT|";
        let events = [
            "BEGIN:VEVENT|UID:1|",
            "BEGIN:VEVENT|UID:2|STATUS:CANCELLED|",
            "BEGIN:VEVENT|UID:3|TRANSP:TRANSPARENT|",
            "BEGIN:VEVENT|UID:4|STATUS:TENTATIVE|TRANSP:OPAQUE|",
        ]
        .map(|head| format!("{head}{rest}"));
        let found = found(&events.concat());
        let uids: Vec<&str> = found.busy.iter().map(|one| &*one.uid).collect();
        assert_eq!(uids, ["1", "4"]);
        let others = "BEGIN:VJOURNAL|UID:5|DTSTART:20270105T090000Z|END:VJOURNAL|";
        assert_eq!(times(others), [""; 0]);
    }

    #[test]
    fn times_are_read_in_the_zone_that_they_name() {
        for (start, expected) in [
            ("DTSTART:20270105T090000Z", "2027-01-05T09:00:00Z"),
            (
                "DTSTART;TZID=Asia/Kolkata:20270105T090000",
                "2027-01-05T03:30:00Z",
            ),
            (
                "DTSTART;TZID=\"America/St_Johns\":20270714T090000",
                "2027-07-14T11:30:00Z",
            ),
            (
                "DTSTART;TZID=Singapore Standard Time:20270105T090000",
                "2027-01-05T01:00:00Z",
            ),
            // A time without a zone, or with an unknown one, is in the provider's zone.
            ("DTSTART:20270714T090000", "2027-07-14T08:00:00Z"),
            ("DTSTART;TZID=Here:20270714T090000", "2027-07-14T08:00:00Z"),
        ] {
            let event = format!("BEGIN:VEVENT|UID:1|{start}|DURATION:PT30M|END:VEVENT|");
            let from: Timestamp = expected.parse().unwrap();
            let until = from + SignedDuration::from_mins(30);
            assert_eq!(times(&event), [format!("{from}/{until}")], "{start}");
        }
        // The day on which the clock goes forward has 23 hours.
        let day = "BEGIN:VEVENT|UID:1|DTSTART;VALUE=DATE:20270328|END:VEVENT|";
        assert_eq!(times(day), ["2027-03-28T00:00:00Z/2027-03-28T23:00:00Z"]);
        let days = "BEGIN:VEVENT|DTSTART;VALUE=DATE:20270101|DTEND;VALUE=DATE:20270103|END:VEVENT|";
        assert_eq!(times(days), ["2027-01-01T00:00:00Z/2027-01-03T00:00:00Z"]);
    }

    #[test]
    fn repeated_events_keep_their_local_time_over_a_change_of_the_clock() {
        let weekly = "BEGIN:VEVENT|UID:1|DTSTART;TZID=Europe/London:20270314T090000|\
            DTEND;TZID=Europe/London:20270314T100000|RRULE:FREQ=WEEKLY;COUNT=4|\
            EXDATE;TZID=Europe/London:20270321T090000|END:VEVENT|";
        assert_eq!(
            times(weekly),
            [
                "2027-03-14T09:00:00Z/2027-03-14T10:00:00Z",
                "2027-03-28T08:00:00Z/2027-03-28T09:00:00Z",
                "2027-04-04T08:00:00Z/2027-04-04T09:00:00Z",
            ]
        );
    }

    #[test]
    fn a_rule_ends_at_the_instant_that_it_names_and_at_the_end_of_the_period() {
        // The last repetition is at 18:00 in Kuala Lumpur, which is 10:00 in UTC.
        let daily = "BEGIN:VEVENT|DTSTART;TZID=Asia/Kuala_Lumpur:20261201T180000|DURATION:PT1H|\
            RRULE:FREQ=DAILY;UNTIL=20261203T100000Z|END:VEVENT|";
        assert_eq!(times(daily).len(), 3);
        let day = "BEGIN:VEVENT|DTSTART:20261201T180000|DURATION:PT1H|\
            RRULE:FREQ=DAILY;UNTIL=20261203|END:VEVENT|";
        assert_eq!(times(day).len(), 3);
        // A rule that began long ago and never ends.
        let long =
            "BEGIN:VEVENT|DTSTART:20100101T180000Z|DURATION:PT1H|RRULE:FREQ=DAILY|END:VEVENT|";
        assert_eq!(times(long).len(), 365);
        let monthly = "BEGIN:VEVENT|DTSTART:20260101T180000Z|DURATION:PT1H|\
            RRULE:FREQ=MONTHLY;BYDAY=-1FR|END:VEVENT|";
        assert_eq!(times(monthly).len(), 12);
        assert_eq!(
            times(monthly)[0],
            "2026-11-27T18:00:00Z/2026-11-27T19:00:00Z"
        );
    }

    #[test]
    fn one_time_of_a_repeated_event_may_be_moved_or_cancelled() {
        let series = "BEGIN:VEVENT|UID:1|SEQUENCE:3|DTSTART:20261201T090000Z|DURATION:PT1H|\
            RRULE:FREQ=DAILY;COUNT=3|RDATE:20261224T090000Z|END:VEVENT|\
            BEGIN:VEVENT|UID:1|RECURRENCE-ID:20261202T090000Z|DTSTART:20261202T150000Z|\
            DURATION:PT1H|END:VEVENT|\
            BEGIN:VEVENT|UID:1|RECURRENCE-ID:20261203T090000Z|DTSTART:20261203T090000Z|\
            DURATION:PT1H|STATUS:CANCELLED|END:VEVENT|";
        assert_eq!(
            times(series),
            [
                "2026-12-01T09:00:00Z/2026-12-01T10:00:00Z",
                "2026-12-24T09:00:00Z/2026-12-24T10:00:00Z",
                "2026-12-02T15:00:00Z/2026-12-02T16:00:00Z",
            ]
        );
    }

    #[test]
    fn an_event_that_cannot_be_read_does_not_hide_the_others() {
        let good = "BEGIN:VEVENT|DTSTART:20270105T090000Z|DURATION:PT1H|END:VEVENT|";
        for bad in [
            "BEGIN:VEVENT|UID:1|DURATION:PT1H|END:VEVENT|",
            "BEGIN:VEVENT|DTSTART:20270105T090000Z|DURATION:PT1S|RRULE:1|END:VEVENT|",
            "BEGIN:VEVENT|DTSTART:19000105T090000Z|DURATION:PT1S|RRULE:FREQ=DAILY|END:VEVENT|",
        ] {
            let found = found(&format!("{bad}{good}"));
            assert!(found.is_partial && found.busy.len() == 1, "{bad} {found:?}");
        }
    }

    #[test]
    fn what_is_no_whole_calendar_is_broken() {
        let whole = file("BEGIN:VEVENT|DTSTART:20270105T090000Z|DURATION:PT1H|END:VEVENT|");
        let zone = TimeZone::UTC;
        assert!(read(&whole, &zone, period()).is_ok());
        for cut in 0..whole.len() - "\r\n".len() {
            assert_eq!(read(&whole[..cut], &zone, period()), Err(ReadError::Broken));
        }
        for other in ["<!doctype html>", "<p>\r\nEND:VCALENDAR", "END:VCALENDAR"] {
            assert_eq!(
                read(other, &zone, period()),
                Err(ReadError::Broken),
                "{other}"
            );
        }
        let one =
            "BEGIN:VEVENT|DTSTART:20100101T090000Z|DURATION:PT1H|RRULE:FREQ=DAILY|END:VEVENT|";
        let many = file(&one.repeat(60));
        assert_eq!(read(&many, &zone, period()), Err(ReadError::TooMuch));
    }
}
