//! Event streams, which would otherwise hold up a stop for its whole drain time: they have no end,
//! and clients open them again by themselves.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::body::{Answer, Body, BodyError};
use crate::proxy::is_event_stream;

struct EventStream {
    body: Body,
    end: Pin<Box<WaitForCancellationFutureOwned>>,
}

/// Ends the body of an event stream when `end` is cancelled. Leaves other responses as they are.
pub(super) fn ending_at(end: &CancellationToken, answer: Answer) -> Answer {
    if answer.body().is_here() || !is_event_stream(answer.headers()) {
        return answer;
    }
    answer.map(|body| {
        Body::stream(EventStream {
            body,
            end: Box::pin(end.clone().cancelled_owned()),
        })
    })
}

impl HttpBody for EventStream {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if self.end.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
