//! Tests of the JSON API for reading an invitation and saving its note.

use axum::body::Bytes;
use axum::http::Method;
use occasions::words::OccasionStatus;
use platform::sql;
use serde_json::{Value, json};
use testkit::Visitor;

use crate::stage::{answer, assert_private, assert_problem, id, on_default, on_sqlite, put, state};

async fn resolve(visitor: &mut Visitor, body: &Value) -> testkit::Page {
    visitor
        .call(Method::POST, "/api/v1/codes/resolve", body)
        .await
}

#[test]
fn a_code_is_resolved_however_it_is_spelled() {
    on_default(async |stage| {
        stage.other_occasion("DRAFT1", OccasionStatus::Draft).await;
        stage
            .other_occasion("ENDED1", OccasionStatus::Archived)
            .await;
        stage
            .run(
                sql!("UPDATE invitation SET language = NULL WHERE code = $1"),
                "LATE1",
            )
            .await;
        let mut program = stage.visitor();
        for (code, answer) in [
            (
                "r0ss1",
                json!({ "canonical": "ROSSI", "occasion": "aisyah-daniel", "language": "it", "k": stage.links.check_of("ROSSI") }),
            ),
            (
                " LATE-1",
                json!({ "canonical": "LATE1", "occasion": "aisyah-daniel", "language": null, "k": stage.links.check_of("LATE1") }),
            ),
        ] {
            let page = resolve(&mut program, &json!({ "code": code })).await;
            assert_eq!(page.expect(200).json(), answer);
            assert_private(&page);
        }
        for (code, status, name) in [
            ("WRONG", 404, "invitation_not_found"),
            ("DRAFT1", 404, "invitation_not_found"),
            ("ENDED1", 410, "invitation_expired"),
            ("ABC", 422, "code_malformed"),
            ("", 422, "code_malformed"),
        ] {
            let page = resolve(&mut program, &json!({ "code": code })).await;
            assert_problem(&page, status, name);
            assert_private(&page);
        }
        for (body, pointer) in [
            (json!({}), "/code"),
            (json!({ "code": 5 }), "/code"),
            (json!({ "code": "RAHMA", "x": 1 }), "/x"),
        ] {
            let problem = assert_problem(
                &resolve(&mut program, &body).await,
                422,
                "validation_failed",
            );
            assert_eq!(problem["errors"][0]["pointer"], pointer);
        }
    });
}

#[test]
fn the_state_has_exactly_the_shape_that_is_promised() {
    on_default(async |stage| {
        let mut program = stage.visitor();
        program.header("accept-language", "en");
        stage
            .run(
                sql!("UPDATE invitation SET host_message = '' WHERE code = $1"),
                "ROSSI",
            )
            .await;
        let page = program.get("/api/v1/invitations/ROSSI?lang=en").await;
        assert_eq!(page.header("etag"), "\"1\"");
        assert_eq!(page.header("content-type"), "application/json");
        assert_private(&page);
        let mut found = page.json();
        let guests = found["guests"].as_array_mut().unwrap();
        for guest in guests {
            assert_eq!(guest["id"].as_str().unwrap().len(), 36);
            guest["id"] = json!("[ID]");
            if guest["answered_at"].is_string() {
                guest["answered_at"] = json!("[TIME]");
            }
        }
        let event = |key: &str, name: &str, from: &str, to: &str, venue: &str, address: &str| json!({ "key": key, "name": name, "starts_at": from, "ends_at": to, "hour_known": true, "end_known": true, "venue": venue, "address": address });
        let hall = ("Dewan Seri Melati", "12 Jalan Duta, 50480 Kuala Lumpur");
        let person = |name: &str, answered: Value, status: &str| {
            json!({
                "id": "[ID]", "name": name, "kind": "named", "is_child": false, "age": null,
                "answered_at": answered,
                "replies": { "nikah": status, "reception": status, "brunch": status },
                "diets": [], "diet_note": null, "answers": {}
            })
        };
        assert_eq!(
            found,
            json!({
                "code": "ROSSI", "version": 1, "access": "open", "closes_at": "2026-12-20T16:00:00Z",
                "language": "it", "household": "Famiglia Rossi", "host_message": null,
                "occasion": {
                    "slug": "aisyah-daniel", "title": "The wedding of Aisyah & Daniel",
                    "hosts": "Aisyah & Daniel", "time_zone": "Asia/Kuala_Lumpur",
                    "languages": ["ms", "en", "it", "zh-Hans", "ar"]
                },
                "events": [
                    event("nikah", "Akad nikah", "2027-01-16T01:30:00Z", "2027-01-16T03:00:00Z",
                        "Masjid Wilayah Persekutuan", "Jalan Tuanku Abdul Halim, 50480 Kuala Lumpur"),
                    event("reception", "Reception", "2027-01-16T04:00:00Z", "2027-01-16T08:00:00Z", hall.0, hall.1),
                    event("brunch", "Brunch", "2027-01-17T02:00:00Z", "2027-01-17T04:30:00Z", hall.0, hall.1),
                ],
                "allowance": { "plus_ones": { "allowed": 0, "used": 0 }, "children": { "allowed": 0, "used": 0 } },
                "guests": [
                    person("Marco Rossi", json!("[TIME]"), "yes"),
                    person("Giulia Rossi", json!(null), "pending"),
                ],
                "questions": [{
                    "key": "song", "asked_of": "household", "kind": "short_text",
                    "title": "A song that gets you dancing?", "help": "", "choices": [],
                    "events": [], "required": false, "coming_only": true
                }],
                "answers": {},
                "note": { "text": "", "version": 1 },
                "announcements": []
            })
        );
    });
}

#[test]
fn a_save_answers_the_state_and_so_does_a_conflict() {
    on_default(async |stage| {
        let mut program = stage.visitor();
        let rahman = id(&state(&mut program, "RAHMA").await, "Rahman");
        let page = put(
            &mut program,
            "RAHMA",
            &answer(1, &rahman, &json!({ "nikah": "yes" })),
        )
        .await;
        assert_eq!(page.expect(200).header("etag"), "\"2\"");
        assert_private(&page);
        let stored = state(&mut program, "RAHMA").await;
        assert_eq!(page.json(), stored);
        // The version is outdated. The request is still accepted, because its answer equals the
        // stored answer.
        let page = put(
            &mut program,
            "RAHMA",
            &answer(1, &rahman, &json!({ "nikah": "yes" })),
        )
        .await;
        assert_eq!(page.expect(200).json(), stored);
        let other = answer(1, &rahman, &json!({ "nikah": "no" }));
        let problem = assert_problem(
            &put(&mut program, "RAHMA", &other).await,
            409,
            "version_conflict",
        );
        assert_eq!(problem["current"], stored);
        let mut by_code = other;
        by_code["code"] = json!("rahma");
        let page = program.call(Method::POST, "/api/rsvp", &by_code).await;
        assert_eq!(
            assert_problem(&page, 409, "version_conflict")["current"],
            stored
        );
        assert_private(&page);
    });
}

#[test]
fn a_note_has_a_version_of_its_own() {
    on_default(async |stage| {
        let mut program = stage.visitor();
        let address = "/api/v1/invitations/RAHMA/note";
        let write = async |program: &mut Visitor, body: Value| {
            program.call(Method::PUT, address, &body).await
        };
        let page = write(&mut program, json!({ "text": "One" })).await;
        assert_problem(&page, 428, "version_required");
        let page = write(&mut program, json!({ "text": " One\r\n", "version": 1 })).await;
        assert_eq!(
            page.expect(200).json(),
            json!({ "text": "One", "version": 2 })
        );
        assert_private(&page);
        let page = write(&mut program, json!({ "text": "Two", "version": 1 })).await;
        let problem = assert_problem(&page, 409, "version_conflict");
        assert_eq!(
            problem["current"]["note"],
            json!({ "text": "One", "version": 2 })
        );
        let page = write(
            &mut program,
            json!({ "text": "x".repeat(4_001), "version": 2 }),
        )
        .await;
        let problem = assert_problem(&page, 422, "validation_failed");
        assert_eq!(
            (
                &problem["errors"][0]["pointer"],
                &problem["errors"][0]["code"]
            ),
            (&json!("/text"), &json!("too_long"))
        );
        write(
            &mut program,
            json!({ "text": "😀".repeat(4_000), "version": 2 }),
        )
        .await
        .expect(200);

        let page = program.call(Method::DELETE, address, &Value::Null).await;
        assert_problem(&page, 428, "version_required");
        program.header("if-match", "\"2\"");
        let page = program.call(Method::DELETE, address, &Value::Null).await;
        assert_problem(&page, 409, "version_conflict");
        program.header("if-match", "\"3\"");
        let page = program.call(Method::DELETE, address, &Value::Null).await;
        assert_eq!(page.expect(204).body, "");
        assert_private(&page);
        assert_eq!(
            state(&mut program, "RAHMA").await["note"],
            json!({ "text": "", "version": 4 })
        );
    });
}

#[test]
fn a_note_may_come_late_unless_hosts_say_no() {
    on_sqlite(async |stage| {
        let mut program = stage.visitor();
        let note = json!({ "text": "Late", "version": 1 });
        for code in ["LATE1", "SHUT1"] {
            let address = format!("/api/v1/invitations/{code}/note");
            program.call(Method::PUT, &address, &note).await.expect(200);
        }
        stage
            .switch(|switches| switches.late_gifts_notes = false)
            .await;
        let note = json!({ "text": "Later", "version": 2 });
        for (code, name) in [
            ("LATE1", "rsvp_deadline_passed"),
            ("SHUT1", "invitation_locked"),
        ] {
            let address = format!("/api/v1/invitations/{code}/note");
            assert_problem(&program.call(Method::PUT, &address, &note).await, 423, name);
        }
        stage
            .switch(|switches| switches.late_gifts_notes = true)
            .await;
        stage.status(OccasionStatus::Closed).await;
        let page = program
            .call(Method::PUT, "/api/v1/invitations/LATE1/note", &note)
            .await;
        assert_problem(&page, 423, "occasion_closed");
        stage.switch(|switches| switches.notes = false).await;
        let page = program
            .call(Method::PUT, "/api/v1/invitations/LATE1/note", &note)
            .await;
        assert_problem(&page, 404, "feature_disabled");
        for code in ["WRONG", "A"] {
            let address = format!("/api/v1/invitations/{code}/note");
            assert_problem(
                &program.call(Method::PUT, &address, &note).await,
                404,
                "invitation_not_found",
            );
            assert_problem(
                &program.call(Method::DELETE, &address, &Value::Null).await,
                404,
                "invitation_not_found",
            );
        }
    });
}

#[test]
fn what_is_no_json_or_too_much_of_it_is_refused_first() {
    on_sqlite(async |stage| {
        let mut program = stage.visitor();
        for (method, address) in [
            (Method::POST, "/api/v1/codes/resolve"),
            (Method::PUT, "/api/v1/invitations/RAHMA/rsvp"),
            (Method::PUT, "/api/v1/invitations/WRONG/rsvp"),
            (Method::POST, "/api/rsvp"),
            (Method::PUT, "/api/v1/invitations/RAHMA/note"),
        ] {
            for (kind, body, status, name) in [
                (
                    Some("text/plain"),
                    b"{}".to_vec(),
                    415,
                    "unsupported_media_type",
                ),
                (None, b"{}".to_vec(), 415, "unsupported_media_type"),
                (
                    Some("application/json"),
                    vec![b' '; 256 * 1024 + 1],
                    413,
                    "body_too_large",
                ),
                (Some("application/json"), b"{".to_vec(), 400, "body_invalid"),
                (
                    Some("application/json"),
                    b"\xff".to_vec(),
                    400,
                    "body_invalid",
                ),
                (
                    Some("application/json"),
                    b"[".repeat(10_000),
                    400,
                    "body_invalid",
                ),
            ] {
                let page = program
                    .send(method.clone(), address, kind, Bytes::from(body))
                    .await;
                assert_problem(&page, status, name);
            }
        }
        let page = program
            .call(Method::PATCH, "/api/v1/invitations/RAHMA/rsvp", &json!({}))
            .await;
        assert_problem(&page, 405, "method_not_allowed");
    });
}
