//! The JSON API of the seats of a class that a booking takes.

use axum::http::StatusCode;
use axum::response::Response;
use platform::Tx;
use site::Callers::Tokens;
use site::call::{Call, answer};
use web::described::Routes;
use web::json::Received;
use web::{Json, Problem, Site, routes};

use super::check_money;
use crate::Refusal;
use crate::booking::{BookingView, PartyTo};
use crate::class_party::{self, Names, SeatCancellation, SeatOutcome};
use crate::token_scopes::WRITE;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(name_party: Tokens(&[WRITE])))
        .routes(routes!(cancel_seats: Tokens(&[WRITE])))
        .routes(routes!(mark_seats: Tokens(&[WRITE])))
}

/// Names who comes to a class, for the member, until it begins.
#[utoipa::path(
    put, path = "/api/v1/bookings/{id}/names", tag = "bookings", request_body = Names,
    responses((status = 200, body = BookingView), (status = 409))
)]
async fn name_party(call: Call, Json(body): Json<Names>) -> Result<Response, Problem> {
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        let named = class_party::name(tx, party, &body)?;
        Ok::<_, Refusal>(BookingView::of(tx, named)?)
    };
    Ok(answer(StatusCode::OK, &call.write(change).await?))
}

/// Gives back some seats of a class, for the member, until it begins. Their price is paid back, after
/// the deadline the share that the booking says. Giving back all of them cancels the booking.
#[utoipa::path(
    post, path = "/api/v1/bookings/{id}/seats/cancel", tag = "bookings",
    request_body = SeatCancellation,
    responses((status = 200, body = BookingView), (status = 409))
)]
async fn cancel_seats(call: Call, body: Received<SeatCancellation>) -> Result<Response, Problem> {
    let (new, site) = (body.value, call.site.clone());
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        check_money(party)?;
        let done = class_party::cancel(tx, &site, party, &new)?;
        Ok::<_, Refusal>(BookingView::of(tx, done)?)
    };
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// Says to which seats of a class nobody came, for the provider and administrators. If these are all
/// seats of the booking, its outcome is `no_show_member`.
#[utoipa::path(
    post, path = "/api/v1/bookings/{id}/seats/outcome", tag = "bookings",
    request_body = SeatOutcome,
    responses((status = 200, body = BookingView), (status = 409))
)]
async fn mark_seats(call: Call, body: Received<SeatOutcome>) -> Result<Response, Problem> {
    let (new, site) = (body.value, call.site.clone());
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        check_money(party)?;
        let marked = class_party::mark(tx, &site, party, &new)?;
        Ok::<_, Refusal>(BookingView::of(tx, marked)?)
    };
    call.post(&body.bytes, StatusCode::OK, change).await
}
