//! `kenduri backup`: a snapshot now, what there is, and whether it is whole.

use anyhow::{Context as _, Result};
use backup::BackupKey;
use clap::{Args, Subcommand};
use platform::Random;

use super::{Where, give, say};
use crate::configuration::{self, Settings};
use crate::control_requests::ControlRequest;

/// Back everything up, and look at what there is
#[derive(Debug, Subcommand)]
pub(super) enum Backup {
    Now(Now),
}

/// Make a snapshot now
///
/// The first time this makes the key that seals the backup, and shows the passphrase that keeps it:
/// six words, once. Works whether Kenduri is running or not.
#[derive(Debug, Args)]
pub(super) struct Now {
    #[command(flatten)]
    place: Where,
}

impl Backup {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::Now(now) => now.run(),
        }
    }
}

impl Now {
    fn run(self) -> Result<()> {
        let settings = settings(&self.place)?;
        let backup = of(&settings)?;
        if BackupKey::read(&settings.data)?.is_none() {
            let (key, passphrase) = BackupKey::make(&Random::system())?;
            key.keep(&settings.data)?;
            say(&format!(
                "The passphrase of this backup, shown this once:\n\n    {}\n\n\
                 Keep it apart from this machine: with it and the backup everything can be \
                 restored, without it nothing can.\n\n",
                passphrase.reveal()
            ))?;
        }
        give(ControlRequest::BackupNow, &self.place)?;
        say(&format!("A snapshot is in {}.\n", backup.target.name()))
    }
}

fn settings(place: &Where) -> Result<Settings> {
    let mut asked = place.asked();
    // This command opens no listener.
    asked.allow_public_mailbox = true;
    Ok(configuration::load(&asked)?.settings)
}

fn of(settings: &Settings) -> Result<&backup::Settings> {
    settings.backup.as_ref().context(
        "nothing is backed up here\n  set [backup] to = \"folder:/PATH\", and restart Kenduri",
    )
}
