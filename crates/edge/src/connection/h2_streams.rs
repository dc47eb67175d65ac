//! The streams of a connection of HTTP/2, none of which waits for its reader for ever.
//!
//! The engine takes one slice of the body of an answer, and asks for no more while the reader
//! opens no window, so a body cannot mind that: whoever runs the stream does.

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

use super::activity::{Busy, Running};
use super::unsent::{SLICE, UnsentBytes, UnsentSlices};

tokio::task_local! {
    static READER: Arc<ProgressWatch>;
}

/// Runs the streams of one connection, and what their tunnels send.
#[derive(Debug, Clone)]
pub(super) struct Streams {
    pub(super) busy: Arc<Busy>,
    /// Each wait for a reader may take so long.
    pub(super) patience: Duration,
}

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
{
    fn execute(&self, stream: F) {
        let Some(mut running) = Running::begin(&self.busy) else {
            return;
        };
        let (reader, patience) = (Arc::new(ProgressWatch::default()), self.patience);
        let mut stream = Box::pin(READER.scope(Arc::clone(&reader), async move {
            // It is polled on the connection's own task first, which ends with a panic.
            if panic::caught(minded(stream, &reader, patience, &mut running))
                .await
                .is_none()
            {
                tracing::error!("a stream ended in a panic");
            }
            drop(running);
        }));
        // Most are answered at once, and leave with whatever the connection writes next.
        // A task of its own polls again who is not: nobody need be woken before.
        let mut at_once = Context::from_waker(Waker::noop());
        if stream.as_mut().poll(&mut at_once).is_pending() {
            tokio::spawn(stream);
        }
    }
}

/// Runs a stream. When it has waited for its reader for too long it is dropped,
/// which resets it and lets go of whoever was answering.
async fn minded(
    stream: impl Future,
    reader: &ProgressWatch,
    patience: Duration,
    running: &mut Running,
) {
    let (mut stream, mut still) = (pin!(stream), pin!(reader.stands_still(patience)));
    std::future::poll_fn(|context| {
        if stream.as_mut().poll(context).is_ready() {
            Poll::Ready(())
        } else if reader.is_awaited() {
            // No timer runs for a stream that waits for anybody else.
            let polled = still.as_mut().poll(context);
            running.set_still(reader.is_still());
            polled
        } else {
            running.set_still(false);
            Poll::Pending
        }
    })
    .await;
}

/// The body of an answer: from now on its reader is waited for, but while there is
/// nothing to read. Belongs on the stream that it is the answer of.
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
    /// What came of it and was not handed on yet.
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
            // The engine has enough to send once the reader reads.
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
