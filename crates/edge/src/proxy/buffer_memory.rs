//! The memory for all buffered bodies, shared by all workers.
//!
//! A request body reserves all its memory before it is read. Otherwise, bodies that are half read
//! could wait for each other's memory. One IP address (IPv6: one /48) can use at most half of the
//! memory, and all responses together can also use at most half.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::address::network_48;
use crate::lock::lock;

/// How long a request body waits for memory.
const WAIT: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(crate) struct BufferMemory {
    size: usize,
    /// The free bytes. Waiting request bodies get them in order of arrival. Responses get none
    /// while a request body waits.
    free: Semaphore,
    /// The bytes that responses may still reserve.
    answers: Semaphore,
    addresses: Mutex<HashMap<IpAddr, Weak<Share>>>,
}

/// The share of the memory that one IP address (IPv6: one /48) may use.
#[derive(Debug)]
struct Share {
    address: IpAddr,
    memory: Arc<BufferMemory>,
    /// A permit to wait for the shared memory. Only one body of this IP address can wait at a time.
    turn: Semaphore,
    free: Semaphore,
}

/// A reservation of memory, which is released when this value is dropped.
#[derive(Debug)]
pub(crate) struct Reservation {
    memory: Arc<BufferMemory>,
    /// The IP address's share; `None` for a response.
    share: Option<Arc<Share>>,
    size: usize,
}

impl BufferMemory {
    /// Creates the memory for bodies, with a limit of `size` bytes.
    pub(crate) fn new(size: usize) -> Arc<Self> {
        let size = size.min(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            size,
            free: Semaphore::new(size),
            answers: Semaphore::new(size / 2),
            addresses: Mutex::default(),
        })
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Reserves memory for a request body; `None` if not enough memory became free in time.
    pub(super) async fn reserve(
        self: &Arc<Self>,
        client: IpAddr,
        size: usize,
    ) -> Option<Reservation> {
        let size = size.min(self.size);
        let share = self.share(client);
        let room = async {
            let _turn = share.turn.acquire().await.ok()?;
            let own = share.free.acquire_many(permits(self.part(size))).await;
            let own = own.ok()?;
            let free = self.free.acquire_many(permits(size)).await.ok()?;
            own.forget();
            free.forget();
            Some(Reservation {
                memory: Arc::clone(self),
                share: Some(Arc::clone(&share)),
                size,
            })
        };
        timeout(WAIT, room).await.ok()?
    }

    /// Creates an empty reservation for a response. It can grow.
    pub(crate) fn for_answer(self: &Arc<Self>) -> Reservation {
        Reservation {
            memory: Arc::clone(self),
            share: None,
            size: 0,
        }
    }

    /// Returns how much a body of this size counts towards the share of its IP address. A body may
    /// be larger than the share; it then counts as much as the whole share.
    fn part(&self, size: usize) -> usize {
        size.min(self.size / 2)
    }

    fn share(self: &Arc<Self>, client: IpAddr) -> Arc<Share> {
        let address = network_48(client);
        let mut addresses = lock(&self.addresses);
        let known = addresses.entry(address).or_default();
        if let Some(share) = known.upgrade() {
            return share;
        }
        let share = Arc::new(Share {
            address,
            memory: Arc::clone(self),
            turn: Semaphore::new(1),
            free: Semaphore::new(self.size / 2),
        });
        *known = Arc::downgrade(&share);
        share
    }

    #[cfg(test)]
    pub(crate) fn used(&self) -> usize {
        self.size - self.free.available_permits()
    }
}

/// Converts a size in bytes to semaphore permits, at most `u32::MAX`.
///
/// A request reserves at most `proxy.buffer_request`, because `request_buffer` streams the rest of
/// a larger body. The maximum therefore matters only if `proxy.buffer_request` is 4 GiB or more.
fn permits(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

impl Reservation {
    /// Enlarges a response's reservation if memory is free. Responses never wait. They get nothing
    /// while a request body waits for memory that others hold.
    pub(crate) fn grow(&mut self, more: usize) -> bool {
        let more_permits = permits(more);
        let Ok(answers) = self.memory.answers.try_acquire_many(more_permits) else {
            return false;
        };
        let Ok(free) = self.memory.free.try_acquire_many(more_permits) else {
            return false;
        };
        answers.forget();
        free.forget();
        self.size += more;
        true
    }

    /// Releases the memory beyond `size`.
    pub(crate) fn shrink(&mut self, size: usize) {
        let rest = self.size.saturating_sub(size);
        if rest == 0 {
            return;
        }
        match &self.share {
            Some(share) => {
                let (before, after) = (self.memory.part(self.size), self.memory.part(size));
                share.free.add_permits(before - after);
            }
            None => self.memory.answers.add_permits(rest),
        }
        self.memory.free.add_permits(rest);
        self.size -= rest;
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

impl Drop for Share {
    fn drop(&mut self) {
        let mut addresses = lock(&self.memory.addresses);
        // Another request may already have added a new share for this address.
        if let Some(known) = addresses.get(&self.address)
            && known.strong_count() == 0
        {
            addresses.remove(&self.address);
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
        assert!(lock(&memory.addresses).is_empty());
    }

    #[tokio::test]
    async fn bodies_wait_in_order_and_one_of_an_address_at_a_time() {
        let memory = BufferMemory::new(100);
        let held = [
            memory.reserve(address(1), 40).await.unwrap(),
            memory.reserve(address(2), 60).await.unwrap(),
        ];
        let mut waiting: Vec<_> = [3, 3, 4]
            .map(|last| Box::pin(memory.reserve(address(last), 40)))
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
        assert!(waiting.remove(0).now_or_never().unwrap().is_some());
        drop(fourth);
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
    async fn a_body_may_be_larger_than_the_share_of_its_address() {
        let memory = BufferMemory::new(100);
        for size in [80, 100, 500] {
            let mut large = memory.reserve(address(1), size).await.unwrap();
            assert_eq!(large.size(), size.min(100));
            large.shrink(60);
            assert!(memory.reserve(address(1), 1).now_or_never().is_none());
            large.shrink(10);
            let more = memory.reserve(address(1), 40).now_or_never();
            assert!(more.unwrap().is_some());
        }
        assert_eq!(memory.used(), 0);
    }

    #[tokio::test]
    async fn answers_leave_half_to_requests_and_do_not_wait() {
        let memory = BufferMemory::new(100);
        let mut answers = [(); 3].map(|()| memory.for_answer());
        assert!(answers[0].grow(25) && answers[1].grow(25));
        assert!(!answers[2].grow(1));
        answers[0].shrink(22);
        let held = memory.reserve(address(4), 50).await.unwrap();
        // The first body waits for another body of its address, so responses may grow. The next
        // body waits for memory that others hold, so responses may not grow.
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
        assert_eq!(memory.answers.available_permits(), 50);
    }

    #[tokio::test]
    async fn nothing_is_lost_when_nobody_waits_for_it_any_more() {
        let memory = BufferMemory::new(100);
        let held = memory.reserve(address(1), 100).await;
        let mut granted = Box::pin(memory.reserve(address(2), 40));
        assert!(granted.as_mut().now_or_never().is_none());
        drop(held);
        drop(granted);
        assert_eq!(memory.used(), 0);
        assert!(lock(&memory.addresses).is_empty());
    }
}
