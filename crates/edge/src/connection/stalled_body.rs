//! A body with a timeout between its parts.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep};

use crate::body::BodyError;
use http1::{Refusal, judge_fields};

/// An HTTP/2 request body that fails if the client sends nothing for too long.
#[derive(Debug)]
pub(crate) struct StalledBody {
    body: Incoming,
    time: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl StalledBody {
    /// Wraps a body. `time` is the timeout for each part.
    pub(crate) fn around(body: Incoming, time: Duration) -> Self {
        Self {
            body,
            time,
            timer: None,
        }
    }
}

impl HttpBody for StalledBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let timed = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut timed.body).poll_frame(context) {
            timed.timer = None;
            return Poll::Ready(frame.map(|frame| {
                let frame = frame?;
                frame.trailers_ref().map_or(Ok(()), judge_fields)?;
                Ok(frame)
            }));
        }
        let timer = timed
            .timer
            .get_or_insert_with(|| Box::pin(sleep(timed.time)));
        if timer.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        timer.as_mut().reset(Instant::now() + timed.time);
        Poll::Ready(Some(Err(Refusal::BodyTooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
