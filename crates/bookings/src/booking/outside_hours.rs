//! Sessions that stay booked although they are outside the hours of their offer.

use platform::store::Row;
use platform::{StoreError, Tx, sql};

use super::Booking;
use crate::browse::computed_time;
use crate::provider::ProviderId;

/// A booked time of an offer.
#[derive(Row)]
struct Session {
    #[row(flatten)]
    booking: Booking,
    /// The id of the offer's hours.
    schedule_id: String,
}

/// Lists a provider's coming sessions that the hours of their offers do not contain, the soonest
/// first. Dates that the provider has added to a class are meant to be there.
pub(crate) fn list(tx: &mut Tx<'_>, provider: &ProviderId) -> Result<Vec<Booking>, StoreError> {
    let now = tx.roughly_now();
    let sessions: Vec<Session> = sql!(
        "SELECT {b: Booking}, o.schedule_id
         FROM booking b JOIN slot s ON s.id = b.slot_id JOIN offer o ON o.id = s.offer_id
         WHERE b.provider_id = :provider AND b.ends_at > :now AND s.is_added = 0
           AND b.state IN ('pending_payment', 'confirmed')
         ORDER BY b.starts_at, b.id",
        provider,
        now
    )
    .all(tx)?;
    let starts = || sessions.iter().map(|one| one.booking.starts_at);
    let (Some(from), Some(until)) = (starts().min(), starts().max()) else {
        return Ok(Vec::new());
    };
    let hours = computed_time::hours(tx, provider, from, until)?;
    let is_outside = |one: &Session| {
        let (from, until) = (one.booking.starts_at, one.booking.ends_at);
        let own = hours.get(&one.schedule_id);
        own.is_none_or(|hours| !hours.contain(from, until))
    };
    let outside = sessions.into_iter().filter(is_outside);
    Ok(outside.map(|one| one.booking).collect())
}
