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

/// How long a file stays that nothing has: a form is open for so long, and a backup copies the
/// store before the files.
const UNUSED_LIFETIME: SignedDuration = SignedDuration::from_hours(24);

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

/// How wide and high a picture is, in pixels, by the name of its file: `name-640x480.jpg`.
pub fn dimensions(file: &str) -> Option<(u32, u32)> {
    let (stem, _) = file.rsplit_once('.')?;
    let (width, height) = stem.rsplit_once('-')?.1.split_once('x')?;
    let number = |digits: &str| digits.parse().ok().filter(|number| *number > 0);
    Some((number(width)?, number(height)?))
}

impl PictureFolder {
    /// The name of a file among all files.
    pub fn key(&self, file: &str) -> Result<Key, NotAKey> {
        format!("{}/{file}", self.name).parse()
    }

    /// Keeps a picture that somebody sent in the field `pointer`. Its file goes again where nothing
    /// has it within a day.
    pub async fn upload(
        self,
        site: &Site,
        sent: Bytes,
        pointer: &str,
    ) -> Result<StoredPicture, Problem> {
        let invalid = || Problem::fields().field(pointer, "image_invalid", []);
        let photo = uploaded_image::read(sent).await.ok_or_else(invalid)?;
        let name = platform::id::generate_random(&site.random);
        let file = format!(
            "{name}-{}x{}.{}",
            photo.width, photo.height, photo.extension
        );
        let bytes = photo.bytes.len();
        self.put(site, &file, photo.bytes).await?;
        Ok(StoredPicture {
            file,
            width: photo.width,
            height: photo.height,
            bytes,
        })
    }

    /// Writes a file. It goes again where nothing has it within a day.
    pub async fn put(self, site: &Site, file: &str, bytes: Bytes) -> Result<(), Problem> {
        let name = file.to_owned();
        let change = move |tx: &mut Tx<'_>| self.remove(tx, &name);
        site.store.write(change).await?;
        let key = self.key(file).map_err(Problem::internal)?;
        let write = move |out: &mut dyn Write| out.write_all(&bytes);
        let written = site.files.put(&key, write).await;
        written.map_err(Problem::internal)
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

    /// Has a file removed in a day, unless something has it then.
    pub fn remove(&self, tx: &mut Tx<'_>, file: &str) -> Result<(), StoreError> {
        let run_at = tx.now() + UNUSED_LIFETIME;
        tx.enqueue(NewJob {
            run_at: Some(run_at),
            // A picture replaced soon after its upload stays as long as any other.
            key: Some(format!("{}:{file}", self.job_kind)),
            latest: Some(UNUSED_LIFETIME + UNUSED_LIFETIME),
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
