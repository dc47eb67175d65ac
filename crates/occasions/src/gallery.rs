//! The gallery: the files that hosts have put on show, in one order.

use platform::{StoreError, Tx, sql};

use crate::id::OccasionId;
use crate::upload::{Upload, UploadKind, UploadState};

/// A picture or document in the gallery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GalleryEntry {
    pub id: String,
    /// The file's name on the device of the person who uploaded it.
    pub name: String,
    pub caption: String,
    pub kind: UploadKind,
    /// The file's name in the file store.
    pub file: String,
    /// The name of the picture's thumbnail in the file store. Empty for a document.
    pub thumbnail: String,
}

impl From<Upload> for GalleryEntry {
    fn from(upload: Upload) -> Self {
        let name = match upload.kind {
            UploadKind::Document => upload.download_name(),
            UploadKind::Picture => upload.name,
        };
        Self {
            id: upload.id.to_string(),
            name,
            caption: upload.caption,
            kind: upload.kind,
            file: upload.file,
            thumbnail: upload.thumbnail,
        }
    }
}

/// Lists the whole gallery in its order.
pub(crate) fn of_occasion(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<Vec<GalleryEntry>, StoreError> {
    let approved: Vec<Upload> = sql!(
        "SELECT {Upload} FROM upload
         WHERE occasion = :occasion AND state = :approved ORDER BY id",
        occasion,
        approved = UploadState::Approved
    )
    .all(tx)?;
    Ok(approved.into_iter().map(GalleryEntry::from).collect())
}
