//! What is kept, and who has to go when it is too much. No waiting in here.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::HeaderMap;

use super::stored::{Head, Kept, Key, Stored};

/// An address has so many answers at most, told apart by `Vary`; of more the oldest goes.
const VARIANTS: usize = 16;
/// So many purges of each kind are remembered; what was asked for before one that is
/// forgotten is not kept.
const PURGES: usize = 1_024;
const ADDRESSES: usize = 8_192;
/// So many addresses are remembered whose answers may not be kept.
const PASSING: usize = 4_096;
/// For so long nobody waits for another's answer to them.
const PASSING_TIME: Duration = Duration::from_secs(10);

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) memory: u64,
    pub(super) disk: u64,
    pub(super) entries: usize,
}

/// Which answers are not wanted any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purge {
    /// Those of an address.
    Address(Key),
    /// Those with a tag, `*` being any; of one scope, or of all.
    Tag {
        /// What their key begins with.
        scope: Option<Arc<str>>,
        tag: Box<str>,
    },
}

impl Purge {
    fn means(&self, head: &Head) -> bool {
        match self {
            Self::Address(key) => head.key == *key,
            Self::Tag { scope, tag } => {
                (**tag == *"*" || head.tags.contains(tag))
                    && scope.as_ref().is_none_or(|scope| {
                        let rest = head.key.strip_prefix(&**scope);
                        rest.is_some_and(|rest| rest.starts_with('\n'))
                    })
            }
        }
    }
}

/// Everything that is kept.
#[derive(Debug, Default)]
pub(super) struct Index {
    pages: HashMap<Key, Vec<Arc<Stored>>>,
    passing: HashMap<Key, SystemTime>,
    /// Whose body is in memory, by whose turn it is to go.
    turns: Turns,
    turns_on_disk: Turns,
    /// The last purge of each address, by number, and those by tag.
    purged_addresses: HashMap<Key, u64>,
    purged_tags: VecDeque<(u64, Purge)>,
    /// The last purge, and the last one that is not remembered.
    purged: u64,
    forgotten: u64,
    pub(super) memory: u64,
    pub(super) disk: u64,
    pub(super) entries: usize,
}

impl Index {
    /// The newest answer that fits these headers.
    pub(super) fn find(&self, key: &str, request: &HeaderMap) -> Option<Arc<Stored>> {
        let variants = self.pages.get(key)?;
        let found = variants
            .iter()
            .rev()
            .find(|stored| stored.head.answers(request))?;
        found.used.store(true, Ordering::Relaxed);
        found.used_on_disk.store(true, Ordering::Relaxed);
        Some(Arc::clone(found))
    }

    /// The newest answer of an address, whatever it depends on.
    pub(super) fn newest(&self, key: &str) -> Option<&Arc<Stored>> {
        self.pages.get(key)?.last()
    }

    /// The number of the last purge.
    pub(super) fn purged(&self) -> u64 {
        self.purged
    }

    /// Keeps an answer in place of the one it is newer than; nothing if it was
    /// purged before it came. Returns the files that are not needed any more.
    pub(super) fn insert(&mut self, stored: &Arc<Stored>, room: Room) -> Vec<PathBuf> {
        let mut files = Vec::new();
        if self.was_purged(&stored.head) {
            stored.leave();
            files.extend(stored.held().file.as_ref().map(|file| file.path.clone()));
            return files;
        }
        self.passing.remove(&stored.head.key);
        let variants = self.pages.entry(Arc::clone(&stored.head.key)).or_default();
        let same = variants
            .iter()
            .position(|old| old.head.vary == stored.head.vary);
        let old = match same {
            // What was found on the disk at the start may be older than what came since.
            Some(at)
                if stored.held().file.is_some()
                    && variants[at].head.freshness.received()
                        > stored.head.freshness.received() =>
            {
                stored.leave();
                files.extend(stored.held().file.as_ref().map(|file| file.path.clone()));
                return files;
            }
            Some(at) => Some(Arc::clone(&variants[at])),
            None if variants.len() >= VARIANTS => variants.first().cloned(),
            None => None,
        };
        variants.push(Arc::clone(stored));
        self.entries += 1;
        let held = stored.held();
        let body = held.body.as_ref().map_or(0, |body| body.len() as u64);
        self.memory += stored.weight() + body;
        self.disk += held.file.as_ref().map_or(0, |file| file.size);
        let (is_in_memory, is_on_disk) = (held.body.is_some(), held.file.is_some());
        drop(held);
        if let Some(old) = old {
            files.extend(self.remove(&old));
        }
        if is_in_memory {
            self.turns.push(stored, self.entries);
        }
        if is_on_disk {
            self.turns_on_disk.push(stored, self.entries);
        }
        files.extend(self.shrink(room));
        files
    }

    /// The answer is in a file now. Returns the files that are not needed any more.
    pub(super) fn written(&mut self, stored: &Arc<Stored>, file: Kept, room: Room) -> Vec<PathBuf> {
        if stored.is_gone() {
            return vec![file.path];
        }
        self.disk += file.size;
        let before = stored.hold().file.replace(file);
        let mut files: Vec<PathBuf> = self.without(before).into_iter().collect();
        self.turns_on_disk.push(stored, self.entries);
        files.extend(self.shrink(room));
        files
    }

    /// The body was read from its file.
    pub(super) fn read(&mut self, stored: &Arc<Stored>, body: &Bytes, room: Room) -> Vec<PathBuf> {
        if stored.is_gone() {
            return Vec::new();
        }
        let before = stored.hold().body.replace(body.clone());
        if before.is_none() {
            self.memory += body.len() as u64;
            self.turns.push(stored, self.entries);
        }
        self.shrink(room)
    }

    /// Takes an answer away. Returns its file.
    pub(super) fn remove(&mut self, stored: &Arc<Stored>) -> Option<PathBuf> {
        if stored.is_gone() {
            return None;
        }
        stored.leave();
        if let Some(variants) = self.pages.get_mut(&stored.head.key) {
            variants.retain(|other| !Arc::ptr_eq(other, stored));
            if variants.is_empty() {
                self.pages.remove(&stored.head.key);
            }
        }
        let mut held = stored.hold();
        let body = held.body.take().map_or(0, |body| body.len() as u64);
        self.memory = self.memory.saturating_sub(stored.weight() + body);
        self.entries -= 1;
        self.without(held.file.take())
    }

    /// Takes away what is meant, and remembers it for answers on their way.
    /// Returns how many went, and their files.
    pub(super) fn purge(&mut self, purge: Purge) -> (usize, Vec<PathBuf>) {
        let meant: Vec<Arc<Stored>> = match &purge {
            Purge::Address(key) => self.pages.get(key).cloned().unwrap_or_default(),
            Purge::Tag { .. } => {
                let all = self.pages.values().flatten();
                let meant = all.filter(|stored| purge.means(&stored.head));
                meant.cloned().collect()
            }
        };
        self.remember(purge);
        let files = meant.iter().filter_map(|stored| self.remove(stored));
        let files: Vec<PathBuf> = files.collect();
        (meant.len(), files)
    }

    /// Remembers that answers of this address may not be kept.
    pub(super) fn pass(&mut self, key: &Key, now: SystemTime) {
        if self.passing.len() >= PASSING {
            self.passing.retain(|_, until| *until > now);
            if self.passing.len() >= PASSING {
                self.passing.clear();
            }
        }
        self.passing.insert(Arc::clone(key), now + PASSING_TIME);
    }

    /// Whether it was found lately that they may not.
    pub(super) fn is_passing(&self, key: &str, now: SystemTime) -> bool {
        self.passing.get(key).is_some_and(|until| {
            now < *until
                && until
                    .duration_since(now)
                    .is_ok_and(|left| left <= PASSING_TIME)
        })
    }

    /// Lets go what is too much. Returns the files that are not needed any more.
    pub(super) fn shrink(&mut self, room: Room) -> Vec<PathBuf> {
        let mut files = Vec::new();
        while self.entries > room.entries {
            let Some(stored) = self.next_on_disk().or_else(|| self.next_in_memory()) else {
                break;
            };
            files.extend(self.remove(&stored));
        }
        while self.memory > room.memory {
            // Without any body left it is too many headers.
            let Some(stored) = self.next_in_memory().or_else(|| self.next_on_disk()) else {
                break;
            };
            let can_be_read_again = stored.held().file.is_some();
            let body = stored.held().body.as_ref().map(Bytes::len);
            match body {
                Some(length) if can_be_read_again => {
                    stored.hold().body = None;
                    self.memory = self.memory.saturating_sub(length as u64);
                }
                _ => files.extend(self.remove(&stored)),
            }
        }
        while self.disk > room.disk {
            let Some(stored) = self.next_on_disk() else {
                break;
            };
            if stored.held().body.is_some() {
                let file = stored.hold().file.take();
                files.extend(self.without(file));
            } else {
                files.extend(self.remove(&stored));
            }
        }
        files
    }

    /// Whose body is in memory, and not asked for lately.
    fn next_in_memory(&mut self) -> Option<Arc<Stored>> {
        self.turns.next(|stored| &stored.used)
    }

    fn next_on_disk(&mut self) -> Option<Arc<Stored>> {
        self.turns_on_disk.next(|stored| &stored.used_on_disk)
    }

    fn without(&mut self, file: Option<Kept>) -> Option<PathBuf> {
        let file = file?;
        self.disk = self.disk.saturating_sub(file.size);
        Some(file.path)
    }

    fn remember(&mut self, purge: Purge) {
        match purge {
            Purge::Address(key) => {
                if self.purged_addresses.len() >= ADDRESSES {
                    self.purged_addresses.clear();
                    self.forgotten = self.purged;
                }
                self.purged += 1;
                self.purged_addresses.insert(key, self.purged);
            }
            tag @ Purge::Tag { .. } => {
                self.purged += 1;
                self.purged_tags.push_back((self.purged, tag));
                if self.purged_tags.len() > PURGES
                    && let Some((number, _)) = self.purged_tags.pop_front()
                {
                    self.forgotten = self.forgotten.max(number);
                }
            }
        }
    }

    /// Whether a purge means an answer that was asked for before it.
    pub(super) fn was_purged(&self, head: &Head) -> bool {
        let address = self.purged_addresses.get(&head.key);
        let mut tags = self.purged_tags.iter();
        head.began < self.forgotten
            || address.is_some_and(|number| *number > head.began)
            || tags.any(|(number, purge)| *number > head.began && purge.means(head))
    }
}

/// Whose turn it is to go: a queue in which who was used goes to the end again.
#[derive(Debug, Default)]
struct Turns(VecDeque<Arc<Stored>>);

impl Turns {
    fn push(&mut self, stored: &Arc<Stored>, entries: usize) {
        // Those that are gone already leave no more than as many again behind them.
        if self.0.len() > 2 * entries + 64 {
            self.0.retain(|stored| !stored.is_gone());
        }
        self.0.push_back(Arc::clone(stored));
    }

    fn next(&mut self, used: impl Fn(&Stored) -> &AtomicBool) -> Option<Arc<Stored>> {
        loop {
            let stored = self.0.pop_front()?;
            if stored.is_gone() {
                continue;
            }
            if !used(&stored).swap(false, Ordering::Relaxed) {
                return Some(stored);
            }
            self.0.push_back(stored);
        }
    }
}
