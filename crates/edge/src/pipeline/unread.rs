//! Discards what a target leaves unread of a request body. Some clients read the response only after
//! they have sent the body.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::EXPECT;
use http::request::Parts;
use http::{StatusCode, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt as _;

use crate::body::{Body, BodyError};
use crate::lock::lock;

use super::upload::TooLarge;

/// More bytes of an unwanted request body are not read and discarded.
const MAX_DISCARDED_BYTES: u64 = 64 * 1_024;

/// Reads and discards a body that the target does not need, up to a limit. If the body is too large
/// or invalid, the error is the status to respond with.
pub(super) async fn put_away(mut body: Body) -> Result<(), StatusCode> {
    let mut left = MAX_DISCARDED_BYTES;
    while left > 0
        && let Some(frame) = body.frame().await
    {
        let frame = frame.map_err(|error| {
            if error.is::<TooLarge>() {
                StatusCode::PAYLOAD_TOO_LARGE
            } else {
                StatusCode::BAD_REQUEST
            }
        })?;
        let length = frame.data_ref().map_or(0, Bytes::len) as u64;
        left = left.saturating_sub(length);
    }
    Ok(())
}

/// A request body that the app reads, and that the edge takes back once the app has dropped it.
#[derive(Clone)]
pub(super) struct LentBody(Arc<Mutex<Body>>);

impl LentBody {
    /// Lends out a short body of an HTTP/2 or HTTP/3 request, unless the client waits for a `100
    /// Continue` before it sends the body. An HTTP/1 connection discards unread bodies itself.
    pub(super) fn lend(head: &Parts, body: &mut Body) -> Option<Self> {
        let is_sent = head.version >= Version::HTTP_2 && !head.headers.contains_key(EXPECT);
        if !is_sent || body.is_end_stream() || body.size_hint().lower() > MAX_DISCARDED_BYTES {
            return None;
        }
        let lent = Self(Arc::new(Mutex::new(std::mem::take(body))));
        *body = Body::stream(lent.clone());
        Some(lent)
    }

    /// Discards what the app has left unread. If the app still reads the body, does nothing.
    pub(super) async fn put_away(self) {
        if let Some(body) = Arc::into_inner(self.0) {
            let body = body.into_inner().unwrap_or_default();
            // The app has already responded, so an error changes nothing.
            let _ = put_away(body).await;
        }
    }
}

impl HttpBody for LentBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let mut body = lock(&self.0);
        let polled = Pin::new(&mut *body).poll_frame(context);
        if let Poll::Ready(None | Some(Err(_))) = polled {
            // Nothing is left to discard.
            *body = Body::Empty;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        lock(&self.0).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        lock(&self.0).size_hint()
    }
}
