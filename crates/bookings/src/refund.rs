//! Refunds. The sum of a payment's refunds never exceeds the payment. A job sends each refund to
//! the gateway; all attempts have the same idempotency key. While the payment for credits is being
//! refunded, the credits cannot be spent.

pub mod credits;
pub mod manual;

use identity::account::AccountId;
use identity::grant::ADMIN;
use identity::notification::{self, NewNotification};
use jiff::{SignedDuration, Timestamp};
use platform::jobs::{Done, Handler, Job, NewJob, Queue};
use platform::money::Money;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::{MailMessages, Site};

use self::credits::RefundedCredits;
use crate::finding::{self, FindingKind};
use crate::gateway::{RefundCall, RefundReport, Refunded};
use crate::order::{
    self, EntryKind, GatewayName, Order, OrderId, OrderState, Payment, PaymentId, PaymentState,
};
use crate::{credit, gateway_retry, notice, webhook};

platform::id!(RefundId, random, "One sum that goes back.");

pub const KIND: &str = "booking.refund";
/// The reason that is stored in refunds that were made on the gateway's own page.
pub(crate) const ELSEWHERE: &str = "elsewhere";
/// The reason that is stored in refunds for seats of a class that a member gave back.
pub(crate) const SEATS: &str = "seats";
const RETRY_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// Usually the gateway's event arrives earlier.
const POLL_EVERY: SignedDuration = SignedDuration::from_hours(6);

web::words! {
    RefundState {
        /// The gateway has not accepted the refund yet.
        Requested = "requested" => "refund-requested",
        /// The gateway has accepted the refund and is processing it.
        Submitted = "submitted" => "refund-submitted",
        /// The gateway has sent the money.
        Processed = "processed" => "refund-processed",
        /// The gateway has refused the refund, so an administrator must handle it.
        Failed = "failed" => "refund-failed",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Row)]
#[row(table = "refund")]
pub struct Refund {
    /// The refund's id, which is also the idempotency key of its requests to the gateway.
    pub id: RefundId,
    pub payment_id: PaymentId,
    pub amount_minor: i64,
    pub reason: String,
    /// The refund's id at the gateway; `None` until the gateway has accepted the refund.
    pub gateway_refund_id: Option<String>,
    pub state: RefundState,
    /// The unused credits that are taken away once the refund is processed.
    #[row(json)]
    pub credits: Vec<RefundedCredits>,
}

/// Refunds the part of a payment that is not refunded yet. The caller holds the order's lock.
pub(crate) fn request(
    tx: &mut Tx<'_>,
    payment: &Payment,
    reason: &'static str,
) -> Result<Option<Money>, StoreError> {
    let (reserved,): (i64,) = sql!(
        "SELECT refund_reserved_minor FROM payment WHERE id = :id FOR NO KEY UPDATE",
        id = payment.id
    )
    .one(tx)?;
    let left = payment.amount_minor - reserved;
    if left <= 0 {
        return Ok(None);
    }
    reserve(tx, payment, left, reason, None)?;
    Ok(Some(Money::new(left, payment.currency)))
}

/// The caller holds the order's lock, and has checked that this much of the payment is left.
pub(crate) fn reserve(
    tx: &mut Tx<'_>,
    payment: &Payment,
    amount_minor: i64,
    reason: &str,
    by: Option<&AccountId>,
) -> Result<Refund, StoreError> {
    sql!(
        "UPDATE payment SET refund_reserved_minor = refund_reserved_minor + :amount_minor
         WHERE id = :id AND refund_reserved_minor + :amount_minor <= amount_minor",
        id = payment.id,
        amount_minor
    )
    .run(tx, Rows::Exactly(1))?;
    let refund = Refund {
        id: tx.id(),
        payment_id: payment.id.clone(),
        amount_minor,
        reason: reason.to_owned(),
        gateway_refund_id: None,
        state: RefundState::Requested,
        credits: Vec::new(),
    };
    sql!(
        "INSERT INTO refund ({Refund}, requested_by, created_at, changed_at)
         VALUES ({:Refund}, :by, :now, :now)",
        Refund = refund,
        by,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    freeze(tx, payment)?;
    plan(tx, &refund, payment.gateway, SignedDuration::ZERO)?;
    Ok(refund)
}

/// Records a refund that was made on the gateway's own page, so that its job handles it like any
/// other refund. Returns `Some(false)` if the payment has less than this sum left, and `None` if
/// the refund is already known or has failed.
pub(crate) fn adopt(
    tx: &mut Tx<'_>,
    payment: &Payment,
    made: &RefundReport,
) -> Result<Option<bool>, StoreError> {
    let (Refunded::Submitted(name) | Refunded::Processed(name)) = &made.state else {
        return Ok(None);
    };
    order::lock(tx, &payment.order_id)?;
    if find_by_gateway(tx, payment.gateway, name, "")?.is_some() {
        return Ok(None);
    }
    let (reserved,): (i64,) = sql!(
        "SELECT refund_reserved_minor FROM payment WHERE id = :id FOR NO KEY UPDATE",
        id = payment.id
    )
    .one(tx)?;
    let left = payment.amount_minor - reserved;
    let fits = (1..=left).contains(&made.amount.minor) && made.amount.currency == payment.currency;
    if made.payment_id != payment.gateway_payment_id || !fits {
        return Ok(Some(false));
    }
    let refund = reserve(tx, payment, made.amount.minor, ELSEWHERE, None)?;
    sql!(
        "UPDATE refund SET gateway_refund_id = :name WHERE id = :id",
        id = refund.id,
        name
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(Some(true))
}

/// Freezes the credits of a payment's order while a refund of it is under way, and releases them
/// otherwise.
fn freeze(tx: &mut Tx<'_>, payment: &Payment) -> Result<(), StoreError> {
    if !payment.settles {
        return Ok(());
    }
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM refund
         WHERE payment_id = :id AND state IN ('requested', 'submitted')",
        id = payment.id
    )
    .one(tx)?;
    credit::set_frozen(tx, &payment.order_id, count > 0)
}

/// Sets a paid order's state according to the refunds of its payment. If the order was refunded in
/// full, takes away its unused credits. The caller holds the order's lock.
pub(crate) fn follow(tx: &mut Tx<'_>, order: &Order) -> Result<(), StoreError> {
    let (back,): (i64,) = sql!(
        "SELECT CAST(COALESCE(SUM(f.amount_minor), 0) AS BIGINT) FROM refund f
         JOIN payment p ON p.id = f.payment_id
         WHERE p.order_id = :order AND p.settles = 1 AND f.state = 'processed'",
        order = order.id
    )
    .one(tx)?;
    let state = match back {
        0 => OrderState::Paid,
        back if back < order.amount_minor => OrderState::PartiallyRefunded,
        _ => OrderState::Refunded,
    };
    sql!(
        "UPDATE booking_order SET state = :state
         WHERE id = :id AND state IN ('paid', 'partially_refunded', 'refunded')",
        id = order.id,
        state
    )
    .run(tx, Rows::AtMostOne)?;
    if state == OrderState::Refunded {
        credit::take_unused(tx, &order.id, order.id.as_str())?;
    }
    Ok(())
}

fn plan(
    tx: &mut Tx<'_>,
    refund: &Refund,
    gateway: GatewayName,
    pause: SignedDuration,
) -> Result<(), StoreError> {
    let at = tx.now() + pause;
    tx.enqueue(NewJob {
        queue: Queue::Services,
        line: Some(gateway.line()),
        key: Some(format!("{KIND} {}", refund.id)),
        run_at: Some(at),
        ..NewJob::new(KIND, json!({"refund": refund.id}))
    })
}

/// Finds a refund by its id at the gateway or by its own id.
pub(crate) fn find_by_gateway(
    tx: &mut Tx<'_>,
    gateway: GatewayName,
    name: &str,
    id: &str,
) -> Result<Option<Refund>, StoreError> {
    sql!(
        "SELECT {f: Refund} FROM refund f JOIN payment p ON p.id = f.payment_id
         WHERE p.gateway = :gateway AND (f.gateway_refund_id = :name OR f.id = :id)
         ORDER BY f.id LIMIT 1",
        gateway,
        name,
        id
    )
    .maybe(tx)
}

/// Makes the job ask the gateway about a refund at once.
pub(crate) fn wake(
    tx: &mut Tx<'_>,
    refund: &Refund,
    gateway: GatewayName,
) -> Result<(), StoreError> {
    plan(tx, refund, gateway, SignedDuration::ZERO)
}

impl RefundState {
    /// Whether the gateway has not finished the refund yet.
    pub(crate) fn is_under_way(self) -> bool {
        matches!(self, Self::Requested | Self::Submitted)
    }
}

/// A refund as the payer sees it.
#[derive(Clone, Debug, Row)]
pub struct OwnRefund {
    pub amount_minor: i64,
    pub state: RefundState,
    pub changed_at: Timestamp,
}

/// The sums of an order's refunds, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RefundedSums {
    pub(crate) under_way: i64,
    pub(crate) done: i64,
    pub(crate) failed: i64,
}

impl RefundedSums {
    pub(crate) fn of(refunds: &[OwnRefund]) -> Self {
        let mut sums = Self::default();
        for one in refunds {
            let sum = match one.state {
                RefundState::Requested | RefundState::Submitted => &mut sums.under_way,
                RefundState::Processed => &mut sums.done,
                RefundState::Failed => &mut sums.failed,
            };
            *sum += one.amount_minor;
        }
        sums
    }
}

/// The message id for an order's state: its own, unless a refund of it failed, and nobody has paid that
/// sum back since.
pub(crate) fn order_label(tx: &mut Tx<'_>, order: &Order) -> Result<&'static str, StoreError> {
    let (failed,): (i64,) = sql!(
        "SELECT COUNT(*) FROM refund f JOIN payment p ON p.id = f.payment_id
         WHERE p.order_id = :order AND f.state = 'failed'
           AND p.refund_reserved_minor + f.amount_minor <= p.amount_minor",
        order = order.id
    )
    .one(tx)?;
    Ok(match failed {
        0 => order.state.label(),
        _ => "order-back-failed",
    })
}

/// The refunds of the payment that settled an order, the oldest first.
pub fn of_order(tx: &mut Tx<'_>, order: &OrderId) -> Result<Vec<OwnRefund>, StoreError> {
    sql!(
        "SELECT f.amount_minor, f.state, f.changed_at FROM refund f
         JOIN payment p ON p.id = f.payment_id
         WHERE p.order_id = :order AND p.settles = 1 ORDER BY f.created_at, f.id",
        order
    )
    .all(tx)
}

/// Sends a failed refund to the gateway again, under the same id and key. Returns `false` if the
/// refund has not failed, if the rest of the payment is smaller than the refund, or if credits that
/// it takes away were spent. The caller holds the order's lock.
pub(crate) fn submit_again(tx: &mut Tx<'_>, id: &RefundId) -> Result<bool, StoreError> {
    let found = tx.lock::<Refund>(id)?;
    let Some(refund) = found.filter(|one| one.state == RefundState::Failed) else {
        return Ok(false);
    };
    if !credits::are_unused(tx, &refund)? {
        return Ok(false);
    }
    let reserved = sql!(
        "UPDATE payment SET refund_reserved_minor = refund_reserved_minor + :amount
         WHERE id = :payment AND refund_reserved_minor + :amount <= amount_minor",
        payment = refund.payment_id,
        amount = refund.amount_minor
    )
    .run(tx, Rows::AtMostOne)?;
    if reserved == 0 {
        return Ok(false);
    }
    sql!(
        "UPDATE refund SET state = 'requested', changed_at = :now WHERE id = :id",
        id,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    let payment: Payment = tx.load(&refund.payment_id)?;
    freeze(tx, &payment)?;
    plan(tx, &refund, payment.gateway, SignedDuration::ZERO)?;
    Ok(true)
}

/// Refunds the rest of the payment that settled an order.
pub(crate) fn request_of_order(
    tx: &mut Tx<'_>,
    order: &Order,
    reason: &'static str,
) -> Result<Option<Money>, StoreError> {
    match settling(tx, order)? {
        Some(payment) => request(tx, &payment, reason),
        None => Ok(None),
    }
}

/// The payment that settled an order, if the gateway has its money.
pub(crate) fn settling(tx: &mut Tx<'_>, order: &Order) -> Result<Option<Payment>, StoreError> {
    let paid = order::payments(tx, &order.id)?.into_iter();
    let mut paid = paid.filter(|one| one.settles && one.state == PaymentState::Captured);
    Ok(paid.next())
}

/// What can still be refunded of the payment that settled an order, in minor units.
pub(crate) fn left_of_order(tx: &mut Tx<'_>, order: &Order) -> Result<i64, StoreError> {
    let payment = settling(tx, order)?;
    Ok(payment.map_or(0, |one| one.amount_minor - one.refund_reserved_minor))
}

/// Refunds a part of the payment that settled an order, or what is left of it if that is less. The
/// caller holds the order's lock.
pub(crate) fn request_part(
    tx: &mut Tx<'_>,
    order: &Order,
    amount_minor: i64,
    reason: &str,
    by: Option<&AccountId>,
) -> Result<Option<Money>, StoreError> {
    let Some(payment) = settling(tx, order)? else {
        return Ok(None);
    };
    let left = payment.amount_minor - payment.refund_reserved_minor;
    let amount_minor = amount_minor.min(left);
    if amount_minor <= 0 {
        return Ok(None);
    }
    reserve(tx, &payment, amount_minor, reason, by)?;
    Ok(Some(Money::new(amount_minor, payment.currency)))
}

#[derive(Serialize, Deserialize)]
struct Payload {
    refund: RefundId,
}

/// The job that sends refunds to the gateway.
pub(crate) fn job(site: &Site) -> Handler {
    Handler::with(KIND, site, |site: Site, job: Job| async move {
        let Payload { refund: id } = job.read()?;
        let look = move |tx: &mut Tx<'_>| -> Result<Option<(Refund, Payment)>, StoreError> {
            let is_open = |one: &Refund| one.state.is_under_way();
            let Some(refund) = tx.find(&id)?.filter(is_open) else {
                return Ok(None);
            };
            let payment = tx.load(&refund.payment_id)?;
            Ok(Some((refund, payment)))
        };
        let Some((refund, payment)) = site.store.read(look).await? else {
            return Ok(Done::nothing());
        };
        let call = RefundCall {
            key: refund.id.to_string(),
            payment_id: payment.gateway_payment_id.clone(),
            amount: Money::new(refund.amount_minor, payment.currency),
        };
        let answer = match &refund.gateway_refund_id {
            Some(id) => {
                let made = payment.gateway.find_refund(&site, id).await;
                made.map(|made| made.state)
            }
            None => payment.gateway.refund(&site, &call).await,
        };
        let gateway = payment.gateway;
        let later = |error| gateway_retry::later(&site, &job, gateway, RETRY_AFTER, error);
        let answer = answer.map_err(later)?;
        let write = move |tx: &mut Tx<'_>| finish(tx, &site, &refund, &payment, &answer);
        Ok(Done::with(write))
    })
}

/// If a result is already stored, does nothing.
fn finish(
    tx: &mut Tx<'_>,
    site: &Site,
    refund: &Refund,
    payment: &Payment,
    answer: &Refunded,
) -> Result<(), StoreError> {
    let Some(order) = order::lock(tx, &payment.order_id)? else {
        return Ok(());
    };
    let (state, name) = match answer {
        Refunded::Submitted(name) => (RefundState::Submitted, Some(name.as_str())),
        Refunded::Processed(name) => (RefundState::Processed, Some(name.as_str())),
        Refunded::Failed => (RefundState::Failed, None),
    };
    let changed = sql!(
        "UPDATE refund SET state = :state, changed_at = :now,
             gateway_refund_id = COALESCE(:name, gateway_refund_id)
         WHERE id = :id AND state IN ('requested', 'submitted')",
        id = refund.id,
        state,
        name,
        now = tx.now()
    )
    .run(tx, Rows::AtMostOne)?;
    if changed == 0 {
        return Ok(());
    }
    if state == RefundState::Submitted {
        return plan(tx, refund, payment.gateway, POLL_EVERY);
    }
    let sum = Money::new(refund.amount_minor, payment.currency);
    freeze(tx, payment)?;
    if state == RefundState::Failed {
        sql!(
            "UPDATE payment SET refund_reserved_minor = refund_reserved_minor - :amount
             WHERE id = :id",
            id = payment.id,
            amount = refund.amount_minor
        )
        .run(tx, Rows::Exactly(1))?;
        let (kind, gateway) = (FindingKind::RefundDrift, Some(payment.gateway));
        finding::note(
            tx,
            kind,
            refund.id.as_str(),
            Some(order.id.clone()),
            gateway,
        )?;
        let told = NewNotification {
            kind: "booking-notice-refund-failed",
            about: &notice::sum(tx, site, None, sum)?,
            href: finding::PAGE,
        };
        return notification::tell_site(tx, site, ADMIN, told);
    }
    order::post(tx, &order.id, EntryKind::Refund, refund.id.as_str(), sum)?;
    if payment.settles {
        credits::take(tx, refund)?;
        follow(tx, &order)?;
    }
    let messages = MailMessages {
        subject: "booking-mail-refunded",
        text: "booking-said-refunded",
    };
    notice::tell_payer(tx, site, &order, messages, sum)?;
    webhook::tell_refunded(tx, &order, refund.id.as_str(), sum)
}
