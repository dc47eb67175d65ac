//! The memory for all buffered bodies, shared by all workers.
//!
//! The body of a request reserves memory for all bytes that may be buffered of it before any of
//! them is read, so that no two bodies wait for each other half-read. One IP address gets at most
//! half of the memory, and so do all responses together, so that neither can keep all others
//! waiting.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::address::network_48;

/// How many bodies of one IP address may wait. Further ones are refused at once.
const MOST_WAITING: usize = 256;
/// How long a body waits for memory.
const WAIT: Duration = Duration::from_mins(1);

/// The memory for all buffered bodies.
#[derive(Debug)]
pub(crate) struct BufferMemory(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    size: usize,
    used: usize,
    /// The part of `used` that belongs to responses, in bytes.
    answers: usize,
    by_address: HashMap<IpAddr, usize>,
    /// Bodies that wait for memory, in the order of their arrival.
    waiting: Vec<Waiting>,
    last_number: u64,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    address: IpAddr,
    size: usize,
    granted: oneshot::Sender<()>,
}

/// A reservation of memory, released when this value is dropped.
#[derive(Debug)]
pub(crate) struct Room {
    memory: Arc<BufferMemory>,
    address: IpAddr,
    size: usize,
    is_answer: bool,
}

impl BufferMemory {
    /// Makes a memory of this many bytes.
    pub(crate) fn new(size: usize) -> Arc<Self> {
        let state = State {
            size,
            ..State::default()
        };
        Arc::new(Self(Mutex::new(state)))
    }

    /// Changes the size. Existing reservations are kept.
    pub(crate) fn resize(&self, size: usize) {
        let mut state = self.state();
        state.size = size;
        state.grant();
    }

    /// Reserves memory for the body of a request of this client. Returns `None` if there was not
    /// enough memory in time, or if too many bodies of this client are already waiting.
    pub(super) async fn reserve(self: &Arc<Self>, client: IpAddr, size: usize) -> Option<Room> {
        let mut room = self.room(client, size, false);
        let (mut queued, is_granted) = {
            let mut state = self.state();
            if !state.is_short() && state.has_room(room.address, size) {
                state.take(room.address, size);
                return Some(room);
            }
            let of_address = |body: &&Waiting| body.address == room.address;
            if state.waiting.iter().filter(of_address).count() >= MOST_WAITING {
                // Nothing was reserved, so nothing must be released.
                room.size = 0;
                return None;
            }
            let (granted, is_granted) = oneshot::channel();
            state.last_number += 1;
            let number = state.last_number;
            state.waiting.push(Waiting {
                number,
                address: room.address,
                size,
                granted,
            });
            // The new body goes first if its IP address holds the least memory.
            state.grant();
            let room = Some(room);
            (Queued { number, room }, is_granted)
        };
        timeout(WAIT, is_granted).await.ok()?.ok()?;
        queued.room.take()
    }

    /// Makes an empty reservation for a response to this client.
    pub(crate) fn for_answer(self: &Arc<Self>, client: IpAddr) -> Room {
        self.room(client, 0, true)
    }

    fn room(self: &Arc<Self>, client: IpAddr, size: usize, is_answer: bool) -> Room {
        Room {
            memory: Arc::clone(self),
            address: network_48(client),
            size,
            is_answer,
        }
    }

    #[cfg(test)]
    pub(crate) fn used(&self) -> usize {
        self.state().used
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No panic can leave the state inconsistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn held_by(&self, address: IpAddr) -> usize {
        self.by_address.get(&address).copied().unwrap_or(0)
    }

    /// Whether this IP address holds so much that it has to wait even if memory is left.
    fn is_greedy(&self, address: IpAddr, size: usize) -> bool {
        let held = self.held_by(address);
        held > 0 && held + size > self.size / 2
    }

    /// Whether any body waits only because there is too little memory.
    fn is_short(&self) -> bool {
        let mut waiting = self.waiting.iter();
        waiting.any(|body| !self.is_greedy(body.address, body.size))
    }

    fn has_room(&self, address: IpAddr, size: usize) -> bool {
        self.used + size <= self.size && !self.is_greedy(address, size)
    }

    fn take(&mut self, address: IpAddr, size: usize) {
        if size == 0 {
            return;
        }
        self.used += size;
        *self.by_address.entry(address).or_default() += size;
    }

    fn give_back(&mut self, address: IpAddr, size: usize) {
        self.used -= size;
        if let Some(held) = self.by_address.get_mut(&address) {
            *held -= size;
            if *held == 0 {
                self.by_address.remove(&address);
            }
        }
    }

    /// Wakes the bodies for which there is memory, beginning with IP addresses that hold the least.
    /// A smaller body does not overtake the body that is next.
    fn grant(&mut self) {
        loop {
            let may_have = self.waiting.iter().enumerate();
            let may_have = may_have.filter(|(_, body)| !self.is_greedy(body.address, body.size));
            let next = may_have.min_by_key(|(_, body)| (self.held_by(body.address), body.number));
            let Some((place, body)) = next else {
                return;
            };
            if self.used + body.size > self.size {
                return;
            }
            let body = self.waiting.remove(place);
            self.take(body.address, body.size);
            // A body that has just given up releases the memory again.
            let _ = body.granted.send(());
        }
    }
}

impl Room {
    /// Enlarges the reservation of a response, if memory is left. Responses do not wait, and get
    /// nothing while the body of a request waits for memory that others hold.
    pub(crate) fn grow(&mut self, more: usize) -> bool {
        let mut state = self.memory.state();
        let has_room = !state.is_short()
            && state.answers + more <= state.size / 2
            && state.has_room(self.address, more);
        if has_room {
            state.take(self.address, more);
            state.answers += more;
            self.size += more;
        }
        has_room
    }

    /// Shrinks the reservation to this size and releases the rest.
    pub(crate) fn shrink(&mut self, size: usize) {
        let rest = self.size.saturating_sub(size);
        if rest == 0 {
            return;
        }
        self.size -= rest;
        let mut state = self.memory.state();
        if self.is_answer {
            state.answers -= rest;
        }
        state.give_back(self.address, rest);
        state.grant();
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.shrink(0);
    }
}

/// A position in the queue, which is left when this value is dropped.
struct Queued {
    number: u64,
    /// The reservation, which is valid once it is granted.
    room: Option<Room>,
}

impl Drop for Queued {
    fn drop(&mut self) {
        let Some(mut room) = self.room.take() else {
            return;
        };
        let mut state = room.memory.state();
        let place = state
            .waiting
            .iter()
            .position(|body| body.number == self.number);
        if let Some(place) = place {
            state.waiting.remove(place);
            // This body may have blocked others in the queue.
            state.grant();
            drop(state);
            // The reservation was not granted, so nothing must be released.
            room.size = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn address(last: u8) -> IpAddr {
        [127, 0, 0, last].into()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_waits_for_room_and_no_longer_than_a_minute() {
        let memory = BufferMemory::new(100);
        let first = memory.reserve(address(1), 100).await;
        let (second, begin) = (memory.reserve(address(2), 10), tokio::time::Instant::now());
        assert!(second.await.is_none());
        assert_eq!(begin.elapsed(), WAIT);
        let mut second = Box::pin(memory.reserve(address(2), 10));
        assert!(second.as_mut().now_or_never().is_none());
        drop(first);
        assert_eq!(second.await.map(|room| room.size()), Some(10));
        assert_eq!(memory.used(), 0);
    }

    #[tokio::test]
    async fn the_address_that_holds_most_waits_longest() {
        let memory = BufferMemory::new(100);
        let held = [
            memory.reserve(address(1), 40).await.unwrap(),
            memory.reserve(address(2), 30).await.unwrap(),
            memory.reserve(address(3), 30).await.unwrap(),
        ];
        let mut greedy = Box::pin(memory.reserve(address(1), 10));
        let mut other = Box::pin(memory.reserve(address(2), 10));
        let mut new = Box::pin(memory.reserve(address(4), 10));
        for waiting in [&mut greedy, &mut other, &mut new] {
            assert!(waiting.as_mut().now_or_never().is_none());
        }
        let [mut first, _second, mut third] = held;
        third.shrink(20);
        let new = new.now_or_never().unwrap().unwrap();
        third.shrink(10);
        let other = other.now_or_never().unwrap().unwrap();
        assert!(greedy.as_mut().now_or_never().is_none());
        first.shrink(30);
        assert!(greedy.now_or_never().unwrap().is_some());
        drop((first, third, new, other));
    }

    #[tokio::test]
    async fn one_address_leaves_half_to_others() {
        let memory = BufferMemory::new(100);
        let held = memory.reserve(address(1), 50).await;
        let mut more = Box::pin(memory.reserve(address(1), 1));
        assert!(more.as_mut().now_or_never().is_none());
        assert!(memory.reserve(address(2), 50).now_or_never().is_some());
        drop(held);
        assert!(more.now_or_never().is_some());
    }

    #[tokio::test]
    async fn answers_leave_half_to_requests_and_do_not_wait() {
        let memory = BufferMemory::new(100);
        let mut answers = [1, 2, 3].map(|last| memory.for_answer(address(last)));
        assert!(answers[0].grow(25) && answers[1].grow(25));
        assert!(!answers[2].grow(1));
        answers[0].shrink(22);
        let held = memory.reserve(address(4), 50).await.unwrap();
        // The first of these two bodies would not benefit from more memory, but the second would.
        let mut greedy = Box::pin(memory.reserve(address(4), 1));
        assert!(greedy.as_mut().now_or_never().is_none());
        assert!(answers[2].grow(1));
        let mut short = Box::pin(memory.reserve(address(5), 50));
        assert!(short.as_mut().now_or_never().is_none());
        assert!(!answers[2].grow(1));
        drop(short);
        assert!(answers[2].grow(1));
        drop(greedy);
        drop((answers, held));
        assert_eq!(memory.used(), 0);
        assert_eq!(memory.state().answers, 0);
    }

    #[tokio::test]
    async fn only_so_many_bodies_of_one_address_wait() {
        let memory = BufferMemory::new(100);
        let held = memory.reserve(address(1), 100).await;
        let mut waiting: Vec<_> = (0..MOST_WAITING)
            .map(|_| Box::pin(memory.reserve(address(2), 1)))
            .collect();
        for body in &mut waiting {
            assert!(body.as_mut().now_or_never().is_none());
        }
        let one_more = memory.reserve(address(2), 1).now_or_never();
        assert!(one_more.unwrap().is_none());
        assert!(memory.reserve(address(3), 1).now_or_never().is_none());
        drop(held);
    }

    #[tokio::test]
    async fn nothing_is_lost_when_nobody_waits_for_it_any_more() {
        let memory = BufferMemory::new(100);
        let held = memory.reserve(address(1), 100).await;
        let mut granted = Box::pin(memory.reserve(address(2), 40));
        assert!(granted.as_mut().now_or_never().is_none());
        drop(held);
        assert_eq!(memory.used(), 40);
        drop(granted);
        assert_eq!(memory.used(), 0);
        assert!(memory.state().by_address.is_empty());
    }
}
