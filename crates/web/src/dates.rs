//! Formats dates and times with messages in `locales/`. Times use the language's words for parts of
//! the day, and a deadline is never shown as 23:59.
//!
//! No clock time is written without its zone: the functions of [`Text`] name it, and a [`ZonedPage`]
//! belongs to a page that names it once for all of its times. A deadline is the
//! first instant that is too late. If that instant is the start of a day, pages name the previous
//! day ([`Deadline`]).

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

use crate::memo::{At, Moment};
use crate::text::{Text, Value};

/// The longest time range that is shown without a second date, even if it ends after midnight.
const SHORT: SignedDuration = SignedDuration::from_hours(12);

const WEEKDAYS: [&str; 7] = [
    "weekday-1",
    "weekday-2",
    "weekday-3",
    "weekday-4",
    "weekday-5",
    "weekday-6",
    "weekday-7",
];

/// The message ids of the months' names.
pub(crate) const MONTHS: [&str; 12] = [
    "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8",
    "month-9", "month-10", "month-11", "month-12",
];

/// The form in which pages show a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// The end of this day, as in "by the end of 14 January".
    EndOf(Date),
    /// A time during this day. Pages must state the time.
    Within(Date),
}

impl Deadline {
    /// The deadline for something that closes at `instant`; `instant` itself is too late.
    pub fn of(instant: &Zoned) -> Self {
        // Subtracting a calendar day would be wrong if the time zone skipped a day.
        let before = instant
            .saturating_sub(SignedDuration::from_millis(1))
            .date();
        if before == instant.date() {
            Self::Within(before)
        } else {
            Self::EndOf(before)
        }
    }

    /// The last day that is at least partly before the deadline.
    pub fn day(self) -> Date {
        match self {
            Self::EndOf(day) | Self::Within(day) => day,
        }
    }

    /// The number of calendar days from `now` to the last day: 0 on that day, negative afterwards.
    pub fn days_left(self, now: &Zoned) -> i32 {
        days_between(now.date(), self.day())
    }
}

/// Calendar days from one date to another.
pub fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

/// The value of the HTML attribute `datetime`.
pub fn machine(at: &Zoned) -> String {
    let (date, time, offset) = (at.date(), at.time(), at.offset().seconds());
    let sign = if offset < 0 { '-' } else { '+' };
    let minutes = offset.unsigned_abs() / 60;
    format!(
        "{date}T{:02}:{:02}{sign}{:02}:{:02}",
        time.hour(),
        time.minute(),
        minutes / 60,
        minutes % 60
    )
}

fn at(at: &Zoned) -> At {
    (at.timestamp(), at.datetime())
}

impl Text {
    /// A date such as "Saturday, 16 January 2027".
    pub fn date(&self, day: impl Into<Date>) -> String {
        self.day("date-full", day.into())
    }

    /// A date such as "Sat, 16 Jan 2027", for lists.
    pub fn date_short(&self, day: impl Into<Date>) -> String {
        self.day("date-short", day.into())
    }

    /// A date such as "16 January 2027".
    pub fn date_plain(&self, day: impl Into<Date>) -> String {
        self.day("date-plain", day.into())
    }

    /// A date such as "14 January".
    pub fn day_and_month(&self, day: impl Into<Date>) -> String {
        self.day("date-day-month", day.into())
    }

    /// A date such as "Thursday, 14 January".
    pub fn weekday_and_day(&self, day: impl Into<Date>) -> String {
        self.day("date-weekday-day", day.into())
    }

    /// A weekday such as "Saturday".
    pub fn weekday(&self, day: impl Into<Date>) -> String {
        self.day("date-weekday", day.into())
    }

    /// The short name of the month, such as "Jan". Pages show it beside the day of the month, which
    /// is written in large digits.
    pub fn month_short(&self, day: impl Into<Date>) -> String {
        self.day("date-month-short", day.into())
    }

    /// A time such as "9:30 am", "12 noon", "4 petang" or "16:00".
    fn time(&self, at: &Zoned) -> String {
        self.clock(at, at.minute() != 0)
    }

    /// A time range such as "9:30–11:00 am", "12 noon – 4 pm" or "8 pm – 1 am". If the range is
    /// longer than twelve hours and ends on another day, the text includes the end's date.
    fn time_range(&self, from: &Zoned, to: &Zoned) -> String {
        self.once(Moment::Range(at(from), at(to)), || {
            self.write_range(from, to)
        })
    }

    fn write_range(&self, from: &Zoned, to: &Zoned) -> String {
        if from.date() != to.date() && from.duration_until(to) > SHORT {
            let until = self.moment(to);
            return self.range("time-range-wide", &self.time(from), &until);
        }
        let minutes = from.minute() != 0 || to.minute() != 0;
        if self.period(from) == self.period(to) && !is_noon(from) && !is_midnight(from) {
            let first = self.hour("time-plain", from, minutes);
            return self.range("time-range", &first, &self.clock(to, minutes));
        }
        self.range("time-range-wide", &self.time(from), &self.time(to))
    }

    /// A date and time such as "Saturday, 16 January 2027, 9:30 am".
    fn moment(&self, at: &Zoned) -> String {
        let values = [
            ("date", Value::from(self.date(at))),
            ("time", self.time(at).into()),
        ];
        self.with("date-moment", values)
    }

    /// A date and time with its zone, such as "Saturday, 16 January 2027, 9:30 am, Kuala Lumpur
    /// (UTC+8)".
    pub fn moment_in(&self, zone: &TimeZone, at: Timestamp) -> String {
        self.in_zone(&self.moment(&at.to_zoned(zone.clone())), zone, at)
    }

    /// Like [`Text::moment_in`], with a short date: "Sat 16 Jan 2027, 9:30 am, Kuala Lumpur
    /// (UTC+8)".
    pub fn moment_short_in(&self, zone: &TimeZone, at: Timestamp) -> String {
        self.in_zone(&self.moment_short(&at.to_zoned(zone.clone())), zone, at)
    }

    /// A time range with its zone, such as "9:30–11:00 am, Kuala Lumpur (UTC+8)".
    pub fn time_range_in(&self, zone: &TimeZone, from: Timestamp, to: Timestamp) -> String {
        let [start, end] = [from, to].map(|at| at.to_zoned(zone.clone()));
        self.in_zone(&self.time_range(&start, &end), zone, from)
    }

    /// A time with its zone, such as "9:30 am (Kuala Lumpur)", beside a date.
    pub fn time_in(&self, zone: &TimeZone, at: Timestamp) -> String {
        self.at_place(&self.time(&at.to_zoned(zone.clone())), zone)
    }

    /// A moment of the coming year with its zone, such as "Sat 16 Jan, 9:30 am (Kuala Lumpur)", for
    /// the subject of a mail.
    pub fn subject_in(&self, zone: &TimeZone, at: Timestamp) -> String {
        let at = at.to_zoned(zone.clone());
        let values = [
            ("date", Value::from(self.day("date-brief", at.date()))),
            ("time", self.time(&at).into()),
        ];
        self.at_place(&self.with("date-moment", values), zone)
    }

    /// Like [`Text::subject_in`], for a moment that is near, such as "tomorrow, Sat 16 Jan, 9:30 am
    /// (Kuala Lumpur)".
    pub fn until_in(&self, zone: &TimeZone, at: Timestamp, now: Timestamp) -> String {
        let when = self.subject_in(zone, at);
        let [now, last] = [now, at].map(|at| at.to_zoned(zone.clone()).date());
        match days_between(now, last) {
            0 => self.with("date-today", [("when", when.into())]),
            1 => self.with("date-tomorrow", [("when", when.into())]),
            _ => when,
        }
    }

    fn in_zone(&self, when: &str, zone: &TimeZone, at: Timestamp) -> String {
        let values = [
            ("time", Value::from(when)),
            ("zone", zone_name(zone, at).into()),
        ];
        self.with("time-in-zone", values)
    }

    fn at_place(&self, when: &str, zone: &TimeZone) -> String {
        let values = [("time", Value::from(when)), ("place", place(zone).into())];
        self.with("time-at-place", values)
    }

    /// A date and time such as "16 Jan 2027, 9:30 am", for logs and lists.
    fn moment_short(&self, at: &Zoned) -> String {
        let values = [
            ("date", Value::from(self.date_short(at))),
            ("time", self.time(at).into()),
        ];
        self.with("date-moment", values)
    }

    fn day(&self, pattern: &'static str, day: Date) -> String {
        self.once(Moment::Day(pattern, day), || self.write_day(pattern, day))
    }

    fn write_day(&self, pattern: &str, day: Date) -> String {
        let month = usize::from(day.month().unsigned_abs());
        let weekday = usize::from(day.weekday().to_monday_one_offset().unsigned_abs());
        let (weekday, month_name) = (WEEKDAYS[weekday - 1], MONTHS[month - 1]);
        let values = [
            ("weekday", Value::from(self.say(weekday))),
            ("weekday-short", self.attribute(weekday, "short", []).into()),
            ("day", day.day().into()),
            ("month", self.say(month_name).into()),
            (
                "month-short",
                self.attribute(month_name, "short", []).into(),
            ),
            ("year", day.year().into()),
        ];
        self.with(pattern, values)
    }

    fn clock(&self, at: &Zoned, minutes: bool) -> String {
        if is_noon(at) {
            return self.hour("time-noon", at, false);
        }
        if is_midnight(at) {
            return self.hour("time-midnight", at, false);
        }
        self.hour("time-clock", at, minutes)
    }

    /// Formats a time with the message `pattern`. Its arguments are `$hour`, `$hour24`, `$minute`,
    /// `$minutes` and `$period`.
    fn hour(&self, pattern: &str, at: &Zoned, minutes: bool) -> String {
        let hour = at.hour();
        let half = match hour % 12 {
            0 => 12,
            other => other,
        };
        let values = [
            ("hour", Value::from(half)),
            ("hour24", format!("{hour:02}").into()),
            ("minute", format!("{:02}", at.minute()).into()),
            ("minutes", if minutes { "shown" } else { "full" }.into()),
            ("period", self.period(at).into()),
        ];
        self.with(pattern, values)
    }

    /// The language's word for this part of the day, such as "am" or "petang".
    fn period(&self, at: &Zoned) -> String {
        self.with("time-period", [("hour", at.hour().into())])
    }

    fn range(&self, pattern: &str, from: &str, to: &str) -> String {
        self.with(pattern, [("from", from.into()), ("to", to.into())])
    }
}

/// Writes clock times without their zone.
#[derive(Clone)]
pub struct ZonedPage<'t> {
    text: &'t Text,
    zone: TimeZone,
}

impl<'t> ZonedPage<'t> {
    /// The message id of the usual line.
    pub const LINE: &'static str = "zone-line";

    /// Returns the line that the page has to show, and what writes the page's times. The line is
    /// the message `line`, whose argument `zone` is the zone's name.
    pub fn new(text: &'t Text, line: &str, zone: &TimeZone, now: Timestamp) -> (String, Self) {
        let name = zone_name(zone, now);
        let line = text.with(line, [("zone", name.into())]);
        let zone = zone.clone();
        (line, Self { text, zone })
    }

    /// For events: beside their times stands where they take place, and clocks there show `zone`.
    pub fn at_venue(text: &'t Text, zone: &TimeZone) -> Self {
        let zone = zone.clone();
        Self { text, zone }
    }

    /// A time such as "9:30 am", "12 noon", "4 petang" or "16:00".
    pub fn time(&self, at: Timestamp) -> String {
        self.text.time(&at.to_zoned(self.zone.clone()))
    }

    /// Like [`ZonedPage::time`], for what a clock shows on any day.
    pub fn clock(&self, time: Time) -> String {
        let at = Date::constant(2027, 1, 16).to_datetime(time);
        let at = TimeZone::UTC.to_timestamp(at).unwrap_or_default();
        self.text.time(&at.to_zoned(TimeZone::UTC))
    }

    /// A time range such as "9:30–11:00 am", "12 noon – 4 pm" or "8 pm – 1 am". If the range is
    /// longer than twelve hours and ends on another day, the text includes the end's date.
    pub fn time_range(&self, from: Timestamp, to: Timestamp) -> String {
        let [from, to] = [from, to].map(|at| at.to_zoned(self.zone.clone()));
        self.text.time_range(&from, &to)
    }
}

fn is_noon(at: &Zoned) -> bool {
    (at.hour(), at.minute()) == (12, 0)
}

fn is_midnight(at: &Zoned) -> bool {
    (at.hour(), at.minute()) == (0, 0)
}

/// The place that names a time zone, such as “Kuala Lumpur”.
pub fn place(zone: &TimeZone) -> String {
    let name = zone.iana_name().unwrap_or("UTC");
    name.rsplit('/').next().unwrap_or(name).replace('_', " ")
}

/// The name of a time zone, such as “Kuala Lumpur (UTC+8)”.
pub fn zone_name(zone: &TimeZone, at: Timestamp) -> String {
    let place = place(zone);
    let seconds = zone.to_offset(at).seconds();
    let (hours, minutes) = (seconds.abs() / 3_600, seconds.abs() / 60 % 60);
    let sign = if seconds < 0 { '\u{2212}' } else { '+' };
    match (place.as_str(), minutes) {
        ("UTC", _) => place,
        (_, 0) => format!("{place} (UTC{sign}{hours})"),
        _ => format!("{place} (UTC{sign}{hours}:{minutes:02})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::memo::Memo;
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
                    let said = memo.once((place, moment), || {
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
}
