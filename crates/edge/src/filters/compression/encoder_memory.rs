//! Limits the memory of all encoders that compress while a client reads. A client that reads
//! nothing keeps its encoder alive.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Encoding;

/// Beyond it, responses are sent uncompressed.
const MEMORY_BYTES: usize = 16 << 20;

/// The memory for encoders, shared by all workers.
#[derive(Debug, Clone, Default)]
pub(crate) struct EncoderMemory(Arc<AtomicUsize>);

/// The memory of one encoder. It is released when this value is dropped.
#[derive(Debug)]
pub(crate) struct EncoderPermit {
    memory: EncoderMemory,
    size: usize,
}

/// Approximate, in bytes: the encoder and the data that it holds.
fn size_of(encoding: Encoding) -> usize {
    match encoding {
        Encoding::Brotli => 1_536 << 10,
        Encoding::Gzip => 384 << 10,
    }
}

impl EncoderMemory {
    pub(crate) fn has_room(&self, encoding: Encoding) -> bool {
        self.0.load(Ordering::Relaxed) + size_of(encoding) <= MEMORY_BYTES
    }

    /// Returns `None` if there is no memory for another encoder.
    pub(crate) fn reserve(&self, encoding: Encoding) -> Option<EncoderPermit> {
        let size = size_of(encoding);
        let more = |used: usize| (used + size <= MEMORY_BYTES).then_some(used + size);
        let taken = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        taken.is_ok().then(|| self.permit(size))
    }

    /// Reserves memory after [`Self::has_room`] has returned `true`.
    pub(crate) fn claim(&self, encoding: Encoding) -> EncoderPermit {
        let size = size_of(encoding);
        self.0.fetch_add(size, Ordering::Relaxed);
        self.permit(size)
    }

    fn permit(&self, size: usize) -> EncoderPermit {
        EncoderPermit {
            memory: self.clone(),
            size,
        }
    }
}

impl Drop for EncoderPermit {
    fn drop(&mut self) {
        self.memory.0.fetch_sub(self.size, Ordering::Relaxed);
    }
}
