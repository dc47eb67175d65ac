use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{Entry, Upload};

/// The logged reason if a tunnel's task stopped early or one side of the tunnel failed. This value
/// must not change, because tools may search for it.
pub(crate) const TUNNEL_BROKEN: &str = "tunnel_broken";

/// The byte counts of a tunnel, and the reason for its end. Two owners share this value: the code
/// that responds to the request, and the task that runs the tunnel. The log line is written when
/// both have dropped it.
#[derive(Debug, Default)]
pub(crate) struct Tunnelled {
    entry: Mutex<Option<Box<Entry>>>,
    upload: Arc<Upload>,
    sent: AtomicU64,
    why: OnceLock<&'static str>,
}

impl Tunnelled {
    /// Counts the response at once, because a tunnel may stay open for days.
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

    /// Records why the tunnel ended. `why` is empty if both sides closed the tunnel cleanly. If
    /// this function is never called, the log line says that the tunnel broke.
    pub(crate) fn ended(&self, why: &'static str) {
        // This cannot fail, because the tunnel's task calls the function only once.
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
