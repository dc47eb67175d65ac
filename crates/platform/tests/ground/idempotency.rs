//! Tests that a repeated request acts only once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::SignedDuration;
use platform::StoreError;
use platform::idempotency::{self, Found, Key, Stored};
use testkit::World;

use super::{MIGRATIONS, add, count};

fn key(owner: &str, name: &str, body: &str) -> Key {
    Key::new(owner, "POST /things", name, body.as_bytes()).unwrap()
}

fn answer(body: &str) -> Stored {
    Stored {
        status: 201,
        body: body.to_owned(),
    }
}

#[test]
fn a_key_is_visible_ascii_of_some_length() {
    for (name, allowed) in [
        ("a", true),
        (&"a".repeat(128), true),
        (&"a".repeat(129), false),
        ("", false),
        ("a b", false),
        ("é", false),
        ("a\n", false),
    ] {
        assert_eq!(Key::new("o", "r", name, b"").is_some(), allowed, "{name:?}");
    }
}

#[test]
fn an_answer_belongs_to_its_owner_route_key_and_body() {
    World::each_engine(&MIGRATIONS, async |world| {
        let store = world.store();
        let find = |key: Key| store.read(move |tx| idempotency::find(tx, &key));
        let keep = |key: Key| store.write(move |tx| idempotency::keep(tx, &key, &answer("one")));
        assert_eq!(find(key("a", "k", "x")).await.unwrap(), Found::Nothing);
        keep(key("a", "k", "x")).await.unwrap();
        assert_eq!(
            find(key("a", "k", "x")).await.unwrap(),
            Found::Answer(answer("one"))
        );
        assert_eq!(find(key("a", "k", "y")).await.unwrap(), Found::Reused);
        assert_eq!(find(key("a", "l", "x")).await.unwrap(), Found::Nothing);
        assert_eq!(find(key("b", "k", "x")).await.unwrap(), Found::Nothing);
        let other = Key::new("a", "POST /others", "k", b"x").unwrap();
        assert_eq!(find(other).await.unwrap(), Found::Nothing);

        // After 48 hours the idempotency key is free again, even if the old row has not been
        // deleted yet.
        world.clock.advance(SignedDuration::from_hours(48));
        assert_eq!(find(key("a", "k", "x")).await.unwrap(), Found::Nothing);
        keep(key("a", "k", "y")).await.unwrap();
        assert_eq!(
            find(key("a", "k", "y")).await.unwrap(),
            Found::Answer(answer("one"))
        );
        assert_eq!(store.write(idempotency::sweep).await.unwrap(), 0);
        world.clock.advance(SignedDuration::from_hours(48));
        assert_eq!(store.write(idempotency::sweep).await.unwrap(), 1);
        keep(key("a", "k", "z")).await.unwrap();
        assert_eq!(
            store
                .write(|tx| idempotency::forget(tx, "a"))
                .await
                .unwrap(),
            1
        );
        assert_eq!(find(key("a", "k", "z")).await.unwrap(), Found::Nothing);
    });
}

#[test]
fn of_requests_that_race_one_does_the_work_and_all_get_its_answer() {
    World::each_engine(&MIGRATIONS, async |world| {
        let starts = Arc::new(AtomicU32::new(0));
        for round in 0..25 {
            let requests: Vec<_> = (0..4)
                .map(|_| {
                    let (store, starts) = (world.store().clone(), Arc::clone(&starts));
                    tokio::spawn(async move {
                        store
                            .write::<_, StoreError, _>(move |tx| {
                                let key = key("a", &round.to_string(), "x");
                                match idempotency::find(tx, &key)? {
                                    Found::Answer(stored) => return Ok(stored),
                                    Found::Reused => panic!("the body is the same"),
                                    Found::Nothing => {}
                                }
                                let made = starts.fetch_add(1, Ordering::SeqCst);
                                add(tx, &format!("{round} {made}"), 0)?;
                                let answer = answer(&made.to_string());
                                idempotency::keep(tx, &key, &answer)?;
                                Ok(answer)
                            })
                            .await
                            .unwrap()
                    })
                })
                .collect();
            let mut answers = Vec::new();
            for request in requests {
                answers.push(request.await.unwrap());
            }
            assert!(answers.iter().all(|one| *one == answers[0]), "{answers:?}");
        }
        assert_eq!(world.store().read(count).await.unwrap(), 25);
    });
}
