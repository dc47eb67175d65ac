//! `kenduri apply`: makes the running Kenduri reload its settings.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use operate::control_requests::{ControlRequest, ControlResponse};

use super::{Where, say, send};

/// Apply changed settings to the running Kenduri
///
/// It prints what changed. The whole file is checked first. If it has a mistake, nothing changes,
/// and the mistake is reported with file, line, key and what to do. Listeners, certificates,
/// routes, upstreams and the cache are replaced without closing connections, and changed services
/// are replaced. Other changes are listed and wait for a restart. SIGHUP does the same and writes
/// the result to the log.
#[derive(Debug, Args)]
pub(super) struct Apply {
    /// The settings file with which Kenduri was started [default: kenduri.toml in this folder, if
    /// it exists]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder [default: data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl Apply {
    pub(super) fn run(self) -> Result<()> {
        let Self { config, data } = self;
        let named = config.as_ref().and_then(|file| file.canonicalize().ok());
        let place = Where {
            config: config.clone(),
            // The running Kenduri keeps the profile with which it was started.
            profile: None,
            data,
            set: Vec::new(),
        };
        if let ControlResponse::Applied { said, file } = send(ControlRequest::Apply, &place)? {
            say(&said)?;
            // The running Kenduri keeps the flags and environment variables with which it was
            // started.
            if let (Some(config), Some(file)) = (config, file)
                && named.as_ref() != Some(&file)
            {
                bail!(
                    "{} was not read: this Kenduri was started with {}, which was read again\n  \
                     change that file, or restart Kenduri with --config {}",
                    config.display(),
                    file.display(),
                    config.display()
                );
            }
        }
        Ok(())
    }
}
