//! The health of a server, which follows from its responses and its health checks.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::settings::HealthSettings;

/// Within [`FAILURE_WINDOW`] of each other, without a success in between, before a server is
/// paused.
const FAILURES_BEFORE_PAUSE: u32 = 3;
const FAILURE_WINDOW: Duration = Duration::from_secs(10);
/// Each further pause is twice as long.
const MIN_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// A server's health. Times are in milliseconds, as `Upstream::now` returns them.
#[derive(Debug, Default)]
pub(super) struct HealthState {
    /// Whether health checks have found the server down.
    unwell: AtomicBool,
    /// The end of the current pause. Until then, the server gets requests only if no other server
    /// is available.
    out_until: AtomicU64,
    /// Whether there are failures that a success must reset.
    blemished: AtomicBool,
    record: Mutex<Record>,
}

#[derive(Debug, Default)]
struct Record {
    failures: u32,
    last_failure: u64,
    whiles: u32,
    /// The number of consecutive health checks that contradict `unwell`.
    contrary: u32,
}

impl HealthState {
    pub(super) fn is_ready(&self, now: u64) -> bool {
        !self.unwell.load(Ordering::Relaxed) && self.out_until.load(Ordering::Relaxed) <= now
    }

    /// The time from which the server is ready; `None` if health checks have found it down. Only
    /// another check can then make it ready.
    pub(super) fn ready_at(&self) -> Option<u64> {
        let unwell = self.unwell.load(Ordering::Relaxed);
        (!unwell).then(|| self.out_until.load(Ordering::Relaxed))
    }

    pub(super) fn succeeded(&self) {
        if self.blemished.swap(false, Ordering::Relaxed) {
            let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
            record.failures = 0;
            record.whiles = 0;
        }
    }

    /// Records that the server failed a request. May begin a pause.
    pub(super) fn failed(&self, now: u64) {
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        self.blemished.store(true, Ordering::Relaxed);
        if now.saturating_sub(record.last_failure) > millis(FAILURE_WINDOW) {
            record.failures = 0;
        }
        record.last_failure = now;
        record.failures += 1;
        // After a pause, a single failure begins another pause, unless the server has responded to
        // a request in between.
        if record.failures >= FAILURES_BEFORE_PAUSE || record.whiles > 0 {
            let out = MIN_PAUSE
                .saturating_mul(1 << record.whiles.min(8))
                .min(MAX_PAUSE);
            record.failures = 0;
            record.whiles += 1;
            let until = now + millis(out);
            self.out_until.fetch_max(until, Ordering::Relaxed);
        }
    }

    /// Records the result of a health check, unless `stop` is cancelled. Returns whether the
    /// server's state has changed.
    pub(super) fn asked(
        &self,
        well: bool,
        settings: &HealthSettings,
        stop: &CancellationToken,
    ) -> bool {
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        // `unasked` takes the lock after `stop` is cancelled, so `stop` must be checked while the
        // lock is held.
        if stop.is_cancelled() {
            return false;
        }
        let unwell = self.unwell.load(Ordering::Relaxed);
        if well != unwell {
            record.contrary = 0;
            return false;
        }
        record.contrary += 1;
        let enough = if well { settings.rise } else { settings.fall };
        if record.contrary < enough {
            return false;
        }
        *record = Record::default();
        self.unwell.store(!well, Ordering::Relaxed);
        if well {
            self.out_until.store(0, Ordering::Relaxed);
        }
        true
    }

    /// Discards the results of stopped health checks, because no later check could revise them.
    pub(super) fn unasked(&self) {
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        record.contrary = 0;
        self.unwell.store(false, Ordering::Relaxed);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_put_a_server_out_for_a_growing_while() {
        let vitals = HealthState::default();
        vitals.failed(0);
        vitals.failed(1);
        assert!(vitals.is_ready(1), "two are bad luck");
        vitals.failed(2);
        assert!(!vitals.is_ready(3));
        assert_eq!(vitals.ready_at(), Some(1_002));
        assert!(vitals.is_ready(1_002), "it gets another chance");
        vitals.failed(1_010);
        assert_eq!(vitals.ready_at(), Some(3_010), "twice as long");
        for _ in 0..20 {
            vitals.failed(4_000);
        }
        assert_eq!(vitals.ready_at(), Some(14_000), "never longer than this");
        vitals.succeeded();
        vitals.failed(20_000);
        assert!(vitals.is_ready(20_000), "a success is a clean slate");
    }

    #[test]
    fn failures_far_apart_do_not_count() {
        let vitals = HealthState::default();
        for now in [0, 11_000, 22_000, 33_000, 44_000] {
            vitals.failed(now);
            assert!(vitals.is_ready(now));
        }
    }

    #[test]
    fn asking_falls_and_rises_as_set() {
        let settings = HealthSettings {
            path: http::uri::PathAndQuery::from_static("/"),
            every: Duration::from_secs(1),
            within: Duration::from_secs(1),
            fall: 3,
            rise: 2,
        };
        let (vitals, asking) = (HealthState::default(), CancellationToken::new());
        let said: Vec<bool> = [false, false, true, false, false, false, true, true]
            .into_iter()
            .map(|well| {
                vitals.asked(well, &settings, &asking);
                vitals.is_ready(0)
            })
            .collect();
        assert_eq!(
            said,
            [true, true, true, true, true, false, false, true],
            "three in a row to fall, two to rise"
        );
    }

    #[test]
    fn who_has_stopped_to_ask_says_nothing_more() {
        let settings = HealthSettings {
            path: http::uri::PathAndQuery::from_static("/"),
            every: Duration::from_secs(1),
            within: Duration::from_secs(1),
            fall: 1,
            rise: 1,
        };
        let (vitals, asking) = (HealthState::default(), CancellationToken::new());
        assert!(vitals.asked(false, &settings, &asking));
        assert!(!vitals.is_ready(0));
        asking.cancel();
        vitals.unasked();
        assert!(vitals.is_ready(0));
        assert!(!vitals.asked(false, &settings, &asking));
        assert!(vitals.is_ready(0));
    }
}
