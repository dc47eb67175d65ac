//! Bodies with a limit: a request body must arrive in time, and an event stream ends when Kenduri
//! stops.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};
use tokio::time::{Sleep, sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// A request body that fails unless it arrives completely in time. Without this limit, a client
/// could keep a request open by sending a few bytes now and then.
pub(crate) struct DeadlineBody {
    inner: edge::Body,
    whole: Pin<Box<Sleep>>,
}

impl DeadlineBody {
    /// Adds a deadline to a body, unless the body is empty.
    pub(crate) fn around(inner: edge::Body, whole: Duration) -> Body {
        if inner.is_end_stream() {
            return Body::empty();
        }
        Body::new(Self {
            inner,
            whole: Box::pin(sleep(whole)),
        })
    }
}

impl HttpBody for DeadlineBody {
    type Data = Bytes;
    type Error = edge::BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.whole.as_mut().poll(context).is_ready() {
            let late = io::Error::new(io::ErrorKind::TimedOut, "the body came too slowly");
            return Poll::Ready(Some(Err(late.into())));
        }
        Pin::new(&mut self.inner).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// An event stream that ends properly when Kenduri stops, so that browsers reconnect to the next
/// process.
pub(crate) struct CancellableBody {
    inner: Body,
    stop: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl CancellableBody {
    pub(crate) fn new(inner: Body, stop: CancellationToken) -> Self {
        Self {
            inner,
            stop: Box::pin(stop.cancelled_owned()),
        }
    }
}

impl HttpBody for CancellableBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.stop.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.inner).poll_frame(context)
    }
}
