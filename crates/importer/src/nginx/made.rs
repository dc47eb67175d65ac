//! The result of the import before it is written.

use std::collections::BTreeMap;

use super::remarks::Remarks;

/// The parts of a `kenduri.toml`, each with its remarks.
#[derive(Default)]
pub(super) struct Made {
    pub(super) http: Vec<String>,
    pub(super) https: Vec<String>,
    pub(super) trusted_proxies: Vec<String>,
    pub(super) forwarded_header: edge::ForwardedHeader,
    pub(super) proxy_protocol: Vec<String>,
    pub(super) certificates: Vec<edge::Certificate>,
    /// Upstreams by their names in `kenduri.toml`.
    pub(super) upstreams: BTreeMap<String, Group>,
    pub(super) sites: Vec<Site>,
    /// General differences from nginx, each noted only once.
    pub(super) notes: Vec<&'static str>,
    /// Remarks about directives outside of servers.
    pub(super) remarks: Remarks,
}

/// An upstream: `[upstream.NAME]`.
pub(super) struct Group {
    /// The upstream's name in nginx; empty if the upstream was made for a program that needs
    /// timeouts of its own.
    pub(super) known_as: String,
    pub(super) upstream: edge::Upstream,
    /// Whether a route has set its timeouts.
    pub(super) is_timed: bool,
    pub(super) remarks: Remarks,
}

/// The routes of one server block.
pub(super) struct Site {
    /// The file and line of the server block, and its names.
    pub(super) title: String,
    pub(super) remarks: Remarks,
    pub(super) routes: Vec<Told>,
}

/// A route with its remarks.
pub(super) struct Told {
    pub(super) route: edge::Route,
    pub(super) remarks: Remarks,
}

impl Made {
    /// Adds a general note, once.
    pub(super) fn note(&mut self, note: &'static str) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// Makes a route return only this status, so that no other route applies to its path.
pub(super) fn close(route: &mut edge::Route, status: u16) {
    route.to = format!("status:{status}");
    route.strip.clear();
    route.add.clear();
    route.r#try.clear();
    route.listing = false;
    route.cache.clear();
    route.request_headers.remove.clear();
}
