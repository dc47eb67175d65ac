//! Opening below a root, whatever the path or the links on it say.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// A name that is moved while it is resolved is looked up again so often.
const TRIES: usize = 16;

/// A folder whose border holds.
pub(super) struct Root(OwnedFd);

/// What tells one content of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) size: u64,
    /// Nanoseconds since 1970.
    pub(super) modified: i128,
    /// The same of its entry in the file system; nobody can set it back.
    pub(super) changed: i128,
}

impl Stamp {
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let found = file.metadata()?;
        let nanoseconds =
            |seconds: i64, part: i64| i128::from(seconds) * 1_000_000_000 + i128::from(part);
        Ok(Self {
            device: found.dev(),
            inode: found.ino(),
            size: found.size(),
            modified: nanoseconds(found.mtime(), found.mtime_nsec()),
            changed: nanoseconds(found.ctime(), found.ctime_nsec()),
        })
    }
}

impl Root {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(rustix::fs::open(path, flags, Mode::empty())?))
    }

    /// A regular file that may be read; none is whatever is not to be served.
    pub(super) fn file(&self, relative: &str) -> io::Result<Option<(File, Stamp)>> {
        // A pipe must not hold the thread until somebody writes into it.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let Some(opened) = found(relative, self.beneath(relative, flags))? else {
            return Ok(None);
        };
        let file = File::from(opened);
        if !file.metadata()?.is_file() {
            return Ok(None);
        }
        let stamp = Stamp::of(&file)?;
        Ok(Some((file, stamp)))
    }

    /// A folder, to be listed; none as for [`Root::file`].
    pub(super) fn folder(&self, relative: &str) -> io::Result<Option<OwnedFd>> {
        let relative = if relative.is_empty() { "." } else { relative };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        found(relative, self.beneath(relative, flags))
    }

    /// What a name stands for, links followed as for [`Root::file`].
    pub(super) fn what(&self, relative: &str) -> io::Result<Option<std::fs::Metadata>> {
        let opened = found(
            relative,
            self.beneath(relative, OFlags::PATH | OFlags::CLOEXEC),
        )?;
        opened
            .map(|opened| File::from(opened).metadata())
            .transpose()
    }

    fn beneath(&self, relative: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let border = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let mut tries = TRIES;
        loop {
            tries -= 1;
            match rustix::fs::openat2(&self.0, relative, flags, Mode::empty(), border) {
                Err(Errno::AGAIN | Errno::INTR) if tries > 0 => {}
                // Some sandboxes refuse calls they do not know with `PERM`.
                Err(Errno::NOSYS | Errno::PERM) => return self.step_by_step(relative, flags),
                opened => return opened,
            }
        }
    }

    /// Where the system cannot hold the border: one segment at a time, no links.
    fn step_by_step(&self, relative: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let step = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let (folders, name) = relative.rsplit_once('/').unwrap_or(("", relative));
        let mut at: Option<OwnedFd> = None;
        for folder in folders.split('/').filter(|folder| !folder.is_empty()) {
            if folder == ".." {
                return Err(Errno::XDEV);
            }
            let from = at.as_ref().unwrap_or(&self.0).as_fd();
            at = Some(rustix::fs::openat(from, folder, step, Mode::empty())?);
        }
        if name == ".." {
            return Err(Errno::XDEV);
        }
        let from = at.as_ref().unwrap_or(&self.0).as_fd();
        rustix::fs::openat(from, name, flags | OFlags::NOFOLLOW, Mode::empty())
    }
}

/// Tells "there is no such thing" from "it could not be found out".
fn found(relative: &str, opened: rustix::io::Result<OwnedFd>) -> io::Result<Option<OwnedFd>> {
    match opened {
        Ok(opened) => Ok(Some(opened)),
        Err(Errno::ACCESS) => {
            tracing::debug!(
                relative,
                "a file may not be read by this user: it is answered as missing"
            );
            Ok(None)
        }
        Err(
            Errno::NOENT
            | Errno::NOTDIR
            | Errno::ISDIR
            | Errno::LOOP
            | Errno::XDEV
            | Errno::NAMETOOLONG
            | Errno::INVAL
            | Errno::NXIO
            | Errno::NODEV,
        ) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn the_way_without_the_systems_help_follows_no_links() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("root");
        std::fs::create_dir_all(root.join("a/b")).unwrap();
        std::fs::write(root.join("a/b/c.txt"), "text").unwrap();
        std::fs::write(place.path().join("secret"), "secret").unwrap();
        symlink("a", root.join("inside")).unwrap();
        symlink("c.txt", root.join("a/b/link")).unwrap();
        symlink("../secret", root.join("out")).unwrap();
        let root = Root::open(&root).unwrap();
        let read = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        assert!(root.step_by_step("a/b/c.txt", read).is_ok());
        assert!(root.step_by_step(".", read | OFlags::DIRECTORY).is_ok());
        for hidden in [
            "out",
            "inside/b/c.txt",
            "a/b/link",
            "../secret",
            "a/../../secret",
            "..",
        ] {
            assert!(root.step_by_step(hidden, read).is_err(), "{hidden}");
        }
        // With its help, links inside are followed.
        assert!(root.file("inside/b/c.txt").unwrap().is_some());
        assert!(root.file("a/b/link").unwrap().is_some());
        for hidden in ["out", "../secret", "a/../../secret", "a", ""] {
            assert!(root.file(hidden).unwrap().is_none(), "{hidden}");
        }
    }
}
