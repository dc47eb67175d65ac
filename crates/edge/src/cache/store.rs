//! The responses stored in memory, shared by all workers.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::HeaderMap;

use super::in_flight::{FillGuard, FlightKey, Flights, InFlight, Joined};
use super::index::{Index, StoreLimits};
use super::purge::Purge;
use super::stored::{Key, Stored, StoredHead, variation};
use crate::metrics::StoreFigures;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSettings {
    /// The maximum memory for all stored responses, in bytes.
    pub memory: u64,
    /// The maximum number of stored responses.
    pub entries: usize,
    /// The maximum size of a stored body, in bytes.
    pub largest: u64,
    /// How long a request waits for the response to another request with the same cache key.
    pub wait: Duration,
}

impl StoreSettings {
    pub(crate) fn unused() -> Self {
        Self {
            memory: 0,
            entries: 0,
            largest: 0,
            wait: Duration::ZERO,
        }
    }

    fn room(&self, gathering: u64) -> StoreLimits {
        StoreLimits {
            memory: self.memory.saturating_sub(gathering),
            entries: self.entries,
        }
    }
}

/// The store of responses. No lock is held across an await.
pub(crate) struct Store {
    settings: ArcSwap<StoreSettings>,
    index: RwLock<Index>,
    flights: Arc<Flights>,
    seeds: RandomState,
    /// The number of bytes reserved for bodies that are being fetched.
    gathering: AtomicU64,
    figures: StoreFigures,
}

impl Store {
    pub(crate) fn new(settings: StoreSettings) -> Arc<Self> {
        Arc::new(Self {
            settings: ArcSwap::from_pointee(settings),
            index: RwLock::default(),
            flights: Arc::default(),
            seeds: RandomState::new(),
            gathering: AtomicU64::new(0),
            figures: StoreFigures::default(),
        })
    }

    pub(crate) fn settings(&self) -> Arc<StoreSettings> {
        self.settings.load_full()
    }

    /// Evicts responses until the store is within the new limits.
    pub(crate) fn change(&self, settings: StoreSettings) {
        self.settings.store(Arc::new(settings));
        self.shrink();
    }

    fn shrink(&self) {
        let room = self.room();
        if self.read().fits(room) {
            return;
        }
        self.write().shrink(room);
        self.count();
    }

    fn room(&self) -> StoreLimits {
        let gathering = self.gathering.load(Ordering::Relaxed);
        self.settings.load().room(gathering)
    }

    pub(crate) fn find(&self, key: &Key, request: &HeaderMap) -> Option<Arc<Stored>> {
        self.read().find(key, request)
    }

    /// Whether the response has not been purged since its request began.
    pub(crate) fn is_wanted(&self, head: &StoredHead) -> bool {
        !self.read().was_purged(head)
    }

    /// The number of purges that may have affected a key. If the number has grown during a request,
    /// a purge has happened in the meantime.
    pub(crate) fn mark(&self, key: &Key) -> u64 {
        self.read().purges(key)
    }

    pub(crate) fn insert(&self, head: Arc<StoredHead>, body: Bytes) -> Arc<Stored> {
        let room = self.room();
        let stored = Arc::new(Stored::new(head, body));
        self.write().insert(&stored, room);
        self.count();
        stored
    }

    pub(crate) fn remove(&self, stored: &Arc<Stored>) {
        self.write().remove(stored);
        self.count();
    }

    /// Removes the responses that match a purge, so they are no longer served. Returns their
    /// number.
    pub(crate) fn purge(&self, purge: &Purge<'_>) -> usize {
        let count = self.write().purge(purge);
        self.count();
        count
    }

    pub(crate) fn purge_address(&self, key: &Key) {
        self.write().purge_address(key);
        self.count();
    }

    pub(crate) fn pass(&self, key: &Key, now: SystemTime) {
        self.write().pass(key, now);
    }

    pub(crate) fn is_passing(&self, key: &str, now: SystemTime) -> bool {
        self.read().is_passing(key, now)
    }

    /// Joins a running fetch, or begins one. A running fetch can be joined if it has the same key,
    /// and the same values of the request headers that the newest stored response names in `Vary`.
    pub(crate) fn join(
        self: &Arc<Self>,
        key: &Key,
        request: &HeaderMap,
        is_fresh: impl FnOnce(&StoredHead) -> bool,
    ) -> Joined {
        let names = self.read().newest(key).map(|stored| {
            let names = stored.head.vary.iter().map(|(name, _)| name.clone());
            names.collect()
        });
        let variation = variation(names.unwrap_or_default(), request);
        let entry = FlightKey {
            key: Arc::clone(key),
            variation: self.seeds.hash_one(&variation),
        };
        self.flights.join(entry, || {
            let stored = self.find(key, request)?;
            is_fresh(&stored.head).then_some(stored)
        })
    }

    pub(crate) fn alone() -> FillGuard {
        FillGuard(InFlight::new(None))
    }

    /// Reserves memory for a body; `None` if the store has no room for `bytes`.
    pub(crate) fn gather(self: &Arc<Self>, bytes: u64) -> Option<Gathering> {
        let mut gathering = Gathering {
            store: Arc::clone(self),
            bytes: 0,
        };
        gathering.grow(bytes).then_some(gathering)
    }

    fn count(&self) {
        let index = self.read();
        self.figures.hold(index.entries, index.memory);
    }

    fn read(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Store").finish_non_exhaustive()
    }
}

/// Memory reserved for a body that is being fetched. The store's memory limits the sum of all
/// reservations and of the stored responses.
#[derive(Debug)]
pub(crate) struct Gathering {
    store: Arc<Store>,
    bytes: u64,
}

impl Gathering {
    /// Enlarges the reservation. Returns `false` if the store has no room for `more` bytes, or if
    /// the body becomes too large to be stored.
    pub(crate) fn grow(&mut self, more: u64) -> bool {
        let settings = self.store.settings.load();
        if self.bytes + more > settings.largest {
            return false;
        }
        let before = self.store.gathering.fetch_add(more, Ordering::Relaxed);
        self.bytes += more;
        if before + more > settings.memory {
            return false;
        }
        self.store.shrink();
        true
    }
}

impl Drop for Gathering {
    fn drop(&mut self) {
        self.store
            .gathering
            .fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
