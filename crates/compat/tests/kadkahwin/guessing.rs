//! Tests that wrong codes on a path of older wedding cards count towards the site's limit on wrong
//! codes.

use axum::http::Method;
use serde_json::{Value, json};

use crate::rsvp::{RSVP, assert_refused, send};
use crate::stage::{on_both, on_sqlite};

fn try_code(code: &str) -> Value {
    json!({ "code": code, "attending": true })
}

#[test]
fn ten_wrong_codes_use_up_an_address() {
    on_both(async |stage| {
        let mut program = stage.visitor();
        for n in 0..10 {
            let wrong = try_code(&format!("WRNG{n}"));
            let page = send(&mut program, &wrong).await;
            assert_refused(&page, 404, "invitation_not_found");
            if n < 9 {
                // The same wrong code counts only once.
                let page = send(&mut program, &wrong).await;
                assert_refused(&page, 404, "invitation_not_found");
            }
        }
        let mut seen = Vec::new();
        for code in ["WRXXX", "RAHMA"] {
            let page = send(&mut program, &try_code(code)).await;
            seen.push(assert_refused(&page, 401, "name_required"));
        }
        assert_eq!(seen[0], seen[1]);
        // The page requires a name in addition to the code, and a name on the invitation is
        // accepted.
        program.get("/invite/RAHMA").await.expect(401);
        let mut named = try_code("RAHMA");
        named["name"] = json!("Ludovico");
        let page = send(&mut program, &named).await;
        assert_refused(&page, 404, "invitation_not_found");
        named["name"] = json!("siti");
        send(&mut program, &named).await.expect(201);
        let mut other = stage.visitor_at("192.0.2.2");
        send(&mut other, &try_code("RAHMA")).await.expect(200);
    });
}

#[test]
fn the_check_of_a_link_is_no_guess() {
    on_sqlite(async |stage| {
        let mut program = stage.visitor();
        for n in 0..10 {
            let wrong = try_code(&format!("WRNG{n}"));
            send(&mut program, &wrong).await.expect(404);
        }
        let mut linked = try_code("RAHMA");
        linked["k"] = json!(stage.links.check_of("RAHMA").unwrap());
        send(&mut program, &linked).await.expect(201);
    });
}

#[test]
fn any_bytes_at_all_are_answered() {
    on_sqlite(async |stage| {
        let mut program = stage.visitor();
        for kind in [
            "application/json",
            "multipart/form-data; boundary=b",
            "text/plain; x=\"y",
        ] {
            for body in [
                &b"{"[..],
                b"[1]",
                b"\xff\xfe",
                b"--b\r\n:;--b--",
                b"code=%&=%zz",
                b"",
            ] {
                let sent = program.send(Method::POST, RSVP, Some(kind), body.to_vec().into());
                let page = sent.await;
                assert!(page.status.is_client_error(), "{kind}: {}", page.status);
            }
        }
    });
}
