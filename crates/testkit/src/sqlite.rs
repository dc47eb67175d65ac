//! Migrated SQLite files. Each set of migrations runs once in a process, and each test gets a copy of
//! the result.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use platform::store::migrate::Migrations;
use platform::store::{Settings, SqliteSettings};
use platform::{Clock, ManualClock, Random, Store};
use rusqlite::Connection;

use crate::postgres::digest;
use crate::world::START;

/// By the digest of the migrations.
static TEMPLATES: Mutex<BTreeMap<String, Arc<Vec<u8>>>> = Mutex::new(BTreeMap::new());

/// The settings of a store in this file. Tests do not check durability, so writes need not wait for
/// the disk.
pub(crate) fn settings(file: &Path) -> Settings {
    Settings::Sqlite(SqliteSettings {
        durable: false,
        ..SqliteSettings::file(file.to_owned())
    })
}

/// Creates a file with `migrations` applied.
pub(crate) fn create(file: &Path, migrations: &[Migrations]) {
    let template = {
        let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
        let template = templates.entry(digest(migrations));
        Arc::clone(template.or_insert_with(|| Arc::new(migrate(migrations))))
    };
    fs::write(file, &*template).expect("a database file");
}

fn migrate(migrations: &[Migrations]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("kenduri.db");
    let clock = ManualClock::at(START.parse().expect("an instant"));
    let (clock, random) = (Clock::Manual(clock), Random::seeded(1));
    let store =
        Store::open(&settings(&file), migrations, clock, random).expect("migrations run on SQLite");
    // The file is complete without its write-ahead log.
    Connection::open(&file)
        .and_then(|connection| {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        })
        .expect("a checkpoint");
    let content = fs::read(&file).expect("a database file");
    drop(store);
    content
}
