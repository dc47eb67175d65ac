//! Which programs use an SQLite store. Each holds a shared lock on a file beside the store, named by
//! what the program knows of the schema. The kernel releases the lock when the process ends.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// In the names of the files, before the fingerprint.
const INFIX: &str = "-program-";

/// This process's lock, until it is dropped.
#[derive(Debug)]
pub(super) struct Program {
    store: PathBuf,
    own: PathBuf,
    /// Holds the lock.
    _file: File,
}

impl Program {
    pub(super) fn announce(store: &Path, fingerprint: i32) -> io::Result<Self> {
        let mut own = store.as_os_str().to_owned();
        own.push(format!("{INFIX}{fingerprint:08x}"));
        let own = PathBuf::from(own);
        loop {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(false).mode(0o600);
            let file = options.open(&own)?;
            give_to_owner_of(store, &file)?;
            file.lock_shared()?;
            // Another process may have removed the file before it was locked.
            if is_at(&own, &file) {
                return Ok(Self {
                    store: store.to_owned(),
                    own,
                    _file: file,
                });
            }
        }
    }

    /// Whether a program with other steps than this one uses the store. Removes the files of
    /// programs that have ended.
    pub(super) fn has_others(&self) -> io::Result<bool> {
        let (Some(folder), Some(name)) = (self.store.parent(), self.store.file_name()) else {
            return Ok(false);
        };
        let mut prefix = name.as_encoded_bytes().to_vec();
        prefix.extend(INFIX.as_bytes());
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let mut is_any = false;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let is_program = entry.file_name().as_encoded_bytes().starts_with(&prefix);
            if !is_program || Some(&*entry.file_name()) == self.own.file_name() {
                continue;
            }
            let file = match File::open(entry.path()) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            match file.try_lock() {
                // Only who holds the lock of the file at this path may remove it.
                Ok(()) if is_at(&entry.path(), &file) => fs::remove_file(entry.path())?,
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => is_any = true,
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Ok(is_any)
    }
}

/// Whether the path still leads to this open file.
fn is_at(path: &Path, file: &File) -> bool {
    let (Ok(there), Ok(this)) = (fs::metadata(path), file.metadata()) else {
        return false;
    };
    (there.dev(), there.ino()) == (this.dev(), this.ino())
}

/// Like SQLite does with its own files, so that a command of root does not shut out the user who
/// runs Kenduri.
fn give_to_owner_of(store: &Path, file: &File) -> io::Result<()> {
    let (store, this) = (fs::metadata(store)?, file.metadata()?);
    if (store.uid(), store.gid()) == (this.uid(), this.gid()) {
        return Ok(());
    }
    match fchown(file, Some(store.uid()), Some(store.gid())) {
        // Only root can give a file away. The file can be opened, which is enough.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        given => given,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_programs_with_other_steps_that_still_run_count() {
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("kenduri.db");
        File::create(&store).unwrap();
        let announce = |fingerprint| Program::announce(&store, fingerprint).unwrap();
        let files = || fs::read_dir(folder.path()).unwrap().count();
        let this = announce(7);
        let same = announce(7);
        assert!(!this.has_others().unwrap());
        let older = announce(i32::MAX);
        assert!(this.has_others().unwrap() && same.has_others().unwrap());
        assert!(older.has_others().unwrap());
        assert_eq!(files(), 3);
        drop(older);
        assert!(!this.has_others().unwrap());
        assert_eq!(files(), 2, "what has ended leaves no file");
        drop((this, same));
        assert!(!announce(8).has_others().unwrap());
    }
}
