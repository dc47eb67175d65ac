//! The JSON API of requests.

use axum::http::StatusCode;
use axum::response::Response;
use identity::session::signed_in::Confirmed;
use platform::Tx;
use serde::Deserialize;
use site::Callers::Tokens;
use site::call::Call;
use site::proof::Requester;
use utoipa::ToSchema;
use web::described::Routes;
use web::json::Received;
use web::{Json, List, Problem, Site, routes};

use crate::booking::Party;
use crate::codes::QUOTA_EXHAUSTED;
use crate::request::view::{self, Before, RequestView};
use crate::request::{self, NewRequest, PartyToRequest};
use crate::slot::SlotId;
use crate::token_scopes::{READ, WRITE};

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list_requests: Tokens(&[READ]), create_request: Tokens(&[WRITE])))
        .routes(routes!(confirm_request: Tokens(&[WRITE])))
        .routes(routes!(decline_request: Tokens(&[WRITE])))
        .routes(routes!(withdraw_request: Tokens(&[WRITE])))
}

/// The caller's own requests; with `as=provider` the undecided ones for the caller's slots, and
/// with `as=administrator` all undecided ones. The newest come first.
#[utoipa::path(
    get, path = "/api/v1/requests", tag = "bookings",
    params(("as" = Option<Party>, Query,), ("cursor" = Option<String>, Query,),
        ("limit" = Option<i64>, Query,)), responses((status = 200, body = List<RequestView>))
)]
async fn list_requests(call: Call) -> Result<Json<List<RequestView>>, Problem> {
    let party = Party::find(call.query().text("as")).unwrap_or(Party::Member);
    let paging = call.page_query()?.under(&party);
    let (before, rows): (Option<Before>, i64) = (paging.after()?, paging.rows());
    let look =
        move |tx: &mut Tx<'_>, who: &Requester| view::list(tx, who, party, before.as_ref(), rows);
    let found = call.read(look).await?;
    Ok(Json(
        paging.list(found, |one| (one.created_at, one.id.clone())),
    ))
}

/// Creates a request for one of several slots. This reserves and spends nothing.
#[utoipa::path(
    post, path = "/api/v1/requests", tag = "bookings", request_body = NewRequest,
    responses((status = 201, body = RequestView), (status = 404), (status = 409))
)]
async fn create_request(call: Call, body: Received<NewRequest>) -> Result<Response, Problem> {
    let (new, site, who) = (body.value, call.site.clone(), call.requester.clone());
    let change = move |tx: &mut Tx<'_>, member: &Confirmed| {
        let made = request::create(tx, &site, member, &new)?;
        RequestView::of(tx, &who, made)
    };
    call.post(&body.bytes, StatusCode::CREATED, change).await
}

/// The slot that is confirmed.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BookingRequestConfirmation)]
struct Confirmation {
    slot_id: SlotId,
}

/// Books one of the request's slots for its member, as the slot's provider or an administrator. A
/// slot with a price is held until the member has paid.
#[utoipa::path(
    post, path = "/api/v1/requests/{id}/confirm", tag = "bookings", request_body = Confirmation,
    responses((status = 200, body = RequestView), (status = 409))
)]
async fn confirm_request(call: Call, body: Received<Confirmation>) -> Result<Response, Problem> {
    let (slot, site, who) = (
        body.value.slot_id,
        call.site.clone(),
        call.requester.clone(),
    );
    let chosen = slot.clone();
    let change = move |tx: &mut Tx<'_>, party: &PartyToRequest| {
        let confirmed = request::confirm(tx, &site, party, &chosen)?;
        RequestView::of(tx, &who, confirmed)
    };
    let answer = call.post(&body.bytes, StatusCode::OK, change).await;
    if let Err(problem) = &answer
        && problem.code == QUOTA_EXHAUSTED.code
    {
        let site = call.site.clone();
        let change = move |tx: &mut Tx<'_>, party: &PartyToRequest| {
            request::tell_no_credit(tx, &site, party, &slot)
        };
        call.write(change).await?;
    }
    answer
}

/// Declines a request. A provider declines only their own slots, and an administrator the whole
/// request.
#[utoipa::path(
    post, path = "/api/v1/requests/{id}/decline", tag = "bookings",
    responses((status = 200, body = RequestView), (status = 409))
)]
async fn decline_request(call: Call) -> Result<Response, Problem> {
    let (site, who) = (call.site.clone(), call.requester.clone());
    let change = move |tx: &mut Tx<'_>, party: &PartyToRequest| {
        let declined = request::decline(tx, &site, party)?;
        RequestView::of(tx, &who, declined)
    };
    call.post(&[], StatusCode::OK, change).await
}

/// Withdraws one of the caller's own requests.
#[utoipa::path(
    post, path = "/api/v1/requests/{id}/withdraw", tag = "bookings",
    responses((status = 200, body = RequestView), (status = 409))
)]
async fn withdraw_request(call: Call) -> Result<Response, Problem> {
    let who = call.requester.clone();
    let change = move |tx: &mut Tx<'_>, party: &PartyToRequest| {
        let withdrawn = request::withdraw(tx, party)?;
        RequestView::of(tx, &who, withdrawn)
    };
    call.post(&[], StatusCode::OK, change).await
}
