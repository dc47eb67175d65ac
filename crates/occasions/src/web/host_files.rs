//! Stores the pictures that hosts add, for the pages and for the JSON API.

use axum::http::StatusCode;
use platform::Tx;
use web::{ArrivedFile, Problem, Site};

use crate::hosting::Refusal;
use crate::hosting::pictures::{self, HostPicture, NewPicture, PictureWords};
use crate::id::OccasionId;
use crate::upload::{self, StoredFile, UploadKind};

/// The largest picture of a host, in bytes, unless the site accepts larger uploads from everybody.
/// The pictures of a photographer are larger than those of guests.
const MOST_BYTES: usize = 50 << 20;

/// The largest picture that a host may add, in bytes.
pub(crate) fn most_bytes(site: &Site) -> usize {
    MOST_BYTES.max(site.files.max_upload())
}

/// A picture that was received.
pub(crate) enum Received {
    /// A host has added the same file before.
    Same(HostPicture),
    /// The picture's files are stored. [`finish`] must be called after the picture was added.
    New(NewPicture),
}

/// Checks a file and stores it. The caller has checked that a host of the occasion sent it.
pub(crate) async fn receive(
    site: &Site,
    occasion: &OccasionId,
    file: Result<ArrivedFile, Problem>,
    words: &PictureWords,
) -> Result<Received, Problem> {
    let file = file?;
    match upload::recognize(&file.head) {
        Some(UploadKind::Picture) => {}
        _ if upload::is_heic(&file.head) => return Err(Refusal::PictureHeic.problem()),
        _ => return Err(Refusal::PictureType.problem()),
    }
    let (occasion, digest) = (occasion.clone(), file.digest.clone());
    let look = move |tx: &mut Tx<'_>| pictures::find_same(tx, &occasion, &digest);
    if let Some(same) = site.store.read(look).await? {
        return Ok(Received::Same(same));
    }
    let stored = StoredFile::picture(site, file.content).await?;
    Ok(Received::New(NewPicture {
        name: file.name,
        words: words.clone(),
        stored: stored.ok_or_else(|| Refusal::PictureType.problem())?,
        digest: file.digest,
        quota: upload::quota(&site.declared.settings),
    }))
}

/// Deletes the stored files if the picture was not added.
pub(crate) async fn finish(
    site: &Site,
    stored: &StoredFile,
    added: Result<HostPicture, Problem>,
) -> Result<HostPicture, Problem> {
    let is_unused = match &added {
        Ok(picture) => picture.file != stored.file,
        // After an error in the store, nobody knows whether the change was saved. So the files are
        // kept.
        Err(problem) => {
            let status = problem.status;
            !status.is_server_error() || status == StatusCode::INSUFFICIENT_STORAGE
        }
    };
    if is_unused {
        stored.discard(site).await;
    }
    added
}
