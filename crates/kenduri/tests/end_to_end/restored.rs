//! Tests of a store that was restored from a backup.

use std::path::Path;

use platform::store::{Settings, SqliteSettings};
use platform::{Clock, Random, Rows, Store, StoreError, Tx, sql};
use rustix::process::Signal;

use crate::program::Program;

/// Creates an old demo as if it were restored from a backup. It contains dietary requirements that
/// were deleted after the backup.
fn put_back(file: &Path) {
    let migrations = [
        platform::MIGRATIONS,
        identity::MIGRATIONS,
        occasions::MIGRATIONS,
    ];
    let settings = Settings::Sqlite(SqliteSettings::file(file));
    let store = Store::open(&settings, &migrations, Clock::System, Random::system());
    let store = store.expect("a store");
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let filled = runtime.expect("a runtime").block_on(async {
        store.write(occasions::demo::seed).await?;
        let age = |tx: &mut Tx<'_>| {
            tx.run(
                sql!("UPDATE event SET starts_at = 0, ends_at = 1"),
                &[],
                Rows::Any,
            )?;
            // The daily deletion job has already run today.
            tx.run(
                sql!(
                    "INSERT INTO schedule (kind, minute)
                     VALUES ('occasions.delete_diets', 9000000000000)"
                ),
                &[],
                Rows::Exactly(1),
            )?;
            Ok::<_, StoreError>(())
        };
        store.write(age).await
    });
    filled.expect("the demo");
}

fn eaters(file: &Path) -> i64 {
    let store = rusqlite::Connection::open(file).expect("a store");
    let count = "SELECT COUNT(*) FROM guest WHERE diets <> '[]' OR diet_note <> ''";
    store
        .query_row(count, [], |row| row.get(0))
        .expect("a number")
}

#[test]
fn food_needs_that_had_been_deleted_are_gone_before_anybody_is_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kenduri.db");
    put_back(&file);
    assert!(eaters(&file) > 0);
    let data = folder.path().to_string_lossy().into_owned();
    let mut program = Program::serve(&["--data", &data], &[]);
    assert_eq!(eaters(&file), 0);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}
