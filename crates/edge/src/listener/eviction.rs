//! Decides which connection makes room for a new one when the connection limit is reached.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::client_network::network_48;
use crate::lock::lock;

/// A network that holds more than one eighth of all permits must release some if others need them.
const SHARE: u64 = 8;
/// How long a connection may take to send its first request if others need its permit.
const FIRST_REQUEST: Duration = Duration::from_secs(2);

/// The pause after a search found none, so that a flood of connections costs no search each.
const FRUITLESS: Duration = Duration::from_millis(10);

const IDLE: u8 = 0;
const BUSY: u8 = 1;
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

    /// If a request begins at the same moment, either this call sees it, or [`Self::set_busy`]
    /// returns `false`.
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
    connections: BTreeMap<u64, OpenConnection>,
    /// The connections of each network, oldest first.
    networks: HashMap<IpAddr, BTreeSet<u64>>,
    /// The networks with their number of connections, in ascending order.
    counts: BTreeSet<(u32, IpAddr)>,
    last: u64,
    /// When a search of all connections last found none that may be evicted.
    fruitless: Option<Instant>,
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
        open.count(network, |numbers| {
            numbers.insert(number);
        });
        Registration {
            registry: Arc::clone(self),
            number,
        }
    }

    /// Whether a client's network holds more than its share of `limit` permits.
    pub(super) fn holds_too_many(&self, client: IpAddr, limit: u32) -> bool {
        let open = lock(&self.open);
        let own = open.networks.get(&network_48(client));
        own.is_some_and(|own| is_too_many(length(own), limit))
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
        let most = open.counts.last().copied();
        let evicted = match most.filter(|(most, _)| is_too_many(*most, limit)) {
            Some((most, _)) => open.evict_of_greedy(most),
            None => open.evict_any(),
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
    /// Only networks that have `most` connections. Returns the number of the evicted connection.
    fn evict_of_greedy(&self, most: u32) -> Option<u64> {
        let greedy = self.counts.iter().rev();
        let greedy = greedy.take_while(|(count, _)| *count == most);
        let greedy: Vec<_> = greedy
            .filter_map(|(_, network)| self.networks.get(network))
            .collect();
        let evict = |highest| {
            let may = |number: &u64| {
                let connection = self.connections.get(number);
                connection.is_some_and(|connection| connection.handle.evict(highest))
            };
            if let [only] = greedy[..] {
                return only.iter().copied().find(may);
            }
            // At most seven networks hold more than an eighth of all permits, unless there are few
            // permits.
            let mut numbers: Vec<u64> = greedy.iter().copied().flatten().copied().collect();
            numbers.sort_unstable();
            numbers.into_iter().find(may)
        };
        evict(IDLE).or_else(|| evict(BUSY))
    }

    /// Prefers a connection whose first request takes too long. Returns its number.
    fn evict_any(&mut self) -> Option<u64> {
        if self.fruitless.is_some_and(|at| at.elapsed() < FRUITLESS) {
            return None;
        }
        let evict = |may: &dyn Fn(&OpenConnection) -> bool| {
            let mut connections = self.connections.iter();
            let evicted = connections.find(|(_, connection)| may(connection));
            evicted.map(|(number, _)| *number)
        };
        let evicted = evict(&|it| it.is_late() && it.handle.evict(BUSY))
            .or_else(|| evict(&|it| it.has_asked() && it.handle.evict(IDLE)));
        self.fruitless = evicted.is_none().then(Instant::now);
        evicted
    }

    fn remove(&mut self, number: u64) {
        if let Some(OpenConnection { network, .. }) = self.connections.remove(&number) {
            self.count(network, |numbers| {
                numbers.remove(&number);
            });
        }
    }

    fn count(&mut self, network: IpAddr, change: impl FnOnce(&mut BTreeSet<u64>)) {
        let numbers = self.networks.entry(network).or_default();
        self.counts.remove(&(length(numbers), network));
        change(numbers);
        match length(numbers) {
            0 => drop(self.networks.remove(&network)),
            count => drop(self.counts.insert((count, network))),
        }
    }
}

fn length(numbers: &BTreeSet<u64>) -> u32 {
    u32::try_from(numbers.len()).unwrap_or(u32::MAX)
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

    #[tokio::test(start_paused = true)]
    async fn a_flood_while_all_are_busy_does_not_cost_a_search_each() {
        let registry = Arc::default();
        let opened = |last: u8| open(&registry, &format!("192.0.2.{last}"), true);
        let connections = [1, 2, 3].map(opened);
        for connection in &connections {
            connection.handle.set_asked();
        }
        assert_eq!(room(&registry, NEWCOMER, 100), EvictionResult::None);
        assert!(connections[1].handle.set_busy(false));
        assert_eq!(
            room(&registry, NEWCOMER, 100),
            EvictionResult::None,
            "no search yet"
        );
        tokio::time::advance(FRUITLESS).await;
        assert_eq!(room(&registry, NEWCOMER, 100), EvictionResult::Soon);
        assert_eq!(evicted(&connections), [1]);
    }

    #[test]
    fn of_several_greedy_networks_the_oldest_idle_one_goes() {
        let registry = Arc::default();
        let connections = [
            open(&registry, "198.51.100.1", true),
            open(&registry, "203.0.113.1", false),
            open(&registry, "192.0.2.1", false),
        ];
        for gone in [vec![1], vec![1, 2], vec![0, 1, 2]] {
            assert_eq!(room(&registry, "233.252.0.1", 2), EvictionResult::Soon);
            assert_eq!(evicted(&connections), gone);
        }
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
