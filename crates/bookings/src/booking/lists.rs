//! Lists of bookings: a member's, a provider's, and all.

use identity::account::AccountId;
use jiff::{SignedDuration, Timestamp};
use platform::{StoreError, Tx, sql};

use super::{Booking, BookingId};
use crate::provider::ProviderId;

/// The sort key of lists of bookings: when the session starts, and the booking's id.
pub type After = (Timestamp, BookingId);

/// Lists at most `rows` of a member's bookings after `after`: the upcoming ones, soonest first, or
/// the past ones, latest first.
pub fn list(
    tx: &mut Tx<'_>,
    member: &AccountId,
    is_past: bool,
    after: Option<&After>,
    rows: i64,
) -> Result<Vec<Booking>, StoreError> {
    let now = tx.roughly_now();
    let id = after.map_or("", |(_, id)| id.as_str());
    if is_past {
        return sql!(
            "SELECT {Booking} FROM booking
             WHERE member_id = :member
               AND (ends_at <= :now OR state NOT IN ('pending_payment', 'confirmed'))
               AND (starts_at < :at OR (starts_at = :at AND id < :id))
             ORDER BY starts_at DESC, id DESC LIMIT :rows",
            member,
            now,
            at = after.map_or(Timestamp::MAX, |(at, _)| *at),
            id,
            rows
        )
        .all(tx);
    }
    sql!(
        "SELECT {Booking} FROM booking
         WHERE member_id = :member AND ends_at > :now AND state IN ('pending_payment', 'confirmed')
           AND (starts_at > :at OR (starts_at = :at AND id > :id))
         ORDER BY starts_at, id LIMIT :rows",
        member,
        now,
        at = after.map_or(Timestamp::MIN, |(at, _)| *at),
        id,
        rows
    )
    .all(tx)
}

/// The latest 100 bookings of all members, newest session first.
pub fn list_all(tx: &mut Tx<'_>) -> Result<Vec<Booking>, StoreError> {
    let all = sql!("SELECT {Booking} FROM booking ORDER BY starts_at DESC, id LIMIT 100");
    tx.all(all, &[])
}

/// Lists a provider's active bookings whose sessions have not ended, soonest first.
pub fn list_of_provider(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
) -> Result<Vec<Booking>, StoreError> {
    sql!(
        "SELECT {Booking} FROM booking
         WHERE provider_id = :provider AND ends_at > :now
           AND state IN ('pending_payment', 'confirmed')
         ORDER BY starts_at, id LIMIT 200",
        provider,
        now = tx.roughly_now()
    )
    .all(tx)
}

/// Lists a provider's sessions that began within the last hours and whose outcome can be marked,
/// latest first.
pub fn list_begun(
    tx: &mut Tx<'_>,
    provider: &ProviderId,
    hours: i64,
) -> Result<Vec<Booking>, StoreError> {
    let now = tx.roughly_now();
    sql!(
        "SELECT {Booking} FROM booking
         WHERE provider_id = :provider AND starts_at <= :now AND ends_at > :since
           AND state IN ('confirmed', 'completed', 'no_show_member', 'no_show_provider')
         ORDER BY starts_at DESC, id LIMIT 100",
        provider,
        now,
        since = now - SignedDuration::from_hours(hours)
    )
    .all(tx)
}
