//! The memory for all buffered bodies, shared by all workers.
//!
//! The memory of a request body is reserved as the body arrives. One IP address (IPv6: one /48) can
//! use at most half of the memory, and all responses together can also use at most half. Bodies that
//! find no room wait. If others hold more than the network of a waiting body, the network that holds
//! the most loses its oldest body.

use std::collections::{BTreeMap, HashMap};
use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use crate::client_network::network_48;
use crate::lock::lock;
use crate::stalled_peer::ProgressWatch;

const MAX_WAIT: Duration = Duration::from_mins(1);
/// The age at which a body must make room for another one of its own network. Otherwise, bodies
/// that are half read could wait for each other.
const MIN_AGE: Duration = Duration::from_secs(10);
const RETRY_INTERVAL: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(crate) struct BufferMemory {
    size: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    used: usize,
    /// The part of `used` that responses hold.
    answers: usize,
    last: u64,
    networks: HashMap<IpAddr, Network>,
    /// The bodies that wait, in the order of their arrival.
    waiting: BTreeMap<u64, Waiting>,
}

#[derive(Debug, Default)]
struct Network {
    /// How much the network's bodies count towards its share.
    used: usize,
    /// The bodies that hold memory, oldest first.
    bodies: BTreeMap<u64, Held>,
}

#[derive(Debug)]
struct Held {
    size: usize,
    since: Instant,
    /// Learns when the body must be given up; `None` if it has arrived.
    body: Option<Arc<ProgressWatch>>,
}

#[derive(Debug)]
struct Waiting {
    network: IpAddr,
    more: usize,
    waker: Waker,
}

/// A reservation of memory, which is released when this value is dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    memory: Arc<BufferMemory>,
    /// The request body; `None` for a response.
    body: Option<RequestBody>,
    size: usize,
}

#[derive(Debug)]
struct RequestBody {
    network: IpAddr,
    number: u64,
    watch: Arc<ProgressWatch>,
}

/// Why a request body gets no memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoRoom {
    /// Not enough memory became free in time.
    TooLong,
    /// Others need the memory that the body holds.
    GivenUp,
}

impl BufferMemory {
    /// Creates the memory for bodies, with a limit of `size` bytes.
    pub(crate) fn new(size: usize) -> Arc<Self> {
        Arc::new(Self {
            size,
            state: Mutex::default(),
        })
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Creates an empty reservation for a request body. It can grow.
    pub(super) fn for_request(self: &Arc<Self>, client: IpAddr) -> Reservation {
        let number = {
            let mut state = lock(&self.state);
            state.last += 1;
            state.last
        };
        Reservation {
            memory: Arc::clone(self),
            body: Some(RequestBody {
                network: network_48(client),
                number,
                watch: Arc::default(),
            }),
            size: 0,
        }
    }

    /// Creates an empty reservation for a response. It can grow.
    pub(crate) fn for_answer(self: &Arc<Self>) -> Reservation {
        Reservation {
            memory: Arc::clone(self),
            body: None,
            size: 0,
        }
    }

    fn share(&self) -> usize {
        self.size / 2
    }

    /// A body that is larger than the share counts as much as the whole share.
    fn counted_size(&self, size: usize) -> usize {
        size.min(self.share())
    }

    fn fits_share(&self, state: &State, network: IpAddr, number: u64, more: usize) -> bool {
        let Some(own) = state.networks.get(&network) else {
            return true;
        };
        let before = own.bodies.get(&number).map_or(0, |held| held.size);
        own.used - self.counted_size(before) + self.counted_size(before + more) <= self.share()
    }

    fn fits(&self, state: &State, network: IpAddr, number: u64, more: usize) -> bool {
        state.used + more <= self.size && self.fits_share(state, network, number, more)
    }

    /// Earlier bodies go first, if the memory suffices for them or they belong to the same network.
    fn may_take(&self, state: &State, body: &RequestBody, more: usize) -> bool {
        self.fits(state, body.network, body.number, more)
            && state.waiting.range(..body.number).all(|(number, earlier)| {
                earlier.network != body.network
                    && !self.fits_share(state, earlier.network, *number, earlier.more)
            })
    }

    /// Takes from the network that holds the most. A network that has used up its share can take
    /// nothing from others.
    fn make_room(&self, state: &State, body: &RequestBody, more: usize) {
        let is_own = !self.fits_share(state, body.network, body.number, more);
        let own = state.networks.get(&body.network);
        let greedy = if is_own {
            own
        } else {
            let most = state.networks.values().filter(|it| it.is_reading());
            let most = most.max_by_key(|it| it.used);
            most.filter(|most| most.used > own.map_or(0, |own| own.used))
        };
        let patience = if is_own { MIN_AGE } else { Duration::ZERO };
        let bodies = greedy.into_iter().flat_map(|greedy| &greedy.bodies);
        let mut missing = more;
        for (number, held) in bodies {
            if missing == 0 || held.since.elapsed() < patience {
                return;
            }
            if let Some(watch) = held.body.as_ref().filter(|_| *number != body.number) {
                if !watch.is_given_up() {
                    watch.give_up();
                }
                missing = missing.saturating_sub(held.size);
            }
        }
    }

    /// Changes the state, and wakes the first body that there is room for now.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = lock(&self.state);
        change(&mut state);
        let mut waiting = state.waiting.iter();
        let next = waiting.find(|(number, it)| self.fits(&state, it.network, **number, it.more));
        let next = next.map(|(_, it)| it.waker.clone());
        drop(state);
        if let Some(next) = next {
            next.wake();
        }
    }

    #[cfg(test)]
    pub(crate) fn used(&self) -> usize {
        lock(&self.state).used
    }
}

impl Network {
    fn is_reading(&self) -> bool {
        self.bodies.values().any(|held| held.body.is_some())
    }
}

impl State {
    fn hold(&mut self, memory: &BufferMemory, body: &RequestBody, size: usize) {
        let own = self.networks.entry(body.network).or_default();
        let held = own.bodies.entry(body.number).or_insert_with(|| Held {
            size: 0,
            since: Instant::now(),
            body: Some(Arc::clone(&body.watch)),
        });
        let before = std::mem::replace(&mut held.size, size);
        own.used = own.used - memory.counted_size(before) + memory.counted_size(size);
        self.used = self.used - before + size;
        if size == 0 {
            own.bodies.remove(&body.number);
            if own.bodies.is_empty() {
                self.networks.remove(&body.network);
            }
        }
    }
}

impl Reservation {
    /// Enlarges a response's reservation if memory is free. Responses never wait. They get nothing
    /// while a request body waits for memory that others hold.
    pub(crate) fn grow(&mut self, more: usize) -> bool {
        let mut state = lock(&self.memory.state);
        let is_short = state
            .waiting
            .iter()
            .any(|(number, it)| self.memory.fits_share(&state, it.network, *number, it.more));
        let fits = !is_short
            && state.answers + more <= self.memory.share()
            && state.used + more <= self.memory.size;
        if fits {
            state.answers += more;
            state.used += more;
            self.size += more;
        }
        fits
    }

    /// Enlarges a request body's reservation. Waits until memory is free.
    pub(super) async fn grow_for_request(&mut self, more: usize) -> Result<(), NoRoom> {
        let Self { memory, body, size } = self;
        let Some(body) = body.as_ref().filter(|_| more > 0) else {
            return Ok(());
        };
        let mut waits = WaitingBody {
            memory,
            body,
            size: *size,
            more,
            is_listed: false,
        };
        if !waits.take_now() {
            let taken = async {
                loop {
                    tokio::select! {
                        biased;
                        () = body.watch.given_up() => return Err(NoRoom::GivenUp),
                        () = poll_fn(|context| waits.poll_take(context)) => return Ok(()),
                        () = sleep(RETRY_INTERVAL) => {}
                    }
                }
            };
            timeout(MAX_WAIT, taken)
                .await
                .unwrap_or(Err(NoRoom::TooLong))?;
        }
        drop(waits);
        *size += more;
        Ok(())
    }

    /// Completes when others need the memory of this request body.
    pub(super) async fn given_up(&self) {
        match &self.body {
            Some(body) => body.watch.given_up().await,
            None => std::future::pending().await,
        }
    }

    /// Records that the request body has arrived, so it is not given up any more.
    pub(super) fn arrived(&self) {
        if let Some(body) = &self.body {
            let mut state = lock(&self.memory.state);
            let own = state.networks.get_mut(&body.network);
            if let Some(held) = own.and_then(|own| own.bodies.get_mut(&body.number)) {
                held.body = None;
            }
        }
    }

    /// Releases the memory beyond `size`.
    pub(crate) fn shrink(&mut self, size: usize) {
        let rest = self.size.saturating_sub(size);
        if rest == 0 {
            return;
        }
        self.size -= rest;
        self.memory.change(|state| {
            if let Some(body) = &self.body {
                state.hold(&self.memory, body, self.size);
            } else {
                state.answers -= rest;
                state.used -= rest;
            }
        });
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.shrink(0);
    }
}

struct WaitingBody<'a> {
    memory: &'a BufferMemory,
    body: &'a RequestBody,
    size: usize,
    more: usize,
    is_listed: bool,
}

impl WaitingBody<'_> {
    fn take(&self, state: &mut State) -> bool {
        let may_take = self.memory.may_take(state, self.body, self.more);
        if may_take {
            state.hold(self.memory, self.body, self.size + self.more);
        }
        may_take
    }

    fn take_now(&self) -> bool {
        self.take(&mut lock(&self.memory.state))
    }

    fn poll_take(&mut self, context: &Context<'_>) -> Poll<()> {
        let mut state = lock(&self.memory.state);
        if self.take(&mut state) {
            return Poll::Ready(());
        }
        self.is_listed = true;
        let waiting = Waiting {
            network: self.body.network,
            more: self.more,
            waker: context.waker().clone(),
        };
        state.waiting.insert(self.body.number, waiting);
        self.memory.make_room(&state, self.body, self.more);
        Poll::Pending
    }
}

impl Drop for WaitingBody<'_> {
    fn drop(&mut self) {
        if self.is_listed {
            // There may be room for the next one.
            self.memory.change(|state| {
                state.waiting.remove(&self.body.number);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use tokio::time::advance;

    use super::*;

    fn address(last: u8) -> IpAddr {
        [127, 0, 0, last].into()
    }

    async fn reserve(
        memory: &Arc<BufferMemory>,
        last: u8,
        size: usize,
    ) -> Result<Reservation, NoRoom> {
        let mut room = memory.for_request(address(last));
        room.grow_for_request(size).await.map(|()| room)
    }

    /// Reserves memory for a body that has arrived already.
    fn arrived(memory: &Arc<BufferMemory>, last: u8, size: usize) -> Reservation {
        let room = reserve(memory, last, size).now_or_never();
        let room = room.unwrap().unwrap();
        room.arrived();
        room
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_waits_for_room_and_no_longer_than_a_minute() {
        let memory = BufferMemory::new(100);
        let first = arrived(&memory, 1, 100);
        let begin = Instant::now();
        let second = reserve(&memory, 2, 10).await;
        assert_eq!(second.map(drop), Err(NoRoom::TooLong));
        assert_eq!(begin.elapsed(), MAX_WAIT);
        let mut second = Box::pin(reserve(&memory, 2, 10));
        assert!(second.as_mut().now_or_never().is_none());
        drop(first);
        assert_eq!(second.await.map(|room| room.size()), Ok(10));
        assert_eq!(memory.used(), 0);
        assert!(lock(&memory.state).networks.is_empty());
        assert!(lock(&memory.state).waiting.is_empty());
    }

    #[tokio::test]
    async fn bodies_wait_in_order_and_one_of_an_address_at_a_time() {
        let memory = BufferMemory::new(100);
        let held = [arrived(&memory, 1, 40), arrived(&memory, 2, 60)];
        let mut waiting: Vec<_> = [3, 3, 4]
            .map(|last| Box::pin(reserve(&memory, last, 40)))
            .into();
        for body in &mut waiting {
            assert!(body.as_mut().now_or_never().is_none());
        }
        let [first, second] = held;
        drop(first);
        // The second body of this address still waits, because the first body of another address
        // came earlier.
        let third = waiting.remove(0).now_or_never().unwrap().unwrap();
        assert!(waiting[0].as_mut().now_or_never().is_none());
        drop(second);
        let fourth = waiting.remove(1).now_or_never().unwrap().unwrap();
        assert!(waiting[0].as_mut().now_or_never().is_none());
        drop(third);
        assert!(waiting.remove(0).now_or_never().unwrap().is_ok());
        drop(fourth);
    }

    #[tokio::test]
    async fn one_address_leaves_half_to_others() {
        let memory = BufferMemory::new(100);
        let held = arrived(&memory, 1, 50);
        let mut more = Box::pin(reserve(&memory, 1, 1));
        assert!(more.as_mut().now_or_never().is_none());
        assert!(reserve(&memory, 2, 50).now_or_never().is_some());
        drop(held);
        assert!(more.now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_body_may_be_larger_than_the_share_of_its_address() {
        let memory = BufferMemory::new(100);
        for size in [80, 100] {
            let mut large = arrived(&memory, 1, size);
            large.shrink(60);
            assert!(reserve(&memory, 1, 1).now_or_never().is_none());
            large.shrink(10);
            assert!(reserve(&memory, 1, 40).now_or_never().is_some());
        }
        assert_eq!(memory.used(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_holds_most_loses_the_oldest_body_that_has_not_arrived() {
        let memory = BufferMemory::new(100);
        let whole = arrived(&memory, 1, 10);
        let mut slow = Vec::new();
        for last in [1, 1, 2, 2] {
            slow.push(reserve(&memory, last, 20).await.unwrap());
        }
        let small = reserve(&memory, 3, 10).await.unwrap();
        let mut newcomer = Box::pin(reserve(&memory, 4, 15));
        assert!(newcomer.as_mut().now_or_never().is_none());
        let given_up = |room: &Reservation| room.given_up().now_or_never().is_some();
        let all: Vec<_> = slow.iter().map(given_up).collect();
        assert_eq!(all, [true, false, false, false]);
        assert!(!given_up(&whole) && !given_up(&small));
        let more = slow[0].grow_for_request(1).await;
        assert_eq!(more, Err(NoRoom::GivenUp));
        slow.remove(0);
        assert!(newcomer.now_or_never().unwrap().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_network_makes_room_for_itself_after_a_while() {
        let memory = BufferMemory::new(100);
        let oldest = reserve(&memory, 1, 25).await.unwrap();
        advance(RETRY_INTERVAL).await;
        let mut other = reserve(&memory, 1, 25).await.unwrap();
        let others = reserve(&memory, 2, 50).await.unwrap();
        let begin = Instant::now();
        let gone = async {
            oldest.given_up().await;
            drop(oldest);
        };
        let (more, ()) = tokio::join!(other.grow_for_request(25), gone);
        assert_eq!(more, Ok(()));
        assert!(begin.elapsed() + 2 * RETRY_INTERVAL >= MIN_AGE);
        assert!(begin.elapsed() <= MIN_AGE + RETRY_INTERVAL);
        assert!(others.given_up().now_or_never().is_none());
    }

    #[tokio::test]
    async fn answers_leave_half_to_requests_and_do_not_wait() {
        let memory = BufferMemory::new(100);
        let mut answers = [(); 3].map(|()| memory.for_answer());
        assert!(answers[0].grow(25) && answers[1].grow(25));
        assert!(!answers[2].grow(1));
        answers[0].shrink(22);
        let held = arrived(&memory, 4, 50);
        // The first body waits for another body of its address, so responses may grow. The next
        // body waits for memory that others hold, so responses may not grow.
        let mut greedy = Box::pin(reserve(&memory, 4, 1));
        assert!(greedy.as_mut().now_or_never().is_none());
        assert!(answers[2].grow(1));
        let mut short = Box::pin(reserve(&memory, 5, 50));
        assert!(short.as_mut().now_or_never().is_none());
        assert!(!answers[2].grow(1));
        drop(short);
        assert!(answers[2].grow(1));
        drop(greedy);
        drop((answers, held));
        assert_eq!(memory.used(), 0);
        assert_eq!(lock(&memory.state).answers, 0);
    }

    #[tokio::test]
    async fn nothing_is_lost_when_nobody_waits_for_it_any_more() {
        let memory = BufferMemory::new(100);
        let held = arrived(&memory, 1, 100);
        let mut granted = Box::pin(reserve(&memory, 2, 40));
        assert!(granted.as_mut().now_or_never().is_none());
        drop(held);
        drop(granted);
        assert_eq!(memory.used(), 0);
        assert!(lock(&memory.state).networks.is_empty());
    }
}
