//! Tests of the owners' pages, without JavaScript.

use axum::http::Method;
use jiff::{SignedDuration, Unit};
use serde_json::json;

use crate::stage::{API, Counting, Stage, on_both, unconfirmed};

const MINE: &str = "/me/countdowns";

#[test]
fn one_is_made_reset_and_deleted_by_forms() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let browser = &mut farah.browser;
        let page = browser.get(&format!("{MINE}/new")).await;
        page.expect(200);
        let mut form = page.form(&format!("{MINE}/new"));
        form.fill("title", "Without a cold")
            .fill("since", "2026-01-01");
        let page = browser.submit(&page, &form).await;
        page.expect(303);
        let page = browser.follow(page).await;
        page.expect(200);
        let at = page.address.split('?').next().unwrap().to_owned();

        let mut form = page.form(&format!("{at}/reset"));
        form.fill("note", "Rain");
        let sent = browser.submit(&page, &form).await;
        // The owner clicks the button twice.
        let again = browser.submit(&page, &form).await;
        assert_eq!(sent.location(), again.location());
        let page = browser.follow(sent).await;
        page.expect(200);
        let entries: Vec<_> = page
            .links()
            .into_iter()
            .filter(|link| link.href.contains("/entries/"))
            .collect();
        assert_eq!(entries.len(), 2, "the first run, and the reset");
        assert!(page.body.contains("Rain"));

        let page = browser.get(&entries[0].href).await;
        let mut form = page.form(&entries[0].href);
        // The typed time is in the countdown's time zone, Kuala Lumpur.
        form.fill("when", "2026-01-02T10:00").fill("note", "Sun");
        let page = browser.submit(&page, &form).await;
        page.expect(303);
        let api = at.replace(MINE, API);
        let stored = farah.program.get(&format!("{api}/entries")).await.json();
        assert_eq!(stored["items"][0]["reset_at"], "2026-01-02T02:00:00Z");
        assert_eq!(stored["items"][0]["note"], "Sun");

        // If only the note is changed, the instant stays exactly the same, including its
        // milliseconds.
        let exact = json!({"reset_at": "2026-01-03T02:00:00.123Z"});
        let made = farah.reset(&api, &exact).await.json();
        let path = format!("{at}/entries/{}", made["entry"]["id"].as_str().unwrap());
        let page = farah.browser.get(&path).await;
        let mut form = page.form(&path);
        form.fill("note", "Clouds");
        farah.browser.submit(&page, &form).await.expect(303);
        let stored = farah.program.get(&format!("{api}/entries")).await.json();
        assert_eq!(stored["items"][0]["reset_at"], "2026-01-03T02:00:00.123Z");
        assert_eq!(stored["items"][0]["note"], "Clouds");

        let browser = &mut farah.browser;
        let page = browser.get(&format!("{at}/settings")).await;
        let mut form = page.form(&format!("{at}/delete"));
        form.fill("confirm", "Something else");
        browser.submit(&page, &form).await.expect(422);
        form.fill("confirm", "Without a cold");
        browser.submit(&page, &form).await.expect(303);
        browser.get(&at).await.expect(404);
    });
}

#[test]
fn what_is_wrong_stands_at_its_field() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let page = farah.browser.get(&format!("{MINE}/new")).await;
        let mut form = page.form(&format!("{MINE}/new"));
        form.fill("title", "Our day")
            .fill("kind", "until")
            .fill("target", "soon");
        let refused = farah.browser.submit(&page, &form).await;
        refused.expect(422);
        assert!(refused.body.contains("id=\"target-wrong\""));
        let shown = refused.form(&format!("{MINE}/new"));
        assert_eq!(
            shown.value("title"),
            Some("Our day"),
            "what was typed stays"
        );

        let at = farah.since("Clock").await.replace(API, MINE);
        let page = farah.browser.get(&at).await;
        let tomorrow = stage.world.platform.clock.now() + SignedDuration::from_hours(48);
        let mut form = page.form(&format!("{at}/reset"));
        for when in [
            &*tomorrow.strftime("%Y-%m-%dT%H:%M").to_string(),
            "9999-12-31T23:59",
            "soon",
        ] {
            form.fill("when", when);
            let refused = farah.browser.submit(&page, &form).await;
            refused.expect(422);
            assert!(refused.body.contains("id=\"when-wrong\""), "{when}");
        }
    });
}

#[test]
fn a_form_begins_to_count_where_it_says_so_and_now_if_nothing_is_changed() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let now = stage.world.platform.clock.now();
        let minute = now.round(Unit::Minute).unwrap();
        let minute = if minute > now {
            minute - SignedDuration::from_mins(1)
        } else {
            minute
        };
        for (since, begin) in [
            (None, minute.to_string()),
            (
                Some(("1 Mac 2026", "6 pm")),
                "2026-03-01T10:00:00Z".to_owned(),
            ),
        ] {
            let page = farah.browser.get(&format!("{MINE}/new?lang=ms")).await;
            let mut form = page.form(&format!("{MINE}/new"));
            form.fill("title", "Without a cold");
            if let Some((day, time)) = since {
                form.fill("since", day).fill("since_time", time);
            }
            let made = farah.browser.submit(&page, &form).await;
            let at = made.expect(303).location().unwrap().to_owned();
            assert!(at.ends_with("?done=begun"), "{at}");
            let api = at.split('?').next().unwrap().replace(MINE, API);
            let stored = farah.program.get(&format!("{api}/entries")).await.json();
            assert_eq!(stored["items"][0]["reset_at"], begin);
        }
        // A form with an invalid start stores nothing.
        let page = farah.browser.get(&format!("{MINE}/new?lang=en")).await;
        let mut form = page.form(&format!("{MINE}/new"));
        form.fill("title", "Too soon");
        for since in ["2999-01-01", "01/03/2026", ""] {
            form.fill("since", since);
            let refused = farah.browser.submit(&page, &form).await;
            refused.expect(422);
            assert!(refused.body.contains("id=\"since-wrong\""), "{since}");
        }
        let all = farah.program.get(API).await.json();
        assert_eq!(all["items"].as_array().unwrap().len(), 2);
    });
}

#[test]
fn a_day_is_read_as_it_is_written_or_its_writer_is_told_how() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let page = farah.browser.get(&format!("{MINE}/new")).await;
        let mut form = page.form(&format!("{MINE}/new"));
        form.fill("title", "Our home")
            .fill("kind", "until")
            .fill("target", "01/03/2027");
        let refused = farah.browser.submit(&page, &form).await;
        refused.expect(422);
        assert!(
            refused
                .body
                .contains("Write year, month and day: 2027-03-01")
        );
        let mut form = refused.form(&format!("{MINE}/new"));
        assert_eq!(form.value("target"), Some("01/03/2027"));
        form.fill("target", "1 March 2027")
            .fill("target_time", "18.00");
        let made = farah.browser.submit(&refused, &form).await;
        let at = made.expect(303).location().unwrap().to_owned();
        let api = at.split('?').next().unwrap().replace(MINE, API);
        let stored = farah.program.get(&api).await.json();
        assert_eq!(stored["target"], "2027-03-01T18:00");
        assert_eq!(stored["day_counting"], "calendar");
        // The settings show day and time in two fields. Saving them unchanged does not change the
        // countdown.
        let settings = format!("{}/settings", at.split('?').next().unwrap());
        let page = farah.browser.get(&settings).await;
        let form = page.form(&settings);
        assert_eq!(form.value("target"), Some("2027-03-01"));
        assert_eq!(form.value("target_time"), Some("18:00"));
        farah.browser.submit(&page, &form).await.expect(303);
        assert_eq!(farah.program.get(&api).await.json(), stored);
    });
}

#[test]
fn a_link_fills_in_the_form_of_a_new_one() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let page = farah.browser.get(&format!("{MINE}/new?lang=en")).await;
        let page = farah.browser.get(&page.link("New Year").href).await;
        let form = page.form(&format!("{MINE}/new"));
        assert_eq!(form.value("title"), Some("New Year"));
        assert_eq!(form.value("kind"), Some("until"));
        assert_eq!(form.value("repeat"), Some("yearly"));
        assert!(form.value("target").unwrap().ends_with("-01-01"));
        farah.browser.submit(&page, &form).await.expect(303);
    });
}

#[test]
fn everybody_finds_on_my_page_what_everybody_sees() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        for (seen, is_listed) in [("public", true), ("unlisted", false)] {
            let page = farah.browser.get(&format!("{MINE}/new")).await;
            let mut form = page.form(&format!("{MINE}/new"));
            form.fill("title", seen).fill("visibility", seen);
            let made = farah.browser.submit(&page, &form).await;
            let page = farah.browser.follow(made).await;
            page.expect(200);
            let api = page.address.split('?').next().unwrap().replace(MINE, API);
            let stored = farah.program.get(&api).await.json();
            assert_eq!(stored["listed"], is_listed);
            // The page of a new countdown already contains the private link.
            let value = page.body.split("id=\"share-url\"").nth(1).unwrap();
            let link = value.split('"').nth(1).unwrap().replace("&#38;", "&");
            let link = link.split_once("/u/").unwrap().1;
            stage.visitor().get(&format!("/u/{link}")).await.expect(200);
        }
    });
}

#[test]
fn who_was_slower_sees_what_is_stored() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let api = farah.since("First").await;
        let settings = format!("{}/settings", api.replace(API, MINE));
        let page = farah.browser.get(&settings).await;
        farah
            .call("PATCH", &api, &json!({"version": 1, "title": "Second"}))
            .await
            .expect(200);
        let mut form = page.form(&settings);
        form.fill("title", "Third");
        let clash = farah.browser.submit(&page, &form).await;
        clash.expect(409);
        assert!(clash.body.contains("Second"));
        let again = clash.form(&settings);
        assert_eq!(again.value("title"), Some("Third"));
        farah.browser.submit(&clash, &again).await.expect(303);
    });
}

#[test]
fn a_private_link_shows_it_to_whoever_has_it() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let made = farah
            .make(
                json!({"title": "Ours", "kind": "until", "target": "2030-01-16",
                "visibility": "unlisted"}),
            )
            .await;
        let page = format!("{MINE}/{}", made["id"].as_str().unwrap());
        let page = farah.browser.get(&page).await;
        let links = page.links();
        let link = links.iter().find(|link| link.href.contains("?k=")).unwrap();
        let shown = stage.visitor().get(&link.href).await;
        shown.expect(200);
        assert_eq!(shown.header("x-robots-tag"), "noindex");
        // The link is for those who have it, so no cache keeps its page or its frame.
        let frame = link.href.replacen("/u/", "/embed/", 1);
        let frame = stage.visitor().get(&frame).await.with(200);
        for page in [&shown, &frame] {
            assert_eq!(page.header("cache-control"), "no-store, private");
        }
        let (bare, _) = link.href.split_once('?').unwrap();
        stage.visitor().get(bare).await.expect(404);
        let wrong = format!("{bare}?k=AAAAAAAAAAAAAAAAAAAAAA");
        stage.visitor().get(&wrong).await.expect(404);
        // A countdown that was private for a while gets a new private link, so the old link does
        // not work.
        let api = format!("{API}/{}", made["id"].as_str().unwrap());
        for (version, visibility) in [(1, "private"), (2, "unlisted")] {
            let change = json!({"version": version, "visibility": visibility});
            farah.call("PATCH", &api, &change).await.expect(200);
        }
        stage.visitor().get(&link.href).await.expect(404);
    });
}

#[test]
fn nobody_else_finds_the_pages() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let at = farah.since("Mine").await.replace(API, MINE);
        let mut other = stage.person("Somebody Else").await;
        for page in [at.clone(), format!("{at}/settings")] {
            other.browser.get(&page).await.expect(404);
            stage.visitor().get(&page).await.expect(303);
        }
    });
}

#[test]
fn who_has_not_confirmed_their_address_makes_none() {
    on_both(&async |stage: &Stage<'_>| {
        let mut browser = unconfirmed(stage, "mei@example.my").await;
        let at = format!("{MINE}/new");
        let page = browser.get(&at).await;
        let csrf = page.form(&at).value("_csrf").unwrap().to_owned();
        let mut form = page.form(&at);
        form.fill("title", "Without a cold");
        browser.submit(&page, &form).await.expect(403);
        browser.header("x-csrf-token", &csrf);
        let body = json!({"title": "Without a cold", "kind": "since"});
        let answer = browser.call(Method::POST, API, &body).await;
        assert_eq!(answer.expect(403).json()["code"], "email_unverified");
        let body = json!({"url": "https://example.org/", "events": ["countdown.reset"]});
        let answer = browser.call(Method::POST, "/api/v1/webhooks", &body).await;
        assert_eq!(answer.expect(403).json()["code"], "email_unverified");
        let body = json!({"text": "Keep going"});
        let answer = browser
            .call(Method::POST, "/api/v1/suggestions", &body)
            .await;
        assert_eq!(answer.expect(403).json()["code"], "email_unverified");
        let page = browser.get("/me/phrases").await;
        let mut form = page.form("/me/phrases/suggest");
        form.fill("text", "Keep going");
        browser.submit(&page, &form).await.expect(403);
    });
}
