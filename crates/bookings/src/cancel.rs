//! Cancelling a booking. Its slot is offered again, and its payment is refunded. A member who cancels
//! after the deadline gets back the share of the price that the booking says, and no credit.

use jiff::Timestamp;
use platform::money::Money;
use platform::{StoreError, Tx};
use site::dates;
use web::{Findings, Problem, Site};

use crate::booking::late::Late;
use crate::booking::{self, Booking, BookingId, Party, PartyTo, State, seat};
use crate::codes::NOT_CANCELLABLE;
use crate::notice::{self, Event, Returned};
use crate::order;
use crate::{Refusal, payout, refund, review, webhook};

/// The maximum length of the reason for a cancellation, in characters.
pub(crate) const REASON: usize = 300;

/// Cancels a booking. If it is already cancelled, nothing changes. Providers and administrators
/// must give a reason.
pub fn cancel(
    tx: &mut Tx<'_>,
    site: &Site,
    party: &PartyTo,
    reason: &str,
) -> Result<Booking, Refusal> {
    let booking = &party.booking;
    if booking.state == State::Cancelled {
        return Ok(booking.clone());
    }
    if !booking.is_active() || booking.starts_at <= tx.now() {
        return Err(NOT_CANCELLABLE.into());
    }
    let mut findings = Findings::default();
    let least = usize::from(party.party != Party::Member);
    let reason = findings.line("/reason", reason, least, REASON);
    findings.finish()?;
    Ok(end(tx, site, booking, party.party, reason)?)
}

/// Whether a member who cancels a booking now does so after the deadline.
pub(crate) fn is_late(booking: &Booking, now: Timestamp) -> bool {
    booking.state == State::Confirmed && now > booking.cancel_deadline()
}

/// Refuses to move a booking if the deadline has passed.
pub(crate) fn check_window(tx: &mut Tx<'_>, booking: &Booking) -> Result<(), Refusal> {
    let (now, deadline) = (tx.now(), booking.cancel_deadline());
    if now <= deadline {
        return Ok(());
    }
    let left = booking.starts_at.duration_since(now).as_hours().max(0);
    let problem = Problem::from(crate::codes::CANCEL_WINDOW_CLOSED);
    Err(Refusal::Problem(
        problem
            .with("cancel_deadline", deadline.to_string())
            .with("hours_left", left),
    ))
}

/// Ends an active booking and notifies member and provider. The caller holds the locks of the order
/// and of the booking.
pub(crate) fn end(
    tx: &mut Tx<'_>,
    site: &Site,
    booking: &Booking,
    by: Party,
    reason: String,
) -> Result<Booking, StoreError> {
    let was_confirmed = booking.state == State::Confirmed;
    review::call::end(tx, site, &booking.id)?;
    let (booking, back) = end_quietly(tx, booking, by, reason)?;
    if was_confirmed {
        let returned = returned(tx, &booking, back)?;
        notice::tell(tx, site, &booking, Event::Cancelled, returned.as_ref())?;
    } else if by != Party::Member && booking.order_id.is_some() {
        // The member may be paying for the booking at this moment.
        let (event, returned) = (Event::HoldCancelled, back.map(Returned::InTime));
        notice::tell_one(tx, site, &booking, Party::Member, event, returned.as_ref())?;
    }
    Ok(booking)
}

/// What both sides are told of the price, if this much was just paid back.
pub(crate) fn returned(
    tx: &mut Tx<'_>,
    booking: &Booking,
    back: Option<Money>,
) -> Result<Option<Returned>, StoreError> {
    let order = match &booking.order_id {
        Some(id) => order::find(tx, id)?,
        None => None,
    };
    let left = match &order {
        Some(order) => refund::left_of_order(tx, order)?,
        None => 0,
    };
    let seats = seat::of_booking(tx, &booking.id)?;
    let late = Late::of(booking, &seats, order.as_ref(), left);
    Ok(late.map(Returned::Late).or(back.map(Returned::InTime)))
}

/// Cancels a booking whose member is deleting their account.
pub(crate) fn end_for_leaver(tx: &mut Tx<'_>, id: &BookingId) -> Result<(), StoreError> {
    let Some((_, booking)) = booking::lock(tx, id)? else {
        return Ok(());
    };
    if !booking.is_active() {
        return Ok(());
    }
    let was_confirmed = booking.state == State::Confirmed;
    let (booking, _) = end_quietly(tx, &booking, Party::Member, String::new())?;
    if was_confirmed {
        booking::plan_farewell(tx, &booking)?;
    }
    Ok(())
}

fn end_quietly(
    tx: &mut Tx<'_>,
    booking: &Booking,
    by: Party,
    reason: String,
) -> Result<(Booking, Option<Money>), StoreError> {
    let was_confirmed = booking.state == State::Confirmed;
    let mut booking = booking.clone();
    booking.is_late = by == Party::Member && is_late(&booking, tx.now());
    if !booking.is_late {
        seat::give_credits_back(tx, &booking, by != Party::Member)?;
    }
    booking::give_back(tx, &booking, by != Party::Provider)?;
    booking::withdraw_jobs(tx, &booking)?;
    let back = give_money_back(tx, &booking)?;
    booking.state = State::Cancelled;
    booking.hold_token = None;
    booking.cancelled_at = Some(tx.now());
    booking.cancelled_by = Some(by);
    booking.cancel_reason = reason;
    booking.ics_sequence += 1;
    booking::save(tx, &mut booking)?;
    if booking.is_late && booking.payout_minor > 0 {
        booking::plan_late(tx, &booking)?;
    }
    if was_confirmed {
        dates::moved(tx, booking.id.as_str())?;
    }
    webhook::tell(tx, &webhook::CANCELLED, &booking)?;
    Ok((booking, back))
}

fn give_money_back(tx: &mut Tx<'_>, booking: &Booking) -> Result<Option<Money>, StoreError> {
    let Some(id) = &booking.order_id else {
        return Ok(None);
    };
    order::expire(tx, id)?;
    let Some(order) = order::find(tx, id)?.filter(order::Order::is_paid) else {
        return Ok(None);
    };
    if !booking.is_late {
        return refund::request_of_order(tx, &order, "cancelled");
    }
    let party = seat::of_booking(tx, &booking.id)?;
    let price = seat::part_of_order(order.amount_minor, &party, booking.seats);
    let part = payout::part_of(price, booking.late_refund_bps);
    refund::request_part(tx, &order, part, "cancelled", None)
}

/// Ends the hold of a booking that was not paid in time, and offers its slot again.
pub(crate) fn expire(
    tx: &mut Tx<'_>,
    booking: &Booking,
    until: Timestamp,
) -> Result<bool, StoreError> {
    if booking.state != State::PendingPayment || tx.now() < until {
        return Ok(false);
    }
    let mut booking = booking.clone();
    booking::give_back(tx, &booking, true)?;
    if let Some(order) = &booking.order_id {
        order::expire(tx, order)?;
    }
    booking.state = State::Expired;
    booking.hold_token = None;
    booking::save(tx, &mut booking)?;
    Ok(true)
}
