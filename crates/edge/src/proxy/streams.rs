//! Connections of HTTP/2 in the clear to servers that are known to speak it. One
//! connection of each worker carries its requests to a server; more are opened when
//! so many run that those whose clients read slowly could hold up the others.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{CONNECTION, EXPECT, HOST, HeaderValue, TRANSFER_ENCODING};
use http::uri::{Scheme, Uri};
use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, Connection, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::time::Instant;

use super::again::{Failure, Left};
use super::connect::Stream;
use super::crew::Member;
use super::error::ProxyError;
use super::sending::{Flow, Sending};
use super::settings::Times;
use super::upstream::Upstream;
use super::wire::{Patience, broken, overdue};

/// The largest head of an answer.
const LARGEST_HEAD: u32 = 64 << 10;
/// What a server may send on a stream, and on a connection, without being asked for
/// more. Streams whose clients read slowly must not hold up the others.
const STREAM_WINDOW: u32 = 128 << 10;
const CONNECTION_WINDOW: u32 = 16 << 20;
/// A connection with so many streams is full: all of them together fill half of its
/// window, and most servers allow a hundred.
const FULL: usize = 64;
/// So many connections of a worker to a server. Once all are full they are shared by
/// more.
const MOST: usize = 8;
/// What waits to be sent for each stream.
const STREAM_BUFFER: usize = 128 << 10;
/// A server that says nothing for so long while it owes an answer is asked whether it
/// is still there, and has as long to say so.
const PING_TIME: Duration = Duration::from_secs(20);
/// How often a connection is looked at, and how long it is kept unused.
const LOOK: Duration = Duration::from_secs(5);
const KEEP: Duration = Duration::from_mins(1);

/// Tells connections apart: another one may have taken the place of the first.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

type Client = Connection<TokioIo<Stream>, Sending, TokioExecutor>;

/// The connections to each server, the fullest first.
type Connections = HashMap<u64, Vec<Kept>>;

#[derive(Debug, Clone, Default)]
pub(super) struct Streams(Arc<Mutex<Connections>>);

#[derive(Debug)]
struct Kept {
    sender: SendRequest<Sending>,
    /// Held by each request that runs on it.
    running: Arc<()>,
    member: Arc<Member>,
    number: u64,
    used: Instant,
}

impl Kept {
    fn running(&self) -> usize {
        Arc::strong_count(&self.running) - 1
    }

    fn is_free(&self) -> bool {
        !self.sender.is_closed() && self.running() < FULL
    }
}

impl Streams {
    fn kept(&self) -> MutexGuard<'_, Connections> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place on a connection there is, unless it must be a fresh one.
    pub(super) async fn take(
        &self,
        upstream: &Upstream,
        member: &Arc<Member>,
        fresh: bool,
    ) -> Result<Box<Streamed>, ProxyError> {
        if !fresh && let Some(streamed) = self.shared(member) {
            return Ok(Box::new(streamed));
        }
        let connecting = async {
            let stream = Stream::connect(&member.address).await;
            shake(stream.map_err(ProxyError::Connect)?).await
        };
        let (sender, connection) = tokio::time::timeout(upstream.times.connect, connecting)
            .await
            .map_err(|_| ProxyError::ConnectTime)??;
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let kept = Kept {
            sender: sender.clone(),
            running: Arc::default(),
            member: Arc::clone(member),
            number,
            used: Instant::now(),
        };
        let streamed = Streamed::on(sender, Arc::clone(&kept.running), false);
        self.keep(kept, fresh);
        let streams = Arc::downgrade(&self.0);
        tokio::spawn(look_after(connection, streams, (member.number, number)));
        Ok(Box::new(streamed))
    }

    /// On the first connection that is not full; if there may be no more of them, on
    /// the one with the fewest requests.
    fn shared(&self, member: &Member) -> Option<Streamed> {
        let mut kept = self.kept();
        let connections = kept.get_mut(&member.number)?;
        connections.retain(|kept| !kept.sender.is_closed());
        let place = match connections.iter().position(Kept::is_free) {
            None if connections.len() >= MOST => {
                let places = 0..connections.len();
                places.min_by_key(|place| connections[*place].running())
            }
            place => place,
        };
        let kept = connections.get_mut(place?)?;
        kept.used = Instant::now();
        let running = Arc::clone(&kept.running);
        Some(Streamed::on(kept.sender.clone(), running, true))
    }

    /// Nobody is sent there any more; what runs there is finished.
    pub(super) fn forget(&self, number: u64) {
        self.kept().remove(&number);
    }

    /// Lets others share a connection, unless somebody else has just opened one. A
    /// fresh one takes the place of all: nobody knows how those before it fare.
    fn keep(&self, new: Kept, fresh: bool) {
        let mut kept = self.kept();
        let connections = kept.entry(new.member.number).or_default();
        if fresh {
            connections.clear();
        }
        if connections.len() < MOST && !connections.iter().any(Kept::is_free) {
            connections.push(new);
        }
    }
}

async fn shake(stream: Stream) -> Result<(SendRequest<Sending>, Client), ProxyError> {
    Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(STREAM_BUFFER)
        .max_header_list_size(LARGEST_HEAD)
        .keep_alive_interval(PING_TIME)
        .keep_alive_timeout(PING_TIME)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| ProxyError::Closed(error.into()))
}

/// Drives a connection to its end, and lets go of it when nobody has asked for a while
/// or its server is no longer one of the upstream's. What runs on it is finished.
async fn look_after(connection: Client, streams: Weak<Mutex<Connections>>, which: (u64, u64)) {
    let mut connection = std::pin::pin!(connection);
    let mut is_kept = true;
    loop {
        let looked = tokio::select! {
            ended = &mut connection => Some(ended),
            () = tokio::time::sleep(LOOK), if is_kept => None,
        };
        if let Some(streams) = streams.upgrade() {
            let mut streams = streams.lock().unwrap_or_else(PoisonError::into_inner);
            let others = streams.get_mut(&which.0);
            let place = others.as_ref().and_then(|connections| {
                let mut connections = connections.iter();
                connections.position(|kept| kept.number == which.1)
            });
            is_kept = false;
            if let (Some(connections), Some(place)) = (others, place) {
                let kept = &connections[place];
                is_kept =
                    looked.is_none() && !kept.member.is_removed() && kept.used.elapsed() < KEEP;
                if !is_kept {
                    connections.remove(place);
                }
                if connections.is_empty() {
                    streams.remove(&which.0);
                }
            }
        } else {
            is_kept = false;
        }
        if let Some(ended) = looked {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection to a server ended early");
            }
            return;
        }
    }
}

/// A request's place on a connection.
pub(super) struct Streamed {
    sender: SendRequest<Sending>,
    /// Counts it among those that run on its connection.
    _running: Arc<()>,
    patience: Patience,
    reused: bool,
}

impl Streamed {
    fn on(sender: SendRequest<Sending>, running: Arc<()>, reused: bool) -> Self {
        Self {
            sender,
            _running: running,
            patience: Patience::new(),
            reused,
        }
    }

    /// On a connection that nobody keeps.
    pub(super) async fn open(stream: Stream) -> Result<Self, ProxyError> {
        let (sender, connection) = shake(stream).await?;
        tokio::spawn(async move {
            // Whoever asks hears of it.
            let _ = connection.await;
        });
        Ok(Self::on(sender, Arc::default(), false))
    }

    pub(super) fn reused(&self) -> bool {
        self.reused
    }

    pub(super) fn waits(&mut self) {
        self.patience.begin();
    }

    pub(super) fn poll_late(&mut self, context: &mut Context<'_>, limit: Duration) -> Poll<()> {
        self.patience.poll(context, limit)
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(
        mut self: Box<Self>,
        request: Request<Sending>,
        flow: Option<&Flow>,
        times: &Times,
    ) -> Result<(Box<Self>, Response<Incoming>), Failure> {
        let (request, chunked) = of_http2(request);
        let mut answer = std::pin::pin!(self.sender.try_send_request(request));
        let patience = &mut self.patience;
        patience.begin();
        let mut pieces = 0;
        let waited = std::future::poll_fn(|context| {
            if let Poll::Ready(answered) = answer.as_mut().poll(context) {
                return Poll::Ready(Ok(answered));
            }
            let now_sent = flow.map_or(0, Flow::pieces);
            if now_sent != pieces {
                pieces = now_sent;
                patience.begin();
            }
            let (limit, late) = overdue(flow, times);
            patience.poll(context, limit).map(|()| Err(late()))
        })
        .await;
        match waited {
            Ok(Ok(answer)) => Ok((self, answer)),
            Ok(Err(mut error)) => {
                let unsent = error.take_message();
                let unsent = unsent.map(|unsent| as_it_was(unsent, chunked));
                let error = error.into_error();
                let begun = flow.is_some_and(|flow| flow.pieces() > 0);
                let sent = if is_refused(&error) {
                    Left::Refused
                } else if begun {
                    Left::Nothing
                } else {
                    Left::Unheard
                };
                Err(Failure {
                    error: broken(error, flow),
                    left: Left::unsent_or(unsent, sent),
                })
            }
            Err(error) => Err(Failure::last(error)),
        }
    }
}

/// Whether the server has said that it did not begin a request: it goes away, and this
/// one came after the last it began, or it refused its stream (RFC 9113, section 8.7).
fn is_refused(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref());
    cause.is_some_and(|cause: &h2::Error| {
        let refused = cause.reason() == Some(h2::Reason::REFUSED_STREAM);
        cause.is_remote() && (cause.is_go_away() || refused)
    })
}

impl std::fmt::Debug for Streamed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Streamed").finish_non_exhaustive()
    }
}

/// The host is in `:authority`, and nothing is said of the connection (RFC 9113,
/// sections 8.2.2 and 8.3.1). No body waits for a word of the server: streams have
/// windows for that. What was said of the body's coding comes beside it.
fn of_http2(request: Request<Sending>) -> (Request<Sending>, Option<HeaderValue>) {
    let (mut parts, body) = request.into_parts();
    for name in [CONNECTION, EXPECT] {
        parts.headers.remove(name);
    }
    let chunked = parts.headers.remove(TRANSFER_ENCODING);
    parts.version = Version::HTTP_2;
    let authority = parts.headers.get(HOST).map(|host| host.as_bytes().to_vec());
    let authority = authority.and_then(|host| http::uri::Authority::from_maybe_shared(host).ok());
    let mut uri = std::mem::take(&mut parts.uri).into_parts();
    if let Some(authority) = authority {
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(authority);
        parts.headers.remove(HOST);
    }
    // A path beside scheme and authority is all that a URI needs.
    parts.uri = Uri::from_parts(uri).unwrap_or_default();
    (Request::from_parts(parts, body.at_once()), chunked)
}

/// A request that was not sent goes another way: its host, which only the URI still
/// knows, and the coding of its body are what the client said.
fn as_it_was(mut unsent: Request<Sending>, chunked: Option<HeaderValue>) -> Request<Sending> {
    let authority = unsent.uri().authority().map(http::uri::Authority::as_str);
    let host = authority.and_then(|host| HeaderValue::from_str(host).ok());
    let headers = unsent.headers_mut();
    for (name, value) in [(HOST, host), (TRANSFER_ENCODING, chunked)] {
        if let Some(value) = value {
            headers.insert(name, value);
        }
    }
    unsent
}
