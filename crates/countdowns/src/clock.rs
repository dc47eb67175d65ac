//! The state and the figures of a countdown at one instant.

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Serialize;
use utoipa::ToSchema;

use crate::calendar::{self, Breakdown, DayCounting};
use crate::countdown::{After, Countdown};

web::words! {
    /// The state of a countdown at an instant.
    #[schema(as = ClockState)]
    State {
        /// The countdown counts up.
        Running = "running",
        /// The countdown counts down.
        Upcoming = "upcoming",
        /// The day has come, and the countdown now counts up from it.
        Reached = "reached",
        /// The day has come, and the figures stay as they were then.
        Frozen = "frozen",
    }
}

/// The figures of a countdown at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Clock {
    /// The state at that instant.
    pub state: State,
    /// The instant from which or to which the countdown counts.
    pub anchor: Timestamp,
    /// The number of whole days.
    pub days: i64,
    /// The same duration, split into years to seconds.
    pub breakdown: Breakdown,
    /// The instant at which the clock shows, or showed, zero hours, minutes and seconds.
    #[serde(skip)]
    pub zero: Timestamp,
    /// The next instant at which the number of days changes.
    #[serde(skip)]
    pub turn: Timestamp,
}

impl Countdown {
    /// Computes the figures at `now`. `newest` is the last reset. If there was no reset yet, the
    /// result is `None`.
    pub fn clock(&self, newest: Option<Timestamp>, now: Timestamp) -> Option<Clock> {
        let zone = self.zone();
        let (state, anchor) = match self.target_at(now) {
            None => (State::Running, newest?),
            Some(target) => {
                let anchor = target.instant(&zone)?;
                let state = match self.after {
                    _ if now < anchor => State::Upcoming,
                    After::CountUp | After::Hide => State::Reached,
                    After::Freeze => State::Frozen,
                };
                (state, anchor)
            }
        };
        let (from, to) = match state {
            State::Running | State::Reached => (anchor, now),
            State::Upcoming => (now, anchor),
            State::Frozen => (anchor, anchor),
        };
        let breakdown = calendar::breakdown(from, to, &zone, self.leap_day);
        let rest = (breakdown.hours * 60 + breakdown.minutes) * 60 + breakdown.seconds;
        let rest = SignedDuration::from_secs(rest);
        // The number of days changes at midnight, at the anchor's time of day, or after every 24
        // hours, depending on how days are counted.
        let hour = |time: Time| {
            let today = now.to_zoned(zone.clone()).date();
            let mut days = today.series(1.day()).take(3);
            let at = |day: Date| zone.to_ambiguous_zoned(day.to_datetime(time)).compatible();
            let next = days.find_map(|day| at(day).ok().filter(|at| at.timestamp() > now));
            next.map_or(Timestamp::MAX, |next| next.timestamp())
        };
        let passed = SignedDuration::from_secs(to.duration_since(from).as_secs() % 86_400);
        let (zero, full, elapsed) = match state {
            State::Upcoming => (
                now + rest,
                now + rest + 1.second(),
                now + passed + 1.second(),
            ),
            _ => (
                now - rest,
                hour(anchor.to_zoned(zone.clone()).time()),
                now - passed + SignedDuration::from_hours(24),
            ),
        };
        let counted = match self.day_counting {
            DayCounting::Calendar => hour(Time::midnight()),
            DayCounting::Elapsed => elapsed,
        };
        Some(Clock {
            state,
            anchor,
            days: calendar::days(from, to, &zone, self.day_counting),
            breakdown,
            zero,
            turn: full.min(counted),
        })
    }
}

#[cfg(test)]
mod tests {
    use platform::id::Id as _;
    use proptest::prelude::*;

    use super::*;
    use crate::calendar::LeapDay;
    use crate::countdown::{CountdownId, Kind};

    fn countdown(kind: Kind, zone: &str, target: &str, counting: DayCounting) -> Countdown {
        let id = CountdownId::from_text(String::new());
        Countdown {
            target: target.to_owned(),
            day_counting: counting,
            leap_day: LeapDay::Feb28,
            ..Countdown::blank(id, kind, zone)
        }
    }

    #[test]
    fn a_page_that_was_opened_on_a_long_day_is_not_loaded_again_at_once() {
        let berlin = countdown(Kind::Since, "Europe/Berlin", "", DayCounting::Elapsed);
        let from: Timestamp = "2025-10-20T10:00:00Z".parse().unwrap(); // 12:00 there
        let now: Timestamp = "2025-10-26T10:30:00Z".parse().unwrap(); // 11:30, after 24.5 hours
        let clock = berlin.clock(Some(from), now).unwrap();
        assert_eq!((clock.breakdown.days, clock.breakdown.hours), (5, 24));
        assert_eq!(clock.turn, "2025-10-26T11:00:00Z".parse().unwrap());
    }

    proptest! {
        #[test]
        fn days_change_next_after_now_and_not_before(
            after in 0_i64..400 * 86_400, later in 0_i64..90_000, calendar: bool, up: bool,
        ) {
            let start: Timestamp = "2025-01-01T00:30:00Z".parse().unwrap();
            let now = start + after.seconds();
            let counting = if calendar { DayCounting::Calendar } else { DayCounting::Elapsed };
            let one = if up {
                countdown(Kind::Since, "America/New_York", "", counting)
            } else {
                countdown(Kind::Until, "America/New_York", "2027-03-01T08:15", counting)
            };
            let shown = one.clock(Some(start), now).unwrap();
            prop_assert!(shown.turn > now, "{shown:?}");
            prop_assert!(shown.turn <= now + 26.hours());
            // The number of days stays the same until `turn`.
            let then = (now + later.seconds()).min(shown.turn - 1.second());
            if then >= now {
                let same = one.clock(Some(start), then).unwrap();
                prop_assert_eq!(same.days, shown.days, "{:?} {:?}", shown, then);
            }
        }
    }
}
