//! Tests that news is numbered in commit order, no matter which process writes or reads.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use platform::news::{self, NewNews, News};
use platform::store::Settings;
use platform::{Store, StoreError, Tx};
use postgres::NoTls;
use serde_json::json;
use testkit::{Engine, World};

use super::{MIGRATIONS, PATIENCE, add, insist, raise};

fn tell(tx: &mut Tx<'_>, scope: &str, amount: i64) -> Result<(), StoreError> {
    tx.publish(NewNews {
        scope: scope.to_owned(),
        name: "saved",
        payload: json!({ "amount": amount }),
    })
}

/// Reads the news for `scope` after `number` like an event stream, until there are `enough` events.
async fn read_on(store: &Store, scope: &str, mut number: i64, enough: usize) -> Vec<News> {
    let mut waiting = store.news_waiting();
    let mut read: Vec<News> = Vec::new();
    while read.len() < enough {
        waiting.mark_unchanged();
        let asked = scope.to_owned();
        let news = store
            .read(move |tx| news::after(tx, &asked, number, 7))
            .await
            .unwrap()
            .expect("nothing was swept");
        if news.is_empty() {
            tokio::time::timeout(Duration::from_mins(1), waiting.changed())
                .await
                .expect("a wake-up for what was committed")
                .unwrap();
        }
        for one in news {
            assert!(one.number > number, "{} after {number}", one.number);
            number = one.number;
            read.push(one);
        }
    }
    read
}

fn amounts(news: &[News]) -> Vec<i64> {
    news.iter()
        .map(|one| {
            let payload: serde_json::Value = serde_json::from_str(&one.payload).unwrap();
            payload["amount"].as_i64().unwrap()
        })
        .collect()
}

#[test]
fn each_scope_with_news_is_found_once() {
    World::each_engine(&MIGRATIONS, async |world| {
        let store = world.store();
        let start = store.read(news::cursor).await.unwrap();
        for (number, scope) in (0..).zip(["one", "two", "one"]) {
            store
                .write(move |tx| tell(tx, scope, number))
                .await
                .unwrap();
        }
        read_on(store, "one", start, 2).await;
        let found = store.read(move |tx| news::scopes_after(tx, start)).await;
        let mut found = found.unwrap().unwrap();
        found.sort();
        assert_eq!(found, ["one", "two"]);
        let end = store.read(news::cursor).await.unwrap();
        for (number, expected) in [(end, Some(Vec::new())), (end + 1, None)] {
            let found = store.read(move |tx| news::scopes_after(tx, number)).await;
            assert_eq!(found.unwrap(), expected);
        }
    });
}

#[test]
fn news_is_heard_by_its_own_readers_and_only_when_it_is_true() {
    World::each_engine(&MIGRATIONS, async |world| {
        let store = world.store();
        let start = store.read(news::cursor).await.unwrap();
        for number in 0..20 {
            let outcome = store
                .write(move |tx| {
                    tell(tx, if number % 2 == 0 { "even" } else { "odd" }, number)?;
                    if number % 5 == 0 {
                        return Err(StoreError::Busy);
                    }
                    Ok(())
                })
                .await;
            assert_eq!(outcome.is_ok(), number % 5 != 0);
        }
        let even = read_on(store, "even", start, 8).await;
        assert_eq!(amounts(&even), [2, 4, 6, 8, 12, 14, 16, 18]);
        assert_eq!(even[0].name, "saved");
        assert_eq!(even[0].created_at, world.clock.now());
        let odd = read_on(store, "odd", start, 8).await;
        assert_eq!(amounts(&odd), [1, 3, 7, 9, 11, 13, 17, 19]);
        let again = read_on(store, "odd", odd[3].number, 4).await;
        assert_eq!(again, odd[4..]);
    });
}

#[test]
fn a_lower_number_never_comes_after_a_higher_one() {
    World::each_engine(&MIGRATIONS, async |world| {
        const WRITERS: usize = 12;
        const EACH: usize = 25;
        let stores = [world.store().clone(), world.second_store()];
        stores[0]
            .write(|tx| (0..3).try_for_each(|one| add(tx, &one.to_string(), 0)))
            .await
            .unwrap();
        let readers: Vec<_> = (0..3)
            .map(|one| {
                let store = stores[one % 2].clone();
                tokio::spawn(async move {
                    read_on(&store, &one.to_string(), 0, WRITERS * EACH / 3).await
                })
            })
            .collect();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let store = stores[writer % 2].clone();
                tokio::spawn(async move {
                    for _ in 0..EACH {
                        let told = insist(&store, move |tx| {
                            let thing = (writer % 3).to_string();
                            let amount = raise(tx, &thing)?;
                            tell(tx, &thing, amount)
                        });
                        told.await.unwrap();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        for reader in readers {
            let news = reader.await.unwrap();
            // All these changes took the same lock, so their news has the order in which they got
            // the lock.
            let expected: Vec<_> = (1..=i64::try_from(WRITERS * EACH / 3).unwrap()).collect();
            assert_eq!(amounts(&news), expected);
        }
    });
}

#[test]
fn another_process_hears_it_and_takes_over_when_the_first_is_gone() {
    World::each_engine(&MIGRATIONS, async |world| {
        let second = world.second_store();
        let third = world.second_store();
        for (number, store) in [(1, world.store()), (2, &second), (3, &third)] {
            store.write(move |tx| tell(tx, "a", number)).await.unwrap();
        }
        assert_eq!(amounts(&read_on(&second, "a", 0, 3).await), [1, 2, 3]);
        let heard = read_on(world.store(), "a", 0, 3).await;
        let last = heard[2].number;

        let reader = {
            let third = third.clone();
            tokio::spawn(async move { read_on(&third, "a", last, 1).await })
        };
        second.write(|tx| tell(tx, "a", 4)).await.unwrap();
        assert_eq!(amounts(&reader.await.unwrap()), [4]);
        // The only remaining process now numbers the news, no matter which process did so before.
        tokio::task::spawn_blocking(move || drop(second))
            .await
            .unwrap();
        third.write(|tx| tell(tx, "a", 5)).await.unwrap();
        assert_eq!(amounts(&read_on(&third, "a", last, 2).await), [4, 5]);
    });
}

#[test]
fn the_relay_connects_again_and_goes_on() {
    World::each_engine(&MIGRATIONS, async |world| {
        if world.engine() == Engine::Sqlite {
            return;
        }
        let store = world.store();
        store.write(|tx| tell(tx, "a", 1)).await.unwrap();
        read_on(store, "a", 0, 1).await;
        store
            .write::<_, StoreError, _>(|tx| {
                tx.all::<(bool,)>(
                    platform::sql!(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                         WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    ),
                    &[],
                )
                .map(|_| ())
            })
            .await
            .unwrap();
        store.write(|tx| tell(tx, "a", 2)).await.unwrap();
        assert_eq!(amounts(&read_on(store, "a", 0, 2).await), [1, 2]);
    });
}

#[test]
fn news_is_numbered_although_the_process_that_numbers_it_froze() {
    let Some(world) = World::postgres(&MIGRATIONS) else {
        return;
    };
    let Settings::Postgres(server) = world.settings() else {
        return;
    };
    // This session stands for a process that froze: it has the lock, and does nothing.
    let connect = || postgres::Client::connect(server.url.reveal(), NoTls).unwrap();
    let (mut frozen, mut operator) = (connect(), connect());
    let waits = std::thread::spawn(move || {
        frozen
            .batch_execute("SELECT pg_advisory_lock(7003)")
            .unwrap();
        frozen
    });
    let lock = "SELECT pid, granted FROM pg_locks JOIN pg_database ON pg_database.oid = database
        WHERE datname = current_database() AND locktype = 'advisory' AND objid = 7003";
    let begin = Instant::now();
    let relay: i32 = loop {
        let rows = operator.query(lock, &[]).unwrap();
        let holder = rows.iter().find(|row| row.get(1));
        match holder {
            Some(holder) if rows.len() == 2 => break holder.get(0),
            _ => assert!(begin.elapsed() < PATIENCE, "nobody numbers"),
        }
    };
    let end = operator.execute("SELECT pg_terminate_backend($1)", &[&relay]);
    end.unwrap();
    let _frozen = waits.join().unwrap();

    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = world.store();
        for enough in 1..=2 {
            store.write(|tx| tell(tx, "a", 1)).await.unwrap();
            read_on(store, "a", 0, enough).await;
        }
    });
}

#[test]
fn what_was_swept_cannot_be_resumed_from() {
    World::each_engine(&MIGRATIONS, async |world| {
        let store = world.store();
        store.write(|tx| tell(tx, "a", 1)).await.unwrap();
        let first = read_on(store, "a", 0, 1).await[0].number;
        world.clock.advance(SignedDuration::from_hours(47));
        store.write(|tx| tell(tx, "a", 2)).await.unwrap();
        let second = read_on(store, "a", first, 1).await[0].number;
        assert_eq!(store.write(news::sweep).await.unwrap(), 0);

        world.clock.advance(SignedDuration::from_hours(2));
        assert_eq!(store.write(news::sweep).await.unwrap(), 1);
        assert_eq!(store.write(news::sweep).await.unwrap(), 0);
        let after = |number| store.read(move |tx| news::after(tx, "a", number, 10));
        assert_eq!(after(first - 1).await.unwrap(), None);
        assert_eq!(amounts(&after(first).await.unwrap().unwrap()), [2]);
        assert_eq!(after(second).await.unwrap(), Some(Vec::new()));
        assert_eq!(after(second + 1).await.unwrap(), None, "never given");

        world.clock.advance(SignedDuration::from_hours(48));
        assert_eq!(store.write(news::sweep).await.unwrap(), 1);
        assert_eq!(after(first).await.unwrap(), None);
        assert_eq!(after(second).await.unwrap(), Some(Vec::new()));
    });
}

#[test]
fn news_is_short() {
    World::each_engine(&MIGRATIONS, async |world| {
        let outcome = world
            .store()
            .write(|tx| {
                tx.publish(NewNews {
                    scope: "a".to_owned(),
                    name: "saved",
                    payload: json!("x".repeat(news::PAYLOAD_LIMIT)),
                })
            })
            .await;
        assert!(matches!(
            outcome,
            Err(StoreError::Constraint { name: None, .. })
        ));
    });
}
