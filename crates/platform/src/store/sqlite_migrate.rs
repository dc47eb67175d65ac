//! Applies migrations to an SQLite store.

use std::io;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode};

use super::migrate::{
    self, Applied, Batch, Comparison, Kind, Migrations, Missing, Pending, failed,
};
use super::migration_text::{SQLITE, for_sqlite, only};
use super::sqlite_programs::Program;
use super::{SqliteSettings, StoreError};

/// How long a program waits for another one that migrates the store.
const WAIT: Duration = Duration::from_mins(10);
/// How long a step may take beside an older program, whose changes wait for it.
const STEP_TIME: Duration = Duration::from_secs(1);

/// A store that is up to date.
pub(super) struct Migrated {
    /// The steps that were applied now.
    pub(super) applied: Vec<Pending>,
    /// Whether a newer program has used the store.
    pub(super) is_newer: bool,
    /// Tells other programs that this one uses the store.
    pub(super) program: Program,
}

pub(super) fn migrate(
    connection: &Connection,
    settings: &SqliteSettings,
    migrations: &[Migrations],
    missing: Missing,
    now: Timestamp,
) -> Result<Migrated, StoreError> {
    let program = Program::announce(&settings.path, migrate::fingerprint(migrations));
    let program = program.map_err(|error| unavailable(settings, &error))?;
    let mut applied = Vec::new();
    loop {
        begin(connection, missing)?;
        let has_others = || {
            let others = program.has_others();
            others.map_err(|error| unavailable(settings, &error))
        };
        match turn(connection, migrations, missing, has_others, now) {
            Ok((Comparison { pending, is_newer }, count)) => {
                connection
                    .execute_batch("COMMIT")
                    .map_err(|error| unable(&error))?;
                applied.extend(&pending[..count]);
                if count == pending.len() {
                    return Ok(Migrated {
                        applied,
                        is_newer,
                        program,
                    });
                }
            }
            Err(error) => {
                // An interrupted statement has already ended the transaction.
                if !connection.is_autocommit() {
                    let ended = connection.execute_batch("ROLLBACK");
                    ended.map_err(|error| unable(&error))?;
                }
                return Err(error);
            }
        }
    }
}

/// Waits while another process migrates the store.
fn begin(connection: &Connection, missing: Missing) -> Result<(), StoreError> {
    let end = Instant::now() + WAIT;
    loop {
        match connection.execute_batch("BEGIN IMMEDIATE") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && Instant::now() < end =>
            {
                if missing == Missing::Refuse {
                    return Err(migrate::being_migrated());
                }
                tracing::info!("another process changes the store; waiting for it");
            }
            begun => return begun.map_err(|error| unable(&error)),
        }
    }
}

/// Returns what the store lacked, and how many of these steps the transaction has applied.
fn turn(
    connection: &Connection,
    migrations: &[Migrations],
    missing: Missing,
    has_others: impl Fn() -> Result<bool, StoreError>,
    now: Timestamp,
) -> Result<(Comparison, usize), StoreError> {
    let fail = |error: rusqlite::Error| unable(&error);
    let columns = strings(
        connection,
        "SELECT name FROM pragma_table_info('migration')",
    );
    let mut columns = columns.map_err(fail)?;
    if missing == Missing::Apply && !columns.iter().any(|column| column == "kind") {
        let text = if columns.is_empty() {
            migrate::LEDGER
        } else {
            migrate::LEDGER_KIND
        };
        connection.execute_batch(&for_sqlite(text)).map_err(fail)?;
        columns.push("kind".to_owned());
    }
    let applied = match migrate::read_ledger(&columns) {
        Some(select) => ledger(connection, select).map_err(fail)?,
        None => Vec::new(),
    };
    let found = migrate::compare(migrations, &applied)?;
    if found.pending.is_empty() {
        return Ok((found, 0));
    }
    if missing == Missing::Refuse {
        return Err(migrate::not_migrated(&found.pending));
    }
    let batch = migrate::next_batch(&found.pending, has_others()?)?;
    for one in batch.steps() {
        let apply = || apply(connection, one, now);
        match batch {
            Batch::Whole(_) => apply(),
            Batch::Beside(_) => in_time(connection, one, apply),
        }?;
    }
    let count = batch.steps().len();
    Ok((found, count))
}

fn apply(connection: &Connection, one: &Pending, now: Timestamp) -> Result<(), StoreError> {
    let fail = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => migrate::takes_too_long(one),
        _ => failed(one, &error.to_string()),
    };
    let Pending {
        owner,
        number,
        step,
        ..
    } = one;
    let text = only(SQLITE, step.text).ok_or_else(|| failed(one, "its sections do not end"))?;
    connection.execute_batch(&for_sqlite(&text)).map_err(fail)?;
    let insert = "INSERT INTO migration (owner, number, checksum, applied_at, kind)
        VALUES (?1, ?2, ?3, ?4, ?5)";
    let values = (
        owner,
        number,
        migrate::checksum(step),
        now.as_millisecond(),
        step.kind.word(),
    );
    connection.execute(insert, values).map(drop).map_err(fail)
}

/// Interrupts a step that takes longer than [`STEP_TIME`].
fn in_time(
    connection: &Connection,
    one: &Pending,
    apply: impl FnOnce() -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let handle = connection.get_interrupt_handle();
    let (done, waiting) = channel::<()>();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if waiting.recv_timeout(STEP_TIME) == Err(RecvTimeoutError::Timeout) {
                handle.interrupt();
            }
        });
        let outcome = apply();
        drop(done);
        outcome
    })?;
    // Between two statements, nothing is interrupted.
    if begun.elapsed() < STEP_TIME {
        Ok(())
    } else {
        Err(migrate::takes_too_long(one))
    }
}

fn ledger(connection: &Connection, select: &str) -> Result<Vec<Applied>, rusqlite::Error> {
    let mut statement = connection.prepare(select)?;
    let rows = statement.query_map([], |row| {
        Ok(Applied {
            owner: row.get(0)?,
            number: row.get(1)?,
            checksum: row.get(2)?,
            kind: Kind::read(&row.get::<_, String>(3)?),
        })
    })?;
    rows.collect()
}

fn strings(connection: &Connection, select: &str) -> Result<Vec<String>, rusqlite::Error> {
    let mut statement = connection.prepare(select)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

fn unable(error: &rusqlite::Error) -> StoreError {
    StoreError::Schema(format!(
        "the tables cannot be changed: {error}\n  \
         the store's file and folder must be writable and have room, and no other program may lock it; start again then"
    ))
}

/// If the files that tell which programs use the store cannot be used.
fn unavailable(settings: &SqliteSettings, error: &io::Error) -> StoreError {
    let beside = settings.path.display();
    StoreError::Unavailable(format!(
        "the files {beside}-program-… cannot be used, which must belong to the user that runs Kenduri: {error}"
    ))
}
