//! Tests of announcements: hosts write them, and guests read the published ones in their own
//! language.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::pages::HOME;
use crate::stage::{Stage, call, on_default, on_sqlite};

async fn shown(stage: &Stage<'_>) -> String {
    let mut guest = stage.nobody();
    guest.set_cookie("kd_lang", "en");
    guest.get("/invite/RAHMA").await.with(200).text()
}

async fn news(stage: &Stage<'_>) -> Value {
    let mut guest = stage.nobody();
    guest.set_cookie("kd_lang", "en");
    let found = guest.get("/api/v1/invitations/RAHMA").await;
    found.with(200).json()["announcements"].clone()
}

#[test]
fn guests_read_what_is_published_and_nothing_else() {
    on_default(async |stage| {
        let mut host = stage.visitor(&stage.coordinator);
        let list = format!("{HOME}/settings/news");
        let new = format!("{list}/new");
        let page = host.get(&new).await;
        let mut form = page.expect(200).form(&new);
        form.fill("title.en", "Parking")
            .fill("body.en", "Behind the hall.\nPlease come early.")
            .fill("title.ms", "Tempat letak kereta");
        assert_eq!(
            form.value("published"),
            Some("1"),
            "guests see it, as it is proposed"
        );
        form.untick("published", "1");
        let saved = host.submit(&page, &form).await;
        host.follow(saved).await.expect(200);
        assert!(
            !shown(stage).await.contains("Parking"),
            "it is not published"
        );
        assert_eq!(news(stage).await, json!([]));

        let all = host.get(&stage.at("/announcements")).await.json();
        let one = all["items"][0].clone();
        let address = stage.at(&format!("/announcements/{}", one["id"].as_str().unwrap()));
        let publish = json!({ "version": one["version"], "published": true });
        let one = call(&mut host, "PATCH", &address, &publish).await;
        let one = one.with(200).json();
        let page = shown(stage).await;
        assert!(
            page.contains("Parking") && page.contains("Behind the hall."),
            "{page}"
        );
        assert_eq!(news(stage).await[0]["title"], "Parking");
        assert_eq!(news(stage).await[0]["changed_at"], Value::Null);
        let mut malay = stage.nobody();
        let page = malay.get("/invite/RAHMA?lang=ms").await.text();
        assert!(page.contains("Tempat letak kereta"), "{page}");
        // The text exists only in English, so the Malay page marks it as English.
        let page = malay.get("/invite/RAHMA?lang=ms").await;
        assert!(
            page.body.contains(r#"class="lines" lang="en""#),
            "{}",
            page.body
        );

        // A newer announcement comes first, unless the older one is pinned.
        stage.world.clock.advance(SignedDuration::from_hours(30));
        let mut host = stage.visitor(
            &stage
                .another("second", occasions::role::Role::Coordinator)
                .await,
        );
        let second = json!({ "title": { "en": "Weather" }, "published": true });
        host.header("idempotency-key", "second");
        call(&mut host, "POST", &stage.at("/announcements"), &second)
            .await
            .expect(201);
        assert_eq!(news(stage).await[0]["title"], "Weather");
        let pin = json!({ "version": one["version"], "pinned": true });
        let one = call(&mut host, "PATCH", &address, &pin)
            .await
            .with(200)
            .json();
        assert_eq!(news(stage).await[0]["title"], "Parking");
        assert_eq!(news(stage).await[0]["changed_at"], Value::Null);
        let change = json!({ "version": one["version"], "body": { "en": "In the street." } });
        let one = call(&mut host, "PATCH", &address, &change)
            .await
            .with(200)
            .json();
        let changed = news(stage).await[0]["changed_at"].clone();
        assert!(changed.is_string(), "{changed}");
        assert!(shown(stage).await.contains("changed on"));

        // A withdrawn announcement vanishes at once.
        let withdraw = json!({ "version": one["version"], "published": false });
        call(&mut host, "PATCH", &address, &withdraw)
            .await
            .expect(200);
        assert!(!shown(stage).await.contains("Parking"));
        call(&mut host, "DELETE", &address, &Value::Null)
            .await
            .expect(204);
        let mut observer = stage.visitor(
            &stage
                .another("third", occasions::role::Role::Observer)
                .await,
        );
        observer.get(&stage.at("/announcements")).await.expect(200);
        let refused = call(&mut observer, "POST", &stage.at("/announcements"), &second).await;
        refused.expect(403);
        observer.get(&list).await.expect(403);
        let actions = stage.actions().await;
        for action in ["created", "changed", "removed"] {
            let action = format!("announcement.{action}");
            assert!(actions.contains(&action), "{action}: {actions:?}");
        }
    });
}

/// Without a script, from the page that says that nothing was saved.
#[test]
fn what_a_host_typed_is_sent_again_when_the_store_was_busy() {
    // On PostgreSQL the idle lock ends by itself before the store is busy.
    on_sqlite(async |stage| {
        let mut host = stage.visitor(&stage.coordinator);
        let new = format!("{HOME}/settings/news/new");
        let page = host.get(&new).await;
        let mut form = page.expect(200).form(&new);
        form.fill("title.en", "Parking")
            .fill("body.en", "Behind the hall.\nPlease come early.");
        let refused = stage.while_locked(host.submit(&page, &form)).await;
        refused.expect(503);
        assert_eq!(refused.header("retry-after"), "5");
        let text = refused.text();
        assert!(text.contains(&stage.say("problem-store-busy")), "{text}");
        assert!(!shown(stage).await.contains("Parking"));

        let again = refused.form(&new);
        assert_eq!(again.value("submission_id"), form.value("submission_id"));
        host.submit(&refused, &again).await.expect(303);
        let page = shown(stage).await;
        assert!(
            page.contains("Parking") && page.contains("Please come early."),
            "{page}"
        );
        host.submit(&refused, &again).await.expect(303);
        assert_eq!(news(stage).await.as_array().map(Vec::len), Some(1));
    });
}
