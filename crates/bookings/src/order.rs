//! Orders, the payments that were made for them, and the ledger of all money.

use identity::account::AccountId;
use jiff::Timestamp;
use platform::money::{Currency, Money};
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql};
use serde::Serialize;
use utoipa::ToSchema;

platform::id!(OrderId, random, "Something to be paid.");
platform::id!(PartyId, random, "Somebody who pays.");
platform::id!(PaymentId, random, "One payment.");
platform::id!(LedgerEntryId, "One line of the ledger.");

web::words! {
    /// What may become of an order.
    OrderState {
        /// It waits for its payment.
        Created = "created" => "order-created",
        /// It is paid.
        Paid = "paid" => "order-paid",
        /// All of it was paid back.
        Refunded = "refunded" => "order-refunded",
        /// Nobody paid it in time.
        Expired = "expired" => "order-expired",
    }
}

web::words! {
    /// How far a payment came. It never goes back.
    PaymentState {
        /// It failed; another try may come.
        Failed = "failed",
        /// The sum is reserved.
        Authorized = "authorized",
        /// The money is ours.
        Captured = "captured",
    }
}

web::words! {
    /// A line of the ledger.
    EntryKind {
        /// Money that came in.
        Capture = "capture",
        /// Money that went back.
        Refund = "refund",
    }
}

web::words! {
    /// Who takes the money.
    GatewayName {
        /// Nobody: for trials.
        Test = "test" => "gateway-test",
    }
}

/// Something to be paid.
#[derive(Clone, Debug, PartialEq, Eq, Row, Serialize, ToSchema)]
#[schema(as = BookingOrder)]
pub struct Order {
    /// Its id.
    #[schema(value_type = String)]
    pub id: OrderId,
    /// Who pays it.
    #[serde(skip)]
    pub party_id: PartyId,
    /// In minor units.
    pub amount_minor: i64,
    /// By ISO 4217.
    #[schema(value_type = String)]
    pub currency: Currency,
    /// Who takes the money.
    pub gateway: GatewayName,
    /// What the gateway calls it; none: nobody pressed “Pay” yet.
    #[serde(skip)]
    pub gateway_order_id: Option<String>,
    /// What became of it.
    pub state: OrderState,
    /// Until when it can be paid in time.
    #[schema(value_type = String, format = "date-time")]
    pub expires_at: Timestamp,
    /// The number of its receipt, once it is paid.
    pub receipt_no: Option<i64>,
    /// When it was made.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
    /// When it was paid.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub paid_at: Option<Timestamp>,
}

impl Order {
    /// What is to be paid.
    pub fn amount(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }
}

/// One payment for an order.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// What it was for.
    pub order_id: OrderId,
    /// Who took it.
    pub gateway: GatewayName,
    /// What the gateway calls it.
    pub gateway_payment_id: String,
    /// How far it came.
    pub state: PaymentState,
    /// Whether it is the one that paid the order.
    pub settles: bool,
    /// In minor units.
    pub amount_minor: i64,
    /// By ISO 4217.
    pub currency: Currency,
    /// How much of it goes back, or went.
    pub refund_reserved_minor: i64,
    /// When the money became ours.
    pub captured_at: Option<Timestamp>,
}

/// Makes an order of somebody.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    account: &AccountId,
    amount: Money,
    expires_at: Timestamp,
) -> Result<Order, StoreError> {
    let party: PartyId = tx.id();
    sql!(
        "INSERT INTO money_party (id, account_id) VALUES (:party, :account)
         ON CONFLICT (account_id) DO NOTHING",
        party,
        account
    )
    .run(tx, Rows::AtMostOne)?;
    let (party_id,) = sql!(
        "SELECT id FROM money_party WHERE account_id = :account",
        account
    )
    .one(tx)?;
    let order = Order {
        id: tx.id(),
        party_id,
        amount_minor: amount.minor,
        currency: amount.currency,
        gateway: GatewayName::Test,
        gateway_order_id: None,
        state: OrderState::Created,
        expires_at,
        receipt_no: None,
        created_at: tx.now(),
        paid_at: None,
    };
    sql!(
        "INSERT INTO booking_order ({Order}) VALUES ({:Order})",
        Order = order
    )
    .run(tx, Rows::Exactly(1))?;
    Ok(order)
}

/// An order by its id.
pub fn find(tx: &mut Tx<'_>, id: &OrderId) -> Result<Option<Order>, StoreError> {
    sql!("SELECT {Order} FROM booking_order WHERE id = :id", id).maybe(tx)
}

/// Somebody's own.
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

/// The same with its lock, which comes before that of its booking.
pub(crate) fn lock(tx: &mut Tx<'_>, id: &OrderId) -> Result<Option<Order>, StoreError> {
    sql!(
        "SELECT {Order} FROM booking_order WHERE id = :id FOR NO KEY UPDATE",
        id
    )
    .maybe(tx)
}

/// Ends an order that nobody paid in time. Money that comes all the same is taken care of.
pub(crate) fn expire(tx: &mut Tx<'_>, id: &OrderId) -> Result<(), StoreError> {
    sql!(
        "UPDATE booking_order SET state = 'expired' WHERE id = :id AND state = 'created'",
        id
    )
    .run(tx, Rows::AtMostOne)?;
    Ok(())
}

/// What was paid for an order.
pub fn payments(tx: &mut Tx<'_>, id: &OrderId) -> Result<Vec<Payment>, StoreError> {
    sql!(
        "SELECT {Payment} FROM payment WHERE order_id = :id ORDER BY id",
        id
    )
    .all(tx)
}

/// Writes a line of the ledger, once for each payment or refund.
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
