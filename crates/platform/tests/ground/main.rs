//! Tests of the platform on both engines: always on SQLite, and on PostgreSQL if
//! `KENDURI_TEST_POSTGRES` contains a server's URL.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail as tests do"
)]

mod acknowledging;
mod audit;
mod constraints;
mod failover;
mod files;
mod idempotency;
mod idle;
mod keys;
mod limits;
mod machines;
mod migrations;
mod news;
mod requests;
mod rows;
mod shared_files;
mod shared_limits;
mod statements;
mod store;
mod together;

use std::time::{Duration, Instant};

use platform::store::migrate::{Kind, Migrations, Step};
use platform::{Rows, Store, StoreError, Tx, sql};

const PATIENCE: Duration = Duration::from_mins(1);

/// The platform's own migrations, and a table for tests.
const MIGRATIONS: [Migrations; 2] = [
    platform::MIGRATIONS,
    Migrations::new(
        "test",
        &[Step {
            name: "0001_begin",
            kind: Kind::Contracting,
            text: "CREATE TABLE thing (
    id TEXT PRIMARY KEY,
    amount BIGINT NOT NULL CONSTRAINT thing_below_zero CHECK (amount >= 0),
    note TEXT,
    data BYTEA
);",
        }],
    ),
];

fn add(tx: &mut Tx<'_>, id: &str, amount: i64) -> Result<(), StoreError> {
    tx.run(
        sql!("INSERT INTO thing (id, amount) VALUES ($1, $2)"),
        &[&id, &amount],
        Rows::Exactly(1),
    )?;
    Ok(())
}

/// Locks a row of `thing` by raising its amount, and returns the amount.
fn raise(tx: &mut Tx<'_>, id: &str) -> Result<i64, StoreError> {
    let (amount,) = tx.one(
        sql!("UPDATE thing SET amount = amount + 1 WHERE id = $1 RETURNING amount"),
        &[&id],
    )?;
    Ok(amount)
}

/// Repeats a change while the store is busy, because on a slow machine changes may wait for a lock
/// for longer than the store's timeout.
async fn insist<T: Send + 'static>(
    store: &Store,
    change: impl Fn(&mut Tx<'_>) -> Result<T, StoreError> + Clone + Send + Sync + 'static,
) -> Result<T, StoreError> {
    let begin = Instant::now();
    loop {
        match store.write(change.clone()).await {
            Err(StoreError::Busy) if begin.elapsed() < PATIENCE => {}
            outcome => return outcome,
        }
    }
}

fn count(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let (count,) = tx.one(sql!("SELECT COUNT(*) FROM thing"), &[])?;
    Ok(count)
}
