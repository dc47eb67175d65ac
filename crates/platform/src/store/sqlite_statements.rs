//! Statements on an SQLite connection, and the translation of its errors.

use std::cell::RefCell;
use std::collections::HashMap;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, PrepFlags, Statement, ffi};

use super::error::Failure;
use super::value::{Cells, Row, Value, check_columns};
use super::{FromRow, Query, StoreError};

/// The maximum number of statements that a connection keeps prepared.
pub(super) const PREPARED: usize = 256;

/// Runs a transaction statement (`BEGIN`, `COMMIT` …).
pub(super) fn execute(
    connection: &Connection,
    text: &'static str,
) -> Result<(), (StoreError, Failure)> {
    connection
        .prepare_cached(text)
        .and_then(|mut statement| {
            let mut rows = statement.raw_query();
            while rows.next()?.is_some() {}
            Ok(())
        })
        .map_err(|error| failed(connection, text, &error))
}

/// A connection with its prepared statements.
pub(super) trait Statements {
    fn connection(&self) -> &Connection;

    /// Passes the prepared statement with this text to `work`.
    fn prepare_for(&self, text: &'static str, work: &mut Work<'_>) -> Result<(), rusqlite::Error>;
}

type Work<'a> = dyn FnMut(&mut Statement<'_>) -> Result<(), rusqlite::Error> + 'a;

impl std::fmt::Debug for dyn Statements + '_ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Statements")
    }
}

/// A reader, which keeps its statements while it waits for its next use.
impl Statements for Connection {
    fn connection(&self) -> &Connection {
        self
    }

    fn prepare_for(&self, text: &'static str, work: &mut Work<'_>) -> Result<(), rusqlite::Error> {
        let mut statement = self.prepare_cached(text)?;
        work(&mut statement)
    }
}

/// The writer. It finds statements by the addresses of their texts, which takes less time than
/// comparing the texts.
pub(super) struct Writing<'c> {
    connection: &'c Connection,
    known: RefCell<HashMap<(usize, usize), Statement<'c>>>,
}

impl<'c> Writing<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self {
            connection,
            known: RefCell::default(),
        }
    }
}

impl Statements for Writing<'_> {
    fn connection(&self) -> &Connection {
        self.connection
    }

    fn prepare_for(&self, text: &'static str, work: &mut Work<'_>) -> Result<(), rusqlite::Error> {
        let key = (text.as_ptr().addr(), text.len());
        let known = self.known.borrow_mut().remove(&key);
        let mut statement = match known {
            Some(statement) => statement,
            None => self
                .connection
                .prepare_with_flags(text, PrepFlags::SQLITE_PREPARE_PERSISTENT)?,
        };
        let outcome = work(&mut statement);
        // Otherwise, the arguments would stay in memory until the statement runs again.
        statement.clear_bindings();
        let mut known = self.known.borrow_mut();
        if known.len() >= PREPARED {
            known.clear();
        }
        known.insert(key, statement);
        outcome
    }
}

pub(super) fn all<T: FromRow>(
    statements: &dyn Statements,
    query: Query<'_>,
) -> Result<Vec<T>, (StoreError, Failure)> {
    let sql = query.sql;
    let (mut found, mut unreadable) = (Vec::new(), None);
    let outcome = statements.prepare_for(sql.without_row_lock(), &mut |statement| {
        bind(statement, query)?;
        let names = || statement.column_names().collect();
        unreadable = check_columns::<T>(names, sql.text()).err();
        let mut rows = statement.raw_query();
        while unreadable.is_none()
            && let Some(row) = rows.next()?
        {
            let row = Row {
                cells: Cells::Sqlite(row),
                sql: sql.text(),
                first: 0,
            };
            match T::from_row(&row) {
                Ok(one) => found.push(one),
                Err(error) => unreadable = Some(error),
            }
        }
        Ok(())
    });
    outcome.map_err(|error| failed(statements.connection(), sql.text(), &error))?;
    unreadable.map_or(Ok(found), |error| Err((error, Failure::Final)))
}

pub(super) fn run(
    statements: &dyn Statements,
    query: Query<'_>,
) -> Result<u64, (StoreError, Failure)> {
    let sql = query.sql;
    let mut count = 0;
    let outcome = statements.prepare_for(sql.without_row_lock(), &mut |statement| {
        bind(statement, query)?;
        count = statement.raw_execute()? as u64;
        Ok(())
    });
    outcome.map_err(|error| failed(statements.connection(), sql.text(), &error))?;
    Ok(count)
}

/// SQLite numbers parameters such as `$2` by their first appearance. Where this is not their own
/// order, each parameter is bound by the number in its name.
fn bind(statement: &mut Statement<'_>, query: Query<'_>) -> Result<(), rusqlite::Error> {
    let values = query.values;
    for position in 1..=statement.parameter_count() {
        let number = if query.sql.is_in_order() {
            Some(position)
        } else {
            number_of(statement, position)
        };
        let value = number
            .and_then(|number| values.get(number.wrapping_sub(1)))
            .ok_or(rusqlite::Error::InvalidParameterCount(
                position,
                values.len(),
            ))?;
        let value = match value {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
            Value::Written(text) => ValueRef::Text(text.as_bytes()),
        };
        statement.raw_bind_parameter(position, ToSqlOutput::Borrowed(value))?;
    }
    Ok(())
}

/// The number in the name of a parameter.
fn number_of(statement: &Statement<'_>, position: usize) -> Option<usize> {
    let digits = statement.parameter_name(position)?.strip_prefix('$')?;
    digits.parse().ok()
}

/// The violated constraint's name, as PostgreSQL reports it; for a trigger, the trigger's message.
fn constraint(connection: &Connection, error: &rusqlite::Error) -> Option<String> {
    let rusqlite::Error::SqliteFailure(error, Some(said)) = error else {
        return None;
    };
    match error.extended_code {
        ffi::SQLITE_CONSTRAINT_CHECK => said
            .strip_prefix("CHECK constraint failed: ")
            .map(ToOwned::to_owned),
        ffi::SQLITE_CONSTRAINT_TRIGGER => Some(said.clone()),
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => {
            unique(connection, said.strip_prefix("UNIQUE constraint failed: ")?)
        }
        _ => None,
    }
}

/// The name of the violated unique index. SQLite's error message contains either the index's
/// columns (`a.x, a.y`) or, for an index over expressions, its name (`index 'i'`).
fn unique(connection: &Connection, told: &str) -> Option<String> {
    if let Some(name) = told.strip_prefix("index '") {
        return name.strip_suffix('\'').map(ToOwned::to_owned);
    }
    let told: Vec<(&str, &str)> = told
        .split(", ")
        .map(|column| column.split_once('.'))
        .collect::<Option<_>>()?;
    let (table, _) = told.first()?;
    let columns: Vec<&str> = told.iter().map(|(_, column)| *column).collect();
    let mut statement = connection
        .prepare_cached(
            "SELECT l.name, l.origin, i.name FROM pragma_index_list(?1) l, pragma_index_info(l.name) i
             WHERE l.\"unique\" = 1 ORDER BY l.seq, i.seqno",
        )
        .ok()?;
    let rows: Vec<(String, String, Option<String>)> = statement
        .query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .and_then(Iterator::collect)
        .ok()?;
    let mut fitting = rows.chunk_by(|a, b| a.0 == b.0).filter(|index| {
        let of = index.iter().map(|(_, _, column)| column.as_deref());
        of.eq(columns.iter().map(|column| Some(*column)))
    });
    let found = fitting.next();
    if fitting.next().is_some() {
        // Two indexes have these columns, so the violated constraint is unknown.
        return None;
    }
    Some(match found.and_then(|index| index.first()) {
        Some((name, origin, _)) if origin == "c" => name.clone(),
        Some((_, origin, _)) if origin == "u" => format!("{table}_{}_key", columns.join("_")),
        // An integer primary key is the rowid, for which there is no separate index.
        _ => format!("{table}_pkey"),
    })
}

fn failed(
    connection: &Connection,
    sql: &'static str,
    error: &rusqlite::Error,
) -> (StoreError, Failure) {
    let code = error.sqlite_error_code();
    let kind = match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        Some(ErrorCode::ConstraintViolation) => StoreError::Constraint {
            name: constraint(connection, error),
            reason: error.to_string(),
        },
        Some(
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::ReadOnly
            | ErrorCode::CannotOpen
            | ErrorCode::OutOfMemory
            | ErrorCode::DatabaseCorrupt
            | ErrorCode::NotADatabase
            | ErrorCode::PermissionDenied,
        ) => StoreError::Unavailable(error.to_string()),
        _ => StoreError::Statement {
            reason: error.to_string(),
            sql,
        },
    };
    (kind, Failure::Final)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Sql;

    #[test]
    fn the_writer_keeps_a_statement_that_failed_and_no_more_than_its_limit() {
        let connection = Connection::open_in_memory().unwrap();
        let table = "CREATE TABLE note (text TEXT PRIMARY KEY) STRICT";
        connection.execute_batch(table).unwrap();
        let statements = Writing::new(&connection);
        let insert = |text: &str| {
            let sql = Sql::literal("INSERT INTO note VALUES ($1)");
            run(&statements, Query::new(sql, &[Value::Text(text)]))
        };
        assert_eq!(insert("a").unwrap(), 1);
        let (twice, _) = insert("a").unwrap_err();
        assert_eq!(twice.constraint(), Some("note_pkey"));
        assert_eq!(insert("b").unwrap(), 1);
        assert_eq!(statements.known.borrow().len(), 1);

        let select =
            Sql::literal("SELECT text FROM note WHERE text >= $2 AND text <= $1 ORDER BY 1");
        let between = [Value::Text("b"), Value::Text("a")];
        assert!(all::<(i64,)>(&statements, Query::new(select, &between)).is_err());
        let found: Vec<(String,)> = all(&statements, Query::new(select, &between)).unwrap();
        assert_eq!(found, [("a".to_owned(),), ("b".to_owned(),)]);

        for number in 0..=PREPARED {
            let text: &'static str = format!("SELECT {number}").leak();
            let found: Vec<(i64,)> = all(&statements, Query::new(Sql::literal(text), &[])).unwrap();
            assert_eq!(usize::try_from(found[0].0), Ok(number));
            assert!(statements.known.borrow().len() <= PREPARED);
        }
    }
}
