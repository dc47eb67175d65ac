//! The free space of a disk, and how much of it a restore may use.

use std::io;
use std::path::Path;

use crate::BackupError;

/// How much of a disk's free space a restore may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    All,
    /// A tenth of the disk, but at most 1 GiB, stays free, because a running site writes there too.
    Most,
}

impl Room {
    /// With a margin: a tenth of the disk, at most 1 GiB.
    pub(crate) fn check(self, folder: &Path, bytes: usize) -> Result<(), BackupError> {
        if self == Self::All {
            return Ok(());
        }
        let (free, whole) = space(folder)?;
        let needed = (whole / 10).min(1 << 30).saturating_add(bytes as u64);
        if free < needed {
            let path = folder.to_owned();
            return Err(BackupError::NoSpace { path, free, needed });
        }
        Ok(())
    }
}

/// Plus a margin of 10%.
pub(crate) fn check_space(folder: &Path, bytes: u64) -> Result<(), BackupError> {
    let free = free_space(folder)?;
    let needed = bytes.saturating_add(bytes / 10);
    if free < needed {
        return Err(BackupError::NoSpace {
            path: folder.to_owned(),
            free,
            needed,
        });
    }
    Ok(())
}

/// Returns the free space on the file system of `folder`, in bytes.
pub(crate) fn free_space(folder: &Path) -> Result<u64, BackupError> {
    Ok(space(folder)?.0)
}

/// Free and whole, in bytes.
fn space(folder: &Path) -> Result<(u64, u64), BackupError> {
    let facts = rustix::fs::statvfs(folder)
        .map_err(|error| BackupError::file(folder)(io::Error::from(error)))?;
    let bytes = |blocks: u64| blocks.saturating_mul(facts.f_frsize);
    Ok((bytes(facts.f_bavail), bytes(facts.f_blocks)))
}
