//! When sessions can begin: the times that a provider's hours leave free. Without database and
//! clock.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp};

/// The minutes of a day on whose clocks nothing changes.
pub const DAY: i64 = 24 * 60;

/// A part of a day, in minutes of the wall clock from midnight: `0 <= opens < 1440`,
/// `opens < closes <= opens + 1440`. So 22:00 to 02:00 is 1320 to 1560.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    pub opens: i64,
    pub closes: i64,
}

/// Days that are not like the others of their week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    pub days: RangeInclusive<Date>,
    /// The hours of each of the days; none if the provider is off.
    pub hours: Vec<Window>,
}

impl Exception {
    fn length(&self) -> SignedDuration {
        self.days.end().duration_since(*self.days.start())
    }
}

/// The hours of a provider, by the clock of a zone.
#[derive(Clone, Debug)]
pub struct Hours {
    pub zone: TimeZone,
    /// The hours of each weekday, Monday first.
    pub week: [Vec<Window>; 7],
    /// In the order in which they were made.
    pub exceptions: Vec<Exception>,
}

impl Hours {
    /// Returns the exception that replaces the day: that of the fewest days, or the last one made of
    /// several.
    fn exception(&self, day: Date) -> Option<&Exception> {
        let over = self
            .exceptions
            .iter()
            .rev()
            .filter(|one| one.days.contains(&day));
        over.min_by_key(|one| one.length())
    }

    /// Returns the windows that open on the day, in order. Those that overlap or touch are one.
    fn windows(&self, day: Date) -> Vec<Window> {
        let weekday = usize::from(day.weekday().to_monday_zero_offset().unsigned_abs());
        let of_day = match self.exception(day) {
            Some(exception) => &exception.hours,
            None => &self.week[weekday],
        };
        let mut sorted = of_day.clone();
        sorted.sort_unstable();
        let mut united: Vec<Window> = Vec::new();
        for window in sorted {
            match united.last_mut() {
                Some(last) if window.opens <= last.closes => {
                    last.closes = last.closes.max(window.closes);
                }
                _ => united.push(window),
            }
        }
        // A night ends at the midnight of a day off.
        let is_off = |day: Date| self.exception(day).is_some_and(|one| one.hours.is_empty());
        if day.tomorrow().is_ok_and(is_off) {
            for window in &mut united {
                window.closes = window.closes.min(DAY);
            }
        }
        united
    }

    /// From when until when the windows are that meet a stretch of time, in order.
    pub fn open(&self, from: Timestamp, until: Timestamp) -> Vec<(Timestamp, Timestamp)> {
        let day = |at: Timestamp| at.to_zoned(self.zone.clone()).date();
        let first = day(from).yesterday().unwrap_or(Date::MIN);
        let days = first
            .series(Span::new().days(1))
            .take_while(|one| *one <= day(until));
        let windows = days.flat_map(|day| {
            let windows = self.windows(day).into_iter();
            windows.filter_map(move |window| edges(&self.zone, day, window))
        });
        let meeting = windows.filter(|(opens, closes)| *opens < until && *closes > from);
        united(meeting.collect())
    }

    /// Whether a session from one instant until another lies in one of the windows.
    pub fn contain(&self, from: Timestamp, until: Timestamp) -> bool {
        let day = from.to_zoned(self.zone.clone()).date();
        let mut days = [day.yesterday().ok(), Some(day)].into_iter().flatten();
        days.any(|day| {
            let windows = self.windows(day).into_iter();
            let mut parts = windows.filter_map(|window| edges(&self.zone, day, window));
            parts.any(|(opens, closes)| opens <= from && until <= closes)
        })
    }
}

/// How an offer uses the hours.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The minutes from one start to the next; 0 if one session begins when another one and its
    /// buffers would end.
    pub step: i64,
    pub length: i64,
    /// The minutes that stay free before and after each session.
    pub buffers: [i64; 2],
    /// The minutes from now within which nothing begins.
    pub notice: i64,
    /// The number of days, after today, on which sessions begin.
    pub horizon: i64,
    /// The most sessions that begin on a day.
    pub day_limit: Option<i64>,
}

/// What is taken of a provider's time.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    /// From when until when: in the order of time, apart from each other.
    blocked: Vec<(Timestamp, Timestamp)>,
    /// The sessions that begin on each day of the hours' zone.
    sessions: BTreeMap<Date, i64>,
}

impl Taken {
    /// `blocked` is from when until when, in any order.
    pub fn new(blocked: Vec<(Timestamp, Timestamp)>, sessions: BTreeMap<Date, i64>) -> Self {
        Self {
            blocked: united(blocked),
            sessions,
        }
    }

    fn meets(&self, from: Timestamp, to: Timestamp) -> bool {
        let before_end = self.blocked.partition_point(|(begin, _)| *begin < to);
        self.blocked[..before_end]
            .last()
            .is_some_and(|(_, end)| *end > from)
    }
}

/// Stretches of time in order, of which those that overlap or touch are one.
pub fn united(mut all: Vec<(Timestamp, Timestamp)>) -> Vec<(Timestamp, Timestamp)> {
    all.retain(|(from, to)| from < to);
    all.sort_unstable();
    let mut apart: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (from, to) in all {
        match apart.last_mut() {
            Some((_, end)) if from <= *end => *end = to.max(*end),
            _ => apart.push((from, to)),
        }
    }
    apart
}

/// What is left of stretches of time without others. Both are in order, and apart from each other.
pub fn without(
    all: &[(Timestamp, Timestamp)],
    others: &[(Timestamp, Timestamp)],
) -> Vec<(Timestamp, Timestamp)> {
    let mut left = Vec::new();
    for (from, until) in all {
        let mut from = *from;
        let ended = others.partition_point(|(_, end)| *end <= from);
        let meeting = others.iter().skip(ended);
        for (begin, end) in meeting.take_while(|(begin, _)| begin < until) {
            if from < *begin {
                left.push((from, *begin));
            }
            from = *end;
        }
        if from < *until {
            left.push((from, *until));
        }
    }
    left
}

/// Returns the free starts on these days of the hours' zone, in the order of time.
///
/// Starts are counted by the wall clock from the time at which the window opens, so no session moves
/// the times of others. A wall time that the clocks skip does not exist, and of two the earlier one
/// counts. A window lasts from the earlier reading of its begin to the later one of its end; an edge
/// that is skipped is the end of the gap. The length of a session is elapsed time.
pub fn free(
    hours: &Hours,
    rule: &Rule,
    taken: &Taken,
    now: Timestamp,
    days: &RangeInclusive<Date>,
) -> Vec<Timestamp> {
    let zone = &hours.zone;
    let today = now.to_zoned(zone.clone()).date();
    let last = today.checked_add(SignedDuration::from_hours(24 * rule.horizon));
    let last = last.unwrap_or(Date::MAX).min(*days.end());
    let [before, after] = rule.buffers.map(SignedDuration::from_mins);
    let length = SignedDuration::from_mins(rule.length);
    let earliest = now + SignedDuration::from_mins(rule.notice);
    let step = match rule.step {
        0 => rule.length + rule.buffers.iter().sum::<i64>(),
        step => step,
    };
    let mut starts = Vec::new();
    // The night before the first day may reach into it.
    let mut next = days.start().yesterday().ok().or(Some(*days.start()));
    while let Some(day) = next.filter(|day| *day <= last) {
        next = day.tomorrow().ok();
        for window in hours.windows(day) {
            let Some((opens, closes)) = edges(zone, day, window) else {
                continue;
            };
            let mut minute = window.opens;
            while minute < window.closes {
                let at = wall_time(day, minute);
                minute += step.max(1);
                let Some(at) = at.filter(|at| days.contains(&at.date()) && at.date() <= last)
                else {
                    continue;
                };
                let Some(start) = existing(zone, at) else {
                    continue;
                };
                let is_full = rule.day_limit.is_some_and(|limit| {
                    let there = taken.sessions.get(&at.date());
                    there.copied().unwrap_or_default() >= limit
                });
                let is_in = start >= opens && start + length <= closes && start > earliest;
                if is_in && !is_full && !taken.meets(start - before, start + length + after) {
                    starts.push(start);
                }
            }
        }
    }
    starts.sort_unstable();
    starts.dedup();
    starts
}

/// The time on the clock so many minutes after the midnight of the day.
fn wall_time(day: Date, minute: i64) -> Option<DateTime> {
    let midnight = day.at(0, 0, 0, 0);
    midnight.checked_add(SignedDuration::from_mins(minute)).ok()
}

/// The earlier of the instants at which the clock shows this time, if it ever does.
fn existing(zone: &TimeZone, at: DateTime) -> Option<Timestamp> {
    let found = zone.to_ambiguous_timestamp(at);
    match found.offset() {
        AmbiguousOffset::Gap { .. } => None,
        _ => found.earlier().ok(),
    }
}

/// When the window begins and ends.
fn edges(zone: &TimeZone, day: Date, window: Window) -> Option<(Timestamp, Timestamp)> {
    let edge = |minute, is_end: bool| {
        let at = wall_time(day, minute)?;
        let found = zone.to_ambiguous_timestamp(at);
        match found.offset() {
            // Read with the offset that follows, a skipped time lies before the change.
            AmbiguousOffset::Gap { after, .. } => {
                let before_change = after.to_timestamp(at).ok()?;
                Some(zone.following(before_change).next()?.timestamp())
            }
            _ if is_end => found.later().ok(),
            _ => found.earlier().ok(),
        }
    };
    Some((edge(window.opens, false)?, edge(window.closes, true)?))
}

#[cfg(test)]
mod tests;
