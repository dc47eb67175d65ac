//! The seats of a class. A booking takes some of the seats of a date, and gives them back once. The
//! date itself stays available, so that others can book it.

use identity::account::AccountId;
use platform::{Rows, StoreError, Tx, sql};

use super::{Booking, BookingId, waiting_list};
use crate::room;
use crate::slot::Slot;

/// Takes seats of a date; a negative number gives some back. Returns `false` if too few are left, or
/// if the date is not offered any more as `slot` says. Locks the slot.
pub(super) fn take(tx: &mut Tx<'_>, slot: &Slot, seats: i64) -> Result<bool, StoreError> {
    let taken = sql!(
        "UPDATE slot SET seats_taken = seats_taken + :seats
         WHERE id = :id AND state = 'available' AND version = :version AND deleted_at IS NULL
           AND starts_at > :now AND seats_taken + :seats <= seats",
        id = slot.id,
        seats,
        version = slot.version,
        now = tx.now()
    )
    .run(tx, Rows::AtMostOne)?;
    if seats < 0 && taken == 1 {
        waiting_list::advance(tx, &slot.id)?;
    }
    Ok(taken == 1)
}

/// Gives back so many seats of a booking, first to those who wait for them. If these are all of them, its
/// room goes to another booking of the date, or is released. Locks the slot.
pub(crate) fn give_back(tx: &mut Tx<'_>, booking: &Booking, seats: i64) -> Result<(), StoreError> {
    sql!(
        "UPDATE slot SET seats_taken = seats_taken - :seats WHERE id = :slot",
        slot = booking.slot_id,
        seats
    )
    .run(tx, Rows::Exactly(1))?;
    if seats < booking.seats {
        return waiting_list::advance(tx, &booking.slot_id);
    }
    waiting_list::pass(tx, booking)?;
    // Before the room is left: a party that is asked takes it over.
    waiting_list::advance(tx, &booking.slot_id)?;
    leave_room(tx, booking)
}

/// Leaves the room of a booking to another one of the same date, or releases it if there is none. The
/// caller holds the slot's lock.
pub(crate) fn leave_room(tx: &mut Tx<'_>, booking: &Booking) -> Result<(), StoreError> {
    let other: Option<(BookingId,)> = sql!(
        "SELECT id FROM booking
         WHERE slot_id = :slot AND id <> :id AND state IN ('pending_payment', 'confirmed')
         ORDER BY id LIMIT 1",
        slot = booking.slot_id,
        id = booking.id
    )
    .maybe(tx)?;
    match other {
        Some((other,)) => room::pass_on(tx, booking.id.as_str(), other.as_str()),
        None => room::release(tx, booking.id.as_str()),
    }
}

/// Whether a member has booked this date of a class, or holds seats of it.
pub(crate) fn has_party(
    tx: &mut Tx<'_>,
    member: &AccountId,
    slot: &Slot,
) -> Result<bool, StoreError> {
    Ok(slot.is_class() && super::find_active(tx, member, &slot.id)?.is_some())
}

/// The most seats that one booking of the slot takes.
pub(crate) fn most(tx: &mut Tx<'_>, slot: &Slot) -> Result<i64, StoreError> {
    if !slot.is_class() {
        return Ok(1);
    }
    let limit: Option<(i64,)> = sql!(
        "SELECT party_limit FROM offer WHERE id = :offer",
        offer = slot.offer_id
    )
    .maybe(tx)?;
    Ok(limit.map_or(1, |(limit,)| limit))
}
