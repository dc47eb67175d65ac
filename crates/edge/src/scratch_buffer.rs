//! A buffer for what is written and leaves at once.

use std::sync::{Mutex, PoisonError};

/// What is larger was needed once.
const LARGEST: usize = 16 << 10;

/// A buffer that whoever writes takes and puts back: what is written for a client that reads
/// leaves before the next one needs it, so that most find it here. Only who waits keeps one.
#[derive(Debug, Default)]
pub(crate) struct ScratchBuffer(Mutex<Vec<u8>>);

impl ScratchBuffer {
    /// An empty one, with room if nobody else has it.
    pub(crate) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Gives it back.
    pub(crate) fn put(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        buffer.shrink_to(LARGEST);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = buffer;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_stays_and_what_was_written_does_not() {
        let scratch = ScratchBuffer::default();
        let mut first = scratch.take();
        first.extend_from_slice(&[1; 100]);
        let second = scratch.take();
        assert_eq!(second.capacity(), 0, "somebody else has it");
        scratch.put(first);
        let again = scratch.take();
        assert!(again.is_empty() && again.capacity() >= 100);
    }

    #[test]
    fn what_was_needed_once_is_not_kept() {
        let scratch = ScratchBuffer::default();
        scratch.put(vec![1; 2 * LARGEST]);
        assert!(scratch.take().capacity() <= LARGEST);
    }
}
