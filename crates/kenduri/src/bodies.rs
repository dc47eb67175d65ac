//! Bodies with an end: requests that arrive too slowly, and event streams when
//! Kenduri stops.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Response, header};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// A client has this long between two parts of a body.
const BODY_TIME: Duration = Duration::from_secs(30);

/// A request body that fails when nothing comes for [`BODY_TIME`].
pub(crate) struct Timed {
    inner: Incoming,
    limit: Pin<Box<Sleep>>,
}

impl Timed {
    /// Puts the limit around a body; an empty one needs none.
    pub(crate) fn around(inner: Incoming) -> Body {
        if inner.is_end_stream() {
            return Body::empty();
        }
        Body::new(Self {
            inner,
            limit: Box::pin(sleep(BODY_TIME)),
        })
    }
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) {
            self.limit.as_mut().reset(Instant::now() + BODY_TIME);
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        self.limit.as_mut().poll(context).map(|()| {
            Some(Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "the body came too slowly",
            )
            .into()))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Lets an answer that never ends by itself end when `stop` says so; any other
/// answer stays as it is.
pub(crate) fn ending_with(answer: Response<Body>, stop: CancellationToken) -> Response<Body> {
    let is_stream = answer
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    if !is_stream {
        return answer;
    }
    answer.map(|inner| {
        Body::new(Ending {
            inner,
            stop: Box::pin(stop.cancelled_owned()),
        })
    })
}

/// An event stream that ends in order, so that browsers come back to whoever
/// answers next.
struct Ending {
    inner: Body,
    stop: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl HttpBody for Ending {
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
