//! What a provider is owed for one booking of a class.

use jiff::Timestamp;
use platform::{StoreError, Tx, sql};

use super::part_of;
use crate::booking::seat::{self, SeatState};
use crate::booking::{Booking, BookingId, State};
use crate::slot::{self, Slot};

/// All of its sum for each seat that came or of which nobody says anything, and the share for a
/// member who does not come for each that was missed, or was given back late and not taken again.
pub(super) fn of(tx: &mut Tx<'_>, booking: &Booking) -> Result<i64, StoreError> {
    let each = booking.payout_minor / booking.seats.max(1);
    let (came, missed) = match booking.state {
        State::Completed => {
            let party = seat::of_booking(tx, &booking.id)?;
            let missed = party.iter().filter(|one| one.state == SeatState::Missed);
            let missed = i64::try_from(missed.count()).unwrap_or(booking.seats);
            (booking.seats - missed, missed)
        }
        State::NoShowMember => (0, booking.seats),
        State::Cancelled if booking.is_late => (0, 0),
        _ => return Ok(0),
    };
    let share = part_of(
        each * (missed + count_untaken(tx, booking)?),
        booking.no_show_bps,
    );
    Ok(each * came + share)
}

/// How many of the seats that the booking gave back late nobody took again. None if the provider
/// cancelled the date.
fn count_untaken(tx: &mut Tx<'_>, booking: &Booking) -> Result<i64, StoreError> {
    let slot: Slot = tx.load(&booking.slot_id)?;
    let (ended,): (i64,) = sql!(
        "SELECT COUNT(*) FROM booking WHERE slot_id = :slot AND cancelled_by = 'provider'",
        slot = slot.id
    )
    .one(tx)?;
    if slot.state == slot::State::Unavailable && ended > 0 {
        return Ok(0);
    }
    let late: Vec<(BookingId, Timestamp, i64)> = sql!(
        "SELECT b.id AS booking, b.cancelled_at AS since, b.seats AS seats
         FROM booking b WHERE b.slot_id = :slot AND b.is_late = 1
         UNION ALL
         SELECT b.id AS booking, t.cancelled_at AS since, COUNT(*) AS seats
         FROM booking b JOIN booking_seat t ON t.booking_id = b.id
         WHERE b.slot_id = :slot AND t.is_late = 1 GROUP BY b.id, t.cancelled_at
         ORDER BY since, booking",
        slot = slot.id
    )
    .all(tx)?;
    // Seats that were taken again belong to those who gave theirs back last.
    let (mut free, mut own) = (slot.seats - slot.seats_taken, 0);
    for (id, _, seats) in late {
        let untaken = seats.min(free).max(0);
        free -= untaken;
        if id == booking.id {
            own += untaken;
        }
    }
    Ok(own)
}
