//! Validates services and their fronts. A front is an address at which all requests go to one
//! service.

use std::collections::BTreeMap;
use std::sync::Arc;

use units::{Check, nearest};

use super::bodies::Bodies;
use super::upstreams::Upstreams;
use super::{PlanContext, upstreams};
use crate::listener::{ListenAddress, ListenSettings};
use crate::proxy::Balance;
use crate::route::Route;

/// The length limit of a Unix socket's path in bytes (Linux: `sun_path` without its final NUL).
const LONGEST_PATH: usize = 107;

/// The fronts of services. The value is the route that sends all requests to the service.
pub(super) type Fronts = BTreeMap<ListenAddress, Arc<Route>>;

pub(crate) fn upstream_of(service: &str) -> String {
    format!("{PREFIX}{service}")
}

const PREFIX: &str = "service:";

/// Returns the service's name from an upstream's name; `None` if the upstream belongs to no
/// service.
pub(crate) fn service_of(upstream: &str) -> Option<&str> {
    upstream.strip_prefix(PREFIX)
}

/// Adds an upstream without servers for each service.
/// [`Edge::set_servers`](crate::Edge::set_servers) sets the servers later.
pub(super) fn upstreams(ground: &PlanContext<'_>, upstreams: &mut Upstreams, check: &mut Check) {
    for service in ground.services.iter().filter(|service| service.listens) {
        check.enter(format!("service.{}", service.name));
        let balance = check.accept("balance", upstreams::balance(&service.balance));
        let written = [
            &*service.connect_time,
            &service.first_byte_time,
            &service.idle_time,
            &service.keep_time,
        ];
        let times = upstreams::times(written, check);
        let (Some(balance), Some(times)) = (balance, times) else {
            continue;
        };
        let name = upstream_of(&service.name);
        let mut settings = upstreams::unnamed(&name, None);
        settings.times = times;
        settings.balance = match balance {
            // Clients send the same cookies to all services on a host, so each service needs its
            // own cookie name.
            Balance::Sticky(cookie) => Balance::Sticky(format!("{cookie}-{}", service.name)),
            balance => balance,
        };
        upstreams.insert(name.into(), settings);
    }
    check.enter("");
}

/// Validates the fronts. Rejects addresses that `[listen]` also contains.
pub(super) fn fronts(
    ground: &PlanContext<'_>,
    listen: Option<&ListenSettings>,
    bodies: Bodies,
    check: &mut Check,
) -> Fronts {
    let mut fronts = Fronts::new();
    for service in ground.services {
        let key = format!("service.{}.front", service.name);
        for written in &service.fronts {
            let address = ListenAddress::parse(written, ground.data);
            let Some(address) = check.accept(&key, address) else {
                continue;
            };
            if let ListenAddress::Unix(path) = &address
                && path.as_os_str().len() > LONGEST_PATH
            {
                check.refuse(
                    &key,
                    format!("{} is too long for the path of a socket", path.display()),
                    "a socket's path has at most 107 bytes: use a data folder with a shorter path",
                );
            }
            let taken = listen.into_iter().flat_map(ListenSettings::all);
            let taken = taken.map(|(_, other)| (other, "listen"));
            let others = fronts.iter().map(|(other, front)| (other, &*front.to));
            let other = taken
                .chain(others)
                .find(|(other, _)| other.overlaps(&address));
            if let Some((other, whose)) = other {
                check.refuse(
                    &key,
                    format!("{written} is already used: {other}, of {whose}"),
                    "keep one of them",
                );
                continue;
            }
            if !address.is_loopback() {
                check.warn(
                    &key,
                    format!("everybody who can connect to {written} reaches the service, past all routes"),
                    "listen on 127.0.0.1, unless other machines must reach it",
                );
            }
            let route = Route {
                body_rate: bodies.rate,
                buffer_request: bodies.buffer,
                ..Route::to_service(&service.name, &upstream_of(&service.name))
            };
            fronts.insert(address, Arc::new(route));
        }
    }
    fronts
}

pub(super) fn unknown(
    key: &str,
    name: &str,
    upstreams: &Upstreams,
    ground: &PlanContext<'_>,
    check: &mut Check,
) {
    if ground.services.iter().any(|service| service.name == name) {
        let mend = format!(
            "set listen = \"unix\" or \"tcp\" in [service.{name}]; the default is \"none\""
        );
        return check.refuse(key, format!("the service {name:?} does not listen"), mend);
    }
    let known = upstreams.keys().filter_map(|name| service_of(name));
    let mend = match nearest(name, known) {
        Some(nearest) => format!("did you mean {PREFIX}{nearest}?"),
        None => format!("add [service.{name}]"),
    };
    check.refuse(key, format!("there is no service {name:?}"), mend);
}

/// The table of fronts in the output of `kenduri check`.
pub(super) fn rows(fronts: &Fronts) -> Vec<[String; 2]> {
    let rows = fronts
        .iter()
        .map(|(address, route)| [address.to_string(), route.to.clone()]);
    [["front", "to"].map(str::to_owned)]
        .into_iter()
        .chain(rows)
        .collect()
}
