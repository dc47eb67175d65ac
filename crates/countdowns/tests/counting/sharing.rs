//! Tests of how people find and share a countdown: its owner's page, the site's first page, the
//! sitemap, its share card, and frames on other sites.

use serde_json::json;
use testkit::Person;

use crate::stage::{Counting, Stage, on_default};

async fn make(farah: &mut Person, title: &str, visibility: &str) -> serde_json::Value {
    farah
        .make(
            json!({"title": title, "kind": "until", "target": "2030-01-16",
            "visibility": visibility, "is_primary": false}),
        )
        .await
}

#[test]
fn whoever_has_a_public_countdown_has_a_page_with_it_outside_the_directory_too() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut visitor = stage.visitor();
        make(&mut farah, "Secret", "private").await;
        make(&mut farah, "For friends", "unlisted").await;
        visitor.get("/u/farah-ali").await.expect(404);
        let sitemap = visitor.get("/sitemap.xml").await.with(200);
        assert!(!sitemap.body.contains("/u/"), "{}", sitemap.body);

        make(&mut farah, "Our day", "public").await;
        let page = visitor.get("/u/farah-ali").await.with(200);
        assert!(
            page.body
                .contains(r#"<a href="/u/farah-ali/our-day"><bdi>Our day</bdi></a>"#)
        );
        assert!(!page.body.contains("Secret") && !page.body.contains("For friends"));
        let countdown = visitor.get("/u/farah-ali/our-day").await.with(200);
        assert_eq!(countdown.link("Farah Ali").href, "/u/farah-ali");
        let sitemap = visitor.get("/sitemap.xml").await.with(200);
        for path in ["/u/farah-ali<", "/u/farah-ali/our-day<"] {
            assert!(sitemap.body.contains(path), "{}", sitemap.body);
        }
        assert!(!sitemap.body.contains("/countdowns") && !sitemap.body.contains("secret"));
    });
}

#[test]
fn a_countdown_is_shared_as_far_as_everybody_sees_it() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        make(&mut farah, "Our day", "public").await;
        make(&mut farah, "Secret", "private").await;
        let page = stage.visitor().get("/u/farah-ali/our-day").await.with(200);
        for part in [
            r#"id="share-url" readonly value="http://127.0.0.1:8080/u/farah-ali/our-day""#,
            "https://wa.me/?text=Our%20day%20http%3A",
            "/u/farah-ali/our-day/badge.svg",
            r#"<link rel="canonical" href="http://127.0.0.1:8080/u/farah-ali/our-day">"#,
        ] {
            assert!(page.body.contains(part), "{part} is not in {}", page.body);
        }
        let own = farah.browser.get("/u/farah-ali/secret").await.with(200);
        assert!(!own.body.contains("share-url") && !own.body.contains("og:"));
    });
}

#[test]
fn other_sites_learn_how_to_frame_a_public_countdown() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        make(&mut farah, "Our \"day\"", "public").await;
        make(&mut farah, "Secret", "private").await;
        let mut visitor = stage.visitor();
        let page = visitor.get("/u/farah-ali/our-day").await.with(200);
        let (_, rest) = page
            .body
            .split_once("application/json+oembed\" href=\"")
            .unwrap();
        let (address, _) = rest.split_once('"').unwrap();
        let path = address.strip_prefix("http://127.0.0.1:8080").unwrap();
        let told = visitor.get(path).await.with(200).json();
        assert_eq!(
            (told["type"].as_str(), told["version"].as_str()),
            (Some("rich"), Some("1.0"))
        );
        assert_eq!(told["author_name"], "Farah Ali");
        let html = told["html"].as_str().unwrap();
        assert!(
            html.contains("/embed/farah-ali/our-day\" title=\"Our &quot;day&quot;\""),
            "{html}"
        );
        let small = visitor
            .get(&format!("{path}&maxwidth=200"))
            .await
            .with(200)
            .json();
        assert_eq!(
            (small["width"].as_i64(), small["height"].as_i64()),
            (Some(200), Some(260))
        );

        visitor.get(&format!("{path}&format=xml")).await.expect(501);
        for other in [
            "http://127.0.0.1:8080/u/farah-ali/secret",
            "http://127.0.0.1:8080/u/farah-ali",
            "http://evil.example/u/farah-ali/our-day",
        ] {
            visitor
                .get(&format!("/oembed?url={other}"))
                .await
                .expect(404);
        }
    });
}

#[test]
fn the_main_countdown_of_whose_site_it_is_lives_on_the_first_page() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person_as("Farah Ali", identity::grant::OWNER).await;
        farah
            .make(
                json!({"title": "Our day", "kind": "until", "target": "2030-01-16",
                "visibility": "public", "is_primary": true}),
            )
            .await;
        let page = stage.visitor().get("/").await.with(200);
        assert!(
            page.body
                .contains(r#"<a class="clock" href="/u/farah-ali/our-day">"#)
        );
        assert!(page.body.contains("data-zero="));
        assert!(
            !page.body.contains("href=\"/countdowns\""),
            "nothing is listed there"
        );
    });
}

#[test]
fn the_directory_describes_itself_to_other_sites() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        farah.public("Swimming").await;
        let page = stage.visitor().get("/countdowns").await;
        for part in [
            r#"name="description" content="Countdowns that people show"#,
            r#"property="og:description" content="Countdowns that people show"#,
            r#"property="og:url" content="http://127.0.0.1:8080/countdowns""#,
        ] {
            assert!(
                page.expect(200).body.contains(part),
                "{part}: {}",
                page.body
            );
        }
    });
}
