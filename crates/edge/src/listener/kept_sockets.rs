//! Listening sockets that outlive whoever serves on them.

use std::io;
use std::os::fd::OwnedFd;

use super::bind::{Socket, datagrams, open};
use super::shared_udp::SharedUdp;
use super::{Inherited, ListenAddress, ListenError, ListenSettings};

/// Sockets for a program that starts the one that serves, and hands them in: to
/// [`Inherited::new`] there. Who serves can be replaced without a refused connection.
///
/// Both the old and the new one hold them all for a while. Whoever accepts a connection
/// serves it; but a UDP socket has one reader, which the new one becomes a few seconds after
/// the old one was told to stop.
#[derive(Debug, Default)]
pub struct Kept {
    /// Never closed: whoever handed them in has them, too.
    handed_in: Inherited,
    /// Opened here, and closed when no settings name them. Those for datagrams stay as long
    /// as their address has TLS: while HTTP/3 is off, whoever serves may still finish what
    /// was asked there.
    opened: Inherited,
}

impl Kept {
    /// Keeps what was handed in.
    pub fn new(handed_in: Inherited) -> Self {
        Self {
            handed_in,
            ..Self::default()
        }
    }

    /// Goes on with what was kept before, in another program: with what that was handed
    /// in, and what it had [opened](Kept::opened).
    pub fn resume(handed_in: Inherited, opened: Inherited) -> Self {
        let mut kept = Self::new(handed_in);
        kept.opened.extend(opened);
        kept
    }

    /// Opens what the settings name and is not open yet, so many sockets for each address
    /// as there are workers; all or nothing.
    ///
    /// A UDP port that somebody else has holds nothing up: whoever serves waits for it.
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

    /// The UDP side of an address whose other side is open.
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

    /// Closes what was opened here and the settings do not name.
    pub fn close_others(&mut self, listen: &ListenSettings) {
        self.opened.settle(listen);
    }

    /// All of them once more, to be handed in. Whoever has some of them already may be
    /// handed all.
    pub fn share(&self) -> io::Result<Vec<OwnedFd>> {
        let mut all = self.handed_in()?;
        all.extend(self.opened()?);
        Ok(all)
    }

    /// Those that were handed in, once more.
    pub fn handed_in(&self) -> io::Result<Vec<OwnedFd>> {
        self.handed_in.share()
    }

    /// Those that were opened here, once more.
    pub fn opened(&self) -> io::Result<Vec<OwnedFd>> {
        self.opened.share()
    }
}

/// A socket in the file system comes as often as there are workers, and is one.
fn distinct(mut sockets: Vec<Socket>, address: &ListenAddress) -> Vec<Socket> {
    if matches!(address, ListenAddress::Unix(_)) {
        sockets.truncate(1);
    }
    sockets
}
