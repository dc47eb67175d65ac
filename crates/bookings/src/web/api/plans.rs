//! The JSON API of plans, and of the caller's memberships and credits.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use platform::Tx;
use site::Callers::{Anybody, Tokens};
use site::call::{Call, revalidated};
use site::proof::Requester;
use site::resource::api::{ApiResource, Description};
use web::described::Routes;
use web::{Json, List, Problem, Site, routes};

use super::administered;
use crate::credit::{self, Lot};
use crate::membership::{self, Membership};
use crate::plan::{self, Plan};
use crate::token_scopes::READ;
use crate::{Refusal, gateway};

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list_offered_plans: Anybody))
        .routes(routes!(list_credits: Tokens(&[READ])))
        .routes(routes!(list_memberships: Tokens(&[READ])))
        .merge(site::resource::api::routes::<Plan, R>())
}

/// The plans that are offered, in their order. The answer has an `ETag`.
#[utoipa::path(
    get, path = "/api/v1/plans", tag = "bookings",
    responses((status = 200, body = List<Plan>), (status = 304))
)]
async fn list_offered_plans(
    State(site): State<Site>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let plans = List::whole(site.store.read(plan::offered).await?);
    Ok(revalidated(&headers, &plans))
}

/// The caller's own memberships that have not ended, in the order of their starts.
#[utoipa::path(
    get, path = "/api/v1/me/membership", tag = "bookings",
    responses((status = 200, body = List<Membership>)),
)]
async fn list_memberships(call: Call) -> Result<Json<List<Membership>>, Problem> {
    let mode = gateway::mode(&call.site);
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        Ok::<_, Refusal>(membership::of_account(tx, &who.who.account().id, mode)?)
    };
    Ok(Json(List::whole(call.read(look).await?)))
}

/// The caller's own credits that can be spent, the first to expire first.
#[utoipa::path(
    get, path = "/api/v1/me/credits", tag = "bookings",
    responses((status = 200, body = List<Lot>))
)]
async fn list_credits(call: Call) -> Result<Json<List<Lot>>, Problem> {
    let mode = gateway::mode(&call.site);
    let look = move |tx: &mut Tx<'_>, who: &Requester| {
        let all = credit::lots(tx, &who.who.account().id, mode)?;
        Ok::<_, Refusal>(List::whole(all))
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
