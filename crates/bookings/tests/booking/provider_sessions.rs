//! Tests of a provider's own sessions: today, what comes, what is over.

use serde_json::{Value, json};
use testkit::Page;

use crate::stage::{Booking, Person, Stage, errors, go_to, on_default, prove, provider};

const PAGE: &str = "/me/slots/bookings";

/// A member books a session with a note. Returns the booking's id.
async fn booked(farah: &mut Person, member: &mut Person, day: &str, time: &str) -> String {
    let slot = farah.offer(day, time, 0).await;
    let body = json!({
        "slot_id": slot["id"], "slot_version": slot["version"], "note": format!("Note of {day}"),
    });
    let made = member.call("POST", "/api/v1/bookings", &body).await;
    made.expect(201).json()["id"].as_str().unwrap().to_owned()
}

async fn list(person: &mut Person, query: &str) -> Page {
    let path = format!("/api/v1/bookings?{query}");
    person.call("GET", &path, &Value::Null).await
}

fn ids(page: &Page) -> Vec<String> {
    let json = page.expect(200).json();
    let all = json["items"].as_array().unwrap();
    all.iter()
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Whether the page links to the booking.
fn shows(page: &Page, id: &str) -> bool {
    page.body.contains(&format!("href=\"/me/bookings/{id}\""))
}

#[test]
fn a_provider_reads_today_first_and_past_sessions_for_ever() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let first = booked(&mut farah, &mut aina, "2026-12-01", "09:00").await;
        let second = booked(&mut farah, &mut aina, "2026-12-01", "11:00").await;
        let third = booked(&mut farah, &mut aina, "2026-12-03", "09:00").await;
        let fourth = booked(&mut farah, &mut aina, "2026-12-04", "09:00").await;
        let cancel = format!("/api/v1/bookings/{fourth}/cancel");
        aina.call("POST", &cancel, &json!({})).await.expect(200);
        // The first session of the day is over, the second one lies ahead.
        go_to(stage, "2026-12-01T02:10:00Z").await;
        prove(stage, &mut farah).await;
        let page = farah.browser.get(PAGE).await;
        let text = page.expect(200).text();
        let today = stage.fill(
            "slot-bookings-today",
            [("day", "Tuesday, 1 December 2026".into())],
        );
        let place = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what}: {text}"));
        assert!(place(&today) < place("Thursday, 3 December 2026"), "{text}");
        assert!(
            text.contains("Note of 2026-12-01") && text.contains("Aina Yusof"),
            "{text}"
        );
        for id in [&first, &second, &third] {
            assert_eq!(
                page.body.matches(&format!("\"/me/bookings/{id}\"")).count(),
                1
            );
        }
        assert!(!shows(&page, &fourth));
        // Each button stands where it applies.
        let action = |id: &str| format!("/me/bookings/{id}/outcome");
        assert!(
            !page
                .forms()
                .iter()
                .any(|form| form.action == action(&second))
        );
        assert!(page.body.contains(&format!("/me/bookings/{second}#cancel")));
        assert!(!page.body.contains(&format!("/me/bookings/{first}#cancel")));
        let mut form = page.form(&action(&first));
        form.press("outcome", "completed");
        let led = farah.browser.submit(&page, &form).await;
        let page = farah.browser.follow(led).await;
        assert_eq!(page.address.split('?').next(), Some(PAGE));
        assert!(page.expect(200).text().contains(&stage.say("slot-saved")));
        assert!(
            page.body
                .contains(&format!("/me/bookings/{first}/feedback"))
        );
        // One day alone.
        let page = farah.browser.get(&format!("{PAGE}?day=2026-12-03")).await;
        assert!(shows(&page, &third) && !shows(&page, &first));
        // What ended before today and can still be marked stands apart.
        go_to(stage, "2026-12-02T02:00:00Z").await;
        prove(stage, &mut farah).await;
        let page = farah.browser.get(PAGE).await;
        assert!(page.expect(200).text().contains(&stage.say("slot-begun")));
        assert!(shows(&page, &second));
        // Past sessions stay, also when nothing can be marked or said any more.
        go_to(stage, "2027-02-01T00:00:00Z").await;
        prove(stage, &mut farah).await;
        let page = farah.browser.get(PAGE).await;
        assert!(!shows(&page, &first));
        let page = farah
            .browser
            .get(&format!("{PAGE}?when=past&limit=3"))
            .await;
        let shown = [&fourth, &third, &second].map(|id| shows(&page, id));
        assert_eq!((shown, shows(&page, &first)), ([true; 3], false));
        let next = page.body.split("rel=\"next\"").next().unwrap();
        let next = next
            .rsplit("href=\"")
            .next()
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        let next = next.replace("&#38;", "&").replace("&amp;", "&");
        let page = farah.browser.get(&format!("{next}&limit=3")).await;
        assert!(shows(page.expect(200), &first) && !shows(&page, &second));
        prove(stage, &mut aina).await;
        aina.browser.get(PAGE).await.expect(403);
    });
}

#[test]
fn a_front_end_reads_the_sessions_with_a_provider_page_by_page() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut all = Vec::new();
        for day in ["2026-12-01", "2026-12-02", "2026-12-03"] {
            all.push(booked(&mut farah, &mut aina, day, "09:00").await);
        }
        let page = list(&mut farah, "as=provider&limit=2").await;
        assert_eq!(ids(&page), all[..2]);
        let json = page.json();
        assert_eq!(json["items"][0]["member"], "Aina Yusof");
        assert_eq!(json["items"][0]["note"], "Note of 2026-12-01");
        let cursor = json["next_cursor"].as_str().unwrap();
        let page = list(&mut farah, &format!("as=provider&limit=2&cursor={cursor}")).await;
        assert_eq!(ids(&page), all[2..]);
        assert_eq!(page.json()["next_cursor"], Value::Null);
        // As a member, the provider has booked nothing, and the member provides nothing.
        assert_eq!(ids(&list(&mut farah, "").await), [""; 0]);
        let refused = list(&mut aina, "as=provider").await;
        assert_eq!(refused.expect(403).json()["code"], "role_required");
        assert_eq!(errors(&refused), []);
        go_to(stage, "2026-12-10T00:00:00Z").await;
        all.reverse();
        for person in [("as=provider&", &mut farah), ("", &mut aina)] {
            let (who, person) = person;
            let page = list(person, &format!("{who}when=past&limit=2")).await;
            assert_eq!(ids(&page), all[..2]);
            let cursor = page.json()["next_cursor"].as_str().unwrap().to_owned();
            let next = format!("{who}when=past&limit=2&cursor={cursor}");
            assert_eq!(ids(&list(person, &next).await), all[2..]);
        }
        list(&mut farah, "as=provider&cursor=x").await.expect(400);
        assert_eq!(ids(&list(&mut farah, "as=provider").await), [""; 0]);
    });
}
