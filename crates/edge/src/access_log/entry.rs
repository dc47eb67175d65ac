//! What is known of a request when its line is written.

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

/// On an answer of the app: its request's path as the log may show it, which the app alone
/// knows, for it knows its addresses and what they hold. Of the answers that say nothing
/// the path is masked as if it could hold a code.
#[derive(Debug, Clone)]
pub struct Shown(pub Box<str>);

/// How far the body of a request has come.
#[derive(Debug, Default)]
pub struct Upload {
    /// Bytes so far.
    pub received: AtomicU64,
    /// Whether it broke off because it came too slowly.
    pub is_too_slow: AtomicBool,
}

/// What is known of a request so far. Everything in it is a counter or a share
/// of the request's own bytes, so that keeping it costs no copies; and it is kept in a box,
/// because it goes from hand to hand.
#[derive(Debug)]
pub struct Entry {
    /// Where the line goes.
    pub log: Log,
    /// When the first byte came, for people.
    pub time: SystemTime,
    /// When the first byte came, for durations.
    pub began: Instant,
    /// The id of the request.
    pub id: RequestId,
    /// Who asked.
    pub client: Option<IpAddr>,
    /// The method; nothing: the request was broken.
    pub method: Option<Method>,
    /// The host asked for.
    pub host: Arc<str>,
    /// The path and the query; nothing: the request was broken.
    pub target: Option<PathAndQuery>,
    /// Whose address that is.
    pub whose: Whose,
    /// What is shown in place of the path, if the app said so.
    pub shown: Option<Shown>,
    /// `Referer`.
    pub referrer: Option<HeaderValue>,
    /// `User-Agent`.
    pub agent: Option<HeaderValue>,
    /// The protocol.
    pub version: Version,
    /// The version of TLS, `1.3`; empty in the clear.
    pub tls: &'static str,
    /// The status answered.
    pub status: StatusCode,
    /// Bytes of the request's body, if it has one; whoever reads it counts.
    pub received: Option<Arc<Upload>>,
    /// Until a server was found for it.
    pub queue: Option<Duration>,
    /// From there to the first byte of the upstream's answer.
    pub upstream_time: Option<Duration>,
    /// The figures of its route, which have its name.
    pub route: Option<Arc<RouteFigures>>,
    /// The server that answered.
    pub upstream: Option<Arc<str>>,
    /// How it came by the cache; empty when there is none.
    pub cache: &'static str,
    /// Why it was refused or went wrong; empty when neither.
    pub why: &'static str,
}

impl Entry {
    /// Writes the line, and counts the answer.
    pub fn end(self: Box<Self>, sent: u64, why: &str) {
        let all = self.began.elapsed();
        self.count(all);
        self.write(sent, why, all);
    }

    /// Counts the answer, which took so long.
    pub(super) fn count(&self, all: Duration) {
        if let Some(route) = &self.route {
            route.answered(self.status, all);
        }
    }

    /// Writes the line of an answer that took so long.
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

/// A request that has no answer yet. When its client leaves before there is one,
/// that is the line.
#[derive(Debug)]
pub struct Pending(Option<Box<Entry>>);

/// What the log calls a client that left before there was an answer.
const GONE: u16 = 499;

impl Pending {
    /// Waits for the answer.
    pub fn new(entry: Option<Box<Entry>>) -> Self {
        Self(entry)
    }

    /// There is an answer.
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
