//! Race tests for the waiting lists of classes, each repeated `testkit::rounds` times with SQLite and
//! PostgreSQL. After each round, nobody is asked beyond the seats.

use bookings::booking::State;
use jiff::SignedDuration;
use platform::sql;
use serde_json::{Value, json};
use testkit::{Page, together};

use crate::classes::hold_seats;
use crate::races::{BOOKINGS, booked, send, statuses, there, wish};
use crate::races_of_classes::{class, date, people, priced};
use crate::races_of_money::{get, paid};
use crate::razorpay::id;
use crate::stage::{Person, Stage, count, each_round, ledger, on_both, run, state};

const PRICE: i64 = 2_000;

fn list_of(slot: &Value) -> String {
    format!("/api/v1/slots/{}/waiting", slot["id"].as_str().unwrap())
}

async fn join(person: &mut Person, slot: &Value) {
    let wanted = json!({"seats": 1});
    let page = person.call("POST", &list_of(slot), &wanted).await;
    page.expect(200);
}

/// Forgets the lists of the rounds before.
async fn forget(stage: &Stage<'_>) {
    run(stage, sql!("DELETE FROM waiting")).await;
}

async fn asked(stage: &Stage<'_>) -> i64 {
    let asked = sql!("SELECT COUNT(*) FROM waiting WHERE state = 'asked'");
    count(stage, asked).await
}

async fn seats_left(person: &mut Person, slot: &Value) -> Value {
    let path = format!("/api/v1/slots/{}", slot["id"].as_str().unwrap());
    let page = person.call("GET", &path, &Value::Null).await;
    page.with(200).json()["seats_left"].clone()
}

fn has(page: &Page, status: u16) -> bool {
    assert!(page.status.as_u16() < 500, "{}", page.body);
    page.status.as_u16() == status
}

#[test]
fn a_seat_that_is_given_back_goes_to_who_waits_and_to_nobody_in_between() {
    on_both(&async |stage: &Stage<'_>| {
        class(stage, &json!({"seats": 2})).await;
        let (mut aina, mut mei, mut daniel) = people(stage).await;
        let siti = stage.person("Siti Noor").await;
        let other = stage.beside();
        each_round(stage, async |round| {
            forget(stage).await;
            let slot = date(&mut aina, round).await;
            let booking = booked(&mut aina, &slot).await;
            booked(&mut daniel, &slot).await;
            join(&mut mei, &slot).await;
            let (cancelled, new) = together(
                send(
                    &aina.program,
                    "POST",
                    &format!("{booking}/cancel"),
                    json!({}),
                ),
                send(
                    &there(&siti.program, &other),
                    "POST",
                    BOOKINGS,
                    wish(&slot, 0),
                ),
            )
            .await;
            assert!(has(&cancelled, 200), "round {round}");
            assert!(has(&new, 409), "round {round}: {}", new.body);
            assert_eq!(asked(stage).await, 1, "round {round}");
            together(stage.work(), other.work()).await;
        })
        .await;
    });
}

#[test]
fn money_that_lands_as_an_offer_of_seats_ends_is_a_booking_or_goes_back() {
    on_both(&async |stage: &Stage<'_>| {
        class(stage, &priced(2, 2)).await;
        let (mut aina, mut mei, mut daniel) = people(stage).await;
        let mut siti = stage.person("Siti Noor").await;
        let other = stage.beside();
        let mut sum = 0;
        each_round(stage, async |round| {
            forget(stage).await;
            let slot = date(&mut aina, round).await;
            let (pay, _) = hold_seats(&mut daniel, &slot, "1").await;
            let back = paid(&mut daniel, &pay).await;
            get(stage.visitor(), back).await.expect(303);
            sum += PRICE;
            let (_, held) = hold_seats(&mut aina, &slot, "1").await;
            join(&mut mei, &slot).await;
            stage.world.clock.advance(SignedDuration::from_secs(1));
            join(&mut siti, &slot).await;
            let cancel = format!("{BOOKINGS}/{}/cancel", id(&held));
            let script = crate::stage::script(stage, &aina);
            let given_up = send(&script, "POST", &cancel, json!({})).await;
            given_up.expect(200);
            stage.work().await;

            let (pay, booking) = hold_seats(&mut mei, &slot, "1").await;
            let back = paid(&mut mei, &pay).await;
            stage.world.clock.advance(SignedDuration::from_hours(12));
            let (settled, ()) = together(get(stage.visitor(), back), other.work()).await;
            settled.expect(303);
            stage.work().await;
            let now = state(stage, id(&booking)).await;
            let is_booked = now == State::Confirmed;
            if is_booked {
                sum += PRICE;
            } else {
                assert_eq!(now, State::Expired, "round {round}");
            }
            // Otherwise the next is asked.
            assert_eq!(asked(stage).await, i64::from(!is_booked), "round {round}");
            assert_eq!(ledger(stage).await, sum, "round {round}");
        })
        .await;
    });
}

#[test]
fn of_two_seats_that_become_free_at_once_each_goes_to_one_who_waits() {
    on_both(&async |stage: &Stage<'_>| {
        class(stage, &json!({"seats": 2})).await;
        let (mut aina, mut mei, mut daniel) = people(stage).await;
        let mut siti = stage.person("Siti Noor").await;
        let other = stage.beside();
        each_round(stage, async |round| {
            forget(stage).await;
            let slot = date(&mut aina, round).await;
            let one = booked(&mut aina, &slot).await;
            let two = booked(&mut daniel, &slot).await;
            join(&mut mei, &slot).await;
            join(&mut siti, &slot).await;
            let (one, two) = together(
                send(&aina.program, "POST", &format!("{one}/cancel"), json!({})),
                send(
                    &there(&daniel.program, &other),
                    "POST",
                    &format!("{two}/cancel"),
                    json!({}),
                ),
            )
            .await;
            assert_eq!(statuses(&one, &two), [200, 200], "round {round}");
            assert_eq!(asked(stage).await, 2, "round {round}");
            assert_eq!(seats_left(&mut aina, &slot).await, 0, "round {round}");
            together(stage.work(), other.work()).await;
        })
        .await;
    });
}

#[test]
fn who_joins_as_a_seat_becomes_free_is_asked_or_told_that_it_is_free() {
    on_both(&async |stage: &Stage<'_>| {
        class(stage, &json!({"seats": 2})).await;
        let (mut aina, mei, mut daniel) = people(stage).await;
        let other = stage.beside();
        each_round(stage, async |round| {
            forget(stage).await;
            let slot = date(&mut aina, round).await;
            let booking = booked(&mut aina, &slot).await;
            booked(&mut daniel, &slot).await;
            let (cancelled, joined) = together(
                send(
                    &aina.program,
                    "POST",
                    &format!("{booking}/cancel"),
                    json!({}),
                ),
                send(
                    &there(&mei.program, &other),
                    "POST",
                    &list_of(&slot),
                    json!({"seats": 1}),
                ),
            )
            .await;
            assert!(has(&cancelled, 200), "round {round}");
            let expected = i64::from(has(&joined, 200));
            assert!(expected == 1 || has(&joined, 409), "round {round}");
            assert_eq!(asked(stage).await, expected, "round {round}");
            together(stage.work(), other.work()).await;
        })
        .await;
    });
}
