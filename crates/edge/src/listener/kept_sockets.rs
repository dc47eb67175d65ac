//! Listening sockets that outlive the processes that serve them.

use std::io;
use std::os::fd::OwnedFd;

use super::bind::{Socket, datagrams, open};
use super::shared_udp::SharedUdp;
use super::{Inherited, ListenAddress, ListenError, ListenSettings};

/// The listening sockets of the parent process. The parent process starts the process that serves
/// requests, and passes the sockets to [`Inherited::new`] in that process. So the serving process
/// can be replaced without rejecting connections.
///
/// During the replacement, the old and the new process both accept connections, and each process
/// serves the connections that it has accepted. A UDP socket has a single reader: the new process
/// becomes the reader a few seconds after the old one was asked to stop.
#[derive(Debug, Default)]
pub struct KeptSockets {
    /// Sockets that the parent process inherited. They are never closed, because the process that
    /// passed them has them open too.
    handed_in: Inherited,
    /// Sockets that the parent process opened. They are closed when no settings name them. A UDP
    /// socket stays open while the settings name its address for https, even without HTTP/3,
    /// because the serving process may still finish HTTP/3 requests.
    opened: Inherited,
}

impl KeptSockets {
    pub fn new(handed_in: Inherited) -> Self {
        Self {
            handed_in,
            ..Self::default()
        }
    }

    /// Continues with the sockets that the previous program inherited and the sockets that it
    /// [opened](KeptSockets::opened).
    pub fn resume(handed_in: Inherited, opened: Inherited) -> Self {
        let mut kept = Self::new(handed_in);
        kept.opened.extend(opened);
        kept
    }

    /// Opens all missing sockets of the settings, one for each worker and address. If one cannot be
    /// opened, opens none.
    ///
    /// A UDP port that is in use causes no error, because the serving process waits for the port.
    pub fn open(&mut self, listen: &ListenSettings, workers: usize) -> Result<(), ListenError> {
        let mut fresh = Vec::new();
        for (_, address) in listen.all() {
            let known = self.find(address).map_err(|error| ListenError {
                address: address.to_string(),
                fault: error.into(),
            })?;
            if known.is_empty() {
                fresh.extend(one_if_unix(open(address, workers)?.sockets, address));
            }
        }
        for socket in fresh {
            self.opened.add(socket);
        }
        for address in listen.datagrams() {
            if let Err(error) = self.open_for_datagrams(address) {
                tracing::warn!(
                    %address, %error,
                    "cannot open the UDP port for HTTP/3; stop the program that uses it, or set listen.http3 = false"
                );
            }
        }
        Ok(())
    }

    /// The TCP socket for this address is already open.
    fn open_for_datagrams(&mut self, address: &ListenAddress) -> io::Result<()> {
        for all in [&self.handed_in, &self.opened] {
            if all.find_datagrams(address)?.is_some() {
                return Ok(());
            }
        }
        let streams = self.find(address)?;
        if let Some(bound) = streams.first().and_then(Socket::address) {
            let udp = SharedUdp::new(datagrams(bound)?)?;
            self.opened.keep_datagrams(udp);
        }
        Ok(())
    }

    fn find(&self, address: &ListenAddress) -> io::Result<Vec<Socket>> {
        let mut found = self.handed_in.find(address)?;
        found.extend(self.opened.find(address)?);
        Ok(found)
    }

    /// Closes sockets that the parent process opened and that the settings do not name.
    pub fn close_others(&mut self, listen: &ListenSettings) {
        self.opened.settle(listen);
    }

    /// Duplicates all sockets for the serving process.
    pub fn share(&self) -> io::Result<Vec<OwnedFd>> {
        let mut all = self.handed_in()?;
        all.extend(self.opened()?);
        Ok(all)
    }

    pub fn handed_in(&self) -> io::Result<Vec<OwnedFd>> {
        self.handed_in.share()
    }

    pub fn opened(&self) -> io::Result<Vec<OwnedFd>> {
        self.opened.share()
    }
}

fn one_if_unix(mut sockets: Vec<Socket>, address: &ListenAddress) -> Vec<Socket> {
    if matches!(address, ListenAddress::Unix(_)) {
        sockets.truncate(1);
    }
    sockets
}
