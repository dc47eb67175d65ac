//! Events of an occasion.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use web::described::Routes;
use web::json::Received;
use web::{Json, List, Problem, Site, routes};

use super::call::{Call, Place, answer, id};
use super::change_response::{Saved, Sees};
use super::view::{self, EventView};
use crate::event::EventId;
use crate::hosting::{Permission, events};
use crate::token_scopes::{OCCASION_READ, OCCASION_WRITE};

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list, create))
        .routes(routes!(show, change, remove))
}

/// The events, in the order they are shown.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/events", tag = "events", params(("id" = String, Path,)),
    responses((status = 200, body = List<EventView>), (status = 404))
)]
async fn list(call: Call, Path(occasion): Path<String>) -> Result<Json<List<EventView>>, Problem> {
    let place = Place::occasion(&occasion)?;
    let found = call.read(OCCASION_READ, place, events::list).await?;
    let items: Vec<EventView> = found.iter().map(view::event).collect();
    Ok(Json(List {
        total: i64::try_from(items.len()).ok(),
        items,
        next_cursor: None,
        previous_cursor: None,
    }))
}

/// Adds an event; everyone is invited to it, unless `invite_all` is false.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/events", tag = "events", params(("id" = String, Path,)),
    request_body = events::EventChange,
    responses((status = 201, body = Saved<EventView>), (status = 403), (status = 404), (status = 409), (status = 422))
)]
async fn create(
    call: Call,
    Path(occasion): Path<String>,
    body: Received<events::EventChange>,
) -> Result<Response, Problem> {
    let who = call.who(OCCASION_WRITE)?;
    let new = body.value;
    let place = Place::occasion(&occasion)?;
    call.once(
        who,
        place,
        Permission::Own,
        &body.bytes,
        StatusCode::CREATED,
        move |tx, host| {
            let event = events::create(tx, host, &new)?;
            Ok(Saved::of(view::event(&event), Sees::of(host)))
        },
    )
    .await
}

/// One event.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/events/{event}", tag = "events",
    params(("id" = String, Path,), ("event" = String, Path,)),
    responses((status = 200, body = EventView), (status = 404))
)]
async fn show(
    call: Call,
    Path((occasion, event)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let event: EventId = id(&event)?;
    let found = call
        .read(
            OCCASION_READ,
            Place::occasion(&occasion)?,
            move |tx, host| events::load(tx, host, &event),
        )
        .await?;
    Ok(answer(StatusCode::OK, &view::event(&found)))
}

/// Changes an event. Coordinators change its name, dress code and schedule.
#[utoipa::path(
    patch, path = "/api/v1/occasions/{id}/events/{event}", tag = "events",
    params(("id" = String, Path,), ("event" = String, Path,)), request_body = events::EventChange,
    responses((status = 200, body = Saved<EventView>), (status = 403), (status = 404), (status = 409), (status = 422), (status = 428))
)]
async fn change(
    call: Call,
    Path((occasion, event)): Path<(String, String)>,
    Json(body): Json<events::EventChange>,
) -> Result<Response, Problem> {
    let who = call.who(OCCASION_WRITE)?;
    let version = call.version(body.version)?;
    let event: EventId = id(&event)?;
    let changed = call
        .write(who, Place::occasion(&occasion)?, move |tx, host| {
            let event = events::change(tx, host, &event, version, &body)?;
            Ok(Saved::of(view::event(&event), Sees::of(host)))
        })
        .await?;
    Ok(answer(StatusCode::OK, &changed))
}

/// Removes an event and every answer for it; `confirm` is its key.
#[utoipa::path(
    delete, path = "/api/v1/occasions/{id}/events/{event}", tag = "events",
    params(("id" = String, Path,), ("event" = String, Path,), ("confirm" = String, Query,)),
    responses((status = 204), (status = 403), (status = 404), (status = 409), (status = 422), (status = 428))
)]
async fn remove(
    call: Call,
    Path((occasion, event)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let who = call.who(OCCASION_WRITE)?;
    let version = call.version(None)?;
    let event: EventId = id(&event)?;
    let query = call.query();
    let typed = query.iter().find(|(name, _)| name == "confirm");
    let confirm = typed.map(|(_, value)| value.clone()).unwrap_or_default();
    call.write(who, Place::occasion(&occasion)?, move |tx, host| {
        events::remove(tx, host, &event, version, &confirm)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
