//! Decides which connection is closed for a new one when the limit is reached.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::address::network_48;
use crate::lock::lock;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Activity {
    /// The connection waits for a request.
    #[default]
    Idle,
    /// A handshake or the head of a request has begun and is not complete.
    Opening,
    /// A request is being served.
    Serving,
    /// A request is being served; from this time on, its client sends or reads too slowly.
    SlowFrom(Instant),
}

/// The order of eviction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Idle,
    Slow,
    Serving,
}

/// The state of a connection that is shared with the code that may evict it.
#[derive(Debug, Default)]
pub(crate) struct Handle {
    status: Mutex<Status>,
    evicted: CancellationToken,
}

#[derive(Debug, Default)]
struct Status {
    activity: Activity,
    /// The time from which the client has read nothing for too long.
    unread_from: Option<Instant>,
    is_evicted: bool,
}

impl Handle {
    /// Sets the activity. Returns false if the connection is being evicted and must not begin
    /// anything.
    pub(crate) fn set(&self, activity: Activity) -> bool {
        let mut status = lock(&self.status);
        status.activity = activity;
        !status.is_evicted
    }

    /// Sets the time from which the client counts as reading too slowly; `None` if it reads.
    pub(crate) fn set_unread(&self, from: Option<Instant>) {
        lock(&self.status).unread_from = from;
    }

    pub(crate) async fn evicted(&self) {
        self.evicted.cancelled().await;
    }

    /// Whether the connection must be closed.
    pub(crate) fn is_evicted(&self) -> bool {
        self.evicted.is_cancelled()
    }

    /// Evicts the connection unless it has a higher rank. If a request begins at the same time,
    /// either this function sees the request, or the request fails in [`Self::set`].
    fn evict(&self, highest: Rank, now: Instant) -> bool {
        let mut status = lock(&self.status);
        if status.is_evicted || status.rank(now) > highest {
            return false;
        }
        status.is_evicted = true;
        drop(status);
        self.evicted.cancel();
        true
    }
}

impl Status {
    fn rank(&self, now: Instant) -> Rank {
        match (self.activity, self.unread_from) {
            (Activity::Opening, _) => Rank::Slow,
            (Activity::SlowFrom(from), _) | (_, Some(from)) if from <= now => Rank::Slow,
            (Activity::Idle, None) => Rank::Idle,
            _ => Rank::Serving,
        }
    }
}

/// The result of making room for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// A connection will close soon.
    Soon,
    /// No connection can be evicted.
    None,
    /// The network of the new connection has the most connections.
    Refused,
}

/// The connections that may be evicted.
#[derive(Debug, Default)]
pub(super) struct Registry {
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    /// The connections by sequence number, the oldest first.
    connections: BTreeMap<u64, (IpAddr, Arc<Handle>)>,
    counts: HashMap<IpAddr, u32>,
    last: u64,
}

/// The registration of a connection, which lasts until this value is dropped.
#[derive(Debug)]
pub(super) struct Registration {
    registry: Arc<Registry>,
    number: u64,
}

impl Registry {
    /// Registers a connection, so that it may be evicted.
    pub(super) fn add(self: &Arc<Self>, client: IpAddr, handle: &Arc<Handle>) -> Registration {
        let network = network_48(client);
        let mut open = lock(&self.open);
        open.last += 1;
        let number = open.last;
        let connection = (network, Arc::clone(handle));
        open.connections.insert(number, connection);
        *open.counts.entry(network).or_default() += 1;
        Registration {
            registry: Arc::clone(self),
            number,
        }
    }

    /// Whether this client's network has at least as many connections as every other network.
    pub(super) fn has_most(&self, client: IpAddr) -> bool {
        let open = lock(&self.open);
        let own = open.counts.get(&network_48(client));
        own.is_some_and(|own| *own >= open.most())
    }

    /// Evicts a connection of the network that has the most of them, for a new one of another
    /// network. `places` is the limit of connections.
    pub(super) fn make_room(&self, newcomer: Option<IpAddr>, places: u32) -> Room {
        if newcomer.is_some_and(|client| self.has_most(client)) {
            return Room::Refused;
        }
        let now = Instant::now();
        let mut open = lock(&self.open);
        let most = open.most();
        let has_majority = u64::from(most) * 2 > u64::from(places);
        let ranks = [Rank::Idle, Rank::Slow, Rank::Serving];
        for rank in &ranks[..if has_majority { 3 } else { 2 }] {
            let evicted = open.connections.iter().find(|(_, (network, handle))| {
                open.counts.get(network) == Some(&most) && handle.evict(*rank, now)
            });
            if let Some((number, _)) = evicted {
                let number = *number;
                open.remove(number);
                return Room::Soon;
            }
        }
        Room::None
    }
}

impl Open {
    fn most(&self) -> u32 {
        self.counts.values().copied().max().unwrap_or_default()
    }

    fn remove(&mut self, number: u64) {
        let Some((network, _)) = self.connections.remove(&number) else {
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
    use std::time::Duration;

    use super::*;

    struct Connection {
        handle: Arc<Handle>,
        _registration: Registration,
    }

    fn open(registry: &Arc<Registry>, client: &str, activity: Activity) -> Connection {
        let handle = Arc::<Handle>::default();
        assert!(handle.set(activity));
        Connection {
            _registration: registry.add(client.parse().unwrap(), &handle),
            handle,
        }
    }

    fn room(registry: &Registry, client: &str, places: u32) -> Room {
        registry.make_room(client.parse().ok(), places)
    }

    fn evicted(connections: &[Connection]) -> Vec<usize> {
        let evicted = connections.iter().enumerate();
        let evicted = evicted.filter(|(_, connection)| connection.handle.is_evicted());
        evicted.map(|(number, _)| number).collect()
    }

    const GREEDY: &str = "192.0.2.1";
    const OTHER: &str = "192.0.2.2";
    const NEWCOMER: &str = "192.0.2.3";

    #[tokio::test]
    async fn the_idle_go_first_then_the_slow_then_the_oldest_of_a_majority() {
        let registry = Arc::default();
        let now = Instant::now();
        let connections = [
            open(&registry, OTHER, Activity::Idle),
            open(&registry, GREEDY, Activity::Serving),
            open(&registry, GREEDY, Activity::SlowFrom(now)),
            open(&registry, GREEDY, Activity::Opening),
            open(&registry, GREEDY, Activity::Idle),
            open(&registry, GREEDY, Activity::Serving),
            open(&registry, GREEDY, Activity::Idle),
            open(
                &registry,
                GREEDY,
                Activity::SlowFrom(now + Duration::from_mins(1)),
            ),
        ];
        let mut gone = Vec::new();
        for next in [4, 6, 2, 3] {
            assert_eq!(room(&registry, NEWCOMER, 8), Room::Soon);
            gone.push(next);
            gone.sort_unstable();
            assert_eq!(evicted(&connections), gone);
        }
        // Three connections are no majority of eight, but of five.
        assert_eq!(room(&registry, NEWCOMER, 8), Room::None);
        assert_eq!(evicted(&connections), gone);
        assert_eq!(room(&registry, NEWCOMER, 5), Room::Soon);
        assert!(connections[1].handle.is_evicted(), "the oldest");
        assert!(!connections[0].handle.is_evicted(), "somebody else's");
    }

    #[tokio::test]
    async fn an_answer_that_is_not_read_is_not_idle() {
        let registry = Arc::default();
        let now = Instant::now();
        let stuck = open(&registry, GREEDY, Activity::Idle);
        stuck.handle.set_unread(Some(now + Duration::from_mins(1)));
        assert_eq!(room(&registry, NEWCOMER, 8), Room::None);
        stuck.handle.set_unread(Some(now));
        assert_eq!(room(&registry, NEWCOMER, 8), Room::Soon);
    }

    #[tokio::test]
    async fn an_evicted_connection_begins_nothing() {
        let registry = Arc::default();
        let idle = open(&registry, GREEDY, Activity::Idle);
        assert_eq!(room(&registry, NEWCOMER, 1), Room::Soon);
        assert!(!idle.handle.set(Activity::Serving));
        idle.handle.evicted().await;
    }

    #[tokio::test]
    async fn a_newcomer_of_the_network_with_most_is_refused() {
        let registry = Arc::default();
        let _two = [1, 2].map(|_| open(&registry, "2001:db8:1:2::1", Activity::Idle));
        let _one = open(&registry, OTHER, Activity::Idle);
        assert_eq!(room(&registry, "2001:db8:1:3::2", 3), Room::Refused);
        assert_eq!(room(&registry, OTHER, 3), Room::Soon);
        // Now each network has one connection.
        assert_eq!(room(&registry, OTHER, 3), Room::Refused);
        assert_eq!(room(&registry, "2001:db8:2::1", 3), Room::Soon);
    }

    #[tokio::test]
    async fn a_connection_that_ended_is_not_counted() {
        let registry = Arc::default();
        let first = open(&registry, GREEDY, Activity::Idle);
        let _other = open(&registry, OTHER, Activity::Idle);
        drop(first);
        assert!(!registry.has_most(GREEDY.parse().unwrap()));
        assert_eq!(room(&registry, GREEDY, 2), Room::Soon);
        assert_eq!(room(&registry, GREEDY, 2), Room::None);
    }
}
