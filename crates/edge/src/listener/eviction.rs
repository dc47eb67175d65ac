//! Decides which connection makes room for a new one when the connection limit is reached.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::address::network_48;
use crate::lock::lock;

/// A network that holds more than one eighth of all permits must release some if others need them.
const SHARE: u64 = 8;
/// How long a connection may take to send its first request if others need its permit.
const FIRST_REQUEST: Duration = Duration::from_secs(2);

/// The connection waits for a request.
const IDLE: u8 = 0;
/// The connection has an incomplete request or response.
const BUSY: u8 = 1;
/// The connection must be closed.
const EVICTED: u8 = 2;

/// A connection's status, shared with the code that may evict it.
#[derive(Debug, Default)]
pub(crate) struct Handle {
    status: AtomicU8,
    /// Whether a whole request has arrived.
    has_asked: AtomicBool,
    evicted: CancellationToken,
}

impl Handle {
    /// Records whether a request has begun. Returns `false` if the connection is being evicted. No
    /// request may then begin.
    pub(crate) fn set_busy(&self, is_busy: bool) -> bool {
        let next = if is_busy { BUSY } else { IDLE };
        self.change(|status| status != EVICTED, next)
    }

    /// Records that a whole request has arrived.
    pub(crate) fn set_asked(&self) {
        self.has_asked.store(true, Ordering::Relaxed);
    }

    pub(crate) async fn evicted(&self) {
        self.evicted.cancelled().await;
    }

    pub(crate) fn is_evicted(&self) -> bool {
        self.evicted.is_cancelled()
    }

    /// Evicts the connection if its status is at most `highest`. If a request begins at the same
    /// moment, either this call sees the request, or [`Self::set_busy`] returns `false`.
    fn evict(&self, highest: u8) -> bool {
        let is_evicted = self.change(|status| status <= highest, EVICTED);
        if is_evicted {
            self.evicted.cancel();
        }
        is_evicted
    }

    fn change(&self, may: impl Fn(u8) -> bool, next: u8) -> bool {
        let change = |status| may(status).then_some(next);
        let changed = self
            .status
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, change);
        changed.is_ok()
    }
}

/// The result of an attempt to evict a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EvictionResult {
    /// An evicted connection will close soon.
    Soon,
    /// There is no connection that may be evicted.
    None,
    /// The new connection's network holds more than its share of the permits.
    Refused,
}

#[derive(Debug, Default)]
pub(super) struct Registry {
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    /// The connections by sequence number, oldest first.
    connections: BTreeMap<u64, OpenConnection>,
    counts: HashMap<IpAddr, u32>,
    last: u64,
}

#[derive(Debug)]
struct OpenConnection {
    network: IpAddr,
    handle: Arc<Handle>,
    since: Instant,
}

/// A connection's entry in the registry. Dropping this value removes the entry.
#[derive(Debug)]
pub(super) struct Registration {
    registry: Arc<Registry>,
    number: u64,
}

impl Registry {
    pub(super) fn add(self: &Arc<Self>, client: IpAddr, handle: &Arc<Handle>) -> Registration {
        let network = network_48(client);
        let mut open = lock(&self.open);
        open.last += 1;
        let number = open.last;
        let connection = OpenConnection {
            network,
            handle: Arc::clone(handle),
            since: Instant::now(),
        };
        open.connections.insert(number, connection);
        *open.counts.entry(network).or_default() += 1;
        Registration {
            registry: Arc::clone(self),
            number,
        }
    }

    /// Whether a client's network holds more than its share of `limit` permits.
    pub(super) fn holds_too_many(&self, client: IpAddr, limit: u32) -> bool {
        let own = lock(&self.open).counts.get(&network_48(client)).copied();
        own.is_some_and(|own| is_too_many(own, limit))
    }

    /// Evicts the oldest idle connection of the network that has the most connections. If none of
    /// its connections is idle, evicts its oldest connection.
    ///
    /// If no network holds more than its share of the permits, evicts the oldest connection whose
    /// first request takes too long, or else the oldest idle connection.
    pub(super) fn make_room(&self, newcomer: Option<IpAddr>, limit: u32) -> EvictionResult {
        if newcomer.is_some_and(|client| self.holds_too_many(client, limit)) {
            return EvictionResult::Refused;
        }
        let mut open = lock(&self.open);
        let most = open.counts.values().copied().max().unwrap_or_default();
        let evicted = if is_too_many(most, limit) {
            let of_greedy = |it: &OpenConnection| open.counts.get(&it.network) == Some(&most);
            open.evict_first(|it| of_greedy(it) && it.handle.evict(IDLE))
                .or_else(|| open.evict_first(|it| of_greedy(it) && it.handle.evict(BUSY)))
        } else {
            open.evict_first(|it| it.is_late() && it.handle.evict(BUSY))
                .or_else(|| open.evict_first(|it| it.has_asked() && it.handle.evict(IDLE)))
        };
        let Some(number) = evicted else {
            return EvictionResult::None;
        };
        open.remove(number);
        EvictionResult::Soon
    }
}

impl OpenConnection {
    fn has_asked(&self) -> bool {
        self.handle.has_asked.load(Ordering::Relaxed)
    }

    fn is_late(&self) -> bool {
        !self.has_asked() && self.since.elapsed() >= FIRST_REQUEST
    }
}

fn is_too_many(count: u32, limit: u32) -> bool {
    u64::from(count) * SHARE > u64::from(limit)
}

impl Open {
    /// Returns the number of the oldest connection that `evict` has evicted.
    fn evict_first(&self, evict: impl Fn(&OpenConnection) -> bool) -> Option<u64> {
        let mut connections = self.connections.iter();
        let evicted = connections.find(|(_, connection)| evict(connection));
        evicted.map(|(number, _)| *number)
    }

    fn remove(&mut self, number: u64) {
        let Some(OpenConnection { network, .. }) = self.connections.remove(&number) else {
            return;
        };
        if let Some(count) = self.counts.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&network);
            }
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        lock(&self.registry.open).remove(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Connection {
        handle: Arc<Handle>,
        _registration: Registration,
    }

    fn open(registry: &Arc<Registry>, client: &str, is_busy: bool) -> Connection {
        let handle = Arc::<Handle>::default();
        assert!(handle.set_busy(is_busy));
        Connection {
            _registration: registry.add(client.parse().unwrap(), &handle),
            handle,
        }
    }

    fn room(registry: &Registry, client: &str, limit: u32) -> EvictionResult {
        registry.make_room(client.parse().ok(), limit)
    }

    fn evicted(connections: &[Connection]) -> Vec<usize> {
        let evicted = connections.iter().enumerate();
        let evicted = evicted.filter(|(_, connection)| connection.handle.is_evicted());
        evicted.map(|(number, _)| number).collect()
    }

    const GREEDY: &str = "192.0.2.1";
    const OTHER: &str = "192.0.2.2";
    const NEWCOMER: &str = "192.0.2.3";

    #[test]
    fn whoever_holds_more_than_an_eighth_loses_idle_ones_first_then_the_oldest() {
        let registry = Arc::default();
        let connections = [
            open(&registry, OTHER, false),
            open(&registry, GREEDY, true),
            open(&registry, GREEDY, false),
            open(&registry, GREEDY, true),
            open(&registry, GREEDY, false),
        ];
        let mut gone = Vec::new();
        for next in [2, 4, 1] {
            assert_eq!(room(&registry, NEWCOMER, 15), EvictionResult::Soon);
            gone.push(next);
            gone.sort_unstable();
            assert_eq!(evicted(&connections), gone);
            // With more permits, the network's connections do not exceed its share.
            let held = u32::try_from(4 - gone.len()).unwrap();
            assert_eq!(room(&registry, NEWCOMER, held * 8), EvictionResult::None);
            if held == 1 {
                break;
            }
        }
        assert_eq!(
            room(&registry, NEWCOMER, 15),
            EvictionResult::None,
            "one of 15 each"
        );
        assert_eq!(evicted(&connections), gone, "nobody else is cut");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_greedy_network_late_ones_go_first_and_then_idle_ones() {
        let registry = Arc::default();
        let opened = |last: u8, is_busy| open(&registry, &format!("192.0.2.{last}"), is_busy);
        let connections = [
            opened(1, true),
            opened(2, false),
            opened(3, false),
            opened(4, true),
            opened(5, true),
        ];
        for asked in [0, 1, 4] {
            connections[asked].handle.set_asked();
        }
        let nearly = FIRST_REQUEST.saturating_sub(Duration::from_millis(1));
        tokio::time::advance(nearly).await;
        let _fresh = opened(6, false);
        let mut gone = vec![1];
        assert_eq!(room(&registry, NEWCOMER, 100), EvictionResult::Soon);
        assert_eq!(evicted(&connections), gone, "none is late yet");
        tokio::time::advance(Duration::from_millis(1)).await;
        for next in [2, 3] {
            assert_eq!(room(&registry, NEWCOMER, 100), EvictionResult::Soon);
            gone.push(next);
            assert_eq!(evicted(&connections), gone);
        }
        // The others have requests that run, or are fresh.
        assert_eq!(room(&registry, NEWCOMER, 100), EvictionResult::None);
    }

    #[tokio::test]
    async fn an_evicted_connection_begins_nothing() {
        let registry = Arc::default();
        let idle = open(&registry, GREEDY, false);
        assert_eq!(room(&registry, NEWCOMER, 1), EvictionResult::Soon);
        assert!(!idle.handle.set_busy(true));
        idle.handle.evicted().await;
    }

    #[test]
    fn a_newcomer_of_a_network_over_its_share_is_refused() {
        let registry = Arc::default();
        let _two = [1, 2].map(|_| open(&registry, "2001:db8:1:2::1", false));
        let _one = open(&registry, OTHER, false);
        assert_eq!(
            room(&registry, "2001:db8:1:3::2", 15),
            EvictionResult::Refused
        );
        assert_eq!(room(&registry, OTHER, 15), EvictionResult::Soon);
        // Both networks have one connection, which is less than an eighth of 15 permits.
        assert_eq!(room(&registry, OTHER, 15), EvictionResult::None);
        assert_eq!(
            room(&registry, "2001:db8:1:3::2", 7),
            EvictionResult::Refused
        );
    }

    #[test]
    fn a_connection_that_ended_is_not_counted() {
        let registry = Arc::default();
        let first = open(&registry, GREEDY, false);
        let _other = open(&registry, OTHER, false);
        let greedy = GREEDY.parse().unwrap();
        assert!(registry.holds_too_many(greedy, 2));
        drop(first);
        assert!(!registry.holds_too_many(greedy, 2));
        assert_eq!(room(&registry, GREEDY, 2), EvictionResult::Soon);
        assert_eq!(room(&registry, GREEDY, 2), EvictionResult::None);
    }
}
