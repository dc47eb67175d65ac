//! Tests of replies from older wedding cards, with and without a code.

use axum::http::Method;
use occasions::words::OccasionStatus;
use platform::{Rows, sql};
use serde_json::{Value, json};
use testkit::{Page, Visitor, together};

use crate::stage::{assert_private, guest, on_both, on_sqlite, state};

pub(crate) const RSVP: &str = "/api/flask/rsvp";
const NODE_RSVP: &str = "/api/node/rsvp";

pub(crate) async fn send(visitor: &mut Visitor, body: &Value) -> Page {
    let page = visitor.call(Method::POST, RSVP, body).await;
    assert_private(&page);
    page
}

/// Asserts that a page is a refusal in the format of older wedding cards, and returns its message.
#[track_caller]
pub(crate) fn assert_refused(page: &Page, status: u16, code: &str) -> String {
    page.expect(status);
    let told = page.json();
    assert_eq!(told["status"], "error", "{told}");
    assert_eq!(told["code"], code, "{told}");
    let message = told["message"].as_str().unwrap_or_default().to_owned();
    assert!(!message.is_empty() && !message.contains("{$"), "{told}");
    message
}

#[test]
fn it_is_alive_and_says_hello() {
    on_sqlite(async |stage| {
        let mut program = stage.visitor();
        for which in ["flask", "node"] {
            let health = program.get(&format!("/api/{which}/health")).await;
            assert_eq!(health.expect(200).json(), json!({ "status": "ok" }));
            let hello = program.get(&format!("/api/{which}/hello")).await;
            let message = &hello.expect(200).json()["message"];
            assert!(message.as_str().is_some_and(|words| !words.is_empty()));
        }
    });
}

#[test]
fn who_only_waits_for_seats_hears_so() {
    on_both(async |stage| {
        stage.switch(|switches| switches.waitlist = true).await;
        stage
            .change(|tx| {
                let full = sql!("UPDATE event SET capacity = seats_taken");
                tx.run(full, &[], Rows::Exactly(3)).map(drop)
            })
            .await;
        let mut program = stage.visitor();
        program.header("accept-language", "en");
        let body = json!({ "code": "RAHMA", "attending": true });
        let told = send(&mut program, &body).await.with(201).json();
        assert_eq!(
            (&told["attending"], &told["guests"]),
            (&json!(false), &json!(0))
        );
        assert!(
            told["message"]
                .as_str()
                .unwrap()
                .ends_with("you are on the waiting list."),
            "{told}"
        );
        let after = state(&mut program, "RAHMA").await;
        assert_eq!(guest(&after, "Rahman")["replies"]["nikah"], "waitlisted");
    });
}

#[test]
fn a_code_answers_for_everybody_and_a_number_brings_more() {
    on_both(async |stage| {
        let mut program = stage.visitor();
        let body = json!({ "code": "rah ma", "attending": "hadir", "pax": 5, "wish": "Tahniah!" });
        let saved = send(&mut program, &body).await;
        let told = saved.expect(201).json();
        assert_eq!(told["status"], "ok", "{told}");
        assert_eq!(told["guests"], 5);
        assert_eq!(told["attending"], true);
        assert!(told.get("invite_code").is_none(), "{told}");
        let after = state(&mut program, "RAHMA").await;
        for who in ["Rahman", "Siti", "Nur", "Ahmad"] {
            for event in ["nikah", "reception", "brunch"] {
                assert_eq!(guest(&after, who)["replies"][event], "yes", "{who}");
            }
        }
        assert_eq!(after["allowance"]["plus_ones"]["used"], 1);
        assert_eq!(after["note"]["text"], "Tahniah!");
        // If fewer guests come, the others stay on the guest list with their data.
        let body = json!({ "invite_code": "RAHMA", "status": "yes", "guests": 4 });
        let told = send(&mut program, &body).await.expect(200).json();
        assert_eq!(told["guests"], 4);
        let after = state(&mut program, "RAHMA").await;
        assert_eq!(after["guests"].as_array().unwrap().len(), 5);
        assert_eq!(after["note"]["text"], "Tahniah!");
        // If more guests come after all, the number may rise again to the invitation's number of
        // seats.
        let body = json!({ "code": "RAHMA", "attending": true, "count": "6" });
        let told = send(&mut program, &body).await.expect(200).json();
        assert_eq!(told["guests"], 6);
        let body = json!({ "code": "RAHMA", "attending": true, "count": 7 });
        assert_refused(&send(&mut program, &body).await, 409, "plus_one_limit");
        let body = json!({ "code": "RAHMA", "attending": "tidak hadir", "count": 0 });
        let told = send(&mut program, &body).await.expect(200).json();
        assert_eq!(told["guests"], 0);
        assert_eq!(told["attending"], false);
        let after = state(&mut program, "RAHMA").await;
        let all = after["guests"].as_array().unwrap();
        assert!(all.iter().all(|one| one["replies"]["nikah"] == "no"));
    });
}

#[test]
fn a_form_does_as_well() {
    on_sqlite(async |stage| {
        let mut program = stage.visitor();
        let fields = [("code", "RAHMA"), ("attendance", "yes"), ("ignored", "x")];
        let told = program.post(RSVP, &fields).await.expect(201).json();
        assert_eq!(told["guests"], 4, "{told}");
        let page = program
            .send(Method::POST, RSVP, Some("text/plain"), "code=RAHMA".into())
            .await;
        assert_refused(&page, 415, "unsupported_media_type");
        let page = program
            .send(Method::POST, RSVP, Some("application/json"), "{".into())
            .await;
        assert_refused(&page, 400, "body_invalid");
        let large = vec![b' '; 256 * 1024 + 1];
        let page = program
            .send(Method::POST, RSVP, Some("application/json"), large.into())
            .await;
        assert_refused(&page, 413, "body_too_large");
        let page = send(&mut program, &json!([])).await;
        assert_refused(&page, 422, "validation_failed");
    });
}

/// A part of a multipart form, as browsers send it. For a file, `head` contains the file name too.
pub(crate) fn part(head: &str, value: &[u8]) -> Vec<u8> {
    let head = format!("--b\r\nContent-Disposition: form-data; {head}\r\n\r\n");
    [head.as_bytes(), value, b"\r\n"].concat()
}

#[test]
fn the_form_data_of_a_script_does_as_well() {
    on_sqlite(async |stage| {
        let kind = "multipart/form-data; boundary=b";
        let mut program = stage.visitor();
        let mut post = async |kind: &str, body: Vec<u8>| {
            program
                .send(Method::POST, RSVP, Some(kind), body.into())
                .await
        };
        let picture = "name=\"message\"; filename=\"\"\r\nContent-Type: application/octet-stream";
        let whole = [
            part("name=\"code\"", b"RAHMA"),
            part("name=\"attendance\"", b"no"),
            // The field occurs twice; as in an urlencoded form, the last value counts.
            part("name=\"attendance\"", b"yes"),
            part(picture, b"\xFF\xD8"),
            part("name=\"wish\"; filename*=UTF-8''foto.jpg", b"\xFF\xD8"),
            part("name=\"wish\"; FileName=foto.txt", b"no wish"),
            part("name=\"wish\"", "Tahniah 陈\r\n--\r\n".as_bytes()),
            part("name=\"ignored\"", b""),
            b"--b--\r\n".to_vec(),
        ]
        .concat();
        let told = post("Multipart/Form-Data; boundary=b", whole.clone()).await;
        let told = told.expect(201).json();
        assert_eq!(told["guests"], 4, "{told}");
        let after = state(&mut stage.visitor(), "RAHMA").await;
        assert_eq!(after["note"]["text"], "Tahniah 陈\n--");

        let end = b"--b--\r\n".to_vec();
        let files = part("name=\"x\"; filename=\"x\"", b"x").repeat(2001);
        let heavy = part("name=\"x\"", &vec![b'x'; 256 * 1024]);
        for (kind, body, status, code) in [
            ("multipart/form-data", whole.clone(), 400, "body_invalid"),
            (kind, whole[..whole.len() - 4].to_vec(), 400, "body_invalid"),
            (kind, whole[..40].to_vec(), 400, "body_invalid"),
            (kind, Vec::new(), 400, "body_invalid"),
            (kind, part("name=\"code\"", b"RAHMA"), 400, "body_invalid"),
            (
                kind,
                [part("name=\"wish\"", b"\xFF"), end.clone()].concat(),
                400,
                "body_invalid",
            ),
            (
                kind,
                [part("name=wish", b"x"), part("", b"x"), end.clone()].concat(),
                400,
                "body_invalid",
            ),
            (
                kind,
                b"--b\r\nContent-Disposition: form-data; name=\"\xFF\"\r\n\r\nx\r\n--b--".to_vec(),
                400,
                "body_invalid",
            ),
            (kind, end.clone(), 422, "validation_failed"),
            (kind, [files, end.clone()].concat(), 413, "body_too_large"),
            (kind, [heavy, end].concat(), 413, "body_too_large"),
            (
                "multipart/mixed; boundary=b",
                whole,
                415,
                "unsupported_media_type",
            ),
        ] {
            assert_refused(&post(kind, body).await, status, code);
        }
    });
}

#[test]
fn rules_answer_in_its_own_shape() {
    on_both(async |stage| {
        stage
            .other_occasion("OTHER", OccasionStatus::Published)
            .await;
        let mut program = stage.visitor();
        for (body, status, code) in [
            (
                json!({ "code": "WRNG2", "attending": true }),
                404,
                "invitation_not_found",
            ),
            // The code belongs to another occasion.
            (
                json!({ "code": "OTHER", "attending": true }),
                404,
                "invitation_not_found",
            ),
            (
                json!({ "code": "?", "attending": true }),
                422,
                "code_malformed",
            ),
            (json!({ "code": "RAHMA" }), 422, "validation_failed"),
            (
                json!({ "code": "RAHMA", "attending": true, "pax": 21 }),
                422,
                "validation_failed",
            ),
            (
                json!({ "code": "LATE1", "attending": true }),
                423,
                "rsvp_deadline_passed",
            ),
            (
                json!({ "code": "SHUT1", "attending": true }),
                423,
                "invitation_locked",
            ),
        ] {
            assert_refused(&send(&mut program, &body).await, status, code);
        }
        let message = assert_refused(
            &send(&mut program, &json!({ "attending": "maybe" })).await,
            422,
            "validation_failed",
        );
        assert!(message.contains("attending"), "{message}");
        program.header("idempotency-key", "not visible");
        let body = json!({ "code": "RAHMA", "attending": true });
        let page = send(&mut program, &body).await;
        assert_refused(&page, 400, "idempotency_key_invalid");
        stage.switch(|switches| switches.open_rsvp = false).await;
        let mut program = stage.visitor();
        let body = json!({ "name": "Mei", "attending": true });
        assert_refused(&send(&mut program, &body).await, 422, "code_required");
        stage.status(OccasionStatus::Archived).await;
        let body = json!({ "code": "RAHMA", "attending": true });
        assert_refused(&send(&mut program, &body).await, 410, "invitation_expired");
    });
}

#[test]
fn a_repeat_is_answered_as_before_and_counts_once() {
    on_both(async |stage| {
        let mut program = stage.visitor();
        for (body, other) in [
            (
                json!({ "code": "RAHMA", "attending": true, "submission_id": "a1" }),
                json!({ "code": "RAHMA", "attending": false, "submission_id": "a1" }),
            ),
            (
                json!({ "name": "Mei", "attending": true, "guests": 2, "submission_id": 1 }),
                json!({ "name": "Mei", "attending": true, "guests": 3, "submission_id": 1 }),
            ),
        ] {
            let first = send(&mut program, &body).await;
            let again = send(&mut program, &body).await;
            assert_eq!(first.expect(201).json(), again.expect(201).json());
            let by_node = program.call(Method::POST, NODE_RSVP, &body).await;
            assert_private(&by_node);
            assert_eq!(first.json(), by_node.expect(201).json());
            let page = send(&mut program, &other).await;
            assert_refused(&page, 422, "idempotency_key_reused");
            let page = program.call(Method::POST, NODE_RSVP, &other).await;
            assert_refused(&page, 422, "idempotency_key_reused");
        }
        let submissions = sql!("SELECT COUNT(*) FROM submission WHERE source = $1");
        assert_eq!(stage.count(submissions, "api").await, 2);
        let made = sql!("SELECT COUNT(*) FROM open_answer WHERE invitation <> $1");
        assert_eq!(stage.count(made, "").await, 1);
        // The same `submission_id` with another person's name is a different reply.
        let body = json!({ "name": "Lim", "attending": true, "submission_id": 1 });
        send(&mut program, &body).await.expect(201);
        // The header `Idempotency-Key` takes precedence over the field `submission_id`.
        program.header("idempotency-key", "h1");
        let body = json!({ "code": "RAHMA", "attending": false, "submission_id": "a1" });
        send(&mut program, &body).await.expect(200);
    });
}

#[test]
fn two_at_once_bring_as_many_as_one() {
    on_both(async |stage| {
        for _ in 0..20 {
            let body = json!({ "code": "RAHMA", "attending": true, "pax": 6 });
            let sending = || {
                let (mut program, body) = (stage.visitor(), body.clone());
                async move { send(&mut program, &body).await }
            };
            let (first, second) = together(sending(), sending()).await;
            for page in [first, second] {
                assert!(
                    [200, 201].contains(&page.status.as_u16()),
                    "{}",
                    page.status
                );
                assert_eq!(page.json()["guests"], 6);
            }
            let after = state(&mut stage.visitor(), "RAHMA").await;
            assert_eq!(after["guests"].as_array().unwrap().len(), 6);
        }
    });
}

#[test]
fn without_a_code_an_invitation_is_made_that_can_be_changed_with_its_code() {
    on_both(async |stage| {
        let mut program = stage.visitor();
        let body = json!({ "name": " Mei  Ling ", "phone": "012-345 6789", "attending": "yes",
            "guests": 3, "message": "Selamat!" });
        let told = send(&mut program, &body).await.expect(201).json();
        let code = told["invite_code"].as_str().unwrap().to_owned();
        assert!(told["message"].as_str().unwrap().contains(&code), "{told}");
        assert_eq!(told["guests"], 3);
        let after = state(&mut program, &code).await;
        assert_eq!(after["household"], "Mei  Ling");
        assert_eq!(after["note"]["text"], "Selamat!");
        assert_eq!(after["allowance"]["plus_ones"]["allowed"], 5);
        let body = json!({ "code": code, "attending": "no" });
        let told = send(&mut program, &body).await.expect(200).json();
        assert_eq!(told["guests"], 0, "{told}");
    });
}

#[test]
fn what_is_not_understood_changes_nothing() {
    on_sqlite(async |stage| {
        let mut program = stage.visitor();
        let long = "x".repeat(4_001);
        for body in [
            json!({ "attending": true }),
            json!({ "name": "x".repeat(101), "attending": true }),
            json!({ "name": "Mei", "email": "nobody", "attending": true }),
            json!({ "name": "Mei", "phone": "1".repeat(33), "attending": true }),
            json!({ "name": "Mei", "message": long, "attending": true }),
        ] {
            let page = send(&mut program, &body).await;
            assert_refused(&page, 422, "validation_failed");
        }
        let body = json!({ "name": "Mei", "attending": true, "guests": 7 });
        assert_refused(&send(&mut program, &body).await, 422, "party_size");
        let made = sql!("SELECT COUNT(*) FROM open_answer WHERE invitation <> $1");
        assert_eq!(stage.count(made, "").await, 0);
        let tries = sql!("SELECT COUNT(*) FROM open_try WHERE network <> $1");
        assert_eq!(stage.count(tries, "").await, 0);
    });
}
