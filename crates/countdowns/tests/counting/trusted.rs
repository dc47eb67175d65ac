//! Tests of countdowns that only trusted contacts see.

use identity::grant::{self, ACCOUNT, ADMIN, TRUSTED_CONTACT};
use identity::person::trusted;
use jiff::SignedDuration;
use platform::Tx;
use serde_json::{Value, json};

use crate::phrases::give;
use crate::stage::{API, Counting, Person, Stage, errors, on_default, request, shape};

const PAGE: &str = "/u/farah-ali/our-day";
const JSON: &str = "/api/v1/public/farah-ali/our-day";

async fn trust(stage: &Stage<'_>, contact: &Person, by: &Person) {
    let (id, scope) = (
        contact.who.account().id.clone(),
        ACCOUNT.scope(&by.who.account().id),
    );
    let change = move |tx: &mut Tx<'_>| grant::give(tx, &id, TRUSTED_CONTACT, &scope, None);
    stage.world.store().write(change).await.unwrap();
}

fn day(visibility: &str) -> Value {
    json!({"title": "Our day", "kind": "until", "target": "2030-01-16", "visibility": visibility})
}

#[test]
fn trusted_contacts_see_what_is_not_there_for_others() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut aina = stage.person("Aina Ali").await;
        let mut of_site = stage.person("Trusted By The Site").await;
        let mut stranger = stage.person("Daniel Tan").await;
        let mut admin = stage.person("An Administrator").await;
        give(stage, &admin, ADMIN).await;
        give(stage, &of_site, TRUSTED_CONTACT).await;
        trust(stage, &aina, &farah).await;
        trust(stage, &stranger, &aina).await;
        let absent = shape(&stage.visitor().get(PAGE).await);
        let absent_json = shape(&stage.visitor().get(JSON).await);
        assert_eq!((absent.0, absent_json.0), (404, 404));
        let mut body = day("trusted");
        body["is_primary"] = json!(true);
        farah.make(body).await;
        for (path, absent) in [
            (PAGE, &absent),
            ("/farah-ali/incident-timer", &absent),
            (JSON, &absent_json),
        ] {
            for person in [&mut farah, &mut aina, &mut of_site] {
                let shown = person.browser.get(path).await;
                shown.expect(200);
                assert!(shown.body.contains("Our day"), "{path}");
                assert!(!shown.body.contains("/events"), "{path}");
                let kept = shown.header("cache-control");
                assert!(
                    kept.contains("private") && kept.contains("no-store"),
                    "{path}: {kept}"
                );
                assert!(shown.header("vary").contains("Cookie"), "{path}");
            }
            for browser in [
                &mut stage.visitor(),
                &mut stranger.browser,
                &mut admin.browser,
            ] {
                let (is_json, nowhere) = (path == JSON, "/u/nobody-here/at-all");
                let absent = if is_json {
                    absent.clone()
                } else {
                    shape(&browser.get(nowhere).await)
                };
                assert_eq!(shape(&browser.get(path).await), absent, "{path}");
            }
        }
        // Frames and pictures on other sites get no cookie, so they show nothing. No list contains
        // the countdown either.
        let absent = shape(&aina.browser.get("/u/nobody-here/at-all").await);
        for path in [
            &format!("{PAGE}/badge.svg"),
            &format!("{PAGE}/og.png"),
            &format!("{PAGE}/events"),
            "/embed/farah-ali/our-day",
            "/u/farah-ali",
        ] {
            assert_eq!(shape(&aina.browser.get(path).await), absent, "{path}");
        }
        let found = aina.browser.get("/api/v1/public/directory").await.json();
        assert_eq!(found["total"], 0);
    });
}

#[test]
fn a_removed_contact_sees_nothing_from_then_on() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut aina = stage.person("Aina Ali").await;
        farah.make(day("trusted")).await;
        aina.browser.get(PAGE).await.expect(404);
        trust(stage, &aina, &farah).await;
        aina.browser.get(PAGE).await.expect(200);
        let (who, id) = (farah.who.clone(), aina.who.account().id.clone());
        let remove = move |tx: &mut Tx<'_>| trusted::remove(tx, &who, &id, &request());
        stage.world.store().write(remove).await.unwrap();
        aina.browser.get(PAGE).await.expect(404);
        aina.browser.get(JSON).await.expect(404);
    });
}

#[test]
fn what_only_trusted_contacts_see_is_not_listed() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut aina = stage.person("Aina Ali").await;
        trust(stage, &aina, &farah).await;
        let mut body = day("trusted");
        body["listed"] = json!(true);
        let refused = farah.call("POST", API, &body).await;
        refused.expect(422);
        assert_eq!(errors(&refused)[0].1, "listed_requires_public");
        body["visibility"] = json!("public");
        body["after"] = json!("hide");
        let made = farah.make(body).await;
        stage.visitor().get(PAGE).await.expect(200);
        let at = format!("{API}/{}", made["id"].as_str().unwrap());
        let lowered = json!({"version": 1, "visibility": "trusted"});
        let lowered = farah.call("PATCH", &at, &lowered).await.json();
        assert_eq!(lowered["listed"], false);
        stage.visitor().get(PAGE).await.expect(404);
        aina.browser.get(PAGE).await.expect(200);
        // After the day has come, only the owners see the hidden countdown.
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(24 * 366 * 5));
        let mut later = stage.person("Aina Later").await;
        trust(stage, &later, &farah).await;
        later.browser.get(PAGE).await.expect(404);
    });
}
