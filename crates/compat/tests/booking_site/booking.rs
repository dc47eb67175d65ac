//! Tests of browsing, booking and cancelling.

use jiff::SignedDuration;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::{Stage, errors};

use crate::stage::{buy, member, mentor, offer, on_default, user};

const BROWSE: &str = "/api/mentee/slots/browse";
const BOOKINGS: &str = "/api/mentee/bookings";

#[test]
fn slots_are_browsed_in_the_provider_s_local_time_and_page_by_page() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, mut mei) = (mentor(stage).await, member(stage).await);
        let late = offer(&mut farah, "2026-12-02", 0).await;
        let first = offer(&mut farah, "2026-12-01", 0).await;
        let all = mei.get(BROWSE).await;
        assert_eq!((&all[0]["id"], &all[1]["id"]), (&first["id"], &late["id"]));
        let one = &all[0];
        assert_eq!(
            (&one["date"], &one["start_time"], &one["end_time"]),
            (&json!("2026-12-01"), &json!("22:30"), &json!("23:30"))
        );
        assert_eq!(one["starts_at"], "2026-12-01T17:00:00Z");
        assert_eq!(one["preparation_notes"], "Bring a laptop");
        for name in [
            "interview_types",
            "experience_levels",
            "company_specializations",
        ] {
            assert_eq!(one[name], json!([]), "{name}");
        }
        let page = mei.front.get(&format!("{BROWSE}?limit=1")).await.with(200);
        assert_eq!(page.json().as_array().unwrap().len(), 1);
        let link = page.header("link");
        let next = link
            .strip_prefix('<')
            .unwrap()
            .strip_suffix(">; rel=\"next\"")
            .unwrap();
        let second = mei.front.get(next).await.with(200);
        assert_eq!(
            (&second.json()[0]["id"], second.header("link")),
            (&late["id"], "")
        );
        let day = format!("{BROWSE}?date_from=2026-12-02&date_to=2026-12-02");
        assert_eq!(mei.get(&day).await.as_array().unwrap().len(), 1);
        let refused = mei
            .front
            .get(&format!("{BROWSE}?company_id=nobody"))
            .await
            .with(422);
        assert_eq!(errors(&refused)[0].0, "/company_id");
    });
}

#[test]
fn what_is_hidden_until_booking_is_nowhere_in_the_answers() {
    on_default(&async |stage: &Stage<'_>| {
        let change = |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
            tx.run(
                sql!("UPDATE booking_setting SET reveal = 'after_booking'"),
                &[],
                Rows::Exactly(1),
            )
        };
        stage.world.store().write(change).await.unwrap();
        let mut farah = mentor(stage).await;
        let slot = offer(&mut farah, "2026-12-01", 0).await;
        let mut mei = member(stage).await;
        buy(stage, &mut mei, 1).await;
        let name = "farah";
        for path in [BROWSE, "/api/available-slots"] {
            let said = mei.get(path).await;
            assert_eq!(said.as_array().unwrap().len(), 1, "{path}");
            let said = said.to_string().to_lowercase();
            for hidden in [name, "veranda", farah.id.as_str()] {
                assert!(!said.contains(hidden), "{path}: {said}");
            }
        }
        let body = json!({"preferred_slots": [slot["id"]], "focus_areas": ["Caches"]});
        let asked = mei.call("POST", "/api/mentee/booking-request", body).await;
        assert_eq!(asked.json()["topics"], json!(["Caches"]));
        let asked = asked.with(201).body.to_lowercase();
        assert!(
            !asked.contains(name) && !asked.contains("veranda"),
            "{asked}"
        );
        let booked = mei
            .call(
                "POST",
                BOOKINGS,
                json!({"slot_id": slot["id"], "topics": "Caches, queues"}),
            )
            .await;
        let booked = booked.with(201).json();
        assert_eq!(booked["topics"], json!(["Caches", "queues"]));
        assert_eq!(booked["meeting_link"], "https://meet.jit.si/Veranda");
        assert!(
            !booked["mentor_name"].as_str().unwrap().is_empty(),
            "{booked}"
        );
    });
}

#[test]
fn a_credit_books_a_slot_and_cancelling_gives_it_back() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, mut mei) = (mentor(stage).await, member(stage).await);
        let slot = offer(&mut farah, "2026-12-01", 0).await;
        let wish = json!({"slot_id": slot["id"], "additional_notes": "Graphs, please"});
        mei.refused("POST", BOOKINGS, wish.clone(), (422, "quota_exhausted"))
            .await;
        buy(stage, &mut mei, 1).await;
        let booked = mei
            .call("POST", BOOKINGS, wish.clone())
            .await
            .with(201)
            .json();
        assert_eq!(
            (
                &booked["status"],
                &booked["additional_notes"],
                &booked["order_id"]
            ),
            (&json!("confirmed"), &json!("Graphs, please"), &Value::Null)
        );
        // The same request again, at once and much later, is the same booking.
        let again = mei
            .call("POST", BOOKINGS, wish.clone())
            .await
            .with(201)
            .json();
        assert_eq!(again, booked);
        stage.world.clock.advance(SignedDuration::from_mins(5));
        let again = mei
            .call("POST", BOOKINGS, wish.clone())
            .await
            .with(201)
            .json();
        assert_eq!(again["id"], booked["id"]);
        let mut aina = user(stage, "aina", None).await;
        aina.refused("POST", BOOKINGS, wish.clone(), (409, "slot_taken"))
            .await;
        farah
            .refused("POST", BOOKINGS, wish.clone(), (403, "own_slot"))
            .await;

        let own = mei.get(BOOKINGS).await;
        assert_eq!(own["upcoming"][0]["id"], booked["id"]);
        assert_eq!(own["past"], json!([]));
        let asked = farah.get("/api/mentor/bookings").await;
        let one = &asked["upcoming"][0];
        assert_eq!(
            (&one["id"], one["mentee_name"].is_string()),
            (&booked["id"], true)
        );
        mei.refused(
            "GET",
            "/api/mentor/bookings",
            Value::Null,
            (403, "role_required"),
        )
        .await;

        let path = format!("{BOOKINGS}/{}", booked["id"].as_str().unwrap());
        for other in [&mut aina, &mut farah] {
            other
                .refused("DELETE", &path, Value::Null, (404, "not_found"))
                .await;
        }
        let cancelled = mei
            .call("DELETE", &path, Value::Null)
            .await
            .with(200)
            .json();
        assert_eq!(cancelled["booking"]["status"], "cancelled");
        let own = mei.get(BOOKINGS).await;
        assert_eq!(
            (&own["upcoming"], &own["past"][0]["id"]),
            (&json!([]), &booked["id"])
        );
        // The credit is back.
        stage.world.clock.advance(SignedDuration::from_mins(5));
        let anew = mei.call("POST", BOOKINGS, wish).await.with(201).json();
        assert_ne!(anew["id"], booked["id"]);
    });
}

#[test]
fn a_priced_slot_is_held_until_it_is_paid() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, mut mei) = (mentor(stage).await, member(stage).await);
        let slot = offer(&mut farah, "2026-12-01", 10_000).await;
        // The member cannot set a price.
        let wish = json!({"slot_id": slot["id"], "amount": 1, "price_minor": 1});
        let booked = mei.call("POST", BOOKINGS, wish).await.with(201).json();
        assert_eq!(booked["status"], "pending_payment");
        assert_eq!(booked["meeting_link"], "");
        let order = booked["order_id"].as_str().unwrap();
        assert_eq!(booked["payment_url"], format!("/pay/{order}"));
        assert_eq!(farah.get("/api/mentor/slots").await[0]["status"], "booked");
        let old = json!({"slot_id": slot["id"], "slot_version": 7});
        let other = offer(&mut farah, "2026-12-03", 0).await;
        let old = json!({"slot_id": other["id"], "slot_version": old["slot_version"]});
        mei.refused("POST", BOOKINGS, old, (409, "slot_changed"))
            .await;
    });
}
