//! Removes folders that services can write to.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, lchown};
use std::path::Path;

const FOR_NOBODY_ELSE: u32 = 0o700;

/// Removes an entry, with all its contents, from a folder that belongs to this user.
///
/// A service may create arbitrarily deep folders. [`fs::remove_dir_all`] would need a descriptor
/// and stack space for each level, so this function first moves nested folders to the top level.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut free = (0_u64..).map(|number| folder.join(format!(".{number}")));
    let mut left = vec![path.to_owned()];
    while let Some(path) = left.pop() {
        if !fs::symlink_metadata(&path)?.is_dir() {
            fs::remove_file(&path)?;
            continue;
        }
        let me = rustix::process::geteuid().as_raw();
        lchown(&path, Some(me), None)?;
        fs::set_permissions(&path, Permissions::from_mode(FOR_NOBODY_ELSE))?;
        for entry in fs::read_dir(&path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                let beside = free.find(|path| !is_there(path));
                let beside = beside.ok_or(io::ErrorKind::AlreadyExists)?;
                fs::rename(entry.path(), &beside)?;
                left.push(beside);
            } else {
                fs::remove_file(entry.path())?;
            }
        }
        fs::remove_dir(&path)?;
    }
    Ok(())
}

fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
