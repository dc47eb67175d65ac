//! One line per request, when its answer has left or its client has.

use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, StatusCode, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;

use super::{Line, Log, Whose};
use crate::body::{Body, Stretch, has_no_body};
use crate::client_info::RequestId;
use crate::route::Route;

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
    /// Its route.
    pub route: Option<Arc<Route>>,
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
            route.figures.answered(self.status, all);
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

    /// Whether nobody asks for the body of the answer.
    fn has_no_body(&self) -> bool {
        self.method == Some(Method::HEAD) || has_no_body(self.status)
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

/// The body of an answer. Its line is written exactly once: at its end, at its
/// failure, or when it is dropped because the client went away.
#[derive(Debug)]
pub struct LoggedBody<B: HttpBody> {
    body: B,
    sent: u64,
    /// Nothing: the line is written.
    entry: Option<Box<Entry>>,
}

impl<B: HttpBody> LoggedBody<B> {
    /// Writes the line of `entry` when `body` ends.
    pub fn new(body: B, entry: Box<Entry>) -> Self {
        Self {
            body,
            sent: 0,
            entry: Some(entry),
        }
    }

    /// What is being sent.
    pub(crate) fn body(&self) -> &B {
        &self.body
    }

    fn end(&mut self, why: &str) {
        if let Some(entry) = self.entry.take() {
            entry.end(self.sent, why);
        }
    }
}

impl LoggedBody<Body> {
    /// As of the body.
    pub(crate) fn poll_stretch(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Stretch<'_>>> {
        self.body.poll_stretch(context)
    }

    /// The body could not be had.
    pub(crate) fn failed(&mut self, error: &io::Error) {
        self.end(&error.to_string());
    }

    /// So many bytes of the last stretch were sent.
    pub(crate) fn advance(&mut self, sent: usize) {
        self.body.advance(sent);
        self.sent += sent as u64;
        if self.body.is_end_stream() {
            self.end("");
        }
    }
}

impl<B> HttpBody for LoggedBody<B>
where
    B: HttpBody<Data = Bytes> + Unpin,
    B::Error: ToString,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(context));
        match &frame {
            None => this.end(""),
            Some(Err(error)) => this.end(&error.to_string()),
            Some(Ok(frame)) => {
                this.sent += frame.data_ref().map_or(0, |data| data.len() as u64);
                // The engine need not ask again.
                if this.body.is_end_stream() {
                    this.end("");
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: HttpBody> Drop for LoggedBody<B> {
    fn drop(&mut self) {
        let Some(entry) = self.entry.take() else {
            return;
        };
        // A body that is at its end already is not asked for.
        let is_whole = entry.has_no_body() || self.body.is_end_stream();
        entry.end(
            self.sent,
            if is_whole { "" } else { "the client went away" },
        );
    }
}
