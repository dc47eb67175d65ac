//! The gallery, and the page of each of its pictures.

use axum::extract::Path;
use axum::response::Response;
use platform::{StoreError, Tx};
use web::picture_folder::dimensions;
use web::{Problem, Text};

use super::frame::guest_page;
use super::request::{EarlyResponse, GuestRequest};
use super::show::Reading;
use super::upload_view::{file_view, gallery_view};
use super::view::{Gallery, PicturePage};
use crate::gallery::{self, GalleryEntry};
use crate::invitation_snapshot::InvitationSnapshot;
use crate::refusal::Refusal;
use crate::upload::UploadKind;

const PER_PAGE: usize = 60;

/// Handles `GET /invite/{code}/gallery`. The gallery can still be read after the occasion is
/// archived.
pub(super) async fn show(req: GuestRequest) -> Result<Response, EarlyResponse> {
    let snapshot = req.look_at_past().await?;
    let text = req.text(&snapshot);
    let entries = entries(&req, &text, &snapshot).await?;
    let last = entries.len().div_ceil(PER_PAGE).max(1);
    let wanted = req.query().text("page").parse().unwrap_or(1);
    let here: usize = std::cmp::Ord::clamp(wanted, 1, last);
    let page = |number: usize| snapshot.link_with("/gallery", "page", &number.to_string());
    let shown = entries.iter().skip((here - 1) * PER_PAGE).take(PER_PAGE);
    let reading = Reading::new(&text, &snapshot);
    let body = Gallery {
        text: &text,
        frame: reading.frame(),
        previous: (here > 1).then(|| page(here - 1)),
        next: (here < last).then(|| page(here + 1)),
        files: shown
            .map(|one| gallery_view(&req.site, &snapshot, one))
            .collect(),
        uploads: snapshot.may_upload().then(|| snapshot.link("/uploads")),
    };
    let title = body.title();
    let page = guest_page(&text, &snapshot, &title, body);
    Ok(req.remember_household(&snapshot, page))
}

/// Handles `GET /invite/{code}/gallery/{picture}`.
pub(super) async fn picture(
    req: GuestRequest,
    Path((_, id)): Path<(String, String)>,
) -> Result<Response, EarlyResponse> {
    let snapshot = req.look_at_past().await?;
    let text = req.text(&snapshot);
    let mut entries = entries(&req, &text, &snapshot).await?;
    // Documents are downloaded from the gallery, so they have no page.
    entries.retain(|one| one.kind == UploadKind::Picture);
    let found = entries.iter().position(|one| one.id.as_str() == id);
    let here = found.ok_or_else(|| Problem::not_found().said_in(&text))?;
    let link = |one: &GalleryEntry| snapshot.link(&format!("/gallery/{}", one.id));
    let before = here.checked_sub(1).and_then(|at| entries.get(at));
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let reading = Reading::new(&text, &snapshot);
    let body = PicturePage {
        text: &text,
        frame: reading.frame(),
        file: file_view(&req.site, &entries[here]),
        size: dimensions(&entries[here].file),
        number: number(here + 1),
        count: number(entries.len()),
        previous: before.map(link),
        next: entries.get(here + 1).map(link),
        gallery: snapshot.link("/gallery"),
    };
    let title = body.title();
    let page = guest_page(&text, &snapshot, &title, body);
    Ok(req.remember_household(&snapshot, page))
}

async fn entries(
    req: &GuestRequest,
    text: &Text,
    snapshot: &InvitationSnapshot,
) -> Result<Vec<GalleryEntry>, EarlyResponse> {
    if !snapshot.has_gallery() {
        return Err(Refusal::FeatureDisabled.problem().said_in(text).into());
    }
    let occasion = snapshot.occasion.id.clone();
    let look =
        move |tx: &mut Tx<'_>| -> Result<_, StoreError> { gallery::of_occasion(tx, &occasion) };
    Ok(req.site.store.read(look).await.map_err(Problem::from)?)
}
