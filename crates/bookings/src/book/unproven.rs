//! Holds of people who have not proved their address yet.

use identity::account::AccountId;
use jiff::SignedDuration;
use platform::{StoreError, Tx, sql};
use web::Site;

use super::{Booked, BookingWishes, busy, create_order, draft, spend_credits, store_held};
use crate::booking::{self, Booking, State, class_seats, seat, waiting_list};
use crate::settings::{self, BookingSettings};
use crate::slot::{Slot, SlotId};
use crate::{Refusal, booking_limits, browse, gateway, provider, settle};

/// Holds a slot for somebody who has not proved their address yet. If their account may not hold
/// the slot, the booking has no member. The slot is held in any case, so that nobody learns from it
/// whether the address has an account. There is no order, and nothing counts for the account, until
/// its owner proves the booking with [`prove`].
pub(crate) fn hold_unproven(
    tx: &mut Tx<'_>,
    account: Option<&AccountId>,
    slot: &Slot,
    wishes: BookingWishes<'_>,
    rules: &BookingSettings,
) -> Result<Booking, Refusal> {
    let account = match account {
        Some(account) if may_hold(tx, account, slot, rules)? => Some(account),
        _ => None,
    };
    let names = wishes.names;
    let booking = draft(tx, account, slot, wishes, rules)?;
    let party = seat::draft(&booking, names);
    let hold = SignedDuration::from_mins(rules.hold_minutes);
    let until = (tx.now() + hold).min(slot.starts_at);
    store_held(tx, slot, booking, &party, until)
}

/// The caller holds the account's lock.
fn may_hold(
    tx: &mut Tx<'_>,
    account: &AccountId,
    slot: &Slot,
    rules: &BookingSettings,
) -> Result<bool, StoreError> {
    let is_own = provider::account_of(tx, &slot.provider_id)?.as_ref() == Some(account);
    let (from, until) = (slot.starts_at, slot.ends_at);
    let is_busy = booking::busy(tx, account, from, until, "")?.is_some();
    let is_full = booking_limits::is_full(tx, account, rules)?;
    let has_hold = booking_limits::holds(tx, account)? < rules.hold_limit;
    let has_party = class_seats::has_party(tx, account, slot)?;
    Ok(!is_own && !is_busy && !is_full && has_hold && !has_party)
}

/// The caller locks the member afterwards.
pub(super) fn lock_unproven(
    tx: &mut Tx<'_>,
    account: &AccountId,
    slot: &SlotId,
) -> Result<Option<Booking>, StoreError> {
    sql!(
        "SELECT {Booking} FROM booking WHERE slot_id = :slot AND member_id = :account
             AND state = 'pending_payment' AND order_id IS NULL FOR NO KEY UPDATE",
        slot,
        account
    )
    .maybe(tx)
}

/// Takes a booking that was held for an address as the member's own, because the member has proved
/// the address; or seats that were kept for a member who waited. A booking that costs nothing or a
/// credit is confirmed; otherwise there is now an order to pay. Nothing has
/// changed when it is refused. Returns `None` if the slot belongs to somebody else by now. The
/// caller holds the locks of the booking and of the member.
pub(crate) fn prove(
    tx: &mut Tx<'_>,
    site: &Site,
    account: &AccountId,
    mut booking: Booking,
) -> Result<Option<Booked>, Refusal> {
    let Some(slot) = browse::find_slot(tx, &booking.slot_id)? else {
        return Ok(None);
    };
    let rules = settings::load(tx)?;
    let (from, until) = (booking.starts_at, booking.ends_at);
    if let Some(other) = booking::busy(tx, account, from, until, booking.id.as_str())? {
        return Err(busy(&other));
    }
    booking_limits::check_bookings(tx, account, &rules)?;
    let is_held = booking.state == State::PendingPayment;
    let order = if is_held && slot.price_minor > 0 {
        // Seats that were offered to a member who waited are no hold of the member's.
        if waiting_list::asked_by(tx, &booking.id)?.is_none() {
            booking_limits::check_holds(tx, account, &rules)?;
        }
        let until = booking.hold_until.or(slot.hold_until);
        let (until, price) = (
            until.unwrap_or(slot.starts_at),
            slot.price_of(booking.seats),
        );
        let order = create_order(tx, site, account, price, until, &rules)?;
        booking.order_id = Some(order.id.clone());
        booking::save(tx, &mut booking)?;
        Some(order)
    } else {
        if let Some(wanted) = slot.credit(&rules).filter(|_| is_held) {
            let mode = gateway::mode(site);
            let mut party = seat::of_booking(tx, &booking.id)?;
            spend_credits(tx, account, mode, wanted, &mut booking, &mut party)?;
            for seat in &party {
                seat::save(tx, seat)?;
            }
        }
        if !settle::grant(tx, site, &booking)? {
            return Ok(None);
        }
        None
    };
    Ok(booking::find(tx, &booking.id)?.map(|booking| Booked {
        booking,
        order,
        is_repeat: true,
    }))
}
