//! Razorpay, through its HTTP API: orders, Hosted Checkout, payments, refunds and webhooks. The
//! payer's browser posts a form to Razorpay's own page, so none of Razorpay's scripts run on this
//! site's pages.

use std::iter;

use axum::http::{HeaderMap, Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use platform::Tx;
use platform::key;
use platform::money::Money;
use platform::outbound::CallBody;
use platform::text_cleaning::hexadecimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use web::setting::{Flaw, Line, SecretLine, SettingValues};
use web::{Form, Problem, Site};

use super::remote::{self, plain};
use super::{Checkout, Event, Fact, GatewayError, RefundCall, RefundReport, Refunded, Way};
use crate::order::{self, GatewayName, Order, OrderId, OrderState, PaymentState};

/// The setting with the public id of the API key.
pub const KEY_ID: Line = Line {
    key: "bookings.razorpay.key_id",
    built_in: "",
};
/// The setting with the secret of the API key.
pub const KEY_SECRET: SecretLine = SecretLine {
    key: "bookings.razorpay.key_secret",
    file_key: "bookings.razorpay.key_secret_file",
};
/// The setting with the secrets of the webhook, one per line. All are valid, so that an operator
/// can replace a secret without losing events.
pub const WEBHOOK_SECRET: SecretLine = SecretLine {
    key: "bookings.razorpay.webhook_secret",
    file_key: "bookings.razorpay.webhook_secret_file",
};
/// The setting with the base URL of Razorpay's API.
pub const URL: Line = Line {
    key: "bookings.razorpay.url",
    built_in: "https://api.razorpay.com",
};

/// The number of payments that one request to Razorpay returns.
const PAGE: usize = 100;
const MOST: usize = 10_000;

pub(super) fn flaws(values: &SettingValues, mode: &str) -> Vec<Flaw> {
    let id = KEY_ID.of(values);
    let (own, other) = match mode {
        "live" => ("rzp_live_", "rzp_test_"),
        _ => ("rzp_test_", "rzp_live_"),
    };
    let mut flaws = Vec::new();
    if id.starts_with(other) {
        flaws.push(remote::flaw(
            KEY_ID.key,
            "the key is of the other mode",
            "a key rzp_test_… is for bookings.mode = \"test\", rzp_live_… for \"live\"",
        ));
    } else if !id.starts_with(own) {
        flaws.push(remote::flaw(
            KEY_ID.key,
            "it is no id of a key",
            "Razorpay's dashboard shows it below Account & Settings, API Keys",
        ));
    }
    let secrets = [
        (
            KEY_SECRET,
            "set key_secret_file to a file that holds the key's secret",
        ),
        (
            WEBHOOK_SECRET,
            "set webhook_secret_file to a file that holds the secret of the webhook",
        ),
    ];
    flaws.extend(remote::flaws(values, URL, secrets));
    flaws
}

pub(super) fn is_configured(site: &Site) -> bool {
    keys(site).is_ok()
}

fn keys(site: &Site) -> Result<(&str, &str), GatewayError> {
    let values = &site.declared.settings;
    match (KEY_ID.of(values), KEY_SECRET.of(values)) {
        ("", _) | (_, None) => Err(GatewayError::Unconfigured),
        (id, Some(secret)) => Ok((id, secret.reveal())),
    }
}

#[derive(Deserialize)]
struct RemoteOrder {
    id: String,
    amount: i64,
    currency: String,
    receipt: Option<String>,
}

#[derive(Deserialize)]
struct RemotePayment {
    id: String,
    amount: i64,
    currency: String,
    status: String,
    order_id: Option<String>,
}

#[derive(Deserialize)]
struct RemoteRefund {
    id: String,
    payment_id: String,
    amount: i64,
    currency: String,
    status: String,
}

#[derive(Deserialize)]
struct Collection<T> {
    items: Vec<T>,
}

async fn get<T: DeserializeOwned>(site: &Site, path: &str) -> Result<T, GatewayError> {
    send(site, Method::GET, path, None, None).await
}

async fn send<T: DeserializeOwned>(
    site: &Site,
    method: Method,
    path: &str,
    body: Option<&Value>,
    key: Option<&str>,
) -> Result<T, GatewayError> {
    let (id, secret) = keys(site)?;
    let basic = STANDARD.encode(format!("{id}:{secret}"));
    let mut headers = vec![("authorization", format!("Basic {basic}"))];
    headers.extend(key.map(|key| ("x-refund-idempotency", key.to_owned())));
    let body = body.map_or(CallBody::None, CallBody::Json);
    remote::send(site, URL, method, path, body, &headers).await
}

/// A lost response may have left the order without its id. Then it is found by its receipt.
async fn remote_id(site: &Site, order: &Order) -> Result<Option<String>, GatewayError> {
    if let Some(id) = &order.gateway_order_id {
        return Ok(Some(id.clone()));
    }
    let earlier = earlier(site, order).await?;
    let found: Collection<RemoteOrder> = get(site, &format!("orders?receipt={}", order.id)).await?;
    let is_ours = |one: &RemoteOrder| {
        !earlier.contains(&one.id)
            && one.receipt.as_deref() == Some(order.id.as_str())
            && one.amount == order.amount_minor
            && one.currency == order.currency.code()
    };
    Ok(found.items.into_iter().find(is_ours).map(|one| one.id))
}

/// Razorpay refuses further attempts to pay under these ids.
async fn earlier(site: &Site, order: &Order) -> Result<Vec<String>, GatewayError> {
    let id = order.id.clone();
    let look = move |tx: &mut Tx<'_>| order::earlier(tx, &id);
    Ok(site.store.read(look).await?)
}

pub(super) async fn create_checkout(site: &Site, order: &Order) -> Result<Checkout, GatewayError> {
    let id = if let Some(id) = remote_id(site, order).await? {
        id
    } else {
        let body = json!({
            "amount": order.amount_minor,
            "currency": order.currency.code(),
            "receipt": order.id,
            "notes": {"order": order.id},
        });
        let made: RemoteOrder = send(site, Method::POST, "orders", Some(&body), None).await?;
        made.id
    };
    let (key_id, _) = keys(site)?;
    let url = |path: String| site.url().join(&path);
    let fields = vec![
        ("key_id", key_id.to_owned()),
        ("order_id", id.clone()),
        ("amount", order.amount_minor.to_string()),
        ("currency", order.currency.to_string()),
        ("name", site.settings.name.clone()),
        ("callback_url", url(format!("/pay/{}/return", order.id))),
        ("cancel_url", url(format!("/pay/{}?failed=1", order.id))),
    ];
    let page = format!("{}/v1/checkout/embedded", URL.of(&site.declared.settings));
    Ok(Checkout {
        gateway: GatewayName::Razorpay,
        gateway_order_id: id,
        way: Way::Form(page, fields),
    })
}

pub(super) async fn list_payments(site: &Site, order: &Order) -> Result<Vec<Fact>, GatewayError> {
    let mut ids = earlier(site, order).await?;
    ids.extend(remote_id(site, order).await?);
    let mut found = Vec::new();
    for id in ids {
        let all: Collection<RemotePayment> = get(site, &format!("orders/{id}/payments")).await?;
        if let Some(other) = all
            .items
            .iter()
            .find(|one| one.order_id.as_ref() != Some(&id))
        {
            let what = format!("payment {} is of another order", other.id);
            return Err(GatewayError::Unclear(what));
        }
        found.extend(all.items);
    }
    let mut facts = Vec::new();
    for mut payment in found {
        let waits = matches!(order.state, OrderState::Created | OrderState::Expired);
        let is_exact =
            payment.amount == order.amount_minor && payment.currency == order.currency.code();
        if payment.status == "authorized" && waits && is_exact {
            payment = capture(site, payment).await?;
        }
        facts.extend(fact(payment)?);
    }
    // The first captured payment in the list settles the order, so the list's order must not vary.
    facts.sort_by(|one, other| one.payment_id.cmp(&other.payment_id));
    Ok(facts)
}

async fn capture(site: &Site, payment: RemotePayment) -> Result<RemotePayment, GatewayError> {
    let path = format!("payments/{}", payment.id);
    let body = json!({"amount": payment.amount, "currency": payment.currency});
    match send(
        site,
        Method::POST,
        &format!("{path}/capture"),
        Some(&body),
        None,
    )
    .await
    {
        // Another request may have captured the payment, or it may be too late for capturing it.
        Err(GatewayError::Refused { status: 400, .. }) => get(site, &path).await,
        result => result,
    }
}

fn fact(payment: RemotePayment) -> Result<Option<Fact>, GatewayError> {
    let state = match payment.status.as_str() {
        "created" => return Ok(None),
        "failed" => PaymentState::Failed,
        "authorized" => PaymentState::Authorized,
        // A payment that was refunded had been captured.
        "captured" | "refunded" => PaymentState::Captured,
        other => return Err(GatewayError::Unclear(format!("a payment is {other:?}"))),
    };
    let currency = payment.currency.parse();
    let currency = currency.map_err(|_| GatewayError::Unclear(payment.currency.clone()))?;
    Ok(Some(Fact {
        payment_id: payment.id,
        state,
        amount: Money::new(payment.amount, currency),
    }))
}

pub(super) async fn find_order(site: &Site, id: &str) -> Result<Option<OrderId>, GatewayError> {
    let found = get::<RemoteOrder>(site, &format!("orders/{}", plain(id)?)).await;
    match found {
        Ok(order) => Ok(order.receipt.and_then(|receipt| receipt.parse().ok())),
        Err(GatewayError::Refused {
            status: 400 | 404, ..
        }) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) async fn list_captured(
    site: &Site,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<(String, String)>, GatewayError> {
    let (from, until) = (from.as_second(), until.as_second());
    let mut captured = Vec::new();
    for skip in (0..MOST).step_by(PAGE) {
        let path = format!("payments?from={from}&to={until}&count={PAGE}&skip={skip}");
        let found: Collection<RemotePayment> = get(site, &path).await?;
        let is_last = found.items.len() < PAGE;
        let paid = found.items.into_iter();
        let paid = paid.filter(|one| matches!(one.status.as_str(), "captured" | "refunded"));
        captured.extend(paid.filter_map(|one| Some((one.id, one.order_id?))));
        if is_last {
            break;
        }
    }
    Ok(captured)
}

pub(super) async fn refund(site: &Site, call: &RefundCall) -> Result<Refunded, GatewayError> {
    let path = format!("payments/{}/refund", plain(&call.payment_id)?);
    let body = json!({"amount": call.amount.minor, "speed": "normal", "receipt": call.key});
    match send(site, Method::POST, &path, Some(&body), Some(&call.key)).await {
        Ok(made) => refunded(made),
        Err(GatewayError::Refused {
            status: 400,
            description,
        }) => {
            tracing::warn!(
                refund = call.key,
                description,
                "Razorpay refused a refund; `description` says why; /admin/orders/reconcile says what to do"
            );
            Ok(Refunded::Failed)
        }
        Err(error) => Err(error),
    }
}

pub(super) async fn find_refund(site: &Site, id: &str) -> Result<RefundReport, GatewayError> {
    let made: RemoteRefund = get(site, &format!("refunds/{}", plain(id)?)).await?;
    let currency = made.currency.parse();
    let currency = currency.map_err(|_| GatewayError::Unclear(made.currency.clone()))?;
    Ok(RefundReport {
        payment_id: made.payment_id.clone(),
        amount: Money::new(made.amount, currency),
        state: refunded(made)?,
    })
}

fn refunded(made: RemoteRefund) -> Result<Refunded, GatewayError> {
    match made.status.as_str() {
        "pending" => Ok(Refunded::Submitted(made.id)),
        "processed" => Ok(Refunded::Processed(made.id)),
        "failed" => Ok(Refunded::Failed),
        other => Err(GatewayError::Unclear(format!("a refund is {other:?}"))),
    }
}

/// The bytes that Razorpay signs for a payer's return: its ids of the order and of the payment.
pub(super) fn returned<'i>(order: &'i str, payment: &'i str) -> [&'i [u8]; 3] {
    [order.as_bytes(), b"|", payment.as_bytes()]
}

/// Whether `given` is a valid signature of this order and payment with one of the secrets.
pub(super) fn is_return_signed<'s>(
    secrets: impl Iterator<Item = &'s str>,
    order: &str,
    payment: &str,
    given: &str,
) -> bool {
    remote::is_signed(secrets, &returned(order, payment), &iter::once(given))
}

/// Verifies the signature of the payment's id and the order's id. The order's id comes **from the
/// database**, so that a signature for another order cannot pay for this order.
pub(super) fn check_return(site: &Site, order: &Order, sent: &Form) -> Result<(), Problem> {
    let Some(id) = &order.gateway_order_id else {
        return Err(crate::codes::PAYMENT_MISMATCH.into());
    };
    if sent.text("razorpay_order_id") != id {
        return Err(crate::codes::PAYMENT_MISMATCH.into());
    }
    let (_, secret) = keys(site)?;
    let payment = sent.text("razorpay_payment_id");
    let given = sent.text("razorpay_signature");
    if !is_return_signed(iter::once(secret), id, payment, given) {
        return Err(crate::codes::PAYMENT_SIGNATURE.into());
    }
    Ok(())
}

#[derive(Deserialize)]
struct EventBody {
    event: String,
    payload: Payload,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Payload {
    payment: Option<Part>,
    order: Option<Part>,
    refund: Option<Part>,
}

#[derive(Deserialize)]
struct Part {
    entity: Entity,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entity {
    id: Option<String>,
    order_id: Option<String>,
    payment_id: Option<String>,
    receipt: Option<String>,
}

pub(super) fn read_event(
    site: &Site,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<Event>, Problem> {
    let header = |name| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    };
    let (given, values) = (header("x-razorpay-signature"), &site.declared.settings);
    if !remote::is_signed(
        remote::lines(values, WEBHOOK_SECRET),
        &[body],
        &iter::once(given),
    ) {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "signature_invalid"));
    }
    let id = match header("x-razorpay-event-id") {
        id if (1..=100).contains(&id.len()) => id.to_owned(),
        // An event without an id is identified by its body.
        _ => hexadecimal(&key::hmac(b"", &[body])),
    };
    let web::Json(EventBody { event, payload }) = web::Json::parse(body)?;
    let is_known = ["payment.", "order.paid", "refund."]
        .iter()
        .any(|start| event.starts_with(start));
    if !is_known || event.len() > 100 {
        return Ok(None);
    }
    let entity = |part: Option<Part>| part.map(|part| part.entity).unwrap_or_default();
    let (payment, order) = (entity(payload.payment), entity(payload.order));
    let refund = entity(payload.refund);
    Ok(Some(Event {
        id,
        order: payment.order_id.or(order.id),
        payment: payment.id.or(refund.payment_id),
        receipt: if event.starts_with("refund.") {
            refund.receipt
        } else {
            order.receipt
        },
        refund: refund.id,
        kind: event,
    }))
}
