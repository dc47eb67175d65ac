//! Counts the requests of a limited number of clients.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use crate::lock::lock;

/// The number of shards, each with its own lock. Workers then rarely wait for each other.
const SHARDS: usize = 16;
/// The minimum time between two searches for idle clients in a full shard.
const SWEEP: Duration = Duration::from_secs(1);

/// A bucket for each client, stored as the time when the bucket will be full (the generic cell rate
/// algorithm). Times are relative to the first request.
///
/// If active clients use all buckets, further clients share one bucket. This limits the memory.
#[derive(Debug)]
pub(super) struct Buckets {
    /// How long a bucket takes to regain one request.
    each: Duration,
    /// How long an empty bucket takes to become full.
    all: Duration,
    shards: Vec<Mutex<Shard>>,
    shared: Mutex<Duration>,
    most: usize,
}

#[derive(Debug, Default)]
struct Shard {
    /// When each client's bucket will be full.
    full_at: HashMap<u64, Duration>,
    swept: Option<Duration>,
}

impl Buckets {
    /// Allows one request per `each`, and bursts of `burst` requests.
    pub(super) fn new(each: Duration, burst: u32, clients: usize) -> Self {
        Self {
            each,
            all: each.saturating_mul(burst),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            shared: Mutex::default(),
            most: clients.div_ceil(SHARDS),
        }
    }

    /// Whether a client may send a request. If not, the error is the time until the client may.
    /// Counts the request only if `counts` is true.
    pub(super) fn ask(&self, client: u64, counts: bool, now: Duration) -> Result<(), Duration> {
        let shard = usize::try_from(client % SHARDS as u64).unwrap_or_default();
        let mut shard = lock(&self.shards[shard]);
        let known = shard.full_at.get(&client).copied();
        if known.is_none() && !shard.make_room(self.most, now) {
            drop(shard);
            let mut shared = lock(&self.shared);
            let next = self.take(*shared, now)?;
            if counts {
                *shared = next;
            }
        } else {
            let next = self.take(known.unwrap_or_default(), now)?;
            if counts {
                shard.full_at.insert(client, next);
            }
        }
        Ok(())
    }

    /// When the bucket will be full or, if it is empty, the time until a request is permitted.
    fn take(&self, full_at: Duration, now: Duration) -> Result<Duration, Duration> {
        let next = full_at.max(now).saturating_add(self.each);
        let wait = next.saturating_sub(now.saturating_add(self.all));
        if wait.is_zero() { Ok(next) } else { Err(wait) }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let sizes = self.shards.iter().map(|shard| lock(shard).full_at.len());
        sizes.sum()
    }
}

impl Shard {
    fn make_room(&mut self, most: usize, now: Duration) -> bool {
        let may_sweep = self.swept.is_none_or(|swept| now >= swept + SWEEP);
        if self.full_at.len() >= most && may_sweep {
            self.swept = Some(now);
            self.full_at.retain(|_, full_at| *full_at > now);
        }
        self.full_at.len() < most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_flood_of_clients_shares_one_bucket_and_memory_is_bounded() {
        let buckets = Buckets::new(10 * SECOND, 1, SHARDS * 4);
        let passes = |client, now| buckets.ask(client, true, now * SECOND).is_ok();
        let passed = (0..10_000).filter(|client| passes(*client, 0)).count();
        assert_eq!(buckets.len(), SHARDS * 4);
        assert_eq!(passed, SHARDS * 4 + 1, "one through the shared bucket");
        assert!(!passes(0, 5), "known clients keep their own");
        assert!(!passes(20_000, 5), "the shared one is empty");
        assert!(passes(20_000, 20), "idle clients made room");
        assert!(buckets.len() < SHARDS * 4);
    }

    #[test]
    fn so_many_come_at_once_and_one_each_time_after() {
        let buckets = Buckets::new(2 * SECOND, 3, 100);
        let ask = |counts, now| buckets.ask(1, counts, now * SECOND);
        for _ in 0..3 {
            assert_eq!(ask(false, 7), Ok(()));
            assert_eq!(ask(true, 7), Ok(()));
        }
        assert_eq!(ask(true, 7), Err(2 * SECOND));
        assert_eq!(ask(true, 8), Err(SECOND));
        assert_eq!(ask(true, 9), Ok(()));
        assert_eq!(ask(false, 9), Err(2 * SECOND));
        // A bucket that is unused for long holds no more than its maximum.
        assert!(
            (0..4)
                .map(|_| ask(true, 1_000))
                .eq([Ok(()), Ok(()), Ok(()), Err(2 * SECOND)])
        );
    }
}
