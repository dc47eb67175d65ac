//! The listening sockets that all workers share, and the ports through which services reach each
//! other.

use std::io;
use std::net::TcpListener;
use std::os::fd::OwnedFd;

use anyhow::{Context as _, Result};
use configuration::Asked;
use edge::{Inherited, KeptSockets, Plan};

use crate::descriptors;
use crate::sockets::threads;

/// Needed free before the `exec`, for the handover and for files that the next program opens before
/// it continues. This is checked first, because an `exec` cannot be undone.
const FREE_DESCRIPTORS: usize = 64;

pub(crate) struct Sockets(KeptSockets);

impl Sockets {
    /// Starts with the sockets from the service manager.
    pub(crate) fn new(handed_in: Inherited) -> Self {
        Self(KeptSockets::new(handed_in))
    }

    /// Starts with the sockets from the previous program.
    pub(super) fn resume(handed_in: Vec<OwnedFd>, opened: Vec<OwnedFd>) -> Result<Self> {
        let (handed_in, opened) = (Inherited::new(handed_in)?, Inherited::new(opened)?);
        Ok(Self(KeptSockets::resume(handed_in, opened)))
    }

    /// Opens the plan's sockets, except those that are already open.
    pub(super) fn open(&mut self, plan: &Plan) -> Result<()> {
        let opened = self.0.open(plan.listen(), threads());
        opened.map_err(|error| match plan.service_at(&error.address) {
            Some(service) => {
                anyhow::anyhow!("{error}\n  service.{service}.front names the address")
            }
            None => anyhow::anyhow!(
                "{error}\n  --listen, listen.http and listen.https name the addresses"
            ),
        })
    }

    /// Closes the sockets that are not in the plan.
    pub(super) fn close_others(&mut self, plan: &Plan) {
        self.0.close_others(plan.listen());
    }

    /// Closes all sockets, so that new connections are refused at once. With open sockets, they
    /// would wait in vain.
    pub(super) fn close(&mut self) {
        self.0 = KeptSockets::default();
    }

    pub(super) fn share(&self) -> io::Result<Vec<OwnedFd>> {
        self.0.share()
    }

    /// Duplicates the sockets for the next program. The first list contains those from the service
    /// manager, and the second those that this process opened. Fails if too few descriptors remain
    /// free for an upgrade.
    pub(super) fn leave(&self) -> Result<(Vec<OwnedFd>, Vec<OwnedFd>)> {
        let duplicated = || {
            let both = (self.0.handed_in()?, self.0.opened()?);
            descriptors::ensure_left(FREE_DESCRIPTORS)?;
            Ok(both)
        };
        duplicated().map_err(|error: io::Error| {
            anyhow::anyhow!(
                "the supervisor process may open no more files: {error}\n  raise its limit: \
                 LimitNOFILE= in the unit, or ulimit -n"
            )
        })
    }
}

/// Assigns a port to each service in `wanting`. These services need one, because their URLs appear
/// in settings. Returns whether any port was assigned. A service keeps its port until this process
/// ends, because other services know the URL.
pub(crate) fn find_ports(asked: &mut Asked, wanting: &[String]) -> Result<bool> {
    // The ports stay bound until every service has one, so that no port is assigned twice.
    let mut held = Vec::new();
    for name in wanting {
        if !asked.ports.contains_key(name) {
            let socket =
                TcpListener::bind("127.0.0.1:0").context("cannot get a free port on 127.0.0.1 for a service\n  `ss -tan` shows what holds the ports")?;
            let port = socket.local_addr()?.port();
            asked.ports.insert(name.clone(), port);
            held.push(socket);
        }
    }
    Ok(!held.is_empty())
}
