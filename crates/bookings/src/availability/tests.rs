use std::collections::BTreeSet;

use jiff::ToSpan as _;
use platform::Random;

use super::*;

fn window(opens: i64, closes: i64) -> Window {
    Window {
        opens: opens * 60,
        closes: closes * 60,
    }
}

fn hours(zone: &str, of_each_day: &[Window]) -> Hours {
    Hours {
        zone: TimeZone::get(zone).unwrap(),
        week: std::array::from_fn(|_| of_each_day.to_vec()),
        exceptions: Vec::new(),
    }
}

fn each_hour() -> Rule {
    Rule {
        step: 60,
        length: 60,
        buffers: [0, 0],
        notice: 0,
        horizon: 365,
        day_limit: None,
    }
}

/// The free starts of a day, as the clock shows them.
fn starts(hours: &Hours, rule: &Rule, taken: &Taken, day: &str) -> Vec<String> {
    let day: Date = day.parse().unwrap();
    let now = day.yesterday().unwrap().at(0, 0, 0, 0);
    let now = now.to_zoned(TimeZone::UTC).unwrap().timestamp() - 24.hours();
    let found = free(hours, rule, taken, now, &(day..=day));
    found
        .iter()
        .map(|at| {
            at.to_zoned(hours.zone.clone())
                .strftime("%H:%M")
                .to_string()
        })
        .collect()
}

#[test]
fn a_clock_change_takes_an_hour_or_gives_one() {
    let nothing = Taken::default();
    for (zone, day, from, to, expected) in [
        (
            "Europe/Berlin",
            "2027-03-28",
            1,
            5,
            &["01:00", "03:00", "04:00"][..],
        ),
        (
            "Europe/Berlin",
            "2027-10-31",
            1,
            5,
            &["01:00", "02:00", "03:00", "04:00"],
        ),
        // The window begins at the first two o'clock, and may end at the second one.
        ("Europe/Berlin", "2027-10-31", 2, 3, &["02:00"]),
        // An edge in the gap is where the clock goes on.
        ("Europe/Berlin", "2027-03-28", 2, 4, &["03:00"]),
        // A day without midnight, and a day that does not exist.
        ("America/Asuncion", "2024-10-06", 0, 3, &["01:00", "02:00"]),
        ("Pacific/Apia", "2011-12-30", 9, 17, &[]),
    ] {
        let hours = hours(zone, &[window(from, to)]);
        let found = starts(&hours, &each_hour(), &nothing, day);
        assert_eq!(found, expected, "{zone} {day}");
    }
}

#[test]
fn a_night_belongs_to_the_day_on_which_it_opens() {
    let nothing = Taken::default();
    let mut hours = hours("Asia/Tokyo", &[window(22, 26)]);
    let each = ["00:00", "01:00", "22:00", "23:00"];
    assert_eq!(starts(&hours, &each_hour(), &nothing, "2027-01-16"), each);
    // A day off ends the night before at its own midnight, and has none itself.
    let off: Date = "2027-01-16".parse().unwrap();
    hours.exceptions.push(Exception {
        days: off..=off,
        hours: Vec::new(),
    });
    let none: [&str; 0] = [];
    assert_eq!(starts(&hours, &each_hour(), &nothing, "2027-01-16"), none);
    let night = ["22:00", "23:00"];
    assert_eq!(starts(&hours, &each_hour(), &nothing, "2027-01-17"), night);
    // Of two exceptions equally short the later one counts, and a shorter one before both.
    hours.exceptions.push(Exception {
        days: off..=off,
        hours: vec![window(9, 11), window(11, 12)],
    });
    let week = off..=off.checked_add(6.days()).unwrap();
    hours.exceptions.push(Exception {
        days: week,
        hours: Vec::new(),
    });
    let long = Rule {
        length: 120,
        ..each_hour()
    };
    // Windows that touch are one.
    let day = ["00:00", "09:00", "10:00"];
    assert_eq!(starts(&hours, &long, &nothing, "2027-01-16"), day);
}

#[test]
fn what_is_taken_moves_no_other_time() {
    let hours = hours("UTC", &[window(9, 13)]);
    let rule = Rule {
        buffers: [15, 15],
        ..each_hour()
    };
    let at = |text: &str| -> Timestamp { format!("2027-01-16T{text}:00Z").parse().unwrap() };
    let taken = |from, to| Taken::new(vec![(at(from), at(to))], BTreeMap::new());
    let found = |taken: &Taken| starts(&hours, &rule, taken, "2027-01-16");
    let day = "2027-01-16".parse().unwrap();
    assert_eq!(found(&taken("10:30", "10:45")), ["09:00", "11:00", "12:00"]);
    // The buffers need 9:45 to 11:15.
    assert_eq!(found(&taken("09:00", "09:45")), ["10:00", "11:00", "12:00"]);
    assert_eq!(found(&taken("09:00", "09:46")), ["11:00", "12:00"]);
    let one = Rule {
        day_limit: Some(1),
        ..rule.clone()
    };
    let full = Taken::new(Vec::new(), BTreeMap::from([(day, 1)]));
    let none: [&str; 0] = [];
    assert_eq!(starts(&hours, &one, &full, "2027-01-16"), none);
    // One after another.
    let tight = Rule { step: 0, ..rule };
    assert_eq!(
        starts(&hours, &tight, &Taken::default(), "2027-01-16"),
        ["09:00", "10:30", "12:00"]
    );
}

/// Numbers that are the same on every run.
struct Numbers(Random);

impl Numbers {
    fn below(&self, limit: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        let drawn = u64::from_le_bytes(bytes) % u64::try_from(limit).unwrap();
        usize::try_from(drawn).unwrap()
    }

    fn minutes(&self, limit: usize) -> i64 {
        i64::try_from(self.below(limit)).unwrap()
    }

    fn windows(&self) -> Vec<Window> {
        let one = |_| {
            let opens = self.minutes(96) * 15;
            let closes = opens + 15 + self.minutes(if self.below(4) == 0 { 1_425 } else { 400 });
            Window { opens, closes }
        };
        (0..self.below(4)).map(one).collect()
    }

    /// A day beside a clock change of the zone, or any day if it has none.
    fn day(&self, zone: &TimeZone) -> Date {
        let from: Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
        let until: Timestamp = "2031-01-01T00:00:00Z".parse().unwrap();
        let changes: Vec<Timestamp> = zone
            .following(from)
            .map(|change| change.timestamp())
            .take_while(|at| *at < until)
            .collect();
        let at = if changes.is_empty() || self.below(4) == 0 {
            from + SignedDuration::from_hours(self.minutes(7 * 365 * 24))
        } else {
            changes[self.below(changes.len())]
        };
        let day = at.to_zoned(zone.clone()).date();
        day.checked_sub(self.minutes(2).days()).unwrap()
    }
}

/// What [`free`] must find: looks at each minute of these days by itself.
fn oracle(
    hours: &Hours,
    rule: &Rule,
    blocked: &[(Timestamp, Timestamp)],
    sessions: &BTreeMap<Date, i64>,
    now: Timestamp,
    days: &RangeInclusive<Date>,
) -> Vec<Timestamp> {
    let zone = &hours.zone;
    let begin = days.start().checked_sub(3.days()).unwrap();
    let begin = begin.to_zoned(zone.clone()).unwrap().timestamp();
    let length = days.end().duration_since(*days.start()).as_mins() + 8 * DAY;
    let clock: Vec<(Timestamp, DateTime)> = (0..length)
        .map(|minute| {
            let at = begin + SignedDuration::from_mins(minute);
            (at, at.to_zoned(zone.clone()).datetime())
        })
        .collect();
    let of_day = |day: Date| -> (bool, Vec<Window>) {
        let (mut found, mut fewest) = (None, i64::MAX);
        for one in &hours.exceptions {
            let span = one.days.end().duration_since(*one.days.start()).as_hours();
            if one.days.contains(&day) && span <= fewest {
                (found, fewest) = (Some(one.hours.clone()), span);
            }
        }
        let weekday = day.weekday().to_monday_zero_offset().unsigned_abs();
        let usual = hours.week[usize::from(weekday)].clone();
        let is_off = found.as_ref().is_some_and(Vec::is_empty);
        (is_off, found.unwrap_or(usual))
    };
    let today = now.to_zoned(zone.clone()).date();
    let mut found = BTreeSet::new();
    let mut day = days.start().yesterday().unwrap();
    while day <= *days.end() {
        let next = day.tomorrow().unwrap();
        let end = if of_day(next).0 { DAY } else { 2 * DAY };
        let is_open = |minute: i64| {
            let windows = of_day(day).1;
            let mut all = windows.iter();
            minute < end && all.any(|one| (one.opens..one.closes).contains(&minute))
        };
        let shown = |minute: i64| day.at(0, 0, 0, 0) + minute.minutes();
        let mut minute = 0;
        while minute < 2 * DAY {
            if !is_open(minute) {
                minute += 1;
                continue;
            }
            let from = minute;
            while is_open(minute) {
                minute += 1;
            }
            let (opens, closes) = (shown(from), shown(minute));
            let first = clock.iter().find(|(_, shows)| *shows >= opens).unwrap().0;
            let last = clock.iter().rfind(|(_, shows)| *shows < closes).unwrap().0;
            let step = if rule.step == 0 {
                rule.length + rule.buffers[0] + rule.buffers[1]
            } else {
                rule.step
            };
            for at in (from..minute).step_by(usize::try_from(step).unwrap()) {
                let shows = shown(at);
                let Some((start, _)) = clock.iter().find(|(_, there)| *there == shows) else {
                    continue;
                };
                let minutes = |of: i64| SignedDuration::from_mins(of);
                let end = *start + minutes(rule.length);
                let (early, late) = (
                    *start - minutes(rule.buffers[0]),
                    end + minutes(rule.buffers[1]),
                );
                let date = shows.date();
                let ahead = date.duration_since(today).as_hours() / 24;
                let is_meant = days.contains(&date) && ahead <= rule.horizon;
                let is_full = rule
                    .day_limit
                    .is_some_and(|limit| sessions.get(&date).copied().unwrap_or(0) >= limit);
                let meets = blocked.iter().any(|(from, to)| *from < late && *to > early);
                if *start >= first
                    && end <= last + minutes(1)
                    && *start > now + minutes(rule.notice)
                    && is_meant
                    && !is_full
                    && !meets
                {
                    found.insert(*start);
                }
            }
        }
        day = next;
    }
    found.into_iter().collect()
}

#[test]
fn each_minute_agrees_with_what_is_found_by_day() {
    let numbers = Numbers(Random::seeded(54));
    let zones: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.to_string())
        .collect();
    let mut all = 0;
    for case in 0..testkit::rounds() * 10 {
        let name = &zones[numbers.below(zones.len())];
        let zone = TimeZone::get(name).unwrap();
        let first = numbers.day(&zone);
        let days = first..=first.checked_add(numbers.minutes(2).days()).unwrap();
        let mut hours = Hours {
            zone: zone.clone(),
            week: std::array::from_fn(|_| numbers.windows()),
            exceptions: Vec::new(),
        };
        for _ in 0..numbers.below(4) {
            let day = first.checked_add((numbers.minutes(5) - 2).days()).unwrap();
            let last = day.checked_add(numbers.minutes(3).days()).unwrap();
            let hours_then = if numbers.below(2) == 0 {
                Vec::new()
            } else {
                numbers.windows()
            };
            hours.exceptions.push(Exception {
                days: day..=last,
                hours: hours_then,
            });
        }
        let rule = Rule {
            step: [0, 5, 15, 30, 60][numbers.below(5)],
            length: [15, 30, 45, 60, 90, 240][numbers.below(6)],
            buffers: [numbers.minutes(4) * 5, numbers.minutes(4) * 5],
            notice: numbers.minutes(600),
            horizon: numbers.minutes(5),
            day_limit: [None, Some(1), Some(2)][numbers.below(3)],
        };
        let now = first.to_zoned(zone.clone()).unwrap().timestamp()
            - SignedDuration::from_mins(numbers.minutes(3_000) - 300);
        let blocked: Vec<(Timestamp, Timestamp)> = (0..numbers.below(6))
            .map(|_| {
                let from = now + SignedDuration::from_mins(numbers.minutes(6_000));
                (
                    from,
                    from + SignedDuration::from_mins(numbers.minutes(300) + 1),
                )
            })
            .collect();
        let sessions = BTreeMap::from([(first, numbers.minutes(3))]);
        let expected = oracle(&hours, &rule, &blocked, &sessions, now, &days);
        let taken = Taken::new(blocked.clone(), sessions.clone());
        let found = free(&hours, &rule, &taken, now, &days);
        assert_eq!(
            found, expected,
            "{case}: {name} {days:?} {hours:?} {rule:?} {now} {blocked:?}"
        );
        all += found.len();
    }
    assert!(all > 200, "the cases have hardly any times: {all}");
}

#[test]
fn a_session_lies_in_one_window_whole() {
    let mut hours = hours("Europe/Berlin", &[window(9, 12), window(22, 26)]);
    hours.exceptions.push(Exception {
        days: Date::constant(2027, 1, 13)..=Date::constant(2027, 1, 13),
        hours: Vec::new(),
    });
    for (from, minutes, expected) in [
        ("2027-01-11T09:00", 180, true),
        ("2027-01-11T09:00", 181, false),
        ("2027-01-11T08:59", 60, false),
        ("2027-01-11T23:30", 60, true),
        ("2027-01-12T01:00", 60, true),
        ("2027-01-12T01:00", 61, false),
        // The day off, and the night before it.
        ("2027-01-13T09:00", 60, false),
        ("2027-01-12T23:00", 60, true),
        ("2027-01-12T23:30", 60, false),
    ] {
        let at: DateTime = from.parse().unwrap();
        let at = at.to_zoned(hours.zone.clone()).unwrap().timestamp();
        let until = at + SignedDuration::from_mins(minutes);
        assert_eq!(hours.contain(at, until), expected, "{from} {minutes}");
    }
}

#[test]
fn what_is_open_is_told_whole_and_without_days_off() {
    let mut hours = hours(
        "Europe/Berlin",
        &[window(9, 12), window(12, 13), window(22, 26)],
    );
    let off: Date = "2026-12-02".parse().unwrap();
    hours.exceptions.push(Exception {
        days: off..=off,
        hours: Vec::new(),
    });
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let open = hours.open(at("2026-12-01T00:30:00Z"), at("2026-12-03T09:00:00Z"));
    let said: Vec<String> = open
        .iter()
        .map(|(from, to)| format!("{from} {to}"))
        .collect();
    // The night into the first day is there, and the night into the day off ends at midnight.
    assert_eq!(
        said,
        [
            "2026-11-30T21:00:00Z 2026-12-01T01:00:00Z",
            "2026-12-01T08:00:00Z 2026-12-01T12:00:00Z",
            "2026-12-01T21:00:00Z 2026-12-01T23:00:00Z",
            "2026-12-03T08:00:00Z 2026-12-03T12:00:00Z",
        ]
    );
}

#[test]
fn without_leaves_what_no_other_stretch_takes() {
    let at = |minute: i64| Timestamp::from_second(minute * 60).unwrap();
    let stretches = |all: &[[i64; 2]]| -> Vec<(Timestamp, Timestamp)> {
        all.iter().map(|[from, to]| (at(*from), at(*to))).collect()
    };
    let all = stretches(&[[0, 10], [20, 30], [40, 50]]);
    for (others, left) in [
        (&[][..], &[[0, 10], [20, 30], [40, 50]][..]),
        (&[[0, 50]], &[]),
        (&[[10, 20], [30, 40]], &[[0, 10], [20, 30], [40, 50]]),
        (&[[2, 4], [6, 25]], &[[0, 2], [4, 6], [25, 30], [40, 50]]),
        (&[[5, 15], [25, 45]], &[[0, 5], [20, 25], [45, 50]]),
    ] {
        let found = without(&all, &stretches(others));
        assert_eq!(found, stretches(left), "{others:?}");
    }
}
