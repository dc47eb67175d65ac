//! Serves an HTTP/3 connection, from its handshake to its last response.

mod answer;
mod body;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use h3::error::{Code, StreamError};
use h3::server::{Connection, RequestResolver};
use http::header::EXPECT;
use http::{Request, Response, StatusCode, Version};
use http_body::Body as _;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::body::Body;
use crate::connection::activity::{ActiveStream, StreamActivity};
use crate::connection::{Bounds, ConnectionContext, STREAMS, UNSEEN, refused_unheard, stream_head};
use crate::context::{Peer, WorkerContext};
use crate::parse_result::{BrokenBody, ParseResult};
use crate::pipeline::serve_request;
use crate::stalled_peer::ProgressWatch;
use http1::Refusal;

use super::wire::{Ended, QuicTransport, StreamLimits};

use self::answer::{AnswerError, ResponseSender};
use self::body::Received;

/// The crate h3 buffers each head whole.
const MAX_HEADS_AT_ONCE: usize = 16;
/// h3 accepts no larger one: 24,576 fields of 32 bytes each (RFC 9114, section 4.2.2).
const LARGEST_HEAD: usize = 24_576 * 32;
/// Incomplete request heads after which a connection is closed.
const MAX_BROKEN_HEADS: u32 = 256;
/// How many more requests may be cancelled than finished (CVE-2023-44487).
const MAX_CANCELLED: u32 = 256;
/// How long requests in transit are accepted after the first GOAWAY, within `GRACE`.
const ROUND_TRIPS: u32 = 3;
const GRACE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(1));

const POLL_INTERVAL: Duration = Duration::from_millis(2);

type Engine = Connection<QuicTransport, Bytes>;
type Resolver = RequestResolver<QuicTransport, Bytes>;

#[derive(Debug, Default)]
struct ResetCounts {
    /// The number of cancelled requests minus the number of finished requests.
    taken_back: AtomicU32,
    broken: AtomicU32,
}

struct H3Connection {
    here: Arc<WorkerContext>,
    connection: quinn::Connection,
    /// The client's address stays as validated if the client migrates (RFC 9000, section 9),
    /// because the new address may not be validated.
    peer: Peer,
    bounds: Bounds,
    heads: Semaphore,
    tally: ResetCounts,
}

/// Serves HTTP/3 until the connection ends. After `close` is cancelled, only running requests and
/// requests in transit are served.
pub(super) async fn http3(
    connection: quinn::Connection,
    context: ConnectionContext,
    close: CancellationToken,
) {
    let ConnectionContext { here, peer, permit } = context;
    let shared = Arc::clone(&here.shared);
    let bounds = shared.running().plan.listen().bounds();
    let room = (UNSEEN * bounds.header_size).min(LARGEST_HEAD);
    let measure = StreamLimits {
        head_size: room,
        time: bounds.body_time,
    };
    let (wire, endings) = QuicTransport::new(connection.clone(), measure);
    let mut builder = h3::server::builder();
    builder
        .max_field_section_size(room as u64)
        .send_grease(false);
    let begun = tokio::time::timeout(bounds.header_time, builder.build(wire));
    let Ok(Ok(mut engine)) = begun.await else {
        return;
    };
    let h3_connection = Arc::new(H3Connection {
        here,
        connection,
        peer,
        bounds,
        heads: Semaphore::new(MAX_HEADS_AT_ONCE),
        tally: ResetCounts::default(),
    });
    let handle = Arc::clone(permit.handle());
    let busy = Arc::new(StreamActivity::new(Arc::clone(&handle)));
    let mut requests = JoinSet::new();
    let mut last = GoAwayState::default();
    let nobody_asks = busy.nobody_asks(bounds.header_time, bounds.idle_time);
    tokio::pin!(nobody_asks);
    let quiet = sleep(Duration::ZERO);
    tokio::pin!(quiet);
    loop {
        tokio::select! {
            accepted = engine.accept() => match accepted {
                Ok(Some(resolver)) => {
                    let Some(ended) = endings.take(resolver.frame_stream.id()) else {
                        continue;
                    };
                    last.is_known = true;
                    let Some(running) = ActiveStream::begin(&busy) else {
                        continue;
                    };
                    requests.spawn(answer_stream(Arc::clone(&h3_connection), resolver, ended, running));
                    if last.is_called {
                        last.send_first(&mut engine).await;
                        quiet.as_mut().reset(Instant::now() + h3_connection.grace());
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    // The client or the network caused the error, so a warning is unnecessary.
                    tracing::debug!(%error, "a connection ended early");
                    return;
                }
            },
            Some(_) = requests.join_next() => {}
            () = &mut nobody_asks, if !last.is_called => break,
            () = close.cancelled(), if !last.is_called => {
                last.is_called = true;
                last.send_first(&mut engine).await;
                quiet.as_mut().reset(Instant::now() + h3_connection.grace());
            }
            () = &mut quiet, if last.is_called => {
                if requests.is_empty() {
                    break;
                }
                quiet.as_mut().reset(Instant::now() + h3_connection.grace());
            }
            () = handle.evicted() => {
                return h3_connection.send_away(Code::H3_NO_ERROR, "another client needs the place");
            }
            () = shared.end.cancelled() => return,
        }
    }
    last.send_final(&mut engine, &h3_connection.connection)
        .await;
}

/// RFC 9114, section 5.2.
#[derive(Debug, Default)]
struct GoAwayState {
    is_called: bool,
    is_told: bool,
    /// Whether the client has sent a request.
    is_known: bool,
}

impl GoAwayState {
    /// Permits all requests in transit. The first request is served before this GOAWAY.
    async fn send_first(&mut self, engine: &mut Engine) {
        if !self.is_told && self.is_known {
            self.is_told = true;
            let _ = engine.shutdown(STREAMS as usize).await;
        }
    }

    /// Returns when it has been sent, because closing the connection discards unsent data.
    async fn send_final(&self, engine: &mut Engine, connection: &quinn::Connection) {
        let sent = || connection.stats().frame_tx.stream;
        let before = sent();
        let said = async {
            // Requests on all streams so far are served, so the GOAWAY names the stream after the
            // newest one.
            let told = engine.shutdown(usize::from(self.is_known)).await;
            while told.is_ok() && sent() == before {
                sleep(POLL_INTERVAL).await;
            }
        };
        let _ = tokio::time::timeout(GRACE.0, said).await;
    }
}

impl H3Connection {
    fn grace(&self) -> Duration {
        (self.connection.rtt() * ROUND_TRIPS).clamp(GRACE.0, GRACE.1)
    }

    fn broken(&self) {
        if self.tally.broken.fetch_add(1, Ordering::Relaxed) >= MAX_BROKEN_HEADS {
            self.send_away(Code::H3_EXCESSIVE_LOAD, "too many requests were never sent");
        }
    }

    fn taken_back(&self) {
        let before = self.tally.taken_back.fetch_add(1, Ordering::Relaxed);
        if before >= MAX_CANCELLED {
            self.send_away(Code::H3_EXCESSIVE_LOAD, "too many requests were cancelled");
        }
    }

    fn request_finished(&self) {
        let less = |number: u32| Some(number.saturating_sub(1));
        let _ = self
            .tally
            .taken_back
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    fn send_away(&self, code: Code, why: &str) {
        let code = quinn::VarInt::from_u64(code.value()).unwrap_or(quinn::VarInt::MAX);
        self.connection.close(code, why.as_bytes());
    }
}

/// RFC 9110, section 10.1.1.
fn continue_response() -> Response<()> {
    let mut word = Response::new(());
    *word.status_mut() = StatusCode::CONTINUE;
    word
}

async fn broken(h3_connection: &H3Connection, refusal: Refusal) {
    refused_unheard(
        &h3_connection.here,
        &h3_connection.peer,
        Version::HTTP_3,
        refusal,
    )
    .await;
    h3_connection.broken();
}

async fn answer_stream(
    h3_connection: Arc<H3Connection>,
    resolver: Resolver,
    mut ended: Ended,
    running_stream: ActiveStream,
) {
    let bounds = h3_connection.bounds;
    let head = h3_connection.heads.acquire().await;
    let resolved = tokio::time::timeout(bounds.header_time, resolver.resolve_request()).await;
    drop(head);
    let (request, stream) = match resolved {
        Ok(Ok(resolved)) => resolved,
        Ok(Err(error)) => {
            tracing::debug!(%error, "a request's head did not arrive whole");
            return broken(&h3_connection, Refusal::Header).await;
        }
        Err(_) => return broken(&h3_connection, Refusal::HeadTooSlow).await,
    };
    let (mut back, incoming) = stream.split();
    let (broken, wanted) = (Arc::<BrokenBody>::default(), Arc::new(Notify::new()));
    let judged = stream_head::judge(&request, bounds.header_size);
    let received = match judged {
        Ok(length) => {
            let (broken, wanted) = (Arc::clone(&broken), Arc::clone(&wanted));
            Received::body(incoming, length, bounds.body_time, broken, wanted).await
        }
        Err(refusal) => Err(refusal),
    };
    let (body, parsed) = match received {
        Ok(body) => {
            if body.is_end_stream() {
                running_stream.asked();
            }
            (body, ParseResult::of_body(Some(&broken)))
        }
        Err(refusal) => (Body::Empty, ParseResult::from(Some(refusal))),
    };
    let request: Request<Body> = request.map(|()| body);
    let method = request.method().clone();
    let mut waits_for_word = request.headers().contains_key(EXPECT);
    let reader = Arc::<ProgressWatch>::default();
    let mut unsent = {
        let memory = Arc::clone(&h3_connection.here.shared.running().unsent_memory);
        memory.stream(h3_connection.peer.address, Arc::clone(&reader))
    };
    let running = tokio::select! {
        biased;
        running = unsent.begin() => running,
        _ = &mut ended => return h3_connection.taken_back(),
    };
    let Ok(running) = running else {
        // The client may send the request again (RFC 9114, section 4.1.1).
        return back.stop_stream(Code::H3_REQUEST_REJECTED);
    };
    let serving = serve_request(&h3_connection.here, &h3_connection.peer, request, parsed);
    tokio::pin!(serving);
    let answer = loop {
        tokio::select! {
            biased;
            answer = &mut serving => break answer,
            // The client has cancelled the request.
            _ = &mut ended => return h3_connection.taken_back(),
            () = wanted.notified(), if waits_for_word => {}
        }
        waits_for_word = false;
        match back.send_response(continue_response()).await {
            // h3 does not send an interim response that is too large for this client.
            Ok(()) | Err(StreamError::HeaderTooBig { .. }) => {}
            Err(error) => {
                tracing::debug!(%error, "a client did not hear what comes before its answer");
                return h3_connection.taken_back();
            }
        }
    };
    drop(running);
    running_stream.asked();
    let back = ResponseSender {
        stream: back,
        unsent,
        reader: &reader,
        ended: &mut ended,
        connection: &h3_connection.connection,
        time: bounds.body_time,
    };
    let now = (h3_connection.here.shared.clock)();
    match back.send(&method, answer, now).await {
        Ok(()) => h3_connection.request_finished(),
        Err(AnswerError::Body(error)) => tracing::debug!(%error, "an answer broke off"),
        Err(AnswerError::ClientLeft | AnswerError::GivenUp | AnswerError::Stream(_)) => {
            h3_connection.taken_back();
        }
    }
}
