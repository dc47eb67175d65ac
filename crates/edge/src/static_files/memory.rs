//! The small files that a worker has read recently, kept in memory.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::entry::{Entry, Stamps, Variant};
use crate::body::Readers;
use crate::filters::compression::{Encoder, EncoderMemory, Encoding};

/// Of all workers together, and of each at least.
const ALL_MEMORY: usize = 64 << 20;
const MIN_MEMORY: usize = 16 << 20;
/// Before a file in memory is compared with the disk.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// Each lookup uses a thread, and may read a file into memory.
const MAX_DISK_LOOKUPS: usize = 16;

/// A worker's memory cache of files. Other workers have their own, so there is no lock contention.
/// Clones share the cache.
#[derive(Debug, Clone)]
pub struct Memory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kept: Mutex<MemoryIndex>,
    size: usize,
    looks: Arc<Semaphore>,
    /// Only one file is compressed at a time, so the other cores remain free for requests.
    compressing: Arc<Semaphore>,
    readers: Readers,
    encoders: EncoderMemory,
    random: RandomState,
    drawn: AtomicU64,
}

#[derive(Debug, Default)]
struct MemoryIndex {
    folders: HashMap<u64, HashMap<Box<str>, Slot>>,
    weight: usize,
    /// Stored with a file at each use, to order the files by their last use.
    uses: u64,
}

#[derive(Debug)]
struct Slot {
    entry: Arc<Entry>,
    weight: usize,
    checked: SystemTime,
    used: u64,
}

pub(super) enum MemoryLookup {
    Fresh(Arc<Entry>),
    /// The caller must compare the file with the disk. Other requests are meanwhile served from
    /// memory.
    Due,
    Nothing,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(ALL_MEMORY, EncoderMemory::default())
    }
}

impl Memory {
    /// Creates a cache for one of so many workers. All workers share the memory for encoders.
    pub(crate) fn of_worker(workers: usize, encoders: &EncoderMemory) -> Self {
        Self::new(MIN_MEMORY.max(ALL_MEMORY / workers), encoders.clone())
    }

    /// Creates a cache of approximately `size` bytes.
    pub(crate) fn new(size: usize, encoders: EncoderMemory) -> Self {
        Self(Arc::new(Inner {
            kept: Mutex::default(),
            size,
            readers: Readers::default(),
            encoders,
            looks: Arc::new(Semaphore::new(MAX_DISK_LOOKUPS)),
            compressing: Arc::new(Semaphore::new(1)),
            random: RandomState::new(),
            drawn: AtomicU64::new(0),
        }))
    }

    pub(crate) fn encoders(&self) -> &EncoderMemory {
        &self.0.encoders
    }

    /// The memory of the cached files in bytes, for metrics.
    pub fn weight(&self) -> usize {
        self.kept().weight
    }

    pub(super) fn find(&self, folder: u64, name: &str, now: SystemTime) -> MemoryLookup {
        let mut kept = self.kept();
        kept.uses += 1;
        let uses = kept.uses;
        let Some(slot) = kept.slot(folder, name) else {
            return MemoryLookup::Nothing;
        };
        slot.used = uses;
        // A clock that was set back must not keep a file unchecked for long.
        let age = now
            .duration_since(slot.checked)
            .unwrap_or_else(|ahead| ahead.duration());
        if age < CHECK_EVERY {
            return MemoryLookup::Fresh(Arc::clone(&slot.entry));
        }
        slot.checked = now;
        MemoryLookup::Due
    }

    /// Waits for a permit to use the disk.
    pub(super) async fn turn_to_look(&self) -> io::Result<OwnedSemaphorePermit> {
        let looks = Arc::clone(&self.0.looks);
        looks.acquire_owned().await.map_err(io::Error::other)
    }

    /// Returns the cached file, unless it has changed on disk.
    pub(super) fn confirm(
        &self,
        folder: u64,
        name: &str,
        stamps: &Stamps,
        now: SystemTime,
    ) -> Option<Arc<Entry>> {
        let mut kept = self.kept();
        let slot = kept.slot(folder, name)?;
        if slot.entry.stamps != *stamps || !slot.entry.is_settled {
            return None;
        }
        slot.checked = now;
        Some(Arc::clone(&slot.entry))
    }

    pub(super) fn insert(&self, entry: &Arc<Entry>, now: SystemTime) {
        let weight = entry.weight();
        if weight > self.0.size / 4 {
            return;
        }
        let mut kept = self.kept();
        kept.forget(entry.folder, &entry.name);
        kept.uses += 1;
        let slot = Slot {
            entry: Arc::clone(entry),
            weight,
            checked: now,
            used: kept.uses,
        };
        kept.weight += weight;
        let folder = kept.folders.entry(entry.folder).or_default();
        folder.insert(entry.name.clone(), slot);
        kept.shrink(self.0.size);
    }

    pub(super) fn forget(&self, folder: u64, name: &str) {
        self.kept().forget(folder, name);
    }

    /// Removes the files of all folders that are not in `ids`.
    pub(crate) fn keep_folders(&self, ids: &HashSet<u64>) {
        let mut kept = self.kept();
        kept.folders.retain(|folder, _| ids.contains(folder));
        let slots = kept.folders.values().flat_map(HashMap::values);
        kept.weight = slots.map(|slot| slot.weight).sum();
    }

    fn grew(&self, entry: &Arc<Entry>, bytes: usize) {
        let mut kept = self.kept();
        if let Some(slot) = kept.slot(entry.folder, &entry.name)
            && Arc::ptr_eq(&slot.entry, entry)
        {
            slot.weight += bytes;
            kept.weight += bytes;
            kept.shrink(self.0.size);
        }
    }

    /// Returns a file's variant in this coding. Compresses the file at first use.
    pub(super) async fn coded<'e>(&self, entry: &'e Arc<Entry>, encoding: Encoding) -> &'e Variant {
        let Some(cell) = entry.later(encoding) else {
            return &entry.plain;
        };
        let make = async || {
            let plain = entry.plain.content.bytes()?;
            let coded = self.compress(plain.clone(), encoding).await?;
            let length = coded.len();
            let form = entry.form(encoding, coded, plain)?;
            self.grew(entry, length);
            Some(Box::new(form))
        };
        let made = cell.get_or_init(make).await;
        made.as_deref().unwrap_or(&entry.plain)
    }

    async fn compress(&self, plain: Bytes, encoding: Encoding) -> Option<Bytes> {
        let turn = Arc::clone(&self.0.compressing).acquire_owned().await.ok()?;
        let work = tokio::task::spawn_blocking(move || {
            let coded = Encoder::once(encoding, &plain);
            drop(turn);
            coded
        });
        match work.await {
            Ok(Ok(coded)) => Some(coded),
            Ok(Err(error)) => {
                tracing::warn!(%error, "cannot compress a file; it is sent uncompressed, and nothing needs to be done");
                None
            }
            Err(error) => {
                tracing::warn!(%error, "compressing a file broke off, and it is sent uncompressed; if the log has “the program panicked”, please report it");
                None
            }
        }
    }

    /// The readers for files that are too large for the memory cache.
    pub(super) fn readers(&self) -> &Readers {
        &self.0.readers
    }

    /// An unpredictable number for multipart boundaries. Nobody can then create a file that
    /// contains a boundary.
    pub(super) fn draw(&self) -> u64 {
        let number = self.0.drawn.fetch_add(1, Ordering::Relaxed);
        self.0.random.hash_one(number)
    }

    fn kept(&self) -> MutexGuard<'_, MemoryIndex> {
        // If a thread panics under the lock, the cache may hold one file too many or too few. This
        // is harmless.
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemoryIndex {
    fn slot(&mut self, folder: u64, name: &str) -> Option<&mut Slot> {
        self.folders.get_mut(&folder)?.get_mut(name)
    }

    fn forget(&mut self, folder: u64, name: &str) {
        let Some(files) = self.folders.get_mut(&folder) else {
            return;
        };
        if let Some(slot) = files.remove(name) {
            self.weight -= slot.weight;
        }
        if files.is_empty() {
            self.folders.remove(&folder);
        }
    }

    /// Down to half the limit, least recently used files first.
    fn shrink(&mut self, size: usize) {
        if self.weight <= size {
            return;
        }
        let slots = || self.folders.values().flat_map(HashMap::values);
        let mut uses: Vec<(u64, usize)> = slots().map(|slot| (slot.used, slot.weight)).collect();
        uses.sort_unstable();
        let mut left = self.weight;
        let mut oldest = 0;
        for (used, weight) in uses {
            if left <= size / 2 {
                break;
            }
            left -= weight;
            oldest = used;
        }
        for files in self.folders.values_mut() {
            files.retain(|_, slot| slot.used > oldest);
        }
        self.folders.retain(|_, files| !files.is_empty());
        self.weight = left;
    }
}
