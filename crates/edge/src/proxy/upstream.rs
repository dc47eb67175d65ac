//! A group of interchangeable servers, shared by all workers.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::HeaderValue;
use tokio::time::{Instant, sleep_until};

use super::backend::{ActiveRequest, Backend, BackendStatus};
use super::backends::Backends;
use super::balancer::SelectionContext;
use super::error::ProxyError;
use super::settings::{Balance, HealthSettings, ServerAddress, Times, UpstreamSettings};
use crate::client_info::{ClientInfo, Scheme};

const RETRY_AFTER: Duration = Duration::from_secs(2);
/// Only a person can restart a service that has failed permanently, so this is long.
const RETRY_AFTER_GIVEN_UP: Duration = Duration::from_secs(30);
const RETRY_REFUSED_AFTER: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub struct Upstream {
    name: String,
    balance: Balance,
    pub(super) health: Option<HealthSettings>,
    pub(super) times: Times,
    pub(super) idle_connections: usize,
    backends: Arc<Backends>,
}

/// The chosen server, and the cookie for a sticky session.
pub(super) struct Chosen {
    pub(super) running: ActiveRequest,
    pub(super) cookie: Option<HeaderValue>,
}

#[derive(Debug, Default)]
pub(super) struct Search {
    /// The numbers of the servers that refused a connection.
    tried: Vec<u64>,
    /// Servers that closed the connection before they had read the request do not get it again.
    gone: Vec<u64>,
    /// When the request stops waiting for a server.
    deadline: Option<Instant>,
    /// Whether the request was retried on a second server, because the first one closed the
    /// connection without a response.
    moved: bool,
}

impl Upstream {
    /// Creates an upstream. Its health checks begin with [`Upstream::watch`].
    pub fn new(settings: UpstreamSettings) -> Arc<Self> {
        let backends = Arc::new(Backends::planned(&settings.name));
        backends.set(&settings.members);
        Self::of(settings, backends)
    }

    pub(crate) fn of(settings: UpstreamSettings, backends: Arc<Backends>) -> Arc<Self> {
        Arc::new(Self {
            name: settings.name,
            balance: settings.balance,
            health: settings.health,
            times: settings.times,
            idle_connections: settings.idle_connections,
            backends,
        })
    }

    /// Returns an upstream with new settings and this upstream's state. Replaces the servers like
    /// [`Upstream::set_members`], also for requests that still use the old settings.
    pub(crate) fn changed(&self, settings: UpstreamSettings) -> Arc<Self> {
        self.backends.set(&settings.members);
        Self::of(settings, Arc::clone(&self.backends))
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Replaces the servers. Known servers keep their status. Requests on removed servers run to
    /// completion, and requests that wait for a server are woken.
    pub fn set_members(&self, wanted: &[ServerAddress]) {
        self.backends.set(wanted);
    }

    pub fn status(&self) -> Vec<BackendStatus> {
        self.backends.present()
    }

    pub(super) fn backends(&self) -> &Arc<Backends> {
        &self.backends
    }

    /// The current time: milliseconds since this upstream was created, even if its settings have
    /// changed since.
    pub(super) fn now(&self) -> u64 {
        self.backends.now()
    }

    /// Returns another server, because `backend` has refused a connection or closed it before
    /// reading the request. For a service, waits until a server is ready, because a service's
    /// servers are replaced from time to time.
    pub(super) async fn find_other(
        &self,
        headers: &HeaderMap,
        info: &ClientInfo,
        search: &mut Search,
        backend: &Backend,
        error: ProxyError,
    ) -> Result<Chosen, ProxyError> {
        match error {
            ProxyError::Connect(_) | ProxyError::ConnectTime => search.tried.push(backend.number),
            _ => search.gone.push(backend.number),
        }
        if let Some(chosen) = self.choose(headers, info, search) {
            return Ok(chosen);
        }
        if self.backends.is_told() && !matches!(error, ProxyError::ConnectTime) {
            return self.wait(headers, info, search).await;
        }
        Err(error)
    }

    /// Returns another server, because `backend` has closed the connection during a request that
    /// may be repeated. Each request gets at most one second server, because some requests crash
    /// every server.
    ///
    /// For a service, waits until a server is ready, because a server that crashes also ends its
    /// other requests.
    pub(super) async fn find_second(
        &self,
        headers: &HeaderMap,
        info: &ClientInfo,
        search: &mut Search,
        backend: &Backend,
    ) -> Option<Chosen> {
        search.tried.push(backend.number);
        if std::mem::replace(&mut search.moved, true) {
            return None;
        }
        match self.choose(headers, info, search) {
            None if self.backends.is_told() => self.wait(headers, info, search).await.ok(),
            chosen => chosen,
        }
    }

    /// Returns a ready server that the request has not tried. If there is none, returns a paused
    /// server, which may have recovered.
    pub(super) fn choose(
        &self,
        headers: &HeaderMap,
        info: &ClientInfo,
        search: &Search,
    ) -> Option<Chosen> {
        let mut wish = SelectionContext {
            balance: &self.balance,
            headers,
            info,
            tried: [&search.tried, &search.gone],
            now: self.now(),
            is_last_resort: false,
        };
        self.choose_by(&wish).or_else(|| {
            wish.is_last_resort = true;
            self.choose_by(&wish)
        })
    }

    fn choose_by(&self, wish: &SelectionContext<'_>) -> Option<Chosen> {
        loop {
            let group = self.backends.group();
            let backend = group.choose(wish, &self.backends.turn)?;
            let Some(running) = ActiveRequest::begin(backend) else {
                // The chosen server was removed, so the loop chooses from the new group.
                continue;
            };
            let cookie = match &self.balance {
                Balance::Sticky(name) if !wish.names(backend) => {
                    let secure = match wish.info.scheme {
                        Scheme::Http => "",
                        Scheme::Https => "; Secure",
                    };
                    let value = &backend.name;
                    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}");
                    HeaderValue::from_str(&text).ok()
                }
                _ => None,
            };
            return Some(Chosen { running, cookie });
        }
    }

    /// Like [`Upstream::choose`], but waits for a server to become ready.
    pub(super) async fn wait(
        &self,
        headers: &HeaderMap,
        info: &ClientInfo,
        search: &mut Search,
    ) -> Result<Chosen, ProxyError> {
        let ready = self.times.ready;
        let deadline = *search
            .deadline
            .get_or_insert_with(|| Instant::now() + ready);
        loop {
            // A change may come between the check and the wait, so the future is created before the
            // check.
            let changed = self.backends.next_change();
            if let Some(chosen) = self.choose(headers, info, search) {
                return Ok(chosen);
            }
            if self.backends.is_failed() || Instant::now() >= deadline {
                return Err(ProxyError::NoneReady {
                    retry_after: self.retry_after(),
                });
            }
            let next = if search.tried.is_empty() && search.gone.is_empty() {
                self.backends.next_ready()
            } else {
                Some(Instant::now() + RETRY_REFUSED_AFTER)
            };
            tokio::select! {
                () = changed => {}
                () = sleep_until(next.map_or(deadline, |next| deadline.min(next))) => {}
            }
            search.tried.clear();
        }
    }

    fn retry_after(&self) -> Duration {
        if self.backends.is_failed() {
            return RETRY_AFTER_GIVEN_UP;
        }
        let left = self
            .backends
            .next_ready()
            .map_or(RETRY_AFTER, |next| next.duration_since(Instant::now()));
        left.max(Duration::from_secs(1))
    }
}
