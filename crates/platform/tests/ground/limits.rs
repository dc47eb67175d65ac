//! Tests of the limit on guessed codes, in memory and through the store.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use platform::limits::Wait;
use platform::limits::guess::{Attempt, GuessBudget, Refused, Try, USED_UP};
use platform::{Rows, Sql, Store, StoreError, sql};
use testkit::World;

use super::MIGRATIONS;

fn start() -> Timestamp {
    "2027-01-14T16:00:00Z".parse().unwrap()
}

fn minutes(number: i64) -> SignedDuration {
    SignedDuration::from_mins(number)
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Returns an IPv4 address in a network of its own for each `number`.
fn bot(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(0x0b00_0000 + (number << 8)).into()
}

fn guess<'a>(client: IpAddr, code: &'a str, name: Option<&'a str>) -> Try<'a> {
    Try {
        client,
        code,
        name,
        needs_name: false,
    }
}

#[track_caller]
fn attempt(
    budget: &GuessBudget,
    client: IpAddr,
    code: &str,
    now: Timestamp,
) -> Result<Attempt, Refused> {
    let attempt = budget.attempt_now(guess(client, code, None), now)?;
    Ok(attempt.expect("nothing is in flight"))
}

#[track_caller]
fn fail(budget: &GuessBudget, client: IpAddr, code: &str, now: Timestamp) -> Result<(), Refused> {
    attempt(budget, client, code, now)?.failed(now);
    Ok(())
}

#[track_caller]
fn fail_named(
    budget: &GuessBudget,
    client: IpAddr,
    code: &str,
    name: &str,
    now: Timestamp,
) -> Result<(), Refused> {
    let guess = Try {
        needs_name: true,
        ..guess(client, code, Some(name))
    };
    let attempt = budget.attempt_now(guess, now)?;
    attempt.expect("nothing is in flight").failed(now);
    Ok(())
}

fn needs_name(outcome: Result<(), Refused>) -> bool {
    matches!(outcome, Err(Refused::NameRequired(_)))
}

/// Makes `count` attempts with wrong codes from the IP addresses that `client` returns. Returns how
/// many of the codes were looked up.
fn looked_up(budget: &GuessBudget, count: u32, client: impl Fn(u32) -> IpAddr) -> u32 {
    let tries = (0..count).map(|number| {
        let code = format!("W{number}");
        u32::from(fail(budget, client(number), &code, start()).is_ok())
    });
    tries.sum()
}

#[test]
fn right_codes_and_repeated_wrong_ones_cost_nothing() {
    let budget = GuessBudget::new();
    let home = address("192.0.2.1");
    for number in 0..200 {
        drop(attempt(&budget, home, &number.to_string(), start()).unwrap());
        assert_eq!(fail(&budget, home, "WRONG", start()), Ok(()));
    }
    for number in 0..9 {
        assert!(fail(&budget, home, &number.to_string(), start()).is_ok());
    }
    let refused = fail(&budget, home, "10", start());
    let Err(Refused::NameRequired(Wait { seconds })) = refused else {
        panic!("{refused:?}")
    };
    assert!((600..=660).contains(&seconds), "{seconds}");
    assert!(
        needs_name(fail(&budget, home, "WRONG", start())),
        "for every code alike"
    );
    let other = address("192.0.2.2");
    assert!(fail(&budget, other, "10", start()).is_ok());
    let later = start() + minutes(11);
    assert!(fail(&budget, home, "10", later).is_ok());
}

#[test]
fn larger_networks_have_budgets_of_their_own() {
    let of_a_slash_64 = |number: u32| {
        let bits = (0x2001_0db8_u128 << 96) | (u128::from(number) << 64) | u128::from(number);
        IpAddr::from(Ipv6Addr::from_bits(bits))
    };
    for (name, looked_up, expected) in [
        (
            "one /64",
            looked_up(&GuessBudget::new(), 1_000, |n| {
                address(&format!("2001:db8::{n:x}"))
            }),
            10,
        ),
        (
            "a /56",
            looked_up(&GuessBudget::new(), 1_000, |n| of_a_slash_64(n % 256)),
            30,
        ),
        (
            "a /48",
            looked_up(&GuessBudget::new(), 4_000, |n| of_a_slash_64(n % 65_536)),
            90,
        ),
        (
            "a /32",
            looked_up(&GuessBudget::new(), 4_000, |n| {
                of_a_slash_64(n.reverse_bits())
            }),
            150,
        ),
        (
            "one address",
            looked_up(&GuessBudget::new(), 1_000, |_| address("192.0.2.1")),
            10,
        ),
        (
            "an address that is mapped",
            looked_up(&GuessBudget::new(), 1_000, |n| match n % 2 {
                0 => address("192.0.2.1"),
                _ => address("::ffff:192.0.2.1"),
            }),
            10,
        ),
        (
            "a /24",
            looked_up(&GuessBudget::new(), 1_000, |n| {
                address(&format!("192.0.2.{}", n % 256))
            }),
            30,
        ),
        ("all", looked_up(&GuessBudget::new(), 1_000, bot), 150),
    ] {
        assert_eq!(looked_up, expected, "{name}");
    }
}

#[test]
fn nothing_that_is_used_up_is_forgotten_for_other_networks() {
    let budget = GuessBudget::new();
    let used_up = address("2001:db8:ffff::1");
    for number in 0..10 {
        fail(&budget, used_up, &number.to_string(), start()).unwrap();
        fail_named(&budget, used_up, &number.to_string(), "Rahman", start()).unwrap();
    }
    let begun = Instant::now();
    let mut counted = 0;
    for number in 0..200_000 {
        let name = fail_named(&budget, bot(number), &number.to_string(), "Rahman", start());
        counted += u32::from(name.is_ok());
    }
    // Above the maximum number of tracked networks, all further networks share one counter.
    assert!((45_000..45_200).contains(&counted), "{counted}");
    assert!(begun.elapsed() < Duration::from_mins(1));
    assert!(needs_name(fail(&budget, used_up, "X", start())));
    let named = fail_named(&budget, used_up, "X", "Rahman", start());
    assert!(matches!(named, Err(Refused::TooMany(_))), "{named:?}");
}

#[tokio::test]
async fn tries_wait_for_those_in_flight_and_only_wrong_codes_count() {
    let budget = GuessBudget::new();
    let home = address("192.0.2.1");
    let in_flight: Vec<Attempt> = (0..10)
        .map(|number| attempt(&budget, home, &number.to_string(), start()).unwrap())
        .collect();
    assert!(matches!(
        budget.attempt_now(guess(home, "10", None), start()),
        Ok(None)
    ));
    let waiting = |code: &'static str| {
        let budget = budget.clone();
        tokio::spawn(async move { budget.attempt(guess(home, code, None), start()).await })
    };
    let guests = [waiting("GUEST1"), waiting("GUEST2")];
    tokio::task::yield_now().await;
    assert!(guests.iter().all(|guest| !guest.is_finished()));
    for attempt in in_flight {
        attempt.succeeded();
    }
    let mut held = Vec::new();
    for guest in guests {
        held.push(guest.await.unwrap().expect("all were right"));
    }
    // While eight more look-ups are in flight, another attempt waits. All eight fail, so the
    // waiting attempt must give a guest's name.
    let wrong: Vec<Attempt> = (0..8)
        .map(|number| attempt(&budget, home, &format!("WRONG{number}"), start()).unwrap())
        .collect();
    let late = waiting("GUEST3");
    tokio::task::yield_now().await;
    assert!(!late.is_finished());
    for attempt in wrong.into_iter().chain(held) {
        attempt.failed(start());
    }
    assert!(matches!(late.await.unwrap(), Err(Refused::NameRequired(_))));
    // Even codes that were right before now need a guest's name.
    let known = budget.attempt_now(guess(home, "0", None), start());
    assert!(matches!(known, Err(Refused::NameRequired(_))));
}

#[test]
fn three_wrong_names_an_hour_close_a_code_that_needs_not_exist() {
    let budget = GuessBudget::new();
    for (number, name) in (0..).zip(["Ahmad", "Lee", "Rossi"]) {
        let client = bot(number);
        assert_eq!(fail_named(&budget, client, "RAHMA", name, start()), Ok(()));
        // Repeating an attempt with the same code and name costs nothing.
        if number < 2 {
            let again = fail_named(&budget, client, "RAHMA", name, start());
            assert_eq!(again, Ok(()));
        }
    }
    let fourth = fail_named(&budget, bot(9), "RAHMA", "Rahman", start());
    let Err(Refused::TooMany(Wait { seconds })) = fourth else {
        panic!("{fourth:?}")
    };
    assert!((3_600..=3_960).contains(&seconds), "{seconds}");
    assert_eq!(
        fail_named(&budget, bot(9), "ROSSI", "Rahman", start()),
        Ok(())
    );
    let later = start() + minutes(67);
    assert_eq!(
        fail_named(&budget, bot(9), "RAHMA", "Rahman", later),
        Ok(())
    );
}

#[test]
fn a_used_up_installation_asks_everybody_for_a_name_and_locks_nobody_out() {
    let budget = GuessBudget::new();
    for number in 0..150 {
        fail(&budget, bot(number), &number.to_string(), start()).unwrap();
    }
    assert!(budget.is_used_up(start()));
    let guest = address("192.0.2.1");
    assert!(needs_name(fail(&budget, guest, "RAHMA", start())));
    let named = guess(guest, "RAHMA", Some("Rahman"));
    let attempt = budget.attempt_now(named, start()).unwrap().unwrap();
    assert!(attempt.needs_name());
    attempt.succeeded();
    let later = start() + minutes(12);
    assert!(!budget.is_used_up(later));
    assert!(fail(&budget, guest, "3", later).is_ok());
}

#[test]
fn a_day_has_its_own_budget_of_all() {
    let budget = GuessBudget::new();
    let mut now = start();
    for number in 0..1_500 {
        assert!(!budget.is_used_up(now), "{number}");
        fail(&budget, bot(number), "A", now).unwrap();
        if number % 100 == 99 {
            now += minutes(15);
        }
    }
    assert!(budget.is_used_up(now));
    assert!(!budget.is_used_up(start() + SignedDuration::from_hours(30)));
}

#[test]
fn a_day_writes_ten_thousand_rows_at_most() {
    World::each_engine(&MIGRATIONS, async |world| {
        let now = world.clock.now();
        let [first, second] = [GuessBudget::new(), GuessBudget::new()];
        for budget in [&first, &second] {
            for number in 0..9_000 {
                fail_named(budget, bot(number), &number.to_string(), "Rahman", now).ok();
            }
            for number in 0..150 {
                fail(budget, bot(number), &number.to_string(), now).unwrap();
            }
            budget.sync(world.store(), now).await.unwrap();
        }
        assert_eq!(rows(world.store()).await, 8_150);
        let third = GuessBudget::new();
        for number in 0..9_000 {
            let client = bot(20_000 + number);
            fail_named(&third, client, &number.to_string(), "Rahman", now).ok();
        }
        third.sync(world.store(), now).await.unwrap();
        assert_eq!(rows(world.store()).await, 10_000);
        world.expect_jobs(USED_UP);
    });
}

async fn rows(store: &Store) -> i64 {
    let rows = store.read::<_, StoreError, _>(|tx| tx.one(sql!("SELECT COUNT(*) FROM guess"), &[]));
    let (rows,): (i64,) = rows.await.unwrap();
    rows
}

#[test]
fn a_used_up_budget_of_all_rings_the_alarm_once_an_hour() {
    World::each_engine(&MIGRATIONS, async |world| {
        let budget = GuessBudget::new();
        let now = world.clock.now();
        for number in 0..149 {
            fail(&budget, bot(number), "A", now).unwrap();
        }
        budget.sync(world.store(), now).await.unwrap();
        assert!(world.jobs().await.is_empty());
        fail(&budget, bot(1_000), "A", now).unwrap();
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
                let code = format!("{minute} {number}");
                fail(&budget, bot(number), &code, then).ok();
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
        let home = address("2001:db8::1");
        for number in 0..5 {
            fail(&first, home, &format!("first {number}"), now).unwrap();
            fail(&second, home, &format!("second {number}"), now).unwrap();
        }
        fail_named(&first, home, "RAHMA", "Lee", now).unwrap();
        fail_named(&first, bot(1), "RAHMA", "Tan", now).unwrap();
        fail_named(&second, bot(1), "RAHMA", "Rossi", now).unwrap();
        for budget in [&first, &second, &first, &second] {
            budget.sync(world.store(), now).await.unwrap();
        }
        let third = GuessBudget::new();
        third.sync(world.store(), now).await.unwrap();
        for budget in [&first, &second, &third] {
            assert!(needs_name(fail(budget, home, "x", now)));
            let fourth = fail_named(budget, bot(2), "RAHMA", "Rahman", now);
            assert!(matches!(fourth, Err(Refused::TooMany(_))), "{fourth:?}");
            let later = now + minutes(11);
            drop(attempt(budget, home, "x", later).unwrap());
        }
        // No attempt counts twice, however often the store's rows are read.
        for number in 0..200 {
            third
                .sync(world.store(), now + SignedDuration::from_secs(number))
                .await
                .unwrap();
        }
        assert!(!third.is_used_up(now));

        // A day later, all attempts have expired.
        let tomorrow = now + SignedDuration::from_hours(27);
        third.sync(world.store(), tomorrow).await.unwrap();
        assert_eq!(rows(world.store()).await, 0);
        assert!(fail(&third, home, "x", tomorrow).is_ok());
    });
}

#[test]
fn what_could_not_be_written_is_written_next_time() {
    World::each_engine(&MIGRATIONS, async |world| {
        let now = world.clock.now();
        let budget = GuessBudget::new();
        fail(&budget, address("192.0.2.1"), "x", now).unwrap();
        let store = world.store();
        hide(store).await;
        assert!(budget.sync(store, now).await.is_err());
        show(store).await;
        budget.sync(store, now).await.unwrap();
        assert_eq!(rows(store).await, 1);
    });
}

/// Renames the table of wrong codes, so that statements on it fail.
async fn hide(store: &Store) {
    change(store, sql!("ALTER TABLE guess RENAME TO hidden")).await;
}

/// Restores the name of the table of wrong codes.
async fn show(store: &Store) {
    change(store, sql!("ALTER TABLE hidden RENAME TO guess")).await;
}

async fn change(store: &Store, change: Sql) {
    let changed = store.write::<_, StoreError, _>(move |tx| tx.run(change, &[], Rows::Any));
    changed.await.unwrap();
}
