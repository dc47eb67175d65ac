//! The settings as plain strings and numbers, as in `kenduri.toml`. The values have not been
//! validated.
//!
//! Sizes are numbers with K, M or G, and times are numbers with ms, s, m, h or d.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use units::HealthConfig;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Description {
    pub listen: Listen,
    pub tls: Tls,
    /// The routes; if empty, every request goes to the app.
    pub route: Vec<Route>,
    /// Groups of servers by name, for `to = "upstream:NAME"`.
    pub upstream: BTreeMap<String, Upstream>,
    pub cache: Cache,
    pub proxy: Proxy,
}

/// `[proxy]`: how request bodies are buffered, so that slow clients do not occupy upstream servers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Proxy {
    /// The maximum size of a request body that is read before a server is contacted; `0` disables
    /// this buffering.
    pub buffer_request: String,
    /// The memory limit for all buffers together.
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

/// `[cache]`: the limits of the cache for routes with a `shared_cache`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cache {
    /// The memory limit for all cached responses together.
    pub memory: String,
    pub entries: u32,
    /// The maximum size of a cached response.
    pub largest: String,
    /// How long a request waits for the response to another request with the same cache key.
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

/// `[listen]`: the addresses, and the limits for every connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    /// `HOST:PORT`, `:PORT` for every address of the machine, or `unix:FILE`.
    pub http: Vec<String>,
    /// Like `http`, but with TLS.
    pub https: Vec<String>,
    /// Whether HTTP/3 is also served, on UDP ports with the same numbers as the `https` ports.
    pub http3: bool,
    /// IP addresses or networks of proxies that may set `Forwarded` and `X-Forwarded-*`, or names
    /// of content delivery networks: `cloudflare`, `fastly`.
    #[serde(deserialize_with = "one_or_many")]
    pub trusted_proxies: Vec<String>,
    /// The header that trusted proxies set.
    pub forwarded_header: ForwardedHeader,
    /// The entries of `http` and `https` where trusted proxies begin each connection with the PROXY
    /// protocol.
    pub proxy_protocol: Vec<String>,
    /// The maximum number of open connections; further connections wait.
    pub connections: u32,
    /// The maximum number of open connections per IP address (IPv6: per /64); 0 for no limit.
    pub connections_per_address: u32,
    /// The maximum size of a request line together with its header section.
    pub header_size: String,
    /// The timeout for receiving a request's header section.
    pub header_time: String,
    /// How long an idle connection may wait for the next request.
    pub idle_time: String,
    /// The timeout for a request or response body that makes no progress.
    pub body_time: String,
    /// The minimum average rate of a request body in bytes per second, after 20 s; `0` for no
    /// limit.
    pub body_rate: String,
    /// How long Kenduri still takes new connections after a stop has begun and `/readyz` says so,
    /// so that a balancer in front can notice.
    pub unready_time: String,
    /// How long running requests may continue when the edge stops.
    pub drain_time: String,
    /// How long idle connections stay open when the edge stops.
    pub lame_duck_time: String,
    /// How long connections that have switched to another protocol, such as WebSockets, stay open
    /// when the edge stops.
    pub tunnel_time: String,
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a text or a list of texts")]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }

    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    })
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
            unready_time: "0s".to_owned(),
            drain_time: "30s".to_owned(),
            lame_duck_time: "5s".to_owned(),
            tunnel_time: "5s".to_owned(),
        }
    }
}

/// The header in which trusted proxies report the client. The edge ignores the other forwarding
/// headers, because they may come from the client.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// Uses `X-Forwarded-*` if `X-Forwarded-For`, `-Proto` or `-Host` is present, and `Forwarded`
    /// otherwise.
    #[default]
    Auto,
    /// Uses `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`.
    XForwardedFor,
    /// Uses `Forwarded` (RFC 7239).
    Forwarded,
}

/// `[tls]`: certificates, from a certificate authority or from files.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The authority that issues certificates for names without a certificate file; `None` if the
    /// edge orders no certificates.
    pub acme: Option<Acme>,
    pub certificate: Vec<Certificate>,
    /// The lifetime in `Strict-Transport-Security`; `0` disables the header.
    ///
    /// If empty, the lifetime is one day, and only some hosts get the header: those with a
    /// certificate from an authority and with a redirect from clear text to https.
    pub hsts: String,
}

/// `[tls] acme = { … }` (RFC 8555).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acme {
    /// The contact email address that is given to the authority.
    pub email: String,
    #[serde(default = "lets_encrypt")]
    pub directory: String,
    /// How the authority verifies control of a name.
    #[serde(default)]
    pub challenge: Challenge,
    /// An existing account at the authority to which the new account is bound.
    #[serde(default)]
    pub eab: Option<ExternalAccount>,
    /// A file with an additional root certificate that is trusted for connections to the authority.
    #[serde(default)]
    pub ca: String,
    /// Whether certificates are also ordered for names that do not resolve.
    #[serde(default)]
    pub force: bool,
}

fn lets_encrypt() -> String {
    "https://acme-v02.api.letsencrypt.org/directory".to_owned()
}

/// How the authority verifies control of a name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Challenge {
    /// By a special certificate in a TLS handshake (RFC 8737).
    #[default]
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
    /// By a text at a well-known path (RFC 8555, section 8.3).
    #[serde(rename = "http-01")]
    Http01,
}

/// External account binding (RFC 8555, section 7.3.4).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalAccount {
    /// The key identifier from the authority.
    pub kid: String,
    /// A file with the HMAC key in base64url.
    pub key_file: String,
}

/// `[[tls.certificate]]`: a certificate in files. The edge reloads the certificate when the files
/// change.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The host names, such as `example.org` or `*.example.org`. If empty, the certificate's own
    /// names are used.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The PEM file of the chain, with the end-entity certificate first.
    pub chain: String,
    /// The PEM file of the private key.
    pub key: String,
    /// Whether the certificate is used for clients that send no server name. At most one
    /// certificate may be the default.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub default: bool,
}

/// `[[route]]`: assigns requests to a target.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Route {
    /// `example.org`, `*.example.org`, or empty for any host.
    pub host: String,
    /// The path prefix, which matches whole segments only.
    pub path: String,
    /// Whether the target distinguishes letter case. If it does not, paths that differ from `path`
    /// only in letter case lead to the same content. The edge refuses such paths, because this
    /// route's `access`, `limit` or `status:` would not apply to them.
    pub case_sensitive: bool,
    /// The target: `app`, `files:DIR`, `service:NAME`, `upstream:NAME`, `http://HOST:PORT[/base/]`,
    /// `unix:PATH`, `redirect:URL` (in which `{path}` is the requested path) or `status:NUMBER`.
    pub to: String,
    /// The prefix to remove from the path before the request is forwarded.
    pub strip: String,
    /// The prefix to add to the path before the request is forwarded.
    pub add: String,
    pub limit: Option<Limit>,
    /// The access rules; `None` if everybody may use the route.
    pub access: Option<Access>,
    /// The other origins whose pages may call the route; `None` if there are none.
    pub cors: Option<Cors>,
    /// The name of the site's own access log and error log. If empty, the site uses the common
    /// logs.
    pub log: String,
    pub headers: Headers,
    /// The changes to request headers before a request is sent to an upstream.
    pub request_headers: RequestHeaders,
    /// The maximum size of a request body; empty for no limit.
    pub body_size: String,
    /// Replaces `listen.body_rate` for this route, unless empty.
    pub body_rate: String,
    /// Replaces `proxy.buffer_request` for this route, unless empty.
    pub buffer_request: String,
    /// For files: the paths to try, in this order; `{path}` stands for the requested path.
    pub r#try: Vec<String>,
    /// For files: whether folders without an index file are listed.
    pub listing: bool,
    /// For files: `Cache-Control` by name pattern, such as `*.css`.
    pub cache: BTreeMap<String, String>,
    /// For files: the target if the file does not exist, such as `app`. If empty, the response is
    /// 404.
    pub fallback: String,
    /// For upstreams: how their responses are cached; `None` for no caching.
    pub shared_cache: Option<SharedCache>,
}

/// `shared_cache = { … }` (RFC 9111): the defaults for responses without caching headers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SharedCache {
    /// How long a response is fresh if it states no lifetime. If empty, responses without a
    /// lifetime are not stored.
    pub lifetime: String,
    /// Whether `lifetime` also applies if the request had a cookie.
    pub with_cookies: bool,
    /// How long after its lifetime a stale response may be sent while it is revalidated.
    pub stale_while_revalidate: String,
    /// How long after its lifetime a stale response may be sent if the upstream server fails.
    pub stale_if_error: String,
}

/// `access = { … }`: who may use a route. All configured conditions must hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// The IP addresses or networks of permitted clients. If empty, all clients are permitted.
    pub allow: Vec<String>,
    /// The IP addresses or networks of denied clients, even if `allow` contains them.
    pub deny: Vec<String>,
    pub basic: Option<Basic>,
    pub ask: Option<Ask>,
    /// Requires that the user is signed in to the app; the value is a keyword that the app defines.
    pub sign_in: String,
}

/// `basic = { file = "secrets/studio" }`: requires a user name and a password (RFC 7617).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basic {
    /// A file with a line `name:hash` for each user. The hashes are argon2id.
    pub file: String,
    /// The realm. Browsers store the password under this name.
    #[serde(default = "sign_in")]
    pub realm: String,
}

fn sign_in() -> String {
    "Sign in".to_owned()
}

/// `ask = { to = "http://127.0.0.1:4180", path = "/verify", copy = ["X-User"] }`: asks an
/// authorization server whether each request is permitted.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The authorization server: `http://HOST:PORT[/base/]`, `unix:PATH`, `upstream:NAME` or
    /// `service:NAME`.
    pub to: String,
    /// The path to request with `GET`.
    pub path: String,
    /// Headers to copy into the request from the authorization server's response.
    #[serde(default)]
    pub copy: Vec<String>,
}

/// `cors = { origins = ["https://app.example"] }`: the other origins whose pages may read
/// responses. Cookies are removed from requests of these pages.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// `scheme://host` or `scheme://host:port`, as browsers write it in `Origin`.
    pub origins: Vec<String>,
}

/// `limit = { rate = "10/s", burst = 20, by = "ip" }`: limits the request rate of each client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The rate, such as `10/s`, `100/m` or `1000/h`.
    pub rate: String,
    /// The number of requests that a client may send at once. If 0, the number in `rate` is used.
    #[serde(default)]
    pub burst: u32,
    /// What identifies a client: `ip`, `header:NAME` or `cookie:NAME`.
    #[serde(default = "by_address")]
    pub by: String,
    /// Counts only responses that report this outcome in `X-Kenduri-Outcome`. If empty, counts
    /// every request.
    #[serde(default)]
    pub on: String,
}

fn by_address() -> String {
    "ip".to_owned()
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Headers {
    pub set: BTreeMap<String, String>,
    pub remove: Vec<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RequestHeaders {
    /// Headers to remove. Also removes headers with similar names that some programs confuse with
    /// them, such as `X_User` for `X-User`.
    pub remove: Vec<String>,
}

/// `[upstream.NAME]`: interchangeable servers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Upstream {
    /// The servers' addresses: `http://HOST:PORT[/base/]` or `unix:PATH`.
    pub to: Vec<String>,
    /// How the server for a request is chosen: `round-robin`, `least` or `sticky`.
    pub balance: String,
    /// The health check. If `None`, only failed requests show that a server is down.
    pub health: Option<HealthConfig>,
    pub connect_time: String,
    /// The timeout for the first byte of a response.
    pub first_byte_time: String,
    /// The timeout for a request or response body that makes no progress.
    pub idle_time: String,
    /// How long an idle connection stays open. Should be less than the server's keep-alive timeout.
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
