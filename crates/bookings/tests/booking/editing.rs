//! Tests of changing slots, and of where they must say that people meet.

use bookings::provider::PROVIDER;
use identity::grant::OWNER;
use serde_json::{Value, json};
use testkit::{Form, Page};

use crate::stage::{Booking, Person, Stage, errors, go_to, on_default, prove, provider, script};

fn path_of(slot: &Value) -> String {
    format!("/api/v1/me/slots/{}", slot["id"].as_str().unwrap())
}

async fn edit(person: &mut Person, slot: &Value, change: Value) -> Page {
    let mut body = change;
    if body.get("version").is_none() {
        body["version"] = slot["version"].clone();
    }
    person.call("PATCH", &path_of(slot), &body).await
}

/// Opens the page on which a slot is changed. Returns the page and its form.
async fn form(person: &mut Person, slot: &Value) -> (Page, Form) {
    let path = format!("/me/slots/{}/edit", slot["id"].as_str().unwrap());
    let page = person.browser.get(&path).await;
    let form = page.expect(200).form(&path);
    (page, form)
}

#[test]
fn a_free_time_is_changed_and_what_is_left_out_stays() {
    on_default(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        let mut own = script(stage, &owner);
        let level = json!({"code": "senior", "label": "Senior"});
        let made = own
            .call("POST".parse().unwrap(), "/api/v1/admin/levels", &level)
            .await;
        let level = made.expect(201).json()["id"].as_str().unwrap().to_owned();
        let mut farah = provider(stage).await;
        let body = json!({
            "date": "2026-12-01", "time": "09:00", "minutes": 60, "title": "Portrait",
            "public_note": "Bring a jacket", "prep_note": "Gate 3", "area": "Ipoh",
            "location": "https://meet.jit.si/Veranda", "price_minor": 18_000,
            "levels": ["senior"],
        });
        let made = farah.call("POST", "/api/v1/me/slots", &body).await;
        let slot = made.expect(201).json();
        // What is not offered anew stays with a time that offers it.
        let path = format!("/api/v1/admin/levels/{level}");
        let body = json!({"active": false, "version": 1});
        own.call("PATCH".parse().unwrap(), &path, &body)
            .await
            .expect(200);
        let changed = edit(&mut farah, &slot, json!({"time": "11:30"})).await;
        let changed = changed.expect(200).json();
        assert_eq!(changed["starts_at"], "2026-12-01T03:30:00Z");
        assert_eq!(changed["ends_at"], "2026-12-01T04:30:00Z");
        for name in [
            "title",
            "public_note",
            "prep_note",
            "area",
            "location_secret",
            "price_minor",
            "currency",
            "levels",
            "state",
            "time_zone",
        ] {
            assert_eq!(changed[name], slot[name], "{name}");
        }
        assert_eq!(changed["version"], 2);
        // A change of nothing is none, and a change of what was seen before is refused.
        let same = edit(&mut farah, &changed, json!({"title": "Portrait"})).await;
        assert_eq!(same.expect(200).json()["version"], 2);
        let stale = edit(&mut farah, &slot, json!({"title": "Portraits"})).await;
        assert_eq!(stale.expect(409).json()["code"], "version_conflict");
        let path = path_of(&slot);
        let none = farah.call("PATCH", &path, &json!({"title": "X"})).await;
        none.expect(428);
        // The rules are those of a new time.
        let other = farah.offer("2026-12-02", "09:00", 0).await;
        let over = json!({"date": "2026-12-02", "time": "09:30"});
        let over = edit(&mut farah, &changed, over).await;
        assert_eq!(over.expect(409).json()["slot_id"], other["id"]);
        for (change, code) in [
            (json!({"date": "2026-11-19"}), "slot_in_past"),
            (json!({"minutes": 10}), "slot_too_short"),
            (json!({"title": ""}), "required"),
            (json!({"price_minor": -1}), "out_of_range"),
            (
                json!({"location": "https://evil.example/x"}),
                "link_not_allowed",
            ),
            (json!({"levels": ["unknown"]}), "choice_not_offered"),
        ] {
            let page = edit(&mut farah, &changed, change).await;
            let found = errors(page.expect(422));
            assert!(found.iter().any(|(_, found)| found == code), "{code}");
        }
        edit(&mut farah, &changed, json!({"state": "booked"}))
            .await
            .expect(422);
        let mut daniel = stage.person_as("Daniel Tan", PROVIDER).await;
        edit(&mut daniel, &changed, json!({})).await.expect(404);
        let mut aina = stage.person("Aina Yusof").await;
        edit(&mut aina, &changed, json!({})).await.expect(403);
    });
}

#[test]
fn a_provider_changes_a_free_time_on_its_page() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 18_000).await;
        let (older_page, mut older) = form(&mut farah, &slot).await;
        let (page, mut form) = form(&mut farah, &slot).await;
        assert_eq!(form.value("date"), Some("2026-12-01"));
        assert_eq!(form.value("time"), Some("09:00"));
        assert_eq!(form.value("price"), Some("180.00"));
        form.fill("location", "https://evil.example/x");
        let refused = farah.browser.submit(&page, &form).await;
        let said = [(
            "hosts",
            "meet.google.com, zoom.us, teams.microsoft.com, teams.live.com, meet.jit.si".into(),
        )];
        let said = stage.fill("problem-link-not-allowed", said);
        assert!(refused.expect(422).text().contains(&said));
        form.fill("location", "https://zoom.us/j/1")
            .fill("time", "10:00");
        let led = farah.browser.submit(&page, &form).await;
        let page = farah.browser.follow(led).await;
        assert!(page.expect(200).text().contains(&stage.say("slot-saved")));
        // The page that was opened before shows what was saved meanwhile.
        older.fill("time", "11:00");
        let clash = farah.browser.submit(&older_page, &older).await;
        assert!(clash.expect(409).text().contains("10:00"));
        let page = farah
            .browser
            .get(&format!("/me/slots/{}", slot["id"].as_str().unwrap()))
            .await;
        let text = page.expect(200).text();
        assert!(text.contains("https://zoom.us/j/1"), "{text}");
        let list = "/api/v1/me/slots?from=2026-12-01T00:00:00Z";
        let now = farah.call("GET", list, &Value::Null).await.json();
        assert_eq!(now["items"][0]["starts_at"], "2026-12-01T02:00:00Z");
    });
}

#[test]
fn of_a_booked_time_only_the_note_changes_and_its_member_is_told_once() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let held = farah.offer("2026-12-02", "09:00", 18_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        let booking = aina.coming().await;
        for change in [
            json!({"title": "Other", "version": 2}),
            json!({"prep_note": "Gate 3", "time": "10:00", "version": 2}),
            json!({"price_minor": 100, "version": 2}),
            // The version of before the booking: the booking was quicker.
            json!({"time": "10:00"}),
        ] {
            let page = edit(&mut farah, &slot, change).await;
            assert_eq!(page.expect(409).json()["code"], "slot_locked");
        }
        assert_eq!(aina.coming().await["prep_note"], "");
        let change = json!({"prep_note": "Gate 3", "title": slot["title"], "version": 2});
        let changed = edit(&mut farah, &slot, change).await.expect(200).json();
        assert_eq!(
            (&changed["version"], &changed["state"]),
            (&json!(3), &json!("booked"))
        );
        let stale = edit(
            &mut farah,
            &slot,
            json!({"prep_note": "Gate 4", "version": 2}),
        )
        .await;
        assert_eq!(stale.expect(409).json()["code"], "version_conflict");
        let (page, mut form) = form(&mut farah, &slot).await;
        assert_eq!(form.value("title"), None);
        form.fill("prep_note", "Gate 5");
        farah.browser.submit(&page, &form).await.expect(303);
        assert_eq!(aina.coming().await["prep_note"], "Gate 5");
        go_to(stage, "2026-11-30T00:00:00Z").await;
        let subject = stage.start("booking-mail-note");
        let mails = stage.world.mails().await.into_iter();
        let told = mails.filter(|mail| mail.subject.starts_with(&subject));
        let told: Vec<_> = told.map(|mail| mail.recipient).collect();
        assert_eq!(told, ["Aina.Yusof@example.my"]);
        // A time that is kept for somebody who pays is locked as well.
        prove(stage, &mut aina).await;
        aina.hold(&held).await;
        let version = json!(2);
        let page = edit(
            &mut farah,
            &held,
            json!({"area": "Ipoh", "version": version}),
        )
        .await;
        assert_eq!(page.expect(409).json()["code"], "slot_locked");
        let note = json!({"prep_note": "Gate 6", "version": version});
        edit(&mut farah, &held, note).await.expect(200);
        // Of a session that is over, nothing is changed.
        go_to(stage, "2026-12-01T04:30:00Z").await;
        let note = json!({"prep_note": "Gate 7", "version": 4});
        let page = edit(&mut farah, &slot, note).await;
        assert_eq!(page.expect(409).json()["code"], "slot_locked");
        assert_eq!(booking["slot_id"], slot["id"]);
    });
}

#[test]
fn a_changed_time_drops_out_of_requests_for_it() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        let asked = json!({"slot_ids": [slot["id"]]});
        aina.call("POST", "/api/v1/requests", &asked)
            .await
            .expect(201);
        edit(&mut farah, &slot, json!({})).await.expect(200);
        stage.work().await;
        let all = aina
            .call("GET", "/api/v1/requests", &Value::Null)
            .await
            .json();
        assert_eq!(all["items"][0]["state"], "pending");
        edit(&mut farah, &slot, json!({"time": "10:00"}))
            .await
            .expect(200);
        stage.work().await;
        let all = aina
            .call("GET", "/api/v1/requests", &Value::Null)
            .await
            .json();
        assert_eq!(all["items"][0]["state"], "lapsed");
    });
}

#[test]
fn a_time_that_the_clock_shows_twice_says_so() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        farah.zone("Europe/London").await;
        // Clocks go back on Sunday, 31 October 2027, from 2:00 to 1:00.
        let slot = farah.offer("2027-10-31", "01:30", 0).await;
        assert_eq!(slot["starts_at"], "2027-10-31T00:30:00Z");
        assert_eq!(slot["occurs_twice"], true);
        let page = format!("/me/slots/{}", slot["id"].as_str().unwrap());
        let text = farah.browser.get(&page).await.text();
        assert!(text.contains(&stage.say("series-twice")), "{text}");
        let moved = edit(&mut farah, &slot, json!({"time": "03:30"})).await;
        assert_eq!(moved.expect(200).json()["occurs_twice"], false);
        let page = farah.browser.get("/me/slots/new").await;
        let mut form = page.form("/me/slots/new");
        form.fill("date", "2027-10-31").fill("time", "01:30");
        let led = farah.browser.submit(&page, &form).await;
        let page = farah.browser.follow(led).await;
        assert!(
            page.expect(200)
                .text()
                .contains(&stage.say("slot-added-twice"))
        );
    });
}

#[test]
fn a_time_says_where_people_meet() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let at = |hour: i64, place: Value| {
            let mut body = place;
            body["date"] = json!("2026-12-01");
            body["time"] = json!(format!("{hour:02}:00"));
            body["minutes"] = json!(60);
            body["title"] = json!("Call");
            body
        };
        let missing = ("/location".to_owned(), "location_required".to_owned());
        for place in [
            json!({}),
            json!({"location_kind": "online_link", "location": " "}),
            json!({"location_kind": "phone"}),
            json!({"location_kind": "phone", "location": "by phone"}),
            json!({"location_kind": "in_person", "area": "Ipoh"}),
        ] {
            let body = at(9, place);
            let page = farah.call("POST", "/api/v1/me/slots", &body).await;
            assert_eq!(
                errors(page.expect(422)),
                std::slice::from_ref(&missing),
                "{body}"
            );
            let series = json!({
                "first_date": "2026-12-01", "weeks": 1, "weekdays": [2], "times": ["09:00"],
                "slot": body,
            });
            let page = farah.call("POST", "/api/v1/me/slots/series", &series).await;
            assert_eq!(
                errors(page.expect(422)),
                std::slice::from_ref(&missing),
                "{series}"
            );
        }
        let mut made = Vec::new();
        for (hour, place) in [
            (9, json!({"location": "https://meet.jit.si/Veranda"})),
            (
                11,
                json!({"location_kind": "phone", "location": "+60 12-345 6789"}),
            ),
            (
                13,
                json!({"location_kind": "in_person", "location": "12 Jalan Duta", "area": "KL"}),
            ),
            (15, json!({"location_kind": "room_pool"})),
        ] {
            let page = farah
                .call("POST", "/api/v1/me/slots", &at(hour, place))
                .await;
            made.push(page.expect(201).json());
        }
        let page = edit(&mut farah, &made[0], json!({"location": ""})).await;
        assert_eq!(errors(page.expect(422)), std::slice::from_ref(&missing));
        let page = edit(&mut farah, &made[3], json!({"location_kind": "phone"})).await;
        assert_eq!(errors(page.expect(422)), [missing]);
        let room = json!({"location_kind": "room_pool", "location": ""});
        edit(&mut farah, &made[0], room).await.expect(200);
    });
}
