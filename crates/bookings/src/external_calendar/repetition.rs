//! Computes when a rule repeats an event (RFC 5545, section 3.8.5.3). The crate `calcard` makes all
//! instants of a year at once, so a rule is measured before it is computed.

use std::collections::BTreeSet;

use calcard::common::PartialDateTime;
use calcard::common::timezone::Tz;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarFrequency,
    ICalendarProperty, ICalendarRecurrenceRule, ICalendarValue,
};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::ics::Unreadable;

/// The maximum number of repetitions of one rule, which suffices for a daily event over 54 years.
const REPEATS: usize = 20_000;
/// The maximum number of instants at which a rule may repeat an event within a year.
const YEARLY: usize = 1_000;

/// When a rule repeats an event, in local time.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Repetition {
    At(Vec<DateTime>),
    /// The rule has more than [`YEARLY`] instants within a year. These are the days with at least
    /// one instant, and perhaps other days.
    On(Vec<Date>),
}

/// Computes the repetitions from `begin` until `last`.
pub(super) fn repeat(
    rule: &ICalendarRecurrenceRule,
    begin: DateTime,
    last: DateTime,
) -> Result<Repetition, Unreadable> {
    if last < begin {
        return Ok(Repetition::At(Vec::new()));
    }
    if may_compute(rule, begin, last)? {
        return Ok(Repetition::At(compute(rule.clone(), begin, last)?));
    }
    let midnight = begin.date().to_datetime(Time::midnight());
    let end = last_by_count(rule, begin).map_or(last, |end| end.min(last));
    let days = compute(daily(rule), midnight, end)?;
    Ok(Repetition::On(
        days.into_iter().map(DateTime::date).collect(),
    ))
}

/// Whether the rule has at most [`YEARLY`] instants in the year after `begin`.
fn may_compute(
    rule: &ICalendarRecurrenceRule,
    begin: DateTime,
    last: DateTime,
) -> Result<bool, Unreadable> {
    if rule.freq > ICalendarFrequency::Daily {
        return Ok(false);
    }
    let times = [&rule.byhour, &rule.byminute, &rule.bysecond]
        .map(|list| list.iter().collect::<BTreeSet<_>>().len().max(1));
    let times = times.into_iter().product::<usize>();
    if times == 1 {
        return Ok(true);
    }
    // Even a rule with a small count makes all times of a day.
    if times > YEARLY {
        return Ok(false);
    }
    let year = begin.checked_add(1.year()).unwrap_or(DateTime::MAX);
    let midnight = begin.date().to_datetime(Time::midnight());
    let days = compute(daily(rule), midnight, year.min(last))?.len();
    let count = rule.count.and_then(|count| usize::try_from(count).ok());
    let within = count.map_or(times * days, |count| count.min(times * days));
    Ok(within <= YEARLY)
}

/// A rule that repeats an event once on each day on which `rule` does, and perhaps on other days.
fn daily(rule: &ICalendarRecurrenceRule) -> ICalendarRecurrenceRule {
    let mut daily = ICalendarRecurrenceRule {
        byhour: Vec::new(),
        byminute: Vec::new(),
        bysecond: Vec::new(),
        bysetpos: Vec::new(),
        ..rule.clone()
    };
    if !rule.bysetpos.is_empty() {
        daily.count = None;
    }
    if rule.freq > ICalendarFrequency::Daily {
        daily.freq = ICalendarFrequency::Daily;
        (daily.interval, daily.count) = (None, None);
        daily.byyearday.clear();
        daily.byweekno.clear();
    }
    daily
}

/// The last instant of a rule of hours, minutes or seconds that only its number of repetitions
/// limits.
fn last_by_count(rule: &ICalendarRecurrenceRule, begin: DateTime) -> Option<DateTime> {
    let unit = match rule.freq {
        ICalendarFrequency::Hourly => 3_600,
        ICalendarFrequency::Minutely => 60,
        ICalendarFrequency::Secondly => 1,
        _ => return None,
    };
    let is_limited = !(rule.bymonth.is_empty()
        && rule.bymonthday.is_empty()
        && rule.byyearday.is_empty()
        && rule.byweekno.is_empty()
        && rule.byday.is_empty()
        && rule.byhour.is_empty()
        && rule.byminute.is_empty()
        && rule.bysecond.is_empty()
        && rule.bysetpos.is_empty());
    let steps = i64::from(rule.count.filter(|_| !is_limited)?) - 1;
    let seconds = steps
        .checked_mul(i64::from(rule.interval.unwrap_or(1)))?
        .checked_mul(unit)?;
    begin.checked_add(SignedDuration::from_secs(seconds)).ok()
}

/// Has the library compute all instants of a rule whose days have few instants.
fn compute(
    rule: ICalendarRecurrenceRule,
    begin: DateTime,
    last: DateTime,
) -> Result<Vec<DateTime>, Unreadable> {
    let rule = ICalendarRecurrenceRule {
        until: Some(partial(last)),
        ..rule
    };
    let value = |name, value| ICalendarEntry {
        name,
        params: Vec::new(),
        values: vec![value],
    };
    let event = ICalendarComponent {
        component_type: ICalendarComponentType::VEvent,
        entries: vec![
            value(
                ICalendarProperty::Dtstart,
                ICalendarValue::PartialDateTime(Box::new(partial(begin))),
            ),
            value(
                ICalendarProperty::Rrule,
                ICalendarValue::RecurrenceRule(Box::new(rule)),
            ),
        ],
        component_ids: Vec::new(),
    };
    let components = vec![event];
    let expanded = ICalendar { components }.expand_dates(Tz::Floating, REPEATS);
    if !expanded.errors.is_empty() || expanded.events.len() >= REPEATS {
        return Err(Unreadable);
    }
    let local = expanded.events.into_iter().map(|event| {
        let (local, _) = event.timestamps();
        let local = Timestamp::from_second(local).ok()?;
        Some(local.to_zoned(TimeZone::UTC).datetime())
    });
    local.collect::<Option<_>>().ok_or(Unreadable)
}

fn partial(at: DateTime) -> PartialDateTime {
    let part = |part: i8| u8::try_from(part).ok();
    PartialDateTime {
        year: u16::try_from(at.year()).ok(),
        month: part(at.month()),
        day: part(at.day()),
        hour: part(at.hour()),
        minute: part(at.minute()),
        second: part(at.second()),
        ..PartialDateTime::default()
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::{Duration, Instant};

    use jiff::{SignedDuration, Timestamp, tz::TimeZone};

    use crate::external_calendar::ReadError;
    use crate::external_calendar::ics::{self, Found};

    const BY_SECOND: &str = "BYSECOND=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,\
        23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,\
        53,54,55,56,57,58,59";

    fn read(content: &str) -> Result<Found, ReadError> {
        let file = format!("BEGIN:VCALENDAR|{content}END:VCALENDAR|").replace('|', "\r\n");
        let from: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
        let period = from..from + SignedDuration::from_hours(365 * 24);
        ics::read(&file, &TimeZone::UTC, &period)
    }

    fn event(rule: &str) -> String {
        format!("BEGIN:VEVENT|DTSTART:20270105T090000Z|DURATION:PT1H|RRULE:{rule}|END:VEVENT|")
    }

    fn times(rule: &str) -> (Vec<String>, bool) {
        let found = read(&event(rule)).unwrap();
        let show = |one: &ics::Busy| format!("{}/{}", one.from, one.until);
        (found.busy.iter().map(show).collect(), found.is_partial)
    }

    #[test]
    fn the_days_of_a_rule_with_too_many_instants_are_busy() {
        for rule in [
            "FREQ=DAILY;BYMONTHDAY=5,7;BYHOUR=9,10;BYMINUTE=0,30;BYSECOND=0,30;UNTIL=20270207",
            "FREQ=HOURLY;BYMONTHDAY=5,7;UNTIL=20270207",
            "FREQ=SECONDLY;BYMONTHDAY=5,7;INTERVAL=7;UNTIL=20270207T100000Z",
        ] {
            // The first rule has few instants, because it ends soon.
            let is_short = rule.starts_with("FREQ=DAILY");
            let (times, is_partial) = times(rule);
            assert_eq!(is_partial, !is_short, "{rule}");
            let expected = [
                "2027-01-05T09:00:00Z/2027-01-05T10:00:00Z",
                "2027-01-05T09:00:00Z/2027-01-06T01:00:00Z",
                "2027-01-07T00:00:00Z/2027-01-08T01:00:00Z",
                "2027-02-05T00:00:00Z/2027-02-06T01:00:00Z",
                "2027-02-07T00:00:00Z/2027-02-08T01:00:00Z",
            ];
            if is_short {
                assert_eq!(times.len(), 4 * 8, "{rule}");
            } else {
                assert_eq!(times, expected, "{rule}");
            }
        }
        let (daily, is_partial) = times("FREQ=DAILY;BYHOUR=9,10,11,12;COUNT=1001");
        assert!(is_partial && daily.len() == 1 + 322, "{}", daily.len());
        // As many instants as are allowed.
        let (daily, is_partial) = times("FREQ=DAILY;BYHOUR=9,10,11,12;COUNT=1000");
        assert!(!is_partial && daily.len() == 1_000, "{}", daily.len());
        let (one, is_partial) = times("FREQ=DAILY;BYSECOND=0;COUNT=3");
        assert!(!is_partial && one.len() == 3);
        let (hours, is_partial) = times("FREQ=HOURLY;COUNT=3");
        assert!(is_partial && hours.len() == 2, "{hours:?}");
    }

    /// Calendars that are small, or just small enough, each with whether it can be read.
    fn hostile() -> Vec<(&'static str, String, bool)> {
        let list = |count: usize| {
            (0..count)
                .map(|at| at.to_string())
                .collect::<Vec<_>>()
                .join(",")
        };
        let bomb = format!("BYHOUR={};BYMINUTE={};{BY_SECOND}", list(24), list(60));
        let year = format!(
            "FREQ=YEARLY;{bomb};BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYMONTHDAY={}",
            &list(32)[2..]
        );
        let rules = |count: usize| format!("RRULE:{year}|").repeat(count);
        let all = |rules: &str| {
            format!("BEGIN:VEVENT|DTSTART:20270105T090000Z|DURATION:PT1H|{rules}END:VEVENT|")
        };
        vec![
            ("year", event(&year), true),
            ("count", event(&format!("{year};COUNT=4294967295")), true),
            ("one", event(&format!("{year};COUNT=1")), true),
            ("positions", event(&format!("{year};BYSETPOS=1,-1")), true),
            ("interval", event(&format!("{year};INTERVAL=0")), true),
            (
                "month",
                event(&format!("FREQ=MONTHLY;{bomb};BYDAY=MO,TU,WE,TH,FR,SA,SU")),
                true,
            ),
            ("hour", event(&format!("FREQ=HOURLY;{bomb}")), true),
            (
                "second",
                event("FREQ=SECONDLY;BYHOUR=9;BYMINUTE=0;BYSECOND=0"),
                true,
            ),
            (
                "never",
                event("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"),
                true,
            ),
            ("ten rules", all(&rules(10)), true),
            ("many rules", all(&rules(500)), true),
            ("many events", event(&year).repeat(50), true),
            (
                "long id",
                format!(
                    "BEGIN:VEVENT|UID:{}|DTSTART:20270105T090000Z|DURATION:PT1H|RRULE:FREQ=DAILY|END:VEVENT|",
                    "x".repeat(500_000)
                ),
                true,
            ),
            (
                "dates",
                all(&format!(
                    "RDATE:20270105T090000Z{}|",
                    ",20270105T090000Z".repeat(50_000)
                )),
                true,
            ),
            (
                "exceptions",
                all(&format!(
                    "EXDATE;TZID=Here:20270105T090000{}|",
                    ",20270105T090000".repeat(50_000)
                )),
                true,
            ),
            ("nested", "BEGIN:A|".repeat(100_000), true),
            (
                "zones",
                "BEGIN:VTIMEZONE|TZID:Here|END:VTIMEZONE|".repeat(20_000),
                true,
            ),
            (
                "own zones",
                (0..4_000).fold(String::new(), |all, at| {
                    all + "BEGIN:VTIMEZONE|TZID:"
                        + &at.to_string()
                        + "|BEGIN:STANDARD|DTSTART:16010101T000000|TZOFFSETFROM:+0100|\
                        TZOFFSETTO:+0200|RRULE:FREQ=MONTHLY|END:STANDARD|END:VTIMEZONE|\
                        BEGIN:VEVENT|DURATION:P1D|DTSTART;TZID="
                        + &at.to_string()
                        + ":20270105T090000|END:VEVENT|"
                }),
                true,
            ),
            ("lines", "A:1|".repeat(149_000), true),
            ("more lines", "A:1|".repeat(170_000), false),
            (
                "parameters",
                format!("A;B=C{}:1|", ",C".repeat(400_000)),
                false,
            ),
        ]
    }

    /// The largest size of this process so far, in bytes.
    fn peak() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let size = line.unwrap().trim().strip_suffix(" kB").unwrap();
        size.trim().parse::<u64>().unwrap() << 10
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "a variable tells the process of its own"
    )]
    fn no_small_calendar_takes_much_memory_or_time() {
        const NAME: &str = "KENDURI_TEST_HOSTILE_CALENDARS";
        if std::env::var_os(NAME).is_none() {
            // In a process of its own, because other tests take memory too.
            let mut own = Command::new(std::env::current_exe().unwrap());
            let test = "no_small_calendar_takes_much_memory_or_time";
            own.args([
                "--exact",
                &format!("external_calendar::repetition::tests::{test}"),
            ]);
            assert!(
                own.arg("--nocapture")
                    .env(NAME, "")
                    .status()
                    .unwrap()
                    .success()
            );
            return;
        }
        // A slow machine gives nothing up for its time.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let _entered = runtime.enter();
        for (name, content, is_read) in hostile() {
            let (before, started) = (peak(), Instant::now());
            assert!(content.len() < 1 << 20, "{name}");
            let found = read(&content);
            let grown = (peak() - before) >> 20;
            println!("{name}: {grown} MiB, {:?}", started.elapsed());
            assert_eq!(found.is_ok(), is_read, "{name}");
            assert!(grown <= 64, "{name}: {grown} MiB");
            assert!(started.elapsed() < Duration::from_mins(1), "{name}");
        }
    }
}
