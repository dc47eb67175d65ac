//! Documents that members submit for review. The older site called all of them résumés.

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use bookings::Refusal;
use bookings::booking::Party;
use bookings::review::view::{self, ReviewView};
use bookings::review::{self, PartyToReview, Submitter, files};
use bookings::web::download_review;
use jiff::Timestamp;
use platform::Tx;
use serde::Serialize;
use serde_json::Value;
use site::Context;
use site::call::Call;
use site::proof::Requester;
use web::{Json, Problem};

use super::repeated_request;
use super::view::ALL;

const CREATE: &str = "/api/mentee/resume-request";

pub(super) fn routes() -> Router<Context> {
    Router::new()
        .route(CREATE, post(create))
        .route("/api/mentee/resume-requests", get(list))
        .route("/api/mentee/resume-requests/{id}/download", get(download))
}

#[derive(Serialize)]
struct ReviewShown {
    id: String,
    status: &'static str,
    file_name: String,
    target_role: String,
    focus_areas: String,
    additional_notes: String,
    reviewer_name: String,
    has_file: bool,
    /// The reviewer's feedback; null until the review is completed.
    feedback: Option<Value>,
    created_at: Timestamp,
    completed_at: Option<Timestamp>,
}

impl From<ReviewView> for ReviewShown {
    fn from(view: ReviewView) -> Self {
        Self {
            id: view.id.to_string(),
            status: view.state.word(),
            file_name: view.file_name,
            target_role: view.goal,
            focus_areas: view.focus,
            additional_notes: view.note,
            reviewer_name: view.reviewer,
            has_file: view.has_file,
            feedback: view
                .assessment
                .and_then(|one| serde_json::to_value(one).ok()),
            created_at: view.created_at,
            completed_at: view.completed_at,
        }
    }
}

/// Costs a credit for reviews. The document's type is determined from its content.
async fn create(call: Call, request: Request) -> Result<Response, Problem> {
    let look = |_: &mut Tx<'_>, _: &Submitter| Ok::<_, Refusal>(());
    call.read(look).await?;
    let new = files::receive(&call.site, &call.who, request, |name| match name {
        "target_role" => Some("goal"),
        "focus_areas" => Some("focus"),
        "additional_notes" => Some("note"),
        _ => None,
    });
    let new = new.await?;
    let (said, file) = (new.said(), new.document.file.clone());
    let (site, who) = (call.site.clone(), call.requester.clone());
    let change = move |tx: &mut Tx<'_>, by: &Submitter| {
        let made = review::create(tx, &site, by, &new)?;
        Ok(ReviewShown::from(ReviewView::of(tx, &who, made)?))
    };
    let done =
        repeated_request::post(&call, CREATE, said.as_bytes(), StatusCode::CREATED, change).await;
    files::discard(&call.site, done.as_ref().err(), &file).await;
    done.map_err(renamed)
}

fn renamed(mut problem: Problem) -> Problem {
    for error in &mut problem.errors {
        let name = match error.pointer.as_str() {
            "/goal" => "/target_role",
            "/focus" => "/focus_areas",
            "/note" => "/additional_notes",
            _ => continue,
        };
        name.clone_into(&mut error.pointer);
    }
    problem
}

async fn list(call: Call) -> Result<Json<Vec<ReviewShown>>, Problem> {
    let look = |tx: &mut Tx<'_>, who: &Requester| view::list(tx, who, Party::Member, None, ALL);
    let all = call.read(look).await?.into_iter();
    Ok(Json(all.map(ReviewShown::from).collect()))
}

async fn download(call: Call) -> Result<Response, Problem> {
    let look = |_: &mut Tx<'_>, party: &PartyToReview| match party.party {
        Party::Member => Ok(party.clone()),
        Party::Provider | Party::Administrator => Err(Refusal::NotFound),
    };
    let party = call.read(look).await?;
    download_review(&call.site, party.document(), &call.headers).await
}
