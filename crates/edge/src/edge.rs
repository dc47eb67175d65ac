//! The running edge. It is started with a plan, can change to other plans, and can be stopped.

mod certificate_orders;
mod datagrams;
mod server_figures;
mod services;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use tokio_util::sync::CancellationToken;

use crate::access_log::Log;
use crate::acme::{AcmeError, CertificateBook, CertificateStatus};
use crate::alt_svc::AltSvc;
use crate::app::{App, Mounted};
use crate::cache::{Purge, Store};
use crate::cdn_loop::CdnId;
use crate::config::Plan;
use crate::context::{Clock, EdgeState, Running, ServiceBackends, WorkerContext};
use crate::filters::auth::Passwords;
use crate::filters::compression::EncoderMemory;
use crate::listener::{
    Bound, ConnectionLimits, Inherited, ListenAddress, ListenError, ListenFault, ListenSettings,
    ListenerKind, open,
};
use crate::lock::lock;
use crate::maintenance::Maintenance;
use crate::metrics::{ListenerMetrics, RouteFigures};
use crate::proxy::{CookieKey, Pool, Tunnels, Upstream};
use crate::request_id::Ids;
use crate::scratch_buffer::ScratchBuffer;
use crate::static_files::Memory;
use crate::tls::{Certificates, FileCertificate, TlsError};

use self::certificate_orders::CertificateOrders;
use self::datagrams::Datagrams;
use self::worker::Worker;

/// How long connections may take to close after all other timeouts.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// The options that are not part of the plan.
pub struct Options {
    /// The number of worker threads, at least one. Each worker thread has its own Tokio runtime,
    /// and the app runs there too.
    pub workers: usize,
    pub inherited: Inherited,
    pub log: Option<Log>,
    pub maintenance: Option<Arc<Maintenance>>,
    /// What other machines share of ordered certificates; `None` if there are none.
    pub certificate_book: Option<Arc<dyn CertificateBook>>,
    /// The name of this installation in `CDN-Loop`; `None` for a random name.
    pub cdn_id: Option<CdnId>,
    /// The key of cookies of sticky sessions; `None` for a random key. The first edge in a process
    /// sets the key for all.
    pub cookie_key: Option<CookieKey>,
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            workers: 1,
            inherited: Inherited::default(),
            log: None,
            maintenance: None,
            certificate_book: None,
            cdn_id: None,
            cookie_key: None,
            clock: Arc::new(system_time),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever hands in no clock gets the system's"
)]
fn system_time() -> SystemTime {
    SystemTime::now()
}

#[derive(Debug, thiserror::Error)]
pub enum EdgeError {
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Acme(#[from] AcmeError),
    /// A worker's thread or Tokio runtime could not be created.
    #[error(
        "cannot start a worker thread: {0}\n  \
         the system allows no more threads or open files: raise TasksMax= and LimitNOFILE= in the \
         systemd unit, or `ulimit -u` and `ulimit -n`"
    )]
    Worker(io::Error),
}

pub struct Edge {
    shared: Arc<EdgeState>,
    workers: Vec<Worker>,
    /// The pools of idle upstream connections, one for each worker.
    pools: Vec<Pool>,
    /// The memory caches of files, one for each worker.
    memories: Vec<Memory>,
    open: Mutex<Listeners>,
    datagrams: Mutex<Datagrams>,
    inherited: Arc<Mutex<Inherited>>,
    orders: CertificateOrders,
}

type Listeners = BTreeMap<(ListenerKind, ListenAddress), Listening>;

#[derive(Debug)]
struct Listening {
    address: Option<SocketAddr>,
    close: CancellationToken,
}

impl Edge {
    /// Listens on every address in the plan. Returns once connections are accepted. After an error,
    /// everything is closed.
    ///
    /// `app` handles the requests of routes to the app. Must be called within a Tokio runtime,
    /// which runs health checks and orders certificates.
    pub fn start<A: App>(plan: Plan, options: Options, app: Option<&A>) -> Result<Self, EdgeError> {
        let Options {
            workers,
            mut inherited,
            log,
            maintenance,
            certificate_book,
            cdn_id,
            cookie_key,
            clock,
        } = options;
        if let Some(key) = cookie_key {
            key.set();
        }
        let cdn_id = cdn_id.unwrap_or_else(CdnId::random);
        let workers = workers.max(1);
        let certificates = Arc::new(Certificates::load(plan.tls())?);
        let orders = CertificateOrders::new(certificate_book);
        let prepared = orders.prepare(&plan, &clock)?;
        let bound = bind(plan.listen(), &Listeners::new(), &inherited, workers)?;
        inherited.settle(plan.listen());
        let service_backends = ServiceBackends::default();
        let shared = Arc::new(EdgeState {
            tls: OnceLock::new(),
            certificates,
            connection_limits: ConnectionLimits::new(plan.listen().connections),
            cache: Store::new(plan.cache().clone()),
            running: ArcSwap::from_pointee(Running::new(plan, None, &service_backends)),
            ids: Ids::default(),
            figures: ListenerMetrics::default(),
            nowhere: RouteFigures::new("none"),
            maintenance,
            passwords: Passwords::default(),
            clock,
            alt_svc: AltSvc::default(),
            service_backends,
            tunnels: Tunnels::default(),
            https_port: AtomicU32::new(0),
            drain: CancellationToken::new(),
            idle: CancellationToken::new(),
            end: CancellationToken::new(),
            cut: CancellationToken::new(),
        });
        shared.prepare(shared.running().plan.listen())?;
        let pools: Vec<Pool> = (0..workers)
            .map(|_| Pool::new(shared.tunnels.clone()))
            .collect();
        let encoders = EncoderMemory::default();
        let memories: Vec<Memory> = (0..workers)
            .map(|_| Memory::of_worker(workers, &encoders))
            .collect();
        let workers = pools
            .iter()
            .zip(&memories)
            .enumerate()
            .map(|(number, (pool, memory))| {
                let here = WorkerContext {
                    shared: Arc::clone(&shared),
                    app: app.map(Mounted::new),
                    pool: pool.clone(),
                    memory: memory.clone(),
                    log: log.as_ref().map(Log::for_worker),
                    cdn_id: cdn_id.for_worker(),
                    date: Mutex::default(),
                    scratch: ScratchBuffer::default(),
                    drain: shared.drain.child_token(),
                    end: shared.end.child_token(),
                };
                Worker::start(number, here)
            })
            .collect::<io::Result<Vec<_>>>()
            .map_err(EdgeError::Worker)?;
        let edge = Self {
            shared,
            workers,
            pools,
            memories,
            open: Mutex::default(),
            datagrams: Mutex::default(),
            inherited: Arc::new(Mutex::new(inherited)),
            orders,
        };
        edge.orders.follow(&edge.shared, prepared);
        edge.listen(bound);
        Ok(edge)
    }

    /// Adds inherited sockets for the next plan's addresses.
    pub fn hand_in(&self, sockets: Inherited) {
        lock(&self.inherited).extend(sockets);
    }

    /// Applies another plan. Listeners in both plans stay open, and running requests finish under
    /// the old plan.
    ///
    /// After an error, nothing changes, and the sockets from [`Edge::hand_in`] are closed.
    pub fn apply(&self, plan: Plan) -> Result<(), EdgeError> {
        let taken = self.swap_plan(plan);
        if taken.is_err() {
            // Closes the sockets that were passed for the new plan. While they are open, no worker
            // accepts connections on them, and no other socket can be bound to their addresses.
            lock(&self.inherited).settle(self.shared.running().plan.listen());
        }
        taken
    }

    fn swap_plan(&self, plan: Plan) -> Result<(), EdgeError> {
        // All steps that can fail come first. Therefore, an error changes nothing.
        self.shared.prepare(plan.listen())?;
        let certificates = &self.shared.certificates;
        let fresh = certificates.read(plan.tls())?;
        let prepared = self.orders.prepare(&plan, &self.shared.clock)?;
        let bound = {
            let mut inherited = lock(&self.inherited);
            let workers = self.workers.len();
            let bound = bind(plan.listen(), &self.listeners(), &inherited, workers)?;
            inherited.settle(plan.listen());
            bound
        };
        certificates.swap(fresh);
        self.shared
            .connection_limits
            .resize(plan.listen().connections);
        self.shared.cache.change(plan.cache().clone());
        let kept: Vec<_> = plan.listen().all().collect();
        self.listeners().retain(|(kind, address), listening| {
            let stays = kept.contains(&(*kind, address));
            if !stays {
                listening.close.cancel();
            }
            stays
        });
        let running = Running::new(
            plan,
            Some(&self.shared.running()),
            &self.shared.service_backends,
        );
        let folders = running.plan.folder_ids();
        self.shared.running.store(Arc::new(running));
        for memory in &self.memories {
            memory.keep_folders(&folders);
        }
        self.shared.service_backends.tidy();
        self.listen(bound);
        self.orders.follow(&self.shared, prepared);
        Ok(())
    }

    /// Returns an upstream of the plan; `None` if the plan has no such upstream. The upstream's
    /// servers can be changed while requests run.
    pub fn upstream(&self, name: &str) -> Option<Arc<Upstream>> {
        self.shared.running().upstream(name).cloned()
    }

    /// Removes from the cache all responses whose path begins with `name`, or all responses if
    /// `name` is `*`. Returns the number of removed responses. They are no longer served
    /// afterwards.
    pub fn purge(&self, name: &str) -> usize {
        self.shared.cache.purge(&Purge { scope: None, name })
    }

    /// Orders certificates for these names in addition to the plan's names. The next call replaces
    /// the additional names. Omits names that a certificate file covers, and names for which no
    /// certificate can be ordered.
    pub fn order_also(&self, names: BTreeSet<String>) {
        self.orders.order_also(&self.shared, names);
    }

    pub fn certificates(&self) -> Arc<[CertificateStatus]> {
        self.orders.report()
    }

    /// The certificates from files. Omits those with a validity period that cannot be parsed.
    pub fn file_certificates(&self) -> Vec<FileCertificate> {
        self.shared.certificates.in_files()
    }

    pub fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.shared.running().plan)
    }

    pub fn http_addresses(&self) -> Vec<SocketAddr> {
        self.addresses(ListenerKind::Http)
    }

    pub fn https_addresses(&self) -> Vec<SocketAddr> {
        self.addresses(ListenerKind::Https)
    }

    /// Calls [drain](Edge::drain), then [end](Edge::end).
    pub async fn stop(self) {
        self.drain().await;
        self.end().await;
    }

    /// Stops accepting connections, and waits until all open connections have ended or timed out.
    /// Meanwhile, the servers of services can be changed.
    pub async fn drain(&self) {
        let (drain_time, lame_duck_time, tunnel_time) = {
            let running = self.shared.running();
            let listen = running.plan.listen();
            (listen.drain_time, listen.lame_duck_time, listen.tunnel_time)
        };
        for listening in self.listeners().values() {
            listening.close.cancel();
        }
        self.shared.drain.cancel();
        self.close_datagrams();
        // No worker accepts connections any more, so the inherited sockets are closed.
        *lock(&self.inherited) = Inherited::default();
        let idles = async {
            tokio::time::sleep(lame_duck_time.min(drain_time)).await;
            self.shared.idle.cancel();
        };
        let ends = async {
            tokio::time::sleep(drain_time).await;
            self.shared.end.cancel();
        };
        let cuts = async {
            tokio::join!(
                tokio::time::sleep(tunnel_time),
                self.shared.tunnels.close(tunnel_time)
            );
            self.shared.cut.cancel();
        };
        let forced = async {
            tokio::join!(idles, ends, cuts);
            tokio::time::sleep(CLOSE_TIMEOUT).await;
        };
        tokio::select! {
            () = self.shared.connection_limits.empty() => {}
            () = forced => {}
        }
    }

    /// Closes the remaining connections and stops the edge.
    pub async fn end(self) {
        self.shared.end.cancel();
        self.shared.cut.cancel();
        for worker in self.workers {
            worker.stop().await;
        }
    }

    pub fn front_addresses(&self) -> Vec<SocketAddr> {
        self.addresses(ListenerKind::Front)
    }

    fn addresses(&self, wanted: ListenerKind) -> Vec<SocketAddr> {
        self.listeners()
            .iter()
            .filter(|((kind, _), _)| *kind == wanted)
            .filter_map(|(_, listening)| listening.address)
            .collect()
    }

    fn listen(&self, bound: Vec<(ListenerKind, ListenAddress, Bound)>) {
        let mut open = self.listeners();
        for (kind, address, bound) in bound {
            let close = CancellationToken::new();
            // If there are more sockets than workers, some workers accept connections on several
            // sockets.
            for (worker, socket) in self.workers.iter().cycle().zip(bound.sockets) {
                worker.listen(kind, &address, socket, close.clone());
            }
            open.insert(
                (kind, address),
                Listening {
                    address: bound.address,
                    close,
                },
            );
        }
        let port = https_port(&self.shared.running().plan.listen().https, &open);
        self.shared
            .https_port
            .store(port.map_or(0, u32::from), Ordering::Relaxed);
        self.listen_for_datagrams(&open);
    }

    fn listeners(&self) -> MutexGuard<'_, Listeners> {
        lock(&self.open)
    }
}

impl fmt::Debug for Edge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listeners = self.listeners();
        let open: Vec<String> = listeners.keys().map(|(_, at)| at.to_string()).collect();
        out.debug_struct("Edge").field("open", &open).finish()
    }
}

/// Prefers addresses that are not loopback, then port 443, then the first configured address.
fn https_port(written: &[ListenAddress], open: &Listeners) -> Option<u16> {
    let ports = written.iter().filter_map(|at| {
        let listening = open.get(&(ListenerKind::Https, at.clone()))?;
        Some((at, listening.address?.port()))
    });
    ports
        .min_by_key(|(at, port)| (at.is_loopback(), *port != 443))
        .map(|(_, port)| port)
}

/// Opens all listeners of the settings that are not open yet. If one fails, opens none.
fn bind(
    settings: &ListenSettings,
    open_already: &Listeners,
    inherited: &Inherited,
    workers: usize,
) -> Result<Vec<(ListenerKind, ListenAddress, Bound)>, ListenError> {
    let mut bound = Vec::new();
    for (kind, address) in settings.all() {
        if open_already.contains_key(&(kind, address.clone())) {
            continue;
        }
        let sockets = match inherited.find(address) {
            Ok(handed_in) if handed_in.is_empty() => open(address, workers)?,
            handed_in => handed_in
                .and_then(|handed_in| Bound::shared(handed_in, workers))
                .map_err(|error| ListenError {
                    address: address.to_string(),
                    fault: ListenFault::from(error),
                })?,
        };
        bound.push((kind, address.clone(), sockets));
    }
    Ok(bound)
}

#[cfg(test)]
mod tests;
