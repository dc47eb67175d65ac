//! Race tests for classes, each repeated `testkit::rounds` times with SQLite and PostgreSQL. After each
//! round, the seats that are taken are those of the bookings.

use bookings::booking::State;
use identity::grant::OWNER;
use jiff::SignedDuration;
use platform::sql;
use serde_json::{Value, json};
use testkit::{Page, together};

use crate::classes::{hold_seats, party};
use crate::hours::{every_day, offer};
use crate::races::{BOOKINGS, book, booked, day, send, statuses, there, wish};
use crate::races_of_money::{get, paid};
use crate::razorpay::id;
use crate::rooms::add_rooms;
use crate::stage::{
    Person, Stage, call_as_script, count, each_round, ledger, on_both, prove, provider, script,
    state,
};

const PRICE: i64 = 2_000;

/// Farah, whose class takes place twice a day, and the path of the offer.
pub(crate) async fn class(stage: &Stage<'_>, more: &Value) -> (Person, String) {
    let mut farah = provider(stage).await;
    let hours = every_day(&mut farah, "09:00", "11:00").await;
    let mut offered = json!({"horizon_days": 230});
    for (name, value) in more.as_object().unwrap() {
        offered[name] = value.clone();
    }
    let made = offer(&mut farah, &hours, &offered).await;
    stage.work().await;
    let offer = format!("/api/v1/me/offers/{}", made["id"].as_str().unwrap());
    (farah, offer)
}

pub(crate) fn priced(seats: i64, party: i64) -> Value {
    json!({"seats": seats, "party_limit": party,
        "lengths": [{"minutes": 60, "price_minor": PRICE}]})
}

/// The dates of a round.
async fn dates(person: &mut Person, round: usize) -> [Value; 2] {
    let path = format!("/api/v1/slots?date_from={}", day(round));
    let page = person.call("GET", &path, &Value::Null).await;
    let items = page.with(200).json()["items"].clone();
    [items[0].clone(), items[1].clone()]
}

pub(crate) async fn date(person: &mut Person, round: usize) -> Value {
    let [first, _] = dates(person, round).await;
    first
}

pub(crate) async fn people(stage: &Stage<'_>) -> (Person, Person, Person) {
    let aina = stage.person("Aina Yusof").await;
    let mei = stage.person("Mei Lin").await;
    (aina, mei, stage.person("Daniel Tan").await)
}

fn has(page: &Page, status: u16) -> bool {
    assert!(page.status.as_u16() < 500, "{}", page.body);
    page.status.as_u16() == status
}

#[test]
fn of_two_seats_a_party_of_two_or_two_singles_get_them() {
    on_both(&async |stage: &Stage<'_>| {
        class(stage, &json!({"seats": 2, "party_limit": 2})).await;
        let (mut aina, mei, daniel) = people(stage).await;
        let other = stage.beside();
        each_round(stage, async |round| {
            let slot = date(&mut aina, round).await;
            let both = send(&aina.program, "POST", BOOKINGS, party(&slot, 2));
            let mei = there(&mei.program, &other);
            let singles = together(
                send(&mei, "POST", BOOKINGS, wish(&slot, 0)),
                send(&daniel.program, "POST", BOOKINGS, wish(&slot, 0)),
            );
            let (both, (one, two)) = together(both, singles).await;
            let expected = if has(&both, 201) { 409 } else { 201 };
            assert!(
                has(&one, expected) && has(&two, expected),
                "round {round}: {} {} {}",
                both.body,
                one.body,
                two.body
            );
        })
        .await;
    });
}

#[test]
fn a_seat_that_is_given_back_is_booked_once() {
    on_both(&async |stage: &Stage<'_>| {
        class(stage, &json!({"seats": 2})).await;
        let (mut aina, mei, mut daniel) = people(stage).await;
        let other = stage.beside();
        each_round(stage, async |round| {
            let slot = date(&mut aina, round).await;
            let booking = booked(&mut aina, &slot).await;
            booked(&mut daniel, &slot).await;
            let cancel = format!("{booking}/cancel");
            let again = (
                send(&aina.program, "POST", &cancel, json!({})),
                send(&there(&aina.program, &other), "POST", &cancel, json!({})),
            );
            let (cancelled, new) = together(
                together(again.0, again.1),
                send(&mei.program, "POST", BOOKINGS, wish(&slot, 0)),
            )
            .await;
            assert_eq!(statuses(&cancelled.0, &cancelled.1), [200, 200]);
            assert!(has(&new, 201) || has(&new, 409), "round {round}");
        })
        .await;
    });
}

#[test]
fn seats_that_are_given_back_twice_or_with_the_whole_come_back_once() {
    on_both(&async |stage: &Stage<'_>| {
        class(stage, &json!({"seats": 3, "party_limit": 3})).await;
        let (mut aina, mut mei, _) = people(stage).await;
        let other = stage.beside();
        each_round(stage, async |round| {
            let slot = date(&mut aina, round).await;
            let made = aina.call("POST", BOOKINGS, &party(&slot, 3)).await;
            let made = made.with(201).json()["id"].as_str().unwrap().to_owned();
            let booking = format!("{BOOKINGS}/{made}");
            let path = format!("{booking}/seats/cancel");
            let two = json!({"positions": [1, 2]});
            let rival = match round % 3 {
                0 => (path.clone(), two.clone()),
                1 => (path.clone(), json!({"positions": [2, 3]})),
                _ => (format!("{booking}/cancel"), json!({})),
            };
            let (one, next) = together(
                send(&aina.program, "POST", &path, two),
                send(&there(&aina.program, &other), "POST", &rival.0, rival.1),
            )
            .await;
            assert_eq!(statuses(&one, &next), [200, 200], "round {round}");
            let path = format!("/api/v1/slots/{}", slot["id"].as_str().unwrap());
            let now = mei.call("GET", &path, &Value::Null).await;
            let left = if round % 3 == 0 { 2 } else { 3 };
            assert_eq!(now.with(200).json()["seats_left"], left, "round {round}");
        })
        .await;
    });
}

#[test]
fn money_that_lands_as_the_hold_of_the_last_seats_ends_is_a_booking_or_goes_back() {
    on_both(&async |stage: &Stage<'_>| {
        class(stage, &priced(2, 2)).await;
        let (mut aina, mei, _) = people(stage).await;
        let other = stage.beside();
        let mut sum = 0;
        each_round(stage, async |round| {
            let slot = date(&mut aina, round).await;
            let (pay, booking) = hold_seats(&mut aina, &slot, "2").await;
            let back = paid(&mut aina, &pay).await;
            stage.world.clock.advance(SignedDuration::from_mins(15));
            let next = book(other.site.store.clone(), &other, &mei, &slot);
            let ending = other.work();
            let (settled, next) = together(get(stage.visitor(), back), async move {
                ending.await;
                next.await
            })
            .await;
            settled.expect(303);
            stage.work().await;
            let now = state(stage, id(&booking)).await;
            let expected = if next.is_ok() {
                State::Expired
            } else {
                sum += 2 * PRICE;
                State::Confirmed
            };
            assert_eq!(now, expected, "round {round}: {next:?}");
            assert_eq!(ledger(stage).await, sum, "round {round}");
        })
        .await;
    });
}

#[test]
fn a_class_that_is_cancelled_as_others_book_and_pay_leaves_nobody_and_no_money() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut farah, _) = class(stage, &priced(5, 2)).await;
        let (mut aina, mei, mut daniel) = people(stage).await;
        let other = stage.beside();
        each_round(stage, async |round| {
            let slot = date(&mut aina, round).await;
            let (pay, _) = hold_seats(&mut daniel, &slot, "2").await;
            let back = paid(&mut daniel, &pay).await;
            get(stage.visitor(), back).await.expect(303);
            let (pay, _) = hold_seats(&mut aina, &slot, "2").await;
            let back = paid(&mut aina, &pay).await;
            prove(stage, &mut farah).await;
            let path = format!("/api/v1/me/slots/{}", slot["id"].as_str().unwrap());
            let cancel = send(
                &script(&other, &farah),
                "POST",
                &format!("{path}/cancel-class"),
                json!({"reason": "Fever"}),
            );
            let members = together(
                get(stage.visitor(), back),
                book(stage.world.store().clone(), stage, &mei, &slot),
            );
            let (cancelled, (settled, _)) = together(cancel, members).await;
            cancelled.expect(200);
            settled.expect(303);
            together(stage.work(), other.work()).await;
            let left = sql!(
                "SELECT COUNT(*) FROM booking WHERE state IN ('pending_payment', 'confirmed')"
            );
            assert_eq!(count(stage, left).await, 0, "round {round}");
            assert_eq!(ledger(stage).await, 0, "round {round}");
        })
        .await;
    });
}

#[test]
fn fewer_seats_as_somebody_books_are_not_fewer_than_are_taken() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut farah, offer) = class(stage, &json!({"seats": 3})).await;
        let (mut aina, mut mei, daniel) = people(stage).await;
        let other = stage.beside();
        each_round(stage, async |round| {
            let slot = date(&mut aina, round).await;
            booked(&mut aina, &slot).await;
            booked(&mut mei, &slot).await;
            set_seats(&mut farah, &offer, 2).await;
            let (new, ()) = together(
                send(&daniel.program, "POST", BOOKINGS, wish(&slot, 0)),
                other.work(),
            )
            .await;
            let expected = if has(&new, 201) { 3 } else { 2 };
            let path = format!("/api/v1/slots/{}", slot["id"].as_str().unwrap());
            let now = aina.call("GET", &path, &Value::Null).await;
            assert_eq!(now.with(200).json()["seats"], expected, "round {round}");
            set_seats(&mut farah, &offer, 3).await;
            stage.work().await;
        })
        .await;
    });
}

async fn set_seats(farah: &mut Person, offer: &str, seats: i64) {
    let now = farah
        .call("GET", offer, &Value::Null)
        .await
        .with(200)
        .json();
    let body = json!({"seats": seats, "version": now["version"]});
    farah.call("PATCH", offer, &body).await.expect(200);
}

#[test]
fn the_room_of_one_who_cancels_as_another_books_stays_the_rooms_of_the_class() {
    on_both(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        add_rooms(stage, &owner, 1).await;
        let more = json!({"seats": 5, "location_kind": "room_pool", "location": ""});
        class(stage, &more).await;
        let (mut aina, mut mei, _) = people(stage).await;
        let other = stage.beside();
        each_round(stage, async |round| {
            let slot = date(&mut aina, round).await;
            let booking = booked(&mut aina, &slot).await;
            let cancel = format!("{booking}/cancel");
            let (one, two) = together(
                send(&aina.program, "POST", &cancel, json!({})),
                send(
                    &there(&mei.program, &other),
                    "POST",
                    BOOKINGS,
                    wish(&slot, 0),
                ),
            )
            .await;
            assert_eq!(statuses(&one, &two), [200, 201], "round {round}");
            let new = if has(&one, 201) { one } else { two };
            let path = format!("{BOOKINGS}/{}", new.json()["id"].as_str().unwrap());
            let now = mei.call("GET", &path, &Value::Null).await;
            let location = now.with(200).json()["location"].clone();
            assert_eq!(location, "https://meet.jit.si/Room1", "round {round}");
        })
        .await;
    });
}

#[test]
fn two_who_swap_their_dates_of_a_class_both_do() {
    on_both(&async |stage: &Stage<'_>| {
        class(stage, &json!({"seats": 2})).await;
        let (mut aina, mut mei, _) = people(stage).await;
        let other = stage.beside();
        each_round(stage, async |round| {
            let [first, second] = dates(&mut aina, round).await;
            let one = booked(&mut aina, &first).await;
            let two = booked(&mut mei, &second).await;
            let mei = there(&mei.program, &other);
            let (one, two) = together(
                send(
                    &aina.program,
                    "POST",
                    &format!("{one}/reschedule"),
                    wish(&second, 0),
                ),
                send(&mei, "POST", &format!("{two}/reschedule"), wish(&first, 0)),
            )
            .await;
            assert_eq!(statuses(&one, &two), [200, 200], "round {round}");
        })
        .await;
    });
}

#[test]
fn two_workers_make_each_date_once() {
    on_both(&async |stage: &Stage<'_>| {
        let (farah, _) = class(stage, &json!({"seats": 2, "horizon_days": 20})).await;
        let other = stage.beside();
        let dates = sql!("SELECT COUNT(*) FROM slot WHERE deleted_at IS NULL");
        let before = count(stage, dates).await;
        for round in 1..=5 {
            stage.world.clock.advance(SignedDuration::from_hours(24));
            // Half of the rounds, the hours change in the same night.
            if round % 2 == 0 {
                let day = json!({"first_day": "2027-05-01"});
                let made = call_as_script(stage, &farah, "POST", "/api/v1/me/exceptions", &day);
                made.await.expect(201);
            }
            together(stage.work(), other.work()).await;
            assert_eq!(
                count(stage, dates).await,
                before + 2 * round,
                "round {round}"
            );
            assert_eq!(crate::stage::wrong(stage).await, [""; 0], "round {round}");
        }
    });
}
