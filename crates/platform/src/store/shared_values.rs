//! A cache for values that many reads share. Each value is stored with the revision at which it was
//! read.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The maximum number of cached values. Beyond it, the least recently used value is dropped.
const KEPT: usize = 256;

/// The cache, shared by all transactions of a store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(Arc<Mutex<Shelf>>);

#[derive(Debug, Default)]
struct Shelf {
    kept: HashMap<String, Kept>,
    uses: u64,
    of_types: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

#[derive(Debug)]
struct Kept {
    revision: i64,
    value: Arc<dyn Any + Send + Sync>,
    used: u64,
}

impl Memory {
    pub(super) fn find<T: Send + Sync + 'static>(
        &self,
        key: &str,
        revision: i64,
    ) -> Option<Arc<T>> {
        let mut shelf = self.shelf();
        shelf.uses += 1;
        let uses = shelf.uses;
        let kept = shelf.kept.get_mut(key)?;
        if kept.revision != revision {
            return None;
        }
        kept.used = uses;
        Arc::clone(&kept.value).downcast().ok()
    }

    pub(super) fn keep<T: Send + Sync + 'static>(&self, key: &str, revision: i64, value: Arc<T>) {
        let mut shelf = self.shelf();
        if shelf.kept.len() >= KEPT && !shelf.kept.contains_key(key) {
            let oldest = shelf.kept.iter().min_by_key(|(_, kept)| kept.used);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                shelf.kept.remove(&oldest);
            }
        }
        let kept = Kept {
            revision,
            value,
            used: shelf.uses,
        };
        shelf.kept.insert(key.to_owned(), kept);
    }

    pub(super) fn of_type<T: Default + Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        let mut shelf = self.shelf();
        let own = shelf.of_types.entry(TypeId::of::<T>());
        let value = own.or_insert_with(|| Arc::new(T::default()));
        Arc::clone(value).downcast().ok()
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, AtomicU16, Ordering};

    use super::*;

    #[test]
    fn what_is_kept_is_found_under_its_own_revision_alone() {
        let memory = Memory::default();
        memory.keep("a", 1, Arc::new(1_u8));
        assert_eq!(memory.find::<u8>("a", 1).as_deref(), Some(&1));
        assert_eq!(memory.find::<u8>("a", 2), None);
        assert_eq!(memory.find::<u8>("b", 1), None);
        assert_eq!(memory.find::<u16>("a", 1), None);
        memory.keep("a", 2, Arc::new(2_u8));
        assert_eq!(memory.find::<u8>("a", 1), None);
        assert_eq!(memory.find::<u8>("a", 2).as_deref(), Some(&2));
    }

    #[test]
    fn each_type_has_one_value_of_its_own() {
        let memory = Memory::default();
        let first = memory.of_type::<AtomicU8>().unwrap();
        first.store(1, Ordering::Relaxed);
        let again = memory.of_type::<AtomicU8>().unwrap();
        assert_eq!(again.load(Ordering::Relaxed), 1);
        let other = memory.of_type::<AtomicU16>().unwrap();
        assert_eq!(other.load(Ordering::Relaxed), 0);
        let elsewhere = Memory::default().of_type::<AtomicU8>().unwrap();
        assert_eq!(elsewhere.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn the_one_not_used_for_longest_makes_room() {
        let memory = Memory::default();
        for number in 0..KEPT {
            memory.keep(&number.to_string(), 1, Arc::new(number));
            // Using the first value makes it the most recently used.
            assert!(memory.find::<usize>("0", 1).is_some());
        }
        memory.keep("one more", 1, Arc::new(0_usize));
        assert!(memory.find::<usize>("0", 1).is_some());
        assert!(memory.find::<usize>("1", 1).is_none());
        assert!(memory.find::<usize>("2", 1).is_some());
    }
}
