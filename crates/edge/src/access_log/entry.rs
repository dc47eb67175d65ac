use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use http::uri::PathAndQuery;
use http::{HeaderValue, Method, StatusCode, Version};
use tokio::time::Instant;

use super::{Line, Log, PathOwner};
use crate::metrics::RouteFigures;
use crate::request_id::RequestId;

/// The path that the access log shows instead of the request path. The app attaches this value to a
/// response, because only the app knows which of its paths contain secret codes.
#[derive(Debug, Clone)]
pub struct LoggedPath(pub Box<str>);

/// How much of a request body was received.
#[derive(Debug, Default)]
pub struct Upload {
    pub received: AtomicU64,
    /// Whether the edge aborted the body because it arrived too slowly.
    pub is_too_slow: AtomicBool,
}

/// The data for the log line of a request. An entry is usually boxed, because it is moved often.
#[derive(Debug)]
pub struct Entry {
    pub log: Log,
    pub time: SystemTime,
    /// The time at which the request head arrived, from the monotonic clock, for measuring
    /// durations.
    pub began: Instant,
    pub id: RequestId,
    pub client: Option<IpAddr>,
    /// The method; `None` if the request head was malformed.
    pub method: Option<Method>,
    pub host: Arc<str>,
    pub target: Option<PathAndQuery>,
    /// Who serves the request's path. This determines how the log masks the path.
    pub whose: PathOwner,
    pub shown: Option<LoggedPath>,
    pub referrer: Option<HeaderValue>,
    pub agent: Option<HeaderValue>,
    pub version: Version,
    /// The TLS version, such as `1.3`; empty for a clear-text connection.
    pub tls: &'static str,
    pub status: StatusCode,
    /// The progress of the request body; `None` if the request has no body.
    pub received: Option<Arc<Upload>>,
    /// The time from the arrival of the request head until the edge passed the request to the
    /// route's target.
    pub queue: Option<Duration>,
    /// How long the app or the upstream took to begin its response, including any wait until one of
    /// its servers was available.
    pub upstream_time: Option<Duration>,
    pub route: Option<Arc<RouteFigures>>,
    pub upstream: Option<Arc<str>>,
    /// The cache status, such as `hit`; empty if the route has no cache.
    pub cache: &'static str,
    /// Why the request was rejected or failed; empty if the request succeeded.
    pub why: &'static str,
}

impl Entry {
    pub fn end(self: Box<Self>, sent: u64, why: &str) {
        let all = self.began.elapsed();
        self.count(all);
        self.write(sent, why, all);
    }

    /// Counts the request in its route's metrics. `all` is the time since the request head arrived.
    pub(super) fn count(&self, all: Duration) {
        if let Some(route) = &self.route {
            route.answered(self.status, all);
        }
    }

    /// Writes the log line. `sent` is the number of bytes in the response body, and `all` is the
    /// time since the request head arrived.
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

/// A request that has no response yet. If this value is dropped without a response, the log says
/// that the client has disconnected.
#[derive(Debug)]
pub struct Pending(Option<Box<Entry>>);

/// nginx's status for a client that disconnects before the response.
const CLIENT_CLOSED: u16 = 499;

impl Pending {
    pub fn new(entry: Option<Box<Entry>>) -> Self {
        Self(entry)
    }

    pub fn answered(mut self) -> Option<Box<Entry>> {
        self.0.take()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(mut entry) = self.0.take() {
            entry.status = StatusCode::from_u16(CLIENT_CLOSED).unwrap_or(StatusCode::BAD_REQUEST);
            entry.end(0, "the client went away");
        }
    }
}
