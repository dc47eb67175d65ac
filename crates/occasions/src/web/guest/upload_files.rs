//! Receives and serves the files that households upload, for the pages and for the JSON API.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use platform::{StoreError, Tx};
use web::file_response::{FileResponse, disposition};
use web::{ArrivedFile, Problem, Site, uploaded_image};

use super::refusal::problem;
use super::request::GuestRequest;
use crate::code::CodeKey;
use crate::gallery;
use crate::id::UploadId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::refusal::Refusal;
use crate::upload::{self, FOLDER, Links, NewUpload, StoredFile, Upload, UploadKind};

/// A link works for ten minutes.
const CACHING: &str = "private, max-age=600, immutable";

/// Handles `GET /o/uploads/{token}/{file}`. The signature in the link is the only check of
/// permission.
pub(super) async fn file(
    State(site): State<Site>,
    Path((token, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !Links::new(&site.keys).permits(&token, &file, site.clock.now()) {
        return Err(Problem::not_found());
    }
    let name = file.clone();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> { gallery::find_by_file(tx, &name) };
    let found = site.store.read(look).await?;
    let (upload, is_thumbnail) = found.ok_or_else(Problem::not_found)?;
    let bytes = if is_thumbnail {
        upload.thumbnail_bytes
    } else {
        upload.bytes
    };
    // Pictures were re-encoded by the server, so browsers may show them. Documents are stored as
    // they were sent, so browsers may only download them.
    let (kind, media_type) = match upload.kind {
        UploadKind::Picture => ("inline", uploaded_image::media_type(&file)),
        UploadKind::Document => ("attachment", Some("application/pdf")),
    };
    let key = FOLDER.key(&file).map_err(|_| Problem::not_found())?;
    let response = FileResponse {
        key: &key,
        bytes: u64::try_from(bytes).unwrap_or_default(),
        media_type: media_type.ok_or_else(Problem::not_found)?,
        disposition: disposition(kind, &upload.download_name()),
        caching: CACHING,
    };
    response.send(&site.files, &headers).await
}

/// Checks whether the household may upload now.
pub(crate) async fn check(
    req: &GuestRequest,
    snapshot: &InvitationSnapshot,
) -> Result<(), Problem> {
    let quota = upload::quota(&req.site.declared.settings);
    let asked = snapshot.clone();
    let look = move |tx: &mut Tx<'_>| upload::check(tx, &asked, quota);
    let checked = req.site.store.read(look).await;
    checked.map_err(|refusal| problem(refusal, |snapshot| req.text(snapshot)))
}

/// Stores a received file, and adds it to the household's uploads. If the upload is refused,
/// deletes the file again.
pub(crate) async fn store(
    req: &GuestRequest,
    snapshot: &InvitationSnapshot,
    file: ArrivedFile,
    caption: &str,
) -> Result<Upload, Problem> {
    let refused = |refusal: Refusal| problem(refusal, |snapshot| req.text(snapshot));
    let invitation = &snapshot.household.invitation;
    let counted = req
        .gate
        .limits
        .admit_file(&invitation.id, req.site.clock.now());
    counted.map_err(refused)?;
    upload::check_caption(caption).map_err(refused)?;
    let kind = upload::recognize(&file.head).ok_or_else(|| refused(Refusal::UploadType))?;
    let (id, digest) = (invitation.id.clone(), file.digest.clone());
    let look =
        move |tx: &mut Tx<'_>| -> Result<_, StoreError> { upload::find_same(tx, &id, &digest) };
    if let Some(same) = req.site.store.read(look).await? {
        return Ok(same);
    }
    let stored = match kind {
        UploadKind::Picture => {
            let stored = StoredFile::picture(&req.site, file.content).await?;
            stored.ok_or_else(|| refused(Refusal::UploadType))?
        }
        UploadKind::Document => StoredFile::document(&req.site, file.content, file.bytes).await?,
    };
    let new = NewUpload {
        key: CodeKey::parse(&invitation.code).map_err(Problem::internal)?,
        name: file.name,
        caption: caption.to_owned(),
        kind,
        file: stored.file.clone(),
        bytes: stored.bytes,
        thumbnail: stored.thumbnail.clone(),
        thumbnail_bytes: stored.thumbnail_bytes,
        digest: file.digest,
        quota: upload::quota(&req.site.declared.settings),
        request: Some(req.origin()),
    };
    let change = move |tx: &mut Tx<'_>| upload::add(tx, &new);
    let done = req.site.store.write(change).await;
    let is_unused = match &done {
        Ok(upload) => upload.file != stored.file,
        // After an error in the store, nobody knows whether the change was saved. So the file is
        // kept.
        Err(Refusal::Store(_)) => false,
        Err(_) => true,
    };
    if is_unused {
        stored.discard(&req.site).await;
    }
    done.map_err(refused)
}

pub(crate) async fn remove(
    req: &GuestRequest,
    snapshot: &InvitationSnapshot,
    id: UploadId,
) -> Result<(), Problem> {
    let key = CodeKey::parse(&snapshot.household.invitation.code).map_err(Problem::internal)?;
    let origin = req.origin();
    let change = move |tx: &mut Tx<'_>| upload::remove(tx, &key, &id, Some(origin.clone()));
    let removed = req.site.store.write(change).await;
    removed.map_err(|refusal| problem(refusal, |snapshot| req.text(snapshot)))
}
