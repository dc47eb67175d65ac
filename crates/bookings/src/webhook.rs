//! The webhook events of bookings. Only administrators can receive them, because they concern the
//! bookings, orders and payouts of all people. An event contains no names, notes or addresses.

use identity::account::AccountId;
use identity::grant::{self, ADMIN};
use jiff::Timestamp;
use platform::money::{Currency, Money};
use platform::{StoreError, Tx, sql};
use serde::Serialize;
use site::webhook::{self, WebhookEvent};
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;

use crate::booking::{self, Booking, BookingId, Party};
use crate::order::{Order, OrderId, OrderMode, OrderState, PlanId};
use crate::provider::ProviderId;
use crate::slot::SlotId;
use crate::token_scopes::READ;

/// A session will take place.
pub(crate) const CONFIRMED: WebhookEvent = event("booking.confirmed", "booking-event-confirmed");
/// A session was moved to another time.
pub(crate) const MOVED: WebhookEvent = event("booking.moved", "booking-event-moved");
/// A booking was cancelled, perhaps before it was confirmed.
pub(crate) const CANCELLED: WebhookEvent = event("booking.cancelled", "booking-event-cancelled");
/// A session took place.
pub(crate) const COMPLETED: WebhookEvent = event("booking.completed", "booking-event-completed");
const ORDER_PAID: WebhookEvent = event("order.paid", "booking-event-order-paid");
const REFUND_PROCESSED: WebhookEvent = event("refund.processed", "booking-event-refund-processed");
/// A payout to a provider was sent to the bank.
const PAYOUT_SENT: WebhookEvent = event("payout.sent", "booking-event-payout-sent");

pub const EVENTS: &[WebhookEvent] = &[
    CONFIRMED,
    MOVED,
    CANCELLED,
    COMPLETED,
    ORDER_PAID,
    REFUND_PROCESSED,
    PAYOUT_SENT,
];

const fn event(name: &'static str, label: &'static str) -> WebhookEvent {
    WebhookEvent {
        name,
        label,
        read: READ,
        // An administrator's API token has only the rights of a member.
        write: &[],
        concerns: |tx, account| Ok(administrators(tx)?.contains(account)),
    }
}

pub(crate) fn describe(api: OpenApi) -> OpenApi {
    let bookings = [CONFIRMED, MOVED, CANCELLED, COMPLETED];
    let api = webhook::describe::<BookingMessage>(api, &bookings);
    let api = webhook::describe::<OrderMessage>(api, &[ORDER_PAID]);
    let api = webhook::describe::<RefundMessage>(api, &[REFUND_PROCESSED]);
    webhook::describe::<PayoutMessage>(api, &[PAYOUT_SENT])
}

/// The data of the events of a booking.
#[derive(Serialize, ToSchema)]
struct BookingMessage {
    booking: BookingId,
    slot: SlotId,
    /// The member's account; null after it was erased.
    member: Option<AccountId>,
    provider: ProviderId,
    state: booking::State,
    starts_at: Timestamp,
    ends_at: Timestamp,
    /// The provider's time zone (IANA).
    time_zone: String,
    /// How many times the booking was moved.
    reschedules: i64,
    cancelled_by: Option<Party>,
    /// The order that pays for the booking.
    order: Option<OrderId>,
    /// The booking's version after the change.
    version: i64,
}

/// The data of the event `order.paid`.
#[derive(Serialize, ToSchema)]
struct OrderMessage {
    order: OrderId,
    /// The payer's account; null after it was erased.
    member: Option<AccountId>,
    /// The plan that was bought; null if the order is for a booking.
    plan: Option<PlanId>,
    /// The booking that was paid; null if the order is for a plan.
    booking: Option<BookingId>,
    state: OrderState,
    mode: OrderMode,
    /// The amount in minor units, with tax.
    amount_minor: i64,
    /// The tax that the amount includes, in minor units.
    tax_minor: i64,
    /// The currency (ISO 4217).
    currency: Currency,
    /// The number of the receipt.
    receipt: Option<String>,
    paid_at: Option<Timestamp>,
}

/// The data of the event `refund.processed`.
#[derive(Serialize, ToSchema)]
struct RefundMessage {
    refund: String,
    order: OrderId,
    mode: OrderMode,
    /// The amount in minor units.
    amount_minor: i64,
    /// The currency (ISO 4217).
    currency: Currency,
}

/// The data of the event `payout.sent`, which is sent once for each provider.
#[derive(Serialize, ToSchema)]
struct PayoutMessage {
    /// The batch of payouts that contains the transfer.
    batch: String,
    provider: ProviderId,
    /// The number of items in the sum.
    items: i64,
    /// The sum in minor units.
    amount_minor: i64,
    /// The currency (ISO 4217).
    currency: Currency,
}

/// Stores the messages about a change of a booking. The caller holds the booking's lock.
pub(crate) fn tell(
    tx: &mut Tx<'_>,
    event: &WebhookEvent,
    booking: &Booking,
) -> Result<(), StoreError> {
    fire(tx, event, |_| {
        Ok(BookingMessage {
            booking: booking.id.clone(),
            slot: booking.slot_id.clone(),
            member: booking.member_id.clone(),
            provider: booking.provider_id.clone(),
            state: booking.state,
            starts_at: booking.starts_at,
            ends_at: booking.ends_at,
            time_zone: booking.time_zone.clone(),
            reschedules: booking.reschedules,
            cancelled_by: booking.cancelled_by,
            order: booking.order_id.clone(),
            version: booking.version,
        })
    })
}

/// Stores the messages about a paid order. The caller holds the order's lock.
pub(crate) fn tell_paid(tx: &mut Tx<'_>, order: &Order) -> Result<(), StoreError> {
    fire(tx, &ORDER_PAID, |tx| {
        let (member, booking): (Option<AccountId>, Option<BookingId>) = sql!(
            "SELECT p.account_id, b.id FROM money_party p
             LEFT JOIN booking b ON b.order_id = :order WHERE p.id = :party",
            order = order.id,
            party = order.party_id
        )
        .one(tx)?;
        Ok(OrderMessage {
            order: order.id.clone(),
            member,
            plan: order.grant.plan_id.clone(),
            booking,
            state: order.state,
            mode: order.mode,
            amount_minor: order.amount_minor,
            tax_minor: order.tax_minor,
            currency: order.currency,
            receipt: order.receipt(),
            paid_at: order.paid_at,
        })
    })
}

/// Stores the messages about a refund whose money the gateway has sent. The caller holds the
/// order's lock.
pub(crate) fn tell_refunded(
    tx: &mut Tx<'_>,
    order: &Order,
    refund: &str,
    sum: Money,
) -> Result<(), StoreError> {
    fire(tx, &REFUND_PROCESSED, |_| {
        Ok(RefundMessage {
            refund: refund.to_owned(),
            order: order.id.clone(),
            mode: order.mode,
            amount_minor: sum.minor,
            currency: sum.currency,
        })
    })
}

/// Stores the messages about a sum that was sent to the bank for a provider. The caller holds the
/// lock of the batch of payouts.
pub(crate) fn tell_sent(
    tx: &mut Tx<'_>,
    batch: &str,
    provider: &ProviderId,
    items: i64,
    sum: Money,
) -> Result<(), StoreError> {
    fire(tx, &PAYOUT_SENT, |_| {
        Ok(PayoutMessage {
            batch: batch.to_owned(),
            provider: provider.clone(),
            items,
            amount_minor: sum.minor,
            currency: sum.currency,
        })
    })
}

fn administrators(tx: &mut Tx<'_>) -> Result<Vec<AccountId>, StoreError> {
    let all = grant::list_ranked(tx, ADMIN)?.into_iter();
    Ok(all.map(|one| one.account).collect())
}

fn fire<M: Serialize>(
    tx: &mut Tx<'_>,
    event: &WebhookEvent,
    message: impl Fn(&mut Tx<'_>) -> Result<M, StoreError>,
) -> Result<(), StoreError> {
    let administrators = administrators(tx)?;
    webhook::fire(tx, event, administrators, |tx, _| message(tx))
}
