//! The body of a request on its way to an upstream: counted, and no larger than it may be.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::body::{Body, BodyError};

/// Why a body ends in the middle.
#[derive(Debug, thiserror::Error)]
#[error("the body is larger than this route takes")]
pub(super) struct TooLarge;

/// Counts what passes.
pub(super) struct Measured {
    body: Body,
    received: Arc<AtomicU64>,
    /// Bytes that may still come.
    left: Option<u64>,
}

impl Measured {
    /// Puts the measure around a body; an empty one needs none. `counter` gets it.
    pub(super) fn around(
        body: Body,
        most: Option<u64>,
        counter: &mut Option<Arc<AtomicU64>>,
    ) -> Body {
        if body.is_end_stream() {
            return body;
        }
        let received = Arc::clone(counter.get_or_insert_default());
        Body::stream(Self {
            body,
            received,
            left: most,
        })
    }
}

impl HttpBody for Measured {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            let length = data.len() as u64;
            self.received.fetch_add(length, Ordering::Relaxed);
            if let Some(left) = &mut self.left {
                match left.checked_sub(length) {
                    Some(rest) => *left = rest,
                    None => return Poll::Ready(Some(Err(TooLarge.into()))),
                }
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
