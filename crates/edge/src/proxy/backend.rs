//! One server of an upstream, and its running requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use http::header::HeaderValue;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::cookie_key::CookieKey;
use super::health::HealthState;
use super::resolved::ResolvedName;
use super::settings::ServerAddress;

/// Numbers distinguish servers that had the same address at different times.
static NEXT_NUMBER: AtomicU64 = AtomicU64::new(1);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendStatus {
    pub address: ServerAddress,
    pub ready: bool,
    pub running: usize,
    pub requests: u64,
}

#[derive(Debug)]
pub(super) struct Backend {
    pub(super) number: u64,
    pub(super) address: ServerAddress,
    /// The server's name in the cookies of sticky sessions.
    pub(super) name: String,
    /// The addresses of the server's host name.
    pub(super) resolved: Arc<ResolvedName>,
    pub(super) authority: HeaderValue,
    pub(super) vitals: HealthState,
    running: AtomicUsize,
    pub(super) begun: AtomicU64,
    pub(super) removed: AtomicBool,
    quiet: Notify,
    /// Cancelled when the tunnels to this server must close.
    pub(super) cut: CancellationToken,
}

impl Backend {
    pub(super) fn new(backends: &str, address: &ServerAddress) -> Arc<Self> {
        let authority = address.authority();
        Arc::new(Self {
            number: NEXT_NUMBER.fetch_add(1, Ordering::Relaxed),
            name: CookieKey::current().name(backends, &address.to_string()),
            // The host of a parsed address is valid, so the default is never used.
            authority: HeaderValue::from_str(&authority)
                .unwrap_or(HeaderValue::from_static("localhost")),
            address: address.clone(),
            resolved: Arc::default(),
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

    /// Completes when no request is running on the server. Call this only for removed servers,
    /// because they get no new requests.
    pub(super) async fn quiet(&self) {
        loop {
            // A request may end between the check and the wait, so the future is created before the
            // check.
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
    /// Begins a request; `None` if the server was removed and takes no more requests.
    pub(super) fn begin(backend: &Arc<Backend>) -> Option<Self> {
        // A request counts itself before it reads `removed`. A removal sets `removed` before it
        // reads the count. Therefore, at least one of the two sees the other.
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
