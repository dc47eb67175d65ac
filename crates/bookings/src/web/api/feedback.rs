//! The JSON API of feedback and of its criteria.

use axum::http::StatusCode;
use axum::response::Response;
use platform::Tx;
use serde::Serialize;
use site::Callers::Tokens;
use site::call::{Call, answer};
use site::resource::api::{ApiResource, Description};
use utoipa::ToSchema;
use web::described::Routes;
use web::json::{Members, Received};
use web::{Input, Json, Problem, Site, routes};

use super::{administered, change_body};
use crate::Refusal;
use crate::booking::PartyTo;
use crate::feedback::{self, FIELDS, Feedback, PartyToFeedback};
use crate::feedback_criterion::{self, Criterion};
use crate::token_scopes::{READ, WRITE};

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list_feedback: Tokens(&[READ]), give_feedback: Tokens(&[WRITE])))
        .routes(routes!(change_feedback: Tokens(&[WRITE])))
        .merge(site::resource::api::routes::<Criterion, R>())
}

/// What both sides say about a session.
#[derive(Serialize, ToSchema)]
struct SessionFeedback {
    items: Vec<Feedback>,
    /// The criteria that the scores and answers refer to, and the criteria for new feedback.
    criteria: Vec<Criterion>,
}

/// What both sides say about a session. A private note is shown to its author and to
/// administrators.
#[utoipa::path(
    get, path = "/api/v1/bookings/{id}/feedback", tag = "bookings",
    responses((status = 200, body = SessionFeedback))
)]
async fn list_feedback(call: Call) -> Result<Response, Problem> {
    let look = |tx: &mut Tx<'_>, party: &PartyTo| {
        Ok::<_, Refusal>(SessionFeedback {
            items: feedback::list(tx, party)?,
            criteria: feedback_criterion::list(tx)?,
        })
    };
    Ok(answer(StatusCode::OK, &call.read(look).await?))
}

change_body! {
    FeedbackChange: Feedback, FIELDS,
    "What one side says about a session; what is left out stays."
}

/// Gives feedback about a session. Each side can do so once, within 30 days after the session.
#[utoipa::path(
    post, path = "/api/v1/bookings/{id}/feedback", tag = "bookings", request_body = FeedbackChange,
    responses((status = 201, body = Feedback), (status = 409))
)]
async fn give_feedback(call: Call, body: Received<Members>) -> Result<Response, Problem> {
    let ((input, _), site) = (Input::of_json(body.value)?, call.site.clone());
    let change = move |tx: &mut Tx<'_>, party: &PartyTo| feedback::give(tx, &site, party, &input);
    call.post(&body.bytes, StatusCode::CREATED, change).await
}

/// Changes the caller's own feedback, within 7 days. The version of the feedback is its field
/// `revisions`.
#[utoipa::path(
    patch, path = "/api/v1/feedback/{id}", tag = "bookings", request_body = FeedbackChange,
    responses((status = 200, body = Feedback), (status = 409), (status = 428))
)]
async fn change_feedback(call: Call, Json(body): Json<Members>) -> Result<Response, Problem> {
    let (input, version) = Input::of_json(body)?;
    let version = call.version(version)?;
    let change = move |tx: &mut Tx<'_>, of: &PartyToFeedback| {
        feedback::change(tx, &of.party, &of.feedback, version, &input)
    };
    Ok(answer(StatusCode::OK, &call.write(change).await?))
}

impl ApiResource for Criterion {
    administered!();

    const API: Description = Description {
        path: "/api/v1/admin/rubrics",
        one: "/api/v1/admin/rubrics/{id}",
        tag: "criteria of feedback",
        list: "All criteria of feedback: those that are asked for first.",
        show: "One criterion.",
        create: "Adds a criterion.",
        change: "Changes a criterion.",
        remove: "Removes a criterion: 204. One that somebody may have answered is not asked for\n\
                 any more: 200 with what is left.",
        removal: &[204],
        body: "What may be set of a criterion; what is left out stays.",
    };
}
