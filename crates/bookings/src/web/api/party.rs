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
use crate::further_seats::{self, FurtherSeats};
use crate::token_scopes::WRITE;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(name_party: Tokens(&[WRITE])))
        .routes(routes!(add_seats: Tokens(&[WRITE])))
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

/// Adds seats to a confirmed booking of a class, for the member, until it begins. If they cost nothing or
/// credits, the booking has them (200). Otherwise they are a booking of their own beside it, with an order
/// to pay (201), which is returned again while it is not paid. If fewer are left, the error is `seats_left`, with their number.
#[utoipa::path(
    post, path = "/api/v1/bookings/{id}/seats", tag = "bookings", request_body = FurtherSeats,
    responses((status = 200, body = BookingView), (status = 201, body = BookingView),
        (status = 409, description = "`seats_closed`, `seats_left`, `slot_changed`"))
)]
async fn add_seats(call: Call, body: Received<FurtherSeats>) -> Result<Response, Problem> {
    let mut new = body.value;
    new.slot_version = call.version_if_named(new.slot_version)?;
    let site = call.site.clone();
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| {
        let booked = further_seats::add(tx, &site, party, &new)?;
        let is_new = booked.booking.id != party.booking.id && !booked.is_repeat;
        let status = if is_new {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        Ok::<_, Refusal>((status, BookingView::of(tx, booked.booking)?))
    };
    call.post_as(&body.bytes, change).await
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
