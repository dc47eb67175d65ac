//! The currency with which a site begins: that of its time zone.

use platform::jobs::{Done, Handler, JobError};
use platform::money::Currency;
use platform::{Rows, StoreError, Tx, sql};
use web::{Site, zone};

const KIND: &str = "booking.first_currency";

pub(crate) fn job(site: &Site) -> Handler {
    let currency = Currency::of_zone(zone::name(&site.settings.time_zone));
    Handler::each_day(KIND, move |_| async move {
        Ok::<_, JobError>(Done::with(move |tx: &mut Tx<'_>| match currency {
            Some(currency) => begin_with(tx, currency),
            None => Ok(()),
        }))
    })
}

/// Unless somebody has saved the settings or named a price.
fn begin_with(tx: &mut Tx<'_>, currency: Currency) -> Result<(), StoreError> {
    sql!(
        "UPDATE booking_setting SET currency = :currency
         WHERE version = 1 AND currency <> :currency
           AND NOT EXISTS (SELECT 1 FROM plan) AND NOT EXISTS (SELECT 1 FROM slot)
           AND NOT EXISTS (SELECT 1 FROM offer)",
        currency
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}
