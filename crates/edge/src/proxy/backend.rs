//! One server of an upstream, and its running requests.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use http::header::HeaderValue;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::health::HealthState;
use super::settings::ServerAddress;

/// The number for the next server. Numbers distinguish servers that had the same address at
/// different times.
static NUMBERS: AtomicU64 = AtomicU64::new(1);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendStatus {
    pub address: ServerAddress,
    /// Whether the server may currently be chosen for requests.
    pub ready: bool,
    pub running: usize,
    /// The number of requests that the server has received so far.
    pub requests: u64,
}

#[derive(Debug)]
pub(super) struct Backend {
    pub(super) number: u64,
    pub(super) address: ServerAddress,
    /// The server's name in the cookies of sticky sessions.
    pub(super) name: String,
    pub(super) authority: HeaderValue,
    pub(super) vitals: HealthState,
    running: AtomicUsize,
    pub(super) begun: AtomicU64,
    pub(super) removed: AtomicBool,
    quiet: Notify,
    /// A token that is cancelled when the tunnels to this server must be closed.
    pub(super) cut: CancellationToken,
}

impl Backend {
    pub(super) fn new(backends: &str, address: &ServerAddress) -> Arc<Self> {
        let authority = address.authority();
        Arc::new(Self {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            name: opaque(backends, &address.to_string()),
            // An invalid host would have been refused when the address was parsed.
            authority: HeaderValue::from_str(&authority)
                .unwrap_or(HeaderValue::from_static("localhost")),
            address: address.clone(),
            vitals: HealthState::default(),
            running: AtomicUsize::new(0),
            begun: AtomicU64::new(0),
            removed: AtomicBool::new(false),
            quiet: Notify::new(),
            cut: CancellationToken::new(),
        })
    }

    pub(super) fn running(&self) -> usize {
        self.running.load(Ordering::SeqCst)
    }

    pub(super) fn is_removed(&self) -> bool {
        self.removed.load(Ordering::SeqCst)
    }

    /// Completes when the server has no running request. Callers use it for removed servers, which
    /// get no new requests.
    pub(super) async fn quiet(&self) {
        loop {
            // The future is created before the check. Otherwise, the end of a request between the
            // two would be missed.
            let ended = self.quiet.notified();
            if self.running() == 0 {
                return;
            }
            ended.await;
        }
    }

    pub(super) fn status(&self, ready: bool) -> BackendStatus {
        BackendStatus {
            address: self.address.clone(),
            ready,
            running: self.running(),
            requests: self.begun.load(Ordering::Relaxed),
        }
    }
}

#[derive(Debug)]
pub(super) struct ActiveRequest(Arc<Backend>);

impl ActiveRequest {
    /// Counts a new running request of a server. Returns `None` if the server was removed and takes
    /// no more requests.
    pub(super) fn begin(backend: &Arc<Backend>) -> Option<Self> {
        // The request is counted before `removed` is read, whereas a removal sets `removed` before
        // it reads the count. Therefore, either the request sees the removal, or the removal sees
        // the request.
        backend.running.fetch_add(1, Ordering::SeqCst);
        let running = Self(Arc::clone(backend));
        if backend.is_removed() {
            return None;
        }
        backend.begun.fetch_add(1, Ordering::Relaxed);
        Some(running)
    }

    pub(super) fn backend(&self) -> &Arc<Backend> {
        &self.0
    }
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        let before = self.0.running.fetch_sub(1, Ordering::SeqCst);
        if before == 1 && self.0.is_removed() {
            self.0.quiet.notify_waiters();
        }
    }
}

/// Returns a server's name in cookies. The name is the same in every worker and after a restart,
/// and does not reveal the server's address.
fn opaque(upstream: &str, address: &str) -> String {
    let mut hasher = DefaultHasher::new();
    [upstream.as_bytes(), address.as_bytes()].hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
