//! Listening sockets that outlive the process that serves on them.

use std::io;
use std::os::fd::OwnedFd;

use super::bind::{Socket, datagrams, open};
use super::shared_udp::SharedUdp;
use super::{Inherited, ListenAddress, ListenError, ListenSettings};

/// Sockets of a program that starts the serving process, and passes them to [`Inherited::new`]
/// there. The serving process can then be replaced without rejecting connections.
///
/// The old and the new process both have all sockets for a while. Either may accept a connection
/// and serves it. But a UDP socket has a single reader, which the new process becomes a few seconds
/// after the old one was asked to stop.
#[derive(Debug, Default)]
pub struct Kept {
    /// Never closed, since the process that passed them in has them too.
    handed_in: Inherited,
    /// Opened here, and closed when no settings name them. UDP sockets stay while their address has
    /// TLS: after HTTP/3 was disabled, the serving process may still finish requests on them.
    opened: Inherited,
}

impl Kept {
    /// Keeps inherited sockets.
    pub fn new(handed_in: Inherited) -> Self {
        Self {
            handed_in,
            ..Self::default()
        }
    }

    /// Continues in another program with the sockets of a previous one: those that it inherited,
    /// and those that it had [opened](Kept::opened).
    pub fn resume(handed_in: Inherited, opened: Inherited) -> Self {
        let mut kept = Self::new(handed_in);
        kept.opened.extend(opened);
        kept
    }

    /// Opens the sockets in the settings that are not open yet, one for each worker and address;
    /// all or none.
    ///
    /// It is no error if a UDP port is in use, since the serving process waits for it.
    pub fn open(&mut self, listen: &ListenSettings, workers: usize) -> Result<(), ListenError> {
        let mut fresh = Vec::new();
        for (_, address) in listen.all() {
            let known = self.find(address).map_err(|error| ListenError {
                address: address.to_string(),
                fault: error.into(),
            })?;
            if known.is_empty() {
                fresh.extend(distinct(open(address, workers)?.sockets, address));
            }
        }
        for socket in fresh {
            self.opened.keep(socket);
        }
        for address in listen.datagrams() {
            if let Err(error) = self.open_for_datagrams(address) {
                tracing::warn!(
                    %address, %error,
                    "the UDP port for HTTP/3 cannot be opened: whoever has it must let it go"
                );
            }
        }
        Ok(())
    }

    /// Opens the UDP socket of an address whose TCP socket is open.
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

    /// Closes the sockets that were opened here and that the settings do not name.
    pub fn close_others(&mut self, listen: &ListenSettings) {
        self.opened.settle(listen);
    }

    /// Duplicates of all descriptors, to be passed to the serving process, which may already have
    /// some of them.
    pub fn share(&self) -> io::Result<Vec<OwnedFd>> {
        let mut all = self.handed_in()?;
        all.extend(self.opened()?);
        Ok(all)
    }

    /// Duplicates of the inherited descriptors.
    pub fn handed_in(&self) -> io::Result<Vec<OwnedFd>> {
        self.handed_in.share()
    }

    /// Duplicates of the descriptors that were opened here.
    pub fn opened(&self) -> io::Result<Vec<OwnedFd>> {
        self.opened.share()
    }
}

/// For a Unix socket, all workers share one socket, so only one duplicate is kept.
fn distinct(mut sockets: Vec<Socket>, address: &ListenAddress) -> Vec<Socket> {
    if matches!(address, ListenAddress::Unix(_)) {
        sockets.truncate(1);
    }
    sockets
}
