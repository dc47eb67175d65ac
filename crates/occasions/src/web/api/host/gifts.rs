//! The API for gift reservations and received gifts. It also records which gifts the hosts have
//! thanked for.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use site::Callers::Tokens;
use utoipa::ToSchema;
use web::described::Routes;
use web::json::Received;
use web::{Json, List, Problem, Site, routes};

use super::call::{Call, Place, id};
use super::change_response::{Saved, Sees};
use crate::hosting::Permission::{SeeAnswers, Write};
use crate::hosting::gifts::{self, GiftReservation};
use crate::hosting::received_gifts::{self, ReceivedGift};
use crate::id::{ReceivedGiftId, ReservationId};
use crate::token_scopes::{OCCASION_WRITE, RSVPS_READ};
use crate::web::access::{HostAccess, may};

pub(super) fn routes<R: Routes<Site>>() -> R {
    let write = || -> HostAccess { may(Write, Tokens(&[OCCASION_WRITE])) };
    R::default()
        .routes(routes!(reservations: may(SeeAnswers, Tokens(&[RSVPS_READ]))))
        .routes(routes!(release: write()))
        .routes(routes!(receive: write()))
        .routes(routes!(thank: write()))
}

/// The gift reservations of all households, the oldest first.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/gift-reservations", tag = "gift reservations",
    responses((status = 200, body = List<GiftReservation>))
)]
async fn reservations(
    call: Call,
    Path(occasion): Path<String>,
) -> Result<Json<List<GiftReservation>>, Problem> {
    let place = Place::occasion(&occasion)?;
    let items = call.read(place, gifts::reservations).await?;
    Ok(Json(List::whole(items)))
}

/// Releases a household's reservation.
#[utoipa::path(
    delete, path = "/api/v1/occasions/{id}/gift-reservations/{reservation}",
    tag = "gift reservations", responses((status = 204), (status = 409))
)]
async fn release(
    call: Call,
    Path((occasion, reservation)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let reservation: ReservationId = id(&reservation)?;
    call.write(Place::occasion(&occasion)?, move |tx, host| {
        gifts::release(tx, host, &reservation)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Adds a reserved gift to the list of received gifts.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/gift-reservations/{reservation}/receive",
    tag = "gift reservations", responses((status = 201, body = Saved<ReceivedGift>), (status = 409))
)]
async fn receive(
    call: Call,
    Path((occasion, reservation)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let reservation: ReservationId = id(&reservation)?;
    let place = Place::occasion(&occasion)?;
    call.once(place, b"", StatusCode::CREATED, move |tx, host| {
        let one = received_gifts::receive(tx, host, &reservation)?;
        Ok(Saved::of(one, Sees::of(host)))
    })
    .await
}

/// A request that says whether the hosts have thanked for a gift.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Thanked {
    /// Whether the hosts have thanked for the gift.
    thanked: bool,
    /// The version that the client has read; optional. It can be sent in `If-Match` instead.
    version: Option<i64>,
}

/// Marks a received gift as thanked for, or removes the mark.
#[utoipa::path(
    put, path = "/api/v1/occasions/{id}/received-gifts/{gift}/thanked", tag = "received gifts",
    request_body = Thanked, responses((status = 200, body = Saved<ReceivedGift>), (status = 409))
)]
async fn thank(
    call: Call,
    Path((occasion, gift)): Path<(String, String)>,
    body: Received<Thanked>,
) -> Result<Json<Saved<ReceivedGift>>, Problem> {
    let gift: ReceivedGiftId = id(&gift)?;
    let Thanked { thanked, version } = body.value;
    let place = Place::occasion(&occasion)?;
    let saved = call
        .write(place, move |tx, host| {
            let one = received_gifts::thank(tx, host, &gift, version, thanked)?;
            Ok(Saved::of(one, Sees::of(host)))
        })
        .await?;
    Ok(Json(saved))
}
