//! The key file keeps secrets outside the store. Each line is one secret in base64. The first
//! secret is in use; the others only verify older signatures.
//!
//! No process ever sees a half-written file, because the file is written under a temporary name,
//! flushed and renamed. If several processes start at the same time, one of them creates the file
//! and the others read it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::key::{self, Keyring};
use crate::random::Random;
use crate::store::{Store, StoreError};
use crate::text_cleaning::hexadecimal;

/// The largest file that is read, in bytes; enough for some 90 keys.
const LONGEST: u64 = 4_096;
/// The mode bits for group and others (stat(2)).
const OTHERS: u32 = 0o077;
const READ_BY_GROUP: u32 = 0o040;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key file with which the store was created is missing.
    #[error(
        "{} is missing, and the store needs it\n  \
         put it back from your copy; if you have none, make another: kenduri secret new", .0.display()
    )]
    Missing(PathBuf),
    /// The store was created with another key file.
    #[error(
        "the keys in {} do not belong to this store\n  \
         put this store's own key file there; if you have none, make another: kenduri secret new",
        .0.display()
    )]
    Other(PathBuf),
    /// Users other than the owner may access the file.
    #[error(
        "other users may use {path}: its mode is {mode:04o}\n  \
         run `chmod 600 {path}`; if somebody may have read it, make another: kenduri secret new",
        path = .path.display()
    )]
    Exposed {
        path: PathBuf,
        /// The file's permission bits (stat(2)).
        mode: u32,
    },
    /// A line of the key file is not a key.
    #[error(
        "{}: line {line} is not a key\n  \
         each line is 32 random bytes in base64, as from: openssl rand -base64 32", .path.display()
    )]
    Malformed {
        path: PathBuf,
        /// The line's number, from 1.
        line: usize,
    },
    /// The key file cannot be read or written.
    #[error(
        "cannot use {}: {reason}\n  secret_file names it; it must belong to the user that runs Kenduri",
        .path.display()
    )]
    Unusable {
        path: PathBuf,
        /// The operating system's error.
        reason: io::Error,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Clone, Debug)]
pub struct KeyFile(PathBuf);

impl KeyFile {
    /// The key file at `path`. The file need not exist.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Returns the keys for this store. If the store is new and has no key file yet, creates the
    /// key file.
    pub async fn open(&self, store: &Store, random: &Random) -> Result<Keyring, KeyError> {
        let keys = self.load(store, random).await?;
        self.adopt(store, &keys).await?;
        Ok(keys)
    }

    /// The first step of [`Self::open`], which changes nothing in the store.
    pub async fn load(&self, store: &Store, random: &Random) -> Result<Keyring, KeyError> {
        let is_new = store.read(key::fingerprint).await?.is_none();
        if is_new {
            self.create(random)
        } else {
            self.read()?
                .ok_or_else(|| KeyError::Missing(self.0.clone()))
        }
    }

    /// The second step of [`Self::open`]. Fails if the keys do not belong to this store.
    pub async fn adopt(&self, store: &Store, keys: &Keyring) -> Result<(), KeyError> {
        let adopted = keys.clone();
        let fits = store.write(move |tx| key::adopt(tx, &adopted)).await?;
        if fits {
            Ok(())
        } else {
            Err(KeyError::Other(self.0.clone()))
        }
    }

    /// Returns the keys in the file; `None` if they cannot be read, or there is no file.
    pub fn present(&self) -> Option<Keyring> {
        self.read().ok().flatten()
    }

    /// Writes a new key to a temporary file, which [`Fresh::put`] moves into place.
    pub fn prepare(&self, random: &Random) -> Result<Fresh, KeyError> {
        self.fresh(random).map_err(|reason| self.unusable(reason))
    }

    fn read(&self) -> Result<Option<Keyring>, KeyError> {
        let mut text = String::new();
        let facts = match self.read_text(&mut text) {
            Ok(facts) => facts,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.unusable(error)),
        };
        let path = self.0.clone();
        let mode = facts.mode() & 0o7777;
        let user = own_user().map_err(|reason| self.unusable(reason))?;
        if !is_private(mode, facts.uid(), user) {
            return Err(KeyError::Exposed { path, mode });
        }
        let mut keys = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let decoded = STANDARD.decode(line.trim_ascii_end());
            match decoded.map(<[u8; key::LENGTH]>::try_from) {
                Ok(Ok(key)) => keys.push(key),
                _ => return Err(KeyError::Malformed { path, line: at + 1 }),
            }
        }
        match keys.split_first() {
            Some((first, older)) => Ok(Some(Keyring::new(*first, older))),
            None => Err(KeyError::Malformed { path, line: 1 }),
        }
    }

    fn read_text(&self, text: &mut String) -> io::Result<Metadata> {
        let file = File::open(&self.0)?;
        let facts = file.metadata()?;
        if !facts.is_file() || facts.len() > LONGEST {
            return Err(io::Error::other("that is not a key file"));
        }
        file.take(LONGEST).read_to_string(text)?;
        Ok(facts)
    }

    fn create(&self, random: &Random) -> Result<Keyring, KeyError> {
        let make = || {
            if !self.0.exists() {
                self.fresh(random)?.put_if_absent()?;
            }
            sync(folder(&self.0))
        };
        make().map_err(|reason| self.unusable(reason))?;
        self.read()?
            .ok_or_else(|| KeyError::Missing(self.0.clone()))
    }

    fn fresh(&self, random: &Random) -> io::Result<Fresh> {
        // A symbolic link is replaced, not followed. Otherwise a user with write access to the
        // folder could make root overwrite another file.
        let target = self.0.clone();
        let mut unique = [0; 8];
        random.fill(&mut unique);
        let mut name = target.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}", hexadecimal(&unique)));
        let key = random.token();
        let mut options = OpenOptions::new();
        let path = target.with_file_name(name);
        let mut file = options
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)?;
        let fresh = Fresh {
            keys: Keyring::new(key, &[]),
            path,
            target,
        };
        fresh.give_to_owner(&file)?;
        writeln!(file, "{}", STANDARD.encode(key))?;
        file.sync_all()?;
        Ok(fresh)
    }

    fn unusable(&self, reason: io::Error) -> KeyError {
        KeyError::Unusable {
            path: self.0.clone(),
            reason,
        }
    }
}

/// A new key in a temporary file. Dropping a `Fresh` without calling [`Fresh::put`] deletes the
/// file.
#[derive(Debug)]
pub struct Fresh {
    /// A keyring with only the new key.
    pub keys: Keyring,
    path: PathBuf,
    target: PathBuf,
}

impl Fresh {
    /// Renames the temporary file to the key file, and returns the key file's path.
    pub fn put(self) -> Result<PathBuf, KeyError> {
        let put = fs::rename(&self.path, &self.target).and_then(|()| sync(folder(&self.target)));
        let path = self.target.clone();
        put.map(|()| path)
            .map_err(|reason| KeyFile::at(&self.target).unusable(reason))
    }

    fn put_if_absent(self) -> io::Result<()> {
        match fs::hard_link(&self.path, &self.target) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// If root creates the file, changes the file's owner to the user that runs Kenduri. This user
    /// owns the previous file or, if there is none, the folder.
    fn give_to_owner(&self, file: &File) -> io::Result<()> {
        let before = fs::symlink_metadata(&self.target);
        let before = before.or_else(|_| fs::metadata(folder(&self.target)))?;
        let is_root = file.metadata()?.uid() == 0;
        if is_root && before.uid() != 0 {
            fchown(file, Some(before.uid()), Some(before.gid()))?;
        }
        Ok(())
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // If the temporary file was renamed, there is nothing to remove.
        let _ = fs::remove_file(&self.path);
    }
}

/// Returns whether nobody but `user` can use a file of `owner`. A file of root that only its group
/// may read counts as private too: this is how Kubernetes hands a secret to a process that is not
/// root, whose group has no other member.
fn is_private(mode: u32, owner: u32, user: u32) -> bool {
    mode & OTHERS == 0 || (owner == 0 && user != 0 && mode & OTHERS == READ_BY_GROUP)
}

/// The effective user of this process (proc(5)).
fn own_user() -> io::Result<u32> {
    Ok(fs::metadata("/proc/self")?.uid())
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::Barrier;

    use super::*;

    const LINE: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    fn with(text: &str) -> (tempfile::TempDir, KeyFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        (folder, KeyFile::at(path))
    }

    fn names(folder: &Path) -> Vec<String> {
        let all = fs::read_dir(folder).unwrap();
        all.map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn the_first_line_signs_and_the_others_verify() {
        let (_folder, one) = with(&format!("{LINE}\n"));
        let second = STANDARD.encode([2; 32]);
        let (_folder, two) = with(&format!("{second}\r\n{LINE}"));
        let [one, two] = [one, two].map(|file| file.read().unwrap().unwrap().key("x"));
        assert!(two.verify(&["a"], &one.sign(&["a"])));
        assert!(!one.verify(&["a"], &two.sign(&["a"])));
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_shown() {
        let long = format!("{LINE}\n").repeat(100);
        for (text, line) in [
            ("", 1),
            ("\n", 1),
            (&format!("{LINE}\n\n"), 2),
            ("hunter2\n", 1),
            (&format!("{LINE}\n{}\n", &LINE[4..]), 2),
            (&format!("{LINE}\n{LINE}=\n"), 2),
        ] {
            let (_folder, file) = with(text);
            let error = file.read().unwrap_err();
            let is_told = matches!(&error, KeyError::Malformed { line: told, .. } if *told == line);
            assert!(is_told, "{text:?}: {error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        let (folder, file) = with(&long);
        assert!(matches!(file.read(), Err(KeyError::Unusable { .. })));
        assert!(matches!(
            KeyFile::at(folder.path()).read(),
            Err(KeyError::Unusable { .. })
        ));
    }

    #[test]
    fn a_file_that_others_may_use_is_refused_with_what_to_run() {
        let (_folder, file) = with(LINE);
        for (mode, is_good) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            fs::set_permissions(&file.0, fs::Permissions::from_mode(mode)).unwrap();
            let read = file.read();
            assert_eq!(read.is_ok(), is_good, "{mode:o}");
            if let Err(error) = read {
                let run = format!("chmod 600 {}", file.0.display());
                let error = error.to_string();
                assert!(
                    error.contains(&run) && error.contains(&format!("{mode:04o}")),
                    "{error}"
                );
            }
        }
    }

    #[test]
    fn of_many_at_once_one_makes_the_file_and_all_read_it_whole() {
        const PROCESSES: u64 = 8;
        for round in 0..50 {
            let folder = tempfile::tempdir().unwrap();
            let file = KeyFile::at(folder.path().join("secret.key"));
            let begin = Barrier::new(usize::try_from(PROCESSES).unwrap());
            let all: Vec<String> = std::thread::scope(|scope| {
                let one = |process| {
                    let (file, begin) = (&file, &begin);
                    move || {
                        let random = Random::seeded(round * PROCESSES + process);
                        begin.wait();
                        file.create(&random).unwrap().key("x").sign(&[])
                    }
                };
                let all: Vec<_> = (0..PROCESSES).map(|at| scope.spawn(one(at))).collect();
                all.into_iter().map(|one| one.join().unwrap()).collect()
            });
            assert!(all.iter().all(|one| *one == all[0]), "{all:?}");
            assert_eq!(names(folder.path()), ["secret.key"]);
            let mode = fs::metadata(&file.0).unwrap().mode() & 0o7777;
            assert_eq!(mode, 0o600);
        }
    }

    #[test]
    fn a_new_key_takes_the_place_of_the_file_or_leaves_nothing() {
        let (folder, file) = with(LINE);
        drop(file.prepare(&Random::seeded(1)).unwrap());
        assert_eq!(fs::read_to_string(&file.0).unwrap(), LINE);
        let fresh = file.prepare(&Random::seeded(1)).unwrap();
        let signature = fresh.keys.key("x").sign(&[]);
        fresh.put().unwrap();
        assert_eq!(file.read().unwrap().unwrap().key("x").sign(&[]), signature);
        assert_eq!(names(folder.path()).len(), 1);
    }

    #[test]
    fn a_secret_that_kubernetes_mounts_is_private() {
        for (mode, owner, user, expected) in [
            (0o600, 1_000, 1_000, true),
            (0o400, 0, 0, true),
            (0o440, 0, 65_532, true),
            (0o640, 0, 65_532, true),
            (0o440, 0, 0, false),
            (0o440, 65_532, 65_532, false),
            (0o444, 0, 65_532, false),
            (0o460, 0, 65_532, false),
        ] {
            let found = is_private(mode, owner, user);
            assert_eq!(found, expected, "{mode:o} of {owner} for {user}");
        }
    }

    #[test]
    fn a_new_key_takes_the_place_of_a_link_and_not_of_what_it_leads_to() {
        let (folder, other) = with(LINE);
        let link = KeyFile::at(folder.path().join("link"));
        std::os::unix::fs::symlink(&other.0, &link.0).unwrap();
        link.prepare(&Random::seeded(1)).unwrap().put().unwrap();
        assert_eq!(fs::read_to_string(&other.0).unwrap(), LINE);
        assert!(fs::symlink_metadata(&link.0).unwrap().is_file());
    }
}
