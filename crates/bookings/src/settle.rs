//! The effects of payments. This is the only module that gives members something for money. The
//! browser's return, the gateway's event and the polling job all pass the gateway's report to
//! [`settle`], and only one of them settles the order.

use identity::account;
use identity::grant::ADMIN;
use identity::notification::{self, NewNotification};
use platform::money::Money;
use platform::{Rows, StoreError, Tx, sql};
use web::{MailMessages, Site};

use crate::booking::{self, Booking, State, class_seats, waiting_list};
use crate::browse::computed_time;
use crate::finding::{self, FindingKind};
use crate::gateway::Fact;
use crate::notice::{self, Event};
use crate::order::{self, EntryKind, Order, OrderId, OrderState, Payment, PaymentState};
use crate::slot::{self, Slot};
use crate::{browse, credit, gateway, membership, plan, refund, room, settings, webhook};

/// Stores the state of a payment that the gateway reports. If the report is new, applies its
/// effects.
pub fn settle(tx: &mut Tx<'_>, site: &Site, id: &OrderId, fact: &Fact) -> Result<(), StoreError> {
    let Some(order) = order::lock(tx, id)? else {
        return Ok(());
    };
    if gateway::is_void(site, &order) {
        // An order that was made with test money has no effect where real money moves.
        return Ok(());
    }
    if !fact.is_plausible() || is_of_another(tx, &order, fact)? {
        let (kind, gateway) = (FindingKind::MissingHere, Some(order.gateway));
        return finding::note(tx, kind, &fact.payment_id, Some(id.clone()), gateway);
    }
    let Some(payment) = raise(tx, &order, fact)? else {
        return Ok(());
    };
    order::post(tx, id, EntryKind::Capture, payment.id.as_str(), fact.amount)?;
    if fact.amount != order.amount() {
        let about = notice::sum(tx, site, None, fact.amount)?;
        let told = NewNotification {
            kind: "booking-notice-wrong-sum",
            about: &about,
            href: "/admin/orders",
        };
        notification::tell_site(tx, site, ADMIN, told)?;
        finding::note(
            tx,
            FindingKind::AmountMismatch,
            payment.id.as_str(),
            Some(id.clone()),
            Some(order.gateway),
        )?;
        refund::request(tx, &payment, "amount_mismatch")?;
        return Ok(());
    }
    if !matches!(order.state, OrderState::Created | OrderState::Expired) {
        // An earlier payment has settled the order, so this one is refunded.
        finding::note(
            tx,
            FindingKind::DuplicateCapture,
            payment.id.as_str(),
            Some(id.clone()),
            Some(order.gateway),
        )?;
        refund::request(tx, &payment, "duplicate")?;
        return Ok(());
    }
    // The lock makes concurrent transactions take receipt numbers one after another, because the
    // numbers must have no gaps.
    let rules = settings::lock(tx)?;
    let today = tx.now().to_zoned(site.settings.time_zone.clone()).date();
    let year = rules.fiscal_year(today);
    let (last,): (i64,) = sql!(
        "SELECT COALESCE(MAX(receipt_no), 0) FROM booking_order
         WHERE mode = :mode AND receipt_year = :year",
        mode = order.mode,
        year
    )
    .one(tx)?;
    let settles = true;
    tx.update(&Payment { settles, ..payment })?;
    let order = Order {
        state: OrderState::Paid,
        paid_at: Some(tx.now()),
        receipt_no: Some(last + 1),
        receipt_year: Some(year),
        tax_label: rules.tax_label,
        seller: match rules.seller.as_str() {
            "" => site.settings.name.clone(),
            _ => rules.seller,
        },
        ..order
    };
    tx.update(&order)?;
    let is_granted = match &order.grant.plan_id {
        Some(plan) if !plan::sell(tx, plan)? => {
            refund::request_of_order(tx, &order, "sold_out")?;
            let messages = MailMessages {
                subject: "booking-mail-sold-out",
                text: "booking-said-sold-out",
            };
            notice::tell_payer(tx, site, &order, messages, order.amount())?;
            return webhook::tell_paid(tx, &order);
        }
        Some(_) => {
            credit::grant(tx, site, &order)?;
            if order.grant.tier > 0 {
                membership::open(tx, site, &order)?;
            }
            true
        }
        None => match booking::lock_of_order(tx, id)? {
            Some(booking) => grant(tx, site, &booking)?,
            None => false,
        },
    };
    let messages = if is_granted {
        MailMessages {
            subject: "booking-mail-receipt",
            text: "booking-said-receipt",
        }
    } else {
        refund::request_of_order(tx, &order, "slot_gone")?;
        MailMessages {
            subject: "booking-mail-gone",
            text: "booking-said-gone",
        }
    };
    notice::tell_payer(tx, site, &order, messages, order.amount())?;
    webhook::tell_paid(tx, &order)
}

fn is_of_another(tx: &mut Tx<'_>, order: &Order, fact: &Fact) -> Result<bool, StoreError> {
    let (others,): (i64,) = sql!(
        "SELECT COUNT(*) FROM payment
         WHERE gateway = :gateway AND gateway_payment_id = :name AND order_id <> :order",
        gateway = order.gateway,
        name = fact.payment_id,
        order = order.id
    )
    .one(tx)?;
    Ok(others > 0)
}

/// Returns the payment if its capture is new. A captured payment cannot become failed.
fn raise(tx: &mut Tx<'_>, order: &Order, fact: &Fact) -> Result<Option<Payment>, StoreError> {
    let Money { minor, currency } = fact.amount;
    let new = Payment {
        id: tx.id(),
        order_id: order.id.clone(),
        gateway: order.gateway,
        gateway_payment_id: fact.payment_id.clone(),
        state: fact.state,
        settles: false,
        amount_minor: minor,
        currency,
        refund_reserved_minor: 0,
        captured_at: None,
    };
    tx.insert_new(&new)?;
    let payment: Payment = sql!(
        "SELECT {Payment} FROM payment
         WHERE gateway = :gateway AND gateway_payment_id = :name FOR NO KEY UPDATE",
        gateway = order.gateway,
        name = fact.payment_id
    )
    .one(tx)?;
    if payment.order_id != order.id {
        return Err(StoreError::rule("a payment of another order"));
    }
    if fact.state < payment.state {
        return Ok(None);
    }
    if fact.state != PaymentState::Captured || payment.captured_at.is_some() {
        if fact.state != payment.state {
            let state = fact.state;
            tx.update(&Payment { state, ..payment })?;
        }
        return Ok(None);
    }
    let payment = Payment {
        state: fact.state,
        captured_at: Some(tx.now()),
        amount_minor: minor,
        ..payment
    };
    tx.update(&payment)?;
    Ok(Some(payment))
}

/// Confirms the booking that was paid, or whose member has proved their address. Returns `false` if
/// the booking was cancelled or its slot belongs to somebody else.
pub(crate) fn grant(tx: &mut Tx<'_>, site: &Site, booking: &Booking) -> Result<bool, StoreError> {
    let mut booking = booking.clone();
    let is_ours = match booking.state {
        // The booking itself holds seats of a class.
        State::PendingPayment if booking.is_class => true,
        State::PendingPayment => {
            let taken = sql!(
                "UPDATE slot SET state = 'booked', hold_token = NULL, hold_until = NULL,
                     version = version + 1
                 WHERE id = :id AND state = 'held' AND hold_token = :token",
                id = booking.slot_id,
                token = booking.hold_token.as_deref()
            )
            .run(tx, Rows::AtMostOne)?;
            taken == 1
        }
        State::Expired => take_again(tx, &booking)?,
        _ => false,
    };
    if !is_ours {
        return Ok(false);
    }
    booking::withdraw_jobs(tx, &booking)?;
    booking.state = State::Confirmed;
    booking.hold_token = None;
    booking::save(tx, &mut booking)?;
    waiting_list::end(tx, &booking)?;
    booking::plan_session(tx, &booking)?;
    notice::tell(tx, site, &booking, Event::Confirmed, None)?;
    webhook::tell(tx, &webhook::CONFIRMED, &booking)?;
    Ok(true)
}

/// For a payment or confirmation after the hold had ended. The slot must still be offered as the
/// member saw it. The slot, the member and, if needed, a room must be free at that time.
fn take_again(tx: &mut Tx<'_>, booking: &Booking) -> Result<bool, StoreError> {
    let Some(member) = &booking.member_id else {
        return Ok(false);
    };
    if !account::lock(tx, member)? {
        return Ok(false);
    }
    let (from, until) = (booking.starts_at, booking.ends_at);
    let (own, beside) = (booking.id.as_str(), &booking.slot_id);
    let beside = booking.is_further.then_some(beside);
    if booking::busy_beside(tx, member, from, until, own, beside)?.is_some() {
        return Ok(false);
    }
    let Some(slot) = browse::find(tx, &booking.slot_id)?.map(|one| one.slot) else {
        return Ok(false);
    };
    let is_there = !booking.is_further && class_seats::has_party(tx, member, &slot)?;
    if is_there || !is_as_shown(tx, &slot, booking)? {
        return Ok(false);
    }
    if !booking::take(tx, &slot, booking.seats, None)? {
        return Ok(false);
    }
    let is_complete = room::reserve(tx, &slot, booking.id.as_str())?;
    if !is_complete {
        booking::give_back(tx, booking, true)?;
    }
    Ok(is_complete)
}

/// A booking without an order was free.
fn is_as_shown(tx: &mut Tx<'_>, slot: &Slot, booking: &Booking) -> Result<bool, StoreError> {
    let order = match &booking.order_id {
        Some(id) => order::find(tx, id)?,
        None => None,
    };
    let has_price = match order {
        Some(order) => slot.price_of(booking.seats) == order.amount(),
        None => slot.price_minor == 0,
    };
    let is_same = slot.provider_id == booking.provider_id
        && (slot.starts_at, slot.ends_at) == (booking.starts_at, booking.ends_at)
        && slot.title == booking.title
        && slot.is_class() == booking.is_class
        && slot.credit_kind.is_none();
    if slot.is_computed() {
        let stored = tx.find::<Slot>(&slot.id)?;
        let is_kept = stored.is_some_and(|one| computed_time::has_same_terms(&one, slot));
        if !is_kept {
            return Ok(false);
        }
    }
    Ok(has_price && is_same && !slot::has_changed_since(tx, &slot.id, booking.created_at)?)
}
