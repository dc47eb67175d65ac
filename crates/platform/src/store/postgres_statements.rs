//! Statements on a PostgreSQL connection, and the translation of its errors.

use std::collections::HashMap;

use postgres::error::SqlState;
use postgres::types::ToSql;
use postgres::{Client, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::Failure;
use super::value::{Cells, Row, check_columns};
use super::{FromRow, Query, Sql, StoreError};

/// One connection and its prepared statements.
pub(super) struct Connection {
    client: Client,
    prepared: HashMap<&'static str, postgres::Statement>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}

impl Connection {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            prepared: HashMap::new(),
        }
    }

    pub(super) fn word(&mut self, text: &'static str) -> Result<(), (StoreError, Failure)> {
        self.client
            .batch_execute(text)
            .map_err(|error| failed(text, &error))
    }

    fn prepare(&mut self, sql: Sql) -> Result<postgres::Statement, (StoreError, Failure)> {
        if let Some(statement) = self.prepared.get(sql.text()) {
            return Ok(statement.clone());
        }
        let statement = self
            .client
            .prepare(sql.text())
            .map_err(|error| failed(sql.text(), &error))?;
        self.prepared.insert(sql.text(), statement.clone());
        Ok(statement)
    }

    pub(super) fn all<T: FromRow>(
        &mut self,
        query: Query<'_>,
    ) -> Result<Vec<T>, (StoreError, Failure)> {
        let sql = query.sql;
        let statement = self.prepare(sql)?;
        let parameters: Vec<&(dyn ToSql + Sync)> = query
            .values
            .iter()
            .map(|value| value as &(dyn ToSql + Sync))
            .collect();
        let names = || {
            statement
                .columns()
                .iter()
                .map(postgres::Column::name)
                .collect()
        };
        check_columns::<T>(names, sql.text()).map_err(|error| (error, Failure::Final))?;
        let rows = self
            .client
            .query(&statement, &parameters)
            .map_err(|error| failed(sql.text(), &error))?;
        rows.iter()
            .map(|row| {
                T::from_row(&Row {
                    cells: Cells::Postgres(row),
                    sql: sql.text(),
                    first: 0,
                })
            })
            .collect::<Result<_, _>>()
            .map_err(|error| (error, Failure::Final))
    }

    pub(super) fn run(&mut self, query: Query<'_>) -> Result<u64, (StoreError, Failure)> {
        let sql = query.sql;
        let statement = self.prepare(sql)?;
        let parameters: Vec<&(dyn ToSql + Sync)> = query
            .values
            .iter()
            .map(|value| value as &(dyn ToSql + Sync))
            .collect();
        self.client
            .execute(&statement, &parameters)
            .map_err(|error| failed(sql.text(), &error))
    }
}

pub(super) fn tls() -> MakeRustlsConnect {
    MakeRustlsConnect::with_webpki_roots()
}

/// PostgreSQL's error message without statement arguments, which may be personal data.
pub(super) fn explain(error: &Error) -> String {
    match error.as_db_error() {
        Some(said) => format!("{}: {}", said.code().code(), said.message()),
        None => error.to_string(),
    }
}

/// The name of the violated constraint, if SQLite can also name constraints of this kind.
fn constraint(error: &Error) -> Option<String> {
    let said = error.as_db_error()?;
    [
        SqlState::UNIQUE_VIOLATION,
        SqlState::CHECK_VIOLATION,
        SqlState::EXCLUSION_VIOLATION,
    ]
    .contains(said.code())
    .then(|| said.constraint().map(ToOwned::to_owned))
    .flatten()
}

fn failed(sql: &'static str, error: &Error) -> (StoreError, Failure) {
    let Some(code) = error.code() else {
        let lost = StoreError::Unavailable(explain(error));
        return (lost, Failure::Final);
    };
    if *code == SqlState::T_R_DEADLOCK_DETECTED || *code == SqlState::T_R_SERIALIZATION_FAILURE {
        return (StoreError::Busy, Failure::Again);
    }
    let kind = match &code.code()[..2] {
        "23" => StoreError::Constraint {
            name: constraint(error),
            reason: explain(error),
        },
        "53" | "57" | "58" | "08" | "25" => StoreError::Unavailable(explain(error)),
        "55" => StoreError::Busy,
        _ => StoreError::Statement {
            reason: explain(error),
            sql,
        },
    };
    (kind, Failure::Final)
}
