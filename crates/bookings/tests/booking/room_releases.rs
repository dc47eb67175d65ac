//! Tests of rooms that administrators release by hand.

use bookings::booking::State;
use bookings::provider::PROVIDER;
use identity::grant::OWNER;
use platform::sql;
use serde_json::{Value, json};
use testkit::{Page, Visitor};

use crate::rooms::{add_rooms, book, offer};
use crate::stage::{Stage, count, go_to, on_default, prove, provider, rows, run, script, state};

async fn release(who: &mut Visitor, booking: &str, reason: &str) -> Page {
    let path = format!("/api/v1/admin/bookings/{booking}/release-room");
    let body = json!({"reason": reason});
    who.call("POST".parse().unwrap(), &path, &body).await
}

#[test]
fn a_room_is_released_with_a_reason_once_its_session_is_over() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        add_rooms(stage, &owner, 1).await;
        let mut farah = provider(stage).await;
        let mut mei = stage.person_as("Mei Lin", PROVIDER).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut daniel = stage.person("Daniel Tan").await;
        let first = offer(&mut farah, "2026-11-24", "09:00", 0).await;
        let next = offer(&mut mei, "2026-11-24", "10:10", 0).await;
        run(stage, sql!("UPDATE provider SET min_notice = 0")).await;
        let booking = book(&mut aina, &first).await.expect(201).json();
        let (id, at) = (booking["id"].as_str().unwrap(), &booking["ends_at"]);
        let page = format!("/me/bookings/{id}");
        let action = format!("{page}/room");
        prove(stage, &mut owner).await;
        let mut admin = script(stage, &owner);
        let early = release(&mut admin, id, "It ended early").await;
        assert_eq!(early.expect(409).json()["code"], "room_in_use");
        let forms = owner.browser.get(&page).await.expect(200).forms();
        assert!(!forms.iter().any(|form| form.action == action));
        go_to(stage, at.as_str().unwrap()).await;
        assert_eq!(state(stage, id).await, State::Confirmed);
        // The room stays free for a while after its session.
        let full = book(&mut daniel, &next).await;
        assert_eq!(full.expect(409).json()["code"], "room_pool_empty");
        prove(stage, &mut aina).await;
        let mut member = script(stage, &aina);
        release(&mut member, id, "It ended early").await.expect(403);
        prove(stage, &mut owner).await;
        let mut admin = script(stage, &owner);
        release(&mut admin, id, "no").await.expect(422);
        let shown = owner.browser.get(&page).await;
        let mut form = shown.expect(200).form(&action);
        form.fill("reason", "It ended early");
        owner.browser.submit(&shown, &form).await.expect(303);
        book(&mut daniel, &next).await.expect(201);
        // A second release, and the one by the session's end, change nothing.
        release(&mut admin, id, "It ended early").await.expect(200);
        let forms = owner.browser.get(&page).await.expect(200).forms();
        assert!(!forms.iter().any(|form| form.action == action));
        let kept: Vec<(String, String)> = rows(
            stage,
            sql!("SELECT state, release_reason FROM room_allocation ORDER BY state"),
        )
        .await;
        let released = ("released".to_owned(), "It ended early".to_owned());
        assert_eq!(kept, [released, ("reserved".to_owned(), String::new())]);
        let lines = sql!("SELECT COUNT(*) FROM audit WHERE action = 'booking.room_released'");
        assert_eq!(count(stage, lines).await, 1);
        go_to(stage, "2026-11-24T12:00:00Z").await;
        assert_eq!(state(stage, id).await, State::Completed);
    });
}

#[test]
fn a_room_that_stayed_with_a_cancelled_booking_is_released() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        add_rooms(stage, &owner, 1).await;
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let slot = offer(&mut farah, "2026-12-01", "09:00", 0).await;
        let booking = book(&mut aina, &slot).await.expect(201).json();
        let id = booking["id"].as_str().unwrap();
        let path = format!("/api/v1/bookings/{id}/cancel");
        aina.call("POST", &path, &Value::Null).await.expect(200);
        run(stage, sql!("UPDATE room_allocation SET state = 'reserved'")).await;
        prove(stage, &mut owner).await;
        let mut admin = script(stage, &owner);
        let done = release(&mut admin, id, "It was cancelled").await;
        assert_eq!(done.expect(200).json()["state"], "cancelled");
        release(&mut admin, "unknown", "It was cancelled")
            .await
            .expect(404);
    });
}
