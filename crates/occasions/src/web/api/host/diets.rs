//! Food needs that guests are asked about.

use accounts::token::Right;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use web::described::Routes;
use web::json::Received;
use web::{Json, List, Problem, Site, routes};

use super::call::{Call, Place, answer};
use super::saved::{Saved, Sees};
use super::view::{self, DietaryOptionView};
use crate::hosting::Permission;
use crate::hosting::diets::{self, Removed};

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list, create))
        .routes(routes!(change, remove))
}

/// All options, in the order they are shown.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/dietary-options", tag = "dietary options",
    params(("id" = String, Path,)),
    responses((status = 200, body = List<DietaryOptionView>), (status = 404))
)]
async fn list(
    call: Call,
    Path(occasion): Path<String>,
) -> Result<Json<List<DietaryOptionView>>, Problem> {
    let place = Place::occasion(&occasion)?;
    let found = call.read(Right::OccasionRead, place, diets::list).await?;
    let items: Vec<DietaryOptionView> = found
        .iter()
        .map(|(option, version)| view::dietary_option(option, *version))
        .collect();
    Ok(Json(List {
        total: i64::try_from(items.len()).ok(),
        items,
        next_cursor: None,
        previous_cursor: None,
    }))
}

/// Adds an option.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/dietary-options", tag = "dietary options",
    params(("id" = String, Path,)), request_body = diets::Change,
    responses((status = 201, body = Saved<DietaryOptionView>), (status = 403), (status = 404), (status = 409), (status = 422))
)]
async fn create(
    call: Call,
    Path(occasion): Path<String>,
    body: Received<diets::Change>,
) -> Result<Response, Problem> {
    let who = call.who(Right::OccasionWrite)?;
    let new = body.value;
    let place = Place::occasion(&occasion)?;
    call.once(
        who,
        place,
        Permission::Own,
        &body.bytes,
        StatusCode::CREATED,
        move |tx, host| {
            let option = diets::create(tx, host, &new)?;
            Ok(Saved::of(view::dietary_option(&option, 1), Sees::of(host)))
        },
    )
    .await
}

/// Changes an option.
#[utoipa::path(
    patch, path = "/api/v1/occasions/{id}/dietary-options/{key}", tag = "dietary options",
    params(("id" = String, Path,), ("key" = String, Path,)), request_body = diets::Change,
    responses((status = 200, body = Saved<DietaryOptionView>), (status = 403), (status = 404), (status = 409), (status = 422), (status = 428))
)]
async fn change(
    call: Call,
    Path((occasion, key)): Path<(String, String)>,
    Json(body): Json<diets::Change>,
) -> Result<Response, Problem> {
    let who = call.who(Right::OccasionWrite)?;
    let version = call.version(body.version)?;
    let changed = call
        .write(who, Place::occasion(&occasion)?, move |tx, host| {
            let (option, version) = diets::change(tx, host, &key, version, &body)?;
            Ok(Saved::of(
                view::dietary_option(&option, version),
                Sees::of(host),
            ))
        })
        .await?;
    Ok(answer(StatusCode::OK, &changed))
}

/// Removes an option: 204. Where somebody has it, it is put away instead: 200
/// with what is left.
#[utoipa::path(
    delete, path = "/api/v1/occasions/{id}/dietary-options/{key}", tag = "dietary options",
    params(("id" = String, Path,), ("key" = String, Path,)),
    responses((status = 200, body = Saved<DietaryOptionView>), (status = 204), (status = 403), (status = 404))
)]
async fn remove(
    call: Call,
    Path((occasion, key)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let who = call.who(Right::OccasionWrite)?;
    let left = call
        .write(
            who,
            Place::occasion(&occasion)?,
            move |tx, host| match diets::remove(tx, host, &key)? {
                Removed::Deleted => Ok(None),
                Removed::Deactivated => {
                    let (option, version) = diets::load(tx, host, &key)?;
                    let whole = view::dietary_option(&option, version);
                    Ok(Some(Saved::of(whole, Sees::of(host))))
                }
            },
        )
        .await?;
    Ok(match left {
        Some(left) => answer(StatusCode::OK, &left),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}
