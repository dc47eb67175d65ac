//! Tests of what a refused or repeated booking is answered, and why.

use serde_json::{Value, json};
use testkit::Visitor;

use crate::catalogue::send;
use crate::stage::{Booking, Stage, on_default, provider, script};

const BOOKINGS: &str = "/api/v1/bookings";

fn wish(slot: &Value) -> Value {
    json!({"slot_id": slot["id"], "slot_version": slot["version"]})
}

#[test]
fn a_booking_that_is_there_is_answered_and_not_made_again() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        let one = aina.call("POST", BOOKINGS, &wish(&slot)).await;
        let two = aina.call("POST", BOOKINGS, &wish(&slot)).await;
        assert_eq!(one.expect(201).json(), two.expect(200).json());
        aina.coming().await;
    });
}

#[test]
fn who_is_too_late_reads_of_other_times() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let mut others = Vec::new();
        for day in ["2026-12-02", "2026-12-03", "2026-12-04", "2026-12-05"] {
            others.push(farah.offer(day, "09:00", 0).await["id"].clone());
        }
        let mut aina = stage.person("Aina Yusof").await;
        let mut daniel = stage.person("Daniel Tan").await;
        aina.call("POST", BOOKINGS, &wish(&slot)).await.expect(201);
        let late = daniel.call("POST", BOOKINGS, &wish(&slot)).await;
        let late = late.expect(409).json();
        assert_eq!(late["code"], "slot_taken");
        assert_eq!(late["alternatives"], json!(others[..3]));
        let page = format!("/book/{}", slot["id"].as_str().unwrap());
        let page = daniel.browser.get(&page).await;
        let links = page.expect(200).links();
        for other in &others[..3] {
            let link = format!("/book/{}", other.as_str().unwrap());
            assert!(links.iter().any(|one| one.href == link), "{link}");
        }
    });
}

#[test]
fn nobody_is_bound_to_what_has_changed() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let other = farah.offer("2026-12-02", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        let without = json!({"slot_id": slot["id"]});
        let page = aina.call("POST", BOOKINGS, &without).await;
        assert_eq!(page.expect(428).json()["code"], "version_required");
        let stale = json!({"slot_id": slot["id"], "slot_version": 7});
        let page = aina.call("POST", BOOKINGS, &stale).await;
        let page = page.expect(409).json();
        assert_eq!(page["code"], "slot_changed");
        for name in ["starts_at", "ends_at", "price_minor", "currency", "version"] {
            assert_eq!(page["current"][name], slot[name], "{name}");
        }
        // The version may come as a header.
        let mut own: Visitor = script(stage, &aina);
        own.header("if-match", "\"7\"");
        let page = send(&mut own, "POST", BOOKINGS, &without).await;
        assert_eq!(page.expect(409).json()["code"], "slot_changed");
        let mut own: Visitor = script(stage, &aina);
        own.header("if-match", &format!("\"{}\"", slot["version"]));
        let booking = send(&mut own, "POST", BOOKINGS, &without).await;
        let booking = booking.expect(201).json();
        let path = format!("{BOOKINGS}/{}/reschedule", booking["id"].as_str().unwrap());
        let without = json!({"slot_id": other["id"]});
        let page = aina.call("POST", &path, &without).await;
        assert_eq!(page.expect(428).json()["code"], "version_required");
        aina.call("POST", &path, &wish(&other)).await.expect(200);
    });
}

#[test]
fn a_token_reads_the_calendar_file_of_its_owners_bookings() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let priced = farah.offer("2026-12-02", "09:00", 5_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let booked = aina.call("POST", BOOKINGS, &wish(&slot)).await;
        let id = booked.expect(201).json()["id"].as_str().unwrap().to_owned();
        let path = format!("{BOOKINGS}/{id}/calendar.ics");
        let file = aina.call("GET", &path, &Value::Null).await;
        assert!(
            file.expect(200)
                .header("content-type")
                .starts_with("text/calendar;")
        );
        let page = aina
            .browser
            .get(&format!("/me/bookings/{id}/calendar.ics"))
            .await;
        assert_eq!(file.body, page.expect(200).body);
        let mut daniel = stage.person("Daniel Tan").await;
        daniel.call("GET", &path, &Value::Null).await.expect(404);
        stage.visitor().get(&path).await.expect(401);
        // What is only held is in no calendar.
        let (_, held) = aina.hold(&priced).await;
        let held = held.trim_start_matches("/me/bookings/");
        let path = format!("{BOOKINGS}/{held}/calendar.ics");
        aina.call("GET", &path, &Value::Null).await.expect(404);
    });
}
