//! Where backups go: objects with names, in a folder or a bucket.

mod folder;

use platform::Random;

use crate::BackupError;
use folder::Folder;

/// A place for backups. An object is there whole or not at all.
#[derive(Clone, Debug)]
pub enum Target {
    /// A folder, perhaps of another disk.
    Folder(Folder),
}

impl Target {
    /// Reads `folder:/PATH`.
    pub fn parse(text: &str) -> Result<Self, BackupError> {
        let wrong = || BackupError::NoTarget(text.to_owned());
        let path = text.strip_prefix("folder:").ok_or_else(wrong)?;
        let path = Some(path)
            .filter(|path| !path.is_empty())
            .ok_or_else(wrong)?;
        Ok(Self::Folder(Folder::at(path)))
    }

    /// The target for people.
    pub fn name(&self) -> String {
        match self {
            Self::Folder(folder) => folder.name(),
        }
    }

    /// Writes an object, replacing one of the same name.
    pub(crate) fn put(&self, random: &Random, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
        match self {
            Self::Folder(folder) => folder.put(random, name, bytes),
        }
    }

    /// Reads an object; `None` when it is not there.
    pub(crate) fn get(&self, name: &str) -> Result<Option<Vec<u8>>, BackupError> {
        match self {
            Self::Folder(folder) => folder.get(name),
        }
    }

    /// The names that begin with `prefix`, which ends with a slash, in order.
    pub(crate) fn list(&self, prefix: &str) -> Result<Vec<String>, BackupError> {
        match self {
            Self::Folder(folder) => folder.list(prefix),
        }
    }

    /// Removes an object, if it is there.
    pub(crate) fn remove(&self, name: &str) -> Result<(), BackupError> {
        match self {
            Self::Folder(folder) => folder.remove(name),
        }
    }
}
