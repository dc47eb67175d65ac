//! Limits how many streams an account holds open. One more ends the oldest, because the
//! latest page is the one being looked at.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use accounts::account::AccountId;
use tokio::sync::oneshot;

/// How many streams an account may hold open.
pub const MOST: usize = 20;

/// The open streams of this process. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Places(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// The streams of each account, oldest first. Dropping a sender ends its stream.
    taken: HashMap<AccountId, VecDeque<(u64, oneshot::Sender<()>)>>,
    next: u64,
}

/// Permission to hold a stream open, given back on drop. The reader of the stream should own it.
#[derive(Debug)]
pub struct Place {
    places: Places,
    account: AccountId,
    number: u64,
}

/// Resolves when the place was given back, or when a newer stream needs it.
#[derive(Debug)]
pub struct End(oneshot::Receiver<()>);

impl Places {
    /// Takes a place for one more stream, which may end the account's oldest.
    pub fn take(&self, account: &AccountId) -> (Place, End) {
        let (keep, end) = oneshot::channel();
        let mut state = self.state();
        state.next += 1;
        let number = state.next;
        let own = state.taken.entry(account.clone()).or_default();
        if own.len() >= MOST {
            own.pop_front();
        }
        own.push_back((number, keep));
        drop(state);
        let place = Place {
            places: self.clone(),
            account: account.clone(),
            number,
        };
        (place, End(end))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl End {
    /// Waits until the stream has to end.
    pub async fn wait(&mut self) {
        // The sender never sends anything; it is dropped.
        let _ = (&mut self.0).await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.places.state();
        if let Some(own) = state.taken.get_mut(&self.account) {
            own.retain(|(number, _)| *number != self.number);
            if own.is_empty() {
                state.taken.remove(&self.account);
            }
        }
    }
}
