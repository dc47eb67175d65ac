//! A whole platform for one test: a store of its own, a clock that stands still,
//! repeatable randomness, and nothing that leaves the machine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use platform::mail::sealed_text;
use platform::store::migrate::Migrations;
use platform::store::{Row, Settings, SqliteSettings};
use platform::{
    Clock, Files, Keyring, ManualClock, Outbound, Platform, Random, Store, StoreError, mail, sql,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

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

/// How many bytes a file may have that somebody sends.
pub const MAX_UPLOAD: usize = 64 * 1024;

/// A platform for one test. When it ends, the test fails on a mail or a waiting job that it did
/// not expect, that is there twice, and on a mail that never came.
#[derive(Debug)]
pub struct World {
    /// What the code under test is given.
    pub platform: Platform,
    /// The clock of that platform.
    pub clock: ManualClock,
    engine: Engine,
    migrations: Vec<Migrations>,
    expected: Mutex<Expected>,
    // In this order: what is kept goes after those who use it.
    database: Option<Database>,
    folder: TempDir,
}

/// What a test causes.
#[derive(Debug, Default)]
struct Expected {
    /// Kinds of jobs, of which any number may wait, but none twice.
    jobs: BTreeSet<&'static str>,
    /// How many mails there must be, by recipient and subject.
    mails: BTreeMap<(String, String), i64>,
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
    /// The same as it is kept, if it has a link that works once.
    pub sealed_text: Option<Vec<u8>>,
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
        let runtime = runtime();
        let worlds = [Some(Self::sqlite(migrations)), Self::postgres(migrations)];
        for world in worlds.into_iter().flatten() {
            println!("on {:?}", world.engine);
            runtime.block_on(test(&world));
        }
    }

    /// Runs `test` in a world in a fresh SQLite file; with a runtime as [`World::each_engine`].
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the test is a closure written in its place"
    )]
    pub fn in_file<F: AsyncFn(&World)>(migrations: &[Migrations], test: F) {
        runtime().block_on(test(&Self::sqlite(migrations)));
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

    /// The files that are kept beside the store.
    pub fn files(&self) -> Vec<String> {
        search::list(&self.folder.path().join("files"))
    }

    /// From now on, jobs of this kind may wait at the end, each with a payload of its own.
    pub fn expect_jobs(&self, kind: &'static str) {
        self.expected().jobs.insert(kind);
    }

    /// One more mail to this recipient with this subject must be there at the end.
    pub fn expect_mail(&self, recipient: &str, subject: &str) {
        let mail = (recipient.to_owned(), subject.to_owned());
        *self.expected().mails.entry(mail).or_default() += 1;
    }

    /// The jobs that wait, oldest first.
    pub async fn jobs(&self) -> Vec<WaitingJob> {
        waiting_jobs(self.store()).await
    }

    /// All mails there are, oldest first.
    pub async fn mails(&self) -> Vec<SentMail> {
        let mut mails = all_mails(self.store()).await;
        let key = self.platform.keys.key(sealed_text::PURPOSE);
        for mail in &mut mails {
            if let Some(sealed) = &mail.sealed_text {
                let id = mail.id.parse().expect("an id");
                let body = sealed_text::open(&key, &id, sealed).expect("sealed with this key");
                mail.text = body.text;
            }
        }
        mails
    }

    fn new(engine: Engine, migrations: &[Migrations], database: Option<Database>) -> Self {
        crate::log::listen();
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
                files: Files::folder(folder.path().join("files"), MAX_UPLOAD),
                keys: Keyring::new([1; 32], &[]),
                outbound: Outbound::public().expect("trust"),
            },
            clock,
            engine,
            migrations: migrations.to_vec(),
            expected: Mutex::default(),
            database,
            folder,
        }
    }

    fn expected(&self) -> MutexGuard<'_, Expected> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What differs from what the test expects, each in a few words.
    fn surprises(&self) -> Vec<String> {
        let store = self.platform.store.clone();
        // The test may be inside a runtime, which must not be blocked on.
        let left = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .expect("a runtime");
            runtime.block_on(async { (waiting_jobs(&store).await, all_mails(&store).await) })
        });
        let (jobs, mails) = left.join().expect("what is left over can be read");
        let expected = self.expected();
        let mut surprises = unexpected_jobs(jobs, &expected.jobs);
        let mut surplus = BTreeMap::new();
        for mail in mails {
            *surplus.entry((mail.recipient, mail.subject)).or_default() += 1;
        }
        for (mail, count) in &expected.mails {
            *surplus.entry(mail.clone()).or_default() -= count;
        }
        surprises.extend(
            surplus
                .into_iter()
                .filter(|(_, surplus): &(_, i64)| *surplus != 0)
                .map(|((to, subject), surplus)| format!("{surplus:+} mail to {to}: {subject}")),
        );
        surprises
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let surprises = self.surprises();
            assert!(surprises.is_empty(), "not as expected: {surprises:#?}");
        }
    }
}

/// The jobs that are of no expected kind, or there twice.
fn unexpected_jobs(jobs: Vec<WaitingJob>, expected: &BTreeSet<&str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut unexpected = Vec::new();
    for WaitingJob { kind, payload, .. } in jobs {
        // What sends a mail is as expected as the mail.
        let is_expected = kind == mail::KIND || expected.contains(kind.as_str());
        let job = format!("job {kind} {payload}");
        if !is_expected {
            unexpected.push(job);
        } else if !seen.insert(job.clone()) {
            unexpected.push(format!("again {job}"));
        }
    }
    unexpected.sort_unstable();
    unexpected
}

fn runtime() -> Runtime {
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    let threads = threads.worker_threads(4).enable_all();
    threads.build().expect("a runtime")
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
                sql!(
                    "SELECT id, recipient, subject, text, sealed_text, state
                     FROM mail ORDER BY id"
                ),
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

#[cfg(test)]
mod tests {
    use super::*;
    use platform::Rows;
    use platform::jobs::NewJob;
    use platform::mail::{NewMail, Stream};
    use serde_json::json;

    fn mail(to: &str) -> NewMail {
        NewMail {
            to: to.parse().expect("an address"),
            to_name: String::new(),
            sender_name: None,
            reply_to: None,
            stream: Stream::Transactional,
            scope: None,
            subject: "Saved".to_owned(),
            text: String::new(),
            html: None,
            seal: None,
            stranger: None,
        }
    }

    #[tokio::test]
    async fn a_test_fails_on_mail_and_jobs_that_it_does_not_expect_or_that_come_twice() {
        let world = World::sqlite(&[platform::MIGRATIONS]);
        let change = world.store().write(|tx| {
            for payload in ["a", "a", "b"] {
                tx.enqueue(NewJob::new("count", json!(payload)))?;
            }
            for to in [
                "rahma@example.com",
                "rahma@example.com",
                "rossi@example.com",
            ] {
                tx.send_mail(mail(to))?;
            }
            Ok::<_, StoreError>(())
        });
        change.await.expect("a change");
        assert_eq!(
            world.surprises(),
            [
                "job count \"a\"",
                "job count \"a\"",
                "job count \"b\"",
                "+2 mail to rahma@example.com: Saved",
                "+1 mail to rossi@example.com: Saved"
            ]
        );
        world.expect_jobs("count");
        for to in [
            "rahma@example.com",
            "rossi@example.com",
            "nobody@example.com",
        ] {
            world.expect_mail(to, "Saved");
        }
        assert_eq!(
            world.surprises(),
            [
                "again job count \"a\"",
                "-1 mail to nobody@example.com: Saved",
                "+1 mail to rahma@example.com: Saved"
            ]
        );
        let clear = world.store().write(|tx| {
            tx.run(sql!("DELETE FROM job"), &[], Rows::Any)?;
            tx.run(sql!("DELETE FROM mail"), &[], Rows::Any)
        });
        clear.await.expect("a change");
        *world.expected() = Expected::default();
    }
}
