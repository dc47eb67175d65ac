//! The state that is needed to serve a request. Some of it is shared by all workers, some belongs
//! to one worker, and some describes the connection's peer.

mod running_config;
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
use crate::client_info::{ClientInfo, Scheme};
use crate::clock_text::ClockText;
use crate::filters::auth::Passwords;
use crate::listener::{ConnectionLimits, ListenAddress, ListenSettings};
use crate::maintenance::Maintenance;
use crate::metrics::{ListenerMetrics, RouteFigures};
use crate::proxy::{Pool, Tunnels};
use crate::request_id::Ids;
use crate::route::bare_host;
use crate::scratch_buffer::ScratchBuffer;
use crate::static_files::Memory;
use crate::tls::{Certificates, Tls, TlsError};

pub(crate) use self::running_config::Running;
pub(crate) use self::service_backends::ServiceBackends;

pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

pub(crate) struct EdgeState {
    pub(crate) running: ArcSwap<Running>,
    pub(crate) certificates: Arc<Certificates>,
    /// The TLS state. It is created when TLS is first used, because seeding the random number
    /// generator is slow.
    pub(crate) tls: OnceLock<Tls>,
    pub(crate) connection_limits: ConnectionLimits,
    pub(crate) ids: Ids,
    pub(crate) figures: ListenerMetrics,
    pub(crate) nowhere: RouteFigures,
    pub(crate) maintenance: Option<Arc<Maintenance>>,
    pub(crate) passwords: Passwords,
    pub(crate) clock: Clock,
    pub(crate) cache: Arc<Store>,
    pub(crate) alt_svc: AltSvc,
    pub(crate) service_backends: ServiceBackends,
    pub(crate) tunnels: Tunnels,
    /// The port to which clear-text requests are redirected; 0 if the edge does not serve HTTPS.
    pub(crate) https_port: AtomicU32,
    /// Cancelled when the edge begins to stop.
    pub(crate) drain: CancellationToken,
    /// Cancelled when event streams must end, soon after the edge begins to stop.
    pub(crate) idle: CancellationToken,
    /// Cancelled when the remaining HTTP requests must be aborted.
    pub(crate) end: CancellationToken,
    /// Cancelled when tunnels, such as WebSockets, must close too.
    pub(crate) cut: CancellationToken,
}

impl EdgeState {
    /// Creates the TLS state if these settings need it.
    pub(crate) fn prepare(&self, listen: &ListenSettings) -> Result<(), TlsError> {
        if listen.https.is_empty() {
            return Ok(());
        }
        self.tls().map(drop)
    }

    /// Creates the TLS state at the first call.
    pub(crate) fn tls(&self) -> Result<&Tls, TlsError> {
        if let Some(tls) = self.tls.get() {
            return Ok(tls);
        }
        let tls = Tls::new(Arc::clone(&self.certificates))?;
        Ok(self.tls.get_or_init(|| tls))
    }

    pub(crate) fn running(&self) -> Guard<Arc<Running>> {
        self.running.load()
    }

    /// Whether this connection may serve `host`. The certificate that this connection uses must
    /// also be the certificate for `host` (RFC 9110, section 7.4).
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

    /// The https URL to which a clear-text request is redirected; `None` if the request's host is
    /// not served over https.
    pub(crate) fn moved_to(&self, info: &ClientInfo, uri: &Uri) -> Option<HeaderValue> {
        if info.scheme == Scheme::Https {
            return None;
        }
        let port = self.https_port.load(Ordering::Relaxed);
        let name = bare_host(&info.host);
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

    /// The value of `Alt-Svc` (RFC 7838); `None` for clear-text connections and for requests from a
    /// trusted proxy.
    pub(crate) fn alternative(&self, peer: &Peer, info: &ClientInfo) -> Option<HeaderValue> {
        let is_ours = !peer.tls.is_empty() && !info.peer_is_trusted;
        is_ours.then(|| self.alt_svc.header(&info.host)).flatten()
    }

    /// The value of `Strict-Transport-Security` (RFC 6797) for hosts with a certificate. By
    /// default, the header is sent only for hosts whose certificate comes from an authority,
    /// because their clients are redirected to https anyway.
    pub(crate) fn transport_security(&self, info: &ClientInfo) -> Option<HeaderValue> {
        if info.scheme == Scheme::Http {
            return None;
        }
        let running = self.running();
        let policy = running.hsts.clone()?;
        let name = bare_host(&info.host);
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

pub(crate) struct WorkerContext {
    pub(crate) shared: Arc<EdgeState>,
    pub(crate) app: Option<Mounted>,
    pub(crate) pool: Pool,
    pub(crate) memory: Memory,
    pub(crate) log: Option<Log>,
    /// The name of this installation in `CDN-Loop`.
    pub(crate) cdn_id: CdnId,
    /// The value of the `Date` header, which changes every second.
    pub(crate) date: Mutex<ClockText>,
    pub(crate) scratch: ScratchBuffer,
    /// Child tokens of the tokens in `shared`, so that the workers need no common lock.
    pub(crate) drain: CancellationToken,
    pub(crate) end: CancellationToken,
}

impl WorkerContext {
    /// Calls `show` with the current time in the format of the `Date` header (RFC 9110, section
    /// 5.6.7).
    pub(crate) fn with_date(&self, show: impl FnOnce(&str)) {
        let mut date = self.date.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.shared.clock)();
        show(date.of(now, "%a, %d %b %Y %H:%M:%S GMT").0);
    }
}

#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    pub(crate) scheme: Scheme,
    pub(crate) server_name: Option<Arc<str>>,
    /// The TLS version; empty for a clear-text connection.
    pub(crate) tls: &'static str,
    /// The address that the client has connected to, if it is a service's own address (a front).
    pub(crate) front: Option<Arc<ListenAddress>>,
}
