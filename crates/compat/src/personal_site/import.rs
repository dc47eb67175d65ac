//! Imports people, timers, phrases and articles of the older personal site.

mod tables;
#[cfg(test)]
mod tests;

use anyhow::Result;
use platform::Tx;
use platform::mail::suppression;
use web::Site;

use crate::report::Report;
use tables::Import;

pub use tables::Options;

/// Rolls back the transaction, after a dry run or because rows were refused.
#[derive(Debug, thiserror::Error)]
#[error("nothing was written")]
struct NotWritten(Report);

/// Imports the dump in one transaction, which is rolled back after a dry run or if a row is refused.
pub async fn import(site: &Site, options: Options) -> Result<Report> {
    let settings = &site.settings;
    let locale = settings.languages.first().cloned();
    let locale = locale.unwrap_or_else(|| "en".to_owned());
    let time_zone = settings.time_zone.iana_name().unwrap_or("UTC").to_owned();
    let key = site.keys.key(suppression::PURPOSE);
    let change = move |tx: &mut Tx<'_>| -> Result<Report> {
        let import = Import::new(&options, &key, &locale, &time_zone);
        let mut report = import.run(tx)?;
        if report.refused() > 0 || !options.is_to_be_written {
            return Err(NotWritten(report).into());
        }
        report.record(tx)?;
        Ok(report)
    };
    let written = site.store.write(change).await;
    written.or_else(|error| {
        error
            .downcast::<NotWritten>()
            .map(|NotWritten(report)| report)
    })
}
