//! Small files that are replaced or removed atomically. Changes survive a power failure.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Replaces a file durably. The new file gets the permissions `mode` without those that the umask
/// masks. The bytes are first written to `.{name}`, so no other file may have that name.
pub(crate) fn write(folder: &Path, name: &str, mode: u32, bytes: &[u8]) -> io::Result<()> {
    replace(folder, name, mode, bytes)?;
    sync(folder)
}

/// Like `write`, but a power failure before [`sync`] may restore the old file. After an error, the
/// old file still exists.
pub(crate) fn replace(folder: &Path, name: &str, mode: u32, bytes: &[u8]) -> io::Result<()> {
    let fresh = folder.join(format!(".{name}"));
    remove_if_there(&fresh)?;
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&fresh)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&fresh, folder.join(name))
}

/// Removes a file durably. Also succeeds if the file does not exist.
pub(crate) fn remove(folder: &Path, name: &str) -> io::Result<()> {
    remove_if_there(&folder.join(name))?;
    sync(folder)
}

/// Flushes a folder's list of files to the disk.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    let is_here = folder.as_os_str().is_empty();
    File::open(if is_here { Path::new(".") } else { folder })?.sync_all()
}

/// Removes a file, if it exists. A power failure before [`sync`] may undo the removal.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_with_rights_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        // An earlier power failure left this temporary file.
        fs::write(folder.path().join(".file"), "half a").unwrap();
        for (mode, bytes) in [(0o600, "one"), (0o400, "another"), (0o600, "")] {
            write(folder.path(), "file", mode, bytes.as_bytes()).unwrap();
            let path = folder.path().join("file");
            assert_eq!(fs::read_to_string(&path).unwrap(), bytes);
            let rights = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(rights & 0o777, mode);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
        for _ in 0..2 {
            remove(folder.path(), "file").unwrap();
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}
