//! Makes a store larger, by a table that nobody reads. Started as `fill FILE MEGABYTES`, while no
//! process has the store open.

use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;

/// The length of a row, in bytes.
const ROW: i64 = 100_000;

/// Makes a store larger.
#[derive(Parser)]
struct Arguments {
    /// The SQLite file.
    store: PathBuf,
    /// By how much.
    megabytes: i64,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let store = rusqlite::Connection::open(arguments.store)?;
    store.execute_batch("BEGIN; CREATE TABLE filler (bytes BLOB NOT NULL)")?;
    let mut insert = store.prepare("INSERT INTO filler (bytes) VALUES (randomblob(?))")?;
    for _ in 0..arguments.megabytes * 1_000_000 / ROW {
        insert.execute([ROW])?;
    }
    drop(insert);
    store.execute_batch("COMMIT")?;
    Ok(())
}
