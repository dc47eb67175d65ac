//! Tests of the preview picture that other sites show beside a link to a countdown.

use jiff::SignedDuration;
use serde_json::json;
use testkit::Page;

use crate::stage::{Counting, Stage, on_default, shape};

const PAGE: &str = "/u/farah-ali/our-day";

/// The path of a page's preview picture.
fn address(page: &Page) -> String {
    let before = r#"<meta property="og:image" content="http://127.0.0.1:8080"#;
    let (_, rest) = page.body.split_once(before).unwrap();
    let (address, _) = rest.split_once('"').unwrap();
    address.replace("&#38;", "&")
}

#[test]
fn a_page_names_a_picture_that_is_another_one_after_a_change_and_the_next_day() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let made = farah
            .make(
                json!({"title": "Your day", "slug": "our-day", "kind": "until",
                "target": "2030-01-16", "visibility": "public"}),
            )
            .await;
        let before = address(&stage.visitor().get(PAGE).await);
        let at = format!("/api/v1/countdowns/{}", made["id"].as_str().unwrap());
        let title = json!({"version": 1, "title": "Our day"});
        farah.call("PATCH", &at, &title).await.expect(200);
        let first = address(&stage.visitor().get(PAGE).await);
        assert_ne!(first, before);
        assert!(first.starts_with("/u/farah-ali/our-day/og.png?lang=en&v="));
        let drawn = stage.visitor().get(&first).await;
        drawn.expect(200);
        assert_eq!(drawn.header("content-type"), "image/png");
        assert_eq!(drawn.header("cache-control"), "private, max-age=300");
        assert!(drawn.body.contains("PNG"));
        let tag = drawn.header("etag").to_owned();
        let mut again = stage.visitor();
        again.header("if-none-match", &tag);
        again.get(&first).await.expect(304);

        stage.world.clock.advance(SignedDuration::from_hours(24));
        let next = address(&stage.visitor().get(PAGE).await);
        assert_ne!(next, first);
        let drawn = again.get(&next).await;
        drawn.expect(200);
        assert_ne!(drawn.header("etag"), tag);
    });
}

#[test]
fn there_is_no_picture_of_what_may_not_be_seen() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let at = farah.since("Our day").await;
        farah.reset(&at, &json!({})).await.expect(201);
        let picture = format!("{PAGE}/og.png");
        // Even the owner gets no picture, because a picture on another site would be visible to
        // everybody.
        for browser in [&mut farah.browser, &mut stage.visitor()] {
            let absent = shape(&browser.get("/u/nobody-here/at-all").await);
            assert_eq!(shape(&browser.get(&picture).await), absent);
        }
        let own = farah.browser.get(PAGE).await;
        assert!(!own.body.contains("og:image"));
        let link = json!({"version": 1, "visibility": "unlisted"});
        farah.call("PATCH", &at, &link).await.expect(200);
        let absent = shape(&stage.visitor().get("/u/nobody-here/at-all").await);
        assert_eq!(shape(&stage.visitor().get(&picture).await), absent);
    });
}

#[test]
fn a_title_that_the_font_lacks_is_left_out() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut tags = Vec::new();
        for (title, slug) in [
            ("我们的日子", "one"),
            ("يومنا", "two"),
            ("Our day", "three"),
        ] {
            farah
                .make(json!({"title": title, "slug": slug, "kind": "until",
                    "target": "2030-01-16", "visibility": "public"}))
                .await;
            let picture = format!("/u/farah-ali/{slug}/og.png");
            let drawn = stage.visitor().get(&picture).await;
            drawn.expect(200);
            tags.push(drawn.header("etag").to_owned());
        }
        assert_eq!(tags[0], tags[1]);
        assert_ne!(tags[1], tags[2]);
    });
}
