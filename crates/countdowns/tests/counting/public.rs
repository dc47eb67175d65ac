//! What everybody sees, and what nobody learns.

use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::Page;

use crate::stage::{API, Stage, on_both};

/// An answer, without what differs by itself.
fn shape(page: &Page) -> (u16, String, Vec<(String, String)>) {
    let id = page.header("x-request-id").to_owned();
    let body = page.body.replace(&id, "");
    let mut headers: Vec<_> = page
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| (name.to_string(), format!("{value:?}")))
        .collect();
    headers.sort();
    (page.status.as_u16(), body, headers)
}

async fn set(stage: &Stage<'_>, at: &str, person: &mut crate::stage::Person, change: Value) {
    let _ = stage;
    let version = person.program.get(at).await.json()["version"].clone();
    let mut body = change;
    body["version"] = version;
    person.call("PATCH", at, &body).await.expect(200);
}

#[test]
fn a_page_shows_what_its_owners_show() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let at = farah.since("Without a cold").await;
        let ago = stage.world.platform.clock.now() - SignedDuration::from_hours(24 * 1_234 + 5);
        let note = json!({"reset_at": ago.to_string(), "note": "Monsoon <b>"});
        farah.reset(&at, &note).await.expect(201);
        set(stage, &at, &mut farah, json!({"visibility": "public"})).await;
        let page = "/u/farah-ali/without-a-cold";
        let shown = stage.visitor().get(page).await;
        shown.expect(200);
        assert!(shown.body.contains("<b>1,234</b>"), "{}", shown.body);
        assert!(shown.body.contains(">05:00:00</span>"));
        assert!(!shown.body.contains("Monsoon"), "notes are hidden");
        set(
            stage,
            &at,
            &mut farah,
            json!({"show_notes": true, "is_primary": true}),
        )
        .await;
        let shown = stage.visitor().get("/farah-ali/incident-timer").await;
        assert!(shown.body.contains("Monsoon &#60;b&#62;"));

        let json = stage
            .visitor()
            .get("/api/v1/public/farah-ali/without-a-cold")
            .await;
        json.expect(200);
        let json = json.json();
        assert_eq!(json["days"], 1_234);
        assert_eq!(json["state"], "running");
        assert_eq!(json["stats"]["entry_count"], 1);
        let text = json.to_string();
        for secret in ["example.my", farah.who.account().id.as_str(), "created_by"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    });
}

#[test]
fn what_may_not_be_seen_is_not_there() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let hidden = farah.since("Hidden").await;
        farah.reset(&hidden, &json!({})).await.expect(201);
        let empty = farah
            .make(json!({"title": "Empty", "visibility": "public"}))
            .await;
        assert_eq!(empty["clock"], Value::Null);
        farah
            .make(
                json!({"title": "Over", "kind": "until", "target": "2030-01-16",
                "visibility": "public", "after": "hide"}),
            )
            .await;
        stage.visitor().get("/u/farah-ali/over").await.expect(200);
        let year = SignedDuration::from_hours(24 * 366 * 5);
        stage.world.clock.advance(year);
        let absent = shape(&stage.visitor().get("/u/nobody-here/at-all").await);
        assert_eq!(absent.0, 404);
        for path in [
            "/u/farah-ali/none",
            "/u/farah-ali/hidden",
            "/u/farah-ali/empty",
            "/u/farah-ali/over",
            "/u/farah-ali/hidden?k=0000000000000000000000",
            "/u/farah-ali",
            "/farah-ali/incident-timer",
        ] {
            assert_eq!(shape(&stage.visitor().get(path).await), absent, "{path}");
        }
    });
}

#[test]
fn its_owners_see_it_always() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        farah.since("Hidden").await;
        let page = farah.browser.get("/u/farah-ali/hidden").await;
        page.expect(200);
        let mut other = stage.person("Somebody Else").await;
        other.browser.get("/u/farah-ali/hidden").await.expect(404);
    });
}

#[test]
fn only_what_is_listed_is_in_the_directory() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let made = farah
            .make(
                json!({"title": "Listed", "kind": "until", "target": "2030-01-16",
                "visibility": "public", "listed": true}),
            )
            .await;
        farah
            .make(
                json!({"title": "Public", "kind": "until", "target": "2030-01-16",
                "visibility": "public"}),
            )
            .await;
        for path in ["/countdowns", "/u/farah-ali"] {
            let page = stage.visitor().get(path).await;
            page.expect(200);
            assert!(page.body.contains("/u/farah-ali/listed"), "{path}");
            assert!(!page.body.contains("/u/farah-ali/public"), "{path}");
        }
        let at = format!("{API}/{}", made["id"].as_str().unwrap());
        set(stage, &at, &mut farah, json!({"visibility": "private"})).await;
        let found = stage.visitor().get("/api/v1/public/directory").await.json();
        assert_eq!(found["total"], 0, "who hides it takes it off the list");
    });
}

#[test]
fn two_people_of_one_name_have_two_addresses() {
    on_both(&async |stage: &Stage<'_>| {
        let body = json!({"title": "Day", "kind": "until", "target": "2030-01-16",
            "visibility": "public"});
        let mut one = stage.person("Farah Ali").await;
        one.make(body.clone()).await;
        let mut other = stage.person("Farah-Ali").await;
        other.make(body).await;
        stage.visitor().get("/u/farah-ali/day").await.expect(200);
        stage.visitor().get("/u/farah-ali-2/day").await.expect(200);
    });
}
