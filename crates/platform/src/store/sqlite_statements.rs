//! Statements on an SQLite connection, and the translation of its errors.

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ffi};

use super::error::Failure;
use super::value::{Cells, Row, Value, check_columns};
use super::{FromRow, Query, StoreError};

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

pub(super) fn all<T: FromRow>(
    connection: &Connection,
    query: Query<'_>,
) -> Result<Vec<T>, (StoreError, Failure)> {
    let sql = query.sql;
    let fail = |error: rusqlite::Error| failed(connection, sql.text(), &error);
    let mut statement = connection
        .prepare_cached(sql.without_row_lock())
        .map_err(fail)?;
    bind(&mut statement, query.values).map_err(fail)?;
    check_columns::<T>(|| statement.column_names().collect(), sql.text())
        .map_err(|error| (error, Failure::Final))?;
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(fail)? {
        let row = Row {
            cells: Cells::Sqlite(row),
            sql: sql.text(),
            first: 0,
        };
        found.push(T::from_row(&row).map_err(|error| (error, Failure::Final))?);
    }
    Ok(found)
}

pub(super) fn run(connection: &Connection, query: Query<'_>) -> Result<u64, (StoreError, Failure)> {
    let sql = query.sql;
    let fail = |error: rusqlite::Error| failed(connection, sql.text(), &error);
    let mut statement = connection
        .prepare_cached(sql.without_row_lock())
        .map_err(fail)?;
    bind(&mut statement, query.values).map_err(fail)?;
    statement
        .raw_execute()
        .map(|count| count as u64)
        .map_err(fail)
}

/// SQLite numbers parameters such as `$2` by their first appearance, so each parameter is bound by
/// the number in its name.
fn bind(
    statement: &mut rusqlite::Statement<'_>,
    values: &[Value<'_>],
) -> Result<(), rusqlite::Error> {
    for position in 1..=statement.parameter_count() {
        let number = statement
            .parameter_name(position)
            .and_then(|name| name.strip_prefix('$'))
            .and_then(|digits| digits.parse::<usize>().ok());
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
