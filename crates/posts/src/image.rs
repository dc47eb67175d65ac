//! Pictures of posts: files beside the store. A job removes a file that no post uses.

use std::io::Write;

use axum::body::Bytes;
use jiff::SignedDuration;
use platform::files::{Key, NotAKey};
use platform::jobs::{Done, Handler, Job, JobError, NewJob};
use platform::{StoreError, Tx, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use web::{Problem, Site, uploaded_image};

use crate::post::PostId;

/// The kind of the job that removes a file.
pub const KIND: &str = "post.image";
/// How long an uploaded file may wait for a post to use it.
const UNUSED_UPLOAD_LIFETIME: SignedDuration = SignedDuration::from_hours(1);
/// How long a replaced file stays: a backup copies the store first, then the files.
pub(crate) const REPLACED_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// A picture whose file has been written.
#[derive(Clone, Debug)]
pub struct Image {
    pub(crate) file: String,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) bytes: usize,
}

/// The path of a picture.
pub fn path(file: &str) -> String {
    format!("/blog/images/{file}")
}

/// The key of a picture's file in the file store.
pub(crate) fn key(file: &str) -> Result<Key, NotAKey> {
    format!("posts/{file}").parse()
}

/// Stores an uploaded picture. If no post uses it within an hour, its file is removed.
pub(crate) async fn upload(site: &Site, sent: Bytes) -> Result<Image, Problem> {
    let invalid = || Problem::fields().field("/image", "image_invalid", []);
    let photo = uploaded_image::read(sent).await.ok_or_else(invalid)?;
    let name = platform::id::generate_random(&site.random);
    let image = Image {
        file: format!("{name}.{}", photo.extension),
        width: photo.width,
        height: photo.height,
        bytes: photo.bytes.len(),
    };
    let file = image.file.clone();
    let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
        remove(tx, &file, UNUSED_UPLOAD_LIFETIME)
    };
    site.store.write(change).await?;
    let key = key(&image.file).map_err(Problem::internal)?;
    let write = move |out: &mut dyn Write| out.write_all(&photo.bytes);
    let written = site.files.put(&key, write).await;
    written.map_err(Problem::internal)?;
    Ok(image)
}

/// Schedules the removal of a file, unless a post uses it by then.
pub(crate) fn remove(tx: &mut Tx<'_>, file: &str, after: SignedDuration) -> Result<(), StoreError> {
    let run_at = tx.now() + after;
    tx.enqueue(NewJob {
        run_at: Some(run_at),
        // A picture replaced soon after its upload stays as long as any other.
        key: Some(format!("{KIND}:{file}")),
        latest: Some(UNUSED_UPLOAD_LIFETIME + REPLACED_LIFETIME),
        ..NewJob::new(KIND, json!({ "file": file }))
    })
}

#[derive(Serialize, Deserialize)]
struct Payload {
    file: String,
}

/// The job that removes unused picture files.
pub(crate) fn job(site: &Site) -> Handler {
    let site = site.clone();
    Handler::new(KIND, move |job: Job| {
        let site = site.clone();
        async move {
            let Payload { file } = job.read()?;
            let key = key(&file).map_err(JobError::fail)?;
            let look = move |tx: &mut Tx<'_>| -> Result<Option<(PostId,)>, StoreError> {
                sql!(
                    "SELECT id FROM post WHERE image = :file AND image <> ''",
                    file
                )
                .maybe(tx)
            };
            if site.store.read(look).await?.is_none() {
                site.files.remove(&key).await.map_err(JobError::retry)?;
            }
            Ok(Done::nothing())
        }
    })
}
