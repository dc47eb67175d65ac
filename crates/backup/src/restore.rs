//! Restores a backup into an empty data folder, completely or not at all. The restored state is the
//! latest one or the state at a given second.
//!
//! The files are assembled in a temporary folder. At the end they are moved into the data folder,
//! the store last. Kenduri does not start while the temporary folder exists.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use platform::store::{self, PostgresSettings};
use platform::{Random, Secret};
use rusqlite::{Connection, OpenFlags};

use crate::disk_space::{Room, check_space};
use crate::generation::{Change, Generation, Kind, Manifest, Segment, decode};
use crate::key::{BackupKey, OBJECT};
use crate::private_folder::make_folder;
use crate::recovery::{self, Unpacking};
use crate::vault::Vault;
use crate::wal_copy::{self, Stretch, second};
use crate::{BackupError, Target, erasures, files, head, lease, postgres};

pub(crate) const UNFINISHED_FOLDER: &str = "restoring";
/// Its name while it is removed.
const DONE_FOLDER: &str = "restored";
/// The folder of a follower.
pub(crate) const FOLLOWING_FOLDER: &str = "following";
/// The store's file inside the temporary folder.
pub(crate) const STORE: &str = "store";
/// SQLite would apply the changes in an older store's files to the restored store.
const LOGS: [&str; 3] = ["-wal", "-shm", "-journal"];
/// Written just before the store is put in place. If this file exists and the store is in place,
/// the restore only has to remove the temporary folder.
const LAST_STEP: &str = "last-step.json";

/// Where an installation is restored.
#[derive(Clone, Debug)]
pub struct Places {
    pub data: PathBuf,
    pub store: StorePlace,
}

#[derive(Clone, Debug)]
pub enum StorePlace {
    /// An SQLite file, which must not exist yet.
    File(PathBuf),
    /// A PostgreSQL database, which must have no tables.
    Database(PostgresSettings),
}

impl StorePlace {
    fn name(&self) -> &'static str {
        match self {
            Self::File(_) => "an SQLite file",
            Self::Database(_) => "a PostgreSQL database",
        }
    }

    fn check_empty(&self) -> Result<(), BackupError> {
        match self {
            Self::File(path) => {
                let logs = LOGS.map(|end| with_ending(path, end));
                let mut all = std::iter::once(path).chain(&logs);
                let found = all.find(|path| path.exists());
                found.map_or(Ok(()), |path| Err(BackupError::NotEmpty(path.clone())))
            }
            Self::Database(database) if store::has_tables(database)? => {
                Err(BackupError::DatabaseNotEmpty(postgres::name(database)?))
            }
            Self::Database(_) => Ok(()),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Restored {
    /// The last commit's time in the restored store.
    pub until: Timestamp,
    /// The size of the store or its dump, in bytes.
    pub bytes: u64,
    /// The number of files beside the store.
    pub files: usize,
    /// The number of erasures to repeat before the server accepts requests.
    pub erasures: usize,
}

/// Opens a target's backup with the passphrase.
pub fn open(target: &Target, passphrase: &Secret) -> Result<BackupKey, BackupError> {
    let envelope = target.get(OBJECT)?;
    let Some(envelope) = envelope else {
        // A script that restores an empty machine must not mistake a damaged backup for a missing
        // one.
        return Err(if Generation::is_any_in(target)? {
            BackupError::damaged(OBJECT)
        } else {
            BackupError::Nothing(target.name())
        });
    };
    BackupKey::open(&envelope, passphrase)
}

/// Whether a restore into this data folder began but did not finish, or a follower has not taken
/// over.
pub fn is_unfinished(data: &Path) -> bool {
    data.join(UNFINISHED_FOLDER).exists() || data.join(FOLLOWING_FOLDER).exists()
}

/// Restores the state as of the second `to`, or the latest state if `to` is `None`.
pub fn restore(
    target: &Target,
    key: &BackupKey,
    places: &Places,
    to: Option<Timestamp>,
    random: &Random,
) -> Result<Restored, BackupError> {
    let vault = Vault::of(target, key, random);
    if let Some(restored) = finish(places, to)? {
        return Ok(restored);
    }
    let unfinished = places.data.join(UNFINISHED_FOLDER);
    check_empty(places)?;
    let chosen = Chosen::find(&vault, to)?;
    chosen.manifest.kind.check(&places.store)?;
    let plan = chosen.plan(&vault, to)?;
    make_folder(&places.data)?;
    check_space(&places.data, chosen.manifest.unpacked())?;
    remove_folder(&unfinished)?;
    lease::forget(&places.data)?;
    let built = make_folder(&unfinished)
        .and_then(|()| remove_folder(&places.data.join(FOLLOWING_FOLDER)))
        .and_then(|()| build(&vault, &chosen, &plan, &unfinished, to, Room::All))
        .and_then(|restored| {
            // The restored installation gets the backup's key, so the passphrase stays the same.
            key.keep(&unfinished.join("beside"))?;
            Ok(restored)
        });
    let restored = match built {
        Ok(restored) => restored,
        Err(error) => {
            // The data folder is still empty, because nothing was moved into it yet.
            let _ = fs::remove_dir_all(&unfinished);
            return Err(error);
        }
    };
    put_in_place(&unfinished, places, &restored, to)?;
    Ok(restored)
}

/// Completes a restore that was killed during its last step, the removal of its temporary folder.
/// Does not touch the store, because the store may have been used since. Returns `None` if there is
/// no such restore.
pub fn finish(places: &Places, to: Option<Timestamp>) -> Result<Option<Restored>, BackupError> {
    remove_folder(&places.data.join(DONE_FOLDER))?;
    let unfinished = places.data.join(UNFINISHED_FOLDER);
    let is_in_place = match &places.store {
        StorePlace::File(path) => path.exists() && !unfinished.join(STORE).exists(),
        StorePlace::Database(database) => unfinished.exists() && store::has_tables(database)?,
    };
    let written = fs::read(unfinished.join(LAST_STEP)).ok();
    let Some((restored, before)) = written.and_then(|text| Restored::read(&text)) else {
        return Ok(None);
    };
    if !is_in_place || before != to {
        return Ok(None);
    }
    remove_unfinished(&unfinished, places).map_err(BackupError::file(&places.data))?;
    Ok(Some(restored))
}

impl Restored {
    /// With the requested time `to`.
    fn to_bytes(&self, to: Option<Timestamp>) -> Vec<u8> {
        let until = self.until.as_millisecond();
        let to = to.map(Timestamp::as_millisecond);
        let all = (until, self.bytes, self.files, self.erasures, to);
        serde_json::to_vec(&all).unwrap_or_default()
    }

    fn read(text: &[u8]) -> Option<(Self, Option<Timestamp>)> {
        let (until, bytes, files, erasures, to): (_, _, _, _, Option<i64>) =
            serde_json::from_slice(text).ok()?;
        let restored = Self {
            until: Timestamp::from_millisecond(until).ok()?,
            bytes,
            files,
            erasures,
        };
        let to = to.map(Timestamp::from_millisecond).transpose().ok()?;
        Some((restored, to))
    }
}

/// Fails if the places already hold an installation. An unfinished restore is none.
pub(crate) fn check_empty(places: &Places) -> Result<(), BackupError> {
    if !is_unfinished(&places.data) {
        let beside = ["secret.key", "files", crate::KEY_FILE].map(|name| places.data.join(name));
        if let Some(path) = beside.iter().find(|path| path.exists()) {
            return Err(BackupError::NotEmpty(path.clone()));
        }
    }
    places.store.check_empty()
}

pub(crate) fn remove_folder(folder: &Path) -> Result<(), BackupError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(BackupError::file(folder)(error))
        }
        _ => Ok(()),
    }
}

impl Kind {
    pub(crate) fn check(self, place: &StorePlace) -> Result<(), BackupError> {
        match (self, place) {
            (Self::Sqlite, StorePlace::File(_))
            | (Self::Dump | Self::Base, StorePlace::Database(_)) => Ok(()),
            _ => Err(BackupError::OtherEngine {
                backup: match self {
                    Self::Sqlite => "an SQLite file",
                    Self::Dump | Self::Base => "a PostgreSQL database",
                },
                here: place.name(),
            }),
        }
    }
}

/// A snapshot and the changes after it, for operators.
#[derive(Clone, Debug)]
pub struct Listed {
    /// When the snapshot was made.
    pub from: Timestamp,
    /// The latest time that can be restored with this snapshot.
    pub until: Timestamp,
    /// The size of the store, in bytes.
    pub bytes: u64,
}

/// Lists the snapshots of a backup, oldest first.
pub fn list(target: &Target, key: &BackupKey, random: &Random) -> Result<Vec<Listed>, BackupError> {
    let vault = Vault::of(target, key, random);
    let all = Generation::list(&vault)?;
    let log = wal_copy::stretches(&vault)?;
    let list = all.iter().enumerate().map(|(place, generation)| {
        let (segments, _) = generation.segments(&vault)?;
        let from = generation.at();
        let manifest = generation.manifest(&vault)?;
        let until = match manifest.base {
            None => segments.last().map(|last| last.until),
            // All base backups share one log. A restore uses a base backup only up to the time of
            // the next one.
            Some(_) => match all.get(place + 1) {
                Some(next) => Some(next.at()),
                None => log.iter().map(|stretch| stretch.at).max(),
            },
        };
        Ok(Listed {
            from,
            until: until.unwrap_or(from),
            bytes: manifest.bytes,
        })
    });
    list.collect()
}

/// The snapshot that a restore uses.
#[derive(Debug)]
pub(crate) struct Chosen {
    pub(crate) generation: Generation,
    pub(crate) manifest: Manifest,
    /// All changes after the snapshot are later than this time.
    since: Timestamp,
}

/// What a restore needs in addition to the snapshot.
pub(crate) struct Plan {
    pub(crate) segments: Vec<Segment>,
    /// The parts of PostgreSQL's log to replay over a base backup.
    stretches: Vec<Stretch>,
    /// The objects of files beside the store. If two objects contain the same file, the later
    /// object counts.
    pub(crate) files: Vec<String>,
}

impl Chosen {
    /// Finds the latest snapshot before `to`.
    pub(crate) fn find(vault: &Vault, to: Option<Timestamp>) -> Result<Self, BackupError> {
        let all = Generation::list(vault)?;
        if all.is_empty() {
            return Err(BackupError::Nothing(vault.target.name()));
        }
        for generation in all.into_iter().rev() {
            let since = generation.since(vault)?;
            if to.is_none_or(|to| since < to) {
                return Ok(Self {
                    manifest: generation.manifest(vault)?,
                    generation,
                    since,
                });
            }
        }
        Err(BackupError::TooEarly(to.unwrap_or_default()))
    }

    pub(crate) fn plan(&self, vault: &Vault, to: Option<Timestamp>) -> Result<Plan, BackupError> {
        let end = to.unwrap_or(Timestamp::MAX);
        let began = self.generation.at();
        let (mut segments, has_gap) = self.generation.segments(vault)?;
        let whole_until = segments.last().map_or(began, |last| last.until);
        if has_gap && whole_until < end {
            return Err(BackupError::Damaged {
                object: self
                    .generation
                    .segment_prefix(segments.last().map_or(0, |last| last.number + 1)),
                whole_until: Some(second(whole_until)),
            });
        }
        let stretches = match &self.manifest.base {
            None => Vec::new(),
            Some(_) => wal_copy::stretches(vault)?,
        };
        if self.manifest.has_head {
            let found = head::Found {
                generation: &self.generation,
                segments: &segments,
                stretches: &stretches,
            };
            head::check(vault, to, &found)?;
        }
        let wanted = segments.iter().take_while(|one| one.until < end).count();
        segments.truncate(wanted.saturating_add(1));
        let mut files: Vec<String> = self.manifest.files.values().cloned().collect();
        files.extend(files::copied_between(vault, self.since, end)?);
        let stretches = match &self.manifest.base {
            None => stretches,
            Some(base) => wal_copy::choose(stretches, &base.first, base.segment_length, end)?,
        };
        Ok(Plan {
            segments,
            stretches,
            files,
        })
    }
}

/// Assembles the restored files in `folder`.
pub(crate) fn build(
    vault: &Vault,
    chosen: &Chosen,
    plan: &Plan,
    folder: &Path,
    to: Option<Timestamp>,
    room: Room,
) -> Result<Restored, BackupError> {
    let path = folder.join(STORE);
    let mut until = chosen.generation.at();
    if let Some(base) = &chosen.manifest.base {
        unpack(vault, chosen, &folder.join("cluster"))?;
        let log = folder.join("wal");
        wal_copy::write(vault, &plan.stretches, base.segment_length, &log)?;
        until = recovery::recover(base, folder, to, &path)?.unwrap_or(until);
        postgres::read(&path)?;
        return build_beside(vault, plan, folder, until, room);
    }
    let file = write_snapshot(vault, chosen, &path)?;
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
        room.check(folder, bytes.len())?;
        for change in decode(&bytes).ok_or_else(damaged)? {
            if change.at >= end {
                break;
            }
            apply(&file, &change).map_err(BackupError::file(&path))?;
            until = Timestamp::from_millisecond(change.at).unwrap_or(until);
        }
    }
    file.sync_all().map_err(BackupError::file(&path))?;
    match chosen.manifest.kind {
        Kind::Sqlite => check_store(&path)?,
        Kind::Dump | Kind::Base => drop(postgres::read(&path)?),
    }
    build_beside(vault, plan, folder, until, room)
}

/// Writes the snapshot, without the changes after it, into a new file.
pub(crate) fn write_snapshot(
    vault: &Vault,
    chosen: &Chosen,
    path: &Path,
) -> Result<File, BackupError> {
    let mut file = options(path).map_err(BackupError::file(path))?;
    for number in 0..chosen.manifest.pieces {
        let piece = vault.get(&chosen.generation.piece_name(number))?;
        file.write_all(&piece).map_err(BackupError::file(path))?;
    }
    let facts = file.metadata().map_err(BackupError::file(path))?;
    if facts.len() == chosen.manifest.bytes {
        Ok(file)
    } else {
        Err(BackupError::damaged(&chosen.generation.manifest_name()))
    }
}

/// Writes the changed pages.
pub(crate) fn apply(file: &File, change: &Change) -> io::Result<()> {
    let size = u64::from(change.page_size);
    for (number, page) in &change.changed {
        let before = u64::from(number.saturating_sub(1));
        file.write_all_at(page, before * size)?;
    }
    file.set_len(u64::from(change.pages) * size)
}

fn unpack(vault: &Vault, chosen: &Chosen, cluster: &Path) -> Result<(), BackupError> {
    let mut unpacking = Unpacking::begin(cluster)?;
    let mut bytes = 0;
    for number in 0..chosen.manifest.pieces {
        let piece = vault.get(&chosen.generation.piece_name(number))?;
        bytes += piece.len() as u64;
        unpacking.write(&piece)?;
    }
    if bytes != chosen.manifest.bytes {
        return Err(BackupError::damaged(&chosen.generation.manifest_name()));
    }
    unpacking.end()
}

pub(crate) fn build_beside(
    vault: &Vault,
    plan: &Plan,
    folder: &Path,
    until: Timestamp,
    room: Room,
) -> Result<Restored, BackupError> {
    let path = folder.join(STORE);
    let bytes = fs::metadata(&path).map_err(BackupError::file(&path))?.len();
    let mut names = std::collections::BTreeSet::new();
    for name in &plan.files {
        let (to, content) = files::read(vault, name)?;
        let path = folder.join("beside").join(&to);
        room.check(folder, content.len())?;
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
    // The check creates a write-ahead log, and this statement removes it.
    connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    if found == "ok" {
        Ok(())
    } else {
        Err(BackupError::NotWhole(found))
    }
}

/// The store comes last.
pub(crate) fn put_in_place(
    unfinished: &Path,
    places: &Places,
    restored: &Restored,
    to: Option<Timestamp>,
) -> Result<(), BackupError> {
    let failed = BackupError::file(&places.data);
    let beside = unfinished.join("beside");
    let move_beside = || {
        for entry in fs::read_dir(&beside)? {
            let entry = entry?;
            move_over(&entry.path(), &places.data.join(entry.file_name()))?;
        }
        Ok(())
    };
    move_beside().map_err(&failed)?;
    let store = unfinished.join(STORE);
    let described = write_file(&unfinished.join(LAST_STEP), &restored.to_bytes(to));
    described
        .and_then(|()| File::open(unfinished)?.sync_all())
        .map_err(&failed)?;
    match &places.store {
        StorePlace::File(path) => fs::rename(&store, path).map_err(&failed)?,
        StorePlace::Database(database) => postgres::restore(database, &store)?,
    }
    remove_unfinished(unfinished, places).map_err(&failed)
}

/// The description of the last step goes together with the folder, so that a process that is killed
/// here leaves either both or neither.
fn remove_unfinished(unfinished: &Path, places: &Places) -> io::Result<()> {
    File::open(&places.data)?.sync_all()?;
    for entry in fs::read_dir(unfinished)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else if entry.file_name() != LAST_STEP {
            fs::remove_file(entry.path())?;
        }
    }
    let done = places.data.join(DONE_FOLDER);
    fs::rename(unfinished, &done)?;
    fs::remove_dir_all(&done)?;
    File::open(&places.data)?.sync_all()
}

/// Merges a folder into an existing one.
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

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(ending);
    PathBuf::from(path)
}
