//! Formats dates and times with messages in `locales/`. Times use the language's words for parts of
//! the day, and a deadline is never shown as 23:59.
//!
//! No clock time is written without its zone: the functions of [`Text`] name it, and a [`ZonedPage`]
//! belongs to a page that names it once for all of its times. A deadline is the
//! first instant that is too late. If that instant is the start of a day, pages name the previous
//! day ([`Deadline`]).
//!
//! The patterns are messages and not a locale library's: five languages need few patterns, Malay's
//! parts of the day need rules of their own, and translators can change them.

use std::borrow::Cow;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

use crate::date_cache::{At, Moment};
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

/// The first instant after the day: the start of the next one.
pub fn end_of_day(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    let next = day.tomorrow().ok()?.to_zoned(zone.clone()).ok()?;
    Some(next.timestamp())
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

    /// A weekday such as "Sat", for the head of a column.
    pub fn weekday_short(&self, day: impl Into<Date>) -> String {
        self.day("date-weekday-short", day.into())
    }

    /// The name of a month, 1 for January to 12.
    pub fn month_name(&self, month: i64) -> Cow<'_, str> {
        let place = usize::try_from(month.saturating_sub(1)).unwrap_or_default();
        self.say(MONTHS[place.min(11)])
    }

    /// A month such as "January 2027".
    pub fn month(&self, day: impl Into<Date>) -> String {
        self.day("date-month", day.into())
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

    /// Like [`Text::time_range_in`]. If the end is not known, the start alone, such as "9:30 am, Kuala
    /// Lumpur (UTC+8)".
    pub fn hours_in(&self, zone: &TimeZone, from: Timestamp, to: Option<Timestamp>) -> String {
        match to {
            Some(to) => self.time_range_in(zone, from, to),
            None => self.in_zone(&self.time(&from.to_zoned(zone.clone())), zone, from),
        }
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

    /// A time such as "9:30 am", "12 noon", "4 petang" or "16:00". In an hour that the clocks show
    /// twice, it says which of the two it is, as in "1:30 am (UTC−5)".
    pub fn time(&self, at: Timestamp) -> String {
        let shown = at.to_zoned(self.zone.clone());
        let time = self.text.time(&shown);
        // No clock shows a skipped time, so an ambiguous one is shown twice.
        let found = self.zone.to_ambiguous_timestamp(shown.datetime());
        if !found.is_ambiguous() {
            return time;
        }
        let place = utc_offset(&self.zone, at);
        let values = [("time", Value::from(time)), ("place", place.into())];
        self.text.with("time-at-place", values)
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

    /// Like [`ZonedPage::time_range`], or the start alone if the end is not known.
    pub fn hours(&self, from: Timestamp, to: Option<Timestamp>) -> String {
        match to {
            Some(to) => self.time_range(from, to),
            None => self.time(from),
        }
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
    place_of(zone.iana_name().unwrap_or("UTC"))
}

/// The place in the IANA name of a time zone.
pub fn place_of(name: &str) -> String {
    name.rsplit('/').next().unwrap_or(name).replace('_', " ")
}

/// The name of a time zone, such as “Kuala Lumpur (UTC+8)”.
pub fn zone_name(zone: &TimeZone, at: Timestamp) -> String {
    match place(zone) {
        place if place == "UTC" => place,
        place => format!("{place} ({})", utc_offset(zone, at)),
    }
}

/// Such as “UTC+8”.
fn utc_offset(zone: &TimeZone, at: Timestamp) -> String {
    let seconds = zone.to_offset(at).seconds();
    let (hours, minutes) = (seconds.abs() / 3_600, seconds.abs() / 60 % 60);
    let sign = if seconds < 0 { '\u{2212}' } else { '+' };
    match minutes {
        0 => format!("UTC{sign}{hours}"),
        _ => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}

#[cfg(test)]
mod tests;
