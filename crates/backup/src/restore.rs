//! Restoring into an empty data folder, to a given second, all or nothing.
//!
//! The files are assembled in a temporary folder and moved from there at the end, the store last.
//! While that folder exists, the program does not start.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use platform::{Random, Secret};
use rusqlite::{Connection, OpenFlags};

use crate::generation::{Generation, Manifest, Segment, decode};
use crate::key::{BackupKey, OBJECT};
use crate::vault::Vault;
use crate::{BackupError, Target, erasures, files};

/// The folder, in the data folder, of an unfinished restore.
const UNFINISHED: &str = "restoring";
/// The name of the store in that folder.
pub(crate) const STORE: &str = "store";

/// The paths to which an installation is restored.
#[derive(Clone, Debug)]
pub struct Places {
    pub data: PathBuf,
    pub store: PathBuf,
}

/// The result of a restore.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The time of the last commit in the restored store.
    pub until: Timestamp,
    /// The length of the store, in bytes.
    pub bytes: u64,
    /// The number of files beside the store.
    pub files: usize,
    /// The number of erasures to repeat before any request is served.
    pub erasures: usize,
}

/// Opens the backup of a target with the passphrase.
pub fn open(target: &Target, passphrase: &Secret) -> Result<BackupKey, BackupError> {
    let envelope = target.get(OBJECT)?;
    let envelope = envelope.ok_or_else(|| BackupError::Nothing(target.name()))?;
    BackupKey::open(&envelope, passphrase)
}

/// Returns whether a restore into this folder was begun and not finished.
pub fn is_unfinished(data: &Path) -> bool {
    data.join(UNFINISHED).exists()
}

/// Restores the state at the second of `to`, or the latest state.
pub fn restore(
    target: &Target,
    key: &BackupKey,
    places: &Places,
    to: Option<Timestamp>,
    random: &Random,
) -> Result<Restored, BackupError> {
    let vault = Vault::of(target, key, random);
    let unfinished = places.data.join(UNFINISHED);
    if !unfinished.exists() {
        let beside = ["secret.key", "files", crate::KEY_FILE].map(|name| places.data.join(name));
        let mut all = beside.iter().chain([&places.store]);
        if let Some(path) = all.find(|path| path.exists()) {
            return Err(BackupError::NotEmpty(path.clone()));
        }
    }
    let chosen = Chosen::find(&vault, to)?;
    let plan = chosen.plan(&vault, to)?;
    make_folder(&places.data)?;
    check_space(&places.data, chosen.manifest.bytes)?;
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(BackupError::file(&unfinished)(error));
        }
        _ => {}
    }
    let built = make_folder(&unfinished)
        .and_then(|()| build(&vault, &chosen, &plan, &unfinished, to))
        .and_then(|restored| {
            // The restored machine continues with the same passphrase.
            key.keep(&unfinished.join("beside"))?;
            Ok(restored)
        });
    let restored = match built {
        Ok(restored) => restored,
        Err(error) => {
            // Nothing was moved yet, so the data folder is still empty.
            let _ = fs::remove_dir_all(&unfinished);
            return Err(error);
        }
    };
    let ending = put_in_place(&unfinished, places);
    ending.map_err(BackupError::file(&places.data))?;
    Ok(restored)
}

/// A snapshot and the changes after it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// When the snapshot was made.
    pub from: Timestamp,
    /// The time up to which there are changes after the snapshot.
    pub until: Timestamp,
    /// The length of the store, in bytes.
    pub bytes: u64,
}

/// Lists the snapshots of a backup, oldest first.
pub fn list(target: &Target, key: &BackupKey, random: &Random) -> Result<Vec<Listed>, BackupError> {
    let vault = Vault::of(target, key, random);
    let all = Generation::list(&vault)?;
    let list = all.iter().map(|generation| {
        let (segments, _) = generation.segments(&vault)?;
        let from = generation.at();
        Ok(Listed {
            from,
            until: segments.last().map_or(from, |last| last.until),
            bytes: generation.manifest(&vault)?.bytes,
        })
    });
    list.collect()
}

/// The snapshot to start from.
pub(crate) struct Chosen {
    generation: Generation,
    pub(crate) manifest: Manifest,
}

/// The changes and files to restore after the snapshot.
pub(crate) struct Plan {
    segments: Vec<Segment>,
    /// The objects of files beside the store. If two objects are of the same file, the later one is
    /// used.
    files: Vec<String>,
}

impl Chosen {
    /// Finds the latest snapshot before `to`.
    pub(crate) fn find(vault: &Vault, to: Option<Timestamp>) -> Result<Self, BackupError> {
        let mut all = Generation::list(vault)?;
        if all.is_empty() {
            return Err(BackupError::Nothing(vault.target.name()));
        }
        all.retain(|one| to.is_none_or(|to| one.at() < to));
        let too_early = || BackupError::TooEarly(to.unwrap_or_default());
        let generation = all.pop().ok_or_else(too_early)?;
        Ok(Self {
            manifest: generation.manifest(vault)?,
            generation,
        })
    }

    pub(crate) fn plan(&self, vault: &Vault, to: Option<Timestamp>) -> Result<Plan, BackupError> {
        let end = to.unwrap_or(Timestamp::MAX);
        let began = self.generation.at();
        let (mut segments, has_gap) = self.generation.segments(vault)?;
        let whole_until = segments.last().map_or(began, |last| last.until);
        if has_gap && whole_until < end {
            return Err(BackupError::Damaged {
                object: format!("{}log/{:010}", self.generation.folder(), segments.len()),
                whole_until: Some(second(whole_until)),
            });
        }
        let wanted = segments.iter().take_while(|one| one.until < end).count();
        segments.truncate(wanted.saturating_add(1));
        let mut files: Vec<String> = self.manifest.files.values().cloned().collect();
        files.extend(files::copied_between(vault, began, end)?);
        Ok(Plan { segments, files })
    }
}

/// Assembles all files in `folder`.
pub(crate) fn build(
    vault: &Vault,
    chosen: &Chosen,
    plan: &Plan,
    folder: &Path,
    to: Option<Timestamp>,
) -> Result<Restored, BackupError> {
    let path = folder.join(STORE);
    let mut until = chosen.generation.at();
    let mut file = options(&path).map_err(BackupError::file(&path))?;
    for number in 0..chosen.manifest.pieces {
        let piece = vault.get(&chosen.generation.piece_name(number))?;
        file.write_all(&piece).map_err(BackupError::file(&path))?;
    }
    let length = || file.metadata().map(|facts| facts.len());
    if length().map_err(BackupError::file(&path))? != chosen.manifest.bytes {
        return Err(BackupError::damaged(&chosen.generation.manifest_name()));
    }
    let end = to.map_or(i64::MAX, Timestamp::as_millisecond);
    for segment in &plan.segments {
        let damaged = || BackupError::Damaged {
            object: segment.name.clone(),
            whole_until: Some(second(until)),
        };
        let bytes = match vault.get(&segment.name) {
            Err(BackupError::Damaged { .. }) => return Err(damaged()),
            bytes => bytes?,
        };
        for change in decode(&bytes).ok_or_else(damaged)? {
            if change.at >= end {
                break;
            }
            let size = u64::from(change.page_size);
            let write = || {
                for (number, page) in &change.changed {
                    let before = u64::from(number.saturating_sub(1));
                    file.write_all_at(page, before * size)?;
                }
                file.set_len(u64::from(change.pages) * size)
            };
            write().map_err(BackupError::file(&path))?;
            until = Timestamp::from_millisecond(change.at).unwrap_or(until);
        }
    }
    file.sync_all().map_err(BackupError::file(&path))?;
    let bytes = length().map_err(BackupError::file(&path))?;
    check_store(&path)?;
    let mut names = std::collections::BTreeSet::new();
    for name in &plan.files {
        let (to, content) = files::read(vault, name)?;
        let path = folder.join("beside").join(&to);
        write_file(&path, &content).map_err(BackupError::file(&path))?;
        names.insert(to);
    }
    let erased = erasures::read(vault)?;
    let path = folder.join("beside").join(erasures::TO_REPEAT);
    let list = serde_json::to_vec(&erased).unwrap_or_default();
    write_file(&path, &list).map_err(BackupError::file(&path))?;
    Ok(Restored {
        until,
        bytes,
        files: names.len(),
        erasures: erased.len(),
    })
}

/// Checks the integrity of a SQLite file.
pub(crate) fn check_store(path: &Path) -> Result<(), BackupError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    // Removes the write-ahead log that the check created.
    connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    if found == "ok" {
        Ok(())
    } else {
        Err(BackupError::NotWhole(found))
    }
}

/// Moves all files to their final paths, the store last.
fn put_in_place(unfinished: &Path, places: &Places) -> io::Result<()> {
    let beside = unfinished.join("beside");
    for entry in fs::read_dir(&beside)? {
        let entry = entry?;
        move_over(&entry.path(), &places.data.join(entry.file_name()))?;
    }
    fs::rename(unfinished.join(STORE), &places.store)?;
    File::open(&places.data)?.sync_all()?;
    fs::remove_dir_all(unfinished)?;
    File::open(&places.data)?.sync_all()
}

/// Renames a file or folder. If the target folder exists, its other contents are kept.
fn move_over(from: &Path, to: &Path) -> io::Result<()> {
    if !(from.is_dir() && to.is_dir()) {
        return fs::rename(from, to);
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        move_over(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

fn options(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options
        .write(true)
        .read(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

pub(crate) fn write_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    path.parent()
        .map_or(Ok(()), |folder| builder.create(folder))?;
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

pub(crate) fn make_folder(path: &Path) -> Result<(), BackupError> {
    let mut builder = fs::DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(path);
    made.map_err(BackupError::file(path))
}

/// Fails if the disk has not enough free space for the store and a tenth more.
fn check_space(folder: &Path, bytes: u64) -> Result<(), BackupError> {
    let free = free_space(folder)?;
    let needed = bytes.saturating_add(bytes / 10);
    if free < needed {
        return Err(BackupError::NoSpace {
            path: folder.to_owned(),
            free,
            needed,
        });
    }
    Ok(())
}

/// Returns the free space of the file system that contains `folder`, in bytes.
pub(crate) fn free_space(folder: &Path) -> Result<u64, BackupError> {
    let facts = rustix::fs::statvfs(folder)
        .map_err(|error| BackupError::file(folder)(io::Error::from(error)))?;
    Ok(facts.f_bavail.saturating_mul(facts.f_frsize))
}

/// Rounds a time down to the second.
fn second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}
