//! The API for the caller's notifications about answers in an occasion.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use site::Callers::Tokens;
use utoipa::ToSchema;
use web::described::Routes;
use web::json::{Members, Received};
use web::{Input, Json, Problem, Site, routes};

use super::call::{Call, Place, answer};
use crate::answer_notification::{Choice, Frequency};
use crate::hosting::Permission::See;
use crate::hosting::answer_notifications;
use crate::token_scopes::{OCCASION_READ, OCCASION_WRITE};
use crate::web::access::may;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default().routes(routes!(
        show: may(See, Tokens(&[OCCASION_READ])),
        change: may(See, Tokens(&[OCCASION_READ, OCCASION_WRITE]))
    ))
}

/// The caller's choice of notifications about answers, by mail and on the site.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/answer-notifications", tag = "notices of answers",
    responses((status = 200, body = Choice))
)]
async fn show(call: Call, Path(occasion): Path<String>) -> Result<Json<Choice>, Problem> {
    let keys = call.site.keys.clone();
    let found = call.read(Place::occasion(&occasion)?, move |tx, host| {
        answer_notifications::load(tx, &keys, host)
    });
    Ok(Json(found.await?))
}

/// Changes the caller's choice of notifications about answers. Omitted fields stay unchanged.
#[utoipa::path(
    patch, path = "/api/v1/occasions/{id}/answer-notifications", tag = "notices of answers",
    request_body = AnswerNotificationsChange, responses((status = 200, body = Choice))
)]
async fn change(
    call: Call,
    Path(occasion): Path<String>,
    body: Received<Members>,
) -> Result<Response, Problem> {
    let place = Place::occasion(&occasion)?;
    let (input, _) = Input::of_json(body.value)?;
    let keys = call.site.keys.clone();
    let changed = call.write(place, move |tx, host| {
        answer_notifications::change(tx, &keys, host, &input)
    });
    Ok(answer(StatusCode::OK, &changed.await?))
}

/// A change to the caller's choice of notifications about answers. Omitted fields stay unchanged.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body, which the table reads")]
struct AnswerNotificationsChange {
    /// How soon after an answer the caller gets a mail.
    by_mail: Option<Frequency>,
    /// How soon after an answer the caller gets a notice on the site.
    on_site: Option<Frequency>,
    /// The time of day at which daily mails and notices are sent, in the occasion's time zone, such
    /// as `08:00`.
    hour: Option<String>,
}
