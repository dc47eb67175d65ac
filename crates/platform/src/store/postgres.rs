//! The PostgreSQL engine has a fixed set of threads, each with its own connection. All changes and
//! reads wait in one [queue](Queue) until a thread is free.
//!
//! Changes run in READ COMMITTED and take their locks first. After a deadlock or serialization
//! failure the change runs again, at most five times. Reads see one snapshot.
//!
//! A connection that breaks loses nothing: the call runs again on another one, and waits while no
//! primary server answers. If the connection breaks during a commit, the change's id in the table
//! `done_change` tells whether it was committed.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use postgres::{Client, GenericClient};

use super::error::Failure;
use super::migrate::{self, Migrations, Missing, Pending};
use super::postgres_address::{Address, LOCK_TIME, RUNS};
use super::postgres_error::explain;
use super::postgres_migrate;
use super::postgres_queue::{Doubt, Next, Queue, Task};
use super::postgres_statements::Connection;
use super::relay::Relay;
use super::tx::{self, Mode};
use super::{Call, Counts, Ground, PostgresSettings, Signals, StoreError, Tx, Wake};
use crate::id;
use crate::random::Random;

/// The pause before the second run; each further pause is longer.
const PAUSE: Duration = Duration::from_millis(5);
const RECONNECT_AFTER: Duration = Duration::from_millis(200);

#[derive(Debug)]
pub(super) struct Engine {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

impl Engine {
    pub(super) fn open(
        settings: &PostgresSettings,
        migrations: &[Migrations],
        missing: Missing,
        ground: &Ground,
        signals: &Arc<Signals>,
    ) -> Result<Self, StoreError> {
        let address = Address::of(settings)?;
        let mut client = connect_first(&address)?;
        warn_without_standby(&mut client)?;
        postgres_migrate::migrate(&mut client, migrations, missing, ground.clock.now())?;
        let queue = Arc::new(Queue::new(settings.failover_wait));
        let relay = Relay::start(
            address.clone(),
            Arc::clone(signals),
            Arc::clone(&queue),
            migrate::fingerprint(migrations),
        )?;
        // Until here, this connection told other programs that this one uses the store.
        drop(client);
        let relay = Arc::new(relay);
        let mut threads = Vec::new();
        for number in 0..settings.connections.max(1) {
            let server = Server {
                address: address.clone(),
                queue: Arc::clone(&queue),
                ground: ground.clone(),
                signals: Arc::clone(signals),
                relay: Arc::clone(&relay),
            };
            let thread = std::thread::Builder::new()
                .name(format!("store-{number}"))
                .spawn(move || server.run())
                .map_err(StoreError::Thread)?;
            threads.push(thread);
        }
        Ok(Self { queue, threads })
    }

    /// `held` is how many bytes the caller holds while the call waits.
    pub(super) fn send(&self, mode: Mode, call: Call, held: usize) -> Result<(), StoreError> {
        self.queue.send(Task::new(mode, call, held))
    }

    /// Whether a primary server answered within the time that changes wait for one.
    pub(super) fn is_ready(&self) -> bool {
        self.queue.is_ready()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!(
                    "a thread of the store ended in a panic, and its connection to PostgreSQL was not used since; “the program panicked” in the log says where: please report it"
                );
            }
        }
    }
}

struct Server {
    address: Address,
    queue: Arc<Queue>,
    ground: Ground,
    signals: Arc<Signals>,
    /// The relay, which stops when the last thread drops it.
    relay: Arc<Relay>,
}

impl Server {
    fn run(self) {
        let mut connection: Option<Connection> = None;
        loop {
            match self.queue.next() {
                Next::Closed => return,
                Next::Expired(task, reason) => task.give_up(StoreError::Unavailable(reason)),
                Next::Run(mut task) => match self.serve(&mut connection, &mut task) {
                    Ok(outcome) => task.call.answer(outcome),
                    Err(lost) => {
                        self.queue.put_back(task, lost);
                        // Meanwhile the relay finds out whether any primary server answers.
                        std::thread::sleep(RECONNECT_AFTER);
                    }
                },
            }
        }
    }

    /// Returns the call's outcome, or why no primary server could be asked.
    fn serve(
        &self,
        slot: &mut Option<Connection>,
        task: &mut Task,
    ) -> Result<Result<(), StoreError>, StoreError> {
        let begin = Instant::now();
        let mut number = 1;
        loop {
            if slot.is_none() {
                let counters = Arc::clone(&self.ground.counters);
                *slot = Some(Connection::open(
                    &self.address,
                    self.queue.away(),
                    counters,
                )?);
            }
            let Some(connection) = slot else {
                return Err(StoreError::Stopped);
            };
            let attempt = self.attempt(connection, task);
            if connection.is_broken() {
                *slot = None;
            }
            let Err((error, failure)) = attempt else {
                return Ok(Ok(()));
            };
            let may_run_again = number < RUNS && begin.elapsed() < LOCK_TIME;
            match failure {
                Failure::Final => return Ok(Err(error)),
                // The pause lets the conflicting transaction finish, so that the two do not collide
                // again at once.
                _ if may_run_again => std::thread::sleep(PAUSE * number),
                Failure::Again if task.doubt.is_none() => return Ok(Err(StoreError::Busy)),
                Failure::Again | Failure::Lost => return Err(error),
            }
            number += 1;
        }
    }

    fn attempt(
        &self,
        connection: &mut Connection,
        task: &mut Task,
    ) -> Result<(), (StoreError, Failure)> {
        let mode = task.mode;
        if let Some(Doubt { id, wake }) = task.doubt.clone() {
            match connection.settle(&id) {
                Ok(true) => {
                    self.note_commit(wake);
                    return Ok(());
                }
                Ok(false) => task.doubt = None,
                Err((error, _)) => return Err((error, Failure::Lost)),
            }
        }
        connection.begin(match mode {
            Mode::Write => "BEGIN ISOLATION LEVEL READ COMMITTED",
            Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        });
        let mut tx = Tx::new(tx::Connection::Postgres(connection), &self.ground, mode);
        let keep = task.call.run(&mut tx);
        let (failure, wake, has_written) = (tx.failure(), tx.wake(), tx.has_written());
        if !keep {
            // The error that the caller's function returned is passed on, unless the engine runs
            // the function again.
            return match failure {
                Some(Failure::Lost) => Err((
                    StoreError::Unavailable("the connection was lost".to_owned()),
                    Failure::Lost,
                )),
                Some(Failure::Again) => {
                    connection.roll_back()?;
                    Err((StoreError::Busy, Failure::Again))
                }
                Some(Failure::Final) | None => {
                    drop(connection.roll_back());
                    Ok(())
                }
            };
        }
        if mode == Mode::Read {
            // What was read does not depend on the end of its transaction.
            drop(connection.roll_back());
            return Ok(());
        }
        if has_written {
            // A seeded generator would give another process the same ids.
            let id = id::generate(self.ground.clock.now(), &Random::system());
            let committed = connection.commit_as(&id);
            if let Err((_, Failure::Lost)) = committed {
                task.doubt = Some(Doubt { id, wake });
            }
            committed?;
        } else {
            connection.commit()?;
        }
        self.note_commit(wake);
        Ok(())
    }

    fn note_commit(&self, wake: Wake) {
        self.ground.counters.add(Counts {
            changes: 1,
            commits: 1,
            ..Counts::default()
        });
        self.signals.send(Wake {
            news: false,
            ..wake
        });
        self.relay.wake(wake);
    }
}

/// Connects for the first time. This function blocks.
fn connect_first(address: &Address) -> Result<Client, StoreError> {
    address.refuse_transaction_pooler(&id::generate_random(&Random::system()))?;
    address.connect()
}

/// Migrates a store that this process does not open.
pub(super) fn migrate_only(
    settings: &PostgresSettings,
    migrations: &[Migrations],
    now: Timestamp,
) -> Result<Vec<Pending>, StoreError> {
    let mut client = connect_first(&Address::of(settings)?)?;
    postgres_migrate::migrate(&mut client, migrations, Missing::Apply, now)
}

/// Without a synchronous standby, a commit is only on the primary server.
fn warn_without_standby(client: &mut Client) -> Result<(), StoreError> {
    let shown = client.query_one("SHOW synchronous_standby_names", &[]);
    let shown = shown.map_err(|error| StoreError::Unavailable(explain(&error)))?;
    if shown.get::<_, String>(0).is_empty() {
        tracing::info!(
            "PostgreSQL has no synchronous standby (synchronous_standby_names is empty), so an \
             answer that was acknowledged can be lost with the primary server; name a standby there to \
             be safe"
        );
    }
    Ok(())
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
        let mut client = Address::of(settings)?.connect()?;
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
    is_in_use(&mut Address::of(settings)?.connect()?)
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
