//! Who watches countdowns in this process. All who watch the same one share one wake-up, and
//! nothing is done for them while nothing changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use platform::id::Id as _;
use platform::{Store, StoreError, Tx, news};
use tokio::sync::watch;
use web::Network;

use crate::countdown::CountdownId;

/// How many may watch at once.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// In all.
    pub total: usize,
    /// From one network.
    pub of_network: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            total: 500,
            of_network: 5,
        }
    }
}

/// All who watch. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Watchers(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    changed: HashMap<CountdownId, watch::Sender<()>>,
    total: usize,
    networks: HashMap<Network, usize>,
    /// Whether a task reads the news for them.
    is_following: bool,
}

/// The place of one who watches; given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    watchers: Watchers,
    network: Network,
}

impl Watchers {
    /// A place for one more; `None`: there are enough.
    pub fn take(&self, network: Network, limits: Limits) -> Option<Place> {
        let mut state = self.state();
        let of_network = state.networks.get(&network).copied().unwrap_or(0);
        if state.total >= limits.total || of_network >= limits.of_network {
            return None;
        }
        state.total += 1;
        state.networks.insert(network, of_network + 1);
        drop(state);
        let watchers = self.clone();
        Some(Place { watchers, network })
    }

    /// Hears of every change of a countdown that is committed from now on.
    pub async fn watch(
        &self,
        store: &Store,
        id: &CountdownId,
    ) -> Result<watch::Receiver<()>, StoreError> {
        // Heard before the number is read, so that nothing is missed between.
        let wake = store.news_waiting();
        let last = store.read::<_, StoreError, _>(news::cursor).await?;
        let mut state = self.state();
        let receiver = state.changed.entry(id.clone()).or_default().subscribe();
        if !state.is_following {
            state.is_following = true;
            tokio::spawn(follow(self.clone(), store.clone(), wake, last));
        }
        Ok(receiver)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anything is watched; if not, nobody follows any more.
    fn is_watched(&self) -> bool {
        let mut state = self.state();
        state
            .changed
            .retain(|_, sender| sender.receiver_count() > 0);
        state.is_following = !state.changed.is_empty();
        state.is_following
    }

    fn wake(&self, ids: &[String]) {
        let state = self.state();
        let ids = ids.iter().map(|id| CountdownId::from_text(id.clone()));
        for sender in ids.filter_map(|id| state.changed.get(&id)) {
            sender.send_replace(());
        }
    }

    fn wake_all(&self) {
        for sender in self.state().changed.values() {
            sender.send_replace(());
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.watchers.state();
        state.total -= 1;
        if let Some(count) = state.networks.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                state.networks.remove(&self.network);
            }
        }
    }
}

/// Reads the news once for all who watch, until nobody does.
async fn follow(watchers: Watchers, store: Store, mut wake: watch::Receiver<u64>, mut last: i64) {
    while wake.changed().await.is_ok() {
        if !watchers.is_watched() {
            return;
        }
        let after = last;
        let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            Ok((news::cursor(tx)?, news::scopes_after(tx, after)?))
        };
        // Who began to watch meanwhile is woken too: the cursor does not come back for them.
        match store.read(look).await {
            Ok((cursor, Some(scopes))) => {
                last = cursor;
                watchers.wake(&scopes);
            }
            Ok((cursor, None)) => {
                last = cursor;
                watchers.wake_all();
            }
            // Each looks for itself.
            Err(_) => watchers.wake_all(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn network(number: u32) -> Network {
        Network::of(IpAddr::V4(Ipv4Addr::from_bits(number)))
    }

    #[test]
    fn a_network_and_all_together_have_so_many_places() {
        let watchers = Watchers::default();
        let limits = Limits {
            total: 50,
            of_network: 4,
        };
        let take = |number| watchers.take(network(number), limits);
        let of_one: Vec<_> = (0..9).filter_map(|_| take(0)).collect();
        assert_eq!(of_one.len(), limits.of_network);
        let others: Vec<_> = (1..90).filter_map(take).collect();
        assert_eq!(of_one.len() + others.len(), limits.total);
        drop(of_one);
        assert!(take(0).is_some());
        drop(others);
        assert!(watchers.state().networks.is_empty());
        assert_eq!(watchers.state().total, 0);
    }
}
