//! Defines routes, and how the route for a request is chosen.
//!
//! The most exact host wins (a name, then `*.name`, then any host), and then the longest path. A
//! path matches whole segments: `/api` matches `/api/x` but not `/apix`.

mod path;
mod table;

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::sync::Arc;

use http::uri::PathAndQuery;
use http::{StatusCode, Uri};

pub use path::{BadPath, NormalPath};
pub use table::Table;
pub(crate) use table::columns;

use crate::cache::Policy;
use crate::filters::auth::Access;
use crate::filters::cors::Cors;
use crate::filters::headers::{Changes, StrippedHeaders};
use crate::filters::rate_limit::Limiter;
use crate::metrics::RouteFigures;
use crate::static_files::Folder;
use crate::values;

/// The defaults of the route settings `body_rate` (in bytes per second) and `buffer_request` (in
/// bytes).
pub(crate) const BODY_RATE: u64 = 500;
pub(crate) const BUFFER_REQUEST: usize = 256 << 10;

/// The target of matching requests, and how they are processed.
#[derive(Debug)]
pub struct Route {
    pub host: HostPattern,
    pub path: RoutePath,
    /// Whether the target distinguishes letter case. If it does not, and this route restricts
    /// requests, the route also refuses paths that differ from its own path only in letter case,
    /// because they would lead to the same content without the restrictions.
    pub case_sensitive: bool,
    pub target: Target,
    /// Whether the app responds to requests for missing files.
    pub falls_back: bool,
    /// The name in the log and in metrics: `host/path`.
    pub name: Arc<str>,
    /// The target as configured, for display.
    pub to: String,
    /// The number of segments that are removed from the beginning of a path.
    pub(crate) strip: usize,
    /// The prefix that is added to a path: empty, or `/something` without a trailing slash.
    pub(crate) add: String,
    pub limit: Option<Arc<Limiter>>,
    /// `None` if everybody has access.
    pub access: Option<Arc<Access>>,
    /// `None` if only pages of the same origin may read responses.
    pub(crate) cors: Option<Cors>,
    pub headers: Arc<Changes>,
    /// Request headers that are not forwarded.
    pub withheld: StrippedHeaders,
    /// The maximum size of a request body in bytes; `None` for no limit.
    pub body_size: Option<u64>,
    /// The minimum average rate of a request body, in bytes per second; 0 for none.
    pub(crate) body_rate: u64,
    /// The maximum number of request body bytes that are buffered before the edge contacts a
    /// server.
    pub(crate) buffer_request: usize,
    /// `None` if responses are not cached.
    pub shared_cache: Option<Policy>,
    pub figures: Arc<RouteFigures>,
    /// The name of the site's own access log; `None` for the common log.
    pub(crate) log: Option<Arc<str>>,
}

impl Route {
    pub(crate) fn to_app() -> Self {
        let name: Arc<str> = "*/".into();
        Self {
            host: HostPattern::Any,
            path: RoutePath::root(),
            case_sensitive: false,
            target: Target::App,
            falls_back: false,
            figures: RouteFigures::new(Arc::clone(&name)).into(),
            name,
            to: "app".to_owned(),
            strip: 0,
            add: String::new(),
            limit: None,
            access: None,
            cors: None,
            headers: Arc::default(),
            withheld: StrippedHeaders::default(),
            body_size: None,
            body_rate: BODY_RATE,
            buffer_request: BUFFER_REQUEST,
            shared_cache: None,
            log: None,
        }
    }

    /// Makes a route to the app for this path on all hosts.
    pub(crate) fn to_mounted(path: RoutePath) -> Self {
        let name: Arc<str> = format!("*{}", path.as_str()).into();
        Self {
            path,
            figures: RouteFigures::new(Arc::clone(&name)).into(),
            name,
            to: "Kenduri itself".to_owned(),
            ..Self::to_app()
        }
    }

    /// Makes a route for all requests at the address of a service.
    pub(crate) fn to_service(service: &str, upstream: &str) -> Self {
        let name: Arc<str> = format!("front:{service}").into();
        Self {
            target: Target::Proxy(upstream.into()),
            figures: RouteFigures::new(Arc::clone(&name)).into(),
            name,
            to: upstream.to_owned(),
            ..Self::to_app()
        }
    }

    /// Whether the app responds to any requests on this route, for example to those for missing
    /// files.
    pub fn leads_to_app(&self) -> bool {
        self.falls_back || matches!(self.target, Target::App)
    }

    /// No request may bypass such a route.
    fn is_guard(&self) -> bool {
        self.access.is_some() || self.limit.is_some() || matches!(self.target, Target::Status(_))
    }

    /// Whether this route's path is below the path of `other` and some host matches both routes.
    /// Requests that match both go to this route.
    pub(crate) fn is_inside(&self, other: &Self) -> bool {
        let may_share_host = match (&self.host, &other.host) {
            (HostPattern::Exact(name), pattern) => pattern.matches(name),
            (own, pattern) => own == pattern || *pattern == HostPattern::Any,
        };
        may_share_host && self.path != other.path && begins(&other.path.matched, &self.path.matched)
    }

    /// Whether the paths differ only in letter case or a trailing slash.
    fn is_variant_of(&self, other: &Self) -> bool {
        fn bare(path: &[u8]) -> &[u8] {
            path.strip_suffix(b"/").unwrap_or(path)
        }
        self.host == other.host && bare(&self.path.folded) == bare(&other.path.folded)
    }

    /// Returns the path for the target, after `strip` and `add` were applied.
    pub fn rewrite<'a>(&self, path: &'a NormalPath<'_>) -> Cow<'a, str> {
        let rest = path.without_first(self.strip);
        if self.add.is_empty() {
            Cow::Borrowed(rest)
        } else {
            Cow::Owned(format!("{}{rest}", self.add))
        }
    }

    /// The path of [`Route::rewrite`] with the query of `uri`. `path` must be the path of `uri`.
    ///
    /// # Errors
    ///
    /// Fails if the result is too long for a request target.
    pub fn forwarded(
        &self,
        path: &NormalPath<'_>,
        uri: &Uri,
    ) -> Result<PathAndQuery, http::uri::InvalidUri> {
        forwarded_as(self.rewrite(path), uri)
    }

    /// The request target for the app when it responds for a missing file. `strip` and `add` do not
    /// apply, because the app expects paths as the client sends them.
    ///
    /// # Errors
    ///
    /// Fails if the result is too long for a request target.
    pub(crate) fn fallen_back(
        path: &NormalPath<'_>,
        uri: &Uri,
    ) -> Result<PathAndQuery, http::uri::InvalidUri> {
        forwarded_as(Cow::Borrowed(path.as_str()), uri)
    }
}

fn forwarded_as(path: Cow<'_, str>, uri: &Uri) -> Result<PathAndQuery, http::uri::InvalidUri> {
    // A target such as `http://host?query` has no path, which counts as `/`.
    let is_same = |whole: &&PathAndQuery| whole.path() == path && whole.as_str().starts_with('/');
    if let Some(same) = uri.path_and_query().filter(is_same) {
        return Ok(same.clone());
    }
    let mut text = path.into_owned();
    if let Some(query) = uri.query() {
        text.push('?');
        text.push_str(query);
    }
    PathAndQuery::try_from(text)
}

#[derive(Debug, Clone)]
pub enum Target {
    App,
    Files(Arc<Folder>),
    /// The upstream's name in [`Plan::upstreams`](crate::config::Plan::upstreams).
    Proxy(Arc<str>),
    Redirect(Redirect),
    /// A page of the edge itself with this status.
    Status(StatusCode),
}

/// `redirect:URL`, which responds with 308 (RFC 9110, section 15.4.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The URL up to `{path}`, or the whole URL if it has no `{path}`.
    pub(crate) before: String,
    /// The URL after `{path}`; `None` if it has no `{path}`.
    pub(crate) after: Option<String>,
}

impl Redirect {
    /// Returns the value of `Location`. If the URL has no `{path}`, the value contains neither the
    /// path nor the query of the request.
    pub fn location(&self, path: &str, query: Option<&str>) -> String {
        let Some(after) = &self.after else {
            return self.before.clone();
        };
        let mut text = format!("{}{path}{after}", self.before);
        if let Some(query) = query {
            text.push(if text.contains('?') { '&' } else { '?' });
            text.push_str(query);
        }
        text
    }
}

/// The hosts that a route matches. More exact patterns sort first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostPattern {
    Exact(String),
    /// `*.NAME`: every host that consists of one label before this name.
    Below(String),
    Any,
}

impl HostPattern {
    /// Parses a pattern such as `example.org` or `*.example.org`. An empty text stands for all
    /// hosts.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.strip_prefix("*.") {
            _ if text.is_empty() => Ok(Self::Any),
            Some(name) => values::host(name).map(Self::Below),
            None => values::host(text).map(Self::Exact),
        }
    }

    pub fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exact(name) => name == host,
            Self::Below(name) => parent_domain(host) == Some(name),
            Self::Any => true,
        }
    }
}

impl Display for HostPattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(name) => out.write_str(name),
            Self::Below(name) => write!(out, "*.{name}"),
            Self::Any => out.write_str("*"),
        }
    }
}

fn parent_domain(host: &str) -> Option<&str> {
    host.split_once('.')
        .filter(|(label, above)| !label.is_empty() && !above.is_empty())
        .map(|(_, above)| above)
}

/// The host in a `Host` header, without the port and the trailing dot.
pub fn bare_host(host: &str) -> &str {
    let name = match host.rfind(':') {
        // An IPv6 address has its colons between brackets.
        Some(colon) if !host[colon..].contains(']') => &host[..colon],
        _ => host,
    };
    name.strip_suffix('.').unwrap_or(name)
}

/// A route's path. It matches all paths that begin with its segments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutePath {
    /// The normalized path, for display.
    text: String,
    /// The path in matched form (see [`NormalPath`]).
    matched: Vec<u8>,
    /// The matched form with letter case folded.
    folded: Vec<u8>,
    /// Whether the route also matches its path without the trailing slash.
    owns_bare: bool,
}

impl RoutePath {
    /// Parses `/`, `/api` or `/api/`. An empty text stands for `/`.
    pub fn parse(text: &str) -> Result<Self, BadPath> {
        let text = if text.is_empty() { "/" } else { text };
        // Letters beyond ASCII are accepted unescaped.
        let path = NormalPath::parse(text)?;
        Ok(Self {
            text: path.as_str().to_owned(),
            matched: path.matched().to_owned(),
            folded: path::folded(path.matched()).into_owned(),
            owns_bare: false,
        })
    }

    fn root() -> Self {
        Self {
            text: "/".to_owned(),
            matched: b"/".to_vec(),
            folded: b"/".to_vec(),
            owns_bare: false,
        }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn matched(&self) -> &[u8] {
        &self.matched
    }

    /// Whether a path begins with the segments of this path.
    pub fn matches(&self, path: &NormalPath<'_>) -> bool {
        self.begins(path.matched())
    }

    /// Whether `path` equals this route's path without its trailing slash, and this route also
    /// matches that path.
    pub(crate) fn is_bare(&self, path: &NormalPath<'_>) -> bool {
        self.owns_bare && is_bare(&self.matched, path.matched())
    }

    /// Like [`RoutePath::matches`], for a path in matched form.
    fn begins(&self, matched: &[u8]) -> bool {
        begins(&self.matched, matched) || (self.owns_bare && is_bare(&self.matched, matched))
    }
}

fn begins(route: &[u8], path: &[u8]) -> bool {
    path.strip_prefix(route)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || route.ends_with(b"/"))
}

/// Whether a path equals the route's path without its trailing slash.
fn is_bare(route: &[u8], path: &[u8]) -> bool {
    !path.is_empty() && route.strip_suffix(b"/") == Some(path)
}

/// The number of segments in the setting `strip`. Returns `None` if `path` does not begin with
/// `strip`.
pub(crate) fn strip(path: &RoutePath, written: &str) -> Option<usize> {
    let strip = RoutePath::parse(written).ok()?;
    let whole = NormalPath::parse(&path.text).ok()?;
    let fits = strip.matches(&whole) || strip.matched.strip_suffix(b"/") == Some(&path.matched);
    fits.then(|| path::segments(&strip.text))
}
