//! What has been made so far, before it is written.

use std::collections::BTreeMap;

use super::remarks::Remarks;

/// A `kenduri.toml` in pieces, each with what is to be said about it.
#[derive(Default)]
pub(super) struct Made {
    pub(super) http: Vec<String>,
    pub(super) https: Vec<String>,
    pub(super) trusted_proxies: Vec<String>,
    pub(super) forwarded_header: edge::ForwardedHeader,
    pub(super) proxy_protocol: Vec<String>,
    pub(super) certificates: Vec<edge::Certificate>,
    /// By the name they have here.
    pub(super) upstreams: BTreeMap<String, Group>,
    pub(super) sites: Vec<Site>,
    /// What differs in general, each said once.
    pub(super) notes: Vec<&'static str>,
    /// About what is outside of servers.
    pub(super) remarks: Remarks,
}

/// `[upstream.NAME]`.
pub(super) struct Group {
    /// What nginx calls it; nothing: it is an address with times of its own.
    pub(super) known_as: String,
    pub(super) upstream: edge::Upstream,
    /// Whether a route has said how long it waits.
    pub(super) is_timed: bool,
    pub(super) remarks: Remarks,
}

/// The routes of one server block.
pub(super) struct Site {
    /// Where it is written, and its names.
    pub(super) title: String,
    pub(super) remarks: Remarks,
    pub(super) routes: Vec<Told>,
}

/// A route, and what is to be said about it.
pub(super) struct Told {
    pub(super) route: edge::Route,
    pub(super) remarks: Remarks,
}

impl Made {
    /// Says something about everything, once.
    pub(super) fn note(&mut self, note: &'static str) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// Leads a route nowhere, so that nothing else answers in its place.
pub(super) fn close(route: &mut edge::Route, status: u16) {
    route.to = format!("status:{status}");
    route.strip.clear();
    route.add.clear();
    route.r#try.clear();
    route.listing = false;
    route.cache.clear();
    route.request_headers.remove.clear();
}
