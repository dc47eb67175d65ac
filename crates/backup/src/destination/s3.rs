//! Backup targets in an S3 bucket. Calls block until the bucket's server responds. This is no
//! problem, because backups have a thread of their own.

use bytes::Bytes;
use platform::s3::{S3, S3Access, S3Error};

use crate::BackupError;

/// A bucket, with a prefix. The names of all the backup's objects begin with this prefix.
#[derive(Clone, Debug)]
pub struct Bucket(S3);

impl Bucket {
    /// Parses `BUCKET/PREFIX` from the setting.
    pub(super) fn at(place: &str, access: &S3Access) -> Result<Self, BackupError> {
        Ok(Self(S3::at(place, access)?))
    }

    pub(super) fn name(&self) -> String {
        self.0.name()
    }

    pub(super) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
        self.wait(self.0.put(name, Bytes::copy_from_slice(bytes)))
    }

    pub(super) fn get(&self, name: &str) -> Result<Option<Vec<u8>>, BackupError> {
        let found = self.wait(self.0.get(name, None))?;
        Ok(found.map(Vec::from))
    }

    pub(super) fn has(&self, name: &str) -> Result<bool, BackupError> {
        let found = self.wait(self.0.get(name, Some(0..1)))?;
        Ok(found.is_some())
    }

    pub(super) fn list(&self, prefix: &str) -> Result<Vec<String>, BackupError> {
        let objects = self.wait(self.0.list(prefix))?.into_iter();
        Ok(objects.map(|(name, _)| name).collect())
    }

    pub(super) fn bytes(&self) -> Result<u64, BackupError> {
        let objects = self.wait(self.0.list(""))?.into_iter();
        Ok(objects.map(|(_, bytes)| bytes).sum())
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), BackupError> {
        self.wait(self.0.remove(name))
    }

    fn wait<T>(&self, call: impl Future<Output = Result<T, S3Error>>) -> Result<T, BackupError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| BackupError::Target {
            target: self.name(),
            reason: error.to_string(),
        })?;
        Ok(runtime.block_on(call)?)
    }
}

impl From<S3Error> for BackupError {
    fn from(error: S3Error) -> Self {
        match error {
            S3Error::Access(reason) => Self::Access(reason),
            S3Error::Target { target, reason } => Self::Target { target, reason },
        }
    }
}
