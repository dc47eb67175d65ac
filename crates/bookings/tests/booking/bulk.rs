//! Tests of changing many slots at once.

use bookings::provider::PROVIDER;
use serde_json::{Value, json};
use testkit::Page;

use crate::stage::{Booking, Person, Stage, errors, on_default, provider};

const PATH: &str = "/api/v1/me/slots/bulk";
const LINK: &str = "https://zoom.us/j/9";

async fn three(farah: &mut Person) -> Vec<Value> {
    let mut slots = Vec::new();
    for time in ["09:00", "11:00", "13:00"] {
        slots.push(farah.offer("2026-12-01", time, 0).await);
    }
    slots
}

fn ids(slots: &[Value]) -> Vec<&str> {
    slots
        .iter()
        .map(|one| one["id"].as_str().unwrap())
        .collect()
}

async fn own(farah: &mut Person) -> Vec<Value> {
    let list = "/api/v1/me/slots?from=2026-12-01T00:00:00Z";
    let all = farah.call("GET", list, &Value::Null).await.json();
    all["items"].as_array().unwrap().clone()
}

#[test]
fn many_times_are_changed_at_once_or_none_of_them() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slots = three(&mut farah).await;
        let all = ids(&slots);
        let body = json!({"action": "link", "ids": all, "link": LINK});
        let done = farah.call("POST", PATH, &body).await.expect(200).json();
        let done = done["items"].as_array().unwrap().clone();
        assert_eq!(done.len(), 3);
        assert!(
            done.iter()
                .all(|one| one["slot"]["location_secret"] == LINK)
        );
        for (action, state) in [("hide", "unavailable"), ("show", "available")] {
            let body = json!({"action": action, "ids": all});
            farah.call("POST", PATH, &body).await.expect(200);
            assert!(
                own(&mut farah)
                    .await
                    .iter()
                    .all(|one| one["state"] == state)
            );
        }
        // One of them is booked, one is somebody else's, one does not exist.
        let mut aina = stage.person("Aina Yusof").await;
        let now = own(&mut farah).await;
        aina.book(&now[0]).await.expect(303);
        let mut daniel = stage.person_as("Daniel Tan", PROVIDER).await;
        let other = daniel.offer("2026-12-01", "09:00", 0).await;
        let other = other["id"].as_str().unwrap();
        for action in ["link", "hide", "delete"] {
            let mut sent = all.clone();
            sent.push(other);
            let body = json!({"action": action, "ids": sent, "link": LINK.replace('9', "8")});
            let page = farah.call("POST", PATH, &body).await;
            assert_eq!(page.expect(422).json()["code"], "bulk_rejected");
            let mut expected = [
                (format!("/ids/{}", all[0]), "slot_locked".to_owned()),
                (format!("/ids/{other}"), "not_found".to_owned()),
            ];
            expected.sort();
            let mut found = errors(&page);
            found.sort();
            assert_eq!(found, expected, "{action}");
        }
        let after = own(&mut farah).await;
        assert_eq!(after[1..], now[1..]);
        let body = json!({"action": "delete", "ids": all[1..]});
        let done = farah.call("POST", PATH, &body).await.expect(200).json();
        assert_eq!(done["items"][0]["slot"], Value::Null);
        assert_eq!(own(&mut farah).await.len(), 1);
        for (body, pointer) in [
            (json!({"action": "hide", "ids": []}), "/ids"),
            (json!({"action": "hide", "ids": vec![all[0]; 201]}), "/ids"),
            (
                json!({"action": "link", "ids": all, "link": "https://evil.example/x"}),
                "/link",
            ),
            (json!({"action": "link", "ids": all}), "/link"),
            (json!({"action": "book", "ids": all}), "/action"),
        ] {
            let page = farah.call("POST", PATH, &body).await;
            assert_eq!(errors(page.expect(422))[0].0, pointer, "{pointer}");
        }
        aina.call("POST", PATH, &json!({"action": "hide", "ids": all}))
            .await
            .expect(403);
    });
}

#[test]
fn a_provider_ticks_times_on_the_page_and_changes_them() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slots = three(&mut farah).await;
        let all = ids(&slots);
        let week = "/me/slots?from=2026-11-30";
        let press = |page: &Page, tick: &[&str], what: &str| {
            let mut form = page.expect(200).form("/me/slots/bulk");
            for id in tick {
                form.tick("ids", id);
            }
            form.press("do", what);
            form
        };
        let page = farah.browser.get(week).await;
        let form = press(&page, &[], "hide");
        let none = farah.browser.submit(&page, &form).await;
        assert!(none.expect(422).text().contains(&stage.say("bulk-none")));
        let form = press(&page, &all[..2], "hide");
        let led = farah.browser.submit(&page, &form).await;
        let after = farah.browser.follow(led).await;
        let text = after.expect(200).text();
        assert!(text.contains(&stage.say("slot-saved")), "{text}");
        assert_eq!(text.matches(&stage.say("slot-unavailable")).count(), 2);
        // Of what is booked meanwhile, the reason is said, and nothing is changed.
        let page = farah.browser.get(week).await;
        let form = press(&page, &all[1..], "show");
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slots[2]).await.expect(303);
        let refused = farah.browser.submit(&page, &form).await;
        let text = refused.expect(422).text();
        let reason = format!("1 pm: {}", stage.say("problem-slot-locked"));
        assert!(text.contains(&reason), "{text}");
        assert_eq!(own(&mut farah).await[1]["state"], "unavailable");
        // Deleting asks first.
        let page = farah.browser.get(week).await;
        let form = press(&page, &all[..2], "delete");
        let asked = farah.browser.submit(&page, &form).await;
        let said = stage.fill("bulk-remove-question", [("count", 2.into())]);
        assert!(asked.expect(200).text().contains(&said));
        assert_eq!(own(&mut farah).await.len(), 3);
        farah.browser.submit_surely(&page, &form).await.expect(303);
        assert_eq!(own(&mut farah).await.len(), 1);
    });
}
