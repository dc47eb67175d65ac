//! The plan: a [`Description`], checked whole.
//!
//! Either every value is right and there is a plan, or every mistake is told
//! with the key that holds it. A plan never changes; a new one takes its place.

mod auth;
mod bodies;
mod cache;
mod check;
mod explain;
mod listen;
mod routes;
mod server;
mod services;
mod tls;
mod upstreams;

use std::collections::{BTreeMap, HashSet};
use std::fmt::{self, Display};
use std::path::Path;
use std::sync::Arc;

pub(crate) use services::{service_of, upstream_of};
pub use tls::Authority;

use crate::cache::StoreSettings;
use crate::description::{Description, Upstream};
use crate::filters::auth::Access;
use crate::listener::{ListenAddress, ListenSettings};
use crate::proxy::UpstreamSettings;
use crate::route::{NormalPath, Route, RoutePath, Table, Target, columns};
use crate::static_files::Folder;
use crate::tls::TlsSettings;
use bodies::Bodies;
use check::Check;
use services::Fronts;

/// What a description stands on.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// Files of routes and certificates: the folder of the description.
    pub folder: &'a Path,
    /// Sockets: where the running program keeps its things.
    pub data: &'a Path,
    /// What the program runs itself, for routes `to = "service:NAME"`.
    pub services: &'a [Service],
}

/// A service that the program runs. Its servers come and go; they are told to
/// [`Edge::set_servers`](crate::Edge::set_servers).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// What routes call it.
    pub name: String,
    /// Whether it takes connections; no route can lead to one that does not.
    pub listens: bool,
    /// How its servers share requests, as `[upstream]` has it.
    pub balance: String,
    /// How long a connection to one may take, as `[upstream]` has it.
    pub connect_time: String,
    /// How long the first byte of an answer may take.
    pub first_byte_time: String,
    /// How long a body or a websocket may stand still, in either direction.
    pub idle_time: String,
    /// How long an unused connection is kept.
    pub keep_time: String,
    /// Addresses, as `[listen]` has them, at which everything is led to it: no
    /// routes, no access rules, nothing but a plain proxy.
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

/// One thing that is wrong, or that works and should be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// As it is written: `route[2].to`, counted from 0.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub mend: String,
}

impl Display for Flaw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}\n  {}", self.key, self.what, self.mend)
    }
}

/// Everything the edge needs to know to run.
#[derive(Debug)]
pub struct Plan {
    listen: ListenSettings,
    tls: TlsSettings,
    authority: Option<Authority>,
    upstreams: BTreeMap<Arc<str>, UpstreamSettings>,
    routes: Table,
    /// What is answered where no route fits.
    own: Table,
    fronts: Fronts,
    cache: StoreSettings,
    buffer_memory: usize,
    warnings: Vec<Flaw>,
}

impl Plan {
    /// Checks everything that was written, and tells everything that is wrong.
    pub fn check(description: &Description, ground: &Ground<'_>) -> Result<Self, Vec<Flaw>> {
        let mut check = Check::default();
        let mut listen = listen::listen(&description.listen, ground, &mut check);
        let bodies = Bodies::of(description, &mut check);
        // Nothing comes of the plan where they are not what they should be.
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
        let Check { flaws, warnings } = check;
        match (listen, tls, cache) {
            (Some(listen), Some((tls, authority)), Some(cache)) if flaws.is_empty() => Ok(Self {
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
            }),
            _ => Err(flaws),
        }
    }

    /// Everything goes to the app.
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

    /// Where to listen, and what holds for every connection.
    pub fn listen(&self) -> &ListenSettings {
        &self.listen
    }

    /// Certificates.
    pub fn tls(&self) -> &TlsSettings {
        &self.tls
    }

    /// Who is asked for certificates, if anybody is.
    pub fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }

    /// Has a certificate ordered for this host too, if anybody is asked for certificates and no
    /// file covers it.
    pub fn order_for(&mut self, host: &str) {
        let host = host.to_ascii_lowercase();
        let authority = self.authority.as_mut();
        let is_ordered = authority.is_some_and(|authority| authority.order_for(&host));
        if is_ordered && !self.listen.https.is_empty() {
            self.tls.self_signed.insert(host);
        }
    }

    /// Leads these paths to whatever is mounted where no route fits, on all hosts, be it the
    /// app or not: it need not run for them.
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

    /// Whether handshakes are made for this host, in lower case and without a port: a
    /// certificate is there for it, or is ordered and one that nobody vouches for stands in.
    pub fn has_certificate(&self, host: &str) -> bool {
        !self.listen.https.is_empty()
            && (self.tls.self_signed.contains(host)
                || tls::patterns(&self.tls.certificates).any(|pattern| pattern.matches(host)))
    }

    /// Groups of servers by the name that [`Target::Proxy`] has; `service:NAME`
    /// ones have no servers yet.
    pub fn upstreams(&self) -> &BTreeMap<Arc<str>, UpstreamSettings> {
        &self.upstreams
    }

    /// What everything meets that comes to this address, if it is a front.
    pub(crate) fn front(&self, at: &ListenAddress) -> Option<&Arc<Route>> {
        self.fronts.get(at)
    }

    /// The service that everything is led to at this address, as it is shown in a
    /// [`ListenError`](crate::ListenError).
    pub fn service_at(&self, address: &str) -> Option<&str> {
        let mut fronts = self.fronts.iter();
        let (_, route) = fronts.find(|(at, _)| at.to_string() == address)?;
        services::service_of(&route.to)
    }

    /// All routes.
    pub fn routes(&self) -> &Table {
        &self.routes
    }

    /// Goes on counting where another plan stands, route by route, and with the files in memory
    /// that both serve in the same way.
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

    /// The folders whose files are served.
    fn folders(&self) -> impl Iterator<Item = &Folder> {
        self.routes
            .routes()
            .filter_map(|route| match &route.target {
                Target::Files(folder) => Some(&**folder),
                _ => None,
            })
    }

    /// The ids of these.
    pub(crate) fn folder_ids(&self) -> HashSet<u64> {
        self.folders().map(Folder::id).collect()
    }

    /// How much is kept of answers, and where.
    pub fn cache(&self) -> &StoreSettings {
        &self.cache
    }

    /// The size of all buffered bodies together.
    pub(crate) fn buffer_memory(&self) -> usize {
        self.buffer_memory
    }

    /// What works and should be known.
    pub fn warnings(&self) -> &[Flaw] {
        &self.warnings
    }

    /// Whether any request can reach the app; if not it need not run.
    pub fn needs_app(&self) -> bool {
        self.routes.routes().any(|route| {
            let access = route.access.as_deref();
            route.leads_to_app() || access.is_some_and(Access::needs_app)
        })
    }

    /// The route a request meets. Nothing is allocated.
    pub fn find(&self, host: &str, path: &NormalPath<'_>) -> Option<&Arc<Route>> {
        let own = || self.own.find(host, path);
        self.routes.find(host, path).or_else(own)
    }

    /// The routes as text, in the order of matching, and the fronts of services.
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
