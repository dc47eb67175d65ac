//! When each side of a session first opened its call from the booking's page. Both sides and
//! administrators read it.

use jiff::{SignedDuration, Timestamp};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};

use crate::booking::{Booking, BookingId, Party, PartyTo};

/// How long before the start an opening counts. An earlier one only tries the link.
const BEFORE: SignedDuration = SignedDuration::from_mins(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Row)]
pub(crate) struct CallOpenings {
    #[row(rename = "member_opened_at")]
    pub(crate) member: Option<Timestamp>,
    #[row(rename = "provider_opened_at")]
    pub(crate) provider: Option<Timestamp>,
}

/// The instant from which on openings count.
pub(crate) fn first(booking: &Booking) -> Timestamp {
    booking.starts_at - BEFORE
}

pub(crate) fn find(tx: &mut Tx<'_>, id: &BookingId) -> Result<CallOpenings, StoreError> {
    sql!("SELECT {CallOpenings} FROM booking WHERE id = :id", id).one(tx)
}

/// Notes that a side opens the call, if it is the first time.
pub(crate) fn note(tx: &mut Tx<'_>, party: &PartyTo) -> Result<(), StoreError> {
    let (booking, now) = (&party.booking, tx.now());
    if now < first(booking) || now > booking.ends_at {
        return Ok(());
    }
    let id = &booking.id;
    match party.party {
        Party::Member => sql!(
            "UPDATE booking SET member_opened_at = :now
             WHERE id = :id AND member_opened_at IS NULL",
            now,
            id
        )
        .run(tx, Rows::AtMostOne)?,
        Party::Provider => sql!(
            "UPDATE booking SET provider_opened_at = :now
             WHERE id = :id AND provider_opened_at IS NULL",
            now,
            id
        )
        .run(tx, Rows::AtMostOne)?,
        Party::Administrator => 0,
    };
    Ok(())
}
