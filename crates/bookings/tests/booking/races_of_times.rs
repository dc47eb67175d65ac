//! Race tests for slots and bookings that cost no money: the store, the clock and the jobs decide
//! what happens first. Each is repeated `testkit::rounds` times with SQLite and PostgreSQL.

use bookings::booking::State;
use bookings::{READ, WRITE};
use identity::grant::OWNER;
use jiff::{SignedDuration, Timestamp};
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::{rounds, together};

use crate::credits::{credits, near, offer_at, order, plan};
use crate::races::{BOOKINGS, booked, day, send, statuses, there, wish};
use crate::requests::forget_requests;
use crate::stage::{
    Booking, Stage, again, count, each_round, go_to, on_both, prove, provider, run, script, state,
    wrong,
};

async fn state_of(stage: &Stage<'_>, booking: &str) -> State {
    state(stage, booking.rsplit('/').next().unwrap()).await
}

#[test]
fn of_many_members_one_books_and_the_others_keep_their_credits() {
    const MEMBERS: i64 = 6;
    on_both(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        let plan = plan(&mut owner, 999).await;
        let mut members = Vec::new();
        for number in 1..=MEMBERS {
            let mut member = stage.person(&format!("Member {number}")).await;
            let pay = order(&mut member, &plan).await;
            member.pay(&pay, "pay").await.expect(200);
            members.push(member);
        }
        let other = stage.beside();
        each_round(stage, async |round| {
            let (day, hour) = near(round);
            let slot = offer_at(&mut farah, &day, hour).await;
            let mut tasks = Vec::new();
            for (number, member) in members.iter().enumerate() {
                let client = if number % 2 == 0 {
                    member.program.clone()
                } else {
                    there(&member.program, &other)
                };
                tasks.push(tokio::spawn(send(
                    &client,
                    "POST",
                    BOOKINGS,
                    wish(&slot, 0),
                )));
            }
            let mut answers = Vec::new();
            for task in tasks {
                answers.push(task.await.unwrap().status.as_u16());
            }
            answers.sort_unstable();
            assert_eq!(answers, [201, 409, 409, 409, 409, 409], "round {round}");
            let mut left = 0;
            for member in &mut members {
                left += credits(member).await;
            }
            let spent = i64::try_from(round + 1).unwrap();
            assert_eq!(left, MEMBERS * 999 - spent, "round {round}");
        })
        .await;
    });
}

#[test]
fn a_double_click_with_a_key_books_once_and_gets_one_answer() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let aina = stage.person("Aina Yusof").await;
        let other = stage.beside();
        each_round(stage, async |round| {
            let slot = farah.offer(&day(round), "09:00", 0).await;
            let mut here = aina.program.clone();
            here.header("idempotency-key", &format!("a-booking-{round}"));
            let (one, two) = together(
                send(&here, "POST", BOOKINGS, wish(&slot, 0)),
                send(&there(&here, &other), "POST", BOOKINGS, wish(&slot, 0)),
            )
            .await;
            assert_eq!(statuses(&one, &two), [201, 201], "round {round}");
            assert_eq!(one.body, two.body, "round {round}");
        })
        .await;
    });
}

#[test]
fn a_booking_that_two_cancel_at_once_gives_one_credit_back() {
    on_both(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        let plan = plan(&mut owner, 3).await;
        let mut aina = stage.person("Aina Yusof").await;
        let pay = order(&mut aina, &plan).await;
        aina.pay(&pay, "pay").await.expect(200);
        let other = stage.beside();
        let owner = script(&other, &owner);
        let subject = stage.start("booking-mail-cancelled");
        each_round(stage, async |round| {
            let (day, hour) = near(round);
            let slot = offer_at(&mut farah, &day, hour).await;
            let booking = booked(&mut aina, &slot).await;
            let path = format!("{booking}/cancel");
            let (one, two) = together(
                send(&aina.program, "POST", &path, Value::Null),
                send(&owner, "POST", &path, json!({"reason": "the room flooded"})),
            )
            .await;
            assert_eq!(statuses(&one, &two), [200, 200], "round {round}");
            assert_eq!(credits(&mut aina).await, 3, "round {round}");
            let mails = stage.world.mails().await.into_iter();
            let told = mails.filter(|mail| mail.subject.starts_with(&subject));
            assert_eq!(told.count(), 2 * (round + 1), "round {round}");
        })
        .await;
    });
}

/// The last moment before a session, and the end of the time after which it counts as having taken
/// place.
fn edges(slot: &Value) -> (Timestamp, Timestamp) {
    let at = |name: &str| slot[name].as_str().unwrap().parse::<Timestamp>().unwrap();
    let (start, end) = (at("starts_at"), at("ends_at"));
    (
        start - SignedDuration::from_millis(1),
        end + SignedDuration::from_hours(2),
    )
}

#[test]
fn a_session_that_is_cancelled_at_the_last_moment_does_not_take_place_too() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        farah.profile("bio", "Portraits").await;
        run(stage, sql!("UPDATE provider SET payout_minor = 10000")).await;
        let mut aina = stage.person("Aina Yusof").await;
        let other = stage.beside();
        let mut took_place = 0;
        each_round(stage, async |round| {
            let slot = farah.offer(&day(round), "09:00", 0).await;
            let booking = booked(&mut aina, &slot).await;
            let (last, over) = edges(&slot);
            go_to(stage, &last.to_string()).await;
            let (clock, working) = (stage.world.clock.clone(), other.work());
            let (cancelled, ()) = together(
                send(
                    &farah.program,
                    "POST",
                    &format!("{booking}/cancel"),
                    json!({"reason": "Fever"}),
                ),
                async move {
                    clock.set(over);
                    working.await;
                },
            )
            .await;
            let now = state_of(stage, &booking).await;
            let expected = if cancelled.status == 200 {
                State::Cancelled
            } else {
                took_place += 1;
                State::Completed
            };
            assert_eq!(now, expected, "round {round}: {}", cancelled.body);
            let items = sql!("SELECT COUNT(*) FROM payout_item");
            assert_eq!(count(stage, items).await, took_place, "round {round}");
        })
        .await;
    });
}

#[test]
fn a_session_ends_in_one_way_whoever_says_so_first() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        farah.profile("bio", "Portraits").await;
        run(stage, sql!("UPDATE provider SET payout_minor = 10000")).await;
        let mut aina = stage.person("Aina Yusof").await;
        let other = stage.beside();
        let said = |outcome: &str| json!({"outcome": outcome});
        each_round(stage, async |round| {
            let slot = farah.offer(&day(round), "09:00", 0).await;
            let booking = booked(&mut aina, &slot).await;
            stage.world.clock.set(edges(&slot).1);
            let path = format!("{booking}/outcome");
            let member = there(&aina.program, &other);
            let missed = send(&member, "POST", &path, said("no_show_provider"));
            // The job and the provider both say that it took place: the provider every other time.
            // A claim moves nothing: after the provider's mark, administrators decide about it.
            let held = if round % 2 == 0 {
                let provider = send(&farah.program, "POST", &path, said("completed"));
                let (missed, held) = together(missed, provider).await;
                let is_held = held.status == 200;
                assert!(
                    is_held || held.status == 409,
                    "round {round}: {}",
                    held.body
                );
                let claim = missed.expect(200).json()["claim"]["state"].clone();
                assert_eq!(
                    claim,
                    if is_held { "disputed" } else { "open" },
                    "round {round}"
                );
                is_held
            } else {
                let (missed, ()) = together(missed, stage.work()).await;
                missed.expect(200);
                false
            };
            let now = state_of(stage, &booking).await;
            let is_over = now == State::Completed;
            assert!(
                is_over || !held && now == State::Confirmed,
                "round {round}: {now:?}"
            );
            stage.work().await;
        })
        .await;
    });
}

#[test]
fn a_time_is_booked_after_it_was_given_back_or_not_at_all() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let daniel = stage.person("Daniel Tan").await;
        let other = stage.beside();
        each_round(stage, async |round| {
            let slot = farah.offer(&day(round), "09:00", 0).await;
            let first = booked(&mut aina, &slot).await;
            // Booking and cancelling each raise the slot's version.
            let next = there(&daniel.program, &other);
            let (cancelled, second) = together(
                send(
                    &aina.program,
                    "POST",
                    &format!("{first}/cancel"),
                    Value::Null,
                ),
                send(&next, "POST", BOOKINGS, wish(&slot, 2)),
            )
            .await;
            assert_eq!(cancelled.expect(200).status, 200);
            assert_eq!(state_of(stage, &first).await, State::Cancelled);
            if second.status != 201 {
                let code = second.json()["code"].clone();
                assert!(code == "slot_taken" || code == "slot_changed", "{code}");
            }
        })
        .await;
    });
}

#[test]
fn of_two_who_move_onto_one_time_one_does_and_the_other_keeps_theirs() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut daniel = stage.person("Daniel Tan").await;
        let other = stage.beside();
        each_round(stage, async |round| {
            let mut slots = Vec::new();
            for time in ["09:00", "11:00", "13:00"] {
                slots.push(farah.offer(&day(round), time, 0).await);
            }
            let one = booked(&mut aina, &slots[0]).await;
            let two = booked(&mut daniel, &slots[1]).await;
            let (here, beside) = (aina.program.clone(), there(&daniel.program, &other));
            let (one, two) = (format!("{one}/reschedule"), format!("{two}/reschedule"));
            let swapped = together(
                send(&here, "POST", &one, wish(&slots[1], 1)),
                send(&beside, "POST", &two, wish(&slots[0], 1)),
            )
            .await;
            assert_eq!(
                statuses(&swapped.0, &swapped.1),
                [409, 409],
                "round {round}"
            );
            let moved = together(
                send(&here, "POST", &one, wish(&slots[2], 0)),
                send(&beside, "POST", &two, wish(&slots[2], 0)),
            )
            .await;
            assert_eq!(statuses(&moved.0, &moved.1), [200, 409], "round {round}");
            // Who moved goes back, while the other takes the time that becomes free.
            let (mover, path, waiting, free) = if moved.0.status == 200 {
                (here, one, (beside, two), &slots[0])
            } else {
                (beside, two, (here, one), &slots[1])
            };
            let chain = together(
                send(&mover, "POST", &path, wish(free, 2)),
                send(&waiting.0, "POST", &waiting.1, wish(&slots[2], 2)),
            )
            .await;
            assert_eq!(chain.0.expect(200).status, 200, "round {round}");
            assert!(matches!(statuses(&chain.0, &chain.1), [200, 200 | 409]));
        })
        .await;
    });
}

#[test]
fn a_time_is_hidden_or_deleted_or_booked_and_only_one_of_it() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let other = stage.beside();
        for round in 0..rounds() {
            forget_requests(stage).await;
            let member = there(&aina.program, &other);
            let slot = farah.offer(&day(round), "09:00", 0).await;
            let own = format!("/api/v1/me/slots/{}", slot["id"].as_str().unwrap());
            let visibility = format!("{own}/visibility");
            let (hidden, made) = together(
                send(
                    &farah.program,
                    "POST",
                    &visibility,
                    json!({"visible": false}),
                ),
                send(&member, "POST", BOOKINGS, wish(&slot, 0)),
            )
            .await;
            statuses(&hidden, &made);
            assert_ne!(hidden.status == 200, made.status == 201, "round {round}");
            let code = if hidden.status == 200 {
                made.json()["code"].clone()
            } else {
                hidden.json()["code"].clone()
            };
            assert!(code == "slot_taken" || code == "slot_locked", "{code}");
            let slot = farah.offer(&day(round), "11:00", 0).await;
            let own = format!("/api/v1/me/slots/{}", slot["id"].as_str().unwrap());
            let (deleted, made) = together(
                send(&farah.program, "DELETE", &own, Value::Null),
                send(&member, "POST", BOOKINGS, wish(&slot, 0)),
            )
            .await;
            statuses(&deleted, &made);
            assert_ne!(deleted.status == 204, made.status == 201, "round {round}");
            // A request takes nothing: the time is deleted, and drops out of the request.
            let slot = farah.offer(&day(round), "13:00", 0).await;
            let own = format!("/api/v1/me/slots/{}", slot["id"].as_str().unwrap());
            let asked = json!({"slot_ids": [slot["id"]]});
            let (deleted, asked) = together(
                send(&farah.program, "DELETE", &own, Value::Null),
                send(&member, "POST", "/api/v1/requests", asked),
            )
            .await;
            assert!(
                matches!(statuses(&deleted, &asked), [201, 204] | [204, 404 | 409]),
                "round {round}: {} {}",
                deleted.body,
                asked.body
            );
            stage.work().await;
            let pending = sql!("SELECT COUNT(*) FROM booking_request WHERE state = 'pending'");
            assert_eq!(count(stage, pending).await, 0, "round {round}");
            assert_eq!(wrong(stage).await, [""; 0], "round {round}");
            aina.call("GET", BOOKINGS, &Value::Null).await.expect(200);
        }
    });
}

#[test]
fn a_time_is_changed_or_booked_and_only_one_of_it() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let aina = stage.person("Aina Yusof").await;
        let other = stage.beside();
        for round in 0..rounds() {
            again(stage).await;
            let member = there(&aina.program, &other);
            let slot = farah.offer(&day(round), "09:00", 0).await;
            let own = format!("/api/v1/me/slots/{}", slot["id"].as_str().unwrap());
            let change = json!({"time": "10:00", "version": slot["version"]});
            let (changed, made) = together(
                send(&farah.program, "PATCH", &own, change),
                send(&member, "POST", BOOKINGS, wish(&slot, 0)),
            )
            .await;
            statuses(&changed, &made);
            assert_ne!(changed.status == 200, made.status == 201, "round {round}");
            let starts_at = if changed.status == 200 {
                let code = made.expect(409).json()["code"].clone();
                assert!(code == "slot_taken" || code == "slot_changed", "{code}");
                changed.json()["starts_at"].clone()
            } else {
                assert_eq!(changed.expect(409).json()["code"], "slot_locked");
                assert_eq!(made.json()["starts_at"], slot["starts_at"]);
                slot["starts_at"].clone()
            };
            let list = format!(
                "/api/v1/me/slots?from={}",
                slot["starts_at"].as_str().unwrap()
            );
            let all = farah.call("GET", &list, &Value::Null).await.json();
            assert_eq!(all["items"][0]["starts_at"], starts_at, "round {round}");
            assert_eq!(wrong(stage).await, [""; 0], "round {round}");
        }
    });
}

#[test]
fn a_credit_that_ends_meanwhile_is_spent_before_its_end_or_not() {
    on_both(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        let plan = plan(&mut owner, 1).await;
        let mut aina = stage.person("Aina Yusof").await;
        each_round(stage, async |round| {
            let pay = order(&mut aina, &plan).await;
            aina.pay(&pay, "pay").await.expect(200);
            let (day, hour) = near(round);
            let slot = offer_at(&mut farah, &day, hour).await;
            let clock = stage.world.clock.clone();
            let now = clock.now();
            let end = now + SignedDuration::from_secs(1);
            let shorten = move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
                sql!(
                    "UPDATE credit_lot SET expires_at = :end WHERE used < granted AND expires_at > :now",
                    end,
                    now
                )
                .run(tx, Rows::Exactly(1))
            };
            stage.world.store().write(shorten).await.unwrap();
            let (made, ()) = together(
                send(&aina.program, "POST", BOOKINGS, wish(&slot, 0)),
                async move { clock.set(end) },
            )
            .await;
            let late = sql!(
                "SELECT COUNT(*) FROM booking b JOIN credit_lot l ON l.id = b.credit_lot_id
                 WHERE b.created_at >= l.expires_at"
            );
            assert_eq!(count(stage, late).await, 0, "round {round}: {}", made.body);
            if made.status != 201 {
                assert_eq!(made.json()["code"], "quota_exhausted", "round {round}");
            }
        })
        .await;
    });
}

#[test]
fn two_workers_do_each_job_once() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        farah.profile("bio", "Portraits").await;
        run(stage, sql!("UPDATE provider SET payout_minor = 10000")).await;
        let mut aina = stage.person("Aina Yusof").await;
        let other = stage.beside();
        each_round(stage, async |round| {
            prove(stage, &mut aina).await;
            if round % 50 == 49 {
                // A token lasts for 300 days.
                for person in [&mut farah, &mut aina] {
                    stage.allow(person, &[READ, WRITE], None).await;
                }
            }
            // Only who books more than a day before a session is reminded of it.
            let day = day(2 * round);
            let held = farah.offer(&day, "11:00", 18_000).await;
            let (_, booking) = aina.hold(&held).await;
            stage.world.clock.advance(SignedDuration::from_mins(15));
            together(stage.work(), other.work()).await;
            assert_eq!(
                state_of(stage, &booking).await,
                State::Expired,
                "round {round}"
            );
            let slot = farah.offer(&day, "09:00", 0).await;
            let booking = booked(&mut aina, &slot).await;
            let (last, over) = edges(&slot);
            stage.world.clock.set(last - SignedDuration::from_hours(23));
            together(stage.work(), other.work()).await;
            let mails = stage.world.mails().await.into_iter();
            let told = mails.filter(|mail| mail.subject.starts_with("Tomorrow: "));
            assert_eq!(told.count(), 2 * (round + 1), "round {round}");
            stage.world.clock.set(over);
            together(stage.work(), other.work()).await;
            assert_eq!(
                state_of(stage, &booking).await,
                State::Completed,
                "round {round}"
            );
            let items = sql!("SELECT COUNT(*) FROM payout_item");
            let expected = i64::try_from(round + 1).unwrap();
            assert_eq!(count(stage, items).await, expected, "round {round}");
        })
        .await;
    });
}

#[test]
fn nobody_who_leaves_meanwhile_has_a_booking() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let other = stage.beside();
        for round in 0..rounds() {
            let slot = farah.offer(&day(round), "09:00", 0).await;
            let member = stage.person(&format!("Member {round}")).await;
            let (made, left) = together(
                send(&member.program, "POST", BOOKINGS, wish(&slot, 0)),
                send(
                    &script(&other, &member),
                    "DELETE",
                    "/api/v1/me",
                    json!({"immediately": true}),
                ),
            )
            .await;
            left.expect(202);
            assert!(matches!(made.status.as_u16(), 201 | 401), "{}", made.body);
            let id = member.who.account().id.clone();
            let look = move |tx: &mut Tx<'_>| -> Result<(i64, i64), StoreError> {
                sql!(
                    "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN member_id = :id THEN 1
                                                         ELSE 0 END), 0) AS BIGINT)
                     FROM booking WHERE state = 'confirmed' OR member_id = :id",
                    id
                )
                .one(tx)
            };
            let found = stage.world.store().read(look).await.unwrap();
            assert_eq!(found, (0, 0), "round {round}: {}", made.body);
            stage.work().await;
        }
    });
}
