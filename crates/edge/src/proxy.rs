//! Requests handed on to servers, and their answers handed back.
//!
//! An [`Upstream`] is shared by all workers: its servers, how they fare, whose
//! turn it is. A [`Pool`] belongs to one worker: its unused connections. Bodies
//! stream in both directions, with nothing in between but what one read brings.

mod balance;
mod bare;
mod connect;
mod error;
mod head;
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

use crate::{Answer, Body, Facts, forwarding};

pub use error::{AnswerError, ProxyError, Side};
pub use health::Watch;
pub use settings::{
    BadAddress, Balance, HealthSettings, MemberSettings, ServerAddress, Times, UpstreamSettings,
    parse_address,
};
pub use tunnel::Tunnels;
pub use upstream::{MemberStatus, Upstream};

use bare::Bare;
use connect::Stream;
use pool::Idle;
use relay::Relay;
use sending::{Flow, Sending, no_length};
use streams::Streams;
use upgrade::Upgrade;
use upstream::{Chosen, Member, Running};
use way::{Came, Way};
use wire::Failure;

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
        let mut raw = (upgrade.is_none() && may_be_raw(&parts, &body, upstream)).then_some(facts);
        let (flow, mut sending) = if raw.is_some() {
            (None, Sending::nothing())
        } else {
            forwarding::toward(&mut parts.headers, facts);
            if let Some(upgrade) = &upgrade {
                upgrade.ask(&mut parts.headers);
            }
            outgoing(&mut parts, body, upgrade.is_some())
        };
        let mut chosen =
            match upstream.choose(&parts.headers, facts, &[]) {
                Some(chosen) => chosen,
                None => upstream.wait(&parts.headers, facts).await.ok_or_else(|| {
                    ProxyError::NoneReady {
                        retry_after: upstream.retry_after(),
                    }
                })?,
            };
        let repeatable = flow.is_none() && upgrade.is_none() && method.is_idempotent();
        let mut tried = Vec::new();
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
                    tried.push(member.number);
                    chosen = upstream
                        .choose(&parts.headers, facts, &tried)
                        .ok_or(error)?;
                    continue;
                }
            };
            let reused = wire.reused();
            let is_copied =
                repeatable && reused && !wire.gives_back(&parts.method, flow.as_deref());
            let again = is_copied.then(|| parts.clone());
            let request = addressed(parts, sending, &path, &member)?;
            match wire
                .send(
                    request,
                    &mut raw,
                    flow.as_deref(),
                    &upstream.times,
                    !repeatable,
                )
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
                        stale,
                    } = *failure;
                    // A connection that had gone stale says nothing of the server.
                    if !reused && error.side() == Side::Upstream {
                        note(&member, upstream, &error);
                    }
                    (parts, sending) = match (unsent, again) {
                        (Some(unsent), _) if reused => unsent.into_parts(),
                        (_, Some(again)) if stale => (again, Sending::nothing()),
                        _ => return Err(error),
                    };
                    fresh = true;
                }
            }
        };
        let (mut head, came) = answer.into_parts();
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
            let (server, early) = wire.into_stream().await?;
            let client = upgrade.answer(&mut head);
            let idle = upstream.times.idle;
            self.tunnels.run(client, server, early, running, idle);
            return Ok(Response::from_parts(head, Body::Empty));
        }
        let body = self.relay(upstream, came, wire, running).await?;
        Ok(Response::from_parts(head, body))
    }

    async fn relay(
        &self,
        upstream: &Arc<Upstream>,
        came: Came,
        wire: Way,
        running: Running,
    ) -> Result<Body, ProxyError> {
        let (idle, upstream) = (self.idle.clone(), Arc::clone(upstream));
        let relay = Relay::new(came, wire, idle, upstream, running);
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
        self.bare(upstream, member, fresh).await.map(Way::Bare)
    }

    /// A connection: the one used last, unless it must be a fresh one.
    async fn bare(
        &self,
        upstream: &Upstream,
        member: &Member,
        fresh: bool,
    ) -> Result<Box<Bare>, ProxyError> {
        if !fresh && let Some(bare) = self.idle.take(member, upstream.times.keep) {
            return Ok(bare);
        }
        let connecting = Stream::connect(&member.address);
        let stream = tokio::time::timeout(upstream.times.connect, connecting)
            .await
            .map_err(|_| ProxyError::ConnectTime)?
            .map_err(ProxyError::Connect)?;
        Ok(Box::new(Bare::new(stream)))
    }
}

/// Whether the headers of a request may stay the client's own until it is written,
/// which spares the map that most requests never need.
fn may_be_raw(parts: &request::Parts, body: &Body, upstream: &Upstream) -> bool {
    [Method::GET, Method::HEAD].contains(&parts.method)
        && body.is_end_stream()
        && parts.headers.contains_key(HOST)
        // Whose turn it is hangs on the headers as the server gets them.
        && !upstream.hashes_headers()
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
        no_length(&parts.method, &mut parts.headers);
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
