//! The zones that providers had in their profiles before a person had one zone. An account that
//! still has the site's zone takes its profile's. Other accounts keep theirs, and a notice says so.

use identity::account::{self, AccountId, AccountZone};
use identity::notification::{self, NewNotification};
use platform::jobs::{Done, Handler, JobError};
use platform::{Rows, StoreError, Tx, sql};
use web::{Site, dates, zone};

const KIND: &str = "booking.former_zones";

pub(crate) fn job(site: &Site) -> Handler {
    let site = site.clone();
    Handler::each_day(KIND, move |_| {
        let site = site.clone();
        async move { Ok::<_, JobError>(Done::with(move |tx: &mut Tx<'_>| settle(tx, &site))) }
    })
}

fn settle(tx: &mut Tx<'_>, site: &Site) -> Result<(), StoreError> {
    let all: Vec<(Option<AccountId>, String)> = sql!(
        "SELECT account_id, former_zone FROM provider WHERE former_zone <> :none ORDER BY account_id",
        none = ""
    )
    .all(tx)?;
    for (id, former) in &all {
        let Some(id) = id else { continue };
        account::lock(tx, id)?;
        if let Some(account) = account::find(tx, id)?.filter(|one| one.time_zone != *former) {
            let is_of_site = account.time_zone == zone::name(&site.settings.time_zone)
                && account::has_zone_of_site(tx, id)?;
            if is_of_site {
                account::set_zone(tx, id, &AccountZone::chosen(former))?;
            } else {
                tell(tx, site, id, &account.time_zone)?;
            }
        }
    }
    sql!(
        "UPDATE provider SET former_zone = :none WHERE former_zone <> :none",
        none = ""
    )
    .run(tx, Rows::Any)?;
    Ok(())
}

fn tell(tx: &mut Tx<'_>, site: &Site, id: &AccountId, name: &str) -> Result<(), StoreError> {
    let about =
        zone::find(name).map_or_else(|| name.to_owned(), |zone| dates::zone_name(&zone, tx.now()));
    let new = NewNotification {
        kind: "booking-notice-zone",
        about: &about,
        href: "/me/profile",
    };
    notification::tell(tx, site, id, new)
}
