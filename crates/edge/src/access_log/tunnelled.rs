//! The line of a request that became a tunnel, when that has ended.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{Entry, Upload};

/// A word for the log, the same for ever: one side broke off, or whoever ran the tunnel did.
pub(crate) const TUNNEL_BROKEN: &str = "tunnel_broken";

/// What passes a tunnel and how it ends. It is shared by whoever answers the request and
/// whoever runs the tunnel, in either order: the last of them writes the line.
#[derive(Debug, Default)]
pub(crate) struct Tunnelled {
    entry: Mutex<Option<Box<Entry>>>,
    /// Bytes from the client.
    upload: Arc<Upload>,
    /// Bytes to the client.
    sent: AtomicU64,
    why: OnceLock<&'static str>,
}

impl Tunnelled {
    /// The request is answered, which is counted now: figures of answers do not wait for
    /// tunnels, which may be open for days.
    pub(crate) fn answered(&self, mut entry: Box<Entry>) {
        entry.count(entry.began.elapsed());
        entry.received = Some(Arc::clone(&self.upload));
        *self.entry.lock().unwrap_or_else(PoisonError::into_inner) = Some(entry);
    }

    pub(crate) fn received(&self, bytes: usize) {
        let received = &self.upload.received;
        received.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Why it ended; empty when both sides had nothing more to say. It is broken if nobody
    /// says so.
    pub(crate) fn ended(&self, why: &'static str) {
        // Only whoever runs it knows.
        let _ = self.why.set(why);
    }
}

impl Drop for Tunnelled {
    fn drop(&mut self) {
        let entry = self.entry.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entry.take() {
            let why = self.why.get().copied().unwrap_or(TUNNEL_BROKEN);
            let sent = self.sent.load(Ordering::Relaxed);
            entry.write(sent, why, entry.began.elapsed());
        }
    }
}
