//! Small files, kept in memory, that the kernel can send.
//!
//! On a connection without TLS, most of the cost of a large response is copying its bytes into
//! the kernel. When such bytes are sent for the second time, they are copied once into a sealed
//! anonymous file, and `sendfile` sends them from there from then on. The original file would
//! not do: somebody could write into it, and the new content would go out under the old tag.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::{Buf as _, Bytes};
use rustix::fs::{MemfdFlags, SealFlags};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Stretch;

/// Below this size, copying costs less than `sendfile`.
const SMALLEST: usize = 32 << 10;
/// How much memory the sealed files of a worker may take, beside the bytes themselves.
const BUDGET: usize = 16 << 20;
/// The budget is counted in pages.
const PAGE: usize = 4 << 10;

/// The memory that is left for sealed files.
#[derive(Debug, Clone)]
pub(crate) struct SealedBudget(Arc<Semaphore>);

impl Default for SealedBudget {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(BUDGET / PAGE)))
    }
}

#[cfg(test)]
impl SealedBudget {
    /// How many bytes are taken.
    pub(crate) fn used(&self) -> usize {
        BUDGET - self.0.available_permits() * PAGE
    }
}

/// The bytes of a file that is kept in memory.
#[derive(Debug, Clone)]
pub struct CachedBytes {
    pub(crate) bytes: Bytes,
    /// None for what is too small.
    sealed: Option<Arc<SealedCopy>>,
}

/// The same bytes in a sealed file, which is made when they are sent for the second time.
#[derive(Debug)]
struct SealedCopy {
    was_sent: AtomicBool,
    budget: SealedBudget,
    file: OnceLock<SealedFile>,
}

#[derive(Debug)]
struct SealedFile {
    file: File,
    length: usize,
    _budget: OwnedSemaphorePermit,
}

impl CachedBytes {
    pub(crate) fn new(bytes: Bytes, budget: &SealedBudget) -> Self {
        let sealed = (bytes.len() >= SMALLEST).then(|| {
            Arc::new(SealedCopy {
                was_sent: AtomicBool::new(false),
                budget: budget.clone(),
                file: OnceLock::new(),
            })
        });
        Self { bytes, sealed }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether the kernel can send all of them. Ask once for each response: the second time makes
    /// the sealed file.
    pub(crate) fn is_in_file(&self) -> bool {
        let sealed = self.sealed.as_ref();
        sealed.is_some_and(|sealed| sealed.file(&self.bytes).is_some())
    }

    /// What is left to send, if the kernel can send it.
    pub(crate) fn stretch(&self) -> Option<Stretch<'_>> {
        let sealed = self.sealed.as_ref()?.file.get()?;
        let length = self.bytes.len();
        Some(Stretch {
            file: sealed.file.as_fd(),
            place: (sealed.length - length) as u64,
            length,
            turn: None,
        })
    }

    /// So many bytes were sent.
    pub(crate) fn advance(&mut self, sent: usize) {
        self.bytes.advance(sent);
    }

    /// All bytes, once.
    pub(crate) fn next(&mut self) -> Option<Bytes> {
        let bytes = std::mem::take(&mut self.bytes);
        (!bytes.is_empty()).then_some(bytes)
    }
}

impl SealedCopy {
    /// The file with `bytes`. None: this is the first response with them, the budget is used up,
    /// or the system refuses.
    fn file(&self, bytes: &[u8]) -> Option<&SealedFile> {
        if !self.was_sent.swap(true, Ordering::Relaxed) {
            return None;
        }
        self.file.get().or_else(|| {
            // Nobody else makes it at the same time: each worker has its own cached bytes.
            let file = SealedFile::new(bytes, &self.budget)?;
            Some(self.file.get_or_init(|| file))
        })
    }
}

impl SealedFile {
    fn new(bytes: &[u8], budget: &SealedBudget) -> Option<Self> {
        let pages = u32::try_from(bytes.len().div_ceil(PAGE)).ok()?;
        let semaphore = Arc::clone(&budget.0);
        let budget = semaphore.try_acquire_many_owned(pages).ok()?;
        match sealed(bytes) {
            Ok(file) => Some(Self {
                file,
                length: bytes.len(),
                _budget: budget,
            }),
            Err(error) => {
                tracing::debug!(%error, "a file has no sealed copy: it is copied for each response");
                None
            }
        }
    }
}

/// An anonymous file that nobody can change.
fn sealed(bytes: &[u8]) -> io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut file = File::from(rustix::fs::memfd_create(c"static-file", flags)?);
    file.write_all(bytes)?;
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    rustix::fs::fcntl_add_seals(&file, seals)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt as _;

    use super::*;

    fn cached(length: usize, budget: &SealedBudget) -> CachedBytes {
        CachedBytes::new(vec![7; length].into(), budget)
    }

    fn file(cached: &CachedBytes) -> Option<&File> {
        let sealed = cached.sealed.as_ref()?.file(&cached.bytes)?;
        Some(&sealed.file)
    }

    #[test]
    fn bytes_are_sealed_at_the_second_response() {
        let cached = cached(SMALLEST, &SealedBudget::default());
        assert!(file(&cached).is_none());
        let sealed = file(&cached).unwrap();
        let mut read = vec![0; SMALLEST];
        sealed.read_exact_at(&mut read, 0).unwrap();
        assert_eq!(read, cached.bytes);
        assert_eq!(sealed.metadata().unwrap().len(), SMALLEST as u64);
        assert!(sealed.write_at(b"other", 0).is_err());
        assert!(sealed.set_len(1).is_err());
    }

    #[test]
    fn sealed_files_have_a_budget_and_give_it_back() {
        let budget = SealedBudget::default();
        let mut all: Vec<CachedBytes> = (0..17).map(|_| cached(1 << 20, &budget)).collect();
        let sealed = |all: &[CachedBytes]| {
            for cached in all {
                let _ = file(cached);
            }
            all.iter().filter(|cached| file(cached).is_some()).count()
        };
        assert_eq!(sealed(&all), 16);
        drop(all.drain(..15));
        assert_eq!(sealed(&all), 2);
    }

    #[test]
    fn small_files_are_not_sealed() {
        let cached = cached(SMALLEST - 1, &SealedBudget::default());
        assert!(cached.sealed.is_none());
    }
}
