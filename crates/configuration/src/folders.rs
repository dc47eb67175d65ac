//! The supervisor process's folders for sockets, records and services' logs. They are usually
//! inside the data folder. If the supervisor process runs as root and another user could replace
//! the data folder, they are outside it and belong to root.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use supervisor::{Folder, User};

/// The folder for sockets and records of the running Kenduri, inside the data folder.
pub const RUN: &str = "run";
/// The folder for services' logs, inside the data folder.
pub const LOGS: &str = "logs";
/// The folder for sockets through which services reach each other, inside [`RUN`].
pub const INNER: &str = "inner";
/// For sockets and records, if they are outside the data folder.
const RUN_APART: &str = "/run/kenduri";
const LOGS_APART: &str = "/var/log/kenduri";
/// Other users may traverse such a folder.
const OPEN: u32 = 0o711;

/// In a sticky folder such as `/tmp`, others can create files, but not replace each other's
/// (stat(2)).
const WRITABLE_BY_OTHERS: u32 = 0o022;
const STICKY: u32 = 0o1000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folders {
    /// The folder for sockets and records of the running Kenduri.
    pub run: PathBuf,
    /// The folder for services' logs.
    pub logs: PathBuf,
    /// Who owned the data when Kenduri started: later, other users could replace the data folder
    /// with one that belongs to root. `None` if the folders are inside the data folder.
    #[serde(default)]
    owner: Option<(u32, u32)>,
}

impl Folders {
    pub fn in_data(data: &Path) -> Self {
        // Absolute paths, because services use them from other working folders.
        let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
        Self {
            run: data.join(RUN),
            logs: data.join(LOGS),
            owner: None,
        }
    }

    /// Returns the folders for a supervisor process. The data folder must exist.
    pub fn of_supervisor(data: &Path) -> io::Result<Self> {
        // This fails if the path is a broken or circular link.
        let facts = fs::metadata(data)?;
        let is_root = rustix::process::geteuid().is_root();
        if !is_root || is_only_roots(&std::path::absolute(data)?, false)? {
            return Ok(Self::in_data(data));
        }
        if facts.uid() == 0 {
            // Somebody who can replace the data folder could put one of root's folders there.
            // Requests would then be served as root.
            let path = data.display();
            let why = format!(
                "the data folder {path} belongs to root, but other users could have put it \
                 there\n  \
                 make it belong to the user that serves requests, or move it to where only root \
                 can make folders and links; `ls -ld {path}` shows its owner"
            );
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
        }
        Ok(Self {
            owner: Some((facts.uid(), facts.gid())),
            ..Self::apart(data)?
        })
    }

    /// Returns the folders outside the data folder. Only root can change these folders.
    pub fn apart(data: &Path) -> io::Result<Self> {
        let name = name(&data.canonicalize()?);
        Ok(Self {
            run: Path::new(RUN_APART).join(&name),
            logs: Path::new(LOGS_APART).join(&name),
            owner: None,
        })
    }

    /// Whether the folders are outside the data folder.
    pub fn are_apart(&self) -> bool {
        self.run.parent() == Some(Path::new(RUN_APART))
    }

    /// Returns the user that must run the worker, namely the owner of the data. Returns `None` if
    /// the worker must run as the user of this process, because this process is not root or root
    /// owns the data.
    pub fn worker(&self, data: &Path) -> io::Result<Option<User>> {
        if !rustix::process::geteuid().is_root() {
            return Ok(None);
        }
        let (user, group) = if let Some(owner) = self.owner {
            owner
        } else {
            let facts = fs::metadata(data)?;
            (facts.uid(), facts.gid())
        };
        Ok((user != 0).then(|| User::numbered(user, group)))
    }

    /// Opens the folder for sockets and records, and creates it if it does not exist.
    pub fn open(&self) -> Result<Arc<Folder>> {
        let make = |path: &Path| {
            let made = Folder::make(path, OPEN);
            made.with_context(|| {
                let path = path.display();
                let mend = if self.are_apart() {
                    "root keeps sockets and records there, because others could replace the data \
                     folder; if the systemd unit forbids it, run `kenduri install` again with the \
                     same flags"
                } else {
                    "it must be a folder that belongs to the user that runs Kenduri"
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

/// With `may_be_shared`, other users may create files in the folder if it is sticky.
fn is_only_roots(path: &Path, may_be_shared: bool) -> io::Result<bool> {
    // With a trailing slash, the operating system would follow a link.
    let path: PathBuf = path.components().collect();
    for (depth, path) in path.ancestors().enumerate() {
        let facts = fs::symlink_metadata(path)?;
        let may_be_shared = may_be_shared || depth > 0;
        let is_safe = if facts.is_symlink() {
            let beside = path.parent().unwrap_or(path);
            facts.uid() == 0 && is_only_roots(&beside.join(fs::read_link(path)?), may_be_shared)?
        } else {
            let is_shared = facts.mode() & WRITABLE_BY_OTHERS != 0;
            let is_sticky = facts.mode() & STICKY != 0;
            facts.uid() == 0 && (!is_shared || may_be_shared && is_sticky)
        };
        if !is_safe {
            return Ok(false);
        }
    }
    Ok(true)
}

/// No two paths get the same name: a slash becomes `-`, and a forbidden character `%` with its
/// code.
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
    use std::os::unix::fs::{PermissionsExt as _, chown, lchown, symlink};

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
        let are_apart = || Folders::of_supervisor(&data).map(|folders| folders.are_apart());
        if !is_only_roots(folder.path(), false).unwrap() {
            // This happens on a machine where other users can replace the temporary folder.
            return assert!(are_apart().is_err());
        }
        assert!(!are_apart().unwrap());
        chown(&data, Some(65_534), None).unwrap();
        assert!(are_apart().unwrap());
        chown(&data, Some(0), None).unwrap();
        for (path, user, mode) in [
            (&*data, 0, 0o777),
            (folder.path(), 65_534, 0o755),
            (folder.path(), 0, 0o775),
        ] {
            let before = fs::metadata(path).unwrap().permissions();
            chown(path, Some(user), None).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(are_apart().is_err(), "{} {user} {mode:o}", path.display());
            chown(&data, Some(65_534), None).unwrap();
            assert!(are_apart().unwrap());
            chown(&data, Some(0), None).unwrap();
            chown(path, Some(0), None).unwrap();
            fs::set_permissions(path, before).unwrap();
        }
        assert!(!are_apart().unwrap());
        assert_eq!(Folders::of_supervisor(&data).unwrap().run, data.join("run"));

        // The owner is determined when Kenduri starts. Later changes have no effect.
        chown(&data, Some(65_534), Some(65_534)).unwrap();
        let folders = Folders::of_supervisor(&data).unwrap();
        fs::remove_dir(&data).unwrap();
        symlink("/", &data).unwrap();
        let worker = folders.worker(&data).unwrap().unwrap();
        assert_eq!((worker.user, worker.group), (65_534, 65_534));
    }

    #[test]
    fn no_link_of_another_user_makes_root_serve_requests() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().canonicalize().unwrap();
        if !is_only_roots(&here, false).unwrap() {
            return;
        }
        let [home, roots, data, link] =
            ["home", "roots", "home/data", "link"].map(|name| here.join(name));
        fs::create_dir(&home).unwrap();
        fs::create_dir(&roots).unwrap();
        symlink("../roots", &data).unwrap();
        symlink("home/data/", &link).unwrap();
        let is_refused = |path: &Path| {
            let found = Folders::of_supervisor(path);
            found.is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
        };
        let slash = here.join("link/");
        for path in [&data, &link, &slash] {
            assert!(!is_refused(path), "all links are root's");
        }
        chown(&home, Some(65_534), None).unwrap();
        for path in [&data, &link, &slash, &data.join("../roots")] {
            assert!(is_refused(path), "{}", path.display());
        }
        // A folder is also refused if root has just created it in place of another user's folder.
        fs::remove_file(&data).unwrap();
        fs::create_dir(&data).unwrap();
        assert!(is_refused(&data) && is_refused(&link));
        chown(&data, Some(65_534), Some(65_534)).unwrap();
        let worker = Folders::of_supervisor(&link).unwrap().worker(&link);
        assert_eq!(worker.unwrap().unwrap().user, 65_534);
        // Where everybody can create links, the owner of a link can redirect the path.
        fs::set_permissions(&here, fs::Permissions::from_mode(0o1777)).unwrap();
        let theirs = here.join("theirs");
        symlink("roots", &theirs).unwrap();
        assert!(!is_refused(&theirs) && !is_refused(&roots));
        lchown(&theirs, Some(65_534), None).unwrap();
        assert!(is_refused(&theirs));
    }
}
