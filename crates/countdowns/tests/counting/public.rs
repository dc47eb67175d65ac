//! Tests of what visitors see of countdowns, and of what is hidden from them.

use identity::person::{profile, slug_change};
use jiff::SignedDuration;
use platform::{Tx, audit};
use serde_json::{Value, json};
use web::fields::Input;

use crate::stage::{API, Counting, Stage, on_default, request, shape};

async fn set(stage: &Stage<'_>, at: &str, person: &mut crate::stage::Person, change: Value) {
    let _ = stage;
    let version = person.program.get(at).await.json()["version"].clone();
    let mut body = change;
    body["version"] = version;
    person.call("PATCH", at, &body).await.expect(200);
}

#[test]
fn a_page_shows_what_its_owners_show() {
    on_default(&async |stage: &Stage<'_>| {
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
        let since = "2023, 11 am, Kuala Lumpur (UTC+8)";
        assert!(shown.text().contains(since), "{}", shown.text());
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
    on_default(&async |stage: &Stage<'_>| {
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
fn a_former_name_leads_to_the_present_one_where_something_is_seen() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        farah
            .make(
                json!({"title": "Shown", "kind": "until", "target": "2030-01-16",
                "visibility": "public", "listed": true, "is_primary": true}),
            )
            .await;
        farah.since("Hidden").await;
        let (who, keys) = (
            farah.who.clone(),
            audit::RequestFacts {
                request_id: "test".to_owned(),
                network: None,
            },
        );
        let rename = move |tx: &mut Tx<'_>| {
            let confirmed = identity::session::signed_in::confirmed(tx, &who)?.unwrap();
            slug_change::change(tx, &confirmed, "farah", &keys)
        };
        stage.world.store().write(rename).await.unwrap();
        for (before, now) in [
            ("/u/farah-ali", "/u/farah"),
            ("/u/farah-ali/shown?lang=ms", "/u/farah/shown?lang=ms"),
            ("/u/farah-ali/shown/badge.svg", "/u/farah/shown/badge.svg"),
            ("/embed/farah-ali/shown", "/embed/farah/shown"),
            ("/farah-ali/incident-timer", "/farah/incident-timer"),
            (
                "/api/v1/public/farah-ali/shown",
                "/api/v1/public/farah/shown",
            ),
            ("/api/v1/public/farah-ali", "/api/v1/public/farah"),
            (
                "/api/v1/public/farah-ali/phrase",
                "/api/v1/public/farah/phrase",
            ),
        ] {
            let led = stage.visitor().get(before).await;
            led.expect(301);
            assert_eq!(led.location(), Some(now));
            assert_eq!(led.header("cache-control"), "max-age=300");
            stage.visitor().get(now).await.expect(200);
        }
        let absent = shape(&stage.visitor().get("/u/nobody-here/at-all").await);
        let hidden = stage.visitor().get("/u/farah-ali/hidden").await;
        assert_eq!(shape(&hidden), absent);
        let own = farah.browser.get("/u/farah-ali/hidden").await;
        own.expect(301);
        assert_eq!(own.header("cache-control"), "private, max-age=300");
    });
}

#[test]
fn its_owners_see_it_always() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        farah.since("Hidden").await;
        let page = farah.browser.get("/u/farah-ali/hidden").await;
        page.expect(200);
        let mut other = stage.person("Somebody Else").await;
        other.browser.get("/u/farah-ali/hidden").await.expect(404);
    });
}

#[test]
fn figures_are_of_times_that_have_ended() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let made = farah
            .make(json!({"title": "Swimming", "visibility": "public", "show_stats": true}))
            .await;
        let at = format!("{API}/{}", made["id"].as_str().unwrap());
        let now = stage.world.clock.now();
        for days in [260, 250, 236] {
            let reset_at = now - SignedDuration::from_hours(24 * days);
            let reset = json!({ "reset_at": reset_at });
            farah.reset(&at, &reset).await.expect(201);
        }
        let text = stage.visitor().get("/u/farah-ali/swimming").await.text();
        for (figure, days) in [
            ("countdown-longest", "14 days"),
            ("countdown-average", "12 days"),
        ] {
            let (_, after) = text.split_once(&stage.say(figure)).unwrap();
            assert!(after.trim_start().starts_with(days), "{figure}: {text}");
        }
    });
}

#[test]
fn a_page_tells_of_the_runs_before_where_its_owner_says_so() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let made = farah
            .make(json!({"title": "Swimming", "visibility": "public"}))
            .await;
        let at = format!("{API}/{}", made["id"].as_str().unwrap());
        let now = stage.world.clock.now();
        for days in 1..=25 {
            let reset_at = now - SignedDuration::from_hours(24 * 14 * days);
            let reset = json!({ "reset_at": reset_at, "note": "Wet" });
            farah.reset(&at, &reset).await.expect(201);
        }
        let path = "/u/farah-ali/swimming";
        let page = stage.visitor().get(path).await;
        assert_eq!(page.body.matches("class=\"length\"").count(), 20);
        let strip = stage.fill("countdown-year-label", [("n", 24.into())]);
        let earlier = stage.fill("countdown-runs-earlier", [("n", 5.into())]);
        for part in [strip, earlier] {
            assert!(page.body.contains(&part), "{part}: {}", page.body);
        }
        assert!(!page.body.contains("Wet"), "notes are hidden");
        let record = stage.say("countdown-record");
        assert!(!page.body.contains(&record));
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(24 * 2));
        let page = stage.visitor().get(path).await;
        assert!(page.body.contains(&record));

        let notes = json!({"show_stats": false, "show_notes": true});
        set(stage, &at, &mut farah, notes).await;
        let page = stage.visitor().get(path).await;
        assert_eq!(page.body.matches("Wet").count(), 20);
        for part in ["class=\"length\"", "class=\"data", &record] {
            assert!(!page.body.contains(part), "{part}");
        }
    });
}

#[test]
fn a_day_that_comes_has_a_ring_and_a_calendar_file() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let now = stage.world.clock.now();
        let day = (now + SignedDuration::from_hours(24 * 100))
            .strftime("%Y-%m-%d")
            .to_string();
        let home = json!({"title": "Our home; at last", "kind": "until", "target": day,
            "visibility": "unlisted"});
        let made = farah.make(home).await;
        let own = format!("/me/countdowns/{}", made["id"].as_str().unwrap());
        let own = farah.browser.get(&own).await;
        let link = own
            .links()
            .into_iter()
            .find(|link| link.href.contains("?k="));
        let page = link.unwrap().href;
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(24 * 50));
        let shown = stage.visitor().get(&page).await;
        shown.expect(200);
        assert!(
            shown.body.contains("stroke-dasharray=\"50 100\""),
            "{}",
            shown.body
        );
        let links = shown.links();
        let file = links.iter().find(|link| link.href.contains("/day.ics?k="));
        let file = stage.visitor().get(&file.unwrap().href).await;
        file.expect(200);
        assert!(file.header("content-type").starts_with("text/calendar"));
        assert!(
            file.body.contains("SUMMARY:Our home\\; at last"),
            "{}",
            file.body
        );
        stage
            .visitor()
            .get("/u/farah-ali/our-home-at-last/day.ics")
            .await
            .expect(404);
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(24 * 60));
        let over = stage.visitor().get(&page).await;
        over.expect(200);
        assert!(!over.body.contains("class=\"ring\"") && !over.body.contains("day.ics"));
    });
}

#[test]
fn a_page_is_in_a_language_that_has_its_words() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        farah.public("Swimming").await;
        farah.since("Hidden").await;
        let mut visitor = stage.visitor();
        for browser in [&mut visitor, &mut farah.browser] {
            browser.header("accept-language", "ar, en;q=0.5");
        }
        let arabic = r#"<html lang="ar" dir="rtl""#;
        for public in ["/u/farah-ali/swimming", "/countdowns"] {
            let page = visitor.get(public).await;
            page.expect(200);
            assert!(page.body.contains(arabic), "{public}: {}", page.body);
            assert!(page.body.contains("Bahasa Melayu"), "{public}");
        }
        for own in [
            "/me/countdowns",
            "/me/countdowns/new",
            "/me/security",
            "/me/webhooks",
        ] {
            let page = farah.browser.get(own).await;
            page.expect(200);
            assert!(page.body.contains(r#"<html lang="en" dir="ltr""#), "{own}");
            assert!(!page.body.contains("العربية"), "{own}");
        }
        let page = visitor.get("/login").await;
        page.expect(200);
        assert!(page.body.contains(r#"<html lang="en" dir="ltr""#));
        assert!(page.body.contains("Bahasa Melayu") && !page.body.contains("العربية"));

        // Only the owner sees the banner, whose text is marked as English.
        let page = farah.browser.get("/u/farah-ali/hidden").await;
        page.expect(200);
        assert!(page.body.contains(arabic));
        let only_you = stage.say("countdown-only-you");
        let banner = format!(r#"<p class="banner" lang="en" dir="ltr">{only_you}</p>"#);
        assert!(page.body.contains(&banner), "{}", page.body);
    });
}

#[test]
fn only_what_is_listed_is_in_the_directory() {
    on_default(&async |stage: &Stage<'_>| {
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
        // A person's own page shows all their public countdowns.
        for (path, has_both) in [("/countdowns", false), ("/u/farah-ali", true)] {
            let page = stage.visitor().get(path).await;
            page.expect(200);
            assert!(page.body.contains("/u/farah-ali/listed"), "{path}");
            let has_other = page.body.contains("/u/farah-ali/public");
            assert_eq!(has_other, has_both, "{path}");
        }
        let at = format!("{API}/{}", made["id"].as_str().unwrap());
        set(stage, &at, &mut farah, json!({"visibility": "private"})).await;
        let found = stage.visitor().get("/api/v1/public/directory").await.json();
        assert_eq!(found["total"], 0, "who hides it takes it off the list");
    });
}

#[test]
fn a_page_says_what_its_owner_says_of_themselves_but_not_the_full_name() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let said = Input::from(json!({"real_name": "Siti", "bio": "Kopi.\n<b>Teh</b>",
            "location": "Ipoh", "website": "https://farah.example/?a=1&b=\"2"}));
        let (who, request) = (farah.who.clone(), request());
        let change = move |tx: &mut Tx<'_>| profile::change(tx, &who, &said, None, &request);
        stage.world.store().write(change).await.unwrap();
        let (page, json) = ("/u/farah-ali", "/api/v1/public/farah-ali");
        let target = json!({"title": "Listed", "kind": "until", "target": "2030-01-16",
            "visibility": "public"});
        let made = farah.make(target).await;
        stage.visitor().get(page).await.expect(200);
        stage.visitor().get(json).await.expect(404);
        let at = format!("{API}/{}", made["id"].as_str().unwrap());
        set(stage, &at, &mut farah, json!({"listed": true})).await;
        let shown = stage.visitor().get(page).await;
        shown.expect(200);
        let link = "<a href=\"https://farah.example/?a=1&#38;b=&#34;2\" \
            rel=\"me nofollow noopener ugc\"";
        for part in ["&#60;b&#62;Teh", "Ipoh", link] {
            assert!(shown.body.contains(part), "{part}: {}", shown.body);
        }
        let found = stage.visitor().get(json).await;
        found.expect(200);
        let tag = found.header("etag").to_owned();
        let own = found.json();
        assert_eq!(own["account"], "farah-ali");
        assert_eq!(own["display_name"], "Farah Ali");
        assert_eq!(own["bio"], "Kopi.\n<b>Teh</b>");
        assert_eq!(own["website"], "https://farah.example/?a=1&b=\"2");
        assert_eq!(own["countdowns"][0]["slug"], "listed");
        for body in [&shown.body, &found.body] {
            assert!(
                !body.contains("Siti") && !body.contains("example.my"),
                "{body}"
            );
        }
        let mut again = stage.visitor();
        again.header("if-none-match", &tag);
        again.get(json).await.expect(304);
    });
}

#[test]
fn two_people_of_one_name_have_two_addresses() {
    on_default(&async |stage: &Stage<'_>| {
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

#[test]
fn a_page_that_a_browser_has_is_not_sent_again_until_it_changes() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let at = farah.since("Without a cold").await;
        farah.reset(&at, &json!({})).await.expect(201);
        let open = json!({"visibility": "public", "listed": true});
        set(stage, &at, &mut farah, open).await;
        for path in [
            "/u/farah-ali/without-a-cold",
            "/u/farah-ali",
            "/countdowns",
            "/api/v1/public/directory",
        ] {
            let mut visitor = stage.visitor();
            let first = visitor.get(path).await;
            first.expect(200);
            let is_public = first
                .header("cache-control")
                .starts_with("public, max-age=0");
            assert_eq!(is_public, !path.starts_with("/api/"), "{path}");
            visitor.header("if-none-match", first.header("etag"));
            let again = visitor.get(path).await;
            again.expect(304);
            assert!(again.body.is_empty(), "{path}");
            for header in ["etag", "vary", "content-language", "cache-control"] {
                assert_eq!(again.header(header), first.header(header), "{path}");
            }
            let day = SignedDuration::from_hours(24);
            stage.world.clock.advance(day);
            visitor.get(path).await.expect(200);
        }
        // The ETag covers whole seconds only, so the page stays unmodified while less than a second
        // passes.
        let day = json!({"title": "Day", "kind": "until", "target": "2040-01-16T18:00",
            "day_counting": "elapsed", "visibility": "public"});
        farah.make(day).await;
        let mut visitor = stage.visitor();
        let first = visitor.get("/u/farah-ali/day").await;
        visitor.header("if-none-match", first.header("etag"));
        for _ in 0..3 {
            let moment = SignedDuration::from_millis(150);
            stage.world.clock.advance(moment);
            visitor.get("/u/farah-ali/day").await.expect(304);
        }
        let mut visitor = stage.visitor();
        let path = "/u/farah-ali/without-a-cold";
        let first = visitor.get(path).await;
        visitor.header("if-none-match", first.header("etag"));
        farah.reset(&at, &json!({})).await.expect(201);
        visitor.get(path).await.expect(200);
        set(stage, &at, &mut farah, json!({"visibility": "private"})).await;
        visitor.get(path).await.expect(404);
        let own = farah.browser.get(path).await;
        assert_eq!(own.header("cache-control"), "no-store, private");
        assert_eq!(own.header("etag"), "");
    });
}

#[test]
fn the_directory_is_searched_and_read_page_by_page() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let mut other = stage.person("Daniel Tan").await;
        let listed = |title: &str, after: &str| {
            json!({"title": title, "kind": "until", "target": "2030-01-16", "after": after,
                "visibility": "public", "listed": true})
        };
        for number in 0..5 {
            let body = listed(&format!("Number {number}"), "count_up");
            farah.make(body).await;
            stage.world.clock.advance(SignedDuration::from_secs(1));
        }
        other.make(listed("100% of it", "hide")).await;
        let empty = json!({"title": "Empty", "visibility": "public", "listed": true});
        other.make(empty).await;
        let find = async |query: &str| {
            let at = format!("/api/v1/public/directory?{query}");
            let found = stage.visitor().get(&at).await.json();
            let items = found["items"].as_array().unwrap().clone();
            let titles = items
                .iter()
                .map(|one| one["title"].as_str().unwrap().to_owned());
            (
                found["total"].as_i64().unwrap(),
                titles.collect::<Vec<_>>().join(", "),
            )
        };
        let all = "100% of it, Number 4, Number 3, Number 2, Number 1, Number 0";
        assert_eq!(find("").await, (6, all.to_owned()));
        let second = (6, "Number 3, Number 2".to_owned());
        assert_eq!(find("page=2&page_size=2").await, second);
        assert_eq!(find("page=9&page_size=2").await, (6, String::new()));
        assert_eq!(find("page=x&page_size=1000000").await.0, 6);
        assert_eq!(find("page_size=0").await, (6, "100% of it".to_owned()));
        assert_eq!(find("search=daniel").await, (1, "100% of it".to_owned()));
        assert_eq!(find("search=NUMBER+3").await, (1, "Number 3".to_owned()));
        assert_eq!(find("search=%25").await, (1, "100% of it".to_owned()));
        assert_eq!(find("search=_").await, (0, String::new()));
        let page = stage
            .visitor()
            .get("/countdowns?search=number&page=2&page_size=2")
            .await;
        page.expect(200);
        let to = |number: i64| format!("/countdowns?search=number&page={number}&page_size=2");
        for href in [to(1), to(3)] {
            assert!(page.links().iter().any(|link| link.href == href), "{href}");
        }
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(24 * 366 * 5));
        stage.work().await;
        assert_eq!(
            find("").await.0,
            5,
            "what has come and is hidden is not counted"
        );
    });
}

#[test]
fn other_sites_show_a_badge_a_frame_and_a_few_words() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage.person("Farah Ali").await;
        let at = farah.since("Tea <or> coffee").await;
        let ago = stage.world.platform.clock.now() - SignedDuration::from_hours(24 * 15);
        let first = json!({"reset_at": ago.to_string()});
        farah.reset(&at, &first).await.expect(201);
        let hidden = farah.browser.get("/u/nobody-here/at-all").await;
        let badge = "/u/farah-ali/tea-or-coffee/badge.svg";
        let embed = "/embed/farah-ali/tea-or-coffee";
        for path in [badge, embed, "/u/farah-ali/tea-or-coffee/events"] {
            // Even the owner gets no picture, because a picture on another site would be visible to
            // everybody.
            let own = shape(&farah.browser.get(path).await);
            assert_eq!(own, shape(&hidden), "{path}");
        }
        set(stage, &at, &mut farah, json!({"visibility": "public"})).await;
        let page = stage.visitor().get("/u/farah-ali/tea-or-coffee").await;
        for part in [
            r#"<meta property="og:title" content="Tea &#60;or&#62; coffee">"#,
            r#"<meta property="og:description" content="15 days since"#,
        ] {
            assert!(page.body.contains(part), "{part}");
        }

        let shown = stage.visitor().get(badge).await;
        shown.expect(200);
        assert_eq!(shown.header("content-type"), "image/svg+xml");
        assert_eq!(shown.header("cache-control"), "private, max-age=300");
        assert!(shown.header("content-security-policy").ends_with("sandbox"));
        assert!(
            shown
                .body
                .contains("<title>Tea &#60;or&#62; coffee: 15 days</title>")
        );
        let weeks = "label=%3Cscript%3E&unit=weeks&color=red&style=square&lang=ms";
        let shown = stage.visitor().get(&format!("{badge}?{weeks}")).await;
        assert!(
            shown
                .body
                .contains("<title>&#60;script&#62;: 2 minggu</title>")
        );
        assert!(shown.body.contains("#b3261e") && shown.body.contains("rx=\"0\""));
        // The label contains U+FFFE and U+FFFF, which XML does not allow.
        let label = format!("{badge}?label=a%EF%BF%BEb%EF%BF%BFc");
        let shown = stage.visitor().get(&label).await;
        assert!(shown.body.contains("<title>abc: 15 days</title>"));
        let wrong = format!("{badge}?unit=years&color=%22/%3E&style=9&lang=xx&label=%FF");
        stage.visitor().get(&wrong).await.expect(200);

        let mut visitor = stage.visitor();
        let frame = visitor.get(&format!("{embed}?lang=ms")).await;
        frame.expect(200);
        let policy = frame.header("content-security-policy");
        assert!(policy.contains("frame-ancestors *"), "{policy}");
        assert!(frame.body.contains("lang=\"ms\"") && frame.body.contains(">15</b>"));
        assert_eq!(frame.header("set-cookie"), "");
        let other = visitor.get("/u/farah-ali/tea-or-coffee").await;
        let policy = other.header("content-security-policy");
        assert!(policy.contains("frame-ancestors 'self'"), "{policy}");
    });
}
