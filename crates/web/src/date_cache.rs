//! A cache of formatted dates and times.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

/// The key of a formatted moment. Pages show the dates of few events, so most look-ups hit the
/// cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Moment {
    Day(&'static str, Date),
    Range(At, At),
}

/// An instant and the local time at that instant.
pub(crate) type At = (Timestamp, DateTime);

/// A cache of formatted moments. Its keys contain the language's index in the catalogue.
#[derive(Debug, Default)]
pub(crate) struct Memo(Mutex<HashMap<(usize, Moment), String>>);

impl Memo {
    /// The number of entries at which the cache is cleared.
    const MOST: usize = 4_096;

    pub(crate) fn once(
        &self,
        language: usize,
        moment: Moment,
        say: impl FnOnce() -> String,
    ) -> String {
        let key = (language, moment);
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(said) = kept().get(&key) {
            return said.clone();
        }
        let said = say();
        let mut kept = kept();
        if kept.len() >= Self::MOST {
            kept.clear();
        }
        kept.insert(key, said.clone());
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_has_an_end() {
        let memo = Memo::default();
        let mut day = jiff::civil::date(2000, 1, 1);
        for _ in 0..=Memo::MOST {
            memo.once(0, Moment::Day("date-full", day), String::new);
            day = day.tomorrow().unwrap();
        }
        assert_eq!(memo.0.lock().unwrap().len(), 1);
    }
}
