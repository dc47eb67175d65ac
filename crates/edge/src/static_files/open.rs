//! Opens files below a root folder. Neither the path nor links can lead outside.
//!
//! A link's target is served only if it could be requested by its own path.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::path::is_hidden;
use crate::file_stamp::FileStamp;

const TRIES: usize = 16;

/// An open folder that no lookup can leave.
pub(super) struct Root<'a> {
    folder: OwnedFd,
    /// Paths that belong to other routes. Links must not lead to them.
    elsewhere: &'a [PathBuf],
}

impl<'a> Root<'a> {
    pub(super) fn open(path: &Path, elsewhere: &'a [PathBuf]) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = rustix::fs::open(path, flags, Mode::empty())?;
        Ok(Self { folder, elsewhere })
    }

    /// Opens a file; `None` if it is missing, is not a regular file, or must not be served.
    pub(super) fn file(&self, relative: &str) -> io::Result<Option<(File, FileStamp)>> {
        // With `NONBLOCK`, a pipe without a writer does not block.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let Some(opened) = existing(relative, self.beneath(relative, flags))? else {
            return Ok(None);
        };
        let file = File::from(opened);
        if !file.metadata()?.is_file() {
            return Ok(None);
        }
        let stamp = FileStamp::of(&file)?;
        Ok(Some((file, stamp)))
    }

    /// Opens a folder; `None` in the same cases as for [`Root::file`].
    pub(super) fn folder(&self, relative: &str) -> io::Result<Option<OwnedFd>> {
        let relative = if relative.is_empty() { "." } else { relative };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        existing(relative, self.beneath(relative, flags))
    }

    /// Returns the metadata of an entry. Follows links as [`Root::file`] does.
    pub(super) fn what(&self, relative: &str) -> io::Result<Option<std::fs::Metadata>> {
        let opened = existing(
            relative,
            self.beneath(relative, OFlags::PATH | OFlags::CLOEXEC),
        )?;
        opened
            .map(|opened| File::from(opened).metadata())
            .transpose()
    }

    fn beneath(&self, relative: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let border = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        match self.resolve(relative, flags, border | ResolveFlags::NO_SYMLINKS) {
            // The path contains a link.
            Err(Errno::LOOP) => {}
            opened => return opened,
        }
        let opened = self.resolve(relative, flags, border)?;
        if self.serves(&opened) {
            Ok(opened)
        } else {
            Err(Errno::NOENT)
        }
    }

    /// `false` if the kernel cannot report the path of the link's target.
    fn serves(&self, opened: &OwnedFd) -> bool {
        let path = |opened: &OwnedFd| {
            std::fs::read_link(format!("/proc/self/fd/{}", opened.as_raw_fd())).ok()
        };
        let (Some(root), Some(path)) = (path(&self.folder), path(opened)) else {
            return false;
        };
        path.strip_prefix(root).is_ok_and(|own| {
            let mut names = own.iter().map(OsStr::as_encoded_bytes);
            !names.any(is_hidden) && !self.elsewhere.iter().any(|other| own.starts_with(other))
        })
    }

    fn resolve(
        &self,
        relative: &str,
        flags: OFlags,
        border: ResolveFlags,
    ) -> rustix::io::Result<OwnedFd> {
        let mut tries = TRIES;
        loop {
            tries -= 1;
            match rustix::fs::openat2(&self.folder, relative, flags, Mode::empty(), border) {
                Err(Errno::AGAIN | Errno::INTR) if tries > 0 => {}
                // Some sandboxes refuse unknown system calls with `EPERM`.
                Err(Errno::NOSYS | Errno::PERM) => return self.step_by_step(relative, flags),
                opened => return opened,
            }
        }
    }

    /// For kernels without `openat2`. Follows no links.
    fn step_by_step(&self, relative: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let step = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let (folders, name) = relative.rsplit_once('/').unwrap_or(("", relative));
        let mut at: Option<OwnedFd> = None;
        for folder in folders.split('/').filter(|folder| !folder.is_empty()) {
            if folder == ".." {
                return Err(Errno::XDEV);
            }
            let from = at.as_ref().unwrap_or(&self.folder).as_fd();
            at = Some(rustix::fs::openat(from, folder, step, Mode::empty())?);
        }
        if name == ".." {
            return Err(Errno::XDEV);
        }
        let from = at.as_ref().unwrap_or(&self.folder).as_fd();
        rustix::fs::openat(from, name, flags | OFlags::NOFOLLOW, Mode::empty())
    }
}

fn existing(relative: &str, opened: rustix::io::Result<OwnedFd>) -> io::Result<Option<OwnedFd>> {
    match opened {
        Ok(opened) => Ok(Some(opened)),
        Err(Errno::ACCESS) => {
            tracing::debug!(
                relative,
                "the user that runs this program may not read a file; it is answered as missing"
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
        let root = Root::open(&root, &[]).unwrap();
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
        // `openat2` follows links that stay within the folder.
        assert!(root.file("inside/b/c.txt").unwrap().is_some());
        assert!(root.file("a/b/link").unwrap().is_some());
        for hidden in ["out", "../secret", "a/../../secret", "a", ""] {
            assert!(root.file(hidden).unwrap().is_none(), "{hidden}");
        }
    }
}
