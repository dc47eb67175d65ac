//! The position up to which the log was copied, saved in the data folder. With it, the agent needs
//! no new snapshot after a restart.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::BackupError;

/// The name of the file with the saved position, in the data folder.
const FILE: &str = "backup-progress.json";

/// The position in SQLite's log up to which a generation of the backup contains changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) generation: String,
    /// The salt in the log's header, which identifies the log.
    pub(crate) salt: [u8; 8],
    /// The number of copied frames.
    pub(crate) frame: u32,
    /// The checksum of the last copied frame, which covers all frames before it.
    pub(crate) checksum: [u8; 8],
}

impl Progress {
    /// Reads the saved position; `None` if it cannot be read, in which case the agent makes a
    /// snapshot.
    pub(crate) fn read(data: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(path(data)).ok()?).ok()
    }

    /// Removes the saved position, so that the agent makes a snapshot.
    pub(crate) fn forget(data: &Path) {
        let path = path(data);
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::error!("cannot remove {}: {error}", path.display());
        }
    }

    /// Saves the position. It may be lost in a crash, because the file is not synced.
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
