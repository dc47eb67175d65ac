//! All that is kept, in memory and on disk, for all workers.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, Weak,
};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::HeaderMap;

use super::disk;
use super::flight::{Flight, Landing};
use super::index::{Index, Purge, Room};
use super::stored::{Head, Held, Key, Stored, Whole, variation};
use crate::metrics::StoreFigures;

/// So many answers may wait for the disk; more are kept in memory alone.
const WRITING: usize = 64;

/// `[cache]`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSettings {
    /// Bytes of answers in memory.
    pub memory: u64,
    /// Bytes of answers in files; 0: none are written.
    pub disk: u64,
    /// How many answers are kept.
    pub entries: usize,
    /// Larger bodies are not kept, in bytes.
    pub largest: u64,
    /// How long a request waits for the answer to another one like it.
    pub wait: Duration,
    /// Where the files are. It is ours alone.
    pub folder: PathBuf,
}

impl StoreSettings {
    /// For a plan in which no route keeps anything.
    pub(crate) fn unused() -> Self {
        Self {
            memory: 0,
            disk: 0,
            entries: 0,
            largest: 0,
            wait: Duration::ZERO,
            folder: PathBuf::new(),
        }
    }

    fn room(&self) -> Room {
        Room {
            memory: self.memory,
            disk: self.disk,
            entries: self.entries,
        }
    }
}

/// What is kept. No lock is held while anything is waited for.
pub(crate) struct Store {
    settings: ArcSwap<StoreSettings>,
    index: RwLock<Index>,
    /// Requests whose answers others may wait for.
    flights: Mutex<HashMap<(Key, u64), Weak<Flight>>>,
    seeds: RandomState,
    /// Bytes of bodies that are on their way into the store.
    gathering: AtomicU64,
    /// Answers that wait for the disk.
    writing: AtomicUsize,
    /// Held while a file gets its name.
    finishing: Mutex<()>,
    /// Nothing is written any more.
    is_closed: AtomicBool,
    /// What the last run left was looked through.
    is_scanned: AtomicBool,
    /// Tells this run's files from others.
    run: u64,
    files: AtomicU64,
    figures: StoreFigures,
}

/// What a request finds under way.
pub(crate) enum Joined {
    /// Nobody asks yet: it is the one who does.
    Leads(Landing),
    /// Somebody asks already.
    Follows(Arc<Flight>),
    /// Somebody asked, and it is there.
    Landed(Whole),
}

impl Store {
    pub(crate) fn new(settings: StoreSettings, now: SystemTime) -> Arc<Self> {
        let run = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let store = Arc::new(Self {
            settings: ArcSwap::from_pointee(settings),
            index: RwLock::default(),
            flights: Mutex::default(),
            seeds: RandomState::new(),
            gathering: AtomicU64::new(0),
            writing: AtomicUsize::new(0),
            finishing: Mutex::default(),
            is_closed: AtomicBool::new(false),
            is_scanned: AtomicBool::new(false),
            run: u64::try_from(run.as_nanos()).unwrap_or_default(),
            files: AtomicU64::new(0),
            figures: StoreFigures::default(),
        });
        store.scan();
        store
    }

    pub(crate) fn settings(&self) -> Arc<StoreSettings> {
        self.settings.load_full()
    }

    /// Takes other bounds. What does not fit any more goes at once.
    pub(crate) fn change(self: &Arc<Self>, settings: StoreSettings) {
        let room = settings.room();
        let before = self.settings.swap(Arc::new(settings));
        let files = self.write().shrink(room);
        self.count();
        remove(files);
        if before.disk == 0 && room.disk > 0 {
            self.scan();
        }
    }

    /// Looks through what the last run left, beside everything else.
    fn scan(self: &Arc<Self>) {
        let settings = self.settings();
        let store = Arc::clone(self);
        let scan = move || {
            if settings.disk == 0 {
                disk::clear(&settings.folder);
                return;
            }
            if store.is_scanned.load(Ordering::Acquire) {
                return;
            }
            match disk::scan(&settings.folder) {
                Ok(found) => {
                    for stored in found {
                        let files = store.write().insert(&stored, settings.room());
                        disk::remove_all(&files);
                    }
                    store.is_scanned.store(true, Ordering::Release);
                    store.count();
                }
                Err(error) => {
                    let folder = settings.folder.display();
                    tracing::error!(%error, %folder, "the cache keeps nothing on disk: see that the folder can be written to");
                }
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn_blocking(scan);
            }
            Err(_) => scan(),
        }
    }

    /// What would answer a request with these headers, its body read from the disk
    /// if need be.
    pub(crate) async fn find(self: &Arc<Self>, key: &Key, request: &HeaderMap) -> Option<Whole> {
        let stored = self.read().find(key, request)?;
        let (body, file) = {
            let held = stored.held();
            (held.body.clone(), held.file.clone())
        };
        if let Some(body) = body {
            return Some(Whole { stored, body });
        }
        let (file, length) = (file?, stored.length);
        let path = file.path.clone();
        let read = tokio::task::spawn_blocking(move || disk::read(&file, length)).await;
        match read.map_err(io::Error::other).flatten() {
            Ok(body) => {
                let room = self.settings().room();
                let files = self.write().read(&stored, &body, room);
                self.count();
                remove(files);
                Some(Whole { stored, body })
            }
            Err(error) => {
                if !stored.is_gone() {
                    tracing::warn!(%error, path = %path.display(), "a kept answer cannot be read, and is thrown away");
                }
                let file = self.write().remove(&stored);
                self.count();
                remove(file);
                None
            }
        }
    }

    /// Whether nobody wanted purged what was asked for so long ago.
    pub(crate) fn is_wanted(&self, head: &Head) -> bool {
        !self.read().was_purged(head)
    }

    /// What a request begins with, to know later what was purged meanwhile.
    pub(crate) fn mark(&self) -> u64 {
        self.read().purged()
    }

    /// Keeps an answer.
    pub(crate) fn keep(self: &Arc<Self>, head: Arc<Head>, body: Bytes) -> Whole {
        let settings = self.settings();
        let held = Held {
            body: Some(body.clone()),
            file: None,
        };
        let stored = Arc::new(Stored::new(head, body.len() as u64, held));
        let files = self.write().insert(&stored, settings.room());
        self.count();
        remove(files);
        let whole = Whole { stored, body };
        if settings.disk > 0 && !whole.stored.is_gone() {
            self.write_down(&whole, &settings);
        }
        whole
    }

    /// Writes no more files: the process that takes over has looked through them, and a
    /// purge that it is told would miss one.
    pub(crate) fn close(&self) {
        // Whoever was about to finish one has done so, or finds that it is not wanted.
        let _finishing = self.finishing();
        self.is_closed.store(true, Ordering::Release);
    }

    /// Writes an answer to the disk, later; not when the disk cannot keep up.
    fn write_down(self: &Arc<Self>, whole: &Whole, settings: &Arc<StoreSettings>) {
        if !self.is_scanned.load(Ordering::Acquire) || self.is_closed.load(Ordering::Acquire) {
            return;
        }
        if self.writing.fetch_add(1, Ordering::Relaxed) >= WRITING {
            self.writing.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        let name = disk::name(&whole.stored.head.key, self.run, number);
        let (store, settings) = (Arc::clone(self), Arc::clone(settings));
        let Whole { stored, body } = whole.clone();
        tokio::task::spawn_blocking(move || {
            if !stored.is_gone()
                && let Err(error) = store.put_into_file(&settings.folder, &name, &stored, &body)
            {
                let folder = settings.folder.display();
                tracing::warn!(%error, %folder, "a kept answer could not be written");
            }
            store.writing.fetch_sub(1, Ordering::Relaxed);
        });
    }

    fn put_into_file(
        &self,
        folder: &Path,
        name: &str,
        stored: &Arc<Stored>,
        body: &Bytes,
    ) -> io::Result<()> {
        let Some(unfinished) = disk::write(folder, name, stored, body)? else {
            return Ok(());
        };
        // A purge that comes now waits, and finds the file or none.
        let _finishing = self.finishing();
        if stored.is_gone() || self.is_closed.load(Ordering::Acquire) {
            unfinished.discard();
            return Ok(());
        }
        let file = unfinished.finish()?;
        let room = self.settings().room();
        let files = self.write().written(stored, file, room);
        disk::remove_all(&files);
        self.count();
        Ok(())
    }

    /// Takes an answer away that is known to be no good any more.
    pub(crate) fn remove(&self, stored: &Arc<Stored>) {
        let file = self.write().remove(stored);
        self.count();
        remove(file);
    }

    /// Takes away what is meant: once this is done nobody is answered with it, not
    /// even after a crash. Returns how many answers went.
    pub(crate) async fn purge(self: &Arc<Self>, purge: Purge) -> usize {
        self.purge_all(vec![purge]).await
    }

    /// The same of more. All is done before anything is waited for: whoever waits
    /// may leave.
    pub(crate) async fn purge_all(self: &Arc<Self>, purges: Vec<Purge>) -> usize {
        let (mut count, mut files) = (0, Vec::new());
        for purge in purges {
            let (more, names) = self.write().purge(purge);
            count += more;
            files.extend(names);
        }
        if count > 0 {
            self.count();
            let store = Arc::clone(self);
            let removed = tokio::task::spawn_blocking(move || {
                // Whoever was about to finish a file has found that it is not wanted.
                drop(store.finishing());
                disk::remove_all(&files);
            });
            let _ = removed.await;
        }
        count
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
        let mut flights = self.flights();
        if let Some(flight) = flights.get(&place).and_then(Weak::upgrade)
            && !flight.is_over()
        {
            return Joined::Follows(flight);
        }
        // What is kept is there before its flight ends: who looked in vain a moment
        // ago, and finds no flight now, finds it.
        if let Some(stored) = self.read().find(key, request)
            && let Some(body) = stored.held().body.clone()
            && is_fresh(&stored.head)
        {
            let stored = Arc::clone(&stored);
            return Joined::Landed(Whole { stored, body });
        }
        let flight = Flight::new(Some((Arc::clone(self), place.clone())));
        flights.insert(place, Arc::downgrade(&flight));
        Joined::Leads(Landing(flight))
    }

    /// A request whose answer nobody else waits for.
    pub(crate) fn alone() -> Landing {
        Landing(Flight::new(None))
    }

    /// Nobody joins it any more.
    pub(super) fn leave(&self, place: &(Key, u64), flight: *const Flight) {
        let mut flights = self.flights();
        if flights
            .get(place)
            .is_some_and(|there| there.as_ptr() == flight)
        {
            flights.remove(place);
        }
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
        self.figures.hold(index.entries, index.memory, index.disk);
    }

    fn read(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn finishing(&self) -> MutexGuard<'_, ()> {
        self.finishing
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<(Key, u64), Weak<Flight>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Removes files that nobody finds any more, without waiting for it.
fn remove(files: impl IntoIterator<Item = PathBuf>) {
    let files: Vec<PathBuf> = files.into_iter().collect();
    if files.is_empty() {
        return;
    }
    let work = move || disk::remove_all(&files);
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => {
            runtime.spawn_blocking(work);
        }
        Err(_) => work(),
    }
}

#[cfg(test)]
mod tests;
