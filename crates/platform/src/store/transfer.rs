//! Moves a store from an SQLite file into an empty PostgreSQL database, in one transaction that
//! commits only if every table reads back equal from both engines.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ::postgres::Transaction;
use ::postgres::binary_copy::BinaryCopyInWriter;
use ::postgres::fallible_iterator::FallibleIterator as _;
use ::postgres::types::{ToSql, Type};
use jiff::Timestamp;
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

use super::migrate::{Migrations, Missing};
use super::postgres::is_in_use;
use super::postgres_address::Address;
use super::postgres_error::explain;
use super::postgres_migrate;
use super::sqlite::open_writer;
use super::sqlite_migrate;
use super::sqlite_statements::execute;
use super::value::{Value, postgres_cell, sqlite_cell};
use super::{PostgresSettings, SqliteSettings, StoreError};
use crate::text_cleaning::hexadecimal;

#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    #[error(
        "there is no SQLite store at {0}\n  name the data folder that holds it: --data DIR or --config FILE"
    )]
    NoStore(PathBuf),
    #[error(
        "a newer Kenduri has added tables or columns to this store; nothing was moved\n  move it with that version"
    )]
    Newer,
    #[error(
        "the PostgreSQL database is not empty; nothing in it was changed\n  create an empty database, and name it with --to"
    )]
    NotEmpty,
    #[error(
        "the tables of both sides differ: {0}; nothing was kept in PostgreSQL\n  if somebody added these to a database by hand, remove them; otherwise please report this"
    )]
    Tables(String),
    #[error(
        "table {table}: {reason}; nothing was kept in PostgreSQL\n  the SQLite store is unchanged: do what the reason asks for (free space, permissions, the row that it names), and move again"
    )]
    Table { table: String, reason: String },
    #[error(
        "table {table} is not equal on both sides: {from} rows in SQLite, {to} in PostgreSQL, and \
         their hashes differ; nothing was kept in PostgreSQL\n  \
         move again; if it stays so, please report it"
    )]
    Unequal { table: String, from: u64, to: u64 },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A copied table. Its rows are equal in both databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedTable {
    pub name: String,
    pub rows: u64,
    /// The SHA-256 of all rows in the order of the table's key.
    pub hash: String,
}

/// Copies every table of an SQLite store into an empty PostgreSQL database. After each table, calls
/// `copied` with the table's name and number of rows.
///
/// Pending migrations are applied to the SQLite file. Nothing else in the file is changed, and the
/// file is locked until the end. This function blocks.
pub fn to_postgres(
    from: &SqliteSettings,
    to: &PostgresSettings,
    migrations: &[Migrations],
    now: Timestamp,
    mut copied: impl FnMut(&str, u64),
) -> Result<Vec<MovedTable>, TransferError> {
    if !from.path.is_file() {
        return Err(TransferError::NoStore(from.path.clone()));
    }
    let source = open_writer(from)?;
    let migrated = sqlite_migrate::migrate(&source, from, migrations, Missing::Apply, now)?;
    if migrated.is_newer {
        return Err(TransferError::Newer);
    }
    execute(&source, "BEGIN IMMEDIATE").map_err(|(error, _)| error)?;
    let tables = tables(&source)?;

    let mut client = Address::of(to)?.connect()?;
    let mut target = client.transaction().map_err(|error| refused(&error))?;
    prepare(&source, &mut target, migrations, now)?;
    compare_columns(&tables, &mut target)?;
    for table in &tables {
        copied(&table.name, table.copy(&source, &mut target)?);
    }
    continue_counters(&mut target)?;
    let compared = tables
        .iter()
        .map(|table| table.compare(&source, &mut target));
    let moved = compared.collect::<Result<Vec<_>, _>>()?;
    target.commit().map_err(|error| refused(&error))?;
    Ok(moved)
}

fn prepare(
    source: &Connection,
    target: &mut Transaction<'_>,
    migrations: &[Migrations],
    now: Timestamp,
) -> Result<(), TransferError> {
    // While SQLite is read, the PostgreSQL session is idle for longer than its usual limit.
    let begin = "SET LOCAL idle_in_transaction_session_timeout = 0";
    target
        .batch_execute(begin)
        .map_err(|error| refused(&error))?;
    // Another process would migrate this database only if it is in use.
    if !postgres_migrate::try_lock(target)? || is_in_use(target)? {
        return Err(TransferError::NotEmpty);
    }
    let owners = texts(source, "SELECT DISTINCT owner FROM migration")?;
    let begun: Vec<Migrations> = migrations
        .iter()
        .filter(|set| owners.iter().any(|owner| owner == set.owner))
        .map(|set| Migrations {
            only_if_begun: false,
            ..*set
        })
        .collect();
    postgres_migrate::fill(target, &begun, now)?;
    Ok(())
}

struct Table {
    name: String,
    columns: Vec<String>,
    key: Vec<String>,
}

/// The source's tables, ordered so that each follows the tables that it references.
fn tables(source: &Connection) -> Result<Vec<Table>, TransferError> {
    let names = "SELECT name FROM sqlite_schema
        WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name";
    let mut waiting = texts(source, names)?;
    let mut tables: Vec<Table> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let before = tables.len();
        let mut later = Vec::new();
        for name in waiting {
            let references = format!("SELECT \"table\" FROM pragma_foreign_key_list('{name}')");
            let references = texts(source, &references)?;
            let is_placed = |other: &String| tables.iter().any(|table| table.name == *other);
            if references
                .iter()
                .all(|other| *other == name || is_placed(other))
            {
                tables.push(Table::of(source, name)?);
            } else {
                later.push(name);
            }
        }
        if tables.len() == before {
            let reason = format!("{} refer to each other", later.join(", "));
            return Err(TransferError::Tables(reason));
        }
        waiting = later;
    }
    Ok(tables)
}

fn compare_columns(tables: &[Table], target: &mut Transaction<'_>) -> Result<(), TransferError> {
    let mut from = BTreeSet::new();
    for table in tables {
        let columns = table.columns.iter();
        from.extend(columns.map(|column| format!("{}.{column}", table.name)));
    }
    let list = "SELECT table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema = current_schema()";
    let rows = target.query(list, &[]).map_err(|error| refused(&error))?;
    let to: BTreeSet<String> = rows.iter().map(|row| row.get(0)).collect();
    let different: Vec<&str> = from.symmetric_difference(&to).map(String::as_str).collect();
    if different.is_empty() {
        return Ok(());
    }
    Err(TransferError::Tables(different.join(", ")))
}

impl Table {
    fn of(source: &Connection, name: String) -> Result<Self, StoreError> {
        let columns = format!("SELECT name FROM pragma_table_info('{name}')");
        let key = format!("{columns} WHERE pk > 0 ORDER BY pk");
        Ok(Self {
            columns: texts(source, &columns)?,
            key: texts(source, &key)?,
            name,
        })
    }

    /// The statement that reads all rows in an order that both engines share.
    fn select(&self) -> String {
        let key = if self.key.is_empty() {
            &self.columns
        } else {
            &self.key
        };
        format!(
            "SELECT {} FROM \"{}\" ORDER BY {} NULLS FIRST",
            quoted(&self.columns, ", "),
            self.name,
            quoted(key, " NULLS FIRST, ")
        )
    }

    fn copy(
        &self,
        source: &Connection,
        target: &mut Transaction<'_>,
    ) -> Result<u64, TransferError> {
        let fail = |error: ::postgres::Error| self.fails(&explain(&error));
        // The migrations have inserted rows into some tables. The copied rows replace them.
        let empty = format!("DELETE FROM \"{}\"", self.name);
        target.batch_execute(&empty).map_err(fail)?;
        let statement = target.prepare(&self.select()).map_err(fail)?;
        let columns = statement.columns().iter();
        let types: Vec<Type> = columns.map(|column| column.type_().clone()).collect();
        let copy = format!(
            "COPY \"{}\" ({}) FROM STDIN (FORMAT binary)",
            self.name,
            quoted(&self.columns, ", ")
        );
        let writer = target.copy_in(&copy).map_err(fail)?;
        let mut writer = BinaryCopyInWriter::new(writer, &types);
        self.read(source, |values| {
            let values: Vec<&(dyn ToSql + Sync)> = values
                .iter()
                .map(|value| value as &(dyn ToSql + Sync))
                .collect();
            writer.write(&values).map_err(fail)
        })?;
        writer.finish().map_err(fail)
    }

    fn compare(
        &self,
        source: &Connection,
        target: &mut Transaction<'_>,
    ) -> Result<MovedTable, TransferError> {
        let mut from = Digest::default();
        self.read(source, |values| {
            from.add(values);
            Ok(())
        })?;
        let fail = |error: ::postgres::Error| self.fails(&explain(&error));
        let mut to = Digest::default();
        let no_arguments: [&(dyn ToSql + Sync); 0] = [];
        let mut rows = target
            .query_raw(&self.select(), no_arguments)
            .map_err(fail)?;
        while let Some(row) = rows.next().map_err(fail)? {
            to.add(&self.cells(|index| postgres_cell(&row, index))?);
        }
        let (from, to) = (from.finish(), to.finish());
        if from != to {
            return Err(TransferError::Unequal {
                table: self.name.clone(),
                from: from.0,
                to: to.0,
            });
        }
        Ok(MovedTable {
            name: self.name.clone(),
            rows: to.0,
            hash: to.1,
        })
    }

    fn read(
        &self,
        source: &Connection,
        mut take: impl FnMut(&[Value<'_>]) -> Result<(), TransferError>,
    ) -> Result<(), TransferError> {
        let fail = |error: rusqlite::Error| self.fails(&error.to_string());
        let mut statement = source.prepare(&self.select()).map_err(fail)?;
        let mut rows = statement.query([]).map_err(fail)?;
        while let Some(row) = rows.next().map_err(fail)? {
            take(&self.cells(|index| sqlite_cell(row, index))?)?;
        }
        Ok(())
    }

    fn cells<'a>(
        &self,
        cell: impl Fn(usize) -> Option<Value<'a>>,
    ) -> Result<Vec<Value<'a>>, TransferError> {
        let columns = self.columns.iter().enumerate();
        columns
            .map(|(index, column)| {
                let reason = || format!("a value of {column} is not a number, text or bytes");
                cell(index).ok_or_else(|| self.fails(&reason()))
            })
            .collect()
    }

    fn fails(&self, reason: &str) -> TransferError {
        TransferError::Table {
            table: self.name.clone(),
            reason: reason.to_owned(),
        }
    }
}

/// Lets each identity column continue after its highest number, as SQLite does.
fn continue_counters(target: &mut Transaction<'_>) -> Result<(), TransferError> {
    let list = "SELECT table_name::text, column_name::text FROM information_schema.columns
        WHERE table_schema = current_schema() AND is_identity = 'YES'";
    let counters = target.query(list, &[]).map_err(|error| refused(&error))?;
    for counter in counters {
        let (table, column): (String, String) = (counter.get(0), counter.get(1));
        let set = format!(
            "SELECT setval(pg_get_serial_sequence('\"{table}\"', '{column}'), max(\"{column}\"))
             FROM \"{table}\""
        );
        target
            .batch_execute(&set)
            .map_err(|error| refused(&error))?;
    }
    Ok(())
}

/// The number of rows, and a hash of all values. Each value is hashed as its kind, its length and
/// its bytes; integers are big-endian.
#[derive(Default)]
struct Digest {
    rows: u64,
    hash: Sha256,
}

impl Digest {
    fn add(&mut self, values: &[Value<'_>]) {
        self.rows += 1;
        for value in values {
            match value {
                Value::Null => self.hash.update([0]),
                Value::Integer(number) => {
                    self.hash.update([1]);
                    self.hash.update(number.to_be_bytes());
                }
                Value::Text(text) => self.add_bytes(2, text.as_bytes()),
                Value::Written(text) => self.add_bytes(2, text.as_bytes()),
                Value::Bytes(bytes) => self.add_bytes(3, bytes),
            }
        }
    }

    fn add_bytes(&mut self, kind: u8, bytes: &[u8]) {
        self.hash.update([kind]);
        self.hash.update((bytes.len() as u64).to_be_bytes());
        self.hash.update(bytes);
    }

    fn finish(self) -> (u64, String) {
        (self.rows, hexadecimal(&self.hash.finalize()))
    }
}

fn texts(source: &Connection, select: &str) -> Result<Vec<String>, StoreError> {
    let read = || {
        let mut statement = source.prepare(select)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        rows.collect::<Result<Vec<_>, _>>()
    };
    read().map_err(|error: rusqlite::Error| StoreError::Unavailable(error.to_string()))
}

fn quoted(names: &[String], separator: &str) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    names.join(separator)
}

fn refused(error: &::postgres::Error) -> TransferError {
    StoreError::Unavailable(explain(error)).into()
}
