//! Converts `proxy_pass` and similar directives, and `upstream` blocks.

use edge::Upstream;

use super::directive::Directive;
use super::import_result::{Group, Made, close};
use super::location::Kind;
use super::scope::{Level, Scope};

const NO_HOST: &str = "Where `proxy_set_header Host $host` is missing, nginx tells the program its own address as \
     the host, and takes that out of its redirects. Kenduri tells it the host that the client asked for, and sends its \
     redirects as they are: a program must not write its own address into `Location`.";
/// From an `upstream` block.
const MAX_MEMBERS: usize = 1_000;

/// Makes a route forward requests to the server or upstream that `proxy_pass` names.
pub(super) fn lead(route: &mut edge::Route, level: &mut Level, pass: &Directive, made: &mut Made) {
    let mut closed = |why: &str| {
        level.remarks.about(
            pass,
            &format!("{why}. Until `to` names a target, 503 is answered here"),
        );
        close(route, 503);
    };
    let url = pass.word(0);
    let rest = match (pass.name.as_str(), url.split_once("://")) {
        ("proxy_pass", Some(("http", rest))) => rest,
        ("proxy_pass", Some(("https", _))) => {
            return closed(
                "TLS to programs is not supported; they must be on this machine or a private network",
            );
        }
        ("grpc_pass", _) => return closed("left out: gRPC is not proxied; keep nginx for it"),
        ("fastcgi_pass", _) => {
            return closed(
                "FastCGI (PHP) is not supported; start the program so that it answers HTTP",
            );
        }
        ("uwsgi_pass", _) => {
            return closed("uwsgi's own protocol is not supported; start uwsgi with --http-socket");
        }
        _ => return closed("only programs that answer HTTP can be reached"),
    };
    if url.contains('$') {
        return closed("a variable decides where it leads");
    }
    let (place, path) = split_at_path(rest);
    if let Some(file) = place.strip_prefix("unix:") {
        route.to = format!("unix:{file}");
    } else if let Some((name, group)) = made
        .upstreams
        .iter()
        .find(|(_, group)| !group.known_as.is_empty() && group.known_as == place)
    {
        if group.upstream.to.is_empty() {
            return closed("its upstream has no server that could be carried over");
        }
        route.to = format!("upstream:{name}");
    } else {
        route.to = format!("http://{}", with_port(place));
    }
    rewrite(route, path);
    let is_moved = !(route.strip.is_empty() && route.add.is_empty());
    if is_moved && matches!(&*level.scope.proxy_redirect, "" | "default") {
        level.remarks.about(
            pass,
            "nginx puts this path back into a program's redirects (`proxy_redirect default`); here they go to the client as \
             they are, so the program must know the path that clients see",
        );
    }
    if !level.scope.keeps_host {
        made.add_note(NO_HOST);
    }
    set_timeouts(route, level, made);
}

/// Of a `proxy_pass` URL.
fn split_at_path(rest: &str) -> (&str, &str) {
    if let Some(file) = rest.strip_prefix("unix:") {
        let end = file.find(':').map_or(rest.len(), |at| at + "unix:".len());
        let (place, path) = rest.split_at(end);
        return (place, path.strip_prefix(':').unwrap_or(path));
    }
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

fn with_port(place: &str) -> String {
    let bare = edge::route::bare_host(place);
    if bare == place {
        format!("{place}:80")
    } else {
        place.to_owned()
    }
}

/// In nginx, the path in a `proxy_pass` URL replaces the path of the location.
fn rewrite(route: &mut edge::Route, path: &str) {
    if path.is_empty() || path == route.path {
        return;
    }
    route.strip = route.path.trim_end_matches('/').to_owned();
    path.trim_end_matches('/').clone_into(&mut route.add);
    if route.strip == route.add {
        route.strip.clear();
        route.add.clear();
    }
}

/// Adds a remark if Kenduri would forward another path than nginx. nginx replaces the location's
/// path by the path of `proxy_pass` as plain text, whereas Kenduri replaces whole segments.
pub(super) fn tell_seam(location: &Kind<'_>, level: &mut Level) {
    // A route that denies all access forwards nothing.
    let is_closed = level.internal || !level.scope.closed.is_empty();
    let Some(pass) = level
        .pass
        .as_ref()
        .filter(|pass| pass.name == "proxy_pass" && !is_closed)
    else {
        return;
    };
    let (_, rest) = pass.word(0).split_once("://").unwrap_or_default();
    let (_, path) = split_at_path(rest);
    let (location, is_exact) = match *location {
        Kind::Prefix(location) => (location, false),
        Kind::Exact(location) => (location, true),
        Kind::Pattern(_) | Kind::Named(_) => return,
    };
    if path.is_empty() || path == location || path.contains('$') {
        return;
    }
    let whole = path.trim_end_matches('/');
    let below = match (location.ends_with('/'), path.ends_with('/')) {
        (_, true) if is_exact => return,
        (true, false) if !is_exact => "x",
        (false, true) => "/x",
        (_, false) => "",
        (true, true) => return,
    };
    let rest = if below.is_empty() { "" } else { "x" };
    level.remarks.about(
        pass,
        &format!("nginx makes {path}{below} of {location}{below}; here it becomes {whole}/{rest}; change `strip` and `add`, if that is wrong"),
    );
}

/// In Kenduri, only upstreams have timeouts: adds one if the route has none, or if another route to
/// the same one has other timeouts.
fn set_timeouts(route: &mut edge::Route, level: &Level, made: &mut Made) {
    let Scope {
        connect_time,
        read_time,
        ..
    } = &level.scope;
    let usual = Upstream::default();
    let or = |said: &String, usual: &str| if said.is_empty() { usual } else { said }.to_owned();
    let times = [
        or(connect_time, &usual.connect_time),
        or(read_time, &usual.first_byte_time),
        or(read_time, &usual.idle_time),
    ];
    let of = |upstream: &Upstream| {
        [
            upstream.connect_time.clone(),
            upstream.first_byte_time.clone(),
            upstream.idle_time.clone(),
        ]
    };
    let named = route.to.strip_prefix("upstream:");
    let group = named.and_then(|name| made.upstreams.get_mut(name));
    let (wanted, mut upstream) = match group {
        Some(group) if !group.is_timed => {
            set_times(&mut group.upstream, times);
            group.is_timed = true;
            return;
        }
        Some(group) if of(&group.upstream) == times => return,
        Some(group) => (group.known_as.clone(), group.upstream.clone()),
        None if connect_time.is_empty() && read_time.is_empty() => return,
        None => {
            let alone = Upstream {
                to: vec![route.to.clone()],
                ..usual
            };
            let place = route
                .to
                .split_once(':')
                .map_or(&*route.to, |(_, rest)| rest);
            (place.to_owned(), alone)
        }
    };
    set_times(&mut upstream, times.clone());
    let is_same = |group: &Group| {
        group.known_as.is_empty()
            && of(&group.upstream) == times
            && group.upstream.to == upstream.to
            && group.upstream.balance == upstream.balance
    };
    let known = made.upstreams.iter().find(|(_, group)| is_same(group));
    let name = if let Some((name, _)) = known {
        name.clone()
    } else {
        let name = free_name(&wanted, made);
        let group = Group {
            known_as: String::new(),
            upstream,
            is_timed: true,
            remarks: super::remarks::Remarks::default(),
        };
        made.upstreams.insert(name.clone(), group);
        name
    };
    route.to = format!("upstream:{name}");
}

fn set_times(upstream: &mut Upstream, times: [String; 3]) {
    [
        upstream.connect_time,
        upstream.first_byte_time,
        upstream.idle_time,
    ] = times;
}

/// Derived from `wanted`.
fn free_name(wanted: &str, made: &Made) -> String {
    let letters = wanted.chars().map(|letter| match letter {
        letter if letter.is_ascii_alphanumeric() || letter == '_' => letter,
        _ => '-',
    });
    let name: String = letters.take(60).collect();
    let name = match name.trim_matches('-') {
        "" => "upstream",
        name => name,
    };
    let mut free = name.to_owned();
    let mut number = 2;
    while made.upstreams.contains_key(&free) {
        free = format!("{name}-{number}");
        number += 1;
    }
    free
}

/// Reads `upstream NAME { … }`.
pub(super) fn upstream(directive: &Directive, made: &mut Made) {
    let mut group = Group {
        known_as: directive.word(0).to_owned(),
        upstream: Upstream::default(),
        is_timed: false,
        remarks: super::remarks::Remarks::default(),
    };
    if made
        .upstreams
        .values()
        .any(|other| other.known_as == group.known_as)
    {
        made.remarks.about(
            directive,
            "there is already one of this name; it is kept: correct it, if this one is right",
        );
        return;
    }
    for inner in directive.inside() {
        one(inner, &mut group);
    }
    if group.upstream.to.is_empty() {
        group.remarks.about(
            directive,
            "no server of it could be carried over; write their addresses into `to`",
        );
    }
    let name = free_name(&group.known_as, made);
    made.upstreams.insert(name, group);
}

fn one(directive: &Directive, group: &mut Group) {
    let Group {
        upstream, remarks, ..
    } = group;
    match directive.name.as_str() {
        "server" => member(directive, group),
        "least_conn" => "least".clone_into(&mut upstream.balance),
        "sticky" | "ip_hash" => {
            "sticky".clone_into(&mut upstream.balance);
            remarks.about(directive, "browsers are led back by a cookie that Kenduri sets itself; nothing needs to be done");
        }
        "hash" => remarks.about(
            directive,
            "requests go to the servers in turn; `balance = \"sticky\"` leads each browser back by a cookie",
        ),
        "random" => remarks.about(directive, "requests go to the servers in turn; nothing needs to be done"),
        "keepalive" | "keepalive_timeout" | "keepalive_requests" | "keepalive_time" | "zone" => {
            remarks.settled(directive, "connections are always kept open and shared");
        }
        _ => remarks.about(directive, "not carried over; docs/edge-reference.md says what an [upstream.NAME] can have"),
    }
}

fn member(directive: &Directive, group: &mut Group) {
    let Group {
        upstream, remarks, ..
    } = group;
    let place = directive.word(0);
    if upstream.to.len() >= MAX_MEMBERS || place.contains('$') {
        remarks.about(
            directive,
            "not carried over: a variable, or too many servers; write its address into `to`",
        );
        return;
    }
    let address = match place.strip_prefix("unix:") {
        Some(_) => place.to_owned(),
        None => format!("http://{}", with_port(place)),
    };
    if let Err(why) = edge::proxy::parse_address(&address, std::path::Path::new("/")) {
        remarks.about(directive, &format!("left out: {why}"));
        return;
    }
    if upstream.to.contains(&address) {
        remarks.about(directive, "named twice; all servers get equal shares");
        return;
    }
    for word in &directive.words[1..] {
        match word.split_once('=').unwrap_or((word, "")) {
            ("weight", _) => remarks.about(
                directive,
                &format!("{word} is not carried over: all servers get equal shares; leave out those that are too small for theirs"),
            ),
            ("max_fails" | "fail_timeout", _) => remarks.settled(
                directive,
                "a server that fails gets no requests for a while; `health` asks it as well",
            ),
            ("backup", _) => {
                remarks.about(
                    directive,
                    "left out: no server stands by only for the others; add it to `to`, if it may get its share",
                );
                return;
            }
            ("down", _) => {
                remarks.about(directive, "left out, as it is down");
                return;
            }
            _ => remarks.about(directive, &format!("{word} is not carried over; docs/edge-reference.md says what an [upstream.NAME] can have")),
        }
    }
    upstream.to.push(address);
}
