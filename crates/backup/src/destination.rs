//! Targets of backups. A target is a folder or an S3 bucket, and stores named objects.

mod folder;
mod s3;

use std::path::Path;

use platform::Random;

use crate::BackupError;
use folder::Folder;
pub use platform::s3::S3Access;
pub(crate) use platform::s3::{Conditional, Precondition, Tagged};
use s3::Bucket;
pub(crate) use s3::SHORT_TIME;

/// Why a write was given up.
const LEASE_ENDED: &str = "the lease ended during a write";

/// A backup's target. Each of its objects is either complete or missing.
#[derive(Clone, Debug)]
pub enum Target {
    /// A folder, which should be on another disk.
    Folder(Folder),
    S3(Box<Bucket>),
}

impl Target {
    /// Parses the setting `folder:/PATH` or `s3://BUCKET/PREFIX`.
    pub fn parse(text: &str, access: &S3Access) -> Result<Self, BackupError> {
        let after = |scheme| text.strip_prefix(scheme).filter(|rest| !rest.is_empty());
        if let Some(path) = after("folder:") {
            return Ok(Self::Folder(Folder::at(path)));
        }
        let bucket = after("s3://").ok_or_else(|| BackupError::NoTarget(text.to_owned()))?;
        Ok(Self::S3(Box::new(Bucket::at(bucket, access)?)))
    }

    /// Returns the target's name for operators.
    pub fn name(&self) -> String {
        match self {
            Self::Folder(folder) => folder.name(),
            Self::S3(bucket) => bucket.name(),
        }
    }

    /// Whether the target is a folder on the same disk as `data`.
    pub fn is_on_disk_of(&self, data: &Path) -> bool {
        match self {
            Self::Folder(folder) => folder.is_on_disk_of(data),
            Self::S3(_) => false,
        }
    }

    /// Whether the agent looks at the target before each round of copying. A look at a folder is
    /// cheap, and a folder can become the mount point of a missing disk at any moment.
    pub(crate) fn is_looked_at_each_round(&self) -> bool {
        matches!(self, Self::Folder(_))
    }

    /// Creates the target's folder. Other calls fail if the folder is missing.
    pub(crate) fn prepare(&self) -> Result<(), BackupError> {
        match self {
            Self::Folder(folder) => folder.prepare(),
            Self::S3(_) => Ok(()),
        }
    }

    /// Writes an object, and replaces an object of the same name.
    pub(crate) fn put(&self, random: &Random, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
        self.put_unless(random, name, bytes, || false)
    }

    /// Like [`Self::put`], but gives the write up as soon as `must_end`.
    pub(crate) fn put_unless(
        &self,
        random: &Random,
        name: &str,
        bytes: &[u8],
        must_end: impl Fn() -> bool,
    ) -> Result<(), BackupError> {
        match self {
            Self::Folder(folder) => folder.put(random, name, bytes, must_end),
            Self::S3(bucket) => bucket.put(name, bytes, must_end),
        }
    }

    /// Returns an object's content, or `None` if the object does not exist.
    pub(crate) fn get(&self, name: &str) -> Result<Option<Vec<u8>>, BackupError> {
        match self {
            Self::Folder(folder) => folder.get(name),
            Self::S3(bucket) => bucket.get(name),
        }
    }

    /// Returns an object's content with its tag, which differs for each content.
    pub(crate) fn get_with_tag(&self, name: &str) -> Result<Option<Tagged>, BackupError> {
        match self {
            Self::Folder(folder) => folder.get_with_tag(name),
            Self::S3(bucket) => bucket.get_with_tag(name),
        }
    }

    /// Writes an object, if the condition holds.
    pub(crate) fn put_if(
        &self,
        random: &Random,
        name: &str,
        bytes: &[u8],
        condition: Precondition<'_>,
    ) -> Result<Conditional, BackupError> {
        match self {
            Self::Folder(folder) => folder.put_if(random, name, bytes, condition),
            Self::S3(bucket) => bucket.put_if(name, bytes, condition),
        }
    }

    /// Whether of two conditional writes at once only one succeeds. Tries it with an object called
    /// `name`, which is removed again.
    pub(crate) fn keeps_conditions(&self, name: &str) -> Result<bool, BackupError> {
        match self {
            Self::Folder(folder) => folder.keeps_conditions(name),
            Self::S3(bucket) => bucket.keeps_conditions(name),
        }
    }

    pub(crate) fn has(&self, name: &str) -> Result<bool, BackupError> {
        match self {
            Self::Folder(folder) => folder.has(name),
            Self::S3(bucket) => bucket.has(name),
        }
    }

    /// Lists the names that begin with `prefix`, in ascending order. `prefix` ends with a slash.
    pub(crate) fn list(&self, prefix: &str) -> Result<Vec<String>, BackupError> {
        match self {
            Self::Folder(folder) => folder.list(prefix),
            Self::S3(bucket) => bucket.list(prefix),
        }
    }

    /// Lists the names that begin with `prefix` and sort after `after`, in ascending order.
    pub(crate) fn list_after(&self, prefix: &str, after: &str) -> Result<Vec<String>, BackupError> {
        match self {
            Self::Folder(folder) => {
                let mut names = folder.list(prefix)?;
                names.retain(|name| name.as_str() > after);
                Ok(names)
            }
            Self::S3(bucket) => bucket.list_after(prefix, after),
        }
    }

    /// Returns the size of all objects, in bytes.
    pub(crate) fn bytes(&self) -> Result<u64, BackupError> {
        match self {
            Self::Folder(folder) => folder.bytes(),
            Self::S3(bucket) => bucket.bytes(),
        }
    }

    /// Removes an object, if it exists.
    pub(crate) fn remove(&self, name: &str) -> Result<(), BackupError> {
        match self {
            Self::Folder(folder) => folder.remove(name),
            Self::S3(bucket) => bucket.remove(name),
        }
    }
}
