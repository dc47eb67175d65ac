//! A UDP socket that several processes have, and only one of them reads.

use std::ffi::CStr;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::net::UdpSocket;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::Errno;

use crate::crypto;

/// How often a process asks whether the one before it has stopped reading.
const INTERVAL: Duration = Duration::from_millis(100);

/// The key of stateless resets (RFC 9000, section 10.3).
pub(crate) type ResetKey = [u8; 64];

/// A UDP socket with a file in memory, which goes wherever the socket goes. The process that
/// reads the socket locks the file, and the system unlocks it when that process ends. The file
/// has the key of stateless resets in it: a process can reset connections of one that died.
#[derive(Debug)]
pub(crate) struct SharedUdp {
    pub(crate) socket: UdpSocket,
    file: File,
}

/// Nobody else reads the socket until this is dropped.
#[derive(Debug)]
pub(crate) struct ReadLock {
    pub(crate) reset_key: ResetKey,
    _file: File,
}

/// Some systems allow only files that can never be run (`vm.memfd_noexec`), which Linux
/// before 6.3 does not know.
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
    /// A socket that nobody else reads, with a new file.
    pub(crate) fn new(socket: UdpSocket) -> io::Result<Self> {
        let key: ResetKey = crypto::random()?;
        let mut file = File::from(file_in_memory()?);
        file.write_all(&key)?;
        Ok(Self { socket, file })
    }

    /// The same socket, with the file that came with it.
    pub(super) fn with_file(self, file: File) -> Self {
        Self { file, ..self }
    }

    /// Both once more.
    pub(super) fn share(&self) -> io::Result<Self> {
        Ok(Self {
            socket: self.socket.try_clone()?,
            file: self.file.try_clone()?,
        })
    }

    /// To be handed on: the socket first.
    pub(super) fn into_descriptors(self) -> [OwnedFd; 2] {
        [self.socket.into(), self.file.into()]
    }

    /// Waits until nobody else reads the socket, here or in another process.
    pub(crate) async fn lock(&self) -> io::Result<ReadLock> {
        // A lock belongs to an open file description (flock(2)), which copies of a descriptor share.
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
