//! The validated configuration.
//!
//! A [`Description`] becomes a plan only if every value is valid. A plan never changes. If the
//! settings change, a new plan is made.

mod auth;
mod bodies;
mod cache;
mod cors;
mod explain;
mod listen;
mod routes;
mod server;
mod services;
mod tls;
mod upstreams;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;

pub(crate) use services::{service_of, upstream_of};
pub use tls::Authority;
use units::{Check, Problem};

use crate::cache::StoreSettings;
use crate::description::{Description, Upstream};
use crate::filters::auth::Access;
use crate::listener::{ListenAddress, ListenSettings};
use crate::proxy::UpstreamSettings;
use crate::route::{HostPattern, NormalPath, Route, RoutePath, Table, Target, columns};
use crate::static_files::Folder;
use crate::tls::TlsSettings;
use bodies::Bodies;
use services::Fronts;

#[derive(Debug, Clone, Copy)]
pub struct PlanContext<'a> {
    /// The folder of the settings file. File names in the settings are relative to it.
    pub folder: &'a Path,
    /// The data folder. The paths of Unix sockets are relative to it.
    pub data: &'a Path,
    /// The services for routes with `to = "service:NAME"`.
    pub services: &'a [Service],
}

/// A service that the supervisor runs. [`Edge::set_servers`](crate::Edge::set_servers) sets its
/// servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    pub name: String,
    /// Whether the service accepts connections. No route can lead to a service that accepts none.
    pub listens: bool,
    /// Like the setting of the same name in `[upstream]`.
    pub balance: String,
    /// Like the setting of the same name in `[upstream]`.
    pub connect_time: String,
    pub first_byte_time: String,
    /// The timeout for a body or a WebSocket that makes no progress.
    pub idle_time: String,
    pub keep_time: String,
    /// The addresses at which all requests go to this service, without routes or access rules. They
    /// are written as in `[listen]`.
    pub fronts: Vec<String>,
}

impl Default for Service {
    fn default() -> Self {
        let usual = Upstream::default();
        Self {
            name: String::new(),
            listens: true,
            balance: usual.balance,
            connect_time: usual.connect_time,
            first_byte_time: usual.first_byte_time,
            idle_time: usual.idle_time,
            keep_time: usual.keep_time,
            fronts: Vec::new(),
        }
    }
}

#[derive(Debug)]
pub struct Plan {
    listen: ListenSettings,
    tls: TlsSettings,
    authority: Option<Authority>,
    upstreams: BTreeMap<Arc<str>, UpstreamSettings>,
    routes: Table,
    /// Routes of the edge itself. They are tried when no configured route matches.
    own: Table,
    fronts: Fronts,
    cache: StoreSettings,
    buffer_memory: usize,
    warnings: Vec<Problem>,
}

impl Plan {
    /// Returns all errors, not only the first.
    pub fn check(
        description: &Description,
        ground: &PlanContext<'_>,
    ) -> Result<Self, Vec<Problem>> {
        Self::checked(description, ground, Check::default())
    }

    /// Like [`Self::check`], for settings of another machine or another user: files and folders may
    /// be missing. What depends on a missing file is not in the plan.
    pub fn check_elsewhere(
        description: &Description,
        ground: &PlanContext<'_>,
    ) -> Result<Self, Vec<Problem>> {
        Self::checked(description, ground, Check::default().elsewhere(true))
    }

    fn checked(
        description: &Description,
        ground: &PlanContext<'_>,
        mut check: Check,
    ) -> Result<Self, Vec<Problem>> {
        let mut listen = listen::listen(&description.listen, ground, &mut check);
        let bodies = Bodies::of(description, &mut check);
        // If the settings for bodies are invalid, the plan is discarded in the end. Until then,
        // this default takes their place.
        let usual = bodies.unwrap_or(Bodies::USUAL);
        let fronts = services::fronts(ground, listen.as_ref(), usual, &mut check);
        if let Some(listen) = &mut listen {
            listen.fronts = fronts.keys().cloned().collect();
        }
        let mut upstreams = upstreams::named(&description.upstream, ground, &mut check);
        services::upstreams(ground, &mut upstreams, &mut check);
        let written = &description.route;
        let routes = routes::routes(written, &mut upstreams, ground, usual, &mut check);
        let tls = tls::tls(description, &routes, ground, &mut check);
        let cache = cache::store(&description.cache, &mut check);
        let Check {
            problems, warnings, ..
        } = check;
        match (listen, tls, cache) {
            (Some(listen), Some((tls, authority)), Some(cache)) if problems.is_empty() => {
                Ok(Self {
                    listen,
                    tls,
                    authority,
                    upstreams,
                    routes,
                    own: Table::default(),
                    fronts,
                    cache,
                    buffer_memory: usual.memory,
                    warnings,
                })
            }
            _ => Err(problems),
        }
    }

    pub fn of_app(listen: ListenSettings, tls: TlsSettings) -> Self {
        Self {
            listen,
            tls,
            authority: None,
            upstreams: BTreeMap::new(),
            routes: Table::new([Route::to_app()]),
            own: Table::default(),
            fronts: Fronts::new(),
            cache: StoreSettings::unused(),
            buffer_memory: Bodies::USUAL.memory,
            warnings: Vec::new(),
        }
    }

    pub fn listen(&self) -> &ListenSettings {
        &self.listen
    }

    pub fn tls(&self) -> &TlsSettings {
        &self.tls
    }

    pub fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }

    /// Adds `host` to the names for which certificates are ordered. Does nothing if no authority is
    /// configured or a certificate file covers `host`.
    pub fn order_for(&mut self, host: &str) {
        let host = host.to_ascii_lowercase();
        let authority = self.authority.as_mut();
        let is_ordered = authority.is_some_and(|authority| authority.order_for(&host));
        if is_ordered && !self.listen.https.is_empty() {
            self.tls.self_signed.insert(host);
        }
    }

    /// The hosts that routes name, in lower case; `*.example.com` stands for all names below
    /// `example.com`.
    pub fn named_hosts(&self) -> BTreeSet<String> {
        let hosts = self.routes.routes().filter_map(|route| match &route.host {
            HostPattern::Exact(name) => Some(name.clone()),
            HostPattern::Below(name) => Some(format!("*.{}", name.trim_start_matches('.'))),
            HostPattern::Any => None,
        });
        hosts.collect()
    }

    /// Whether the app gets requests for hosts that no route names.
    pub fn any_host_reaches_app(&self) -> bool {
        let Ok(path) = NormalPath::parse("/") else {
            return false;
        };
        let found = self.routes.find("", &path);
        found.is_some_and(|route| matches!(route.target, Target::App))
    }

    /// Adds routes to the app for these paths on all hosts, unless a configured route matches them.
    /// [`Self::needs_app`] does not count these routes.
    pub fn answer_also(&mut self, paths: &[&str]) {
        let paths = paths.iter().filter_map(|path| {
            let is_taken = self
                .routes
                .find("", &NormalPath::parse(path).ok()?)
                .is_some();
            RoutePath::parse(path).ok().filter(|_| !is_taken)
        });
        self.own = Table::new(paths.map(Route::to_mounted));
    }

    /// Whether a TLS handshake for this host finds a certificate. The certificate may be
    /// self-signed until the authority has issued one. The host must be in lower case and without a
    /// port.
    pub fn has_certificate(&self, host: &str) -> bool {
        !self.listen.https.is_empty()
            && (self.tls.self_signed.contains(host)
                || tls::patterns(&self.tls.certificates).any(|pattern| pattern.matches(host)))
    }

    /// The upstreams, by the name that [`Target::Proxy`] contains. The upstreams of services have
    /// no servers yet.
    pub fn upstreams(&self) -> &BTreeMap<Arc<str>, UpstreamSettings> {
        &self.upstreams
    }

    /// The route for all requests at this address, if the address is a service's own (a front);
    /// `None` for any other address.
    pub(crate) fn front(&self, at: &ListenAddress) -> Option<&Arc<Route>> {
        self.fronts.get(at)
    }

    /// The service that has this address as its front. The address must have the same form as in a
    /// [`ListenError`](crate::ListenError).
    pub fn service_at(&self, address: &str) -> Option<&str> {
        let mut fronts = self.fronts.iter();
        let (_, route) = fronts.find(|(at, _)| at.to_string() == address)?;
        services::service_of(&route.to)
    }

    pub fn routes(&self) -> &Table {
        &self.routes
    }

    /// Takes over the counters of routes and the cached files of folders that are also in the plan
    /// `before`.
    pub(crate) fn go_on_from(&self, before: &Self) {
        for route in self.routes.routes() {
            let same = before.routes.routes().find(|old| old.name == route.name);
            let old = same.and_then(|old| old.limit.as_deref());
            if let (Some(limit), Some(old)) = (&route.limit, old) {
                limit.go_on_from(old);
            }
            let old = same.and_then(|old| old.access.as_deref());
            if let (Some(access), Some(old)) = (&route.access, old) {
                access.go_on_from(old);
            }
        }
        for folder in self.folders() {
            if let Some(old) = before.folders().find(|old| folder.is_same(old)) {
                folder.go_on_from(old);
            }
        }
    }

    fn folders(&self) -> impl Iterator<Item = &Folder> {
        self.routes
            .routes()
            .filter_map(|route| match &route.target {
                Target::Files(folder) => Some(&**folder),
                _ => None,
            })
    }

    pub(crate) fn folder_ids(&self) -> HashSet<u64> {
        self.folders().map(Folder::id).collect()
    }

    pub fn cache(&self) -> &StoreSettings {
        &self.cache
    }

    /// The memory limit for all buffered bodies, in bytes.
    pub(crate) fn buffer_memory(&self) -> usize {
        self.buffer_memory
    }

    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    pub fn needs_app(&self) -> bool {
        self.routes.routes().any(|route| {
            let access = route.access.as_deref();
            route.leads_to_app() || access.is_some_and(Access::needs_app)
        })
    }

    /// Finds the route for a request, without allocating.
    pub fn find(&self, host: &str, path: &NormalPath<'_>) -> Option<&Arc<Route>> {
        let own = || self.own.find(host, path);
        self.routes.find(host, path).or_else(own)
    }

    /// The routes as a text table, in the order of matching, and the fronts of services.
    pub fn table(&self) -> String {
        let rows = self.routes.rows().chain(self.own.rows());
        let head = ["host", "path", "to"].map(str::to_owned);
        let routes = columns(&[head].into_iter().chain(rows).collect::<Vec<_>>());
        if self.fronts.is_empty() {
            return routes;
        }
        let fronts = columns(&services::rows(&self.fronts));
        format!("{routes}\n{fronts}")
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
