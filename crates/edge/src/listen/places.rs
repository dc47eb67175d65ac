//! How many connections may be open: in all, and of one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// The places for connections, shared by all workers.
#[derive(Debug)]
pub(crate) struct Places {
    free: Free,
    /// For those who ask on behalf of somebody who has a place.
    inside: Free,
    addresses: Arc<Addresses>,
    open: TaskTracker,
}

/// A place that a connection has, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _free: OwnedSemaphorePermit,
    _open: TaskTrackerToken,
    counted: Option<Counted>,
}

/// Why there is no place for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// Its address has as many as it may: `listen.connections_per_address`.
    Address,
    /// All are taken, and it cannot wait: `listen.connections`.
    All,
}

type Addresses = Mutex<HashMap<IpAddr, u32>>;

/// A connection of an address.
#[derive(Debug)]
struct Counted {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

/// So many places as there are.
#[derive(Debug)]
struct Free {
    places: Arc<Semaphore>,
    size: Mutex<u32>,
    /// So many are too many: whoever is given one gives it up, and waits for another.
    owed: AtomicU32,
}

impl Free {
    fn new(size: u32) -> Self {
        Self {
            places: Arc::new(Semaphore::new(size as usize)),
            size: Mutex::new(size),
            owed: AtomicU32::new(0),
        }
    }

    fn resize(&self, size: u32) {
        // One change at a time.
        let mut now = locked(&self.size);
        if size > *now {
            let mut more = size - *now;
            while more > 0 && self.is_owed() {
                more -= 1;
            }
            self.places.add_permits(more as usize);
        } else {
            // Those in use cannot be taken away yet.
            self.owed.fetch_add(*now - size, Ordering::SeqCst);
        }
        *now = size;
    }

    async fn take(&self) -> Option<OwnedSemaphorePermit> {
        loop {
            let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
            if !self.is_owed() {
                return Some(place);
            }
            place.forget();
        }
    }

    /// One that is free now.
    fn take_now(&self) -> Option<OwnedSemaphorePermit> {
        loop {
            let place = Arc::clone(&self.places).try_acquire_owned().ok()?;
            if !self.is_owed() {
                return Some(place);
            }
            place.forget();
        }
    }

    /// Whether there was one too many, of which there is one less now.
    fn is_owed(&self) -> bool {
        let pay = |owed: u32| owed.checked_sub(1);
        self.owed
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, pay)
            .is_ok()
    }
}

impl Places {
    /// So many places.
    pub(crate) fn new(size: u32) -> Self {
        Self {
            free: Free::new(size),
            inside: Free::new(size),
            addresses: Arc::default(),
            open: TaskTracker::new(),
        }
    }

    /// Changes how many there are; who has one keeps it.
    pub(crate) fn resize(&self, size: u32) {
        self.free.resize(size);
        self.inside.resize(size);
    }

    /// A place, when one is free. None: this address has as many as it may.
    pub(crate) async fn take(&self, address: Option<IpAddr>, most: u32) -> Option<Place> {
        let counted = match address {
            Some(address) if most > 0 => Some(self.count(address, most)?),
            _ => None,
        };
        let free = self.free.take().await;
        Some(Place {
            _free: free?,
            _open: self.open.token(),
            counted,
        })
    }

    /// One of the places inside, when one is free.
    pub(crate) async fn take_inside(&self) -> Option<Place> {
        let free = self.inside.take().await;
        Some(Place {
            _free: free?,
            _open: self.open.token(),
            counted: None,
        })
    }

    /// Counts a place that was taken for nobody yet. False: this address has as many
    /// as it may.
    pub(crate) fn give(&self, place: &mut Place, address: IpAddr, most: u32) -> bool {
        if most > 0 && place.counted.is_none() {
            place.counted = self.count(address, most);
            return place.counted.is_some();
        }
        true
    }

    /// A place, if one is free now and this address has not as many as it may.
    pub(crate) fn take_free(&self, address: IpAddr, most: u32) -> Result<Place, NoPlace> {
        let counted = match most {
            0 => None,
            most => Some(self.count(address, most).ok_or(NoPlace::Address)?),
        };
        Ok(Place {
            _free: self.free.take_now().ok_or(NoPlace::All)?,
            _open: self.open.token(),
            counted,
        })
    }

    /// As long as it is kept, the edge does not count as left.
    pub(crate) fn keep_open(&self) -> TaskTrackerToken {
        self.open.token()
    }

    /// Resolves when nobody has a place.
    pub(crate) async fn empty(&self) {
        self.open.close();
        self.open.wait().await;
    }

    fn count(&self, address: IpAddr, most: u32) -> Option<Counted> {
        let address = network(address);
        let mut addresses = locked(&self.addresses);
        let count = addresses.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Counted {
            addresses: Arc::clone(&self.addresses),
            address,
        })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut addresses = locked(&self.addresses);
        if let Some(count) = addresses.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                addresses.remove(&self.address);
            }
        }
    }
}

/// Whoever has one address of a /64 has them all.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address @ IpAddr::V4(_) => address,
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that is held under these locks can panic half-way.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn an_address_has_so_many_and_gives_them_back() {
        let places = Places::new(10);
        let address = "192.0.2.1".parse().ok();
        let first = places.take(address, 1).await.unwrap();
        assert!(places.take(address, 1).await.is_none());
        assert!(places.take("192.0.2.2".parse().ok(), 1).await.is_some());
        drop(first);
        assert!(places.take(address, 1).await.is_some());
        places.empty().await;
        assert!(locked(&places.addresses).is_empty());
    }

    #[tokio::test]
    async fn a_network_of_ipv6_counts_as_one_address() {
        let places = Places::new(10);
        let _first = places.take("2001:db8::1".parse().ok(), 1).await.unwrap();
        assert!(places.take("2001:db8::2".parse().ok(), 1).await.is_none());
        let other = places.take("2001:db8:0:1::2".parse().ok(), 1).await;
        assert!(other.is_some());
    }

    #[tokio::test]
    async fn nobody_waits_for_a_place_that_must_be_free() {
        let places = Places::new(2);
        let address = "192.0.2.1".parse().unwrap();
        let first = places.take_free(address, 1).unwrap();
        let refused = places.take_free(address, 1);
        assert_eq!(refused.map(drop), Err(NoPlace::Address));
        let _second = places.take_free(address, 0).unwrap();
        let refused = places.take_free(address, 0);
        assert_eq!(refused.map(drop), Err(NoPlace::All));
        drop(first);
        assert!(places.take_free(address, 1).is_ok());
    }

    #[tokio::test]
    async fn places_grow_and_shrink() {
        let places = Places::new(1);
        let _first = places.take(None, 0).await.unwrap();
        places.resize(2);
        let second = places.take(None, 0).await.unwrap();
        places.resize(1);
        // Both are in use: the first that is given back is gone.
        drop(second);
        let address = "192.0.2.1".parse().unwrap();
        assert!(places.take_free(address, 0).is_err());
        places.resize(2);
        let _second = places.take_free(address, 0).unwrap();
        assert!(places.take_free(address, 0).is_err());
    }

    #[tokio::test]
    async fn who_waits_gets_no_place_that_there_is_no_longer() {
        let places = Places::new(2);
        let first = places.take(None, 0).await.unwrap();
        let second = places.take(None, 0).await.unwrap();
        let mut third = Box::pin(places.take(None, 0));
        assert!(third.as_mut().now_or_never().is_none());
        places.resize(1);
        drop(first);
        assert!(third.as_mut().now_or_never().is_none());
        drop(second);
        assert!(third.as_mut().now_or_never().is_some());
    }
}
