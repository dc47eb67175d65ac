//! What an operator writes: plain texts and numbers, as in `kenduri.toml`.
//!
//! Nothing here has been checked; a plan is made of it before it is used.
//! Sizes are numbers with K, M or G; times are numbers with ms, s, m, h or d.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// All that is asked of the edge.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Description {
    /// Where to listen, and what holds for every connection.
    pub listen: Listen,
    /// Certificates.
    pub tls: Tls,
    /// Where requests go; none: everything goes to the app.
    pub route: Vec<Route>,
    /// Groups of servers by name, for `to = "upstream:NAME"`.
    pub upstream: BTreeMap<String, Upstream>,
    /// How much is kept of answers, where routes ask for it.
    pub cache: Cache,
    /// How much of bodies is buffered.
    pub proxy: Proxy,
}

/// `[proxy]`: how much of bodies is buffered, so that slow clients hold no server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Proxy {
    /// So much of the body of a request is read before a server is asked; `0`: nothing.
    pub buffer_request: String,
    /// The size of all buffers together.
    pub buffer_memory: String,
}

impl Default for Proxy {
    fn default() -> Self {
        Self {
            buffer_request: "256K".to_owned(),
            buffer_memory: "32M".to_owned(),
        }
    }
}

/// `[cache]`: how much is kept for routes with a `shared_cache`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cache {
    /// The size of all answers in memory.
    pub memory: String,
    /// How many answers are kept.
    pub entries: u32,
    /// Larger answers are not kept.
    pub largest: String,
    /// How long a request waits for the answer to another one like it.
    pub wait: String,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            memory: "64M".to_owned(),
            entries: 10_000,
            largest: "4M".to_owned(),
            wait: "10s".to_owned(),
        }
    }
}

/// `[listen]`: the sockets, and what holds for every connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    /// `HOST:PORT`, `:PORT` for every address of the machine, or `unix:FILE`.
    pub http: Vec<String>,
    /// The same, with TLS.
    pub https: Vec<String>,
    /// Whether HTTP/3 is served on the UDP ports of the same numbers.
    pub http3: bool,
    /// Addresses or networks that may set `Forwarded` and `X-Forwarded-*`.
    pub trusted_proxies: Vec<String>,
    /// By which of them they do.
    pub forwarded_header: ForwardedHeader,
    /// Those of the addresses above at which trusted proxies begin each connection with
    /// the PROXY protocol.
    pub proxy_protocol: Vec<String>,
    /// At most this many connections are open at once; more wait.
    pub connections: u32,
    /// At most this many of one address (IPv6: of one /64); 0 is no limit.
    pub connections_per_address: u32,
    /// The largest request line and header section.
    pub header_size: String,
    /// How long the header section of a request may take.
    pub header_time: String,
    /// How long nobody needs to send anything between requests.
    pub idle_time: String,
    /// How long a body may stand still, in either direction.
    pub body_time: String,
    /// Bytes a second that the body of a request keeps on average, after 20 s; `0`: none.
    pub body_rate: String,
    /// How long running requests get when the edge stops.
    pub drain_time: String,
    /// How long connections without a request live on when the edge stops.
    pub lame_duck_time: String,
    /// How long connections of another protocol live on when the edge stops.
    pub tunnel_time: String,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            http: vec!["127.0.0.1:8080".to_owned()],
            https: Vec::new(),
            http3: true,
            trusted_proxies: Vec::new(),
            forwarded_header: ForwardedHeader::default(),
            proxy_protocol: Vec::new(),
            connections: 4_096,
            connections_per_address: 0,
            header_size: "16K".to_owned(),
            header_time: "10s".to_owned(),
            idle_time: "60s".to_owned(),
            body_time: "30s".to_owned(),
            body_rate: "500".to_owned(),
            drain_time: "30s".to_owned(),
            lame_duck_time: "5s".to_owned(),
            tunnel_time: "10s".to_owned(),
        }
    }
}

/// By what header trusted proxies say for whom they ask. What they do not write themselves,
/// they hand on as their clients made it up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-*` where one of `-For`, `-Proto` and `-Host` came, else `Forwarded`.
    #[default]
    Auto,
    /// `X-Forwarded-For`, with `-Proto` and `-Host`.
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// `[tls]`: certificates, from a certificate authority or from files.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// Who is asked for certificates of names that no file covers; none: nobody.
    pub acme: Option<Acme>,
    /// Certificates in files.
    pub certificate: Vec<Certificate>,
    /// `Strict-Transport-Security` for this long, `0` for never; empty: for a day, where an
    /// authority's certificate is ordered and requests in the clear are sent to https.
    pub hsts: String,
}

/// `[tls] acme = { … }` (RFC 8555).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acme {
    /// Whom the authority writes to.
    pub email: String,
    /// The directory of the authority.
    #[serde(default = "lets_encrypt")]
    pub directory: String,
    /// How control over a name is proven.
    #[serde(default)]
    pub challenge: Challenge,
    /// An account that the authority knows already.
    #[serde(default)]
    pub eab: Option<ExternalAccount>,
    /// A file with an extra root that the directory's own certificate is checked against.
    #[serde(default)]
    pub ca: String,
    /// Order also for names that do not lead here.
    #[serde(default)]
    pub force: bool,
}

fn lets_encrypt() -> String {
    "https://acme-v02.api.letsencrypt.org/directory".to_owned()
}

/// How control over a name is proven.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Challenge {
    /// By a certificate in a handshake (RFC 8737).
    #[default]
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
    /// By a text at a known path.
    #[serde(rename = "http-01")]
    Http01,
}

/// External account binding (RFC 8555, section 7.3.4).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalAccount {
    /// What the authority calls the account.
    pub kid: String,
    /// A file with the key, in base64url.
    pub key_file: String,
}

/// `[[tls.certificate]]`: a certificate in files, swapped when they change.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The names it serves, `example.org` or `*.example.org`; empty: those it names itself.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// PEM file, the leaf first.
    pub chain: String,
    /// PEM file.
    pub key: String,
    /// Whether clients that name no host are shown it; at most one is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub default: bool,
}

/// `[[route]]`: which requests go where.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Route {
    /// `example.org`, `*.example.org`, or empty for any.
    pub host: String,
    /// The beginning of the path; it matches whole segments only.
    pub path: String,
    /// Whether a path in other letter case passes by `access`, `limit` and `status:` of this
    /// route; else it is refused.
    pub case_sensitive: bool,
    /// `app`, `files:DIR`, `service:NAME`, `upstream:NAME`, `http://HOST:PORT[/base/]`,
    /// `unix:PATH`, `redirect:URL` (a `{path}` in it is what was asked) or `status:NUMBER`.
    pub to: String,
    /// Removed from the beginning of the path before it is forwarded.
    pub strip: String,
    /// Put before the path before it is forwarded.
    pub add: String,
    /// How often one client may ask.
    pub limit: Option<Limit>,
    /// Who may come in; none: everybody.
    pub access: Option<Access>,
    /// Changes to what is sent back.
    pub headers: Headers,
    /// Changes to what programs are sent.
    pub request_headers: RequestHeaders,
    /// The largest body of a request; empty: no limit.
    pub body_size: String,
    /// In place of `listen.body_rate`; empty: that.
    pub body_rate: String,
    /// In place of `proxy.buffer_request`; empty: that.
    pub buffer_request: String,
    /// Files: what is looked for, in turn, `{path}` being what was asked.
    pub r#try: Vec<String>,
    /// Files: whether folders without an index are listed.
    pub listing: bool,
    /// Files: `Cache-Control` by pattern of the file's name, `*.css`.
    pub cache: BTreeMap<String, String>,
    /// Files: what answers instead where there is no file, `app`; empty: 404.
    pub fallback: String,
    /// Programs: their answers are kept for whoever asks next, as they allow.
    pub shared_cache: Option<SharedCache>,
}

/// `shared_cache = { … }` (RFC 9111): what holds where an answer says nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SharedCache {
    /// How long answers are fresh that do not say so; empty: those are not kept.
    pub lifetime: String,
    /// Whether that also holds for answers to requests with cookies.
    pub with_cookies: bool,
    /// So long after that they are still sent, while a newer one is asked for.
    pub stale_while_revalidate: String,
    /// So long after that they stand in when the program fails.
    pub stale_if_error: String,
}

/// `access = { … }`: who may come in. All that is written must hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Only clients with these addresses, or in these networks; none: all.
    pub allow: Vec<String>,
    /// Never these, even where `allow` names them too.
    pub deny: Vec<String>,
    /// Those who know a name and its password.
    pub basic: Option<Basic>,
    /// Those whom another server lets in.
    pub ask: Option<Ask>,
    /// Those who are signed in to the app: a word that the app knows.
    pub sign_in: String,
}

/// `basic = { file = "secrets/studio" }` (RFC 7617).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basic {
    /// A file with a line `name:hash` for each who may come in; hashes are argon2id.
    pub file: String,
    /// What browsers show, and remember the password for.
    #[serde(default = "sign_in")]
    pub realm: String,
}

fn sign_in() -> String {
    "Sign in".to_owned()
}

/// `ask = { to = "http://127.0.0.1:4180", path = "/verify", copy = ["X-User"] }`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// `http://HOST:PORT[/base/]`, `unix:PATH`, `upstream:NAME` or `service:NAME`.
    pub to: String,
    /// What it is asked for, with `GET`.
    pub path: String,
    /// Headers of its answer that the request gets.
    #[serde(default)]
    pub copy: Vec<String>,
}

/// `limit = { rate = "10/s", burst = 20, by = "ip" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// `10/s`, `100/m` or `1000/h`.
    pub rate: String,
    /// How many may come at once; 0: as many as the rate's number.
    #[serde(default)]
    pub burst: u32,
    /// Who is counted apart: `ip`, `header:NAME` or `cookie:NAME`.
    #[serde(default = "by_address")]
    pub by: String,
    /// Counted are only answers that report this outcome in `X-Kenduri-Outcome`;
    /// empty: every request.
    #[serde(default)]
    pub on: String,
}

fn by_address() -> String {
    "ip".to_owned()
}

/// Changes to the headers of an answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Headers {
    /// Set, over whatever was there.
    pub set: BTreeMap<String, String>,
    /// Taken away.
    pub remove: Vec<String>,
}

/// Changes to the headers of a request.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RequestHeaders {
    /// Taken away, with whatever a program may take for one of them (`X_User` for `X-User`).
    pub remove: Vec<String>,
}

/// `[upstream.NAME]`: servers that answer alike.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Upstream {
    /// The servers: `http://HOST:PORT[/base/]` or `unix:PATH`.
    pub to: Vec<String>,
    /// `round-robin`, `least` or `sticky`.
    pub balance: String,
    /// How each is asked whether it is well; none: only its answers tell.
    pub health: Option<Health>,
    /// How long a connection may take.
    pub connect_time: String,
    /// How long the first byte of an answer may take.
    pub first_byte_time: String,
    /// How long a body may stand still, in either direction.
    pub idle_time: String,
    /// How long an unused connection is kept: below what the server keeps it.
    pub keep_time: String,
}

impl Default for Upstream {
    fn default() -> Self {
        Self {
            to: Vec::new(),
            balance: "round-robin".to_owned(),
            health: None,
            connect_time: "5s".to_owned(),
            first_byte_time: "60s".to_owned(),
            idle_time: "60s".to_owned(),
            keep_time: "1500ms".to_owned(),
        }
    }
}

/// How a server is asked whether it is well.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Health {
    /// Asked with `GET`; any 2xx is well.
    pub path: String,
    /// How often.
    pub every: String,
    /// How long an answer may take.
    pub within: String,
    /// So many failures in a row, and it gets no requests.
    pub fall: u32,
    /// So many successes in a row, and it gets them again.
    pub rise: u32,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            path: "/".to_owned(),
            every: "5s".to_owned(),
            within: "2s".to_owned(),
            fall: 3,
            rise: 1,
        }
    }
}
