//! The file store, which keeps exports and uploads outside the database.
//!
//! A file is visible only when it is complete and on stable storage. It is written under a
//! temporary name, synced and renamed, and then the folder is synced.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Debug)]
pub enum Files {
    Folder(Folder),
}

/// A file store in a folder, with one file per key.
#[derive(Clone, Debug)]
pub struct Folder {
    root: Arc<Path>,
    max_upload: usize,
    written: Arc<AtomicU64>,
}

/// The name of a stored file: segments of `a-z 0-9 - _ .` between slashes, none of which starts
/// with a dot; at most 200 characters. Such a name is valid on every file system and cannot lead
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

    /// The largest upload, in bytes.
    pub fn max_upload(&self) -> usize {
        let Self::Folder(folder) = self;
        folder.max_upload
    }

    /// Writes a file, replacing any previous file with this key. `fill` writes the content; if it
    /// fails, nothing changes.
    pub async fn put<F>(&self, key: &Key, fill: F) -> io::Result<()>
    where
        F: FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
    {
        let Self::Folder(folder) = self.clone();
        let key = key.clone();
        off_the_runtime(move || folder.put(&key, fill)).await
    }

    /// Opens a file for reading; `None` when it does not exist.
    pub async fn open(&self, key: &Key) -> io::Result<Option<fs::File>> {
        let Self::Folder(folder) = self.clone();
        let key = key.clone();
        off_the_runtime(move || found(fs::File::open(folder.path(&key)))).await
    }

    /// Removes a file, and returns whether it existed.
    pub async fn remove(&self, key: &Key) -> io::Result<bool> {
        let Self::Folder(folder) = self.clone();
        let key = key.clone();
        off_the_runtime(move || {
            let path = folder.path(&key);
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
    fn put(
        &self,
        key: &Key,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.root);
        create_folders(folder)?;
        // A key cannot start with a dot, so no stored file has the temporary name.
        let temporary = folder.join(format!(
            ".{}.{}",
            std::process::id(),
            self.written.fetch_add(1, Ordering::Relaxed)
        ));
        let written = write(&temporary, fill).and_then(|()| fs::rename(&temporary, &path));
        if let Err(error) = written {
            drop(fs::remove_file(&temporary));
            return Err(error);
        }
        sync_folder_of(&path)
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.root.join(&key.0)
    }
}

fn write(path: &Path, fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut file = io::BufWriter::new(fs::File::create_new(path)?);
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
