//! Questions that hosts ask besides who comes.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use web::described::Routes;
use web::json::Received;
use web::{Json, List, Problem, Site, routes};

use super::call::{Call, Place, answer};
use super::change_response::{Saved, Sees};
use super::view::{self, QuestionView};
use crate::hosting::Permission;
use crate::hosting::questions::{self, Removed};
use crate::token_scopes::{OCCASION_READ, OCCASION_WRITE};

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list, create))
        .routes(routes!(change, remove))
}

/// All questions, in the order they are shown.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/questions", tag = "questions",
    params(("id" = String, Path,)),
    responses((status = 200, body = List<QuestionView>), (status = 404))
)]
async fn list(
    call: Call,
    Path(occasion): Path<String>,
) -> Result<Json<List<QuestionView>>, Problem> {
    let place = Place::occasion(&occasion)?;
    let found = call.read(OCCASION_READ, place, questions::list).await?;
    let items: Vec<QuestionView> = found.iter().map(view::question).collect();
    Ok(Json(List {
        total: i64::try_from(items.len()).ok(),
        items,
        next_cursor: None,
        previous_cursor: None,
    }))
}

/// Adds a question.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/questions", tag = "questions",
    params(("id" = String, Path,)), request_body = questions::QuestionChange,
    responses((status = 201, body = Saved<QuestionView>), (status = 403), (status = 404), (status = 409), (status = 422))
)]
async fn create(
    call: Call,
    Path(occasion): Path<String>,
    body: Received<questions::QuestionChange>,
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
            let question = questions::create(tx, host, &new)?;
            Ok(Saved::of(view::question(&question), Sees::of(host)))
        },
    )
    .await
}

/// Changes a question. Coordinators change its words.
#[utoipa::path(
    patch, path = "/api/v1/occasions/{id}/questions/{key}", tag = "questions",
    params(("id" = String, Path,), ("key" = String, Path,)), request_body = questions::QuestionChange,
    responses((status = 200, body = Saved<QuestionView>), (status = 403), (status = 404), (status = 409), (status = 422), (status = 428))
)]
async fn change(
    call: Call,
    Path((occasion, key)): Path<(String, String)>,
    Json(body): Json<questions::QuestionChange>,
) -> Result<Response, Problem> {
    let who = call.who(OCCASION_WRITE)?;
    let version = call.version(body.version)?;
    let changed = call
        .write(who, Place::occasion(&occasion)?, move |tx, host| {
            let question = questions::change(tx, host, &key, version, &body)?;
            Ok(Saved::of(view::question(&question), Sees::of(host)))
        })
        .await?;
    Ok(answer(StatusCode::OK, &changed))
}

/// Removes a question: 204. Where somebody has answered it, it is put away
/// instead: 200 with what is left.
#[utoipa::path(
    delete, path = "/api/v1/occasions/{id}/questions/{key}", tag = "questions",
    params(("id" = String, Path,), ("key" = String, Path,)),
    responses((status = 200, body = Saved<QuestionView>), (status = 204), (status = 403), (status = 404))
)]
async fn remove(
    call: Call,
    Path((occasion, key)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let who = call.who(OCCASION_WRITE)?;
    let left = call
        .write(
            who,
            Place::occasion(&occasion)?,
            move |tx, host| match questions::remove(tx, host, &key)? {
                Removed::Deleted => Ok(None),
                Removed::Deactivated => {
                    let question = questions::load(tx, host, &key)?;
                    Ok(Some(Saved::of(view::question(&question), Sees::of(host))))
                }
            },
        )
        .await?;
    Ok(match left {
        Some(left) => answer(StatusCode::OK, &left),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}
