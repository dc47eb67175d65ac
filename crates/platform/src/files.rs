//! The file store, which keeps exports and uploads outside the database.
//!
//! A file is visible only when it is complete and on stable storage. It is written under a
//! temporary name, synced and renamed, and then the folder is synced.

mod copy;

use std::fs;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _, Take};

use crate::s3::S3;
pub use copy::FolderContent;

/// The folder of incomplete files. A key cannot start with a dot, so no stored file is in this
/// folder.
const ARRIVING: &str = ".arriving";

#[derive(Clone, Debug)]
pub enum Files {
    Folder(Folder),
    /// Files are objects in an S3 bucket. New content is written to the folder first.
    Bucket(Box<S3>, Folder),
}

/// A file store in a folder, with one file per key.
#[derive(Clone, Debug)]
pub struct Folder {
    root: Arc<Path>,
    max_upload: usize,
    written: Arc<AtomicU64>,
}

/// The name of a stored file, at most 200 characters: segments of `a-z 0-9 - _ .`, separated by
/// slashes. No segment starts with a dot. Such a name is valid on every file system and cannot lead
/// out of the store's folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a file")]
pub struct NotAKey;

impl std::str::FromStr for Key {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let allowed = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.')
        };
        let segment =
            |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(allowed);
        (text.len() <= 200 && text.split('/').all(segment))
            .then(|| Self(text.to_owned()))
            .ok_or(NotAKey)
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Files {
    /// A file store in the folder `root`, which is created with the first file. An upload may have
    /// at most `max_upload` bytes.
    pub fn folder(root: impl Into<PathBuf>, max_upload: usize) -> Self {
        Self::Folder(Folder {
            root: root.into().into(),
            max_upload,
            written: Arc::default(),
        })
    }

    /// A file store in a bucket. New content is first written to the folder `root`.
    pub fn bucket(bucket: S3, root: impl Into<PathBuf>, max_upload: usize) -> Self {
        let folder = Self::folder(root, max_upload).local();
        Self::Bucket(Box::new(bucket), folder)
    }

    fn local(&self) -> Folder {
        let (Self::Folder(folder) | Self::Bucket(_, folder)) = self;
        folder.clone()
    }

    /// The folder or the bucket, for operators.
    pub fn place(&self) -> String {
        match self {
            Self::Folder(folder) => folder.root.display().to_string(),
            Self::Bucket(bucket, _) => bucket.name(),
        }
    }

    /// The largest upload, in bytes.
    pub fn max_upload(&self) -> usize {
        let (Self::Folder(folder) | Self::Bucket(_, folder)) = self;
        folder.max_upload
    }

    /// Writes a file, replacing any previous file with this key. `fill` writes the content; if it
    /// fails, nothing changes.
    pub async fn put<F>(&self, key: &Key, fill: F) -> io::Result<()>
    where
        F: FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
    {
        match self {
            Self::Folder(folder) => {
                let (folder, key) = (folder.clone(), key.clone());
                off_the_runtime(move || folder.put(&key, fill)).await
            }
            Self::Bucket(..) => {
                let mut arriving = self.begin().await?;
                arriving.file = None;
                let path = arriving.path.clone();
                off_the_runtime(move || fill_file(fs::File::create(path)?, fill)).await?;
                self.keep(arriving, key).await
            }
        }
    }

    /// Starts a file whose content is written in parts.
    pub async fn begin(&self) -> io::Result<Arriving> {
        let folder = self.local();
        let path = off_the_runtime(move || {
            let arriving = folder.root.join(ARRIVING);
            create_folders(&arriving)?;
            Ok(arriving.join(folder.next_name()))
        })
        .await?;
        let new = tokio::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .await?;
        Ok(Arriving {
            path,
            file: Some(new),
        })
    }

    /// Completes the file and stores it under `key`, replacing any previous file with this key.
    pub async fn keep(&self, mut arriving: Arriving, key: &Key) -> io::Result<()> {
        arriving.finish().await?;
        let folder = match self {
            Self::Folder(folder) => folder.clone(),
            Self::Bucket(bucket, _) => {
                let file = tokio::fs::File::open(&arriving.path).await?;
                return bucket
                    .put_file(&key.0, file)
                    .await
                    .map_err(io::Error::other);
            }
        };
        let key = key.clone();
        off_the_runtime(move || {
            let path = folder.path(&key);
            create_folders(path.parent().unwrap_or(&folder.root))?;
            fs::rename(&arriving.path, &path)?;
            sync_folder_of(&path)
        })
        .await
    }

    /// Removes incomplete files that were last written before `before`, such as those that a crash
    /// left behind. Returns the number of removed files.
    pub async fn sweep(&self, before: SystemTime) -> io::Result<usize> {
        let folder = self.local();
        off_the_runtime(move || {
            let Some(entries) = found(fs::read_dir(folder.root.join(ARRIVING)))? else {
                return Ok(0);
            };
            let mut removed = 0;
            for entry in entries {
                let path = entry?.path();
                let facts = found(fs::metadata(&path))?;
                let is_old = facts
                    .is_some_and(|facts| facts.modified().is_ok_and(|modified| modified < before));
                if is_old && found(fs::remove_file(&path))?.is_some() {
                    removed += 1;
                }
            }
            Ok(removed)
        })
        .await
    }

    /// Opens a file for reading; `None` when it does not exist.
    pub async fn open(&self, key: &Key) -> io::Result<Option<fs::File>> {
        match self {
            Self::Folder(folder) => folder.open(key).await,
            Self::Bucket(..) => {
                let Some(mut content) = self.read(key, 0..u64::MAX).await? else {
                    return Ok(None);
                };
                let mut arriving = self.begin().await?;
                while let Some(part) = content.next().await? {
                    arriving.write(&part).await?;
                }
                arriving.finish().await?;
                // Dropping `arriving` removes the file from the folder, but an open file stays
                // readable.
                fs::File::open(&arriving.path).map(Some)
            }
        }
    }

    /// Reads a part of a file; `None` when the file does not exist.
    pub async fn read(&self, key: &Key, range: Range<u64>) -> io::Result<Option<Content>> {
        match self {
            Self::Folder(folder) => {
                let Some(file) = folder.open(key).await? else {
                    return Ok(None);
                };
                let mut file = tokio::fs::File::from_std(file);
                file.seek(io::SeekFrom::Start(range.start)).await?;
                let left = range.end.saturating_sub(range.start);
                Ok(Some(Content::File(file.take(left))))
            }
            Self::Bucket(bucket, _) => {
                let mut object = Object {
                    bucket: bucket.clone(),
                    key: key.0.clone(),
                    range,
                    first: None,
                };
                object.first = object.fetch().await?;
                let is_there = object.first.is_some();
                Ok(is_there.then(|| Content::Object(Box::new(object))))
            }
        }
    }

    /// Removes a file. Returns `false` if it did not exist. For a bucket, always returns `true`,
    /// because S3 does not report whether the object existed.
    pub async fn remove(&self, key: &Key) -> io::Result<bool> {
        let path = match self {
            Self::Folder(folder) => folder.path(key),
            Self::Bucket(bucket, _) => {
                let removed = bucket.remove(&key.0).await;
                return removed.map(|()| true).map_err(io::Error::other);
            }
        };
        off_the_runtime(move || {
            let removed = found(fs::remove_file(&path))?.is_some();
            if removed {
                sync_folder_of(&path)?;
            }
            Ok(removed)
        })
        .await
    }
}

impl Folder {
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Creates the folder, if it does not exist.
    pub(crate) fn create(&self) -> io::Result<()> {
        create_folders(&self.root)
    }

    fn put(
        &self,
        key: &Key,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.root);
        create_folders(folder)?;
        // A key cannot start with a dot, so no stored file has the temporary name.
        let temporary = folder.join(self.next_name());
        let written = write(&temporary, fill).and_then(|()| fs::rename(&temporary, &path));
        if let Err(error) = written {
            drop(fs::remove_file(&temporary));
            return Err(error);
        }
        sync_folder_of(&path)
    }

    async fn open(&self, key: &Key) -> io::Result<Option<fs::File>> {
        let path = self.path(key);
        off_the_runtime(move || found(fs::File::open(path))).await
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(&key.0)
    }

    fn next_name(&self) -> String {
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        format!(".{}.{number}", std::process::id())
    }
}

const CHUNK: usize = 64 * 1024;

/// How many bytes of an object in a bucket are read at a time.
const OBJECT_CHUNK: u64 = 1 << 20;

/// A part of a stored file that is being read.
#[derive(Debug)]
pub enum Content {
    File(Take<tokio::fs::File>),
    Object(Box<Object>),
}

/// A part of an object in a bucket that is being read.
#[derive(Debug)]
pub struct Object {
    bucket: Box<S3>,
    key: String,
    range: Range<u64>,
    /// The first bytes. They are read on opening, to find out whether the object exists.
    first: Option<Bytes>,
}

impl Content {
    /// The next bytes; `None` at the end. Fails if a file ends before the requested range does.
    pub async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let file = match self {
            Self::File(file) => file,
            Self::Object(object) => {
                let part = match object.first.take() {
                    Some(first) => Some(first),
                    None => object.fetch().await?,
                };
                return Ok(part.filter(|part| !part.is_empty()));
            }
        };
        let mut chunk = BytesMut::with_capacity(CHUNK);
        if file.read_buf(&mut chunk).await? > 0 {
            return Ok(Some(chunk.freeze()));
        }
        match file.limit() {
            0 => Ok(None),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

impl Object {
    /// Reads the next bytes. Returns no bytes at the end, and `None` if the object does not exist.
    async fn fetch(&mut self) -> io::Result<Option<Bytes>> {
        let start = self.range.start;
        let end = self.range.end.min(start.saturating_add(OBJECT_CHUNK));
        if start >= end {
            return Ok(Some(Bytes::new()));
        }
        let part = self.bucket.get(&self.key, Some(start..end)).await;
        let part = part.map_err(io::Error::other)?;
        if let Some(part) = &part {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            self.range.start = start.saturating_add(length);
            // A part that is shorter than the requested range is the last one.
            if length < end - start {
                self.range.end = self.range.start;
            }
        }
        Ok(part)
    }
}

/// An incomplete file. Dropping it removes the content written so far.
#[derive(Debug)]
pub struct Arriving {
    path: PathBuf,
    /// `None` after [`Arriving::finish`].
    file: Option<tokio::fs::File>,
}

impl Arriving {
    pub async fn write(&mut self, part: &[u8]) -> io::Result<()> {
        match &mut self.file {
            Some(file) => file.write_all(part).await,
            None => Err(io::Error::other("the file has arrived")),
        }
    }

    /// Puts the whole content on stable storage.
    pub async fn finish(&mut self) -> io::Result<()> {
        if let Some(mut file) = self.file.take() {
            file.flush().await?;
            file.sync_all().await?;
        }
        Ok(())
    }

    /// The path at which the content can be read after [`Arriving::finish`].
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        // If the file was stored, it was renamed, so there is nothing to remove and this call
        // fails.
        drop(fs::remove_file(&self.path));
    }
}

fn write(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    fill_file(fs::File::create_new(path)?, fill)
}

fn fill_file(
    file: fs::File,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut file = io::BufWriter::new(file);
    fill(&mut file)?;
    file.into_inner()?.sync_all()
}

/// Creates the missing folders, and syncs the parent of each new folder.
fn create_folders(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent() {
        create_folders(above)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder_of(folder),
    }
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => fs::File::open(folder)?.sync_all(),
        _ => fs::File::open(".")?.sync_all(),
    }
}

fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)))
}
