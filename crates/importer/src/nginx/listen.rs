//! Converts `listen`, `server_name` and the certificates of a server block.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::directive::Directive;
use super::import_result::Made;
use super::remarks::Remarks;
use super::scope::{Level, Scope, Zones};

/// A parsed server block.
pub(super) struct Server {
    pub(super) directive: Directive,
    pub(super) level: Level,
    pub(super) identity: Identity,
    /// The reach of the server block, if another server block in the file has a wider reach.
    pub(super) narrow: Option<Reach>,
}

const DEFAULT: &str = "nginx answers requests for names that no server has, and for the bare address, by its first or \
     default server. Kenduri answers them by a route without `host`, and with 404 where there is none: leave `host` out \
     of a route to have it for every name.";

const UNNAMED: &str = "nginx shows the certificate of its default server to clients that ask for a name which no certificate \
     has. Kenduri refuses such a handshake: name each host, such as box.lan, in `hosts` of a [[tls.certificate]]. Clients \
     that name none, as for https://192.0.2.7/, get the certificate with `default`.";

/// The host names and listening sockets of a server block.
pub(super) struct Identity {
    /// The hosts of the server block's routes. An empty string stands for every host.
    pub(super) hosts: Vec<String>,
    pub(super) is_tls: bool,
    /// Whether at least one of the listening sockets is without TLS.
    pub(super) listens_in_clear: bool,
    pub(super) places: Vec<Place>,
    /// The flag is true if the server block is the address's default.
    listens: Vec<(String, bool)>,
}

/// A listening socket address of a server.
#[derive(Debug, Clone)]
pub(super) struct Place {
    reach: Reach,
    /// The host or IP address as configured, or the whole path of a Unix socket.
    host: String,
    /// The port; empty for a Unix socket.
    port: String,
}

impl Place {
    /// nginx's default: all addresses, port 80.
    pub(super) fn usual() -> Self {
        Self::of("*", "80")
    }

    fn of(host: &str, port: &str) -> Self {
        Self {
            reach: Reach::of(host),
            host: host.to_owned(),
            port: port.to_owned(),
        }
    }

    /// Firewalls usually leave ports 80 and 443 open to everybody.
    fn is_of_the_web(&self) -> bool {
        self.reach == Reach::Everywhere && matches!(&*self.port, "80" | "443")
    }
}

/// The networks from which a listening socket address can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// A Unix socket.
    File,
    Loopback,
    /// A private network, or a host name whose IP addresses are not known.
    Private,
    Everywhere,
}

impl Reach {
    fn of(host: &str) -> Self {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if matches!(bare, "*" | "") {
            return Self::Everywhere;
        }
        if bare == "localhost" {
            return Self::Loopback;
        }
        let Ok(address) = bare.parse::<IpAddr>() else {
            return Self::Private;
        };
        let address = address.to_canonical();
        let is_private = match address {
            IpAddr::V4(address) => {
                let [first, second, ..] = address.octets();
                address.is_private()
                    || address.is_link_local()
                    || (first == 100 && second & 0xc0 == 64)
            }
            IpAddr::V6(address) => address.is_unique_local() || address.is_unicast_link_local(),
        };
        if address.is_loopback() {
            Self::Loopback
        } else if is_private {
            Self::Private
        } else {
            Self::Everywhere
        }
    }
}

impl Identity {
    fn reach(&self) -> Reach {
        let widest = self.places.iter().map(|place| place.reach).max();
        widest.unwrap_or(Reach::Everywhere)
    }

    /// The reach of this server block if more clients can reach one of the socket addresses in
    /// `others`; otherwise `None`. Kenduri's routes apply to all listeners, so the caller must
    /// restrict access to the routes of this block.
    pub(super) fn narrower_than(&self, others: &[Place]) -> Option<Reach> {
        let own = self.reach();
        let listens_so = |is_such: &dyn Fn(&Place) -> bool| self.places.iter().any(is_such);
        let is_wider = |other: &Place| match own {
            Reach::Everywhere => {
                other.reach == own
                    && !listens_so(&Place::is_of_the_web)
                    && !listens_so(&|mine| mine.reach == own && mine.port == other.port)
            }
            Reach::Loopback => other.reach > own,
            Reach::File | Reach::Private => {
                other.reach > own
                    || (other.reach == own && !listens_so(&|mine| mine.host == other.host))
            }
        };
        others.iter().any(is_wider).then_some(own)
    }
}

/// Reads the host names and socket addresses of a server block, and records its listeners and
/// certificates.
pub(super) fn identity(server: &Directive, level: &mut Level, made: &mut Made) -> Identity {
    let own = std::mem::take(&mut level.own);
    let remarks = &mut level.remarks;
    let of = |name: &'static str| own.iter().filter(move |one| one.name == name);
    let mut hosts = Vec::new();
    for directive in of("server_name") {
        names(directive, &mut hosts, remarks);
    }
    let all_unknown = hosts.is_empty() && of("server_name").any(|one| !one.words.is_empty());
    if hosts.is_empty() && !all_unknown {
        hosts.push(String::new());
    }
    let was_ssl = server
        .inside()
        .iter()
        .any(|one| one.name == "ssl" && one.word(0) == "on");
    let mut is_tls = was_ssl;
    let mut listens_in_clear = false;
    let mut places = Vec::new();
    let mut listens = Vec::new();
    for directive in of("listen").filter(|one| !one.words.is_empty()) {
        let with_tls = listen(directive, was_ssl, made, remarks);
        is_tls |= with_tls;
        listens_in_clear |= !with_tls;
        places.extend(place(directive));
        let is_default = directive.words[1..]
            .iter()
            .any(|word| matches!(word.as_str(), "default_server" | "default"));
        listens.push((address(directive), is_default));
    }
    if of("listen").next().is_none() {
        push(&mut made.http, ":80".to_owned());
        places.push(Place::usual());
        listens.push((":80".to_owned(), false));
    }
    // A certificate inherited from `http` may be meant only for server blocks with TLS.
    if is_tls {
        certificates(&level.scope, &hosts, made, remarks);
    }
    Identity {
        hosts,
        is_tls,
        listens_in_clear,
        places,
        listens,
    }
}

fn defaults(servers: &[(Server, Zones)]) -> BTreeMap<&str, (bool, &Server)> {
    let mut defaults: BTreeMap<&str, (bool, &Server)> = BTreeMap::new();
    for (server, _) in servers {
        for (address, is_default) in &server.identity.listens {
            let known = defaults.entry(address).or_insert((*is_default, server));
            if *is_default && !known.0 {
                *known = (true, server);
            }
        }
    }
    defaults
}

/// Handles what the default server block of a socket address answers beside its names.
///
/// Adds a note if a block with names also answers for all other hosts, and a remark about a block
/// without names that nginx never asks for them. Makes the certificate of the first block with TLS
/// the one for clients that name no host.
pub(super) fn settle_defaults(servers: &[(Server, Zones)], made: &mut Made) {
    let defaults = defaults(servers);
    let answers_all = |server: &Server| server.identity.hosts.contains(&String::new());
    if !defaults.values().all(|(_, server)| answers_all(server)) {
        made.add_note(DEFAULT);
    }
    for (server, _) in servers.iter().filter(|(server, _)| answers_all(server)) {
        let is_default = |(_, other): &(bool, &Server)| std::ptr::eq(*other, server);
        if !defaults.values().any(is_default) {
            made.remarks.careful(
                &server.directive,
                "nginx asks this server for no other names, because another one is the default of its addresses; here it \
                 answers for all names that no route has. Leave its routes out, or name their hosts",
            );
        }
    }
    for (server, _) in servers {
        let is_secure = server.identity.is_tls && !server.level.scope.chains.is_empty();
        if is_secure && answers_all(server) {
            made.remarks.about(
                &server.directive,
                "nginx shows its certificate for every name, Kenduri for the names in the certificate alone: name all others \
                 in `hosts` of its [[tls.certificate]]",
            );
        }
    }
    let secure = defaults.values().map(|(_, server)| *server);
    let mut secure = secure.filter(|server| server.identity.is_tls);
    let first = secure.find_map(|server| {
        let chain = server.level.scope.chains.first()?.word(0);
        let key = server.level.scope.keys.first()?.word(0);
        let mut all = made.certificates.iter();
        all.position(|one| one.chain == chain && one.key == key)
    });
    if let Some(first) = first.and_then(|first| made.certificates.get_mut(first)) {
        first.default = true;
    }
    if !made.certificates.is_empty() {
        made.add_note(UNNAMED);
    }
}

fn push(list: &mut Vec<String>, address: String) {
    if !list.contains(&address) {
        list.push(address);
    }
}

fn names(directive: &Directive, hosts: &mut Vec<String>, remarks: &mut Remarks) {
    for word in &directive.words {
        let name = word.to_ascii_lowercase();
        match name.as_str() {
            "_" | "" | "*" => push(hosts, String::new()),
            _ if name.starts_with('~') || name.contains('$') => {
                remarks.about(
                    directive,
                    &format!("{word}: hosts are names, or *.NAME for one label; write routes for those that are meant"),
                );
            }
            _ => {
                let (bare, below) = match name.strip_prefix('.') {
                    Some(bare) => (bare, true),
                    None => (&*name, false),
                };
                let parsed = edge::route::HostPattern::parse(bare);
                match parsed.map(|pattern| pattern.to_string()) {
                    Ok(host) if below => {
                        push(hosts, host.clone());
                        push(hosts, format!("*.{host}"));
                    }
                    Ok(host) => push(hosts, host),
                    Err(why) => remarks.about(directive, &why),
                }
                if below || bare.starts_with('*') {
                    remarks.about(
                        directive,
                        "a * of Kenduri is one label: a.b.NAME is not met by *.NAME, but by *.b.NAME",
                    );
                }
            }
        }
    }
}

/// Returns whether the socket address uses TLS.
fn listen(directive: &Directive, was_ssl: bool, made: &mut Made, remarks: &mut Remarks) -> bool {
    let has = |wanted: &str| directive.words[1..].iter().any(|word| word == wanted);
    let is_tls = was_ssl || has("ssl") || has("quic");
    let address = address(directive);
    if let Err(why) = edge::ListenAddress::parse(&address, std::path::Path::new("/")) {
        remarks.about(directive, &why);
        return is_tls;
    }
    if has("proxy_protocol") {
        push(&mut made.proxy_protocol, address.clone());
    }
    push(
        if is_tls {
            &mut made.https
        } else {
            &mut made.http
        },
        address,
    );
    is_tls
}

/// In Kenduri's notation.
fn address(directive: &Directive) -> String {
    let word = directive.word(0);
    if word.starts_with("unix:") {
        return word.to_owned();
    }
    let (host, port) = host_and_port(word);
    match host {
        "*" | "0.0.0.0" | "[::]" => format!(":{port}"),
        "localhost" => format!("127.0.0.1:{port}"),
        _ => format!("{host}:{port}"),
    }
}

fn host_and_port(word: &str) -> (&str, &str) {
    match word.rsplit_once(':') {
        _ if word.bytes().all(|byte| byte.is_ascii_digit()) => ("*", word),
        Some((host, port)) if !port.contains(']') => (host, port),
        _ => (word, "80"),
    }
}

fn place(directive: &Directive) -> Option<Place> {
    let word = directive.words.first()?;
    if word.starts_with("unix:") {
        return Some(Place {
            reach: Reach::File,
            host: word.clone(),
            port: String::new(),
        });
    }
    let (host, port) = host_and_port(word);
    Some(Place::of(host, port))
}

/// If there are several, nginx chooses by the key types that the client supports; only the first is
/// imported.
fn certificates(scope: &Scope, hosts: &[String], made: &mut Made, remarks: &mut Remarks) {
    for (number, chain) in scope.chains.iter().enumerate() {
        match scope.keys.get(number) {
            Some(_) if number > 0 => remarks.about(
                chain,
                "a name has one certificate, and the first of a server is kept; name this one in [[tls.certificate]], if it should be used",
            ),
            Some(key) => certificate(chain, key.word(0), hosts, made, remarks),
            None => remarks.about(chain, "no ssl_certificate_key goes with it; name both files in [[tls.certificate]]"),
        }
    }
}

fn certificate(
    directive: &Directive,
    key: &str,
    hosts: &[String],
    made: &mut Made,
    remarks: &mut Remarks,
) {
    let chain = directive.word(0);
    if chain.is_empty() || key.is_empty() {
        remarks.about(
            directive,
            "no file is named; name both files in [[tls.certificate]]",
        );
        return;
    }
    if chain.contains('$') || key.contains('$') {
        remarks.about(
            directive,
            "a variable decides which file; name the files in [[tls.certificate]]",
        );
        return;
    }
    let taken = |host: &String| made.certificates.iter().any(|one| one.hosts.contains(host));
    let mine: Vec<String> = hosts
        .iter()
        .filter(|host| !host.is_empty() && !taken(host))
        .cloned()
        .collect();
    let known = made
        .certificates
        .iter_mut()
        .find(|one| one.chain == chain && one.key == key);
    match known {
        Some(known) => known.hosts.extend(mine),
        None if mine.is_empty() && hosts.iter().any(|host| !host.is_empty()) => {
            remarks.about(
                directive,
                "the names have a certificate already, which is kept; change it in [[tls.certificate]], if this one is right",
            );
        }
        None => made.certificates.push(edge::Certificate {
            hosts: mine,
            chain: chain.to_owned(),
            key: key.to_owned(),
            default: false,
        }),
    }
}

/// Removes socket addresses that another one includes, such as `127.0.0.1:80` beside `:80`, because
/// the server cannot bind both.
pub(super) fn settle(made: &mut Made) {
    let wide: Vec<String> = made
        .http
        .iter()
        .chain(&made.https)
        .filter(|one| one.starts_with(':'))
        .cloned()
        .collect();
    let lies_in = |address: &String| {
        wide.iter().any(|wide| {
            wide != address && address.ends_with(wide.as_str()) && !address.starts_with("unix:")
        })
    };
    made.http.retain(|address| !lies_in(address));
    made.https.retain(|address| !lies_in(address));
    let twice: Vec<String> = made
        .http
        .iter()
        .filter(|one| made.https.contains(one))
        .cloned()
        .collect();
    for address in twice {
        made.http.retain(|other| *other != address);
        made.remarks.line(format!(
            "listen {address}: with TLS in one place and without in another; it is with TLS here; take it out of listen.https, if that is wrong"
        ));
    }
    let Made {
        http,
        https,
        proxy_protocol,
        ..
    } = made;
    proxy_protocol.retain(|address| http.contains(address) || https.contains(address));
}
