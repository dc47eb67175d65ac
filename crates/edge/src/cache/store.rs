//! All that is kept, in memory, for all workers.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::HeaderMap;

use super::in_flight::{FillGuard, Flights, InFlight, Joined};
use super::index::{Index, Room};
use super::purge::Purge;
use super::stored::{Head, Key, Stored, variation};
use crate::metrics::StoreFigures;

/// `[cache]`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSettings {
    /// Bytes of answers in memory.
    pub memory: u64,
    /// How many answers are kept.
    pub entries: usize,
    /// Larger bodies are not kept, in bytes.
    pub largest: u64,
    /// How long a request waits for the answer to another one like it.
    pub wait: Duration,
}

impl StoreSettings {
    /// For a plan in which no route keeps anything.
    pub(crate) fn unused() -> Self {
        Self {
            memory: 0,
            entries: 0,
            largest: 0,
            wait: Duration::ZERO,
        }
    }

    fn room(&self) -> Room {
        Room {
            memory: self.memory,
            entries: self.entries,
        }
    }
}

/// What is kept. No lock is held while anything is waited for.
pub(crate) struct Store {
    settings: ArcSwap<StoreSettings>,
    index: RwLock<Index>,
    flights: Arc<Flights>,
    seeds: RandomState,
    /// Bytes of bodies that are on their way into the store.
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

    /// Takes other bounds. What does not fit any more goes at once.
    pub(crate) fn change(&self, settings: StoreSettings) {
        let room = settings.room();
        self.settings.store(Arc::new(settings));
        self.write().shrink(room);
        self.count();
    }

    /// What would answer a request with these headers.
    pub(crate) fn find(&self, key: &Key, request: &HeaderMap) -> Option<Arc<Stored>> {
        self.read().find(key, request)
    }

    /// Whether nobody wanted purged what was asked for so long ago.
    pub(crate) fn is_wanted(&self, head: &Head) -> bool {
        !self.read().was_purged(head)
    }

    /// What a request for this address begins with, to know later whether it was purged
    /// meanwhile.
    pub(crate) fn mark(&self, key: &Key) -> u64 {
        self.read().purges(key)
    }

    /// Keeps an answer.
    pub(crate) fn keep(&self, head: Arc<Head>, body: Bytes) -> Arc<Stored> {
        let room = self.settings.load().room();
        let stored = Arc::new(Stored::new(head, body));
        self.write().insert(&stored, room);
        self.count();
        stored
    }

    /// Takes an answer away that is known to be no good any more.
    pub(crate) fn remove(&self, stored: &Arc<Stored>) {
        self.write().remove(stored);
        self.count();
    }

    /// Takes away what is meant: once this is done nobody is answered with it.
    /// Returns how many answers went.
    pub(crate) fn purge(&self, purge: &Purge<'_>) -> usize {
        let count = self.write().purge(purge);
        self.count();
        count
    }

    /// The same of an address.
    pub(crate) fn purge_address(&self, key: &Key) {
        self.write().purge_address(key);
        self.count();
    }

    /// Remembers that answers of this address may not be kept.
    pub(crate) fn pass(&self, key: &Key, now: SystemTime) {
        self.write().pass(key, now);
    }

    /// Whether it was found lately that they may not.
    pub(crate) fn is_passing(&self, key: &str, now: SystemTime) -> bool {
        self.read().is_passing(key, now)
    }

    /// Joins those who ask for the same: the same address, and the same in what its
    /// answers were last known to depend on.
    pub(crate) fn join(
        self: &Arc<Self>,
        key: &Key,
        request: &HeaderMap,
        is_fresh: impl FnOnce(&Head) -> bool,
    ) -> Joined {
        let names = self.read().newest(key).map(|stored| {
            let names = stored.head.vary.iter().map(|(name, _)| name.clone());
            names.collect()
        });
        let variation = variation(names.unwrap_or_default(), request);
        let place = (Arc::clone(key), self.seeds.hash_one(&variation));
        self.flights.join(place, || {
            let stored = self.find(key, request)?;
            is_fresh(&stored.head).then_some(stored)
        })
    }

    /// A request whose answer nobody else waits for.
    pub(crate) fn alone() -> FillGuard {
        FillGuard(InFlight::new(None))
    }

    /// Room for so many more bytes of a body on its way; nothing: there is none.
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

/// Bytes on their way: together they take no more than the memory of the store.
#[derive(Debug)]
pub(crate) struct Gathering {
    store: Arc<Store>,
    bytes: u64,
}

impl Gathering {
    /// Makes room for more; false: there is none, or it would be too large to be kept.
    pub(crate) fn grow(&mut self, more: u64) -> bool {
        let settings = self.store.settings.load();
        if self.bytes + more > settings.largest {
            return false;
        }
        let before = self.store.gathering.fetch_add(more, Ordering::Relaxed);
        self.bytes += more;
        before + more <= settings.memory
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
