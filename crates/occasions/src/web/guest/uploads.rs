//! The page on which a household uploads pictures and documents.

use axum::extract::{Path, Request};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use platform::id::Id as _;
use platform::{StoreError, Tx};
use web::form_state::FormError;
use web::{Form, Part, PartReader, Problem, Text, csrf};

use super::frame::guest_page;
use super::request::{EarlyResponse, GuestRequest};
use super::show::Reading;
use super::upload_files;
use super::upload_view::file_view;
use super::view::{UploadRow, Uploads};
use crate::id::UploadId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::refusal::Refusal;
use crate::upload::{self, MOST, Upload, UploadState};

#[derive(Default)]
struct Outcome {
    added: usize,
    caption: String,
    refused: Vec<(String, Problem)>,
}

/// Handles `GET /invite/{code}/uploads`.
pub(super) async fn show(req: GuestRequest) -> Result<Response, EarlyResponse> {
    let snapshot = req.look().await?;
    let text = req.text(&snapshot);
    let done = match req.query().text("done") {
        "added" => Some("upload-done-added"),
        "removed" => Some("upload-done-removed"),
        _ => None,
    };
    let said = done.map(|id| text.say(id).into_owned());
    let page = page(&req, &text, &snapshot, said, Outcome::default()).await?;
    Ok(req.remember_household(&snapshot, page))
}

async fn page(
    req: &GuestRequest,
    text: &Text,
    snapshot: &InvitationSnapshot,
    done: Option<String>,
    outcome: Outcome,
) -> Result<Response, EarlyResponse> {
    if !snapshot.has_uploads() {
        return Err(Refusal::FeatureDisabled.problem().said_in(text).into());
    }
    let id = snapshot.household.invitation.id.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> { upload::of_invitation(tx, &id) };
    let own = req.site.store.read(look).await.map_err(Problem::from)?;
    let reading = Reading::new(text, snapshot);
    let (mut errors, mut trouble) = (Vec::new(), None);
    for (name, problem) in &outcome.refused {
        let words = problem.detail(text);
        if name.is_empty() {
            trouble = Some(words);
        } else {
            errors.push(FormError {
                field: "file".to_owned(),
                words: text.with(
                    "upload-refused",
                    [("file", name.into()), ("reason", words.into())],
                ),
            });
        }
    }
    let is_open = snapshot.takes_notes();
    let row = |one: &Upload| {
        let (state, tag) = match one.state {
            UploadState::Pending => ("upload-pending", "pending"),
            UploadState::Approved => ("upload-approved", "yes"),
            UploadState::Rejected => ("upload-rejected", "pending"),
        };
        UploadRow {
            file: file_view(&req.site, &one.clone().into()),
            state,
            tag,
            remove: is_open.then(|| snapshot.link(&format!("/uploads/{}", one.id))),
        }
    };
    let body = Uploads {
        text,
        frame: reading.frame(),
        done,
        trouble,
        errors,
        action: is_open.then(|| snapshot.link("/uploads")),
        left: MOST.saturating_sub(own.len()),
        most_megabytes: (req.site.files.max_upload() >> 20).max(1),
        caption: outcome.caption,
        rows: own.iter().map(row).collect(),
        gallery: snapshot.has_gallery().then(|| snapshot.link("/gallery")),
    };
    let title = body.title();
    Ok(guest_page(text, snapshot, &title, body))
}

/// Handles `POST /invite/{code}/uploads`. The form contains any number of files. Each file is
/// stored as soon as it has arrived, so a broken connection loses only the remaining files.
pub(super) async fn add(req: GuestRequest, request: Request) -> Result<Response, EarlyResponse> {
    let snapshot = req.enter().await?;
    let mut outcome = Outcome::default();
    let received = match csrf::check_sender(&req.headers, req.site.url()) {
        Ok(()) => receive(&req, &snapshot, request, &mut outcome).await,
        Err(problem) => Err(problem),
    };
    if let Err(problem) = received {
        if problem.status == StatusCode::NOT_FOUND {
            return Err(problem.said_in(&req.text(&snapshot)).into());
        }
        outcome.refused.push((String::new(), problem));
    }
    let Some((_, first)) = outcome.refused.first() else {
        return Ok(done(&snapshot, "added"));
    };
    let status = first.status;
    let text = req.text(&snapshot);
    let added = outcome.added;
    let said = (added > 0).then(|| text.with("upload-done-some", [("n", added.into())]));
    let mut page = page(&req, &text, &snapshot, said, outcome).await?;
    *page.status_mut() = status;
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let headers = page.headers_mut();
        headers.insert("retry-after", HeaderValue::from_static("5"));
    }
    Ok(page)
}

async fn receive(
    req: &GuestRequest,
    snapshot: &InvitationSnapshot,
    request: Request,
    outcome: &mut Outcome,
) -> Result<(), Problem> {
    upload_files::check(req, snapshot).await?;
    let most = req.site.files.max_upload();
    let mut parts = PartReader::with_files(request, MOST, most).await?;
    let mut is_empty = true;
    while let Some(part) = parts.next().await? {
        let sent = match part {
            Part::Field(name, value) if name == "caption" => {
                outcome.caption = value;
                continue;
            }
            Part::Field(..) => continue,
            Part::File(sent) => sent,
        };
        let name = sent.name().to_owned();
        let Some(file) = sent.receive(&req.site.files, most).await? else {
            continue;
        };
        is_empty = false;
        let stored = match file {
            Ok(file) => upload_files::store(req, snapshot, file, &outcome.caption).await,
            Err(problem) => Err(problem),
        };
        match stored {
            Ok(_) => outcome.added += 1,
            Err(problem) => outcome.refused.push((name, problem)),
        }
    }
    if is_empty {
        return Err(Problem::fields().field("/file", "required", []));
    }
    Ok(())
}

/// Handles `POST /invite/{code}/uploads/{upload}`. Removes one of the household's uploads.
pub(super) async fn remove(
    req: GuestRequest,
    Path((_, id)): Path<(String, String)>,
    _: Form,
) -> Result<Response, EarlyResponse> {
    let snapshot = req.enter().await?;
    let text = req.text(&snapshot);
    csrf::check_sender(&req.headers, req.site.url()).map_err(|problem| problem.said_in(&text))?;
    let removed = upload_files::remove(&req, &snapshot, UploadId::from_text(id)).await;
    removed.map_err(|problem| problem.said_in(&text))?;
    Ok(done(&snapshot, "removed"))
}

fn done(snapshot: &InvitationSnapshot, word: &str) -> Response {
    Redirect::to(&snapshot.link_with("/uploads", "done", word)).into_response()
}
