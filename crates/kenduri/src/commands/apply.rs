//! `kenduri apply`: the settings are read again by the Kenduri that runs.

use std::path::PathBuf;

use anyhow::{Result, bail};
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
    /// The file of settings that it was started with [default: kenduri.toml in this folder, if
    /// there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of everything Kenduri keeps [default: data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Apply {
    pub(super) fn run(self) -> Result<()> {
        let Self { config, data } = self;
        let named = config.as_ref().and_then(|file| file.canonicalize().ok());
        let place = Where {
            config: config.clone(),
            data,
            set: Vec::new(),
        };
        if let Outcome::Applied { said, file } = give(Order::Apply, &place)? {
            say(&said)?;
            // Its flags and environment, too, are those it was started with.
            if let (Some(config), Some(file)) = (config, file)
                && named.as_ref() != Some(&file)
            {
                bail!(
                    "{} was not read: this Kenduri was started with {}, which it has read again\n  \
                     change that file, or start it anew with --config {}",
                    config.display(),
                    file.display(),
                    config.display()
                );
            }
        }
        Ok(())
    }
}
