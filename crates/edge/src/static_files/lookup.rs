//! Looks up a path on the disk, on a thread that may block.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use super::entry::{Entry, LoadError, Opened};
use super::folder::{Candidate, Folder, index};
use super::listing::{self, Page};
use super::memory::{Memory, MemoryLookup};
use super::open::Root;
use super::path::RequestedFile;
use crate::filters::compression::Encoding;

/// While another process is writing the file.
const MAX_READS: usize = 3;

pub(super) struct DiskLookup {
    pub(super) folder: Arc<Folder>,
    pub(super) memory: Memory,
    pub(super) asked: RequestedFile<'static>,
    /// The first file to try. The caller has already looked for it in the memory cache.
    pub(super) first: Option<String>,
    /// The path before a prefix was stripped.
    pub(super) original: String,
    pub(super) now: SystemTime,
}

pub(super) enum LookupResult {
    File(Arc<Entry>),
    /// A folder, requested without a trailing slash.
    Folder,
    Listing(Page),
    Nothing,
}

impl DiskLookup {
    /// Looks up the path on a thread that may block. If `is_known` is true, the memory cache has
    /// the file, and the file is compared with the disk.
    pub(super) async fn run(self, is_known: bool) -> io::Result<LookupResult> {
        let turn = self.memory.turn_to_look().await?;
        // Another request may have read the file in the meantime.
        if !is_known
            && let Some(first) = &self.first
            && let MemoryLookup::Fresh(entry) = self.memory.find(self.folder.id(), first, self.now)
        {
            return Ok(LookupResult::File(entry));
        }
        // The permit moves to the thread, because the thread continues even if the client
        // disconnects.
        let asked = tokio::task::spawn_blocking(move || {
            let seen = self.run_here();
            drop(turn);
            seen
        });
        asked.await.map_err(io::Error::other)?
    }

    fn run_here(self) -> io::Result<LookupResult> {
        let seen = self.search()?;
        if let Some(first) = &self.first
            && !matches!(&seen, LookupResult::File(entry) if entry.is_kept() && *entry.name == **first)
        {
            self.memory.forget(self.folder.id(), first);
        }
        Ok(seen)
    }

    fn search(&self) -> io::Result<LookupResult> {
        // A deployment may replace the folder, so it is opened for each lookup.
        let root = match self.folder.open() {
            Ok(root) => {
                self.folder.is_missing.store(false, Ordering::Relaxed);
                root
            }
            Err(error) if is_missing(&error) => {
                // A missing folder is logged once.
                if !self.folder.is_missing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        %error, root = %self.folder.root().display(),
                        "a folder to serve does not exist, so its paths are answered as missing; create it, or correct `to` in its route"
                    );
                }
                return Ok(LookupResult::Nothing);
            }
            Err(error) => return Err(error),
        };
        for candidate in self.folder.candidates(&self.asked, &self.original) {
            match candidate {
                Candidate::File(name) => {
                    if let Some(entry) = self.file(&root, &name)? {
                        return Ok(LookupResult::File(entry));
                    }
                }
                Candidate::Folder(folder) if self.asked.is_folder => {
                    if let Some(entry) = self.file(&root, &index(folder))? {
                        return Ok(LookupResult::File(entry));
                    }
                    if self.folder.listing
                        && let Some(page) = listing::read(&root, folder)?
                    {
                        return Ok(LookupResult::Listing(page));
                    }
                }
                Candidate::Folder(folder) => {
                    if root.file(&index(folder))?.is_some()
                        || (self.folder.listing && root.folder(folder)?.is_some())
                    {
                        return Ok(LookupResult::Folder);
                    }
                }
            }
        }
        Ok(LookupResult::Nothing)
    }

    fn file(&self, root: &Root<'_>, name: &str) -> io::Result<Option<Arc<Entry>>> {
        for _ in 0..MAX_READS {
            let Some(opened) = open(root, name)? else {
                return Ok(None);
            };
            let folder = self.folder.id();
            if let Some(entry) = self
                .memory
                .confirm(folder, name, &opened.stamps(), self.now)
            {
                return Ok(Some(entry));
            }
            match Entry::load(&self.folder, name, opened, self.now) {
                Ok(entry) => {
                    let entry = Arc::new(entry);
                    if entry.is_kept() {
                        self.memory.insert(&entry, self.now);
                    }
                    return Ok(Some(entry));
                }
                Err(LoadError::Changing) => {}
                Err(LoadError::Disk(error)) => return Err(error),
            }
        }
        Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "the file changes while it is read",
        ))
    }
}

fn is_missing(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    matches!(error.kind(), NotFound | NotADirectory | PermissionDenied)
}

/// With those precompressed siblings that are not older than the file.
fn open(root: &Root<'_>, name: &str) -> io::Result<Option<Opened>> {
    let Some(plain) = root.file(name)? else {
        return Ok(None);
    };
    let mut siblings = [None, None];
    let is_sibling = Encoding::ALL
        .into_iter()
        .any(|encoding| name.ends_with(encoding.ending()));
    if !is_sibling {
        for encoding in Encoding::ALL {
            siblings[encoding as usize] = root
                .file(&format!("{name}{}", encoding.ending()))?
                .filter(|(_, stamp)| stamp.modified >= plain.1.modified);
        }
    }
    Ok(Some(Opened { plain, siblings }))
}
