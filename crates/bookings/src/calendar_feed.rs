//! An account's private calendar URL. Calendar software that cannot sign in reads the account's
//! sessions from it. The URL is derived from the key file, so it can be shown again. A new URL
//! invalidates the old one.

use identity::account::{self, Account, AccountId};
use jiff::tz::TimeZone;
use platform::key::Key;
use platform::{Rows, StoreError, Tx, sql};
use site::proof::Requester;
use web::Site;
use web::calendar_file::CalendarEvent;

use crate::booking::{Booking, BookingView};
use crate::{Refusal, notice};

const PURPOSE: &str = "bookings.calendar-feed";
const MOST_PAST: i64 = 500;

fn key(site: &Site) -> Key {
    site.keys.key(PURPOSE)
}

fn generation(tx: &mut Tx<'_>, account: &AccountId) -> Result<Option<i64>, StoreError> {
    let found: Option<(i64,)> = sql!(
        "SELECT generation FROM calendar_feed WHERE account_id = :account",
        account
    )
    .maybe(tx)?;
    Ok(found.map(|(generation,)| generation))
}

/// The path of an account's private calendar; `None` if the account has none.
pub fn path(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &AccountId,
) -> Result<Option<String>, StoreError> {
    let Some(generation) = generation(tx, account)? else {
        return Ok(None);
    };
    let signature = key(site).sign(&[account.as_str(), &generation.to_string()]);
    Ok(Some(format!("/cal/{account}.{signature}")))
}

/// Creates a new private URL. The previous one stops working.
pub fn renew(tx: &mut Tx<'_>, who: &Requester) -> Result<(), Refusal> {
    sql!(
        "INSERT INTO calendar_feed (account_id, generation) VALUES (:account, :first)
         ON CONFLICT (account_id) DO UPDATE SET generation = calendar_feed.generation + 1",
        account = who.who.account().id,
        // The first generation is the current time. With a fixed number, a URL that was invalidated
        // would work again.
        first = tx.now().as_millisecond()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Invalidates the account's private URL.
pub fn end(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM calendar_feed WHERE account_id = :account",
        account
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// The time zone of an account, or else the site's.
pub(crate) fn zone(site: &Site, account: &Account) -> TimeZone {
    let zone = TimeZone::get(&account.time_zone);
    zone.unwrap_or_else(|_| site.settings.time_zone.clone())
}

/// Finds the sessions of the account to which a calendar's token belongs; `None` if the token is
/// invalid. Sessions in person are in the zone of their place, the others in the account's.
pub(crate) fn read(
    tx: &mut Tx<'_>,
    site: &Site,
    token: &str,
) -> Result<Option<Vec<CalendarEvent>>, StoreError> {
    let Some((id, signature)) = token.split_once('.') else {
        return Ok(None);
    };
    let Ok(id) = id.parse::<AccountId>() else {
        return Ok(None);
    };
    let generation = generation(tx, &id)?.unwrap_or_default().to_string();
    if generation == "0" || !key(site).verify(&[id.as_str(), &generation], signature) {
        return Ok(None);
    }
    let Some(account) = account::find(tx, &id)? else {
        return Ok(None);
    };
    let found: Vec<Booking> = sql!(
        "SELECT {Booking} FROM booking
         WHERE state IN ('confirmed', 'completed')
           AND (member_id = :id OR provider_id IN (SELECT id FROM provider WHERE account_id = :id))
           AND (ends_at > :now OR id IN
               (SELECT past.id FROM booking past
                WHERE past.state IN ('confirmed', 'completed') AND past.ends_at <= :now
                  AND (past.member_id = :id
                       OR past.provider_id IN (SELECT id FROM provider WHERE account_id = :id))
                ORDER BY past.starts_at DESC, past.id LIMIT :most_past))
         ORDER BY starts_at DESC, id",
        id,
        now = tx.roughly_now(),
        most_past = MOST_PAST
    )
    .all(tx)?;
    let own = zone(site, &account);
    let views = BookingView::list(tx, found.clone())?;
    let events = found.iter().zip(views);
    let events = events.map(|(booking, view)| CalendarEvent {
        zone: view.place_zone.unwrap_or_else(|| own.clone()),
        ..notice::event(site, booking, &view.location)
    });
    Ok(Some(events.collect()))
}
