//! Tests of what becomes of a time that hours leave free: held, paid late, moved, asked for, and never
//! on other terms than were seen.

use bookings::booking::State;
use bookings::provider::PROVIDER;
use identity::grant::ADMIN;
use jiff::SignedDuration;
use platform::sql;
use serde_json::{Value, json};

use crate::hours::{BOOKINGS, book, booked, code, listed, offer, starts, tuesdays, wish};
use crate::paying::withhold;
use crate::requests;
use crate::stage::{
    Booking, Stage, call_as_script, count, go_to, on_both, on_default, provider, run, state,
};

#[test]
fn a_hold_that_ends_gives_the_time_back_and_late_money_takes_it_if_nothing_has_changed() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        let priced = json!({"lengths": [{"minutes": 60, "price_minor": 18_000}]});
        let made = offer(&mut farah, &hours, &priced).await;
        let one = format!("/api/v1/me/offers/{}", made["id"].as_str().unwrap());
        let mut aina = stage.person("Aina Yusof").await;
        let all = listed(&mut aina).await;
        let dearer = json!({"lengths": [{"minutes": 60, "price_minor": 20_000}]});
        for (slot, change, expected) in [
            (
                &all[0],
                json!({"prep_note": "Bring a pen."}),
                State::Confirmed,
            ),
            (&all[1], dearer, State::Expired),
            (&all[2], json!({"active": false}), State::Expired),
        ] {
            let (pay, booking) = aina.hold(slot).await;
            let back = aina.press(&pay, "pay").await;
            let back = back.expect(303).location().unwrap().to_owned();
            withhold(stage, true).await;
            stage.world.clock.advance(SignedDuration::from_mins(15));
            stage.work().await;
            assert!(
                starts(&listed(&mut aina).await).contains(&slot["starts_at"].as_str().unwrap())
            );
            let mut change = change;
            let now = farah.call("GET", &one, &Value::Null).await;
            change["version"] = now.json()["version"].clone();
            farah.call("PATCH", &one, &change).await.expect(200);
            withhold(stage, false).await;
            aina.browser.get(&back).await.expect(303);
            stage.work().await;
            let id = booking.rsplit('/').next().unwrap();
            assert_eq!(state(stage, id).await, expected, "{change}");
        }
        // The money of the two that were gone went back.
        let refunds = sql!("SELECT COUNT(*) FROM refund WHERE state = 'processed'");
        assert_eq!(count(stage, refunds).await, 2);
    });
}

#[test]
fn a_booking_moves_by_half_an_hour_over_its_own_time() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        offer(&mut farah, &hours, &json!({"step_minutes": 30})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let all = listed(&mut aina).await;
        let booking = booked(&mut aina, &all[0]).await;
        let at = format!("{BOOKINGS}/{}", booking["id"].as_str().unwrap());
        let moved = aina
            .call("POST", &format!("{at}/reschedule"), &wish(&all[1]))
            .await;
        assert_eq!(moved.with(200).json()["starts_at"], all[1]["starts_at"]);
        // The old time is free for others as far as the new one leaves it.
        let mut mei = stage.person("Mei Lin").await;
        let left = listed(&mut mei).await;
        assert!(!starts(&left).contains(&starts(&all)[0]), "{left:?}");
        assert!(starts(&left).contains(&starts(&all)[3]));
        // A refusal leaves the booking where it is.
        let taken = booked(&mut mei, &left[0]).await;
        let there = json!({"slot_id": taken["slot_id"], "slot_version": left[0]["version"]});
        let refused = aina.call("POST", &format!("{at}/reschedule"), &there).await;
        assert_eq!(code(refused.expect(409)), "slot_taken");
        assert_eq!(aina.coming().await["starts_at"], all[1]["starts_at"]);
    });
}

#[test]
fn a_computed_time_is_asked_for_and_confirmed() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        let made = offer(&mut farah, &hours, &json!({})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let all = listed(&mut aina).await;
        let ask = json!({"slot_ids": [all[0]["id"], all[1]["id"]]});
        let asked = aina.call("POST", "/api/v1/requests", &ask).await;
        let asked = asked.with(201).json();
        // Asking takes nothing.
        assert_eq!(listed(&mut aina).await.len(), all.len());
        let mut mei = stage.person("Mei Lin").await;
        booked(&mut mei, &all[0]).await;
        let at = format!("/api/v1/requests/{}", asked["id"].as_str().unwrap());
        let confirm = format!("{at}/confirm");
        let refused = farah
            .call("POST", &confirm, &json!({"slot_id": all[0]["id"]}))
            .await;
        assert_eq!(code(refused.expect(409)), "slot_taken");
        farah
            .call("POST", &confirm, &json!({"slot_id": all[1]["id"]}))
            .await
            .with(200);
        assert_eq!(aina.coming().await["starts_at"], all[1]["starts_at"]);

        // A time that costs more than when it was asked for is gone.
        let ask = json!({"slot_ids": [all[4]["id"]]});
        let asked = mei.call("POST", "/api/v1/requests", &ask).await;
        let asked = asked.with(201).json();
        let one = format!("/api/v1/me/offers/{}", made["id"].as_str().unwrap());
        let dearer = json!({"lengths": [{"minutes": 60, "price_minor": 500}], "version": 1});
        farah.call("PATCH", &one, &dearer).await.expect(200);
        let confirm = format!("/api/v1/requests/{}/confirm", asked["id"].as_str().unwrap());
        let refused = farah
            .call("POST", &confirm, &json!({"slot_id": all[4]["id"]}))
            .await;
        assert_eq!(code(refused.expect(409)), "slot_taken");
    });
}

#[test]
fn a_time_that_is_asked_for_cannot_be_hidden_and_stays_as_it_was_asked_for() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        let made = offer(&mut farah, &hours, &json!({})).await;
        let one = format!("/api/v1/me/offers/{}", made["id"].as_str().unwrap());
        let mut aina = stage.person("Aina Yusof").await;
        let slot = listed(&mut aina).await[0].clone();
        let ask = json!({"slot_ids": [slot["id"]]});
        let asked = aina.call("POST", "/api/v1/requests", &ask).await;
        asked.expect(201);
        let own = format!(
            "/api/v1/me/slots/{}/visibility",
            slot["id"].as_str().unwrap()
        );
        let hidden = farah.call("POST", &own, &json!({"visible": false})).await;
        hidden.expect(404);
        // Whoever asks after a change of its terms cannot have what the other one asked for.
        let change = json!({"public_note": "Bring your own camera.", "version": 1});
        farah.call("PATCH", &one, &change).await.expect(200);
        let mut mei = stage.person("Mei Lin").await;
        let refused = mei.call("POST", "/api/v1/requests", &ask).await;
        assert_eq!(code(refused.expect(409)), "slot_taken");
        // The page no longer offers to confirm what was asked for on former terms.
        let open = farah
            .call("GET", "/api/v1/requests?as=provider", &Value::Null)
            .await;
        assert_eq!(open.json()["items"][0]["slots"][0]["is_open"], false);
    });
}

#[test]
fn a_late_share_is_not_owed_for_a_time_that_somebody_else_took_in_another_length() {
    on_default(&async |stage: &Stage<'_>| {
        run(
            stage,
            sql!("UPDATE booking_setting SET late_refund_bps = 5000, notice_minutes = 0"),
        )
        .await;
        let mut farah = provider(stage).await;
        run(stage, sql!("UPDATE provider SET payout_minor = 12500")).await;
        let hours = tuesdays(&mut farah).await;
        let lengths = json!([{"minutes": 60, "price_minor": 18_000},
            {"minutes": 30, "price_minor": 9_000}]);
        let offered = json!({"lengths": lengths, "min_notice": 0});
        offer(&mut farah, &hours, &offered).await;
        run(stage, sql!("UPDATE provider SET payout_minor = 12500")).await;
        let mut aina = stage.person("Aina Yusof").await;
        let all = listed(&mut aina).await;
        let is_long = |one: &&Value| one["price_minor"] == 18_000;
        let (pay, booking) = aina.hold(all.iter().find(is_long).unwrap()).await;
        aina.pay(&pay, "pay").await.expect(200);
        go_to(stage, "2026-11-23T20:00:00Z").await;
        aina.cancel(&booking).await.expect(303);
        let mut mei = stage.person("Mei Lin").await;
        let short = listed(&mut mei).await;
        let short = short
            .iter()
            .find(|one| one["price_minor"] == 9_000)
            .unwrap();
        let (pay, _) = mei.hold(short).await;
        mei.pay(&pay, "pay").await.expect(200);
        go_to(stage, "2026-11-24T12:00:00Z").await;
        let owed = sql!("SELECT COUNT(*) FROM payout_item");
        assert_eq!(count(stage, owed).await, 1);
    });
}

#[test]
fn nothing_is_booked_at_another_price_or_in_hours_that_have_changed() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        let priced = json!({"lengths": [{"minutes": 60, "price_minor": 18_000}]});
        let made = offer(&mut farah, &hours, &priced).await;
        let mut aina = stage.person("Aina Yusof").await;
        let seen = listed(&mut aina).await;
        let one = format!("/api/v1/me/offers/{}", made["id"].as_str().unwrap());
        let dearer = json!({"lengths": [{"minutes": 60, "price_minor": 20_000}], "version": 1});
        farah.call("PATCH", &one, &dearer).await.expect(200);
        let path = format!("/book/{}", seen[0]["id"].as_str().unwrap());
        let refused = book(&mut aina, &seen[0]).await;
        assert_eq!(code(refused.expect(409)), "slot_changed");
        assert_eq!(refused.json()["current"]["price_minor"], 20_000);

        // With the new price it is held; the hours change while it is.
        let (pay, booking) = aina.hold(&seen[0]).await;
        let closed = json!({"week": [], "version": 1});
        let own = format!("/api/v1/me/schedules/{hours}");
        farah.call("PATCH", &own, &closed).await.expect(200);
        let refused = book(&mut aina, &seen[1]).await;
        assert_eq!(code(refused.expect(409)), "slot_changed");
        let now = json!({"id": seen[1]["id"], "version": 2});
        let refused = aina
            .call(
                "POST",
                BOOKINGS,
                &json!({"slot_id": now["id"], "slot_version": 2}),
            )
            .await;
        assert!(
            [403, 409].contains(&refused.status.as_u16()),
            "{}",
            refused.body
        );
        // What is held stays, and is paid.
        aina.pay(&pay, "pay").await.expect(200);
        let coming = aina.coming().await;
        assert_eq!(coming["state"], "confirmed");
        assert_eq!(coming["starts_at"], seen[0]["starts_at"]);
        assert!(booking.contains(coming["id"].as_str().unwrap()));
        let page = aina.browser.get(&path).await;
        page.expect(303);
    });
}

#[test]
fn a_providers_first_page_counts_the_times_that_hours_leave_free() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        farah.offer("2026-11-25", "09:00", 0).await;
        let hours = tuesdays(&mut farah).await;
        let made = offer(&mut farah, &hours, &json!({})).await;
        let page = farah.browser.get("/me").await;
        let text = page.expect(200).text();
        assert!(text.contains("All 10"), "{text}");
        let one = format!("/me/offers/{}", made["id"].as_str().unwrap());
        let links = page.links().into_iter().filter(|link| link.href == one);
        assert_eq!(links.count(), 2);
    });
}

#[test]
fn a_computed_time_asks_what_its_offer_leaves_open() {
    on_default(&async |stage: &Stage<'_>| {
        let siti = stage.person_as("Siti Admin", ADMIN).await;
        for code in ["call", "talk"] {
            let kind = json!({"code": code, "label": code});
            let path = "/api/v1/admin/session-types";
            let made = call_as_script(stage, &siti, "POST", path, &kind).await;
            made.expect(201);
        }
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        let both = json!({"session_types": ["call", "talk"]});
        offer(&mut farah, &hours, &both).await;
        let mut aina = stage.person("Aina Yusof").await;
        let slot = listed(&mut aina).await[0].clone();
        let path = format!("/book/{}", slot["id"].as_str().unwrap());
        let page = aina.browser.get(&path).await;
        let mut form = page.expect(200).form(&path);
        let refused = aina.browser.submit(&page, &form).await;
        let said = stage.say("problem-choice-not-offered");
        assert!(refused.expect(422).text().contains(&said));
        form.fill("session_type", "talk");
        aina.browser.submit(&page, &form).await.expect(303);
        assert_eq!(aina.coming().await["session_type"], "talk");
    });
}

#[test]
fn a_request_takes_its_times_from_the_calendars_of_sessions() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        offer(&mut farah, &hours, &json!({})).await;
        let mut daniel = stage.person_as("Daniel Tan", PROVIDER).await;
        let hours = tuesdays(&mut daniel).await;
        let class = json!({"title": "Pottery", "seats": 3});
        offer(&mut daniel, &hours, &class).await;
        stage.work().await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut form = aina.browser.get("/me/requests/new").await.with(200);
        let send = "/me/requests/new";
        assert!(form.forms().iter().all(|form| form.action != send));
        assert!(!form.text().contains("Pottery"), "nobody asks for a class");
        for number in 1..=2 {
            let calendar = form.link("Lesson").href;
            let calendar = aina.browser.get(&calendar).await.with(200);
            assert_eq!(calendar.link("Back to the request").href, form.address);
            let links = calendar.links().into_iter().map(|link| link.href);
            let times: Vec<String> = links.filter(|href| href.contains("slot_1=")).collect();
            // The link back is one, and those that are chosen lead there too.
            let mut new = times.iter().rev();
            let new = new.find(|href| **href != form.address).unwrap();
            form = aina.browser.get(new).await.with(200);
            let chosen = form.form(send);
            assert!(
                chosen
                    .value(&format!("slot_{number}"))
                    .is_some_and(|id| id.len() == 36)
            );
            assert!(chosen.value(&format!("slot_{}", number + 1)).is_none());
        }
        assert!(!form.links().iter().any(|link| link.text == "Lesson"));
        let ids = form.address.split_once('?').unwrap().1.to_owned();
        let mut ids: Vec<&str> = ids.split('&').map(|pair| &pair[7..]).collect();
        let full = format!("/book/s/lesson?ask={}", ids.join(","));
        aina.browser.get(&full).await.expect(404);
        let of_class = format!("/book/s/pottery?ask={}", ids[0]);
        aina.browser.get(&of_class).await.expect(404);
        let sent = form.form(send);
        aina.browser.submit(&form, &sent).await.expect(303);
        let made = requests::own(&mut aina).await[0]["slots"].clone();
        let asked = made.as_array().unwrap().iter();
        let mut asked: Vec<&str> = asked.map(|one| one["slot_id"].as_str().unwrap()).collect();
        asked.sort_unstable();
        ids.sort_unstable();
        assert_eq!(asked, ids);
    });
}
