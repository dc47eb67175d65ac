//! `kenduri restore`: restores a backup into an empty data folder.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use backup::Target;
use clap::Args;
use configuration::Settings;
use jiff::Timestamp;
use platform::{Random, Secret};

use super::password::read_secret;
use super::{Where, say, settings_while_stopped};
use crate::app_setup;

/// Restore everything from a backup, into an empty data folder
///
/// A store in PostgreSQL is restored into an empty database, which store.url names. Asks for the
/// passphrase of six words. Nothing is changed before the whole backup was read and found complete.
/// Data that was erased after the restored time is erased again before anything is served. The
/// settings are put into the folder `settings` of the data folder.
#[derive(Debug, Args)]
pub(super) struct Restore {
    #[command(flatten)]
    place: Where,
    /// The location of the backup, as in `to` of [backup]
    #[arg(long, value_name = "folder:/PATH")]
    from: String,
    /// Restore the state at this time, to the second, such as 2027-01-16T18:00:00+08:00 [default:
    /// the latest]
    #[arg(long, value_name = "TIME")]
    to: Option<Timestamp>,
    /// A file that holds the passphrase; without it, the command asks for the passphrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Restore {
    pub(super) fn run(self) -> Result<()> {
        let settings = settings_while_stopped(&self.place)?;
        let target = place_named(&self.from, &settings)?;
        let passphrase = match &self.passphrase_file {
            None => read_secret("Passphrase of the backup: ")?,
            Some(path) => Secret::new(std::fs::read_to_string(path).with_context(|| {
                format!(
                    "cannot read the passphrase from {}\n  --passphrase-file names it: correct the path, or run the command as a user who may read it",
                    path.display()
                )
            })?),
        };
        let places = app_setup::places(&settings);
        let key = backup::open(&target, &passphrase)?;
        let restored = backup::restore(&target, &key, &places, self.to, &Random::system())?;
        say(&format!(
            "Restored the state of {} into {}: {} bytes of the store, {} files beside it.\nStart \
             Kenduri; its settings of that time are in {}.\n",
            restored.until,
            settings.data.display(),
            restored.bytes,
            restored.files,
            settings.data.join("settings").display()
        ))
    }
}

/// The place may be the first or the second one of the settings, which may have other credentials.
pub(super) fn place_named(from: &str, settings: &Settings) -> Result<Target> {
    let second = settings
        .backup
        .as_ref()
        .and_then(|backup| backup.also.as_ref());
    match second.filter(|second| second.name() == from.trim_end_matches('/')) {
        Some(second) => Ok(second.clone()),
        None => Ok(Target::parse(from, &settings.s3_access)?),
    }
}
