//! `kenduri import booking-site`: imports people, sessions, payments and documents of the older
//! booking site from the files of `mongoexport`.

mod lists;
mod money;
mod names;
mod people;
mod reviews;
mod rows;
mod sessions;
mod take_over;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, anyhow, bail};
use clap::Args;
use jiff::tz::TimeZone;
use platform::Tx;
use platform::mail::Address;
use web::Site;

use super::report::Report;
use super::{Where, say};
use crate::app_setup;
use crate::commands::{alone, settings_while_stopped};
use rows::Rows;
use take_over::{Amounts, Options, TakeOver};

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
        let zone = TimeZone::get(&self.zone)
            .map_err(|_| anyhow!("{:?} is not a time zone, such as Asia/Kolkata", self.zone))?;
        let owner = self.owner.parse::<Address>();
        let owner = owner.map_err(|_| anyhow!("{:?} is not a mail address", self.owner))?;
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
                amounts: self.amounts,
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

/// Rolls back the transaction, after a dry run or because rows were refused.
#[derive(Debug, thiserror::Error)]
#[error("nothing was written")]
struct NotWritten(Report);

/// Makes a dry run first. If no row is refused, stores the documents, then imports the rows in
/// another transaction.
async fn import(site: &Site, options: Options) -> Result<Report> {
    let rows = Arc::new(Rows::read(&options.folder)?);
    let reviews = Arc::new(reviews::read(site, &options.folder).await?);
    let options = Arc::new(options);
    let change = |is_dry: bool| {
        let (options, rows, reviews) = (options.clone(), rows.clone(), reviews.clone());
        move |tx: &mut Tx<'_>| -> Result<Report> {
            let mut report = TakeOver::new(&options, &rows, &reviews).run(tx)?;
            if report.refused() > 0 || is_dry {
                return Err(NotWritten(report).into());
            }
            report.record(tx)?;
            Ok(report)
        }
    };
    let tried = unwritten(site.store.write(change(true)).await)?;
    if tried.refused() > 0 || !options.is_to_be_written {
        return Ok(tried);
    }
    reviews::store_documents(site, &options, &reviews).await?;
    unwritten(site.store.write(change(false)).await)
}

fn unwritten(result: Result<Report>) -> Result<Report> {
    result.or_else(|error| error.downcast().map(|NotWritten(report)| report))
}
