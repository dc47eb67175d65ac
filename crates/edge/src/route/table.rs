//! All routes of the edge, arranged for fast lookup.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use super::path::folded;
use super::{HostPattern, NormalPath, Route, bare_host, begins, is_bare, parent_domain};

/// The routes by host. For each host, the routes with the longest path come first.
#[derive(Debug, Default)]
pub struct Table {
    exact: HashMap<String, Vec<Arc<Route>>>,
    below: HashMap<String, Vec<Arc<Route>>>,
    any: Vec<Arc<Route>>,
    has_guards: bool,
}

impl Table {
    /// Builds the table. No two routes may have the same host and path.
    pub fn new(routes: impl IntoIterator<Item = Route>) -> Self {
        let routes: Vec<Route> = routes.into_iter().collect();
        let place = |route: &Route, path: &[u8]| (route.host.clone(), path.to_vec());
        let written: HashSet<_> = routes
            .iter()
            .map(|route| place(route, &route.path.matched))
            .collect();
        let mut table = Self {
            has_guards: routes.iter().any(Route::is_guard),
            ..Self::default()
        };
        for mut route in routes {
            let bare = route.path.matched.strip_suffix(b"/");
            let bare = bare.map(|bare| place(&route, bare));
            route.path.owns_bare = bare.is_some_and(|bare| !written.contains(&bare));
            let list = match &route.host {
                HostPattern::Exact(name) => table.exact.entry(name.clone()).or_default(),
                HostPattern::Below(name) => table.below.entry(name.clone()).or_default(),
                HostPattern::Any => &mut table.any,
            };
            list.push(Arc::new(route));
        }
        let lists = table.exact.values_mut().chain(table.below.values_mut());
        for list in lists.chain([&mut table.any]) {
            // If the paths of two routes differ only in letter case, the route that restricts
            // requests comes first.
            list.sort_by_key(|route| (Reverse(route.path.folded.len()), !route.is_guard()));
        }
        table
    }

    /// Finds the route for a request. `host` is in lower case, with or without a port, as in
    /// [`ClientInfo`](crate::ClientInfo). Allocates nothing.
    pub fn find(&self, host: &str, path: &NormalPath<'_>) -> Option<&Arc<Route>> {
        self.first(host, path.matched())
    }

    /// Whether another server may interpret the path differently, so that another route than `met`
    /// would match. Then the request would bypass the rules of that route. `met` is the route that
    /// [`Table::find`] has returned.
    ///
    /// Many servers ignore letter case or a trailing slash. These interpretations count only if the
    /// other route restricts requests.
    pub(crate) fn is_unclear(&self, host: &str, path: &NormalPath<'_>, met: &Arc<Route>) -> bool {
        let is_elsewhere = |reading: &[u8]| {
            let other = self.first(host, reading);
            other.is_none_or(|other| !Arc::ptr_eq(other, met))
        };
        self.is_guarded(host, path.matched(), met)
            || path
                .other_readings()
                .any(|reading| is_elsewhere(&reading) || self.is_guarded(host, &reading, met))
    }

    /// A server that ignores letter case or a trailing slash may choose another route, a guard.
    fn is_guarded(&self, host: &str, reading: &[u8], met: &Arc<Route>) -> bool {
        if !self.has_guards {
            return false;
        }
        let folded = folded(reading);
        [false, true].into_iter().any(|turns_slash| {
            let mut candidates = self.candidates(host);
            let other = candidates.find(|route| {
                let (own, path): (&[u8], &[u8]) = if route.case_sensitive {
                    (&route.path.matched, reading)
                } else {
                    (&route.path.folded, &folded)
                };
                let (path, owns_bare) = match path.strip_suffix(b"/") {
                    Some(bare) if turns_slash => (bare, route.path.owns_bare),
                    _ => (path, turns_slash || route.path.owns_bare),
                };
                begins(own, path) || (owns_bare && is_bare(own, path))
            });
            other.is_some_and(|other| {
                other.is_guard() && !Arc::ptr_eq(other, met) && !other.is_variant_of(met)
            })
        })
    }

    fn first(&self, host: &str, matched: &[u8]) -> Option<&Arc<Route>> {
        let mut candidates = self.candidates(host);
        candidates.find(|route| route.path.begins(matched))
    }

    /// The routes for a host, in the order of matching.
    pub fn candidates<'a>(&'a self, host: &str) -> impl Iterator<Item = &'a Arc<Route>> + use<'a> {
        let host = bare_host(host);
        let exact = self.exact.get(host);
        let below = parent_domain(host).and_then(|name| self.below.get(name));
        exact.into_iter().chain(below).chain([&self.any]).flatten()
    }

    /// All routes in the order of matching. Hosts are sorted by name.
    pub fn routes(&self) -> impl Iterator<Item = &Arc<Route>> {
        let mut lists: Vec<_> = self.exact.values().chain(self.below.values()).collect();
        lists.sort_by_key(|list| list.first().map(|route| &route.host));
        lists.into_iter().chain([&self.any]).flatten()
    }

    /// Host, path and target of each route, in the order of matching.
    pub(crate) fn rows(&self) -> impl Iterator<Item = [String; 3]> {
        self.routes().map(|route| row(route))
    }
}

fn row(route: &Route) -> [String; 3] {
    let mut to = route.to.clone();
    if route.falls_back {
        to.push_str(", then app");
    }
    if let Some(limit) = &route.limit {
        let _ = write!(to, ", {limit}");
    }
    if let Some(access) = &route.access {
        let _ = write!(to, ", {access}");
    }
    if let Some(size) = route.body_size {
        let _ = write!(to, ", bodies to {size} bytes");
    }
    [route.host.to_string(), route.path.as_str().to_owned(), to]
}

pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let _ = write!(line, "{cell:0$}  ", width(column));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{NormalPath, Route, parent_domain};
    use crate::config::testing::plan_of;

    /// Finds the route as the module's documentation says, by checking one route after another.
    fn naive<'a>(routes: &[&'a Route], host: &str, path: &str) -> Option<&'a Route> {
        naive_by(routes, host, |route| {
            (route.path.as_str().to_owned(), path.to_owned())
        })
    }

    /// Like [`naive`]. `compared` converts a route's path and the request's path to the form for
    /// comparison.
    fn naive_by<'a>(
        routes: &[&'a Route],
        host: &str,
        compared: impl Fn(&Route) -> (String, String),
    ) -> Option<&'a Route> {
        let host_rank = |route: &Route| {
            let written = route.host.to_string();
            if written == host {
                Some(0)
            } else if parent_domain(host).is_some_and(|name| written == format!("*.{name}")) {
                Some(1)
            } else {
                (written == "*").then_some(2)
            }
        };
        let fits = |route: &Route| {
            let (wanted, path) = compared(route);
            let bare = route.path.as_str().strip_suffix('/');
            let is_written = |bare: &str| {
                routes
                    .iter()
                    .any(|other| other.host == route.host && other.path.as_str() == bare)
            };
            path == wanted
                || (wanted.ends_with('/') && path.starts_with(&wanted))
                || path.starts_with(&format!("{wanted}/"))
                || (format!("{path}/") == wanted && bare.is_some_and(|bare| !is_written(bare)))
        };
        let mut found: Vec<_> = routes
            .iter()
            .filter(|route| fits(route))
            .filter_map(|route| host_rank(route).map(|rank| (rank, route)))
            .collect();
        found.sort_by_key(|(rank, route)| {
            let length = usize::MAX - route.path.as_str().len();
            (*rank, length, route.limit.is_none())
        });
        found.first().map(|(_, route)| **route)
    }

    /// Whether a server that ignores letter case or a trailing slash would choose another route.
    /// The other route must have a limit, and its path must not be a variant of the path of `met`.
    fn naive_unclear(routes: &[&Route], host: &str, path: &str, met: &Route) -> bool {
        let turned = match path.strip_suffix('/') {
            Some(bare) => bare.to_owned(),
            None => format!("{path}/"),
        };
        [path.to_owned(), turned].iter().any(|path| {
            let other = naive_by(routes, host, |route| {
                let own = route.path.as_str();
                if route.case_sensitive {
                    (own.to_owned(), path.clone())
                } else {
                    (own.to_lowercase(), path.to_lowercase())
                }
            });
            let bare = |route: &Route| {
                let path = route.path.as_str().to_lowercase();
                (route.host.clone(), path.trim_end_matches('/').to_owned())
            };
            other.is_some_and(|other| other.limit.is_some() && bare(other) != bare(met))
        })
    }

    fn host() -> impl Strategy<Value = String> {
        proptest::sample::select(vec![
            "",
            "a.test",
            "*.a.test",
            "b.a.test",
            "*.b.a.test",
            "test",
        ])
        .prop_map(str::to_owned)
    }

    fn path() -> impl Strategy<Value = String> {
        "(/[abA]{1,2}){0,3}/?".prop_map(|path| {
            if path.is_empty() {
                "/".to_owned()
            } else {
                path
            }
        })
    }

    proptest! {
        #[test]
        fn the_table_finds_what_the_rule_says(
            routes in proptest::collection::btree_map((host(), path()), (any::<bool>(), any::<bool>()), 1..12),
            asked in proptest::collection::vec((host(), path()), 1..12),
            reversed: bool,
        ) {
            let mut text: Vec<String> = routes.iter().map(|((host, path), (guards, minds_case))| {
                let limit = if *guards { "limit = { rate = \"1/s\" }\n" } else { "" };
                format!("[[route]]\nhost = {host:?}\npath = {path:?}\nto = \"app\"\ncase_sensitive = {minds_case}\n{limit}")
            }).collect();
            if reversed {
                text.reverse();
            }
            let plan = plan_of(&text.concat());
            let all: Vec<&Route> = plan.routes().routes().map(AsRef::as_ref).collect();
            for (host, path) in asked {
                let host = host.replace('*', "x");
                let normal = NormalPath::parse(&path).unwrap();
                let found = plan.find(&host, &normal).map(|route| route.name.clone());
                let with_port = plan.find(&format!("{host}:8080"), &normal).map(|route| route.name.clone());
                prop_assert_eq!(&found, &with_port);
                let expected = naive(&all, &host, &path);
                prop_assert_eq!(found, expected.map(|route| route.name.clone()));
                if let (Some(met), Some(expected)) = (plan.find(&host, &normal), expected) {
                    let is_unclear = plan.routes().is_unclear(&host, &normal, met);
                    prop_assert_eq!(is_unclear, naive_unclear(&all, &host, &path, expected), "{} {}", host, path);
                }
            }
        }
    }
}
