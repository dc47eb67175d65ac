//! Those who have read a UDP socket before, and finish what they have: the later reader hands
//! them what comes for them. Nothing waits for anybody: what finds no room is lost, as
//! datagrams are, and whoever has gone is left out.

use std::io::IoSlice;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::Errno;

use super::ends::send;
use super::names::Surname;

/// Somebody who read the socket before, and finishes what it has.
#[derive(Debug)]
pub(super) struct Elder {
    pub(super) surname: Surname,
    line: UnixDatagram,
    has_gone: AtomicBool,
}

impl Elder {
    /// The one that reads the other end of this line.
    pub(super) fn new(surname: Surname, line: UnixDatagram) -> Self {
        Self {
            surname,
            line,
            has_gone: AtomicBool::new(false),
        }
    }

    /// Whether it has connections yet.
    pub(super) fn is_there(&self) -> bool {
        // Nothing is handed to it, which it does not mind.
        self.hand(&[]);
        !self.has_gone.load(Ordering::Relaxed)
    }

    /// Where it hears what is handed to it.
    pub(super) fn line(&self) -> BorrowedFd<'_> {
        self.line.as_fd()
    }

    /// Hands it something, if it is there and has room.
    pub(super) fn hand(&self, pieces: &[IoSlice<'_>]) {
        if self.has_gone.load(Ordering::Relaxed) {
            return;
        }
        match send(&self.line, pieces, &[]) {
            Ok(()) | Err(Errno::AGAIN | Errno::NOBUFS | Errno::MSGSIZE | Errno::INTR) => {}
            Err(_) => self.has_gone.store(true, Ordering::Relaxed),
        }
    }
}
