//! Counts a request body, limits its size, and aborts it if it arrives too slowly.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;

use crate::access_log::Upload;
use crate::body::{Body, BodyError};
use crate::deadline::Deadline;
use crate::route::Route;
use http1::Refusal;

/// The minimum rate applies only after the edge has waited this long for a body in total.
const GRACE: Duration = Duration::from_secs(20);

/// The body is larger than the route permits.
#[derive(Debug, thiserror::Error)]
#[error("the body is larger than this route takes; raise its body_size, if it should take more")]
pub(super) struct TooLarge;

pub(super) struct Measured {
    body: Body,
    upload: Arc<Upload>,
    /// The number of bytes that may still arrive; `None` for no limit.
    left: Option<u64>,
    pace: UploadRate,
}

struct UploadRate {
    /// The minimum rate in bytes per second; 0 for none.
    rate: u64,
    received: u64,
    /// How long the edge has waited for the client in total, not counting the current wait. The
    /// current wait began at `since`.
    waited: Duration,
    since: Option<Instant>,
    timer: Deadline,
}

impl Measured {
    /// Applies the route's limits to a body, and sets `counter`. Returns an empty body unchanged.
    pub(super) fn around(body: Body, route: &Route, counter: &mut Option<Arc<Upload>>) -> Body {
        if body.is_end_stream() {
            return body;
        }
        let upload = Arc::clone(counter.get_or_insert_default());
        let length = body.size_hint().exact().filter(|_| body.is_here());
        if let Some(length) = length
            && route.body_size.is_none_or(|most| length <= most)
        {
            // The whole body has arrived, with the length that its head states.
            upload.received.store(length, Ordering::Relaxed);
            return body;
        }
        Body::stream(Self {
            body,
            upload,
            left: route.body_size,
            pace: UploadRate {
                rate: route.body_rate,
                received: 0,
                waited: Duration::ZERO,
                since: None,
                timer: Deadline::default(),
            },
        })
    }

    fn too_slow(&self) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.upload.is_too_slow.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(Refusal::BodyTooSlow.into())))
    }
}

impl UploadRate {
    fn came(&mut self, length: u64) {
        self.received += length;
        if let Some(since) = self.since.take() {
            self.waited += since.elapsed();
        }
    }

    /// Longer than `GRACE`, and longer than the received bytes would take at the minimum rate.
    fn poll_too_slow(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(seconds) = self.received.checked_div(self.rate) else {
            return Poll::Pending;
        };
        let may_take = Duration::from_secs(seconds).max(GRACE);
        let since = *self.since.get_or_insert_with(Instant::now);
        let deadline = since.checked_add(may_take.saturating_sub(self.waited));
        deadline.map_or(Poll::Pending, |deadline| self.timer.poll(context, deadline))
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
        match &polled {
            Poll::Pending if self.pace.poll_too_slow(context).is_ready() => self.too_slow(),
            Poll::Ready(Some(Err(error))) if is_too_slow(error) => self.too_slow(),
            Poll::Ready(Some(Ok(frame))) => {
                let length = frame.data_ref().map_or(0, Bytes::len) as u64;
                self.pace.came(length);
                self.upload.received.fetch_add(length, Ordering::Relaxed);
                if let Some(left) = &mut self.left {
                    match left.checked_sub(length) {
                        Some(rest) => *left = rest,
                        None => return Poll::Ready(Some(Err(TooLarge.into()))),
                    }
                }
                polled
            }
            _ => polled,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn is_too_slow(error: &BodyError) -> bool {
    matches!(error.downcast_ref(), Some(Refusal::BodyTooSlow))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body_util::{BodyExt as _, Channel};
    use tokio::time::{sleep, timeout};

    use super::*;

    fn measured(
        rate: u64,
    ) -> (
        http_body_util::channel::Sender<Bytes, Infallible>,
        Body,
        Arc<Upload>,
    ) {
        let (pieces, body) = Channel::new(1);
        let route = Route {
            body_rate: rate,
            ..Route::to_app()
        };
        let mut upload = None;
        let body = Measured::around(Body::stream(body), &route, &mut upload);
        (pieces, body, upload.unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_keeps_its_rate_after_a_while() {
        for (first, seconds) in [(1, 20), (10_000, 20), (15_000, 30)] {
            let (mut pieces, mut body, upload) = measured(500);
            let begin = Instant::now();
            pieces.send_data(vec![0; first].into()).await.unwrap();
            body.frame().await.unwrap().unwrap();
            assert!(!upload.is_too_slow.load(Ordering::Relaxed));
            let error = body.frame().await.unwrap().unwrap_err();
            assert!(is_too_slow(&error));
            assert_eq!(begin.elapsed().as_secs(), seconds, "{first}");
            assert!(upload.is_too_slow.load(Ordering::Relaxed));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_waits_for_is_not_counted() {
        let (mut pieces, mut body, _) = measured(500);
        for _ in 0..10 {
            pieces.send_data(vec![0; 1].into()).await.unwrap();
            body.frame().await.unwrap().unwrap();
            // The server reads nothing in this time. This must not count as the client's slowness.
            sleep(Duration::from_mins(1)).await;
        }
        let (begin, next) = (Instant::now(), body.frame());
        next.await.unwrap().unwrap_err();
        assert_eq!(begin.elapsed().as_secs(), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_it_may_take_for_ever() {
        let (_pieces, mut body, _) = measured(0);
        timeout(Duration::from_hours(1), body.frame())
            .await
            .unwrap_err();
    }
}
