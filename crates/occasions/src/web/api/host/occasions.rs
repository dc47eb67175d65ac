//! The API for occasions.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use platform::Tx;
use serde::Deserialize;
use site::Callers::Tokens;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use web::described::Routes;
use web::json::{Members, Received};
use web::{Input, Json, List, Problem, Site, When, fields, routes};

use super::call::{Call, Maybe, Place, answer};
use super::change_response::{Saved, Sees};
use super::view::OccasionView;
use crate::hosting::Permission::{Own, See, Write};
use crate::hosting::{HostOf, Refusal, enter, occasions};
use crate::occasion::Occasion;
use crate::token_scopes::{OCCASION_READ, OCCASION_WRITE};
use crate::web::access::may;
use crate::words::OccasionStatus;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list: Tokens(&[OCCASION_READ]), create: Tokens(&[OCCASION_WRITE])))
        .routes(routes!(
            show: may(See, Tokens(&[OCCASION_READ])),
            change: may(Write, Tokens(&[OCCASION_WRITE])),
            remove: may(Own, Tokens(&[OCCASION_WRITE])),
        ))
        .routes(routes!(publish: may(Own, Tokens(&[OCCASION_WRITE]))))
        .routes(routes!(unpublish: may(Own, Tokens(&[OCCASION_WRITE]))))
        .routes(routes!(close: may(Own, Tokens(&[OCCASION_WRITE]))))
        .routes(routes!(archive: may(Own, Tokens(&[OCCASION_WRITE]))))
}

/// The caller's occasions, newest first.
#[utoipa::path(
    get, path = "/api/v1/occasions", tag = "occasions",
    responses((status = 200, body = List<OccasionView>))
)]
async fn list(call: Call) -> Result<Json<List<OccasionView>>, Problem> {
    let who = call.who.clone();
    let found = call
        .site
        .store
        .read(move |tx: &mut Tx<'_>| occasions::list(tx, &who))
        .await?;
    let items: Vec<OccasionView> = found
        .into_iter()
        .map(|(occasion, role)| OccasionView { occasion, role })
        .collect();
    Ok(Json(List {
        total: i64::try_from(items.len()).ok(),
        items,
        next_cursor: None,
        previous_cursor: None,
    }))
}

/// Creates a draft of an occasion. Its creator becomes the owner. The site's administrators may
/// always do this. For others, the setting `occasions.create` decides.
#[utoipa::path(
    post, path = "/api/v1/occasions", tag = "occasions", request_body = OccasionChange,
    responses((status = 201, body = Saved<OccasionView>), (status = 409))
)]
async fn create(call: Call, body: Received<Members>) -> Result<Response, Problem> {
    let (new, _) = Input::of_json(body.value)?;
    let (who, request) = (call.who.clone(), call.request.clone());
    let (site, here) = (call.site.clone(), call.site.clone());
    let creator = who.clone();
    call.once_by(
        &body.bytes,
        StatusCode::CREATED,
        move |tx| {
            let may = occasions::may_create(tx, &here, &creator)?;
            may.then_some(()).ok_or(Refusal::Forbidden)
        },
        move |tx, ()| {
            let id = occasions::create(tx, &site, &who, &new, Some(request.clone()))?;
            let host = enter(tx, &who, &id, None)?;
            Ok(saved(occasions::load(tx, &host)?, &host))
        },
    )
    .await
}

/// One occasion.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}", tag = "occasions",
    responses((status = 200, body = OccasionView))
)]
async fn show(call: Call, Path(id): Path<String>) -> Result<Response, Problem> {
    let place = Place::occasion(&id)?;
    let found = call
        .read(place, |tx, host| Ok(view(occasions::load(tx, host)?, host)))
        .await?;
    Ok(answer(StatusCode::OK, &found))
}

/// Changes an occasion. Coordinators may change only its texts.
#[utoipa::path(
    patch, path = "/api/v1/occasions/{id}", tag = "occasions", request_body = OccasionChange,
    responses((status = 200, body = Saved<OccasionView>), (status = 409), (status = 428))
)]
async fn change(
    call: Call,
    Path(id): Path<String>,
    Json(body): Json<Members>,
) -> Result<Response, Problem> {
    let (input, version) = Input::of_json(body)?;
    let version = call.version(version)?;
    let changed = call
        .write(Place::occasion(&id)?, move |tx, host| {
            let changed = occasions::change(tx, host, version, &input)?;
            Ok(saved(changed, host))
        })
        .await?;
    Ok(answer(StatusCode::OK, &changed))
}

/// Archives an occasion. Its codes stop working.
#[utoipa::path(
    delete, path = "/api/v1/occasions/{id}", tag = "occasions",
    responses((status = 204), (status = 409))
)]
async fn remove(call: Call, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let version = call.version_if_named(None)?;
    call.write(Place::occasion(&id)?, move |tx, host| {
        occasions::set_status(tx, host, version, OccasionStatus::Archived).map(drop)
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A request that contains only the version, which is optional.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Seen {
    /// The version that the client has read. If it is `null` or omitted, the server does not check
    /// whether somebody has changed the occasion since.
    version: Option<i64>,
}

/// Publishes an occasion, so that guests can open it. Also reopens a closed occasion.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/publish", tag = "occasions", request_body = Option<Seen>,
    responses((status = 200, body = Saved<OccasionView>), (status = 409))
)]
async fn publish(
    call: Call,
    Path(id): Path<String>,
    body: Maybe<Seen>,
) -> Result<Response, Problem> {
    set(call, &id, body, OccasionStatus::Published).await
}

/// Turns an occasion into a draft again, so that only hosts see it.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/unpublish", tag = "occasions", request_body = Option<Seen>,
    responses((status = 200, body = Saved<OccasionView>), (status = 409))
)]
async fn unpublish(
    call: Call,
    Path(id): Path<String>,
    body: Maybe<Seen>,
) -> Result<Response, Problem> {
    set(call, &id, body, OccasionStatus::Draft).await
}

/// Closes an occasion. Guests can still read everything, but change nothing.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/close", tag = "occasions", request_body = Option<Seen>,
    responses((status = 200, body = Saved<OccasionView>), (status = 409))
)]
async fn close(call: Call, Path(id): Path<String>, body: Maybe<Seen>) -> Result<Response, Problem> {
    set(call, &id, body, OccasionStatus::Closed).await
}

/// Archives an occasion. Its codes stop working.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/archive", tag = "occasions", request_body = Option<Seen>,
    responses((status = 200, body = Saved<OccasionView>), (status = 409))
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
    let version = call.version_if_named(body.value.version)?;
    let place = Place::occasion(id)?;
    call.once(place, &body.bytes, StatusCode::OK, move |tx, host| {
        let moved = occasions::set_status(tx, host, version, status)?;
        Ok(saved(moved, host))
    })
    .await
}

fn view(occasion: Occasion, host: &HostOf) -> OccasionView {
    let role = host.role();
    OccasionView { occasion, role }
}

fn saved(occasion: Occasion, host: &HostOf) -> Saved<OccasionView> {
    Saved::of(view(occasion, host), Sees::of(host))
}

/// The request body of a change, as the OpenAPI description shows it. Its fields come from the
/// table [`occasions::FIELDS`].
struct OccasionChange;

impl PartialSchema for OccasionChange {
    fn schema() -> RefOr<Schema> {
        let body = "What hosts may set about an occasion; what is left out stays.";
        fields::schema::<Occasion>(occasions::FIELDS, &[], body)
    }
}

impl ToSchema for OccasionChange {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push(("When".to_owned(), When::schema()));
        Occasion::schemas(schemas);
    }
}
