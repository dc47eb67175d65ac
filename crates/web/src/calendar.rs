//! Computes the days, months and years between two instants in a time zone, and converts local
//! times to instants.
//!
//! A local time that a clock change skips is read with the offset before the change. If a local
//! time occurs twice, its first occurrence is used (RFC 5545, section 3.3.5).

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Span, Timestamp, Zoned};
use serde::Serialize;
use utoipa::ToSchema;

use crate::words;

words! {
    /// How whole days are counted.
    DayCounting {
        /// A new day begins after every 24 hours.
        Elapsed = "elapsed" => "host-days-elapsed",
        /// Each midnight begins a new day.
        Calendar = "calendar" => "host-days-calendar",
    }
}

words! {
    /// The date of an anniversary of 29 February in a year without that day.
    LeapDay {
        /// On 28 February.
        Feb28 = "feb28" => "host-feb28",
        /// On 1 March.
        Mar1 = "mar1" => "host-mar1",
    }
}

words! {
    /// How often an event repeats.
    Repeat {
        /// The event does not repeat.
        None = "none" => "host-repeat-none",
        /// Each week.
        Weekly = "weekly" => "host-repeat-weekly",
        /// On the same day of each month, or on the month's last day if the month is too short.
        Monthly = "monthly" => "host-repeat-monthly",
        /// Each year.
        Yearly = "yearly" => "host-repeat-yearly",
    }
}

/// The time between two instants, split into units from years to seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct Breakdown {
    /// Whole years.
    pub years: i64,
    /// The whole months that remain after the years.
    pub months: i64,
    /// The whole days that remain after the months.
    pub days: i64,
    /// The hours that remain after the days.
    pub hours: i64,
    /// The minutes that remain after the hours.
    pub minutes: i64,
    /// The seconds that remain after the minutes.
    pub seconds: i64,
}

/// The number of whole days between two instants; 0 when `to` is before `from`.
pub fn days(from: Timestamp, to: Timestamp, zone: &TimeZone, counting: DayCounting) -> i64 {
    let days = match counting {
        DayCounting::Elapsed => to.duration_since(from).as_hours() / 24,
        DayCounting::Calendar => {
            let [from, to] = [from, to].map(|at| at.to_zoned(zone.clone()).date());
            from.duration_until(to).as_hours() / 24
        }
    };
    days.max(0)
}

/// The time between two instants: the whole years and months, counted from the first day, then the
/// remaining calendar days in `zone`, then the remaining hours, minutes and seconds. All fields are
/// 0 when `to` is before `from`.
pub fn breakdown(from: Timestamp, to: Timestamp, zone: &TimeZone, leap_day: LeapDay) -> Breakdown {
    if to <= from {
        return Breakdown::default();
    }
    let [start, end] = [from, to].map(|at| at.to_zoned(zone.clone()));
    let after = |months: i64, days: i64| {
        let date = add_months(start.date(), months, leap_day)?;
        let date = date.checked_add(Span::new().try_days(days).ok()?).ok()?;
        resolve(date.to_datetime(start.time()), zone)
    };
    let fits = |at: Option<Zoned>| at.is_some_and(|at| at.timestamp() <= to);
    let years = i64::from(end.year()) - i64::from(start.year());
    let at_most = years * 12 + i64::from(end.month()) - i64::from(start.month()) + 1;
    let fitting = (0..=at_most).rev().find(|months| fits(after(*months, 0)));
    let months = fitting.unwrap_or(0);
    let first = add_months(start.date(), months, leap_day);
    let at_most = first.map_or(0, |first| first.duration_until(end.date()).as_hours() / 24);
    let fitting = (0..=at_most).rev().find(|days| fits(after(months, *days)));
    let days = fitting.unwrap_or(0);
    let since = after(months, days).map_or(from, |at| at.timestamp());
    let seconds = to.duration_since(since.max(from)).as_secs();
    Breakdown {
        years: months / 12,
        months: months % 12,
        days,
        hours: seconds / 3600,
        minutes: seconds / 60 % 60,
        seconds: seconds % 60,
    }
}

/// In a shorter month, the last day. An anniversary of 29 February in a year without that day falls
/// on the day that `leap_day` selects.
fn add_months(date: Date, months: i64, leap_day: LeapDay) -> Option<Date> {
    let later = date
        .checked_add(Span::new().try_months(months).ok()?)
        .ok()?;
    let is_moved = (date.month(), date.day()) == (2, 29) && months % 12 == 0 && later.day() == 28;
    if is_moved && leap_day == LeapDay::Mar1 {
        return later.tomorrow().ok();
    }
    Some(later)
}

fn resolve(at: DateTime, zone: &TimeZone) -> Option<Zoned> {
    zone.to_ambiguous_zoned(at).compatible().ok()
}

/// A day or a local time, written as `2027-01-16` or `2027-01-16T18:00` (ISO 8601). Where a clock
/// change repeats a local time, an offset tells which of the two is meant:
/// `2027-10-31T02:30+01:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The start of a day.
    Day(Date),
    Time(DateTime),
    /// A local time with its offset from UTC.
    TimeAt(DateTime, Offset),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no date (2027-01-16) and no time (2027-01-16T18:00)")]
pub struct NoTarget;

impl Target {
    /// The local time of an instant, with its offset if the local time alone means another instant.
    pub fn of(at: Timestamp, zone: &TimeZone) -> Self {
        let here = at.to_zoned(zone.clone());
        let local = here.datetime();
        match resolve(local, zone) {
            Some(read) if read.timestamp() == at => Self::Time(local),
            _ => Self::TimeAt(local, here.offset()),
        }
    }

    pub fn date(self) -> Date {
        match self {
            Self::Day(date) => date,
            Self::Time(at) | Self::TimeAt(at, _) => at.date(),
        }
    }

    /// Whether the offset, if there is one, is the zone's at this local time.
    pub fn fits(self, zone: &TimeZone) -> bool {
        let Self::TimeAt(at, offset) = self else {
            return true;
        };
        match zone.to_ambiguous_zoned(at).offset() {
            AmbiguousOffset::Unambiguous { offset: only } => offset == only,
            AmbiguousOffset::Fold { before, after } => [before, after].contains(&offset),
            AmbiguousOffset::Gap { .. } => false,
        }
    }

    /// The target's instant in a time zone; `None` if it is beyond the calendar's range. An offset
    /// that does not fit the zone, because the zone's rules have changed since, is ignored.
    pub fn instant(self, zone: &TimeZone) -> Option<Timestamp> {
        let at = match self {
            Self::TimeAt(at, offset) if self.fits(zone) => return offset.to_timestamp(at).ok(),
            Self::Time(at) | Self::TimeAt(at, _) => resolve(at, zone)?,
            // If a clock change skips midnight, the day starts later.
            Self::Day(date) => {
                let midnight = resolve(date.to_datetime(jiff::civil::Time::midnight()), zone)?;
                if midnight.date() == date {
                    midnight.start_of_day().ok()?
                } else {
                    midnight
                }
            }
        };
        Some(at.timestamp())
    }

    /// Computed from the original target, so that short months do not move later occurrences.
    fn repeated(self, repeat: Repeat, leap_day: LeapDay, count: i64) -> Option<Self> {
        let date = match repeat {
            Repeat::None => (count == 0).then_some(self.date()),
            Repeat::Weekly => {
                let weeks = Span::new().try_weeks(count).ok()?;
                self.date().checked_add(weeks).ok()
            }
            Repeat::Monthly => add_months(self.date(), count, LeapDay::Feb28),
            Repeat::Yearly => add_months(self.date(), count * 12, leap_day),
        }?;
        Some(match self {
            Self::Day(_) => Self::Day(date),
            Self::TimeAt(..) if count == 0 => self,
            Self::Time(at) | Self::TimeAt(at, _) => Self::Time(date.to_datetime(at.time())),
        })
    }

    /// The occurrence that pages show at `now`: the first occurrence whose day has not ended. A
    /// target that does not repeat has only one occurrence.
    #[must_use]
    pub fn current(
        self,
        repeat: Repeat,
        leap_day: LeapDay,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Self {
        let today = now.to_zoned(zone.clone()).date();
        let days = self.date().duration_until(today).as_hours() / 24;
        let passed = match repeat {
            Repeat::None => 0,
            Repeat::Weekly => days / 7,
            // A month has at most 31 days and a year at most 366, so this estimate of the number of
            // past periods is never too high.
            Repeat::Monthly => days / 31,
            Repeat::Yearly => days / 366,
        };
        let mut all = (passed.max(0)..).map_while(|count| self.repeated(repeat, leap_day, count));
        let current = all.find(|one| repeat == Repeat::None || one.date() >= today);
        current.unwrap_or(self)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(date) => date.fmt(f),
            Self::Time(at) => write!(f, "{}", at.strftime("%Y-%m-%dT%H:%M")),
            Self::TimeAt(at, offset) => {
                let seconds = offset.seconds();
                let sign = if seconds < 0 { '-' } else { '+' };
                let minutes = seconds.abs() / 60;
                let (hours, minutes) = (minutes / 60, minutes % 60);
                let at = at.strftime("%Y-%m-%dT%H:%M");
                write!(f, "{at}{sign}{hours:02}:{minutes:02}")
            }
        }
    }
}

impl FromStr for Target {
    type Err = NoTarget;

    fn from_str(text: &str) -> Result<Self, NoTarget> {
        if text.len() <= 10 {
            return text.parse().map(Self::Day).map_err(|_| NoTarget);
        }
        if text.len() <= "2027-01-16T18:00".len() {
            let at = DateTime::strptime("%Y-%m-%dT%H:%M", text).map_err(|_| NoTarget)?;
            return Ok(Self::Time(at));
        }
        let at = strtime::parse("%Y-%m-%dT%H:%M%:z", text).map_err(|_| NoTarget)?;
        let local = at.to_datetime().map_err(|_| NoTarget)?;
        Ok(Self::TimeAt(local, at.offset().ok_or(NoTarget)?))
    }
}

#[cfg(test)]
mod tests;
