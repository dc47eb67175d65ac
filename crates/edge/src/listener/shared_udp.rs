//! A UDP socket that several processes share. Only one of them reads the socket at a time.

use std::ffi::CStr;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::net::UdpSocket;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;

use crate::crypto;

/// The interval at which a process checks whether the previous reader of the socket has stopped.
const INTERVAL: Duration = Duration::from_millis(100);

/// The key from which the tokens of stateless resets are derived (RFC 9000, section 10.3).
pub(crate) type ResetKey = [u8; 64];

/// A UDP socket with its lock file, an in-memory file that is always passed on with the socket. The
/// process that reads the socket locks the file, and the kernel unlocks the file when that process
/// ends. The file contains the key for stateless resets, so that a process can reset the
/// connections of a process that crashed.
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

/// Creates a lock file in memory. Some systems require such files to be non-executable
/// (`vm.memfd_noexec`), but Linux before 6.3 has no flag for that.
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
    /// Makes a value from a UDP socket that no other process reads, with a new lock file.
    pub(crate) fn new(socket: UdpSocket) -> io::Result<Self> {
        let key: ResetKey = crypto::random()?;
        let mut file = File::from(file_in_memory()?);
        file.write_all(&key)?;
        Ok(Self { socket, file })
    }

    /// Returns the socket with the lock file that was inherited together with it.
    pub(super) fn with_file(self, file: File) -> Self {
        Self { file, ..self }
    }

    /// Duplicates the socket and the lock file.
    pub(super) fn share(&self) -> io::Result<Self> {
        Ok(Self {
            socket: self.socket.try_clone()?,
            file: self.file.try_clone()?,
        })
    }

    /// Returns the descriptors to pass on: the socket, then the lock file.
    pub(super) fn into_descriptors(self) -> [OwnedFd; 2] {
        [self.socket.into(), self.file.into()]
    }

    /// Waits until no other reader, in this process or another, reads the socket. Afterwards, the
    /// caller may read it.
    pub(crate) async fn lock(&self) -> io::Result<ReadLock> {
        // A lock belongs to an open file description (flock(2)), which duplicates of a descriptor
        // share. Therefore, the file is opened again.
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
