//! Requests handed on to servers, and their answers handed back.
//!
//! An [`Upstream`] is shared by all workers: its servers, how they fare, whose
//! turn it is. A [`Pool`] belongs to one worker: its unused connections. Bodies
//! stream in both directions, with nothing in between but what one read brings.

mod balance;
mod connect;
mod crew;
mod error;
mod frames;
mod health;
mod pool;
mod relay;
mod sending;
mod settings;
mod streams;
mod tunnel;
mod upgrade;
mod upstream;
mod way;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use http::header::{
    CONTENT_LENGTH, EXPECT, HOST, HeaderMap, HeaderValue, SET_COOKIE, TRANSFER_ENCODING,
};
use http::uri::{PathAndQuery, Uri};
use http::{Method, Request, Response, StatusCode, Version, request};
use http_body::Body as _;
use hyper::body::Incoming;

use crate::{Answer, Body, Facts, forwarding};

pub use crew::{CrewStatus, MemberStatus, Servers};
pub use error::{AnswerError, ProxyError, Side};
pub use health::Watch;
pub use settings::{
    BadAddress, Balance, HealthSettings, MemberSettings, ServerAddress, Times, UpstreamSettings,
    parse_address,
};
pub use tunnel::Tunnels;
pub use upstream::Upstream;

pub(crate) use crew::Crew;

use connect::Stream;
use crew::{Member, Running};
use pool::Idle;
use relay::Relay;
use sending::{Flow, Sending};
use streams::Streams;
use tunnel::Far;
use upgrade::Upgrade;
use upstream::{Chosen, Search};
use way::Way;
use wire::{Failure, Wire};

/// A body is sent after so long even when the server was to say first that it
/// wants it (RFC 9110, section 10.1.1): many never do.
const EXPECT_TIME: Duration = Duration::from_secs(1);

/// The connections of one worker to all upstreams.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    idle: Idle,
    streams: Streams,
    tunnels: Tunnels,
}

impl Pool {
    /// Tunnels are counted, and closed, with those of the other workers.
    pub fn new(tunnels: Tunnels) -> Self {
        Self {
            idle: Idle::default(),
            streams: Streams::default(),
            tunnels,
        }
    }

    /// Has an upstream answer a request. `path` is what it is asked for.
    ///
    /// Headers that end at a hop are removed and those that speak of the client
    /// are written here, by [`forwarding`]: hand in the
    /// client's own. For an upgrade the extension that hyper's server puts into
    /// the request must still be there.
    pub async fn forward(
        &self,
        upstream: &Arc<Upstream>,
        request: Request<Body>,
        facts: &Facts,
        path: PathAndQuery,
    ) -> Result<Answer, ProxyError> {
        let (mut parts, body) = request.into_parts();
        let upgrade = Upgrade::take(&mut parts)?;
        let method = parts.method.clone();
        forwarding::toward(&mut parts.headers, facts);
        if let Some(upgrade) = &upgrade {
            upgrade.ask(&mut parts.headers);
        }
        let (flow, mut sending) = outgoing(&mut parts, body, upgrade.is_some());
        let mut search = Search::default();
        let mut chosen = upstream.find(&parts.headers, facts, &mut search).await?;
        let repeatable = flow.is_none() && upgrade.is_none() && method.is_idempotent();
        let mut fresh = false;
        let (wire, answer) = loop {
            let member = Arc::clone(chosen.running.member());
            if upgrade.is_some() && member.address.is_http2() {
                // Streams of HTTP/2 do not become anything else.
                return Err(ProxyError::Upgrade);
            }
            let wire = match self.way(upstream, &member, fresh).await {
                Ok(wire) => wire,
                Err(error) => {
                    member.vitals.failed(upstream.now());
                    // Nothing was sent: whoever else is ready may have it.
                    chosen = upstream
                        .find_other(&parts.headers, facts, &mut search, &member, error)
                        .await?;
                    continue;
                }
            };
            let reused = wire.reused();
            let again = repeatable.then(|| parts.clone());
            let request = addressed(parts, sending, &path, &member)?;
            match wire
                .send(request, flow.as_deref(), &upstream.times, !repeatable)
                .await
            {
                Ok(answered) => {
                    member.vitals.succeeded();
                    break answered;
                }
                Err(failure) => {
                    let Failure {
                        error,
                        unsent,
                        unheard,
                    } = *failure;
                    // A connection that had gone stale says nothing of the server.
                    if !reused && error.side() == Side::Upstream {
                        note(&member, upstream, &error);
                    }
                    (parts, sending) = match (unsent, again) {
                        (Some(unsent), _) if reused => unsent.into_parts(),
                        (_, Some(again)) if unheard => (again, Sending::nothing()),
                        _ => return Err(error),
                    };
                    fresh = true;
                    if !reused {
                        chosen = upstream
                            .find_second(&parts.headers, facts, &mut search, &member)
                            .ok_or(error)?;
                    }
                }
            }
        };
        let (mut head, incoming) = answer.into_parts();
        if let Some(upgrade) = &upgrade {
            upgrade.check(&head)?;
        }
        check_framing(&method, head.status, &mut head.headers)?;
        if head.version < Version::HTTP_2 && !is_framed(&head.headers) {
            head.extensions.insert(Unframed);
        }
        forwarding::back(&mut head.headers);
        head.version = Version::HTTP_11;
        let Chosen { running, cookie } = chosen;
        if let Some(cookie) = cookie {
            head.headers.append(SET_COOKIE, cookie);
        }
        if head.status == StatusCode::SWITCHING_PROTOCOLS {
            // Nobody asked for it: what comes next is no HTTP.
            let upgrade = upgrade.ok_or(ProxyError::Upgrade)?;
            let spoken = upgrade.spoken();
            let (server, early) = wire.into_stream().await?;
            let client = upgrade.answer(&mut head);
            let idle = upstream.times.idle;
            let server = Far {
                server,
                early,
                running,
            };
            self.tunnels.run(client, server, spoken, idle);
            return Ok(Response::from_parts(head, Body::Empty));
        }
        let body = self.relay(upstream, incoming, wire, running).await?;
        Ok(Response::from_parts(head, body))
    }

    /// Closes unused connections to servers that were removed.
    fn forget(&self, gone: &[Arc<Member>]) {
        for member in gone {
            self.idle.forget(member.number);
            self.streams.forget(member.number);
        }
    }

    async fn relay(
        &self,
        upstream: &Arc<Upstream>,
        incoming: Incoming,
        wire: Way,
        running: Running,
    ) -> Result<Body, ProxyError> {
        let (idle, upstream) = (self.idle.clone(), Arc::clone(upstream));
        let relay = Relay::new(incoming, wire, idle, upstream, running);
        relay.into_body().await
    }

    /// A way to a server, as it speaks.
    async fn way(
        &self,
        upstream: &Upstream,
        member: &Arc<Member>,
        fresh: bool,
    ) -> Result<Way, ProxyError> {
        if member.address.is_http2() {
            let stream = self.streams.take(upstream, member, fresh).await;
            return stream.map(Way::Shared);
        }
        self.wire(upstream, member, fresh).await.map(Way::Own)
    }

    /// A connection: the one used last, unless it must be a fresh one.
    async fn wire(
        &self,
        upstream: &Upstream,
        member: &Member,
        fresh: bool,
    ) -> Result<Box<Wire>, ProxyError> {
        if !fresh && let Some(wire) = self.idle.take(member, upstream.times.keep) {
            return Ok(wire);
        }
        let connecting = Stream::connect(&member.address);
        let stream = tokio::time::timeout(upstream.times.connect, connecting)
            .await
            .map_err(|_| ProxyError::ConnectTime)?
            .map_err(ProxyError::Connect)?;
        Wire::new(stream).await
    }
}

/// Counts what shows that a server is not there; that one answer is slow does not.
fn note(member: &Member, upstream: &Upstream, error: &ProxyError) {
    if matches!(error, ProxyError::Closed(_) | ProxyError::Garbled(_)) {
        member.vitals.failed(upstream.now());
    }
}

/// The body to send, and what can be known of its progress, if there is one.
fn outgoing(parts: &mut request::Parts, body: Body, upgrade: bool) -> (Option<Arc<Flow>>, Sending) {
    if upgrade || body.is_end_stream() {
        parts.headers.remove(EXPECT);
        no_length(parts);
        return (None, Sending::nothing());
    }
    // hyper takes a `GET` without a length for one without a body.
    if body.size_hint().exact().is_none() && !parts.headers.contains_key(CONTENT_LENGTH) {
        let chunked = HeaderValue::from_static("chunked");
        parts.headers.insert(TRANSFER_ENCODING, chunked);
    }
    let flow = Arc::new(Flow::default());
    let sending = Sending::new(body, Arc::clone(&flow));
    let expects = parts
        .headers
        .get(EXPECT)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"));
    if expects {
        (Some(flow), sending.when_wanted(EXPECT_TIME))
    } else {
        parts.headers.remove(EXPECT);
        (Some(flow), sending)
    }
}

/// Nothing is promised that is not sent; where a body is usual, that there is none
/// is said (RFC 9110, section 8.6).
fn no_length(parts: &mut request::Parts) {
    match parts.method {
        Method::POST | Method::PUT | Method::PATCH => {
            let none = HeaderValue::from_static("0");
            parts.headers.insert(CONTENT_LENGTH, none);
        }
        _ => drop(parts.headers.remove(CONTENT_LENGTH)),
    }
}

/// The request as this member is asked.
fn addressed(
    mut parts: request::Parts,
    sending: Sending,
    path: &PathAndQuery,
    member: &Member,
) -> Result<Request<Sending>, ProxyError> {
    let base = member.address.base();
    let path = if base.is_empty() {
        path.clone()
    } else {
        format!("{base}{path}")
            .parse()
            .map_err(|_| ProxyError::Request)?
    };
    parts.uri = Uri::from(path);
    parts.version = Version::HTTP_11;
    if !parts.headers.contains_key(HOST) {
        parts.headers.insert(HOST, member.authority.clone());
    }
    let flow = sending.waits_for();
    let mut request = Request::from_parts(parts, sending);
    if let Some(flow) = flow {
        hyper::ext::on_informational(&mut request, move |interim| {
            if interim.status() == StatusCode::CONTINUE {
                flow.go_on();
            }
        });
    }
    Ok(request)
}

/// Marks an answer whose body ends with its connection: nobody can tell whether it
/// is whole (RFC 9112, section 8).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unframed;

fn is_framed(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}

/// Refuses an answer whose end could be seen in two places (RFC 9112, section 6.3).
fn check_framing(
    method: &Method,
    status: StatusCode,
    headers: &mut HeaderMap,
) -> Result<(), ProxyError> {
    if status.is_informational() || status == StatusCode::NO_CONTENT {
        headers.remove(CONTENT_LENGTH);
        headers.remove(TRANSFER_ENCODING);
        return Ok(());
    }
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let length = lengths.next();
    let plain = length.is_none_or(|length| length.as_bytes().iter().all(u8::is_ascii_digit));
    if !plain || lengths.next().is_some() {
        return Err(ProxyError::Framing);
    }
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let Some(coding) = codings.next() else {
        return Ok(());
    };
    let chunked = coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    let bodiless = *method == Method::HEAD || status == StatusCode::NOT_MODIFIED;
    if (chunked && length.is_none() && codings.next().is_none()) || bodiless {
        Ok(())
    } else {
        Err(ProxyError::Framing)
    }
}
