//! A shared HTTP cache in memory (RFC 9111).
//!
//! A route enables it with `shared_cache`. `rules` decides which responses may be stored and how
//! long they are fresh, `store` keeps responses in memory, `in_flight` lets requests wait for the
//! same response, and `respond` makes responses from stored ones. `pipeline/from_cache.rs` uses
//! these modules to serve a request.
//!
//! # Responses that are never stored
//!
//! * Responses with `Set-Cookie`, `private` or `no-store`.
//! * Responses to requests with `Authorization`; the cache does not serve such requests either.
//! * Incomplete bodies.
//! * Responses to requests with `Cookie` that do not state a lifetime, unless the route allows it.
//! * Content codings: stored responses pass through [`compression`](crate::filters::compression)
//!   like all other responses.
//! * Responses without caching headers, unless the route configures a lifetime.
//!
//! # The key
//!
//! The target of the route, then scheme, host and path with query as sent to the server, and the
//! request headers named in `Vary`. Nothing else in a request can affect the response to another
//! request, provided that the server sets `Vary` correctly.

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

pub(crate) use in_flight::{FillGuard, How, InFlight, Joined};
pub(crate) use purge::{Purge, taken_purges};
pub(crate) use respond::{Asker, Told, tell};
pub(crate) use rules::{
    CacheDecision, CacheUse, Demand, Kept, Unsaid, confirms, has_validator, is_fault, renewed,
};
pub(crate) use store::{Gathering, Store};
pub(crate) use stored::{Head, Key, Stored};

pub use purge::PURGE;

/// The validated `shared_cache = { … }` of a route.
#[derive(Debug)]
pub struct Policy {
    /// The route's target, which separates the cached responses of different servers.
    pub(crate) scope: Arc<str>,
    pub(crate) unsaid: Unsaid,
    /// Whether the route's lifetime also applies to responses to requests with cookies.
    with_cookies: bool,
    pub(crate) figures: CacheFigures,
}

impl Policy {
    pub(crate) fn new(route: &str, to: &str, unsaid: Unsaid, with_cookies: bool) -> Self {
        Self {
            scope: to.into(),
            unsaid,
            with_cookies,
            figures: CacheFigures::new(route),
        }
    }

    /// Returns the lifetimes that apply to a response without caching headers. They are zero if the
    /// request has cookies, because the response may then be for a single user.
    pub(crate) fn unsaid_to(&self, request: &HeaderMap) -> Unsaid {
        let mut unsaid = self.unsaid;
        if self.is_personal(request) {
            unsaid.lifetime = Duration::ZERO;
        }
        unsaid
    }

    /// Whether the route's lifetime does not apply to a response because the request has cookies,
    /// so that the response may be for a single user.
    pub(crate) fn is_personal(&self, request: &HeaderMap) -> bool {
        !self.with_cookies && !self.unsaid.lifetime.is_zero() && request.contains_key(COOKIE)
    }

    /// Returns the cache key of a request. `target` is the path and the query.
    pub(crate) fn key(&self, info: &ClientInfo, target: &str) -> Key {
        let mut key = String::with_capacity(
            self.scope.len() + info.host.len() + target.len() + "\nhttps://".len(),
        );
        // Writing to a string cannot fail.
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
