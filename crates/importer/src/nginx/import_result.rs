//! The result of the import before it is written.

use std::collections::BTreeMap;

use super::remarks::Remarks;

/// The converted parts of a `kenduri.toml`, each with remarks for the user.
#[derive(Default)]
pub(super) struct Made {
    pub(super) http: Vec<String>,
    pub(super) https: Vec<String>,
    pub(super) trusted_proxies: Vec<String>,
    pub(super) forwarded_header: edge::ForwardedHeader,
    pub(super) proxy_protocol: Vec<String>,
    pub(super) certificates: Vec<edge::Certificate>,
    /// The upstreams, by their names in `kenduri.toml`.
    pub(super) upstreams: BTreeMap<String, Group>,
    pub(super) sites: Vec<Site>,
    /// General differences between nginx and Kenduri that concern this file. Each is noted once.
    pub(super) notes: Vec<&'static str>,
    /// Remarks about directives outside of server blocks.
    pub(super) remarks: Remarks,
    /// Whether Kenduri cannot tell clients apart by address as nginx does, because the proxies in
    /// front are not trusted.
    pub(super) hides_clients: bool,
    /// How many routes each zone of `limit_req` limits.
    pub(super) limited: BTreeMap<String, usize>,
    /// The value of `listen.header_size`.
    pub(super) header_size: String,
}

/// A section `[upstream.NAME]`.
pub(super) struct Group {
    /// The upstream's name in nginx; empty if the import added the upstream, because a route needs
    /// its own timeouts.
    pub(super) known_as: String,
    pub(super) upstream: edge::Upstream,
    /// Whether the timeouts of a route were already set on this upstream.
    pub(super) is_timed: bool,
    pub(super) remarks: Remarks,
}

/// The routes of one server block.
pub(super) struct Site {
    /// The file and line of the server block, and its host names.
    pub(super) title: String,
    pub(super) remarks: Remarks,
    pub(super) routes: Vec<Told>,
}

/// A route with its remarks.
pub(super) struct Told {
    pub(super) route: edge::Route,
    pub(super) remarks: Remarks,
    /// Whether nginx compares no regular expressions with requests for this path, as for
    /// `location ^~ /x/`.
    pub(super) is_final: bool,
}

impl Made {
    pub(super) fn add_note(&mut self, note: &'static str) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Adds remarks about zones of `limit_req` that limit several routes. In nginx, a zone has one
    /// account of a client; in Kenduri, each route has its own.
    pub(super) fn tell_shared_limits(&mut self) {
        for (zone, routes) in self.limited.iter().filter(|(_, routes)| **routes > 1) {
            self.remarks.line(format!(
                "CAREFUL: limit_req zone={zone}: nginx counts a client once for all of it, Kenduri for each of its {routes} \
                 routes, so a client may ask {routes} times as often; write a lower `rate`"
            ));
        }
    }
}

/// Makes a route return only this status. The route is kept, because otherwise a more general route
/// would apply to its path.
pub(super) fn close(route: &mut edge::Route, status: u16) {
    route.to = format!("status:{status}");
    route.strip.clear();
    route.add.clear();
    route.r#try.clear();
    route.listing = false;
    route.cache.clear();
    route.request_headers.remove.clear();
}
