//! Tests of a browser without JavaScript that submits the form of an older wedding card. The
//! browser is redirected to pages, and errors are pages too.

use axum::http::Method;
use serde_json::json;
use testkit::{Page, Visitor};

use crate::rsvp::{RSVP, part, send};
use crate::stage::{Stage, assert_private, on_default, on_sqlite};

const PAGES: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

fn browser(stage: &Stage<'_>) -> Visitor {
    let mut browser = stage.visitor();
    browser.header("accept", PAGES);
    browser
}

#[track_caller]
fn assert_page(page: &Page, status: u16) -> String {
    page.expect(status);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    page.text()
}

#[test]
fn with_a_code_it_is_led_on_or_shown_what_is_stored() {
    on_sqlite(async |stage| {
        let mut browser = browser(stage);
        let stored = stage.links.below("RAHMA", "/confirmation");
        let stored = stored.as_str();
        for (next, led) in [
            ("/thank-you.html?a=1", "/thank-you.html?a=1"),
            ("", stored),
            ("//elsewhere.example/", stored),
            ("/\\elsewhere.example", stored),
            ("https://elsewhere.example/", stored),
            ("/a b", stored),
        ] {
            let fields = [("code", "rahma"), ("attendance", "yes"), ("next", next)];
            let page = browser.post(RSVP, &fields).await;
            assert_eq!(page.expect(303).header("location"), led);
            assert_private(&page);
        }
        let fields = [("code", "r0-ss1"), ("attendance", "yes")];
        let page = browser.post(RSVP, &fields).await;
        let thanks = browser.follow(page).await;
        assert_page(&thanks, 200);
        assert_eq!(thanks.address, stage.links.below("ROSSI", "/confirmation"));
        let fields = [
            part("name=\"code\"", b"RAHMA"),
            part("name=\"attending\"", b"yes"),
            part("name=\"next\"", b"/thank-you"),
            b"--b--".to_vec(),
        ];
        let kind = Some("Multipart/Form-Data; boundary=b");
        let page = browser
            .send(Method::POST, RSVP, kind, fields.concat().into())
            .await;
        assert_eq!(page.expect(303).header("location"), "/thank-you");
        // A client that sends JSON gets JSON, whatever its `Accept` header says.
        let body = json!({ "code": "RAHMA", "attending": true, "next": "/x" });
        send(&mut browser, &body).await.expect(200);
    });
}

#[test]
fn without_a_code_it_is_shown_its_code() {
    on_default(async |stage| {
        let mut browser = browser(stage);
        let fields = [
            ("name", "Mei Ling"),
            ("attending", "yes"),
            ("submission_id", "a"),
            // The browser is not redirected to this path, because that page would not show the new
            // code.
            ("next", "/thank-you.html"),
        ];
        let saved = browser.post(RSVP, &fields).await;
        assert_private(&saved);
        let location = saved.expect(303).location().unwrap().to_owned();
        let again = browser.post(RSVP, &fields).await;
        assert_eq!(again.expect(303).location(), Some(&*location));
        let thanks = browser.follow(saved).await;
        let words = assert_page(&thanks, 200);
        assert_private(&thanks);
        assert!(words.contains(&stage.start("open-code")), "{words}");
        assert!(browser.get("/invite").await.text().contains("Mei Ling"));
        // Browsers send no cookie with a form from another site, so the response must not replace a
        // cookie that the browser has.
        let mut elsewhere = stage.visitor_at("192.0.2.77");
        elsewhere.header("accept", PAGES);
        elsewhere.header("sec-fetch-site", "cross-site");
        let saved = elsewhere.post(RSVP, &fields).await;
        assert!(!saved.expect(303).headers.contains_key("set-cookie"));
        let words = assert_page(&elsewhere.follow(saved).await, 200);
        assert!(words.contains(&stage.start("open-code")), "{words}");
    });
}

#[test]
fn what_is_refused_is_a_page_with_what_was_typed() {
    on_sqlite(async |stage| {
        let mut browser = browser(stage);
        let page = browser.post(RSVP, &[("message", "Tahniah!")]).await;
        let words = assert_page(&page, 422);
        for field in ["attending", "name"] {
            let wrong = format!("{field}: {}", stage.say("field-required"));
            assert!(words.contains(&wrong), "{words}");
        }
        assert!(words.contains("Tahniah!"), "{words}");
        browser.header("accept-language", "ms");
        browser.header("accept", "Text/HTML");
        let fields = [("code", "SHUT1"), ("attending", "yes"), ("next", "/thanks")];
        let words = assert_page(&browser.post(RSVP, &fields).await, 423);
        assert!(
            words.contains("SHUT1") && !words.contains("/thanks"),
            "{words}"
        );
        let kind = Some("multipart/form-data; boundary=b");
        let page = browser.send(Method::POST, RSVP, kind, "--b".into()).await;
        assert_page(&page, 400);
        for number in 0..5 {
            let name = format!("Guest {number}");
            let fields = [("name", &*name), ("attending", "no")];
            browser.post(RSVP, &fields).await.expect(303);
        }
        let fields = [("name", "Sixth"), ("attending", "no")];
        let page = browser.post(RSVP, &fields).await;
        let words = assert_page(&page, 429);
        assert!(words.contains("Sixth"), "{words}");
        assert!(page.headers.contains_key("retry-after"));
    });
}
