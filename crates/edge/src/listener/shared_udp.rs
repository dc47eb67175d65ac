//! A UDP socket that several processes share, of which only one reads at a time.

use std::ffi::CStr;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::net::UdpSocket;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;

use crate::crypto;

/// How often a process checks whether the previous one has stopped reading.
const INTERVAL: Duration = Duration::from_millis(100);

/// The key of stateless resets (RFC 9000, section 10.3).
pub(crate) type ResetKey = [u8; 64];

/// A UDP socket with an in-memory file, which is always passed on with it. The process that reads
/// the socket locks the file, and the system unlocks it when that process ends. The file contains
/// the key of stateless resets, so that a process can reset the connections of one that crashed.
#[derive(Debug)]
pub(crate) struct SharedUdp {
    pub(crate) socket: UdpSocket,
    file: File,
}

/// Exclusive reading of the socket until this is dropped.
#[derive(Debug)]
pub(crate) struct ReadLock {
    pub(crate) reset_key: ResetKey,
    _file: File,
}

/// Creates the file. Some systems require it to be non-executable (`vm.memfd_noexec`), for which
/// Linux before 6.3 has no flag.
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
    /// A socket that no other process reads, with a new file.
    pub(crate) fn new(socket: UdpSocket) -> io::Result<Self> {
        let key: ResetKey = crypto::random()?;
        let mut file = File::from(file_in_memory()?);
        file.write_all(&key)?;
        Ok(Self { socket, file })
    }

    /// The same socket, with the file that was received with it.
    pub(super) fn with_file(self, file: File) -> Self {
        Self { file, ..self }
    }

    /// Duplicates of both descriptors.
    pub(super) fn share(&self) -> io::Result<Self> {
        Ok(Self {
            socket: self.socket.try_clone()?,
            file: self.file.try_clone()?,
        })
    }

    /// The descriptors to pass on, the socket first.
    pub(super) fn into_descriptors(self) -> [OwnedFd; 2] {
        [self.socket.into(), self.file.into()]
    }

    /// Waits until no one else, in this process or another, reads the socket.
    pub(crate) async fn lock(&self) -> io::Result<ReadLock> {
        // A lock belongs to an open file description (flock(2)), which duplicates of a descriptor
        // share, so open the file anew.
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
