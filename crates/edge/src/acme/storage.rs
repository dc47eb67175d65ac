//! Stores the account, the certificates and the orders in progress on disk.
//!
//! Each authority has its own folder below `data/acme/`, so certificates from a test authority are
//! never served after a switch to the real one. A key and its chain share one file, so a crash
//! cannot separate them.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use instant_acme::AccountCredentials;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::durable_file;

use super::certificate::{Certificate, CertificateFault};
use super::schedule::Failures;

pub(super) const ACCOUNT: &str = "account.json";
const MAX_FILE_BYTES: u64 = 1 << 20;
const ENCODED_IN_FOLDER_NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

#[derive(Serialize, Deserialize)]
pub(super) struct StoredAccount {
    pub(super) contact: String,
    pub(super) credentials: AccountCredentials,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Attempt {
    pub(super) issued: Option<Timestamp>,
    pub(super) failures: Option<Failures>,
    pub(super) pending: Option<Pending>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) url: String,
    /// The order's private key, in PEM.
    pub(super) key: String,
}

impl std::fmt::Debug for Pending {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Pending {{ url: {:?}, key: *** }}", self.url)
    }
}

#[derive(Debug, Error)]
pub enum StorageError {
    #[error("{}: {cause}", path.display())]
    Disk {
        /// The file or folder that could not be accessed.
        path: PathBuf,
        cause: io::Error,
    },
    #[error("{} is damaged: {cause}; delete it, and another is made", path.display())]
    Damaged {
        path: PathBuf,
        /// What is wrong with the content.
        cause: Damage,
    },
}

#[derive(Debug, Error)]
pub enum Damage {
    #[error("it is not UTF-8")]
    Text,
    /// The content is far larger than the files that this module writes.
    #[error("it is larger than 1 MiB")]
    Size,
    #[error("{0}")]
    Json(serde_json::Error),
    #[error("{0}")]
    Certificate(CertificateFault),
}

/// The folder of one authority.
#[derive(Debug)]
pub(super) struct Storage {
    folder: PathBuf,
}

impl Storage {
    pub(super) fn open(data: &Path, directory: &str) -> Result<Self, StorageError> {
        let all = data.join("acme");
        let authority = directory.strip_prefix("https://").unwrap_or(directory);
        let folder = all.join(utf8_percent_encode(authority, ENCODED_IN_FOLDER_NAME).to_string());
        for folder in [&all, &folder] {
            let made = DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                // The mode is also set if the folder already exists, because it may have another
                // mode.
                .and_then(|()| fs::set_permissions(folder, Permissions::from_mode(0o700)))
                .and_then(|()| durable_file::sync(folder.parent().unwrap_or(folder)));
            made.map_err(|cause| disk(folder, cause))?;
        }
        Ok(Self { folder })
    }

    /// The folder's name, which says which authority it belongs to.
    pub(super) fn name(&self) -> String {
        let name = self.folder.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    pub(super) fn load_account(&self) -> Result<Option<StoredAccount>, StorageError> {
        self.load_json(ACCOUNT)
    }

    pub(super) fn store_account(&self, account: &StoredAccount) -> Result<(), StorageError> {
        self.store_json(ACCOUNT, account)
    }

    pub(super) fn forget_account(&self) -> Result<(), StorageError> {
        durable_file::remove(&self.folder, ACCOUNT)
            .map_err(|cause| disk(&self.folder.join(ACCOUNT), cause))
    }

    /// Loads the state of a name's order; an empty state if nothing is stored.
    pub(super) fn load_attempt(&self, name: &str) -> Result<Attempt, StorageError> {
        let mut attempt: Attempt = self.load_json(&attempt_file(name))?.unwrap_or_default();
        // If the certificate's file contains the order's key, the order was completed, although the
        // system crashed before the state was updated.
        if let (Some(pending), Ok(Some(pem))) =
            (&attempt.pending, self.read(&certificate_file(name)))
            && pem.starts_with(&pending.key)
        {
            attempt.pending = None;
        }
        Ok(attempt)
    }

    pub(super) fn store_attempt(&self, name: &str, attempt: &Attempt) -> Result<(), StorageError> {
        self.store_json(&attempt_file(name), attempt)
    }

    pub(super) fn load_certificate(&self, name: &str) -> Result<Option<Certificate>, StorageError> {
        let file = certificate_file(name);
        let Some(pem) = self.read(&file)? else {
            return Ok(None);
        };
        Certificate::read(name, &pem)
            .map(Some)
            .map_err(|fault| self.damaged(&file, Damage::Certificate(fault)))
    }

    pub(super) fn store_certificate(&self, name: &str, pem: &str) -> Result<(), StorageError> {
        self.write(&certificate_file(name), pem.as_bytes())
    }

    fn load_json<T: DeserializeOwned>(&self, file: &str) -> Result<Option<T>, StorageError> {
        let Some(text) = self.read(file)? else {
            return Ok(None);
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|cause| self.damaged(file, Damage::Json(cause)))
    }

    fn store_json(&self, file: &str, value: &impl Serialize) -> Result<(), StorageError> {
        let text = serde_json::to_vec_pretty(value)
            .map_err(|cause| disk(&self.folder.join(file), cause.into()))?;
        self.write(file, &text)
    }

    pub(super) fn read(&self, file: &str) -> Result<Option<String>, StorageError> {
        let path = self.folder.join(file);
        let mut bytes = Vec::new();
        let read = File::open(&path)
            .and_then(|open| open.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes));
        match read {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(disk(&path, cause)),
            Ok(_) => {}
        }
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(self.damaged(file, Damage::Size));
        }
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| self.damaged(file, Damage::Text))
    }

    pub(super) fn write(&self, file: &str, bytes: &[u8]) -> Result<(), StorageError> {
        durable_file::write(&self.folder, file, 0o600, bytes)
            .map_err(|cause| disk(&self.folder.join(file), cause))
    }

    fn damaged(&self, file: &str, cause: Damage) -> StorageError {
        StorageError::Damaged {
            path: self.folder.join(file),
            cause,
        }
    }
}

pub(super) fn certificate_file(name: &str) -> String {
    format!("{name}.certificate.pem")
}

pub(super) fn attempt_file(name: &str) -> String {
    format!("{name}.attempt.json")
}

fn disk(path: &Path, cause: io::Error) -> StorageError {
    StorageError::Disk {
        path: path.to_owned(),
        cause,
    }
}

#[cfg(test)]
mod tests;
