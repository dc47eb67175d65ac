//! Applies migrations to a PostgreSQL store.
//!
//! One process at a time migrates, under an advisory lock that nobody waits for in PostgreSQL, so
//! that a waiting process holds no transaction open. Each process that uses the store holds a shared
//! advisory lock, whose number says what the process knows of the schema.

use std::time::{Duration, Instant};

use ::postgres::error::SqlState;
use ::postgres::{Client, Error, Transaction};
use jiff::Timestamp;

use super::StoreError;
use super::migrate::{
    self, Applied, Batch, Comparison, Kind, Migrations, Missing, Pending, failed,
};
use super::migration_text::{POSTGRESQL, extensions, for_postgres, only};
use super::postgres_error::explain;

/// How long a program waits for another one that migrates the store, or for a lock on a table.
const WAIT: Duration = Duration::from_mins(10);
/// How often a process looks whether another one has finished.
const LOOK: Duration = Duration::from_millis(100);
/// How long a program of before may take to end its session after its process has ended.
const FAREWELL: Duration = Duration::from_secs(2);
/// The time between two tries to lock a table. Whoever waits behind this process goes on meanwhile.
const PAUSE: Duration = Duration::from_secs(1);
/// Whoever uses the table waits for as long as this process waits for its lock.
const LOCK_TIME: &str = "SET LOCAL lock_timeout = '500ms'";
/// The time of a statement beside an older program, with the time for its locks.
const STEP_TIME: &str = "SET LOCAL statement_timeout = '1s'";
/// An operator may have set a limit for other statements of the role or the database.
const NO_LIMIT: &str = "SET LOCAL statement_timeout = 0";

/// The statement that tells other programs, until the session ends, that a program with this
/// fingerprint uses the store.
pub(super) fn announce(fingerprint: i32) -> String {
    format!("SELECT pg_advisory_lock_shared(7005, {fingerprint})")
}

/// Whether a program with other steps than this one uses the store.
fn has_others(transaction: &mut Transaction<'_>, fingerprint: i32) -> Result<bool, Error> {
    // Two numbers of a lock are in `classid` and `objid` (PostgreSQL documentation, section 54.12).
    let look =
        "SELECT EXISTS (SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database
        WHERE locktype = 'advisory' AND datname = current_database()
        AND classid = 7005 AND objsubid = 2 AND objid::bigint <> $1)";
    let row = transaction.query_one(look, &[&i64::from(fingerprint)])?;
    Ok(row.get(0))
}

/// Takes the lock for migrations until the end of the transaction. Returns `false` if another
/// process has it.
pub(super) fn try_lock(transaction: &mut Transaction<'_>) -> Result<bool, StoreError> {
    let locked = transaction.query_one("SELECT pg_try_advisory_xact_lock(7002)", &[]);
    Ok(locked.map_err(|error| unable(&error))?.get(0))
}

/// Announces this program on the connection, and migrates the store. Returns the steps that were
/// applied.
pub(super) fn migrate(
    client: &mut Client,
    migrations: &[Migrations],
    missing: Missing,
    now: Timestamp,
) -> Result<Vec<Pending>, StoreError> {
    let fail = |error: Error| unable(&error);
    let fingerprint = migrate::fingerprint(migrations);
    client.batch_execute(&announce(fingerprint)).map_err(fail)?;
    let begun = Instant::now();
    let mut is_told = false;
    let mut applied = Vec::new();
    loop {
        let mut transaction = client.transaction().map_err(fail)?;
        let pause = if try_lock(&mut transaction)? {
            match turn(&mut transaction, migrations, missing, now) {
                Ok((pending, count)) => {
                    transaction.commit().map_err(fail)?;
                    applied.extend(&pending[..count]);
                    if count == pending.len() {
                        return Ok(applied);
                    }
                    continue;
                }
                Err(Stop::Locked) => PAUSE,
                Err(Stop::Older(_)) if begun.elapsed() < FAREWELL => LOOK,
                Err(Stop::Older(error) | Stop::Failed(error)) => return Err(error),
            }
        } else if missing == Missing::Refuse {
            return Err(migrate::being_migrated());
        } else {
            LOOK
        };
        drop(transaction);
        if begun.elapsed() > WAIT {
            return Err(StoreError::Schema(
                "another session has locked tables of the store for ten minutes, or still migrates \
                 them; look into pg_stat_activity, and start again when it has ended"
                    .to_owned(),
            ));
        }
        if !std::mem::replace(&mut is_told, true) {
            tracing::info!(
                "another session migrates the store or locks its tables; waiting for it"
            );
        }
        std::thread::sleep(pause);
    }
}

/// Why a transaction applied nothing.
enum Stop {
    /// A lock was not free in time.
    Locked,
    /// An older program uses the store, and would fail.
    Older(StoreError),
    Failed(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl Stop {
    fn of(error: &Error, failed: StoreError) -> Self {
        let is_locked = error.code().is_some_and(|code| {
            [
                SqlState::LOCK_NOT_AVAILABLE,
                SqlState::T_R_DEADLOCK_DETECTED,
            ]
            .contains(code)
        });
        if is_locked {
            Self::Locked
        } else {
            Self::Failed(failed)
        }
    }
}

/// Returns what the store lacked, and how many of these steps the transaction has applied.
fn turn(
    transaction: &mut Transaction<'_>,
    migrations: &[Migrations],
    missing: Missing,
    now: Timestamp,
) -> Result<(Vec<Pending>, usize), Stop> {
    let fail = |error: Error| Stop::of(&error, unable(&error));
    transaction.batch_execute(LOCK_TIME).map_err(fail)?;
    let Comparison { pending, .. } = find_missing(transaction, migrations, missing)?;
    if pending.is_empty() {
        return Ok((pending, 0));
    }
    if missing == Missing::Refuse {
        return Err(migrate::not_migrated(&pending).into());
    }
    let fingerprint = migrate::fingerprint(migrations);
    let has_older = has_others(transaction, fingerprint).map_err(fail)?;
    let batch = migrate::next_batch(&pending, has_older).map_err(Stop::Older)?;
    let limit = match batch {
        Batch::Whole(_) => NO_LIMIT,
        Batch::Beside(_) => STEP_TIME,
    };
    transaction.batch_execute(limit).map_err(fail)?;
    apply(transaction, batch.steps(), now)?;
    let count = batch.steps().len();
    Ok((pending, count))
}

/// Migrates an empty database in a transaction that goes on.
pub(super) fn fill(
    transaction: &mut Transaction<'_>,
    migrations: &[Migrations],
    now: Timestamp,
) -> Result<(), StoreError> {
    let filled = find_missing(transaction, migrations, Missing::Apply)
        .and_then(|found| apply(transaction, &found.pending, now));
    filled.map_err(|stop| match stop {
        Stop::Older(error) | Stop::Failed(error) => error,
        Stop::Locked => StoreError::Busy,
    })
}

fn find_missing(
    transaction: &mut Transaction<'_>,
    migrations: &[Migrations],
    missing: Missing,
) -> Result<Comparison, Stop> {
    let fail = |error: Error| Stop::of(&error, unable(&error));
    let list = "SELECT attname::text FROM pg_attribute
        WHERE attrelid = to_regclass(quote_ident(current_schema()) || '.migration') AND attnum > 0 AND NOT attisdropped";
    let columns = transaction.query(list, &[]).map_err(fail)?;
    let mut columns: Vec<String> = columns.iter().map(|row| row.get(0)).collect();
    if missing == Missing::Apply && !columns.iter().any(|column| column == "kind") {
        let text = if columns.is_empty() {
            migrate::LEDGER
        } else {
            migrate::LEDGER_KIND
        };
        transaction
            .batch_execute(&for_postgres(text))
            .map_err(fail)?;
        columns.push("kind".to_owned());
    }
    let rows = match migrate::read_ledger(&columns) {
        Some(select) => transaction.query(select, &[]).map_err(fail)?,
        None => Vec::new(),
    };
    let applied: Vec<Applied> = rows
        .iter()
        .map(|row| Applied {
            owner: row.get(0),
            number: row.get(1),
            checksum: row.get(2),
            kind: Kind::read(row.get(3)),
        })
        .collect();
    Ok(migrate::compare(migrations, &applied)?)
}

fn apply(transaction: &mut Transaction<'_>, steps: &[Pending], now: Timestamp) -> Result<(), Stop> {
    for name in steps.iter().flat_map(|one| extensions(one.step.text)) {
        transaction
            .batch_execute(&format!("CREATE EXTENSION IF NOT EXISTS {name}"))
            .map_err(|error| {
                let reason = explain(&error);
                StoreError::Schema(format!(
                    "PostgreSQL needs the extension {name} for this ({reason}); run in the database, as its owner or a superuser: CREATE EXTENSION {name};"
                ))
            })?;
    }
    for one in steps {
        let Pending {
            owner,
            number,
            step,
            ..
        } = one;
        let text =
            only(POSTGRESQL, step.text).ok_or_else(|| failed(one, "its sections do not end"))?;
        transaction
            .batch_execute(&for_postgres(&text))
            .map_err(|error| {
                if error.code() == Some(&SqlState::QUERY_CANCELED) {
                    return Stop::Failed(migrate::takes_too_long(one));
                }
                Stop::of(&error, failed(one, &explain(&error)))
            })?;
        transaction
            .execute(
                "INSERT INTO migration (owner, number, checksum, applied_at, kind)
                 VALUES ($1, $2, $3, $4, $5)",
                &[
                    owner,
                    number,
                    &migrate::checksum(step),
                    &now.as_millisecond(),
                    &step.kind.word(),
                ],
            )
            .map_err(|error| Stop::of(&error, unable(&error)))?;
    }
    Ok(())
}

fn unable(error: &Error) -> StoreError {
    StoreError::Schema(format!(
        "the tables cannot be changed: {}\n  \
         the user in store.url must own the database, which needs room; start again then",
        explain(error)
    ))
}
