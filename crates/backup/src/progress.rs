//! The position up to which the log was copied, saved in the data folder. With this position, the
//! agent can continue after a restart without a new snapshot.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::BackupError;

const FILE: &str = "backup-progress.json";

/// A generation of the backup contains the changes in SQLite's log up to this position.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) generation: String,
    /// The salt in the log's header. It identifies the log.
    pub(crate) salt: [u8; 8],
    /// The number of copied frames.
    pub(crate) frame: u32,
    /// The last copied frame's checksum, which covers all previous frames.
    pub(crate) checksum: [u8; 8],
    /// The number of the generation's next segment.
    #[serde(default)]
    pub(crate) next_segment: u64,
}

impl Progress {
    /// Reads the saved position. Returns `None` if it cannot be read. The agent then makes a
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
            tracing::error!(
                "cannot remove {}: {error}; delete it by hand, so that the next backup begins with a snapshot",
                path.display()
            );
        }
    }

    /// Saves the position. A crash may lose it, because the file is not flushed to the disk.
    pub(crate) fn save(&self, data: &Path) -> Result<(), BackupError> {
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
