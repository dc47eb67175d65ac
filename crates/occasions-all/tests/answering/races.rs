//! Tests of races: saves that run at the same moment, on both engines. Each race is repeated
//! `testkit::rounds` times.

use std::sync::mpsc;

use jiff::SignedDuration;
use occasions::invitation;
use occasions::refusal::Refusal;
use occasions::rsvp::Saved;
use occasions::words::ReplyStatus::{No, Yes};
use platform::{Rows, Store, StoreError, Tx, sql};
use testkit::{World, rounds, together};

use crate::stage::{MIGRATIONS, Stage, all, newcomer, save};

fn code(letter: char, round: usize) -> String {
    format!("{letter}{round:05}")
}

#[test]
fn of_two_tabs_exactly_one_saves() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        for round in 0..rounds() {
            let code = code('A', round);
            let guests = stage.household(&code, 2, 0).await;
            let tab = |status| {
                let (store, code, change) = (
                    stage.store.clone(),
                    code.clone(),
                    all(&guests, "nikah", status, 1),
                );
                async move { save(&store, &code, change, None).await }
            };
            let (yes, no) = together(tab(Yes), tab(No)).await;
            let stored = |saved: &Result<Saved, Refusal>| matches!(saved, Ok(Saved::Stored(_)));
            let conflict =
                |saved: &Result<Saved, Refusal>| matches!(saved, Err(Refusal::VersionConflict(_)));
            assert!(
                (stored(&yes) && conflict(&no)) || (stored(&no) && conflict(&yes)),
                "round {round}: {yes:?} {no:?}"
            );
            let winner = if stored(&yes) { Yes } else { No };
            let snapshot = stage.portal(&code).await;
            assert_eq!(snapshot.household.invitation.version, 2);
            for guest in &snapshot.household.guests {
                let nikah = snapshot
                    .events
                    .iter()
                    .find(|event| event.key == "nikah")
                    .unwrap();
                assert_eq!(
                    guest.replies[&nikah.id].status, winner,
                    "no field of the loser"
                );
            }
            assert_eq!(stage.submissions(&code).await, 1);
        }
    });
}

#[test]
fn a_double_click_is_one_save() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        for round in 0..rounds() {
            let code = code('B', round);
            stage.household(&code, 1, 2).await;
            let click = || {
                let (store, code) = (stage.store.clone(), code.clone());
                async move { save(&store, &code, newcomer("Mei", 1), Some("click")).await }
            };
            let (one, other) = together(click(), click()).await;
            let first = [&one, &other]
                .iter()
                .filter(|saved| matches!(saved, Ok(Saved::Stored(_))))
                .count();
            let again = [&one, &other]
                .iter()
                .filter(|saved| matches!(saved, Ok(Saved::Again(_))))
                .count();
            assert_eq!((first, again), (1, 1), "round {round}: {one:?} {other:?}");
            assert_eq!(stage.submissions(&code).await, 1);
            assert_eq!(stage.portal(&code).await.household.guests.len(), 2);
        }
        assert_eq!(world.jobs().await.len(), rounds(), "one mail each");
    });
}

#[test]
fn two_tabs_never_bring_more_than_the_last_place_allows() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        for round in 0..rounds() {
            let code = code('C', round);
            stage.household(&code, 1, 1).await;
            let tab = |name: &'static str| {
                let (store, code) = (stage.store.clone(), code.clone());
                let mut change = newcomer(name, 1);
                // Without a version, a save cannot be refused as outdated. So only the limit on
                // additional guests can refuse one of the two saves.
                change.version = None;
                async move { save(&store, &code, change, Some(name)).await }
            };
            let (one, other) = together(tab("Mei"), tab("Lin")).await;
            let refused = [&one, &other]
                .iter()
                .filter(|saved| matches!(saved, Err(Refusal::PlusOneLimit(_))))
                .count();
            assert_eq!(refused, 1, "round {round}: {one:?} {other:?}");
            assert_eq!(stage.portal(&code).await.household.guests.len(), 2);
        }
    });
}

#[test]
fn the_last_seats_go_to_one_household_whole() {
    World::each_engine(&MIGRATIONS, async |world| {
        for round in 0..rounds() {
            // Two households with two guests each compete for three seats.
            let stage = Stage::build(world, Some(3)).await;
            let (first, second) = (code('D', round), code('E', round));
            let (mine, theirs) = (
                stage.household(&first, 2, 0).await,
                stage.household(&second, 2, 0).await,
            );
            let take = |code: String, guests| {
                let (store, change) = (stage.store.clone(), all(guests, "reception", Yes, 1));
                async move { save(&store, &code, change, None).await }
            };
            let (one, other) = together(take(first, &mine), take(second, &theirs)).await;
            let seated = [&one, &other].iter().filter(|saved| saved.is_ok()).count();
            let full = [&one, &other]
                .iter()
                .filter(|saved| matches!(saved, Err(Refusal::EventFull { left: 1, .. })))
                .count();
            assert_eq!((seated, full), (1, 1), "round {round}: {one:?} {other:?}");
            let event = stage.events[1].clone();
            let (taken,): (i64,) = stage
                .store
                .read(move |tx| {
                    tx.one::<(i64,)>(
                        sql!("SELECT COUNT(*) FROM reply WHERE event = $1 AND status = 'yes'"),
                        &[&event],
                    )
                })
                .await
                .unwrap();
            assert_eq!(taken, 2);
        }
    });
}

#[test]
fn at_the_instant_of_the_deadline_what_is_answered_is_what_is_stored() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        for round in 0..rounds() {
            let code = code('F', round);
            let guests = stage.household(&code, 1, 0).await;
            world
                .clock
                .set(stage.deadline - SignedDuration::from_millis(1));
            let (store, asked, change) = (
                stage.store.clone(),
                code.clone(),
                all(&guests, "nikah", Yes, 1),
            );
            let (clock, deadline) = (world.clock.clone(), stage.deadline);
            let (saved, ()) = together(
                async move { save(&store, &asked, change, None).await },
                async move { clock.set(deadline) },
            )
            .await;
            let snapshot = stage.portal(&code).await;
            match saved {
                Ok(_) => assert!(
                    snapshot.household.invitation.replied_at.unwrap() < stage.deadline,
                    "round {round}: decided before the deadline"
                ),
                Err(Refusal::DeadlinePassed(_)) => {
                    assert_eq!(snapshot.household.invitation.version, 1, "round {round}");
                }
                Err(other) => panic!("round {round}: {other}"),
            }
        }
    });
}

#[test]
fn a_hosts_lock_and_a_save_come_one_after_the_other() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        for round in 0..rounds() {
            let code = code('G', round);
            let guests = stage.household(&code, 1, 0).await;
            let (store, asked, change) = (
                stage.store.clone(),
                code.clone(),
                all(&guests, "nikah", Yes, 1),
            );
            let (hosts, locked) = (stage.store.clone(), code.clone());
            let lock = async move {
                hosts
                    .write(move |tx| {
                        tx.one::<(i64,)>(
                            sql!(
                                "UPDATE invitation SET lock_mode = 'locked', version = version + 1
                                 WHERE code = $1 RETURNING version"
                            ),
                            &[&locked],
                        )
                        .map(|(version,)| version)
                    })
                    .await
                    .unwrap()
            };
            let (saved, version) = together(
                async move { save(&store, &asked, change, None).await },
                lock,
            )
            .await;
            match saved {
                // The save came first and raised the version, and then the lock raised it again.
                Ok(_) => assert_eq!(version, 3, "round {round}"),
                Err(Refusal::Locked(_)) => assert_eq!(version, 2, "round {round}"),
                Err(other) => panic!("round {round}: {other}"),
            }
        }
    });
}

#[test]
fn a_code_replaced_or_an_invitation_archived_ends_saves() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        for round in 0..rounds() {
            let code = code('H', round);
            let guests = stage.household(&code, 1, 0).await;
            let id = stage.portal(&code).await.household.invitation.id;
            let (store, asked, change) = (
                stage.store.clone(),
                code.clone(),
                all(&guests, "nikah", Yes, 1),
            );
            let (hosts, other) = (stage.store.clone(), format!("X{round:05}"));
            let archive = round % 2 == 0;
            let end = {
                let id = id.clone();
                async move {
                    hosts
                        .write(move |tx| {
                            if archive {
                                tx.run(
                                    sql!("UPDATE invitation SET archived_at = 1, version = version + 1 WHERE id = $1"),
                                    &[&id],
                                    Rows::Exactly(1),
                                )
                            } else {
                                tx.run(
                                    sql!("UPDATE invitation SET code = $2, code_key = $2, version = version + 1 WHERE id = $1"),
                                    &[&id, &other],
                                    Rows::Exactly(1),
                                )
                            }
                        })
                        .await
                        .unwrap()
                }
            };
            let (saved, _) =
                together(async move { save(&store, &asked, change, None).await }, end).await;
            let (version, archived): (i64, Option<i64>) = stage
                .store
                .read(move |tx| {
                    tx.one::<(i64, Option<i64>)>(
                        sql!("SELECT version, archived_at FROM invitation WHERE id = $1"),
                        &[&id],
                    )
                })
                .await
                .map_err(|error: StoreError| error)
                .unwrap();
            match saved {
                Ok(_) => assert_eq!(version, 3, "round {round}: saved before its end"),
                Err(Refusal::InvitationNotFound) => {
                    assert_eq!(version, 2, "round {round}: nothing written");
                }
                Err(other) => panic!("round {round}: {other}"),
            }
            assert_eq!(archived.is_some(), archive, "a save never revives");
        }
    });
}

#[test]
fn a_save_that_waited_for_a_new_limit_of_seats_heeds_it() {
    let Some(world) = World::postgres(&MIGRATIONS) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stage = Stage::build(&world, None).await;
        let guests = stage.household("RAHMA", 2, 0).await;
        let id = stage.portal("RAHMA").await.household.invitation.id;
        let event = stage.events[1].clone();
        let (locked, has_locked) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        let may_go = std::sync::Mutex::new(may_go);
        let limit = stage.change(move |tx| {
            invitation::lock(tx, &id)?;
            tx.run(
                sql!("UPDATE event SET capacity = 1 WHERE id = $1"),
                &[&event],
                Rows::Exactly(1),
            )?;
            locked.send(()).unwrap();
            may_go.lock().unwrap().recv().unwrap();
            Ok(1)
        });
        let both_come = async {
            let waited = tokio::task::spawn_blocking(move || has_locked.recv());
            waited.await.unwrap().unwrap();
            let (store, change) = (stage.store.clone(), all(&guests, "reception", Yes, 1));
            let saved = tokio::spawn(async move { save(&store, "RAHMA", change, None).await });
            until_blocked(&stage.store).await;
            go.send(()).unwrap();
            saved.await.unwrap()
        };
        let ((), saved) = tokio::join!(limit, both_come);
        assert!(
            matches!(saved, Err(Refusal::EventFull { left: 1, .. })),
            "{saved:?}"
        );
        assert_eq!(stage.submissions("RAHMA").await, 0);
    });
}

/// Waits until a lock blocks a change on PostgreSQL.
async fn until_blocked(store: &Store) {
    let blocked = |tx: &mut Tx<'_>| -> Result<(i64,), StoreError> {
        tx.one(
            sql!(
                "SELECT COUNT(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock'"
            ),
            &[],
        )
    };
    while store.read(blocked).await.unwrap().0 == 0 {
        tokio::task::yield_now().await;
    }
}
