//! Tracks whether requests run on a connection over HTTP/2 or HTTP/3.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::listener::{Activity, Handle};

/// The streams of one connection.
#[derive(Debug)]
pub(crate) struct Busy {
    handle: Arc<Handle>,
    begun: AtomicUsize,
    ended: AtomicUsize,
    /// The number of streams whose clients do not read.
    still: AtomicUsize,
    /// Whether any stream has become a tunnel, which has its own timeouts.
    tunnels: AtomicBool,
}

impl Busy {
    /// Tracks a connection whose handshake is done.
    pub(crate) fn new(handle: Arc<Handle>) -> Self {
        handle.set(Activity::Idle);
        Self {
            handle,
            begun: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            still: AtomicUsize::new(0),
            tunnels: AtomicBool::new(false),
        }
    }

    /// Updates the activity of the connection. Returns false if the connection is being evicted.
    fn tell(&self) -> bool {
        let number = |of: &AtomicUsize| of.load(Ordering::Relaxed);
        let running = number(&self.begun) - number(&self.ended);
        self.handle.set(match running {
            0 => Activity::Idle,
            running if running == number(&self.still) => Activity::SlowFrom(Instant::now()),
            _ => Activity::Serving,
        })
    }

    /// Waits until no first request has come within `first`, or until there was no request for
    /// `idle`.
    pub(crate) async fn nobody_asks(&self, first: Duration, idle: Duration) {
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

    /// Records that a stream becomes a tunnel.
    pub(crate) fn tunnels(&self) {
        self.tunnels.store(true, Ordering::Relaxed);
    }

    /// Whether there is or was a tunnel.
    pub(crate) fn has_tunnels(&self) -> bool {
        self.tunnels.load(Ordering::Relaxed)
    }
}

/// A stream that is counted until this value is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    busy: Arc<Busy>,
    is_still: bool,
}

impl Running {
    /// Counts a new stream. Returns `None` if the connection is being evicted, so that no stream
    /// may begin.
    pub(crate) fn begin(busy: &Arc<Busy>) -> Option<Self> {
        busy.begun.fetch_add(1, Ordering::Relaxed);
        let running = Self {
            busy: Arc::clone(busy),
            is_still: false,
        };
        busy.tell().then_some(running)
    }

    /// Records whether the client of this stream has stopped reading.
    pub(crate) fn set_still(&mut self, is_still: bool) {
        if self.is_still != is_still {
            self.is_still = is_still;
            if is_still {
                self.busy.still.fetch_add(1, Ordering::Relaxed);
            } else {
                self.busy.still.fetch_sub(1, Ordering::Relaxed);
            }
            self.busy.tell();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.set_still(false);
        self.busy.ended.fetch_add(1, Ordering::Relaxed);
        self.busy.tell();
    }
}
