//! Tests of the guarantees for a single change and a single read.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use platform::mail::{self, Address, suppression};
use platform::store::QUEUE_LIMIT;
use platform::{Keyring, Rows, StoreError, Tx, sql};
use testkit::{Engine, World};

use super::{MIGRATIONS, PATIENCE, add, count, insist, raise};

platform::id!(AgedId, "A thing that sorts by age.");
platform::id!(HiddenId, random, "A thing that strangers see.");

#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("no")]
    No,
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[test]
fn a_refusal_or_a_panic_in_one_change_leaves_the_others() {
    World::each_engine(&MIGRATIONS, async |world| {
        let changes: Vec<_> = (0..120)
            .map(|number| {
                let store = world.store().clone();
                tokio::spawn(async move {
                    store
                        .write(move |tx| {
                            add(tx, &format!("{number:03}"), 0)?;
                            match number % 4 {
                                0 => Err(Refusal::No),
                                1 => panic!("on purpose"),
                                2 => {
                                    // The negative amount violates a constraint, which rolls back
                                    // the whole change.
                                    add(tx, "second", -1)?;
                                    Ok(())
                                }
                                _ => Ok(()),
                            }
                        })
                        .await
                })
            })
            .collect();
        for (number, change) in changes.into_iter().enumerate() {
            let outcome = change.await.unwrap();
            match number % 4 {
                0 => assert!(matches!(outcome, Err(Refusal::No)), "{outcome:?}"),
                1 => assert!(
                    matches!(outcome, Err(Refusal::Store(StoreError::Stopped))),
                    "{outcome:?}"
                ),
                2 => assert!(
                    matches!(outcome, Err(Refusal::Store(StoreError::Constraint { .. }))),
                    "{outcome:?}"
                ),
                _ => assert!(outcome.is_ok(), "{outcome:?}"),
            }
        }
        let ids: Vec<(String,)> = world
            .store()
            .read::<_, StoreError, _>(|tx| tx.all(sql!("SELECT id FROM thing ORDER BY id"), &[]))
            .await
            .unwrap();
        let expected: Vec<_> = (0..120)
            .filter(|number| number % 4 == 3)
            .map(|number| (format!("{number:03}"),))
            .collect();
        assert_eq!(ids, expected);
    });
}

#[test]
fn a_change_that_passes_over_a_failed_statement_is_not_kept() {
    World::each_engine(&MIGRATIONS, async |world| {
        let outcome = world
            .store()
            .write(|tx| {
                add(tx, "a", 0)?;
                drop(add(tx, "a", 0));
                Ok::<_, StoreError>(())
            })
            .await;
        assert!(matches!(outcome, Err(StoreError::Stopped)), "{outcome:?}");
        let outcome = world
            .store()
            .write(|tx| {
                add(tx, "b", 0)?;
                let missing = tx.run(
                    sql!("UPDATE thing SET amount = 1 WHERE id = $1"),
                    &[&"c"],
                    Rows::Exactly(1),
                );
                assert!(matches!(missing, Err(StoreError::Rows { actual: 0, .. })));
                Ok::<_, StoreError>(())
            })
            .await;
        assert!(outcome.is_err());
        assert_eq!(world.store().read(count).await.unwrap(), 0);
    });
}

#[test]
fn a_look_up_sees_one_snapshot_and_changes_nothing() {
    World::each_engine(&MIGRATIONS, async |world| {
        world.store().write(|tx| add(tx, "a", 0)).await.unwrap();
        let (looked, has_looked) = mpsc::channel();
        let (changed, has_changed) = mpsc::channel::<()>();
        let has_changed = std::sync::Mutex::new(has_changed);
        let store = world.store().clone();
        let reader = tokio::spawn(async move {
            store
                .read_at_length(move |tx| {
                    let before = count(tx)?;
                    looked.send(()).unwrap();
                    has_changed.lock().unwrap().recv().unwrap();
                    Ok::<_, StoreError>((before, count(tx)?))
                })
                .await
        });
        tokio::task::spawn_blocking(move || has_looked.recv())
            .await
            .unwrap()
            .unwrap();
        world.store().write(|tx| add(tx, "b", 0)).await.unwrap();
        changed.send(()).unwrap();
        assert_eq!(reader.await.unwrap().unwrap(), (1, 1));
        assert_eq!(world.store().read(count).await.unwrap(), 2);
        assert!(world.store().read(|tx| add(tx, "c", 0)).await.is_err());
        assert_eq!(world.store().read(count).await.unwrap(), 2);
    });
}

#[test]
fn arguments_go_where_their_numbers_say() {
    World::each_engine(&MIGRATIONS, async |world| {
        let found = world
            .store()
            .write(|tx| {
                tx.run(
                    sql!("INSERT INTO thing (note, data, id, amount) VALUES ($3, $4, $1, $2)"),
                    &[&"a", &7_i64, &None::<String>, &b"\0\xff".as_slice()],
                    Rows::Exactly(1),
                )?;
                tx.one::<(String, i64, Option<String>, Vec<u8>, bool, bool)>(
                    sql!(
                        "SELECT id, amount, note, data, $2 = amount, EXISTS (SELECT 1 FROM thing)
                         FROM thing WHERE amount = $2 AND id = $1 AND ($2 > 6 OR $1 = '')"
                    ),
                    &[&"a", &7_i64],
                )
            })
            .await
            .unwrap();
        assert_eq!(found, ("a".to_owned(), 7, None, vec![0, 255], true, true));
        // No column can contain a NUL character, so this query finds nothing, but it is not an
        // error.
        let none: Option<(String,)> = world
            .store()
            .read::<_, StoreError, _>(|tx| {
                tx.maybe(sql!("SELECT id FROM thing WHERE id = $1"), &[&"a\0"])
            })
            .await
            .unwrap();
        assert_eq!(none, None);
    });
}

#[test]
fn an_unknown_word_is_an_error_that_names_its_column() {
    World::each_engine(&MIGRATIONS, async |world| {
        let key = Keyring::new([1; 32], &[]).key(suppression::PURPOSE);
        let address: Address = "a@b.my".parse().unwrap();
        let (known, to) = (key.clone(), address.clone());
        // The keyword columns have no constraint, so that a newer version can store new keywords.
        let insert = move |tx: &mut Tx<'_>| {
            suppression::record(tx, &known, &to, suppression::Cause::Manual)?;
            for statement in [
                sql!("UPDATE suppression SET cause = 'unheard of'"),
                sql!(
                    "INSERT INTO mail (id, scope, stream, recipient, recipient_name, subject, text,
                                       state, doubts, created_at, changed_at)
                     VALUES ('a', 's', 'security', 'a@b.my', '', '', '', 'unheard of', 0, 0, 0)"
                ),
                sql!(
                    "INSERT INTO job (id, queue, kind, payload, state, priority, due_at, starts,
                                      attempts, created_at)
                     VALUES ('j', 'unheard of', '', '', 'unheard of', 0, 0, 0, 0, 0)"
                ),
            ] {
                tx.run(statement, &[], Rows::Exactly(1))?;
            }
            Ok::<_, StoreError>(())
        };
        world.store().write(insert).await.unwrap();
        world.expect_mail("a@b.my", "");
        let store = world.store();
        let found = [
            store
                .read(move |tx| suppression::find(tx, &key, &address).map(drop))
                .await,
            store
                .read(|tx| mail::list(tx, "s", None, 1).map(drop))
                .await,
        ]
        .map(|read| read.unwrap_err().to_string());
        for (error, (column, table, wanted)) in found.iter().zip([
            (
                "cause",
                "FROM suppression",
                "platform::mail::suppression::Cause",
            ),
            ("state", "FROM mail", "platform::mail::State"),
        ]) {
            assert!(error.starts_with(&format!("{column} of ")), "{error}");
            assert!(error.contains(table), "{error}");
            assert!(error.ends_with(&format!("is not {wanted}")), "{error}");
        }
    });
}

#[test]
fn ids_are_of_the_kind_that_their_type_declares() {
    World::each_engine(&MIGRATIONS, async |world| {
        let make = |tx: &mut Tx<'_>| -> Result<_, StoreError> {
            Ok([
                tx.id::<AgedId>().to_string(),
                tx.id::<HiddenId>().to_string(),
            ])
        };
        let versions = world.store().write(make).await.unwrap();
        let versions = versions.map(|id| id.as_bytes()[14]);
        assert_eq!(versions, [b'7', b'4']);
    });
}

#[test]
fn now_is_fixed_when_the_first_lock_is_held() {
    World::each_engine(&MIGRATIONS, async |world| {
        let early = world.clock.now();
        world.store().write(|tx| add(tx, "a", 0)).await.unwrap();
        let (locked, has_locked) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        let may_go = std::sync::Mutex::new(may_go);
        let store = world.store().clone();
        let first = tokio::spawn(async move {
            store
                .write(move |tx| {
                    raise(tx, "a")?;
                    locked.send(()).unwrap();
                    may_go.lock().unwrap().recv().unwrap();
                    Ok::<_, StoreError>(tx.now())
                })
                .await
        });
        tokio::task::spawn_blocking(move || has_locked.recv())
            .await
            .unwrap()
            .unwrap();
        let store = world.store().clone();
        let second = tokio::spawn(async move {
            store
                .write(|tx| {
                    count(tx)?;
                    raise(tx, "a")?;
                    Ok::<_, StoreError>(tx.now())
                })
                .await
        });
        until_blocked(world).await;
        world.clock.advance(SignedDuration::from_hours(1));
        go.send(()).unwrap();
        assert_eq!(first.await.unwrap().unwrap(), early);
        assert_eq!(
            second.await.unwrap().unwrap(),
            early + SignedDuration::from_hours(1)
        );
    });
}

/// Waits until a lock blocks a change. On SQLite, changes wait in the queue before they begin, so
/// this function returns at once.
async fn until_blocked(world: &World) {
    let begin = Instant::now();
    while world.engine() == Engine::Postgres {
        assert!(begin.elapsed() < PATIENCE, "nobody waits");
        let (blocked,): (i64,) = world
            .store()
            .read::<_, StoreError, _>(|tx| {
                tx.one(
                    sql!(
                        "SELECT COUNT(*) FROM pg_stat_activity
                         WHERE datname = current_database() AND wait_event_type = 'Lock'"
                    ),
                    &[],
                )
            })
            .await
            .unwrap();
        if blocked > 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_full_queue_says_so_at_once() {
    World::each_engine(&MIGRATIONS, async |world| {
        let threads = match world.engine() {
            Engine::Sqlite => 1,
            Engine::Postgres => 4,
        };
        let (entered, has_entered) = mpsc::channel();
        let (open, gate) = mpsc::channel::<()>();
        let gate = Arc::new(std::sync::Mutex::new(gate));
        let mut waiting = Vec::new();
        for _ in 0..threads {
            let (store, entered, gate) =
                (world.store().clone(), entered.clone(), Arc::clone(&gate));
            waiting.push(tokio::spawn(async move {
                store
                    .write::<_, StoreError, _>(move |_| {
                        entered.send(()).unwrap();
                        let _ = gate.lock().unwrap().recv();
                        Ok(())
                    })
                    .await
            }));
        }
        tokio::task::spawn_blocking(move || {
            for _ in 0..threads {
                has_entered.recv().unwrap();
            }
        })
        .await
        .unwrap();
        // The first poll of each future enqueues its change.
        let mut queued: Vec<_> = (0..QUEUE_LIMIT)
            .map(|number| {
                let store = world.store().clone();
                Box::pin(
                    async move { store.write(move |tx| add(tx, &number.to_string(), 0)).await },
                )
            })
            .collect();
        for change in &mut queued {
            let polled = std::future::poll_fn(|context| {
                std::task::Poll::Ready(change.as_mut().poll(context).is_pending())
            });
            assert!(polled.await);
        }
        let refused = world.store().write(|tx| add(tx, "more", 0)).await;
        assert!(matches!(refused, Err(StoreError::Busy)), "{refused:?}");
        drop(open);
        for change in waiting {
            change.await.unwrap().unwrap();
        }
        // Accepted changes are committed even if their callers are cancelled.
        drop(queued.split_off(QUEUE_LIMIT / 2));
        for change in queued {
            change.await.unwrap();
        }
        world.store().write(|tx| add(tx, "last", 0)).await.unwrap();
        until_count(world, i64::try_from(QUEUE_LIMIT).unwrap() + 1).await;
    });
}

async fn until_count(world: &World, expected: i64) {
    let begin = Instant::now();
    while world.store().read(count).await.unwrap() != expected {
        assert!(begin.elapsed() < PATIENCE, "never so many");
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_deadlock_runs_again_until_both_are_done() {
    World::each_engine(&MIGRATIONS, async |world| {
        if world.engine() == Engine::Sqlite {
            // SQLite has a single writer, so changes never conflict.
            return;
        }
        let starts = Arc::new(AtomicU32::new(0));
        for round in 0..20 {
            let ids = [format!("{round}a"), format!("{round}b")];
            let made = ids.clone();
            world
                .store()
                .write(move |tx| made.iter().try_for_each(|id| add(tx, id, 0)))
                .await
                .unwrap();
            let both = Arc::new(Barrier::new(2));
            let changes = [[0, 1], [1, 0]].map(|order| {
                let (store, ids) = (world.store().clone(), ids.clone());
                let (both, starts) = (Arc::clone(&both), Arc::clone(&starts));
                let first = AtomicU32::new(0);
                tokio::spawn(async move {
                    store
                        .write(move |tx| {
                            starts.fetch_add(1, Ordering::SeqCst);
                            raise(tx, &ids[order[0]])?;
                            if first.fetch_add(1, Ordering::SeqCst) == 0 {
                                both.wait();
                            }
                            raise(tx, &ids[order[1]])
                        })
                        .await
                })
            });
            let mut amounts = Vec::new();
            for change in changes {
                amounts.push(change.await.unwrap().unwrap());
            }
            amounts.sort_unstable();
            assert_eq!(amounts, [1, 2]);
        }
        assert!(starts.load(Ordering::SeqCst) >= 60, "one of two ran again");
    });
}

#[test]
fn two_processes_change_the_same_things_and_lose_nothing() {
    World::each_engine(&MIGRATIONS, async |world| {
        world.store().write(|tx| add(tx, "a", 0)).await.unwrap();
        let stores = [world.store().clone(), world.second_store()];
        let changes: Vec<_> = (0..200)
            .map(|number| {
                let store = stores[number % 2].clone();
                tokio::spawn(async move { insist(&store, |tx| raise(tx, "a")).await })
            })
            .collect();
        let mut amounts = Vec::new();
        for change in changes {
            amounts.push(change.await.unwrap().unwrap());
        }
        amounts.sort_unstable();
        assert_eq!(amounts, (1..=200).collect::<Vec<_>>());
    });
}

#[test]
fn a_connection_that_died_is_replaced_unnoticed() {
    World::each_engine(&MIGRATIONS, async |world| {
        if world.engine() == Engine::Sqlite {
            return;
        }
        for round in 0..8 {
            drop(
                world
                    .store()
                    .write(|tx| {
                        tx.all::<(bool,)>(
                            sql!(
                                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                                 WHERE datname = current_database() AND pid <> pg_backend_pid()"
                            ),
                            &[],
                        )
                        .map(|_| ())
                    })
                    .await,
            );
            for number in 0..8 {
                world
                    .store()
                    .write(move |tx| add(tx, &format!("{round} {number}"), 0))
                    .await
                    .unwrap();
            }
        }
    });
}

#[test]
fn what_is_acknowledged_is_on_stable_storage() {
    World::each_engine(&MIGRATIONS, async |world| match world.engine() {
        Engine::Sqlite => {
            let file = tempfile::tempdir().unwrap();
            let store = platform::Store::open(
                &platform::store::Settings::Sqlite(platform::store::SqliteSettings::file(
                    file.path().join("a.db"),
                )),
                &MIGRATIONS,
                world.platform.clock.clone(),
                world.platform.random.clone(),
            )
            .unwrap();
            let settings = store
                .write::<_, StoreError, _>(|tx| {
                    Ok((
                        tx.one::<(i64,)>(sql!("PRAGMA synchronous"), &[])?.0,
                        tx.one::<(String,)>(sql!("PRAGMA journal_mode"), &[])?.0,
                        tx.one::<(i64,)>(sql!("PRAGMA foreign_keys"), &[])?.0,
                    ))
                })
                .await
                .unwrap();
            assert_eq!(settings, (2, "wal".to_owned(), 1));
        }
        Engine::Postgres => {
            let (word,): (String,) = world
                .store()
                .write::<_, StoreError, _>(|tx| tx.one(sql!("SHOW synchronous_commit"), &[]))
                .await
                .unwrap();
            assert_eq!(word, "on");
        }
    });
}

#[test]
fn a_store_that_writes_says_so() {
    World::each_engine(&MIGRATIONS, async |world| {
        assert!(world.store().is_writable().await);
        world.store().write(|tx| add(tx, "a", 0)).await.unwrap();
        let counts = world.store().counts();
        assert!(counts.commits >= 1 && counts.commits <= counts.changes);
        let instant: Timestamp = world
            .store()
            .write::<_, StoreError, _>(|tx| Ok(tx.now()))
            .await
            .unwrap();
        assert_eq!(instant, world.clock.now());
    });
}
