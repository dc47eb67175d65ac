//! Converts `server` blocks to the routes of their hosts.

use std::collections::BTreeSet;

use super::answers::{self, Condition};
use super::listen::{Identity, Reach};
use super::locations::{ConvertedLocation, Locations};
use super::made::{Made, Site, Told, close};
use super::remarks::Remarks;
use super::scope::{Level, Zones};
use super::tree::Directive;
use super::{files, proxy};

const HTTPS: &str =
    "requests in the clear are led to https by themselves, for every host that has a certificate";

/// A parsed server block.
pub(super) struct Server {
    pub(super) directive: Directive,
    pub(super) level: Level,
    pub(super) identity: Identity,
    /// The reach of the server block, if another server block in the file has a wider reach.
    pub(super) narrow: Option<Reach>,
}

/// Makes the routes of a server block. `secure` contains the hosts that at least one block serves
/// with TLS.
pub(super) fn site(
    server: Server,
    zones: &Zones,
    secure: &BTreeSet<String>,
    made: &mut Made,
) -> Site {
    let Server {
        directive,
        mut level,
        identity,
        narrow,
    } = server;
    let mut remarks = std::mem::take(&mut level.remarks);
    let shown: Vec<&str> = identity
        .hosts
        .iter()
        .map(|host| if host.is_empty() { "every host" } else { host })
        .collect();
    let title = format!("{}: server {}", directive.place, shown.join(", "));
    let mut site = Site {
        title,
        remarks: Remarks::default(),
        routes: Vec::new(),
    };
    let mut redirects = Vec::new();
    // The hosts for which clear-text requests are all redirected to HTTPS.
    let mut led = BTreeSet::new();
    for one in std::mem::take(&mut level.conditions) {
        match answers::condition(&one, &identity.hosts) {
            Condition::ToHttps(hosts) => {
                led.extend(hosts);
                remarks.settled(&one, HTTPS);
            }
            Condition::Host {
                name,
                is_other,
                answer,
            } => redirects.push((name, is_other, answer)),
            Condition::Refusal => remarks.careful(
                &one,
                "conditions cannot be carried over: those whom this refuses come in",
            ),
            Condition::Unknown => remarks.about(&one, "conditions cannot be carried over"),
        }
    }
    for rewrite in std::mem::take(&mut level.rewrites) {
        if answers::is_to_https(&rewrite, &identity.hosts) {
            led.extend(identity.hosts.clone());
            remarks.settled(&rewrite, HTTPS);
        } else {
            remarks.about(&rewrite, "regular expressions cannot be carried over; a route may `strip` and `add`, or lead to redirect:URL");
        }
    }
    if let Some(answer) = level
        .answer
        .take_if(|one| answers::is_to_https(one, &identity.hosts))
    {
        led.extend(identity.hosts.clone());
        remarks.settled(&answer, HTTPS);
    }
    let is_secure = |host: &String| identity.is_tls || secure.contains(host);
    let (there, plain): (Vec<String>, Vec<String>) = identity
        .hosts
        .iter()
        .cloned()
        .partition(|host| !identity.is_tls && secure.contains(host));
    let plain_routes = level.locations.len();
    if !there.is_empty() && led.is_empty() && plain_routes > 0 {
        remarks.line(format!(
            "{}: {} is served with TLS by another server, so requests in the clear are led there; the {plain_routes} locations here are left out",
            directive.place,
            there.join(", ")
        ));
    }
    // If the server block redirects every request to HTTPS, it needs no routes.
    let hosts: Vec<String> = plain
        .into_iter()
        .filter(|host| identity.is_tls || !led.contains(host))
        .collect();
    if !led.is_empty() && !identity.hosts.iter().any(is_secure) {
        remarks.line(format!(
            "{}: no server here serves {} with TLS, where nginx leads to; say in [tls] where certificates come from",
            directive.place,
            led.iter().cloned().collect::<Vec<_>>().join(", ")
        ));
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
        rewritten(&mut spot);
        for host in &hosts {
            let mut route = edge::Route {
                host: host.clone(),
                path: spot.path.clone(),
                ..edge::Route::default()
            };
            let redirect = redirects
                .iter()
                .find(|(name, is_other, _)| (name == host) != *is_other);
            match redirect {
                // The host's response is the same for every path.
                Some(_) if spot.path != "/" => continue,
                Some((_, _, answer)) => {
                    answers::answer(&mut route, &mut spot.level, answer, identity.is_tls, made);
                }
                None => lead(&mut route, &mut spot, &named, identity.is_tls, made),
            }
            let taken = made
                .sites
                .iter()
                .flat_map(|site| &site.routes)
                .chain(&site.routes);
            let is_taken =
                |told: &Told| told.route.host == route.host && told.route.path == route.path;
            if taken.into_iter().any(is_taken) {
                remarks.line(format!(
                    "{}: {}{} is answered by an earlier server, which is kept",
                    directive.place, route.host, route.path
                ));
                continue;
            }
            remarks.append(spot.level.remarks.take_settled());
            site.routes.push(Told {
                route,
                remarks: std::mem::take(&mut spot.level.remarks),
            });
        }
    }
    for (one, names, level) in endings {
        files::cache(&mut site.routes, &one, &names, &level, &mut remarks);
    }
    if php.is_some() {
        files::hide_sources(&mut site.routes);
    }
    if site.routes.is_empty() && led.is_empty() && there.is_empty() {
        remarks.line(format!(
            "{}: nothing of it could be carried over",
            directive.place
        ));
    }
    if let Some(reach) = narrow.filter(|_| !site.routes.is_empty()) {
        narrowed(
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

/// Restricts access to the routes of a server block, and adds a remark. In nginx, only some clients
/// can reach the block, but Kenduri's routes apply to all listeners. `wider` contains the sites
/// that more clients can reach.
fn narrowed(
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

/// Whether the route has no list of allowed networks.
fn allows_all(route: &edge::Route) -> bool {
    let access = route.access.as_ref();
    access.is_none_or(|access| access.allow.is_empty())
}

/// Reads the locations of a server block. The directives outside of locations become the location
/// `/`, if there is none.
fn read_spots(level: &mut Level, zones: &Zones, made: &mut Made) -> Locations {
    if level.answer.is_some() {
        // nginx sends the server block's `return` without looking for a location.
        level.locations.clear();
    }
    let locations = std::mem::take(&mut level.locations);
    let mut spots = Locations::read(&locations, &level.scope, zones, made);
    let has_rest = level.answer.is_some() || !level.scope.root.is_empty();
    if has_rest && !spots.plain.iter().any(|spot| spot.path == "/") {
        spots.plain.push(ConvertedLocation {
            path: "/".to_owned(),
            level: std::mem::take(level),
        });
    }
    spots
}

/// Converts a `rewrite … break` that strips a prefix, and adds remarks about other rewrites.
fn rewritten(spot: &mut ConvertedLocation) {
    let level = &mut spot.level;
    for one in std::mem::take(&mut level.conditions) {
        let why = "conditions cannot be carried over";
        match answers::condition(&one, &[]) {
            Condition::Refusal => level.remarks.careful(&one, why),
            _ => level.remarks.about(&one, why),
        }
    }
    let fits = |one: &Directive| {
        let strip = answers::stripped(one);
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
        } else {
            level.remarks.about(
                one,
                "regular expressions cannot be carried over; a route may `strip` and `add`, or lead to redirect:URL",
            );
        }
    }
}

/// Sets the target and the settings of a route.
fn lead(
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
    if let Some(answer) = level.answer.clone() {
        answers::answer(route, level, &answer, is_tls, made);
    } else if let Some(pass) = level.pass.clone() {
        proxy::lead(route, level, &pass, made);
    } else {
        files::lead(route, level, named, made);
    }
    let host = route.host.clone();
    level.dress(route, &host, made);
}
