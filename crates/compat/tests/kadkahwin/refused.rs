//! Tests of refused requests from older wedding cards: the order of the checks, and the messages.

use axum::http::Method;
use jiff::SignedDuration;
use occasions::words::OccasionStatus;
use platform::sql;
use serde_json::json;

use crate::rsvp::{RSVP, assert_refused, send};
use crate::stage::{on_default, on_sqlite, state};

#[test]
fn a_message_is_kept_or_refused_and_never_dropped() {
    on_default(async |stage| {
        stage.switch(|switches| switches.notes = false).await;
        let mut program = stage.visitor();
        for body in [
            json!({ "code": "RAHMA", "attending": true, "message": "Tahniah!" }),
            json!({ "code": "RAHMA", "attending": false, "wish": 7 }),
            json!({ "name": "Mei", "attending": true, "wish": "Tahniah!" }),
        ] {
            let page = send(&mut program, &body).await;
            let words = assert_refused(&page, 404, "feature_disabled");
            assert!(words.contains("message"), "{words}");
        }
        assert_eq!(state(&mut program, "RAHMA").await["version"], 1);
        let made = sql!("SELECT COUNT(*) FROM open_answer WHERE invitation <> $1");
        assert_eq!(stage.count(made, "").await, 0);
        // A message that is empty or has no visible characters counts as no message.
        for (body, status) in [
            (
                json!({ "code": "RAHMA", "attending": true, "message": " " }),
                201,
            ),
            (
                json!({ "code": "RAHMA", "attending": false, "wish": "\u{7}" }),
                200,
            ),
            (
                json!({ "name": "Mei", "attending": true, "wish": null }),
                201,
            ),
            (
                json!({ "name": "Lim", "attending": true, "message": "\u{7}" }),
                201,
            ),
        ] {
            send(&mut program, &body).await.expect(status);
        }
        // An empty message does not remove an earlier one.
        stage.switch(|switches| switches.notes = true).await;
        let body = json!({ "code": "RAHMA", "attending": true, "message": "Tahniah!" });
        send(&mut program, &body).await.expect(200);
        let body = json!({ "code": "RAHMA", "attending": true, "message": "\u{7}" });
        send(&mut program, &body).await.expect(200);
        let after = state(&mut program, "RAHMA").await;
        assert_eq!(after["note"]["text"], "Tahniah!");
    });
}

#[test]
fn fields_are_judged_after_all_that_comes_before_them() {
    on_default(async |stage| {
        let mut program = stage.visitor();
        let first = json!({ "code": "RAHMA", "attending": false, "submission_id": "a" });
        send(&mut program, &first).await.expect(201);
        let first = json!({ "name": "Mei", "attending": false, "submission_id": "b" });
        send(&mut program, &first).await.expect(201);
        for (body, status, code) in [
            (
                json!({ "code": "WRNG2", "attending": "maybe" }),
                404,
                "invitation_not_found",
            ),
            (json!({ "code": "?", "pax": "x" }), 422, "code_malformed"),
            (
                json!({ "code": "RAHMA", "attending": "maybe", "submission_id": "a" }),
                422,
                "idempotency_key_reused",
            ),
            (
                json!({ "name": "Mei", "attending": "maybe", "submission_id": "b" }),
                422,
                "idempotency_key_reused",
            ),
            (
                json!({ "code": "SHUT1", "attending": "maybe" }),
                423,
                "invitation_locked",
            ),
            // A note alone would be accepted after the deadline, but SHUT1 is locked, and the
            // request for LATE1 contains a reply.
            (
                json!({ "code": "SHUT1", "message": "Oh no" }),
                423,
                "invitation_locked",
            ),
            (
                json!({ "code": "LATE1", "attending": [] }),
                423,
                "rsvp_deadline_passed",
            ),
            (
                json!({ "code": "RAHMA", "attending": "maybe" }),
                422,
                "validation_failed",
            ),
        ] {
            assert_refused(&send(&mut program, &body).await, status, code);
        }
        let wrong = json!({ "name": "", "attending": "maybe", "email": "nobody" });
        stage.status(OccasionStatus::Closed).await;
        assert_refused(&send(&mut program, &wrong).await, 423, "occasion_closed");
        stage.status(OccasionStatus::Published).await;
        let passed = stage.world.clock.now() - SignedDuration::from_secs(1);
        stage
            .details(move |details| details.rsvp_deadline = Some(passed))
            .await;
        assert_refused(
            &send(&mut program, &wrong).await,
            423,
            "rsvp_deadline_passed",
        );
        stage.switch(|switches| switches.notes = false).await;
        for body in [
            json!({ "code": "SHUT1", "attending": "maybe", "message": "Hi" }),
            json!({ "name": "Mei", "attending": "maybe", "message": "Hi" }),
        ] {
            assert_refused(&send(&mut program, &body).await, 404, "feature_disabled");
        }
        stage.switch(|switches| switches.open_rsvp = false).await;
        assert_refused(&send(&mut program, &wrong).await, 422, "code_required");
        stage.status(OccasionStatus::Archived).await;
        let body = json!({ "code": "RAHMA" });
        assert_refused(&send(&mut program, &body).await, 410, "invitation_expired");
    });
}

#[test]
fn the_words_name_each_field_as_it_is_called_here() {
    on_sqlite(async |stage| {
        let mut program = stage.visitor();
        let say = |id| stage.say(id);
        let (required, option) = (say("field-required"), say("field-unknown-option"));
        let at_most = |max: u32| stage.fill("field-too-long", [("max", max.into())]);
        let values = [("min", 1.into()), ("max", 20.into())];
        let range = stage.fill("field-out-of-range", values);
        let long = "x".repeat(4_001);
        for (body, wanted) in [
            (json!([]), say("field-wrong-type")),
            (json!({}), format!("attending: {required} name: {required}")),
            (
                json!({ "code": "RAHMA", "attending": true, "message": long }),
                format!("message: {}", at_most(4_000)),
            ),
            (
                json!({ "code": "RAHMA", "attending": "maybe", "wish": long }),
                format!("attending: {option} message: {}", at_most(4_000)),
            ),
            (
                json!({ "name": "Mei", "attending": true, "pax": 21, "message": long }),
                format!("pax: {range} message: {}", at_most(4_000)),
            ),
            (
                json!({ "name": "Mei", "attending": true, "email": "x".repeat(255) }),
                format!(
                    "email: {} email: {}",
                    at_most(254),
                    say("field-email-invalid")
                ),
            ),
        ] {
            let page = send(&mut program, &body).await;
            let words = assert_refused(&page, 422, "validation_failed");
            assert_eq!(words, wanted);
        }
        let page = program
            .send(Method::POST, RSVP, Some("application/json"), "null".into())
            .await;
        let words = assert_refused(&page, 422, "validation_failed");
        assert_eq!(words, say("field-wrong-type"));
    });
}

#[test]
fn capitals_in_the_name_of_a_kind_do_not_matter() {
    on_sqlite(async |stage| {
        let mut program = stage.visitor();
        for (kind, body) in [
            ("Application/JSON", r#"{"code":"RAHMA","attending":true}"#),
            (
                "application/json ;charset=utf-8",
                r#"{"code":"RAHMA","attending":true}"#,
            ),
            (
                "Application/X-WWW-Form-URLEncoded",
                "code=RAHMA&attending=yes",
            ),
        ] {
            let page = program
                .send(Method::POST, RSVP, Some(kind), body.into())
                .await;
            assert!(page.status.is_success(), "{kind}: {}", page.status);
        }
        let page = program
            .send(Method::POST, RSVP, Some("application/jsonp"), "{}".into())
            .await;
        assert_refused(&page, 415, "unsupported_media_type");
    });
}
