//! Refunds that administrators request, the site's policy on them, and the lists of refunds,
//! payments and orders.

use identity::account::AccountId;
use identity::session::sudo;
use jiff::{SignedDuration, Timestamp};
use platform::audit::Entity;
use platform::money::{Currency, Money};
use platform::store::{IdSet, Row};
use platform::{StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use site::resource::Parent as _;
use utoipa::ToSchema;
use web::{Findings, Problem};

use super::{RefundId, RefundState, credits, reserve};
use crate::Refusal;
use crate::booking::{self, State, seat};
use crate::order::{self, GatewayName, Order, OrderId, OrderMode, PaymentId, PaymentState};
use crate::settings::{self, Administrator};

/// The reason that is stored in refunds that the site's policy grants.
pub(crate) const POLICY: &str = "policy";
/// The minimum and the maximum length of a reason, in characters.
const REASON: (usize, usize) = (5, 300);

web::words! {
    /// What the site's policy says about refunding an order. Administrators may decide otherwise.
    #[schema(as = RefundClause)]
    Clause {
        /// The plan was paid recently, and no credit is spent. The whole payment is refunded.
        Unused = "unused" => "refund-clause-unused",
        /// The plan was paid too long ago. The whole payment is refunded only if no session could
        /// be offered.
        Late = "late" => "refund-clause-late",
        /// Credits are spent. The administrator decides how much is refunded.
        Used = "used" => "refund-clause-used",
        /// The session is in the future. Cancelling it refunds the payment: the whole of it, or the
        /// part that the rules grant if the member cancels late.
        ToCome = "to_come" => "refund-clause-to-come",
        /// The member cancelled the session late. The part that the rules grant was refunded then.
        CancelledLate = "cancelled_late" => "refund-clause-cancelled-late",
        /// The session took place, or its member did not come. Nothing is refunded.
        Over = "over" => "refund-clause-over",
        /// There is no session. The whole payment is refunded.
        None = "none" => "refund-clause-none",
    }
}

/// A refund that an administrator requests.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRefund)]
pub struct NewRefund {
    pub payment_id: PaymentId,
    /// The sum in minor units, at most what is left of the payment.
    pub amount_minor: i64,
    /// The reason, 5–300 characters. It may be omitted if the site's policy grants the refund.
    #[serde(default)]
    pub reason: String,
    /// If the refund takes the order's unused credits away, how many were used when the sum was
    /// decided; another number is refused with 409 `credits_changed`. If null, the credits stay.
    #[serde(default)]
    pub credits_used: Option<i64>,
}

/// A refund as administrators read it.
#[derive(Clone, Debug, Row, Serialize, ToSchema)]
#[schema(as = BookingRefund)]
pub struct RefundRecord {
    pub id: RefundId,
    pub payment_id: PaymentId,
    pub order_id: OrderId,
    /// The payer's name; null after their account was erased.
    pub payer: Option<String>,
    pub amount_minor: i64,
    /// The currency (ISO 4217).
    pub currency: Currency,
    pub mode: OrderMode,
    /// The administrator's reason, or the keyword of the rule that caused the refund.
    pub reason: String,
    /// The administrator's account; null if a rule caused the refund.
    pub requested_by: Option<AccountId>,
    pub state: RefundState,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
}

/// A payment as administrators read it.
#[derive(Clone, Debug, Row, Serialize, ToSchema)]
#[schema(as = BookingPayment)]
pub struct PaymentRecord {
    pub id: PaymentId,
    pub order_id: OrderId,
    /// When the order was made.
    pub ordered_at: Timestamp,
    /// The payer's name; null after their account was erased.
    pub payer: Option<String>,
    pub gateway: GatewayName,
    /// The payment's id at the gateway.
    pub gateway_payment_id: String,
    pub mode: OrderMode,
    pub state: PaymentState,
    /// Whether this payment settled its order.
    pub settles: bool,
    pub amount_minor: i64,
    /// The currency (ISO 4217).
    pub currency: Currency,
    /// What was refunded or is reserved for refunds, in minor units.
    pub refund_reserved_minor: i64,
    pub captured_at: Option<Timestamp>,
}

impl PaymentRecord {
    /// What can still be refunded.
    pub fn left(&self) -> Money {
        let minor = match self.state {
            PaymentState::Captured => self.amount_minor - self.refund_reserved_minor,
            PaymentState::Failed | PaymentState::Authorized => 0,
        };
        Money::new(minor, self.currency)
    }
}

/// An order as administrators read it.
#[derive(Clone, Debug, Row, Serialize, ToSchema)]
pub struct OrderRecord {
    #[serde(flatten)]
    #[row(flatten)]
    pub order: Order,
    /// The payer's name; null after their account was erased.
    pub payer: Option<String>,
    /// The payer's account.
    pub account_id: Option<AccountId>,
    /// The plan's name, or the booking's title.
    pub title: String,
}

/// The sort key of refunds and orders.
pub type Before<I> = (Timestamp, I);

pub fn list(
    tx: &mut Tx<'_>,
    before: Option<&Before<RefundId>>,
    rows: i64,
) -> Result<Vec<RefundRecord>, StoreError> {
    sql!(
        "SELECT f.id, f.payment_id, p.order_id, a.display_name AS payer, f.amount_minor,
             p.currency, o.mode, f.reason, f.requested_by, f.state, f.created_at, f.changed_at
         FROM refund f JOIN payment p ON p.id = f.payment_id
         JOIN booking_order o ON o.id = p.order_id JOIN money_party m ON m.id = o.party_id
         LEFT JOIN account a ON a.id = m.account_id
         WHERE f.created_at < :at OR (f.created_at = :at AND f.id < :id)
         ORDER BY f.created_at DESC, f.id DESC LIMIT :rows",
        at = before.map_or(Timestamp::MAX, |(at, _)| *at),
        id = before.map_or("", |(_, id)| id.as_str()),
        rows
    )
    .all(tx)
}

/// Finds a refund as administrators read it.
pub(crate) fn find(tx: &mut Tx<'_>, id: &RefundId) -> Result<Option<RefundRecord>, StoreError> {
    sql!(
        "SELECT f.id, f.payment_id, p.order_id, a.display_name AS payer, f.amount_minor,
             p.currency, o.mode, f.reason, f.requested_by, f.state, f.created_at, f.changed_at
         FROM refund f JOIN payment p ON p.id = f.payment_id
         JOIN booking_order o ON o.id = p.order_id JOIN money_party m ON m.id = o.party_id
         LEFT JOIN account a ON a.id = m.account_id
         WHERE f.id = :id",
        id
    )
    .maybe(tx)
}

/// Lists payments, those of the latest order first.
pub fn payments(
    tx: &mut Tx<'_>,
    before: Option<&Before<PaymentId>>,
    rows: i64,
) -> Result<Vec<PaymentRecord>, StoreError> {
    sql!(
        "SELECT p.id, p.order_id, o.created_at AS ordered_at, a.display_name AS payer, p.gateway,
             p.gateway_payment_id, o.mode, p.state, p.settles, p.amount_minor, p.currency,
             p.refund_reserved_minor, p.captured_at
         FROM payment p JOIN booking_order o ON o.id = p.order_id
         JOIN money_party m ON m.id = o.party_id LEFT JOIN account a ON a.id = m.account_id
         WHERE o.created_at < :at OR (o.created_at = :at AND p.id < :id)
         ORDER BY o.created_at DESC, p.id DESC LIMIT :rows",
        at = before.map_or(Timestamp::MAX, |(at, _)| *at),
        id = before.map_or("", |(_, id)| id.as_str()),
        rows
    )
    .all(tx)
}

/// Finds a payment, with the clause of the policy that applies to its order.
pub fn payment(
    tx: &mut Tx<'_>,
    id: &PaymentId,
) -> Result<Option<(PaymentRecord, Clause)>, StoreError> {
    let found: Option<PaymentRecord> = sql!(
        "SELECT p.id, p.order_id, o.created_at AS ordered_at, a.display_name AS payer, p.gateway,
             p.gateway_payment_id, o.mode, p.state, p.settles, p.amount_minor, p.currency,
             p.refund_reserved_minor, p.captured_at
         FROM payment p JOIN booking_order o ON o.id = p.order_id
         JOIN money_party m ON m.id = o.party_id LEFT JOIN account a ON a.id = m.account_id
         WHERE p.id = :id",
        id
    )
    .maybe(tx)?;
    let Some(payment) = found else {
        return Ok(None);
    };
    let clause = match order::find(tx, &payment.order_id)? {
        Some(order) => clause(tx, &order)?,
        None => Clause::None,
    };
    Ok(Some((payment, clause)))
}

/// What the site's policy says about an order now.
pub(crate) fn clause(tx: &mut Tx<'_>, order: &Order) -> Result<Clause, StoreError> {
    if order.grant.plan_id.is_none() {
        let booking = booking::of_order(tx, &order.id)?;
        let Some(booking) = booking else {
            return Ok(Clause::None);
        };
        return Ok(match booking.state {
            State::Confirmed | State::PendingPayment => Clause::ToCome,
            State::Completed | State::NoShowMember => Clause::Over,
            State::Cancelled if booking.is_late => Clause::CancelledLate,
            State::Cancelled | State::Expired | State::NoShowProvider => Clause::None,
        });
    }
    let (used,): (i64,) = sql!(
        "SELECT CAST(COALESCE(SUM(used), 0) AS BIGINT) FROM credit_lot WHERE order_id = :order",
        order = order.id
    )
    .one(tx)?;
    let days = SignedDuration::from_hours(24 * settings::load(tx)?.refund_days);
    let until = order.paid_at.unwrap_or(order.created_at) + days;
    Ok(match used {
        0 if tx.roughly_now() <= until => Clause::Unused,
        0 => Clause::Late,
        _ => Clause::Used,
    })
}

/// What is left of an order's payment, in minor units, beside what pays for the seats of a session that
/// is to come.
pub(crate) fn left_beside_session(tx: &mut Tx<'_>, order: &Order) -> Result<i64, StoreError> {
    let left = super::left_of_order(tx, order)?;
    if order.grant.plan_id.is_some() || clause(tx, order)? != Clause::ToCome {
        return Ok(left);
    }
    let Some(booking) = booking::of_order(tx, &order.id)? else {
        return Ok(left);
    };
    let party = seat::of_booking(tx, &booking.id)?;
    Ok(left - seat::part_of_order(order.amount_minor, &party, booking.seats))
}

/// Requests a refund of a part of a payment, or of all that is left of it. Without a reason, the
/// site's policy must grant the refund. If it does not, refuses with 422 `refund_not_eligible`,
/// which names the clause.
pub fn ask(tx: &mut Tx<'_>, by: &Administrator, new: &NewRefund) -> Result<RefundRecord, Refusal> {
    let who = &by.requester().who;
    sudo::require::<Refusal>(tx, who)?;
    let found = payment(tx, &new.payment_id)?.ok_or(Refusal::NotFound)?.0;
    order::lock(tx, &found.order_id)?;
    let clause = match order::find(tx, &found.order_id)? {
        Some(order) => clause(tx, &order)?,
        None => Clause::None,
    };
    let payments = order::payments(tx, &found.order_id)?;
    let payment = payments.iter().find(|one| one.id == new.payment_id);
    let payment = payment.ok_or(Refusal::NotFound)?;
    let left = payment.amount_minor - payment.refund_reserved_minor;
    let (mut findings, amount) = (Findings::default(), new.amount_minor);
    if !(1..=payment.amount_minor).contains(&amount) {
        let most = Money::new(left, payment.currency);
        crate::amount_range::add_amount_range(&mut findings, "/amount_minor", most);
    }
    let reason = match new.reason.trim() {
        "" => POLICY.to_owned(),
        reason => findings.line("/reason", reason, REASON.0, REASON.1),
    };
    findings.finish()?;
    let is_granted = matches!(clause, Clause::Unused | Clause::None);
    if new.reason.trim().is_empty() && !is_granted {
        let problem = Problem::from(crate::codes::REFUND_NOT_ELIGIBLE);
        return Err(Refusal::Problem(problem.with("clause", clause.word())));
    }
    if payment.state != PaymentState::Captured || amount > left {
        let problem = Problem::from(crate::codes::REFUND_EXCEEDS);
        return Err(Refusal::Problem(problem.with("left_minor", left)));
    }
    let by_account = Some(&who.account().id);
    let refund = reserve(tx, payment, amount, &reason, by_account)?;
    if let Some(used) = new.credits_used.filter(|_| payment.settles) {
        credits::take_with(tx, &payment.order_id, &refund, used)?;
    }
    let changes = json!([{"field": "amount_minor", "old": null, "new": amount},
        {"field": "payment", "old": null, "new": payment.id},
        {"field": "reason", "old": null, "new": reason}]);
    let entity = Entity::new("refund", refund.id.to_string());
    by.record(tx, entity, "refund.requested", changes)?;
    find(tx, &refund.id)?.ok_or(Refusal::NotFound)
}

/// Finds an order as administrators read it.
pub(crate) fn order(tx: &mut Tx<'_>, id: &OrderId) -> Result<Option<OrderRecord>, StoreError> {
    sql!(
        "SELECT {o: Order}, a.display_name AS payer, a.id AS account_id,
             COALESCE(n.name, b.title, '') AS title
         FROM booking_order o LEFT JOIN booking b ON b.order_id = o.id
         LEFT JOIN plan n ON n.id = o.plan_id
         JOIN money_party p ON p.id = o.party_id LEFT JOIN account a ON a.id = p.account_id
         WHERE o.id = :id",
        id
    )
    .maybe(tx)
}

/// Lists orders, the latest first.
pub fn orders(
    tx: &mut Tx<'_>,
    before: Option<&Before<OrderId>>,
    rows: i64,
) -> Result<Vec<OrderRecord>, StoreError> {
    sql!(
        "SELECT {o: Order}, a.display_name AS payer, a.id AS account_id,
             COALESCE(n.name, b.title, '') AS title
         FROM booking_order o LEFT JOIN booking b ON b.order_id = o.id
         LEFT JOIN plan n ON n.id = o.plan_id
         JOIN money_party p ON p.id = o.party_id LEFT JOIN account a ON a.id = p.account_id
         WHERE o.created_at < :at OR (o.created_at = :at AND o.id < :id)
         ORDER BY o.created_at DESC, o.id DESC LIMIT :rows",
        at = before.map_or(Timestamp::MAX, |(at, _)| *at),
        id = before.map_or("", |(_, id)| id.as_str()),
        rows
    )
    .all(tx)
}

/// Lists the orders of which a payment is in dispute, the latest first.
pub(crate) fn orders_in_dispute(
    tx: &mut Tx<'_>,
    before: Option<&Before<OrderId>>,
    rows: i64,
) -> Result<Vec<OrderRecord>, StoreError> {
    let all = order::in_dispute(tx)?;
    let mut found: Vec<OrderRecord> = Vec::new();
    for set in IdSet::of(all.iter().map(OrderId::as_str)) {
        let some: Vec<OrderRecord> = sql!(
            "SELECT {o: Order}, a.display_name AS payer, a.id AS account_id,
                 COALESCE(n.name, b.title, '') AS title
             FROM booking_order o LEFT JOIN booking b ON b.order_id = o.id
             LEFT JOIN plan n ON n.id = o.plan_id
             JOIN money_party p ON p.id = o.party_id LEFT JOIN account a ON a.id = p.account_id
             WHERE o.id IN ({:IdSet})
               AND (o.created_at < :at OR (o.created_at = :at AND o.id < :id))
             ORDER BY o.created_at DESC, o.id DESC LIMIT :rows",
            IdSet = set,
            at = before.map_or(Timestamp::MAX, |(at, _)| *at),
            id = before.map_or("", |(_, id)| id.as_str()),
            rows
        )
        .all(tx)?;
        found.extend(some);
    }
    found.sort_by(|a, b| (b.order.created_at, &b.order.id).cmp(&(a.order.created_at, &a.order.id)));
    found.truncate(usize::try_from(rows).unwrap_or(usize::MAX));
    Ok(found)
}
