//! The clock is either the system's clock or one that a test controls.
//!
//! All other code reads the time from a [`Clock`], so a test advances a [`ManualClock`] instead of
//! waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::{SignedDuration, Timestamp};
use rustix::time::{ClockId, clock_gettime};

/// The source of the current time, in whole milliseconds.
#[derive(Clone, Debug)]
pub enum Clock {
    System,
    /// A clock that only a test advances.
    Manual(ManualClock),
}

impl Clock {
    /// The current time, truncated to milliseconds as in the store.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => from_millisecond(system_millisecond()),
            Self::Manual(clock) => clock.now(),
        }
    }
}

/// A clock for tests. All clones show the same time.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicI64>);

impl ManualClock {
    pub fn at(start: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(start.as_millisecond())))
    }

    pub fn now(&self) -> Timestamp {
        from_millisecond(self.0.load(Ordering::SeqCst))
    }

    /// Sets the clock to `instant`, which may be before the clock's current time.
    pub fn set(&self, instant: Timestamp) {
        self.0.store(instant.as_millisecond(), Ordering::SeqCst);
    }

    pub fn advance(&self, duration: SignedDuration) {
        let millisecond = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.0.fetch_add(millisecond, Ordering::SeqCst);
    }
}

/// The time since the machine was started, for leases. It never goes back and, unlike
/// [`std::time::Instant`], goes on while the machine is suspended.
pub fn since_boot() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    let nanoseconds = u32::try_from(now.tv_nsec).unwrap_or_default();
    Duration::new(seconds, nanoseconds)
}

/// The instant `millisecond` milliseconds after 1970, clamped to the range of a timestamp.
pub fn from_millisecond(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(millisecond).unwrap_or(if millisecond < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

fn system_millisecond() -> i64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the operating system"
    )]
    let now = SystemTime::now();
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = ManualClock::at("2027-01-14T16:00:00Z".parse().unwrap());
        let shared = Clock::Manual(clock.clone());
        assert_eq!(shared.now(), shared.now());
        clock.advance(SignedDuration::from_millis(1));
        assert_eq!(shared.now().to_string(), "2027-01-14T16:00:00.001Z");
    }

    /// The system's uptime includes the time in which it was suspended (proc(5)).
    #[test]
    fn the_time_since_boot_is_the_uptime() {
        let uptime = || {
            let text = std::fs::read_to_string("/proc/uptime").unwrap();
            text.split(' ').next().unwrap().parse::<f64>().unwrap()
        };
        let (before, ours, after) = (uptime(), since_boot().as_secs_f64(), uptime());
        // It is told in hundredths of a second.
        assert!(
            before <= ours && ours < after + 0.01,
            "{before} {ours} {after}"
        );
    }

    #[test]
    fn the_system_clock_has_no_fraction_below_a_millisecond() {
        assert_eq!(Clock::System.now().as_nanosecond() % 1_000_000, 0);
    }
}
