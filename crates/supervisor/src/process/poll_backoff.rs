//! How often is looked at what is left of processes that ended.

use std::time::Duration;

/// The first look comes after this: most of it is gone by then.
const SHORTEST: Duration = Duration::from_millis(10);
/// Looks are never further apart than this.
const LONGEST: Duration = Duration::from_millis(250);

/// The time from one look to the next, which doubles with each. The supervisor is told when a
/// child of its own ends; what it is not told of may go on for as long as it has to stop.
#[derive(Debug)]
pub(crate) struct PollBackoff(Duration);

impl Default for PollBackoff {
    fn default() -> Self {
        Self(SHORTEST)
    }
}

impl PollBackoff {
    /// How long to wait now.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = self.0;
        self.0 = (2 * wait).min(LONGEST);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_few_while_something_lingers() {
        let mut backoff = PollBackoff::default();
        let (mut passed, mut looks) = (Duration::ZERO, 0);
        while passed < Duration::from_secs(20) {
            passed += backoff.next();
            looks += 1;
        }
        assert!(looks <= 90, "{looks}");
        // What is gone soon is noticed soon.
        let first: Duration = {
            let mut backoff = PollBackoff::default();
            (0..3).map(|_| backoff.next()).sum()
        };
        assert_eq!(first, Duration::from_millis(70));
    }
}
