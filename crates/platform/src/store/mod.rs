//! The store: a transactional database on SQLite or PostgreSQL.
//!
//! A change is one call to [`Store::write`]. A synchronous function writes the data, follow-up
//! jobs, news for live event streams, and an audit line; all are committed or all are rolled back.
//! The caller gets the result only after the commit is on stable storage.
//!
//! The store has two engines. On SQLite ([`sqlite`]) one thread owns the writing connection and
//! lets all waiting changes share one flush; on PostgreSQL ([`postgres`]) a fixed set of threads
//! each hold a connection. Code outside this folder does not depend on the engine.
//!
//! # Rules that both engines impose
//!
//! - Columns have the types `BIGINT`, `TEXT` and `BYTEA` ([`migrate`]). Ids and codes are text,
//!   instants are integer milliseconds, flags are 0 or 1. A status is a word, and the Rust enum is
//!   the list of words: an unknown one is an error. SQL does not look into JSON text.
//! - A change locks its rows first, with `SELECT … FOR NO KEY UPDATE`. SQLite does not get this
//!   ending, because its only writer already holds everything.
//! - `NULLS FIRST` or `NULLS LAST` is always written, and `SUM` is cast to `BIGINT`. SQLite numbers
//!   `$1` by first appearance, so arguments are bound by that number.
//! - A hand-written list of columns that is read into a `Row` needs the fields' names in their
//!   order (`COALESCE(…) AS last_error`). Debug builds compare the names. A tuple has no names to
//!   compare.
//! - Any [`StoreError`] ends the transaction. A refusal that must leave a trace is therefore an
//!   `Ok` value.
//! - [`Tx::recall`] caches what a read found at a revision. Whoever changes such data raises the
//!   revision in the same transaction. [`Tx::cache`] is for what one key and one revision do not tell.
//! - In [`sql!`](crate::sql!), `{event::Details}` names a row type by its module, and `{…}` and
//!   `:name` within quotes are text. Statements with `$1` take their arguments as a list:
//!   `tx.maybe(sql!("…"), &[&id])`.

mod error;
mod fence;
mod gate;
mod id_set;
pub mod log;
pub mod migrate;
mod migration_text;
mod postgres;
mod postgres_address;
mod postgres_error;
mod postgres_migrate;
mod postgres_queue;
mod postgres_statements;
mod query;
mod relay;
mod shared_values;
mod sql;
mod sqlite;
mod sqlite_migrate;
mod sqlite_programs;
mod sqlite_statements;
mod table;
pub mod transfer;
mod tx;
mod value;

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{oneshot, watch};

use crate::clock::Clock;
use crate::id;
use crate::random::Random;
use crate::request;
pub use error::StoreError;
pub use fence::Fence;
use gate::Gate;
pub use id_set::IdSet;
use migrate::Missing;
pub use platform_derive::Row;
pub use postgres::{LogHold, has_tables};
pub(crate) use postgres_address::{Address, SESSION};
pub(crate) use postgres_error::explain;
#[doc(hidden)]
pub use query::{Argument, Part, Text, join_columns};
pub use query::{ManyRows, Query};
pub use sql::{Rows, Sql, without_row_lock};
pub use table::Table;
use tx::Mode;
pub use tx::{Tx, Wake};
pub use value::{Bind, Column, FromRow, Json, Row, ToRow, Value};

/// The maximum number of changes that may wait for the writer; further changes are refused as busy.
pub const QUEUE_LIMIT: usize = 4_096;

#[derive(Clone, Debug)]
pub enum Settings {
    Sqlite(SqliteSettings),
    Postgres(PostgresSettings),
}

#[derive(Clone, Debug)]
pub struct SqliteSettings {
    /// The database file. SQLite creates its `-wal` and `-shm` files in the same folder.
    pub path: PathBuf,
    /// The maximum number of changes that share one flush, at least 1. The default is 512; the
    /// value 1 is for benchmarks only.
    pub batch: usize,
    /// Whether a commit waits for stable storage. `false` is for benchmarks and tests only.
    pub durable: bool,
    /// Whether a backup copies the write-ahead log. If so, only the backup may truncate the log.
    pub backed_up: bool,
}

impl SqliteSettings {
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            batch: 512,
            durable: true,
            backed_up: false,
        }
    }
}

#[derive(Clone, Debug)]
pub struct PostgresSettings {
    /// The connection string: `postgres://user@host/db?sslmode=…` or the key-value form. `Debug`
    /// prints `***`, because the string may contain a password. Several servers are named as
    /// `host1,host2`; `sslrootcert=FILE` names the authorities of their certificates.
    pub url: crate::Secret,
    /// The number of connections, shared by changes and reads; at least 1.
    pub connections: usize,
    /// How long changes and reads wait while no primary server answers.
    pub failover_wait: Duration,
}

/// The default of [`PostgresSettings::failover_wait`].
pub const FAILOVER_WAIT: Duration = Duration::from_secs(45);

impl PostgresSettings {
    pub fn new(url: crate::Secret, connections: usize) -> Self {
        Self {
            url,
            connections,
            failover_wait: FAILOVER_WAIT,
        }
    }
}

/// The database. All clones share one store.
#[derive(Clone, Debug)]
pub struct Store {
    engine: Engine,
    signals: Arc<Signals>,
    counters: Arc<Counters>,
    gate: Arc<Gate>,
    fence: Option<Fence>,
}

#[derive(Clone, Debug)]
enum Engine {
    Sqlite(Arc<sqlite::Engine>),
    Postgres(Arc<postgres::Engine>),
}

#[derive(Clone, Debug)]
pub(crate) struct Ground {
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) memory: shared_values::Memory,
    counters: Arc<Counters>,
}

/// What a store has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub changes: u64,
    /// Commits, of which one may hold several changes.
    pub commits: u64,
    /// Statements of changes and of reads.
    pub statements: u64,
    /// Rows that changes inserted, updated or deleted.
    pub rows: u64,
    /// How often somebody waited for PostgreSQL's answer.
    pub round_trips: u64,
}

#[derive(Debug, Default)]
struct Counters {
    changes: AtomicU64,
    commits: AtomicU64,
    statements: AtomicU64,
    rows: AtomicU64,
    round_trips: AtomicU64,
}

impl Counters {
    fn add(&self, more: Counts) {
        self.changes.fetch_add(more.changes, Ordering::Relaxed);
        self.commits.fetch_add(more.commits, Ordering::Relaxed);
        self.statements
            .fetch_add(more.statements, Ordering::Relaxed);
        self.rows.fetch_add(more.rows, Ordering::Relaxed);
        self.round_trips
            .fetch_add(more.round_trips, Ordering::Relaxed);
    }

    fn read(&self) -> Counts {
        Counts {
            changes: self.changes.load(Ordering::Relaxed),
            commits: self.commits.load(Ordering::Relaxed),
            statements: self.statements.load(Ordering::Relaxed),
            rows: self.rows.load(Ordering::Relaxed),
            round_trips: self.round_trips.load(Ordering::Relaxed),
        }
    }
}

/// Counters that wake waiting tasks after a commit. The counters only grow, so that a watcher
/// misses no wake-up.
#[derive(Debug)]
pub(crate) struct Signals {
    jobs: watch::Sender<u64>,
    news: watch::Sender<u64>,
}

impl Signals {
    fn new() -> Self {
        Self {
            jobs: watch::Sender::new(0),
            news: watch::Sender::new(0),
        }
    }

    pub(crate) fn send(&self, wake: Wake) {
        if wake.jobs {
            self.jobs.send_modify(|count| *count += 1);
        }
        if wake.news {
            self.news.send_modify(|count| *count += 1);
        }
    }
}

impl Store {
    /// Opens the store, creating it if necessary, and applies `migrations` in the given order.
    ///
    /// This function blocks; call it before serving, or from a blocking thread.
    pub fn open(
        settings: &Settings,
        migrations: &[migrate::Migrations],
        clock: Clock,
        random: Random,
    ) -> Result<Self, StoreError> {
        Self::open_with(settings, migrations, Missing::Apply, clock, random)
    }

    /// Like [`Store::open`], but applies nothing. Fails with [`StoreError::NotMigrated`] until
    /// another process has applied `migrations`.
    pub fn open_migrated(
        settings: &Settings,
        migrations: &[migrate::Migrations],
        clock: Clock,
        random: Random,
    ) -> Result<Self, StoreError> {
        Self::open_with(settings, migrations, Missing::Refuse, clock, random)
    }

    /// Applies `migrations` without opening the store for use. Returns the steps that were applied
    /// now. This function blocks.
    pub fn migrate(
        settings: &Settings,
        migrations: &[migrate::Migrations],
        now: Timestamp,
    ) -> Result<Vec<migrate::Pending>, StoreError> {
        match settings {
            Settings::Sqlite(settings) => sqlite::migrate_only(settings, migrations, now),
            Settings::Postgres(settings) => postgres::migrate_only(settings, migrations, now),
        }
    }

    fn open_with(
        settings: &Settings,
        migrations: &[migrate::Migrations],
        missing: Missing,
        clock: Clock,
        random: Random,
    ) -> Result<Self, StoreError> {
        let ground = Ground {
            clock,
            random,
            memory: shared_values::Memory::default(),
            counters: Arc::default(),
        };
        let counters = Arc::clone(&ground.counters);
        let signals = Arc::new(Signals::new());
        let engine = match settings {
            Settings::Sqlite(settings) => Engine::Sqlite(Arc::new(sqlite::Engine::open(
                settings,
                migrations,
                missing,
                ground,
                Arc::clone(&signals),
            )?)),
            Settings::Postgres(settings) => Engine::Postgres(Arc::new(postgres::Engine::open(
                settings, migrations, missing, &ground, &signals,
            )?)),
        };
        Ok(Self {
            engine,
            signals,
            counters,
            gate: Arc::default(),
            fence: None,
        })
    }

    /// The same store, whose changes fail as soon as the leader's term has ended.
    #[must_use]
    pub fn fenced(&self, fence: Fence) -> Self {
        Self {
            fence: Some(fence),
            ..self.clone()
        }
    }

    /// From now on, changes fail with [`StoreError::LeaseOver`] while `may` returns false. One that
    /// was committed before `may` was asked again fails with [`StoreError::Unknown`]. Only the first
    /// call has an effect.
    pub fn acknowledge_while(&self, may: impl Fn() -> bool + Send + Sync + 'static) {
        self.gate.set(Box::new(may));
    }

    /// Whether changes may be acknowledged at present.
    pub fn may_acknowledge(&self) -> bool {
        self.gate.is_open()
    }

    /// Runs one change, and returns when the change is on stable storage.
    ///
    /// `change` may be called again after a deadlock, so it must have no effect outside its
    /// transaction. An `Err` rolls everything back. To record a refusal, `change` must return the
    /// refusal as an `Ok` value.
    pub async fn write<T, E, F>(&self, change: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        if !self.gate.is_open() {
            return Err(StoreError::LeaseOver.into());
        }
        let work = Box::new(TypedWork {
            fence: self.fence.clone(),
            ..TypedWork::new(change)
        });
        let result = result_of::<F, T, E>(self.queue(Mode::Write, work).await);
        // The process may have been suspended before the commit, or since.
        if result.is_ok() && !self.gate.is_open() {
            return Err(StoreError::Unknown.into());
        }
        result
    }

    /// Reads in one consistent snapshot.
    ///
    /// On SQLite the function runs on the calling thread, because the reads for a page take
    /// microseconds. Reads that may take longer than a millisecond (exports, reports) belong in
    /// [`Store::read_at_length`].
    pub async fn read<T, E, F>(&self, look: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite(engine) => {
                let mut work = TypedWork::new(look);
                engine.read(&mut work)?;
                work.result.unwrap_or(Err(StoreError::Stopped.into()))
            }
            Engine::Postgres(_) => {
                result_of::<F, T, E>(self.queue(Mode::Read, TypedWork::boxed(look)).await)
            }
        }
    }

    /// Like [`Store::read`], but on a separate thread, so that a long read does not delay requests.
    pub async fn read_at_length<T, E, F>(&self, look: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        result_of::<F, T, E>(self.work_at_length(TypedWork::boxed(look)).await)
    }

    async fn work_at_length(&self, mut work: Box<dyn Work>) -> Result<Box<dyn Work>, StoreError> {
        match &self.engine {
            Engine::Sqlite(engine) => {
                let engine = Arc::clone(engine);
                let reading = move || engine.read(work.as_mut()).map(|()| work);
                tokio::task::spawn_blocking(reading)
                    .await
                    .unwrap_or(Err(StoreError::Stopped))
            }
            Engine::Postgres(_) => self.queue(Mode::Read, work).await,
        }
    }

    async fn queue(&self, mode: Mode, work: Box<dyn Work>) -> Result<Box<dyn Work>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let call = Call {
            work,
            error: None,
            request: (mode == Mode::Write).then(request::current).flatten(),
            reply,
        };
        match &self.engine {
            Engine::Sqlite(engine) => engine.write(call)?,
            Engine::Postgres(engine) => engine.send(mode, call, request::held())?,
        }
        answer.await.unwrap_or(Err(StoreError::Stopped))
    }

    /// The write-ahead log of an SQLite store that is backed up. `None` on PostgreSQL, and without
    /// a backup.
    pub fn log(&self) -> Option<&log::Log> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.log(),
            Engine::Postgres(_) => None,
        }
    }

    /// Stops the SQLite writer between two batches until the returned value is dropped. Returns
    /// `None` on PostgreSQL. This function blocks.
    pub fn pause(&self) -> Result<Option<log::Pause>, StoreError> {
        match &self.engine {
            Engine::Sqlite(engine) => engine.pause().map(Some),
            Engine::Postgres(_) => Ok(None),
        }
    }

    /// Checkpoints and truncates SQLite's write-ahead log, so that no deleted data remains in the
    /// log. If a backup runs, the backup truncates the log after copying it. PostgreSQL manages its
    /// log itself.
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        match &self.engine {
            Engine::Sqlite(engine) => {
                let engine = Arc::clone(engine);
                tokio::task::spawn_blocking(move || engine.checkpoint())
                    .await
                    .unwrap_or(Err(StoreError::Stopped))
            }
            Engine::Postgres(_) => Ok(()),
        }
    }

    /// A watch that changes after every commit that contains new jobs.
    pub fn jobs_waiting(&self) -> watch::Receiver<u64> {
        self.signals.jobs.subscribe()
    }

    /// A watch that changes whenever numbered news can be read.
    pub fn news_waiting(&self) -> watch::Receiver<u64> {
        self.signals.news.subscribe()
    }

    pub fn counts(&self) -> Counts {
        self.counters.read()
    }

    /// Whether the store can commit at present, for `/readyz`. On PostgreSQL this is what the last
    /// probe in the background found, so that locks and waiting changes do not matter.
    pub async fn is_writable(&self) -> bool {
        if !self.may_acknowledge() {
            return false;
        }
        if let Engine::Postgres(engine) = &self.engine {
            return engine.is_ready();
        }
        self.write(|tx| {
            tx.run(
                crate::sql!("UPDATE news_counter SET last = last"),
                &[],
                Rows::Any,
            )
        })
        .await
        .is_ok()
    }
}

/// How long the id of a committed change is kept.
const DONE_KEPT: SignedDuration = SignedDuration::from_hours(1);

/// Deletes the ids of changes that were committed on PostgreSQL more than an hour ago, and returns
/// their number.
pub fn sweep(tx: &mut Tx<'_>) -> Result<u64, StoreError> {
    let first = id::first_at(tx.now() - DONE_KEPT);
    crate::sql!("DELETE FROM done_change WHERE id < :first", first).run(tx, Rows::Any)
}

/// A function of [`Store::write`] or [`Store::read`] with its types erased, so that everything
/// around it is compiled once.
trait Work: Any + Send {
    /// Runs the function in `tx`, keeps its result, and returns whether to commit.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
}

struct TypedWork<F, T, E> {
    body: F,
    fence: Option<Fence>,
    result: Option<Result<T, E>>,
}

impl<F, T, E> TypedWork<F, T, E>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    fn new(body: F) -> Self {
        Self {
            body,
            fence: None,
            result: None,
        }
    }

    fn boxed(body: F) -> Box<dyn Work> {
        Box::new(Self::new(body))
    }
}

impl<F, T, E> Work for TypedWork<F, T, E>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        let is_let_in = self.fence.as_ref().map_or(Ok(()), |fence| fence.check(tx));
        let result = is_let_in.map_err(E::from).and_then(|()| (self.body)(tx));
        let is_kept = result.is_ok();
        self.result = Some(result);
        is_kept
    }
}

/// The result of work that an engine's thread has run. Nothing was committed if that failed.
fn result_of<F, T, E>(done: Result<Box<dyn Work>, StoreError>) -> Result<T, E>
where
    F: 'static,
    T: 'static,
    E: From<StoreError> + 'static,
{
    let work: Box<dyn Any> = done?;
    work.downcast::<TypedWork<F, T, E>>()
        .ok()
        .and_then(|work| work.result)
        .unwrap_or(Err(StoreError::Stopped.into()))
}

struct Call {
    work: Box<dyn Work>,
    /// Why the work failed, if not by its own error.
    error: Option<StoreError>,
    request: Option<Arc<str>>,
    reply: oneshot::Sender<Result<Box<dyn Work>, StoreError>>,
}

impl Call {
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        tx.for_request(self.request.clone());
        let outcome = tx.attempt(self.work.as_mut());
        let is_kept = matches!(outcome, Ok(true));
        self.error = outcome.err();
        is_kept
    }

    /// Sends the result to the caller. `outcome` is `Err` if the transaction was not committed.
    fn answer(self, outcome: Result<(), StoreError>) {
        let result = match (outcome, self.error) {
            (Ok(()), None) => Ok(self.work),
            // Nothing was committed, so the caller gets the store's error instead of the change's
            // own result.
            (Err(error), _) | (Ok(()), Some(error)) => Err(error),
        };
        // Sending fails if the caller was cancelled. The change is committed all the same.
        drop(self.reply.send(result));
    }
}
