//! Tests of the JSON API: requests that are repeated, and saves without a version.

use axum::http::Method;
use jiff::SignedDuration;
use platform::sql;
use serde_json::{Value, json};

use crate::stage::{assert_problem, guest, id, on_default, on_sqlite, put, state};

#[test]
fn a_key_makes_a_repeat_harmless() {
    on_default(async |stage| {
        let mut program = stage.visitor();
        program.header("idempotency-key", "key-1");
        let body = json!({ "version": 1, "guests": [{ "name": "Mei" }] });
        let first = put(&mut program, "RAHMA", &body).await;
        first.expect(200);
        for _ in 0..2 {
            let again = put(&mut program, "RAHMA", &body).await;
            assert_eq!(again.expect(200).json(), first.json());
            assert_eq!(again.header("content-type"), first.header("content-type"));
        }
        assert_eq!(
            state(&mut program, "RAHMA").await["guests"]
                .as_array()
                .unwrap()
                .len(),
            5
        );
        let other = json!({ "version": 2, "guests": [{ "name": "Lin" }] });
        assert_problem(
            &put(&mut program, "RAHMA", &other).await,
            422,
            "idempotency_key_reused",
        );
        // An idempotency key is valid for one household and one path. The same key can be used for
        // another household or path.
        put(&mut program, "TANWE", &body).await.expect(200);
        let by_code = json!({ "code": "RAHMA", "guests": [{ "name": "Lin" }] });
        program
            .call(Method::POST, "/api/rsvp", &by_code)
            .await
            .expect(200);
        assert_eq!(
            state(&mut program, "RAHMA").await["guests"]
                .as_array()
                .unwrap()
                .len(),
            6
        );
        // After a host locks the answers, repeating an earlier save still returns the stored
        // response.
        stage
            .run(
                sql!("UPDATE invitation SET lock_mode = 'locked' WHERE code = $1"),
                "RAHMA",
            )
            .await;
        assert_eq!(
            put(&mut program, "RAHMA", &body).await.expect(200).json(),
            first.json()
        );
        assert_problem(
            &put(&mut program, "RAHMA", &other).await,
            422,
            "idempotency_key_reused",
        );
        // Stored responses are deleted within two days.
        stage.world.clock.advance(SignedDuration::from_hours(48));
        assert_problem(
            &put(&mut program, "RAHMA", &body).await,
            423,
            "invitation_locked",
        );
    });
}

#[test]
fn a_refusal_leaves_its_key_free() {
    on_sqlite(async |stage| {
        let mut program = stage.visitor();
        program.header("idempotency-key", "key-1");
        let wrong = json!({ "version": 1, "guests": [{ "name": "x".repeat(101) }] });
        put(&mut program, "RAHMA", &wrong).await.expect(422);
        let right = json!({ "version": 1, "guests": [{ "name": "Mei" }] });
        put(&mut program, "RAHMA", &right).await.expect(200);
        for invalid in ["", "a b", &"x".repeat(129)] {
            program.header("idempotency-key", invalid);
            assert_problem(
                &put(&mut program, "RAHMA", &right).await,
                400,
                "idempotency_key_invalid",
            );
            let mut by_code = right.clone();
            by_code["code"] = json!("RAHMA");
            let page = program.call(Method::POST, "/api/rsvp", &by_code).await;
            assert_problem(&page, 400, "idempotency_key_invalid");
        }
    });
}

#[test]
fn a_switched_off_part_comes_before_a_remembered_answer() {
    on_sqlite(async |stage| {
        let mut program = stage.visitor();
        program.header("idempotency-key", "key-1");
        let body = json!({ "version": 1, "note": { "text": "Hello" } });
        put(&mut program, "RAHMA", &body).await.expect(200);
        stage.switch(|switches| switches.notes = false).await;
        assert_problem(
            &put(&mut program, "RAHMA", &body).await,
            404,
            "feature_disabled",
        );
    });
}

#[test]
fn without_a_version_only_what_is_given_is_changed() {
    on_default(async |stage| {
        let mut program = stage.visitor();
        let stored = state(&mut program, "RAHMA").await;
        let rahman = id(&stored, "Rahman");
        let post = async |program: &mut testkit::Visitor, body: Value| {
            program.call(Method::POST, "/api/rsvp", &body).await
        };
        let body =
            json!({ "code": "rahma", "guests": [{ "id": rahman, "replies": { "nikah": "yes" } }] });
        let page = post(&mut program, body).await;
        assert_eq!(page.expect(200).header("etag"), "\"2\"");
        let body = json!({ "code": "rahma", "guests": [{ "id": rahman, "diets": ["halal"] }], "note": { "text": "Hai" } });
        let stored = post(&mut program, body).await.expect(200).json();
        assert_eq!(guest(&stored, "Rahman")["replies"]["nikah"], "yes");
        assert_eq!(
            (&stored["version"], &stored["note"]["text"]),
            (&json!(3), &json!("Hai"))
        );
        let newcomer = json!({ "code": "rahma", "guests": [{ "name": "Mei" }] });
        let page = post(&mut program, newcomer.clone()).await;
        assert_problem(&page, 428, "version_required");
        program.header("idempotency-key", "key-1");
        post(&mut program, newcomer.clone()).await.expect(200);
        post(&mut program, newcomer).await.expect(200);
        let stored = state(&mut program, "RAHMA").await;
        assert_eq!(stored["guests"].as_array().unwrap().len(), 5);
        let mei = id(&stored, "Mei");
        let page = post(
            &mut program,
            json!({ "code": "rahma", "version": 4, "remove": [mei] }),
        )
        .await;
        page.expect(422);
        program.header("idempotency-key", "key-2");
        let page = post(
            &mut program,
            json!({ "code": "rahma", "version": 4, "remove": [mei] }),
        )
        .await;
        assert_eq!(
            page.expect(200).json()["guests"].as_array().unwrap().len(),
            4
        );
    });
}
