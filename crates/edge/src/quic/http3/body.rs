//! An HTTP/3 request body. It must be as long as `Content-Length` states, and must not stall for
//! too long.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use h3::server::RequestStream;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep, sleep};

use crate::body::{Body, BodyError};
use crate::parse_result::BrokenBody;
use crate::quic::wire::ReceiveHalf;
use http1::{Refusal, judge_fields};

pub(super) struct Received {
    stream: RequestStream<ReceiveHalf, Bytes>,
    /// The bytes still expected according to `Content-Length`.
    left: Option<u64>,
    time: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    state: BodyPart,
    /// Why the body ended early; empty if it did not.
    broken: Arc<BrokenBody>,
    /// Notified when the body is first read.
    wanted: Arc<Notify>,
    /// The part of the body that came with the head.
    first: Option<Result<Frame<Bytes>, BodyError>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyPart {
    Data,
    Trailers,
    Over,
}

impl Received {
    /// Returns the body after a request head. The first bytes may show that there is no body, or
    /// that it is invalid.
    pub(super) async fn body(
        stream: RequestStream<ReceiveHalf, Bytes>,
        length: Option<u64>,
        time: Duration,
        broken: Arc<BrokenBody>,
        wanted: Arc<Notify>,
    ) -> Result<Body, Refusal> {
        let mut received = Self {
            stream,
            left: length,
            time,
            timer: None,
            state: BodyPart::Data,
            broken,
            wanted,
            first: None,
        };
        let first = std::future::poll_fn(|context| {
            let polled = received.poll_next(context);
            Poll::Ready(polled)
        });
        match first.await {
            Poll::Ready(None) => return Ok(Body::Empty),
            Poll::Ready(first) => received.first = first,
            Poll::Pending => {}
        }
        if let Some(Err(error)) = &received.first
            && let Some(refusal) = error.downcast_ref::<Refusal>()
        {
            return Err(*refusal);
        }
        Ok(Body::stream(received))
    }

    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.state == BodyPart::Data {
            match ready!(self.stream.poll_recv_data(context)) {
                Err(error) => return self.fails(error.into()),
                Ok(Some(mut data)) => {
                    let data = data.copy_to_bytes(data.remaining());
                    if let Some(left) = &mut self.left {
                        match left.checked_sub(data.len() as u64) {
                            Some(rest) => *left = rest,
                            None => return self.breaks(Refusal::Length),
                        }
                    }
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                // A body that is shorter than its head states makes the request malformed (RFC
                // 9114, section 4.1.2).
                Ok(None) if self.left.is_some_and(|left| left > 0) => {
                    return self.breaks(Refusal::Length);
                }
                Ok(None) => self.state = BodyPart::Trailers,
            }
        }
        if self.state == BodyPart::Trailers {
            let trailers = ready!(self.stream.poll_recv_trailers(context));
            self.state = BodyPart::Over;
            let trailers = match trailers {
                Ok(Some(trailers)) => trailers,
                Ok(None) => return Poll::Ready(None),
                Err(error) => return self.fails(error.into()),
            };
            return match judge_fields(&trailers) {
                Ok(()) => Poll::Ready(Some(Ok(Frame::trailers(trailers)))),
                Err(refusal) => self.breaks(refusal),
            };
        }
        Poll::Ready(None)
    }

    fn breaks(&mut self, refusal: Refusal) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.broken.record(refusal);
        self.fails(refusal.into())
    }

    fn fails(&mut self, error: BodyError) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.state = BodyPart::Over;
        Poll::Ready(Some(Err(error)))
    }
}

impl HttpBody for Received {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let received = self.get_mut();
        if let Some(first) = received.first.take() {
            return Poll::Ready(Some(first));
        }
        if let Poll::Ready(next) = received.poll_next(context) {
            received.timer = None;
            return Poll::Ready(next);
        }
        let time = received.time;
        if received.timer.is_none() {
            received.wanted.notify_one();
        }
        let timer = received.timer.get_or_insert_with(|| Box::pin(sleep(time)));
        ready!(timer.as_mut().poll(context));
        timer.as_mut().reset(Instant::now() + time);
        received.breaks(Refusal::BodyTooSlow)
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.state == BodyPart::Over
    }

    fn size_hint(&self) -> SizeHint {
        let first = self.first.as_ref().and_then(|first| first.as_ref().ok());
        let held = first.and_then(Frame::data_ref);
        let held = held.map_or(0, |data| data.len() as u64);
        match self.left {
            Some(left) => SizeHint::with_exact(left + held),
            None => SizeHint::default(),
        }
    }
}
