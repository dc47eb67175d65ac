//! A shared HTTP cache in memory (RFC 9111). A route enables it with `shared_cache`.
//!
//! A cache key consists of the route's target and the URL (scheme, host, path and query) that is
//! requested from the server. The request headers named in `Vary` also select a response.
//!
//! The cache never stores responses with `Set-Cookie`, `private` or `no-store`, responses to
//! requests with `Authorization`, or incomplete bodies.

mod directives;
mod in_flight;
mod index;
mod purge;
mod respond;
mod rules;
mod store;
mod stored;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use http::header::COOKIE;

use crate::client_info::ClientInfo;
use crate::metrics::CacheFigures;

pub use store::StoreSettings;

pub(crate) use directives::is_for_shared_caches;
pub(crate) use in_flight::{FillGuard, How, InFlight, Joined};
pub(crate) use purge::{Purge, taken_purges};
pub(crate) use respond::{Asker, CacheOutcome, set_cache_status};
pub(crate) use rules::{
    CacheDecision, CacheUse, DefaultLifetimes, Demand, TimedResponse, confirms, has_validator,
    is_fault, renewed,
};
pub(crate) use store::{Gathering, Store};
pub(crate) use stored::{Key, Stored, StoredHead};

pub use purge::PURGE;

#[derive(Debug)]
pub struct Policy {
    /// The route's target. As a part of the cache key, it keeps the responses of different servers
    /// apart.
    pub(crate) scope: Arc<str>,
    pub(crate) unsaid: DefaultLifetimes,
    /// Whether the route's lifetime also applies to responses to requests with cookies.
    with_cookies: bool,
    pub(crate) figures: CacheFigures,
}

impl Policy {
    pub(crate) fn new(route: &str, to: &str, unsaid: DefaultLifetimes, with_cookies: bool) -> Self {
        Self {
            scope: to.into(),
            unsaid,
            with_cookies,
            figures: CacheFigures::new(route),
        }
    }

    /// The lifetimes of a response without caching headers. `lifetime` is zero if the response may
    /// be for a single user.
    pub(crate) fn unsaid_to(&self, request: &HeaderMap) -> DefaultLifetimes {
        let mut unsaid = self.unsaid;
        if self.is_personal(request) {
            unsaid.lifetime = Duration::ZERO;
        }
        unsaid
    }

    /// Whether a response may be for a single user, because the request has cookies. The route's
    /// lifetime does not apply to such a response.
    pub(crate) fn is_personal(&self, request: &HeaderMap) -> bool {
        !self.with_cookies && !self.unsaid.lifetime.is_zero() && request.contains_key(COOKIE)
    }

    /// Makes the cache key for `target`, a path with its query.
    pub(crate) fn key(&self, info: &ClientInfo, target: &str) -> Key {
        let mut key = String::with_capacity(
            self.scope.len() + info.host.len() + target.len() + "\nhttps://".len(),
        );
        let _ = write!(
            key,
            "{}\n{}://{}{target}",
            self.scope,
            info.scheme.as_str(),
            info.host
        );
        key.into()
    }
}
