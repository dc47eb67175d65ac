//! The API for the days on which an occasion is archived and deleted.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use site::Callers::{People, Tokens};
use web::described::Routes;
use web::{Problem, Site, routes};

use super::call::{Call, Place, answer};
use crate::hosting::Permission::{Own, SeeOccasion};
use crate::retention::{self, Retention};
use crate::token_scopes::OCCASION_READ;
use crate::web::access::may;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(retention: may(SeeOccasion, Tokens(&[OCCASION_READ]))))
        .routes(routes!(confirm_deletion: may(Own, People)))
}

/// When the occasion is archived and deleted.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/retention", tag = "occasions",
    responses((status = 200, body = Retention))
)]
async fn retention(call: Call, Path(id): Path<String>) -> Result<Response, Problem> {
    let place = Place::occasion(&id)?;
    let found = call.read(place, retention::show).await?;
    Ok(answer(StatusCode::OK, &found))
}

/// Confirms the announced deletion, even if the server could not yet deliver the warning mails to
/// the owners. API tokens cannot confirm it.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/retention/confirm", tag = "occasions",
    responses((status = 200, body = Retention), (status = 409))
)]
async fn confirm_deletion(call: Call, Path(id): Path<String>) -> Result<Response, Problem> {
    let place = Place::occasion(&id)?;
    call.once(place, b"", StatusCode::OK, retention::confirm)
        .await
}
