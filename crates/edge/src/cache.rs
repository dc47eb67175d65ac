//! Answers that are kept for whoever asks next: a shared cache (RFC 9111).
//!
//! A route asks for it with `shared_cache`. `rules` decides what may be kept and
//! how long it may be used, `store` keeps it in memory, a request `in_flight`
//! serves all who wait for its answer, `respond` makes
//! answers of what is kept. How a request goes through them is in `pipeline/from_cache.rs`.
//!
//! # What is never kept
//! Answers with `Set-Cookie`, `private` or `no-store`; those to requests with
//! `Authorization`, which are not answered from here either; bodies that broke off;
//! answers to requests with `Cookie` that do not say themselves how long, unless the route
//! wants them; content codings: what is kept goes through [`compression`](crate::filters::compression)
//! like everything else. Nor is anything kept that says nothing of caching, unless
//! the route says how long.
//!
//! # The key
//! Where the route leads, scheme, host and path with query, as the server is asked,
//! and the headers that the answer names in `Vary`. Nothing else of a request can
//! change what another one is answered, as far as the server keeps to `Vary`.

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
    Demand, Kept, Unsaid, Verdict, Way, confirms, has_validator, is_fault, renewed,
};
pub(crate) use store::{Gathering, Store};
pub(crate) use stored::{Head, Key, Stored};

pub use purge::PURGE;

/// `shared_cache = { … }` of a route, checked.
#[derive(Debug)]
pub struct Policy {
    /// Where the route leads: whose answers these are.
    pub(crate) scope: Arc<str>,
    pub(crate) unsaid: Unsaid,
    /// Whether its own lifetime also holds for answers to requests with cookies.
    with_cookies: bool,
    pub(crate) figures: CacheFigures,
}

impl Policy {
    /// Of a route of this name that leads there.
    pub(crate) fn new(route: &str, to: &str, unsaid: Unsaid, with_cookies: bool) -> Self {
        Self {
            scope: to.into(),
            unsaid,
            with_cookies,
            figures: CacheFigures::new(route),
        }
    }

    /// What holds for the answer to a request that says nothing of caching itself: it may be
    /// for whom a cookie names, and nothing in it tells.
    pub(crate) fn unsaid_to(&self, request: &HeaderMap) -> Unsaid {
        let mut unsaid = self.unsaid;
        if self.is_personal(request) {
            unsaid.lifetime = Duration::ZERO;
        }
        unsaid
    }

    /// Whether the route's own lifetime is not for the answer to this request, since it may be
    /// for whom a cookie names.
    pub(crate) fn is_personal(&self, request: &HeaderMap) -> bool {
        !self.with_cookies && !self.unsaid.lifetime.is_zero() && request.contains_key(COOKIE)
    }

    /// What the answer to a request for this path, with its query, is kept under.
    pub(crate) fn key(&self, facts: &ClientInfo, target: &str) -> Key {
        let mut key = String::with_capacity(
            self.scope.len() + facts.host.len() + target.len() + "\nhttps://".len(),
        );
        // Writing into a text cannot fail.
        let _ = write!(
            key,
            "{}\n{}://{}{target}",
            self.scope,
            facts.scheme.as_str(),
            facts.host
        );
        key.into()
    }
}
