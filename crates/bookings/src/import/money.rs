//! Import of credits, orders and payouts.

use identity::account::AccountId;
use jiff::Timestamp;
use platform::{Rows, StoreError, Tx, sql};

use crate::booking::BookingId;
use crate::credit::{self, CreditEntryId, CreditReason, Lot, LotId};
use crate::credit_kind::{DOCUMENT_REVIEW, SESSION};
use crate::order::{
    self, EntryKind, Order, OrderId, OrderState, PartyId, Payment, PaymentId, PaymentState,
};
use crate::payout::batch::{Batch, BatchId, BatchState};
use crate::payout::{Payout, PayoutId, PayoutState};
use crate::refund::{Refund, RefundState};

/// Finds or creates the lot for the credits that a member still has in the other system. A new lot
/// has `left` unspent credits. Returns `true` if the lot was created.
pub fn bring(
    tx: &mut Tx<'_>,
    member: &AccountId,
    kind: &str,
    left: i64,
    expires_at: Timestamp,
) -> Result<bool, StoreError> {
    let id = lot_of(member, kind);
    let known: Option<(LotId,)> = sql!("SELECT id FROM credit_lot WHERE id = :id", id).maybe(tx)?;
    if known.is_some() {
        return Ok(false);
    }
    let lot = Lot {
        id,
        party_id: order::party(tx, member)?,
        credit_kind: kind.to_owned(),
        granted: left,
        used: 0,
        expires_at,
        review_calls: false,
    };
    credit::insert(tx, &lot, None)?;
    if left > 0 {
        credit::enter(tx, &lot.id, left, CreditReason::Imported, lot.id.as_str())?;
    }
    Ok(true)
}

fn lot_of(member: &AccountId, kind: &str) -> LotId {
    super::id("credits", &format!("{kind} {member}"))
}

/// Records that a member spent a credit on a session or a review. `is_counted` is true if the
/// imported lot includes this credit, and false if it was spent before the credits in the lot were
/// counted.
pub fn spend(
    tx: &mut Tx<'_>,
    member: &AccountId,
    kind: &str,
    subject: &str,
    at: Timestamp,
    is_counted: bool,
) -> Result<LotId, StoreError> {
    let lot = lot_of(member, kind);
    let reason = match kind {
        DOCUMENT_REVIEW => CreditReason::Reviewed,
        _ => CreditReason::Booked,
    };
    let mut taken = 0;
    if is_counted {
        taken = sql!(
            "UPDATE credit_lot SET used = used + 1 WHERE id = :lot AND used < granted",
            lot
        )
        .run(tx, Rows::AtMostOne)?;
    }
    if taken == 0 {
        sql!(
            "UPDATE credit_lot SET granted = granted + 1, used = used + 1 WHERE id = :lot",
            lot
        )
        .run(tx, Rows::Exactly(1))?;
        enter(tx, &lot, 1, CreditReason::Imported, subject, at)?;
    }
    enter(tx, &lot, -1, reason, subject, at)?;
    Ok(lot)
}

/// Records that the credit of a cancelled review was returned.
pub fn give_back(
    tx: &mut Tx<'_>,
    lot: &LotId,
    subject: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    // The other system has already counted the returned credit among those that are left.
    sql!(
        "UPDATE credit_lot SET granted = granted - 1, used = used - 1 WHERE id = :lot",
        lot
    )
    .run(tx, Rows::Exactly(1))?;
    let back = format!("{subject} back");
    enter(tx, lot, 1, CreditReason::Returned, subject, at)?;
    enter(tx, lot, -1, CreditReason::Imported, &back, at)
}

fn enter(
    tx: &mut Tx<'_>,
    lot: &LotId,
    delta: i64,
    reason: CreditReason,
    subject: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO credit_entry (id, lot_id, delta, reason, subject, created_at)
         VALUES (:id, :lot, :delta, :reason, :subject, :at)",
        id = tx.id::<CreditEntryId>(),
        lot,
        delta,
        reason,
        subject,
        at
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// An order for a plan, from another system.
#[derive(Clone, Debug)]
pub struct ImportedOrder {
    /// The order. Its `party_id` is set from `account`.
    pub order: Order,
    /// The account that made the order; `None` if the account is no longer known.
    pub account: Option<AccountId>,
    /// The payment's id at the gateway, if the order is paid.
    pub payment: String,
    /// When the credits of the order expire.
    pub expires_at: Timestamp,
    /// Whether the credits that the member still has are imported separately, so that the order's
    /// own lot is marked as used up.
    pub is_counted: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderOutcome {
    Added,
    Known,
    /// This other order has the same id at the gateway. Nothing was added.
    OrderTaken(OrderId),
    /// This other order was paid with the same payment. Nothing was added.
    PaymentTaken(OrderId),
}

/// Adds an order with its payment, its ledger entries, and the lots that it granted.
pub fn add_order(tx: &mut Tx<'_>, new: &ImportedOrder) -> Result<OrderOutcome, StoreError> {
    let mut order = new.order.clone();
    if order::find(tx, &order.id)?.is_some() {
        return Ok(OrderOutcome::Known);
    }
    if let Some(name) = &order.gateway_order_id
        && let Some(other) = order::find_by_gateway(tx, order.gateway, name)?
    {
        return Ok(OrderOutcome::OrderTaken(other));
    }
    let is_paid = matches!(order.state, OrderState::Paid | OrderState::Refunded);
    let paid: Option<(OrderId,)> = sql!(
        "SELECT order_id FROM payment WHERE gateway = :gateway AND gateway_payment_id = :name",
        gateway = order.gateway,
        name = new.payment
    )
    .maybe(tx)?;
    if let (true, Some((other,))) = (is_paid, paid) {
        return Ok(OrderOutcome::PaymentTaken(other));
    }
    order.party_id = match &new.account {
        Some(account) => order::party(tx, account)?,
        None => nobody(tx)?,
    };
    tx.insert(&order)?;
    if is_paid {
        add_payment(tx, &order, &new.payment)?;
        add_lots(tx, &order, new)?;
    }
    Ok(OrderOutcome::Added)
}

/// Creates a party without an account, like that of an erased account.
fn nobody(tx: &mut Tx<'_>) -> Result<PartyId, StoreError> {
    let party: PartyId = tx.id();
    sql!(
        "INSERT INTO money_party (id, account_id) VALUES (:party, NULL)",
        party
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(party)
}

fn add_payment(tx: &mut Tx<'_>, order: &Order, name: &str) -> Result<(), StoreError> {
    let is_refunded = order.state == OrderState::Refunded;
    let payment = Payment {
        id: super::id::<PaymentId>("payment", order.id.as_str()),
        order_id: order.id.clone(),
        gateway: order.gateway,
        gateway_payment_id: name.to_owned(),
        state: PaymentState::Captured,
        settles: true,
        amount_minor: order.amount_minor,
        currency: order.currency,
        refund_reserved_minor: if is_refunded { order.amount_minor } else { 0 },
        captured_at: order.paid_at,
    };
    tx.insert(&payment)?;
    let (id, sum) = (&order.id, order.amount());
    order::post(tx, id, EntryKind::Capture, payment.id.as_str(), sum)?;
    if !is_refunded || order.amount_minor == 0 {
        return Ok(());
    }
    let refund = Refund {
        id: tx.id(),
        payment_id: payment.id,
        amount_minor: order.amount_minor,
        reason: "imported".to_owned(),
        gateway_refund_id: None,
        state: RefundState::Processed,
        credits: Vec::new(),
    };
    sql!(
        "INSERT INTO refund ({Refund}, created_at, changed_at) VALUES ({:Refund}, :at, :at)",
        Refund = refund,
        at = order.paid_at
    )
    .run(tx, Rows::Exactly(1))?;
    order::post(tx, id, EntryKind::Refund, refund.id.as_str(), sum)
}

fn add_lots(tx: &mut Tx<'_>, order: &Order, new: &ImportedOrder) -> Result<(), StoreError> {
    let is_spent = new.is_counted || order.state == OrderState::Refunded;
    let (subject, at) = (order.id.as_str(), order.paid_at.unwrap_or(order.created_at));
    for one in &order.grant.grants {
        let (kind, credits) = (one.credit_kind.as_str(), one.quantity);
        let key = match kind {
            SESSION => subject.to_owned(),
            kind => format!("{subject} {kind}"),
        };
        let lot = Lot {
            id: super::id::<LotId>("credits of order", &key),
            party_id: order.party_id.clone(),
            credit_kind: kind.to_owned(),
            granted: credits,
            used: if is_spent { credits } else { 0 },
            expires_at: new.expires_at,
            review_calls: order.grant.review_calls,
        };
        credit::insert(tx, &lot, Some(order))?;
        enter(tx, &lot.id, credits, CreditReason::Granted, subject, at)?;
        if is_spent {
            let spent = lot.id.as_str();
            enter(tx, &lot.id, -credits, CreditReason::Imported, spent, at)?;
        }
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayoutOutcome {
    Added,
    Known,
    /// There is another payout item for the same session. Nothing was added.
    BookingTaken,
}

pub fn is_known_payout(tx: &mut Tx<'_>, id: &PayoutId) -> Result<bool, StoreError> {
    Ok(tx.find::<Payout>(id)?.is_some())
}

/// Adds the payout item of a session. For a paid item, also adds a settled batch that contains only
/// this item and has the bank's `reference`.
pub fn add_payout(
    tx: &mut Tx<'_>,
    new: &Payout,
    reference: &str,
) -> Result<PayoutOutcome, StoreError> {
    let others: Vec<(String,)> = sql!(
        "SELECT id FROM payout_item WHERE id = :id OR booking_id = :booking AND is_adjustment = 0",
        id = new.id,
        booking = new.booking_id
    )
    .all(tx)?;
    if others.iter().any(|(id,)| id == new.id.as_str()) {
        return Ok(PayoutOutcome::Known);
    }
    if !others.is_empty() {
        return Ok(PayoutOutcome::BookingTaken);
    }
    owes(tx, &new.booking_id, new)?;
    let mut item = new.clone();
    if item.state == PayoutState::Paid {
        let batch = Batch {
            id: super::id::<BatchId>("batch", item.id.as_str()),
            currency: item.currency,
            state: BatchState::Settled,
            reference: reference.to_owned(),
            two_people: false,
            created_at: item.created_at,
            changed_at: item.available_at,
        };
        tx.insert(&batch)?;
        item.batch_id = Some(batch.id);
    }
    tx.insert(&item)?;
    Ok(PayoutOutcome::Added)
}

fn owes(tx: &mut Tx<'_>, booking: &BookingId, item: &Payout) -> Result<(), StoreError> {
    sql!(
        "UPDATE booking SET payout_minor = :amount, payout_currency = :currency WHERE id = :booking",
        booking,
        amount = item.amount_minor,
        currency = item.currency
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}
