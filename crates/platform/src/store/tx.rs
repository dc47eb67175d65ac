//! A transaction, through which a change or read accesses the store.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::Timestamp;

use super::error::Failure;
use super::postgres_statements;
use super::sqlite_statements;
use super::value::Five;
use super::{Bind, Counts, FromRow, Ground, Query, Rows, Sql, StoreError, Value, Work};
use crate::id::{self, Id};
use crate::random::Random;

/// A transaction, which runs queries and provides the time and new ids.
///
/// A `Tx` cannot be held across an `await`, so a transaction cannot send mail, make HTTP requests
/// or access files.
#[derive(Debug)]
pub struct Tx<'c> {
    connection: Connection<'c>,
    ground: &'c Ground,
    mode: Mode,
    now: Option<Timestamp>,
    request: Option<Arc<str>>,
    failure: Option<Failure>,
    wake: Wake,
    statements: u64,
    rows: u64,
    has_written: bool,
}

#[derive(Debug)]
pub(super) enum Connection<'c> {
    Sqlite(&'c dyn sqlite_statements::Statements),
    Postgres(&'c mut postgres_statements::Connection),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    Write,
}

/// The workers that must be woken when this transaction is committed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wake {
    pub jobs: bool,
    pub news: bool,
}

fn bind<'a>(arguments: &[&'a dyn Bind]) -> Vec<Value<'a>> {
    arguments.iter().map(|one| (**one).bind()).collect()
}

impl<'c> Tx<'c> {
    pub(super) fn new(connection: Connection<'c>, ground: &'c Ground, mode: Mode) -> Self {
        Self {
            connection,
            ground,
            mode,
            now: None,
            request: None,
            failure: None,
            wake: Wake::default(),
            statements: 0,
            rows: 0,
            has_written: false,
        }
    }

    /// The time of this change. It is fixed when the transaction takes its first lock, so that
    /// every deadline is compared with the same time.
    pub fn now(&mut self) -> Timestamp {
        *self.now.get_or_insert_with(|| self.ground.clock.now())
    }

    /// The current time, for uses that influence no decision. Unlike [`Tx::now`], this function
    /// does not fix the transaction's time.
    pub fn roughly_now(&self) -> Timestamp {
        self.now.unwrap_or_else(|| self.ground.clock.now())
    }

    pub fn id<I: Id>(&mut self) -> I {
        let random = &self.ground.random;
        I::from_text(if I::IS_RANDOM {
            id::generate_random(random)
        } else {
            id::generate(self.roughly_now(), random)
        })
    }

    pub fn random(&self) -> &Random {
        &self.ground.random
    }

    /// Like [`Query::one`], for a statement with numbered arguments such as `$1`.
    pub fn one<T: FromRow>(&mut self, sql: Sql, arguments: &[&dyn Bind]) -> Result<T, StoreError> {
        self.query_one(Query::new(sql, &bind(arguments)))
    }

    /// Like [`Query::maybe`], for a statement with numbered arguments such as `$1`.
    pub fn maybe<T: FromRow>(
        &mut self,
        sql: Sql,
        arguments: &[&dyn Bind],
    ) -> Result<Option<T>, StoreError> {
        self.query_maybe(Query::new(sql, &bind(arguments)))
    }

    /// Like [`Query::all`], for a statement with numbered arguments such as `$1`.
    pub fn all<T: FromRow>(
        &mut self,
        sql: Sql,
        arguments: &[&dyn Bind],
    ) -> Result<Vec<T>, StoreError> {
        self.query_all(Query::new(sql, &bind(arguments)))
    }

    /// Like [`Query::run`], for a statement with numbered arguments such as `$1`.
    pub fn run(
        &mut self,
        sql: Sql,
        arguments: &[&dyn Bind],
        rows: Rows,
    ) -> Result<u64, StoreError> {
        self.execute(Query::new(sql, &bind(arguments)), rows)
    }

    pub(super) fn query_one<T: FromRow>(&mut self, query: Query<'_>) -> Result<T, StoreError> {
        if let Some(row) = self.query_maybe(query)? {
            return Ok(row);
        }
        self.failure = Some(Failure::Final);
        Err(StoreError::Rows {
            expected: "one row",
            actual: 0,
            sql: query.sql.text(),
        })
    }

    pub(super) fn query_maybe<T: FromRow>(
        &mut self,
        query: Query<'_>,
    ) -> Result<Option<T>, StoreError> {
        let mut rows = self.query_all(query)?;
        let row = rows.pop();
        if rows.is_empty() {
            return Ok(row);
        }
        self.failure = Some(Failure::Final);
        Err(StoreError::Rows {
            expected: "at most one row",
            actual: rows.len() as u64 + 1,
            sql: query.sql.text(),
        })
    }

    pub(super) fn query_all<T: FromRow>(&mut self, query: Query<'_>) -> Result<Vec<T>, StoreError> {
        let result = match &mut self.connection {
            Connection::Sqlite(statements) => sqlite_statements::all(*statements, query),
            Connection::Postgres(connection) => connection.all(query),
        };
        self.note(query.sql, result)
    }

    /// Runs two queries that do not depend on each other. On PostgreSQL they take one round trip.
    pub fn all_of_two<A: FromRow, B: FromRow>(
        &mut self,
        first: Query<'_>,
        second: Query<'_>,
    ) -> Result<(Vec<A>, Vec<B>), StoreError> {
        let Connection::Postgres(connection) = &mut self.connection else {
            return Ok((self.query_all(first)?, self.query_all(second)?));
        };
        let sql = first.sql;
        let result = connection.all_of_two(first, second);
        self.statements += 1;
        self.note(sql, result)
    }

    /// Like [`Self::all_of_two`], for five queries.
    pub fn all_of_five<A: FromRow, B: FromRow, C: FromRow, D: FromRow, E: FromRow>(
        &mut self,
        queries: [Query<'_>; 5],
    ) -> Result<Five<A, B, C, D, E>, StoreError> {
        let Connection::Postgres(connection) = &mut self.connection else {
            return Ok((
                self.query_all(queries[0])?,
                self.query_all(queries[1])?,
                self.query_all(queries[2])?,
                self.query_all(queries[3])?,
                self.query_all(queries[4])?,
            ));
        };
        let result = connection.all_of_five(queries);
        self.statements += 4;
        self.note(queries[0].sql, result)
    }

    pub(super) fn execute(&mut self, query: Query<'_>, rows: Rows) -> Result<u64, StoreError> {
        let result = match &mut self.connection {
            Connection::Sqlite(statements) => sqlite_statements::run(*statements, query),
            Connection::Postgres(connection) => connection.run(query),
        };
        let result = result.and_then(|actual| {
            rows.check(actual, query.sql)?;
            self.rows += actual;
            Ok(actual)
        });
        self.note(query.sql, result)
    }

    /// Runs a statement on whose outcome nothing depends but whether the change is kept. On
    /// PostgreSQL it is sent with the next statement, or with the commit.
    pub(super) fn execute_later(&mut self, query: Query<'_>, rows: Rows) -> Result<(), StoreError> {
        let Connection::Postgres(connection) = &mut self.connection else {
            return self.execute(query, rows).map(drop);
        };
        let result = connection.run_later(query, rows);
        self.statements += 1;
        self.has_written = true;
        result.map_err(|(error, failure)| {
            self.failure = Some(failure);
            error
        })
    }

    /// Returns the result of `load`, cached by `key` and `revision`. Every change to the loaded
    /// data must raise the revision in the same transaction.
    pub fn recall<T: Send + Sync + 'static>(
        &mut self,
        key: &str,
        revision: i64,
        load: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<Arc<T>, StoreError> {
        let ground = self.ground;
        if let Some(found) = ground.memory.find(key, revision) {
            return Ok(found);
        }
        let read = Arc::new(load(self)?);
        // In a write transaction, the loaded rows may still be rolled back, so the result is not
        // cached.
        if self.mode == Mode::Read {
            ground.memory.keep(key, revision, Arc::clone(&read));
        }
        Ok(read)
    }

    /// Returns the store's only value of this type: a cache that outlives the transaction. `None` in a
    /// change, which may see what is rolled back.
    pub fn cache<T: Default + Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        match self.mode {
            Mode::Read => self.ground.memory.of_type(),
            Mode::Write => None,
        }
    }

    pub(crate) fn wake_jobs(&mut self) {
        self.wake.jobs = true;
    }

    pub(crate) fn wake_news(&mut self) {
        self.wake.news = true;
    }

    /// Whether the transaction itself numbers its news. SQLite has one writer, so its numbers
    /// follow the commit order. On PostgreSQL, the relay numbers the news after the commit.
    pub(crate) fn numbers_news(&self) -> bool {
        matches!(self.connection, Connection::Sqlite(_))
    }

    /// Aborts this attempt and makes the store run the change again from its beginning, because
    /// another change on PostgreSQL was quicker. The caller must return this error.
    pub fn run_again(&mut self) -> StoreError {
        self.failure = Some(Failure::Again);
        StoreError::Busy
    }

    /// Aborts this transaction because it violates one of the store's own rules.
    pub(crate) fn refuse(&mut self, rule: String) -> StoreError {
        self.failure = Some(Failure::Final);
        StoreError::rule(rule)
    }

    /// The id of the request that caused this change.
    pub(crate) fn request(&self) -> Option<Arc<str>> {
        self.request.clone()
    }

    pub(super) fn for_request(&mut self, request: Option<Arc<str>>) {
        self.request = request;
    }

    pub(super) fn wake(&self) -> Wake {
        self.wake
    }

    /// Whether a statement may have written something.
    pub(super) fn has_written(&self) -> bool {
        self.has_written
    }

    pub(super) fn failure(&self) -> Option<Failure> {
        self.failure
    }

    /// Runs `work` and returns whether to commit. A panic fails only this change, and a change with a
    /// failed statement is never committed.
    pub(super) fn attempt(&mut self, work: &mut dyn Work) -> Result<bool, StoreError> {
        let result = catch_unwind(AssertUnwindSafe(|| work.run(self)));
        self.ground.counters.add(Counts {
            statements: self.statements,
            rows: self.rows,
            ..Counts::default()
        });
        match result {
            Ok(true) if self.failure.is_some() => {
                tracing::error!(
                    "a change continued after one of its statements had failed, and nothing of it was saved; please report this"
                );
                Err(StoreError::Stopped)
            }
            Ok(is_kept) => Ok(is_kept),
            Err(_) => {
                tracing::error!(
                    "a change ended in a panic, and nothing of it was saved; “the program panicked” in the log says where: please report it"
                );
                Err(StoreError::Stopped)
            }
        }
    }

    fn note<T>(
        &mut self,
        sql: Sql,
        result: Result<T, (StoreError, Failure)>,
    ) -> Result<T, StoreError> {
        self.statements += 1;
        self.has_written |= sql.locks();
        if self.now.is_none() && self.mode == Mode::Write && sql.locks() {
            self.now = Some(self.ground.clock.now());
        }
        result.map_err(|(error, failure)| {
            self.failure = Some(failure);
            error
        })
    }
}
