//! The JSON API of a provider's own slots.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use platform::Tx;
use serde::Deserialize;
use site::Callers::{People, Tokens};
use site::call::{Call, answer};
use utoipa::ToSchema;
use web::described::Routes;
use web::json::Received;
use web::{Json, List, Problem, Site, routes};

use crate::bulk::{self, BulkChange, BulkResult};
use crate::class_cancellation::{self, ClassCancellation};
use crate::class_dates::{self, NewClassDate};
use crate::class_message::{self, ClassMessageSent, NewClassMessage};
use crate::offer::OfferId;
use crate::provider::Provider;
use crate::series::{self, NewSeries};
use crate::slot::view::SlotView;
use crate::slot::{self, NewSlot, SlotChange, SlotId};
use crate::token_scopes::{READ, WRITE};
use crate::{Refusal, request};

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list_slots: Tokens(&[READ]), create_slot: Tokens(&[WRITE])))
        .routes(routes!(create_slot_series: Tokens(&[WRITE])))
        .routes(routes!(change_slot: Tokens(&[WRITE]), delete_slot: Tokens(&[WRITE])))
        .routes(routes!(set_slot_visibility: Tokens(&[WRITE])))
        .routes(routes!(cancel_class: People))
        .routes(routes!(write_to_class: Tokens(&[WRITE])))
        .routes(routes!(add_class_date: Tokens(&[WRITE])))
        .routes(routes!(change_slots: Tokens(&[WRITE])))
}

/// A provider's own slots in the 60 days after `from`, by default from now.
#[utoipa::path(
    get, path = "/api/v1/me/slots", tag = "bookings", params(("from" = Option<String>, Query,)),
    responses((status = 200, body = List<SlotView>))
)]
async fn list_slots(call: Call) -> Result<Json<List<SlotView>>, Problem> {
    let from: Option<Timestamp> = call.query().text("from").parse().ok();
    let look = move |tx: &mut Tx<'_>, provider: &Provider| {
        let from = from.unwrap_or_else(|| tx.roughly_now());
        let until = from.checked_add(jiff::SignedDuration::from_hours(60 * 24));
        let until = until.unwrap_or(Timestamp::MAX);
        let all = slot::list(tx, &provider.profile.id, from, until)?;
        Ok::<_, Refusal>(List::whole(SlotView::list(tx, all)?))
    };
    Ok(Json(call.read(look).await?))
}

/// Offers a slot. If a local time occurs twice, the earlier instant is used.
#[utoipa::path(
    post, path = "/api/v1/me/slots", tag = "bookings", request_body = NewSlot,
    responses((status = 201, body = SlotView), (status = 409))
)]
async fn create_slot(call: Call, body: Received<NewSlot>) -> Result<Response, Problem> {
    let new = body.value;
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let made = slot::create(tx, provider, &new)?;
        Ok::<_, Refusal>(SlotView::of(tx, made)?)
    };
    call.post(&body.bytes, StatusCode::CREATED, change).await
}

/// Offers slots at the same local time on some days of the week, for some weeks. If one of the
/// slots cannot be created, none is.
#[utoipa::path(
    post, path = "/api/v1/me/slots/series", tag = "bookings", request_body = NewSeries,
    responses((status = 201, body = List<SlotView>))
)]
async fn create_slot_series(call: Call, body: Received<NewSeries>) -> Result<Response, Problem> {
    let new = body.value;
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let made = series::create(tx, provider, &new)?;
        Ok::<_, Refusal>(List::whole(SlotView::list(tx, made)?))
    };
    call.post(&body.bytes, StatusCode::CREATED, change).await
}

/// Changes a slot; omitted fields stay unchanged. If the slot is held or booked, only `prep_note`
/// can be changed. A changed slot drops out of the requests for it.
#[utoipa::path(
    patch, path = "/api/v1/me/slots/{id}", tag = "bookings", request_body = SlotChange,
    responses((status = 200, body = SlotView), (status = 409), (status = 428))
)]
async fn change_slot(call: Call, Json(body): Json<SlotChange>) -> Result<Response, Problem> {
    let id: SlotId = call.id("id")?;
    let version = call.version(body.version)?;
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let slot = request::change_slot_and_notify(tx, provider, &id, Some(version), &body)?;
        Ok::<_, Refusal>(SlotView::of(tx, slot)?)
    };
    Ok(answer(StatusCode::OK, &call.write(change).await?))
}

/// Removes a free slot.
#[utoipa::path(
    delete, path = "/api/v1/me/slots/{id}", tag = "bookings",
    responses((status = 204), (status = 409))
)]
async fn delete_slot(call: Call) -> Result<StatusCode, Problem> {
    let id: SlotId = call.id("id")?;
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        request::remove_slot_and_notify(tx, provider, &id)
    };
    call.write(change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a slot is offered.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SlotVisibility)]
struct Visibility {
    visible: bool,
}

/// Hides a free slot, or shows it again.
#[utoipa::path(
    post, path = "/api/v1/me/slots/{id}/visibility", tag = "bookings", request_body = Visibility,
    responses((status = 200, body = SlotView), (status = 409))
)]
async fn set_slot_visibility(call: Call, body: Received<Visibility>) -> Result<Response, Problem> {
    let (id, visible): (SlotId, bool) = (call.id("id")?, body.value.visible);
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let slot = slot::show(tx, provider, &id, visible)?;
        Ok::<_, Refusal>(SlotView::of(tx, slot)?)
    };
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// Cancels a date of a class: its bookings end, all money and credits go back, and nobody can book it
/// any more. If money goes back, the caller must just have proved a credential.
#[utoipa::path(
    post, path = "/api/v1/me/slots/{id}/cancel-class", tag = "bookings",
    request_body = ClassCancellation,
    responses((status = 200, body = SlotView), (status = 403), (status = 409))
)]
async fn cancel_class(call: Call, body: Received<ClassCancellation>) -> Result<Response, Problem> {
    let (id, site): (SlotId, _) = (call.id("id")?, call.site.clone());
    let new = body.value;
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let slot = class_cancellation::cancel(tx, &site, provider, &id, &new)?;
        Ok::<_, Refusal>(SlotView::of(tx, slot)?)
    };
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// Mails a text to each member who has confirmed seats of a date of a class; at most 5 different texts
/// within 24 hours.
#[utoipa::path(
    post, path = "/api/v1/me/slots/{id}/message", tag = "bookings",
    request_body = NewClassMessage,
    responses((status = 200, body = ClassMessageSent), (status = 409))
)]
async fn write_to_class(call: Call, body: Received<NewClassMessage>) -> Result<Response, Problem> {
    let (id, site): (SlotId, _) = (call.id("id")?, call.site.clone());
    let new = body.value;
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        class_message::send(tx, &site, provider, &id, &new)
    };
    call.post(&body.bytes, StatusCode::OK, change).await
}

/// Adds a date to a class, outside its hours or further ahead than its dates are made. Changed hours
/// do not take it away. If it would meet another session, the error is `slot_overlap`.
#[utoipa::path(
    post, path = "/api/v1/me/offers/{id}/dates", tag = "offers", request_body = NewClassDate,
    responses((status = 201, body = SlotView), (status = 409))
)]
async fn add_class_date(call: Call, body: Received<NewClassDate>) -> Result<Response, Problem> {
    let (id, new): (OfferId, _) = (call.id("id")?, body.value);
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        let slot = class_dates::add(tx, provider, &id, &new)?;
        Ok::<_, Refusal>(SlotView::of(tx, slot)?)
    };
    call.post(&body.bytes, StatusCode::CREATED, change).await
}

/// Changes up to 200 free slots: gives them a link, hides, shows or deletes them. If one of them
/// cannot be changed, none is. The error 422 `bulk_rejected` then contains the reason for each slot
/// that cannot be changed.
#[utoipa::path(
    post, path = "/api/v1/me/slots/bulk", tag = "bookings", request_body = BulkChange,
    responses((status = 200, body = List<BulkResult>))
)]
async fn change_slots(call: Call, body: Received<BulkChange>) -> Result<Response, Problem> {
    let sent = body.value;
    let change = move |tx: &mut Tx<'_>, provider: &Provider| {
        Ok::<_, Refusal>(List::whole(bulk::apply(tx, provider, &sent)?))
    };
    call.post(&body.bytes, StatusCode::OK, change).await
}
