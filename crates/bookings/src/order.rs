//! Orders, their payments, and the ledger of all money.

use std::collections::{BTreeMap, BTreeSet};

use identity::account::AccountId;
use jiff::{SignedDuration, Timestamp};
use platform::jobs::{NewJob, Queue};
use platform::money::{Currency, Money};
use platform::store::{IdSet, Row};
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use web::Problem;

use crate::Refusal;
use crate::codes::TOO_MANY_ORDERS;

platform::id!(OrderId, random, "Something to be paid.");
platform::id!(PartyId, random, "Somebody who pays.");
platform::id!(PaymentId, random, "One payment.");
platform::id!(LedgerEntryId, "One line of the ledger.");
platform::id!(PlanId, random, "One plan.");

const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// The job kind of the job that closes a gateway's page for an order.
pub(crate) const CLOSE: &str = "booking.close";
/// The job kind of the job that ends an order that nobody has paid.
pub(crate) const END: &str = "booking.order_end";

web::words! {
    /// The state of an order.
    OrderState {
        /// The order is not paid yet.
        Created = "created" => "order-created",
        /// The order is paid.
        Paid = "paid" => "order-paid",
        /// A part of the order was refunded.
        PartiallyRefunded = "partially_refunded" => "order-partially-refunded",
        /// The order was refunded in full.
        Refunded = "refunded" => "order-refunded",
        /// The order was not paid in time.
        Expired = "expired" => "order-expired",
    }
}

web::words! {
    /// The state of a payment. A later state never changes back to an earlier one.
    PaymentState {
        /// The payment failed; another attempt may follow.
        Failed = "failed",
        /// The payer's bank has reserved the amount, but the gateway has not received it yet.
        Authorized = "authorized",
        /// The gateway has received the money.
        Captured = "captured",
    }
}

web::words! {
    /// The kind of a ledger entry.
    EntryKind {
        /// The gateway received money.
        Capture = "capture",
        /// The gateway refunded money.
        Refund = "refund",
    }
}

web::words! {
    /// Whether an order's money is real.
    OrderMode {
        /// The gateways move no real money.
        Test = "test",
        Live = "live",
    }
}

web::words! {
    /// The name of a gateway.
    GatewayName {
        /// The built-in test gateway, which moves no money.
        Test = "test" => "gateway-test",
        Razorpay = "razorpay" => "gateway-razorpay",
        Stripe = "stripe" => "gateway-stripe",
    }
}

impl GatewayName {
    /// The queue lane for jobs that send requests to this gateway.
    pub(crate) fn line(self) -> String {
        format!("gateway {}", self.word())
    }

    fn closes_pages(self) -> bool {
        self == Self::Stripe
    }
}

/// A number of credits of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreditGrant {
    /// The code of the kind.
    pub credit_kind: String,
    /// How many credits are granted, 1–999.
    pub quantity: i64,
}

/// The credits that an order for a plan grants; empty for an order for a booking. They are copied
/// from the plan, so that the plan may change while somebody pays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, ToSchema)]
pub struct Grant {
    /// The plan.
    pub plan_id: Option<PlanId>,
    /// The credits of each kind.
    #[row(json)]
    pub grants: Vec<CreditGrant>,
    /// How many months the credits and the membership last; 0 for an add-on, whose credits last as
    /// long as the site's settings say.
    pub months: i64,
    /// The tier of the membership that the plan opens; 0 if it opens none.
    pub tier: i64,
    /// Whether documents can be reviewed in a call with the credits, or during the membership.
    pub review_calls: bool,
}

/// The tax that an amount includes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tax {
    /// The tax rate, in hundredths of a percent.
    pub(crate) bps: i64,
    /// The amount of the tax, in minor units.
    pub(crate) minor: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct New {
    pub(crate) gateway: GatewayName,
    pub(crate) mode: OrderMode,
    pub(crate) amount: Money,
    pub(crate) tax: Tax,
    pub(crate) expires_at: Timestamp,
    pub(crate) grant: Grant,
}

/// An amount that a member must pay.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[row(table = "booking_order")]
#[schema(as = BookingOrder)]
pub struct Order {
    /// The order's id.
    pub id: OrderId,
    /// The id that represents the payer. It remains when the payer's account is erased.
    #[serde(skip)]
    pub party_id: PartyId,
    /// The amount in minor units.
    pub amount_minor: i64,
    /// The currency, by ISO 4217.
    pub currency: Currency,
    /// The gateway that receives the money.
    pub gateway: GatewayName,
    /// Whether the money is real.
    pub mode: OrderMode,
    /// The order's id at the gateway; null until the member presses “Pay”.
    #[serde(skip)]
    pub gateway_order_id: Option<String>,
    /// The state of the order.
    pub state: OrderState,
    /// The end of the time for payment.
    pub expires_at: Timestamp,
    /// The tax that the amount includes, in minor units.
    pub tax_minor: i64,
    /// The rate of that tax, in hundredths of a percent.
    pub tax_bps: i64,
    /// The name of that tax when the order was paid; empty before.
    pub tax_label: String,
    /// The seller, as the settings named it when the order was paid; empty before.
    pub seller: String,
    /// The receipt's number; null until the order is paid. The numbers start again in each fiscal
    /// year, and are separate for test orders and live orders. The number is shown as
    /// `2026-000123`, and for a test order as `TEST-2026-000123`.
    pub receipt_no: Option<i64>,
    /// The year in which the fiscal year of the receipt begins.
    pub receipt_year: Option<i64>,
    /// When the order was made.
    pub created_at: Timestamp,
    /// When the order was paid.
    pub paid_at: Option<Timestamp>,
    /// The credits that the order grants, if it is for a plan.
    #[serde(flatten)]
    #[row(flatten)]
    pub grant: Grant,
}

impl Order {
    pub fn amount(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }

    /// The receipt's number as it is shown, such as `2026-000123`; `None` until the order is paid.
    pub fn receipt(&self) -> Option<String> {
        let (number, year) = (self.receipt_no?, self.receipt_year?);
        Some(match self.mode {
            OrderMode::Live => format!("{year}-{number:06}"),
            OrderMode::Test => format!("TEST-{year}-{number:06}"),
        })
    }

    /// Whether the order is not paid yet. An expired order may still be paid.
    pub fn is_unpaid(&self) -> bool {
        matches!(self.state, OrderState::Created | OrderState::Expired)
    }

    /// Whether the order was paid and not refunded in full.
    pub fn is_paid(&self) -> bool {
        matches!(self.state, OrderState::Paid | OrderState::PartiallyRefunded)
    }
}

/// An order as its payer sees it.
#[derive(Clone, Debug, Row, Serialize, ToSchema)]
pub struct OwnOrder {
    #[serde(flatten)]
    #[row(flatten)]
    pub order: Order,
    /// The plan's name, or the booking's title, with the number of its seats if there are several.
    pub title: String,
    /// What was paid back, in minor units.
    pub refunded_minor: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Row)]
#[row(table = "payment")]
pub struct Payment {
    pub id: PaymentId,
    pub order_id: OrderId,
    pub gateway: GatewayName,
    pub gateway_payment_id: String,
    pub state: PaymentState,
    pub settles: bool,
    pub amount_minor: i64,
    /// The currency (ISO 4217).
    pub currency: Currency,
    /// The amount that was refunded or is reserved for refunds, in minor units.
    pub refund_reserved_minor: i64,
    /// When the gateway received the money.
    pub captured_at: Option<Timestamp>,
}

pub(crate) fn create(tx: &mut Tx<'_>, account: &AccountId, new: New) -> Result<Order, StoreError> {
    let order = Order {
        party_id: party(tx, account)?,
        id: tx.id(),
        amount_minor: new.amount.minor,
        currency: new.amount.currency,
        gateway: new.gateway,
        mode: new.mode,
        gateway_order_id: None,
        state: OrderState::Created,
        expires_at: new.expires_at,
        tax_minor: new.tax.minor,
        tax_bps: new.tax.bps,
        tax_label: String::new(),
        seller: String::new(),
        receipt_no: None,
        receipt_year: None,
        created_at: tx.now(),
        paid_at: None,
        grant: new.grant,
    };
    tx.insert(&order)?;
    Ok(order)
}

/// Refuses a new order if the account has made `most` orders within the last hour.
pub(crate) fn check_count(tx: &mut Tx<'_>, account: &AccountId, most: i64) -> Result<(), Refusal> {
    let since = tx.now() - HOUR;
    let oldest: Option<(Timestamp,)> = sql!(
        "SELECT o.created_at FROM booking_order o JOIN money_party p ON p.id = o.party_id
         WHERE p.account_id = :account AND o.created_at > :since
         ORDER BY o.created_at DESC LIMIT 1 OFFSET :others",
        account,
        since,
        others = most - 1
    )
    .maybe(tx)?;
    let Some((oldest,)) = oldest else {
        return Ok(());
    };
    let wait = oldest.duration_since(since).as_secs().max(1);
    let wait = u32::try_from(wait).unwrap_or(u32::MAX);
    let problem = Problem::from(TOO_MANY_ORDERS);
    Err(Refusal::Problem(problem.retry_after(wait)))
}

/// Finds or creates the id that stands for an account in all records of money.
pub(crate) fn party(tx: &mut Tx<'_>, account: &AccountId) -> Result<PartyId, StoreError> {
    let party: PartyId = tx.id();
    sql!(
        "INSERT INTO money_party (id, account_id) VALUES (:party, :account)
         ON CONFLICT (account_id) DO NOTHING",
        party,
        account
    )
    .run(tx, Rows::AtMostOne)?;
    let (party,) = sql!(
        "SELECT id FROM money_party WHERE account_id = :account",
        account
    )
    .one(tx)?;
    Ok(party)
}

pub fn find(tx: &mut Tx<'_>, id: &OrderId) -> Result<Option<Order>, StoreError> {
    tx.find(id)
}

/// The orders with these ids, by their ids.
pub(crate) fn find_all<'a>(
    tx: &mut Tx<'_>,
    ids: impl Iterator<Item = &'a OrderId>,
) -> Result<BTreeMap<OrderId, Order>, StoreError> {
    let mut all = BTreeMap::new();
    for set in IdSet::of(ids.map(OrderId::as_str)) {
        let found: Vec<Order> = sql!(
            "SELECT {Order} FROM booking_order WHERE id IN ({:IdSet})",
            IdSet = set
        )
        .all(tx)?;
        all.extend(found.into_iter().map(|one| (one.id.clone(), one)));
    }
    Ok(all)
}

/// Lists at most `rows` of an account's orders before `before`, newest first.
pub fn of_account(
    tx: &mut Tx<'_>,
    account: &AccountId,
    before: Option<&(Timestamp, OrderId)>,
    rows: i64,
) -> Result<Vec<OwnOrder>, StoreError> {
    list_own(tx, account, "", before, rows)
}

/// One of an account's orders.
pub fn own_order(
    tx: &mut Tx<'_>,
    account: &AccountId,
    id: &OrderId,
) -> Result<Option<OwnOrder>, StoreError> {
    Ok(list_own(tx, account, id.as_str(), None, 1)?.pop())
}

/// Unless `only` is empty, lists only the order with this id.
fn list_own(
    tx: &mut Tx<'_>,
    account: &AccountId,
    only: &str,
    before: Option<&(Timestamp, OrderId)>,
    rows: i64,
) -> Result<Vec<OwnOrder>, StoreError> {
    sql!(
        "SELECT {o: Order},
             COALESCE(n.name,
                 b.title || COALESCE((SELECT ' × ' || CAST(MAX(t.position) AS TEXT)
                     FROM booking_seat t WHERE t.booking_id = b.id AND t.position > 1), ''),
                 '') AS title,
             (SELECT CAST(COALESCE(SUM(f.amount_minor), 0) AS BIGINT) FROM refund f
              JOIN payment y ON y.id = f.payment_id
              WHERE y.order_id = o.id AND y.settles = 1 AND f.state = 'processed')
                 AS refunded_minor
         FROM booking_order o JOIN money_party p ON p.id = o.party_id
         LEFT JOIN booking b ON b.order_id = o.id LEFT JOIN plan n ON n.id = o.plan_id
         WHERE p.account_id = :account AND (:only = '' OR o.id = :only)
           AND (o.created_at < :at OR (o.created_at = :at AND o.id < :id))
         ORDER BY o.created_at DESC, o.id DESC LIMIT :rows",
        account,
        only,
        at = before.map_or(Timestamp::MAX, |(at, _)| *at),
        id = before.map_or("", |(_, id)| id.as_str()),
        rows
    )
    .all(tx)
}

/// The ids that an order had at its gateway before it was created there again.
pub(crate) fn earlier(tx: &mut Tx<'_>, id: &OrderId) -> Result<Vec<String>, StoreError> {
    let all: Vec<(String,)> = sql!(
        "SELECT gateway_order_id FROM earlier_gateway_order WHERE order_id = :id
         ORDER BY gateway_order_id",
        id
    )
    .all(tx)?;
    Ok(all.into_iter().map(|(name,)| name).collect())
}

/// Removes the id that an order has at its gateway, because the gateway refuses further attempts to
/// pay under this id. The order can then be created there again. The caller holds the order's lock.
pub(crate) fn renew(tx: &mut Tx<'_>, order: &Order, name: &str) -> Result<(), StoreError> {
    sql!(
        "INSERT INTO earlier_gateway_order (gateway, gateway_order_id, order_id)
         VALUES (:gateway, :name, :id)",
        gateway = order.gateway,
        name,
        id = order.id
    )
    .run(tx, Rows::Exactly(1))?;
    sql!(
        "UPDATE booking_order SET gateway_order_id = NULL WHERE id = :id",
        id = order.id
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// Finds the order with this id at the gateway.
pub(crate) fn find_by_gateway(
    tx: &mut Tx<'_>,
    gateway: GatewayName,
    name: &str,
) -> Result<Option<OrderId>, StoreError> {
    let found: Option<(OrderId,)> = sql!(
        "SELECT id FROM booking_order WHERE gateway = :gateway AND gateway_order_id = :name
         UNION SELECT order_id FROM earlier_gateway_order
         WHERE gateway = :gateway AND gateway_order_id = :name",
        gateway,
        name
    )
    .maybe(tx)?;
    Ok(found.map(|(id,)| id))
}

/// Finds an order of the account.
pub fn own(
    tx: &mut Tx<'_>,
    account: &AccountId,
    id: &OrderId,
) -> Result<Option<Order>, StoreError> {
    sql!(
        "SELECT {o: Order} FROM booking_order o JOIN money_party p ON p.id = o.party_id
         WHERE o.id = :id AND p.account_id = :account",
        id,
        account
    )
    .maybe(tx)
}

/// Like [`find`], but locks the order. All code locks an order before its booking.
pub(crate) fn lock(tx: &mut Tx<'_>, id: &OrderId) -> Result<Option<Order>, StoreError> {
    tx.lock(id)
}

/// Schedules the expiry of an order that belongs to no booking.
pub(crate) fn plan_end(tx: &mut Tx<'_>, order: &Order) -> Result<(), StoreError> {
    tx.enqueue(NewJob {
        key: Some(format!("{END} {}", order.id)),
        run_at: Some(order.expires_at),
        ..NewJob::new(END, json!({"order": order.id}))
    })
}

/// Marks an order as expired, because it was not paid in time. Closes the gateway's page for the
/// order. A payment that arrives later is still processed.
pub(crate) fn expire(tx: &mut Tx<'_>, id: &OrderId) -> Result<(), StoreError> {
    let expired = sql!(
        "UPDATE booking_order SET state = 'expired' WHERE id = :id AND state = 'created'",
        id
    )
    .run(tx, Rows::AtMostOne)?;
    let order = if expired == 1 { find(tx, id)? } else { None };
    match order {
        Some(order) if order.gateway_order_id.is_some() && order.gateway.closes_pages() => tx
            .enqueue(NewJob {
                queue: Queue::Services,
                line: Some(order.gateway.line()),
                key: Some(format!("{CLOSE} {id}")),
                ..NewJob::new(CLOSE, json!({"order": id}))
            }),
        _ => Ok(()),
    }
}

/// A payment of another sum than the order's, which does not pay it.
pub(crate) fn wrong_payment(tx: &mut Tx<'_>, order: &Order) -> Result<Option<Money>, StoreError> {
    let paid = payments(tx, &order.id)?.into_iter();
    let mut paid = paid.filter(|one| one.state == PaymentState::Captured && !one.settles);
    Ok(paid.find_map(|one| {
        let sum = Money::new(one.amount_minor, one.currency);
        (sum != order.amount()).then_some(sum)
    }))
}

pub fn payments(tx: &mut Tx<'_>, id: &OrderId) -> Result<Vec<Payment>, StoreError> {
    sql!(
        "SELECT {Payment} FROM payment WHERE order_id = :id ORDER BY id",
        id
    )
    .all(tx)
}

/// Whether a payment of the order is disputed, or was lost in a dispute. The events are only
/// counted, so it does not matter in which sequence they arrive.
pub(crate) fn is_disputed(tx: &mut Tx<'_>, id: &OrderId) -> Result<bool, StoreError> {
    Ok(!disputed(tx, [id])?.is_empty())
}

/// Which of these orders have a payment that is disputed, or was lost in a dispute.
pub(crate) fn disputed<'a>(
    tx: &mut Tx<'_>,
    ids: impl IntoIterator<Item = &'a OrderId>,
) -> Result<BTreeSet<OrderId>, StoreError> {
    let mut disputed = BTreeSet::new();
    for set in IdSet::of(ids.into_iter().map(OrderId::as_str)) {
        let found: Vec<(OrderId,)> = sql!(
            "SELECT p.order_id
             FROM payment p JOIN gateway_event e
                 ON e.payment_ref = p.gateway_payment_id AND e.gateway = p.gateway
             WHERE p.order_id IN ({:IdSet})
             GROUP BY p.order_id
             HAVING SUM(CASE WHEN e.kind LIKE '%.dispute.created' THEN 1
                             WHEN e.kind LIKE '%.dispute.lost' THEN 1
                             WHEN e.kind LIKE '%.dispute.won' THEN -1
                             WHEN e.kind LIKE '%.dispute.closed' THEN -1
                             ELSE 0 END) > 0",
            IdSet = set
        )
        .all(tx)?;
        disputed.extend(found.into_iter().map(|(order,)| order));
    }
    Ok(disputed)
}

/// Writes a ledger entry, at most one for each payment and each refund.
pub(crate) fn post(
    tx: &mut Tx<'_>,
    order: &OrderId,
    kind: EntryKind,
    subject: &str,
    amount: Money,
) -> Result<(), StoreError> {
    let minor = match kind {
        EntryKind::Capture => amount.minor,
        EntryKind::Refund => -amount.minor,
    };
    sql!(
        "INSERT INTO ledger_entry (id, order_id, kind, subject, amount_minor, currency, created_at)
         VALUES (:id, :order, :kind, :subject, :minor, :currency, :now)",
        id = tx.id::<LedgerEntryId>(),
        order,
        kind,
        subject,
        minor,
        currency = amount.currency,
        now = tx.now()
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(())
}

/// The orders with a payment that is disputed, and of which the dispute is not over.
pub(crate) fn in_dispute(tx: &mut Tx<'_>) -> Result<BTreeSet<OrderId>, StoreError> {
    let open = sql!(
        "SELECT p.order_id
         FROM gateway_event e JOIN payment p
             ON p.gateway_payment_id = e.payment_ref AND p.gateway = e.gateway
         WHERE e.kind LIKE '%.dispute.%'
         GROUP BY p.order_id
         HAVING SUM(CASE WHEN e.kind LIKE '%.dispute.created' THEN 1
                         WHEN e.kind LIKE '%.dispute.won' THEN -1
                         WHEN e.kind LIKE '%.dispute.lost' THEN -1
                         WHEN e.kind LIKE '%.dispute.closed' THEN -1
                         ELSE 0 END) > 0"
    );
    let found: Vec<(OrderId,)> = tx.all(open, &[])?;
    Ok(found.into_iter().map(|(order,)| order).collect())
}
