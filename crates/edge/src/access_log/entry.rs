//! The information about a request that its log line needs.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use http::uri::PathAndQuery;
use http::{HeaderValue, Method, StatusCode, Version};
use tokio::time::Instant;

use super::{Line, Log, Whose};
use crate::client_info::RequestId;
use crate::metrics::RouteFigures;

/// The request path to show in the access log. The app attaches this to a response, because only
/// the app knows which of its paths contain secret codes. If a response has no such path, the log
/// masks the request path as if it could contain a code.
#[derive(Debug, Clone)]
pub struct LoggedPath(pub Box<str>);

/// How much of a request body was received.
#[derive(Debug, Default)]
pub struct Upload {
    /// Bytes received so far.
    pub received: AtomicU64,
    /// Whether the body was aborted because it arrived too slowly.
    pub is_too_slow: AtomicBool,
}

/// The information about a request so far. The fields are counters or share the request's own
/// bytes, so keeping them copies nothing. The entry is boxed because it is moved often.
#[derive(Debug)]
pub struct Entry {
    pub log: Log,
    /// When the first byte arrived, in wall-clock time.
    pub time: SystemTime,
    /// When the first byte arrived, in monotonic time to measure durations.
    pub began: Instant,
    pub id: RequestId,
    pub client: Option<IpAddr>,
    /// The method; `None` if the request was malformed.
    pub method: Option<Method>,
    pub host: Arc<str>,
    /// The path and the query; `None` if the request was malformed.
    pub target: Option<PathAndQuery>,
    /// Whether the app or another target serves this path, which decides how the path is masked.
    pub whose: Whose,
    /// The text that the log shows instead of the path, if the app supplied such a text.
    pub shown: Option<LoggedPath>,
    /// `Referer`.
    pub referrer: Option<HeaderValue>,
    /// `User-Agent`.
    pub agent: Option<HeaderValue>,
    pub version: Version,
    /// The TLS version, such as `1.3`; empty for clear text.
    pub tls: &'static str,
    pub status: StatusCode,
    /// The progress of the request body, if there is a body. The reader of the body updates it.
    pub received: Option<Arc<Upload>>,
    /// The time until an upstream server was selected.
    pub queue: Option<Duration>,
    /// The time from the selection to the first byte of the upstream's response.
    pub upstream_time: Option<Duration>,
    /// The metrics of the matched route, which also contain the route's name.
    pub route: Option<Arc<RouteFigures>>,
    pub upstream: Option<Arc<str>>,
    /// The cache status, such as `hit`; empty if the route has no cache.
    pub cache: &'static str,
    /// The reason why the request was rejected or failed; empty if it succeeded.
    pub why: &'static str,
}

impl Entry {
    /// Writes the line and counts the response.
    pub fn end(self: Box<Self>, sent: u64, why: &str) {
        let all = self.began.elapsed();
        self.count(all);
        self.write(sent, why, all);
    }

    /// Counts the response, which took `all` from the first byte of the request.
    pub(super) fn count(&self, all: Duration) {
        if let Some(route) = &self.route {
            route.answered(self.status, all);
        }
    }

    /// Writes the log line for a response that took the time `all` and had a body of `sent` bytes.
    pub(super) fn write(&self, sent: u64, why: &str, all: Duration) {
        let target = self.target.as_ref();
        self.log.line(&Line {
            time: self.time,
            id: self.id.as_str(),
            client: self.client,
            method: self.method.as_ref().map_or("", Method::as_str),
            host: &self.host,
            target: target.map_or("", PathAndQuery::as_str),
            whose: self.whose,
            shown: self.shown.as_ref().map_or("", |shown| &shown.0),
            referrer: bytes(self.referrer.as_ref()),
            agent: bytes(self.agent.as_ref()),
            status: self.status.as_u16(),
            received: self
                .received
                .as_ref()
                .map_or(0, |upload| upload.received.load(Ordering::Relaxed)),
            sent,
            queue: self.queue,
            upstream_time: self.upstream_time,
            all,
            route: self.route.as_ref().map_or("", |route| &route.name),
            upstream: self.upstream.as_deref().unwrap_or_default(),
            protocol: protocol(self.version),
            tls: self.tls,
            cache: self.cache,
            why: if why.is_empty() { self.why } else { why },
        });
    }
}

fn bytes(value: Option<&HeaderValue>) -> &[u8] {
    value.map_or(&[], HeaderValue::as_bytes)
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_3 => "HTTP/3",
        _ => "HTTP/1.1",
    }
}

/// A request without a response yet. If this value is dropped before there is a response, the
/// client has disconnected, and the log says so.
#[derive(Debug)]
pub struct Pending(Option<Box<Entry>>);

/// The logged status if the client disconnected before the response, as in nginx.
const GONE: u16 = 499;

impl Pending {
    pub fn new(entry: Option<Box<Entry>>) -> Self {
        Self(entry)
    }

    /// Returns the entry, because the request now has a response.
    pub fn answered(mut self) -> Option<Box<Entry>> {
        self.0.take()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(mut entry) = self.0.take() {
            entry.status = StatusCode::from_u16(GONE).unwrap_or(StatusCode::BAD_REQUEST);
            entry.end(0, "the client went away");
        }
    }
}
