//! Whether anybody asks for anything on a connection of HTTP/2.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Streams of one connection.
#[derive(Debug, Default)]
pub(super) struct Busy {
    begun: AtomicUsize,
    ended: AtomicUsize,
    /// One of them has become another protocol, whose times are its own.
    tunnels: AtomicBool,
}

impl Busy {
    /// Returns when the first request has not come within `first`, or when there
    /// was none for `idle`.
    pub(super) async fn nobody_asks(&self, first: Duration, idle: Duration) {
        let mut wait = first;
        loop {
            let begun = self.begun.load(Ordering::Relaxed);
            tokio::time::sleep(wait).await;
            let is_quiet = begun == self.begun.load(Ordering::Relaxed)
                && begun == self.ended.load(Ordering::Relaxed);
            if is_quiet {
                return;
            }
            wait = idle;
        }
    }

    /// A stream becomes a tunnel.
    pub(super) fn tunnels(&self) {
        self.tunnels.store(true, Ordering::Relaxed);
    }

    /// Whether there is or was a tunnel.
    pub(super) fn has_tunnels(&self) -> bool {
        self.tunnels.load(Ordering::Relaxed)
    }
}

/// A stream that runs until this is dropped.
#[derive(Debug)]
pub(super) struct Running(Arc<Busy>);

impl Running {
    /// Counts one.
    pub(super) fn begin(busy: &Arc<Busy>) -> Self {
        busy.begun.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(busy))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}
