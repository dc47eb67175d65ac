//! A UDP socket that was handed in, and what its readers need to follow one another.

use std::io;
use std::net::UdpSocket;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::sync::{Arc, OnceLock};

use tokio::sync::{Mutex, OwnedMutexGuard};

/// A UDP socket that was handed in. In this process one at a time reads it.
#[derive(Debug)]
pub(crate) struct HandedIn {
    pub(super) socket: UdpSocket,
    succession: OnceLock<Succession>,
    reader: Arc<Mutex<()>>,
}

/// Two ends of one line, which every process has that has the UDP socket: whoever wants
/// to read that next says so at one of them, and whoever reads it finds this at the other
/// when it stops; the other way goes what tells that somebody reads. What nobody has found
/// yet is kept by the system.
#[derive(Debug)]
pub(crate) struct Succession {
    pub(crate) ask: UnixDatagram,
    pub(crate) hear: UnixDatagram,
}

impl HandedIn {
    pub(super) fn new(socket: UdpSocket) -> Arc<Self> {
        Arc::new(Self {
            socket,
            succession: OnceLock::new(),
            reader: Arc::default(),
        })
    }

    /// Waits until nobody else here reads it. Whoever has this is the reader.
    pub(crate) async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.reader).lock_owned().await
    }

    /// The socket once more, for its reader.
    pub(crate) fn share(&self) -> io::Result<UdpSocket> {
        self.socket.try_clone()
    }

    /// The line between those who read it, if somebody keeps one.
    pub(crate) fn succession(&self) -> io::Result<Option<Succession>> {
        self.succession.get().map(Succession::share).transpose()
    }

    /// From now on its readers follow one another on this line, if there is none yet.
    pub(super) fn follow_on(&self, succession: Succession) {
        let _ = self.succession.set(succession);
    }

    /// And on a new one, where none came with it.
    pub(super) fn keep_succession(&self) -> io::Result<()> {
        if self.succession.get().is_none() {
            let (ask, hear) = UnixDatagram::pair()?;
            self.follow_on(Succession { ask, hear });
        }
        Ok(())
    }

    /// All that belongs to it once more, for whoever hands it on: the socket first.
    pub(super) fn share_all(&self) -> io::Result<Vec<OwnedFd>> {
        let mut all = vec![OwnedFd::from(self.share()?)];
        if let Some(Succession { ask, hear }) = self.succession()? {
            all.extend([OwnedFd::from(ask), OwnedFd::from(hear)]);
        }
        Ok(all)
    }
}

impl Succession {
    fn share(&self) -> io::Result<Self> {
        Ok(Self {
            ask: self.ask.try_clone()?,
            hear: self.hear.try_clone()?,
        })
    }
}
