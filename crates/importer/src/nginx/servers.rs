//! Converts `server` blocks to the routes of their hosts.

use std::collections::BTreeSet;

use edge::route::HostPattern;

use super::closed_paths;
use super::directive::Directive;
use super::import_result::{Made, Site, Told, close};
use super::listen::{Identity, Reach, Server};
use super::location::{ACME, ConvertedLocation, Kind, kind};
use super::locations::Locations;
use super::remarks::Remarks;
use super::return_and_rewrite::{self, Condition};
use super::scope::{Level, Zones};
use super::{files, proxy};

const HTTPS: &str =
    "requests in the clear are led to https by themselves, for every host that has a certificate";

/// The hosts of all server blocks.
pub(super) struct Hosts {
    pub(super) all: BTreeSet<String>,
    /// The hosts that at least one block serves with TLS.
    pub(super) secure: BTreeSet<String>,
}

/// Of one host, or of all hosts but this one.
struct HostAnswer {
    name: String,
    is_other: bool,
    answer: Directive,
}

/// Makes the routes of a server block.
pub(super) fn site(server: Server, zones: &Zones, hosts: &Hosts, made: &mut Made) -> Site {
    let Server {
        directive,
        mut level,
        mut identity,
        narrow,
    } = server;
    let mut remarks = std::mem::take(&mut level.remarks);
    let shown: Vec<&str> = identity
        .hosts
        .iter()
        .map(|host| if host.is_empty() { "every host" } else { host })
        .collect();
    let mut site = Site {
        title: format!("{}: server {}", directive.place, shown.join(", ")),
        remarks: Remarks::default(),
        routes: Vec::new(),
    };
    // The hosts for which clear-text requests are all redirected to HTTPS.
    let mut led = BTreeSet::new();
    let answered = convert_conditions(&mut level, &mut identity, hosts, &mut led, &mut remarks);
    convert_rewrites(&mut level, &mut remarks);
    if let Some(answer) = &level.answer {
        let to_https = |host: &&String| return_and_rewrite::is_to_https(answer, host);
        let before = led.len();
        led.extend(identity.hosts.iter().filter(to_https).cloned());
        if led.len() > before {
            remarks.settled(answer, HTTPS);
        }
        if identity.hosts.iter().all(|host| to_https(&host)) {
            level.answer = None;
        }
    }
    let (there, plain): (Vec<String>, Vec<String>) = identity
        .hosts
        .iter()
        .cloned()
        .partition(|host| !identity.is_tls && hosts.secure.contains(host));
    tell_clear(&directive, &level, &identity, &there, &led, &mut remarks);
    // If the server block redirects every request to HTTPS, it needs no routes.
    let served: Vec<String> = plain
        .into_iter()
        .filter(|host| identity.is_tls || !led.contains(host))
        .collect();
    // No route leads there, and nobody else here answers for these hosts.
    let unserved = led
        .iter()
        .filter(|host| !host.is_empty() && !identity.is_tls && !hosts.secure.contains(*host));
    let unserved: Vec<String> = unserved.cloned().collect();
    if !unserved.is_empty() {
        remarks.line(format!(
            "{}: no server here serves {} with TLS, where nginx leads to; say in [tls] where \
             certificates come from. Until `to` names a target, 503 is answered here",
            directive.place,
            unserved.join(", ")
        ));
    }
    for host in unserved.iter().filter(|host| identity.hosts.contains(host)) {
        let mut route = at(host, "/");
        close(&mut route, 503);
        let told = Told {
            route,
            remarks: Remarks::default(),
            is_final: false,
        };
        add_if_new(&mut site, made, told, &directive, &mut remarks);
    }
    let answer_of = |host: &String| {
        let mut answered = answered.iter();
        answered.find(|one| (one.name == *host) != one.is_other)
    };
    for (host, one) in served
        .iter()
        .filter_map(|host| Some((host, answer_of(host)?)))
    {
        let mut route = at(host, "/");
        let mut inner = Level::default();
        return_and_rewrite::answer(&mut route, &mut inner, &one.answer, identity.is_tls, made);
        let told = Told {
            route,
            remarks: inner.remarks,
            is_final: false,
        };
        add_if_new(&mut site, made, told, &directive, &mut remarks);
    }
    let spots = read_spots(&mut level, zones, made);
    let Locations {
        plain: spots,
        named,
        endings,
        php,
        remarks: more,
        ..
    } = spots;
    remarks.append(more);
    for mut spot in spots {
        convert_rewrites_of(&mut spot);
        // Authorities ask for their proofs in the clear, also where everything else is led to HTTPS.
        let of_spot = if spot.is_for_authorities() {
            &identity.hosts
        } else {
            &served
        };
        for host in of_spot.iter().filter(|host| answer_of(host).is_none()) {
            let mut route = at(host, &spot.path);
            set_target(&mut route, &mut spot, &named, identity.is_tls, made);
            tell_letters(&route, &mut spot.level.remarks);
            let settled = spot.level.remarks.take_settled();
            remarks.append(settled);
            let told = Told {
                route,
                remarks: std::mem::take(&mut spot.level.remarks),
                is_final: spot.is_final,
            };
            add_if_new(&mut site, made, told, &directive, &mut remarks);
        }
    }
    for (one, names, level) in endings {
        files::cache(&mut site.routes, &one, &names, &level, &mut remarks);
    }
    files::cache_pages(&mut site.routes);
    if php.is_some() {
        files::hide_sources(&mut site.routes);
    }
    if site.routes.is_empty() && led.is_empty() && there.is_empty() {
        remarks.line(format!(
            "{}: nothing of it could be carried over; write a [[route]] for its hosts",
            directive.place
        ));
    }
    if let Some(reach) = narrow.filter(|_| !site.routes.is_empty()) {
        restrict(
            &mut site.routes,
            reach,
            &made.sites,
            &directive,
            &mut remarks,
        );
    }
    site.remarks = remarks;
    site
}

fn at(host: &str, path: &str) -> edge::Route {
    edge::Route {
        host: host.to_owned(),
        path: path.to_owned(),
        ..edge::Route::default()
    }
}

/// Kenduri refuses paths that differ from a guarded path in the case of their letters only; nginx
/// would lead them elsewhere.
fn tell_letters(route: &edge::Route, remarks: &mut Remarks) {
    let is_guard =
        route.access.is_some() || route.limit.is_some() || route.to.starts_with("status:");
    if is_guard
        && route
            .path
            .contains(|letter: char| letter.is_ascii_uppercase())
    {
        remarks.line(format!(
            "{}: in other letters, as {}, it is answered with 400 here; if that is a path of its own, write case_sensitive = true",
            route.path,
            route.path.to_ascii_lowercase()
        ));
    }
}

/// Unless an earlier server block has one for the same host and path.
fn add_if_new(site: &mut Site, made: &Made, told: Told, server: &Directive, remarks: &mut Remarks) {
    let route = &told.route;
    let mut taken = made
        .sites
        .iter()
        .flat_map(|site| &site.routes)
        .chain(&site.routes);
    if taken.any(|other| other.route.host == route.host && other.route.path == route.path) {
        remarks.line(format!(
            "{}: {}{} is answered by an earlier server, which is kept; if this one is right, change its route",
            server.place, route.host, route.path
        ));
        return;
    }
    site.routes.push(told);
}

/// A host that only a condition names becomes one of the block's, if the block answers for it.
fn convert_conditions(
    level: &mut Level,
    identity: &mut Identity,
    hosts: &Hosts,
    led: &mut BTreeSet<String>,
    remarks: &mut Remarks,
) -> Vec<HostAnswer> {
    let mut answered = Vec::new();
    for one in std::mem::take(&mut level.conditions) {
        match return_and_rewrite::condition(&one, &identity.hosts) {
            Condition::ToHttps(to_https) => {
                if to_https.len() < identity.hosts.len() && !is_of_host(&one) {
                    remarks.about(
                        &one,
                        "hosts that are led to another one here are led to https first, if they have a certificate",
                    );
                }
                led.extend(to_https);
                remarks.settled(&one, HTTPS);
            }
            Condition::Host {
                name,
                is_other,
                answer,
            } => {
                let pattern = HostPattern::parse(&name);
                let is_exact = matches!(pattern, Ok(HostPattern::Exact(_)));
                let is_own = identity.hosts.contains(&name);
                let is_among = is_exact
                    && !hosts.all.contains(&name)
                    && identity.hosts.iter().any(|host| {
                        HostPattern::parse(host).is_ok_and(|pattern| pattern.matches(&name))
                    });
                if is_among {
                    identity.hosts.push(name.clone());
                }
                if is_own || is_among || is_other {
                    answered.push(HostAnswer {
                        name,
                        is_other,
                        answer,
                    });
                } else if return_and_rewrite::refuses(&answer) {
                    remarks.careful(
                        &one,
                        "there is no route for this host, so nobody is refused by it; write one with to = \"status:403\", if it has requests",
                    );
                } else {
                    remarks.about(
                        &one,
                        "there is no route for this host; write one, if it has requests",
                    );
                }
            }
            Condition::Refusal { is_avoidable: true } => {
                remarks.careful(&one, closed_paths::CONDITION_LET_IN);
            }
            Condition::Refusal {
                is_avoidable: false,
            } => {
                closed_paths::close(level);
                remarks.careful(&one, closed_paths::CONDITION_CLOSED);
            }
            Condition::Unknown => remarks.about(&one, closed_paths::CONDITION),
        }
    }
    answered
}

fn is_of_host(directive: &Directive) -> bool {
    directive.words.iter().any(|word| word.contains("host"))
}

fn convert_rewrites(level: &mut Level, remarks: &mut Remarks) {
    for rewrite in std::mem::take(&mut level.rewrites) {
        if level.answer.is_none()
            && let Some(answer) = return_and_rewrite::redirect_of_all(&rewrite)
        {
            level.answer = Some(answer);
        } else {
            remarks.about(&rewrite, return_and_rewrite::REWRITE);
        }
    }
}

/// nginx answers such requests, and Kenduri redirects them to HTTPS.
fn tell_clear(
    server: &Directive,
    level: &Level,
    identity: &Identity,
    there: &[String],
    led: &BTreeSet<String>,
    remarks: &mut Remarks,
) {
    let is_told_otherwise = |one: &&Directive| match kind(one) {
        Kind::Prefix("/") => one.inside().iter().any(|inner| {
            there
                .iter()
                .all(|host| return_and_rewrite::is_to_https(inner, host))
        }),
        Kind::Prefix(path) => path.starts_with(ACME),
        _ => false,
    };
    let left_out = level.locations.len() - level.locations.iter().filter(is_told_otherwise).count();
    let says_nothing = left_out == 0 && level.answer.is_none() && level.scope.root.is_empty();
    if !says_nothing && there.iter().any(|host| !led.contains(host)) {
        remarks.line(format!(
            "{}: {} is served with TLS by another server, so requests in the clear are led there; what this server says of \
             them, in {left_out} locations and outside of them, is left out",
            server.place,
            there.join(", ")
        ));
    }
    if identity.is_tls && identity.listens_in_clear && led.is_empty() && level.answer.is_none() {
        remarks.line(format!(
            "{}: nginx answers in the clear too; here such requests are led to https with 308 where the host has a \
             certificate, also those that post, and those of devices and health checks that follow nobody",
            server.place
        ));
    }
}

/// In nginx, only some clients can reach the block, but Kenduri's routes apply to all listeners.
/// `wider` contains the sites that more clients can reach.
fn restrict(
    routes: &mut [Told],
    reach: Reach,
    wider: &[Site],
    server: &Directive,
    remarks: &mut Remarks,
) {
    const FEW: &str = "where few reach it, others listen wider";
    const PORTS: &str = "on ports of its own, which a firewall may keep to some, others on ports that may be open to all";
    let known = |host: &str| {
        let mut others = wider.iter().flat_map(|site| &site.routes);
        host.is_empty() || others.any(|told| told.route.host == host)
    };
    let has_own_hosts = !routes.iter().any(|told| known(&told.route.host));
    let (which, what) = match reach {
        Reach::Loopback => (
            FEW,
            "so its routes let in this machine alone; see `access` in docs/edge-reference.md",
        ),
        Reach::Everywhere if has_own_hosts => (
            PORTS,
            "so whoever asks for its host comes in there too; say in `access` who may",
        ),
        reach => (
            if reach == Reach::Everywhere {
                PORTS
            } else {
                FEW
            },
            "so its routes are closed; say in `access` who may come in, and where they lead",
        ),
    };
    remarks.line(format!(
        "CAREFUL: {}: this server listened {which}, and a route answers wherever is listened, {what}",
        server.place
    ));
    for Told { route, .. } in routes {
        match reach {
            Reach::Everywhere if has_own_hosts => {}
            Reach::Loopback if allows_all(route) => {
                let access = route.access.get_or_insert_default();
                access.allow = vec!["127.0.0.0/8".to_owned(), "::1".to_owned()];
            }
            _ => {
                route.access = None;
                close(route, 403);
            }
        }
    }
}

fn allows_all(route: &edge::Route) -> bool {
    let access = route.access.as_ref();
    access.is_none_or(|access| access.allow.is_empty())
}

/// The directives outside of locations become the location `/`, if there is none.
fn read_spots(level: &mut Level, zones: &Zones, made: &mut Made) -> Locations {
    if level.answer.is_some() {
        // nginx sends the server block's `return` without looking for a location.
        level.locations.clear();
    }
    let locations = std::mem::take(&mut level.locations);
    let mut spots = Locations::read(&locations, &level.scope, zones, made);
    if !spots.plain.iter().any(|spot| spot.path == "/") {
        spots.plain.push(ConvertedLocation {
            path: "/".to_owned(),
            level: std::mem::take(level),
            is_final: false,
        });
    }
    spots.finish();
    spots
}

/// Only a `rewrite … break` that strips a prefix; the others get remarks.
fn convert_rewrites_of(spot: &mut ConvertedLocation) {
    let level = &mut spot.level;
    let fits = |one: &Directive| {
        let strip = return_and_rewrite::stripped(one);
        strip.filter(|strip| *strip == spot.path.trim_end_matches('/'))
    };
    let rewrites = std::mem::take(&mut level.rewrites);
    for one in &rewrites {
        if let (Some(_), Some(pass)) = (fits(one), &mut level.pass)
            && rewrites.len() == 1
            && let Some(url) = pass.words.first_mut()
        {
            // In nginx, a colon separates the path of a Unix socket from the URL's path.
            if url.contains("unix:") && url.matches(':').count() == 2 {
                url.push_str(":/");
            } else if !url.ends_with('/') {
                url.push('/');
            }
        } else if level.answer.is_none()
            && let Some(answer) = return_and_rewrite::redirect_of_all(one)
        {
            level.answer = Some(answer);
        } else {
            level.remarks.about(one, return_and_rewrite::REWRITE);
        }
    }
}

fn set_target(
    route: &mut edge::Route,
    spot: &mut ConvertedLocation,
    named: &std::collections::BTreeMap<String, Level>,
    is_tls: bool,
    made: &mut Made,
) {
    let level = &mut spot.level;
    if level.internal {
        close(route, 404);
        return;
    }
    if !level.scope.closed.is_empty() {
        close(route, 403);
        return;
    }
    if made.hides_clients && level.scope.judges_addresses() {
        close(route, 403);
        return;
    }
    if let Some(answer) = level.answer.clone() {
        return_and_rewrite::answer(route, level, &answer, is_tls, made);
    } else if let Some(pass) = level.pass.clone() {
        proxy::lead(route, level, &pass, made);
    } else {
        files::lead(route, level, named, made);
    }
    let host = route.host.clone();
    level.dress(route, &host, made);
}
