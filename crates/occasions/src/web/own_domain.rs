//! Serves guests' pages under occasions' own host names. Each name has a separate router with
//! guests' pages only. Nobody can sign in under these names, and the site's cookies are not valid
//! there.
//!
//! Each process reads the served names when something changes, and every few seconds, and makes a
//! router for each. The main
//! program chooses the router by the request's host, and tells the edge the names, for which the
//! edge then orders certificates. A name whose occasion is not served gets neither.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::web::shared::shared;
use ::web::state::Menu;
use ::web::{Problem, Site};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use platform::StoreError;
use tokio::sync::watch;

use super::guest::entry::{self, OwnSlug};
use super::guest::{self, CodeGate};
use crate::own_domain::{self, ServedDomain};

/// A change of which there is no news takes effect after this time at the latest.
const PAUSE: Duration = Duration::from_secs(5);
/// The shortest time between two reads, because other news wakes this task too.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// The occasions' own host names that this process serves. All clones share them.
#[derive(Clone)]
pub struct OwnDomains(Arc<Inner>);

struct Inner {
    site: Site,
    gate: CodeGate,
    others: Router<Site>,
    reserved: BTreeSet<String>,
    served: watch::Sender<Served>,
    failed_certificates: Mutex<BTreeMap<String, String>>,
}

type Served = BTreeMap<String, (ServedDomain, Router)>;

impl OwnDomains {
    /// Creates an empty list. [`OwnDomains::refresh`] fills it. `reserved` contains the names that
    /// this server already uses for something else. `others` are routes that each name has in
    /// addition to guests' pages.
    pub fn new(
        site: &Site,
        gate: &CodeGate,
        reserved: BTreeSet<String>,
        others: Router<Site>,
    ) -> Self {
        Self(Arc::new(Inner {
            site: site.clone(),
            gate: gate.clone(),
            others,
            reserved,
            served: watch::Sender::default(),
            failed_certificates: Mutex::default(),
        }))
    }

    /// Returns whether this server already uses a name for something else. The site's own name, its
    /// subdomains and its parent domains count too.
    pub fn is_reserved(&self, host: &str) -> bool {
        let is_below = |name: &str, above: &str| {
            name.strip_suffix(above)
                .is_some_and(|rest| rest.ends_with('.'))
        };
        let own = self.0.site.url().host();
        host == own
            || is_below(host, own)
            || is_below(own, host)
            || self.0.reserved.contains(host)
            || host
                .match_indices('.')
                .any(|(at, _)| self.0.reserved.contains(&format!("*{}", &host[at..])))
    }

    /// Returns the router for a host name. `host` must be in lower case, and may contain a port.
    pub fn router_for(&self, host: &str) -> Option<Router> {
        let served = self.0.served.borrow();
        if served.is_empty() {
            return None;
        }
        let name = host.split_once(':').map_or(host, |(name, _)| name);
        let found = served.get(name.trim_end_matches('.'));
        found.map(|(_, router)| router.clone())
    }

    /// Stores for each host name why the last attempt to obtain its certificate failed. Pages show
    /// this to hosts.
    pub fn set_failed_certificates(&self, failures: BTreeMap<String, String>) {
        let mut all = lock(&self.0.failed_certificates);
        *all = failures;
    }

    /// Returns why the last attempt to obtain a certificate for a host name failed; `None` if it
    /// did not fail.
    pub fn failed_certificate(&self, host: &str) -> Option<String> {
        lock(&self.0.failed_certificates).get(host).cloned()
    }

    /// Waits until the served names differ from `known`, and returns them.
    pub async fn changed(&self, known: &mut Option<BTreeSet<String>>) -> BTreeSet<String> {
        let mut served = self.0.served.subscribe();
        loop {
            let names: BTreeSet<String> = served.borrow_and_update().keys().cloned().collect();
            if known.as_ref() != Some(&names) {
                *known = Some(names.clone());
                return names;
            }
            if served.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Loads the names from the store again.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let all = self.0.site.store.read(own_domain::served).await?;
        let all: Vec<ServedDomain> = all
            .into_iter()
            .filter(|one| !self.is_reserved(&one.host))
            .collect();
        let is_known = {
            let served = self.0.served.borrow();
            served.values().map(|(domain, _)| domain).eq(&all)
        };
        if !is_known {
            let before = self.0.served.borrow().clone();
            let served = all.into_iter().map(|domain| {
                let kept = before.get(&domain.host).filter(|(kept, _)| *kept == domain);
                let router =
                    kept.map_or_else(|| self.router(&domain), |(_, router)| router.clone());
                (domain.host.clone(), (domain, router))
            });
            self.0.served.send_replace(served.collect());
        }
        Ok(())
    }

    /// Calls [`Self::refresh`] after each change, whichever process made it, and every few seconds.
    /// Never returns.
    pub async fn follow(&self) {
        let mut changed = self.0.site.store.news_waiting();
        loop {
            changed.borrow_and_update();
            if let Err(error) = self.refresh().await {
                tracing::warn!(%error, "cannot read the domains of occasions, so new ones are not served yet; it is tried again; if this goes on, check the store's disk or database server");
            }
            tokio::time::sleep(SHORTEST_PAUSE).await;
            let _ = tokio::time::timeout(PAUSE, changed.changed()).await;
        }
    }

    fn router(&self, domain: &ServedDomain) -> Router {
        let mut site = self.0.site.clone();
        let mut settings = (*site.settings).clone();
        settings.url = settings.url.with_host(&domain.host);
        site.settings = Arc::new(settings);
        // This host name does not serve the site's own pages.
        site.menu = Menu::default();
        let slug = OwnSlug(domain.slug.as_str().into());
        let routes = Router::new()
            .route("/", shared(get(entry::own_card)))
            .merge(guest::routes())
            .merge(self.0.others.clone())
            .layer(from_fn_with_state(slug.clone(), only_own))
            .layer(Extension(slug))
            .layer(Extension(self.0.gate.for_own_host(&domain.slug)));
        ::web::serve(&site, routes)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn only_own(
    State(OwnSlug(slug)): State<OwnSlug>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let mut segments = request.uri().path().split('/').skip(1);
    let is_public = segments.next() == Some("o");
    // Signed links to files have `uploads` in the place of a slug. No occasion can have this slug.
    let is_own = |name: &str| name == &*slug || name == "uploads";
    let is_other = is_public && !segments.next().is_some_and(is_own);
    if is_other {
        return Err(Problem::not_found());
    }
    Ok(next.run(request).await)
}
