//! A reusable buffer for data that can usually be sent at once.

use std::sync::{Mutex, PoisonError};

const MAX_KEPT_CAPACITY: usize = 16 << 10;

/// A buffer that one writer takes and puts back. Only a writer whose client is slow keeps the
/// buffer for long, so the other writers rarely have to allocate a new one.
#[derive(Debug, Default)]
pub(crate) struct ScratchBuffer(Mutex<Vec<u8>>);

impl ScratchBuffer {
    /// Returns the kept buffer, or a new one if another writer has taken it.
    pub(crate) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn put(&self, mut buffer: Vec<u8>) {
        buffer.clear();
        buffer.shrink_to(MAX_KEPT_CAPACITY);
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
        scratch.put(vec![1; 2 * MAX_KEPT_CAPACITY]);
        assert!(scratch.take().capacity() <= MAX_KEPT_CAPACITY);
    }
}
