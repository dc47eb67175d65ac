//! Runs two actions at the same moment, to test races.

use std::str::FromStr;
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
pub fn rounds() -> usize {
    number("KENDURI_TEST_ROUNDS").unwrap_or(25)
}

/// The seed of the first round of a test with random rounds: `KENDURI_TEST_SEED`, or 0.
pub fn first_round() -> u64 {
    number("KENDURI_TEST_SEED").unwrap_or(0)
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration but these variables"
)]
fn number<N: FromStr>(name: &str) -> Option<N> {
    let wanted = std::env::var(name).ok()?;
    let wanted = wanted.parse().ok();
    Some(wanted.unwrap_or_else(|| panic!("{name} is not a number")))
}
