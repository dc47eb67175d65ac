//! Whether somebody who is waited for does anything.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::sleep;

/// How often within its time somebody looks.
const LOOKS: u32 = 4;

/// What moves, and whether it should. Counting needs no clock: whoever minds looks
/// at the count now and then.
#[derive(Debug, Default)]
pub(crate) struct ProgressWatch {
    moved: AtomicUsize,
    is_awaited: AtomicBool,
    is_still: AtomicBool,
}

impl ProgressWatch {
    /// Something moved.
    pub(crate) fn moved(&self) {
        self.moved.fetch_add(1, Ordering::Relaxed);
        self.is_still.store(false, Ordering::Relaxed);
    }

    /// From now on something should move, or need not.
    pub(crate) fn awaits(&self, is_awaited: bool) {
        self.is_awaited.store(is_awaited, Ordering::Relaxed);
    }

    /// Whether something should move.
    pub(crate) fn is_awaited(&self) -> bool {
        self.is_awaited.load(Ordering::Relaxed)
    }

    /// Whether nothing has moved for a quarter of the time though it should have.
    pub(crate) fn is_still(&self) -> bool {
        self.is_still.load(Ordering::Relaxed)
    }

    /// Ends when nothing has moved for `time` though it should have, or up to a
    /// quarter later.
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
            self.is_still.store(looks > 0, Ordering::Relaxed);
            seen = now;
        }
    }
}
