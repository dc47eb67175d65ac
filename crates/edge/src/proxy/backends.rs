//! The servers of an upstream: those that take requests, and those that are being removed.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

use super::backend::{Backend, BackendStatus};
use super::balancer::Group;
use super::pool::Pool;
use super::settings::ServerAddress;

/// The servers of a service, as the supervisor reports them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Servers {
    /// The ready servers. If there are none, requests wait a short time for a server.
    pub ready: Vec<ServerAddress>,
    /// Whether the service has failed permanently. Requests then do not wait for a server.
    pub failed: bool,
    /// How long tunnels, such as WebSockets, may stay on a removed server.
    pub drain_within: Duration,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackendsStatus {
    /// The number of requests that the service's servers have received, including removed servers.
    pub requests: u64,
    pub failed: bool,
    /// The servers that take requests, and removed servers with running requests.
    pub members: Vec<BackendStatus>,
}

impl BackendsStatus {
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty() && !self.failed
    }
}

#[derive(Debug)]
pub(crate) struct Backends {
    name: String,
    group: ArcSwap<Group>,
    pub(super) turn: AtomicUsize,
    /// Whether the supervisor reports the servers. A new server may then appear at any moment.
    is_told: bool,
    failed: AtomicBool,
    changed: Notify,
    start: Instant,
    gone: Mutex<RemovedBackends>,
}

#[derive(Debug, Default)]
struct RemovedBackends {
    /// Removed servers that may still have running requests.
    leaving: Vec<Arc<Backend>>,
    /// The number of requests to servers that are no longer in this list.
    requests: u64,
}

impl RemovedBackends {
    fn drop_unused(&mut self) {
        self.leaving.retain(|backend| {
            let stays = backend.running() > 0;
            if !stays {
                self.requests += backend.begun.load(Ordering::Relaxed);
            }
            stays
        });
    }
}

impl Backends {
    /// Creates the list of servers for an upstream that the settings define. The list is still
    /// empty.
    pub(super) fn planned(name: &str) -> Self {
        Self::new(name, false)
    }

    /// Creates the list of servers for a service. The list is empty until [`Backends::tell`] fills
    /// it.
    pub(crate) fn told(name: &str) -> Self {
        Self::new(name, true)
    }

    fn new(name: &str, is_told: bool) -> Self {
        Self {
            name: name.to_owned(),
            group: ArcSwap::default(),
            turn: AtomicUsize::new(0),
            is_told,
            failed: AtomicBool::new(false),
            changed: Notify::new(),
            start: Instant::now(),
            gone: Mutex::default(),
        }
    }

    /// Sets the servers of a service. Known servers keep their status.
    ///
    /// Removed servers get no new requests. Their idle connections are closed at once. Their
    /// tunnels are closed after `drain_within`. Must be called within a Tokio runtime.
    pub(crate) fn set_servers(&self, servers: &Servers, pools: &[Pool]) {
        let mut members: Vec<ServerAddress> = Vec::new();
        for address in &servers.ready {
            if !members.contains(address) {
                members.push(address.clone());
            }
        }
        self.failed.store(servers.failed, Ordering::SeqCst);
        let gone = self.set(&members);
        for pool in pools {
            pool.forget(&gone);
        }
        for backend in gone {
            let within = servers.drain_within;
            tokio::spawn(async move {
                tokio::select! {
                    () = backend.quiet() => {}
                    () = tokio::time::sleep(within) => backend.cut.cancel(),
                }
            });
        }
    }

    /// Replaces the servers and returns the removed ones. The running requests of removed servers
    /// continue. Wakes requests that wait for a server.
    pub(super) fn set(&self, wanted: &[ServerAddress]) -> Vec<Arc<Backend>> {
        // The lock is held until the end, so changes do not overlap.
        let mut gone = self.gone();
        let mut old = self.group.load().members.clone();
        let members = wanted.iter().map(|wanted| {
            match old.iter().position(|backend| backend.address == *wanted) {
                Some(same) => old.swap_remove(same),
                None => Backend::new(&self.name, wanted),
            }
        });
        let group = Group {
            members: members.collect(),
        };
        self.group.store(Arc::new(group));
        for backend in &old {
            backend.removed.store(true, Ordering::SeqCst);
        }
        gone.leaving.extend(old.iter().cloned());
        gone.drop_unused();
        drop(gone);
        self.changed.notify_waiters();
        old
    }

    /// Completes when no removed server at this address has a running request.
    pub(crate) fn drained(&self, address: &ServerAddress) -> impl Future<Output = ()> + use<> {
        let gone = self.gone();
        let here = gone
            .leaving
            .iter()
            .filter(|backend| backend.address == *address);
        let here: Vec<_> = here.cloned().collect();
        async move {
            for backend in here {
                pin!(backend.quiet()).await;
            }
        }
    }

    pub(crate) fn status(&self) -> BackendsStatus {
        let mut gone = self.gone();
        gone.drop_unused();
        let leaving = gone.leaving.iter().map(|backend| backend.status(false));
        let mut members = self.present();
        members.extend(leaving);
        let requests = members.iter().map(|backend| backend.requests).sum::<u64>();
        BackendsStatus {
            requests: gone.requests + requests,
            failed: self.is_failed(),
            members,
        }
    }

    pub(super) fn present(&self) -> Vec<BackendStatus> {
        let now = self.now();
        let group = self.group.load();
        let members = group.members.iter();
        members
            .map(|backend| backend.status(backend.vitals.is_ready(now)))
            .collect()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn members(&self) -> Vec<Arc<Backend>> {
        self.group.load().members.clone()
    }

    pub(super) fn group(&self) -> Guard<Arc<Group>> {
        self.group.load()
    }

    pub(super) fn is_told(&self) -> bool {
        self.is_told
    }

    pub(super) fn is_failed(&self) -> bool {
        self.failed.load(Ordering::SeqCst)
    }

    pub(super) fn changed(&self) {
        self.changed.notify_waiters();
    }

    /// Completes when the servers change for the first time after this call.
    pub(super) fn next_change(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Returns the current time as milliseconds since this value was created.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The earliest time at which a paused server gets requests again.
    pub(super) fn next_ready(&self) -> Option<Instant> {
        let group = self.group.load();
        let members = group.members.iter();
        members
            .filter_map(|backend| backend.vitals.ready_at())
            .min()
            .map(|at| self.start + Duration::from_millis(at))
    }

    fn gone(&self) -> MutexGuard<'_, RemovedBackends> {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::backend::ActiveRequest;
    use super::*;

    /// Tests requests that have loaded the list of servers before one of the servers is removed.
    #[test]
    fn nothing_begins_on_a_member_after_it_was_drained() {
        let backends = Backends::told("service:a");
        let address = ServerAddress::Unix {
            path: "/a".into(),
            owner: None,
        };
        let (inside, begun, stop) = (
            AtomicUsize::new(0),
            AtomicUsize::new(0),
            AtomicBool::new(false),
        );
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(Ordering::SeqCst) {
                        let group = backends.group();
                        if let Some(backend) = group.members.first()
                            && let Some(running) = ActiveRequest::begin(backend)
                        {
                            inside.fetch_add(1, Ordering::SeqCst);
                            begun.fetch_add(1, Ordering::SeqCst);
                            std::thread::yield_now();
                            inside.fetch_sub(1, Ordering::SeqCst);
                            drop(running);
                        }
                    }
                });
            }
            let mut failed = None;
            for round in 0..400 {
                backends.set(std::slice::from_ref(&address));
                let before = begun.load(Ordering::SeqCst);
                for _ in 0..1_000_000 {
                    if begun.load(Ordering::SeqCst) > before {
                        break;
                    }
                    std::thread::yield_now();
                }
                backends.set(&[]);
                runtime.block_on(backends.drained(&address));
                for _ in 0..20 {
                    if inside.load(Ordering::SeqCst) > 0 {
                        failed = Some(round);
                    }
                }
            }
            stop.store(true, Ordering::SeqCst);
            assert_eq!(failed, None, "somebody began after all had ended");
        });
        let status = backends.status();
        assert!(status.members.is_empty());
        assert_eq!(
            status.requests,
            begun.into_inner() as u64,
            "all are counted"
        );
    }
}
