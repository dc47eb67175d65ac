//! Serves websockets (RFC 6455, and RFC 8441 over HTTP/2), and closes them when Kenduri stops.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha1::{Digest as _, Sha1};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::oneshot;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use upgrade::{OnUpgrade, Upgraded};
use web::Problem;

use super::connection_limit::Place;

/// The GUID that is appended to the client's key before hashing (RFC 6455, section 1.3).
const WEBSOCKET: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A close frame with status 1001, "going away", as a client would send it. It is masked as
/// required, with a mask that changes nothing (RFC 6455, sections 5.2 and 7.4.1).
const GOING_AWAY: [u8; 8] = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9];

/// A websocket connection after the switch from HTTP.
pub(super) type Switched = Leaving<Upgraded>;

/// Whether a request asks to switch to a websocket.
pub(super) fn is_asked(request: &Request) -> bool {
    request.method() == Method::CONNECT
        || request
            .headers()
            .get(UPGRADE)
            .is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Switches a connection to a websocket. `then` is called with the stream after the client has
/// switched as well. When `stop` is cancelled, the stream ends as if the client had closed it. The
/// stream owns the slot.
pub(super) fn switch(
    request: Request,
    stop: CancellationToken,
    place: Option<Place>,
    then: impl FnOnce(Switched, Request<()>) + Send + 'static,
) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    let wrong = || Problem::new(StatusCode::BAD_REQUEST, "request_invalid");
    let client: OnUpgrade = parts.extensions.remove().ok_or_else(wrong)?;
    let is_13 = parts.headers.get(SEC_WEBSOCKET_VERSION);
    if is_13.is_none_or(|version| version != "13") {
        return Err(wrong());
    }
    let mut response = Response::new(Body::empty());
    if parts.method == Method::CONNECT {
        // Over HTTP/2 (RFC 8441), any 2xx status opens the websocket, and there is no key.
        parts.method = Method::GET;
    } else {
        let key = parts.headers.get(SEC_WEBSOCKET_KEY).ok_or_else(wrong)?;
        let accept = HeaderValue::try_from(accept(key.as_bytes())).map_err(|_| wrong())?;
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    }
    tokio::spawn(async move {
        if let Some(client) = client.await {
            let stream = Leaving::new(client, stop, place);
            then(stream, Request::from_parts(parts, ()));
        }
    });
    Ok(response)
}

/// The `Sec-WebSocket-Accept` value for a key (RFC 6455, section 4.2.2).
fn accept(key: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(key);
    hash.update(WEBSOCKET);
    BASE64_STANDARD.encode(hash.finalize())
}

/// A websocket stream. When `stop` is cancelled, reading from the stream yields a close frame with
/// status 1001, as if the client had closed the connection. The server then replies with 1001, as
/// the protocol requires, so the client learns why the connection ends and connects to another
/// process.
pub(super) struct Leaving<T> {
    inner: T,
    stop: Pin<Box<WaitForCancellationFutureOwned>>,
    /// The rest of the close frame that has not been read yet; `None` until `stop` is cancelled.
    farewell: Option<&'static [u8]>,
    /// The connection's slot, which is released when the stream is dropped.
    _place: Option<Place>,
    /// One end of a channel. Dropping it with the stream completes the future of [`Leaving::end`].
    held: Option<oneshot::Sender<Infallible>>,
}

impl<T> Leaving<T> {
    fn new(inner: T, stop: CancellationToken, place: Option<Place>) -> Self {
        Self {
            inner,
            stop: Box::pin(stop.cancelled_owned()),
            farewell: None,
            _place: place,
            held: None,
        }
    }

    /// Completes when the stream is dropped.
    pub(super) fn end(&mut self) -> impl Future<Output = ()> + use<T> {
        let (held, gone) = oneshot::channel();
        self.held = Some(held);
        async move {
            let Err(_) = gone.await;
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Leaving<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.farewell.is_none() && this.stop.as_mut().poll(context).is_ready() {
            this.farewell = Some(&GOING_AWAY);
        }
        let Some(left) = this.farewell else {
            return Pin::new(&mut this.inner).poll_read(context, buffer);
        };
        let (now, later) = left.split_at(left.len().min(buffer.remaining()));
        buffer.put_slice(now);
        this.farewell = Some(later);
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Leaving<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, buffer)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::kadkahwin::connection_limit::Places;

    #[test]
    fn keys_are_answered_as_in_the_standard() {
        let accepted = accept(b"dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accepted, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[tokio::test]
    async fn a_stream_reads_its_client_until_it_is_to_stop() {
        let (mut client, server) = tokio::io::duplex(64);
        let stop = CancellationToken::new();
        let places = Places::default();
        let place = places.take("192.0.2.1").unwrap();
        let mut stream = Leaving::new(server, stop.clone(), Some(place));
        client.write_all(b"hello").await.unwrap();
        let mut heard = [0; 5];
        stream.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");
        let ended = tokio::spawn(async move {
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await.unwrap();
            stream.write_all(b"bye").await.unwrap();
            rest
        });
        stop.cancel();
        assert_eq!(ended.await.unwrap(), GOING_AWAY);
        let mut said = [0; 3];
        client.read_exact(&mut said).await.unwrap();
        assert_eq!(&said, b"bye");
        assert!(places.is_empty(), "its place is free");
    }
}
