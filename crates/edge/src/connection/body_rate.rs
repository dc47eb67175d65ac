//! Whether a body comes as fast as it must when others need the place of its connection.

use std::time::Duration;

use tokio::time::Instant;

/// The time that a byte is worth: 500 bytes a second are enough.
const BYTE: Duration = Duration::from_millis(2);

/// How long a client was waited for beyond what it sent is worth. What is not read because
/// somebody else is not ready for it does not count.
#[derive(Debug, Default)]
pub(super) struct Pace {
    behind: Duration,
    waits_since: Option<Instant>,
}

impl Pace {
    /// The client is waited for. From when on it is slow, if it may be behind by so much.
    pub(super) fn slow_from(&mut self, most: Duration) -> Instant {
        let since = *self.waits_since.get_or_insert_with(Instant::now);
        since + most.saturating_sub(self.behind)
    }

    /// So many bytes came.
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

    /// For how many seconds somebody may send so much a second, of a minute.
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
