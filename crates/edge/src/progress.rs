//! Detects that a peer makes no progress.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::sleep;

/// How often [`ProgressWatch::stands_still`] checks for progress within its `time`.
const LOOKS: u32 = 4;

/// Counts a peer's progress, and records whether progress is expected. Counting needs no clock,
/// because a task reads the count at intervals.
#[derive(Debug, Default)]
pub(crate) struct ProgressWatch {
    moved: AtomicUsize,
    is_awaited: AtomicBool,
}

impl ProgressWatch {
    pub(crate) fn moved(&self) {
        self.moved.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn awaits(&self, is_awaited: bool) {
        self.is_awaited.store(is_awaited, Ordering::Relaxed);
    }

    pub(crate) fn is_awaited(&self) -> bool {
        self.is_awaited.load(Ordering::Relaxed)
    }

    /// Completes when there has been no progress for `time` although progress was expected. May
    /// complete later than that, by up to a quarter of `time`.
    pub(crate) async fn stands_still(&self, time: Duration) {
        let mut seen = self.moved.load(Ordering::Relaxed);
        let mut looks = 0;
        while looks < LOOKS {
            sleep(time / LOOKS).await;
            let now = self.moved.load(Ordering::Relaxed);
            looks = if now == seen && self.is_awaited() {
                looks + 1
            } else {
                0
            };
            seen = now;
        }
    }
}
