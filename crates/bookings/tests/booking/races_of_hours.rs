//! Race tests for times that hours leave free, each repeated `testkit::rounds` times with SQLite and
//! PostgreSQL.

use serde_json::{Value, json};
use testkit::{Page, together};

use crate::hours::{every_day, listed, offer};
use crate::races::{BOOKINGS, book, send, statuses, there, wish};
use crate::requests::forget_requests;
use crate::stage::{Person, Stage, each_round, on_both, provider};

/// Farah, whose hours on each day can be booked for a year, and two members.
async fn people(stage: &Stage<'_>, more: &Value) -> (Person, Person, Person) {
    let mut farah = provider(stage).await;
    let hours = every_day(&mut farah, "08:00", "20:00").await;
    let mut offered = json!({"horizon_days": 365});
    for (name, value) in more.as_object().unwrap() {
        offered[name] = value.clone();
    }
    offer(&mut farah, &hours, &offered).await;
    let aina = stage.person("Aina Yusof").await;
    (farah, aina, stage.person("Mei Lin").await)
}

fn code(page: &Page) -> String {
    page.json()["code"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn of_two_members_and_one_computed_time_one_books() {
    on_both(&async |stage: &Stage<'_>| {
        let (_, mut aina, mei) = people(stage, &json!({})).await;
        let (here, there) = (stage.world.store().clone(), stage.world.second_store());
        each_round(stage, async |round| {
            let slot = listed(&mut aina).await[0].clone();
            let (one, two) = together(
                book(here.clone(), stage, &aina, &slot),
                book(there.clone(), stage, &mei, &slot),
            )
            .await;
            let booked = [&one, &two].iter().filter(|one| one.is_ok()).count();
            assert_eq!(booked, 1, "round {round}: {one:?} {two:?}");
        })
        .await;
    });
}

#[test]
fn of_two_offers_whose_times_overlap_one_is_booked() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut farah, mut aina, mei) = people(stage, &json!({})).await;
        let page = farah
            .call("GET", "/api/v1/me/schedules", &Value::Null)
            .await;
        let hours = page.json()["items"][0]["id"].as_str().unwrap().to_owned();
        let talk = json!({"title": "Talk", "horizon_days": 365, "lengths": [{"minutes": 45}]});
        offer(&mut farah, &hours, &talk).await;
        let other = stage.beside();
        each_round(stage, async |round| {
            let all = listed(&mut aina).await;
            let of = |title: &str| {
                all.iter()
                    .find(|one| one["title"] == title)
                    .unwrap()
                    .clone()
            };
            let (lesson, talk) = (of("Lesson"), of("Talk"));
            let (one, two) = together(
                send(&aina.program, "POST", BOOKINGS, wish(&lesson, 0)),
                send(
                    &there(&mei.program, &other),
                    "POST",
                    BOOKINGS,
                    wish(&talk, 0),
                ),
            )
            .await;
            let are_apart = lesson["ends_at"].as_str() <= talk["starts_at"].as_str()
                || talk["ends_at"].as_str() <= lesson["starts_at"].as_str();
            let expected = if are_apart { [201, 201] } else { [201, 409] };
            assert_eq!(statuses(&one, &two), expected, "round {round}");
        })
        .await;
    });
}

#[test]
fn a_single_time_and_a_booking_of_the_same_hour_do_not_both_come_about() {
    on_both(&async |stage: &Stage<'_>| {
        let (farah, mut aina, _) = people(stage, &json!({})).await;
        let other = stage.beside();
        each_round(stage, async |round| {
            let all = listed(&mut aina).await;
            let slot = all.iter().find(|one| one["title"] == "Lesson").unwrap();
            let at = slot["starts_at"].as_str().unwrap();
            let (date, time) = crate::stage::local(at, "UTC");
            let single = json!({"date": date, "time": time, "time_zone": "UTC", "minutes": 30,
                "title": "Single", "location": crate::stage::LINK});
            let (one, two) = together(
                send(&aina.program, "POST", BOOKINGS, wish(slot, 0)),
                send(
                    &there(&farah.program, &other),
                    "POST",
                    "/api/v1/me/slots",
                    single,
                ),
            )
            .await;
            assert_eq!(statuses(&one, &two), [201, 409], "round {round}");
        })
        .await;
    });
}

#[test]
fn a_booking_beside_a_day_off_or_another_price_is_at_what_was_seen_or_refused() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut farah, mut aina, _) = people(stage, &json!({})).await;
        let other = stage.beside();
        let page = farah.call("GET", "/api/v1/me/offers", &Value::Null).await;
        let one = page.json()["items"][0]["id"].as_str().unwrap().to_owned();
        let one = format!("/api/v1/me/offers/{one}");
        each_round(stage, async |round| {
            let slot = listed(&mut aina).await[0].clone();
            let day = slot["starts_at"].as_str().unwrap()[..10].to_owned();
            let now = farah.call("GET", &one, &Value::Null).await.json();
            let (path, method, body) = if round % 2 == 0 {
                ("/api/v1/me/exceptions", "POST", json!({"first_day": day}))
            } else {
                let lengths = json!([{"minutes": 60, "price_minor": 500}]);
                (
                    one.as_str(),
                    "PATCH",
                    json!({"lengths": lengths, "version": now["version"]}),
                )
            };
            let change = send(&there(&farah.program, &other), method, path, body);
            let booking = send(&aina.program, "POST", BOOKINGS, wish(&slot, 0));
            let (booked, changed) = together(booking, change).await;
            assert!(changed.status.is_success(), "{}", changed.body);
            match booked.status.as_u16() {
                201 => assert_eq!(booked.json()["order_id"], Value::Null, "round {round}"),
                409 => {
                    let known = ["slot_taken", "slot_changed"];
                    assert!(known.contains(&&*code(&booked)), "{}", booked.body);
                }
                _ => panic!("round {round}: {}", booked.body),
            }
            let now = farah.call("GET", &one, &Value::Null).await.json();
            let free = json!({"lengths": [{"minutes": 60}], "version": now["version"]});
            farah.call("PATCH", &one, &free).await.expect(200);
        })
        .await;
    });
}

#[test]
fn of_the_last_session_of_a_day_one_is_booked() {
    on_both(&async |stage: &Stage<'_>| {
        let (_, mut aina, mei) = people(stage, &json!({"day_limit": 1})).await;
        let other = stage.beside();
        each_round(stage, async |round| {
            // The first one is of the day that has begun.
            let all = listed(&mut aina).await;
            let (one, two) = together(
                send(&aina.program, "POST", BOOKINGS, wish(&all[1], 0)),
                send(
                    &there(&mei.program, &other),
                    "POST",
                    BOOKINGS,
                    wish(&all[2], 0),
                ),
            )
            .await;
            assert_eq!(statuses(&one, &two), [201, 409], "round {round}");
        })
        .await;
    });
}

#[test]
fn two_who_swap_their_times_keep_one_each() {
    on_both(&async |stage: &Stage<'_>| {
        let (_, mut aina, mut mei) = people(stage, &json!({"step_minutes": 30})).await;
        let other = stage.beside();
        each_round(stage, async |round| {
            // Bookings are moved a day ahead at the latest.
            let later = "/api/v1/slots?date_from=2026-11-25";
            let all = aina.call("GET", later, &Value::Null).await.json()["items"].clone();
            let (first, second) = (all[0].clone(), all[2].clone());
            let mut paths = Vec::new();
            for (person, slot) in [(&mut aina, &first), (&mut mei, &second)] {
                let made = person.call("POST", BOOKINGS, &wish(slot, 0)).await;
                let made = made.expect(201).json()["id"].as_str().unwrap().to_owned();
                paths.push(format!("{BOOKINGS}/{made}"));
            }
            let there = there(&mei.program, &other);
            let (one, two) = together(
                send(
                    &aina.program,
                    "POST",
                    &format!("{}/reschedule", paths[0]),
                    wish(&second, 0),
                ),
                send(
                    &there,
                    "POST",
                    &format!("{}/reschedule", paths[1]),
                    wish(&first, 0),
                ),
            )
            .await;
            // Whoever is first finds the other's time taken.
            assert_eq!(statuses(&one, &two), [409, 409], "round {round}");
            for (path, person) in paths.iter().zip([&mut aina, &mut mei]) {
                let now = person.call("GET", path, &Value::Null).await;
                assert_eq!(now.json()["state"], "confirmed", "round {round}");
            }
        })
        .await;
    });
}

#[test]
fn a_request_that_is_confirmed_and_a_booking_of_its_time_do_not_both_come_about() {
    on_both(&async |stage: &Stage<'_>| {
        let (farah, mut aina, mei) = people(stage, &json!({})).await;
        let other = stage.beside();
        each_round(stage, async |round| {
            forget_requests(stage).await;
            let slot = listed(&mut aina).await[0].clone();
            let ask = json!({"slot_ids": [slot["id"]]});
            let asked = aina.call("POST", "/api/v1/requests", &ask).await;
            let asked = asked.expect(201).json()["id"].as_str().unwrap().to_owned();
            let confirm = format!("/api/v1/requests/{asked}/confirm");
            let (one, two) = together(
                send(
                    &farah.program,
                    "POST",
                    &confirm,
                    json!({"slot_id": slot["id"]}),
                ),
                send(
                    &there(&mei.program, &other),
                    "POST",
                    BOOKINGS,
                    wish(&slot, 0),
                ),
            )
            .await;
            let both = statuses(&one, &two);
            assert!(
                [[200, 409], [201, 409]].contains(&both),
                "round {round}: {both:?}"
            );
        })
        .await;
    });
}
