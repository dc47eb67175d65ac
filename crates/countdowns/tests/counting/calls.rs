//! Tests of the JSON API for countdowns.

use axum::http::Method;
use countdowns::countdown::READ;
use jiff::SignedDuration;
use serde_json::json;

use crate::stage::{API, Counting, Stage, errors, limited, on_default};

#[test]
fn a_countdown_is_made_changed_and_deleted() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let made = farah
            .make(json!({"title": "Our day", "kind": "until", "target": "2030-01-16"}))
            .await;
        assert_eq!(made["slug"], "our-day");
        assert_eq!(made["visibility"], "private");
        assert_eq!(made["clock"]["state"], "upcoming");
        assert_eq!(made["clock"]["anchor"], "2030-01-15T16:00:00Z");
        let at = format!("{API}/{}", made["id"].as_str().unwrap());

        let stale = json!({"version": 7, "title": "Other"});
        let refused = farah.call("PATCH", &at, &stale).await;
        refused.expect(409);
        assert_eq!(refused.json()["current"]["title"], "Our day");
        farah
            .call("PATCH", &at, &json!({"title": "Other"}))
            .await
            .expect(428);
        let change = json!({"version": 1, "title": "The day", "visibility": "public"});
        let changed = farah.call("PATCH", &at, &change).await;
        changed.expect(200);
        assert_eq!(changed.json()["version"], 2);
        assert_eq!(changed.header("etag"), "\"2\"");

        let listed = farah.program.get(API).await;
        assert_eq!(listed.json()["items"][0]["title"], "The day");
        farah.call("DELETE", &at, &json!({})).await.expect(204);
        farah.program.get(&at).await.expect(404);
        assert_eq!(farah.program.get(API).await.json()["total"], 0);
    });
}

#[test]
fn everything_wrong_is_said_at_once() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let sent = json!({"title": "", "kind": "until", "target": "2020-01-01", "after": "freeze",
            "time_zone": "Mars/Olympus", "slug": "No!", "listed": true, "repeat": "daily"});
        let refused = farah.call("POST", API, &sent).await;
        refused.expect(422);
        let found = errors(&refused);
        for (pointer, code) in [
            ("/title", "required"),
            ("/target", "target_in_past"),
            ("/time_zone", "time_zone_unknown"),
            ("/slug", "slug_invalid"),
            ("/listed", "listed_requires_public"),
            ("/repeat", "unknown_option"),
        ] {
            let one = (pointer.to_owned(), code.to_owned());
            assert!(found.contains(&one), "{one:?} in {found:?}");
        }
        for (sent, code) in [
            (json!({"title": "x", "kind": "until"}), "required"),
            (
                json!({"title": "x", "kind": "until", "target": "soon"}),
                "date_invalid",
            ),
            (
                json!({"title": "x", "kind": "until", "target": "1799-01-01"}),
                "target_out_of_range",
            ),
            (
                json!({"title": "x", "kind": "since", "target": "2030-01-01"}),
                "not_allowed",
            ),
        ] {
            let refused = farah.call("POST", API, &sent).await;
            assert_eq!(errors(&refused), [("/target".to_owned(), code.to_owned())]);
        }
        let first = json!({"title": "One"});
        farah.call("POST", API, &first).await.expect(201);
        assert_eq!(farah.make(first).await["slug"], "one-2");
        let chosen = json!({"title": "One", "slug": "one"});
        let refused = farah.call("POST", API, &chosen).await;
        refused.expect(409);
        assert_eq!(refused.json()["code"], "slug_taken");
        let short = json!({"title": "One", "slug": "x"});
        let refused = farah.call("POST", API, &short).await;
        assert_eq!(
            errors(&refused),
            [("/slug".to_owned(), "slug_invalid".to_owned())]
        );
        let other_script = farah.make(json!({"title": "我们的日子"})).await;
        let slug = other_script["slug"].as_str().unwrap();
        assert!(slug.starts_with("countdown-"), "{slug}");
    });
}

#[test]
fn the_newest_reset_counts_whenever_it_was_written() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let at = farah.since("Without a cold").await;
        let now = stage.world.platform.clock.now();
        let before = |days: i64| (now - SignedDuration::from_hours(24 * days)).to_string();

        let first = farah
            .reset(&at, &json!({"reset_at": before(10), "note": "Rain"}))
            .await;
        first.expect(201);
        assert_eq!(first.json()["stats"]["current_seconds"], 10 * 86_400);
        // A reset that is earlier than the newest one only splits a past run.
        let earlier = farah.reset(&at, &json!({"reset_at": before(30)})).await;
        let figures = &earlier.json()["stats"];
        assert_eq!(figures["current_seconds"], 10 * 86_400);
        assert_eq!(figures["longest_seconds"], 20 * 86_400);
        assert_eq!(figures["average_completed_seconds"], 20 * 86_400);
        let now_again = farah.reset(&at, &json!({})).await;
        assert_eq!(now_again.json()["stats"]["current_seconds"], 0);
        let newest = now_again.json()["entry"]["id"].as_str().unwrap().to_owned();

        for (sent, code) in [
            (before(-1), "reset_in_future"),
            ("1850-01-01T00:00:00Z".to_owned(), "reset_too_old"),
            ("2020-01-01T00:00:00".to_owned(), "timestamp_without_offset"),
        ] {
            let refused = farah.reset(&at, &json!({"reset_at": sent})).await;
            refused.expect(422);
            assert_eq!(
                errors(&refused),
                [("/reset_at".to_owned(), code.to_owned())]
            );
        }
        let twice = farah.reset(&at, &json!({"reset_at": before(30)})).await;
        twice.expect(409);
        assert_eq!(twice.json()["code"], "entry_exists");

        let entry = format!("{at}/entries/{newest}");
        farah.call("DELETE", &entry, &json!({})).await.expect(204);
        let left = farah.program.get(&format!("{at}/stats")).await;
        assert_eq!(left.json()["current_seconds"], 10 * 86_400);
        let entries = farah.program.get(&format!("{at}/entries")).await.json();
        let id = entries["items"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(entries["items"][0]["note"], "Rain");
        let entry = format!("{at}/entries/{id}");
        let changed = farah
            .call("PATCH", &entry, &json!({"reset_at": before(40)}))
            .await;
        assert_eq!(changed.json()["entry"]["note"], "Rain");
        assert_eq!(changed.json()["stats"]["current_seconds"], 30 * 86_400);
        let changed = farah.call("PATCH", &entry, &json!({"note": null})).await;
        assert_eq!(changed.json()["entry"]["note"], "");
    });
}

#[test]
fn what_counts_down_is_not_reset() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let made = farah
            .make(json!({"title": "Day", "kind": "until", "target": "2030-01-16"}))
            .await;
        let at = format!("{API}/{}", made["id"].as_str().unwrap());
        let refused = farah.reset(&at, &json!({})).await;
        refused.expect(400);
        assert_eq!(refused.json()["code"], "wrong_kind");
    });
}

#[test]
fn others_and_weaker_tokens_find_nothing() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let at = farah.since("Mine").await;
        let made = farah.reset(&at, &json!({})).await;
        let entry = format!(
            "{at}/entries/{}",
            made.json()["entry"]["id"].as_str().unwrap()
        );
        let mut other = stage.person("Somebody Else").await;
        for path in [&at, &format!("{at}/stats"), &format!("{at}/entries")] {
            other.program.get(path).await.expect(404);
            stage.visitor().get(path).await.expect(401);
        }
        other.reset(&at, &json!({})).await.expect(404);
        other
            .call("PATCH", &at, &json!({"version": 1}))
            .await
            .expect(404);
        other
            .call("PATCH", &entry, &json!({"note": "x"}))
            .await
            .expect(404);
        other.call("DELETE", &entry, &json!({})).await.expect(404);
        other.call("DELETE", &at, &json!({})).await.expect(404);
        let mut reader = stage
            .clone()
            .with_tokens_for(&[READ])
            .person("Only Reads")
            .await;
        reader.program.get(API).await.expect(200);
        reader
            .call("POST", API, &json!({"title": "x"}))
            .await
            .expect(403);
    });
}

#[test]
fn a_reset_that_is_sent_twice_is_one() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let at = farah.since("Once").await;
        farah.program.header("idempotency-key", "one-press");
        let one = farah.reset(&at, &json!({})).await;
        let other = farah.reset(&at, &json!({})).await;
        assert_eq!(
            (one.status, other.status),
            (201.try_into().unwrap(), 201.try_into().unwrap())
        );
        assert_eq!(one.json(), other.json());
        let stats = farah.program.get(&format!("{at}/stats")).await;
        assert_eq!(stats.json()["entry_count"], 1);
    });
}

#[test]
fn a_token_for_one_countdown_reaches_no_other() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let at = farah.since("Mine").await;
        farah
            .make(json!({"title": "Other", "is_primary": true}))
            .await;
        let mut limited =
            limited(stage, &farah, at.trim_start_matches("/api/v1/countdowns/")).await;
        limited.get(&at).await.expect(200);
        let all = limited.get(API).await.json();
        assert_eq!(all["total"], 1);
        let made = limited
            .call(Method::POST, API, &json!({"title": "New"}))
            .await;
        made.expect(403);
        assert_eq!(made.json()["code"], "token_not_permitted");
        let main = json!({"version": 1, "is_primary": true});
        limited.call(Method::PATCH, &at, &main).await.expect(403);
        for path in ["/api/v1/phrases", "/api/v1/suggestions"] {
            let refused = limited.get(path).await;
            refused.expect(403);
            assert_eq!(refused.json()["code"], "token_not_permitted", "{path}");
        }
    });
}

#[test]
fn one_countdown_is_the_main_one() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let one = farah
            .make(json!({"title": "One", "is_primary": true}))
            .await;
        farah
            .make(json!({"title": "Two", "is_primary": true}))
            .await;
        let at = format!("{API}/{}", one["id"].as_str().unwrap());
        assert_eq!(farah.program.get(&at).await.json()["is_primary"], false);
        let stale = json!({"version": 1, "is_primary": true});
        farah.call("PATCH", &at, &stale).await.expect(409);
        let back = json!({"version": 2, "is_primary": true});
        farah.call("PATCH", &at, &back).await.expect(200);
        let all = farah.program.get(API).await.json();
        let main: Vec<_> = all["items"].as_array().unwrap().iter().collect();
        let main: Vec<_> = main
            .iter()
            .filter(|one| one["is_primary"] == true)
            .collect();
        assert_eq!(main.len(), 1);
        assert_eq!(main[0]["title"], "One");
    });
}
