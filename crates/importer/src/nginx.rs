//! Imports nginx server blocks as routes.
//!
//! The file is parsed as nginx parses it (`tokens`, `tree`, `include`). Each block is interpreted
//! with the settings that it inherits (`scope`), and becomes parts of a `kenduri.toml` (`made`).
//! Before these parts are written, the edge's own check validates them. Parts that the edge would
//! refuse are omitted, and a remark says so (`written`).

mod access;
mod closed_paths;
mod directive;
mod files;
mod ignored_directives;
mod import_result;
mod include;
mod listen;
mod literal;
mod location;
mod locations;
mod proxy;
mod real_ip;
mod remarks;
mod request_headers;
mod return_and_rewrite;
mod scope;
mod servers;
#[cfg(test)]
mod tests;
mod tokens;
mod tree;
mod values;
mod write_toml;

use std::collections::BTreeSet;
use std::path::Path;

use super::{ImportError, Imported};
use directive::Directive;
use import_result::Made;
use listen::Server;
use scope::{Level, Scope, Zones};
use servers::Hosts;

const MAX_SERVERS: usize = 2_000;

/// nginx's default, in bytes: four buffers of 8 KiB.
const HEADERS: u64 = 32 << 10;
/// Kenduri's limit, in bytes.
const LARGEST_HEADERS: u64 = 1 << 20;

const BODIES: &str = "nginx refuses bodies above 1 MB unless client_max_body_size says otherwise. A route without \
     `body_size` has no limit.";

/// Converts an nginx configuration file to a `kenduri.toml`.
pub fn import(file: &Path) -> Result<Imported, ImportError> {
    let (directives, remarks) = tree::read(file)?;
    let name = file
        .file_name()
        .unwrap_or(file.as_os_str())
        .to_string_lossy();
    made_of(&name, &directives, remarks)
}

fn made_of(
    name: &str,
    directives: &[Directive],
    missing: Vec<String>,
) -> Result<Imported, ImportError> {
    let mut made = Made::default();
    for line in missing {
        made.remarks.line(line);
    }
    let mut servers = Vec::new();
    read(
        directives,
        &Scope::default(),
        &Zones::new(),
        &mut made,
        &mut servers,
    );
    if servers.is_empty() {
        return Err(ImportError::Nothing {
            file: name.to_owned(),
            what: "there is no `server { … }` in it",
            mend: "name the file that holds the site, or nginx.conf, which includes it",
        });
    }
    listen::settle_defaults(&servers, &mut made);
    listen::settle(&mut made);
    real_ip::settle(servers.iter().map(|(server, _)| &server.level), &mut made);
    let buffers = servers
        .iter()
        .map(|(server, _)| server.level.scope.header_buffers);
    let buffers = buffers.map(|bytes| if bytes == 0 { HEADERS } else { bytes });
    let largest = buffers.max().unwrap_or(HEADERS);
    made.header_size = format!("{}K", largest.clamp(HEADERS, LARGEST_HEADERS) >> 10);
    let hosts_of = |is_chosen: &dyn Fn(&Server) -> bool| -> BTreeSet<String> {
        let chosen = servers.iter().filter(|(server, _)| is_chosen(server));
        chosen
            .flat_map(|(server, _)| server.identity.hosts.clone())
            .collect()
    };
    let hosts = Hosts {
        all: hosts_of(&|_| true),
        secure: hosts_of(&|server| server.identity.is_tls),
    };
    // If two routes have the same host and path, the first route is kept. Therefore servers that
    // fewer clients can reach come last, and servers with TLS come before servers without TLS.
    let mut places: Vec<_> = servers
        .iter()
        .flat_map(|(server, _)| server.identity.places.clone())
        .collect();
    if made.http.is_empty() && made.https.is_empty() {
        places.push(listen::Place::usual());
    }
    for (server, _) in &mut servers {
        server.narrow = server.identity.narrower_than(&places);
    }
    servers.sort_by_key(|(server, _)| (server.narrow.is_some(), !server.identity.is_tls));
    for (server, zones) in servers {
        let site = servers::site(server, &zones, &hosts, &mut made);
        made.sites.push(site);
    }
    made.tell_shared_limits();
    let limits_bodies = made
        .sites
        .iter()
        .flat_map(|site| &site.routes)
        .all(|told| !told.route.body_size.is_empty());
    if !limits_bodies {
        made.add_note(BODIES);
    }
    Ok(write_toml::write(name, made))
}

/// The server blocks, and the directives outside of them.
fn read(
    directives: &[Directive],
    around: &Scope,
    around_zones: &Zones,
    made: &mut Made,
    servers: &mut Vec<(Server, Zones)>,
) {
    let mut zones = around_zones.clone();
    for directive in directives.iter().filter(|one| one.name == "limit_req_zone") {
        zone(directive, &mut zones, made);
    }
    for directive in directives.iter().filter(|one| one.name == "upstream") {
        proxy::upstream(directive, made);
    }
    let is_server = |one: &&Directive| matches!(one.name.as_str(), "server" | "http");
    let (inner, own): (Vec<&Directive>, Vec<&Directive>) = directives.iter().partition(is_server);
    let own: Vec<Directive> = own.into_iter().cloned().collect();
    let level = Level::read(&own, around, &zones);
    made.remarks.append(level.remarks);
    for directive in inner {
        if directive.name == "http" {
            read(directive.inside(), &level.scope, &zones, made, servers);
        } else if servers.len() < MAX_SERVERS {
            let mut block = directive.inside().to_vec();
            return_and_rewrite::name_server(&mut block);
            let mut level = Level::read(&block, &level.scope, &zones);
            let identity = listen::identity(directive, &mut level, made);
            let directive = directive.clone();
            servers.push((
                Server {
                    directive,
                    level,
                    identity,
                    narrow: None,
                },
                zones.clone(),
            ));
        } else {
            made.remarks.about(
                directive,
                "left out: there are too many servers; import it from a file of its own",
            );
        }
    }
}

fn zone(directive: &Directive, zones: &mut Zones, made: &mut Made) {
    let value = |name: &str| {
        let mut words = directive.words.iter();
        words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    };
    let name = value("zone").and_then(|zone| zone.split(':').next());
    let limit = value("rate").and_then(|rate| values::limit(directive.word(0), rate));
    match (name, limit) {
        (Some(name), Some(limit)) => {
            zones.insert(name.to_owned(), limit);
        }
        _ => made.remarks.about(
            directive,
            "left out: requests are counted by address, header or cookie, each second or minute; write such a `limit` into the routes",
        ),
    }
}
