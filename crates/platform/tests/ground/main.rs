//! The ground floor on both engines: SQLite always, PostgreSQL where
//! `KENDURI_TEST_POSTGRES` names a server.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail as tests do"
)]

mod audit;
mod files;
mod idempotency;
mod limits;
mod migrations;
mod news;
mod statements;
mod store;
mod together;

use platform::store::migrate::{Migrations, Step};
use platform::{Rows, StoreError, Tx, sql};

/// The floor's own tables, and one for tests to write into.
const MIGRATIONS: [Migrations; 2] = [
    platform::MIGRATIONS,
    Migrations {
        owner: "test",
        steps: &[Step {
            name: "0001_begin",
            text: "CREATE TABLE thing (
    id TEXT PRIMARY KEY,
    amount BIGINT NOT NULL CHECK (amount >= 0),
    note TEXT,
    data BYTEA
);",
        }],
    },
];

fn add(tx: &mut Tx<'_>, id: &str, amount: i64) -> Result<(), StoreError> {
    tx.run(
        sql!("INSERT INTO thing (id, amount) VALUES ($1, $2)"),
        &[&id, &amount],
        Rows::Exactly(1),
    )?;
    Ok(())
}

/// Locks a thing first, as every change does, and adds to it; gives the amount.
fn raise(tx: &mut Tx<'_>, id: &str) -> Result<i64, StoreError> {
    let (amount,) = tx.one(
        sql!("UPDATE thing SET amount = amount + 1 WHERE id = $1 RETURNING amount"),
        &[&id],
    )?;
    Ok(amount)
}

fn count(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let (count,) = tx.one(sql!("SELECT COUNT(*) FROM thing"), &[])?;
    Ok(count)
}
