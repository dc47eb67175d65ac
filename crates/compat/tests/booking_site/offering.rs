//! Tests of a provider's slots.

use serde_json::{Value, json};
use testkit::{Stage, errors};

use crate::stage::{buy, member, mentor, offer, on_default, slot, user};
use bookings::provider::PROVIDER;

const SLOTS: &str = "/api/mentor/slots";

fn at(slot: &Value) -> String {
    format!("{SLOTS}/{}", slot["id"].as_str().unwrap())
}

#[test]
fn providers_offer_change_hide_and_remove_their_own_slots() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, mut mei) = (mentor(stage).await, member(stage).await);
        let made = offer(&mut farah, "2026-12-01", 0).await;
        assert_eq!(
            (
                &made["status"],
                &made["takes_credit"],
                &made["slot_version"]
            ),
            (&json!("available"), &json!(true), &json!(1))
        );
        let body = slot("2026-12-01", "23:00", 0);
        let short = slot("2026-12-01", "23:15", 0);
        farah
            .refused("POST", SLOTS, body.clone(), (409, "slot_overlap"))
            .await;
        mei.refused("POST", SLOTS, body, (403, "role_required"))
            .await;

        // A change may overlap the slot itself, but no other one.
        let changed = farah.call("PUT", &at(&made), short).await.with(422);
        assert_eq!(
            errors(&changed)[0].0,
            "/end_time",
            "a quarter of an hour is too short"
        );
        let longer = json!({"date": "2026-12-01", "start_time": "22:00", "end_time": "00:30",
            "time_zone": "Asia/Kolkata", "title": "Longer", "slot_version": 1});
        let changed = farah
            .call("PATCH", &at(&made), longer.clone())
            .await
            .with(200)
            .json();
        assert_eq!(
            (
                &changed["id"],
                &changed["slot_version"],
                &changed["ends_at"]
            ),
            (&made["id"], &json!(2), &json!("2026-12-01T19:00:00Z"))
        );
        farah
            .refused("PUT", &at(&made), longer, (409, "version_conflict"))
            .await;
        let other = offer(&mut farah, "2026-12-02", 0).await;
        let clash = slot("2026-12-01", "21:45", 0);
        farah
            .refused("PUT", &at(&other), clash, (409, "slot_overlap"))
            .await;
        let broken = json!({"date": "2026-12-02", "start_time": "9", "end_time": "x"});
        farah
            .refused("PATCH", &at(&other), broken, (422, "validation_failed"))
            .await;

        let mut aina = user(stage, "aina", Some(PROVIDER)).await;
        let body = slot("2026-12-05", "21:00", 0);
        aina.refused("PUT", &at(&made), body, (404, "not_found"))
            .await;
        aina.refused("DELETE", &at(&made), Value::Null, (404, "not_found"))
            .await;

        let path = format!("{}/availability?available=", at(&made));
        let hidden = farah
            .call("PATCH", &format!("{path}false"), Value::Null)
            .await;
        assert_eq!(hidden.with(200).json()["status"], "unavailable");
        assert_eq!(
            mei.get("/api/available-slots")
                .await
                .as_array()
                .unwrap()
                .len(),
            1
        );
        let odd = farah
            .call("PATCH", &format!("{path}perhaps"), Value::Null)
            .await;
        assert_eq!(errors(&odd.with(422))[0].0, "/available");
        farah
            .call("PATCH", &format!("{path}true"), Value::Null)
            .await
            .with(200);
        let gone = farah
            .call("DELETE", &at(&other), Value::Null)
            .await
            .with(200);
        assert_eq!(gone.json(), json!({"success": true}));
        assert_eq!(farah.get(SLOTS).await.as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_booked_slot_stays_as_it_is_and_a_changed_one_drops_out_of_requests() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, mut mei) = (mentor(stage).await, member(stage).await);
        buy(stage, &mut mei, 2).await;
        let (one, two) = (
            offer(&mut farah, "2026-12-01", 0).await,
            offer(&mut farah, "2026-12-02", 0).await,
        );
        let body = json!({"preferred_slots": [one["id"], two["id"]]});
        let asked = mei
            .call("POST", "/api/mentee/booking-request", body)
            .await
            .with(201)
            .json();
        let moved = slot("2026-12-04", "21:00", 0);
        farah.call("PUT", &at(&one), moved.clone()).await.with(200);
        let body = json!({"request_id": asked["id"], "slot_id": one["id"]});
        let confirm = "/api/mentor/confirm-booking";
        farah
            .refused("POST", confirm, body, (422, "preferred_invalid"))
            .await;
        stage.work().await;

        let body = json!({"slot_id": two["id"]});
        mei.call("POST", "/api/mentee/bookings", body)
            .await
            .with(201);
        let moved = slot("2026-12-06", "21:00", 0);
        farah
            .refused("PUT", &at(&two), moved, (409, "slot_locked"))
            .await;
        let path = format!("{}/availability?available=false", at(&two));
        farah
            .refused("PATCH", &path, Value::Null, (409, "slot_locked"))
            .await;
    });
}
