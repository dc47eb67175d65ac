//! A whole platform for one test: a store of its own, a clock that stands still,
//! repeatable randomness, and nothing that leaves the machine.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use platform::store::migrate::Migrations;
use platform::store::{Row, Settings, SqliteSettings};
use platform::{Clock, Files, Keyring, ManualClock, Platform, Random, Store, StoreError, sql};
use tempfile::TempDir;

use crate::postgres::Database;
use crate::search;

/// When every test begins.
const START: &str = "2026-11-20T08:00:00Z";
/// Connections of a store on PostgreSQL: enough for real races.
const CONNECTIONS: usize = 4;

/// Where the store of a world is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// A fresh file.
    Sqlite,
    /// A fresh database on the server that `KENDURI_TEST_POSTGRES` names.
    Postgres,
}

/// A platform for one test. When it ends, every job and mail must have been
/// run or looked at: the test fails on what it did not expect.
#[derive(Debug)]
pub struct World {
    /// What the code under test is given.
    pub platform: Platform,
    /// The clock of that platform.
    pub clock: ManualClock,
    engine: Engine,
    migrations: Vec<Migrations>,
    looked_at: Mutex<BTreeSet<String>>,
    // In this order: what is kept goes after those who use it.
    database: Option<Database>,
    folder: TempDir,
}

/// A job that waits for its turn.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct WaitingJob {
    /// Which one.
    pub id: String,
    /// The name of its handler.
    pub kind: String,
    /// What it was enqueued with, as JSON text.
    pub payload: String,
    /// When it may start.
    pub due_at: Timestamp,
}

/// A mail, however far it has come.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct SentMail {
    /// Which one.
    pub id: String,
    /// To whom.
    pub recipient: String,
    /// What about.
    pub subject: String,
    /// The text a person reads.
    pub text: String,
    /// How far it has come: `queued`, `sent` …
    pub state: String,
}

impl World {
    /// A world in a fresh SQLite file.
    pub fn sqlite(migrations: &[Migrations]) -> Self {
        Self::new(Engine::Sqlite, migrations, None)
    }

    /// A world in a fresh PostgreSQL database; `None` when no server is named.
    pub fn postgres(migrations: &[Migrations]) -> Option<Self> {
        let server = postgres_server()?;
        let database = Database::clone_of(&server, migrations);
        Some(Self::new(Engine::Postgres, migrations, Some(database)))
    }

    /// Runs `test` in a world on each engine there is. Not for use inside a
    /// runtime: it brings its own, with the threads that races need.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the test is a closure written in its place"
    )]
    pub fn each_engine<F: AsyncFn(&World)>(migrations: &[Migrations], test: F) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(4)
            .enable_all()
            .build()
            .expect("a runtime");
        let worlds = [Some(Self::sqlite(migrations)), Self::postgres(migrations)];
        for world in worlds.into_iter().flatten() {
            println!("on {:?}", world.engine);
            runtime.block_on(test(&world));
        }
    }

    /// The store, which tests ask most often for.
    pub fn store(&self) -> &Store {
        &self.platform.store
    }

    /// Which engine this world is on.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Opens the same store once more, as a second process would.
    pub fn second_store(&self) -> Store {
        // Inside a runtime, opening would block it.
        std::thread::scope(|scope| {
            let open = || {
                Store::open(
                    &self.settings(),
                    &self.migrations,
                    Clock::Manual(self.clock.clone()),
                    Random::seeded(2),
                )
            };
            scope.spawn(open).join().expect("no panic")
        })
        .expect("the store opens a second time")
    }

    /// How the store was opened.
    pub fn settings(&self) -> Settings {
        settings(&self.folder, self.database.as_ref())
    }

    /// Where `text` stands: in which tables of the store, and in which files of the
    /// data folder, whatever their format.
    pub fn places_of(&self, text: &str) -> Vec<String> {
        let (settings, text) = (self.settings(), text.to_owned());
        let mut found = search::files(self.folder.path(), &text);
        // The test may be inside a runtime, where the client of PostgreSQL cannot run.
        let tables = std::thread::spawn(move || search::tables(&settings, &text)).join();
        found.extend(tables.expect("the tables can be read"));
        found
    }

    /// The jobs that wait, oldest first. They count as looked at.
    pub async fn jobs(&self) -> Vec<WaitingJob> {
        let jobs = waiting_jobs(self.store()).await;
        self.look(jobs.iter().map(|job| &job.id));
        jobs
    }

    /// All mails there are, oldest first. They count as looked at.
    pub async fn mails(&self) -> Vec<SentMail> {
        let mails = all_mails(self.store()).await;
        self.look(mails.iter().map(|mail| &mail.id));
        mails
    }

    fn new(engine: Engine, migrations: &[Migrations], database: Option<Database>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = ManualClock::at(START.parse().expect("an instant"));
        let random = Random::seeded(1);
        let store = Store::open(
            &settings(&folder, database.as_ref()),
            migrations,
            Clock::Manual(clock.clone()),
            random.clone(),
        )
        .expect("a store opens");
        Self {
            platform: Platform {
                store,
                clock: Clock::Manual(clock.clone()),
                random,
                files: Files::folder(folder.path().join("files")),
                keys: Keyring::new([1; 32], &[]),
            },
            clock,
            engine,
            migrations: migrations.to_vec(),
            looked_at: Mutex::default(),
            database,
            folder,
        }
    }

    fn look<'i>(&self, ids: impl Iterator<Item = &'i String>) {
        self.looked_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(ids.cloned());
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let store = self.platform.store.clone();
        let looked_at = std::mem::take(
            self.looked_at
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner),
        );
        // The test may be inside a runtime, which must not be blocked on.
        let left = std::thread::spawn(move || left_over(&store, &looked_at)).join();
        let left = left.expect("what is left over can be read");
        assert!(left.is_empty(), "left unlooked-at: {left:?}");
    }
}

/// What nobody ran or looked at, each in a few words.
fn left_over(store: &Store, looked_at: &BTreeSet<String>) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let (jobs, mails) =
        runtime.block_on(async { (waiting_jobs(store).await, all_mails(store).await) });
    let jobs = jobs
        .into_iter()
        .filter(|job| !looked_at.contains(&job.id))
        .map(|job| format!("job {} {}", job.kind, job.payload));
    let mails = mails
        .into_iter()
        .filter(|mail| !looked_at.contains(&mail.id))
        .map(|mail| format!("mail to {}: {}", mail.recipient, mail.subject));
    jobs.chain(mails).collect()
}

async fn waiting_jobs(store: &Store) -> Vec<WaitingJob> {
    store
        .read(|tx| {
            tx.all::<WaitingJob>(
                sql!(
                    "SELECT id, kind, payload, due_at FROM job
                     WHERE state = 'waiting' ORDER BY id"
                ),
                &[],
            )
        })
        .await
        .unwrap_or_else(|error: StoreError| panic!("jobs cannot be read: {error}"))
}

async fn all_mails(store: &Store) -> Vec<SentMail> {
    store
        .read(|tx| {
            tx.all::<SentMail>(
                sql!("SELECT id, recipient, subject, text, state FROM mail ORDER BY id"),
                &[],
            )
        })
        .await
        .unwrap_or_else(|error: StoreError| panic!("mails cannot be read: {error}"))
}

fn settings(folder: &TempDir, database: Option<&Database>) -> Settings {
    match database {
        Some(database) => database.settings(CONNECTIONS),
        None => Settings::Sqlite(SqliteSettings {
            // What a power cut would do is tested where that is the question.
            durable: false,
            ..SqliteSettings::file(folder.path().join("kenduri.db"))
        }),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration but this"
)]
fn postgres_server() -> Option<String> {
    std::env::var("KENDURI_TEST_POSTGRES")
        .ok()
        .filter(|server| !server.is_empty())
}
