//! Imports people, sessions, payments and documents of the older booking site from the files of
//! `mongoexport`.

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

use std::sync::Arc;

use anyhow::Result;
use platform::Tx;
use web::Site;

use crate::report::Report;
use rows::Rows;
use take_over::TakeOver;

pub use take_over::{Amounts, Options};

/// Rolls back the transaction, after a dry run or because rows were refused.
#[derive(Debug, thiserror::Error)]
#[error("nothing was written")]
struct NotWritten(Report);

/// Makes a dry run first. If no row is refused, stores the documents, then imports the rows in
/// another transaction.
pub async fn import(site: &Site, options: Options) -> Result<Report> {
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
