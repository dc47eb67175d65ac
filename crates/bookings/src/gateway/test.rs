//! The built-in test gateway. It needs no account and no network and moves no money, but the rest
//! of the code treats it like other gateways. It has its own tables, and writes them in separate
//! transactions.

use axum::http::StatusCode;
use platform::money::{Currency, Money};
use platform::{Rows, StoreError, Tx, sql};
use web::{Form, Problem, Site};

use super::{Checkout, Event, Fact, GatewayError, RefundCall, Refunded, Way};
use crate::order::{self, GatewayName, Order, OrderId, OrderState, PaymentState};

/// The purpose for which the test gateway's signing key is derived from the key file.
const PURPOSE: &str = "bookings.test-gateway";
/// The maximum number of payments for one order.
const MOST: i64 = 5;

web::words! {
    /// The buttons on the test gateway's page, with which the payer chooses the outcome.
    Pressed {
        /// The payment succeeds.
        Pay = "pay" => "test-gateway-pay",
        /// The payment fails.
        Fail = "fail" => "test-gateway-fail",
        /// The payment succeeds, but the browser does not return.
        Lost = "lost" => "test-gateway-lost",
        /// Two payments succeed.
        Twice = "twice" => "test-gateway-twice",
        /// A payment of another amount succeeds.
        Wrong = "wrong" => "test-gateway-wrong",
        /// The payment succeeds, but cannot be refunded.
        Stuck = "stuck" => "test-gateway-stuck",
        /// The payment succeeds, and the payer's bank disputes it.
        Dispute = "dispute" => "test-gateway-dispute",
    }
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
    let look = move |tx: &mut Tx<'_>| -> Result<Vec<(String, i64, Currency)>, StoreError> {
        sql!(
            "SELECT id, amount_minor, currency FROM test_payment WHERE gateway_order_id = :id
             ORDER BY id",
            id
        )
        .all(tx)
    };
    let found = site.store.read(look).await?.into_iter();
    let facts = found.map(|(payment_id, minor, currency)| Fact {
        payment_id,
        state: PaymentState::Captured,
        amount: Money::new(minor, currency),
    });
    Ok(facts.collect())
}

/// Lists all payments, because the test gateway does not note when they were made.
pub(super) async fn list_captured(site: &Site) -> Result<Vec<(String, String)>, GatewayError> {
    let look = |tx: &mut Tx<'_>| -> Result<Vec<(String, String)>, StoreError> {
        tx.all(
            sql!("SELECT id, gateway_order_id FROM test_payment ORDER BY id"),
            &[],
        )
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

/// Verifies a signature over order and payment, so that the signature for another order cannot pay
/// for this order.
pub(super) fn check_return(site: &Site, order: &Order, sent: &Form) -> Result<(), Problem> {
    let refused = |code| Err(Problem::new(StatusCode::BAD_REQUEST, code));
    if sent.text("order") != order_id(order) {
        return refused("payment_mismatch");
    }
    let signed = [sent.text("order"), sent.text("payment")];
    if !site
        .keys
        .key(PURPOSE)
        .verify(&signed, sent.text("signature"))
    {
        return refused("payment_signature");
    }
    Ok(())
}

/// What a button on the test gateway's page leads to.
pub(crate) struct Outcome {
    /// The URL to which the browser is redirected.
    pub(crate) onward: String,
    /// The event that the gateway sends.
    pub(crate) event: Option<Event>,
}

/// Handles a button on the test gateway's page. Records the payment.
pub(crate) async fn press(
    site: &Site,
    order: &Order,
    pressed: Pressed,
) -> Result<Outcome, StoreError> {
    let (id, amount) = (order_id(order), order.amount());
    let minor = if pressed == Pressed::Wrong {
        amount.minor - 1
    } else {
        amount.minor
    };
    let count = match pressed {
        Pressed::Fail => 0,
        Pressed::Twice => 2,
        _ => 1,
    };
    let (at, ours) = (id.clone(), order.id.clone());
    let write = move |tx: &mut Tx<'_>| -> Result<Option<String>, StoreError> {
        if !is_open(tx, &ours, &at)? {
            return Ok(None);
        }
        let mut last = String::new();
        for _ in 0..count {
            last = format!("test_pay_{}", platform::id::generate_random(tx.random()));
            sql!(
                "INSERT INTO test_payment (id, gateway_order_id, amount_minor, currency, refund_fails)
                 VALUES (:last, :at, :minor, :currency, :fails)",
                last,
                at,
                minor,
                currency = amount.currency,
                fails = pressed == Pressed::Stuck
            )
            .run(tx, Rows::Exactly(1))?;
        }
        Ok(Some(last))
    };
    let back = format!("/pay/{}", order.id);
    let payment = site.store.write(write).await?;
    let event = payment.as_ref().filter(|_| pressed == Pressed::Dispute);
    let event = event.map(|payment| Event {
        id: format!("test_event_{payment}"),
        kind: "payment.dispute.created".to_owned(),
        order: Some(id.clone()),
        payment: Some(payment.clone()),
        refund: None,
        receipt: None,
    });
    let onward = match (payment, pressed) {
        (None, _) | (_, Pressed::Fail) => format!("{back}?failed=1"),
        (_, Pressed::Lost) => "/me/bookings".to_owned(),
        (Some(payment), _) => {
            let signature = site.keys.key(PURPOSE).sign(&[&id, &payment]);
            format!("{back}/return?order={id}&payment={payment}&signature={signature}")
        }
    };
    Ok(Outcome { onward, event })
}

/// Whether the order can be paid. Like a real gateway, the test gateway accepts no payment for a
/// closed order, and at most [`MOST`] payments per order.
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
