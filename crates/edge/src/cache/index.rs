//! The index of stored responses. It also decides which responses are evicted. Nothing in this
//! module blocks.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher as _;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

use http::HeaderMap;

use super::purge::Purge;
use super::stored::{Key, Stored, StoredHead};

/// Stored responses of one key, which differ in the request headers named in `Vary`.
const MAX_VARIANTS_PER_KEY: usize = 16;
/// The number of purge counters. Keys with the same hash share a counter, so a purge of one key
/// also discards the responses of running fetches for the other keys.
const COUNTS: usize = 1_024;
const MAX_PASSING: usize = 4_096;
/// How long the requests for a key are sent independently of each other, after a response for the
/// key could not be stored.
const PASSING_TIME: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StoreLimits {
    pub(super) memory: u64,
    pub(super) entries: usize,
}

#[derive(Debug)]
pub(super) struct Index {
    pages: HashMap<Key, Vec<Arc<Stored>>>,
    passing: HashMap<Key, SystemTime>,
    turns: EvictionQueue,
    /// Counts how often single keys were purged. The index is a hash of the key.
    purged_addresses: Box<[u64]>,
    purged_names: u64,
    pub(super) memory: u64,
    pub(super) entries: usize,
}

impl Default for Index {
    fn default() -> Self {
        Self {
            pages: HashMap::new(),
            passing: HashMap::new(),
            turns: EvictionQueue::default(),
            purged_addresses: vec![0; COUNTS].into(),
            purged_names: 0,
            memory: 0,
            entries: 0,
        }
    }
}

impl Index {
    /// Returns the newest stored response that has this key and matches these request headers.
    pub(super) fn find(&self, key: &str, request: &HeaderMap) -> Option<Arc<Stored>> {
        let variants = self.pages.get(key)?;
        let found = variants
            .iter()
            .rev()
            .find(|stored| stored.head.answers(request))?;
        found.used.store(true, Ordering::Relaxed);
        Some(Arc::clone(found))
    }

    pub(super) fn newest(&self, key: &str) -> Option<&Arc<Stored>> {
        self.pages.get(key)?.last()
    }

    /// The number of purges that may have affected this key.
    pub(super) fn purges(&self, key: &Key) -> u64 {
        self.purged_names + self.purged_addresses[self.count_of(key)]
    }

    /// Whether the response may have been purged since its request began.
    pub(super) fn was_purged(&self, head: &StoredHead) -> bool {
        head.began != self.purges(&head.key)
    }

    /// Stores a response and removes an earlier response to the same request. Does nothing if the
    /// response was purged since its request began.
    pub(super) fn insert(&mut self, stored: &Arc<Stored>, room: StoreLimits) {
        if self.was_purged(&stored.head) {
            stored.leave();
            return;
        }
        self.passing.remove(&stored.head.key);
        let variants = self.pages.entry(Arc::clone(&stored.head.key)).or_default();
        let same = variants
            .iter()
            .find(|old| old.head.vary == stored.head.vary);
        let old = match same {
            None if variants.len() >= MAX_VARIANTS_PER_KEY => variants.first(),
            same => same,
        };
        let old = old.cloned();
        variants.push(Arc::clone(stored));
        self.entries += 1;
        self.memory += stored.weight();
        if let Some(old) = old {
            self.remove(&old);
        }
        self.turns.push(stored, self.entries);
        self.shrink(room);
    }

    pub(super) fn remove(&mut self, stored: &Arc<Stored>) {
        if stored.is_gone() {
            return;
        }
        stored.leave();
        if let Some(variants) = self.pages.get_mut(&stored.head.key) {
            variants.retain(|other| !Arc::ptr_eq(other, stored));
            if variants.is_empty() {
                self.pages.remove(&stored.head.key);
            }
        }
        self.memory = self.memory.saturating_sub(stored.weight());
        self.entries -= 1;
    }

    /// Removes the responses that match a purge, and counts the purge. Returns the number of
    /// removed responses.
    pub(super) fn purge(&mut self, purge: &Purge<'_>) -> usize {
        self.purged_names += 1;
        let all = self.pages.values().flatten();
        let meant = all.filter(|stored| purge.matches(&stored.head));
        let meant: Vec<Arc<Stored>> = meant.cloned().collect();
        for stored in &meant {
            self.remove(stored);
        }
        meant.len()
    }

    pub(super) fn purge_address(&mut self, key: &Key) {
        let count = self.count_of(key);
        self.purged_addresses[count] += 1;
        for stored in self.pages.get(key).cloned().unwrap_or_default() {
            self.remove(&stored);
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the lower bits of a hash are as good as all"
    )]
    fn count_of(&self, key: &Key) -> usize {
        self.pages.hasher().hash_one(key) as usize % COUNTS
    }

    pub(super) fn pass(&mut self, key: &Key, now: SystemTime) {
        if self.passing.len() >= MAX_PASSING {
            self.passing.retain(|_, until| *until > now);
            if self.passing.len() >= MAX_PASSING {
                self.passing.clear();
            }
        }
        self.passing.insert(Arc::clone(key), now + PASSING_TIME);
    }

    /// Whether a response for this key recently could not be stored.
    pub(super) fn is_passing(&self, key: &str, now: SystemTime) -> bool {
        self.passing.get(key).is_some_and(|until| {
            now < *until
                && until
                    .duration_since(now)
                    .is_ok_and(|left| left <= PASSING_TIME)
        })
    }

    /// Evicts responses until the cache is within its limits.
    pub(super) fn fits(&self, room: StoreLimits) -> bool {
        self.entries <= room.entries && self.memory <= room.memory
    }

    pub(super) fn shrink(&mut self, room: StoreLimits) {
        while !self.fits(room) {
            let Some(stored) = self.turns.next() else {
                break;
            };
            self.remove(&stored);
        }
    }
}

/// A queue in which a used response moves to the end ("second chance").
#[derive(Debug, Default)]
struct EvictionQueue(VecDeque<Weak<Stored>>);

impl EvictionQueue {
    fn push(&mut self, stored: &Arc<Stored>, entries: usize) {
        // The entries of removed responses are dropped when they make up more than half of the
        // queue.
        if self.0.len() > 2 * entries + 64 {
            self.0.retain(|stored| there(stored).is_some());
        }
        self.0.push_back(Arc::downgrade(stored));
    }

    fn next(&mut self) -> Option<Arc<Stored>> {
        loop {
            let Some(stored) = there(&self.0.pop_front()?) else {
                continue;
            };
            if !stored.used.swap(false, Ordering::Relaxed) {
                return Some(stored);
            }
            self.0.push_back(Arc::downgrade(&stored));
        }
    }
}

fn there(stored: &Weak<Stored>) -> Option<Arc<Stored>> {
    stored.upgrade().filter(|stored| !stored.is_gone())
}
