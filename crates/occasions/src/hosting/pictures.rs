//! Pictures that hosts add themselves, such as those of their photographer. They are in the gallery
//! at once, and share the occasion's quota with the uploads of households.

use jiff::Timestamp;
use platform::audit::Entity;
use platform::store::Row;
use platform::{Rows, StoreError, Tx, sql, text_cleaning};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use web::fields::{difference, line};
use web::{Field, Findings, Input, fields};

use super::{HostOf, Permission, Refusal, history, occasions};
use crate::gallery::GalleryEntry;
use crate::id::{OccasionId, UploadId};
use crate::occasion::{self, Occasion};
use crate::upload::{
    self, CAPTION_LIMIT, NAME_LIMIT, StoredFile, UploadKind, UploadState, check_quota,
};

/// The maximum length of a credit, in characters.
const CREDIT_LIMIT: usize = 120;

/// What hosts say about a picture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct PictureWords {
    /// What the picture shows, up to 300 characters; may be empty.
    pub caption: String,
    /// Who took the picture, up to 120 characters; may be empty.
    pub credit: String,
}

pub const FIELDS: &[Field] = fields! { PictureWords:
    caption: line(CAPTION_LIMIT).label("host-field-picture-caption"),
    credit: line(CREDIT_LIMIT).label("host-field-picture-credit")
        .hint("host-field-picture-credit-hint"),
};

/// A picture that a host added.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct HostPicture {
    pub id: UploadId,
    pub occasion: OccasionId,
    /// The file's name on the host's device.
    pub name: String,
    #[row(flatten)]
    pub words: PictureWords,
    /// `Approved`, or `Rejected` if a host hides the picture from guests.
    pub state: UploadState,
    /// The file's name in the file store.
    pub file: String,
    /// The size of the file in bytes.
    pub bytes: i64,
    /// The name of the thumbnail in the file store.
    pub thumbnail: String,
    pub thumbnail_bytes: i64,
    /// The SHA-256 of the file as the host sent it.
    pub digest: String,
    pub created_at: Timestamp,
    /// The place in the gallery.
    pub position: i64,
}

impl From<HostPicture> for GalleryEntry {
    fn from(picture: HostPicture) -> Self {
        Self {
            id: picture.id,
            invitation: None,
            name: picture.name,
            caption: picture.words.caption,
            credit: picture.words.credit,
            kind: UploadKind::Picture,
            state: picture.state,
            file: picture.file,
            bytes: picture.bytes,
            thumbnail: picture.thumbnail,
            thumbnail_bytes: picture.thumbnail_bytes,
            created_at: picture.created_at,
            position: picture.position,
        }
    }
}

/// The data of a picture whose files are already stored.
#[derive(Clone, Debug)]
pub struct NewPicture {
    pub name: String,
    pub words: PictureWords,
    pub stored: StoredFile,
    pub digest: String,
    /// The quota of the occasion, in bytes.
    pub quota: i64,
}

/// Reads what a host says about new pictures. Called before the pictures are received.
pub fn read_words(input: &Input, occasion: &Occasion) -> Result<PictureWords, Refusal> {
    apply(input, &PictureWords::default(), true, occasion)
}

fn apply(
    input: &Input,
    old: &PictureWords,
    is_new: bool,
    occasion: &Occasion,
) -> Result<PictureWords, Refusal> {
    let mut findings = Findings::default();
    let words = input.apply(FIELDS, old, is_new, &occasion.zone(), &mut findings);
    findings.finish()?;
    Ok(words)
}

/// Finds an earlier picture with the same content.
pub fn find_same(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    digest: &str,
) -> Result<Option<HostPicture>, StoreError> {
    sql!(
        "SELECT {HostPicture} FROM host_picture WHERE occasion = :occasion AND digest = :digest",
        occasion,
        digest
    )
    .maybe(tx)
}

/// Adds a picture. If a host has added the same file before, returns the earlier picture. So a
/// request can be repeated.
pub fn add(tx: &mut Tx<'_>, host: &HostOf, new: &NewPicture) -> Result<HostPicture, Refusal> {
    host.needs(Permission::Write)?;
    occasion::hold(tx, host.occasion())?.ok_or(Refusal::NotFound)?;
    if let Some(same) = find_same(tx, host.occasion(), &new.digest)? {
        return Ok(same);
    }
    let stored = new.stored.clone();
    let bytes = stored.bytes.saturating_add(stored.thumbnail_bytes);
    check_quota(tx, host.occasion(), bytes, new.quota)?;
    let name = text_cleaning::clean(&new.name);
    let picture = HostPicture {
        id: tx.id(),
        occasion: host.occasion().clone(),
        name: name.chars().take(NAME_LIMIT).collect(),
        words: new.words.clone(),
        state: UploadState::Approved,
        file: stored.file,
        bytes: stored.bytes,
        thumbnail: stored.thumbnail,
        thumbnail_bytes: stored.thumbnail_bytes,
        digest: new.digest.clone(),
        created_at: tx.now(),
        position: 0,
    };
    sql!(
        "INSERT INTO host_picture ({HostPicture}) VALUES ({:HostPicture})",
        HostPicture = picture
    )
    .run(tx, Rows::Exactly(1))?;
    let entity = Entity::new("upload", picture.id.to_string());
    history::record(tx, host, "upload.added_by_host", entity, json!([]))?;
    upload::tell(tx, &picture.occasion, &picture.id, picture.state.word())?;
    Ok(picture)
}

pub fn find(tx: &mut Tx<'_>, host: &HostOf, id: &UploadId) -> Result<HostPicture, Refusal> {
    host.needs(Permission::SeeOccasion)?;
    load(tx, host, id)
}

fn load(tx: &mut Tx<'_>, host: &HostOf, id: &UploadId) -> Result<HostPicture, Refusal> {
    let found: Option<HostPicture> = sql!(
        "SELECT {HostPicture} FROM host_picture WHERE id = :id AND occasion = :occasion",
        id,
        occasion = host.occasion()
    )
    .maybe(tx)?;
    found.ok_or(Refusal::NotFound)
}

/// Lists the pictures that hosts added, the oldest first.
pub fn list(tx: &mut Tx<'_>, host: &HostOf) -> Result<Vec<HostPicture>, Refusal> {
    host.needs(Permission::SeeOccasion)?;
    Ok(sql!(
        "SELECT {HostPicture} FROM host_picture WHERE occasion = :occasion ORDER BY id",
        occasion = host.occasion()
    )
    .all(tx)?)
}

/// Changes what a picture says.
pub fn change(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &UploadId,
    input: &Input,
) -> Result<HostPicture, Refusal> {
    host.needs(Permission::Write)?;
    let occasion = occasions::lock(tx, host)?;
    let old = load(tx, host, id)?;
    let words = apply(input, &old.words, false, &occasion)?;
    if words == old.words {
        return Ok(old);
    }
    sql!(
        "UPDATE host_picture SET caption = :caption, credit = :credit WHERE id = :id",
        caption = words.caption,
        credit = words.credit,
        id
    )
    .run(tx, Rows::Exactly(1))?;
    let changes = difference(FIELDS, &old.words, &words);
    let entity = Entity::new("upload", id.to_string());
    history::record(tx, host, "upload.described", entity, json!(changes))?;
    upload::tell(tx, host.occasion(), id, old.state.word())?;
    Ok(HostPicture { words, ..old })
}

/// Shows or hides a picture. Returns whether that is a change. The caller must hold the occasion's
/// lock.
pub(super) fn set_shown(
    tx: &mut Tx<'_>,
    host: &HostOf,
    id: &UploadId,
    is_shown: bool,
) -> Result<bool, Refusal> {
    let (state, action) = if is_shown {
        (UploadState::Approved, "upload.approved")
    } else {
        (UploadState::Rejected, "upload.hidden")
    };
    if load(tx, host, id)?.state == state {
        return Ok(false);
    }
    sql!(
        "UPDATE host_picture SET state = :state WHERE id = :id",
        state,
        id
    )
    .run(tx, Rows::Exactly(1))?;
    let entity = Entity::new("upload", id.to_string());
    history::record(tx, host, action, entity, json!([]))?;
    upload::tell(tx, host.occasion(), id, state.word())?;
    Ok(true)
}

/// Deletes a picture. Its files are deleted within a day.
pub fn remove(tx: &mut Tx<'_>, host: &HostOf, id: &UploadId) -> Result<(), Refusal> {
    host.needs(Permission::Write)?;
    occasion::hold(tx, host.occasion())?.ok_or(Refusal::NotFound)?;
    delete(tx, host, id)
}

/// The caller must hold the occasion's lock.
pub(super) fn delete(tx: &mut Tx<'_>, host: &HostOf, id: &UploadId) -> Result<(), Refusal> {
    let picture = load(tx, host, id)?;
    sql!("DELETE FROM host_picture WHERE id = :id", id).run(tx, Rows::Exactly(1))?;
    upload::remove_files(tx, [&picture.file, &picture.thumbnail])?;
    let entity = Entity::new("upload", id.to_string());
    history::record(tx, host, "upload.deleted", entity, json!([]))?;
    Ok(upload::tell(tx, host.occasion(), id, "removed")?)
}
