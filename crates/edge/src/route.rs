//! Which route a request meets.
//!
//! Of the routes whose host and path fit, the one with the most exact host wins
//! (a name, then `*.name`, then any), and of those the longest path. The order
//! in the file never matters. A path matches whole segments: `/api` is met by
//! `/api` and `/api/x` but not by `/apix`, and `/api/` by `/api/` and what is
//! below it; by `/api` too, which is redirected to `/api/`, unless a route is
//! written for it. A `*` is exactly one label, as in certificates.

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
use crate::filters::headers::{Changes, StrippedHeaders};
use crate::filters::rate_limit::Limiter;
use crate::metrics::RouteFigures;
use crate::static_files::Folder;
use crate::values;

/// What routes have that say nothing of it.
pub(crate) const BODY_RATE: u64 = 500;
pub(crate) const BUFFER_REQUEST: usize = 256 << 10;

/// Where some requests go, and what happens to them on the way.
#[derive(Debug)]
pub struct Route {
    /// Which hosts it is for.
    pub host: HostPattern,
    /// Which paths it is for.
    pub path: RoutePath,
    /// Whether a path in other letter case is certainly not its own.
    pub case_sensitive: bool,
    /// Who answers.
    pub target: Target,
    /// Whether the app answers what is no file of a target that has files.
    pub falls_back: bool,
    /// `host/path`: what the log and the figures call it.
    pub name: Arc<str>,
    /// As written, for people.
    pub to: String,
    /// So many segments are taken off the beginning before forwarding.
    pub(crate) strip: usize,
    /// Put before the path before forwarding; empty or `/something`, with no slash at its end.
    pub(crate) add: String,
    /// How often one client may ask.
    pub limit: Option<Arc<Limiter>>,
    /// Who may come in; none: everybody.
    pub access: Option<Arc<Access>>,
    /// Changes to what is sent back.
    pub headers: Changes,
    /// What is not handed on.
    pub withheld: StrippedHeaders,
    /// The largest body of a request, in bytes.
    pub body_size: Option<u64>,
    /// Bytes a second that the body of a request keeps on average; 0: none.
    pub(crate) body_rate: u64,
    /// So much of the body of a request is read before a server is asked.
    pub(crate) buffer_request: usize,
    /// What is kept of its answers, if anything is.
    pub shared_cache: Option<Policy>,
    /// Counts what happens here.
    pub figures: Arc<RouteFigures>,
}

impl Route {
    /// All requests, to the app.
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
            headers: Changes::default(),
            withheld: StrippedHeaders::default(),
            body_size: None,
            body_rate: BODY_RATE,
            buffer_request: BUFFER_REQUEST,
            shared_cache: None,
        }
    }

    /// This path of all hosts, to whatever is mounted.
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

    /// Everything that comes to an address of its own, to a service.
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

    /// Whether the app answers here, at least what is no file.
    pub fn leads_to_app(&self) -> bool {
        self.falls_back || matches!(self.target, Target::App)
    }

    /// Whether it keeps requests from anybody, so that they must not get past it.
    fn is_guard(&self) -> bool {
        self.access.is_some() || self.limit.is_some() || matches!(self.target, Target::Status(_))
    }

    /// Whether it takes paths from another route, on some host or on all.
    pub(crate) fn is_inside(&self, other: &Self) -> bool {
        let may_share_host = match (&self.host, &other.host) {
            (HostPattern::Exact(name), pattern) => pattern.matches(name),
            (own, pattern) => own == pattern || *pattern == HostPattern::Any,
        };
        may_share_host && self.path != other.path && begins(&other.path.matched, &self.path.matched)
    }

    /// Whether another route differs in nothing but letter case or a closing slash.
    fn is_variant_of(&self, other: &Self) -> bool {
        fn bare(path: &[u8]) -> &[u8] {
            path.strip_suffix(b"/").unwrap_or(path)
        }
        self.host == other.host && bare(&self.path.folded) == bare(&other.path.folded)
    }

    /// The path that the target gets: without what is stripped, with what is added.
    pub fn rewrite<'a>(&self, path: &'a NormalPath<'_>) -> Cow<'a, str> {
        let rest = path.without_first(self.strip);
        if self.add.is_empty() {
            Cow::Borrowed(rest)
        } else {
            Cow::Owned(format!("{}{rest}", self.add))
        }
    }

    /// As [`Route::rewrite`], with the query of `uri`, whose path this is.
    ///
    /// # Errors
    /// When the whole is too long for a request target.
    pub fn forwarded(
        &self,
        path: &NormalPath<'_>,
        uri: &Uri,
    ) -> Result<PathAndQuery, http::uri::InvalidUri> {
        forwarded_as(self.rewrite(path), uri)
    }

    /// What the app gets where it answers for files: its own addresses are as the client sees
    /// them, without what is stripped or added.
    ///
    /// # Errors
    /// When the whole is too long for a request target.
    pub(crate) fn fallen_back(
        path: &NormalPath<'_>,
        uri: &Uri,
    ) -> Result<PathAndQuery, http::uri::InvalidUri> {
        forwarded_as(Cow::Borrowed(path.as_str()), uri)
    }
}

/// This path, with the query of `uri`.
fn forwarded_as(path: Cow<'_, str>, uri: &Uri) -> Result<PathAndQuery, http::uri::InvalidUri> {
    // A target as `http://host?query` has a path that is not written.
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

/// Who answers.
#[derive(Debug, Clone)]
pub enum Target {
    /// The service that is mounted in the edge.
    App,
    /// Files of a folder.
    Files(Arc<Folder>),
    /// The upstream of this name, one of [`Plan::upstreams`](crate::config::Plan::upstreams).
    Proxy(Arc<str>),
    /// Another address.
    Redirect(Redirect),
    /// Nobody: a page with this status.
    Status(StatusCode),
}

/// `redirect:URL`, answered with 308 (RFC 9110, section 15.4.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The URL up to its `{path}`, or the whole.
    pub(crate) before: String,
    /// What follows `{path}`, if there is one.
    pub(crate) after: Option<String>,
}

impl Redirect {
    /// Where to send who asked for this path, already rewritten, and query. With
    /// `{path}` both are kept, else neither.
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

/// Which hosts a route is for; the more exact comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostPattern {
    /// This one.
    Exact(String),
    /// `*.NAME`: one label more than this name.
    Below(String),
    /// All.
    Any,
}

impl HostPattern {
    /// Reads `example.org`, `*.example.org`, or nothing.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.strip_prefix("*.") {
            _ if text.is_empty() => Ok(Self::Any),
            Some(name) => values::host(name).map(Self::Below),
            None => values::host(text).map(Self::Exact),
        }
    }

    /// Whether it is for this host, in lower case and without a port.
    pub fn matches(&self, host: &str) -> bool {
        match self {
            Self::Exact(name) => name == host,
            Self::Below(name) => above(host) == Some(name),
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

/// The name without its first label.
fn above(host: &str) -> Option<&str> {
    host.split_once('.')
        .filter(|(label, above)| !label.is_empty() && !above.is_empty())
        .map(|(_, above)| above)
}

/// The host of a `Host` header, without port and the dot of a full name. Lower
/// case is expected.
pub fn bare_host(host: &str) -> &str {
    let name = match host.rfind(':') {
        // The colons of an IPv6 address stand in brackets.
        Some(colon) if !host[colon..].contains(']') => &host[..colon],
        _ => host,
    };
    name.strip_suffix('.').unwrap_or(name)
}

/// The beginning of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutePath {
    /// In normal form, for people.
    text: String,
    /// As compared.
    matched: Vec<u8>,
    /// The same without letter case.
    folded: Vec<u8>,
    /// Whether the path without the closing slash is this route's too.
    owns_bare: bool,
}

impl RoutePath {
    /// Reads `/`, `/api` or `/api/`; nothing is `/`.
    pub fn parse(text: &str) -> Result<Self, BadPath> {
        let text = if text.is_empty() { "/" } else { text };
        // People write names with letters beyond ASCII as they read.
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

    /// In normal form.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As compared.
    pub(crate) fn matched(&self) -> &[u8] {
        &self.matched
    }

    /// Whether a path begins with it, segment by segment.
    pub fn matches(&self, path: &NormalPath<'_>) -> bool {
        self.begins(path.matched())
    }

    /// Whether a path that it matches lacks its closing slash.
    pub(crate) fn is_bare(&self, path: &NormalPath<'_>) -> bool {
        self.owns_bare && is_bare(&self.matched, path.matched())
    }

    /// The same as [`RoutePath::matches`], of what is compared.
    fn begins(&self, matched: &[u8]) -> bool {
        begins(&self.matched, matched) || (self.owns_bare && is_bare(&self.matched, matched))
    }
}

fn begins(route: &[u8], path: &[u8]) -> bool {
    path.strip_prefix(route)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || route.ends_with(b"/"))
}

/// Whether a path is that of the route without its closing slash.
fn is_bare(route: &[u8], path: &[u8]) -> bool {
    !path.is_empty() && route.strip_suffix(b"/") == Some(path)
}

/// How many segments `strip` takes off paths that begin with `path`; nothing: it
/// is no beginning of it.
pub(crate) fn strip(path: &RoutePath, written: &str) -> Option<usize> {
    let strip = RoutePath::parse(written).ok()?;
    let whole = NormalPath::parse(&path.text).ok()?;
    let fits = strip.matches(&whole) || strip.matched.strip_suffix(b"/") == Some(&path.matched);
    fits.then(|| path::segments(&strip.text))
}
