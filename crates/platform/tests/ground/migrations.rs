//! Tests of a store's migrations, and of the refusal of stores that cannot be migrated.

use std::sync::Barrier;
use std::time::{Duration, Instant};

use platform::store::migrate::{self, Kind, Migrations, Step};
use platform::store::transfer::{self, TransferError};
use platform::store::{PostgresSettings, Settings, SqliteSettings};
use platform::{Clock, Random, Store, StoreError, sql};
use postgres::NoTls;
use testkit::{Database, World};

use super::{MIGRATIONS, add, count};

const FIRST: Step = Step {
    name: "0001_begin",
    kind: Kind::Contracting,
    text: "CREATE TABLE a (\n    id TEXT PRIMARY KEY\n);",
};
const SECOND: Step = Step {
    name: "0002_more",
    kind: Kind::Expanding,
    text: "CREATE TABLE b (\n    id TEXT PRIMARY KEY\n);\nINSERT INTO thing (id, amount) VALUES ('b', 1);",
};
/// Not another text, so that older programs differ in the word alone.
const CONTRACTING: Step = Step {
    kind: Kind::Contracting,
    ..SECOND
};
const BROKEN: Step = Step {
    name: "0002_more",
    kind: Kind::Expanding,
    text: "INSERT INTO thing (id, amount) VALUES ('c', 1);\nCREATE TABLE a (\n    id TEXT PRIMARY KEY\n);",
};
const EDITED: Step = Step {
    name: "0001_begin",
    kind: Kind::Contracting,
    text: "CREATE TABLE a (\n    id TEXT\n);",
};

fn all(steps: &'static [Step]) -> [Migrations; 3] {
    let [platform, test] = MIGRATIONS;
    [platform, test, Migrations::new("domain", steps)]
}

/// The PostgreSQL client cannot be used inside a runtime.
fn outside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().unwrap())
}

fn open(settings: &Settings, steps: &'static [Step]) -> Result<Store, StoreError> {
    let open = || Store::open(settings, &all(steps), Clock::System, Random::seeded(1));
    outside(open)
}

fn open_migrated(settings: &Settings, steps: &'static [Step]) -> Result<Store, StoreError> {
    let open = || Store::open_migrated(settings, &all(steps), Clock::System, Random::seeded(1));
    outside(open)
}

/// Runs SQL as another program would.
fn execute(settings: &Settings, sql: &str) {
    match settings {
        Settings::Sqlite(file) => {
            let connection = rusqlite::Connection::open(&file.path).unwrap();
            connection.execute_batch(sql).unwrap();
        }
        Settings::Postgres(server) => {
            outside(|| connect(server).batch_execute(sql).unwrap());
        }
    }
}

fn connect(server: &PostgresSettings) -> postgres::Client {
    postgres::Client::connect(server.url.reveal(), NoTls).unwrap()
}

/// Runs `test` with the settings of stores that nobody uses and that do not exist yet.
fn each_new_store(test: impl Fn(&Settings)) {
    let folder = tempfile::tempdir().unwrap();
    test(&Settings::Sqlite(SqliteSettings::file(
        folder.path().join("a.db"),
    )));
    if let Some(database) = Database::empty() {
        test(&database.settings(2));
    }
}

/// The words of the ledger, by number.
async fn kinds(store: &Store) -> Vec<String> {
    let read = store.read::<_, StoreError, _>(|tx| {
        let select = sql!("SELECT kind FROM migration WHERE owner = 'domain' ORDER BY number");
        let rows: Vec<(String,)> = tx.all(select, &[])?;
        Ok(rows.into_iter().map(|(kind,)| kind).collect())
    });
    read.await.unwrap()
}

fn kinds_of(store: &Store) -> Vec<String> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(kinds(store))
}

fn refusal(outcome: Result<Store, StoreError>) -> String {
    match outcome {
        Err(StoreError::Schema(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn steps_are_applied_once_in_order_and_never_half() {
    World::each_engine(&MIGRATIONS, async |world| {
        let settings = world.settings();
        drop(open(&settings, &[FIRST]).unwrap());
        drop(open(&settings, &[FIRST]).unwrap());
        let message = refusal(open(&settings, &[FIRST, BROKEN]));
        assert!(message.contains("domain 0002_more"), "{message}");
        let store = open(&settings, &[FIRST, SECOND]).unwrap();
        assert_eq!(store.read(count).await.unwrap(), 1);
        drop(open(&settings, &[FIRST, SECOND]).unwrap());
        assert_eq!(store.read(count).await.unwrap(), 1);
    });
}

#[test]
fn a_store_from_a_newer_program_is_refused() {
    World::each_engine(&MIGRATIONS, async |world| {
        let settings = world.settings();
        drop(open(&settings, &[FIRST, CONTRACTING]).unwrap());
        assert!(refusal(open(&settings, &[FIRST])).contains("newer Kenduri"));
        let store = open(&settings, &[FIRST, CONTRACTING]).unwrap();
        store.write(|tx| add(tx, "still", 0)).await.unwrap();
    });
}

#[test]
fn a_store_made_by_an_unreleased_program_is_refused_and_not_touched() {
    World::each_engine(&MIGRATIONS, async |world| {
        let settings = world.settings();
        drop(open(&settings, &[FIRST]).unwrap());
        // `SECOND` would change `thing` and create a table. The store must be refused before any
        // change.
        let message = refusal(open(&settings, &[EDITED, SECOND]));
        assert!(
            message.contains("made by an unreleased Kenduri")
                && message.contains("domain 0001_begin")
                && message.contains("name an empty data folder"),
            "{message}"
        );
        assert_eq!(world.store().read(count).await.unwrap(), 0);
        let steps: (i64,) = world
            .store()
            .read::<_, StoreError, _>(|tx| {
                tx.one(
                    sql!("SELECT COUNT(*) FROM migration WHERE owner = 'domain'"),
                    &[],
                )
            })
            .await
            .unwrap();
        assert_eq!(steps, (1,));
        // The migrations that created the store can still open it.
        let store = open(&settings, &[FIRST, SECOND]).unwrap();
        assert_eq!(store.read(count).await.unwrap(), 1);
    });
}

#[test]
fn an_extension_that_cannot_be_created_is_named_before_anything_is_changed() {
    const NEEDS: Step = Step {
        name: "0002_needs",
        kind: Kind::Contracting,
        text: "-- needs extension kenduri_test\nCREATE TABLE b (\n    id TEXT PRIMARY KEY\n);",
    };
    World::each_engine(&MIGRATIONS, async |world| {
        let opened = open(&world.settings(), &[FIRST, NEEDS]);
        if matches!(world.settings(), Settings::Sqlite(_)) {
            opened.unwrap();
            return;
        }
        let message = refusal(opened);
        assert!(
            message.contains("CREATE EXTENSION kenduri_test;"),
            "{message}"
        );
        let owners = world.store().read(migrate::owners).await.unwrap();
        assert_eq!(owners, ["platform", "test"], "not even the first step");
    });
}

#[test]
fn the_file_of_a_refused_store_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let settings = Settings::Sqlite(SqliteSettings::file(&path));
    drop(open(&settings, &[FIRST]).unwrap());
    let before = std::fs::read(&path).unwrap();
    refusal(open(&settings, &[EDITED, SECOND]));
    assert!(std::fs::read(&path).unwrap() == before);
}

#[test]
fn programs_that_start_together_apply_each_step_once() {
    World::each_engine(&MIGRATIONS, async |world| {
        let starts: Vec<_> = (0..4)
            .map(|_| {
                let settings = world.settings();
                std::thread::spawn(move || open(&settings, &[FIRST, SECOND]))
            })
            .collect();
        for start in starts {
            start.join().unwrap().unwrap();
        }
        assert_eq!(world.store().read(count).await.unwrap(), 1);
    });
}

#[test]
fn programs_go_on_and_start_beside_a_newer_one_whose_steps_expand() {
    World::each_engine(&MIGRATIONS, async |world| {
        let settings = world.settings();
        let older = open(&settings, &[FIRST]).unwrap();
        let newer = open(&settings, &[FIRST, SECOND]).unwrap();
        assert_eq!(kinds(&newer).await, ["contracting", "expanding"]);
        let again = open(&settings, &[FIRST]).unwrap();
        let waiting = open_migrated(&settings, &[FIRST]).unwrap();
        for (number, store) in [older, newer, again, waiting].into_iter().enumerate() {
            let name = number.to_string();
            store.write(move |tx| add(tx, &name, 0)).await.unwrap();
        }
    });
}

#[test]
fn a_contracting_step_is_not_applied_while_an_older_program_uses_the_store() {
    const MORE: Step = Step {
        name: "0002_more",
        kind: Kind::Expanding,
        text: "CREATE TABLE c (\n    id TEXT PRIMARY KEY\n);",
    };
    const LESS: Step = Step {
        name: "0003_less",
        kind: Kind::Contracting,
        text: "DROP TABLE a;",
    };
    each_new_store(|settings| {
        let older = open(settings, &[FIRST]).unwrap();
        let message = refusal(open(settings, &[FIRST, MORE, LESS]));
        assert!(
            message.contains("older Kenduri uses the store")
                && message.contains("domain 0003_less")
                && message.contains("systemctl restart kenduri"),
            "{message}"
        );
        assert_eq!(kinds_of(&older), ["contracting"], "not even what expands");
        // A program with the same steps is no older one.
        let same = open(settings, &[FIRST]).unwrap();
        drop(older);
        refusal(open(settings, &[FIRST, MORE, LESS]));
        drop(same);
        let newer = open(settings, &[FIRST, MORE, LESS]).unwrap();
        assert_eq!(
            kinds_of(&newer),
            ["contracting", "expanding", "contracting"]
        );
    });
}

#[test]
fn a_ledger_of_an_older_program_is_read_and_gains_the_kinds() {
    each_new_store(|settings| {
        drop(open(settings, &[FIRST]).unwrap());
        execute(settings, "ALTER TABLE migration DROP COLUMN kind");
        let store = open_migrated(settings, &[FIRST]).unwrap();
        drop(store);
        let error = open_migrated(settings, &[FIRST, SECOND]).unwrap_err();
        assert!(
            matches!(&error, StoreError::NotMigrated(names) if names == "domain 0002_more"),
            "{error:?}"
        );
        let store = open(settings, &[FIRST, SECOND]).unwrap();
        assert_eq!(kinds_of(&store), ["contracting", "expanding"]);
    });
}

#[test]
fn a_store_is_migrated_by_one_process_and_opened_by_another() {
    each_new_store(|settings| {
        let error = open_migrated(settings, &[FIRST]).unwrap_err();
        assert!(matches!(error, StoreError::NotMigrated(_)), "{error:?}");
        if let Settings::Sqlite(file) = settings {
            assert!(!file.path.exists(), "a start may still restore it");
        }
        let migrate = || Store::migrate(settings, &all(&[FIRST, SECOND]), Clock::System.now());
        let names = || -> Vec<String> {
            let applied = outside(migrate).unwrap();
            applied.iter().map(ToString::to_string).collect()
        };
        let applied = names();
        assert!(
            applied.ends_with(&[
                "domain 0001_begin".to_owned(),
                "domain 0002_more".to_owned()
            ]),
            "{applied:?}"
        );
        drop(open_migrated(settings, &[FIRST, SECOND]).unwrap());
        assert_eq!(names(), [""; 0]);
    });
}

#[test]
fn programs_that_start_together_apply_a_contracting_step_once() {
    each_new_store(|settings| {
        drop(open(settings, &[FIRST]).unwrap());
        let barrier = Barrier::new(4);
        let stores = std::thread::scope(|scope| {
            let start = || {
                barrier.wait();
                open(settings, &[FIRST, CONTRACTING])
            };
            let starts: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
            let stores = starts.into_iter().map(|start| start.join().unwrap());
            stores.collect::<Result<Vec<_>, _>>().unwrap()
        });
        assert_eq!(kinds_of(&stores[0]), ["contracting", "contracting"]);
    });
}

#[test]
fn a_step_that_holds_an_older_program_up_is_not_applied() {
    // Each statement takes many seconds.
    const SLOW: Step = Step {
        name: "0002_slow",
        kind: Kind::Expanding,
        text: "CREATE TABLE b (\n    id TEXT PRIMARY KEY\n);
-- only sqlite
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000)
INSERT INTO b SELECT max(i) FROM n;
-- end
-- only postgresql
SELECT pg_sleep(100);
-- end",
    };
    World::each_engine(&MIGRATIONS, async |world| {
        let settings = world.settings();
        let older = open(&settings, &[FIRST]).unwrap();
        let message = refusal(open(&settings, &[FIRST, SLOW]));
        assert!(
            message.contains("wait too long") && message.contains("domain 0002_slow"),
            "{message}"
        );
        assert_eq!(kinds(&older).await, ["contracting"]);
        older.write(|tx| add(tx, "still", 0)).await.unwrap();
        drop(open(&settings, &[FIRST, SECOND]).unwrap());
    });
}

#[test]
fn a_step_that_takes_long_is_applied_if_no_older_program_waits() {
    // Longer than PostgreSQL lets a session of the store be idle in a transaction.
    const SLOW: Step = Step {
        name: "0002_slow",
        kind: Kind::Contracting,
        text: "-- only postgresql\nSELECT pg_sleep(3.5);\n-- end",
    };
    let Some(database) = Database::empty() else {
        return;
    };
    let settings = database.settings(1);
    drop(open(&settings, &[FIRST]).unwrap());
    let store = open(&settings, &[FIRST, SLOW]).unwrap();
    assert_eq!(kinds_of(&store), ["contracting", "contracting"]);
}

#[test]
fn a_step_that_waits_for_a_table_holds_nobody_up_for_long() {
    const WIDER: Step = Step {
        name: "0002_wider",
        kind: Kind::Expanding,
        text: "ALTER TABLE thing ADD COLUMN more BIGINT NOT NULL DEFAULT 0;",
    };
    World::each_engine(&MIGRATIONS, async |world| {
        let Settings::Postgres(server) = world.settings() else {
            return;
        };
        let settings = world.settings();
        drop(open(&settings, &[FIRST]).unwrap());
        // A session reads the table for long, as `pg_dump` does.
        let mut reader = outside(|| connect(&server));
        outside(|| {
            reader
                .batch_execute("BEGIN; SELECT count(*) FROM thing")
                .unwrap();
        });
        let migrating = {
            let settings = settings.clone();
            std::thread::spawn(move || open(&settings, &[FIRST, WIDER]))
        };
        // Until the migration has waited for the table three times.
        let look = "SELECT virtualtransaction FROM pg_locks
            JOIN pg_database ON pg_database.oid = database AND datname = current_database()
            WHERE NOT granted AND mode = 'AccessExclusiveLock' AND relation = 'thing'::regclass";
        let (mut tries, mut longest, mut number) = (Vec::<String>::new(), Duration::ZERO, 0);
        let end = Instant::now() + super::PATIENCE;
        while tries.len() < 3 {
            assert!(Instant::now() < end && !migrating.is_finished());
            let waits = outside(|| {
                let found = connect(&server).query_opt(look, &[]).unwrap();
                found.map(|row| row.get::<_, String>(0))
            });
            tries.extend(waits.filter(|one| !tries.contains(one)));
            number += 1;
            let begun = Instant::now();
            let write = world
                .store()
                .write(move |tx| add(tx, &number.to_string(), 0));
            write.await.unwrap();
            longest = longest.max(begun.elapsed());
        }
        // 500 ms for the lock, and the time of a slow machine. Locks of the store wait for 5 s.
        assert!(longest < Duration::from_secs(2), "{longest:?}");
        outside(|| reader.batch_execute("COMMIT").unwrap());
        let store = outside(|| migrating.join().unwrap()).unwrap();
        assert_eq!(kinds(&store).await, ["contracting", "expanding"]);
        outside(|| drop(reader));
    });
}

#[test]
fn a_store_that_a_newer_program_has_changed_is_not_moved() {
    let folder = tempfile::tempdir().unwrap();
    let from = SqliteSettings::file(folder.path().join("a.db"));
    drop(open(&Settings::Sqlite(from.clone()), &[FIRST, SECOND]).unwrap());
    let nowhere = platform::Secret::new("postgres://nobody@127.0.0.1:1/none");
    let nowhere = PostgresSettings::new(nowhere, 1);
    let now = Clock::System.now();
    let moved = transfer::to_postgres(&from, &nowhere, &all(&[FIRST]), now, |_, _| {});
    assert!(matches!(moved, Err(TransferError::Newer)), "{moved:?}");
}
