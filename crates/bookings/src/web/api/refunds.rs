//! The JSON API of refunds, payments, orders and exports, for administrators.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use platform::Tx;
use site::Callers::People;
use site::call::Call;
use web::described::Routes;
use web::json::Received;
use web::{Json, List, Problem, Site, routes};

use crate::export::Export;
use crate::order::{OrderId, PaymentId};
use crate::refund::RefundId;
use crate::refund::manual::{self, Before, NewRefund, OrderRecord, PaymentRecord, RefundRecord};
use crate::refund_request::{self, Decision, RefundRequest, RefundRequestId, RefundRequestRecord};
use crate::settings::Administrator;
use crate::web::exports;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list_refunds: People, ask_refund: People))
        .routes(routes!(list_refund_requests: People))
        .routes(routes!(decide_refund_request: People))
        .routes(routes!(list_payments: People))
        .routes(routes!(list_orders: People))
        .routes(routes!(export_file: People))
}

/// All refunds, newest first.
#[utoipa::path(
    get, path = "/api/v1/admin/refunds", tag = "bookings", operation_id = "list_booking_refunds",
    params(("cursor" = Option<String>, Query,), ("limit" = Option<i64>, Query,)),
    responses((status = 200, body = List<RefundRecord>))
)]
async fn list_refunds(call: Call) -> Result<Json<List<RefundRecord>>, Problem> {
    let look = |tx: &mut Tx<'_>, _: &Administrator, before: Option<&Before<RefundId>>, rows| {
        Ok(manual::list(tx, before, rows)?)
    };
    call.list(look, |one| (one.created_at, one.id.clone()))
        .await
}

/// Refunds a part of a payment, or all that is left of it. The caller must have proved a credential
/// within the last 10 minutes. The request to the gateway is sent shortly after the response.
#[utoipa::path(
    post, path = "/api/v1/admin/refunds", tag = "bookings", operation_id = "ask_booking_refund",
    request_body = NewRefund,
    responses((status = 202, body = RefundRecord), (status = 404), (status = 409))
)]
async fn ask_refund(call: Call, body: Received<NewRefund>) -> Result<Response, Problem> {
    let new = body.value;
    let change = move |tx: &mut Tx<'_>, by: &Administrator| manual::ask(tx, by, &new);
    call.post(&body.bytes, StatusCode::ACCEPTED, change).await
}

/// The requests for refunds that wait for an answer, the oldest first.
#[utoipa::path(
    get, path = "/api/v1/admin/refund-requests", tag = "bookings",
    operation_id = "list_booking_refund_requests",
    params(("cursor" = Option<String>, Query,), ("limit" = Option<i64>, Query,)),
    responses((status = 200, body = List<RefundRequestRecord>))
)]
async fn list_refund_requests(call: Call) -> Result<Json<List<RefundRequestRecord>>, Problem> {
    let look = |tx: &mut Tx<'_>,
                _: &Administrator,
                after: Option<&(Timestamp, RefundRequestId)>,
                rows| Ok(refund_request::list(tx, after, rows)?);
    call.list(look, |one| (one.request.created_at, one.request.id.clone()))
        .await
}

/// Answers a request for a refund, as an administrator. The caller must have proved a credential
/// within the last 10 minutes.
#[utoipa::path(
    post, path = "/api/v1/admin/refund-requests/{id}/decide", tag = "bookings",
    operation_id = "decide_booking_refund_request", request_body = Decision,
    responses((status = 200, body = RefundRequest), (status = 409))
)]
async fn decide_refund_request(call: Call, body: Received<Decision>) -> Result<Response, Problem> {
    let (new, site) = (body.value, call.site.clone());
    let id: RefundRequestId = call.id("id")?;
    let change =
        move |tx: &mut Tx<'_>, by: &Administrator| refund_request::decide(tx, &site, by, &id, &new);
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// All payments, those of the latest order first.
#[utoipa::path(
    get, path = "/api/v1/admin/payments", tag = "bookings", operation_id = "list_booking_payments",
    params(("cursor" = Option<String>, Query,), ("limit" = Option<i64>, Query,)),
    responses((status = 200, body = List<PaymentRecord>))
)]
async fn list_payments(call: Call) -> Result<Json<List<PaymentRecord>>, Problem> {
    let look = |tx: &mut Tx<'_>, _: &Administrator, before: Option<&Before<PaymentId>>, rows| {
        Ok(manual::payments(tx, before, rows)?)
    };
    call.list(look, |one| (one.ordered_at, one.id.clone()))
        .await
}

/// All orders, newest first.
#[utoipa::path(
    get, path = "/api/v1/admin/orders", tag = "bookings", operation_id = "list_booking_orders",
    params(("cursor" = Option<String>, Query,), ("limit" = Option<i64>, Query,)),
    responses((status = 200, body = List<OrderRecord>))
)]
async fn list_orders(call: Call) -> Result<Json<List<OrderRecord>>, Problem> {
    let look = |tx: &mut Tx<'_>, _: &Administrator, before: Option<&Before<OrderId>>, rows| {
        Ok(manual::orders(tx, before, rows)?)
    };
    let key = |one: &OrderRecord| (one.order.created_at, one.order.id.clone());
    call.list(look, key).await
}

/// All orders, payments, refunds, payouts, bookings or changes to credits, or the audit log, as
/// `KIND.csv` or `KIND.jsonl`. The caller must have proved a credential within the last 10 minutes.
/// The export is recorded in the audit log.
#[utoipa::path(
    get, path = "/api/v1/admin/export/{file}", tag = "bookings", operation_id = "export_bookings",
    responses((status = 200, description = "The file.", content_type = "text/csv", body = String))
)]
async fn export_file(call: Call) -> Result<Response, Problem> {
    let export = Export::find(call.piece("file")).ok_or_else(Problem::not_found)?;
    let begin = move |tx: &mut Tx<'_>, by: &Administrator| export.begin(tx, by);
    let rest = call.write(begin).await?;
    Ok(exports::download(&call.site, export, rest))
}
