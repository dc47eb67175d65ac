//! The SQLite engine: one thread writes, and waiting changes share a flush.
//!
//! The writer takes all waiting changes, runs them in one transaction, commits once, and then
//! answers all callers. A single change costs one flush; under load the flush is shared. The writer
//! does not wait for a batch to fill. A batch consists of the changes that arrived during the last
//! flush and, if flushes are slow, of those that arrive a moment later.
//!
//! A change that fails has usually written nothing, and the rest of the batch goes on. If it failed
//! after a write, the whole transaction is rolled back, and its changes run again, each inside a
//! savepoint.
//!
//! If a backup copies the write-ahead log ([`super::log`]), only the backup checkpoints the log.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::Failure;
use super::log::{Log, Pause};
use super::migrate::{self, Migrations, Missing, Pending};
use super::sqlite_migrate::{self, Migrated};
use super::sqlite_programs::Program;
use super::sqlite_statements::{PREPARED, Writing, execute};
use super::tx::{self, Mode};
use super::{
    Call, Counts, Ground, QUEUE_LIMIT, Signals, SqliteSettings, StoreError, Tx, Wake, Work,
};

/// How long a batch accepts further changes. [`BATCH_FLUSHES`] can extend this time.
const BATCH_TIME: Duration = Duration::from_millis(5);
/// A batch also accepts further changes for this multiple of the last flush's duration, so that
/// more changes share a slow flush.
const BATCH_FLUSHES: u32 = 5;
/// If the last flush took at least this long and the batch already has several changes, the writer
/// waits a quarter of that duration for further changes.
const SLOW_FLUSH: Duration = Duration::from_millis(1);
/// How long a change waits while another process has locked the database file.
const BUSY: Duration = Duration::from_secs(5);
/// How long the opening of a store waits for others that open it for the first time.
const OPENING: Duration = Duration::from_mins(1);
/// How often the SQLite writer checks whether another process has committed.
const LOOK: Duration = Duration::from_millis(200);
/// The error for a change that was not run, or whose transaction SQLite aborted.
const NOT_TAKEN: &str = "the disk refused the change";
const READERS: usize = 8;
/// The number of pages in the write-ahead log that triggers a checkpoint. A higher number means
/// fewer flushes. Below 4,062 pages, readers search only one hash table of the log's index.
const LOG_PAGES: i64 = 4_000;
/// The page cache of a connection, in KiB. A small store never fills it. With a large store, the
/// reader's cache size determines how fast pages are read.
const WRITER_CACHE: i64 = 8 * 1024;
const READER_CACHE: i64 = 16 * 1024;

#[derive(Debug)]
pub(super) struct Engine {
    queue: Option<SyncSender<Message>>,
    writer: Option<JoinHandle<()>>,
    readers: Mutex<Vec<Connection>>,
    settings: SqliteSettings,
    ground: Ground,
    log: Option<Log>,
    _program: Program,
}

enum Message {
    Change(Call),
    /// Pauses writing until the sender of the channel is dropped.
    Pause(Receiver<()>, SyncSender<()>),
}

impl Engine {
    pub(super) fn open(
        settings: &SqliteSettings,
        migrations: &[Migrations],
        missing: Missing,
        ground: Ground,
        signals: Arc<Signals>,
    ) -> Result<Self, StoreError> {
        // An empty file would look like a store that need not be restored.
        if missing == Missing::Refuse && !settings.path.exists() {
            return Err(migrate::no_store());
        }
        let connection = open_writer(settings)?;
        let Migrated { program, .. } = sqlite_migrate::migrate(
            &connection,
            settings,
            migrations,
            missing,
            ground.clock.now(),
        )?;
        let (queue, waiting) = sync_channel(QUEUE_LIMIT);
        let log = settings.backed_up.then(|| Log::of(&settings.path));
        let writer = Writer {
            log: log.clone(),
            connection,
            waiting,
            ground: ground.clone(),
            signals,
            batch: settings.batch.max(1),
        };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(StoreError::Thread)?;
        Ok(Self {
            queue: Some(queue),
            writer: Some(thread),
            readers: Mutex::new(Vec::new()),
            settings: settings.clone(),
            ground,
            log,
            _program: program,
        })
    }

    pub(super) fn write(&self, call: Call) -> Result<(), StoreError> {
        let queue = self.queue.as_ref().ok_or(StoreError::Stopped)?;
        queue
            .try_send(Message::Change(call))
            .map_err(|error| match error {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Disconnected(_) => StoreError::Stopped,
            })
    }

    pub(super) fn log(&self) -> Option<&Log> {
        self.log.as_ref()
    }

    /// Waits until the writer has paused between two batches.
    pub(super) fn pause(&self) -> Result<Pause, StoreError> {
        let queue = self.queue.as_ref().ok_or(StoreError::Stopped)?;
        let (resume, resumed) = sync_channel(0);
        let (stands, standing) = sync_channel(1);
        queue
            .send(Message::Pause(resumed, stands))
            .map_err(|_| StoreError::Stopped)?;
        standing.recv().map_err(|_| StoreError::Stopped)?;
        Ok(Pause(resume))
    }

    pub(super) fn read(&self, work: &mut dyn Work) -> Result<(), StoreError> {
        let kept = self.readers().pop();
        let connection = match kept {
            Some(connection) => connection,
            None => open_reader(&self.settings)?,
        };
        // All reads of one call see the same snapshot.
        execute(&connection, "BEGIN").map_err(|(error, _)| error)?;
        let mut tx = Tx::new(
            tx::Connection::Sqlite(&connection),
            &self.ground,
            Mode::Read,
        );
        let outcome = tx.attempt(work);
        if execute(&connection, "COMMIT").is_ok() {
            let mut readers = self.readers();
            if readers.len() < READERS {
                readers.push(connection);
            }
        }
        outcome.map(|_| ())
    }

    /// Truncates the log. If a backup runs, asks the backup to truncate it. While readers are
    /// constantly active, the log cannot be truncated; a later checkpoint then truncates it.
    pub(super) fn checkpoint(&self) -> Result<(), StoreError> {
        if let Some(log) = &self.log {
            log.want_empty();
            return Ok(());
        }
        let connection = open_reader(&self.settings)?;
        execute(&connection, "PRAGMA wal_checkpoint(TRUNCATE)").map_err(|(error, _)| error)
    }

    fn readers(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Engine {
    /// Lets the writer finish waiting changes, so that a normal stop loses nothing and leaves no
    /// partly checkpointed log.
    fn drop(&mut self) {
        self.queue = None;
        self.readers().clear();
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!(
                "the store's writer ended in a panic, and changes since then were refused; restart Kenduri; “the program panicked” in the log says where: please report it"
            );
        }
    }
}

struct Writer {
    connection: Connection,
    log: Option<Log>,
    waiting: Receiver<Message>,
    ground: Ground,
    signals: Arc<Signals>,
    batch: usize,
}

#[derive(Default)]
struct Batch {
    done: Vec<Call>,
    wake: Wake,
    kept: u64,
    /// Whether each change runs inside a savepoint, because a change has failed after a write.
    has_savepoints: bool,
}

impl Message {
    /// Returns the change in the message. If the message is a pause instead, stores it in `pause`
    /// until the end of the batch, and returns `None`.
    fn change(self, pause: &mut Option<Self>) -> Option<Call> {
        match self {
            Self::Change(call) => Some(call),
            asked @ Self::Pause(..) => {
                *pause = Some(asked);
                None
            }
        }
    }
}

impl Writer {
    fn run(self) {
        let statements = Writing::new(&self.connection);
        let mut last_flush = Duration::ZERO;
        let mut version = self.version_of_others();
        loop {
            let mut pause = None;
            match self.waiting.recv_timeout(LOOK) {
                Ok(message) => {
                    if let Some(first) = message.change(&mut pause) {
                        last_flush = self.batch(&statements, first, last_flush, &mut pause);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if let Some(Message::Pause(resumed, stands)) = pause
                && stands.send(()).is_ok()
            {
                // Nothing is ever sent on this channel; `recv` returns when the sender is dropped.
                let _ = resumed.recv();
            }
            let seen = self.version_of_others();
            if seen != version {
                version = seen;
                self.signals.send(Wake {
                    jobs: true,
                    news: true,
                });
            }
        }
        if let Err((error, _)) = execute(&self.connection, "PRAGMA optimize") {
            tracing::warn!(%error, "the store's statistics were not updated; nothing needs to be done");
        }
    }

    /// A number that changes when another process commits to the database file. During an upgrade,
    /// two workers share the file.
    fn version_of_others(&self) -> Option<i64> {
        self.connection
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .ok()
    }

    /// Ends at a pause. Returns how long the flush took.
    fn batch(
        &self,
        statements: &Writing<'_>,
        first: Call,
        last_flush: Duration,
        pause: &mut Option<Message>,
    ) -> Duration {
        if let Err((error, _)) = execute(&self.connection, "BEGIN IMMEDIATE") {
            tracing::error!(%error, "cannot lock the store's file, so a change was refused; if `fuser` shows another program that uses it, stop that");
            first.answer(Err(StoreError::Busy));
            return last_flush;
        }
        let began = Instant::now();
        let patience = BATCH_TIME.max(last_flush * BATCH_FLUSHES);
        let mut batch = Batch::default();
        let mut next = Some(first);
        while let Some(call) = next.take() {
            if !self.change(statements, call, &mut batch) {
                return last_flush;
            }
            if batch.done.len() < self.batch && began.elapsed() < patience {
                let message = self.waiting.try_recv().ok();
                next = message.and_then(|message| message.change(pause));
                let has_room = next.is_none() && pause.is_none();
                if has_room && batch.done.len() > 1 && last_flush >= SLOW_FLUSH {
                    let message = self.waiting.recv_timeout(last_flush / 4).ok();
                    next = message.and_then(|message| message.change(pause));
                }
            }
        }
        let flush = Instant::now();
        let outcome = execute(&self.connection, "COMMIT");
        match outcome {
            Ok(()) => {
                self.ground.counters.add(Counts {
                    changes: batch.kept,
                    commits: 1,
                    ..Counts::default()
                });
                if let Some(log) = &self.log {
                    log.mark(self.ground.clock.now());
                }
                self.signals.send(batch.wake);
                for call in batch.done {
                    call.answer(Ok(()));
                }
            }
            Err((error, _)) => self.lose(batch, &error),
        }
        flush.elapsed()
    }

    /// Runs one change. Returns `false` if the engine aborted the transaction (disk full, I/O
    /// error); all callers then get the error.
    fn change(&self, statements: &Writing<'_>, call: Call, batch: &mut Batch) -> bool {
        batch.done.push(call);
        if batch.has_savepoints && !self.held(execute(&self.connection, "SAVEPOINT change"), batch)
        {
            return false;
        }
        let before = self.connection.total_changes();
        let mut tx = Tx::new(
            tx::Connection::Sqlite(statements),
            &self.ground,
            Mode::Write,
        );
        let keep = batch.done.last_mut().is_some_and(|call| call.run(&mut tx));
        let wake = tx.wake();
        let wrote = self.connection.total_changes() != before;
        if self.connection.is_autocommit() {
            let error = StoreError::Unavailable(NOT_TAKEN.to_owned());
            self.lose(std::mem::take(batch), &error);
            return false;
        }
        if keep {
            batch.kept += 1;
            batch.wake.jobs |= wake.jobs;
            batch.wake.news |= wake.news;
        }
        if batch.has_savepoints {
            let back = (!keep).then(|| execute(&self.connection, "ROLLBACK TO change"));
            let ended = back.unwrap_or(Ok(()));
            let ended = ended.and_then(|()| execute(&self.connection, "RELEASE change"));
            self.held(ended, batch)
        } else if !keep && wrote {
            self.again(statements, batch)
        } else {
            true
        }
    }

    /// Rolls the batch back, and runs its changes again, each inside a savepoint.
    fn again(&self, statements: &Writing<'_>, batch: &mut Batch) -> bool {
        let begun = execute(&self.connection, "ROLLBACK")
            .and_then(|()| execute(&self.connection, "BEGIN IMMEDIATE"));
        if !self.held(begun, batch) {
            return false;
        }
        let changes = std::mem::take(&mut batch.done);
        *batch = Batch {
            has_savepoints: true,
            ..Batch::default()
        };
        let mut changes = changes.into_iter();
        while let Some(call) = changes.next() {
            if !self.change(statements, call, batch) {
                for call in changes {
                    call.answer(Err(StoreError::Unavailable(NOT_TAKEN.to_owned())));
                }
                return false;
            }
        }
        true
    }

    /// If the statement failed, the whole batch fails.
    fn held(&self, outcome: Result<(), (StoreError, Failure)>, batch: &mut Batch) -> bool {
        let Err((error, _)) = outcome else {
            return true;
        };
        self.lose(std::mem::take(batch), &error);
        false
    }

    fn lose(&self, batch: Batch, error: &StoreError) {
        tracing::error!(%error, changes = batch.done.len(), "changes could not be saved, and whoever made them was told so; check the disk and the store's file");
        if !self.connection.is_autocommit()
            && let Err((error, _)) = execute(&self.connection, "ROLLBACK")
        {
            tracing::error!(%error, "changes that could not be saved could not be rolled back either; restart Kenduri");
        }
        let why = match error {
            StoreError::Unavailable(why) => why.clone(),
            other => other.to_string(),
        };
        for call in batch.done {
            call.answer(Err(StoreError::Unavailable(why.clone())));
        }
    }
}

/// Migrates a store that this process does not open.
pub(super) fn migrate_only(
    settings: &SqliteSettings,
    migrations: &[Migrations],
    now: Timestamp,
) -> Result<Vec<Pending>, StoreError> {
    let connection = open_writer(settings)?;
    let missing = Missing::Apply;
    let migrated = sqlite_migrate::migrate(&connection, settings, migrations, missing, now)?;
    Ok(migrated.applied)
}

pub(super) fn open_writer(settings: &SqliteSettings) -> Result<Connection, StoreError> {
    make(&settings.path).map_err(|error| {
        StoreError::Unavailable(format!("{}: {error}", settings.path.display()))
    })?;
    let connection =
        Connection::open(&settings.path).map_err(|error| unavailable(&settings.path, &error))?;
    configure(&connection, WRITER_CACHE, settings.backed_up)
        .map_err(|error| unavailable(&settings.path, &error))?;
    let log_pages = if settings.backed_up { 0 } else { LOG_PAGES };
    journal(&connection)
        .and_then(|()| {
            connection.pragma_update(
                None,
                "synchronous",
                if settings.durable { "FULL" } else { "OFF" },
            )
        })
        .and_then(|()| connection.pragma_update(None, "foreign_keys", true))
        .and_then(|()| connection.pragma_update(None, "wal_autocheckpoint", log_pages))
        .and_then(|()| connection.pragma_update(None, "journal_size_limit", 64 << 20))
        // With the default setting, the savepoint journal would be a temporary file.
        .and_then(|()| connection.pragma_update(None, "temp_store", "MEMORY"))
        // Deleted data must not remain in the file.
        .and_then(|()| connection.pragma_update(None, "secure_delete", true))
        .map_err(|error| unavailable(&settings.path, &error))?;
    Ok(connection)
}

/// The change of a new file's journal needs the file alone, and SQLite does not always wait for it.
fn journal(connection: &Connection) -> Result<(), rusqlite::Error> {
    let end = Instant::now() + OPENING;
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && Instant::now() < end =>
            {
                std::thread::sleep(LOOK);
            }
            changed => return changed,
        }
    }
}

/// Creates the file if necessary, readable only by its user. SQLite creates its other files with
/// the same mode.
fn make(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options.open(path).map(drop)
}

fn open_reader(settings: &SqliteSettings) -> Result<Connection, StoreError> {
    let path = settings.path.as_path();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| unavailable(path, &error))?;
    configure(&connection, READER_CACHE, settings.backed_up)
        .and_then(|()| connection.pragma_update(None, "query_only", true))
        .map_err(|error| unavailable(path, &error))?;
    Ok(connection)
}

fn configure(
    connection: &Connection,
    cache_kib: i64,
    backed_up: bool,
) -> Result<(), rusqlite::Error> {
    // Without this setting, SQLite would truncate the write-ahead log when the last connection
    // closes, before the backup has copied the log.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, backed_up)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    // Without this setting, SQLite would plan a statement again for every new argument.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "cache_size", -cache_kib)
}

fn unavailable(path: &Path, error: &rusqlite::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}
