//! The store: a transactional database on SQLite or PostgreSQL.
//!
//! A change is one call to [`Store::write`]. A synchronous function writes the data, follow-up
//! jobs, news for live event streams, and an audit line; all are committed or all are rolled back.
//! The caller gets the result only after the commit is on stable storage.
//!
//! The store has two engines. On SQLite ([`sqlite`]) one thread owns the writing connection and
//! lets all waiting changes share one flush; on PostgreSQL ([`postgres`]) a fixed set of threads
//! each hold a connection. Code outside this folder does not depend on the engine.

mod error;
pub mod log;
mod memory;
pub mod migrate;
mod postgres;
mod postgres_statements;
mod query;
mod relay;
mod sql;
mod sqlite;
mod sqlite_statements;
mod table;
pub mod transfer;
mod tx;
mod value;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{oneshot, watch};

use crate::clock::Clock;
use crate::random::Random;
use crate::request;
pub use error::StoreError;
pub use platform_derive::Row;
pub use postgres::{LogHold, has_tables};
pub use query::Query;
#[doc(hidden)]
pub use query::{Argument, Part, Text, join_columns};
pub use sql::{ROW_LOCK, Rows, Sql};
pub use table::Table;
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
    /// prints `***`, because the string may contain a password.
    pub url: crate::Secret,
    /// The number of connections, shared by changes and reads; at least 1.
    pub connections: usize,
}

/// The database. All clones share one store.
#[derive(Clone, Debug)]
pub struct Store {
    engine: Engine,
    signals: Arc<Signals>,
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
    pub(crate) memory: memory::Memory,
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
        let ground = Ground {
            clock,
            random,
            memory: memory::Memory::default(),
        };
        let signals = Arc::new(Signals::new());
        let engine = match settings {
            Settings::Sqlite(settings) => Engine::Sqlite(Arc::new(sqlite::Engine::open(
                settings,
                migrations,
                ground,
                Arc::clone(&signals),
            )?)),
            Settings::Postgres(settings) => Engine::Postgres(Arc::new(postgres::Engine::open(
                settings, migrations, &ground, &signals,
            )?)),
        };
        Ok(Self { engine, signals })
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
        let (reply, answer) = oneshot::channel();
        let work = Box::new(WorkOf {
            body: change,
            request: request::current(),
            result: None,
            reply,
        });
        match &self.engine {
            Engine::Sqlite(engine) => engine.write(work)?,
            Engine::Postgres(engine) => engine.write(work)?,
        }
        answer
            .await
            .unwrap_or_else(|_| Err(StoreError::Stopped.into()))
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
            Engine::Sqlite(engine) => engine.read(&look),
            Engine::Postgres(engine) => {
                let (reply, answer) = oneshot::channel();
                engine.read(Box::new(WorkOf {
                    body: look,
                    request: None,
                    result: None,
                    reply,
                }))?;
                answer
                    .await
                    .unwrap_or_else(|_| Err(StoreError::Stopped.into()))
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
        match &self.engine {
            Engine::Sqlite(engine) => {
                let engine = Arc::clone(engine);
                tokio::task::spawn_blocking(move || engine.read(&look))
                    .await
                    .unwrap_or_else(|_| Err(StoreError::Stopped.into()))
            }
            Engine::Postgres(_) => self.read(look).await,
        }
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

    /// The number of changes and of commits so far, for the metrics.
    pub fn counts(&self) -> (u64, u64) {
        match &self.engine {
            Engine::Sqlite(engine) => engine.counts(),
            Engine::Postgres(engine) => engine.counts(),
        }
    }

    /// Whether the store can commit at present, for `/readyz`.
    pub async fn is_writable(&self) -> bool {
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

/// One call to [`Store::write`] or [`Store::read`] with its types erased, for the engines' queues.
trait Work: Send {
    /// Runs the function in `tx`, and returns whether to commit.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;
    /// Sends the result to the caller. `outcome` is `Err` if the transaction was not committed.
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

struct WorkOf<F, T, E> {
    body: F,
    request: Option<Arc<str>>,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> Work for WorkOf<F, T, E>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        tx.for_request(self.request.clone());
        let result = tx.attempt(&self.body);
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let result = match (outcome, self.result) {
            (Ok(()), Some(result)) => result,
            // Nothing was committed, so the caller gets the store's error instead of the change's
            // own result.
            (Err(error), _) => Err(error.into()),
            (Ok(()), None) => Err(StoreError::Stopped.into()),
        };
        // Sending fails if the caller was cancelled. The change is committed all the same.
        drop(self.reply.send(result));
    }
}
