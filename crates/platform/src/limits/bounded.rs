//! A map of bounded size, which drops the least recently touched key first.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

#[derive(Debug)]
pub(super) struct Bounded<V> {
    bound: usize,
    touches: u64,
    values: HashMap<Arc<str>, (u64, V)>,
    order: BTreeMap<u64, Arc<str>>,
}

impl<V: Default> Bounded<V> {
    pub(super) fn new(bound: usize) -> Self {
        Self {
            bound: bound.max(1),
            touches: 0,
            values: HashMap::new(),
            order: BTreeMap::new(),
        }
    }

    pub(super) fn find(&self, key: &str) -> Option<&V> {
        self.values.get(key).map(|(_, value)| value)
    }

    /// Returns a mutable value without marking its key as recently touched.
    pub(super) fn find_mut(&mut self, key: &str) -> Option<&mut V> {
        self.values.get_mut(key).map(|(_, value)| value)
    }

    /// Returns a mutable value, inserting it if it is missing. Marks its key as the most recently
    /// touched.
    pub(super) fn touch(&mut self, key: &str) -> &mut V {
        self.touches += 1;
        let key: Arc<str> = match self.values.get_key_value(key) {
            Some((known, (touched, _))) => {
                self.order.remove(touched);
                Arc::clone(known)
            }
            None => key.into(),
        };
        if !self.values.contains_key(&key)
            && self.values.len() >= self.bound
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.values.remove(&oldest);
        }
        self.order.insert(self.touches, Arc::clone(&key));
        let entry = self.values.entry(key).or_default();
        entry.0 = self.touches;
        &mut entry.1
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        debug_assert_eq!(self.values.len(), self.order.len());
        self.values.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_never_more_than_the_bound() {
        let mut map: Bounded<u32> = Bounded::new(3);
        for number in 0..1_000 {
            *map.touch(&(number % 7).to_string()) += 1;
            assert!(map.len() <= 3);
        }
        assert!(map.find("5").is_some());
        assert_eq!(map.find("1"), None);
    }
}
