//! How far the log was copied, kept in the data folder, so that a restart needs no new snapshot.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::BackupError;

/// The file in the data folder.
const FILE: &str = "backup-progress.json";

/// Up to where a generation has the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) generation: String,
    /// Tells logs apart.
    pub(crate) salt: [u8; 8],
    /// The number of copied frames.
    pub(crate) frame: u32,
    /// The checksum of the last of them, which covers all before it.
    pub(crate) checksum: [u8; 8],
}

impl Progress {
    /// Nothing where it cannot be read: a snapshot is made then.
    pub(crate) fn read(data: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(path(data)).ok()?).ok()
    }

    /// A crash may lose it.
    pub(crate) fn keep(&self, data: &Path) -> Result<(), BackupError> {
        let path = path(data);
        let next = path.with_extension("next");
        let text = serde_json::to_vec(self).unwrap_or_default();
        fs::write(&next, text)
            .and_then(|()| fs::rename(&next, &path))
            .map_err(BackupError::file(&path))
    }
}

fn path(data: &Path) -> PathBuf {
    data.join(FILE)
}
