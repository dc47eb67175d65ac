//! One server of an upstream, and what runs on it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use http::header::HeaderValue;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::health::HealthState;
use super::settings::ServerAddress;

/// Tells members apart that had the same address at different times.
static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// How a server fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackendStatus {
    /// Where it is.
    pub address: ServerAddress,
    /// Whether it gets requests.
    pub ready: bool,
    /// Requests and tunnels it has now.
    pub running: usize,
    /// Requests it was handed so far.
    pub requests: u64,
}

/// One server.
#[derive(Debug)]
pub(super) struct Backend {
    pub(super) number: u64,
    pub(super) address: ServerAddress,
    /// In the cookies of clients that stay with it.
    pub(super) name: String,
    pub(super) authority: HeaderValue,
    pub(super) vitals: HealthState,
    running: AtomicUsize,
    pub(super) begun: AtomicU64,
    pub(super) removed: AtomicBool,
    quiet: Notify,
    /// Tunnels on it have had their time.
    pub(super) cut: CancellationToken,
}

impl Backend {
    pub(super) fn new(backends: &str, address: &ServerAddress) -> Arc<Self> {
        let authority = address.authority();
        Arc::new(Self {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            name: opaque(backends, &address.to_string()),
            // Hosts are checked when an address is read.
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

    /// Resolves when nothing runs on it. Of use once it was removed.
    pub(super) async fn quiet(&self) {
        loop {
            // Made before the look, so that no end between the two is missed.
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

/// A request that a member has, counted until it is over.
#[derive(Debug)]
pub(super) struct Running(Arc<Backend>);

impl Running {
    /// Begins one. Nothing: the member was removed meanwhile, and takes no more.
    pub(super) fn begin(backend: &Arc<Backend>) -> Option<Self> {
        // Counted first, looked second, while a removal is said first and counts
        // second: one of the two sees the other.
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

impl Drop for Running {
    fn drop(&mut self) {
        let before = self.0.running.fetch_sub(1, Ordering::SeqCst);
        if before == 1 && self.0.is_removed() {
            self.0.quiet.notify_waiters();
        }
    }
}

/// How a member is called in a cookie: the same in every worker and after a
/// restart, and not its address.
fn opaque(upstream: &str, address: &str) -> String {
    let mut hasher = DefaultHasher::new();
    [upstream.as_bytes(), address.as_bytes()].hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
