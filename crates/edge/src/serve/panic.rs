//! A panic in the app costs one answer, not the connection.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use http::StatusCode;

use crate::body::Answer;

use super::bare;

/// The answer, or 500 when making it panics.
pub(super) async fn caught(answering: impl Future<Output = Answer>) -> Answer {
    let mut answering = pin!(answering);
    std::future::poll_fn(|context| {
        // After a panic the future is dropped and never polled again.
        catch_unwind(AssertUnwindSafe(|| answering.as_mut().poll(context))).unwrap_or_else(|_| {
            tracing::error!("the app panicked while it answered a request");
            Poll::Ready(bare(StatusCode::INTERNAL_SERVER_ERROR))
        })
    })
    .await
}
