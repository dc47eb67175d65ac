//! Folders that are kept open after their owner and permissions have been checked. All operations
//! use the open descriptor, so they affect the same folder even if another folder replaces it at
//! its path.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// stat(2), of group and others.
const WRITE_BY_OTHERS: u32 = 0o022;
/// The bits that `chmod` can change (chmod(2)).
const MODE: u32 = 0o7777;

/// A folder in which no other user except root can create, rename or remove anything.
#[derive(Debug)]
pub struct Folder {
    descriptor: File,
    path: PathBuf,
}

impl Folder {
    /// Opens a folder and adds the permissions in `mode`. Creates the folder if it does not exist.
    /// Does not follow links. Fails if the owner of the folder is neither this user nor root.
    pub fn make(path: &Path, mode: u32) -> io::Result<Self> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(mode).create(path)?;
        Self::open(path, path.to_owned(), mode)
    }

    /// Opens or creates a subfolder, with the same checks as [`Folder::make`].
    pub fn make_inside(&self, name: &str, mode: u32) -> io::Result<Self> {
        make(&self.at(name), mode)?;
        Self::open(&self.at(name), self.path.join(name), mode)
    }

    fn open(at: &Path, path: PathBuf, mode: u32) -> io::Result<Self> {
        let descriptor = open(at)?;
        let metadata = descriptor.metadata()?;
        let owner = metadata.uid();
        if owner != 0 && owner != rustix::process::geteuid().as_raw() {
            let why = format!("it belongs to another user: {owner}");
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        let found = metadata.mode() & MODE;
        let wanted = found & !WRITE_BY_OTHERS | mode;
        if found != wanted {
            descriptor.set_permissions(Permissions::from_mode(wanted))?;
        }
        Ok(Self { descriptor, path })
    }

    /// Creates a subfolder that belongs to `owner` (uid and gid), or to this user if `owner` is
    /// `None`.
    pub(crate) fn give_folder(
        &self,
        name: &str,
        owner: Option<(u32, u32)>,
        mode: u32,
    ) -> io::Result<()> {
        make(&self.at(name), mode)?;
        let descriptor = open(&self.at(name))?;
        descriptor.set_permissions(Permissions::from_mode(mode))?;
        match owner {
            Some((user, group)) => fchown(&descriptor, Some(user), Some(group)),
            None => Ok(()),
        }
    }

    /// Sets the owner and mode of a newly created socket in this folder.
    pub(crate) fn give(&self, name: &str, owner: Option<(u32, u32)>, mode: u32) -> io::Result<()> {
        let at = self.at(name);
        fs::set_permissions(&at, Permissions::from_mode(mode))?;
        match owner {
            Some((user, group)) => std::os::unix::fs::lchown(at, Some(user), Some(group)),
            None => Ok(()),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns an entry's path. The path leads through the open descriptor, so it is valid in this
    /// process only.
    pub fn at(&self, name: impl AsRef<Path>) -> PathBuf {
        let descriptor = self.descriptor.as_raw_fd();
        PathBuf::from(format!("/proc/self/fd/{descriptor}")).join(name)
    }

    /// Converts a path below this folder to a path through the folder's open descriptor.
    pub(crate) fn through(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.path)
            .map_or_else(|_| path.to_owned(), |name| self.at(name))
    }
}

fn make(path: &Path, mode: u32) -> io::Result<()> {
    match DirBuilder::new().mode(mode).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_DIRECTORY | libc::O_NOFOLLOW)
        .open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & MODE
    }

    #[test]
    fn what_is_done_in_a_folder_stays_in_it_when_its_name_leads_elsewhere() {
        let here = tempfile::tempdir().unwrap();
        let [path, aside, other] = ["run", "aside", "other"].map(|name| here.path().join(name));
        let run = Folder::make(&path, 0o711).unwrap();
        fs::create_dir(&other).unwrap();
        fs::rename(&path, &aside).unwrap();
        symlink(&other, &path).unwrap();
        let services = run.make_inside("services", 0o711).unwrap();
        fs::write(services.at("file"), "here").unwrap();
        services.give_folder("web", None, 0o700).unwrap();
        assert_eq!(fs::read(aside.join("services/file")).unwrap(), b"here");
        assert_eq!(mode(&aside.join("services/web")), 0o700);
        assert_eq!(fs::read_dir(&other).unwrap().count(), 0);
        assert_eq!(services.path(), path.join("services"));
        let known = services.through(&path.join("services/file"));
        assert_eq!(fs::read(known).unwrap(), b"here");
    }

    #[test]
    fn links_and_folders_of_others_are_refused() {
        let here = tempfile::tempdir().unwrap();
        let [real, link] = ["real", "link"].map(|name| here.path().join(name));
        fs::create_dir(&real).unwrap();
        symlink(&real, &link).unwrap();
        assert!(Folder::make(&link, 0o711).is_err());
        let here = Folder::make(here.path(), 0o700).unwrap();
        assert!(here.make_inside("link", 0o711).is_err());
        assert!(here.give_folder("link", None, 0o777).is_err());
        fs::set_permissions(&real, Permissions::from_mode(0o722)).unwrap();
        Folder::make(&real, 0o711).unwrap();
        assert_eq!(mode(&real), 0o711);
        if rustix::process::geteuid().is_root() {
            chown(&real, Some(65_534), None).unwrap();
            let why = Folder::make(&real, 0o711).unwrap_err().to_string();
            assert!(why.contains("another user"), "{why}");
        }
    }
}
