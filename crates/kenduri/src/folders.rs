//! Where the supervisor process keeps its sockets, its records and what services say: in the data
//! folder, or, where somebody else than root could exchange that under a supervisor that is root,
//! below folders of root's.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use supervisor::{Folder, User};

use crate::configuration::services::{LOGS, RUN};

/// Where those of each installation lie that are apart from its data.
const RUN_APART: &str = "/run/kenduri";
const LOGS_APART: &str = "/var/log/kenduri";
/// The rights of a folder that others may pass.
const OPEN: u32 = 0o711;

/// Writable by others than the owner, but for a folder in which nobody changes what belongs to
/// others, like `/tmp` (mode bits of stat(2)).
const WRITABLE_BY_OTHERS: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// The folders of one installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Folders {
    /// Sockets and records.
    pub(crate) run: PathBuf,
    /// What services say.
    pub(crate) logs: PathBuf,
    /// The user and the group that the data belonged to when Kenduri began, where these are apart:
    /// others may exchange the data, and so say that they belong to root.
    #[serde(default)]
    owner: Option<(u32, u32)>,
}

impl Folders {
    /// Those in the data folder.
    pub(crate) fn in_data(data: &Path) -> Self {
        // Services are told paths in here, and each looks from a folder of its own.
        let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
        Self {
            run: data.join(RUN),
            logs: data.join(LOGS),
            owner: None,
        }
    }

    /// Those of this process as the supervisor, with a data folder that is there.
    pub(crate) fn of_supervisor(data: &Path) -> io::Result<Self> {
        if !rustix::process::geteuid().is_root() || is_only_roots(&data.canonicalize()?)? {
            return Ok(Self::in_data(data));
        }
        let facts = fs::metadata(data)?;
        let owner = (facts.uid() != 0).then(|| (facts.uid(), facts.gid()));
        Ok(Self {
            owner,
            ..Self::apart(data)?
        })
    }

    /// Those apart from the data folder, in which nobody but root changes anything.
    pub(crate) fn apart(data: &Path) -> io::Result<Self> {
        let name = name(&data.canonicalize()?);
        Ok(Self {
            run: Path::new(RUN_APART).join(&name),
            logs: Path::new(LOGS_APART).join(&name),
            owner: None,
        })
    }

    /// Whether they are not in the data folder.
    pub(crate) fn are_apart(&self) -> bool {
        self.run.parent() == Some(Path::new(RUN_APART))
    }

    /// Whoever the data belongs to, if this process may become anybody: the worker needs no more
    /// than that. Nobody: it is who this process is.
    pub(crate) fn worker(&self, data: &Path) -> io::Result<Option<User>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let (user, group) = match self.owner {
            Some(owner) => owner,
            None if self.are_apart() => return Ok(None),
            None => {
                let facts = fs::metadata(data)?;
                (facts.uid(), facts.gid())
            }
        };
        Ok((user != 0).then(|| User::numbered(user, group)))
    }

    /// Opens the folder of sockets and records. Those apart are made ready to be opened.
    pub(crate) fn open(&self) -> Result<Arc<Folder>> {
        let make = |path: &Path| {
            let made = Folder::make(path, OPEN);
            made.with_context(|| {
                let path = path.display();
                let mend = if self.are_apart() {
                    "root keeps sockets and records there, because others could exchange the data \
                     folder; a unit that does not let it do so is mended by `kenduri install`, once more"
                } else {
                    "it must be a folder of the user that runs Kenduri"
                };
                format!("cannot use {path}\n  {mend}")
            })
        };
        if self.are_apart() {
            make(Path::new(RUN_APART))?;
            make(Path::new(LOGS_APART))?;
        }
        Ok(Arc::new(make(&self.run)?))
    }
}

/// Whether nobody but root can put another folder in the place of this one or of what is in it.
/// No part of the path is a link.
fn is_only_roots(path: &Path) -> io::Result<bool> {
    for (depth, path) in path.ancestors().enumerate() {
        let facts = fs::symlink_metadata(path)?;
        let is_shared = facts.mode() & WRITABLE_BY_OTHERS != 0;
        let is_sticky = depth > 0 && facts.mode() & STICKY != 0;
        if facts.uid() != 0 || is_shared && !is_sticky {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The name that no other path has: a slash becomes `-`, and what may not stand in it `%` and
/// its number.
fn name(path: &Path) -> String {
    let bytes = path.as_os_str().as_bytes();
    let bytes = bytes.strip_prefix(b"/").unwrap_or(bytes);
    let letters = bytes.iter().map(|byte| match byte {
        b'/' => "-".to_owned(),
        b'.' | b'_' => char::from(*byte).to_string(),
        byte if byte.is_ascii_alphanumeric() => char::from(*byte).to_string(),
        byte => format!("%{byte:02x}"),
    });
    letters.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::os::unix::fs::{PermissionsExt as _, chown};

    use super::*;

    #[test]
    fn no_two_paths_have_one_name() {
        assert_eq!(name(Path::new("/var/lib/kenduri")), "var-lib-kenduri");
        let paths = ["/a/b", "/a-b", "/a%2db", "/a%b", "/a/b/c", "/a/b-c", "/é"];
        let names: BTreeSet<String> = paths.iter().map(|path| name(Path::new(path))).collect();
        assert_eq!(names.len(), paths.len(), "{names:?}");
        assert!(names.iter().all(|name| !name.contains('/')), "{names:?}");
    }

    #[test]
    fn they_are_apart_where_another_user_could_exchange_them() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().canonicalize().unwrap().join("data");
        fs::create_dir(&data).unwrap();
        let are_apart = || Folders::of_supervisor(&data).unwrap().are_apart();
        if !is_only_roots(folder.path()).unwrap() {
            // This machine keeps temporary files where others may exchange them.
            return assert!(are_apart());
        }
        assert!(!are_apart());
        for (path, user, mode) in [
            (&*data, 65_534, 0o700),
            (&*data, 0, 0o777),
            (folder.path(), 65_534, 0o755),
            (folder.path(), 0, 0o775),
        ] {
            let before = fs::metadata(path).unwrap().permissions();
            chown(path, Some(user), None).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(are_apart(), "{} {user} {mode:o}", path.display());
            chown(path, Some(0), None).unwrap();
            fs::set_permissions(path, before).unwrap();
        }
        assert!(!are_apart());
        assert_eq!(Folders::of_supervisor(&data).unwrap().run, data.join("run"));

        // Whose data they are is known from the beginning.
        chown(&data, Some(65_534), Some(65_534)).unwrap();
        let folders = Folders::of_supervisor(&data).unwrap();
        fs::remove_dir(&data).unwrap();
        std::os::unix::fs::symlink("/", &data).unwrap();
        let worker = folders.worker(&data).unwrap().unwrap();
        assert_eq!((worker.user, worker.group), (65_534, 65_534));
    }
}
