//! Tests that arbitrary requests to guests' paths never cause a 5xx response, and that a refused
//! request changes no row. Each test sends 256 generated requests.

use std::cell::Cell;
use std::net::Ipv4Addr;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::Method;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::json;
use testkit::Page;
use tokio::runtime::Handle;

use crate::made_up::{CODES, address, code, encoded, field, headers, mutate, mutation, value};
use crate::rows::{Rows, rows};
use crate::stage::{Stage, on_sqlite, state};

const FORM: &str = "application/x-www-form-urlencoded";

#[derive(Clone, Debug)]
struct Sent {
    method: &'static str,
    address: String,
    kind: Option<&'static str>,
    body: Vec<u8>,
    headers: Vec<(&'static str, Vec<u8>)>,
}

/// Sends 256 requests that `strategy` generates, each from a different IP address.
#[expect(clippy::result_large_err, reason = "the error is proptest's")]
fn each<S: Strategy<Value = Sent>>(stage: &Stage<'_>, strategy: &S) {
    let config = Config {
        cases: 256,
        failure_persistence: None,
        max_shrink_iters: 64,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(
            proptest::test_runner::RngAlgorithm::ChaCha,
        ),
    );
    let senders = Cell::new(0_u32);
    let outcome = tokio::task::block_in_place(|| {
        runner.run(strategy, |sent| {
            senders.set(senders.get() + 1);
            let from = Ipv4Addr::from_bits(0x0a00_0000 + senders.get());
            Handle::current().block_on(check(stage, &from.to_string(), sent))
        })
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

async fn check(stage: &Stage<'_>, from: &str, sent: Sent) -> Result<(), TestCaseError> {
    let before = rows(stage).await;
    let method = Method::from_bytes(sent.method.as_bytes()).unwrap();
    let mut visitor = stage.visitor_at(from);
    for (name, value) in &sent.headers {
        // A header cannot contain every value. Values that it cannot contain are skipped.
        if let Ok(value) = axum::http::HeaderValue::from_bytes(value)
            && let Ok(value) = value.to_str()
        {
            visitor.header(name, value);
        }
    }
    if sent.address.parse::<axum::http::Uri>().is_err() {
        return Ok(());
    }
    let body = Bytes::from(sent.body.clone());
    let page = visitor.send(method, &sent.address, sent.kind, body).await;
    let after = rows(stage).await;
    judge(&sent, &page, &before, &after)
}

fn judge(sent: &Sent, page: &Page, before: &Rows, after: &Rows) -> Result<(), TestCaseError> {
    prop_assert!(
        !page.status.is_server_error(),
        "{:?}: {} {}",
        sent,
        page.status,
        page.body
    );
    let looks = ["GET", "HEAD", "OPTIONS"].contains(&sent.method);
    if looks || page.status.is_client_error() {
        prop_assert_eq!(
            before,
            after,
            "{:?} changed something and answered {}",
            sent,
            page.status
        );
    }
    Ok(())
}

#[test]
fn whatever_is_asked_for_is_answered_and_changes_nothing() {
    on_sqlite(async |stage| {
        let api = (code(), select(vec!["", "/rsvp", "/note", "/export"]))
            .prop_map(|(code, below)| format!("/api/v1/invitations/{code}{below}"));
        let slug = "[!-~&&[^#?/]]{0,20}".prop_map(|slug| format!("/o/{slug}"));
        let method = select(vec![
            "GET", "GET", "GET", "HEAD", "OPTIONS", "PATCH", "DELETE", "TRACE",
        ]);
        let requests = (
            method,
            prop_oneof![4 => address(), 2 => api, 1 => slug],
            headers(),
        );
        each(
            stage,
            &requests.prop_map(|(method, address, headers)| Sent {
                method,
                address,
                kind: None,
                body: Vec::new(),
                headers,
            }),
        );
    });
}

async fn people(stage: &Stage<'_>) -> Vec<String> {
    let mut people = vec!["0197".to_owned(), String::new(), "x.y".to_owned()];
    for code in ["RAHMA", "ROSSI", "TANWE"] {
        let stored = state(&mut stage.visitor(), code).await;
        let guests = stored["guests"].as_array().unwrap();
        people.extend(
            guests
                .iter()
                .map(|guest| guest["id"].as_str().unwrap().to_owned()),
        );
    }
    people
}

#[test]
fn whatever_is_filled_in_is_saved_or_refused() {
    on_sqlite(async |stage| {
        let fields = prop::collection::vec((field(people(stage).await), value()), 0..12);
        let place = prop_oneof![
            6 => (select(&CODES[..]), select(vec!["rsvp", "dietary", "notes"])).prop_map(|(code, below)| format!("/invite/{code}/{below}")),
            1 => address(),
            1 => Just("/".to_owned()),
            1 => Just("/o/aisyah-daniel".to_owned()),
        ];
        let requests = (place, fields, headers());
        each(
            stage,
            &requests.prop_map(|(address, fields, headers)| Sent {
                method: "POST",
                address,
                kind: Some(FORM),
                body: fields
                    .iter()
                    .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
                    .collect::<Vec<_>>()
                    .join("&")
                    .into_bytes(),
                headers,
            }),
        );
    });
}

#[test]
fn any_bytes_at_all_are_answered() {
    on_sqlite(async |stage| {
        let place = prop_oneof![
            Just("/".to_owned()),
            Just("/invite/RAHMA/rsvp".to_owned()),
            Just("/api/rsvp".to_owned()),
            Just("/api/v1/codes/resolve".to_owned()),
            Just("/api/v1/invitations/RAHMA/rsvp".to_owned()),
            Just("/api/v1/invitations/RAHMA/note".to_owned()),
        ];
        let kind = select(vec![
            Some(FORM),
            Some("application/json"),
            Some("multipart/form-data"),
            Some("multipart/form-data; boundary=b"),
            Some("text/plain; x=\"y"),
            None,
        ]);
        let body = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "[\\[\\]{}\":,0-9a-z\\\\]{0,80}".prop_map(String::into_bytes),
            "[%&=a-z0-9.+]{0,80}".prop_map(String::into_bytes),
            "--b\r\n[-:;=\" a-z\r\n]{0,80}(--b--)?".prop_map(String::into_bytes),
        ];
        let method = select(vec!["POST", "PUT", "DELETE"]);
        each(
            stage,
            &(method, place, kind, body, headers()).prop_map(
                |(method, address, kind, body, headers)| Sent {
                    method,
                    address,
                    kind,
                    body,
                    headers,
                },
            ),
        );
    });
}

#[test]
fn whatever_stands_in_a_json_body_is_saved_or_refused() {
    on_sqlite(async |stage| {
        let people = people(stage).await;
        let save = json!({
            "version": 1,
            "guests": [
                { "id": people[3], "name": "Rahman", "replies": { "nikah": "yes", "reception": "undecided" }, "diets": ["halal"], "diet_note": null },
                { "id": people[4], "replies": { "brunch": "no" } },
                { "name": "Mei", "is_child": true, "age": 3 }
            ],
            "remove": [],
            "note": { "text": "Hello", "version": 1 }
        });
        // These requests contain no version, so they cannot be refused as outdated.
        let by_code = json!({ "code": "RAHMA", "guests": [save["guests"][0], save["guests"][1]] });
        let note = json!({ "text": "Hello", "version": 1 });
        let requests = prop_oneof![
            4 => Just(("PUT", "/api/v1/invitations/RAHMA/rsvp".to_owned(), save.clone())),
            1 => code().prop_map(move |code| ("PUT", format!("/api/v1/invitations/{code}/rsvp"), save.clone())),
            3 => Just(("POST", "/api/rsvp".to_owned(), by_code)),
            1 => Just(("PUT", "/api/v1/invitations/RAHMA/note".to_owned(), note.clone())),
            1 => Just(("DELETE", "/api/v1/invitations/RAHMA/note".to_owned(), note)),
            1 => Just(("POST", "/api/v1/codes/resolve".to_owned(), json!({ "code": "RAHMA" }))),
        ];
        let mutations = prop::collection::vec(mutation(), 0..4);
        let deep = prop_oneof![9 => Just(0_usize), 1 => 1..60_usize];
        each(
            stage,
            &(requests, mutations, deep, headers()).prop_map(
                |((method, address, mut body), mutations, deep, headers)| {
                    for mutation in &mutations {
                        mutate(&mut body, mutation);
                    }
                    for _ in 0..deep {
                        body = json!({ "guests": [body] });
                    }
                    Sent {
                        method,
                        address,
                        kind: Some("application/json"),
                        body: body.to_string().into_bytes(),
                        headers,
                    }
                },
            ),
        );
    });
}

#[test]
fn a_body_full_of_people_holds_nobody_up() {
    on_sqlite(async |stage| {
        let many = |one: &str, count: usize| format!("[{}]", vec![one; count].join(","));
        let person = &people(stage).await[3];
        let replies: Vec<String> = (0..12_000).map(|n| format!("\"e{n}\":\"yes\"")).collect();
        let keys: Vec<String> = (0..20_000).map(|n| format!("\"d{n}\"")).collect();
        for (guests, status) in [
            (many("{}", 80_000), 413),
            (many("{\"name\":\"\",\"diets\":[\"x\"]}", 9_000), 409),
            (many(&format!("{{\"id\":\"{person}\"}}"), 5_000), 200),
            (
                format!(
                    "[{{\"id\":\"{person}\",\"replies\":{{{}}}}}]",
                    replies.join(",")
                ),
                422,
            ),
            (
                format!("[{{\"id\":\"{person}\",\"diets\":[{}]}}]", keys.join(",")),
                422,
            ),
        ] {
            let body = format!("{{\"version\":1,\"guests\":{guests}}}");
            assert!(body.len() < 256 * 1024, "{}", body.len());
            let mut visitor = stage.visitor();
            let address = "/api/v1/invitations/RAHMA/rsvp";
            let sent = visitor.send(
                Method::PUT,
                address,
                Some("application/json"),
                Bytes::from(body),
            );
            // A request like this one used to take almost a minute, and blocked all other changes
            // meanwhile.
            let page = tokio::time::timeout(Duration::from_secs(20), sent)
                .await
                .unwrap();
            page.expect(status);
        }
    });
}
