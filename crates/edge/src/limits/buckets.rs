//! What each client has used, for a bounded number of clients.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::nanos::Nanos;
use governor::state::StateStore;

/// Workers rarely wait for each other with so many locks.
const SHARDS: usize = 16;
/// A full shard is looked through for idle clients this often at most.
const SWEEP: Duration = Duration::from_secs(1);

/// Somebody asks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Ask {
    pub(super) client: u64,
    /// Whether it is counted, or only asked whether it would pass.
    pub(super) counts: bool,
    /// Since the limiter began.
    pub(super) now: Duration,
}

/// Buckets by client. When all are taken by clients that asked lately, every
/// other one shares a single bucket: tight, but no open door.
#[derive(Debug)]
pub(super) struct Buckets {
    shards: Vec<Mutex<Shard>>,
    shared: Mutex<Option<Nanos>>,
    most: usize,
}

#[derive(Debug, Default)]
struct Shard {
    /// When each bucket is full again.
    full_at: HashMap<u64, Nanos>,
    swept: Option<Duration>,
}

impl Buckets {
    pub(super) fn new(clients: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            shared: Mutex::default(),
            most: clients.div_ceil(SHARDS),
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let sizes = self
            .shards
            .iter()
            .map(|shard| shard.lock().unwrap().full_at.len());
        sizes.sum()
    }
}

impl Shard {
    /// Whether there is a place for one more.
    fn has_room(&mut self, most: usize, now: Duration) -> bool {
        let may_sweep = self.swept.is_none_or(|swept| now >= swept + SWEEP);
        if self.full_at.len() >= most && may_sweep {
            self.swept = Some(now);
            let now = Nanos::from(now);
            self.full_at.retain(|_, full_at| *full_at > now);
        }
        self.full_at.len() < most
    }
}

impl StateStore for Buckets {
    type Key = Ask;

    fn measure_and_replace<T, F, E>(&self, ask: &Ask, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let Ask {
            client,
            counts,
            now,
        } = ask;
        let shard = usize::try_from(client % SHARDS as u64).unwrap_or_default();
        let mut shard = self.shards[shard]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(full_at) = shard.full_at.get_mut(client) {
            let (answer, next) = decide(Some(*full_at))?;
            if *counts {
                *full_at = next;
            }
            return Ok(answer);
        }
        if shard.has_room(self.most, *now) {
            let (answer, next) = decide(None)?;
            if *counts {
                shard.full_at.insert(*client, next);
            }
            return Ok(answer);
        }
        drop(shard);
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let (answer, next) = decide(*shared)?;
        if *counts {
            *shared = Some(next);
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts what was asked, up to two, in place of a rate.
    fn ask(buckets: &Buckets, client: u64, now: u64) -> bool {
        let ask = Ask {
            client,
            counts: true,
            now: Duration::from_secs(now),
        };
        let until = Nanos::from(Duration::from_secs(now + 10));
        buckets
            .measure_and_replace(&ask, |full_at| match full_at {
                None => Ok(((), until)),
                Some(full_at) if full_at <= Nanos::from(ask.now) => Ok(((), until)),
                Some(_) => Err(()),
            })
            .is_ok()
    }

    #[test]
    fn a_flood_of_clients_shares_one_bucket_and_memory_is_bounded() {
        let buckets = Buckets::new(SHARDS * 4);
        let passed = (0..10_000)
            .filter(|client| ask(&buckets, *client, 0))
            .count();
        assert_eq!(buckets.len(), SHARDS * 4);
        assert_eq!(passed, SHARDS * 4 + 1, "one through the shared bucket");
        assert!(!ask(&buckets, 0, 5), "known clients keep their own");
        assert!(!ask(&buckets, 20_000, 5), "the shared one is empty");
        assert!(ask(&buckets, 20_000, 20), "idle clients made room");
        assert!(buckets.len() < SHARDS * 4);
    }
}
