//! Listening sockets that outlive whoever serves on them.

use std::io;
use std::os::fd::OwnedFd;

use super::bind::{Socket, datagrams, open};
use super::{Inherited, ListenAddress, ListenError};
use crate::plan::Plan;

/// Sockets for a program that starts the one that serves, and hands them in: to
/// [`Inherited::new`] there. Who serves can be replaced without a refused connection.
///
/// Both the old and the new one hold them all for a while. Whoever accepts a connection
/// serves it; but a UDP socket has one reader: the new one waits until nobody answers
/// at it, and the old one reads nothing more from the moment it is told to stop.
#[derive(Debug, Default)]
pub struct Kept {
    all: Inherited,
    /// Those that were opened here, and are closed when no plan names them.
    opened: Vec<ListenAddress>,
    /// The same for datagrams, but only when their address has no TLS any more: while
    /// HTTP/3 is off, whoever serves may still finish what was asked there.
    opened_for_datagrams: Vec<ListenAddress>,
}

impl Kept {
    /// Keeps what was handed in.
    pub fn new(handed_in: Inherited) -> Self {
        Self {
            all: handed_in,
            ..Self::default()
        }
    }

    /// Opens what the plan names and is not open yet, so many sockets for each address
    /// as there are workers; all or nothing. Returns those that whoever serves may not
    /// have: the new ones, once more, and those that were handed in here.
    ///
    /// A UDP port that somebody else has holds nothing up: whoever serves waits for it.
    pub fn open(&mut self, plan: &Plan, workers: usize) -> Result<Vec<OwnedFd>, ListenError> {
        let failed = |address: &ListenAddress| {
            let address = address.to_string();
            move |error: io::Error| ListenError {
                address,
                fault: error.into(),
            }
        };
        let mut fresh = Vec::new();
        let mut shared = Vec::new();
        for (_, address) in plan.listen().all() {
            let known = self.all.find(address).map_err(failed(address))?;
            if known.is_empty() {
                let bound = open(address, workers)?;
                for socket in distinct(bound.sockets, address) {
                    shared.push(socket.share().map_err(failed(address))?.into());
                    fresh.push((address.clone(), socket));
                }
            } else if !self.opened.contains(address) {
                shared.extend(known.into_iter().map(OwnedFd::from));
            }
        }
        for (address, socket) in fresh {
            self.all.keep(socket);
            if !self.opened.contains(&address) {
                self.opened.push(address);
            }
        }
        for address in plan.listen().datagrams() {
            match self.open_for_datagrams(address) {
                Ok(opened) => shared.extend(opened),
                Err(error) => tracing::warn!(
                    %address, %error,
                    "the UDP port for HTTP/3 cannot be opened: whoever has it must let it go"
                ),
            }
        }
        Ok(shared)
    }

    /// The UDP side of an address whose other side is open.
    fn open_for_datagrams(&mut self, address: &ListenAddress) -> io::Result<Option<OwnedFd>> {
        if let Some(known) = self.all.find_datagrams(address) {
            if self.opened_for_datagrams.contains(address) {
                return Ok(None);
            }
            return known.share().map(|socket| Some(socket.into()));
        }
        let streams = self.all.find(address)?;
        let Some(bound) = streams.first().and_then(Socket::address) else {
            return Ok(None);
        };
        let socket = datagrams(bound)?;
        let shared = socket.try_clone()?;
        self.all.keep_datagrams(socket);
        self.opened_for_datagrams.push(address.clone());
        Ok(Some(shared.into()))
    }

    /// Closes what was opened here and the plan does not name.
    pub fn close_others(&mut self, plan: &Plan) {
        let named: Vec<_> = plan.listen().all().map(|(_, address)| address).collect();
        let all = &mut self.all;
        self.opened.retain(|address| {
            let stays = named.contains(&address);
            if !stays {
                all.forget(address);
            }
            stays
        });
        self.opened_for_datagrams.retain(|address| {
            let stays = plan.listen().https.contains(address);
            if !stays {
                all.forget_datagrams(address);
            }
            stays
        });
    }

    /// All of them once more, to be handed in.
    pub fn share(&self) -> io::Result<Vec<OwnedFd>> {
        self.all.share()
    }
}

/// A socket in the file system comes as often as there are workers, and is one.
fn distinct(mut sockets: Vec<Socket>, address: &ListenAddress) -> Vec<Socket> {
    if matches!(address, ListenAddress::Unix(_)) {
        sockets.truncate(1);
    }
    sockets
}
