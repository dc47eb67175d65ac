//! Tests of a store's migrations, and of the refusal of stores that cannot be migrated.

use platform::store::migrate::{self, Migrations, Step};
use platform::store::{Settings, SqliteSettings};
use platform::{Clock, Random, Store, StoreError, sql};
use testkit::World;

use super::{MIGRATIONS, add, count};

const FIRST: Step = Step {
    name: "0001_begin",
    text: "CREATE TABLE a (\n    id TEXT PRIMARY KEY\n);",
};
const SECOND: Step = Step {
    name: "0002_more",
    text: "CREATE TABLE b (\n    id TEXT PRIMARY KEY\n);\nINSERT INTO thing (id, amount) VALUES ('b', 1);",
};
const BROKEN: Step = Step {
    name: "0002_more",
    text: "INSERT INTO thing (id, amount) VALUES ('c', 1);\nCREATE TABLE a (\n    id TEXT PRIMARY KEY\n);",
};
const EDITED: Step = Step {
    name: "0001_begin",
    text: "CREATE TABLE a (\n    id TEXT\n);",
};

fn open(settings: &Settings, steps: &'static [Step]) -> Result<Store, StoreError> {
    let [platform, test] = MIGRATIONS;
    let domain = Migrations::new("domain", steps);
    // The PostgreSQL client cannot be used inside a runtime.
    let settings = settings.clone();
    std::thread::spawn(move || {
        Store::open(
            &settings,
            &[platform, test, domain],
            Clock::System,
            Random::seeded(1),
        )
    })
    .join()
    .unwrap()
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
        drop(open(&settings, &[FIRST, SECOND]).unwrap());
        assert!(refusal(open(&settings, &[FIRST])).contains("newer Kenduri"));
        let store = open(&settings, &[FIRST, SECOND]).unwrap();
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
                && message.contains("start with a new folder"),
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
