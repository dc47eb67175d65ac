//! The log line of a request that became a tunnel, written when the tunnel has ended.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{Entry, Upload};

/// The reason in the log if a tunnel's task or one of its sides broke off. This value must not
/// change, because tools may search for it.
pub(crate) const TUNNEL_BROKEN: &str = "tunnel_broken";

/// The number of bytes that pass through a tunnel, and the reason for its end. The code that
/// responds to the request shares this value with the task that runs the tunnel. When both have
/// dropped it, the log line is written.
#[derive(Debug, Default)]
pub(crate) struct Tunnelled {
    entry: Mutex<Option<Box<Entry>>>,
    /// The number of bytes received from the client.
    upload: Arc<Upload>,
    /// The number of bytes sent to the client.
    sent: AtomicU64,
    why: OnceLock<&'static str>,
}

impl Tunnelled {
    /// Stores the entry of a request that has received a response. The response is counted now,
    /// because a tunnel may stay open for days.
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

    /// Sets the reason for the tunnel's end; empty if both sides closed it cleanly. If this
    /// function is never called, the log line says that the tunnel broke.
    pub(crate) fn ended(&self, why: &'static str) {
        // The tunnel's task calls this function only once, so this cannot fail.
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
