//! How often the supervisor checks whether a process group has become empty, after the group's
//! first process has exited.

use std::time::Duration;

/// The first interval. Most processes have exited by then.
const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_millis(250);

/// The interval until the next check of a process group. It doubles each time.
///
/// The kernel notifies the supervisor only when its own child exits. The other processes of the
/// group must be polled, and may run until the stop timeout.
#[derive(Debug)]
pub(crate) struct PollBackoff(Duration);

impl Default for PollBackoff {
    fn default() -> Self {
        Self(SHORTEST)
    }
}

impl PollBackoff {
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
        // The first checks follow quickly, because most processes exit soon.
        let first: Duration = {
            let mut backoff = PollBackoff::default();
            (0..3).map(|_| backoff.next()).sum()
        };
        assert_eq!(first, Duration::from_millis(70));
    }
}
