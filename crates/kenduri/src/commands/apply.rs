//! `kenduri apply`: the settings are read again by the Kenduri that runs.

use anyhow::Result;
use clap::Args;

use super::{Where, give, say};
use crate::orders::{Order, Outcome};

/// Have a running Kenduri read its settings again, and say what changed
///
/// The file is checked whole first: with a problem nothing changes, and it is
/// told with file, line, key and what to do. Listeners, certificates, routes
/// and upstreams are swapped while connections live on; other settings are
/// named, and wait for a restart. SIGHUP does the same and says so in the log.
#[derive(Debug, Args)]
pub(super) struct Apply {
    #[command(flatten)]
    place: Where,
}

impl Apply {
    pub(super) fn run(self) -> Result<()> {
        if let Outcome::Applied { said } = give(Order::Apply, &self.place)? {
            say(&said)?;
        }
        Ok(())
    }
}
