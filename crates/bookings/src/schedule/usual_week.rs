//! The week to which the single times of a provider amount.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{WeekWindow, Weekday};
use crate::availability::{DAY, Window};

/// Returns the week in which single times repeat, by the clock of a zone; each is from when until
/// when. A time counts if it is on the same weekday at the same hours more than once. Times that
/// overlap or touch are one part of the day.
pub(crate) fn week(times: &[(Timestamp, Timestamp)], zone: &TimeZone) -> Vec<WeekWindow> {
    let mut counts: BTreeMap<(i8, Window), usize> = BTreeMap::new();
    for (from, until) in times {
        let [from, until] = [from, until].map(|at| at.to_zoned(zone.clone()).datetime());
        let minute = |at: jiff::civil::DateTime| {
            let midnight = from.date().at(0, 0, 0, 0);
            at.duration_since(midnight).as_mins()
        };
        let (opens, closes) = (minute(from), minute(until));
        let day = from.weekday().to_monday_zero_offset();
        *counts.entry((day, Window { opens, closes })).or_default() += 1;
    }
    let mut parts: Vec<(i8, Window)> = Vec::new();
    for (day, window) in counts
        .into_iter()
        .filter_map(|(part, count)| (count > 1).then_some(part))
    {
        match parts.last_mut() {
            Some((last_day, last)) if *last_day == day && window.opens <= last.closes => {
                last.closes = last.closes.max(window.closes);
            }
            _ => parts.push((day, window)),
        }
    }
    let clock = |minute: i64| format!("{:02}:{:02}", minute % DAY / 60, minute % 60);
    let parts = parts.into_iter().filter_map(|(day, window)| {
        Some(WeekWindow {
            day: *Weekday::ALL.get(usize::try_from(day).ok()?)?,
            opens: clock(window.opens),
            closes: clock(window.closes),
        })
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use jiff::civil::DateTime;

    use super::*;

    #[test]
    fn a_week_is_what_is_there_more_than_once() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        // The clocks change on 28 March.
        let times = [
            ("2027-03-22T09:00", 60),
            ("2027-03-22T10:00", 60),
            ("2027-03-22T14:00", 60),
            ("2027-03-23T09:00", 60),
            ("2027-03-23T22:30", 120),
            ("2027-03-29T09:00", 60),
            ("2027-03-29T10:00", 60),
            ("2027-03-29T14:30", 60),
            ("2027-03-30T22:30", 120),
        ];
        let times = times.map(|(from, minutes)| {
            let from: DateTime = from.parse().unwrap();
            let from = from.to_zoned(zone.clone()).unwrap().timestamp();
            (from, from + SignedDuration::from_mins(minutes))
        });
        let found = week(&times, &zone).into_iter();
        let found: Vec<_> = found.map(|one| (one.day, one.opens, one.closes)).collect();
        let part = |day, opens: &str, closes: &str| (day, opens.to_owned(), closes.to_owned());
        let expected = [
            part(Weekday::Monday, "09:00", "11:00"),
            part(Weekday::Tuesday, "22:30", "00:30"),
        ];
        assert_eq!(found, expected);
    }
}
