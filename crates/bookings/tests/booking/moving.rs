//! Tests of moving a booking to another slot.

use serde_json::{Value, json};

use crate::stage::{Booking, Stage, on_default, provider};

#[test]
fn a_paid_booking_moves_with_its_money_and_is_moved_twice_at_most() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut slots = Vec::new();
        for day in ["2026-12-01", "2026-12-02", "2026-12-03", "2026-12-04"] {
            slots.push(farah.offer(day, "09:00", 18_000).await);
        }
        let mut aina = stage.person("Aina Yusof").await;
        let (pay, booking) = aina.hold(&slots[0]).await;
        aina.pay(&pay, "pay").await.expect(200);
        for slot in &slots[1..3] {
            let path = format!("{booking}/move");
            let page = aina.browser.get(&path).await;
            let mut form = page.expect(200).form(&path);
            let value = format!("{} {}", slot["id"].as_str().unwrap(), slot["version"]);
            form.press("slot", &value);
            let done = aina.browser.submit(&page, &form).await;
            done.expect(303);
            let page = aina.browser.follow(done).await;
            assert!(
                page.expect(200)
                    .text()
                    .contains(&stage.say("booking-was-moved"))
            );
        }
        let now = aina.coming().await;
        assert_eq!(now["starts_at"], slots[2]["starts_at"]);
        assert_eq!(now["reschedules"], 2);
        let mut stranger = stage.visitor();
        for (slot, status) in slots.iter().zip([200, 200, 200, 200]) {
            let path = format!("/book/{}", slot["id"].as_str().unwrap());
            stranger.get(&path).await.expect(status);
        }
        let at = format!("/api/v1{}", booking.trim_start_matches("/me"));
        let body = json!({"slot_id": slots[3]["id"], "slot_version": 1});
        // An API token cannot move the booking, because it has a price. The page no longer offers
        // to move it.
        aina.call("POST", &format!("{at}/reschedule"), &body)
            .await
            .expect(403);
        let page = aina.browser.get(&booking).await;
        assert!(!page.links().iter().any(|link| link.href.ends_with("/move")));
    });
}

#[test]
fn it_moves_only_to_the_same_provider_and_price() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut daniel = stage
            .person_as("Daniel Tan", bookings::provider::PROVIDER)
            .await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let dear = farah.offer("2026-12-02", "09:00", 500).await;
        let taken = farah.offer("2026-12-04", "09:00", 0).await;
        let other = daniel.offer("2026-12-03", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        stage.person("Mei Lin").await.book(&taken).await.expect(303);
        let booking = aina.coming().await;
        let at = format!(
            "/api/v1/bookings/{}/reschedule",
            booking["id"].as_str().unwrap()
        );
        for (slot, code) in [
            (&dear, "reschedule_not_allowed"),
            (&other, "reschedule_not_allowed"),
            (&taken, "slot_taken"),
        ] {
            let body = json!({"slot_id": slot["id"], "slot_version": slot["version"]});
            let page = aina.call("POST", &at, &body).await;
            assert_eq!(page.json()["code"], code);
        }
        // The booking still has the old slot.
        let now: Value = aina.coming().await;
        assert_eq!(now["slot_id"], slot["id"]);
    });
}
