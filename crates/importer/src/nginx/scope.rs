//! The settings of a block, including those that it inherits.

use std::collections::BTreeMap;

use edge::{Limit, Route};

use super::directive::Directive;
use super::import_result::Made;
use super::remarks::Remarks;
use super::{access, ignored_directives, request_headers, values};

const ERRORS: &str = "What `expires` says, and `add_header` without `always`, nginx leaves out of errors: it stands on 200, \
     201, 204, 206, 301, 302, 303, 304, 307 and 308. A route sets `headers` on every answer of a program, in the place \
     of what the program says: where its errors must not be kept, let it say `Cache-Control`, and take that out here.";

const AUTHORIZED: &str = "nginx hands on the name and the password of `auth_basic` to programs. Kenduri removes them: a program \
     that reads the name in `Authorization` sees nobody.";

/// The rate limits that `limit_req` refers to by name.
pub(super) type Zones = BTreeMap<String, Limit>;

/// The settings that a block passes on to the blocks inside it.
#[derive(Clone, Default)]
pub(super) struct Scope {
    pub(super) root: String,
    /// The names of index files; empty for `index.html`.
    pub(super) index: Vec<String>,
    pub(super) listing: bool,
    pub(super) body_size: String,
    pub(super) set: BTreeMap<String, String>,
    /// Whether nginx omits some of the response headers in `set` from error responses.
    pub(super) spares_errors: bool,
    pub(super) remove: Vec<String>,
    pub(super) limit: Option<Limit>,
    /// The zone of `limit`.
    pub(super) zone: String,
    pub(super) rules: Vec<access::Rule>,
    pub(super) realm: String,
    pub(super) users: String,
    pub(super) cache_control: String,
    pub(super) connect_time: String,
    pub(super) read_time: String,
    /// Whether upstreams get the `Host` header of the client's request.
    pub(super) keeps_host: bool,
    /// The first argument of `proxy_redirect`.
    pub(super) proxy_redirect: String,
    /// Client headers that are withheld from upstreams.
    pub(super) withheld: Vec<String>,
    /// The reason why the import denies all access although nginx permits some. Empty if the import
    /// does not deny all access.
    pub(super) closed: String,
    /// The `ssl_certificate` directives. The matching `ssl_certificate_key` has the same index in
    /// `keys`.
    pub(super) chains: Vec<Directive>,
    pub(super) keys: Vec<Directive>,
    /// The `set_real_ip_from` directives.
    pub(super) trusted: Vec<Directive>,
    pub(super) real_ip_header: String,
    /// The size of `large_client_header_buffers` together, in bytes; 0 for nginx's default.
    pub(super) header_buffers: u64,
}

/// The directives of a block.
#[derive(Default, Clone)]
pub(super) struct Level {
    pub(super) scope: Scope,
    pub(super) alias: String,
    pub(super) try_files: Option<Directive>,
    /// The directive that forwards requests, such as `proxy_pass`.
    pub(super) pass: Option<Directive>,
    pub(super) answer: Option<Directive>,
    pub(super) conditions: Vec<Directive>,
    pub(super) rewrites: Vec<Directive>,
    pub(super) locations: Vec<Directive>,
    pub(super) internal: bool,
    /// Whether this is a location for one path alone, as in `location = /x`.
    pub(super) is_exact: bool,
    /// Directives such as `listen` and `server_name`, which apply only to a server block itself.
    pub(super) own: Vec<Directive>,
    pub(super) remarks: Remarks,
}

impl Scope {
    /// Whether access depends on the client's address.
    pub(super) fn judges_addresses(&self) -> bool {
        let access = access::access(&self.rules, "", "", "");
        access.is_some_and(|access| !access.allow.is_empty() || !access.deny.is_empty())
    }
}

impl Level {
    /// Reads a block. If a block sets a list, such as headers, it inherits nothing of the outer
    /// block's list.
    pub(super) fn read(block: &[Directive], around: &Scope, zones: &Zones) -> Self {
        let mut level = Self {
            scope: around.clone(),
            ..Self::default()
        };
        level.forget_lists(block);
        for directive in block {
            level.one(directive, zones);
        }
        level
    }

    fn forget_lists(&mut self, block: &[Directive]) {
        let says = |names: &[&str]| block.iter().any(|one| names.contains(&one.name.as_str()));
        let scope = &mut self.scope;
        if says(&["add_header"]) {
            scope.set.clear();
            scope.spares_errors = false;
        }
        if says(&["ssl_certificate"]) {
            scope.chains.clear();
        }
        if says(&["ssl_certificate_key"]) {
            scope.keys.clear();
        }
        if says(&["set_real_ip_from"]) {
            scope.trusted.clear();
        }
        if says(&["proxy_hide_header"]) {
            scope.remove.clear();
        }
        if says(&["allow", "deny"]) {
            scope.rules.clear();
        }
        if says(&["limit_req"]) {
            scope.limit = None;
        }
        if says(&["proxy_set_header"]) {
            scope.keeps_host = false;
            scope.withheld.clear();
        }
    }

    fn one(&mut self, directive: &Directive, zones: &Zones) {
        let scope = &mut self.scope;
        let remarks = &mut self.remarks;
        let word = directive.word(0);
        match directive.name.as_str() {
            "root" if word.contains('$') => {
                scope.root.clear();
                remarks.about(
                    directive,
                    "a variable decides where; name the folder in a route",
                );
            }
            "root" => word.clone_into(&mut scope.root),
            "alias" => word.clone_into(&mut self.alias),
            "index" => scope.index.clone_from(&directive.words),
            "autoindex" => scope.listing = word == "on",
            "try_files" => self.try_files = Some(directive.clone()),
            "client_max_body_size" => match values::size(word) {
                Some(size) => scope.body_size = size,
                None => remarks.about(directive, "this is not a size; set `body_size` in the route"),
            },
            "large_client_header_buffers" => {
                let number = word.parse::<u64>().ok();
                let size = values::bytes(directive.word(1));
                match number.zip(size).and_then(|(number, size)| number.checked_mul(size)) {
                    Some(bytes) => scope.header_buffers = bytes,
                    None => remarks.about(directive, "this is not a size; set `header_size` in [listen]"),
                }
            }
            "add_header" => add_header(scope, directive, remarks),
            "proxy_hide_header" => scope.remove.push(word.to_owned()),
            "expires" if word == "off" => scope.cache_control.clear(),
            "expires" => match values::expires(&directive.words.join(" ")) {
                Some(value) => scope.cache_control = value,
                None => remarks.about(directive, "only a plain time can be carried over; write Cache-Control into `cache` or `headers` of the route"),
            },
            "limit_req" => limit_req(scope, directive, zones, remarks),
            "limit_req_dry_run" if word == "on" => remarks.about(
                directive,
                "nginx only counts; here a client over a limit gets 429, so leave `limit` out of the routes",
            ),
            "limit_req_status" | "limit_req_log_level" | "limit_req_dry_run" => {
                remarks.settled(
                    directive,
                    "a client over a limit gets 429 and the time to come back",
                );
            }
            "limit_conn" | "limit_conn_zone" => remarks.about(
                directive,
                "set `connections_per_address` in [listen], which holds for all hosts",
            ),
            "allow" | "deny" => match access::Rule::read(directive) {
                Some(rule) => scope.rules.push(rule),
                None if directive.name == "deny" => {
                    remarks.careful(
                        directive,
                        "this is not a network of addresses, so it is not denied; write one into `deny` in `access`",
                    );
                }
                None => remarks.about(directive, "this is not a network of addresses, so it is not allowed; write one into `allow` in `access`"),
            },
            "auth_basic" if word == "off" => scope.realm.clear(),
            "auth_basic" => word.clone_into(&mut scope.realm),
            "auth_basic_user_file" => word.clone_into(&mut scope.users),
            "satisfy" if word == "any" => remarks.about(
                directive,
                "in a route all of `access` must hold, so fewer clients are let in than with nginx; leave out what need not hold",
            ),
            "proxy_connect_timeout" => time(&mut scope.connect_time, directive, remarks),
            "proxy_read_timeout" => time(&mut scope.read_time, directive, remarks),
            "proxy_set_header" => {
                request_headers::read(directive, &mut scope.keeps_host, &mut scope.withheld, remarks);
            },
            "proxy_pass_request_headers" if word == "off" => remarks.careful(
                directive,
                "clients' headers go on to the program; name those that must not in `request_headers`",
            ),
            "proxy_pass" | "grpc_pass" | "fastcgi_pass" | "uwsgi_pass" | "scgi_pass"
            | "memcached_pass" => self.pass = Some(directive.clone()),
            "return" => {
                // If there are several such directives, nginx uses the first.
                self.answer.get_or_insert_with(|| directive.clone());
            }
            "if" => self.conditions.push(directive.clone()),
            "rewrite" => self.rewrites.push(directive.clone()),
            "location" => self.locations.push(directive.clone()),
            "internal" => {
                self.internal = true;
                remarks.about(
                    directive,
                    "requests from outside are not answered here. X-Accel-Redirect of a program \
                     is ignored: it must send the file itself",
                );
            }
            "error_page" => remarks.about(
                directive,
                "pages of errors are Kenduri's own, plain and with the id of the request",
            ),
            "listen" | "server_name" => self.own.push(directive.clone()),
            "ssl_certificate" => scope.chains.push(directive.clone()),
            "ssl_certificate_key" => scope.keys.push(directive.clone()),
            "map" if word == "$http_upgrade" => {
                remarks.settled(directive, "websockets pass by themselves");
            }
            "charset" if !word.eq_ignore_ascii_case("utf-8") && word != "off" => remarks.about(
                directive,
                "files of text are said to be in UTF-8; what a program says of its own goes on as it is",
            ),
            "proxy_redirect" if word == "off" => {
                word.clone_into(&mut scope.proxy_redirect);
                remarks.settled(directive, "redirects of programs go to the client as they are");
            }
            "proxy_redirect" if word == "default" => scope.proxy_redirect.clear(),
            "proxy_redirect" | "proxy_cookie_path" | "proxy_cookie_domain"
                if !matches!(word, "off" | "default") =>
            {
                if directive.name == "proxy_redirect" {
                    word.clone_into(&mut scope.proxy_redirect);
                }
                remarks.about(
                    directive,
                    "not carried over: a program's header goes to the client as it is, so let the program write it right",
                );
            }
            "set_real_ip_from" => scope.trusted.push(directive.clone()),
            "real_ip_header" => word.clone_into(&mut scope.real_ip_header),
            "satisfy" | "server" | "upstream" | "http" | "limit_req_zone" => {}
            name if ignored_directives::guards(name) => {
                if !matches!(word, "off") {
                    directive.name.clone_into(&mut scope.closed);
                    remarks.careful(
                        directive,
                        "this cannot be carried over, so what it protects is closed here; see \
                         `access` in docs/edge-reference.md",
                    );
                }
            }
            name => match (ignored_directives::difference(directive), ignored_directives::reason(name)) {
                (Some(why), _) => remarks.about(directive, why),
                (None, Some(why)) => remarks.settled(directive, why),
                (None, None) => remarks.about(directive, "not carried over; if it matters, docs/edge-reference.md says what a route can do"),
            },
        }
    }

    /// Applies the settings that every route can have, whatever its target.
    pub(super) fn dress(&mut self, route: &mut Route, host: &str, made: &mut Made) {
        let scope = &self.scope;
        route.body_size.clone_from(&scope.body_size);
        route.limit.clone_from(&scope.limit);
        if scope.limit.is_some() {
            *made.limited.entry(scope.zone.clone()).or_default() += 1;
        }
        route.headers.set.clone_from(&scope.set);
        route.headers.remove.clone_from(&scope.remove);
        route.access = access::access(&scope.rules, &scope.realm, &scope.users, host);
        if let Some(access) = &route.access
            && let Some(basic) = &access.basic
        {
            self.remarks.line(format!(
                "{} must be made, in the place of {}: hashes of nginx cannot be used. For each NAME: kenduri password hash NAME >> {0}",
                basic.file, scope.users
            ));
            if is_program(route) {
                made.add_note(AUTHORIZED);
            }
        }
        if access::is_stricter(&scope.rules) {
            self.remarks.line(
                "`deny` wins over `allow` in a route, so fewer clients are let in than with nginx; write smaller networks into `deny`, if these are too few"
                    .to_owned(),
            );
        }
        if is_program(route) {
            route.request_headers.remove = request_headers::withheld(&self.scope.withheld, made);
        }
        let mut spares_errors = self.scope.spares_errors;
        let cache_control = self.cache_control();
        if !cache_control.is_empty() {
            let set = &mut route.headers.set;
            set.retain(|name, _| !name.eq_ignore_ascii_case("cache-control"));
            if route.to.starts_with("files:") {
                route.cache.insert("*".to_owned(), cache_control);
            } else {
                set.insert("Cache-Control".to_owned(), cache_control);
                spares_errors |= !self.scope.cache_control.is_empty();
            }
        }
        if spares_errors && !route.headers.set.is_empty() {
            made.add_note(ERRORS);
        }
    }

    /// The `Cache-Control` value that results from `expires` and `add_header` together.
    pub(super) fn cache_control(&self) -> String {
        let said = self.scope.set.iter();
        let said = said.filter(|(name, _)| name.eq_ignore_ascii_case("cache-control"));
        let mut all: Vec<&str> = said.map(|(_, value)| value.as_str()).collect();
        if !self.scope.cache_control.is_empty() {
            all.push(&self.scope.cache_control);
        }
        all.join(", ")
    }
}

/// Request headers matter for upstreams only.
fn is_program(route: &Route) -> bool {
    let others = ["files:", "redirect:", "status:"];
    !others.iter().any(|other| route.to.starts_with(other))
}

fn time(kept: &mut String, directive: &Directive, remarks: &mut Remarks) {
    match values::time(&directive.words.join(" ")) {
        Some(time) => *kept = time,
        None => remarks.about(
            directive,
            "this is not a time, or longer than a year; set the time in the [upstream.NAME]",
        ),
    }
}

fn add_header(scope: &mut Scope, directive: &Directive, remarks: &mut Remarks) {
    let (name, value) = (directive.word(0), directive.word(1));
    if value.contains('$') {
        remarks.about(
            directive,
            "left out: a header holds a fixed text in a route; let the program send this one",
        );
    } else if name.is_empty() || value.is_empty() {
        remarks.about(
            directive,
            "without a value it sets nothing; nothing needs to be done",
        );
    } else if name.eq_ignore_ascii_case("alt-svc") {
        remarks.settled(directive, "browsers are told of HTTP/3 while it is served");
    } else {
        scope.spares_errors |= directive.word(2) != "always";
        let other = scope.set.insert(name.to_owned(), value.to_owned());
        if other.is_some_and(|other| other != value) {
            remarks.about(
                directive,
                "set twice; a route sets a header once, to the last value: write both into it, if both are meant",
            );
        }
    }
}

fn limit_req(scope: &mut Scope, directive: &Directive, zones: &Zones, remarks: &mut Remarks) {
    let value = |name: &str| {
        let mut words = directive.words.iter();
        words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    };
    let Some(zone) = value("zone").and_then(|zone| zones.get(zone)) else {
        remarks.careful(
            directive,
            "its limit_req_zone is not here, or cannot be carried over; write `limit` in the route",
        );
        return;
    };
    if scope.limit.is_some() {
        remarks.about(
            directive,
            "a route has one limit: the first is kept; write this one, if it is the stricter",
        );
        return;
    }
    let burst: u32 = value("burst")
        .and_then(|burst| burst.parse().ok())
        .unwrap_or(0);
    value("zone")
        .unwrap_or_default()
        .clone_into(&mut scope.zone);
    // Kenduri's `burst` counts the request that is always permitted; nginx's `burst` does not.
    scope.limit = Some(Limit {
        burst: burst.saturating_add(1).min(100_000),
        ..zone.clone()
    });
    if burst > 0 && !directive.words.iter().any(|word| word == "nodelay") {
        remarks.about(
            directive,
            "nginx lets a burst wait; here it is answered at once, and what is over it gets 429",
        );
    }
}
