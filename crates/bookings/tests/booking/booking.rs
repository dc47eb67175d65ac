//! Tests of booking free sessions.

use bookings::booking::State;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::stage::{Booking, Stage, on_default, provider, state};

#[test]
fn somebody_books_both_see_it_and_it_is_cancelled() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        let list = aina.browser.get("/book?from=2026-12-01").await;
        let link = format!("/book/{}", slot["id"].as_str().unwrap());
        assert!(list.links().iter().any(|one| one.href == link));
        let booked = aina.book(&slot).await;
        let booked = aina.browser.follow(booked).await;
        let text = booked.expect(200).text();
        assert!(text.contains(&stage.say("booking-was-booked")), "{text}");
        assert!(text.contains("https://meet.jit.si/Veranda"), "{text}");
        let week = farah.browser.get("/me/slots?from=2026-12-01").await;
        assert!(week.expect(200).text().contains("Aina Yusof"));
        let text = farah.browser.get("/me/slots/bookings").await.text();
        assert!(text.contains("Aina Yusof"), "{text}");
        // Member and provider each get a mail with a calendar file.
        let mails = stage.world.mails().await;
        for address in ["Aina.Yusof@example.my", "Farah.Ali@example.my"] {
            assert!(
                mails.iter().any(|mail| mail.recipient == address),
                "{address}"
            );
        }
        let booking = aina.coming().await;
        let id = booking["id"].as_str().unwrap();
        let file = aina
            .browser
            .get(&format!("/me/bookings/{id}/calendar.ics"))
            .await;
        let file = file.expect(200).text();
        assert!(
            file.contains("DTSTART;TZID=Asia/Kuala_Lumpur:20261201T090000"),
            "{file}"
        );
        // For other members, the booking does not exist.
        let mut other = stage.person("Daniel Tan").await;
        other
            .browser
            .get(&format!("/me/bookings/{id}"))
            .await
            .expect(404);
        let at = format!("/api/v1/bookings/{id}");
        other.call("GET", &at, &Value::Null).await.expect(404);
        let done = aina.cancel(&format!("/me/bookings/{id}")).await;
        done.expect(303);
        assert_eq!(state(stage, id).await, State::Cancelled);
        stage.visitor().get(&link).await.expect(200);
        // A second cancellation changes nothing.
        let again = aina.call("POST", &format!("{at}/cancel"), &json!({})).await;
        assert_eq!(again.expect(200).json()["state"], "cancelled");
    });
}

#[test]
fn who_may_not_book_is_told_why() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let paid = farah.offer("2026-12-02", "09:00", 5_000).await;
        let same = farah.offer("2026-12-03", "09:00", 0).await;
        let mut daniel = stage
            .person_as("Daniel Tan", bookings::provider::PROVIDER)
            .await;
        let beside = daniel.offer("2026-12-01", "09:30", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        let body = |slot: &Value| json!({"slot_id": slot["id"], "slot_version": slot["version"]});
        let path = "/api/v1/bookings";
        let page = farah.call("POST", path, &body(&slot)).await;
        assert_eq!(page.expect(403).json()["code"], "own_slot");
        let page = aina.call("POST", path, &body(&paid)).await;
        assert_eq!(page.expect(403).json()["code"], "token_not_permitted");
        aina.call("POST", path, &body(&slot)).await.expect(201);
        let page = daniel.call("POST", path, &body(&slot)).await;
        assert_eq!(page.expect(409).json()["code"], "slot_taken");
        assert_eq!(page.json()["alternatives"][0], beside["id"]);
        let page = aina.call("POST", path, &body(&beside)).await;
        assert_eq!(page.expect(409).json()["code"], "member_busy");
        // The slot begins in less than two hours, which is the provider's minimum notice.
        let until: jiff::Timestamp = "2026-12-02T23:30:00Z".parse().unwrap();
        let now = stage.site.clock.now();
        stage.world.clock.advance(until.duration_since(now));
        let page = aina.call("POST", path, &body(&same)).await;
        assert_eq!(page.expect(409).json()["code"], "slot_taken");
        stage.work().await;
    });
}

#[test]
fn it_is_moved_until_a_day_before_and_cancelled_later_as_the_page_says() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-11-24", "09:00", 0).await;
        let other = farah.offer("2026-11-24", "12:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        let booking = aina.coming().await;
        let at = format!(
            "/api/v1/bookings/{}/cancel",
            booking["id"].as_str().unwrap()
        );
        let deadline: jiff::Timestamp = "2026-11-23T01:00:00Z".parse().unwrap();
        let now = stage.site.clock.now();
        stage.world.clock.advance(deadline.duration_since(now));
        // Exactly 24 hours before the start, the member can still cancel.
        aina.call("POST", &at, &json!({})).await.expect(200);
        aina.book(&slot).await.expect(303);
        let booking = aina.coming().await;
        let path = format!("/me/bookings/{}", booking["id"].as_str().unwrap());
        let opened = aina.browser.get(&path).await;
        let form = opened.expect(200).form(&format!("{path}/cancel"));
        let at = format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap());
        stage.world.clock.advance(SignedDuration::from_millis(1));
        // A page that was opened in time asks what is true now.
        let changed = "Nothing is cancelled yet.";
        let page = aina.browser.submit(&opened, &form).await;
        assert!(!page.text().contains(changed), "{}", page.text());
        let mut in_time = page.expect(200).form(&format!("{path}/cancel"));
        in_time.fill("late", "");
        let again = aina.browser.submit(&page, &in_time).await;
        assert!(
            again.expect(200).text().contains(changed),
            "{}",
            again.text()
        );
        assert_eq!(
            page.expect(200)
                .form(&format!("{path}/cancel"))
                .value("late"),
            Some("1")
        );
        let move_to = json!({"slot_id": other["id"], "slot_version": other["version"]});
        let page = aina
            .call("POST", &format!("{at}/reschedule"), &move_to)
            .await;
        assert_eq!(page.expect(422).json()["code"], "cancel_window_closed");
        assert_eq!(page.json()["hours_left"], 23);
        // The provider can cancel until the start. The slot is then not offered again.
        let reason = json!({"reason": "Fever"});
        let page = farah.call("POST", &format!("{at}/cancel"), &reason).await;
        assert_eq!(page.expect(200).json()["cancelled_by"], "provider");
        let open = format!("/book/{}", slot["id"].as_str().unwrap());
        stage.visitor().get(&open).await.expect(404);
    });
}

#[test]
fn a_session_is_over_two_hours_after_its_end() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-11-24", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        let booking = aina.coming().await;
        let end: jiff::Timestamp = "2026-11-24T04:00:00Z".parse().unwrap();
        let now = stage.site.clock.now();
        stage.world.clock.advance(end.duration_since(now));
        stage.work().await;
        assert_eq!(
            state(stage, booking["id"].as_str().unwrap()).await,
            State::Completed
        );
        aina.sees("/me/bookings", &stage.say("booking-completed"))
            .await;
    });
}

#[test]
fn a_member_in_another_zone_reads_both_times() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        farah.zone("Europe/London").await;
        let slot = farah.offer("2026-11-24", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        let booked = aina.book(&slot).await;
        let text = aina.browser.follow(booked).await.text();
        assert!(text.contains("For the provider"), "{text}");
        assert!(text.contains("London"), "{text}");
    });
}

#[test]
fn a_provider_without_bookings_finds_the_free_times_on_the_first_page() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        farah.offer("2026-11-24", "09:00", 0).await;
        let text = farah.browser.get("/me").await.text();
        assert!(text.contains("Calendar"), "{text}");
        assert!(text.contains("Portrait on the veranda"), "{text}");
    });
}

#[test]
fn the_week_names_who_came() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-11-24", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        let until: jiff::Timestamp = "2026-11-24T02:30:00Z".parse().unwrap();
        let now = stage.site.clock.now();
        stage.world.clock.advance(until.duration_since(now));
        let week = farah.browser.get("/me/slots?from=2026-11-24").await;
        assert!(week.expect(200).text().contains("Aina Yusof"));
    });
}
