//! The gallery: the files that hosts have put on show, in one order. They are uploads of households
//! and pictures that hosts added themselves.

use jiff::Timestamp;
use platform::store::Row;
use platform::{StoreError, Tx, sql};
use web::{Direction, List, PageQuery};

use crate::id::{InvitationId, OccasionId, UploadId};
use crate::refusal::Refusal;
use crate::upload::{Upload, UploadKind, UploadState};

/// A picture or document in the gallery, or one that is kept out of it.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct GalleryEntry {
    pub id: UploadId,
    /// The household's invitation; `None` for a picture that a host added.
    pub invitation: Option<InvitationId>,
    /// The file's name on the device of the person who uploaded it.
    pub name: String,
    pub caption: String,
    /// Who took the picture, if a host named somebody. Empty for uploads of households.
    pub credit: String,
    pub kind: UploadKind,
    pub state: UploadState,
    /// The file's name in the file store.
    pub file: String,
    /// The size of the file in bytes.
    pub bytes: i64,
    /// The name of the thumbnail in the file store. Empty for a document.
    pub thumbnail: String,
    pub thumbnail_bytes: i64,
    pub created_at: Timestamp,
    /// Lower numbers come first, and files with the same number in order of time.
    pub position: i64,
}

/// Which entries a list contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    pub state: Option<UploadState>,
    /// Whether the list contains pictures that hosts added.
    pub with_own: bool,
}

impl GalleryEntry {
    /// Whether a host added the picture.
    pub fn is_own(&self) -> bool {
        self.invitation.is_none()
    }

    /// The name under which the file is downloaded.
    pub fn download_name(&self) -> String {
        let stem = self.name.rsplit_once('.');
        let stem = stem.map_or(self.name.as_str(), |(stem, _)| stem);
        let stem = if stem.is_empty() {
            self.kind.word()
        } else {
            stem
        };
        let extension = self.file.rsplit_once('.').map_or("", |(_, end)| end);
        format!("{stem}.{extension}")
    }
}

impl From<Upload> for GalleryEntry {
    fn from(upload: Upload) -> Self {
        Self {
            id: upload.id,
            invitation: Some(upload.invitation),
            name: upload.name,
            caption: upload.caption,
            credit: String::new(),
            kind: upload.kind,
            state: upload.state,
            file: upload.file,
            bytes: upload.bytes,
            thumbnail: upload.thumbnail,
            thumbnail_bytes: upload.thumbnail_bytes,
            created_at: upload.created_at,
            position: upload.position,
        }
    }
}

/// Lists the whole gallery in its order.
pub(crate) fn of_occasion(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
) -> Result<Vec<GalleryEntry>, StoreError> {
    let filter = Filter {
        state: Some(UploadState::Approved),
        with_own: true,
    };
    all(tx, occasion, filter)
}

/// Whether nothing is in the gallery.
pub(crate) fn is_empty(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<bool, StoreError> {
    let found: Option<(i64,)> = sql!(
        "SELECT CAST(1 AS BIGINT) FROM upload WHERE occasion = :occasion AND state = :approved
         UNION SELECT 1 FROM host_picture WHERE occasion = :occasion AND state = :approved",
        occasion,
        approved = UploadState::Approved
    )
    .maybe(tx)?;
    Ok(found.is_none())
}

/// Lists all entries that match a filter, in the gallery's order.
pub(crate) fn all(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    filter: Filter,
) -> Result<Vec<GalleryEntry>, StoreError> {
    sql!(
        "SELECT {GalleryEntry} FROM (
             SELECT id, invitation, name, caption, '' AS credit, kind, state, file, bytes,
                 thumbnail, thumbnail_bytes, created_at, position
             FROM upload WHERE occasion = :occasion
             UNION ALL
             SELECT id, NULL, name, caption, credit, 'picture', state, file, bytes,
                 thumbnail, thumbnail_bytes, created_at, position
             FROM host_picture WHERE occasion = :occasion AND :with_own = 1
         ) AS entry
         WHERE :state = '' OR state = :state ORDER BY position, id",
        occasion,
        with_own = filter.with_own,
        state = filter.state.map_or("", UploadState::word)
    )
    .all(tx)
}

/// Lists a page of the entries that match a filter, in the gallery's order.
pub(crate) fn list(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    filter: Filter,
    paging: &PageQuery,
) -> Result<List<GalleryEntry>, Refusal> {
    let from: Option<(i64, String)> = paging.key().map_err(|_| Refusal::CursorInvalid)?;
    let from = from.unwrap_or((i64::MIN, String::new()));
    let place = |one: &GalleryEntry| (one.position, one.id.to_string());
    let rows = usize::try_from(paging.rows()).unwrap_or(usize::MAX);
    let all = all(tx, occasion, filter)?.into_iter();
    let found = match paging.direction() {
        Direction::Forward => all.filter(|one| place(one) > from).take(rows).collect(),
        Direction::Backward => all
            .rev()
            .filter(|one| place(one) < from)
            .take(rows)
            .collect(),
    };
    Ok(paging.list(found, place))
}

/// Finds the entry that a file belongs to. Also returns whether the file is its thumbnail.
pub(crate) fn find_by_file(
    tx: &mut Tx<'_>,
    file: &str,
) -> Result<Option<(GalleryEntry, bool)>, StoreError> {
    let found: Option<GalleryEntry> = sql!(
        "SELECT id, invitation, name, caption, '' AS credit, kind, state, file, bytes,
             thumbnail, thumbnail_bytes, created_at, position
         FROM upload WHERE file = :file OR thumbnail = :file
         UNION ALL
         SELECT id, NULL, name, caption, credit, 'picture', state, file, bytes,
             thumbnail, thumbnail_bytes, created_at, position
         FROM host_picture WHERE file = :file OR thumbnail = :file",
        file
    )
    .maybe(tx)?;
    Ok(found.map(|entry| {
        let is_thumbnail = entry.thumbnail == file;
        (entry, is_thumbnail)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_has_the_extension_of_what_is_kept() {
        let named = |name: &str| GalleryEntry {
            name: name.to_owned(),
            ..crate::sample::upload().into()
        };
        assert_eq!(named("IMG 1.PNG").download_name(), "IMG 1.jpg");
        assert_eq!(named("kad").download_name(), "kad.jpg");
        assert_eq!(named("").download_name(), "picture.jpg");
    }
}
