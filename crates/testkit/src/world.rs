//! A whole platform for a single test, with its own store, a manual clock and seeded randomness. It
//! connects to no other machine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use platform::limits::Limits;
use platform::mail::sealed_text;
use platform::store::migrate::Migrations;
use platform::store::{Row, Settings};
use platform::{
    Clock, Files, Keyring, ManualClock, NameServers, Outbound, Platform, Random, Store, StoreError,
    mail, sql,
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::postgres::Database;
use crate::{search, sqlite};

/// The time at which every test's clock starts.
pub(crate) const START: &str = "2026-11-20T08:00:00Z";
/// Enough for real races.
const CONNECTIONS: usize = 4;

/// The database engine of a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// SQLite, with a fresh database file.
    Sqlite,
    /// PostgreSQL, with a fresh database on the server given in `KENDURI_TEST_POSTGRES`.
    Postgres,
}

/// The largest allowed upload, in bytes.
pub const MAX_UPLOAD: usize = 64 * 1024;

/// A platform for a single test. When the world is dropped, the test fails if a mail or a waiting
/// job is unexpected or duplicate, or if an expected mail was not written.
#[derive(Debug)]
pub struct World {
    pub platform: Platform,
    pub clock: ManualClock,
    engine: Engine,
    migrations: Vec<Migrations>,
    expected: Mutex<Expected>,
    // Fields are dropped in this order. The database must be dropped after its users.
    database: Option<Database>,
    folder: TempDir,
}

#[derive(Debug, Default)]
struct Expected {
    /// Kinds of jobs that may still wait when the test ends, in any number but without duplicates.
    jobs: BTreeSet<&'static str>,
    /// The expected number of mails by recipient and subject.
    mails: BTreeMap<(String, String), i64>,
    /// Subjects of mails that may be there in any number.
    allowed: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct WaitingJob {
    pub id: String,
    /// The name of the job's handler.
    pub kind: String,
    pub payload: String,
    /// The earliest time at which the job may start.
    pub due_at: Timestamp,
}

/// A mail in the store, in any delivery state.
#[derive(Clone, Debug, PartialEq, Eq, Row)]
pub struct SentMail {
    pub id: String,
    /// The recipient's email address.
    pub recipient: String,
    pub subject: String,
    pub text: String,
    /// The encrypted text as stored, if the mail contains a single-use link.
    pub sealed_text: Option<Vec<u8>>,
    /// The delivery state: `queued`, `sent` …
    pub state: String,
}

impl World {
    pub fn sqlite(migrations: &[Migrations]) -> Self {
        Self::new(Engine::Sqlite, migrations, None)
    }

    /// Creates a world in a fresh PostgreSQL database. Returns `None` when no server is configured.
    pub fn postgres(migrations: &[Migrations]) -> Option<Self> {
        let server = postgres_server()?;
        let database = Database::clone_of(&server, migrations);
        Some(Self::new(Engine::Postgres, migrations, Some(database)))
    }

    /// Runs `test` in a world on SQLite, and on PostgreSQL too if `KENDURI_TEST_ENGINES` is `all`.
    /// Tests of pages and JSON use this function: the same SQL text runs on both engines, and
    /// another test prepares each one on both. Must not be called inside a runtime.
    pub fn default_engine<F: AsyncFn(&World)>(migrations: &[Migrations], test: F) {
        if every_engine_is_wanted() {
            Self::each_engine(migrations, test);
        } else {
            Self::in_file(migrations, test);
        }
    }

    /// Runs `test` in a world on each available engine. Tests of the store itself, of races and of
    /// imports use this function. Must not be called inside a runtime, because the function starts
    /// its own multi-threaded runtime.
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

    /// Runs `test` in a world in a fresh SQLite file. Like [`World::each_engine`], must not be
    /// called inside a runtime.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the test is a closure written in its place"
    )]
    pub fn in_file<F: AsyncFn(&World)>(migrations: &[Migrations], test: F) {
        runtime().block_on(test(&Self::sqlite(migrations)));
    }

    pub fn store(&self) -> &Store {
        &self.platform.store
    }

    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Opens the same store again, as a second process would.
    pub fn second_store(&self) -> Store {
        // Opening a store blocks the thread, which is not allowed inside a runtime.
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

    /// The settings that the store was opened with.
    pub fn settings(&self) -> Settings {
        settings(&self.folder, self.database.as_ref())
    }

    /// Returns the tables in the store and the files in the world's folder that contain `text`.
    pub fn places_of(&self, text: &str) -> Vec<String> {
        let (settings, text) = (self.settings(), text.to_owned());
        let mut found = search::files(self.folder.path(), &text);
        // The test may run inside a runtime, where the blocking PostgreSQL client panics.
        let tables = std::thread::spawn(move || search::tables(&settings, &text)).join();
        found.extend(tables.expect("the tables can be read"));
        found
    }

    /// Returns the files stored next to the database.
    pub fn files(&self) -> Vec<String> {
        search::list(&self.folder.path().join("files"))
    }

    /// The world's file store, with a limit of `most` bytes for an upload, instead of
    /// [`MAX_UPLOAD`].
    pub fn files_of(&self, most: usize) -> Files {
        Files::folder(self.folder.path().join("files"), most)
    }

    /// Allows jobs of this kind to be waiting when the test ends, each with a different payload.
    pub fn expect_jobs(&self, kind: &'static str) {
        self.expected().jobs.insert(kind);
    }

    /// Declares one expected mail to this recipient with this subject. If several equal mails are
    /// expected, call this function once for each of them.
    pub fn expect_mail(&self, recipient: &str, subject: &str) {
        let mail = (recipient.to_owned(), subject.to_owned());
        *self.expected().mails.entry(mail).or_default() += 1;
    }

    /// Declares that any number of mails with one of these subjects may be there.
    pub fn allow_mails(&self, subjects: impl IntoIterator<Item = String>) {
        self.expected().allowed.extend(subjects);
    }

    pub async fn jobs(&self) -> Vec<WaitingJob> {
        waiting_jobs(self.store()).await
    }

    /// Returns all mails, oldest first.
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
        if engine == Engine::Sqlite {
            sqlite::create(&folder.path().join("kenduri.db"), migrations);
        }
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
                name_servers: NameServers::new(Vec::new()),
                limits: Limits::default(),
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

    fn surprises(&self) -> Vec<String> {
        let store = self.platform.store.clone();
        // The test may run inside a runtime, which must not be blocked.
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
            if expected.allowed.contains(&mail.subject) {
                continue;
            }
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

/// Duplicates, or of an unexpected kind.
fn unexpected_jobs(jobs: Vec<WaitingJob>, expected: &BTreeSet<&str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut unexpected = Vec::new();
    for WaitingJob { kind, payload, .. } in jobs {
        // A job that sends an expected mail may also be waiting.
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
        None => sqlite::settings(&folder.path().join("kenduri.db")),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration but this"
)]
fn every_engine_is_wanted() -> bool {
    std::env::var("KENDURI_TEST_ENGINES").is_ok_and(|engines| engines == "all")
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration but this"
)]
pub(crate) fn postgres_server() -> Option<String> {
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
