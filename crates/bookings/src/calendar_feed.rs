//! An account's private calendar URL, with which a calendar program that cannot sign in can read
//! the account's sessions. The URL is derived from the key file, so that it can be shown again. A
//! new URL invalidates the old one.

use identity::account::{self, Account, AccountId};
use platform::key::Key;
use platform::{Rows, StoreError, Tx, sql};
use site::proof::Requester;
use web::Site;
use web::calendar_file::CalendarEvent;

use crate::booking::Booking;
use crate::{Refusal, notice};

/// The purpose of the key from which calendar URLs are derived.
const PURPOSE: &str = "bookings.calendar-feed";
/// The most sessions in a calendar.
const MOST: i64 = 500;

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

/// The path of an account's calendar; `None` if the account has no calendar.
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

/// Makes a new URL; the previous one stops working.
pub fn renew(tx: &mut Tx<'_>, who: &Requester) -> Result<(), Refusal> {
    sql!(
        "INSERT INTO calendar_feed (account_id, generation) VALUES (:account, :first)
         ON CONFLICT (account_id) DO UPDATE SET generation = calendar_feed.generation + 1",
        account = who.who.account().id,
        // The generation begins with the present time, because a fixed number would bring back a
        // URL that was turned off.
        first = tx.now().as_millisecond()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Invalidates the calendar URL.
pub fn end(tx: &mut Tx<'_>, account: &AccountId) -> Result<(), StoreError> {
    sql!(
        "DELETE FROM calendar_feed WHERE account_id = :account",
        account
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// The account with this token and its sessions; `None` if the token is not valid.
pub(crate) fn read(
    tx: &mut Tx<'_>,
    site: &Site,
    token: &str,
) -> Result<Option<(Account, Vec<CalendarEvent>)>, StoreError> {
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
         ORDER BY starts_at DESC, id LIMIT :most",
        id,
        most = MOST
    )
    .all(tx)?;
    let mut events = Vec::new();
    for booking in found {
        let (place,): (String,) = sql!(
            "SELECT location_secret FROM slot WHERE id = :id",
            id = booking.slot_id
        )
        .one(tx)?;
        events.push(notice::event(site, &booking, &place));
    }
    Ok(Some((account, events)))
}
