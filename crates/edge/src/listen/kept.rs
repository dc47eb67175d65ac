//! Listening sockets that outlive whoever serves on them.

use std::io;
use std::os::fd::OwnedFd;

use super::bind::{Socket, open};
use super::{Inherited, ListenAddress, ListenError};
use crate::plan::Plan;

/// Sockets for a program that starts the one that serves, and hands them in: to
/// [`Inherited::new`] there. Who serves can be replaced without a refused connection.
#[derive(Debug, Default)]
pub struct Kept {
    all: Inherited,
    /// Those that were opened here, and are closed when no plan names them.
    opened: Vec<ListenAddress>,
}

impl Kept {
    /// Keeps what was handed in.
    pub fn new(handed_in: Inherited) -> Self {
        Self {
            all: handed_in,
            opened: Vec::new(),
        }
    }

    /// Opens what the plan names and is not open yet, so many sockets for each address
    /// as there are workers; all or nothing. Returns the new ones, once more.
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
            }
        }
        for (address, socket) in fresh {
            self.all.keep(socket);
            if !self.opened.contains(&address) {
                self.opened.push(address);
            }
        }
        Ok(shared)
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
