//! Tests of requests and their confirmation.

use serde_json::{Value, json};
use testkit::Stage;

use crate::stage::{administrator, buy, member, mentor, offer, on_default, user};
use bookings::provider::PROVIDER;

const ASK: &str = "/api/mentee/booking-request";
const CONFIRM: &str = "/api/mentor/confirm-booking";

#[test]
fn the_slots_owner_confirms_one_of_the_slots() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, mut mei) = (mentor(stage).await, member(stage).await);
        buy(stage, &mut mei, 2).await;
        let (one, two) = (
            offer(&mut farah, "2026-12-01", 0).await,
            offer(&mut farah, "2026-12-02", 0).await,
        );
        let wish = json!({
            "preferred_slots": [two["id"], one["id"]], "additional_notes": "Either",
        });
        let asked = mei.call("POST", ASK, wish.clone()).await.with(201).json();
        let again = mei.call("POST", ASK, wish).await.with(201).json();
        assert_eq!(asked["id"], again["id"], "a double click asks once");
        assert_eq!(
            (&asked["status"], &asked["preferred_slots"][0]["id"]),
            (&json!("pending"), &two["id"])
        );
        assert_eq!(
            mei.get("/api/mentee/booking-requests").await,
            json!([asked])
        );
        let at_farah = farah.get("/api/mentor/booking-requests").await;
        assert_eq!(at_farah[0]["additional_notes"], "Either");
        let path = "/api/mentor/booking-requests";
        mei.refused("GET", path, Value::Null, (403, "role_required"))
            .await;

        // Neither another provider nor the member confirms, nor a member by the administrators' way.
        let confirm = json!({"request_id": asked["id"], "slot_id": one["id"]});
        let mut aina = user(stage, "aina", Some(PROVIDER)).await;
        for other in [&mut aina, &mut mei] {
            other
                .refused("POST", CONFIRM, confirm.clone(), (404, "not_found"))
                .await;
            let path = "/api/admin/confirm-booking";
            other
                .refused("POST", path, confirm.clone(), (403, "forbidden"))
                .await;
        }
        let done = farah
            .call("POST", CONFIRM, confirm.clone())
            .await
            .with(200)
            .json();
        assert_eq!(done["status"], "confirmed");
        let own = mei.get("/api/mentee/bookings").await;
        assert_eq!(own["upcoming"][0]["id"], done["booking_id"]);
        stage
            .world
            .clock
            .advance(jiff::SignedDuration::from_mins(2));
        farah
            .refused("POST", CONFIRM, confirm, (409, "request_settled"))
            .await;
    });
}

#[test]
fn an_administrator_confirms_the_preferred_slot_of_anybody() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, mut mei) = (mentor(stage).await, member(stage).await);
        let mut aisyah = administrator(stage).await;
        buy(stage, &mut mei, 1).await;
        let slot = offer(&mut farah, "2026-12-01", 0).await;
        let wish = json!({"slot_ids": [slot["id"]]});
        let asked = mei.call("POST", ASK, wish).await.with(201).json();
        let confirm = json!({"booking_request_id": asked["id"]});
        let path = "/api/admin/confirm-booking";
        let done = aisyah.call("POST", path, confirm).await.with(200).json();
        assert_eq!(done["status"], "confirmed");
    });
}

#[test]
fn a_member_without_credit_hears_why_nothing_is_confirmed() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, mut mei) = (mentor(stage).await, member(stage).await);
        buy(stage, &mut mei, 1).await;
        let (one, two) = (
            offer(&mut farah, "2026-12-01", 0).await,
            offer(&mut farah, "2026-12-02", 0).await,
        );
        let wish = json!({"preferred_slots": [one["id"]]});
        let asked = mei.call("POST", ASK, wish).await.with(201).json();
        let body = json!({"slot_id": two["id"]});
        mei.call("POST", "/api/mentee/bookings", body)
            .await
            .with(201);
        let confirm = json!({"request_id": asked["id"]});
        farah
            .refused("POST", CONFIRM, confirm, (422, "quota_exhausted"))
            .await;
        let told = mei.get("/api/notifications").await;
        let told = told.as_array().unwrap().iter();
        let about_requests = told.filter(|one| one["link"] == "/me/requests");
        assert_eq!(about_requests.count(), 1);
    });
}
