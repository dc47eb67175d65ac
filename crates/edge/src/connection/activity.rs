//! Tracks whether requests are running on an HTTP/2 or HTTP/3 connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::listener::Handle;

#[derive(Debug)]
pub(crate) struct StreamActivity {
    handle: Arc<Handle>,
    begun: AtomicUsize,
    ended: AtomicUsize,
    /// The number of streams that are tunnels, or ask to become tunnels.
    tunnels: AtomicUsize,
}

impl StreamActivity {
    pub(crate) fn new(handle: Arc<Handle>) -> Self {
        handle.set_busy(false);
        Self {
            handle,
            begun: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
            tunnels: AtomicUsize::new(0),
        }
    }

    /// `false` if the connection is being evicted.
    fn report_busy(&self) -> bool {
        let number = |of: &AtomicUsize| of.load(Ordering::Relaxed);
        self.handle
            .set_busy(number(&self.begun) != number(&self.ended))
    }

    /// Completes if no first request arrives within `first`, or if later no request is running for
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

    /// Records that a whole request has arrived.
    pub(crate) fn asked(&self) {
        self.handle.set_asked();
    }

    pub(crate) fn has_tunnels(&self) -> bool {
        self.tunnels.load(Ordering::Relaxed) > 0
    }
}

/// Counts a stream as a tunnel until this value is dropped.
#[derive(Debug)]
pub(crate) struct CountedTunnel(Arc<StreamActivity>);

impl CountedTunnel {
    pub(crate) fn begin(activity: &Arc<StreamActivity>) -> Self {
        activity.tunnels.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(activity))
    }
}

impl Drop for CountedTunnel {
    fn drop(&mut self) {
        self.0.tunnels.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A stream that counts as running until this value is dropped.
#[derive(Debug)]
pub(crate) struct ActiveStream {
    busy: Arc<StreamActivity>,
}

impl ActiveStream {
    /// Begins a stream. Returns `None` if the connection is being evicted and may begin no stream.
    pub(crate) fn begin(busy: &Arc<StreamActivity>) -> Option<Self> {
        busy.begun.fetch_add(1, Ordering::Relaxed);
        let running = Self {
            busy: Arc::clone(busy),
        };
        busy.report_busy().then_some(running)
    }
}

impl ActiveStream {
    /// Records that a whole request has arrived.
    pub(crate) fn asked(&self) {
        self.busy.asked();
    }
}

impl Drop for ActiveStream {
    fn drop(&mut self) {
        self.busy.ended.fetch_add(1, Ordering::Relaxed);
        self.busy.report_busy();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_has_tunnels_as_long_as_one_is_open() {
        let activity = Arc::new(StreamActivity::new(Arc::default()));
        assert!(!activity.has_tunnels());
        let tunnels = [(); 2].map(|()| CountedTunnel::begin(&activity));
        let [first, second] = tunnels;
        drop(first);
        assert!(activity.has_tunnels());
        drop(second);
        assert!(
            !activity.has_tunnels(),
            "it is like any other connection again"
        );
    }
}
