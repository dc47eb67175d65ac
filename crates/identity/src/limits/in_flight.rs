//! Sign-in attempts of this process that have no known outcome yet. Each attempt counts as failed
//! until its outcome is known. A successful attempt then stops counting. An attempt beyond the
//! account's limit may therefore wait for the outcomes of earlier attempts instead of being
//! refused.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

/// The maximum time for which an attempt waits for earlier attempts.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// The maximum number of waiting attempts for an account. Further attempts are refused.
const WAITING: usize = 8;

/// The attempts in flight, by account. Clones share the counters.
#[derive(Clone, Debug, Default)]
pub struct InFlight(Arc<Mutex<HashMap<String, Account>>>);

#[derive(Debug, Default)]
struct Account {
    running: i64,
    waiting: usize,
    ended: Arc<Notify>,
}

/// An attempt in flight. It ends when the last clone is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    _one: Arc<One>,
}

#[derive(Debug)]
struct One {
    all: InFlight,
    account: String,
}

/// A slot in an account's queue of waiting attempts.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    all: &'a InFlight,
    account: &'a str,
    ended: Arc<Notify>,
}

impl InFlight {
    pub(crate) fn count(&self, account: &str) -> i64 {
        self.accounts().get(account).map_or(0, |of| of.running)
    }

    /// Begins an attempt. The caller must keep the result until the attempt's outcome is in the
    /// store.
    pub(crate) fn begin(&self, account: &str) -> Flight {
        let mut accounts = self.accounts();
        accounts.entry(account.to_owned()).or_default().running += 1;
        Flight {
            _one: Arc::new(One {
                all: self.clone(),
                account: account.to_owned(),
            }),
        }
    }

    /// Takes a slot in the queue of waiting attempts. Returns `None` if all slots are taken.
    pub(crate) fn wait<'a>(&'a self, account: &'a str) -> Option<Place<'a>> {
        let mut accounts = self.accounts();
        let of = accounts.entry(account.to_owned()).or_default();
        if of.waiting >= WAITING {
            return None;
        }
        of.waiting += 1;
        Some(Place {
            all: self,
            account,
            ended: Arc::clone(&of.ended),
        })
    }

    fn change(&self, account: &str, change: impl FnOnce(&mut Account)) {
        let mut accounts = self.accounts();
        if let Some(of) = accounts.get_mut(account) {
            change(of);
            if of.running == 0 && of.waiting == 0 {
                accounts.remove(account);
            }
        }
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<String, Account>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// Returns the notifier that fires whenever an attempt for the account ends.
    pub(crate) fn ended(&self) -> &Notify {
        &self.ended
    }
}

impl Drop for One {
    fn drop(&mut self) {
        self.all.change(&self.account, |of| {
            of.running -= 1;
            of.ended.notify_waiters();
        });
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.all.change(self.account, |of| of.waiting -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_wait_at_an_account_and_nothing_is_kept_of_what_is_over() {
        let all = InFlight::default();
        let one = all.begin("farah");
        let again = one.clone();
        assert_eq!((all.count("farah"), all.count("mei")), (1, 0));
        let places: Vec<_> = (0..WAITING).map(|_| all.wait("farah").unwrap()).collect();
        assert!(all.wait("farah").is_none());
        assert!(all.wait("mei").is_some());
        drop(one);
        assert_eq!(all.count("farah"), 1, "a clone holds it");
        drop(again);
        assert_eq!(all.count("farah"), 0);
        drop(places);
        assert!(all.accounts().is_empty());
    }
}
