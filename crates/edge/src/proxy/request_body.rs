//! The body of a request on its way to a server.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, EXPECT};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::body::{Body, BodyError};
use crate::client_info::ClientInfo;
use crate::filters::forwarding;

/// How far a body has come, for whoever waits for the answer to it.
#[derive(Debug, Default)]
pub(super) struct Flow {
    pieces: AtomicUsize,
    ended: AtomicBool,
    awaits_client: AtomicBool,
    failure: Mutex<Option<BodyError>>,
}

impl Flow {
    /// Pieces handed on so far.
    pub(super) fn pieces(&self) -> usize {
        self.pieces.load(Ordering::Relaxed)
    }

    /// Whether all of it was handed on.
    pub(super) fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Whether the client's next piece is what is missing.
    pub(super) fn awaits_client(&self) -> bool {
        self.awaits_client.load(Ordering::Relaxed)
    }

    /// Why the client's body broke off, if it did.
    pub(super) fn failure(&self) -> Option<BodyError> {
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

/// The body of a request on its way to a server.
#[derive(Debug)]
pub(super) struct Sending {
    body: Body,
    flow: Option<Arc<Flow>>,
}

/// The client's body broke off; [`Flow`] has the cause.
#[derive(Debug, thiserror::Error)]
#[error("the client's body ended before its end")]
struct BrokeOff;

impl Sending {
    /// A request without a body.
    pub(super) fn nothing() -> Self {
        Self {
            body: Body::Empty,
            flow: None,
        }
    }

    pub(super) fn new(body: Body, flow: Arc<Flow>) -> Self {
        Self {
            body,
            flow: Some(flow),
        }
    }
}

/// Makes a request whose headers are still the client's own one of ours. Its body is here, if it
/// has one.
pub(super) fn tame(
    request: &mut Request<Sending>,
    raw: &mut Option<&ClientInfo>,
    whole: Option<&Bytes>,
) {
    if let Some(facts) = raw.take() {
        let method = request.method().clone();
        let headers = request.headers_mut();
        forwarding::toward(headers, facts);
        headers.remove(EXPECT);
        match whole {
            Some(whole) => drop(headers.insert(CONTENT_LENGTH, whole.len().into())),
            None => no_length(&method, headers),
        }
    }
}

/// Nothing is promised that is not sent; where a body is usual, that there is none
/// is said (RFC 9110, section 8.6).
pub(super) fn no_length(method: &Method, headers: &mut HeaderMap) {
    match *method {
        Method::POST | Method::PUT | Method::PATCH => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        _ => drop(headers.remove(CONTENT_LENGTH)),
    }
}

impl HttpBody for Sending {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = self.get_mut();
        let Some(flow) = &this.flow else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(&mut this.body).poll_frame(context);
        flow.awaits_client
            .store(polled.is_pending(), Ordering::Relaxed);
        match polled {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => {
                flow.ended.store(true, Ordering::Relaxed);
                Poll::Ready(None)
            }
            Poll::Ready(Some(Ok(frame))) => {
                flow.pieces.fetch_add(1, Ordering::Relaxed);
                if this.body.is_end_stream() || frame.is_trailers() {
                    flow.ended.store(true, Ordering::Relaxed);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(cause))) => {
                *flow.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause);
                Poll::Ready(Some(Err(BrokeOff.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.flow.is_none() || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
