//! `kenduri backup`: makes a snapshot, lists the backups, and tests the newest one.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use backup::{BackupError, BackupKey, DrillResult};
use clap::{Args, Subcommand};
use configuration::Settings;
use jiff::Timestamp;
use operate::control_requests::ControlRequest;
use platform::{Clock, Random};

use super::{Where, say, send, show};
use crate::domains::DOMAINS;

/// Make backups, list them, and test the newest one
#[derive(Debug, Subcommand)]
pub(super) enum Backup {
    Now(Now),
    List(List),
    Verify(Verify),
}

/// Make a snapshot now
///
/// The first time, this creates the key that encrypts the backup, and prints the passphrase that
/// protects the key: six words, shown only once. Works whether Kenduri is running or not.
#[derive(Debug, Args)]
pub(super) struct Now {
    /// Begin a new backup where the former one is lost
    ///
    /// Without this, nothing is written to a place that has lost the backup: its disk may not be
    /// mounted.
    #[arg(long)]
    anew: bool,
    #[command(flatten)]
    place: Where,
}

/// Show the points in time that can be restored
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    place: Where,
}

/// Test the newest backup: restore it into a temporary folder, and count and hash its rows
///
/// Kenduri does this by itself once a week, unless [backup] drill says off.
#[derive(Debug, Args)]
pub(super) struct Verify {
    #[command(flatten)]
    place: Where,
}

impl Backup {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::Now(now) => now.run(),
            Self::List(list) => list.run(),
            Self::Verify(verify) => verify.run(),
        }
    }
}

impl Now {
    fn run(self) -> Result<()> {
        let settings = settings(&self.place)?;
        let backup = of(&settings)?;
        // A machine that follows another one gets the key of that one's backup.
        let may_make = !backup::is_unfinished(&settings.data);
        if may_make && BackupKey::read(&settings.data)?.is_none() {
            let (key, passphrase) = BackupKey::make(&Random::system())?;
            key.keep(&settings.data)?;
            say(&format!(
                "The passphrase of this backup, shown this once:\n\n    {}\n\n\
                 Keep it apart from this machine: with it and the backup everything can be \
                 restored, without it nothing can.\n\n",
                passphrase.reveal()
            ))?;
        }
        let request = if self.anew {
            ControlRequest::BackupAnew
        } else {
            ControlRequest::BackupNow
        };
        send(request, &self.place)?;
        let target = backup.target.name();
        say(&format!("A snapshot is in {target}.\n"))?;
        if backup.target.is_on_disk_of(&settings.data) {
            say(&format!(
                "This is the disk of the data, {}: if the disk is lost, so are both.\n",
                settings.data.display()
            ))?;
        }
        Ok(())
    }
}

impl List {
    fn run(self) -> Result<()> {
        let settings = settings(&self.place)?;
        let backup = of(&settings)?;
        let key = BackupKey::read(&settings.data)?.ok_or(BackupError::NoKey)?;
        let all = backup::list(&backup.target, &key, &Random::system())?;
        if all.is_empty() {
            return Err(BackupError::Nothing(backup.target.name()).into());
        }
        let mut lines = format!(
            "In {}; each second between FROM and UNTIL can be restored:\n",
            backup.target.name()
        );
        for one in all {
            let (from, until) = (in_seconds(one.from), in_seconds(one.until));
            let size = units::written_size(one.bytes);
            let _ = writeln!(lines, "{from}  {until}  {size:>12}");
        }
        show(&lines)
    }
}

impl Verify {
    fn run(self) -> Result<()> {
        let settings = settings(&self.place)?;
        let backup = of(&settings)?;
        let key = BackupKey::read(&settings.data)?.ok_or(BackupError::NoKey)?;
        let (clock, random) = (Clock::System, Random::system());
        let drill = backup::drill(&backup.target, &key, &settings.data, &clock, &random)?;
        match drill.result {
            DrillResult::Good { until, rows, hash } => {
                let until = in_seconds(Timestamp::from_millisecond(until)?);
                say(&format!(
                    "The backup is good: the state of {until}, {rows} rows, SHA-256 {hash}.\n"
                ))
            }
            DrillResult::Skipped { free, needed } => bail!(
                "not enough free space to try the restore: it needs {needed} bytes, and {free} are free in {}\n  free some space",
                settings.data.display()
            ),
            DrillResult::Failed(reason) => {
                bail!("the backup cannot be restored: {reason}\n  make another: kenduri backup now")
            }
        }
    }
}

fn in_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn settings(place: &Where) -> Result<Settings> {
    let mut asked = place.asked();
    // This command opens no listener, so the mailbox cannot be reached from other machines.
    asked.allow_public_mailbox = true;
    Ok(configuration::load(DOMAINS, &asked)?.settings)
}

fn of(settings: &Settings) -> Result<&backup::Settings> {
    settings.backup.as_ref().context(
        "no backup is set up\n  set backup.to = \"folder:/PATH\" in kenduri.toml, and restart Kenduri",
    )
}
