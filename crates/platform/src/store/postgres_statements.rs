//! Statements on a PostgreSQL connection, and the translation of its errors.

use std::collections::HashMap;

use postgres::Error;
use postgres::error::SqlState;
use postgres::types::ToSql;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_postgres::{Client, Statement};

use super::error::Failure;
use super::postgres_address::{Address, SESSION};
use super::value::{Cells, Row, check_columns};
use super::{FromRow, Query, Sql, StoreError};

/// One connection and its prepared statements.
pub(super) struct Connection {
    runtime: Runtime,
    client: Client,
    prepared: HashMap<&'static str, Statement>,
    /// Whether no primary server answers. Then no statement is waited for any longer.
    away: watch::Receiver<bool>,
    is_broken: bool,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}

impl Connection {
    /// Connects to the primary server. This function blocks.
    pub(super) fn open(address: &Address, away: watch::Receiver<bool>) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let client = runtime.block_on(async {
            let (client, driver) = address.open().await?;
            // Whoever waits for a statement learns of the connection's end from the client.
            tokio::spawn(async move { drop(driver.await) });
            Ok::<_, StoreError>(client)
        })?;
        let mut connection = Self {
            runtime,
            client,
            prepared: HashMap::new(),
            away,
            is_broken: false,
        };
        connection.word(SESSION).map_err(|(error, _)| error)?;
        Ok(connection)
    }

    /// Whether the connection must not be used again.
    pub(super) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Waits for the answer to a statement.
    fn wait<T>(
        &mut self,
        sql: &'static str,
        ask: impl AsyncFnOnce(&Client) -> Result<T, Error>,
    ) -> Result<T, (StoreError, Failure)> {
        let Self {
            runtime,
            client,
            away,
            is_broken,
            ..
        } = self;
        let answer = runtime.block_on(async {
            tokio::select! {
                biased;
                answer = ask(client) => Some(answer),
                Ok(_) = away.wait_for(|is_away| *is_away) => None,
            }
        });
        let Some(answer) = answer else {
            *is_broken = true;
            let reason = "PostgreSQL does not answer".to_owned();
            return Err((StoreError::Unavailable(reason), Failure::Lost));
        };
        answer.map_err(|error| {
            *is_broken |= breaks(&error);
            failed(sql, &error)
        })
    }

    pub(super) fn word(&mut self, text: &'static str) -> Result<(), (StoreError, Failure)> {
        self.wait(text, async |client| client.batch_execute(text).await)
    }

    /// Commits, and notes the id of the change in the same round trip.
    pub(super) fn commit_as(&mut self, id: &str) -> Result<(), (StoreError, Failure)> {
        let text = format!("INSERT INTO done_change (id) VALUES ('{id}'); COMMIT");
        self.wait("COMMIT", async |client| client.batch_execute(&text).await)
            .inspect_err(|_| self.is_broken = true)
    }

    /// Begins a change again of which nobody knows whether it was committed. Returns whether it was
    /// not. PostgreSQL first waits until the change's former transaction has ended.
    pub(super) fn begin_again(&mut self, id: &str) -> Result<bool, (StoreError, Failure)> {
        const NOTE: &str = "INSERT INTO done_change (id) VALUES ($1) ON CONFLICT DO NOTHING";
        let noted = self.wait(NOTE, async |client| client.execute(NOTE, &[&id]).await)?;
        Ok(noted == 1)
    }

    fn prepare(&mut self, sql: Sql) -> Result<Statement, (StoreError, Failure)> {
        if let Some(statement) = self.prepared.get(sql.text()) {
            return Ok(statement.clone());
        }
        let statement = self.wait(sql.text(), async |client| client.prepare(sql.text()).await)?;
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
        let rows = self.wait(sql.text(), async |client| {
            client.query(&statement, &parameters).await
        })?;
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
        self.wait(sql.text(), async |client| {
            client.execute(&statement, &parameters).await
        })
    }
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

/// Whether the connection must not be used again: it is lost (class 08), it is in a state that no
/// statement expects, such as that of a standby (25), or an operator intervened (57). PostgreSQL
/// documentation, appendix A.
fn breaks(error: &Error) -> bool {
    error
        .code()
        .is_none_or(|code| matches!(&code.code()[..2], "08" | "25" | "57"))
}

fn failed(sql: &'static str, error: &Error) -> (StoreError, Failure) {
    let Some(code) = error.code() else {
        let lost = StoreError::Unavailable(explain(error));
        return (lost, Failure::Lost);
    };
    if *code == SqlState::T_R_DEADLOCK_DETECTED
        || *code == SqlState::T_R_SERIALIZATION_FAILURE
        || *code == SqlState::LOCK_NOT_AVAILABLE
        || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
    {
        return (StoreError::Busy, Failure::Again);
    }
    let failure = match code.code() {
        "25006" => Failure::Lost,
        code if code.starts_with("08") || code.starts_with("57P") => Failure::Lost,
        _ => Failure::Final,
    };
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
    (kind, failure)
}
