//! Looks whether the target still contains what was copied to it.

use super::Going;
use crate::key::OBJECT;
use crate::restore::Chosen;
use crate::vault::Vault;
use crate::wal_copy::WalCopy;
use crate::{BackupError, files};

/// What is wrong in the target without stopping the backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Repair {
    /// The envelope is missing or was changed. The next snapshot writes it again.
    Envelope,
    /// This object was missing. What was in it is copied again.
    CopiedAgain(String),
}

impl std::fmt::Display for Repair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Envelope => write!(
                f,
                "{OBJECT} of the backup is missing or was changed\n  \
                 the next snapshot writes it again; to make one now: kenduri backup now"
            ),
            Self::CopiedAgain(object) => write!(
                f,
                "{object} was missing from the backup, and is copied again\n  \
                 earlier snapshots that need it cannot be restored"
            ),
        }
    }
}

impl Going {
    /// Checks the newest snapshot, what was written last, and the envelope. Fails with
    /// [`BackupError::Lost`] or [`BackupError::Gone`].
    pub(crate) fn look(&mut self) -> Result<Option<Repair>, BackupError> {
        let Some(newest) = &self.newest else {
            return Ok(None);
        };
        let (target, manifest) = (&self.vault.target, newest.manifest_name());
        if !target.has(&manifest)? {
            return Err(BackupError::Lost {
                target: target.name(),
                object: manifest,
            });
        }
        let segments = self.generations.iter();
        let segments = segments.filter_map(|active| active.last.clone());
        let log = self.wal.as_ref().and_then(|wal| wal.last.clone());
        for object in segments.chain(log) {
            if !target.has(&object)? {
                return Err(self.gone(object));
            }
        }
        let is_whole = self.vault.has_envelope()?;
        Ok((!is_whole).then_some(Repair::Envelope))
    }

    /// Checks everything that a restore of the latest state needs. Afterwards, files and erasures
    /// that were missing are copied again.
    pub(crate) fn look_at_all(&mut self) -> Result<Option<Repair>, BackupError> {
        if self.newest.is_none() {
            return Ok(None);
        }
        let next_segment = match &*self.generations {
            [only] => only.next_segment,
            _ => 0,
        };
        match check(&self.vault, next_segment) {
            Err(BackupError::Damaged { object, .. }) => Err(self.gone(object)),
            Err(error) => Err(error),
            Ok(()) => self.copy_missing(),
        }
    }

    /// Lists the files and the erasures in the target, so that missing ones are copied again.
    pub(crate) fn copy_missing(&mut self) -> Result<Option<Repair>, BackupError> {
        let file = self.files.forget_missing(&files::list(&self.vault)?);
        let erasure = self.erasures.forget_missing(&self.vault)?;
        Ok(file.or(erasure).map(Repair::CopiedAgain))
    }

    /// The present chain of changes has a gap, so a new snapshot is needed.
    fn gone(&mut self, object: String) -> BackupError {
        let given_up = self.wal.as_mut().map_or(Ok(()), WalCopy::give_up);
        given_up.err().unwrap_or(BackupError::Gone(object))
    }
}

/// Fails with [`BackupError::Damaged`] if the latest state cannot be restored. `next_segment` is the
/// number of the next segment of SQLite's log.
pub(super) fn check(vault: &Vault, next_segment: u64) -> Result<(), BackupError> {
    let chosen = Chosen::find(vault, None)?;
    let plan = chosen.plan(vault, None)?;
    let there = files::list(vault)?;
    if let Some(name) = plan.files.iter().find(|name| !there.contains(*name)) {
        return Err(BackupError::damaged(name));
    }
    let next = plan.segments.last().map_or(0, |last| last.number + 1);
    if next < next_segment {
        let object = chosen.generation.segment_prefix(next);
        return Err(BackupError::damaged(&object));
    }
    Ok(())
}
