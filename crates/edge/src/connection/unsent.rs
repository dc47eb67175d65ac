//! Limits the memory that hyper holds for HTTP/2 responses until clients read them.
//!
//! Each stream may always hold one slice, so no stream waits for another stream's client. Further
//! memory is limited for each connection and counts towards the memory for all buffered bodies.

use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};

use bytes::Bytes;

use crate::lock::lock;
use crate::proxy::Reservation;

/// The maximum number of bytes that are passed to hyper at once.
pub(super) const SLICE: usize = 64 * 1_024;
/// The maximum number of bytes that a connection holds in addition to one slice per stream.
const MOST: usize = 1_024 * 1_024;

#[derive(Debug)]
pub(super) struct UnsentBytes(Mutex<Reservation>);

#[derive(Debug)]
pub(super) struct UnsentSlices {
    connection: Arc<UnsentBytes>,
    state: Mutex<UnsentState>,
}

#[derive(Debug, Default)]
struct UnsentState {
    slices: usize,
    /// Wakes the body when all slices of the stream have been sent.
    waiting: Option<Waker>,
}

#[derive(Debug)]
pub(super) struct Permit {
    stream: Arc<UnsentSlices>,
    /// The number of bytes that count towards the connection's limit; 0 for a stream's first slice.
    bytes: usize,
}

/// A slice that hyper holds until it has been sent.
struct Slice {
    bytes: Bytes,
    _permit: Permit,
}

impl UnsentBytes {
    /// Creates the limit for a connection whose unsent bytes are reserved in `room`.
    pub(super) fn new(room: Reservation) -> Arc<Self> {
        Arc::new(Self(Mutex::new(room)))
    }

    fn take(&self, size: usize) -> bool {
        let mut room = lock(&self.0);
        room.size() + size <= MOST && room.grow(size)
    }

    fn give_back(&self, size: usize) {
        let mut room = lock(&self.0);
        let rest = room.size().saturating_sub(size);
        room.shrink(rest);
    }
}

impl UnsentSlices {
    pub(super) fn of(connection: &Arc<UnsentBytes>) -> Arc<Self> {
        Arc::new(Self {
            connection: Arc::clone(connection),
            state: Mutex::default(),
        })
    }

    /// Reserves memory for a slice. If too much memory is in use, returns `None`, and the task of
    /// `context` is woken when all slices of the stream have been sent.
    pub(super) fn permit(self: &Arc<Self>, context: &Context<'_>) -> Option<Permit> {
        let mut state = lock(&self.state);
        let bytes = if state.slices == 0 {
            0
        } else if self.connection.take(SLICE) {
            SLICE
        } else {
            state.waiting = Some(context.waker().clone());
            return None;
        };
        state.slices += 1;
        Some(Permit {
            stream: Arc::clone(self),
            bytes,
        })
    }
}

impl Permit {
    /// Wraps the bytes. They hold this permit until they are dropped.
    pub(super) fn until_sent(mut self, bytes: Bytes) -> Bytes {
        let unused = self.bytes.saturating_sub(bytes.len());
        if unused > 0 {
            self.stream.connection.give_back(unused);
            self.bytes -= unused;
        }
        Bytes::from_owner(Slice {
            bytes,
            _permit: self,
        })
    }
}

impl AsRef<[u8]> for Slice {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.stream.connection.give_back(self.bytes);
        }
        let mut state = lock(&self.stream.state);
        state.slices -= 1;
        if state.slices == 0
            && let Some(waiting) = state.waiting.take()
        {
            drop(state);
            waiting.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proxy::BufferMemory;

    fn slice(stream: &Arc<UnsentSlices>, length: usize) -> Option<Bytes> {
        let permit = stream.permit(&Context::from_waker(Waker::noop()))?;
        Some(permit.until_sent(vec![0; length].into()))
    }

    #[test]
    fn a_connection_holds_so_much_and_a_slice_of_each_stream() {
        let memory = BufferMemory::new(32 << 20);
        let connection = UnsentBytes::new(memory.for_answer());
        let streams: Vec<_> = (0..128).map(|_| UnsentSlices::of(&connection)).collect();
        let mut held = Vec::new();
        for stream in &streams {
            held.extend(std::iter::from_fn(|| slice(stream, SLICE)));
        }
        let bytes: usize = held.iter().map(Bytes::len).sum();
        assert_eq!(bytes, streams.len() * SLICE + MOST);
        assert_eq!(memory.used(), MOST);
        held.clear();
        assert_eq!(memory.used(), 0);
        assert!(slice(&streams[0], SLICE).is_some());
    }

    #[test]
    fn small_slices_take_no_more_than_they_are() {
        let memory = BufferMemory::new(32 << 20);
        let connection = UnsentBytes::new(memory.for_answer());
        let stream = UnsentSlices::of(&connection);
        let held: Vec<_> = (0..3).filter_map(|_| slice(&stream, 100)).collect();
        assert_eq!((held.len(), memory.used()), (3, 200));
    }

    #[test]
    fn where_memory_is_short_each_stream_has_one_slice() {
        let memory = BufferMemory::new(2 * SLICE);
        let connection = UnsentBytes::new(memory.for_answer());
        let streams = [UnsentSlices::of(&connection), UnsentSlices::of(&connection)];
        let first = slice(&streams[0], SLICE);
        let more = slice(&streams[0], SLICE);
        assert!(first.is_some() && more.is_some());
        let other = slice(&streams[1], SLICE);
        assert!(other.is_some());
        assert!(slice(&streams[0], SLICE).is_none());
        assert!(slice(&streams[1], SLICE).is_none());
        // After a stream's own slice was sent, the stream may send another one, even if other
        // streams hold much memory.
        drop(other);
        assert!(slice(&streams[1], SLICE).is_some());
    }
}
