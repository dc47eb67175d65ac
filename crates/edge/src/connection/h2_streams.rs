//! Runs the streams of an HTTP/2 connection, and resets a stream whose client has read nothing for
//! too long.
//!
//! A response body cannot detect a stalled client, because hyper does not poll the body until the
//! client opens its window. Therefore, the task that runs the stream detects a stalled client.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::rt::Executor;

use crate::body::{Body, BodyError, with_more};
use crate::panic;
use crate::progress::ProgressWatch;

use super::activity::{ActiveStream, StreamActivity};
use super::unsent::{SLICE, UnsentBytes, UnsentSlices};

tokio::task_local! {
    static READER: Arc<ProgressWatch>;
}

/// Runs the streams of one connection, and the tasks that send the data of tunnels.
#[derive(Debug, Clone)]
pub(super) struct Streams {
    pub(super) busy: Arc<StreamActivity>,
    /// How long a stream waits for its client to read.
    pub(super) patience: Duration,
}

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
{
    fn execute(&self, stream: F) {
        let Some(running) = ActiveStream::begin(&self.busy) else {
            return;
        };
        let (reader, patience) = (Arc::new(ProgressWatch::default()), self.patience);
        let mut stream = Box::pin(READER.scope(Arc::clone(&reader), async move {
            // The stream is first polled on the connection's task, and that task must survive a
            // panic.
            if panic::caught(minded(stream, &reader, patience))
                .await
                .is_none()
            {
                tracing::error!("a stream ended in a panic");
            }
            drop(running);
        }));
        // Most streams finish in this first poll, and the connection's next write sends their
        // responses. Each other stream continues in a new task. That task polls the stream again at
        // its beginning, so the first poll needs no waker.
        let mut at_once = Context::from_waker(Waker::noop());
        if stream.as_mut().poll(&mut at_once).is_pending() {
            tokio::spawn(stream);
        }
    }
}

/// Runs a stream. Drops it if it waits too long for its client to read. The drop resets the stream
/// and cancels the request handler.
async fn minded(stream: impl Future, reader: &ProgressWatch, patience: Duration) {
    let (mut stream, mut still) = (pin!(stream), pin!(reader.stands_still(patience)));
    std::future::poll_fn(|context| {
        if stream.as_mut().poll(context).is_ready() {
            Poll::Ready(())
        } else if reader.is_awaited() {
            // The timer runs only while the stream waits for its client.
            still.as_mut().poll(context)
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// Wraps a response body, so that its stream counts as waiting for the client whenever the body has
/// data. Must be called on the stream's task.
pub(super) fn awaiting_reader(body: Body, output: &Arc<UnsentBytes>) -> Body {
    let reader = READER.try_with(Arc::clone).unwrap_or_default();
    reader.awaits(true);
    if body.is_here() && body.size_hint().lower() <= SLICE as u64 {
        return body;
    }
    Body::stream(Awaiting {
        body,
        rest: Bytes::new(),
        reader,
        unsent: UnsentSlices::of(output),
    })
}

struct Awaiting {
    body: Body,
    /// Data from the body that has not been returned yet.
    rest: Bytes,
    reader: Arc<ProgressWatch>,
    unsent: Arc<UnsentSlices>,
}

impl Awaiting {
    fn poll_slice(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.rest.is_empty() {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => frame,
                other => return Poll::Ready(other),
            };
            match frame.into_data() {
                Ok(data) if data.len() > SLICE => self.rest = data,
                Ok(data) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
        let slice = self.rest.split_to(SLICE.min(self.rest.len()));
        Poll::Ready(Some(Ok(Frame::data(slice))))
    }
}

impl HttpBody for Awaiting {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Some(permit) = self.unsent.permit(context) else {
            // hyper may hold no more data of this stream until the client reads.
            self.reader.awaits(true);
            return Poll::Pending;
        };
        let polled = self.poll_slice(context);
        if polled.is_ready() {
            self.reader.moved();
        }
        self.reader.awaits(polled.is_ready());
        polled.map_ok(|frame| frame.map_data(|slice| permit.until_sent(slice)))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        with_more(self.body.size_hint(), self.rest.len() as u64)
    }
}
