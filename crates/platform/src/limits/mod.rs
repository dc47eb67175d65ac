//! Rate limits, counted in memory.
//!
//! A [`Limit`] counts per key (a network, a hashed account) and keeps a bounded number of keys, so
//! that made-up keys cannot fill the memory. Guesses at codes have a separate budget, which is also
//! kept in the store: [`guess::GuessBudget`].
//!
//! The limits of [`Limits`] hold for all machines together. A machine tells the others of a key
//! whenever an eighth of its limit was used there, so most keys cost no write. Each machine can
//! therefore let through an eighth more than the limit, and what is used in the moment before the
//! others hear of it.

mod bounded;
pub mod guess;
mod sender;
mod shared_use;
mod window;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::id;
use crate::key::Key;
use crate::random::Random;
use bounded::Bounded;
use shared_use::Told;
use window::Window;

pub use sender::SenderLimits;
pub use shared_use::USED;

/// The purpose of the key that hides the keys of limits, such as networks, in what machines tell
/// each other ([`Keyring::key`](crate::Keyring::key)).
pub const PURPOSE: &str = "limits";

/// The limits that hold for all machines together. Clones share them.
#[derive(Clone, Debug)]
pub struct Limits {
    pub senders: SenderLimits,
    registered: Registered,
}

#[derive(Clone, Debug, Default)]
struct Registered {
    limits: Arc<Mutex<HashMap<&'static str, Limit>>>,
    told: Option<Arc<Told>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self::with(Registered::default())
    }
}

impl Limits {
    /// Limits of a machine that shares its store with others. [`Limits::tell`] tells the others.
    pub fn shared(key: Key, random: &Random) -> Self {
        Self::with(Registered {
            limits: Arc::default(),
            told: Some(Arc::new(Told::new(key, id::generate_random(random)))),
        })
    }

    fn with(registered: Registered) -> Self {
        Self {
            senders: SenderLimits::of(&registered),
            registered,
        }
    }

    /// Returns the limit with this name. All limits of a name share their counters and the first
    /// one's rules.
    pub fn limit(&self, name: &'static str, rules: &[Rule], keys: usize) -> Limit {
        self.registered.limit(name, rules, keys)
    }
}

impl Registered {
    fn limit(&self, name: &'static str, rules: &[Rule], keys: usize) -> Limit {
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = limits.entry(name).or_insert_with(|| Limit {
            told: self.told.clone().map(|told| (name, told)),
            ..Limit::new(rules, keys)
        });
        limit.clone()
    }
}

/// The maximum number of actions within a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    pub count: u32,
    pub per: SignedDuration,
}

/// The error when a limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too often; again in {seconds} s")]
pub struct Wait {
    /// The number of seconds until the next attempt may succeed, for the header `Retry-After`.
    pub seconds: u32,
}

impl Wait {
    fn millisecond(wait: i64) -> Self {
        Self {
            seconds: u32::try_from((wait + 999) / 1_000)
                .unwrap_or(u32::MAX)
                .max(1),
        }
    }
}

/// A rate limit for one kind of action. Clones share its counters.
#[derive(Clone, Debug)]
pub struct Limit {
    rules: Arc<[Rule]>,
    keys: Arc<Mutex<Bounded<Used>>>,
    /// The limit's name, and how other machines hear of it.
    told: Option<(&'static str, Arc<Told>)>,
}

/// What was used of a limit by one key.
#[derive(Debug, Default)]
struct Used {
    /// One for each rule.
    windows: Vec<Window>,
    /// The actions here that the other machines have not been told of.
    untold: u32,
}

impl Limit {
    /// Creates a limit that enforces all `rules` for at most `keys` keys. Beyond that number, a new
    /// key replaces the least recently counted key.
    pub fn new(rules: &[Rule], keys: usize) -> Self {
        Self {
            rules: rules.into(),
            keys: Arc::new(Mutex::new(Bounded::new(keys))),
            told: None,
        }
    }

    /// Counts one action, unless a rule forbids it.
    pub fn take(&self, key: &str, now: Timestamp) -> Result<(), Wait> {
        self.take_if(key, now, |rule| rule.count)
    }

    /// Like [`Limit::take`], but every rule allows `count` actions instead of its own number.
    pub fn take_of(&self, key: &str, count: u32, now: Timestamp) -> Result<(), Wait> {
        self.take_if(key, now, |_| count)
    }

    fn take_if(&self, key: &str, now: Timestamp, count: impl Fn(&Rule) -> u32) -> Result<(), Wait> {
        let key = self.hidden(key);
        let mut keys = self.keys();
        self.look(&keys, &key, now, &count)?;
        self.add(&mut keys, &key, now, count);
        Ok(())
    }

    /// Whether another action is allowed. The action is not counted.
    pub fn check(&self, key: &str, now: Timestamp) -> Result<(), Wait> {
        self.look(&self.keys(), &self.hidden(key), now, |rule| rule.count)
    }

    /// Counts an action that has already happened, such as a failure.
    pub fn count(&self, key: &str, now: Timestamp) {
        let key = self.hidden(key);
        self.add(&mut self.keys(), &key, now, |rule| rule.count);
    }

    /// Undoes the count of an action at the time `at`. Called if the action turned out not to be a
    /// failure.
    pub fn give_back(&self, key: &str, at: Timestamp) {
        let key = self.hidden(key);
        let mut keys = self.keys();
        let Some(used) = keys.find_mut(&key) else {
            return;
        };
        used.untold = used.untold.saturating_sub(1);
        for window in &mut used.windows {
            window.take_back(at.as_millisecond());
        }
    }

    /// The key by which other machines know `key`.
    fn hidden<'a>(&self, key: &'a str) -> Cow<'a, str> {
        match &self.told {
            Some((name, told)) => told.hide(name, key).into(),
            None => key.into(),
        }
    }

    fn look(
        &self,
        keys: &Bounded<Used>,
        key: &str,
        now: Timestamp,
        count: impl Fn(&Rule) -> u32,
    ) -> Result<(), Wait> {
        let windows = keys.find(key).into_iter().flat_map(|used| &used.windows);
        let wait = windows
            .zip(self.rules.iter())
            .filter_map(|(window, rule)| window.wait(count(rule), now.as_millisecond()))
            .max();
        wait.map_or(Ok(()), |wait| Err(Wait::millisecond(wait)))
    }

    fn add(
        &self,
        keys: &mut Bounded<Used>,
        key: &str,
        now: Timestamp,
        count: impl Fn(&Rule) -> u32,
    ) {
        let used = self.used(keys, key, now, 1);
        let Some((name, told)) = &self.told else {
            return;
        };
        used.untold += 1;
        let most = self.rules.iter().map(count).min().unwrap_or(u32::MAX);
        if used.untold >= most / shared_use::SHARE {
            told.add(name, key, used.untold, now);
            used.untold = 0;
        }
    }

    /// Counts actions that another machine tells of.
    fn hear(&self, key: &str, at: Timestamp, actions: u32) {
        self.used(&mut self.keys(), key, at, actions);
    }

    fn used<'a>(
        &self,
        keys: &'a mut Bounded<Used>,
        key: &str,
        at: Timestamp,
        actions: u32,
    ) -> &'a mut Used {
        let used = keys.touch(key);
        if used.windows.is_empty() {
            let rules = self.rules.iter();
            used.windows.extend(rules.map(|rule| Window::new(rule.per)));
        }
        for window in &mut used.windows {
            window.count(at.as_millisecond(), actions);
        }
        used
    }

    fn keys(&self) -> MutexGuard<'_, Bounded<Used>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn limit(keys: usize) -> Limit {
        Limit::new(
            &[
                Rule {
                    count: 3,
                    per: SignedDuration::from_secs(60),
                },
                Rule {
                    count: 5,
                    per: SignedDuration::from_secs(600),
                },
            ],
            keys,
        )
    }

    #[test]
    fn every_rule_must_allow() {
        let limit = limit(10);
        for second in 0..3 {
            assert_eq!(limit.take("a", at(second)), Ok(()));
        }
        let Err(Wait { seconds }) = limit.take("a", at(3)) else {
            panic!("a fourth in a minute")
        };
        // `seconds` is never too short, and at most a tenth of the window too long.
        assert!((57..=63).contains(&seconds), "{seconds}");
        assert_eq!(limit.take("b", at(3)), Ok(()), "keys do not share");
        assert_eq!(limit.take("a", at(70)), Ok(()));
        assert_eq!(limit.take("a", at(71)), Ok(()));
        assert!(limit.check("a", at(72)).is_err(), "a sixth in ten minutes");
        assert!(limit.check("a", at(590)).is_err());
        assert_eq!(limit.take("a", at(670)), Ok(()));
    }

    #[test]
    fn another_count_takes_the_place_of_the_rules() {
        let limit = limit(10);
        assert_eq!(limit.take_of("a", 1, at(0)), Ok(()));
        assert!(limit.take_of("a", 1, at(1)).is_err());
        for second in 2..9 {
            assert_eq!(limit.take_of("a", 8, at(second)), Ok(()));
        }
        assert!(limit.take_of("a", 8, at(9)).is_err());
    }

    #[test]
    fn a_check_costs_nothing() {
        let limit = limit(10);
        for _ in 0..10 {
            assert_eq!(limit.check("a", at(0)), Ok(()));
        }
        for _ in 0..3 {
            limit.count("a", at(0));
        }
        assert!(limit.check("a", at(0)).is_err());
    }

    #[test]
    fn what_is_given_back_was_never_counted() {
        let limit = limit(2);
        for _ in 0..100 {
            assert_eq!(limit.take("a", at(0)), Ok(()));
            limit.give_back("a", at(0));
        }
        limit.give_back("a", at(0));
        limit.give_back("b", at(0));
        for _ in 0..3 {
            assert_eq!(limit.take("a", at(0)), Ok(()));
        }
        assert!(limit.take("a", at(0)).is_err());
    }

    #[test]
    fn the_key_that_was_counted_longest_ago_goes_first() {
        let limit = limit(2);
        for key in ["a", "a", "a", "b", "b", "b", "a", "c"] {
            limit.count(key, at(0));
        }
        assert!(limit.check("a", at(1)).is_err());
        assert_eq!(limit.check("b", at(1)), Ok(()), "forgotten");
    }
}
