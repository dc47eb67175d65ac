//! The JSON API of the waiting lists of classes.

use axum::http::StatusCode;
use axum::response::Response;
use identity::session::signed_in::Confirmed;
use platform::Tx;
use site::Callers::Tokens;
use site::call::Call;
use site::proof::Requester;
use web::described::Routes;
use web::json::Received;
use web::{Json, List, Problem, Site, routes};

use crate::Refusal;
use crate::slot::SlotId;
use crate::token_scopes::{READ, WRITE};
use crate::waiting::{self, NewWaiting, OwnWaiting, Waiting, WaitingId};

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list_waiting: Tokens(&[READ])))
        .routes(routes!(join_waiting_list: Tokens(&[WRITE])))
        .routes(routes!(leave_waiting_list: Tokens(&[WRITE])))
}

/// The coming dates of classes for which the caller waits or is asked, the soonest first.
#[utoipa::path(
    get, path = "/api/v1/waiting", tag = "bookings",
    responses((status = 200, body = List<OwnWaiting>))
)]
async fn list_waiting(call: Call) -> Result<Json<List<OwnWaiting>>, Problem> {
    let look = |tx: &mut Tx<'_>, who: &Requester| {
        Ok::<_, Refusal>(List::whole(waiting::list_own(tx, &who.who.account().id)?))
    };
    Ok(Json(call.read(look).await?))
}

/// Waits for seats of a date of a class that has too few. Once so many are free, they are kept for the
/// caller as a pending booking, which is booked like any other; or booked at once, if the caller wishes
/// so and they cost nothing or a credit.
#[utoipa::path(
    post, path = "/api/v1/slots/{id}/waiting", tag = "bookings", request_body = NewWaiting,
    responses((status = 200, body = Waiting), (status = 409))
)]
async fn join_waiting_list(call: Call, body: Received<NewWaiting>) -> Result<Response, Problem> {
    let (id, new): (SlotId, _) = (call.id("id")?, body.value);
    let change = move |tx: &mut Tx<'_>, member: &Confirmed| waiting::join(tx, member, &id, &new);
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// Leaves a waiting list. Seats that are kept for the caller go to the next who waits.
#[utoipa::path(
    post, path = "/api/v1/waiting/{id}/leave", tag = "bookings",
    responses((status = 200, body = Waiting))
)]
async fn leave_waiting_list(call: Call) -> Result<Response, Problem> {
    let (id, site): (WaitingId, _) = (call.id("id")?, call.site.clone());
    let change = move |tx: &mut Tx<'_>, who: &Requester| waiting::leave(tx, &site, who, &id);
    call.post(&[], StatusCode::OK, change).await
}
