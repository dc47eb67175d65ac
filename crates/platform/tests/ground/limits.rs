//! The budget for guessing codes, in memory and through the store.

use jiff::{SignedDuration, Timestamp};
use platform::limits::Wait;
use platform::limits::guess::{GuessBudget, USED_UP};
use platform::{Rows, Sql, Store, StoreError, sql};
use testkit::World;

use super::MIGRATIONS;

fn start() -> Timestamp {
    "2027-01-14T16:00:00Z".parse().unwrap()
}

fn minutes(number: i64) -> SignedDuration {
    SignedDuration::from_mins(number)
}

fn fail(budget: &GuessBudget, address: &str, guess: &str, now: Timestamp) -> Result<(), Wait> {
    budget.attempt(address, guess, now)?.failed(now);
    Ok(())
}

#[test]
fn right_codes_and_repeated_wrong_ones_cost_nothing() {
    let budget = GuessBudget::new();
    for number in 0..200 {
        drop(budget.attempt("a", &number.to_string(), start()).unwrap());
        assert_eq!(fail(&budget, "a", "WRONG", start()), Ok(()));
    }
    for number in 0..9 {
        assert!(fail(&budget, "a", &number.to_string(), start()).is_ok());
    }
    assert_eq!(
        fail(&budget, "a", "10", start()),
        Err(Wait { seconds: 600 })
    );
    assert!(fail(&budget, "b", "10", start()).is_ok(), "another address");
    let later = start() + minutes(10);
    assert!(fail(&budget, "a", "10", later).is_ok());
}

#[test]
fn many_at_once_are_not_many_for_the_price_of_one() {
    let budget = GuessBudget::new();
    let attempts: Vec<_> = (0..10)
        .map(|number| budget.attempt("a", &number.to_string(), start()).unwrap())
        .collect();
    assert_eq!(
        budget.attempt("a", "10", start()).unwrap_err(),
        Wait { seconds: 1 }
    );
    drop(attempts);
    assert!(
        budget.attempt("a", "10", start()).is_ok(),
        "they were right"
    );
}

#[test]
fn a_used_up_budget_of_all_leaves_each_address_a_little() {
    let budget = GuessBudget::new();
    for number in 0..150 {
        let address = format!("bot {}", number / 5);
        fail(&budget, &address, &number.to_string(), start()).unwrap();
    }
    assert!(budget.is_used_up(start()));
    for number in 0..3 {
        assert!(fail(&budget, "guest", &number.to_string(), start()).is_ok());
    }
    assert_eq!(
        fail(&budget, "guest", "3", start()),
        Err(Wait { seconds: 600 })
    );
    assert!(!budget.is_used_up(start() + minutes(12)));
    assert!(fail(&budget, "guest", "3", start() + minutes(12)).is_ok());
}

#[test]
fn a_day_has_its_own_budget_of_all() {
    let budget = GuessBudget::new();
    let mut now = start();
    for number in 0..1_500 {
        assert!(!budget.is_used_up(now), "{number}");
        fail(&budget, &format!("bot {number}"), "A", now).unwrap();
        if number % 100 == 99 {
            now += minutes(15);
        }
    }
    assert!(budget.is_used_up(now));
    assert!(!budget.is_used_up(start() + SignedDuration::from_hours(30)));
}

#[test]
fn a_used_up_budget_of_all_rings_the_alarm_once_an_hour() {
    World::each_engine(&MIGRATIONS, async |world| {
        let budget = GuessBudget::new();
        let now = world.clock.now();
        for number in 0..149 {
            fail(&budget, &format!("bot {number}"), "A", now).unwrap();
        }
        budget.sync(world.store(), now).await.unwrap();
        assert!(world.jobs().await.is_empty());
        fail(&budget, "bot", "A", now).unwrap();
        hide(world.store()).await;
        assert!(budget.sync(world.store(), now).await.is_err());
        show(world.store()).await;
        assert!(
            world.jobs().await.is_empty(),
            "it goes with the wrong codes"
        );
        for (minute, rings) in [(0, 1), (1, 0), (59, 0), (60, 1), (119, 0)] {
            let then = now + minutes(minute);
            for number in 0..150 {
                fail(&budget, &format!("{minute} {number}"), "A", then).unwrap();
            }
            budget.sync(world.store(), then).await.unwrap();
            let waiting = world.jobs().await;
            assert_eq!(waiting.len(), rings, "{minute}");
            assert!(waiting.iter().all(|job| job.kind == USED_UP));
            change(world.store(), sql!("DELETE FROM job")).await;
        }
    });
}

#[test]
fn the_budget_survives_a_restart_and_is_shared() {
    World::each_engine(&MIGRATIONS, async |world| {
        let now = world.clock.now();
        let [first, second] = [GuessBudget::new(), GuessBudget::new()];
        for number in 0..6 {
            fail(&first, "a", &format!("first {number}"), now).unwrap();
            fail(&second, "a", &format!("second {number}"), now).unwrap();
        }
        for budget in [&first, &second, &first, &second] {
            budget.sync(world.store(), now).await.unwrap();
        }
        let third = GuessBudget::new();
        third.sync(world.store(), now).await.unwrap();
        for budget in [&first, &second, &third] {
            assert_eq!(fail(budget, "a", "x", now), Err(Wait { seconds: 600 }));
            let later = now + minutes(10);
            drop(budget.attempt("a", "x", later).unwrap());
        }
        // Nothing counts twice, however often it is read.
        for number in 0..200 {
            third
                .sync(world.store(), now + SignedDuration::from_secs(number))
                .await
                .unwrap();
        }
        assert!(!third.is_used_up(now));

        // A day later nothing of it is left.
        let tomorrow = now + SignedDuration::from_hours(25);
        third.sync(world.store(), tomorrow).await.unwrap();
        let (rows,): (i64,) = world
            .store()
            .read::<_, StoreError, _>(|tx| tx.one(sql!("SELECT COUNT(*) FROM guess"), &[]))
            .await
            .unwrap();
        assert_eq!(rows, 0);
        assert!(fail(&third, "a", "x", tomorrow).is_ok());
    });
}

#[test]
fn what_could_not_be_written_is_written_next_time() {
    World::each_engine(&MIGRATIONS, async |world| {
        let now = world.clock.now();
        let budget = GuessBudget::new();
        fail(&budget, "a", "x", now).unwrap();
        let store = world.store();
        hide(store).await;
        assert!(budget.sync(store, now).await.is_err());
        show(store).await;
        budget.sync(store, now).await.unwrap();
        let (rows,): (i64,) = store
            .read::<_, StoreError, _>(|tx| tx.one(sql!("SELECT COUNT(*) FROM guess"), &[]))
            .await
            .unwrap();
        assert_eq!(rows, 1);
    });
}

/// Takes the table of wrong codes away.
async fn hide(store: &Store) {
    change(store, sql!("ALTER TABLE guess RENAME TO hidden")).await;
}

/// Puts it back.
async fn show(store: &Store) {
    change(store, sql!("ALTER TABLE hidden RENAME TO guess")).await;
}

async fn change(store: &Store, change: Sql) {
    let changed = store.write::<_, StoreError, _>(move |tx| tx.run(change, &[], Rows::Any));
    changed.await.unwrap();
}
