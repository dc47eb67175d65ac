//! Pictures that people send: files beside the store, which go when nothing has them any more.

use std::io::Write;

use axum::body::Bytes;
use jiff::SignedDuration;
use platform::files::{Key, NotAKey};
use platform::jobs::{Done, Handler, Job, JobError, NewJob};
use platform::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

use crate::{Problem, Site, uploaded_image};

/// How long a file may be there before anything has it.
const UNUSED_UPLOAD_LIFETIME: SignedDuration = SignedDuration::from_hours(1);
/// How long a file stays that nothing has any more: a backup copies the store before the files.
const REPLACED_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

/// The pictures of one kind of thing.
#[derive(Clone, Copy, Debug)]
pub struct PictureFolder {
    /// The folder among all files.
    pub name: &'static str,
    /// The kind of the job that removes a file.
    pub job_kind: &'static str,
    /// Whether anything has this file.
    pub is_used: fn(&mut Tx<'_>, &str) -> Result<bool, StoreError>,
}

/// A picture whose file is there.
#[derive(Clone, Debug)]
pub struct StoredPicture {
    /// The name of the file in its folder.
    pub file: String,
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// How long the file is.
    pub bytes: usize,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    file: String,
}

impl PictureFolder {
    /// The name of a file among all files.
    pub fn key(&self, file: &str) -> Result<Key, NotAKey> {
        format!("{}/{file}", self.name).parse()
    }

    /// Keeps a picture that somebody sent in the field `pointer`. Its file goes again where nothing
    /// has it within an hour.
    pub async fn upload(
        self,
        site: &Site,
        sent: Bytes,
        pointer: &str,
    ) -> Result<StoredPicture, Problem> {
        let invalid = || Problem::fields().field(pointer, "image_invalid", []);
        let photo = uploaded_image::read(sent).await.ok_or_else(invalid)?;
        let name = platform::id::generate_random(&site.random);
        let picture = StoredPicture {
            file: format!("{name}.{}", photo.extension),
            width: photo.width,
            height: photo.height,
            bytes: photo.bytes.len(),
        };
        let file = picture.file.clone();
        let change = move |tx: &mut Tx<'_>| -> Result<(), StoreError> {
            self.remove_after(tx, &file, UNUSED_UPLOAD_LIFETIME)
        };
        site.store.write(change).await?;
        let key = self.key(&picture.file).map_err(Problem::internal)?;
        let write = move |out: &mut dyn Write| out.write_all(&photo.bytes);
        let written = site.files.put(&key, write).await;
        written.map_err(Problem::internal)?;
        Ok(picture)
    }

    /// The media type and the content of a file.
    pub async fn load(self, site: &Site, file: &str) -> Result<(&'static str, Vec<u8>), Problem> {
        let key = self.key(file).map_err(|_| Problem::not_found())?;
        let media_type = uploaded_image::media_type(file).ok_or_else(Problem::not_found)?;
        let opened = site.files.open(&key).await.map_err(Problem::internal)?;
        let opened = opened.ok_or_else(Problem::not_found)?;
        let mut bytes = Vec::new();
        let read = File::from_std(opened).read_to_end(&mut bytes).await;
        read.map_err(Problem::internal)?;
        Ok((media_type, bytes))
    }

    /// Has a file removed that nothing has any more.
    pub fn remove(&self, tx: &mut Tx<'_>, file: &str) -> Result<(), StoreError> {
        self.remove_after(tx, file, REPLACED_LIFETIME)
    }

    /// Has a file removed after this time, unless something has it then.
    fn remove_after(
        &self,
        tx: &mut Tx<'_>,
        file: &str,
        after: SignedDuration,
    ) -> Result<(), StoreError> {
        let run_at = tx.now() + after;
        tx.enqueue(NewJob {
            run_at: Some(run_at),
            // A picture replaced soon after its upload stays as long as any other.
            key: Some(format!("{}:{file}", self.job_kind)),
            latest: Some(UNUSED_UPLOAD_LIFETIME + REPLACED_LIFETIME),
            ..NewJob::new(self.job_kind, json!({ "file": file }))
        })
    }

    /// The job that removes a file.
    pub fn job(self, site: &Site) -> Handler {
        let site = site.clone();
        Handler::new(self.job_kind, move |job: Job| {
            let site = site.clone();
            async move {
                let Payload { file } = job.read()?;
                let key = self.key(&file).map_err(JobError::fail)?;
                let look = move |tx: &mut Tx<'_>| (self.is_used)(tx, &file);
                if !site.store.read(look).await? {
                    site.files.remove(&key).await.map_err(JobError::retry)?;
                }
                Ok(Done::nothing())
            }
        })
    }
}
