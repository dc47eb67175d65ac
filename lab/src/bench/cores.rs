//! Assigns one processor core to the server and another to the client, so that they do not disturb
//! each other.

use anyhow::{Result, ensure};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

pub(super) struct Cores {
    /// The core on which each compared server runs.
    pub(super) server: usize,
    /// The core on which this process runs.
    client: usize,
}

impl Cores {
    /// Chooses the first two cores that this process may use.
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

    /// Both cores, for servers and clients that share them.
    pub(super) fn both(&self) -> [usize; 2] {
        [self.server, self.client]
    }

    /// Pins this thread, on which the client runs, to the client's core.
    pub(super) fn settle(&self) -> Result<()> {
        let mut set = CpuSet::new();
        set.set(self.client);
        Ok(sched_setaffinity(None, &set)?)
    }
}
