//! Limits the number of open connections, in total and per IP address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::eviction::{EvictionResult, Handle, Registration, Registry};
use crate::client_network::network_64;
use crate::lock::lock;
use crate::metrics::ListenerMetrics;

/// How often eviction is tried while a new connection waits for a permit.
const EVICTION_INTERVAL: Duration = Duration::from_millis(100);

/// The permits for connections, shared by all workers.
#[derive(Debug)]
pub(crate) struct ConnectionLimits {
    free: Permits,
    /// Separate permits for connections to the loopback addresses of services. A service may open
    /// such a connection while it serves a request that already holds a normal permit.
    inside: Permits,
    addresses: Arc<Addresses>,
    registry: Arc<Registry>,
    open: TaskTracker,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The client's address is not known yet.
    Unknown,
    /// A trusted proxy that sends no PROXY protocol header.
    Proxy(IpAddr),
    Client(IpAddr),
}

/// A connection's permit. It is released when this value is dropped.
#[derive(Debug)]
pub(crate) struct ConnectionPermit {
    handle: Arc<Handle>,
    /// The entry in the registry for evictions. It is dropped before the permit is released, so a
    /// closed connection is not evicted.
    registration: Option<Registration>,
    /// Whether no permit was free when the connection arrived.
    came_to_full: bool,
    _free: OwnedSemaphorePermit,
    _open: TaskTrackerToken,
    counted: Option<CountedAddress>,
}

impl ConnectionPermit {
    pub(crate) fn handle(&self) -> &Arc<Handle> {
        &self.handle
    }
}

/// Why a connection gets no permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitReached {
    /// The IP address has too many connections (`listen.connections_per_address`).
    Address,
    /// No permit is free (`listen.connections`). Either the connection cannot wait, or its network
    /// holds more than its share of the permits.
    All,
}

impl LimitReached {
    pub(crate) fn count_in(self, figures: &ListenerMetrics) {
        match self {
            Self::Address => figures.refused_of_address(),
            Self::All => figures.refused_of_all(),
        }
    }
}

type Addresses = Mutex<HashMap<IpAddr, u32>>;

#[derive(Debug)]
struct CountedAddress {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

#[derive(Debug)]
struct Permits {
    semaphore: Arc<Semaphore>,
    size: Mutex<u32>,
    /// How many permits in use must be removed when they are released.
    owed: AtomicU32,
}

impl Permits {
    fn new(size: u32) -> Self {
        Self {
            semaphore: Arc::new(Semaphore::new(size as usize)),
            size: Mutex::new(size),
            owed: AtomicU32::new(0),
        }
    }

    fn resize(&self, size: u32) {
        // The lock is held until the end, so changes do not overlap.
        let mut now = lock(&self.size);
        if size > *now {
            let mut more = size - *now;
            while more > 0 && self.is_owed() {
                more -= 1;
            }
            self.semaphore.add_permits(more as usize);
        } else {
            // Permits in use are removed when they are released.
            self.owed.fetch_add(*now - size, Ordering::SeqCst);
        }
        *now = size;
    }

    async fn acquire(&self) -> Option<OwnedSemaphorePermit> {
        loop {
            let permit = Arc::clone(&self.semaphore).acquire_owned().await.ok()?;
            if !self.is_owed() {
                return Some(permit);
            }
            permit.forget();
        }
    }

    fn try_acquire(&self) -> Option<OwnedSemaphorePermit> {
        loop {
            let permit = Arc::clone(&self.semaphore).try_acquire_owned().ok()?;
            if !self.is_owed() {
                return Some(permit);
            }
            permit.forget();
        }
    }

    fn is_owed(&self) -> bool {
        let pay = |owed: u32| owed.checked_sub(1);
        self.owed
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, pay)
            .is_ok()
    }
}

impl ConnectionLimits {
    pub(crate) fn new(size: u32) -> Self {
        Self {
            free: Permits::new(size),
            inside: Permits::new(size),
            addresses: Arc::default(),
            registry: Arc::default(),
            open: TaskTracker::new(),
        }
    }

    /// Changes the number of permits. Permits in use stay valid until they are released.
    pub(crate) fn resize(&self, size: u32) {
        self.free.resize(size);
        self.inside.resize(size);
    }

    /// Waits for a free permit. Meanwhile, evicts connections from networks that hold more than
    /// their share of the permits. Fails if no permit is free and the new connection belongs to
    /// such a network.
    pub(crate) async fn acquire(
        &self,
        origin: Origin,
        most: u32,
    ) -> Result<ConnectionPermit, LimitReached> {
        let counted = self.count_origin(origin, most)?;
        if let Some(free) = self.free.try_acquire() {
            return Ok(self.permit(free, counted, origin, false));
        }
        let newcomer = match origin {
            Origin::Client(address) => Some(address),
            Origin::Proxy(_) | Origin::Unknown => None,
        };
        let mut free = pin!(self.free.acquire());
        loop {
            if self.registry.make_room(newcomer, self.size()) == EvictionResult::Refused {
                return Err(LimitReached::All);
            }
            tokio::select! {
                biased;
                free = &mut free => {
                    let free = free.ok_or(LimitReached::All)?;
                    return Ok(self.permit(free, counted, origin, true));
                }
                // After this delay, another connection may have become idle and can be evicted.
                () = tokio::time::sleep(EVICTION_INTERVAL) => {}
            }
        }
    }

    pub(crate) async fn acquire_inside(&self) -> Result<ConnectionPermit, LimitReached> {
        let free = self.inside.acquire().await.ok_or(LimitReached::All)?;
        Ok(self.permit(free, None, Origin::Unknown, false))
    }

    /// Counts the connection towards the limit of its origin. The origin was not known when the
    /// permit was given.
    pub(crate) fn give(
        &self,
        permit: &mut ConnectionPermit,
        origin: Origin,
        most: u32,
    ) -> Result<(), LimitReached> {
        if permit.counted.is_none() {
            permit.counted = self.count_origin(origin, most)?;
        }
        if permit.came_to_full
            && let Origin::Client(address) = origin
            && self.registry.holds_too_many(address, self.size())
        {
            return Err(LimitReached::All);
        }
        if permit.registration.is_none() {
            permit.registration = self.register(origin, &permit.handle);
        }
        Ok(())
    }

    /// Takes a permit without waiting. Fails if no permit is free or the IP address has reached its
    /// limit.
    pub(crate) fn try_acquire(
        &self,
        origin: Origin,
        most: u32,
    ) -> Result<ConnectionPermit, LimitReached> {
        let counted = self.count_origin(origin, most)?;
        let free = self.free.try_acquire().ok_or(LimitReached::All)?;
        Ok(self.permit(free, counted, origin, false))
    }

    /// The number of permits in use.
    pub(crate) fn in_use(&self) -> u32 {
        let free = self.free.semaphore.available_permits();
        self.size()
            .saturating_sub(u32::try_from(free).unwrap_or(u32::MAX))
    }

    fn size(&self) -> u32 {
        *lock(&self.free.size)
    }

    fn permit(
        &self,
        free: OwnedSemaphorePermit,
        counted: Option<CountedAddress>,
        origin: Origin,
        came_to_full: bool,
    ) -> ConnectionPermit {
        let handle = Arc::default();
        ConnectionPermit {
            registration: self.register(origin, &handle),
            handle,
            came_to_full,
            _free: free,
            _open: self.open.token(),
            counted,
        }
    }

    fn register(&self, origin: Origin, handle: &Arc<Handle>) -> Option<Registration> {
        match origin {
            // A client behind a proxy may have no IP address. The unspecified address then stands
            // for the client.
            Origin::Client(address) if !address.is_unspecified() => {
                Some(self.registry.add(address, handle))
            }
            _ => None,
        }
    }

    fn count_origin(
        &self,
        origin: Origin,
        most: u32,
    ) -> Result<Option<CountedAddress>, LimitReached> {
        match origin {
            Origin::Client(address) | Origin::Proxy(address) if most > 0 => self
                .count(address, most)
                .map(Some)
                .ok_or(LimitReached::Address),
            _ => Ok(None),
        }
    }

    /// Returns a token. [`Self::empty`] also waits until this token is dropped.
    pub(crate) fn keep_open(&self) -> TaskTrackerToken {
        self.open.token()
    }

    /// Completes when no permit or token is in use.
    pub(crate) async fn empty(&self) {
        self.open.close();
        self.open.wait().await;
    }

    fn count(&self, address: IpAddr, most: u32) -> Option<CountedAddress> {
        let address = network_64(address);
        let mut addresses = lock(&self.addresses);
        let count = addresses.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(CountedAddress {
            addresses: Arc::clone(&self.addresses),
            address,
        })
    }
}

impl Drop for CountedAddress {
    fn drop(&mut self) {
        let mut addresses = lock(&self.addresses);
        if let Some(count) = addresses.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                addresses.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn client(address: &str) -> Origin {
        Origin::Client(address.parse().unwrap())
    }

    #[tokio::test]
    async fn an_address_has_so_many_and_gives_them_back() {
        let limits = ConnectionLimits::new(10);
        let address = client("192.0.2.1");
        let first = limits.acquire(address, 1).await.unwrap();
        assert!(limits.acquire(address, 1).await.is_err());
        assert!(limits.acquire(client("192.0.2.2"), 1).await.is_ok());
        drop(first);
        assert!(limits.acquire(address, 1).await.is_ok());
        limits.empty().await;
        assert!(lock(&limits.addresses).is_empty());
    }

    #[tokio::test]
    async fn a_network_of_ipv6_counts_as_one_address() {
        let limits = ConnectionLimits::new(10);
        let _first = limits.acquire(client("2001:db8::1"), 1).await.unwrap();
        assert!(limits.acquire(client("2001:db8::2"), 1).await.is_err());
        let other = limits.acquire(client("2001:db8:0:1::2"), 1).await;
        assert!(other.is_ok());
    }

    #[tokio::test]
    async fn nobody_waits_for_a_place_that_must_be_free() {
        let limits = ConnectionLimits::new(2);
        let address = client("192.0.2.1");
        let first = limits.try_acquire(address, 1).unwrap();
        let refused = limits.try_acquire(address, 1);
        assert_eq!(refused.map(drop), Err(LimitReached::Address));
        let _second = limits.try_acquire(address, 0).unwrap();
        let refused = limits.try_acquire(address, 0);
        assert_eq!(refused.map(drop), Err(LimitReached::All));
        drop(first);
        assert!(limits.try_acquire(address, 1).is_ok());
    }

    #[tokio::test]
    async fn places_grow_and_shrink() {
        let limits = ConnectionLimits::new(1);
        let _first = limits.acquire(Origin::Unknown, 0).await.unwrap();
        limits.resize(2);
        let second = limits.acquire(Origin::Unknown, 0).await.unwrap();
        limits.resize(1);
        // Two permits are in use, but only one should exist, so the first permit that is released
        // is removed.
        drop(second);
        let address = client("192.0.2.1");
        assert!(limits.try_acquire(address, 0).is_err());
        limits.resize(2);
        let _second = limits.try_acquire(address, 0).unwrap();
        assert!(limits.try_acquire(address, 0).is_err());
    }

    #[tokio::test]
    async fn who_waits_gets_no_place_that_there_is_no_longer() {
        let limits = ConnectionLimits::new(2);
        let first = limits.acquire(Origin::Unknown, 0).await.unwrap();
        let second = limits.acquire(Origin::Unknown, 0).await.unwrap();
        let mut third = Box::pin(limits.acquire(Origin::Unknown, 0));
        assert!(third.as_mut().now_or_never().is_none());
        limits.resize(1);
        drop(first);
        assert!(third.as_mut().now_or_never().is_none());
        drop(second);
        assert!(third.as_mut().now_or_never().is_some());
    }

    #[tokio::test]
    async fn an_idle_connection_makes_room_for_a_newcomer_of_another_address() {
        let limits = ConnectionLimits::new(2);
        let first = limits.acquire(client("192.0.2.1"), 0).await.unwrap();
        let second = limits.acquire(client("192.0.2.1"), 0).await.unwrap();
        assert!(second.handle().set_busy(true));
        let mut newcomer = Box::pin(limits.acquire(client("192.0.2.2"), 0));
        assert!(newcomer.as_mut().now_or_never().is_none());
        assert!(first.handle().is_evicted() && !second.handle().is_evicted());
        drop(first);
        assert!(newcomer.now_or_never().unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_newcomer_of_an_address_over_its_share_is_refused() {
        let limits = ConnectionLimits::new(2);
        let first = limits.acquire(client("192.0.2.1"), 0).await.unwrap();
        let _second = limits.acquire(client("192.0.2.1"), 0).await.unwrap();
        let refused = limits.acquire(client("192.0.2.1"), 0).await;
        assert_eq!(refused.map(drop), Err(LimitReached::All));
        assert!(!first.handle().is_evicted());
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_has_a_place_once_another_ends() {
        let limits = ConnectionLimits::new(8);
        let taken = |last: u8| limits.try_acquire(client(&format!("192.0.2.{last}")), 0);
        let mut taken: Vec<_> = (0..8).map(|last| taken(last).unwrap()).collect();
        let freed = async {
            tokio::time::sleep(10 * EVICTION_INTERVAL).await;
            let is_evicted = |permit: &ConnectionPermit| permit.handle().is_evicted();
            assert!(!taken.iter().any(is_evicted), "none holds over an eighth");
            drop(taken.pop());
        };
        let (newcomer, ()) = tokio::join!(limits.acquire(client("192.0.2.9"), 0), freed);
        assert!(newcomer.is_ok());
    }

    #[tokio::test]
    async fn a_trusted_proxy_is_not_evicted_and_its_clients_are() {
        let limits = ConnectionLimits::new(2);
        let proxy = Origin::Proxy("192.0.2.1".parse().unwrap());
        let own = limits.acquire(proxy, 0).await.unwrap();
        let mut named = limits.acquire(Origin::Unknown, 0).await.unwrap();
        let mut newcomer = Box::pin(limits.acquire(client("192.0.2.9"), 0));
        assert!(newcomer.as_mut().now_or_never().is_none());
        assert!(!own.handle().is_evicted() && !named.handle().is_evicted());
        let address = client("192.0.2.2");
        limits.give(&mut named, address, 0).unwrap();
        drop(newcomer);
        let mut newcomer = Box::pin(limits.acquire(Origin::Unknown, 0));
        assert!(newcomer.as_mut().now_or_never().is_none());
        assert!(!own.handle().is_evicted() && named.handle().is_evicted());
        drop((own, named));
        let mut first = newcomer.await.unwrap();
        limits.give(&mut first, address, 0).unwrap();
    }

    #[tokio::test]
    async fn a_client_over_its_share_by_way_of_a_proxy_is_refused() {
        let limits = ConnectionLimits::new(2);
        let address = client("192.0.2.2");
        let mut all = Vec::new();
        for _ in 0..2 {
            let mut permit = limits.acquire(Origin::Unknown, 0).await.unwrap();
            limits.give(&mut permit, address, 0).unwrap();
            all.push(permit);
        }
        let mut newcomer = Box::pin(limits.acquire(Origin::Unknown, 0));
        assert!(newcomer.as_mut().now_or_never().is_none());
        all.retain(|permit| !permit.handle().is_evicted());
        assert_eq!(all.len(), 1, "one made room");
        let mut newcomer = newcomer.await.unwrap();
        let refused = limits.give(&mut newcomer, address, 0);
        assert_eq!(refused, Err(LimitReached::All));
    }
}
