//! The streams of a connection of HTTP/2, none of which waits for its reader for ever.
//!
//! The engine asks the body of an answer for nothing while the reader opens no
//! window, so a body cannot mind that: whoever runs the stream does.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::rt::Executor;

use crate::body::{Body, BodyError};
use crate::motion::Motion;

use super::busy::{Busy, Running};

tokio::task_local! {
    static READER: Arc<Motion>;
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
        let reader = Arc::new(Motion::default());
        let (running, patience) = (Running::begin(&self.busy), self.patience);
        tokio::spawn(READER.scope(Arc::clone(&reader), async move {
            minded(stream, &reader, patience).await;
            drop(running);
        }));
    }
}

/// Runs a stream. When it has waited for its reader for too long it is dropped,
/// which resets it and lets go of whoever was answering.
async fn minded(stream: impl Future, reader: &Motion, patience: Duration) {
    let (mut stream, mut still) = (pin!(stream), pin!(reader.stands_still(patience)));
    std::future::poll_fn(|context| {
        if stream.as_mut().poll(context).is_ready() {
            Poll::Ready(())
        } else if reader.is_awaited() {
            // No timer runs for a stream that waits for anybody else.
            still.as_mut().poll(context)
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// The body of an answer: from now on its reader is waited for, but while there is
/// nothing to read. Belongs on the stream that it is the answer of.
pub(super) fn awaiting_reader(body: Body) -> Body {
    let reader = READER.try_with(Arc::clone).unwrap_or_default();
    reader.awaits(true);
    match body {
        body if body.is_here() => body,
        body => Body::stream(Awaiting { body, reader }),
    }
}

struct Awaiting {
    body: Body,
    reader: Arc<Motion>,
}

impl HttpBody for Awaiting {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if polled.is_ready() {
            self.reader.moved();
        }
        self.reader.awaits(polled.is_ready());
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
