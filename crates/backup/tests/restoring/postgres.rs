//! Tests of backups of a store in PostgreSQL. PostgreSQL's own programs dump the store and restore
//! it into an empty database. `KENDURI_TEST_POSTGRES` is a server's URL. Without it, these tests
//! are skipped.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use backup::{BackupError, DrillResult, StorePlace};
use jiff::SignedDuration;
use platform::store::PostgresSettings;
use platform::{Clock, Random, Secret, Store};
use postgres::{Client, NoTls};
use tokio::runtime::Runtime;

use crate::place::{Place, answer};

/// A test's own database. Dropping this value deletes it.
struct Database {
    server: String,
    name: String,
}

impl Database {
    fn create(server: &str) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("kenduri_backup_{}_{count}", std::process::id());
        let server = server.to_owned();
        let mut client = Client::connect(&server, NoTls).unwrap();
        // Like most hosting providers' roles, this role may not replicate.
        let role = format!("CREATE ROLE {name} LOGIN");
        client.batch_execute(&role).unwrap();
        let database = format!("CREATE DATABASE {name} OWNER {name}");
        client.batch_execute(&database).unwrap();
        Self { server, name }
    }

    fn settings(&self) -> PostgresSettings {
        let (server, _) = self.server.rsplit_once('/').unwrap();
        let (_, server) = server.split_once('@').unwrap();
        let name = &self.name;
        PostgresSettings::new(Secret::new(format!("postgres://{name}@{server}/{name}")), 2)
    }

    fn place(&self) -> StorePlace {
        StorePlace::Database(self.settings())
    }

    fn client(&self) -> Client {
        Client::connect(self.settings().url.reveal(), NoTls).unwrap()
    }

    fn answers(&self) -> Vec<i64> {
        let query = "SELECT number FROM answer ORDER BY number";
        let rows = self.client().query(query, &[]).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    fn has_tables(&self) -> bool {
        platform::store::has_tables(&self.settings()).unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let mut client = Client::connect(&self.server, NoTls).unwrap();
        client.batch_execute(&drop).unwrap();
        let drop = format!("DROP ROLE IF EXISTS {}", self.name);
        client.batch_execute(&drop).unwrap();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration to read it in"
)]
fn server() -> Option<String> {
    let server = std::env::var("KENDURI_TEST_POSTGRES").ok();
    if server.is_none() {
        eprintln!("skipped: KENDURI_TEST_POSTGRES names no server");
    }
    server
}

pub(crate) fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

pub(crate) fn write(store: &Store, numbers: std::ops::Range<i64>) {
    let runtime = runtime();
    for number in numbers {
        runtime.block_on(answer(store, number)).unwrap();
    }
}

/// Backs up an installation with 20 rows, and an hour later with 30 rows.
fn backed_up(server: &str) -> (Place, Database) {
    let database = Database::create(server);
    let mut place = Place::new();
    place.database = Some(database.settings());
    fs::create_dir(place.data().join("files")).unwrap();
    fs::write(place.data().join("files/picture.webp"), "a picture").unwrap();
    let store = place.open();
    write(&store, 0..20);
    let agent = place.agent(&store);
    agent.now().unwrap();
    place.clock.advance(SignedDuration::from_hours(1));
    write(&store, 20..30);
    agent.now().unwrap();
    let status = agent.status();
    assert!(status.is_dumped);
    assert!(status.failure.is_none(), "{status:?}");
    assert_eq!(status.copied_until, status.snapshot);
    agent.stop();
    (place, database)
}

/// Somebody who can delete objects in the target cannot remove the newest dump or the list of
/// erasures unnoticed.
#[test]
fn the_newest_dump_cannot_be_taken_away_unnoticed() {
    let Some(server) = server() else {
        return;
    };
    let (place, _database) = backed_up(&server);
    let manifests = place.target_folder().join("manifests");
    let all = fs::read_dir(&manifests).unwrap();
    let newest = all.map(|one| one.unwrap().path()).max().unwrap();
    fs::remove_file(newest).unwrap();
    let empty = Database::create(&server);
    let refused = place.restore_to("refused", empty.place(), None);
    let Err(BackupError::Damaged {
        object,
        whole_until: Some(until),
    }) = refused
    else {
        panic!("{refused:?}");
    };
    assert!(object.contains("manifests/"), "{object}");
    assert!(!empty.has_tables());
    let to = Some(until + SignedDuration::from_secs(1));
    place.restore_to("earlier", empty.place(), to).unwrap();
    assert_eq!(empty.answers(), (0..20).collect::<Vec<_>>());
}

/// A machine lacks nothing of what another one on the same database has backed up, and everything
/// of what one on another database has.
#[test]
fn a_database_that_was_restored_elsewhere_is_another_store() {
    let Some(server) = server() else {
        return;
    };
    let (place, database) = backed_up(&server);
    let store = place.open();
    let machine = |database: &Database, name: &str| {
        let mut machine = place.elsewhere(place.folder.path().join(name));
        machine.database = Some(database.settings());
        fs::create_dir_all(machine.data()).unwrap();
        place.key.keep(&machine.data()).unwrap();
        let agent = machine.agent(&machine.open());
        agent.now().unwrap();
        agent.stop();
    };
    machine(&database, "beside");
    let agent = place.agent(&store);
    agent.now().unwrap();
    agent.stop();
    let restored = Database::create(&server);
    place
        .restore_to("restored", restored.place(), None)
        .unwrap();
    machine(&restored, "there");
    let refused = place.agent(&store).now().unwrap_err();
    assert!(
        matches!(refused, BackupError::Superseded { .. }),
        "{refused}"
    );
}

#[test]
fn the_last_dump_and_an_earlier_one_are_restored_with_the_files() {
    let Some(server) = server() else {
        return;
    };
    let (place, _database) = backed_up(&server);
    let latest = Database::create(&server);
    let (data, restored) = place.restore_to("latest", latest.place(), None).unwrap();
    assert_eq!(latest.answers(), (0..30).collect::<Vec<_>>());
    assert_eq!(restored.files, 1);
    let picture = fs::read_to_string(data.join("files/picture.webp")).unwrap();
    assert_eq!(picture, "a picture");

    let earlier = Database::create(&server);
    let listed = backup::list(&place.target(), &place.key, &Random::system()).unwrap();
    assert_eq!(listed.len(), 2);
    let to = Some(listed[1].from);
    let (_, restored) = place.restore_to("earlier", earlier.place(), to).unwrap();
    assert_eq!(earlier.answers(), (0..20).collect::<Vec<_>>());
    assert_eq!(restored.until, listed[0].from);

    // The restored store is writable.
    let mut again = Place::new();
    again.database = Some(latest.settings());
    write(&again.open(), 30..31);
    assert_eq!(latest.answers().len(), 31);

    let clock = Clock::Manual(place.clock.clone());
    let verify = || {
        let (key, data) = (&place.key, &place.data());
        let drill = backup::drill(&place.target(), key, data, &clock, &Random::system());
        drill.unwrap().result
    };
    let good = verify();
    assert!(
        matches!(good, DrillResult::Good { rows, .. } if rows >= 30),
        "{good:?}"
    );
    assert_eq!(verify(), good);
}

#[test]
fn a_database_with_tables_and_the_other_engine_are_refused_by_name() {
    let Some(server) = server() else {
        return;
    };
    let (place, database) = backed_up(&server);
    let refused = place.restore_to("full", database.place(), None);
    assert!(
        matches!(&refused, Err(BackupError::DatabaseNotEmpty(name)) if name.contains(&database.name)),
        "{refused:?}"
    );
    assert_eq!(database.answers(), (0..30).collect::<Vec<_>>());
    assert!(!place.folder.path().join("full").exists());

    let refused = place.restore("file", None);
    assert!(
        matches!(
            refused,
            Err(BackupError::OtherEngine {
                backup: "a PostgreSQL database",
                ..
            })
        ),
        "{refused:?}"
    );
    assert!(!place.folder.path().join("file").exists());

    let other = Place::new();
    let store = other.open();
    let agent = other.agent(&store);
    agent.now().unwrap();
    agent.stop();
    let empty = Database::create(&server);
    let refused = other.restore_to("database", empty.place(), None);
    assert!(
        matches!(
            refused,
            Err(BackupError::OtherEngine {
                backup: "an SQLite file",
                ..
            })
        ),
        "{refused:?}"
    );
    assert!(!empty.has_tables());
}

#[test]
fn a_dump_that_is_cut_or_that_the_server_refuses_leaves_nothing() {
    let Some(server) = server() else {
        return;
    };
    let (place, _database) = backed_up(&server);
    let empty = Database::create(&server);
    // The type `answer` simulates a table that somebody creates after the check that the database
    // is empty. The check ignores types, but while the type exists, no table can be called
    // `answer`.
    let mut client = empty.client();
    client
        .batch_execute("CREATE TYPE answer AS ENUM ('a')")
        .unwrap();
    let refused = place.restore_to("refused", empty.place(), None);
    assert!(
        matches!(&refused, Err(BackupError::Program { program: "pg_restore", reason }) if reason.contains("answer")),
        "{refused:?}"
    );
    assert!(!empty.has_tables());
    let data = place.folder.path().join("refused");
    assert!(
        backup::is_unfinished(&data),
        "incomplete data is not served"
    );
    // Without the type, the same restore succeeds.
    client.batch_execute("DROP TYPE answer").unwrap();
    place.restore_to("refused", empty.place(), None).unwrap();
    assert_eq!(empty.answers(), (0..30).collect::<Vec<_>>());
    assert!(!backup::is_unfinished(&data));

    let random = Random::seeded(3);
    let generations = fs::read_dir(place.target_folder().join("generations")).unwrap();
    for generation in generations {
        let path = generation.unwrap().path().join("snapshot/000000");
        let whole = fs::read(&path).unwrap();
        let cut = random.below(u32::try_from(whole.len()).unwrap()) as usize;
        fs::write(&path, &whole[..cut]).unwrap();
    }
    let empty = Database::create(&server);
    let refused = place.restore_to("cut", empty.place(), None);
    assert!(
        matches!(refused, Err(BackupError::Damaged { .. })),
        "{refused:?}"
    );
    assert!(!empty.has_tables());
}

/// Simulates a restore that is killed after the database's commit and before the last step.
#[test]
fn a_restore_that_was_killed_after_the_commit_is_ended_by_the_same_command() {
    let Some(server) = server() else {
        return;
    };
    let (place, _database) = backed_up(&server);
    let empty = Database::create(&server);
    let (data, restored) = place.restore_to("killed", empty.place(), None).unwrap();
    let folder = data.join("restoring");
    fs::create_dir(&folder).unwrap();
    // Without the file that describes the restore, the tables may have another origin.
    let refused = place.restore_to("killed", empty.place(), None);
    assert!(
        matches!(refused, Err(BackupError::DatabaseNotEmpty(_))),
        "{refused:?}"
    );
    let note = (
        restored.until.as_millisecond(),
        restored.bytes,
        1,
        0,
        None::<i64>,
    );
    let note = serde_json::to_vec(&note).unwrap();
    fs::write(folder.join("last-step.json"), note).unwrap();
    let (_, again) = place.restore_to("killed", empty.place(), None).unwrap();
    assert_eq!(again.until, restored.until);
    assert!(!backup::is_unfinished(&data));
    assert_eq!(empty.answers(), (0..30).collect::<Vec<_>>());
}

#[test]
fn a_dump_that_fails_is_said_until_one_succeeds_and_is_not_tried_each_second() {
    let Some(server) = server() else {
        return;
    };
    let database = Database::create(&server);
    let mut place = Place::new();
    let gone = Database::create(&server);
    place.database = Some(database.settings());
    let store = place.open();
    // The store's own connections still work, but a dump needs a new connection to a database that
    // no longer exists.
    place.database = Some(gone.settings());
    drop(gone);
    let agent = place.agent(&store);
    let failed = agent.now();
    assert!(
        matches!(&failed, Err(BackupError::Program { program: "pg_dump", reason }) if reason.contains("does not exist")),
        "{failed:?}"
    );
    let (at, _) = agent.status().failure.unwrap();
    // In the minute after a failed dump, the agent makes no new dump but still reports the failure.
    place.clock.advance(SignedDuration::from_secs(59));
    agent.turn().unwrap();
    let failed_at = || agent.status().failure.map(|(at, _)| at);
    assert_eq!(failed_at(), Some(at));
    place.clock.advance(SignedDuration::from_secs(1));
    agent.turn().unwrap_err();
    assert!(failed_at() > Some(at));
    agent.stop();
    assert_eq!(agent.status().copied_until, None);
    // The agent has removed the incomplete snapshot's objects.
    assert!(!place.target_folder().join("begun").exists());
}
