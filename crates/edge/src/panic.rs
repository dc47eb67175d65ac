//! Catches panics. A panic then ends one piece of work, not the whole task.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// Runs a future and catches a panic in it. Returns `None` after a panic.
pub(crate) async fn caught<T>(making: impl Future<Output = T>) -> Option<T> {
    let mut making = pin!(making);
    std::future::poll_fn(|context| {
        // After a panic, the future is dropped and never polled again, so nobody observes its
        // broken state.
        catch_unwind(AssertUnwindSafe(|| making.as_mut().poll(context)))
            .map_or(Poll::Ready(None), |polled| polled.map(Some))
    })
    .await
}
