//! `kenduri import personal-site`.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use clap::Args;
use compat::personal_site::import::{Options, import};
use platform::mail::Address;

use super::{Where, say};
use crate::app_setup;
use crate::commands::{alone, settings_while_stopped};

/// Take over people, timers, phrases and articles from a dump of the older personal site
///
/// The dump is a plain one, as `pg_dump --no-owner --file=site.sql DATABASE` makes it. Without
/// --write, this only reports what would be imported. If one row cannot be imported, none is.
/// Existing records are not changed, so an import can be repeated. Stop Kenduri first.
#[derive(Debug, Args)]
pub(in crate::commands) struct PersonalSite {
    #[command(flatten)]
    place: Where,
    /// The dump of the database
    dump: PathBuf,
    /// Import the data, instead of only saying what would be imported
    #[arg(long)]
    write: bool,
    /// The older site's administrator who becomes the owner of this site
    #[arg(long, value_name = "ADDRESS")]
    owner: Option<String>,
    /// Merge timers of a person that have the same time to the millisecond, with all their notes
    #[arg(long)]
    merge_timers: bool,
}

impl PersonalSite {
    pub(super) fn run(self) -> Result<()> {
        let owner = self.owner.map(|owner| {
            let address = owner.parse::<Address>();
            address.map_err(|_| {
                anyhow!("{owner:?} is not a mail address\n  write it as NAME@example.org")
            })
        });
        let settings = Arc::new(settings_while_stopped(&self.place)?);
        let issuers = settings.providers.iter().map(|one| one.issuer.clone());
        let options = Options {
            dump: self.dump,
            is_to_be_written: self.write,
            owner: owner.transpose()?,
            merges_timers: self.merge_timers,
            issuers: issuers.collect(),
        };
        let report = alone(async {
            for (name, switch) in [
                ("countdowns", countdowns::ENABLED),
                ("posts", posts::ENABLED),
            ] {
                if !switch.of(&settings.domains) {
                    bail!(
                        "{name} are off, and the dump may hold some\n  remove {} from kenduri.toml",
                        switch.key
                    );
                }
            }
            let site = app_setup::open(&settings).await?.site;
            import(&site, options).await
        })?;
        say(&report.to_string())?;
        match report.refused() {
            0 => Ok(()),
            count => bail!(
                "nothing was written\n  first correct the {count} rows listed under “To be decided first”"
            ),
        }
    }
}
