//! The PostgreSQL engine has a fixed set of threads, each with its own connection. All changes and
//! reads wait in one queue until a thread is free.
//!
//! Changes run in READ COMMITTED and take their locks first. After a deadlock or serialization
//! failure the change runs again, at most five times. Reads see one snapshot.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use postgres::{Client, Config, GenericClient};

use super::error::Failure;
use super::migrate::{self, Migrations};
use super::postgres_statements::{Connection, explain, tls};
use super::relay::Relay;
use super::tx::{self, Mode};
use super::{Call, Counts, Ground, PostgresSettings, QUEUE_LIMIT, Signals, StoreError, Tx, Wake};

const TRIES: u32 = 5;
/// The pause before the second run; each further pause is longer.
const PAUSE: Duration = Duration::from_millis(5);

#[derive(Debug)]
pub(super) struct Engine {
    queue: Option<SyncSender<Task>>,
    threads: Vec<JoinHandle<()>>,
}

struct Task {
    mode: Mode,
    call: Call,
}

impl Engine {
    pub(super) fn open(
        settings: &PostgresSettings,
        migrations: &[Migrations],
        ground: &Ground,
        signals: &Arc<Signals>,
    ) -> Result<Self, StoreError> {
        let written = configuration(settings)?;
        let config = Config::from(written.clone());
        let mut client = connect(&config)?;
        migrate::postgres(&mut client, migrations, ground.clock.now())?;
        drop(client);
        let relay = Arc::new(Relay::start(written, Arc::clone(signals))?);
        let (queue, waiting) = sync_channel(QUEUE_LIMIT);
        let waiting = Arc::new(Mutex::new(waiting));
        let mut threads = Vec::new();
        for number in 0..settings.connections.max(1) {
            let server = Server {
                config: config.clone(),
                waiting: Arc::clone(&waiting),
                ground: ground.clone(),
                signals: Arc::clone(signals),
                relay: Arc::clone(&relay),
            };
            let thread = std::thread::Builder::new()
                .name(format!("store-{number}"))
                .spawn(move || server.run())
                .map_err(|error| StoreError::Unavailable(error.to_string()))?;
            threads.push(thread);
        }
        Ok(Self {
            queue: Some(queue),
            threads,
        })
    }

    pub(super) fn send(&self, mode: Mode, call: Call) -> Result<(), StoreError> {
        let queue = self.queue.as_ref().ok_or(StoreError::Stopped)?;
        queue
            .try_send(Task { mode, call })
            .map_err(|error| match error {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Disconnected(_) => StoreError::Stopped,
            })
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store ended in a panic");
            }
        }
    }
}

struct Server {
    config: Config,
    waiting: Arc<Mutex<Receiver<Task>>>,
    ground: Ground,
    signals: Arc<Signals>,
    /// The relay, which stops when the last thread drops it.
    relay: Arc<Relay>,
}

impl Server {
    fn run(self) {
        let mut connection: Option<Connection> = None;
        loop {
            let next = self
                .waiting
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .recv();
            let Ok(Task { mode, mut call }) = next else {
                return;
            };
            let outcome = self.serve(&mut connection, mode, &mut call);
            call.answer(outcome);
        }
    }

    /// If the connection breaks, the next call opens a new one.
    fn serve(
        &self,
        slot: &mut Option<Connection>,
        mode: Mode,
        call: &mut Call,
    ) -> Result<(), StoreError> {
        for number in 1..=TRIES {
            let connection = self.begin(slot, mode)?;
            match self.attempt(connection, mode, call) {
                Ok(()) => return Ok(()),
                // The pause lets the conflicting transaction finish, so that the two do not collide
                // again at once.
                Err((_, Failure::Again)) => std::thread::sleep(PAUSE * number),
                Err((error, Failure::Final)) => return Err(error),
            }
        }
        Err(StoreError::Busy)
    }

    /// Begins a transaction on the open connection. If the connection is broken, opens a new one.
    /// No statement is lost, because none has run yet.
    fn begin<'s>(
        &self,
        slot: &'s mut Option<Connection>,
        mode: Mode,
    ) -> Result<&'s mut Connection, StoreError> {
        let begin = match mode {
            Mode::Write => "BEGIN ISOLATION LEVEL READ COMMITTED",
            Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        let alive = slot
            .as_mut()
            .is_some_and(|connection| connection.word(begin).is_ok());
        if alive && let Some(connection) = slot {
            return Ok(connection);
        }
        let connection = slot.insert(Connection::new(connect(&self.config)?));
        connection.word(begin).map_err(|(error, _)| error)?;
        Ok(connection)
    }

    fn attempt(
        &self,
        connection: &mut Connection,
        mode: Mode,
        call: &mut Call,
    ) -> Result<(), (StoreError, Failure)> {
        let mut tx = Tx::new(tx::Connection::Postgres(connection), &self.ground, mode);
        let keep = call.run(&mut tx);
        let (failure, wake) = (tx.failure(), tx.wake());
        if !keep {
            connection.word("ROLLBACK")?;
            // The error that the caller's function returned is passed on, unless a conflict with
            // another transaction caused it.
            return match failure {
                Some(Failure::Again) => Err((StoreError::Busy, Failure::Again)),
                _ => Ok(()),
            };
        }
        connection.word("COMMIT")?;
        if mode == Mode::Write {
            self.ground.counters.add(Counts {
                changes: 1,
                commits: 1,
                ..Counts::default()
            });
            self.signals.send(Wake {
                news: false,
                ..wake
            });
            if wake.news {
                self.relay.wake();
            }
        }
        Ok(())
    }
}

/// Prevents PostgreSQL from removing its write-ahead log. A temporary replication slot does this
/// until its connection ends.
pub struct LogHold {
    client: Client,
    slot: String,
}

impl std::fmt::Debug for LogHold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogHold")
            .field("slot", &self.slot)
            .finish_non_exhaustive()
    }
}

impl LogHold {
    /// Prevents the removal of any log written from now on. The database role must be allowed to
    /// replicate; `slot` consists of lower-case letters, digits and `_`.
    ///
    /// This function blocks.
    pub fn begin(settings: &PostgresSettings, slot: &str) -> Result<Self, StoreError> {
        let config = Config::from(configuration(settings)?);
        let mut client = connect(&config)?;
        client
            .query_one(
                "SELECT pg_create_physical_replication_slot($1, true, true)",
                &[&slot],
            )
            .map_err(|error| StoreError::Unavailable(explain(&error)))?;
        Ok(Self {
            client,
            slot: slot.to_owned(),
        })
    }

    /// Allows PostgreSQL to remove the log before `position`, in bytes since the beginning of the
    /// log.
    ///
    /// This function blocks.
    pub fn advance(&mut self, position: i64) -> Result<(), StoreError> {
        let advanced = self.client.query(
            "SELECT pg_replication_slot_advance(slot_name, '0/0'::pg_lsn + $2::bigint::numeric)
             FROM pg_replication_slots WHERE slot_name = $1 AND restart_lsn < '0/0'::pg_lsn + $2::bigint::numeric",
            &[&self.slot, &position],
        );
        advanced
            .map(drop)
            .map_err(|error| StoreError::Unavailable(explain(&error)))
    }
}

/// Whether a database has any table, view or sequence that does not belong to an extension.
///
/// This function blocks.
pub fn has_tables(settings: &PostgresSettings) -> Result<bool, StoreError> {
    let config = Config::from(configuration(settings)?);
    is_in_use(&mut connect(&config)?)
}

pub(super) fn is_in_use(client: &mut impl GenericClient) -> Result<bool, StoreError> {
    let found = client.query_opt(
        "SELECT 1 FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
         AND relnamespace NOT IN (SELECT oid FROM pg_namespace
             WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema')
         AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE classid = 'pg_class'::regclass
             AND objid = pg_class.oid AND deptype = 'e')
         LIMIT 1",
        &[],
    );
    let found = found.map_err(|error| StoreError::Unavailable(explain(&error)))?;
    Ok(found.is_some())
}

/// Options for every PostgreSQL session. With the keep-alive settings, PostgreSQL notices within
/// half a minute when a Kenduri process that holds locks has died.
const SESSION: &str = "-c synchronous_commit=on -c lock_timeout=5s \
    -c idle_in_transaction_session_timeout=60s -c client_min_messages=warning \
    -c tcp_keepalives_idle=15 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3";

pub(super) fn configuration(
    settings: &PostgresSettings,
) -> Result<tokio_postgres::Config, StoreError> {
    let mut config: tokio_postgres::Config =
        settings.url.reveal().parse().map_err(|_| {
            StoreError::Unavailable("store.url is not a PostgreSQL address".to_owned())
        })?;
    config
        .application_name("kenduri")
        .connect_timeout(Duration::from_secs(5))
        .keepalives_idle(Duration::from_secs(15))
        .tcp_user_timeout(Duration::from_secs(30))
        .options(SESSION);
    Ok(config)
}

pub(super) fn connect(config: &Config) -> Result<Client, StoreError> {
    config.connect(tls()).map_err(|error| {
        StoreError::Unavailable(format!("PostgreSQL does not answer: {}", explain(&error)))
    })
}
