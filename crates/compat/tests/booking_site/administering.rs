//! Tests of the administrators' addresses, and of feedback and payouts.

use bookings::feedback_criterion::Kind;
use jiff::SignedDuration;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::{Stage, errors};

use crate::stage::{administrator, buy, member, mentor, offer, on_default, plan};

#[test]
fn administrators_keep_companies_and_links() {
    on_default(&async |stage: &Stage<'_>| {
        let mut aisyah = administrator(stage).await;
        let path = "/api/admin/companies";
        let body = json!({"name": "Tepi Sungai", "category": "Venue", "description": "A house",
            "interview_tracks": ["Garden", "Hall"], "difficulty_levels": ["Small"],
            "logo_url": "https://cdn.example/river.png"});
        let made = aisyah
            .call("POST", path, body.clone())
            .await
            .with(201)
            .json();
        assert_eq!(
            (&made["id"], &made["is_active"]),
            (&json!("tepi-sungai"), &json!(true))
        );
        let all = stage.visitor().get("/api/companies").await.with(200).json();
        let expected = json!([{
            "id": "tepi-sungai", "name": "Tepi Sungai", "category": "Venue",
            "interview_tracks": ["Garden", "Hall"], "difficulty_levels": ["Small"],
            "description": "A house", "logo_url": "https://cdn.example/river.png",
        }]);
        assert_eq!(all, expected);
        let one = format!("{path}/tepi-sungai");
        let off = json!({"is_active": false});
        let changed = aisyah.call("PUT", &one, off).await.with(200).json();
        assert_eq!(
            (&changed["is_active"], &changed["name"]),
            (&json!(false), &made["name"])
        );
        assert_eq!(
            stage.visitor().get("/api/companies").await.json(),
            json!([])
        );
        aisyah.call("DELETE", &one, Value::Null).await.with(200);
        aisyah
            .refused("DELETE", &one, Value::Null, (404, "not_found"))
            .await;
        let missing = aisyah
            .call("POST", path, json!({"category": "Venue"}))
            .await
            .with(422);
        assert!(
            errors(&missing)
                .iter()
                .any(|(pointer, _)| pointer == "/name")
        );

        let links = "/api/admin/meet-links";
        let bad = json!({"meet_link": "http://evil.example/meet.google.com"});
        let bad = aisyah.call("POST", links, bad).await.with(422);
        assert_eq!(errors(&bad)[0].0, "/meet_link");
        let body = json!({"meet_link": "https://meet.jit.si/Pool"});
        let link = aisyah.call("POST", links, body).await.with(201).json();
        assert_eq!(aisyah.get(links).await, json!([link]));
        let one = format!("{links}/{}", link["id"].as_str().unwrap());
        aisyah.call("DELETE", &one, Value::Null).await.with(200);

        let (mut farah, mut mei) = (mentor(stage).await, member(stage).await);
        for path in [
            path,
            links,
            "/api/admin/pricing-plans",
            "/api/admin/sessions",
            "/api/admin/payouts",
            "/api/admin/orders",
            "/api/admin/mentor-analytics",
            "/api/admin/booking-analytics",
            "/api/admin/revenue-tracking",
        ] {
            for other in [&mut farah, &mut mei] {
                other
                    .refused("GET", path, Value::Null, (403, "forbidden"))
                    .await;
            }
        }
        mei.refused("POST", path, body_of_a_company(), (403, "forbidden"))
            .await;
        plan(stage, 1).await;
        let plans = aisyah.get("/api/admin/pricing-plans").await;
        assert_eq!(
            (&plans[0]["price"], &plans[0]["is_active"]),
            (&json!(15_000), &json!(true))
        );
    });
}

fn body_of_a_company() -> Value {
    json!({"name": "Another"})
}

#[test]
fn a_session_is_followed_by_feedback_and_a_payout() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, mut mei) = (mentor(stage).await, member(stage).await);
        let slot = offer(&mut farah, "2026-11-21", 0).await;
        let change = |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
            let set = sql!("UPDATE provider SET payout_minor = 5000, payout_currency = 'MYR'");
            tx.run(set, &[], Rows::Any)
        };
        stage.world.store().write(change).await.unwrap();
        buy(stage, &mut mei, 1).await;
        let body = json!({"slot_id": slot["id"]});
        let booked = mei
            .call("POST", "/api/mentee/bookings", body)
            .await
            .with(201)
            .json();
        let path = "/api/mentor/feedbacks";
        let said = json!({"booking_id": booked["id"], "rating": 5, "comments": "Well prepared",
            "mentee_id": "somebody else"});
        farah
            .refused("POST", path, said.clone(), (422, "feedback_too_early"))
            .await;
        stage.world.clock.advance(SignedDuration::from_hours(48));
        stage.work().await;

        let mut farah = crate::stage::enter(stage, farah.id, farah.email).await;
        let mut mei = crate::stage::enter(stage, mei.id, mei.email).await;
        mei.refused("POST", path, said.clone(), (403, "role_required"))
            .await;
        let given = farah
            .call("POST", path, said.clone())
            .await
            .with(201)
            .json();
        assert_eq!(
            (&given["rating"], &given["comments"]),
            (&json!(5), &said["comments"])
        );
        let again = farah
            .call("POST", path, said.clone())
            .await
            .with(201)
            .json();
        assert_eq!(given, again, "a double click gives it once");
        stage.world.clock.advance(SignedDuration::from_mins(2));
        farah
            .refused("POST", path, said, (409, "feedback_exists"))
            .await;
        let one = format!("{path}/{}", given["id"].as_str().unwrap());
        let body = json!({"rating": 4, "comments": "Prepared"});
        let changed = farah.call("PUT", &one, body.clone()).await.with(200).json();
        assert_eq!(
            (&changed["rating"], &changed["revisions"]),
            (&json!(4), &json!(1))
        );
        mei.refused("PUT", &one, body, (404, "not_found")).await;
        let odd = json!({"scores": {"charm": 3}});
        let odd = farah.call("PUT", &one, odd).await.with(422);
        assert_eq!(errors(&odd)[0].0, "/scores/0/criterion");
        let add = |tx: &mut Tx<'_>| {
            bookings::import::add_criterion(tx, Kind::Text, "strengths", "Strengths")
        };
        stage.world.store().write(add).await.unwrap();
        let body = json!({"answers": {"strengths": "Calm"}});
        let changed = farah.call("PUT", &one, body).await.with(200).json();
        assert_eq!(changed["answers"], json!({"Strengths": "Calm"}));
        assert_eq!(farah.get(path).await, json!([changed]));
        let received = "/api/mentee/feedbacks";
        assert_eq!(
            mei.get(received).await,
            json!([]),
            "she has not written yet"
        );

        let owed = farah.get("/api/mentor/payouts").await;
        assert_eq!(
            (
                &owed[0]["amount_minor"],
                &owed[0]["status"],
                &owed[0]["booking_id"]
            ),
            (&json!(5_000), &json!("pending"), &booked["id"])
        );
        let stats = farah.get("/api/mentor/payout-stats").await;
        let expected = json!([{
            "currency": "MYR", "pending_minor": 5_000, "approved_minor": 0, "batched_minor": 0,
            "paid_minor": 0,
        }]);
        assert_eq!(stats, expected);
        let mut aisyah = administrator(stage).await;
        assert_eq!(aisyah.get("/api/admin/payouts").await, owed);
        let sessions = aisyah.get("/api/admin/sessions").await;
        assert_eq!(
            (&sessions[0]["id"], &sessions[0]["status"]),
            (&booked["id"], &json!("completed"))
        );

        let all = aisyah.get("/api/admin/mentor-analytics").await;
        let mentor = &all.as_array().unwrap()[0];
        let counts = [
            "total_slots",
            "total_bookings",
            "completed",
            "cancelled",
            "no_shows",
        ];
        let counts = counts.map(|name| mentor[name].as_i64().unwrap());
        assert_eq!(
            (all.as_array().unwrap().len(), counts),
            (1, [1, 1, 1, 0, 0])
        );
        let bookings = aisyah.get("/api/admin/booking-analytics").await;
        let counts = ["total_slots", "booked_slots", "total_bookings", "cancelled"];
        let counts = counts.map(|name| bookings[name].as_i64().unwrap());
        assert_eq!(counts, [1, 1, 1, 0]);
        let money = aisyah.get("/api/admin/revenue-tracking").await;
        let owed = json!([{"currency": "MYR", "amount_minor": 5_000}]);
        assert_eq!((&money["owed"], &money["revenue"]), (&owed, &json!([])));
        let later = "/api/admin/mentor-analytics?date_from=2030-01-01";
        assert_eq!(aisyah.get(later).await, json!([]));
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(15 * 24));
        let mut mei = crate::stage::enter(stage, mei.id, mei.email).await;
        assert_eq!(mei.get(received).await, json!([changed]));
    });
}
