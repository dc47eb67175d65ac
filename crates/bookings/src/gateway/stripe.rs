//! Stripe Checkout, through Stripe's HTTP API: sessions, refunds and webhooks. The payer's browser
//! goes to Stripe's own page, so none of Stripe's scripts run on this site's pages.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use jiff::{SignedDuration, Timestamp};
use platform::Secret;
use platform::money::{Currency, Money};
use platform::outbound::CallBody;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use web::setting::{Flaw, Line, SecretLine, SettingValues};
use web::share::encoded;
use web::{Form, Problem, Site};

use super::remote::{self, plain};
use super::{Checkout, Event, Fact, GatewayError, RefundCall, RefundReport, Refunded, Way};
use crate::order::{GatewayName, Order, OrderId, PaymentState};

/// The setting with the secret API key.
pub const SECRET_KEY: SecretLine = SecretLine {
    key: "bookings.stripe.secret_key",
    file_key: "bookings.stripe.secret_key_file",
};
/// The setting with the secrets of the webhook, one per line. All are valid, so that an operator
/// can replace a secret without losing events.
pub const WEBHOOK_SECRET: SecretLine = SecretLine {
    key: "bookings.stripe.webhook_secret",
    file_key: "bookings.stripe.webhook_secret_file",
};
/// The setting with the base URL of Stripe's API.
pub const URL: Line = Line {
    key: "bookings.stripe.url",
    built_in: "https://api.stripe.com",
};

const VERSION: &str = "2024-12-18.acacia";
/// The maximum age of an event's signature, and the maximum difference between Stripe's clock and
/// this server's clock.
const FRESH: SignedDuration = SignedDuration::from_mins(5);
const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// The number of sessions that one request to Stripe returns.
const PAGE: usize = 100;
const MOST: usize = 10_000;

pub(super) fn flaws(values: &SettingValues, mode: &str) -> Vec<Flaw> {
    let secrets = [
        (
            SECRET_KEY,
            "set secret_key_file to a file that holds the secret key",
        ),
        (
            WEBHOOK_SECRET,
            "set webhook_secret_file to a file that holds the webhook's signing secret",
        ),
    ];
    let mut flaws = remote::flaws(values, URL, secrets);
    let key = SECRET_KEY.of(values).map_or("", Secret::reveal).trim();
    let own = |kind: &str| key.starts_with(&format!("{kind}_{mode}_"));
    if !key.is_empty() && !own("sk") && !own("rk") {
        flaws.push(remote::flaw(
            SECRET_KEY.key,
            "it is no secret key of this mode",
            "a key sk_test_… is for bookings.mode = \"test\", sk_live_… for \"live\"",
        ));
    }
    flaws
}

pub(super) fn is_configured(site: &Site) -> bool {
    key(site).is_ok()
}

fn key(site: &Site) -> Result<&str, GatewayError> {
    let found = remote::lines(&site.declared.settings, SECRET_KEY).next();
    found.ok_or(GatewayError::Unconfigured)
}

/// `None` if Stripe does not accept the amount. Stripe's unit differs from ISO 4217 for three
/// currencies. With three decimals, the last digit must be 0
/// (<https://docs.stripe.com/currencies>).
fn amount(money: Money) -> Option<i64> {
    match (money.currency.code(), money.currency.decimals()) {
        ("ISK" | "UGX", _) => money.minor.checked_mul(100),
        ("MGA", _) => (money.minor % 100 == 0).then_some(money.minor / 100),
        (_, 3) => (money.minor % 10 == 0).then_some(money.minor),
        _ => Some(money.minor),
    }
}

fn money(amount: i64, currency: &str) -> Result<Money, GatewayError> {
    let unclear = || GatewayError::Unclear(format!("{amount} {currency}"));
    let currency: Currency = currency.to_uppercase().parse().map_err(|_| unclear())?;
    let minor = match currency.code() {
        "ISK" | "UGX" => amount / 100,
        "MGA" => amount.checked_mul(100).ok_or_else(unclear)?,
        _ => amount,
    };
    Ok(Money::new(minor, currency))
}

#[derive(Deserialize)]
struct Session {
    id: String,
    payment_status: String,
    amount_total: i64,
    currency: String,
    client_reference_id: Option<String>,
    payment_intent: Option<String>,
    url: Option<String>,
}

#[derive(Deserialize)]
struct RemoteRefund {
    id: String,
    payment_intent: Option<String>,
    amount: i64,
    currency: String,
    status: String,
}

#[derive(Deserialize)]
struct Collection<T> {
    data: Vec<T>,
    has_more: bool,
}

async fn get<T: DeserializeOwned>(site: &Site, path: &str) -> Result<T, GatewayError> {
    send(site, Method::GET, path, CallBody::None, None).await
}

async fn post<T: DeserializeOwned>(
    site: &Site,
    path: &str,
    fields: &[(&str, String)],
    key: Option<&str>,
) -> Result<T, GatewayError> {
    let fields = fields.iter();
    let fields: Vec<String> = fields
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    let body = CallBody::Form(&fields.join("&"));
    send(site, Method::POST, path, body, key).await
}

async fn send<T: DeserializeOwned>(
    site: &Site,
    method: Method,
    path: &str,
    body: CallBody<'_>,
    idempotency_key: Option<&str>,
) -> Result<T, GatewayError> {
    let mut headers = vec![
        ("authorization", format!("Bearer {}", key(site)?)),
        ("stripe-version", VERSION.to_owned()),
    ];
    headers.extend(idempotency_key.map(|key| ("idempotency-key", key.to_owned())));
    remote::send(site, URL, method, path, body, &headers).await
}

/// A lost response may have left the session without its id. Then Kenduri's order id is looked for
/// in all sessions that were created before the order expired.
async fn find_session(site: &Site, order: &Order) -> Result<Option<Session>, GatewayError> {
    let found = if let Some(id) = &order.gateway_order_id {
        let path = format!("checkout/sessions/{}", plain(id)?);
        Some(get::<Session>(site, &path).await?)
    } else {
        let all = list(site, order.created_at - FRESH, order.expires_at, "").await?;
        let mut all = all.into_iter();
        all.find(|one| one.client_reference_id.as_deref() == Some(order.id.as_str()))
    };
    match found {
        Some(session) if session.client_reference_id.as_deref() != Some(order.id.as_str()) => {
            let what = format!("session {} is of another order", session.id);
            Err(GatewayError::Unclear(what))
        }
        found => Ok(found),
    }
}

async fn list(
    site: &Site,
    from: Timestamp,
    until: Timestamp,
    filter: &str,
) -> Result<Vec<Session>, GatewayError> {
    let (from, until) = (from.as_second(), until.as_second());
    let mut all: Vec<Session> = Vec::new();
    while all.len() < MOST {
        let after = all
            .last()
            .map(|last| format!("&starting_after={}", last.id));
        let path = format!(
            "checkout/sessions?limit={PAGE}&created[gte]={from}&created[lte]={until}{filter}{}",
            after.unwrap_or_default()
        );
        let found: Collection<Session> = get(site, &path).await?;
        let is_last = !found.has_more || found.data.is_empty();
        all.extend(found.data);
        if is_last {
            break;
        }
    }
    Ok(all)
}

pub(super) async fn create_checkout(site: &Site, order: &Order) -> Result<Checkout, GatewayError> {
    let session = match &order.gateway_order_id {
        Some(_) => find_session(site, order).await?,
        None => None,
    };
    let session = match session {
        Some(session) => session,
        None => create_session(site, order).await?,
    };
    let back = format!("/pay/{}?back=1", order.id);
    Ok(Checkout {
        gateway: GatewayName::Stripe,
        // A complete or expired session has no page.
        way: Way::Page(session.url.unwrap_or(back)),
        gateway_order_id: session.id,
    })
}

/// Creates a session. The order's id is the idempotency key, so that a repeated call returns the
/// same session. The fields must therefore depend only on the order.
async fn create_session(site: &Site, order: &Order) -> Result<Session, GatewayError> {
    let unclear = || GatewayError::Unclear(format!("no amount of Stripe: {:?}", order.amount()));
    let amount = amount(order.amount()).ok_or_else(unclear)?;
    let mut ends = order.expires_at;
    if ends == order.created_at + SESSION_LIFETIME {
        // Stripe's clock may be behind this server's clock.
        ends -= SignedDuration::from_mins(1);
    }
    let url = |path: String| site.url().join(&path);
    let back = url(format!("/pay/{}/return", order.id));
    let fields = [
        ("mode", "payment".to_owned()),
        ("client_reference_id", order.id.to_string()),
        ("metadata[order_id]", order.id.to_string()),
        ("line_items[0][quantity]", "1".to_owned()),
        (
            "line_items[0][price_data][currency]",
            order.currency.code().to_lowercase(),
        ),
        ("line_items[0][price_data][unit_amount]", amount.to_string()),
        (
            "line_items[0][price_data][product_data][name]",
            site.settings.name.clone(),
        ),
        ("expires_at", ends.as_second().to_string()),
        (
            "success_url",
            format!("{back}?session_id={{CHECKOUT_SESSION_ID}}"),
        ),
        ("cancel_url", url(format!("/pay/{}?failed=1", order.id))),
    ];
    let key = Some(order.id.as_str());
    post(site, "checkout/sessions", &fields, key).await
}

pub(super) async fn list_payments(site: &Site, order: &Order) -> Result<Vec<Fact>, GatewayError> {
    match find_session(site, order).await? {
        // With a delayed payment method, the session is complete before the money arrives.
        Some(session) if session.payment_status == "paid" => Ok(vec![Fact {
            payment_id: session
                .payment_intent
                .ok_or_else(|| GatewayError::Unclear("a paid session without payment".into()))?,
            state: PaymentState::Captured,
            amount: money(session.amount_total, &session.currency)?,
        }]),
        _ => Ok(Vec::new()),
    }
}

pub(super) async fn find_order(site: &Site, id: &str) -> Result<Option<OrderId>, GatewayError> {
    let path = format!("checkout/sessions/{}", plain(id)?);
    match get::<Session>(site, &path).await {
        Ok(found) => Ok(found.client_reference_id.and_then(|id| id.parse().ok())),
        Err(GatewayError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) async fn list_captured(
    site: &Site,
    from: Timestamp,
    until: Timestamp,
) -> Result<Vec<(String, String)>, GatewayError> {
    let all = list(site, from, until, "&status=complete").await?;
    let paid = all.into_iter().filter(|one| one.payment_status == "paid");
    Ok(paid
        .filter_map(|one| Some((one.payment_intent?, one.id)))
        .collect())
}

/// Expires a session, so that nobody can pay it any more. A session that is not open stays
/// unchanged.
pub(super) async fn close_checkout(site: &Site, id: &str) -> Result<(), GatewayError> {
    let path = format!("checkout/sessions/{}/expire", plain(id)?);
    match post::<Session>(site, &path, &[], None).await {
        Ok(_)
        | Err(GatewayError::Refused {
            status: 400 | 404, ..
        }) => Ok(()),
        Err(error) => Err(error),
    }
}

pub(super) async fn refund(site: &Site, call: &RefundCall) -> Result<Refunded, GatewayError> {
    let Some(amount) = amount(call.amount) else {
        return Ok(Refunded::Failed);
    };
    let fields = [
        ("payment_intent", call.payment_id.clone()),
        ("amount", amount.to_string()),
        ("metadata[refund_id]", call.key.clone()),
    ];
    match post(site, "refunds", &fields, Some(&call.key)).await {
        Ok(made) => refunded(made),
        Err(GatewayError::Refused {
            status: 400 | 402,
            description,
        }) => {
            tracing::warn!(
                refund = call.key,
                description,
                "Stripe refused a refund; `description` says why; /admin/orders/reconcile says what to do"
            );
            Ok(Refunded::Failed)
        }
        Err(error) => Err(error),
    }
}

pub(super) async fn find_refund(site: &Site, id: &str) -> Result<RefundReport, GatewayError> {
    let made: RemoteRefund = get(site, &format!("refunds/{}", plain(id)?)).await?;
    Ok(RefundReport {
        payment_id: made.payment_intent.clone().unwrap_or_default(),
        amount: money(made.amount, &made.currency)?,
        state: refunded(made)?,
    })
}

fn refunded(made: RemoteRefund) -> Result<Refunded, GatewayError> {
    match made.status.as_str() {
        "pending" | "requires_action" => Ok(Refunded::Submitted(made.id)),
        "succeeded" => Ok(Refunded::Processed(made.id)),
        "failed" | "canceled" => Ok(Refunded::Failed),
        other => Err(GatewayError::Unclear(format!("a refund is {other:?}"))),
    }
}

/// Checks that the session's id in the return URL is the one that is stored for the order. The id
/// is not signed, so it only determines which order to request from Stripe.
pub(super) fn check_return(order: &Order, sent: &Form) -> Result<(), Problem> {
    match &order.gateway_order_id {
        Some(id) if sent.text("session_id") != id => Err(crate::codes::PAYMENT_MISMATCH.into()),
        _ => Ok(()),
    }
}

#[derive(Deserialize)]
struct EventBody {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Object,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Object {
    id: Option<String>,
    payment_intent: Option<String>,
    client_reference_id: Option<String>,
    status: Option<String>,
    metadata: Option<Metadata>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    refund_id: Option<String>,
}

/// Whether the header `t=…,v1=…` contains a valid signature of the body with one of these secrets,
/// and is not too old.
pub(super) fn is_signed<'s>(
    site: &Site,
    header: Option<&HeaderValue>,
    body: &[u8],
    secrets: impl Iterator<Item = &'s str>,
) -> bool {
    let header = header.and_then(|value| value.to_str().ok());
    let header = header.unwrap_or_default();
    let parts = || {
        header
            .split(',')
            .filter_map(|part| part.trim().split_once('='))
    };
    let time = parts().find(|(name, _)| *name == "t");
    let time = time.map_or("", |(_, value)| value);
    let at = time
        .parse()
        .ok()
        .and_then(|at| Timestamp::from_second(at).ok());
    let is_fresh = at.is_some_and(|at| site.clock.now().duration_since(at).abs() <= FRESH);
    let signed: [&[u8]; 3] = [time.as_bytes(), b".", body];
    let given = parts().filter(|(name, _)| *name == "v1");
    let given = given.map(|(_, signature)| signature);
    is_fresh && remote::is_signed(secrets, &signed, &given)
}

pub(super) fn read_event(
    site: &Site,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Option<Event>, Problem> {
    let values = &site.declared.settings;
    let lines = remote::lines(values, WEBHOOK_SECRET);
    if !is_signed(site, headers.get("stripe-signature"), body, lines) {
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "signature_invalid"));
    }
    let web::Json(EventBody { id, kind, data }) = web::Json::parse(body)?;
    let object = data.object;
    if id.is_empty() || id.len() > 100 || kind.len() > 100 {
        return Ok(None);
    }
    let event = Event {
        id,
        kind,
        order: None,
        payment: object.payment_intent,
        refund: None,
        receipt: None,
    };
    Ok(match event.kind.as_str() {
        kind if kind.starts_with("checkout.session.") => Some(Event {
            order: object.id,
            receipt: object.client_reference_id,
            ..event
        }),
        kind if kind.starts_with("refund.") => Some(Event {
            refund: object.id,
            receipt: object.metadata.and_then(|data| data.refund_id),
            ..event
        }),
        "charge.dispute.created" => Some(event),
        // Stripe states the result of a dispute in the field `status`. Other gateways state it in
        // the event's kind, so the result is added to the event's kind here.
        "charge.dispute.closed" => {
            let end = match object.status.as_deref() {
                // The bank's inquiry never became a dispute.
                Some("warning_closed") => "won",
                other => other.unwrap_or_default(),
            };
            Some(Event {
                kind: format!("charge.dispute.{end}"),
                ..event
            })
        }
        // All other events, such as `charge.refunded`, only repeat information from these events.
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_counted_as_stripe_counts_them() {
        for (minor, code, expected) in [
            (18_000, "MYR", Some(18_000)),
            (500, "JPY", Some(500)),
            (500, "ISK", Some(50_000)),
            (700, "UGX", Some(70_000)),
            (5_000, "MGA", Some(50)),
            (5_050, "MGA", None),
            (5_120, "KWD", Some(5_120)),
            (5_124, "KWD", None),
        ] {
            let given = Money::new(minor, code.parse().unwrap());
            assert_eq!(amount(given), expected, "{code}");
            if let Some(counted) = expected {
                let read = money(counted, &code.to_lowercase()).unwrap();
                assert_eq!(read, given, "{code}");
            }
        }
    }
}
