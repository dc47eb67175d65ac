//! The JSON API of orders. An API token can neither create nor pay an order.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use identity::session::signed_in::Confirmed;
use jiff::Timestamp;
use platform::Tx;
use platform::idempotency::{self, Found, Key, Reused, Stored};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use site::Callers::{People, Tokens};
use site::call::{Call, Maybe};
use site::proof::Requester;
use utoipa::ToSchema;
use web::described::Routes;
use web::json::Received;
use web::{Form, Json, List, PageQuery, Problem, Site, routes};

use crate::codes::CHOICE_NOT_OFFERED;
use crate::gateway::{self, Way};
use crate::order::{self, GatewayName, Order, OrderId, OrderMode, OwnOrder};
use crate::refund_request::{self, Asked};
use crate::token_scopes::READ;
use crate::{Refusal, checkout, plan};

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list_orders: Tokens(&[READ]), create_order: People))
        .routes(routes!(show_order: Tokens(&[READ])))
        .routes(routes!(open_checkout: People))
        .routes(routes!(verify_payment: People))
        .routes(routes!(check_payment: People))
        .routes(routes!(ask_for_refund: People))
}

/// One of the caller's own orders.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnBookingOrder)]
struct OrderView {
    #[serde(flatten)]
    own: OwnOrder,
    /// The receipt's number as it is shown, such as `2026-000123`; null until the order is paid.
    receipt: Option<String>,
}

impl From<OwnOrder> for OrderView {
    fn from(own: OwnOrder) -> Self {
        Self {
            receipt: own.order.receipt(),
            own,
        }
    }
}

impl OrderView {
    fn find(tx: &mut Tx<'_>, who: &Requester, id: &OrderId) -> Result<Self, Refusal> {
        let found = order::own_order(tx, &who.who.account().id, id)?;
        Ok(found.ok_or(Refusal::NotFound)?.into())
    }
}

/// The plan that is ordered.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewBookingOrder)]
struct NewOrder {
    /// The code of the plan.
    plan_code: String,
}

/// Orders a plan at its present price. The order is paid at `/pay/{id}`.
#[utoipa::path(
    post, path = "/api/v1/orders", tag = "bookings", request_body = NewOrder,
    responses((status = 201, body = Order), (status = 404))
)]
async fn create_order(call: Call, body: Received<NewOrder>) -> Result<Response, Problem> {
    let (new, site) = (body.value, call.site.clone());
    let change = move |tx: &mut Tx<'_>, member: &Confirmed| {
        let plan = plan::find_by_code(tx, &new.plan_code)?.ok_or(Refusal::NotFound)?;
        plan::buy(tx, &site, member, &plan.id)
    };
    call.post(&body.bytes, StatusCode::CREATED, change).await
}

/// The caller's own orders, newest first.
#[utoipa::path(
    get, path = "/api/v1/orders", tag = "bookings", operation_id = "list_own_orders",
    params(("cursor" = Option<String>, Query,), ("limit" = Option<i64>, Query,)),
    responses((status = 200, body = List<OrderView>))
)]
async fn list_orders(call: Call, paging: PageQuery) -> Result<Json<List<OrderView>>, Problem> {
    let before: Option<(Timestamp, OrderId)> = paging.after()?;
    let rows = paging.rows();
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        let account = &who.who.account().id;
        Ok::<_, Refusal>(order::of_account(tx, account, before.as_ref(), rows)?)
    };
    let found = call.read(look).await?;
    let key = |one: &OwnOrder| (one.order.created_at, one.order.id.clone());
    Ok(Json(paging.list(found, key).map(OrderView::from)))
}

/// One of the caller's own orders.
#[utoipa::path(
    get, path = "/api/v1/orders/{id}", tag = "bookings", responses((status = 200, body = OrderView))
)]
async fn show_order(call: Call) -> Result<Json<OrderView>, Problem> {
    Ok(Json(own(&call).await?))
}

async fn own(call: &Call) -> Result<OrderView, Problem> {
    let id: OrderId = call.id("id")?;
    let look = move |tx: &mut Tx<'_>, who: &Requester| OrderView::find(tx, who, &id);
    call.read(look).await
}

/// Why the payer asks for the money.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = NewBookingRefundRequest)]
struct Wish {
    /// What the payer writes, 5–500 characters; not needed where the policy grants the refund.
    text: String,
}

/// Asks for the money of one of the caller's own orders. Where the site's policy grants it, all that
/// is left of the payment goes back; otherwise administrators answer. 422 `refund_not_eligible`
/// where the session is to come, which is cancelled instead, or where nothing is left.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/refund-request", tag = "bookings",
    operation_id = "ask_for_booking_refund", request_body = Wish,
    responses((status = 200, body = Asked))
)]
async fn ask_for_refund(call: Call, body: Received<Wish>) -> Result<Response, Problem> {
    let (new, site) = (body.value, call.site.clone());
    let id: OrderId = call.id("id")?;
    let change =
        move |tx: &mut Tx<'_>, by: &Requester| refund_request::ask(tx, &site, by, &id, &new.text);
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// How an order is paid.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = CheckoutChoice)]
struct Choice {
    /// One of the gateways that the site offers; by default the first. An order that already exists
    /// at a gateway is always paid there.
    gateway: Option<GatewayName>,
}

/// What a front end needs to let somebody pay. The page at `url` is the gateway's own. Instead of
/// opening it, a front end may open Razorpay's window with `key_id` and `gateway_order_id`.
#[derive(Serialize, ToSchema)]
#[schema(as = BookingCheckout)]
struct CheckoutView {
    order_id: OrderId,
    /// The amount in minor units.
    amount_minor: i64,
    /// The currency (ISO 4217).
    currency: String,
    gateway: GatewayName,
    mode: OrderMode,
    /// The order's id at the gateway.
    gateway_order_id: String,
    /// Razorpay's public key; null for other gateways.
    key_id: Option<String>,
    /// The gateway's page.
    url: String,
    /// The fields of the form that the browser posts to `url`; null if the browser follows a link
    /// to `url` instead.
    fields: Option<BTreeMap<&'static str, String>>,
}

/// Creates the gateway's page for an order. A repeated request returns the same page.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/checkout", tag = "bookings", request_body = Option<Choice>,
    responses((status = 201, body = CheckoutView), (status = 409), (status = 502))
)]
async fn open_checkout(call: Call, body: Maybe<Choice>) -> Result<Response, Problem> {
    let key = match begin(&call, &body.bytes).await? {
        Begun::New(key) => key,
        Begun::Repeated(answer) => return Ok(answer),
    };
    let order = own(&call).await?.own.order;
    let chosen = checkout::choose(&call.site, body.value.gateway);
    let refused = || Problem::fields().field("/gateway", CHOICE_NOT_OFFERED.code, []);
    let chosen = chosen.ok_or_else(refused)?;
    call.site.admit_call(call.who.account().id.as_str())?;
    let opened = checkout::open(&call.site, &order.id, chosen).await?;
    let is_razorpay = opened.gateway == GatewayName::Razorpay;
    let key_id = gateway::KEY_ID.of(&call.site.declared.settings).to_owned();
    let (url, fields) = match opened.way {
        Way::Page(page) if page.starts_with('/') => (call.site.url().join(&page), None),
        Way::Page(page) => (page, None),
        Way::Form(action, fields) => (action, Some(fields.into_iter().collect())),
    };
    let view = CheckoutView {
        amount_minor: order.amount_minor,
        currency: order.currency.to_string(),
        gateway: opened.gateway,
        mode: gateway::mode(&call.site),
        gateway_order_id: opened.gateway_order_id,
        key_id: is_razorpay.then_some(key_id),
        order_id: order.id,
        url,
        fields,
    };
    keep(&call, key, StatusCode::CREATED, &view).await
}

/// The fields that the gateway's page gave the payer's browser.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[schema(as = PaymentProof)]
struct Proof {
    /// The gateway's fields, unchanged: `razorpay_order_id`, `razorpay_payment_id` and
    /// `razorpay_signature`, or Stripe's `session_id`.
    #[serde(flatten)]
    #[schema(value_type = BTreeMap<String, String>)]
    fields: Map<String, Value>,
}

/// Accepts the fields that the gateway gave the payer. They only identify the payment. The gateway
/// is asked whether it was paid, and how much. Returns 202 if the gateway has not confirmed the
/// payment yet. The order then stays `created` until the gateway confirms the payment.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/verify", tag = "bookings", request_body = Proof,
    responses((status = 200, body = OrderView), (status = 202, body = Processing), (status = 409))
)]
async fn verify_payment(call: Call, body: Received<Proof>) -> Result<Response, Problem> {
    let key = match begin(&call, &body.bytes).await? {
        Begun::New(key) => key,
        Begun::Repeated(answer) => return Ok(answer),
    };
    let id = own(&call).await?.own.order.id;
    let fields = body.value.fields.into_iter();
    let form: Form = fields
        .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
        .collect();
    checkout::come_back(&call.site, &id, &form).await?;
    let view = own(&call).await?;
    if view.own.order.is_unpaid() {
        // The response is not stored, so that a repeated request returns the current state of the
        // payment.
        let body = Processing {
            state: "processing",
            order_id: id,
        };
        return Ok((StatusCode::ACCEPTED, Json(body)).into_response());
    }
    keep(&call, key, StatusCode::OK, &view).await
}

/// A payment that the gateway has not confirmed yet.
#[derive(Serialize, ToSchema)]
#[schema(as = PaymentProcessing)]
struct Processing {
    /// Always `processing`.
    state: &'static str,
    order_id: OrderId,
}

/// Asks the gateway whether an order is paid, but at most once every few seconds.
#[utoipa::path(
    post, path = "/api/v1/orders/{id}/check", tag = "bookings",
    responses((status = 200, body = OrderView), (status = 409), (status = 422), (status = 502))
)]
async fn check_payment(call: Call) -> Result<Response, Problem> {
    let key = match begin(&call, b"").await? {
        Begun::New(key) => key,
        Begun::Repeated(answer) => return Ok(answer),
    };
    let id = own(&call).await?.own.order.id;
    if !checkout::check(&call.site, &id, checkout::PRESSED).await? {
        return Err(crate::codes::GATEWAY_UNAVAILABLE.into());
    }
    keep(&call, key, StatusCode::OK, &own(&call).await?).await
}

enum Begun {
    New(Key),
    Repeated(Response),
}

/// Requires an idempotency key, because the request calls a gateway. The order's claim prevents
/// concurrent checkouts of the same order.
async fn begin(call: &Call, body: &[u8]) -> Result<Begun, Problem> {
    let key = call
        .key(body)?
        .ok_or(crate::codes::IDEMPOTENCY_KEY_REQUIRED)?;
    let look = {
        let key = key.clone();
        move |tx: &mut Tx<'_>, _: &Requester| match idempotency::find(tx, &key)? {
            Found::Answer(stored) => Ok(Some(stored)),
            Found::Reused => Err(Refusal::from(Reused)),
            Found::Nothing => Ok(None),
        }
    };
    Ok(match call.read(look).await? {
        Some(stored) => Begun::Repeated(answer(&stored)),
        None => Begun::New(key),
    })
}

/// If a concurrent request was faster, sends the response of that request.
async fn keep<T: Serialize>(
    call: &Call,
    key: Key,
    status: StatusCode,
    body: &T,
) -> Result<Response, Problem> {
    let new = Stored {
        status: status.as_u16().into(),
        body: serde_json::to_string(body).unwrap_or_default(),
    };
    let change = move |tx: &mut Tx<'_>, _: &Requester| {
        idempotency::once(tx, Some(&key), |_| Ok::<_, Refusal>(new.clone()))
    };
    Ok(answer(&call.write(change).await?))
}

fn answer(stored: &Stored) -> Response {
    let status = u16::try_from(stored.status).ok();
    let status = status.and_then(|code| StatusCode::from_u16(code).ok());
    let body: Value = serde_json::from_str(&stored.body).unwrap_or_default();
    (status.unwrap_or(StatusCode::OK), Json(body)).into_response()
}
