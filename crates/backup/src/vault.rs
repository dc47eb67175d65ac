//! A target with the key: objects are encrypted under their names, and authenticated when read.

use platform::{Random, key};

use crate::key::{BackupKey, OBJECT};
use crate::{BackupError, Target};

/// The encrypted objects of one installation.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    pub(crate) target: Target,
    sealing: key::Key,
    random: Random,
}

impl Vault {
    /// Opens a target for backing up, and claims it if no installation uses it.
    pub(crate) fn claim(
        target: &Target,
        key: &BackupKey,
        random: &Random,
    ) -> Result<Self, BackupError> {
        match target.get(OBJECT)? {
            None => target.put(random, OBJECT, &key.envelope_bytes())?,
            Some(envelope) if key.is_of(&envelope)? => {}
            Some(_) => return Err(BackupError::OtherInstallation(target.name())),
        }
        Ok(Self::of(target, key, random))
    }

    /// Opens a target for reading. The key must be that of the backup.
    pub(crate) fn of(target: &Target, key: &BackupKey, random: &Random) -> Self {
        Self {
            target: target.clone(),
            sealing: key.sealing(),
            random: random.clone(),
        }
    }

    /// Returns the source of randomness for names and nonces.
    pub(crate) fn random(&self) -> &Random {
        &self.random
    }

    /// Derives a name from `parts` with the key. The name is always the same, and reveals nothing
    /// about the parts.
    pub(crate) fn name_of(&self, parts: &[&str]) -> String {
        platform::text_cleaning::hexadecimal(&self.sealing.mac(parts)[..16])
    }

    pub(crate) fn put(&self, name: &str, plain: &[u8]) -> Result<(), BackupError> {
        let sealed = self.sealing.seal(&self.random, &[name], plain);
        self.target.put(&self.random, name, &sealed)
    }

    /// Returns the content of an object. A missing object is an error.
    pub(crate) fn get(&self, name: &str) -> Result<Vec<u8>, BackupError> {
        let sealed = self.target.get(name)?;
        sealed
            .and_then(|sealed| self.sealing.open(&[name], &sealed))
            .ok_or_else(|| BackupError::damaged(name))
    }
}
