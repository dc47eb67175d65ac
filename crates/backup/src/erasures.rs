//! The list of erased accounts and data. It is stored separately from the snapshots and is always
//! read completely. After an older state is restored, everything that was erased later can
//! therefore be erased again.

use std::collections::BTreeSet;
use std::path::Path;
use std::{fs, io};

use platform::erasure::Erased;

use crate::BackupError;
use crate::generation::is_hexadecimal;
use crate::vault::Vault;

/// The prefix of the list's objects.
pub(crate) const ALL: &str = "erasures/";
/// The file in a restored data folder that lists the erasures to repeat before Kenduri accepts
/// requests.
pub const TO_REPEAT: &str = "erasures-to-repeat.json";

/// The erasures that are already in the backup.
#[derive(Debug)]
pub(crate) struct Sent {
    names: BTreeSet<String>,
    /// The number of the last erasure in the backup.
    pub(crate) last: i64,
}

impl Sent {
    pub(crate) fn find(vault: &Vault) -> Result<Self, BackupError> {
        Ok(Self {
            names: list(vault)?,
            last: 0,
        })
    }

    /// Forgets the erasures that are no longer in the target, so that they are sent again. Returns
    /// one of these objects, if there are any.
    pub(crate) fn forget_missing(&mut self, vault: &Vault) -> Result<Option<String>, BackupError> {
        let there = list(vault)?;
        let missing = self.names.difference(&there).next().cloned();
        if missing.is_some() {
            self.names = there;
            self.last = 0;
        }
        Ok(missing)
    }

    pub(crate) fn send(&mut self, vault: &Vault, rows: &[Erased]) -> Result<(), BackupError> {
        for row in rows {
            let name = format!(
                "{ALL}{}",
                vault.name_of(&["erased", &row.kind, &row.subject, &row.at.to_string()])
            );
            if !self.names.contains(&name) {
                vault.put(&name, &serde_json::to_vec(row).unwrap_or_default())?;
                self.names.insert(name);
            }
            self.last = self.last.max(row.number);
        }
        Ok(())
    }
}

impl Sent {
    pub(crate) fn count(&self) -> usize {
        self.names.len()
    }
}

/// Returns the number of erasures in the backup.
pub(crate) fn count(vault: &Vault) -> Result<usize, BackupError> {
    Ok(list(vault)?.len())
}

fn list(vault: &Vault) -> Result<BTreeSet<String>, BackupError> {
    let mut names = vault.target.list(ALL)?;
    names.retain(|name| {
        let name = name.strip_prefix(ALL);
        name.is_some_and(|name| is_hexadecimal(name, 32))
    });
    Ok(names.into_iter().collect())
}

/// Returns all erasures in the order in which they happened.
pub(crate) fn read(vault: &Vault) -> Result<Vec<Erased>, BackupError> {
    let mut all: Vec<Erased> = Vec::new();
    for name in list(vault)? {
        let row = serde_json::from_slice(&vault.get(&name)?);
        all.push(row.map_err(|_| BackupError::damaged(&name))?);
    }
    all.sort_by_key(|row| row.at);
    Ok(all)
}

/// Returns the erasures that must be repeated. The list is empty if no backup was restored.
pub fn to_repeat(data: &Path) -> Result<Vec<Erased>, BackupError> {
    let path = data.join(TO_REPEAT);
    match fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(BackupError::file(&path)(error)),
        Ok(bytes) => {
            let list = serde_json::from_slice(&bytes).map_err(io::Error::from);
            list.map_err(BackupError::file(&path))
        }
    }
}

/// Records that all listed erasures were repeated.
pub fn repeated(data: &Path) -> Result<(), BackupError> {
    let path = data.join(TO_REPEAT);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(BackupError::file(&path)(error))
        }
        _ => Ok(()),
    }
}
