//! The JSON API of plans, and of what people have ordered and may spend.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use identity::session::signed_in::Confirmed;
use jiff::Timestamp;
use platform::Tx;
use serde::Deserialize;
use site::Callers::{Anybody, People, Tokens};
use site::call::Call;
use site::proof::Requester;
use site::resource::api::{ApiResource, Description};
use utoipa::ToSchema;
use web::described::Routes;
use web::json::Received;
use web::{Json, List, Problem, Site, routes};

use super::administered;
use crate::credit::{self, Lot};
use crate::membership::{self, Membership};
use crate::order::{self, Order, OrderId, PlanId};
use crate::plan::{self, Plan};
use crate::{READ, Refusal};

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list_offered_plans: Anybody))
        .routes(routes!(list_orders: Tokens(&[READ]), create_order: People))
        .routes(routes!(show_order: Tokens(&[READ])))
        .routes(routes!(list_credits: Tokens(&[READ])))
        .routes(routes!(list_memberships: Tokens(&[READ])))
        .merge(site::resource::api::routes::<Plan, R>())
}

/// The plans that are offered, in their order.
#[utoipa::path(
    get, path = "/api/v1/plans", tag = "bookings",
    responses((status = 200, body = List<Plan>))
)]
async fn list_offered_plans(State(site): State<Site>) -> Result<Json<List<Plan>>, Problem> {
    Ok(Json(List::whole(site.store.read(plan::offered).await?)))
}

/// The object that is ordered.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewBookingOrder)]
struct NewOrder {
    /// The plan.
    #[schema(value_type = String)]
    plan_id: PlanId,
}

/// Orders a plan at its present price. The order is paid at `/pay/{id}`.
#[utoipa::path(
    post, path = "/api/v1/orders", tag = "bookings", request_body = NewOrder,
    responses((status = 201, body = Order), (status = 403), (status = 404))
)]
async fn create_order(call: Call, body: Received<NewOrder>) -> Result<Response, Problem> {
    let (new, site) = (body.value, call.site.clone());
    let change =
        move |tx: &mut Tx<'_>, member: &Confirmed| plan::buy(tx, &site, member, &new.plan_id);
    call.post(&body.bytes, StatusCode::CREATED, change).await
}

/// The caller's own memberships that have not ended, in the order of their starts.
#[utoipa::path(
    get, path = "/api/v1/me/membership", tag = "bookings",
    responses((status = 200, body = List<Membership>)),
)]
async fn list_memberships(call: Call) -> Result<Json<List<Membership>>, Problem> {
    let look = |tx: &mut Tx<'_>, who: &Requester| {
        Ok::<_, Refusal>(membership::of_account(tx, &who.who.account().id)?)
    };
    Ok(Json(List::whole(call.read(look).await?)))
}

/// The caller's own credits that can be spent, the first to end first.
#[utoipa::path(
    get, path = "/api/v1/me/credits", tag = "bookings",
    responses((status = 200, body = List<Lot>))
)]
async fn list_credits(call: Call) -> Result<Json<List<Lot>>, Problem> {
    let look = |tx: &mut Tx<'_>, who: &Requester| {
        let all = credit::lots(tx, &who.who.account().id)?;
        Ok::<_, Refusal>(List::whole(all))
    };
    Ok(Json(call.read(look).await?))
}

/// The caller's own orders, the newest first.
#[utoipa::path(
    get, path = "/api/v1/orders", tag = "bookings", operation_id = "list_own_orders",
    params(("cursor" = Option<String>, Query,), ("limit" = Option<i64>, Query,)),
    responses((status = 200, body = List<Order>), (status = 400))
)]
async fn list_orders(call: Call) -> Result<Json<List<Order>>, Problem> {
    let paging = call.page_query()?;
    let (before, rows): (Option<(Timestamp, OrderId)>, i64) = (paging.after()?, paging.rows());
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        Ok::<_, Refusal>(order::of_account(
            tx,
            &who.who.account().id,
            before.as_ref(),
            rows,
        )?)
    };
    let found = call.read(look).await?;
    Ok(Json(
        paging.list(found, |one| (one.created_at, one.id.clone())),
    ))
}

/// One of the caller's own orders.
#[utoipa::path(
    get, path = "/api/v1/orders/{id}", tag = "bookings", params(("id" = String, Path,)),
    responses((status = 200, body = Order), (status = 404))
)]
async fn show_order(call: Call) -> Result<Json<Order>, Problem> {
    let id: OrderId = call.id("id")?;
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        let found = order::own(tx, &who.who.account().id, &id)?;
        found.ok_or(Refusal::NotFound)
    };
    Ok(Json(call.read(look).await?))
}

impl ApiResource for Plan {
    administered!();

    const API: Description = Description {
        path: "/api/v1/admin/plans",
        one: "/api/v1/admin/plans/{id}",
        tag: "bookings",
        list: "All plans: the offered ones first, in their order.",
        show: "One plan.",
        create: "Adds a plan.",
        change: "Changes a plan. Open orders keep what they were made with.",
        remove: "Removes a plan: 204. One that somebody ordered is not offered any more: 200\n\
                 with what is left.",
        removal: &[204],
        body: "What may be set of a plan; what is left out stays.",
    };
}
