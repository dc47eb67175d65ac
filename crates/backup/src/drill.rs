//! Drills: tests that restore the backup into a temporary folder, and then open, count and hash the
//! restored store.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use jiff::Timestamp;
use platform::text_cleaning::hexadecimal;
use platform::{Clock, Random};
use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::disk_space::{Room, free_space};
use crate::generation::Kind;
use crate::private_folder::make_folder;
use crate::restore::{self, Chosen, STORE};
use crate::vault::Vault;
use crate::{BackupError, BackupKey, Target, postgres};

/// Both are inside the data folder.
const FOLDER: &str = "drill";
const OUTCOME: &str = "backup-drill.json";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drill {
    /// When the drill began, in milliseconds since the Unix epoch.
    pub at: i64,
    pub result: DrillResult,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrillResult {
    /// The backup can be restored.
    Good {
        /// The time of the last commit in the backup, in milliseconds since the Unix epoch.
        until: i64,
        /// The number of rows in all tables.
        rows: u64,
        /// The SHA-256 of the restored store, or of its dump as SQL text.
        hash: String,
    },
    /// There was too little free space for the drill.
    Skipped {
        /// In bytes.
        free: u64,
        /// The space that the drill needs, in bytes.
        needed: u64,
    },
    /// The backup cannot be restored, for this reason.
    Failed(String),
}

impl Drill {
    pub fn last(data: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(data.join(OUTCOME)).ok()?).ok()
    }

    fn save(&self, data: &Path) -> Result<(), BackupError> {
        let path = data.join(OUTCOME);
        let text = serde_json::to_vec(self).unwrap_or_default();
        restore::write_file(&path, &text).map_err(BackupError::file(&path))
    }
}

/// Restores the backup into a temporary folder, checks the store, deletes the folder, and saves the
/// outcome.
pub fn drill(
    target: &Target,
    key: &BackupKey,
    data: &Path,
    clock: &Clock,
    random: &Random,
) -> Result<Drill, BackupError> {
    let at = clock.now().as_millisecond();
    let vault = Vault::of(target, key, random);
    let folder = data.join(FOLDER);
    // An interrupted drill may have left its folder behind.
    clear(&folder).map_err(BackupError::file(&folder))?;
    let outcome = attempt(&vault, data, &folder);
    clear(&folder).map_err(BackupError::file(&folder))?;
    let result = outcome.unwrap_or_else(|error| DrillResult::Failed(error.to_string()));
    let drill = Drill { at, result };
    drill.save(data)?;
    Ok(drill)
}

/// Deletes the folder of an interrupted drill, because the folder contains all data in clear text.
pub(crate) fn clear_left(data: &Path) -> Result<(), BackupError> {
    let folder = data.join(FOLDER);
    clear(&folder).map_err(BackupError::file(&folder))
}

fn attempt(vault: &Vault, data: &Path, folder: &Path) -> Result<DrillResult, BackupError> {
    vault.check_envelope()?;
    let chosen = Chosen::find(vault, None)?;
    let free = free_space(data)?;
    let unpacked = chosen.manifest.unpacked();
    let needed = unpacked.saturating_add(unpacked / 5);
    if free < needed {
        return Ok(DrillResult::Skipped { free, needed });
    }
    let plan = chosen.plan(vault, None)?;
    make_folder(folder)?;
    let built = restore::build(vault, &chosen, &plan, folder, None, Room::Most);
    let restored = match built {
        // The backup has grown since the snapshot, so the space is not enough after all.
        Err(BackupError::NoSpace { free, needed, .. }) => {
            return Ok(DrillResult::Skipped { free, needed });
        }
        restored => restored?,
    };
    let store = folder.join(STORE);
    let (rows, hash) = match chosen.manifest.kind {
        Kind::Sqlite => {
            let hash = hash(&store).map_err(BackupError::file(&store))?;
            (check_and_count_rows(&store)?, hash)
        }
        Kind::Dump | Kind::Base => {
            let contents = postgres::read(&store)?;
            (contents.rows, contents.hash)
        }
    };
    Ok(DrillResult::Good {
        until: restored.until.as_millisecond(),
        rows,
        hash,
    })
}

/// Also checks the integrity and the foreign keys of an SQLite store.
fn check_and_count_rows(path: &Path) -> Result<u64, BackupError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let store = Connection::open_with_flags(path, flags)?;
    let found: String = store.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if found != "ok" {
        return Err(BackupError::NotWhole(found));
    }
    if store.prepare("PRAGMA foreign_key_check")?.exists([])? {
        return Err(BackupError::NotWhole(
            "a row refers to one that is not there".to_owned(),
        ));
    }
    let mut tables = store.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )?;
    let tables = tables.query_map([], |row| row.get::<_, String>(0))?;
    let mut rows = 0;
    for table in tables {
        let query = format!("SELECT COUNT(*) FROM \"{}\"", table?.replace('"', "\"\""));
        let count: i64 = store.query_row(&query, [], |row| row.get(0))?;
        rows += count.unsigned_abs();
    }
    Ok(rows)
}

fn hash(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hexadecimal(&hash.finalize())),
            read => hash.update(piece.get(..read).unwrap_or_default()),
        }
    }
}

fn clear(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Whether a week has passed since the last drill.
pub(crate) fn is_due(data: &Path, now: Timestamp) -> bool {
    const WEEK: i64 = 7 * 24 * 3_600 * 1_000;
    let now = now.as_millisecond();
    // If the clock was set back, the last drill can be in the future.
    Drill::last(data).is_none_or(|last| last.at > now || now.saturating_sub(last.at) >= WEEK)
}
