//! Backup targets in a folder on this machine. The folder may be a mounted network share.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use platform::Random;
use platform::s3::{Conditional, Precondition, Tagged};
use platform::text_cleaning::hexadecimal;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use super::LEASE_ENDED;
use crate::BackupError;

/// Of an object that is still being written.
const PARTIAL: &str = ".partial";

/// Locked while an object is written conditionally. It is no object, because of its dot.
const LOCK: &str = ".conditions.lock";

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

    pub(super) fn put(
        &self,
        random: &Random,
        name: &str,
        bytes: &[u8],
        must_end: impl Fn() -> bool,
    ) -> Result<(), BackupError> {
        self.write(random, name, bytes, must_end)
            .map_err(|reason| self.failed(&reason))
    }

    fn write(
        &self,
        random: &Random,
        name: &str,
        bytes: &[u8],
        must_end: impl Fn() -> bool,
    ) -> io::Result<()> {
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
            if must_end() {
                return Err(io::Error::other(LEASE_ENDED));
            }
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

    pub(super) fn get_with_tag(&self, name: &str) -> Result<Option<Tagged>, BackupError> {
        let found = self.get(name)?;
        Ok(found.map(|bytes| Tagged {
            tag: tag(&bytes),
            bytes,
            date: None,
        }))
    }

    /// Someone who holds the lock may be paused, so a lock that is taken refuses the write.
    pub(super) fn put_if(
        &self,
        random: &Random,
        name: &str,
        bytes: &[u8],
        condition: Precondition<'_>,
    ) -> Result<Conditional, BackupError> {
        let failed = |reason: io::Error| self.failed(&reason);
        // Nothing is created where the disk is not mounted.
        if matches!(condition, Precondition::Tag(_)) && !self.has(name)? {
            return Ok(Conditional::Refused);
        }
        let lock = self.lock_file().map_err(failed)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(Conditional::Refused),
            Err(error) => return Err(self.failed(&error.into())),
        }
        match condition {
            Precondition::Absent => {
                let path = self.0.join(name);
                let mut options = OpenOptions::new();
                // `O_EXCL` also works on network shares without locks.
                let file = options.write(true).create_new(true).mode(0o600).open(path);
                match file {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        return Ok(Conditional::Refused);
                    }
                    file => {
                        let mut file = file.map_err(failed)?;
                        let written = file.write_all(bytes).and_then(|()| file.sync_all());
                        written.map_err(failed)?;
                    }
                }
            }
            Precondition::Tag(expected) => {
                let found = self.get_with_tag(name)?;
                if found.is_none_or(|found| found.tag != expected) {
                    return Ok(Conditional::Refused);
                }
                self.put(random, name, bytes, || false)?;
            }
        }
        Ok(Conditional::Written(tag(bytes)))
    }

    fn lock_file(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        options.open(self.0.join(LOCK))
    }

    /// Two locks at once, and two files of one name.
    pub(super) fn keeps_conditions(&self, name: &str) -> Result<bool, BackupError> {
        let failed = |reason: io::Error| self.failed(&reason);
        let path = self.0.join(name);
        let (one, other) = (self.lock_file(), self.lock_file());
        let (one, other) = (one.map_err(failed)?, other.map_err(failed)?);
        let operation = FlockOperation::NonBlockingLockExclusive;
        let is_locked = match flock(&one, operation) {
            Ok(()) => flock(&other, operation) == Err(Errno::WOULDBLOCK),
            // Another Kenduri has it at this moment, so there are locks.
            Err(Errno::WOULDBLOCK) => true,
            Err(_) => false,
        };
        let create = || OpenOptions::new().write(true).create_new(true).open(&path);
        create().map_err(failed)?;
        let again = create();
        fs::remove_file(&path).map_err(failed)?;
        Ok(is_locked && again.is_err_and(|error| error.kind() == io::ErrorKind::AlreadyExists))
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

fn tag(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
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
