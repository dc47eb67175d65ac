//! A backup's target together with its key. Objects are encrypted and bound to their names, and
//! authenticated when they are read.

use platform::{Random, key};

use crate::key::{BackupKey, OBJECT};
use crate::{BackupError, Target};

/// The encrypted objects of an installation's backup.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    pub(crate) target: Target,
    key: BackupKey,
    sealing: key::Key,
    random: Random,
}

impl Vault {
    /// Opens a target for writing. An empty target then belongs to this installation.
    pub(crate) fn claim(
        target: &Target,
        key: &BackupKey,
        random: &Random,
    ) -> Result<Self, BackupError> {
        let vault = Self::of(target, key, random);
        target.prepare()?;
        vault.keep_envelope()?;
        Ok(vault)
    }

    /// Writes the envelope, which contains the encrypted key, if it is missing or was changed.
    /// Fails if the envelope belongs to another installation.
    pub(crate) fn keep_envelope(&self) -> Result<(), BackupError> {
        let ours = self.key.envelope_bytes();
        match self.target.get(OBJECT)? {
            Some(found) if found == ours => return Ok(()),
            Some(found) if !self.key.is_of(&found)? => {
                return Err(BackupError::OtherInstallation(self.target.name()));
            }
            Some(_) => tracing::error!(
                "{OBJECT} of the backup was changed by somebody else; it is written again; check who can write to backup.to"
            ),
            None => {}
        }
        self.target.put(&self.random, OBJECT, &ours)
    }

    /// Fails if the envelope, which contains the encrypted key, is missing or was changed.
    pub(crate) fn check_envelope(&self) -> Result<(), BackupError> {
        if self.has_envelope()? {
            Ok(())
        } else {
            Err(BackupError::damaged(OBJECT))
        }
    }

    /// Whether the target contains the envelope as it was written.
    pub(crate) fn has_envelope(&self) -> Result<bool, BackupError> {
        Ok(self.target.get(OBJECT)? == Some(self.key.envelope_bytes()))
    }

    /// Opens a target for reading. `key` must be the key of its backup.
    pub(crate) fn of(target: &Target, key: &BackupKey, random: &Random) -> Self {
        Self {
            target: target.clone(),
            key: key.clone(),
            sealing: key.sealing(),
            random: random.clone(),
        }
    }

    pub(crate) fn random(&self) -> &Random {
        &self.random
    }

    /// Derives an object's name from `parts` and the key. The same parts always yield the same
    /// name. The name reveals nothing about the parts.
    pub(crate) fn name_of(&self, parts: &[&str]) -> String {
        platform::text_cleaning::hexadecimal(&self.sealing.mac(parts)[..16])
    }

    pub(crate) fn put(&self, name: &str, plain: &[u8]) -> Result<(), BackupError> {
        let sealed = self.sealing.seal(&self.random, &[name], plain);
        self.target.put(&self.random, name, &sealed)
    }

    /// Returns an object's decrypted content. A missing object is an error.
    pub(crate) fn get(&self, name: &str) -> Result<Vec<u8>, BackupError> {
        let sealed = self.target.get(name)?;
        sealed
            .and_then(|sealed| self.sealing.open(&[name], &sealed))
            .ok_or_else(|| BackupError::damaged(name))
    }
}
