//! Backup targets in a folder on this machine. The folder may be a mounted network share.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use platform::Random;
use platform::text_cleaning::hexadecimal;

use crate::BackupError;

/// Of an object that is still being written.
const PARTIAL: &str = ".partial";

#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    pub(super) fn at(path: &str) -> Self {
        Self(PathBuf::from(path))
    }

    pub(super) fn name(&self) -> String {
        format!("folder:{}", self.0.display())
    }

    pub(super) fn is_on_disk_of(&self, data: &Path) -> bool {
        let disk = disk_of(&self.0);
        disk.is_some() && disk == disk_of(data)
    }

    pub(super) fn prepare(&self) -> Result<(), BackupError> {
        make(&self.0).map_err(|reason| match reason.kind() {
            io::ErrorKind::AlreadyExists => self.failed(&rustix::io::Errno::NOTDIR.into()),
            _ => self.failed(&reason),
        })
    }

    pub(super) fn put(&self, random: &Random, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
        self.write(random, name, bytes)
            .map_err(|reason| self.failed(&reason))
    }

    fn write(&self, random: &Random, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.0.join(name);
        let folder = path.parent().unwrap_or(&self.0);
        // If the whole folder is missing, its disk is missing too.
        fs::metadata(&self.0)?;
        make(folder)?;
        let mut unique = [0; 8];
        random.fill(&mut unique);
        let mut partial = path.clone().into_os_string();
        partial.push(format!(".{}{PARTIAL}", hexadecimal(&unique)));
        let partial = PathBuf::from(partial);
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&partial);
        let written = file.and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&partial, &path)?;
            File::open(folder)?.sync_all()
        });
        if written.is_err() {
            // If the incomplete file cannot be removed, it does no harm, because it is never read.
            let _ = fs::remove_file(&partial);
        }
        written
    }

    pub(super) fn get(&self, name: &str) -> Result<Option<Vec<u8>>, BackupError> {
        match fs::read(self.0.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(&error)),
        }
    }

    pub(super) fn has(&self, name: &str) -> Result<bool, BackupError> {
        match fs::metadata(self.0.join(name)) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.failed(&error)),
        }
    }

    pub(super) fn list(&self, prefix: &str) -> Result<Vec<String>, BackupError> {
        let mut names = Vec::new();
        self.gather(&self.0.join(prefix), &mut names)
            .map_err(|reason| self.failed(&reason))?;
        names.sort_unstable();
        Ok(names)
    }

    pub(super) fn bytes(&self) -> Result<u64, BackupError> {
        let names = self.list("")?;
        let lengths = names.iter().filter_map(|name| {
            // The object may have been removed since the folder was listed.
            fs::metadata(self.0.join(name)).ok()
        });
        Ok(lengths.map(|facts| facts.len()).sum())
    }

    fn gather(&self, folder: &Path, names: &mut Vec<String>) -> io::Result<()> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if !entry.file_name().to_str().is_some_and(may_be_ours) {
                continue;
            }
            let path = entry.path();
            if entry.file_type()?.is_dir() {
                self.gather(&path, names)?;
            } else if let Ok(name) = path.strip_prefix(&self.0)
                && let Some(name) = name.to_str().filter(|name| !name.ends_with(PARTIAL))
            {
                names.push(name.to_owned());
            }
        }
        Ok(())
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), BackupError> {
        let path = self.0.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.failed(&error)),
            _ => {
                // This removes the folder only if it is empty.
                let _ = path.parent().map(fs::remove_dir);
                Ok(())
            }
        }
    }

    fn failed(&self, reason: &io::Error) -> BackupError {
        BackupError::Target {
            target: self.name(),
            reason: reason.to_string(),
        }
    }
}

/// Other programs leave entries such as `.DS_Store`, `@eaDir` and `lost+found`, which may not even
/// be readable.
fn may_be_ours(name: &str) -> bool {
    let is_ours = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !name.starts_with('.') && name.bytes().all(is_ours)
}

/// The path may not exist yet.
fn disk_of(path: &Path) -> Option<u64> {
    let mut known = path.ancestors().filter_map(|path| fs::metadata(path).ok());
    known.next().map(|facts| facts.dev())
}

fn make(folder: &Path) -> io::Result<()> {
    let mut options = fs::DirBuilder::new();
    options.recursive(true).mode(0o700).create(folder)
}
