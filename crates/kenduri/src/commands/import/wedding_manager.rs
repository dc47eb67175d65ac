//! `kenduri import wedding-manager`.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use clap::Args;
use compat::wedding_manager::take_over;

use super::{Where, say};
use crate::commands::alone;
use crate::domains::DOMAINS;
use crate::{app_setup, control};

/// Take over households, guests and answers from a dump of an older wedding manager
///
/// The dump is a plain one, as `pg_dump --no-owner --file=wedding.sql DATABASE` makes it. Its
/// tables `invites`, `guests` and `rsvps` are read. A household whose code exists already keeps its
/// answers, so an import can be repeated. Stop Kenduri first.
#[derive(Debug, Args)]
pub(in crate::commands) struct WeddingManager {
    #[command(flatten)]
    place: Where,
    /// The dump of the database
    dump: PathBuf,
    /// The slug of the occasion into which the households are imported
    #[arg(long, value_name = "SLUG")]
    occasion: String,
    /// Only say what would be imported, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl WeddingManager {
    pub(super) fn run(self) -> Result<()> {
        let mut asked = self.place.asked();
        // This command opens no listener, so the mailbox cannot be reached from other machines.
        asked.allow_public_mailbox = true;
        let settings = Arc::new(configuration::load(DOMAINS, &asked)?.settings);
        if control::is_running(&settings.data)? {
            bail!(
                "Kenduri is running with the data in {}\n  stop it first",
                settings.data.display()
            );
        }
        let report = alone(async {
            if !occasions::ENABLED.of(&settings.domains) {
                bail!(
                    "occasions are off\n  remove {} from kenduri.toml",
                    occasions::ENABLED.key
                );
            }
            let site = app_setup::open(&settings).await?.site;
            take_over(&site, &self.dump, &self.occasion, !self.dry_run).await
        })?;
        say(&report)
    }
}
