//! Calendars as programs write them, changed at random. What is busy is computed here a second time,
//! without the parser.
//!
//! `KENDURI_TEST_ROUNDS` sets the number of files, and `KENDURI_TEST_SEED` the seed of the first.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use super::*;

const FILES: u64 = 400;
const HOME: &str = "Europe/London";
const CENTRAL: &str = "BEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0200\n\
    TZOFFSETTO:+0100\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\n\
    BEGIN:DAYLIGHT\nDTSTART:16010101T020000\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n\
    RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\nEND:DAYLIGHT\n";
/// Names of a zone that the calendar defines with the rules of Central Europe.
const OWN: [&str; 5] = [
    "Customized Time Zone",
    "Mitteleuropäische Zeit",
    "GMT+0100",
    "tzone://Microsoft/Custom",
    "(UTC+01:00) Mitte, Ost",
];

/// Random values from a seed (`SplitMix64`).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn below(&mut self, end: i64) -> i64 {
        i64::try_from(self.next() % end.unsigned_abs()).unwrap()
    }

    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        let at = self.below(i64::try_from(of.len()).unwrap());
        of[usize::try_from(at).unwrap()]
    }

    fn is(&mut self, one_of: i64) -> bool {
        self.below(one_of) == 0
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "asked by whoever runs the tests, not by the program"
)]
fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| -> Option<u64> { std::env::var(name).ok()?.parse().ok() };
    let from = number("KENDURI_TEST_SEED").unwrap_or(0);
    from..from + number("KENDURI_TEST_ROUNDS").unwrap_or(FILES)
}

type Times = Vec<(Timestamp, Timestamp)>;

struct Event {
    lines: Vec<String>,
    busy: Times,
}

/// How an event names its zone: the parameter, the zone, and the ending of a time.
struct Named {
    parameter: String,
    zone: TimeZone,
    ending: &'static str,
}

fn named(draw: &mut Draw) -> Named {
    let zone = |name: &str| TimeZone::get(name).unwrap();
    let (parameter, zone, ending) = match draw.below(5) {
        0 => (String::new(), TimeZone::UTC, "Z"),
        1 => (String::new(), zone(HOME), ""),
        2 => {
            let own = draw.one(&OWN);
            let quote = if draw.is(2) { "\"" } else { "" };
            (
                format!(";TZID={quote}{own}{quote}"),
                zone("Europe/Berlin"),
                "",
            )
        }
        3 => {
            let windows = [
                ("W. Europe Standard Time", "Europe/Berlin"),
                ("India Standard Time", "Asia/Kolkata"),
                ("Singapore Standard Time", "Asia/Singapore"),
            ];
            let at = usize::try_from(draw.below(3)).unwrap();
            (format!(";TZID={}", windows[at].0), zone(windows[at].1), "")
        }
        _ => {
            let name = draw.one(&["Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"]);
            let before = draw.one(&[
                "",
                "/mozilla.org/20050126_1/",
                "/freeassociation.sourceforge.net/",
            ]);
            (format!(";TZID={before}{name}"), zone(name), "")
        }
    };
    Named {
        parameter,
        zone,
        ending,
    }
}

fn stamp(at: DateTime, has_seconds: bool) -> String {
    at.strftime(if has_seconds {
        "%Y%m%dT%H%M%S"
    } else {
        "%Y%m%dT%H%M"
    })
    .to_string()
}

fn day(draw: &mut Draw) -> Date {
    let first = Date::constant(2026, 12, 1);
    first
        .checked_add(Span::new().days(draw.below(300)))
        .unwrap()
}

fn timed(draw: &mut Draw, uid: usize) -> Vec<Event> {
    let Named {
        parameter,
        zone,
        ending,
    } = named(draw);
    let has_seconds = !draw.is(3);
    let write = |at: DateTime| format!("{}{ending}", stamp(at, has_seconds));
    let (hour, minute) = (draw.below(24), draw.below(4) * 15);
    let start = day(draw).at(
        i8::try_from(hour).unwrap(),
        i8::try_from(minute).unwrap(),
        0,
        0,
    );
    let at = |local: DateTime| zone.to_timestamp(local).unwrap();
    let minutes = 15 + draw.below(20) * 15;
    let length = SignedDuration::from_mins(minutes);
    let busy = |from: Timestamp, length: SignedDuration| (from, from + length);
    let mut lines = vec![
        format!("UID:{uid}"),
        format!("DTSTART{parameter}:{}", write(start)),
    ];
    // An end in local time would be ambiguous where the clock goes back.
    if draw.is(2) {
        let end = (at(start) + length).to_zoned(TimeZone::UTC).datetime();
        lines.push(format!("DTEND:{}Z", stamp(end, has_seconds)));
    } else {
        lines.push(format!("DURATION:PT{minutes}M"));
    }
    let days = |count: i64| start.checked_add(Span::new().days(count)).unwrap();
    let mut times = vec![at(start)];
    let mut all: Times = Vec::new();
    let mut more = Vec::new();
    match draw.below(7) {
        0 => {}
        1 => {
            let (count, interval) = (1 + draw.below(20), 1 + draw.below(3));
            lines.push(format!(
                "RRULE:FREQ=DAILY;INTERVAL={interval};COUNT={count}"
            ));
            times.extend((1..count).map(|step| at(days(step * interval))));
        }
        2 => {
            let count = 1 + draw.below(10);
            lines.push(format!("RRULE:FREQ=WEEKLY;COUNT={count}"));
            times.extend((1..count).map(|step| at(days(step * 7))));
            // One of the times is left out.
            let left_out = draw.below(count);
            lines.push(format!("EXDATE{parameter}:{}", write(days(left_out * 7))));
            times.remove(usize::try_from(left_out).unwrap());
        }
        3 => {
            let added = [days(3), days(40)];
            lines.push(format!(
                "RDATE{parameter}:{},{}",
                write(added[0]),
                write(added[1])
            ));
            times.extend(added.map(at));
        }
        4 => {
            let from = days(2);
            lines.push(format!(
                "RDATE{parameter};VALUE=PERIOD:{}/PT45M",
                write(from)
            ));
            all.push(busy(at(from), SignedDuration::from_mins(45)));
        }
        kind => {
            // One time is moved by an hour, or all from this one on are.
            let count = 2 + draw.below(8);
            lines.push(format!("RRULE:FREQ=DAILY;COUNT={count}"));
            let moved = draw.below(count);
            let range = if kind == 5 {
                ";RANGE=THISANDFUTURE"
            } else {
                ""
            };
            let new = days(moved) + SignedDuration::from_hours(1);
            let is_moved = |step: i64| {
                if kind == 5 {
                    step >= moved
                } else {
                    step == moved
                }
            };
            times = (0..count)
                .filter(|step| !is_moved(*step))
                .map(|step| at(days(step)))
                .collect();
            let new_times = (0..count).filter(|step| is_moved(*step));
            let new_times = new_times.map(|step| at(days(step) + SignedDuration::from_hours(1)));
            more.push(Event {
                lines: vec![
                    format!("UID:{uid}"),
                    format!("RECURRENCE-ID{range}{parameter}:{}", write(days(moved))),
                    format!("DTSTART{parameter}:{}", write(new)),
                    "DURATION:PT30M".to_owned(),
                ],
                busy: new_times
                    .map(|from| busy(from, SignedDuration::from_mins(30)))
                    .collect(),
            });
        }
    }
    all.extend(times.into_iter().map(|from| busy(from, length)));
    more.push(Event { lines, busy: all });
    more
}

fn all_day(draw: &mut Draw, uid: usize) -> Event {
    let zone = TimeZone::get(HOME).unwrap();
    let (first, count) = (day(draw), 1 + draw.below(5));
    let end = first.checked_add(Span::new().days(count)).unwrap();
    let date = |day: Date| day.strftime("%Y%m%d").to_string();
    let mut lines = vec![
        format!("UID:{uid}"),
        format!("DTSTART;VALUE=DATE:{}", date(first)),
    ];
    match draw.below(3) {
        0 if count == 1 => lines.push(format!("DTEND;VALUE=DATE:{}", date(first))),
        0 | 1 => lines.push(format!("DTEND;VALUE=DATE:{}", date(end))),
        _ => lines.push(format!("DURATION:P{count}D")),
    }
    let midnight = |day: Date| day.to_zoned(zone.clone()).unwrap().timestamp();
    Event {
        lines,
        busy: vec![(midnight(first), midnight(end))],
    }
}

fn events(draw: &mut Draw) -> Vec<Event> {
    let count = usize::try_from(1 + draw.below(4)).unwrap();
    let mut all = Vec::new();
    for uid in 0..count {
        if draw.is(4) {
            all.push(all_day(draw, uid));
        } else {
            all.extend(timed(draw, uid));
        }
    }
    all
}

fn file(draw: &mut Draw, events: &[Event]) -> String {
    let mut lines: Vec<String> = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//EN"]
        .map(str::to_owned)
        .into();
    for name in OWN {
        let zone = format!("BEGIN:VTIMEZONE\nTZID:{name}\n{CENTRAL}END:VTIMEZONE");
        lines.extend(zone.lines().map(str::to_owned));
    }
    for event in events {
        lines.push("BEGIN:VEVENT".to_owned());
        let mut own = event.lines.clone();
        if draw.is(2) {
            own.rotate_left(1);
        }
        for line in own {
            if draw.is(4) {
                lines.push("X-NOTE;X-A=\"b:c\":d\\, e: 20270101T0900Z".to_owned());
            }
            lines.push(line);
        }
        lines.push("SUMMARY:Meeting\\; DTSTART:20270101T090000Z".to_owned());
        lines.push("END:VEVENT".to_owned());
    }
    lines.push("END:VCALENDAR".to_owned());
    let end = draw.one(&["\r\n", "\n", "\r"]);
    let mut file = String::new();
    if draw.is(8) {
        file.push('\u{feff}');
    }
    for line in lines {
        let mut column = 0;
        for c in line.chars() {
            if column > 0 && (column >= 60 || draw.is(40)) {
                file.push_str(end);
                file.push(' ');
                column = 0;
            }
            file.push(c);
            column += 1;
        }
        file.push_str(end);
    }
    file.push_str(draw.one(&["", "\r\n\r\n<!-- made in 0.1 s -->", "\0", "\n\n"]));
    file
}

fn period() -> std::ops::Range<Timestamp> {
    let from: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
    from..from + SignedDuration::from_hours(365 * 24)
}

fn read_at_home(file: &str) -> Result<Found, ReadError> {
    read(file, &TimeZone::get(HOME).unwrap(), &period())
}

fn sorted(times: impl IntoIterator<Item = (Timestamp, Timestamp)>) -> Times {
    let is_within =
        |(from, until): &(Timestamp, Timestamp)| *from < period().end && *until > period().start;
    let mut all: Times = times.into_iter().filter(is_within).collect();
    all.sort();
    all.dedup();
    all
}

fn times(found: &Found) -> Times {
    sorted(found.busy.iter().map(|one| (one.from, one.until)))
}

#[test]
fn whatever_a_calendar_says_is_busy_is_busy() {
    for seed in seeds() {
        let mut draw = Draw(seed);
        let events = events(&mut draw);
        let whole = file(&mut draw, &events);
        let found =
            read_at_home(&whole).unwrap_or_else(|error| panic!("{seed}: {error:?} {whole}"));
        let expected = sorted(events.iter().flat_map(|event| event.busy.clone()));
        assert_eq!(times(&found), expected, "seed {seed}: {whole}");
        assert!(!found.is_partial, "seed {seed}: {whole}");

        // A calendar that was cut off is broken.
        let end = whole.rfind("END:VCALENDAR").unwrap_or(0);
        let cut = usize::try_from(draw.below(i64::try_from(end.max(1)).unwrap())).unwrap();
        if whole.is_char_boundary(cut) {
            assert!(
                read_at_home(&whole[..cut]).is_err(),
                "seed {seed}, cut at {cut}"
            );
        }

        // A time in an unknown zone is told, and busy.
        let unknown = |line: &String| match line.split_once(";TZID=") {
            Some((name, rest)) => {
                let value = &rest[rest.rfind(":2").unwrap_or(0)..];
                format!("{name};TZID=Nowhere{value}")
            }
            None => line.clone(),
        };
        let nowhere = |event: &Event| Event {
            lines: event.lines.iter().map(unknown).collect(),
            busy: event.busy.clone(),
        };
        let nowhere: Vec<Event> = events.iter().map(nowhere).collect();
        let has_unknown = nowhere
            .iter()
            .flat_map(|event| &event.lines)
            .any(|line| line.starts_with("DTSTART;TZID=Nowhere:"));
        let lost = file(&mut draw, &nowhere);
        let found = read_at_home(&lost).unwrap();
        assert!(found.is_partial || !has_unknown, "seed {seed}: {lost}");
        for (from, until) in &expected {
            let is_covered = found
                .busy
                .iter()
                .any(|one| one.from <= *from && one.until >= *until);
            assert!(is_covered, "seed {seed}: {from}/{until} in {lost}");
        }

        // Nonsense in one event does not hide the others in silence.
        let spoiled = usize::try_from(draw.below(i64::try_from(events.len()).unwrap())).unwrap();
        let uid = events[spoiled].lines[0].clone();
        let mut other = events;
        let line =
            usize::try_from(1 + draw.below(i64::try_from(other[spoiled].lines.len() - 1).unwrap()))
                .unwrap();
        let line = &mut other[spoiled].lines[line];
        let at = usize::try_from(draw.below(i64::try_from(line.len()).unwrap())).unwrap();
        if line.is_char_boundary(at) && line.is_char_boundary(at + 1) {
            let new = draw.one(&["", "0", "9", "x", ":", ";", ",", "-", "T", "=", "\u{0}"]);
            line.replace_range(at..=at, new);
        }
        let changed = file(&mut draw, &other);
        if let Ok(found) = read_at_home(&changed) {
            let kept = other.iter().filter(|event| event.lines[0] != uid);
            let kept = sorted(kept.flat_map(|event| event.busy.clone()));
            let (found, is_told) = (times(&found), found.is_partial);
            for one in kept {
                assert!(
                    is_told || found.contains(&one),
                    "seed {seed}: {one:?} in {changed}"
                );
            }
        }
    }
}
