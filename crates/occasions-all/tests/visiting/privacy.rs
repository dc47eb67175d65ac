//! Tests that no response to a guest contains data for hosts only, and that each response has the
//! required headers.

use axum::http::Method;
use platform::sql;
use serde_json::json;
use testkit::{Page, Visitor};

use crate::stage::{assert_private, id, on_sqlite, put, state};

/// Texts that only hosts may see.
const SECRETS: [&str; 8] = [
    "SECRET-NOTE",
    "SECRET-TAG",
    "SECRET-REASON",
    "SECRET-PHONE",
    "SECRET-STREET",
    "rahman@example.com",
    "rossi@example.com",
    "fernandez@example.com",
];

/// Returns responses of all kinds to the household with this code.
async fn answers(visitor: &mut Visitor, code: &str) -> Vec<Page> {
    let stored = state(visitor, code).await;
    let version = stored["version"].as_i64().unwrap();
    let guest = stored["guests"][0]["id"].as_str().unwrap().to_owned();
    let mut pages = Vec::new();
    for below in [
        "",
        "/rsvp",
        "/dietary",
        "/notes",
        "/confirmation",
        "/calendar.ics",
        "/nothing",
    ] {
        pages.push(visitor.get(&format!("/invite/{code}{below}")).await);
    }
    let reply = format!("reply.{guest}.nikah");
    let old = (version - 1).to_string();
    for fields in [
        vec![
            ("version", old.as_str()),
            (reply.as_str(), "yes"),
            ("note", "Old page"),
        ],
        vec![(reply.as_str(), "maybe")],
        vec![
            ("new.0.name", "A"),
            ("new.1.name", "B"),
            ("new.2.name", "C"),
        ],
        vec![("reply.0197.nikah", "yes")],
        vec![(reply.as_str(), "no")],
        vec![("note", "A note")],
    ] {
        pages.push(visitor.post(&format!("/invite/{code}/rsvp"), &fields).await);
    }
    pages.push(visitor.post(&format!("/invite/{code}/dietary"), &[]).await);
    pages.push(
        visitor
            .post(&format!("/invite/{code}/notes"), &[("note", "Another")])
            .await,
    );
    for body in [
        json!({}),
        json!({ "version": 0, "guests": [{ "id": guest, "replies": { "nikah": "undecided" } }] }),
        json!({ "version": 99, "guests": [{ "id": guest, "name": "Other" }] }),
        json!({ "version": version, "guests": [{ "id": "0197" }] }),
        json!({ "version": version, "guests": [{ "id": guest, "replies": { "x": "yes" } }] }),
        json!({ "version": "x" }),
    ] {
        pages.push(put(visitor, code, &body).await);
        let mut by_code = body.clone();
        by_code["code"] = json!(code);
        pages.push(visitor.call(Method::POST, "/api/rsvp", &by_code).await);
    }
    let note = json!({ "text": "x", "version": 0 });
    let address = format!("/api/v1/invitations/{code}/note");
    pages.push(visitor.call(Method::PUT, &address, &note).await);
    pages.push(visitor.call(Method::DELETE, &address, &json!(null)).await);
    let resolve = json!({ "code": code });
    pages.push(
        visitor
            .call(Method::POST, "/api/v1/codes/resolve", &resolve)
            .await,
    );
    pages.push(visitor.get(&format!("/api/v1/invitations/{code}")).await);
    pages
}

#[test]
fn nobody_elses_and_nothing_of_the_hosts_is_ever_shown() {
    on_sqlite(async |stage| {
        for sql in [
            sql!(
                "UPDATE invitation SET host_note = 'SECRET-NOTE', lock_reason = 'SECRET-REASON',
                 tags = '[\"SECRET-TAG\"]', phone = 'SECRET-PHONE', address = 'SECRET-STREET'
                 WHERE code <> $1"
            ),
            sql!("UPDATE guest SET email = 'SECRET-NOTE', phone = 'SECRET-PHONE' WHERE id <> $1"),
        ] {
            stage.run(sql, "").await;
        }
        let others: Vec<(String, String)> = stage
            .world
            .store()
            .read(|tx| {
                tx.all(
                    sql!(
                        "SELECT invitation.code, guest.name FROM guest
                         JOIN invitation ON invitation.id = guest.invitation"
                    ),
                    &[],
                )
            })
            .await
            .map_err(|error: platform::StoreError| error)
            .unwrap();
        for code in ["RAHMA", "ROSSI", "LATE1", "SHUT1", "TANWE"] {
            let mut visitor = stage.guest();
            for page in answers(&mut visitor, code).await {
                assert!(
                    !page.status.is_server_error(),
                    "{} {}",
                    page.address,
                    page.body
                );
                assert_private(&page);
                for secret in SECRETS {
                    assert!(
                        !page.body.contains(secret),
                        "{secret} in {} ({})",
                        page.address,
                        page.status
                    );
                }
                for (other, name) in others.iter().filter(|(other, _)| other != code) {
                    for secret in [other, name] {
                        assert!(
                            !page.body.contains(secret.as_str()),
                            "{secret} in {} of {code}",
                            page.address
                        );
                    }
                }
            }
        }
    });
}

#[test]
fn a_problem_does_not_spell_the_code_out() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        let rahman = id(&state(&mut visitor, "RAHMA").await, "Rahman");
        for body in [
            json!({}),
            json!({ "version": 1, "guests": [{ "id": rahman, "replies": { "x": "yes" } }] }),
        ] {
            let page = put(&mut visitor, "RAHMA", &body).await;
            assert!(page.status.is_client_error());
            assert!(!page.body.contains("RAHMA"), "{}", page.body);
        }
    });
}

#[test]
fn search_engines_are_told_to_stay_outside() {
    on_sqlite(async |stage| {
        let page = stage.visitor().get("/robots.txt").await;
        assert!(
            page.expect(200)
                .header("content-type")
                .starts_with("text/plain")
        );
        for closed in ["/invite/", "/admin/", "/api/"] {
            assert!(page.body.contains(&format!("\nDisallow: {closed}\n")));
        }
    });
}

#[test]
fn cookies_hold_no_code() {
    on_sqlite(async |stage| {
        let mut visitor = stage.guest();
        visitor.get("/invite/RAHMA").await.expect(200);
        let cookie = visitor.cookie("kd_guest").unwrap();
        assert!(!cookie.contains("RAHMA"), "{cookie}");
        let stored = visitor.cookie("kd_guest").unwrap().to_owned();
        visitor.get("/invite/RAHMA/rsvp").await.expect(200);
        assert_eq!(
            visitor.cookie("kd_guest"),
            Some(stored.as_str()),
            "not set anew each time"
        );
    });
}
