//! A limit on the number of open live connections, because each uses memory and usually a socket.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Enough for a hall whose guests share an IP address.
const OF_A_NETWORK: usize = 200;
const IN_ALL: usize = 2_000;

/// The slots for live connections. Clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(Arc<Mutex<ConnectionCounts>>);

#[derive(Debug, Default)]
struct ConnectionCounts {
    all: usize,
    /// The number of connections from each network. Networks without a connection have no entry.
    networks: HashMap<String, usize>,
}

/// The reason why a connection gets no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// All slots of this network are in use.
    Network,
    /// All slots of the server are in use.
    All,
}

/// The slot of an open connection, released on drop.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    network: String,
}

impl Places {
    /// Takes a slot for a connection from this network.
    pub(super) fn take(&self, network: &str) -> Result<Place, Full> {
        let mut taken = self.taken();
        let own = taken.networks.get(network).copied().unwrap_or(0);
        if own >= OF_A_NETWORK {
            return Err(Full::Network);
        }
        if taken.all >= IN_ALL {
            return Err(Full::All);
        }
        taken.all += 1;
        taken.networks.insert(network.to_owned(), own + 1);
        Ok(Place {
            places: self.clone(),
            network: network.to_owned(),
        })
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        let taken = self.taken();
        taken.all == 0 && taken.networks.is_empty()
    }

    fn taken(&self) -> MutexGuard<'_, ConnectionCounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all = taken.all.saturating_sub(1);
        match taken.networks.get_mut(&self.network) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                taken.networks.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_so_many_and_all_together_have_so_many() {
        let places = Places::default();
        let mut held = Vec::new();
        for network in 0..10 {
            for _ in 0..OF_A_NETWORK {
                held.push(places.take(&network.to_string()).unwrap());
            }
            let one_more = places.take(&network.to_string());
            assert_eq!(one_more.unwrap_err(), Full::Network);
        }
        assert_eq!(places.take("10").unwrap_err(), Full::All);
        held.pop();
        assert_eq!(places.take("0").unwrap_err(), Full::Network);
        drop(places.take("10").unwrap());
        held.clear();
        assert!(places.is_empty());
    }
}
