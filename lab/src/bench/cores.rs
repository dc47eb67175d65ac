//! Which core does what: the server on one, the client on another, so that neither takes from
//! the other what is being measured.

use anyhow::{Result, ensure};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// A core for each side.
pub(super) struct Cores {
    /// For every server that is compared.
    pub(super) server: usize,
    /// For this process.
    client: usize,
}

impl Cores {
    /// The first two that this process may use.
    pub(super) fn choose() -> Result<Self> {
        let allowed = sched_getaffinity(None)?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
        let (server, client) = (cores.next(), cores.next());
        ensure!(client.is_some(), "this needs two cores");
        Ok(Cores {
            server: server.unwrap_or_default(),
            client: client.unwrap_or_default(),
        })
    }

    /// Both, for servers and clients that share them.
    pub(super) fn both(&self) -> [usize; 2] {
        [self.server, self.client]
    }

    /// Keeps this thread, the client, on its core.
    pub(super) fn settle(&self) -> Result<()> {
        let mut set = CpuSet::new();
        set.set(self.client);
        Ok(sched_setaffinity(None, &set)?)
    }
}
