//! Serves a connection, from its first byte to its last.

pub(crate) mod activity;
mod answer_head;
mod coalesced;
mod guarded_stream;
mod h2_streams;
mod http1;
mod linger_close;
mod request_body;
mod request_reader;
mod response_stream;
mod stalled_body;
pub(crate) mod stream_head;
mod transport;
mod unread_timeout;

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Version};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio_util::sync::CancellationToken;

use crate::body::Body;
use crate::context::{Peer, WorkerContext};
use crate::listener::{ConnectionPermit, ListenSettings};
use crate::parse_result::{LoggedHead, ParseResult};
use crate::pipeline::serve_request;
use ::http1::Refusal;
use upgrade::{OnUpgrade, Upgraded};

pub(crate) use self::http1::http1;
pub(crate) use self::transport::Transport;

use self::activity::{CountedTunnel, StreamActivity};
use self::coalesced::Coalesced;
use self::guarded_stream::Held;
use self::h2_streams::{Streams, awaiting_reader, unsent_stream};
use self::linger_close::LingerClose;
use self::stalled_body::StalledBody;
use self::unread_timeout::WatchedStream;

pub(crate) const STREAMS: u32 = 128;
/// How many streams a client may reset before they are accepted, or make the edge reset. Above
/// these limits, the edge closes the connection (CVE-2023-44487 and similar attacks).
const RESETS: usize = 32;
const LOCAL_RESETS: usize = 256;
/// The flow-control windows of HTTP/2 and HTTP/3, in bytes.
const STREAM_WINDOW: u32 = 256 * 1_024;
const CONNECTION_WINDOW: u32 = 1_024 * 1_024;
/// The memory that the windows of all connections may add up to while each has more than
/// `SMALLEST_WINDOW`.
const ALL_WINDOWS: u32 = 64 * 1_024 * 1_024;
/// No connection can have a smaller window at its beginning (RFC 9113, section 6.9.2).
const SMALLEST_WINDOW: u32 = 65_535;
/// The maximum number of bytes that are buffered for each HTTP/2 stream. In addition, hyper may
/// hold one slice. [`UnsentMemory`](crate::unsent_memory::UnsentMemory) limits the total.
const STREAM_BUFFER: usize = 64 * 1_024;
pub(crate) const PING_TIME: Duration = Duration::from_secs(20);
/// How long an HTTP/2 connection may stay open after the edge has begun to close it.
const FAREWELL: Duration = Duration::from_secs(1);
/// hyper and h3 reject request heads that are larger than this factor times the limit. The edge
/// itself rejects smaller heads that exceed the limit.
pub(crate) const UNSEEN: usize = 4;

/// How much a client may send before anybody reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Windows {
    pub(crate) stream: u32,
    pub(crate) connection: u32,
}

impl Windows {
    /// The windows of a new connection when there are this many.
    pub(crate) fn among(connections: u32) -> Self {
        let connection = ALL_WINDOWS / connections.max(1);
        let connection = connection.clamp(SMALLEST_WINDOW, CONNECTION_WINDOW);
        Self {
            stream: STREAM_WINDOW.min(connection),
            connection,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) header_size: usize,
    pub(crate) header_time: Duration,
    pub(crate) idle_time: Duration,
    pub(crate) body_time: Duration,
}

pub(crate) struct ConnectionContext {
    pub(crate) here: Arc<WorkerContext>,
    pub(crate) peer: Peer,
    pub(crate) permit: ConnectionPermit,
}

impl ListenSettings {
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds {
            header_size: self.header_size,
            header_time: self.header_time,
            idle_time: self.idle_time,
            body_time: self.body_time,
        }
    }
}

pub(crate) async fn http2<S>(stream: S, context: ConnectionContext)
where
    S: Transport,
{
    let ConnectionContext { here, peer, permit } = context;
    let shared = Arc::clone(&here.shared);
    let (bounds, lame_duck_time) = {
        let running = shared.running();
        let listen = running.plan.listen();
        (listen.bounds(), listen.lame_duck_time)
    };
    let handle = Arc::clone(permit.handle());
    let stream = WatchedStream::new(stream, bounds, permit);
    let begun = CancellationToken::new();
    let drained = async {
        shared.drain.cancelled().await;
        // hyper must first read the client's preface. Otherwise, a request in transit would be
        // lost.
        let _ = tokio::time::timeout(lame_duck_time, begun.cancelled()).await;
    };
    let unsent = Arc::clone(&shared.running().unsent_memory);
    let peer = Arc::new(peer);
    let busy = Arc::new(StreamActivity::new(Arc::clone(&handle)));
    let service = service_fn(|mut request: Request<Incoming>| {
        let (here, peer, busy) = (Arc::clone(&here), Arc::clone(&peer), Arc::clone(&busy));
        let unsent = Arc::clone(&unsent);
        // hyper moves the future before it runs it, so the future is boxed.
        Box::pin(async move {
            let is_tunnel = *request.method() == Method::CONNECT;
            if is_tunnel {
                offer_switch(&mut request, &busy);
            }
            let judged = stream_head::judge(&request, bounds.header_size);
            let parsed = ParseResult::from(judged.err());
            let request = request.map(|body| {
                if body.is_end_stream() {
                    busy.asked();
                    Body::Empty
                } else {
                    Body::stream(StalledBody::around(body, bounds.body_time))
                }
            });
            let mut unsent = unsent_stream(&unsent, peer.address);
            // The client may send a refused request again (RFC 9113, section 8.7).
            let _running = unsent
                .begin()
                .await
                .map_err(|_| h2::Error::from(h2::Reason::REFUSED_STREAM))?;
            let answer = serve_request(&here, &peer, request, parsed).await;
            busy.asked();
            Ok::<_, h2::Error>(awaiting_reader(answer, unsent))
        })
    });
    let header_list = u32::try_from(bounds.header_size * UNSEEN).unwrap_or(u32::MAX);
    let streams = Streams {
        busy: Arc::clone(&busy),
        patience: bounds.body_time,
        unsent: Arc::clone(&unsent),
        client: peer.address,
    };
    let output = Coalesced::around(LingerClose::around(stream, begun.clone(), handle));
    let windows = Windows::among(shared.connection_limits.in_use());
    let served = http2::Builder::new(streams)
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(header_list)
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(LOCAL_RESETS)
        .initial_stream_window_size(windows.stream)
        .initial_connection_window_size(windows.connection)
        .max_send_buf_size(STREAM_BUFFER)
        .keep_alive_interval(bounds.idle_time)
        .keep_alive_timeout(PING_TIME)
        .enable_connect_protocol()
        .serve_connection(TokioIo::new(output.clone()), service);
    tokio::pin!(served);
    let ended = tokio::select! {
        ended = output.flushed_after(&mut served) => ended,
        () = busy.nobody_asks(bounds.header_time, bounds.idle_time) => {
            // hyper sends no GOAWAY to a client whose preface it has not read.
            served.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(FAREWELL, output.flushed_after(&mut served)).await;
            return;
        }
        () = drained => {
            // The GOAWAY frame tells the client which streams are still served.
            served.as_mut().graceful_shutdown();
            tokio::select! {
                ended = output.flushed_after(&mut served) => ended,
                () = shared.end.cancelled() => {
                    if !busy.has_tunnels() {
                        return;
                    }
                    // Running requests are aborted together with the connection's tunnels.
                    tokio::select! {
                        ended = output.flushed_after(&mut served) => ended,
                        () = shared.cut.cancelled() => return,
                    }
                }
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
        if let Some(reason) = client_error(&error) {
            shared.figures.refused_http2();
            refused_unheard(&here, &peer, Version::HTTP_2, Refusal::Http2(reason.into())).await;
        }
    }
}

/// Lets the request's stream become a tunnel, which is counted until it is closed or refused.
fn offer_switch(request: &mut Request<Incoming>, activity: &Arc<StreamActivity>) {
    let switching = hyper::upgrade::on(&mut *request);
    let counted = CountedTunnel::begin(activity);
    let switching = async {
        let stream = TokioIo::new(switching.await.ok()?);
        Some(Box::new(Held::with(stream, counted)) as Upgraded)
    };
    request.extensions_mut().insert(OnUpgrade::new(switching));
}

fn client_error(error: &hyper::Error) -> Option<h2::Reason> {
    let error = error.source()?.downcast_ref::<h2::Error>()?;
    error.is_library().then(|| error.reason()).flatten()
}

/// Logs and counts a request that hyper or h3 cannot parse. The client receives the error from
/// hyper or h3.
pub(crate) async fn refused_unheard(
    here: &Arc<WorkerContext>,
    peer: &Peer,
    version: Version,
    refusal: Refusal,
) {
    let mut request = Request::new(Body::Empty);
    *request.version_mut() = version;
    let answer = serve_request(
        here,
        peer,
        request,
        ParseResult::refused(refusal, LoggedHead::default()),
    )
    .await;
    // The log line is written when the body has been read to its end.
    let _ = answer.into_body().collect().await;
}

/// As RFC 9113, section 6.5.2, and RFC 9114, section 4.2.2, define it.
fn list_size<B>(request: &Request<B>) -> usize {
    const EACH: usize = 32;
    let uri = request.uri();
    let pseudo = request.method().as_str().len()
        + uri
            .authority()
            .map_or(0, |authority| authority.as_str().len())
        + uri.path_and_query().map_or(0, |path| path.as_str().len());
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| name.as_str().len() + value.len() + EACH);
    pseudo + headers.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use std::mem;

    use tokio::net::TcpStream;
    use tokio_rustls::server::TlsStream;

    use super::*;

    fn size<S: Transport, F>(_: impl FnOnce(S, ConnectionContext) -> F) -> usize {
        mem::size_of::<F>()
    }

    #[test]
    fn many_connections_have_small_windows() {
        let all: u64 = (1..=4_096)
            .map(|number| u64::from(Windows::among(number).connection))
            .sum();
        assert!(all <= 512 << 20, "{all}");
        let few = Windows::among(64);
        assert_eq!(
            (few.stream, few.connection),
            (STREAM_WINDOW, CONNECTION_WINDOW)
        );
    }

    #[test]
    fn an_idle_connection_is_small() {
        assert!(size(super::http1::<TcpStream>) <= 2_560);
        assert!(size(super::http1::<TlsStream<TcpStream>>) <= 5_120);
    }
}
