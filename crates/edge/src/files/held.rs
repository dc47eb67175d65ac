//! Bytes in memory that are answered again and again.
//!
//! Over a bare socket most of what a large answer costs is copying its bytes into the
//! kernel. What is asked for so a second time is therefore copied once into a sealed file
//! without a name, from whose pages the kernel sends it from then on. A copy, not the
//! file itself: what somebody writes into that must not be sent under its old tag.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::{Buf as _, Bytes};
use rustix::fs::{MemfdFlags, SealFlags};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::body::Stretch;

/// Less is copied faster than the kernel is told where to find it.
const LEAST: usize = 32 << 10;
/// What all copies of a worker take together, beside the bytes themselves.
const ROOM: usize = 16 << 20;
/// What room is counted in.
const UNIT: usize = 4 << 10;

/// Room for copies.
#[derive(Debug, Clone)]
pub(super) struct Room(Arc<Semaphore>);

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ROOM / UNIT)))
    }
}

/// Bytes that are kept.
#[derive(Debug, Clone)]
pub struct Held {
    pub(super) bytes: Bytes,
    /// None of what is too small.
    pages: Option<Arc<Pages>>,
}

/// The same bytes once more, in pages that the kernel can send.
#[derive(Debug)]
struct Pages {
    is_asked: AtomicBool,
    room: Room,
    made: OnceLock<Made>,
}

#[derive(Debug)]
struct Made {
    file: File,
    length: usize,
    _room: OwnedSemaphorePermit,
}

impl Held {
    pub(super) fn new(bytes: Bytes, room: &Room) -> Self {
        let pages = (bytes.len() >= LEAST).then(|| {
            Arc::new(Pages {
                is_asked: AtomicBool::new(false),
                room: room.clone(),
                made: OnceLock::new(),
            })
        });
        Self { bytes, pages }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether the kernel can send all of it by itself, from now on.
    pub(crate) fn is_in_file(&self) -> bool {
        let pages = self.pages.as_ref();
        pages.is_some_and(|pages| pages.of(&self.bytes).is_some())
    }

    /// What is left, if the kernel can send it by itself.
    pub(crate) fn stretch(&self) -> Option<Stretch<'_>> {
        let made = self.pages.as_ref()?.made.get()?;
        let length = self.bytes.len();
        Some(Stretch {
            file: made.file.as_fd(),
            place: (made.length - length) as u64,
            length,
            turn: None,
        })
    }

    /// So many bytes have left.
    pub(crate) fn advance(&mut self, sent: usize) {
        self.bytes.advance(sent);
    }

    /// All bytes, once.
    pub(crate) fn next(&mut self) -> Option<Bytes> {
        let bytes = std::mem::take(&mut self.bytes);
        (!bytes.is_empty()).then_some(bytes)
    }
}

impl Pages {
    /// Where the kernel finds `bytes`, those that this is a copy of. Nothing: they are
    /// asked for only once so far, there is no room, or the system refuses.
    fn of(&self, bytes: &[u8]) -> Option<BorrowedFd<'_>> {
        if !self.is_asked.swap(true, Ordering::Relaxed) {
            return None;
        }
        let made = self.made.get().or_else(|| {
            // Nobody else makes it meanwhile: each worker has files of its own.
            let made = self.make(bytes)?;
            Some(self.made.get_or_init(|| made))
        });
        made.map(|made| made.file.as_fd())
    }

    fn make(&self, bytes: &[u8]) -> Option<Made> {
        let units = u32::try_from(bytes.len().div_ceil(UNIT)).ok()?;
        let room = Arc::clone(&self.room.0)
            .try_acquire_many_owned(units)
            .ok()?;
        match sealed(bytes) {
            Ok(file) => Some(Made {
                file,
                length: bytes.len(),
                _room: room,
            }),
            Err(error) => {
                tracing::debug!(%error, "no pages to send a file from: it is copied each time");
                None
            }
        }
    }
}

/// A file without a name that nobody can change any more.
fn sealed(bytes: &[u8]) -> io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut file = File::from(rustix::fs::memfd_create(c"held", flags)?);
    file.write_all(bytes)?;
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    rustix::fs::fcntl_add_seals(&file, seals)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt as _;

    use super::*;

    fn held(length: usize, room: &Room) -> Held {
        Held::new(vec![7; length].into(), room)
    }

    fn file(held: &Held) -> Option<File> {
        let copy = held.pages.as_ref()?.of(&held.bytes)?;
        Some(File::from(copy.try_clone_to_owned().unwrap()))
    }

    #[test]
    fn what_is_asked_for_twice_is_copied_once_and_for_good() {
        let held = held(LEAST, &Room::default());
        assert!(file(&held).is_none());
        let copy = file(&held).unwrap();
        let mut read = vec![0; LEAST];
        copy.read_exact_at(&mut read, 0).unwrap();
        assert_eq!(read, held.bytes);
        assert_eq!(copy.metadata().unwrap().len(), LEAST as u64);
        assert!(copy.write_at(b"other", 0).is_err());
        assert!(copy.set_len(1).is_err());
    }

    #[test]
    fn there_is_room_for_so_many_and_it_comes_back() {
        let room = Room::default();
        let mut all: Vec<Held> = (0..17).map(|_| held(1 << 20, &room)).collect();
        let copied = |all: &[Held]| {
            for held in all {
                drop(file(held));
            }
            all.iter().filter(|held| file(held).is_some()).count()
        };
        assert_eq!(copied(&all), 16);
        drop(all.drain(..15));
        assert_eq!(copied(&all), 2);
    }

    #[test]
    fn what_is_small_gets_no_copy() {
        assert!(held(LEAST - 1, &Room::default()).pages.is_none());
    }
}
