//! Tests of dates and times in words.

use super::*;
use crate::date_cache::Memo;
use crate::language::Language;
use crate::testing;

fn at(text: &str) -> Zoned {
    text.parse().unwrap()
}

fn kuala_lumpur(hour: &str) -> Zoned {
    at(&format!("2027-01-16T{hour}[Asia/Kuala_Lumpur]"))
}

#[test]
fn dates_are_written_as_people_of_each_language_write_them() {
    let day = kuala_lumpur("10:00");
    for (tag, full, short, month) in [
        (
            "en",
            "Saturday, 16 January 2027",
            "Sat 16 Jan 2027",
            "16 January",
        ),
        (
            "ms",
            "Sabtu, 16 Januari 2027",
            "Sab, 16 Jan 2027",
            "16 Januari",
        ),
        (
            "it",
            "sabato 16 gennaio 2027",
            "sab 16 gen 2027",
            "16 gennaio",
        ),
        (
            "zh-Hans",
            "2027年1月16日（星期六）",
            "2027年1月16日 周六",
            "1月16日",
        ),
        (
            "ar",
            "السبت، 16 يناير 2027",
            "السبت 16 يناير 2027",
            "16 يناير",
        ),
    ] {
        let text = testing::text(tag);
        assert_eq!(text.date(&day), full);
        assert_eq!(text.date_short(&day), short);
        assert_eq!(text.day_and_month(&day), month);
    }
}

#[test]
fn what_was_said_once_is_kept_for_its_language_and_its_moment_alone() {
    let (english, italian) = (testing::text("en"), testing::text("it"));
    let memo = Memo::default();
    for round in 0..2 {
        for (place, text) in [(0, &english), (1, &italian)] {
            for day in 1..=9 {
                let day = jiff::civil::date(2027, 1, day);
                let moment = Moment::Day("date-full", day);
                let mut asked = false;
                let said = memo.once(place, moment, || {
                    asked = true;
                    text.date(day)
                });
                assert_eq!(said, text.date(day));
                assert_eq!(asked, round == 0);
            }
        }
    }
}

#[test]
fn hours_have_the_day_s_own_words() {
    for (tag, hour, said) in [
        ("en", "00:00", "12 midnight"),
        ("en", "00:30", "12:30 am"),
        ("en", "09:30", "9:30 am"),
        ("en", "12:00", "12 noon"),
        ("en", "12:01", "12:01 pm"),
        ("en", "16:00", "4 pm"),
        ("ms", "00:15", "12:15 tengah malam"),
        ("ms", "09:00", "9 pagi"),
        ("ms", "12:00", "12 tengah hari"),
        ("ms", "13:59", "1:59 tengah hari"),
        ("ms", "14:20", "2:20 petang"),
        ("ms", "18:59", "6:59 petang"),
        ("ms", "19:00", "7 malam"),
        ("it", "09:30", "09:30"),
        ("zh-Hans", "00:05", "00:05"),
        ("zh-Hans", "16:00", "16:00"),
        ("ar", "09:30", "9:30 صباحًا"),
        ("ar", "16:00", "4 عصرًا"),
    ] {
        assert_eq!(testing::text(tag).time(&kuala_lumpur(hour)), said);
    }
}

#[test]
fn ranges_say_no_more_than_is_needed() {
    for (tag, from, to, said) in [
        ("en", "09:30", "11:00", "9:30–11:00 am"),
        ("en", "09:00", "11:00", "9–11 am"),
        ("en", "12:00", "16:00", "12 noon – 4 pm"),
        ("en", "10:00", "12:00", "10 am – 12 noon"),
        ("ms", "09:30", "11:00", "9:30–11:00 pagi"),
        ("ms", "12:00", "16:00", "12 tengah hari – 4 petang"),
        ("it", "09:30", "11:00", "09:30–11:00"),
        ("zh-Hans", "12:00", "16:00", "12:00–16:00"),
        ("ar", "09:30", "11:00", "9:30–11:00 صباحًا"),
        ("ar", "12:00", "16:00", "12 ظهرًا – 4 عصرًا"),
    ] {
        let text = testing::text(tag);
        assert_eq!(
            text.time_range(&kuala_lumpur(from), &kuala_lumpur(to)),
            said
        );
    }
}

#[test]
fn a_range_names_the_second_day_only_when_it_must() {
    let text = testing::text("en");
    let evening = kuala_lumpur("20:00");
    for (to, said) in [
        ("2027-01-17T00:00[Asia/Kuala_Lumpur]", "8 pm – 12 midnight"),
        ("2027-01-17T01:00[Asia/Kuala_Lumpur]", "8 pm – 1 am"),
        (
            "2027-01-18T16:00[Asia/Kuala_Lumpur]",
            "8 pm – Monday, 18 January 2027, 4 pm",
        ),
    ] {
        assert_eq!(text.time_range(&evening, &at(to)), said);
    }
}

#[test]
fn moments_join_date_and_hour() {
    let moment = kuala_lumpur("14:20");
    for (tag, said) in [
        ("en", "Saturday, 16 January 2027, 2:20 pm"),
        ("ms", "Sabtu, 16 Januari 2027, 2:20 petang"),
        ("zh-Hans", "2027年1月16日（星期六） 14:20"),
    ] {
        assert_eq!(testing::text(tag).moment(&moment), said);
    }
    assert_eq!(machine(&moment), "2027-01-16T14:20+08:00");
    let newfoundland = at("2027-01-16T04:05[America/St_Johns]");
    assert_eq!(machine(&newfoundland), "2027-01-16T04:05-03:30");
}

#[test]
fn a_short_moment_names_the_place_of_its_zone() {
    let zone = TimeZone::get("Asia/Kolkata").unwrap();
    let at: Timestamp = "2026-12-01T10:44:00Z".parse().unwrap();
    let today = "2026-12-01T04:00:00Z".parse().unwrap();
    // In UTC it is still the day before yesterday.
    let yesterday = "2026-11-29T18:30:00Z".parse().unwrap();
    let before = "2026-11-29T18:29:00Z".parse().unwrap();
    for (tag, said, near, next) in [
        (
            "en",
            "Tue 1 Dec, 4:14 pm (Kolkata)",
            "today, Tue 1 Dec, 4:14 pm (Kolkata)",
            "tomorrow, Tue 1 Dec, 4:14 pm (Kolkata)",
        ),
        (
            "ms",
            "Sel, 1 Dis, 4:14 petang (Kolkata)",
            "hari ini, Sel, 1 Dis, 4:14 petang (Kolkata)",
            "esok, Sel, 1 Dis, 4:14 petang (Kolkata)",
        ),
        (
            "it",
            "mar 1 dic, 16:14 (Kolkata)",
            "oggi, mar 1 dic, 16:14 (Kolkata)",
            "domani, mar 1 dic, 16:14 (Kolkata)",
        ),
        (
            "zh-Hans",
            "12月1日 周二 16:14（Kolkata）",
            "今天，12月1日 周二 16:14（Kolkata）",
            "明天，12月1日 周二 16:14（Kolkata）",
        ),
    ] {
        let text = testing::text(tag);
        assert_eq!(text.subject_in(&zone, at), said);
        assert_eq!(text.until_in(&zone, at, today), near);
        assert_eq!(text.until_in(&zone, at, yesterday), next);
        assert_eq!(text.until_in(&zone, at, before), said);
    }
    let text = testing::text("en");
    assert_eq!(text.time_in(&zone, at), "4:14 pm (Kolkata)");
    let end = "2026-12-01T11:30:00Z".parse().unwrap();
    let range = text.time_range_in(&zone, at, end);
    assert_eq!(range, "4:14–5:00 pm, Kolkata (UTC+5:30)");
    let (line, page) = ZonedPage::new(&text, ZonedPage::LINE, &zone, at);
    assert_eq!(line, "All times are in Kolkata (UTC+5:30).");
    assert_eq!(page.time(at), "4:14 pm");
    assert_eq!(page.clock(jiff::civil::time(9, 30, 0, 0)), "9:30 am");
    // Clocks in New York show 1:30 twice.
    let zone = jiff::tz::TimeZone::get("America/New_York").unwrap();
    let (_, page) = ZonedPage::new(&text, ZonedPage::LINE, &zone, at);
    for (at, said) in [
        ("2027-11-07T05:30:00Z", "1:30 am (UTC\u{2212}4)"),
        ("2027-11-07T06:30:00Z", "1:30 am (UTC\u{2212}5)"),
        ("2027-11-07T07:00:00Z", "2 am"),
    ] {
        assert_eq!(page.time(at.parse().unwrap()), said);
    }
}

#[test]
fn a_deadline_at_the_start_of_a_day_is_the_end_of_the_day_before() {
    let end = |text: &str| Deadline::EndOf(text.parse().unwrap());
    let within = |text: &str| Deadline::Within(text.parse().unwrap());
    for (instant, deadline) in [
        ("2027-01-15T00:00[Asia/Kuala_Lumpur]", end("2027-01-14")),
        ("2027-01-15T00:01[Asia/Kuala_Lumpur]", within("2027-01-15")),
        ("2027-01-14T16:00[UTC]", within("2027-01-14")),
        ("2028-03-01T00:00[Europe/Rome]", end("2028-02-29")),
        ("2027-01-01T00:00[UTC]", end("2026-12-31")),
        // In this zone, midnight is skipped, so the day starts at one o'clock.
        ("2018-11-04T01:00[America/Sao_Paulo]", end("2018-11-03")),
        // In this zone, midnight occurs twice, and the first occurrence starts the day.
        (
            "2018-02-17T23:00-03:00[America/Sao_Paulo]",
            within("2018-02-17"),
        ),
        (
            "2018-02-18T00:00-03:00[America/Sao_Paulo]",
            end("2018-02-17"),
        ),
        // In this zone, a whole day is skipped.
        ("2011-12-31T00:00[Pacific/Apia]", end("2011-12-29")),
    ] {
        assert_eq!(Deadline::of(&at(instant)), deadline, "{instant}");
    }
}

#[test]
fn days_are_counted_by_the_calendar_not_by_hours() {
    let deadline = Deadline::of(&at("2027-03-29T00:00[Europe/Rome]"));
    for (now, left) in [
        ("2027-03-28T00:30[Europe/Rome]", 0),
        ("2027-03-28T23:59[Europe/Rome]", 0),
        ("2027-03-27T23:59[Europe/Rome]", 1),
        ("2027-02-28T12:00[Europe/Rome]", 28),
        ("2027-03-29T00:00[Europe/Rome]", -1),
    ] {
        assert_eq!(deadline.days_left(&at(now)), left, "{now}");
    }
}

#[test]
fn the_two_hours_of_an_overlap_read_alike_and_differ_for_machines() {
    let text = testing::text("en");
    let first = at("2027-10-31T02:30+02:00[Europe/Rome]");
    let second = at("2027-10-31T02:30+01:00[Europe/Rome]");
    assert_eq!(text.time(&first), text.time(&second));
    assert_ne!(machine(&first), machine(&second));
}

#[test]
fn every_language_says_every_day_of_a_leap_year() {
    for tag in ["en", "ms", "it", "zh-Hans", "ar"] {
        let text = testing::text(tag);
        let mut day = jiff::civil::date(2028, 1, 1);
        while day.year() == 2028 {
            assert!(text.date(day).contains("2028"), "{tag} {day}");
            assert!(!text.weekday(day).is_empty() && !text.month_short(day).is_empty());
            day = day.tomorrow().unwrap();
        }
        assert_eq!(text.language(), &Language::of(tag));
        assert!(text.catalogue().missing().is_empty());
    }
}
