//! Payments for a plan, in Razorpay's window or on the page of another gateway. The plan determines
//! the amount, and the order belongs to the caller. The request cannot change the amount or the
//! owner.

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use bookings::gateway::{self, Way};
use bookings::order::{self, GatewayName, Order, OrderId, OrderState, PlanId};
use bookings::{Refusal, checkout, plan};
use identity::session::signed_in::Confirmed;
use platform::Tx;
use platform::idempotency::{self, Stored};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use site::Context;
use site::call::Call;
use site::proof::Requester;
use web::json::Received;
use web::{Form, Json, Problem};

use super::repeated_request;

const CREATE: &str = "/api/payment/create-order";

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route(CREATE, post(create))
        .route("/api/payment/verify", post(verify))
}

/// The plan to buy. Older front ends also sent an amount and the buyer's name, address and
/// password. A request with these fields is refused.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    plan_id: PlanId,
}

#[derive(Serialize)]
struct Created {
    success: bool,
    order_id: String,
    /// The amount in minor units.
    amount: i64,
    currency: String,
    gateway: &'static str,
    /// The order's id at Razorpay. The front end needs this id and the public key `key_id` to open
    /// Razorpay's window. Both are null for other gateways.
    razorpay_order_id: Option<String>,
    key_id: Option<String>,
    /// The gateway's page; null for Razorpay.
    payment_url: Option<String>,
}

async fn create(call: Call, body: Received<Sent>) -> Result<Response, Problem> {
    let key = repeated_request::key(&call, CREATE, &body.bytes);
    let (site, sent) = (call.site.clone(), body.value);
    let change = move |tx: &mut Tx<'_>, member: &Confirmed| {
        let stored = idempotency::once(tx, key.as_ref(), |tx| {
            let order = plan::buy(tx, &site, member, &sent.plan_id)?;
            Ok::<_, Refusal>(Stored {
                status: StatusCode::CREATED.as_u16().into(),
                body: order.id.to_string(),
            })
        })?;
        let id: OrderId = stored.body.parse().map_err(|_| Refusal::NotFound)?;
        order::find(tx, &id)?.ok_or(Refusal::NotFound)
    };
    let order = call.write(change).await?;
    let offered = gateway::offered(&call.site);
    let chosen = if offered.contains(&GatewayName::Razorpay) {
        GatewayName::Razorpay
    } else {
        order.gateway
    };
    call.site.admit_call(call.who.account().id.as_str())?;
    let opened = checkout::open(&call.site, &order.id, chosen).await?;
    let is_razorpay = opened.gateway == GatewayName::Razorpay;
    let key_id = gateway::KEY_ID.of(&call.site.declared.settings).to_owned();
    let body = Created {
        success: true,
        order_id: order.id.to_string(),
        amount: order.amount_minor,
        currency: order.currency.to_string(),
        gateway: opened.gateway.word(),
        razorpay_order_id: is_razorpay.then_some(opened.gateway_order_id),
        key_id: is_razorpay.then_some(key_id),
        payment_url: match opened.way {
            Way::Page(page) => Some(page),
            Way::Form(..) => None,
        },
    };
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

#[derive(Serialize)]
struct Verified {
    success: bool,
    order_id: String,
    /// `paid`, or `processing` while the gateway has not confirmed the payment.
    status: &'static str,
}

/// Receives the result that the gateway's window reports. The report only identifies the payment.
/// The server then asks the gateway whether the payment was made, and for how much.
async fn verify(call: Call, Json(sent): Json<Map<String, Value>>) -> Result<Response, Problem> {
    let text = |name: &str| sent.get(name).and_then(Value::as_str);
    let required = || Problem::fields().field("/order_id", "required", []);
    let id = text("order_id").ok_or_else(required)?;
    let id: OrderId = id.parse().map_err(|_| Problem::not_found())?;
    own(&call, &id).await?;
    let form: Form = sent
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect();
    checkout::come_back(&call.site, &id, &form).await?;
    let is_paid = match own(&call, &id).await?.state {
        OrderState::Paid | OrderState::PartiallyRefunded => true,
        OrderState::Created | OrderState::Expired => false,
        OrderState::Refunded => {
            return Err(Problem::new(StatusCode::CONFLICT, "order_closed"));
        }
    };
    let (status, word) = if is_paid {
        (StatusCode::OK, "paid")
    } else {
        (StatusCode::ACCEPTED, "processing")
    };
    let body = Verified {
        success: is_paid,
        order_id: id.to_string(),
        status: word,
    };
    Ok((status, Json(body)).into_response())
}

async fn own(call: &Call, id: &OrderId) -> Result<Order, Problem> {
    let id = id.clone();
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        let found = order::own(tx, &who.who.account().id, &id)?;
        found.ok_or(Refusal::NotFound)
    };
    call.read(look).await
}
