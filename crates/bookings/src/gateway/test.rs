//! The built-in test gateway. It needs no account and no network and moves no money, but the rest
//! of the code treats it like other gateways. It has its own tables, and writes them in separate
//! transactions. It signs returns as Razorpay does, and events as Stripe does, with keys from the
//! key file.

use axum::http::header::HeaderName;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use jiff::{SignedDuration, Timestamp};
use platform::jobs::{NewJob, Queue};
use platform::money::{Currency, Money};
use platform::text_cleaning::hexadecimal;
use platform::{Rows, StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::{Form, Problem, Site};

use super::remote::sign;
use super::{
    Checkout, Event, Fact, GatewayError, RefundCall, Refunded, Way, is_test, offered, razorpay,
    stripe,
};
use crate::order::{self, GatewayName, Order, OrderId, OrderState, PaymentState};

/// The purposes of the keys for returns and for events.
const RETURNS: &str = "bookings.test-gateway";
const EVENTS: &str = "bookings.test-gateway.events";
const SIGNATURE: HeaderName = HeaderName::from_static("test-signature");
/// The job kind of the job that sends an event later.
pub(crate) const EVENT: &str = "booking.test_event";
const LATER: SignedDuration = SignedDuration::from_mins(1);
const MOST: i64 = 5;

web::words! {
    /// The buttons on the test gateway's page, with which the payer chooses the outcome.
    Pressed {
        /// The payment succeeds.
        Pay = "pay" => "test-gateway-pay",
        /// The payment fails.
        Fail = "fail" => "test-gateway-fail",
        /// The payer returns, and the money comes later.
        Later = "later" => "test-gateway-later",
        /// Two payments succeed.
        Twice = "twice" => "test-gateway-twice",
        /// The event comes before the payer returns.
        EventFirst = "event_first" => "test-gateway-first",
        /// The payment succeeds, but no event comes, and the browser does not return.
        Lost = "lost" => "test-gateway-lost",
        /// A payment of another amount succeeds.
        Wrong = "wrong" => "test-gateway-wrong",
        /// The payment succeeds, but cannot be refunded.
        Stuck = "stuck" => "test-gateway-stuck",
        /// The payment succeeds, and the payer's bank disputes it.
        Dispute = "dispute" => "test-gateway-dispute",
    }
}

impl Pressed {
    /// The message id of the text that explains the button.
    pub(crate) const fn hint(self) -> &'static str {
        match self {
            Self::Pay => "test-gateway-pay-hint",
            Self::Fail => "test-gateway-fail-hint",
            Self::Later => "test-gateway-later-hint",
            Self::Twice => "test-gateway-twice-hint",
            Self::EventFirst => "test-gateway-first-hint",
            Self::Lost => "test-gateway-lost-hint",
            Self::Wrong => "test-gateway-wrong-hint",
            Self::Stuck => "test-gateway-stuck-hint",
            Self::Dispute => "test-gateway-dispute-hint",
        }
    }
}

/// Whether the test gateway's pages exist: the site offers the gateway, and no real money moves.
pub(super) fn is_usable(site: &Site) -> bool {
    is_test(site) && offered(site).contains(&GatewayName::Test)
}

/// The first one signs. Signatures with any of them are valid.
fn secrets(site: &Site, purpose: &str) -> Vec<String> {
    let macs = site.keys.key(purpose).macs(&["secret"]).collect::<Vec<_>>();
    macs.iter().map(|mac| hexadecimal(mac)).collect()
}

/// An event as the test gateway sends it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TestEvent {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    /// The order's id at the gateway.
    order: String,
    payment: String,
}

impl TestEvent {
    fn of(kind: &str, order: &str, payment: &str) -> Self {
        Self {
            id: format!("test_event_{payment}_{kind}"),
            kind: kind.to_owned(),
            order: order.to_owned(),
            payment: payment.to_owned(),
        }
    }

    /// Returns the headers and the body of the request that sends the event. The headers contain
    /// the current time and a signature.
    pub(crate) fn post(&self, site: &Site) -> (HeaderMap, Vec<u8>) {
        let body = serde_json::to_vec(self).unwrap_or_default();
        let time = site.clock.now().as_second().to_string();
        let secret = secrets(site, EVENTS).into_iter().next();
        let parts: [&[u8]; 3] = [time.as_bytes(), b".", &body];
        let signature = sign(&secret.unwrap_or_default(), &parts);
        let header = HeaderValue::from_str(&format!("t={time},v1={signature}"));
        let headers = header.into_iter().map(|value| (SIGNATURE, value)).collect();
        (headers, body)
    }
}

pub(super) fn read_event(
    site: &Site,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<Event>, Problem> {
    let secrets = secrets(site, EVENTS);
    let lines = secrets.iter().map(String::as_str);
    if !stripe::is_signed(site, headers.get(SIGNATURE), body, lines) {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "signature_invalid"));
    }
    let web::Json(sent) = web::Json::<TestEvent>::parse(body)?;
    Ok(Some(Event {
        id: sent.id,
        kind: sent.kind,
        order: Some(sent.order),
        payment: Some(sent.payment),
        refund: None,
        receipt: None,
    }))
}

fn order_id(order: &Order) -> String {
    format!("test_order_{}", order.id)
}

#[expect(clippy::unused_async, reason = "as the others, which call somebody")]
pub(super) async fn create_checkout(_: &Site, order: &Order) -> Result<Checkout, GatewayError> {
    Ok(Checkout {
        gateway: GatewayName::Test,
        gateway_order_id: order_id(order),
        way: Way::Page(format!("/pay/test/{}", order.id)),
    })
}

pub(super) async fn list_payments(site: &Site, order: &Order) -> Result<Vec<Fact>, GatewayError> {
    let id = order_id(order);
    let look =
        move |tx: &mut Tx<'_>| -> Result<Vec<(String, i64, Currency, Timestamp)>, StoreError> {
            sql!(
                "SELECT id, amount_minor, currency, captured_at FROM test_payment
             WHERE gateway_order_id = :id ORDER BY id",
                id
            )
            .all(tx)
        };
    let found = site.store.read(look).await?.into_iter();
    let now = site.clock.now();
    let facts = found.map(|(payment_id, minor, currency, captured_at)| Fact {
        payment_id,
        state: if captured_at <= now {
            PaymentState::Captured
        } else {
            PaymentState::Authorized
        },
        amount: Money::new(minor, currency),
    });
    Ok(facts.collect())
}

/// Lists all captured payments, however old they are.
pub(super) async fn list_captured(site: &Site) -> Result<Vec<(String, String)>, GatewayError> {
    let now = site.clock.now();
    let look = move |tx: &mut Tx<'_>| -> Result<Vec<(String, String)>, StoreError> {
        sql!(
            "SELECT id, gateway_order_id FROM test_payment WHERE captured_at <= :now ORDER BY id",
            now
        )
        .all(tx)
    };
    Ok(site.store.read(look).await?)
}

pub(super) async fn refund(site: &Site, call: &RefundCall) -> Result<Refunded, GatewayError> {
    let call = call.clone();
    let write = move |tx: &mut Tx<'_>| -> Result<Refunded, StoreError> {
        let (amount, fails): (i64, bool) = sql!(
            "SELECT amount_minor, refund_fails FROM test_payment WHERE id = :id FOR NO KEY UPDATE",
            id = call.payment_id
        )
        .one(tx)?;
        let (gone,): (i64,) = sql!(
            "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM test_refund
             WHERE payment_id = :id AND key <> :key",
            id = call.payment_id,
            key = call.key
        )
        .one(tx)?;
        if fails || amount - gone < call.amount.minor {
            return Ok(Refunded::Failed);
        }
        sql!(
            "INSERT INTO test_refund (key, payment_id, amount_minor) VALUES (:key, :id, :amount)
             ON CONFLICT (key) DO NOTHING",
            key = call.key,
            id = call.payment_id,
            amount = call.amount.minor
        )
        .run(tx, Rows::AtMostOne)?;
        Ok(Refunded::Processed(format!("test_refund_{}", call.key)))
    };
    Ok(site.store.write(write).await?)
}

/// Verifies a signature of the order's id and the payment's id, so that a signature for another
/// order cannot pay for this order.
pub(super) fn check_return(site: &Site, order: &Order, sent: &Form) -> Result<(), Problem> {
    if sent.text("order") != order_id(order) {
        return Err(crate::codes::PAYMENT_MISMATCH.into());
    }
    let secrets = secrets(site, RETURNS);
    let lines = secrets.iter().map(String::as_str);
    let (order, payment) = (sent.text("order"), sent.text("payment"));
    if !razorpay::is_return_signed(lines, order, payment, sent.text("signature")) {
        return Err(crate::codes::PAYMENT_SIGNATURE.into());
    }
    Ok(())
}

/// The result of pressing a button on the test gateway's page.
pub(crate) struct Outcome {
    /// The URL to which the browser is redirected.
    pub(crate) onward: String,
    /// The events that the gateway sends at once.
    pub(crate) events: Vec<TestEvent>,
}

/// Handles a button on the test gateway's page, and records its payments.
pub(crate) async fn press(
    site: &Site,
    order: &Order,
    pressed: Pressed,
) -> Result<Outcome, StoreError> {
    let id = order_id(order);
    let payments = {
        let (id, order) = (id.clone(), order.clone());
        let write = move |tx: &mut Tx<'_>| pay(tx, &order, &id, pressed);
        site.store.write(write).await?
    };
    let back = format!("/pay/{}", order.id);
    let Some(last) = payments.last() else {
        return Ok(Outcome {
            onward: format!("{back}?failed=1"),
            events: Vec::new(),
        });
    };
    let captured = |payment: &String| TestEvent::of("payment.captured", &id, payment);
    let mut events: Vec<TestEvent> = match pressed {
        Pressed::Later | Pressed::Lost => Vec::new(),
        _ => payments.iter().map(captured).collect(),
    };
    if pressed == Pressed::Dispute {
        events.push(TestEvent::of("payment.dispute.created", &id, last));
    }
    let secret = secrets(site, RETURNS).into_iter().next();
    let signature = sign(&secret.unwrap_or_default(), &razorpay::returned(&id, last));
    let onward = match pressed {
        Pressed::Lost => "/me/bookings".to_owned(),
        _ => format!("{back}/return?order={id}&payment={last}&signature={signature}"),
    };
    Ok(Outcome { onward, events })
}

/// None if the payment fails or the order can no longer be paid.
fn pay(
    tx: &mut Tx<'_>,
    order: &Order,
    id: &str,
    pressed: Pressed,
) -> Result<Vec<String>, StoreError> {
    let count = match pressed {
        Pressed::Fail => 0,
        Pressed::Twice => 2,
        _ => 1,
    };
    let amount = order.amount();
    let minor = match pressed {
        Pressed::Wrong => amount.minor - 1,
        _ => amount.minor,
    };
    let mut payments = Vec::new();
    if !is_open(tx, &order.id, id)? {
        return Ok(payments);
    }
    let captured_at = match pressed {
        Pressed::Later => tx.now() + LATER,
        _ => tx.now(),
    };
    for _ in 0..count {
        let payment = format!("test_pay_{}", platform::id::generate_random(tx.random()));
        sql!(
            "INSERT INTO test_payment
                 (id, gateway_order_id, amount_minor, currency, refund_fails, captured_at)
             VALUES (:payment, :id, :minor, :currency, :fails, :captured_at)",
            payment,
            id,
            minor,
            currency = amount.currency,
            fails = pressed == Pressed::Stuck,
            captured_at
        )
        .run(tx, Rows::Exactly(1))?;
        payments.push(payment);
    }
    if let (Pressed::Later, Some(payment)) = (pressed, payments.first()) {
        tx.enqueue(NewJob {
            queue: Queue::Services,
            line: Some(GatewayName::Test.line()),
            run_at: Some(captured_at),
            ..NewJob::new(EVENT, json!(TestEvent::of("payment.captured", id, payment)))
        })?;
    }
    Ok(payments)
}

/// Like a real gateway: no payment for a closed order, and at most [`MOST`] per order.
fn is_open(tx: &mut Tx<'_>, id: &OrderId, gateway_id: &str) -> Result<bool, StoreError> {
    let Some(order) = order::lock(tx, id)? else {
        return Ok(false);
    };
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM test_payment WHERE gateway_order_id = :gateway_id",
        gateway_id
    )
    .one(tx)?;
    let is_created = order.state == OrderState::Created && order.expires_at > tx.now();
    Ok(is_created && count < MOST)
}
