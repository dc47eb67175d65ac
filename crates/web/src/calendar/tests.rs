use jiff::{ToSpan as _, tz};
use proptest::prelude::*;

use super::*;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// The instant of a local time in the zone.
fn at(text: &str, zone: &TimeZone) -> Timestamp {
    let local: DateTime = text.parse().unwrap();
    resolve(local, zone).unwrap().timestamp()
}

fn parts(of: Breakdown) -> [i64; 6] {
    [
        of.years, of.months, of.days, of.hours, of.minutes, of.seconds,
    ]
}

#[test]
fn a_day_is_24_hours_or_a_midnight() {
    let berlin = zone("Europe/Berlin");
    for (from, to, calendar, elapsed) in [
        ("2025-03-29T12:00", "2025-03-30T12:00", 1, 0), // 23 hours
        ("2025-10-25T12:00", "2025-10-26T12:00", 1, 1), // 25 hours
        ("2025-01-01T23:59", "2025-01-02T00:00", 1, 0),
        ("2025-01-02T00:00", "2025-01-01T00:00", 0, 0),
    ] {
        let (from, to) = (at(from, &berlin), at(to, &berlin));
        assert_eq!(days(from, to, &berlin, DayCounting::Calendar), calendar);
        assert_eq!(days(from, to, &berlin, DayCounting::Elapsed), elapsed);
    }
}

#[test]
fn months_are_counted_from_the_first_day() {
    let berlin = zone("Europe/Berlin");
    for (from, to, leap_day, expected) in [
        (
            "2025-01-31T10:00",
            "2025-03-01T09:00",
            LeapDay::Feb28,
            [0, 1, 0, 23, 0, 0],
        ),
        (
            "2024-02-29T00:00",
            "2025-02-28T00:00",
            LeapDay::Feb28,
            [1, 0, 0, 0, 0, 0],
        ),
        (
            "2024-02-29T00:00",
            "2025-02-28T00:00",
            LeapDay::Mar1,
            [0, 11, 30, 0, 0, 0],
        ),
        (
            "2024-02-29T00:00",
            "2025-03-01T00:00",
            LeapDay::Mar1,
            [1, 0, 0, 0, 0, 0],
        ),
        (
            "2025-10-25T12:00",
            "2025-10-26T12:00",
            LeapDay::Feb28,
            [0, 0, 1, 0, 0, 0],
        ),
        (
            "2025-10-25T12:00",
            "2025-10-26T11:59",
            LeapDay::Feb28,
            [0, 0, 0, 24, 59, 0],
        ),
        (
            "2020-05-17T08:30",
            "2026-11-23T09:31:05",
            LeapDay::Feb28,
            [6, 6, 6, 1, 1, 5],
        ),
        (
            "2026-05-17T08:30",
            "2020-05-17T08:30",
            LeapDay::Feb28,
            [0; 6],
        ),
    ] {
        let (from, to) = (at(from, &berlin), at(to, &berlin));
        assert_eq!(parts(breakdown(from, to, &berlin, leap_day)), expected);
    }
}

#[test]
fn a_wall_clock_time_that_is_skipped_or_comes_twice_has_one_instant() {
    for (target, name, instant) in [
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T01:30:00Z"),
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30:00Z"),
        ("2024-04-26", "Africa/Cairo", "2024-04-25T22:00:00Z"),
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00Z"),
        ("2027-01-16", "Asia/Kuala_Lumpur", "2027-01-15T16:00:00Z"),
    ] {
        let target: Target = target.parse().unwrap();
        let expected: Timestamp = instant.parse().unwrap();
        assert_eq!(
            target.instant(&zone(name)),
            Some(expected),
            "{target} {name}"
        );
    }
}

#[test]
fn what_repeats_is_counted_from_the_first_one() {
    let kl = zone("Asia/Kuala_Lumpur");
    for (target, repeat, leap_day, now, current) in [
        (
            "2025-01-31",
            Repeat::Monthly,
            LeapDay::Feb28,
            "2025-02-05T00:00",
            "2025-02-28",
        ),
        (
            "2025-01-31",
            Repeat::Monthly,
            LeapDay::Feb28,
            "2025-03-01T00:00",
            "2025-03-31",
        ),
        (
            "2024-02-29",
            Repeat::Yearly,
            LeapDay::Feb28,
            "2024-03-01T00:00",
            "2025-02-28",
        ),
        (
            "2024-02-29",
            Repeat::Yearly,
            LeapDay::Mar1,
            "2024-03-01T00:00",
            "2025-03-01",
        ),
        (
            "2024-02-29",
            Repeat::Yearly,
            LeapDay::Mar1,
            "2027-06-01T00:00",
            "2028-02-29",
        ),
        (
            "2026-11-20T18:00",
            Repeat::Weekly,
            LeapDay::Feb28,
            "2026-11-27T23:59",
            "2026-11-27T18:00",
        ),
        (
            "2026-11-20T18:00",
            Repeat::Weekly,
            LeapDay::Feb28,
            "2026-11-28T00:00",
            "2026-12-04T18:00",
        ),
        (
            "2026-11-20",
            Repeat::None,
            LeapDay::Feb28,
            "2030-01-01T00:00",
            "2026-11-20",
        ),
        (
            "2030-11-20",
            Repeat::Yearly,
            LeapDay::Feb28,
            "2026-01-01T00:00",
            "2030-11-20",
        ),
    ] {
        let target: Target = target.parse().unwrap();
        let found = target.current(repeat, leap_day, &kl, at(now, &kl));
        assert_eq!(found.to_string(), current, "{target} {repeat:?} {now}");
    }
}

#[test]
fn a_target_is_a_day_or_a_time_to_the_minute() {
    for text in ["2027-01-16", "2027-01-16T18:00", "9999-12-31T23:59"] {
        let target: Target = text.parse().unwrap();
        assert_eq!(target.to_string(), text);
    }
    for text in [
        "",
        "2027",
        "2027-02-29",
        "2027-01-16T",
        "2027-01-16T25:00",
        "tomorrow morning",
    ] {
        assert_eq!(text.parse::<Target>(), Err(NoTarget), "{text}");
    }
}

/// 200 time zones, spread evenly over the bundled time zone data.
fn zones() -> impl Strategy<Value = TimeZone> {
    let names: Vec<String> = tz::db().available().map(|name| name.to_string()).collect();
    assert!(names.len() > 400);
    (0..200_usize).prop_map(move |index| zone(&names[index * names.len() / 200]))
}

/// Instants from 1960 to 2010.
fn instants() -> impl Strategy<Value = Timestamp> {
    (0_i64..50 * 366 * 86_400).prop_map(|after| {
        Timestamp::from_second(-315_619_200 + after).unwrap() // 1960-01-01
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn nothing_is_lost_between_two_instants(
        zone in zones(), from in instants(), to in instants(), second in 0_i64..200_000,
    ) {
        let (from, to) = (from.min(to), from.max(to));
        let found = breakdown(from, to, &zone, LeapDay::Feb28);
        prop_assert!(parts(found).iter().all(|part| *part >= 0));
        prop_assert!(found.months < 12 && found.days < 32 && found.hours < 50, "{found:?}");
        // A later end never makes the result smaller.
        let later = breakdown(from, to + second.seconds(), &zone, LeapDay::Feb28);
        prop_assert!(later >= found, "{found:?} {later:?}");
        // Adding the parts to the first instant gives the second instant.
        let start = from.to_zoned(zone.clone());
        let months = found.years * 12 + found.months;
        let date = start.date() + months.months() + found.days.days();
        let reached = resolve(date.to_datetime(start.time()), &zone).unwrap().timestamp();
        let rest = (found.hours * 60 + found.minutes) * 60 + found.seconds;
        prop_assert_eq!(reached.max(from) + rest.seconds(), to);
    }

    #[test]
    fn a_target_is_the_first_moment_of_what_the_clock_says(zone in zones(), instant in instants()) {
        let local = instant.to_zoned(zone.clone()).datetime();
        let day = Target::Day(local.date()).instant(&zone).unwrap();
        prop_assert!(day <= instant);
        prop_assert_eq!(day.to_zoned(zone.clone()).date(), local.date());
        let before = (day - 1.second()).to_zoned(zone.clone()).date();
        prop_assert!(before < local.date());
        let time = Target::Time(local).instant(&zone).unwrap();
        prop_assert!(time <= instant);
        prop_assert_eq!(time.to_zoned(zone).datetime(), local);
    }

    #[test]
    fn the_current_one_is_today_or_the_next(
        zone in zones(), first in instants(), now in instants(),
        repeat in prop_oneof![Just(Repeat::Weekly), Just(Repeat::Monthly), Just(Repeat::Yearly)],
    ) {
        let first = Target::Day(first.to_zoned(zone.clone()).date());
        let today = now.to_zoned(zone.clone()).date();
        let current = first.current(repeat, LeapDay::Feb28, &zone, now).date();
        prop_assert!(current >= today && current >= first.date());
        let period = match repeat {
            Repeat::Weekly => 7,
            Repeat::Monthly => 31,
            _ => 366,
        };
        let is_first = current == first.date();
        prop_assert!(is_first || current.duration_since(today).as_hours() < period * 24);
    }
}

#[test]
fn both_of_two_equal_local_times_are_written_and_read() {
    let berlin = zone("Europe/Berlin");
    for (instant, text) in [
        ("2027-10-31T00:30:00Z", "2027-10-31T02:30"),
        ("2027-10-31T01:30:00Z", "2027-10-31T02:30+01:00"),
        ("2027-10-31T02:30:00Z", "2027-10-31T03:30"),
    ] {
        let instant: Timestamp = instant.parse().unwrap();
        let target = Target::of(instant, &berlin);
        assert_eq!(target.to_string(), text);
        assert_eq!(text.parse::<Target>(), Ok(target));
        assert!(target.fits(&berlin));
        assert_eq!(target.instant(&berlin), Some(instant));
        let now = instant - 1.hour();
        let current = target.current(Repeat::Yearly, LeapDay::Feb28, &berlin, now);
        assert_eq!(current, target);
    }
    // Other years do not repeat that hour.
    let second: Target = "2027-10-31T02:30+01:00".parse().unwrap();
    let later: Timestamp = "2028-06-01T00:00:00Z".parse().unwrap();
    let next = second.current(Repeat::Yearly, LeapDay::Feb28, &berlin, later);
    assert_eq!(next.to_string(), "2028-10-31T02:30");
}

#[test]
fn an_offset_that_the_zone_does_not_have_then_does_not_fit() {
    let berlin = zone("Europe/Berlin");
    for (text, fits) in [
        ("2027-10-31T02:30+02:00", true),
        ("2027-10-31T02:30+03:00", false),
        ("2027-07-01T12:00+02:00", true),
        ("2027-07-01T12:00+01:00", false),
        ("2027-03-28T02:30+01:00", false),
    ] {
        let target: Target = text.parse().unwrap();
        assert_eq!(target.fits(&berlin), fits, "{text}");
        // The time is not lost where the zone's rules have changed.
        assert!(target.instant(&berlin).is_some(), "{text}");
    }
    for text in [
        "2027-10-31T02:30+",
        "2027-10-31T02:30+01:00x",
        "2027-10-31T02:30 +01:00",
    ] {
        assert_eq!(text.parse::<Target>(), Err(NoTarget), "{text}");
    }
}
