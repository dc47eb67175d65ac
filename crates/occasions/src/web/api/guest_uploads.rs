//! The JSON API for a household's uploads and for the gallery. The invitation code is in the URL's
//! path.

use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::Response;
use platform::id::Id as _;
use platform::{StoreError, Tx};
use utoipa::ToSchema;
use web::described::Routes;
use web::{Anybody, Json, List, PageQuery, Part, PartReader, Problem, Site, routes};

use super::guest::{describe, private};
use crate::gallery::{self, Filter};
use crate::id::UploadId;
use crate::refusal::Refusal;
use crate::upload::{self, UploadState};
use crate::web::guest::GuestRequest;
use crate::web::guest::upload_files;
use crate::web::guest::upload_view::UploadView;

pub(super) fn routes<R: Routes<Site>>() -> R {
    R::default()
        .routes(routes!(list: Anybody, add: Anybody))
        .routes(routes!(remove: Anybody))
        .routes(routes!(gallery: Anybody))
        .describing(describe)
}

/// The household's own uploads, at most 30, the oldest first.
#[utoipa::path(
    get, path = "/api/v1/invitations/{code}/uploads", tag = "guests", operation_id = "list_uploads",
    responses((status = 200, body = List<UploadView>))
)]
async fn list(req: GuestRequest) -> Result<Response, Problem> {
    let snapshot = req.open().await.map_err(Problem::from)?;
    if !snapshot.has_uploads() {
        return Err(Refusal::FeatureDisabled.problem());
    }
    let id = snapshot.household.invitation.id;
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> { upload::of_invitation(tx, &id) };
    let own = req.site.store.read(look).await?;
    let own = own.into_iter();
    let own = own.map(|one| UploadView::of(&req.site, &one.into()));
    Ok(private(Json(List::whole(own.collect()))))
}

/// The approved uploads of all households and the pictures that hosts added, the oldest first. The
/// gallery is available once the first event has begun.
#[utoipa::path(
    get, path = "/api/v1/invitations/{code}/gallery", tag = "guests",
    params(PageQuery),
    responses((status = 200, body = List<UploadView>))
)]
async fn gallery(req: GuestRequest, paging: PageQuery) -> Result<Response, Problem> {
    let snapshot = req.open_past().await.map_err(Problem::from)?;
    if !snapshot.has_gallery() {
        return Err(Refusal::FeatureDisabled.problem());
    }
    let occasion = snapshot.occasion.id.clone();
    let filter = Filter {
        state: Some(UploadState::Approved),
        with_own: true,
    };
    let look = move |tx: &mut Tx<'_>| gallery::list(tx, &occasion, filter, &paging);
    let list = req.site.store.read(look).await.map_err(Refusal::problem)?;
    let list = list.map(|one| UploadView::of(&req.site, &one));
    Ok(private(Json(list)))
}

/// A file to upload.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form that is read as it arrives")]
struct UploadBody {
    /// A JPEG, PNG, WebP, GIF or PDF file. The type is recognized by the content.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// The caption, up to 300 characters.
    caption: Option<String>,
}

/// Uploads a picture or a PDF file. Pictures are re-encoded without the location where they were
/// taken. Uploading the same file again changes nothing.
#[utoipa::path(
    post, path = "/api/v1/invitations/{code}/uploads", tag = "guests",
    request_body(content = UploadBody, content_type = "multipart/form-data"),
    responses((status = 201, body = UploadView),
        (status = 409, description = "The invitation has 30 uploads: `upload_limit`."),
        (status = 423),
        (status = 507, description = "The occasion's quota is used up: `upload_quota`."))
)]
async fn add(req: GuestRequest, request: Request) -> Result<Response, Problem> {
    let snapshot = req.open().await.map_err(Problem::from)?;
    upload_files::check(&req, &snapshot).await?;
    let most = req.site.files.max_upload();
    let mut parts = PartReader::with_files(request, 1, most).await?;
    let (mut file, mut caption) = (None, String::new());
    while let Some(part) = parts.next().await? {
        match part {
            Part::Field(name, value) if name == "caption" => caption = value,
            Part::Field(name, _) => {
                let pointer = format!("/{name}");
                return Err(Problem::fields().field(&pointer, "unknown_field", []));
            }
            Part::File(sent) if file.is_none() => {
                file = sent.receive(&req.site.files, most).await?.transpose()?;
            }
            Part::File(_) => {
                return Err(Problem::fields().field("/file", "too_many", [("max", 1.into())]));
            }
        }
    }
    let missing = || Problem::fields().field("/file", "required", []);
    let file = file.ok_or_else(missing)?;
    let added = upload_files::store(&req, &snapshot, file, &caption).await?;
    let view = UploadView::of(&req.site, &added.into());
    Ok(private((StatusCode::CREATED, Json(view))))
}

/// Removes one of the household's uploads.
#[utoipa::path(
    delete, path = "/api/v1/invitations/{code}/uploads/{upload}", tag = "guests",
    responses((status = 204))
)]
async fn remove(
    req: GuestRequest,
    Path((_, upload)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let snapshot = req.open().await.map_err(Problem::from)?;
    upload_files::remove(&req, &snapshot, UploadId::from_text(upload)).await?;
    Ok(private(StatusCode::NO_CONTENT))
}
