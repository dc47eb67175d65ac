//! Stores uploaded pictures as files outside the database. A file is deleted when no record refers
//! to it.

use std::io::Write;

use axum::body::Bytes;
use jiff::SignedDuration;
use platform::files::{Arriving, Key, NotAKey};
use platform::jobs::{Done, Handler, Job, JobError, NewJob};
use platform::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

use crate::uploaded_image::{self, Cut, Focus, Photo};
use crate::{Problem, Site};

/// An unused file is kept for this long, because an open form may still refer to it, and because a
/// backup copies the store before the files.
const UNUSED_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
const DAILY: u32 = 300;

/// A folder for the pictures of one kind of record.
#[derive(Clone, Copy, Debug)]
pub struct PictureFolder {
    /// The name of the folder in the file store.
    pub name: &'static str,
    /// The kind of the jobs that delete unused files.
    pub job_kind: &'static str,
    /// Whether any record uses this file.
    pub is_used: fn(&mut Tx<'_>, &str) -> Result<bool, StoreError>,
}

#[derive(Clone, Debug)]
pub struct StoredPicture {
    /// The file's name in its folder.
    pub file: String,
    /// The width in pixels.
    pub width: u32,
    /// The height in pixels.
    pub height: u32,
    /// The size of the file in bytes.
    pub bytes: usize,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    file: String,
}

/// The width and height of a picture in pixels, from its file name: `name-640x480.jpg`.
pub fn dimensions(file: &str) -> Option<(u32, u32)> {
    let (stem, _) = file.rsplit_once('.')?;
    let (width, height) = stem.rsplit_once('-')?.1.split_once('x')?;
    let number = |digits: &str| digits.parse().ok().filter(|number| *number > 0);
    Some((number(width)?, number(height)?))
}

/// The name of the file with one crop of an uploaded picture.
pub fn cut_file(stem: &str, cut: Cut) -> String {
    format!("{stem}-{}x{}.jpg", cut.width, cut.height)
}

/// What the names of a picture's crops around this part have in common.
pub fn focused_stem(name: &str, focus: Focus) -> String {
    format!("{name}-f{}", focus.number())
}

/// The name of a picture and the part around which it was cut, from what its crops have in common;
/// `None` if its crops are around no chosen part.
pub fn focus_of(stem: &str) -> Option<(&str, Focus)> {
    let (name, number) = stem.rsplit_once("-f")?;
    Some((name, Focus::find(number)?))
}

/// The file with a whole picture, from which it is cut anew. It is not served.
pub fn source_file(name: &str) -> String {
    format!("{name}-source.jpg")
}

/// The file with a whole picture in a small size.
pub fn small_file(name: &str) -> String {
    format!("{name}-small.jpg")
}

impl PictureFolder {
    /// The file's key in the file store.
    pub fn key(&self, file: &str) -> Result<Key, NotAKey> {
        format!("{}/{file}", self.name).parse()
    }

    /// Stores a picture that the account `sender` uploaded in the field `pointer`. The file is
    /// deleted after a day if no record uses it.
    pub async fn upload(
        self,
        site: &Site,
        sender: &str,
        sent: Bytes,
        pointer: &str,
    ) -> Result<StoredPicture, Problem> {
        self.admit(site, sender, DAILY)?;
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

    /// Stores crops of a picture that the account `sender` uploaded in the field `pointer`, and
    /// returns the common prefix of their names. As with [`upload`](Self::upload), files that no record uses are
    /// deleted.
    pub async fn upload_cuts(
        self,
        site: &Site,
        sender: &str,
        sent: Bytes,
        pointer: &str,
        cuts: &'static [Cut],
    ) -> Result<String, Problem> {
        self.admit(site, sender, DAILY)?;
        let invalid = || Problem::fields().field(pointer, "image_invalid", []);
        let photos = uploaded_image::cut(sent, cuts).await.ok_or_else(invalid)?;
        let stem = platform::id::generate_random(&site.random);
        self.put_cuts(site, &stem, photos, cuts).await?;
        Ok(stem)
    }

    /// Like [`upload_cuts`](Self::upload_cuts), and keeps the whole picture too, so that it can be
    /// cut anew. Returns the name of the whole picture's files, and the part around which it was cut.
    pub async fn upload_source(
        self,
        site: &Site,
        sender: &str,
        sent: Bytes,
        pointer: &str,
        cuts: &'static [Cut],
    ) -> Result<(String, Focus), Problem> {
        self.admit(site, sender, DAILY)?;
        let code = uploaded_image::refusal(&sent);
        let invalid = || Problem::fields().field(pointer, code, []);
        let source = uploaded_image::read_source(sent, cuts).await;
        let source = source.ok_or_else(invalid)?;
        let name = platform::id::generate_random(&site.random);
        self.put(site, &source_file(&name), source.whole.bytes)
            .await?;
        self.put(site, &small_file(&name), source.small.bytes)
            .await?;
        let stem = focused_stem(&name, source.focus);
        self.put_cuts(site, &stem, source.cuts, cuts).await?;
        Ok((name, source.focus))
    }

    /// Cuts the whole picture `name` anew, around another part.
    pub async fn cut_anew(
        self,
        site: &Site,
        name: &str,
        focus: Focus,
        cuts: &'static [Cut],
    ) -> Result<(), Problem> {
        let (_, whole) = self.load(site, &source_file(name)).await?;
        let broken = || Problem::internal("a stored picture cannot be read");
        let photos = uploaded_image::cut_around(whole.into(), focus, cuts).await;
        let photos = photos.ok_or_else(broken)?;
        let stem = focused_stem(name, focus);
        self.put_cuts(site, &stem, photos, cuts).await
    }

    async fn put_cuts(
        self,
        site: &Site,
        stem: &str,
        photos: Vec<Photo>,
        cuts: &'static [Cut],
    ) -> Result<(), Problem> {
        for (photo, cut) in photos.into_iter().zip(cuts) {
            self.put(site, &cut_file(stem, *cut), photo.bytes).await?;
        }
        Ok(())
    }

    /// Counts a file that the account `sender` uploads into this folder, of which `most` are allowed
    /// in a day. Called before the file is stored.
    pub fn admit(&self, site: &Site, sender: &str, most: u32) -> Result<(), Problem> {
        let (limits, now) = (&site.limits.senders, site.clock.now());
        Ok(limits.admit_file(sender, self.name, most, now)?)
    }

    /// Deletes a file at once if no record uses it, for example because a repeated form got the
    /// response to the first one. If that fails, a job deletes the file a day later.
    pub async fn discard(self, site: &Site, file: &str) {
        let name = file.to_owned();
        let look = move |tx: &mut Tx<'_>| (self.is_used)(tx, &name);
        if let (Ok(false), Ok(key)) = (site.store.read(look).await, self.key(file)) {
            drop(site.files.remove(&key).await);
        }
    }

    /// Makes sure that a file is deleted after a day if no record uses it, and returns its key.
    async fn reserve(self, site: &Site, file: &str) -> Result<Key, Problem> {
        let name = file.to_owned();
        let change = move |tx: &mut Tx<'_>| self.remove(tx, &name);
        site.store.write(change).await?;
        self.key(file).map_err(Problem::internal)
    }

    /// Stores an uploaded file, which is deleted after a day if no record uses it.
    pub async fn keep(self, site: &Site, file: &str, content: Arriving) -> Result<(), Problem> {
        let key = self.reserve(site, file).await?;
        let kept = site.files.keep(content, &key).await;
        kept.map_err(Problem::internal)
    }

    /// Writes a file, which is deleted after a day if no record uses it.
    pub async fn put(self, site: &Site, file: &str, bytes: Bytes) -> Result<(), Problem> {
        let key = self.reserve(site, file).await?;
        let write = move |out: &mut dyn Write| out.write_all(&bytes);
        let written = site.files.put(&key, write).await;
        written.map_err(Problem::internal)
    }

    /// The media type and content of a file.
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

    /// Schedules a file's deletion in a day, unless a record uses the file then.
    pub fn remove(&self, tx: &mut Tx<'_>, file: &str) -> Result<(), StoreError> {
        let run_at = tx.now() + UNUSED_LIFETIME;
        tx.enqueue(NewJob {
            run_at: Some(run_at),
            // Each file has at most one job. A later call postpones the job, but to no later than
            // two days after the first call. So a picture that is replaced soon after its upload is
            // still kept for a day.
            key: Some(format!("{}:{file}", self.job_kind)),
            latest: Some(UNUSED_LIFETIME + UNUSED_LIFETIME),
            ..NewJob::new(self.job_kind, json!({ "file": file }))
        })
    }

    /// The job that deletes an unused file.
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
