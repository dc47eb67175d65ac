//! A UDP socket that several processes share. Only one of them reads it at a time.

use std::ffi::CStr;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::net::UdpSocket;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;

use crate::crypto;

/// How often a new reader checks whether the previous reader has stopped.
const INTERVAL: Duration = Duration::from_millis(100);

/// The tokens of stateless resets are derived from this key (RFC 9000, section 10.3).
pub(crate) type ResetKey = [u8; 64];

/// A UDP socket with its lock file, an in-memory file that is always passed on with the socket.
///
/// The reader of the socket locks the file. The kernel unlocks it when the reader's process ends.
/// The file contains the key for stateless resets, so the next process can reset the connections of
/// a process that has crashed.
#[derive(Debug)]
pub(crate) struct SharedUdp {
    pub(crate) socket: UdpSocket,
    file: File,
}

/// The exclusive right to read the socket, which ends when this value is dropped.
#[derive(Debug)]
pub(crate) struct ReadLock {
    pub(crate) reset_key: ResetKey,
    _file: File,
}

/// Some systems require `NOEXEC_SEAL` (`vm.memfd_noexec`), which Linux before 6.3 does not know.
fn file_in_memory() -> io::Result<OwnedFd> {
    const NAME: &CStr = c"udp lock";
    let file = memfd_create(NAME, MemfdFlags::CLOEXEC | MemfdFlags::NOEXEC_SEAL);
    let file = file.or_else(|error| match error {
        Errno::INVAL => memfd_create(NAME, MemfdFlags::CLOEXEC),
        error => Err(error),
    });
    Ok(file?)
}

impl SharedUdp {
    /// Creates the lock file for a UDP socket that no other process reads.
    pub(crate) fn new(socket: UdpSocket) -> io::Result<Self> {
        let key: ResetKey = crypto::random()?;
        let mut file = File::from(file_in_memory()?);
        file.write_all(&key)?;
        Ok(Self { socket, file })
    }

    /// Replaces the lock file by `file`, which was inherited with the socket.
    pub(super) fn with_file(self, file: File) -> Self {
        Self { file, ..self }
    }

    pub(super) fn share(&self) -> io::Result<Self> {
        Ok(Self {
            socket: self.socket.try_clone()?,
            file: self.file.try_clone()?,
        })
    }

    /// Returns the socket, followed by the lock file.
    pub(super) fn into_descriptors(self) -> [OwnedFd; 2] {
        [self.socket.into(), self.file.into()]
    }

    /// Waits until no other reader, in any process, reads the socket.
    pub(crate) async fn lock(&self) -> io::Result<ReadLock> {
        // A lock belongs to an open file description, which duplicates of a descriptor share
        // (flock(2)). Therefore, the file is opened again.
        let mut file = File::open(format!("/proc/self/fd/{}", self.file.as_raw_fd()))?;
        while let Err(error) = file.try_lock() {
            match error {
                TryLockError::WouldBlock => tokio::time::sleep(INTERVAL).await,
                TryLockError::Error(error) => return Err(error),
            }
        }
        let mut reset_key: ResetKey = [0; 64];
        file.read_exact(&mut reset_key)?;
        Ok(ReadLock {
            reset_key,
            _file: file,
        })
    }
}
