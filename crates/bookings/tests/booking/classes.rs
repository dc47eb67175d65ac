//! Tests of classes: their dates, their seats, what they cost, and how they end.

use bookings::booking::State;
use identity::grant::OWNER;
use jiff::{SignedDuration, Timestamp};
use platform::sql;
use serde_json::{Value, json};
use testkit::Page;

use crate::hours::{BOOKINGS, book, booked, code, listed, offer, starts, tuesdays, wish};
use crate::newcomers::{leave, open, siti_books};
use crate::paying::withhold;
use crate::rooms::add_rooms;
use crate::stage::{
    Booking, Person, Stage, call_as_script, count, erase, go_to, ledger, on_both, on_default,
    prove, provider, run, state,
};

/// Farah's class on Tuesdays, an hour each from 9 to 12, with `more` set. Returns her, the id of the
/// hours, and the path of the offer.
pub(crate) async fn class(stage: &Stage<'_>, more: &Value) -> (Person, String, String) {
    let mut farah = provider(stage).await;
    let hours = tuesdays(&mut farah).await;
    let made = offer(&mut farah, &hours, more).await;
    stage.work().await;
    let offer = format!("/api/v1/me/offers/{}", made["id"].as_str().unwrap());
    (farah, hours, offer)
}

/// The JSON with which so many seats of a date are booked.
pub(crate) fn party(slot: &Value, seats: i64) -> Value {
    let mut wish = wish(slot);
    wish["seats"] = seats.into();
    wish
}

pub(crate) async fn book_seats(person: &mut Person, slot: &Value, seats: i64) -> Page {
    person.call("POST", BOOKINGS, &party(slot, seats)).await
}

/// The date as it is now.
pub(crate) async fn shown(person: &mut Person, slot: &Value) -> Value {
    let path = format!("/api/v1/slots/{}", slot["id"].as_str().unwrap());
    person
        .call("GET", &path, &Value::Null)
        .await
        .with(200)
        .json()
}

/// Opens the page of a date, and holds so many seats. Returns the paths of the payment page and of the
/// booking.
pub(crate) async fn hold_seats(person: &mut Person, slot: &Value, seats: &str) -> (String, String) {
    let path = format!("/book/{}", slot["id"].as_str().unwrap());
    let page = person.browser.get(&path).await;
    let mut form = page.expect(200).form(&path);
    form.fill("seats", seats);
    let held = person.browser.submit(&page, &form).await;
    let pay = held.expect(303).location().unwrap().to_owned();
    let page = person.browser.get(&pay).await;
    let forms = page.expect(200).forms();
    let mut cancels = forms
        .iter()
        .filter_map(|form| form.action.strip_suffix("/cancel"));
    let booking = cancels.next().unwrap().to_owned();
    (pay, booking)
}

pub(crate) async fn change(person: &mut Person, path: &str, change: &Value) {
    let now = person
        .call("GET", path, &Value::Null)
        .await
        .with(200)
        .json();
    let mut body = change.clone();
    body["version"] = now["version"].clone();
    person.call("PATCH", path, &body).await.expect(200);
}

#[test]
fn several_members_book_seats_of_a_date_until_none_is_left() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut farah, _, _) = class(stage, &json!({"seats": 3, "party_limit": 2})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person("Mei Lin").await;
        let mut daniel = stage.person("Daniel Tan").await;
        let all = listed(&mut aina).await;
        assert_eq!(all.len(), 9);
        let slot = &all[4];
        assert_eq!(
            (&slot["seats"], &slot["seats_left"]),
            (&json!(3), &json!(3))
        );

        let refused = book_seats(&mut aina, slot, 3).await;
        assert_eq!(
            crate::stage::errors(refused.expect(422)),
            [("/seats".to_owned(), "out_of_range".to_owned())]
        );
        let aina_has = book_seats(&mut aina, slot, 2).await.with(201).json();
        assert_eq!(aina_has["seats"], 2);
        let again = book_seats(&mut aina, slot, 1).await.with(200);
        assert_eq!(again.json()["id"], aina_has["id"]);
        let refused = book_seats(&mut mei, slot, 2).await;
        assert_eq!(code(refused.expect(409)), "seats_left");
        assert_eq!(refused.json()["seats_left"], 1);
        booked(&mut mei, slot).await;
        assert_eq!(shown(&mut mei, slot).await["seats_left"], 0);
        let refused = book(&mut daniel, slot).await;
        assert_eq!(refused.expect(409).json()["seats_left"], 0);

        // A full class is listed, and its page says so. The provider reads who comes.
        let path = format!("/book/{}", slot["id"].as_str().unwrap());
        daniel.sees(&path, &stage.say("booking-full")).await;
        let own = format!("/me/slots/{}", slot["id"].as_str().unwrap());
        for name in ["Aina Yusof", "Mei Lin"] {
            farah.sees(&own, name).await;
        }
        let ask = json!({"slot_ids": [slot["id"]]});
        let refused = daniel.call("POST", "/api/v1/requests", &ask).await;
        assert_eq!(code(refused.expect(422)), "preferred_invalid");

        // Cancelled twice, seats come back once.
        let cancel = format!("{BOOKINGS}/{}/cancel", aina_has["id"].as_str().unwrap());
        for _ in 0..2 {
            aina.call("POST", &cancel, &json!({})).await.expect(200);
            assert_eq!(shown(&mut mei, slot).await["seats_left"], 2);
        }
        book_seats(&mut daniel, slot, 2).await.expect(201);
        erase(stage, &daniel).await;
        stage.work().await;
        assert_eq!(shown(&mut mei, slot).await["seats_left"], 2);
    });
}

#[test]
fn dates_follow_the_hours_except_for_those_that_are_booked_or_were_removed() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut farah, hours, offer) = class(stage, &json!({"seats": 5, "party_limit": 5})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let all = listed(&mut aina).await;
        book_seats(&mut aina, &all[3], 4).await.expect(201);
        let removed = format!("/api/v1/me/slots/{}", all[4]["id"].as_str().unwrap());
        farah
            .call("DELETE", &removed, &Value::Null)
            .await
            .expect(204);
        let booked = format!("/api/v1/me/slots/{}", all[3]["id"].as_str().unwrap());
        let refused = farah.call("DELETE", &booked, &Value::Null).await;
        assert_eq!(code(refused.expect(409)), "slot_locked");

        // The session at 9 on 1 December is booked, and the one at 10 was removed.
        let of =
            |open: &str| json!({"week": [{"day": "tuesday", "opens": open, "closes": "12:00"}]});
        let hours = format!("/api/v1/me/schedules/{hours}");
        change(&mut farah, &hours, &of("10:00")).await;
        stage.work().await;
        let expected = [
            "2026-11-24T02:00:00Z",
            "2026-11-24T03:00:00Z",
            "2026-12-01T01:00:00Z",
            "2026-12-01T03:00:00Z",
            "2026-12-08T02:00:00Z",
            "2026-12-08T03:00:00Z",
        ];
        assert_eq!(starts(&listed(&mut aina).await), expected);
        change(&mut farah, &hours, &of("09:00")).await;
        stage.work().await;
        let again = listed(&mut aina).await;
        assert_eq!(again.len(), 8);
        assert_eq!(again[0]["id"], all[0]["id"], "it is the same date");

        // Fewer seats, and another price: a date never has fewer than are taken, and keeps its price.
        let cheaper = json!({"seats": 2, "party_limit": 2,
            "lengths": [{"minutes": 60, "price_minor": 500}]});
        change(&mut farah, &offer, &cheaper).await;
        stage.work().await;
        let now = listed(&mut aina).await;
        let seats: Vec<_> = now
            .iter()
            .map(|one| one["seats"].as_i64().unwrap())
            .collect();
        assert_eq!(seats, [2, 2, 2, 4, 2, 2, 2, 2]);
        let prices = now.iter().filter(|one| one["price_minor"] == 500);
        assert_eq!(prices.count(), 7);
        let mut daniel = stage.person("Daniel Tan").await;
        let stale = book(&mut daniel, &all[0]).await;
        assert_eq!(code(stale.expect(409)), "slot_changed");

        // Other pauses, by which dates meet that did not before.
        let pauses = json!({"step_minutes": 30, "buffer_before": 30});
        change(&mut farah, &offer, &pauses).await;
        stage.work().await;
        let expected = [
            "2026-11-24T01:00:00Z",
            "2026-11-24T02:30:00Z",
            "2026-12-01T01:00:00Z",
            "2026-12-01T02:30:00Z",
            "2026-12-08T01:00:00Z",
            "2026-12-08T02:30:00Z",
        ];
        assert_eq!(starts(&listed(&mut aina).await), expected);

        // Not on offer any more, only what is booked stays, and nobody can book it.
        change(&mut farah, &offer, &json!({"active": false})).await;
        assert_eq!(listed(&mut aina).await.len(), 0);
        stage.work().await;
        let left = sql!("SELECT COUNT(*) FROM slot WHERE deleted_at IS NULL");
        assert_eq!(count(stage, left).await, 1);
    });
}

#[test]
fn each_night_makes_the_dates_of_the_horizons_next_day_and_tells_what_is_left_out() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, _, _) = class(stage, &json!({"seats": 5})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let before = listed(&mut aina).await.len();
        let single = json!({"date": "2026-12-15", "time": "09:30", "minutes": 30,
            "time_zone": "Asia/Kuala_Lumpur", "title": "Single", "location": crate::stage::LINK});
        farah
            .call("POST", "/api/v1/me/slots", &single)
            .await
            .expect(201);
        let told = sql!("SELECT COUNT(*) FROM notification WHERE kind = 'booking-notice-left-out'");
        assert_eq!(count(stage, told).await, 0);
        for _ in 0..5 {
            stage.world.clock.advance(SignedDuration::from_hours(24));
            stage.work().await;
        }
        let all = listed(&mut aina).await;
        let lessons: Vec<Value> = all
            .into_iter()
            .filter(|one| one["title"] == "Lesson")
            .collect();
        // Those of 24 November are over. Of 15 December, the first is left out.
        assert_eq!(lessons.len(), before - 3 + 2);
        assert_eq!(lessons[6]["starts_at"], "2026-12-15T02:00:00Z");
        assert_eq!(count(stage, told).await, 1);
    });
}

#[test]
fn an_order_of_a_class_is_the_price_of_each_seat_and_late_money_needs_all_of_them() {
    on_both(&async |stage: &Stage<'_>| {
        let more = json!({"seats": 3, "party_limit": 3,
            "lengths": [{"minutes": 60, "price_minor": 2_000}]});
        class(stage, &more).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person("Mei Lin").await;
        let slot = listed(&mut aina).await[4].clone();
        // The form says each place's price, and prepares what its script says of several.
        let form = format!("/book/{}", slot["id"].as_str().unwrap());
        let page = aina.browser.get(&form).await.with(200);
        assert!(page.text().contains("Each: RM 20"), "{}", page.text());
        let says = page.body.replace('\u{a0}', " ").replace("&#34;", "\"");
        for said in [
            r#"["","2 × RM 20.00 = RM 40.00","3 × RM 20.00 = RM 60.00"]"#,
            r#"["Go to payment, RM 20.00","Go to payment, RM 40.00","#,
        ] {
            assert!(says.contains(said), "{said}: {says}");
        }
        let (pay, booking) = hold_seats(&mut aina, &slot, "2").await;
        aina.sees(&pay, "2 places").await;
        aina.sees(&pay, "RM 40.00").await;
        aina.pay(&pay, "pay").await.expect(200);
        assert_eq!(ledger(stage).await, 4_000);
        let receipt = format!("/me/orders/{}/receipt", pay.trim_start_matches("/pay/"));
        aina.sees(&receipt, "Lesson × 2").await;

        // Mei's hold of the last seat ends before her money lands, and then the seat is still there.
        let (pay, last) = hold_seats(&mut mei, &slot, "1").await;
        let back = mei.press(&pay, "pay").await;
        let back = back.expect(303).location().unwrap().to_owned();
        withhold(stage, true).await;
        stage.world.clock.advance(SignedDuration::from_mins(15));
        stage.work().await;
        let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
        assert_eq!(state(stage, &id(&last)).await, State::Expired);
        assert_eq!(shown(&mut aina, &slot).await["seats_left"], 1);
        withhold(stage, false).await;
        mei.browser.get(&back).await.expect(303);
        assert_eq!(state(stage, &id(&last)).await, State::Confirmed);
        assert_eq!(shown(&mut aina, &slot).await["seats_left"], 0);

        // The money of one who comes too late for both seats goes back.
        aina.cancel(&booking).await;
        stage.work().await;
        assert_eq!(ledger(stage).await, 2_000);
        let mut daniel = stage.person("Daniel Tan").await;
        let (pay, both) = hold_seats(&mut daniel, &slot, "2").await;
        let back = daniel.press(&pay, "pay").await;
        let back = back.expect(303).location().unwrap().to_owned();
        withhold(stage, true).await;
        stage.world.clock.advance(SignedDuration::from_mins(15));
        stage.work().await;
        let mut siti = stage.person("Siti Noor").await;
        hold_seats(&mut siti, &slot, "1").await;
        withhold(stage, false).await;
        daniel.browser.get(&back).await;
        stage.work().await;
        assert_eq!(state(stage, &id(&both)).await, State::Expired);
        assert_eq!(ledger(stage).await, 2_000);
    });
}

#[test]
fn a_cancelled_class_gives_all_money_back_and_nobody_books_it_until_it_is_shown() {
    on_both(&async |stage: &Stage<'_>| {
        let more = json!({"seats": 5, "party_limit": 2,
            "lengths": [{"minutes": 60, "price_minor": 2_000}]});
        let (mut farah, _, _) = class(stage, &more).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person("Mei Lin").await;
        let slot = listed(&mut aina).await[4].clone();
        let (pay, booking) = hold_seats(&mut aina, &slot, "2").await;
        aina.pay(&pay, "pay").await.expect(200);
        let (_, held) = hold_seats(&mut mei, &slot, "1").await;

        let path = format!("/api/v1/me/slots/{}", slot["id"].as_str().unwrap());
        let cancel = format!("{path}/cancel-class");
        let why = json!({"reason": "Fever"});
        stage.world.clock.advance(SignedDuration::from_hours(2));
        let refused = call_as_script(stage, &farah, "POST", &cancel, &why).await;
        assert_eq!(code(refused.expect(403)), "sudo_required");
        prove(stage, &mut farah).await;
        let none = call_as_script(stage, &farah, "POST", &cancel, &json!({"reason": ""})).await;
        none.expect(422);
        for _ in 0..2 {
            let done = call_as_script(stage, &farah, "POST", &cancel, &why).await;
            assert_eq!(done.expect(200).json()["state"], "unavailable");
        }
        let day = slot["starts_at"]
            .as_str()
            .unwrap()
            .split('T')
            .next()
            .unwrap();
        let week = farah.browser.get(&format!("/me/slots?from={day}")).await;
        let week = week.expect(200).text();
        assert!(week.contains("Cancelled") && !week.contains("Hidden by you"));
        stage.work().await;
        assert_eq!(ledger(stage).await, 0);
        let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
        assert_eq!(state(stage, &id(&booking)).await, State::Cancelled);
        assert_ne!(state(stage, &id(&held)).await, State::PendingPayment);
        let refused = crate::races::book(stage.world.store().clone(), stage, &mei, &slot).await;
        assert!(refused.is_err());
        let shown = json!({"visible": true});
        let page = farah
            .call("POST", &format!("{path}/visibility"), &shown)
            .await;
        assert_eq!(page.expect(200).json()["state"], "available");
    });
}

#[test]
fn a_booking_moves_between_dates_of_its_class_and_each_seat_is_owed() {
    on_both(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        add_rooms(stage, &owner, 1).await;
        let more = json!({"seats": 3, "party_limit": 2, "location_kind": "room_pool",
            "location": ""});
        class(stage, &more).await;
        run(
            stage,
            sql!("UPDATE provider SET payout_minor = 9000, class_payout_minor = 1000"),
        )
        .await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person("Mei Lin").await;
        let all = listed(&mut aina).await;
        let first = book_seats(&mut aina, &all[4], 2).await.with(201).json();
        let second = booked(&mut mei, &all[4]).await;
        let room = first["location"].clone();
        assert_ne!(room, "");
        assert_eq!(second["location"], room);

        let path = |one: &Value| format!("{BOOKINGS}/{}", one["id"].as_str().unwrap());
        let moved = aina
            .call(
                "POST",
                &format!("{}/reschedule", path(&first)),
                &wish(&all[6]),
            )
            .await;
        assert_eq!(moved.with(200).json()["location"], room);
        let left = mei.call("GET", &path(&second), &Value::Null).await;
        assert_eq!(left.with(200).json()["location"], room);
        assert_eq!(shown(&mut aina, &all[4]).await["seats_left"], 2);
        assert_eq!(shown(&mut aina, &all[6]).await["seats_left"], 1);

        // After the session, everybody's booking is completed, and the room is free.
        go_to(stage, "2026-12-09T12:00:00Z").await;
        for (person, one) in [(&mut aina, &first), (&mut mei, &second)] {
            let now = person.call("GET", &path(one), &Value::Null).await;
            assert_eq!(now.with(200).json()["state"], "completed");
        }
        let reserved = sql!("SELECT COUNT(*) FROM room_allocation WHERE state = 'reserved'");
        assert_eq!(count(stage, reserved).await, 0);
        // The provider is owed for each seat.
        let owed = sql!("SELECT CAST(SUM(amount_minor) AS BIGINT) FROM payout_item");
        assert_eq!(count(stage, owed).await, 3_000);
    });
}

#[test]
fn seats_that_a_newcomer_holds_come_back_when_nobody_confirms() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        class(&stage, &json!({"seats": 2})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let slot = listed(&mut aina).await[4].clone();
        siti_books(&mut stage.visitor(), &slot).await.expect(202);
        assert_eq!(shown(&mut aina, &slot).await["seats_left"], 1);
        booked(&mut aina, &slot).await;
        stage.world.clock.advance(SignedDuration::from_mins(15));
        stage.work().await;
        assert_eq!(shown(&mut aina, &slot).await["seats_left"], 1);
    });
}

#[test]
fn who_proves_a_hold_of_a_class_decides_how_many_seats_it_takes() {
    on_default(&async |stage: &Stage<'_>| {
        let stage = open(stage).await;
        class(&stage, &json!({"seats": 3, "party_limit": 3})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person("Mei Lin").await;
        let slot = listed(&mut aina).await[4].clone();
        let address = "Aina.Yusof@example.my";
        leave(&mut stage.visitor(), &slot, address)
            .await
            .expect(202);
        booked(&mut mei, &slot).await;
        assert_eq!(shown(&mut mei, &slot).await["seats_left"], 1);
        let refused = book_seats(&mut aina, &slot, 3).await;
        assert_eq!(refused.expect(409).json()["seats_left"], 1);
        let own = book_seats(&mut aina, &slot, 2).await.json();
        assert_eq!(
            (&own["seats"], &own["state"]),
            (&json!(2), &json!("confirmed"))
        );
        assert_eq!(shown(&mut mei, &slot).await["seats_left"], 0);
    });
}

#[test]
fn what_no_class_can_be_is_refused() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        for (more, pointer, said) in [
            (json!({"seats": 0}), "/seats", "out_of_range"),
            (json!({"seats": 201}), "/seats", "out_of_range"),
            (json!({"party_limit": 2}), "/party_limit", "too_high"),
            (
                json!({"seats": 5, "lengths": [{"minutes": 60}, {"minutes": 90}]}),
                "/lengths",
                "too_many",
            ),
        ] {
            let mut body = json!({"schedule_id": hours, "title": "Lesson", "location": crate::stage::LINK,
                "lengths": [{"minutes": 60}]});
            for (name, value) in more.as_object().unwrap() {
                body[name] = value.clone();
            }
            let page = farah.call("POST", "/api/v1/me/offers", &body).await;
            let errors = crate::stage::errors(page.expect(422));
            let expected = (pointer.to_owned(), said.to_owned());
            assert!(errors.contains(&expected), "{more}: {errors:?}");
        }
    });
}

#[test]
fn seats_that_were_booked_again_are_not_owed_for_a_late_cancel_too() {
    on_both(&async |stage: &Stage<'_>| {
        class(stage, &json!({"seats": 2})).await;
        let rate = sql!("UPDATE provider SET class_payout_minor = 1000, no_show_bps = 5000");
        run(stage, rate).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person("Mei Lin").await;
        let mut siti = stage.person("Siti Noor").await;
        let slot = listed(&mut aina).await[4].clone();
        let mut paths = Vec::new();
        for person in [&mut aina, &mut mei] {
            let made = booked(person, &slot).await;
            paths.push(format!(
                "{BOOKINGS}/{}/cancel",
                made["id"].as_str().unwrap()
            ));
        }
        let begins: Timestamp = slot["starts_at"].as_str().unwrap().parse().unwrap();
        let late = begins - SignedDuration::from_hours(20);
        go_to(stage, &late.to_string()).await;
        for (person, cancel) in [&mut aina, &mut mei].into_iter().zip(&paths) {
            person.call("POST", cancel, &json!({})).await.expect(200);
        }
        booked(&mut siti, &slot).await;
        let over = begins + SignedDuration::from_hours(4);
        go_to(stage, &over.to_string()).await;
        let late = sql!("SELECT COUNT(*) FROM payout_item WHERE amount_minor = 500");
        assert_eq!(count(stage, late).await, 1);
        let came = sql!("SELECT COUNT(*) FROM payout_item WHERE amount_minor = 1000");
        assert_eq!(count(stage, came).await, 1);
    });
}
