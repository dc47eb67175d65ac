//! An account's private calendar URL. Calendar software that cannot sign in reads the account's
//! sessions from it. The URL is derived from the key file, so it can be shown again. A new URL
//! invalidates the old one.

use identity::account::{self, Account, AccountId};
use jiff::tz::TimeZone;
use platform::key::Key;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use site::proof::Requester;
use web::calendar_file::CalendarEvent;
use web::{Language, Site, Text};

use crate::booking::{Booking, BookingView, Party};
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
/// invalid. Sessions in person are in the zone of their place, the others in the account's. A date of a
/// class is one event for its provider, with the number of people.
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
    let found = sessions(tx, &id)?;
    let own = zone(site, &account);
    let text = site.catalogue.speak(&Language::of(&account.locale));
    let bookings = found.iter().map(|one| one.booking.clone()).collect();
    let views = BookingView::list(tx, bookings)?;
    let events = found.iter().zip(views).map(|(one, view)| {
        let (booking, is_own) = (&one.booking, one.booking.member_id.as_ref() == Some(&id));
        let party = if is_own {
            Party::Member
        } else {
            Party::Provider
        };
        let event = notice::event(site, booking, party, &view.location);
        let summary = if booking.is_class && !is_own {
            one.summary(&text)
        } else {
            event.summary
        };
        CalendarEvent {
            zone: view.place_zone.unwrap_or_else(|| own.clone()),
            summary,
            ..event
        }
    });
    Ok(Some(events.collect()))
}

/// A session in an account's calendar.
#[derive(Row)]
struct Session {
    #[row(flatten)]
    booking: Booking,
    /// The seats of the slot, and how many of them people have.
    of_seats: i64,
    people: i64,
}

impl Session {
    fn summary(&self, text: &Text) -> String {
        let values = [
            ("title", self.booking.title.as_str().into()),
            ("people", self.people.into()),
            ("seats", self.of_seats.into()),
        ];
        text.with("calendar-class", values)
    }
}

/// All sessions ahead and the latest ones of the past. Of the bookings of a date of a class of the
/// account's own, only the first is listed.
fn sessions(tx: &mut Tx<'_>, account: &AccountId) -> Result<Vec<Session>, StoreError> {
    sql!(
        "WITH mine AS (
             SELECT b.id, b.starts_at, b.ends_at FROM booking b
             WHERE b.state IN ('confirmed', 'completed')
               AND (b.member_id = :account
                    OR b.provider_id IN (SELECT id FROM provider WHERE account_id = :account)
                       AND (b.is_class = 0 OR NOT EXISTS
                           (SELECT 1 FROM booking other
                            WHERE other.slot_id = b.slot_id AND other.id < b.id
                              AND other.state IN ('confirmed', 'completed')))))
         SELECT {b: Booking}, s.seats AS of_seats,
             (SELECT CAST(COALESCE(SUM(other.seats), 0) AS BIGINT) FROM booking other
              WHERE other.slot_id = b.slot_id AND other.state IN ('confirmed', 'completed'))
                 AS people
         FROM booking b JOIN slot s ON s.id = b.slot_id
         WHERE b.id IN (SELECT id FROM mine WHERE ends_at > :now)
            OR b.id IN (SELECT id FROM mine WHERE ends_at <= :now
                        ORDER BY starts_at DESC, id LIMIT :most_past)
         ORDER BY b.starts_at DESC, b.id",
        account,
        now = tx.roughly_now(),
        most_past = MOST_PAST
    )
    .all(tx)
}
