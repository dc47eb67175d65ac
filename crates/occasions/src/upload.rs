//! Pictures and documents that households upload. The gallery shows the approved ones. Uploads are
//! counted under the occasion's lock. So neither the limit per invitation nor the occasion's quota,
//! which the pictures of hosts share, can be exceeded.

use jiff::{SignedDuration, Timestamp};
use platform::audit::RequestFacts;
use platform::jobs::{Done, Handler, JobError};
use platform::key::Keyring;
use platform::news::NewNews;
use platform::store::Row;
use platform::{Platform, Rows, StoreError, Tx, sql, text_cleaning};
use serde_json::json;
use web::picture_folder::PictureFolder;
use web::setting::{Number, SettingValues};
use web::uploaded_image::Cut;
use web::{FieldProblem, words};

use crate::code::CodeKey;
use crate::event::Event;
use crate::gift_reservation::{check_access, record};
use crate::id::{InvitationId, OccasionId, UploadId};
use crate::invitation_snapshot::{self, Closed, InvitationSnapshot};
use crate::occasion;
use crate::phase::Phase;
use crate::refusal::Refusal;

/// The maximum number of uploads of one invitation.
pub const MOST: usize = 30;
/// The maximum length of a caption, in characters.
pub const CAPTION_LIMIT: usize = 300;
/// In characters.
pub(crate) const NAME_LIMIT: usize = 160;
const LINK_LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// Links expire at multiples of this many seconds. So a page that is reloaded soon contains the
/// same links, and the browser can use the pictures in its cache.
const LINK_STEP: i64 = 5 * 60;
/// The kind of the job that deletes a file that belongs to no upload.
pub const FILE_JOB: &str = "occasions.upload_file";
/// The kind of the job that deletes the files that interrupted uploads have left behind.
pub const SWEEP: &str = "occasions.uploads_sweep";
/// How long the file of an upload that was never completed is kept.
const HALF_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// The quota of an occasion's uploads, in MiB.
pub const QUOTA: Number = Number {
    key: "occasions.upload_quota",
    built_in: 5 * 1024,
    most: 10 * 1024 * 1024,
};

/// The folder for the files of all uploads.
pub(crate) const FOLDER: PictureFolder = PictureFolder {
    name: "uploads",
    job_kind: FILE_JOB,
    is_used,
};

/// The size of pictures in lists.
pub const THUMBNAIL: Cut = Cut {
    width: 400,
    height: 400,
    bytes: 40 * 1024,
};

words! {
    /// The state of an upload.
    UploadState {
        /// No host has decided yet.
        Pending = "pending" => "host-upload-pending",
        /// The upload is in the gallery.
        Approved = "approved" => "host-upload-approved",
        /// A host has kept the upload out of the gallery.
        Rejected = "rejected" => "host-upload-rejected",
    }
}

words! {
    /// The type of an uploaded file.
    UploadKind {
        Picture = "picture",
        /// A PDF file.
        Document = "document",
    }
}

/// A file that a household uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct Upload {
    pub id: UploadId,
    pub occasion: OccasionId,
    pub invitation: InvitationId,
    /// The file's name on the device of the person who uploaded it.
    pub name: String,
    pub caption: String,
    pub kind: UploadKind,
    pub state: UploadState,
    /// The file's name in the file store.
    pub file: String,
    /// The size of the file in bytes.
    pub bytes: i64,
    /// The name of the picture's thumbnail in the file store. Empty for a document.
    pub thumbnail: String,
    pub thumbnail_bytes: i64,
    /// The SHA-256 of the file as the household sent it.
    pub digest: String,
    pub created_at: Timestamp,
    /// The place in the gallery.
    pub position: i64,
}

/// A file in the file store, with its thumbnail. No record uses it yet.
#[derive(Clone, Debug, Default)]
pub struct StoredFile {
    /// The file's name in the file store.
    pub file: String,
    pub bytes: i64,
    /// The name of the thumbnail in the file store. Empty for a document.
    pub thumbnail: String,
    pub thumbnail_bytes: i64,
}

/// Recognizes the type of a file by its first bytes; `None` if the type is not supported.
pub fn recognize(head: &[u8]) -> Option<UploadKind> {
    let is_webp = head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP");
    let pictures: [&[u8]; 4] = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a"];
    if is_webp || pictures.iter().any(|start| head.starts_with(start)) {
        Some(UploadKind::Picture)
    } else {
        head.starts_with(b"%PDF-").then_some(UploadKind::Document)
    }
}

/// Whether a file is a picture in the format of iPhones (ISO 23008-12), by its first bytes.
pub fn is_heic(head: &[u8]) -> bool {
    let brands: [&[u8]; 6] = [b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"];
    head.get(4..8) == Some(b"ftyp") && head.get(8..12).is_some_and(|name| brands.contains(&name))
}

/// Makes links to files. A link works for at most ten minutes.
#[derive(Clone, Debug)]
pub struct Links(platform::key::Key);

impl Links {
    pub fn new(keys: &Keyring) -> Self {
        Self(keys.key("upload link"))
    }

    pub fn path(&self, file: &str, now: Timestamp) -> String {
        let end = now + LINK_LIFETIME;
        let end = end.as_second() / LINK_STEP * LINK_STEP;
        let signature = self.0.sign(&[&end.to_string(), file]);
        format!("/o/uploads/{end}-{signature}/{file}")
    }

    /// Whether `token` from a link gives access to the file at `now`.
    pub fn permits(&self, token: &str, file: &str, now: Timestamp) -> bool {
        let Some((end, signature)) = token.split_once('-') else {
            return false;
        };
        let is_current = end.parse().is_ok_and(|end: i64| now.as_second() < end);
        is_current && self.0.verify(&[end, file], signature)
    }
}

/// The data of an upload whose file is already stored.
#[derive(Clone, Debug)]
pub struct NewUpload {
    /// The code that was sent with the request.
    pub key: CodeKey,
    pub name: String,
    pub caption: String,
    pub kind: UploadKind,
    pub file: String,
    pub bytes: i64,
    pub thumbnail: String,
    pub thumbnail_bytes: i64,
    pub digest: String,
    /// The quota of the occasion, in bytes.
    pub quota: i64,
    pub request: Option<RequestFacts>,
}

/// Returns an occasion's quota in bytes.
pub fn quota(settings: &SettingValues) -> i64 {
    i64::try_from(QUOTA.of(settings)).unwrap_or(i64::MAX / (1 << 20)) << 20
}

/// Checks whether a household may upload now. Called before the file is received.
pub fn check(tx: &mut Tx<'_>, snapshot: &InvitationSnapshot, quota: i64) -> Result<(), Refusal> {
    if !snapshot.has_uploads() {
        return Err(Refusal::FeatureDisabled);
    }
    check_access(snapshot)?;
    check_room(tx, snapshot, 1, quota)
}

/// The caller must hold the occasion's lock, or must check again later under the lock.
fn check_room(
    tx: &mut Tx<'_>,
    snapshot: &InvitationSnapshot,
    bytes: i64,
    quota: i64,
) -> Result<(), Refusal> {
    if of_invitation(tx, &snapshot.household.invitation.id)?.len() >= MOST {
        return Err(Refusal::UploadLimit(MOST));
    }
    check_quota(tx, &snapshot.occasion.id, bytes, quota)
}

/// Checks whether `bytes` more fit into the occasion's quota. The caller must hold the occasion's
/// lock, or must check again later under the lock.
pub(crate) fn check_quota(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    bytes: i64,
    quota: i64,
) -> Result<(), Refusal> {
    let (used,): (i64,) = sql!(
        "SELECT CAST(COALESCE(SUM(bytes + thumbnail_bytes), 0) AS BIGINT) FROM (
             SELECT bytes, thumbnail_bytes FROM upload WHERE occasion = :occasion
             UNION ALL
             SELECT bytes, thumbnail_bytes FROM host_picture WHERE occasion = :occasion
         ) AS file",
        occasion
    )
    .one(tx)?;
    if used.saturating_add(bytes) > quota {
        return Err(Refusal::UploadQuota);
    }
    Ok(())
}

/// Checks a caption as the household typed it.
pub fn check_caption(caption: &str) -> Result<(), Refusal> {
    if text_cleaning::length(&text_cleaning::clean(caption)) > CAPTION_LIMIT {
        let most = i64::try_from(CAPTION_LIMIT).unwrap_or(i64::MAX);
        let problem = FieldProblem::new("/caption", "too_long", [("max", most.into())]);
        return Err(Refusal::Fields(vec![problem]));
    }
    Ok(())
}

/// Adds an upload whose files are already stored. If the household has uploaded the same file
/// before, returns the earlier upload. So a request can be repeated.
pub fn add(tx: &mut Tx<'_>, new: &NewUpload) -> Result<Upload, Refusal> {
    let snapshot = enter(tx, &new.key)?;
    if let Some(same) = find_same(tx, &snapshot.household.invitation.id, &new.digest)? {
        return Ok(same);
    }
    if !snapshot.has_uploads() {
        return Err(Refusal::FeatureDisabled);
    }
    check_access(&snapshot)?;
    check_caption(&new.caption)?;
    let bytes = new.bytes.saturating_add(new.thumbnail_bytes);
    check_room(tx, &snapshot, bytes, new.quota)?;
    let name = text_cleaning::clean(&new.name);
    let upload = Upload {
        id: tx.id(),
        occasion: snapshot.occasion.id.clone(),
        invitation: snapshot.household.invitation.id.clone(),
        name: name.chars().take(NAME_LIMIT).collect(),
        caption: text_cleaning::clean(&new.caption),
        kind: new.kind,
        state: UploadState::Pending,
        file: new.file.clone(),
        bytes: new.bytes,
        thumbnail: new.thumbnail.clone(),
        thumbnail_bytes: new.thumbnail_bytes,
        digest: new.digest.clone(),
        created_at: tx.now(),
        position: 0,
    };
    sql!(
        "INSERT INTO upload ({Upload}) VALUES ({:Upload})",
        Upload = upload
    )
    .run(tx, Rows::Exactly(1))?;
    record(
        tx,
        &snapshot,
        "upload.added",
        json!([]),
        new.request.clone(),
    )?;
    tell(tx, &upload.occasion, &upload.id, upload.state.word())?;
    Ok(upload)
}

/// Removes one of the household's own uploads.
pub fn remove(
    tx: &mut Tx<'_>,
    key: &CodeKey,
    id: &UploadId,
    request: Option<RequestFacts>,
) -> Result<(), Refusal> {
    let snapshot = enter(tx, key)?;
    if !snapshot.has_uploads() {
        return Err(Refusal::FeatureDisabled);
    }
    let mut own = of_invitation(tx, &snapshot.household.invitation.id)?.into_iter();
    let own = own.find(|one| one.id == *id).ok_or(Refusal::NotFound)?;
    delete(tx, &own)?;
    Ok(record(tx, &snapshot, "upload.removed", json!([]), request)?)
}

fn enter(tx: &mut Tx<'_>, key: &CodeKey) -> Result<InvitationSnapshot, Closed> {
    invitation_snapshot::open_locked(tx, key, |tx, sought| {
        occasion::hold(tx, &sought.occasion)?;
        Ok(())
    })
}

/// Deletes an upload. Its files are deleted within a day.
pub(crate) fn delete(tx: &mut Tx<'_>, upload: &Upload) -> Result<(), StoreError> {
    sql!("DELETE FROM upload WHERE id = :id", id = upload.id).run(tx, Rows::AtMostOne)?;
    remove_files(tx, [&upload.file, &upload.thumbnail])?;
    tell(tx, &upload.occasion, &upload.id, "removed")
}

/// Schedules the deletion of the files of all uploads in an occasion, and of the pictures that its
/// hosts added.
pub(crate) fn remove_files_of(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<(), StoreError> {
    let all: Vec<(String, String)> = sql!(
        "SELECT file, thumbnail FROM upload WHERE occasion = :occasion
         UNION ALL SELECT file, thumbnail FROM host_picture WHERE occasion = :occasion",
        occasion
    )
    .all(tx)?;
    for (file, thumbnail) in all {
        remove_files(tx, [&file, &thumbnail])?;
    }
    Ok(())
}

/// Schedules the deletion of a file and of its thumbnail, if it has one.
pub(crate) fn remove_files(tx: &mut Tx<'_>, files: [&str; 2]) -> Result<(), StoreError> {
    for file in files.into_iter().filter(|file| !file.is_empty()) {
        FOLDER.remove(tx, file)?;
    }
    Ok(())
}

/// Moves the uploads of invitation `from` to invitation `into`. Called when the two invitations are
/// merged. `into` may have more than [`MOST`] uploads afterwards.
pub(crate) fn hand_over(
    tx: &mut Tx<'_>,
    from: &InvitationId,
    into: &InvitationId,
) -> Result<(), StoreError> {
    sql!(
        "UPDATE upload SET invitation = :into WHERE invitation = :from",
        from,
        into
    )
    .run(tx, Rows::Any)
    .map(drop)
}

/// Lists the uploads of an invitation, the oldest first.
pub fn of_invitation(tx: &mut Tx<'_>, id: &InvitationId) -> Result<Vec<Upload>, StoreError> {
    sql!(
        "SELECT {Upload} FROM upload WHERE invitation = :id ORDER BY id",
        id
    )
    .all(tx)
}

/// Finds an earlier upload of the same household with the same content.
pub fn find_same(
    tx: &mut Tx<'_>,
    invitation: &InvitationId,
    digest: &str,
) -> Result<Option<Upload>, StoreError> {
    let mut own = of_invitation(tx, invitation)?.into_iter();
    Ok(own.find(|one| one.digest == digest))
}

/// Counts the uploads that no host has decided about.
pub(crate) fn waiting(tx: &mut Tx<'_>, occasion: &OccasionId) -> Result<i64, StoreError> {
    let (n,): (i64,) = sql!(
        "SELECT COUNT(*) FROM upload WHERE occasion = :occasion AND state = :pending",
        occasion,
        pending = UploadState::Pending
    )
    .one(tx)?;
    Ok(n)
}

fn is_used(tx: &mut Tx<'_>, file: &str) -> Result<bool, StoreError> {
    let found: Option<(i64,)> = sql!(
        "SELECT CAST(1 AS BIGINT) FROM upload WHERE file = :file OR thumbnail = :file
         UNION SELECT 1 FROM host_picture WHERE file = :file OR thumbnail = :file",
        file
    )
    .maybe(tx)?;
    Ok(!file.is_empty() && found.is_some())
}

/// Returns the daily job that deletes the files that interrupted uploads have left behind.
pub(crate) fn sweep_job(platform: Platform) -> Handler {
    Handler::each_day(SWEEP, move |_| {
        let platform = platform.clone();
        async move {
            let before = platform.clock.now() - HALF_LIFETIME;
            let swept = platform.files.sweep(before.into()).await;
            swept.map_err(JobError::retry)?;
            Ok(Done::nothing())
        }
    })
}

/// Publishes the news that an upload changed. Pages that are open in browsers receive it.
pub(crate) fn tell(
    tx: &mut Tx<'_>,
    occasion: &OccasionId,
    id: &UploadId,
    state: &str,
) -> Result<(), StoreError> {
    tx.publish(NewNews {
        scope: occasion.to_string(),
        name: "upload",
        payload: json!({"id": id, "state": state}),
    })
}

impl InvitationSnapshot {
    /// Whether the household sees the page for its uploads.
    pub fn has_uploads(&self) -> bool {
        self.occasion.switches.uploads && self.is_invited()
    }

    /// Whether the household may send files now.
    pub fn may_upload(&self) -> bool {
        self.has_uploads() && self.takes_notes() && self.phase() != Phase::Archive
    }

    /// Whether the household sees the gallery. It opens when the first event begins.
    pub fn has_gallery(&self) -> bool {
        let has_begun = |event: &Event| event.starts_at <= self.now;
        self.has_uploads() && (self.phase() == Phase::Archive || self.events.iter().any(has_begun))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_decides_what_a_file_is() {
        for (head, kind) in [
            (
                &b"\xff\xd8\xff\xe0\0\x10JFIF"[..],
                Some(UploadKind::Picture),
            ),
            (b"\x89PNG\r\n\x1a\n\0\0", Some(UploadKind::Picture)),
            (b"GIF89a\0\0", Some(UploadKind::Picture)),
            (b"RIFF\0\0\0\0WEBPVP8 ", Some(UploadKind::Picture)),
            (b"RIFF\0\0\0\0WAVEfmt ", None),
            (b"%PDF-1.7\n", Some(UploadKind::Document)),
            (b"<svg xmlns=", None),
            (b"\0\0\0\x18ftypheic", None),
            (b"", None),
        ] {
            assert_eq!(recognize(head), kind, "{head:?}");
        }
        assert!(is_heic(b"\0\0\0\x18ftypheic") && is_heic(b"\0\0\0\x1cftypmif1"));
        assert!(!is_heic(b"\0\0\0\x18ftypmp42") && !is_heic(b"ftypheic"));
    }

    #[test]
    fn a_link_works_for_ten_minutes_and_for_its_file_alone() {
        let links = Links::new(&Keyring::new([1; 32], &[]));
        let now: Timestamp = "2026-06-27T10:03:00Z".parse().unwrap();
        let path = links.path("a-1x1.jpg", now);
        let mut parts = path.split('/').skip(3);
        let (token, file) = (parts.next().unwrap(), parts.next().unwrap());
        assert_eq!(file, "a-1x1.jpg");
        let soon = now + SignedDuration::from_mins(6);
        let late = now + SignedDuration::from_mins(10);
        assert!(links.permits(token, file, now) && links.permits(token, file, soon));
        assert!(!links.permits(token, file, late));
        assert!(!links.permits(token, "b-1x1.jpg", now));
        assert!(!links.permits(&token.replacen('1', "2", 1), file, late));
        assert!(!Links::new(&Keyring::new([2; 32], &[])).permits(token, file, now));
        // If the page is loaded again a minute later, it contains the same link.
        assert_eq!(
            path,
            links.path("a-1x1.jpg", now + SignedDuration::from_secs(60))
        );
    }
}
