//! Occasions.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use platform::Tx;
use serde::Deserialize;
use utoipa::ToSchema;
use web::described::Routes;
use web::json::Received;
use web::{Json, List, Problem, Site, routes};

use super::call::{Call, Maybe, Place, answer};
use super::change_response::{Saved, Sees};
use super::view::{self, OccasionView};
use crate::hosting::{HostOf, Permission, Refusal, enter, occasions};
use crate::occasion::Occasion;
use crate::token_scopes::{OCCASION_READ, OCCASION_WRITE};
use crate::words::OccasionStatus;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list, create))
        .routes(routes!(show, change, remove))
        .routes(routes!(publish))
        .routes(routes!(unpublish))
        .routes(routes!(close))
        .routes(routes!(archive))
}

/// The caller's occasions, newest first.
#[utoipa::path(
    get, path = "/api/v1/occasions", tag = "occasions",
    responses((status = 200, body = List<OccasionView>), (status = 401), (status = 403))
)]
async fn list(call: Call) -> Result<Json<List<OccasionView>>, Problem> {
    let who = call.who(OCCASION_READ)?;
    let found = call
        .site
        .store
        .read(move |tx: &mut Tx<'_>| occasions::list(tx, &who))
        .await?;
    let items: Vec<OccasionView> = found
        .iter()
        .map(|(occasion, role)| view::occasion(occasion).for_role(*role))
        .collect();
    Ok(Json(List {
        total: i64::try_from(items.len()).ok(),
        items,
        next_cursor: None,
        previous_cursor: None,
    }))
}

/// Makes an occasion, in draft. For administrators of the installation; who
/// makes it owns it.
#[utoipa::path(
    post, path = "/api/v1/occasions", tag = "occasions", request_body = occasions::OccasionChange,
    responses((status = 201, body = Saved<OccasionView>), (status = 401), (status = 403), (status = 409), (status = 422))
)]
async fn create(
    call: Call,
    body: Received<occasions::OccasionChange>,
) -> Result<Response, Problem> {
    let who = call.who(OCCASION_WRITE)?;
    let new = body.value;
    call.once_by(
        who,
        &body.bytes,
        StatusCode::CREATED,
        move |tx, who, request| {
            let may = occasions::may_create(tx, who)?;
            may.then(|| (who.clone(), request))
                .ok_or(Refusal::Forbidden)
        },
        move |tx, (who, request)| {
            let id = occasions::create(tx, who, &new, Some(request.clone()))?;
            let host = enter(tx, who, &id, None)?;
            Ok(saved(&occasions::load(tx, &host)?, &host))
        },
    )
    .await
}

/// One occasion.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}", tag = "occasions", params(("id" = String, Path,)),
    responses((status = 200, body = OccasionView), (status = 401), (status = 404))
)]
async fn show(call: Call, Path(id): Path<String>) -> Result<Response, Problem> {
    let place = Place::occasion(&id)?;
    let found = call
        .read(OCCASION_READ, place, |tx, host| {
            Ok(view::occasion(&occasions::load(tx, host)?).for_role(host.role()))
        })
        .await?;
    Ok(answer(StatusCode::OK, &found))
}

/// Changes an occasion. Coordinators change its texts only.
#[utoipa::path(
    patch, path = "/api/v1/occasions/{id}", tag = "occasions", params(("id" = String, Path,)),
    request_body = occasions::OccasionChange,
    responses((status = 200, body = Saved<OccasionView>), (status = 403), (status = 404), (status = 409), (status = 422), (status = 428))
)]
async fn change(
    call: Call,
    Path(id): Path<String>,
    Json(body): Json<occasions::OccasionChange>,
) -> Result<Response, Problem> {
    let who = call.who(OCCASION_WRITE)?;
    let version = call.version(body.version)?;
    let changed = call
        .write(who, Place::occasion(&id)?, move |tx, host| {
            let changed = occasions::change(tx, host, version, &body)?;
            Ok(saved(&changed, host))
        })
        .await?;
    Ok(answer(StatusCode::OK, &changed))
}

/// Archives an occasion: its codes open nothing any more.
#[utoipa::path(
    delete, path = "/api/v1/occasions/{id}", tag = "occasions", params(("id" = String, Path,)),
    responses((status = 204), (status = 403), (status = 404), (status = 409))
)]
async fn remove(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let who = call.who(OCCASION_WRITE)?;
    let version = call.version_if_named(None)?;
    call.write(who, Place::occasion(&id)?, move |tx, host| {
        occasions::set_status(tx, host, version, OccasionStatus::Archived).map(drop)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The version that was seen, if the caller cares.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Seen {
    version: Option<i64>,
}

/// Opens an occasion to its guests; also takes back that it was closed.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/publish", tag = "occasions",
    params(("id" = String, Path,)), request_body = Option<Seen>,
    responses((status = 200, body = Saved<OccasionView>), (status = 403), (status = 404), (status = 409))
)]
async fn publish(
    call: Call,
    Path(id): Path<String>,
    body: Maybe<Seen>,
) -> Result<Response, Problem> {
    set(call, &id, body, OccasionStatus::Published).await
}

/// Takes an occasion back into preparation: only hosts see it.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/unpublish", tag = "occasions",
    params(("id" = String, Path,)), request_body = Option<Seen>,
    responses((status = 200, body = Saved<OccasionView>), (status = 403), (status = 404), (status = 409))
)]
async fn unpublish(
    call: Call,
    Path(id): Path<String>,
    body: Maybe<Seen>,
) -> Result<Response, Problem> {
    set(call, &id, body, OccasionStatus::Draft).await
}

/// Closes an occasion: everything is view-only.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/close", tag = "occasions",
    params(("id" = String, Path,)), request_body = Option<Seen>,
    responses((status = 200, body = Saved<OccasionView>), (status = 403), (status = 404), (status = 409))
)]
async fn close(call: Call, Path(id): Path<String>, body: Maybe<Seen>) -> Result<Response, Problem> {
    set(call, &id, body, OccasionStatus::Closed).await
}

/// Archives an occasion: its codes open nothing any more.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/archive", tag = "occasions",
    params(("id" = String, Path,)), request_body = Option<Seen>,
    responses((status = 200, body = Saved<OccasionView>), (status = 403), (status = 404), (status = 409))
)]
async fn archive(
    call: Call,
    Path(id): Path<String>,
    body: Maybe<Seen>,
) -> Result<Response, Problem> {
    set(call, &id, body, OccasionStatus::Archived).await
}

async fn set(
    call: Call,
    id: &str,
    body: Maybe<Seen>,
    status: OccasionStatus,
) -> Result<Response, Problem> {
    let who = call.who(OCCASION_WRITE)?;
    let version = call.version_if_named(body.value.version)?;
    let place = Place::occasion(id)?;
    call.once(
        who,
        place,
        Permission::Own,
        &body.bytes,
        StatusCode::OK,
        move |tx, host| {
            let moved = occasions::set_status(tx, host, version, status)?;
            Ok(saved(&moved, host))
        },
    )
    .await
}

fn saved(occasion: &Occasion, host: &HostOf) -> Saved<OccasionView> {
    let whole = view::occasion(occasion).for_role(host.role());
    Saved::of(whole, Sees::of(host))
}
