//! The API for pictures that hosts add themselves.

use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde::Serialize;
use site::Callers::Tokens;
use utoipa::ToSchema;
use web::described::Routes;
use web::form_state::form;
use web::json::{Members, Received};
use web::{Input, Json, List, Part, PartReader, Problem, Site, routes};

use super::call::{Call, Place, answer, id};
use crate::hosting::Permission::{SeeOccasion, Write};
use crate::hosting::pictures::{self, FIELDS, HostPicture, PictureWords};
use crate::id::UploadId;
use crate::occasion;
use crate::token_scopes::{OCCASION_READ, OCCASION_WRITE};
use crate::upload::UploadState;
use crate::web::access::may;
use crate::web::guest::upload_view::UploadView;
use crate::web::host_files::{self, most_bytes};

pub(super) fn routes<R: Routes<Site>>() -> R {
    // Who adds or changes a picture reads it in the response.
    let write = || may(Write, Tokens(&[OCCASION_READ, OCCASION_WRITE]));
    R::default()
        .routes(routes!(list_pictures: may(SeeOccasion, Tokens(&[OCCASION_READ])), add: write()))
        .routes(routes!(change: write(), delete_picture: may(Write, Tokens(&[OCCASION_WRITE]))))
}

/// A picture that a host added.
#[derive(Serialize, ToSchema)]
struct HostPictureView {
    /// The picture's id.
    id: UploadId,
    /// The file's name on the host's device.
    name: String,
    #[serde(flatten)]
    words: PictureWords,
    /// Whether the picture is kept out of the gallery.
    hidden: bool,
    /// The size of the file in bytes.
    bytes: i64,
    /// The path of the file. The path works for at most ten minutes.
    url: String,
    /// The path of a picture with 400 × 400 pixels.
    thumbnail: Option<String>,
    /// When the picture was added.
    created_at: Timestamp,
}

impl HostPictureView {
    fn of(site: &Site, picture: HostPicture) -> Self {
        let words = picture.words.clone();
        let view = UploadView::of(site, &picture.into());
        Self {
            id: view.id,
            name: view.name,
            words,
            hidden: view.state != UploadState::Approved,
            bytes: view.bytes,
            url: view.url,
            thumbnail: view.thumbnail,
            created_at: view.created_at,
        }
    }
}

/// The pictures that hosts added, the oldest first.
#[utoipa::path(
    get, path = "/api/v1/occasions/{id}/pictures", tag = "uploads",
    responses((status = 200, body = List<HostPictureView>))
)]
async fn list_pictures(
    call: Call,
    Path(occasion): Path<String>,
) -> Result<Json<List<HostPictureView>>, Problem> {
    let place = Place::occasion(&occasion)?;
    let all = call.read(place, pictures::list).await?.into_iter();
    let views = all.map(|one| HostPictureView::of(&call.site, one));
    Ok(Json(List::whole(views.collect())))
}

/// A picture to add. The file comes after the other fields.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form that is read as it arrives")]
struct PictureBody {
    /// What the picture shows, up to 300 characters.
    caption: Option<String>,
    /// Who took the picture, up to 120 characters.
    credit: Option<String>,
    /// A JPEG, PNG, WebP or GIF file of at most 50 MiB. The type is recognized by the content.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// Adds a picture to the gallery. It is re-encoded without the place and time in the file. Adding
/// the same file again changes nothing.
#[utoipa::path(
    post, path = "/api/v1/occasions/{id}/pictures", tag = "uploads",
    request_body(content = PictureBody, content_type = "multipart/form-data"),
    responses((status = 201, body = HostPictureView),
        (status = 415, description = "The file is no picture: `picture_type` or `picture_heic`."),
        (status = 507, description = "The occasion's quota is used up: `upload_quota`."))
)]
async fn add(
    call: Call,
    Path(occasion): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let place = Place::occasion(&occasion)?;
    // The caller's permission is checked before the file is received.
    let look = |tx: &mut platform::Tx<'_>, host: &crate::hosting::HostOf| {
        Ok(occasion::load(tx, host.occasion())?)
    };
    let occasion = call.read(place.clone(), look).await?;
    let most = most_bytes(&call.site);
    let mut parts = PartReader::with_files(request, 1, most).await?;
    let mut typed: Vec<(String, String)> = Vec::new();
    let file = loop {
        match parts.next().await? {
            Some(Part::Field(name, value)) => {
                if !FIELDS.iter().any(|field| field.name == name) {
                    let pointer = format!("/{name}");
                    return Err(Problem::fields().field(&pointer, "unknown_field", []));
                }
                typed.push((name, value));
            }
            Some(Part::File(sent)) => break sent.receive(&call.site.files, most).await?,
            None => break None,
        }
    };
    let input = Input::Form(form(typed), FIELDS.to_vec());
    let words = pictures::read_words(&input, &occasion)?;
    let file = file.ok_or_else(|| Problem::fields().field("/file", "required", []))?;
    let received = host_files::receive(&call.site, &occasion.id, file, &words).await?;
    let picture = match received {
        host_files::Received::Same(same) => same,
        host_files::Received::New(new) => {
            let stored = new.stored.clone();
            let added = call
                .write(place, move |tx, host| pictures::add(tx, host, &new))
                .await;
            host_files::finish(&call.site, &stored, added).await?
        }
    };
    let view = HostPictureView::of(&call.site, picture);
    Ok(answer(StatusCode::CREATED, &view))
}

/// A change to a picture. Omitted fields stay unchanged.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the body, which the table reads")]
struct PictureChange {
    /// What the picture shows, up to 300 characters.
    caption: Option<String>,
    /// Who took the picture, up to 120 characters.
    credit: Option<String>,
}

/// Changes what a picture says. `PUT …/uploads/state` hides it and shows it again.
#[utoipa::path(
    patch, path = "/api/v1/occasions/{id}/pictures/{picture}", tag = "uploads",
    request_body = PictureChange, responses((status = 200, body = HostPictureView))
)]
async fn change(
    call: Call,
    Path((occasion, picture)): Path<(String, String)>,
    body: Received<Members>,
) -> Result<Response, Problem> {
    let picture: UploadId = id(&picture)?;
    let place = Place::occasion(&occasion)?;
    let (input, _) = Input::of_json(body.value)?;
    let changed = call
        .write(place, move |tx, host| {
            pictures::change(tx, host, &picture, &input)
        })
        .await?;
    let view = HostPictureView::of(&call.site, changed);
    Ok(answer(StatusCode::OK, &view))
}

/// Deletes a picture. Its files are deleted within a day.
#[utoipa::path(
    delete, path = "/api/v1/occasions/{id}/pictures/{picture}", tag = "uploads",
    responses((status = 204))
)]
async fn delete_picture(
    call: Call,
    Path((occasion, picture)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let picture: UploadId = id(&picture)?;
    let place = Place::occasion(&occasion)?;
    call.write(place, move |tx, host| pictures::remove(tx, host, &picture))
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
