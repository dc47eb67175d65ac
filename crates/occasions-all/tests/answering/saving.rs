//! Tests of saves by a single household: the rows that each save writes, and all refusals.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use occasions::household_change::{HouseholdChange, NoteUpdate};
use occasions::refusal::{Current, Refusal};
use occasions::rsvp::{self, Saved};
use occasions::words::ReplyStatus::{No, Undecided, Yes};
use platform::{Rows, StoreError, sql};
use testkit::World;

use crate::stage::{MIGRATIONS, Stage, all, newcomer, save, to_save};

fn note(text: &str, version: Option<i64>) -> HouseholdChange {
    HouseholdChange {
        note: Some(NoteUpdate {
            text: text.to_owned(),
            version,
        }),
        ..HouseholdChange::default()
    }
}

#[test]
fn a_save_writes_everything_that_follows_from_it() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        let guests = stage.household("RAHMA", 2, 0).await;
        let Ok(Saved::Stored(after)) = stage.answer("RAHMA", all(&guests, "nikah", Yes, 1)).await
        else {
            panic!("not stored")
        };
        let snapshot = after.snapshot;
        assert_eq!(snapshot.household.invitation.version, 2);
        let stored = stage.portal("RAHMA").await;
        assert_eq!(stored.household.guests, snapshot.household.guests);
        assert_eq!(
            stored.household.invitation.replied_at,
            Some(world.clock.now())
        );
        assert_eq!(stage.submissions("RAHMA").await, 1);

        let scope = stage.occasion.to_string();
        let (audit, news): (i64, i64) = stage
            .store
            .read(move |tx| {
                let (audit,): (i64,) = tx.one(
                    sql!("SELECT COUNT(*) FROM audit WHERE scope = $1 AND action = 'rsvp.saved'"),
                    &[&scope],
                )?;
                let (news,): (i64,) = tx.one(
                    sql!("SELECT COUNT(*) FROM news WHERE scope = $1 AND name = 'rsvp'"),
                    &[&scope],
                )?;
                Ok::<_, StoreError>((audit, news))
            })
            .await
            .unwrap();
        assert_eq!((audit, news), (1, 1));
        let jobs = world.jobs().await;
        assert_eq!(jobs.len(), 1);
        assert_eq!(
            jobs[0].due_at,
            world.clock.now() + SignedDuration::from_mins(2)
        );
    });
}

#[test]
fn a_save_of_any_household_waits_for_the_server_a_few_times() {
    let Some(world) = World::postgres(&MIGRATIONS) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stage = Stage::build(&world, Some(100)).await;
        // Limited seats are read once more.
        for (code, people) in [("ALONE", 1), ("MANYS", 12)] {
            let guests = stage.household(code, people, 0).await;
            // Each connection of the pool prepares the statements at its first use, so
            // the fewest trips are those of a connection that has them.
            let mut fewest = BTreeMap::new();
            for version in 1..=12 {
                let status = if version % 2 == 0 { Yes } else { No };
                let mut change = all(&guests, "nikah", status, version);
                for (number, guest) in change.guests.iter_mut().enumerate() {
                    guest.name = Some(format!("Guest {number} {version}"));
                }
                change.note = note(&format!("Note {version}"), None).note;
                // Reading the page keeps what belongs to the occasion in memory.
                stage.portal(code).await;
                let before = world.store().counts().round_trips;
                let key = format!("key-{version}");
                save(&stage.store, code, change, Some(&key)).await.unwrap();
                let trips = world.store().counts().round_trips - before;
                let of_status = fewest.entry(status.word()).or_insert(trips);
                *of_status = trips.min(*of_status);
            }
            for (status, trips) in fewest {
                assert!(trips <= 10, "{code}, {status}: {trips}");
            }
        }
    });
}

#[test]
fn the_confirmation_waits_for_the_last_save_but_not_for_ever() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        let guests = stage.household("RAHMA", 1, 0).await;
        let first = world.clock.now();
        for minute in 0..12 {
            let status = if minute % 2 == 0 { Yes } else { No };
            stage
                .answer("RAHMA", all(&guests, "nikah", status, minute + 1))
                .await
                .unwrap();
            let jobs = world.jobs().await;
            assert_eq!(jobs.len(), 1, "one waits, however often they save");
            let due = world.clock.now() + SignedDuration::from_mins(2);
            let latest = first + SignedDuration::from_mins(10);
            assert_eq!(jobs[0].due_at, due.min(latest), "minute {minute}");
            world.clock.advance(SignedDuration::from_mins(1));
        }
    });
}

#[test]
fn the_deadline_is_exclusive_and_the_clock_of_the_program_decides() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        let guests = stage.household("RAHMA", 1, 0).await;
        world
            .clock
            .set(stage.deadline - SignedDuration::from_millis(1));
        assert!(
            stage
                .answer("RAHMA", all(&guests, "nikah", Yes, 1))
                .await
                .is_ok()
        );
        world.clock.set(stage.deadline);
        let late = stage.answer("RAHMA", all(&guests, "nikah", No, 2)).await;
        let Err(Refusal::DeadlinePassed(snapshot)) = late else {
            panic!("{late:?}");
        };
        assert_eq!(snapshot.closes_at(), Some(stage.deadline));
        assert_eq!(stage.submissions("RAHMA").await, 1);
        // A household may save a note after the deadline, unless the hosts forbid it.
        assert!(
            stage
                .answer("RAHMA", note("Congratulations", None))
                .await
                .is_ok()
        );
    });
}

#[test]
fn locks_and_states_say_no_each_in_its_own_way() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        let guests = stage.household("RAHMA", 1, 0).await;
        let change = || all(&guests, "nikah", Yes, 1);
        stage
            .change(|tx| {
                tx.run(
                    sql!("UPDATE invitation SET lock_mode = 'locked' WHERE code = 'RAHMA'"),
                    &[],
                    Rows::Exactly(1),
                )
            })
            .await;
        assert!(matches!(
            stage.answer("RAHMA", change()).await,
            Err(Refusal::Locked(_))
        ));
        for (status, told) in [
            ("closed", "closed"),
            ("archived", "expired"),
            ("draft", "not found"),
        ] {
            stage
                .change(move |tx| {
                    tx.run(
                        sql!("UPDATE occasion SET status = $1"),
                        &[&status],
                        Rows::Exactly(1),
                    )
                })
                .await;
            let refusal = stage.answer("RAHMA", change()).await.unwrap_err();
            let said = match refusal {
                Refusal::OccasionClosed(_) => "closed",
                Refusal::Expired => "expired",
                Refusal::InvitationNotFound => "not found",
                other => panic!("{other}"),
            };
            assert_eq!(said, told);
        }
        assert!(matches!(
            stage.answer("ZZZZZ", change()).await,
            Err(Refusal::InvitationNotFound)
        ));
    });
}

#[test]
fn a_stale_version_is_a_conflict_unless_the_wish_is_what_stands() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        let guests = stage.household("RAHMA", 1, 0).await;
        stage
            .answer("RAHMA", all(&guests, "nikah", Yes, 1))
            .await
            .unwrap();
        let same = stage.answer("RAHMA", all(&guests, "nikah", Yes, 1)).await;
        assert!(matches!(same, Ok(Saved::Unchanged(_))));
        let Err(Refusal::VersionConflict(Current::Invitation(current))) = stage
            .answer("RAHMA", all(&guests, "nikah", Undecided, 1))
            .await
        else {
            panic!("no conflict")
        };
        assert_eq!(current.household.invitation.version, 2);
        assert_eq!(stage.submissions("RAHMA").await, 1);
    });
}

#[test]
fn a_repeat_gets_the_first_answer_even_after_the_deadline() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        stage.household("RAHMA", 1, 2).await;
        let change = newcomer("Mei", 1);
        let first = save(&stage.store, "RAHMA", change.clone(), Some("key")).await;
        assert!(matches!(first, Ok(Saved::Stored(_))));
        world.clock.set(stage.deadline);
        let Ok(Saved::Again(stored)) = save(&stage.store, "RAHMA", change, Some("key")).await
        else {
            panic!("not recognised")
        };
        assert_eq!((stored.status, stored.body.as_str()), (200, "version 2"));
        let other = save(&stage.store, "RAHMA", newcomer("Lin", 2), Some("key")).await;
        assert!(matches!(other, Err(Refusal::KeyReused)));
        assert_eq!(stage.portal("RAHMA").await.household.guests.len(), 2);
    });
}

#[test]
fn a_refusal_is_not_kept_so_a_corrected_form_may_use_its_key() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        let guests = stage.household("RAHMA", 1, 0).await;
        let refused = save(&stage.store, "RAHMA", newcomer("Mei", 1), Some("key")).await;
        assert!(matches!(refused, Err(Refusal::PlusOneLimit(_))));
        let corrected = all(&guests, "nikah", Yes, 1);
        assert!(
            save(&stage.store, "RAHMA", corrected, Some("key"))
                .await
                .is_ok()
        );
    });
}

#[test]
fn an_answer_is_written_and_kept_only_for_a_key() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        let guests = stage.household("RAHMA", 1, 0).await;
        for (version, status, repeat, kept) in [
            (1, Yes, None, 0),
            (2, Yes, None, 0),
            (2, No, Some("a-key"), 1),
            (3, Yes, None, 1),
        ] {
            let save = to_save("RAHMA", all(&guests, "nikah", status, version), repeat);
            let is_wanted = repeat.is_some();
            let saved = stage
                .store
                .write(move |tx| {
                    rsvp::answer(tx, &save, |_| {
                        assert!(is_wanted, "nobody can ask for this answer again");
                        "an answer".to_owned()
                    })
                })
                .await;
            saved.unwrap();
            let rows = stage
                .store
                .read(|tx| tx.one::<(i64,)>(sql!("SELECT COUNT(*) FROM idempotency"), &[]));
            assert_eq!(rows.await.unwrap(), (kept,), "after version {version}");
        }
    });
}

#[test]
fn nobody_is_added_twice_by_a_repeat_without_version_or_key() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        let guests = stage.household("RAHMA", 1, 1).await;
        let mut change = newcomer("Mei", 1);
        change.version = None;
        assert!(matches!(
            stage.answer("RAHMA", change.clone()).await,
            Err(Refusal::VersionRequired)
        ));
        assert!(
            save(&stage.store, "RAHMA", change, Some("key"))
                .await
                .is_ok()
        );
        // A save that only changes answers needs no version, and replaces earlier answers.
        let mut change = all(&guests, "nikah", No, 0);
        change.version = None;
        assert!(stage.answer("RAHMA", change).await.is_ok());
    });
}

#[test]
fn seats_are_taken_by_whole_households_or_not_at_all() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, Some(3)).await;
        let two = stage.household("AAAAA", 2, 0).await;
        let others = stage.household("BBBBB", 2, 0).await;
        stage
            .answer("AAAAA", all(&two, "reception", Yes, 1))
            .await
            .unwrap();
        let Err(Refusal::EventFull { event, left }) = stage
            .answer("BBBBB", all(&others, "reception", Yes, 1))
            .await
        else {
            panic!("seated")
        };
        assert_eq!((event.as_str(), left), ("reception", 1));
        assert!(
            stage
                .answer("BBBBB", all(&others[..1], "reception", Yes, 1))
                .await
                .is_ok()
        );
        // Guests who have seats keep them when the hosts lower the number of seats.
        stage
            .change(|tx| {
                tx.run(
                    sql!("UPDATE event SET capacity = 1 WHERE key = 'reception'"),
                    &[],
                    Rows::Exactly(1),
                )
            })
            .await;
        assert!(
            stage
                .answer("AAAAA", all(&two, "nikah", Yes, 2))
                .await
                .is_ok()
        );
    });
}

#[test]
fn a_note_has_a_version_of_its_own() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        stage.household("RAHMA", 1, 0).await;
        stage.answer("RAHMA", note("First", Some(1))).await.unwrap();
        let stale = stage.answer("RAHMA", note("Second", Some(1))).await;
        assert!(matches!(stale, Err(Refusal::VersionConflict(_))));
        stage.answer("RAHMA", note("", Some(2))).await.unwrap();
        assert_eq!(stage.portal("RAHMA").await.household.invitation.note, "");
        let long = stage.answer("RAHMA", note(&"x".repeat(4_001), None)).await;
        assert!(matches!(long, Err(Refusal::Answers(_))));
    });
}

#[test]
fn what_hosts_switched_off_is_not_there() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, None).await;
        stage.household("RAHMA", 1, 0).await;
        stage
            .change(|tx| {
                tx.run(
                    sql!("UPDATE occasion SET switches = '{\"notes\":false}'"),
                    &[],
                    Rows::Exactly(1),
                )
            })
            .await;
        let refusal = stage.answer("RAHMA", note("Hello", None)).await;
        assert!(matches!(refusal, Err(Refusal::FeatureDisabled)));
    });
}

#[test]
fn the_seats_that_are_kept_are_the_seats_that_are_counted() {
    World::each_engine(&MIGRATIONS, async |world| {
        let stage = Stage::build(world, Some(50)).await;
        let event = stage.events[1].clone();
        let check = async |expected: i64| {
            let event = event.clone();
            let (kept, counted): (i64, i64) = stage
                .store
                .read(move |tx| {
                    tx.one(
                        sql!(
                            "SELECT seats_taken,
                                 (SELECT COUNT(*) FROM reply WHERE reply.event = event.id AND status = 'yes')
                             FROM event WHERE id = $1"
                        ),
                        &[&event],
                    )
                })
                .await
                .map_err(|error: StoreError| error)
                .unwrap();
            assert_eq!((kept, counted), (expected, expected));
        };
        let guests = stage.household("AAAAA", 3, 2).await;
        stage
            .answer("AAAAA", all(&guests, "reception", Yes, 1))
            .await
            .unwrap();
        check(3).await;
        stage
            .answer("AAAAA", all(&guests[..2], "reception", No, 2))
            .await
            .unwrap();
        check(1).await;
        stage.answer("AAAAA", newcomer("Mei", 3)).await.unwrap();
        check(2).await;
        let mei = stage.portal("AAAAA").await.household.guests[3].id.clone();
        let leaving = HouseholdChange {
            version: Some(4),
            remove: vec![mei],
            ..HouseholdChange::default()
        };
        stage.answer("AAAAA", leaving).await.unwrap();
        check(1).await;
        stage
            .answer("AAAAA", all(&guests, "reception", Undecided, 5))
            .await
            .unwrap();
        check(0).await;
    });
}
