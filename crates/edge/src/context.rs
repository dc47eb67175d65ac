//! What serving a request takes: what all workers share, what each has of its own, and who is
//! at the other end of a connection.

mod running;
mod service_backends;

use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use arc_swap::{ArcSwap, Guard};
use http::{HeaderValue, Uri};
use tokio_util::sync::CancellationToken;

use crate::access_log::Log;
use crate::alt_svc::AltSvc;
use crate::app::Mounted;
use crate::cache::Store;
use crate::cdn_loop::CdnId;
use crate::client_info::{ClientInfo, Ids, Scheme};
use crate::clock_text::ClockText;
use crate::filters::auth::Passwords;
use crate::listener::{ListenAddress, ListenSettings, Places};
use crate::maintenance::Maintenance;
use crate::metrics::{DoorFigures, RouteFigures};
use crate::proxy::{BufferMemory, Pool, Tunnels};
use crate::route::bare_host;
use crate::scratch_buffer::ScratchBuffer;
use crate::static_files::Memory;
use crate::tls::{Certificates, Tls, TlsError};

pub(crate) use self::running::Running;
pub(crate) use self::service_backends::ServiceBackends;

/// The source of the present instant.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// What all workers share.
pub(crate) struct Shared {
    pub(crate) running: ArcSwap<Running>,
    pub(crate) certificates: Arc<Certificates>,
    /// Set up when TLS is first listened for: the engine's randomness alone takes
    /// longer than everything else at a start.
    pub(crate) tls: OnceLock<Tls>,
    pub(crate) places: Places,
    pub(crate) ids: Ids,
    pub(crate) figures: DoorFigures,
    pub(crate) nowhere: RouteFigures,
    pub(crate) maintenance: Option<Arc<Maintenance>>,
    pub(crate) passwords: Passwords,
    pub(crate) clock: Clock,
    /// Answers that are kept, for all workers.
    pub(crate) cache: Arc<Store>,
    /// Bodies that are buffered, for all workers.
    pub(crate) buffer_memory: Arc<BufferMemory>,
    pub(crate) alt_svc: AltSvc,
    pub(crate) service_backends: ServiceBackends,
    pub(crate) tunnels: Tunnels,
    /// Where https is; 0: nowhere.
    pub(crate) https_port: AtomicU32,
    /// The edge is stopping.
    pub(crate) drain: CancellationToken,
    /// Nothing that was asked over HTTP is waited for any more.
    pub(crate) end: CancellationToken,
    /// Nor connections of another protocol.
    pub(crate) cut: CancellationToken,
}

impl Shared {
    /// Sets up what these listeners need.
    pub(crate) fn prepare(&self, listen: &ListenSettings) -> Result<(), TlsError> {
        if listen.https.is_empty() {
            return Ok(());
        }
        self.tls().map(drop)
    }

    /// How handshakes are made.
    pub(crate) fn tls(&self) -> Result<&Tls, TlsError> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls);
        }
        let tls = Tls::new(Arc::clone(&self.certificates))?;
        Ok(self.tls.get_or_init(|| tls))
    }

    /// What is in force now.
    pub(crate) fn running(&self) -> Guard<Arc<Running>> {
        self.running.load()
    }

    /// Whether this connection may be asked for that host: its certificate is the
    /// one the host has (RFC 9110, section 7.4).
    pub(crate) fn may_serve(&self, peer: &Peer, host: &str) -> bool {
        let (Scheme::Https, Some(server_name)) = (peer.scheme, peer.server_name.as_deref()) else {
            return true;
        };
        let name = bare_host(host);
        name.eq_ignore_ascii_case(server_name)
            || match (
                self.certificates.find(name),
                self.certificates.find(server_name),
            ) {
                (Some(asked), Some(shown)) => Arc::ptr_eq(&asked, &shown),
                _ => false,
            }
    }

    /// Where a request in the clear belongs, if https serves its host.
    pub(crate) fn moved_to(&self, facts: &ClientInfo, uri: &Uri) -> Option<HeaderValue> {
        if facts.scheme == Scheme::Https {
            return None;
        }
        let port = self.https_port.load(Ordering::Relaxed);
        let name = bare_host(&facts.host);
        if port == 0 || self.certificates.find(name).is_none() {
            return None;
        }
        let path = uri.path();
        let mut location = match port {
            443 => format!("https://{name}{path}"),
            port => format!("https://{name}:{port}{path}"),
        };
        if let Some(query) = uri.query() {
            location.extend(["?", query]);
        }
        HeaderValue::try_from(location).ok()
    }

    /// `Alt-Svc` (RFC 7838), for clients whose TLS ends here and who came through
    /// nobody else.
    pub(crate) fn alternative(&self, peer: &Peer, facts: &ClientInfo) -> Option<HeaderValue> {
        let is_ours = !peer.tls.is_empty() && !facts.peer_is_trusted;
        is_ours.then(|| self.alt_svc.header(&facts.host)).flatten()
    }

    /// `Strict-Transport-Security` (RFC 6797), for hosts that have a certificate; where nobody
    /// asked for it, an authority's to which clients are led anyway.
    pub(crate) fn transport_security(&self, facts: &ClientInfo) -> Option<HeaderValue> {
        if facts.scheme == Scheme::Http {
            return None;
        }
        let running = self.running();
        let policy = running.hsts.clone()?;
        let name = bare_host(&facts.host);
        let is_served = if running.is_hsts_written {
            self.certificates.find(name).is_some()
        } else {
            let redirects = !running.plan.listen().http.is_empty()
                && self.https_port.load(Ordering::Relaxed) != 0;
            redirects && self.certificates.is_issued(name)
        };
        is_served.then_some(policy)
    }
}

/// What a worker serves with.
pub(crate) struct WorkerContext {
    pub(crate) shared: Arc<Shared>,
    pub(crate) app: Option<Mounted>,
    /// Unused connections to servers.
    pub(crate) pool: Pool,
    /// Files that are asked for often.
    pub(crate) memory: Memory,
    pub(crate) log: Option<Log>,
    /// What this installation is called on the way of a request.
    pub(crate) cdn_id: CdnId,
    /// `Date` of the answers of this second.
    pub(crate) date: Mutex<ClockText>,
    /// For heads as they are written.
    pub(crate) scratch: ScratchBuffer,
    /// As of all workers, behind a lock that none of the others takes.
    pub(crate) drain: CancellationToken,
    pub(crate) end: CancellationToken,
}

impl WorkerContext {
    /// Shows the present instant as `Date` has it (RFC 9110, section 5.6.7).
    pub(crate) fn with_date(&self, show: impl FnOnce(&str)) {
        let mut date = self.date.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.shared.clock)();
        show(date.of(now, "%a, %d %b %Y %H:%M:%S GMT").0);
    }
}

/// Who is at the other end.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    pub(crate) scheme: Scheme,
    /// The name the client asked for in its handshake.
    pub(crate) server_name: Option<Arc<str>>,
    /// The version of TLS; empty in the clear.
    pub(crate) tls: &'static str,
    /// Where it came in, if everything that comes in there goes to one service.
    pub(crate) front: Option<Arc<ListenAddress>>,
}
