//! The position up to which the log was copied, saved in the data folder so that a restart needs no
//! new snapshot.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::BackupError;

/// The progress file in the data folder.
const FILE: &str = "backup-progress.json";

/// The position in the log up to which a generation contains the log's changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) generation: String,
    /// The salt that identifies the log.
    pub(crate) salt: [u8; 8],
    /// The number of copied frames.
    pub(crate) frame: u32,
    /// The checksum of the last copied frame, which covers all frames before it.
    pub(crate) checksum: [u8; 8],
}

impl Progress {
    /// Reads the saved progress; `None` if it cannot be read, in which case the agent makes a
    /// snapshot.
    pub(crate) fn read(data: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(path(data)).ok()?).ok()
    }

    /// Removes the saved progress, so that a snapshot is made.
    pub(crate) fn forget(data: &Path) {
        let path = path(data);
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::error!("cannot remove {}: {error}", path.display());
        }
    }

    /// Saves the progress. It may be lost in a crash, because the file is not synced.
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
