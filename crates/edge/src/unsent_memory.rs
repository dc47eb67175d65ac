//! Limits the memory for response data that clients of HTTP/2 and HTTP/3 have not received yet.
//!
//! A client can have thousands of streams and read none of them, so no stream may hold data without
//! a permit. One IP address (IPv6: one /48) gets at most half of the memory. Where memory is short,
//! the network that holds the least is served first, and the network that holds the most loses its
//! oldest stream.

use std::collections::{BTreeMap, HashMap};
use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use crate::client_network::network_48;
use crate::deadline::Deadline;
use crate::lock::lock;
use crate::stalled_peer::ProgressWatch;

/// The number of bytes that a stream reserves before it reads a part of its body.
pub(crate) const SLICE: usize = 64 * 1_024;
/// Whatever the settings say.
const MIN_MEMORY: usize = 16 * SLICE;
/// How long data must be unread before its stream can be given up for others.
const MIN_UNREAD_TIME: Duration = Duration::from_secs(2);
/// How long a permit may be held for data that has not come yet.
pub(crate) const READING: Duration = Duration::from_secs(1);
/// How often a network's first waiting stream tries again.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);
const MAX_WAITING_PER_NETWORK: usize = 256;
/// The memory that a stream counts for in addition to its data, in bytes.
pub(crate) const EACH: usize = 4 * 1_024;
/// Counting takes the lock.
const MAX_UNCOUNTED: usize = 256;
/// Requests without a response. A network with `FEW` of them may always begin another one.
const MAX_RUNNING_PER_NETWORK: usize = 1_024;
const MAX_RUNNING: usize = 4_096;
const FEW: usize = 32;

#[derive(Debug)]
pub(crate) struct UnsentMemory {
    size: usize,
    /// A copy of [`State::used`] that can be read without the lock.
    used: AtomicUsize,
    /// The number of requests that have begun and have no response yet.
    running: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    used: usize,
    /// The number of counted requests without a response.
    running: usize,
    last: u64,
    /// The number of waiting streams in all networks.
    waiting: usize,
    networks: HashMap<IpAddr, Network>,
}

#[derive(Debug, Default)]
struct Network {
    used: usize,
    running: usize,
    /// The held data by sequence number, oldest first.
    held: BTreeMap<u64, Held>,
    waiting: BTreeMap<u64, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    waker: Waker,
    /// Whether it waits for memory, and not for the end of its network's own requests.
    needs_memory: bool,
}

#[derive(Debug)]
struct Held {
    size: usize,
    since: Instant,
    reader: Arc<ProgressWatch>,
}

/// A stream that may hold unsent data.
#[derive(Debug)]
pub(crate) struct UnsentStream {
    memory: Arc<UnsentMemory>,
    network: IpAddr,
    /// The number in the queue; `None` if the stream does not wait.
    waits: Option<u64>,
    again: Deadline,
    reader: Arc<ProgressWatch>,
}

/// The right to hold data. It ends when this value is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    memory: Arc<UnsentMemory>,
    network: IpAddr,
    number: u64,
}

/// A request without a response. It ends when this value is dropped.
#[derive(Debug)]
pub(crate) struct RunningRequest {
    memory: Arc<UnsentMemory>,
    /// The network that the request counts towards; `None` if it is not counted.
    network: Option<IpAddr>,
}

/// Too many requests of the network wait already.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooManyWait;

impl UnsentMemory {
    pub(crate) fn new(size: usize) -> Arc<Self> {
        Arc::new(Self {
            size: size.max(MIN_MEMORY),
            used: AtomicUsize::new(0),
            running: AtomicUsize::new(0),
            state: Mutex::default(),
        })
    }

    /// Adds a stream. `reader` learns when the stream must be given up.
    pub(crate) fn stream(
        self: &Arc<Self>,
        client: IpAddr,
        reader: Arc<ProgressWatch>,
    ) -> UnsentStream {
        UnsentStream {
            memory: Arc::clone(self),
            network: network_48(client),
            waits: None,
            again: Deadline::default(),
            reader,
        }
    }

    /// This check needs no lock.
    fn is_calm(&self) -> bool {
        self.used.load(Ordering::Relaxed) < self.share()
            && self.running.load(Ordering::Relaxed) < MAX_UNCOUNTED
    }

    fn begin(self: &Arc<Self>, network: Option<IpAddr>) -> RunningRequest {
        self.running.fetch_add(1, Ordering::Relaxed);
        RunningRequest {
            memory: Arc::clone(self),
            network,
        }
    }

    /// Changes the state, and wakes the stream that `change` returns and the one that comes next.
    fn release(&self, change: impl FnOnce(&mut State) -> Option<Waker>) {
        let mut state = lock(&self.state);
        let own = change(&mut state);
        self.note_used(&state);
        let next = [own, state.first_waiting()];
        drop(state);
        next.into_iter().flatten().for_each(Waker::wake);
    }

    fn share(&self) -> usize {
        self.size / 2
    }

    fn fits(&self, state: &State, network: IpAddr, size: usize) -> bool {
        let own = state.used_by(network);
        state.used + size <= self.size
            && own + size <= self.share()
            && !state.others_come_first(network, own)
    }

    fn may_run(state: &State, network: IpAddr) -> bool {
        let own = state.networks.get(&network).map_or(0, |own| own.running);
        own < FEW || (own < MAX_RUNNING_PER_NETWORK && state.running < MAX_RUNNING)
    }

    /// Only streams that have waited for their client long enough. A network that has used up its
    /// share can take nothing from others.
    fn make_room(&self, state: &State, network: IpAddr, size: usize) {
        let own = state.used_by(network);
        let greedy = if own + size > self.share() {
            state.networks.get(&network)
        } else {
            let most = state.networks.values().max_by_key(|other| other.used);
            most.filter(|most| most.used > own + size)
        };
        let held = greedy.into_iter().flat_map(|greedy| greedy.held.values());
        let mut missing = size;
        for oldest in held.take_while(|held| held.since.elapsed() >= MIN_UNREAD_TIME) {
            if missing == 0 {
                return;
            }
            if !oldest.reader.is_given_up() {
                oldest.reader.give_up();
            }
            missing = missing.saturating_sub(oldest.size);
        }
    }

    fn note_used(&self, state: &State) {
        self.used.store(state.used, Ordering::Relaxed);
    }

    #[cfg(test)]
    pub(crate) fn used(&self) -> usize {
        lock(&self.state).used
    }
}

impl State {
    fn used_by(&self, network: IpAddr) -> usize {
        self.networks.get(&network).map_or(0, |own| own.used)
    }

    fn others_come_first(&self, network: IpAddr, own: usize) -> bool {
        self.waiting > 0
            && self.networks.iter().any(|(other, held)| {
                *other != network && held.used < own && held.first_for_memory().is_some()
            })
    }

    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn begin(&mut self, network: IpAddr) {
        self.running += 1;
        self.networks.entry(network).or_default().running += 1;
    }

    /// Returns the first waiting stream of its network.
    fn finish(&mut self, network: IpAddr) -> Option<Waker> {
        let own = self.networks.get_mut(&network)?;
        own.running -= 1;
        self.running -= 1;
        let next = own.first();
        self.tidy(network);
        next
    }

    fn hold(&mut self, network: IpAddr, size: usize, reader: &Arc<ProgressWatch>) -> u64 {
        let number = self.next();
        self.used += size;
        let own = self.networks.entry(network).or_default();
        own.used += size;
        let held = Held {
            size,
            since: Instant::now(),
            reader: Arc::clone(reader),
        };
        own.held.insert(number, held);
        number
    }

    fn resize(&mut self, network: IpAddr, number: u64, size: usize) {
        if let Some(own) = self.networks.get_mut(&network)
            && let Some(held) = own.held.get_mut(&number)
        {
            let before = std::mem::replace(&mut held.size, size);
            own.used = own.used + size - before;
            self.used = self.used + size - before;
        }
    }

    /// Returns the first waiting stream of its network.
    fn end(&mut self, network: IpAddr, number: u64) -> Option<Waker> {
        self.resize(network, number, 0);
        let own = self.networks.get_mut(&network)?;
        own.held.remove(&number);
        let next = own.first();
        self.tidy(network);
        next
    }

    /// Returns the stream that now waits first in its network.
    fn leave(&mut self, network: IpAddr, number: u64) -> Option<Waker> {
        let own = self.networks.get_mut(&network)?;
        if own.waiting.remove(&number).is_some() {
            self.waiting -= 1;
        }
        let next = own.first();
        self.tidy(network);
        next
    }

    fn tidy(&mut self, network: IpAddr) {
        let own = self.networks.get(&network);
        if own.is_some_and(|own| own.running == 0 && own.held.is_empty() && own.waiting.is_empty())
        {
            self.networks.remove(&network);
        }
    }

    /// The first waiting stream of the network that holds the least.
    fn first_waiting(&self) -> Option<Waker> {
        if self.waiting == 0 {
            return None;
        }
        let waiting = self.networks.values();
        let waiting = waiting.filter(|network| network.first_for_memory().is_some());
        waiting.min_by_key(|network| network.used)?.first()
    }
}

impl Network {
    fn first(&self) -> Option<Waker> {
        let first = self.waiting.values().next()?;
        Some(first.waker.clone())
    }

    fn first_for_memory(&self) -> Option<&Waiting> {
        let first = self.waiting.values().next();
        first.filter(|first| first.needs_memory)
    }
}

impl UnsentStream {
    /// Waits until a request may begin. Fails if too many requests of the network wait.
    pub(crate) async fn begin(&mut self) -> Result<RunningRequest, TooManyWait> {
        poll_fn(|context| self.poll_begin(context)).await
    }

    /// Waits for the permit to hold a slice.
    pub(crate) async fn permit(&mut self) -> Permit {
        poll_fn(|context| self.poll_permit(context)).await
    }

    fn poll_begin(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<RunningRequest, TooManyWait>> {
        if self.waits.is_none() {
            if self.memory.is_calm() {
                return Poll::Ready(Ok(self.memory.begin(None)));
            }
            let state = lock(&self.memory.state);
            let own = state.networks.get(&self.network);
            if own.is_some_and(|own| own.waiting.len() >= MAX_WAITING_PER_NETWORK) {
                return Poll::Ready(Err(TooManyWait));
            }
        }
        let may_run = UnsentMemory::may_run;
        let began = self.poll_take(context, 1, may_run, State::begin);
        began.map(|()| Ok(self.memory.begin(Some(self.network))))
    }

    /// Waits for the permit to hold a slice.
    pub(crate) fn poll_permit(&mut self, context: &mut Context<'_>) -> Poll<Permit> {
        let reader = Arc::clone(&self.reader);
        let anyway = |_: &State, _| true;
        let taken = self.poll_take(context, SLICE, anyway, |state, network| {
            state.hold(network, SLICE, &reader)
        });
        taken.map(|number| self.numbered(number))
    }

    /// Returns a permit for data that is in memory already.
    pub(crate) fn hold(&self, size: usize) -> Permit {
        let number = {
            let mut state = lock(&self.memory.state);
            let number = state.hold(self.network, size, &self.reader);
            self.memory.note_used(&state);
            number
        };
        self.numbered(number)
    }

    fn numbered(&self, number: u64) -> Permit {
        Permit {
            memory: Arc::clone(&self.memory),
            network: self.network,
            number,
        }
    }

    fn poll_take<T>(
        &mut self,
        context: &mut Context<'_>,
        size: usize,
        may: impl FnOnce(&State, IpAddr) -> bool,
        take: impl FnOnce(&mut State, IpAddr) -> T,
    ) -> Poll<T> {
        let mut state = lock(&self.memory.state);
        let fits = self.memory.fits(&state, self.network, size);
        if fits && may(&state, self.network) {
            let taken = take(&mut state, self.network);
            self.memory.note_used(&state);
            let number = self.waits.take();
            let own = number.and_then(|number| state.leave(self.network, number));
            let next = [own, state.first_waiting()];
            drop(state);
            // There may be room for more.
            next.into_iter().flatten().for_each(Waker::wake);
            return Poll::Ready(taken);
        }
        let number = self.waits.unwrap_or_else(|| {
            state.waiting += 1;
            state.next()
        });
        self.waits = Some(number);
        let waiting = &mut state.networks.entry(self.network).or_default().waiting;
        let waker = context.waker().clone();
        let waits = Waiting {
            waker,
            needs_memory: !fits,
        };
        waiting.insert(number, waits);
        if waiting
            .first_key_value()
            .is_some_and(|(first, _)| *first == number)
        {
            if !fits {
                self.memory.make_room(&state, self.network, size);
            }
            drop(state);
            // The deadline is in the future, so this only sets the timer.
            let _ = self.again.poll(context, Instant::now() + RETRY_INTERVAL);
        }
        Poll::Pending
    }
}

impl Drop for UnsentStream {
    fn drop(&mut self) {
        let Some(number) = self.waits else {
            return;
        };
        self.memory
            .release(|state| state.leave(self.network, number));
    }
}

impl Drop for RunningRequest {
    fn drop(&mut self) {
        self.memory.running.fetch_sub(1, Ordering::Relaxed);
        if let Some(network) = self.network {
            self.memory.release(|state| state.finish(network));
        }
    }
}

impl Permit {
    /// Wraps the bytes. They hold this permit until they are dropped.
    pub(crate) fn until_sent(self, bytes: Bytes) -> Bytes {
        Bytes::from_owner(UnsentBytes {
            bytes,
            _permit: self,
        })
    }

    /// Changes the size to that of the data. The memory may then be more than full, but only by the
    /// data that is there anyway.
    pub(crate) fn resize(&self, size: usize) {
        self.memory.release(|state| {
            state.resize(self.network, self.number, size);
            None
        });
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.memory
            .release(|state| state.end(self.network, self.number));
    }
}

struct UnsentBytes {
    bytes: Bytes,
    _permit: Permit,
}

impl AsRef<[u8]> for UnsentBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests;
