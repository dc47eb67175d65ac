//! Runs two actions at the same moment, to test races.

use std::sync::Arc;

use tokio::sync::Barrier;

/// Runs both futures at the same moment, each on its own thread.
pub async fn together<A, B>(
    one: impl Future<Output = A> + Send + 'static,
    other: impl Future<Output = B> + Send + 'static,
) -> (A, B)
where
    A: Send + 'static,
    B: Send + 'static,
{
    let barrier = Arc::new(Barrier::new(2));
    let there = Arc::clone(&barrier);
    let one = tokio::spawn(async move {
        there.wait().await;
        one.await
    });
    let other = tokio::spawn(async move {
        barrier.wait().await;
        other.await
    });
    (one.await.expect("no panic"), other.await.expect("no panic"))
}

/// How many times a race is repeated in a test: `KENDURI_TEST_ROUNDS`, or 25.
#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration but this"
)]
pub fn rounds() -> usize {
    const ROUNDS: usize = 25;
    let wanted = std::env::var("KENDURI_TEST_ROUNDS").ok();
    let wanted = wanted.map(|rounds| rounds.parse().expect("KENDURI_TEST_ROUNDS is a number"));
    wanted.unwrap_or(ROUNDS)
}
