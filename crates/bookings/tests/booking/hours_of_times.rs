//! Tests of hours that are made of single times: what the hours offer is removed, and nothing else.

use serde_json::{Value, json};

use crate::hours::{booked, listed, starts, tuesdays};
use crate::stage::{Booking, Person, Stage, on_both, on_default, provider};

const PAGE: &str = "/me/hours/of-times";

/// Tuesdays at which Farah gives sessions at 3 and at 4 in the afternoon.
const TUESDAYS: [&str; 4] = ["2026-11-24", "2026-12-01", "2026-12-08", "2026-12-15"];

async fn is_proposed(farah: &mut Person) -> bool {
    let page = farah.browser.get("/me/hours").await;
    let mut links = page.expect(200).links().into_iter();
    links.any(|link| link.href == PAGE)
}

async fn schedules(farah: &mut Person) -> Vec<Value> {
    let path = "/api/v1/me/schedules";
    let page = farah.call("GET", path, &Value::Null).await;
    page.expect(200).json()["items"].as_array().unwrap().clone()
}

#[test]
fn hours_take_the_place_of_the_free_times_that_they_offer_and_of_no_others() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        for day in TUESDAYS {
            assert_eq!(is_proposed(&mut farah).await, day > TUESDAYS[1], "{day}");
            for time in ["15:00", "16:00"] {
                farah.offer(day, time, 0).await;
            }
        }
        // These are not so each week, or are another session.
        farah.offer("2026-11-25", "10:00", 0).await;
        for day in ["2026-11-26", "2026-12-03"] {
            farah.offer(day, "09:00", 5_000).await;
        }
        let mut aina = stage.person("Aina Yusof").await;
        let all = listed(&mut aina).await;
        let at = |start: &str| {
            let found = all.iter().find(|slot| slot["starts_at"] == start);
            found.unwrap().clone()
        };
        let taken = booked(&mut aina, &at("2026-12-01T07:00:00Z")).await;
        let asked = at("2026-12-08T08:00:00Z");
        let wanted = json!({"slot_ids": [asked["id"]]});
        let page = aina.call("POST", "/api/v1/requests", &wanted).await;
        page.expect(201);

        let page = farah.browser.get(PAGE).await;
        let said = page.expect(200).text();
        for (message, count) in [
            ("hours-of-times-replaced", 6),
            ("hours-of-times-booked", 1),
            ("hours-of-times-kept", 2),
        ] {
            let expected = stage.fill(message, [("count", count.into())]);
            assert!(said.contains(&expected), "{expected}: {said}");
        }
        assert!(said.contains("25 Nov") && said.contains("8 Dec"), "{said}");
        let form = page.forms().into_iter().find(|form| form.action == PAGE);
        let before = listed(&mut aina).await;
        let done = farah.browser.submit(&page, &form.unwrap()).await;
        let page = farah.browser.follow(done).await;
        let text = page.expect(200).text();
        let stays = stage.say("hours-of-times-left");
        let stays = text.split(&stays).nth(1).unwrap();
        assert!(
            stays.contains("25 Nov") && stays.contains("8 Dec"),
            "{text}"
        );

        let after = listed(&mut aina).await;
        let is_there = |slot: &Value| after.iter().any(|one| one["id"] == slot["id"]);
        let (kept, gone): (Vec<Value>, Vec<Value>) = before.into_iter().partition(is_there);
        let expected = [
            "2026-11-25T02:00:00Z",
            "2026-11-26T01:00:00Z",
            "2026-12-03T01:00:00Z",
            "2026-12-08T08:00:00Z",
        ];
        assert_eq!(starts(&kept), expected);
        assert_eq!(gone.len(), 6);
        let is_kept = |slot: &Value| kept.iter().any(|one| one["id"] == slot["id"]);
        let computed: Vec<&Value> = after.iter().filter(|slot| !is_kept(slot)).collect();
        let same = |one: &Value, other: &Value| {
            let fields = [
                "starts_at",
                "ends_at",
                "title",
                "price_minor",
                "location_kind",
            ];
            fields.iter().all(|field| one[*field] == other[*field])
        };
        for slot in &gone {
            let given = computed.iter().find(|one| same(one, slot));
            assert!(given.is_some(), "{slot}");
        }
        let count = ("count", computed.len().into());
        let expected = stage.fill("hours-of-times-offered", [count, ("days", 60.into())]);
        assert!(said.contains(&expected), "{expected}: {said}");
        let week = json!([{"day": "tuesday", "opens": "15:00", "closes": "17:00"}]);
        assert_eq!(schedules(&mut farah).await[0]["week"], week);
        assert_eq!(aina.coming().await["id"], taken["id"]);

        // The other session becomes hours and an offer of its own.
        let form = page.form(PAGE);
        let done = farah.browser.submit(&page, &form).await;
        farah.browser.follow(done).await.expect(200);
        assert_eq!(schedules(&mut farah).await.len(), 2);
        assert!(!is_proposed(&mut farah).await);
        let offered = listed(&mut aina).await;
        let dear = offered.iter().filter(|slot| slot["price_minor"] == 5_000);
        assert!(dear.count() > 2);
    });
}

#[test]
fn what_the_hours_would_not_offer_makes_none() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        for day in TUESDAYS {
            for time in ["15:00", "16:00"] {
                farah.offer(day, time, 0).await;
            }
        }
        assert!(is_proposed(&mut farah).await);
        // With a pause, hours offer 3 o'clock but not 4; then 4 stays, and closes 3.
        farah.profile("buffer_after", "30").await;
        let page = farah.browser.get(PAGE).await;
        let none = stage.say("hours-of-times-none");
        assert!(page.expect(200).text().contains(&none), "{}", page.text());
        assert!(!is_proposed(&mut farah).await);
    });
}

#[test]
fn hours_are_made_of_times_whole_or_not_at_all() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        for day in TUESDAYS {
            farah.offer(day, "15:00", 0).await;
        }
        for _ in 0..10 {
            tuesdays(&mut farah).await;
        }
        let before = listed(&mut farah).await;
        let page = farah.browser.get(PAGE).await;
        let mut form = page.expect(200).form(PAGE);
        let refused = farah.browser.submit(&page, &form).await;
        assert!(refused.status.is_client_error(), "{}", refused.text());
        assert_eq!(listed(&mut farah).await, before);
        assert_eq!(schedules(&mut farah).await.len(), 10);
        form.fill("of", "other");
        farah.browser.submit(&page, &form).await.expect(404);
        let mut aina = stage.person("Aina Yusof").await;
        aina.browser.get(PAGE).await.expect(403);
    });
}
