//! Servers that answer alike, shared by all workers.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::HeaderValue;
use tokio::time::{Instant, sleep_until};

use super::backend::{Backend, BackendStatus, Running};
use super::backends::Backends;
use super::balancer::Wish;
use super::error::ProxyError;
use super::settings::{Balance, HealthSettings, ServerAddress, Times, UpstreamSettings};
use crate::client_info::{ClientInfo, Scheme};

/// What clients are told to wait when nothing better is known.
const RETRY: Duration = Duration::from_secs(2);
/// The same when the service was given up: only a person brings it back.
const GIVEN_UP: Duration = Duration::from_secs(30);
/// Servers that refused are tried again after so long: one may have come back.
const AGAIN: Duration = Duration::from_millis(50);

/// Servers that answer alike.
#[derive(Debug)]
pub struct Upstream {
    name: String,
    balance: Balance,
    pub(super) health: Option<HealthSettings>,
    pub(super) times: Times,
    pub(super) idle_connections: usize,
    backends: Arc<Backends>,
}

/// A member that was chosen, and the cookie that leads back to it.
pub(super) struct Chosen {
    pub(super) running: Running,
    pub(super) cookie: Option<HeaderValue>,
}

/// How far a request's search for a server has come.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// Members that took no connection.
    tried: Vec<u64>,
    /// Members that went before they had read it. They do not get it again.
    gone: Vec<u64>,
    /// Nobody is waited for any longer.
    deadline: Option<Instant>,
    /// A server broke it off, so it was sent to another.
    moved: bool,
}

impl Upstream {
    /// A group as its settings say. Its servers are not asked before [`Upstream::watch`].
    pub fn new(settings: UpstreamSettings) -> Arc<Self> {
        let backends = Arc::new(Backends::planned(&settings.name));
        backends.set(&settings.members);
        Self::of(settings, backends)
    }

    /// The same, with servers that are told.
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

    /// The same group by other settings. Its servers are replaced as
    /// [`Upstream::set_members`] does it, for requests on the old one too.
    pub(crate) fn changed(&self, settings: UpstreamSettings) -> Arc<Self> {
        self.backends.set(&settings.members);
        Self::of(settings, Arc::clone(&self.backends))
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Replaces the servers. Those that stay keep what is known of them; what
    /// runs on those that go is finished there. Requests that wait hear of it.
    pub fn set_members(&self, wanted: &[ServerAddress]) {
        self.backends.set(wanted);
    }

    /// How each server fares.
    pub fn status(&self) -> Vec<BackendStatus> {
        self.backends.present()
    }

    pub(super) fn backends(&self) -> &Arc<Backends> {
        &self.backends
    }

    /// Milliseconds on this upstream's clock.
    pub(super) fn now(&self) -> u64 {
        self.backends.now()
    }

    /// Another one, after `member` took no connection, or went before it had read anything.
    /// Where servers come and go it is waited for.
    pub(super) async fn find_other(
        &self,
        headers: &HeaderMap,
        facts: &ClientInfo,
        search: &mut Search,
        backend: &Backend,
        error: ProxyError,
    ) -> Result<Chosen, ProxyError> {
        match error {
            ProxyError::Connect(_) | ProxyError::ConnectTime => search.tried.push(backend.number),
            _ => search.gone.push(backend.number),
        }
        if let Some(chosen) = self.choose(headers, facts, search) {
            return Ok(chosen);
        }
        if self.backends.is_told() && !matches!(error, ProxyError::ConnectTime) {
            return self.wait(headers, facts, search).await;
        }
        Err(error)
    }

    /// Another one, after `member` broke off a request that may be sent again. Once: some
    /// requests are the end of every server they meet. Where servers come and go it is
    /// waited for: a server that dies takes those along who had just come to it.
    pub(super) async fn find_second(
        &self,
        headers: &HeaderMap,
        facts: &ClientInfo,
        search: &mut Search,
        backend: &Backend,
    ) -> Option<Chosen> {
        search.tried.push(backend.number);
        if std::mem::replace(&mut search.moved, true) {
            return None;
        }
        match self.choose(headers, facts, search) {
            None if self.backends.is_told() => self.wait(headers, facts, search).await.ok(),
            chosen => chosen,
        }
    }

    /// A server for a request, if one is ready that was not tried yet; else one that is left
    /// alone because it failed: perhaps it is back, and nobody is served while it is not asked.
    pub(super) fn choose(
        &self,
        headers: &HeaderMap,
        facts: &ClientInfo,
        search: &Search,
    ) -> Option<Chosen> {
        let mut wish = Wish {
            balance: &self.balance,
            headers,
            facts,
            tried: [&search.tried, &search.gone],
            now: self.now(),
            is_last_resort: false,
        };
        self.choose_by(&wish).or_else(|| {
            wish.is_last_resort = true;
            self.choose_by(&wish)
        })
    }

    fn choose_by(&self, wish: &Wish<'_>) -> Option<Chosen> {
        loop {
            let group = self.backends.group();
            let backend = group.choose(wish, &self.backends.turn)?;
            let Some(running) = Running::begin(backend) else {
                // Removed just now: those who are there by now are others.
                continue;
            };
            let cookie = match &self.balance {
                Balance::Sticky(name) if !wish.names(backend) => {
                    let secure = match wish.facts.scheme {
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

    /// The same, waiting for one to become ready.
    pub(super) async fn wait(
        &self,
        headers: &HeaderMap,
        facts: &ClientInfo,
        search: &mut Search,
    ) -> Result<Chosen, ProxyError> {
        let ready = self.times.ready;
        let deadline = *search
            .deadline
            .get_or_insert_with(|| Instant::now() + ready);
        loop {
            // Made before the look, so that no change between the two is missed.
            let changed = self.backends.next_change();
            if let Some(chosen) = self.choose(headers, facts, search) {
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
                Some(Instant::now() + AGAIN)
            };
            tokio::select! {
                () = changed => {}
                () = sleep_until(next.map_or(deadline, |next| deadline.min(next))) => {}
            }
            search.tried.clear();
        }
    }

    /// When a client may come back.
    fn retry_after(&self) -> Duration {
        if self.backends.is_failed() {
            return GIVEN_UP;
        }
        let left = self
            .backends
            .next_ready()
            .map_or(RETRY, |next| next.duration_since(Instant::now()));
        left.max(Duration::from_secs(1))
    }
}
