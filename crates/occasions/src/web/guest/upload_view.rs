//! An uploaded file as pages and the JSON API show it.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use web::Site;

use super::view::FileView;
use crate::gallery::GalleryEntry;
use crate::id::UploadId;
use crate::invitation_snapshot::InvitationSnapshot;
use crate::upload::{Links, UploadKind, UploadState};

/// An uploaded picture or document.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct UploadView {
    /// The upload's id.
    pub(crate) id: UploadId,
    /// The file's name on the device of the person who uploaded it.
    pub(crate) name: String,
    /// The household's caption for the file, up to 300 characters.
    pub(crate) caption: String,
    /// Who took the picture, if a host added it and named somebody; else null.
    pub(crate) credit: Option<String>,
    /// `picture`, or `document` for a PDF file.
    pub(crate) kind: UploadKind,
    /// `pending`, `approved` or `rejected`.
    pub(crate) state: UploadState,
    /// The size of the file in bytes.
    pub(crate) bytes: i64,
    /// The path of the file. The path works for at most ten minutes.
    pub(crate) url: String,
    /// The path of a picture with 400 × 400 pixels; null for a document.
    pub(crate) thumbnail: Option<String>,
    /// When the file was uploaded.
    pub(crate) created_at: Timestamp,
}

impl UploadView {
    pub(crate) fn of(site: &Site, upload: &GalleryEntry) -> Self {
        let (links, now) = (Links::new(&site.keys), site.clock.now());
        let thumbnail = &upload.thumbnail;
        Self {
            id: upload.id.clone(),
            name: upload.name.clone(),
            caption: upload.caption.clone(),
            credit: Some(upload.credit.clone()).filter(|credit| !credit.is_empty()),
            kind: upload.kind,
            state: upload.state,
            bytes: upload.bytes,
            url: links.path(&upload.file, now),
            thumbnail: (!thumbnail.is_empty()).then(|| links.path(thumbnail, now)),
            created_at: upload.created_at,
        }
    }
}

/// Builds the view of a file of the gallery. Its link leads to the file itself.
pub(super) fn file_view(site: &Site, one: &GalleryEntry) -> FileView {
    let (links, now) = (Links::new(&site.keys), site.clock.now());
    let thumbnail = &one.thumbnail;
    FileView {
        id: one.id.to_string(),
        name: match one.kind {
            UploadKind::Document => one.download_name(),
            UploadKind::Picture => one.name.clone(),
        },
        caption: one.caption.clone(),
        credit: one.credit.clone(),
        href: links.path(&one.file, now),
        thumbnail: (!thumbnail.is_empty()).then(|| links.path(thumbnail, now)),
    }
}

/// Like [`file_view`], but the link of a picture leads to its page.
pub(super) fn gallery_view(
    site: &Site,
    snapshot: &InvitationSnapshot,
    one: &GalleryEntry,
) -> FileView {
    let view = file_view(site, one);
    match one.kind {
        UploadKind::Document => view,
        UploadKind::Picture => FileView {
            href: snapshot.link(&format!("/gallery/{}", one.id)),
            ..view
        },
    }
}
