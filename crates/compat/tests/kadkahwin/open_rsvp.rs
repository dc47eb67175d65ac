//! Tests of replies without a code, through a path of older wedding cards and through the public
//! page.

use axum::http::Method;
use platform::{Rows, sql};
use serde_json::json;
use testkit::{Page, Visitor, together};

use crate::rsvp::{RSVP, assert_refused, send};
use crate::stage::{on_both, on_sqlite};

const PAGE: &str = "/o/aisyah-daniel/rsvp";

async fn fill(visitor: &mut Visitor, name: &str, attending: &str) -> Page {
    let page = visitor.get(PAGE).await;
    let mut form = page.expect(200).form(PAGE);
    form.fill("name", name);
    for event in ["nikah", "reception", "brunch"] {
        form.fill(&format!("event.{event}"), attending);
    }
    visitor.submit(&page, &form).await
}

#[test]
fn the_page_and_programs_count_against_the_same_hour() {
    on_sqlite(async |stage| {
        let mut guest = stage.visitor();
        for number in 0..5 {
            let body = json!({ "name": format!("P{number}"), "attending": true });
            send(&mut guest, &body).await.expect(201);
        }
        fill(&mut guest, "Sixth", "no").await.expect(429);
        let body = json!({ "name": "Sixth", "attending": true });
        let page = send(&mut guest, &body).await;
        assert_refused(&page, 429, "rate_limited");
        assert!(page.header("retry-after").parse::<u32>().is_ok());
    });
}

#[test]
fn refused_answers_of_one_network_end_too() {
    on_sqlite(async |stage| {
        let mut guest = stage.visitor();
        for number in 0..5 {
            let saved = fill(&mut guest, &format!("Guest {number}"), "no").await;
            saved.expect(303);
        }
        // The server has accepted five replies from this network, so it would refuse a valid one.
        // It still reports errors in replies, up to a separate limit.
        let body = json!({ "name": "Mei", "attending": true, "guests": 21 });
        for _ in 5..30 {
            let page = send(&mut guest, &body).await;
            assert_refused(&page, 422, "validation_failed");
        }
        let page = send(&mut guest, &body).await;
        assert_refused(&page, 429, "rate_limited");
        fill(&mut guest, "Mei", "yes").await.expect(429);
    });
}

#[test]
fn an_event_that_is_full_is_said() {
    on_both(async |stage| {
        stage
            .change(|tx| {
                let full = sql!("UPDATE event SET capacity = 0 WHERE key = $1");
                tx.run(full, &[&"brunch"], Rows::Exactly(1)).map(drop)
            })
            .await;
        let mut program = stage.visitor();
        program.header("accept-language", "en");
        let body = json!({ "name": "Lim", "attending": true });
        let page = send(&mut program, &body).await;
        let words = assert_refused(&page, 409, "open_full");
        assert_eq!(words, stage.say("problem-open-full"));
    });
}

#[test]
fn of_two_at_the_same_moment_one_is_the_double_and_the_hour_holds() {
    on_both(async |stage| {
        let sending = || {
            let mut program = stage.visitor();
            async move {
                let body = json!({ "name": "Mei", "attending": true });
                program.call(Method::POST, RSVP, &body).await
            }
        };
        let made = sql!("SELECT COUNT(*) FROM open_answer WHERE invitation <> $1");
        let doubles =
            sql!("SELECT COUNT(*) FROM open_answer WHERE is_duplicate = 1 AND invitation <> $1");
        let mut taken = 0;
        for round in 1..=20 {
            let (one, other) = together(sending(), sending()).await;
            for page in [one, other] {
                match page.status.as_u16() {
                    201 => taken += 1,
                    status => assert_eq!(status, 429),
                }
            }
            // The limit is five replies, so the third round adds one, and later rounds add none.
            assert_eq!(taken, (2 * round).min(5));
            assert_eq!(stage.count(made, "").await, taken);
            assert_eq!(stage.count(doubles, "").await, taken - 1);
        }
    });
}
