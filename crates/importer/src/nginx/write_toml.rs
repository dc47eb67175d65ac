//! Writes the resulting `kenduri.toml`, after validating it with Kenduri's own checks.

use std::collections::BTreeSet;
use std::path::Path;

use edge::{Description, Plan, PlanContext, Problem};
use toml::{Table, Value};

use super::import_result::{Made, Site, Told, close};
use super::remarks::Remarks;
use crate::Imported;
use crate::toml_text::Page;

/// Several may be needed, because removing refused parts can cause further errors.
const MAX_ROUNDS: usize = 8;

/// Writes the `kenduri.toml`. Kenduri accepts the file if the folders and files that it names
/// exist.
pub(super) fn write(name: &str, mut made: Made) -> Imported {
    if made.http.is_empty() && made.https.is_empty() {
        made.http.push(":80".to_owned());
    }
    validate(&mut made);
    let mut page = Page::default();
    page.say(&format!(
        "What `kenduri import nginx` made of {name}. Look at it with: kenduri check --config FILE"
    ));
    page.say("A comment above a section says what could not be carried over, with file and line.");
    for note in &made.notes {
        page.gap();
        page.say(note);
    }
    let mut said = BTreeSet::new();
    if !made.remarks.is_empty() {
        page.gap();
    }
    write_remarks(&mut page, &made.remarks, &mut said);
    listen(&mut page, &made);
    certificates(&mut page, &made);
    upstreams(&mut page, &made);
    for site in &made.sites {
        page.gap();
        page.say(&format!("--- {}", site.title));
        write_remarks(&mut page, &site.remarks, &mut said);
        for told in &site.routes {
            page.gap();
            write_remarks(&mut page, &told.remarks, &mut said);
            route(&mut page, &told.route);
        }
    }
    page.finish()
}

fn write_remarks(page: &mut Page, remarks: &Remarks, said: &mut BTreeSet<String>) {
    for line in remarks.lines() {
        if said.insert(line.clone()) {
            page.remark(&line);
        }
    }
}

fn listen(page: &mut Page, made: &Made) {
    page.gap();
    page.section("[listen]");
    page.key("http", made.http.clone());
    page.key("https", made.https.clone());
    page.key("header_size", made.header_size.as_str());
    if !made.trusted_proxies.is_empty() {
        page.key("trusted_proxies", made.trusted_proxies.clone());
        if made.forwarded_header == edge::ForwardedHeader::XForwardedFor {
            page.key("forwarded_header", "x-forwarded-for");
        }
    }
    if !made.proxy_protocol.is_empty() {
        page.key("proxy_protocol", made.proxy_protocol.clone());
    }
}

fn certificates(page: &mut Page, made: &Made) {
    if !made.https.is_empty() {
        page.gap();
        page.say(
            "Kenduri can order and renew certificates itself: instead of the files, and of certbot, write \
             [tls] acme = { email = \"you@example.org\" }. Files of certbot can be read by root alone; the user \
             that runs Kenduri must be let in.",
        );
    }
    for certificate in &made.certificates {
        page.gap();
        page.section("[[tls.certificate]]");
        if !certificate.hosts.is_empty() {
            page.key("hosts", certificate.hosts.clone());
        }
        page.key("chain", certificate.chain.as_str());
        page.key("key", certificate.key.as_str());
        if certificate.default {
            page.key("default", true);
        }
    }
}

fn upstreams(page: &mut Page, made: &Made) {
    let usual = edge::Upstream::default();
    for (name, group) in &made.upstreams {
        page.gap();
        write_remarks(page, &group.remarks, &mut BTreeSet::new());
        let upstream = &group.upstream;
        if upstream.to.is_empty() {
            continue;
        }
        page.section(&format!("[upstream.{name}]"));
        page.key("to", upstream.to.clone());
        for (key, value, usual) in [
            ("balance", &upstream.balance, &usual.balance),
            ("connect_time", &upstream.connect_time, &usual.connect_time),
            (
                "first_byte_time",
                &upstream.first_byte_time,
                &usual.first_byte_time,
            ),
            ("idle_time", &upstream.idle_time, &usual.idle_time),
        ] {
            if value != usual {
                page.key(key, value.as_str());
            }
        }
    }
}

fn route(page: &mut Page, route: &edge::Route) {
    page.section("[[route]]");
    for (key, value) in [
        ("host", &route.host),
        ("path", &route.path),
        ("to", &route.to),
        ("strip", &route.strip),
        ("add", &route.add),
        ("body_size", &route.body_size),
    ] {
        if !value.is_empty() {
            page.key(key, value.as_str());
        }
    }
    if !route.r#try.is_empty() {
        page.key("try", route.r#try.clone());
    }
    if route.listing {
        page.key("listing", true);
    }
    let texts = |map: &std::collections::BTreeMap<String, String>| -> Value {
        let pairs = map
            .iter()
            .map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        Value::Table(pairs.collect())
    };
    if !route.cache.is_empty() {
        page.key("cache", texts(&route.cache));
    }
    if let Some(limit) = &route.limit {
        let mut table = Table::new();
        table.insert("rate".to_owned(), limit.rate.as_str().into());
        table.insert("burst".to_owned(), i64::from(limit.burst).into());
        table.insert("by".to_owned(), limit.by.as_str().into());
        page.key("limit", table);
    }
    if let Some(access) = &route.access {
        let mut table = Table::new();
        for (key, list) in [("allow", &access.allow), ("deny", &access.deny)] {
            if !list.is_empty() {
                table.insert(key.to_owned(), list.clone().into());
            }
        }
        if let Some(basic) = &access.basic {
            let mut inner = Table::new();
            inner.insert("file".to_owned(), basic.file.as_str().into());
            inner.insert("realm".to_owned(), basic.realm.as_str().into());
            table.insert("basic".to_owned(), inner.into());
        }
        page.key("access", table);
    }
    let mut headers = Table::new();
    if !route.headers.set.is_empty() {
        headers.insert("set".to_owned(), texts(&route.headers.set));
    }
    if !route.headers.remove.is_empty() {
        headers.insert("remove".to_owned(), route.headers.remove.clone().into());
    }
    if !headers.is_empty() {
        page.key("headers", headers);
    }
    if !route.request_headers.remove.is_empty() {
        let mut table = Table::new();
        let names = route.request_headers.remove.clone();
        table.insert("remove".to_owned(), names.into());
        page.key("request_headers", table);
    }
}

fn described(made: &Made) -> Description {
    let mut description = Description::default();
    let listen = &mut description.listen;
    listen.http.clone_from(&made.http);
    listen.https.clone_from(&made.https);
    listen.header_size.clone_from(&made.header_size);
    listen.trusted_proxies.clone_from(&made.trusted_proxies);
    listen.forwarded_header = made.forwarded_header;
    listen.proxy_protocol.clone_from(&made.proxy_protocol);
    description.tls.certificate.clone_from(&made.certificates);
    let routes = made.sites.iter().flat_map(|site| &site.routes);
    description.route = routes.map(|told| told.route.clone()).collect();
    let groups = made
        .upstreams
        .iter()
        .filter(|(_, group)| !group.upstream.to.is_empty());
    description.upstream = groups
        .map(|(name, group)| (name.clone(), group.upstream.clone()))
        .collect();
    description
}

/// A refused route is changed so that it only returns an error status; other refused parts are
/// removed.
fn validate(made: &mut Made) {
    // The routes that already return only an error status. If the check refuses such a route again,
    // the route is removed.
    let mut closed = BTreeSet::new();
    for _ in 0..MAX_ROUNDS {
        if made.sites.iter().all(|site| site.routes.is_empty()) {
            // Without any route, Kenduri's own pages would handle all requests.
            let mut remarks = Remarks::default();
            remarks.line(
                "no server could be carried over; every request is answered with 404, until you write a [[route]]".to_owned(),
            );
            let mut route = edge::Route::default();
            close(&mut route, 404);
            made.sites.push(Site {
                title: "nothing else".to_owned(),
                remarks,
                routes: vec![Told {
                    route,
                    remarks: Remarks::default(),
                    is_final: false,
                }],
            });
        }
        let nowhere = Path::new("/");
        let ground = PlanContext {
            services: &[],
            folder: nowhere,
            data: nowhere,
        };
        let Err(flaws) = Plan::check(&described(made), &ground) else {
            return;
        };
        let mut refused = BTreeSet::new();
        let before = closed.clone();
        for flaw in flaws.into_iter().filter(|flaw| !is_missing_file(flaw)) {
            mend(made, &flaw, &before, &mut closed, &mut refused);
        }
        if refused.is_empty() {
            return;
        }
        let mut number = 0;
        for site in &mut made.sites {
            site.routes.retain(|_| {
                number += 1;
                !refused.contains(&(number - 1))
            });
        }
    }
}

/// 403 if the route restricted access.
fn status_instead(route: &edge::Route) -> u16 {
    if route.access.is_some() || route.to == "status:403" {
        403
    } else {
        503
    }
}

/// Whether the error is about a missing folder or file. Those need to exist only on the machine
/// where Kenduri will run. A file is no missing folder, since it would be a file there too.
pub(super) fn is_missing_file(flaw: &Problem) -> bool {
    let names_file = [".chain", ".key", ".basic.file"]
        .iter()
        .any(|end| flaw.key.ends_with(end));
    let is_absent = ["cannot read ", " is not a file"]
        .iter()
        .any(|what| flaw.what.contains(what));
    (names_file && is_absent)
        || (flaw.key.rsplit('.').next() == Some("to")
            && flaw
                .what
                .strip_suffix(" is not a folder")
                .is_some_and(|path| !Path::new(path).is_file()))
}

/// Changes a part or marks a route for removal.
fn mend(
    made: &mut Made,
    flaw: &Problem,
    before: &BTreeSet<(String, String)>,
    closed: &mut BTreeSet<(String, String)>,
    refused: &mut BTreeSet<usize>,
) {
    let what = format!("{}; {}", flaw.what, flaw.mend);
    let number = |section: &str| -> Option<usize> {
        let rest = flaw.key.strip_prefix(section)?.strip_prefix('[')?;
        rest.split(']').next()?.parse().ok()
    };
    if let Some(number) = number("route") {
        let mut left = number;
        for site in &mut made.sites {
            if let Some(told) = site.routes.get_mut(left) {
                let spot = (told.route.host.clone(), told.route.path.clone());
                let (host, path) = &spot;
                let cannot_stand = [".host", ".path"].iter().any(|end| flaw.key.ends_with(end));
                if cannot_stand || before.contains(&spot) {
                    site.remarks.line(format!(
                        "CAREFUL: {host}{path} to {} is left out: {what}",
                        told.route.to
                    ));
                    refused.insert(number);
                    return;
                }
                // Without this route, a more general route would apply to its path.
                if closed.insert(spot.clone()) {
                    let status = status_instead(&told.route);
                    site.remarks.line(format!(
                        "CAREFUL: {host}{path} to {} cannot be so, and answers {status}: {what}",
                        told.route.to
                    ));
                    told.route = edge::Route {
                        host: spot.0,
                        path: spot.1,
                        ..edge::Route::default()
                    };
                    close(&mut told.route, status);
                    refused.insert(usize::MAX);
                }
                return;
            }
            left -= site.routes.len();
        }
        return;
    }
    // If several certificates are wrong, the following rounds find the others.
    let changed = if let Some(number) = number("tls.certificate") {
        (number < made.certificates.len())
            .then(|| made.certificates.remove(number))
            .is_some()
    } else if let Some(number) = number("listen.http") {
        (number < made.http.len())
            .then(|| made.http.remove(number))
            .is_some()
    } else if let Some(number) = number("listen.https") {
        (number < made.https.len())
            .then(|| made.https.remove(number))
            .is_some()
    } else if let Some(name) = flaw.key.strip_prefix("upstream.") {
        let name = name.split('.').next().unwrap_or_default();
        made.upstreams.remove(name).is_some()
    } else if flaw.key.starts_with("listen.proxy_protocol") {
        !std::mem::take(&mut made.proxy_protocol).is_empty()
    } else {
        false
    };
    if changed {
        made.remarks
            .line(format!("CAREFUL: left out: {}: {what}", flaw.key));
        // No route is removed, but this index makes the caller validate again.
        refused.insert(usize::MAX);
    }
}
