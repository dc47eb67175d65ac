//! `kenduri import booking-site`.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use clap::{Args, ValueEnum};
use compat::booking_site::import::{self, Options, import};
use jiff::tz::TimeZone;
use platform::mail::Address;

use super::{Where, say};
use crate::app_setup;
use crate::commands::{alone, settings_while_stopped};

/// Take over people, sessions, payments and documents of the older booking site
///
/// The folder has files of `mongoexport`, named after their collections, such as users.json.
/// Without --write, this only reports what would be imported. If one row cannot be imported, none
/// is. Existing records are not changed, so an import can be repeated. Stop Kenduri first.
#[derive(Debug, Args)]
pub(in crate::commands) struct BookingSite {
    #[command(flatten)]
    place: Where,
    /// The folder with the exported collections
    folder: PathBuf,
    /// The IANA time zone of the older site's dates and clock times
    #[arg(long, value_name = "ZONE")]
    zone: String,
    /// A person of the older site who becomes the owner of this site, or an existing owner of this
    /// site
    #[arg(long, value_name = "ADDRESS")]
    owner: String,
    /// Import the data, instead of only saying what would be imported
    #[arg(long)]
    write: bool,
    /// The unit of amounts that are not the price of a plan
    #[arg(long, value_enum, value_name = "UNIT")]
    amounts: Option<Amounts>,
}

impl BookingSite {
    pub(super) fn run(self) -> Result<()> {
        let zone = TimeZone::get(&self.zone).map_err(|_| {
            anyhow!(
                "{:?} is not a time zone\n  write it like Asia/Kolkata",
                self.zone
            )
        })?;
        let owner = self.owner.parse::<Address>();
        let owner = owner.map_err(|_| {
            anyhow!(
                "{:?} is not a mail address\n  write it as NAME@example.org",
                self.owner
            )
        })?;
        let settings = Arc::new(settings_while_stopped(&self.place)?);
        let report = alone(async {
            if !bookings::ENABLED.of(&settings.domains) {
                bail!(
                    "bookings are off\n  set {} = true in kenduri.toml",
                    bookings::ENABLED.key
                );
            }
            let site = app_setup::open(&settings).await?.site;
            let locale = site.settings.languages.first().cloned();
            let options = Options {
                folder: self.folder,
                zone,
                owner,
                is_to_be_written: self.write,
                amounts: self.amounts.map(Into::into),
                locale: locale.unwrap_or_else(|| "en".to_owned()),
                site_zone: site.settings.time_zone.clone(),
            };
            import(&site, options).await
        })?;
        say(&report.to_string())?;
        match report.refused() {
            0 => Ok(()),
            count if self.write => {
                bail!(
                    "nothing was written\n  first correct the {count} rows listed under “To be decided first”"
                )
            }
            count => bail!(
                "first correct the {count} rows listed under “To be decided first”, then import with --write"
            ),
        }
    }
}

/// The unit of amounts that are not the price of a plan.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Amounts {
    /// Paise, cents
    Minor,
    /// Rupees, dollars
    Major,
}

impl From<Amounts> for import::Amounts {
    fn from(amounts: Amounts) -> Self {
        match amounts {
            Amounts::Minor => Self::Minor,
            Amounts::Major => Self::Major,
        }
    }
}
