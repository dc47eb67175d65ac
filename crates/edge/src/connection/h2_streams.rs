//! Runs the streams of an HTTP/2 connection, and resets a stream whose client has read nothing for
//! too long.
//!
//! A response body cannot detect a stalled client, because hyper does not poll the body until the
//! client opens its window. Therefore, the task that runs the stream detects a stalled client.

use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::rt::Executor;
use tokio::time::Instant;

use crate::body::{Answer, Body, BodyError, with_more};
use crate::deadline::Deadline;
use crate::panic;
use crate::proxy::is_event_stream;
use crate::stalled_peer::ProgressWatch;
use crate::unsent_memory::{EACH, Permit, READING, SLICE, UnsentMemory, UnsentStream};

use super::activity::{ActiveStream, StreamActivity};

tokio::task_local! {
    static READER: Arc<ProgressWatch>;
}

/// Runs the streams of one connection, and the tasks that send the data of tunnels.
#[derive(Debug, Clone)]
pub(super) struct Streams {
    pub(super) busy: Arc<StreamActivity>,
    /// How long a stream waits for its client to read.
    pub(super) patience: Duration,
    pub(super) unsent: Arc<UnsentMemory>,
    pub(super) client: IpAddr,
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
        let unsent = self.unsent.stream(self.client, Arc::clone(&reader));
        let mut stream = Box::pin(READER.scope(Arc::clone(&reader), async move {
            // The stream is first polled on the connection's task, and that task must survive a
            // panic.
            if panic::caught(minded(stream, &reader, patience, unsent))
                .await
                .is_none()
            {
                tracing::error!("a request over HTTP/2 ended in a panic and was broken off; “the program panicked” in the log says where: please report it");
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

/// Runs a stream. Drops it if it waits too long for its client to read, or if others need its
/// memory. The drop resets the stream and cancels the request handler.
async fn minded(
    stream: impl Future,
    reader: &ProgressWatch,
    patience: Duration,
    unsent: UnsentStream,
) {
    let (mut stream, mut still) = (pin!(stream), pin!(reader.stands_still(patience)));
    let mut held = None;
    std::future::poll_fn(|context| {
        if stream.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        if !reader.is_awaited() {
            held = None;
            return Poll::Pending;
        }
        // The timer runs only while the stream waits for its client.
        held.get_or_insert_with(|| unsent.hold(EACH));
        match reader.poll_given_up(context) {
            Poll::Ready(()) => Poll::Ready(()),
            Poll::Pending => still.as_mut().poll(context),
        }
    })
    .await;
}

/// The memory of the current stream. Must be called on the stream's task.
pub(super) fn unsent_stream(memory: &Arc<UnsentMemory>, client: IpAddr) -> UnsentStream {
    memory.stream(client, reader())
}

fn reader() -> Arc<ProgressWatch> {
    READER.try_with(Arc::clone).unwrap_or_default()
}

/// Wraps a response body, so that its stream counts as waiting for the client whenever the body has
/// data. Must be called on the stream's task.
pub(super) fn awaiting_reader(answer: Answer, unsent: UnsentStream) -> Answer {
    let reader = reader();
    reader.awaits(true);
    let is_event_stream = is_event_stream(answer.headers());
    answer.map(|body| {
        let length = body.size_hint().lower();
        // A small body is covered by what each stream counts for.
        if body.is_shared() || body.is_here() && length <= EACH as u64 {
            return body;
        }
        let whole = body
            .is_here()
            .then(|| unsent.hold(usize::try_from(length).unwrap_or(usize::MAX)));
        Body::stream(Awaiting {
            body,
            rest: Bytes::new(),
            is_event_stream,
            permit: whole,
            waits_since: None,
            release: Deadline::default(),
            reader,
            unsent,
        })
    })
}

struct Awaiting {
    body: Body,
    /// Data from the body that has not been returned yet. It holds its permit.
    rest: Bytes,
    is_event_stream: bool,
    /// The permit for data that the body will return.
    permit: Option<Permit>,
    /// Since when the body has had no data; `None` if it has had some.
    waits_since: Option<Instant>,
    release: Deadline,
    reader: Arc<ProgressWatch>,
    unsent: UnsentStream,
}

impl Awaiting {
    /// Events are small and rare, so idle event streams need no permit.
    fn poll_permit(&mut self, context: &mut Context<'_>) -> Poll<Permit> {
        match self.permit.take() {
            Some(permit) => Poll::Ready(permit),
            None if self.is_event_stream => Poll::Ready(self.unsent.hold(0)),
            None => self.unsent.poll_permit(context),
        }
    }

    fn poll_more(
        &mut self,
        context: &mut Context<'_>,
        permit: Permit,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) else {
            let since = *self.waits_since.get_or_insert_with(Instant::now);
            // The body may have begun to read, so it keeps its permit for a while.
            if !self.is_event_stream && self.release.poll(context, since + READING).is_pending() {
                self.permit = Some(permit);
            }
            return Poll::Pending;
        };
        self.waits_since = None;
        let frame = match frame {
            Some(Ok(frame)) => frame,
            other => return Poll::Ready(other),
        };
        Poll::Ready(Some(Ok(match frame.into_data() {
            Ok(data) => {
                permit.resize(data.len());
                self.rest = permit.until_sent(data);
                self.slice()
            }
            Err(trailers) => trailers,
        })))
    }

    fn slice(&mut self) -> Frame<Bytes> {
        Frame::data(self.rest.split_to(SLICE.min(self.rest.len())))
    }
}

impl HttpBody for Awaiting {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = if self.rest.is_empty() {
            let Poll::Ready(permit) = self.poll_permit(context) else {
                // Others hold the memory, or this stream itself does, until its client reads.
                self.reader.awaits(true);
                return Poll::Pending;
            };
            self.poll_more(context, permit)
        } else {
            Poll::Ready(Some(Ok(self.slice())))
        };
        if polled.is_ready() {
            self.reader.moved();
        }
        self.reader.awaits(polled.is_ready());
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        with_more(self.body.size_hint(), self.rest.len() as u64)
    }
}
