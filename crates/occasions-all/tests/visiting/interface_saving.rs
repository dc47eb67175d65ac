//! Tests of the JSON API's rules for saving answers.

use axum::http::Method;
use occasions::words::OccasionStatus;
use platform::sql;
use serde_json::{Value, json};
use testkit::Page;

use crate::stage::{answer, assert_problem, guest, id, on_both, on_sqlite, put, state};

#[test]
fn a_code_that_opens_nothing_saves_nothing() {
    on_both(async |stage| {
        stage.other_occasion("DRAFT1", OccasionStatus::Draft).await;
        stage
            .other_occasion("ENDED1", OccasionStatus::Archived)
            .await;
        let mut program = stage.visitor();
        for body in [json!({ "version": 1 }), json!({})] {
            for (code, status, name) in [
                ("WRONG", 404, "invitation_not_found"),
                ("DRAFT1", 404, "invitation_not_found"),
                ("A", 404, "invitation_not_found"),
                ("ENDED1", 410, "invitation_expired"),
            ] {
                assert_problem(&put(&mut program, code, &body).await, status, name);
                let mut by_code = body.clone();
                by_code["code"] = json!(code);
                let page = program.call(Method::POST, "/api/rsvp", &by_code).await;
                assert_problem(&page, status, name);
            }
        }
    });
}

#[test]
fn what_is_closed_takes_no_answers_whatever_the_version() {
    // The occasion is closed, so each save is refused before its version is checked.
    on_both(async |stage| {
        let mut program = stage.visitor();
        for (code, name) in [
            ("LATE1", "rsvp_deadline_passed"),
            ("SHUT1", "invitation_locked"),
        ] {
            let who = state(&mut program, code).await["guests"][0]["id"]
                .as_str()
                .unwrap()
                .to_owned();
            let mut body = answer(1, &who, &json!({ "nikah": "yes" }));
            for version in [json!(1), json!(99), json!(null)] {
                body["version"] = version;
                assert_problem(&put(&mut program, code, &body).await, 423, name);
            }
            body["code"] = json!(code);
            let page = program.call(Method::POST, "/api/rsvp", &body).await;
            assert_problem(&page, 423, name);
        }
        stage.status(OccasionStatus::Closed).await;
        let page = put(&mut program, "RAHMA", &json!({ "version": 1 })).await;
        assert_problem(&page, 423, "occasion_closed");
    });
}

#[test]
fn what_is_closed_says_since_when_and_whom_to_ask() {
    on_both(async |stage| {
        let mut program = stage.visitor();
        for (code, day) in [("LATE1", Some("2026-11-19")), ("SHUT1", None)] {
            let page = put(&mut program, code, &json!({ "version": 1 })).await;
            let problem = page.expect(423).json();
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains("Farah"), "{detail}");
            assert_eq!(problem["day"].as_str(), day, "{problem}");
            assert_eq!(detail.contains("19 "), day.is_some(), "{detail}");
        }
        stage.details(|details| details.contact.name.clear()).await;
        let page = put(&mut program, "LATE1", &json!({ "version": 1 })).await;
        assert_eq!(page.expect(423).json()["contact"], serde_json::Value::Null);
    });
}

#[test]
fn the_version_stands_in_the_body_or_in_the_header() {
    on_both(async |stage| {
        let mut program = stage.visitor();
        let rahman = id(&state(&mut program, "RAHMA").await, "Rahman");
        let mut body = answer(1, &rahman, &json!({ "nikah": "yes" }));
        body.as_object_mut().unwrap().remove("version");
        assert_problem(
            &put(&mut program, "RAHMA", &body).await,
            428,
            "version_required",
        );
        program.header("if-match", "\"1\"");
        put(&mut program, "RAHMA", &body).await.expect(200);
        body["guests"][0]["replies"]["nikah"] = json!("no");
        for stale in ["\"1\"", "*", "\"abc\"", "2"] {
            program.header("if-match", stale);
            let problem = assert_problem(
                &put(&mut program, "RAHMA", &body).await,
                409,
                "version_conflict",
            );
            assert_eq!(problem["current"]["version"], 2, "{stale}");
        }
        program.header("if-match", "W/\"2\"");
        let page = put(&mut program, "RAHMA", &body).await;
        assert_eq!(page.expect(200).json()["version"], 3);
    });
}

#[test]
fn allowances_hold() {
    on_both(async |stage| {
        let mut program = stage.visitor();
        let people = |count: usize, child: bool| {
            let one = json!({ "name": "X", "is_child": child });
            json!({ "version": 1, "guests": vec![one; count] })
        };
        let page = put(&mut program, "RAHMA", &people(3, false)).await;
        let problem = assert_problem(&page, 409, "plus_one_limit");
        assert_eq!(
            (&problem["allowed"], &problem["used"]),
            (&json!(2), &json!(0))
        );
        let page = put(&mut program, "TANWE", &people(3, true)).await;
        let problem = assert_problem(&page, 409, "children_limit");
        assert_eq!(
            (&problem["allowed"], &problem["used"]),
            (&json!(1), &json!(0))
        );
        put(&mut program, "TANWE", &people(2, true))
            .await
            .expect(200);
        stage
            .run(
                sql!("UPDATE invitation SET plus_ones = 20, children = 20 WHERE code = $1"),
                "RAHMA",
            )
            .await;
        let page = put(&mut program, "RAHMA", &people(27, true)).await;
        assert_eq!(assert_problem(&page, 409, "guest_limit")["limit"], 30);
        put(&mut program, "RAHMA", &people(26, true))
            .await
            .expect(200);
    });
}

#[test]
fn people_of_others_and_named_people_are_left_alone() {
    on_both(async |stage| {
        let mut program = stage.visitor();
        let marco = id(&state(&mut program, "ROSSI").await, "Marco");
        let rahman = id(&state(&mut program, "RAHMA").await, "Rahman");
        let never = "01970000-0000-7000-8000-000000000000";
        let mut seen = Vec::new();
        for stranger in [marco.as_str(), never] {
            let page = put(
                &mut program,
                "RAHMA",
                &answer(1, stranger, &json!({ "nikah": "yes" })),
            )
            .await;
            let mut problem = assert_problem(&page, 404, "guest_not_found");
            problem["request_id"] = json!(null);
            seen.push(problem);
            let page = put(
                &mut program,
                "RAHMA",
                &json!({ "version": 1, "remove": [stranger] }),
            )
            .await;
            assert_problem(&page, 404, "guest_not_found");
        }
        assert!(
            seen.iter().all(|problem| *problem == seen[0]),
            "all the same: {seen:?}"
        );
        let page = put(
            &mut program,
            "RAHMA",
            &json!({ "version": 1, "remove": [rahman] }),
        )
        .await;
        assert_problem(&page, 403, "named_guest");
    });
}

#[test]
fn a_full_event_says_how_many_places_are_left() {
    on_both(async |stage| {
        stage
            .run(
                sql!(
                    "UPDATE event SET capacity = 1 + (SELECT COUNT(*) FROM reply
                     WHERE reply.event = event.id AND reply.status = 'yes') WHERE key = $1"
                ),
                "nikah",
            )
            .await;
        let mut program = stage.visitor();
        let stored = state(&mut program, "RAHMA").await;
        let all: Vec<Value> = stored["guests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|guest| json!({ "id": guest["id"], "replies": { "nikah": "yes" } }))
            .collect();
        let page = put(
            &mut program,
            "RAHMA",
            &json!({ "version": 1, "guests": all }),
        )
        .await;
        let problem = assert_problem(&page, 409, "event_full");
        assert_eq!(
            (&problem["event"], &problem["left"]),
            (&json!("nikah"), &json!(1))
        );
        put(
            &mut program,
            "RAHMA",
            &json!({ "version": 1, "guests": [all[0]] }),
        )
        .await
        .expect(200);
    });
}

#[track_caller]
fn findings(page: &Page, code: &str) -> Vec<(String, String)> {
    let problem = assert_problem(page, 422, code);
    let errors = problem["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| {
            assert!(
                error["detail"]
                    .as_str()
                    .is_some_and(|words| !words.is_empty())
            );
            let text = |name: &str| error[name].as_str().unwrap().to_owned();
            (text("pointer"), text("code"))
        })
        .collect()
}

#[test]
fn wrong_fields_are_named_together() {
    on_both(async |stage| {
        let mut program = stage.visitor();
        let stored = state(&mut program, "RAHMA").await;
        let (rahman, siti) = (id(&stored, "Rahman"), id(&stored, "Siti"));
        let body = json!({ "version": 1, "guests": [
            { "id": rahman, "name": "", "diets": ["stones"], "diet_note": "x".repeat(501), "age": 4 },
            { "id": siti, "name": "x".repeat(101), "replies": { "nikah": "pending", "a/b~c": "yes" } },
            { "name": "Mei", "is_child": true, "age": 18, "diets": ["other"] },
        ], "note": { "text": "x".repeat(4_001) } });
        let found = findings(
            &put(&mut program, "RAHMA", &body).await,
            "validation_failed",
        );
        let expected = [
            ("/guests/0/name", "required"),
            ("/guests/0/age", "not_allowed"),
            ("/guests/0/diets", "unknown_option"),
            ("/guests/0/diet_note", "too_long"),
            ("/guests/1/name", "too_long"),
            ("/guests/1/replies/a~1b~0c", "event_not_invited"),
            ("/guests/1/replies/nikah", "not_allowed"),
            ("/guests/2/age", "out_of_range"),
            ("/guests/2/diet_note", "dietary_note_required"),
            ("/note/text", "too_long"),
        ];
        let expected: Vec<_> = expected
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect();
        assert_eq!(found, expected);

        let body = answer(1, &rahman, &json!({ "gala": "yes" }));
        let found = findings(
            &put(&mut program, "RAHMA", &body).await,
            "event_not_invited",
        );
        assert_eq!(
            found,
            [(
                "/guests/0/replies/gala".to_owned(),
                "event_not_invited".to_owned()
            )]
        );
        let body = json!({ "version": 1, "guests": [{ "id": rahman, "diets": ["other"], "diet_note": "  " }] });
        let found = findings(
            &put(&mut program, "RAHMA", &body).await,
            "dietary_note_required",
        );
        assert_eq!(
            found,
            [(
                "/guests/0/diet_note".to_owned(),
                "dietary_note_required".to_owned()
            )]
        );
        assert_eq!(state(&mut program, "RAHMA").await["version"], 1);
    });
}

#[test]
fn a_body_of_another_shape_says_where() {
    on_sqlite(async |stage| {
        let mut program = stage.visitor();
        for (body, pointer, code) in [
            (json!([]), "", "wrong_type"),
            (json!({ "version": "1" }), "/version", "wrong_type"),
            (json!({ "version": 1.5 }), "/version", "wrong_type"),
            (
                json!({ "version": 1, "guests": {} }),
                "/guests",
                "wrong_type",
            ),
            (
                json!({ "version": 1, "guests": [{ "id": 5 }] }),
                "/guests/0/id",
                "wrong_type",
            ),
            (
                json!({ "version": 1, "guests": [{ "id": "x" }] }),
                "/guests/0/id",
                "wrong_type",
            ),
            (
                json!({ "version": 1, "remove": ["x"] }),
                "/remove/0",
                "wrong_type",
            ),
            (
                json!({ "version": 1, "guests": [{ "replies": { "nikah": "perhaps" } }] }),
                "/guests/0/replies/nikah",
                "unknown_option",
            ),
            (
                json!({ "version": 1, "guests": [{ "colour": "red" }] }),
                "/guests/0/colour",
                "unknown_field",
            ),
            (
                json!({ "version": 1, "guests": [{ "answers": { "song": "Rasa Sayang" } }] }),
                "/guests/0/answers/song",
                "unknown_field",
            ),
            (
                json!({ "version": 1, "note": {} }),
                "/note/text",
                "required",
            ),
        ] {
            let found = findings(
                &put(&mut program, "RAHMA", &body).await,
                "validation_failed",
            );
            assert_eq!(found, [(pointer.to_owned(), code.to_owned())], "{body}");
            if body.is_object() {
                let mut by_code = body.clone();
                by_code["code"] = json!("RAHMA");
                let page = program.call(Method::POST, "/api/rsvp", &by_code).await;
                assert_eq!(findings(&page, "validation_failed")[0].0, pointer, "{body}");
            }
        }
        for (body, pointer, code) in [
            (json!({}), "/code", "required"),
            (json!({ "code": 5 }), "/code", "wrong_type"),
        ] {
            let page = program.call(Method::POST, "/api/rsvp", &body).await;
            assert_eq!(
                findings(&page, "validation_failed"),
                [(pointer.to_owned(), code.to_owned())]
            );
        }
    });
}

#[test]
fn everything_a_person_has_can_be_said_and_taken_back() {
    on_sqlite(async |stage| {
        let mut program = stage.visitor();
        let body = json!({ "version": 1, "guests": [
            { "name": "Mei", "is_child": true, "age": 3, "replies": { "brunch": "no" }, "diets": ["halal", "vegan", "halal"], "diet_note": " mild\n", "answers": {} }
        ] });
        let stored = put(&mut program, "TANWE", &body).await.expect(200).json();
        let mei = guest(&stored, "Mei");
        assert_eq!(mei["diets"], json!(["halal", "vegan"]));
        assert_eq!(
            (&mei["age"], &mei["diet_note"], &mei["replies"]["nikah"]),
            (&json!(3), &json!("mild"), &json!("yes"))
        );
        let body = json!({ "version": 2, "guests": [
            { "id": mei["id"], "age": null, "diets": [], "diet_note": null }
        ] });
        let stored = put(&mut program, "TANWE", &body).await.expect(200).json();
        let mei = guest(&stored, "Mei");
        assert_eq!(
            (&mei["age"], &mei["diet_note"], &mei["diets"]),
            (&json!(null), &json!(null), &json!([]))
        );
        assert_eq!(mei["is_child"], true);
    });
}
