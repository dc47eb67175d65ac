//! Tests of replacing the link of one session.

use bookings::provider::PROVIDER;
use identity::grant::OWNER;
use platform::sql;
use serde_json::{Value, json};
use testkit::Page;

use crate::stage::{Booking, Person, Stage, go_to, on_default, provider, rows, script, wrong};

const NEW: &str = "https://meet.jit.si/Another";

async fn put(person: &mut Person, id: &str, link: &str) -> Page {
    let path = format!("/api/v1/bookings/{id}/link");
    person.call("PUT", &path, &json!({"link": link})).await
}

/// The recipients of mails about a new link, whose calendar file has this revision.
async fn told(stage: &Stage<'_>, revision: i64) -> Vec<String> {
    let mails: Vec<(String, String, Option<String>)> =
        rows(stage, sql!("SELECT recipient, subject, calendar FROM mail")).await;
    let subject = stage.start("booking-mail-link");
    let sequence = format!("SEQUENCE:{revision}\r\n");
    let told = mails.into_iter().filter(|(_, about, file)| {
        let file = file.as_deref().unwrap_or_default();
        let is_revision = file.contains(&sequence) && file.contains("METHOD:REQUEST");
        about.starts_with(&subject) && is_revision
    });
    let mut all: Vec<String> = told.map(|(recipient, ..)| recipient).collect();
    all.sort();
    all
}

#[test]
fn a_provider_replaces_the_link_of_a_session_and_both_sides_are_told() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        let booking = aina.coming().await;
        let id = booking["id"].as_str().unwrap();
        put(&mut aina, id, NEW).await.expect(403);
        let mut other = stage.person_as("Daniel Tan", PROVIDER).await;
        put(&mut other, id, NEW).await.expect(404);
        for wrong in ["", "http://meet.jit.si/Another", "https://evil.example/x"] {
            put(&mut farah, id, wrong).await.expect(422);
        }
        let path = format!("/me/bookings/{id}");
        let page = farah.browser.get(&path).await;
        let mut form = page.expect(200).form(&format!("{path}/link"));
        form.fill("link", NEW);
        let led = farah.browser.submit(&page, &form).await;
        let page = farah.browser.follow(led).await;
        let said = stage.say("booking-link-was-replaced");
        assert!(page.expect(200).text().contains(&said));
        assert_eq!(aina.coming().await["location"], NEW);
        let both = ["Aina.Yusof@example.my", "Farah.Ali@example.my"];
        assert_eq!(told(stage, 1).await, both);
        // The same link again is no change. Another one is.
        let same = put(&mut farah, id, NEW).await;
        assert_eq!(same.expect(200).json()["location"], NEW);
        assert_eq!(told(stage, 2).await, [""; 0]);
        put(&mut farah, id, "https://zoom.us/j/1").await.expect(200);
        assert_eq!(told(stage, 2).await, both);
        // Reminders of the earlier revision are not sent, and those of this one are.
        go_to(stage, "2026-11-30T02:00:00Z").await;
        let mails = stage.world.mails().await.into_iter();
        let reminders = mails.filter(|mail| mail.subject.starts_with("Tomorrow: "));
        assert_eq!(reminders.count(), 2);
        go_to(stage, "2026-12-01T02:30:00Z").await;
        put(&mut farah, id, NEW).await.expect(409);
    });
}

#[test]
fn a_room_that_does_not_work_is_released_when_its_session_gets_a_link() {
    on_default(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        let body = json!({"name": "Room 1", "url": "https://meet.jit.si/Room1"});
        let mut own = script(stage, &owner);
        own.call("POST".parse().unwrap(), "/api/v1/admin/rooms", &body)
            .await
            .expect(201);
        let mut farah = provider(stage).await;
        let mut slots = Vec::new();
        for (title, place, area) in [
            ("Mentoring", "room_pool", ""),
            ("Portrait", "in_person", "Ipoh"),
        ] {
            let body = json!({
                "date": if area.is_empty() { "2026-12-01" } else { "2026-12-02" },
                "time": "09:00", "minutes": 60, "title": title, "location_kind": place,
                "area": area, "location": if area.is_empty() { "" } else { "12 Jalan Duta" },
            });
            let page = farah.call("POST", "/api/v1/me/slots", &body).await;
            slots.push(page.expect(201).json());
        }
        let mut aina = stage.person("Aina Yusof").await;
        let mut ids = Vec::new();
        for slot in &slots {
            let body = json!({"slot_id": slot["id"], "slot_version": slot["version"]});
            let booked = aina.call("POST", "/api/v1/bookings", &body).await;
            let booked: Value = booked.expect(201).json();
            ids.push(booked["id"].as_str().unwrap().to_owned());
        }
        let replaced = put(&mut farah, &ids[0], NEW).await;
        assert_eq!(replaced.expect(200).json()["location"], NEW);
        assert_eq!(wrong(stage).await, [""; 0]);
        let refused = put(&mut farah, &ids[1], NEW).await;
        assert_eq!(
            refused.expect(422).json()["errors"][0]["code"],
            "location_invalid"
        );
    });
}
