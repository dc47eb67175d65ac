//! Bringing the tables up to date, and refusing what cannot be.

use platform::store::Settings;
use platform::store::migrate::{Migrations, Step};
use platform::{Clock, Random, Store, StoreError};
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
    let domain = Migrations {
        owner: "domain",
        steps,
    };
    // The client for PostgreSQL cannot be used inside a runtime.
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
fn a_store_from_a_newer_program_or_of_an_edited_step_is_refused() {
    World::each_engine(&MIGRATIONS, async |world| {
        let settings = world.settings();
        drop(open(&settings, &[FIRST, SECOND]).unwrap());
        assert!(refusal(open(&settings, &[FIRST])).contains("newer Kenduri"));
        assert!(refusal(open(&settings, &[EDITED, SECOND])).contains("never be edited"));
        // Nothing was touched by either.
        let store = open(&settings, &[FIRST, SECOND]).unwrap();
        store.write(|tx| add(tx, "still", 0)).await.unwrap();
    });
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
