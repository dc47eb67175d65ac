//! Measures whether a request body arrives fast enough. This counts when other connections need its
//! permit.

use std::time::Duration;

use tokio::time::Instant;

/// The time that each received byte earns; this makes 500 bytes per second fast enough.
const BYTE: Duration = Duration::from_millis(2);

/// How long the edge has waited for a client beyond the time that the received bytes earned. Time
/// in which the reader of the body was not ready does not count.
#[derive(Debug, Default)]
pub(super) struct Pace {
    behind: Duration,
    waits_since: Option<Instant>,
}

impl Pace {
    /// Starts waiting for the client. Returns the time from which the client counts as slow if it
    /// may be behind by `most`.
    pub(super) fn slow_from(&mut self, most: Duration) -> Instant {
        let since = *self.waits_since.get_or_insert_with(Instant::now);
        since + most.saturating_sub(self.behind)
    }

    /// Records that bytes arrived.
    pub(super) fn came(&mut self, bytes: usize) {
        if let Some(since) = self.waits_since.take() {
            let worth = BYTE.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX));
            self.behind = (self.behind + since.elapsed()).saturating_sub(worth);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::from_secs(5);

    /// Returns the number of seconds, at most 60, for which a client that sends this many bytes per
    /// second is fast enough.
    async fn fast_for(bytes: usize) -> usize {
        let mut pace = Pace::default();
        for second in 0..60 {
            let slow_from = pace.slow_from(MOST);
            tokio::time::advance(Duration::from_secs(1)).await;
            if slow_from < Instant::now() {
                return second;
            }
            pace.came(bytes);
        }
        60
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_less_than_500_bytes_a_second_is_slow_after_a_while() {
        for (bytes, seconds) in [(1, 5), (250, 9), (499, 60), (500, 60), (100_000, 60)] {
            assert_eq!(fast_for(bytes).await, seconds, "{bytes}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_wait_for_the_client_counts() {
        let mut pace = Pace::default();
        pace.slow_from(MOST);
        pace.came(1);
        tokio::time::advance(Duration::from_mins(1)).await;
        assert!(pace.slow_from(MOST) > Instant::now());
    }
}
