//! Tests of the filters with which people and programs search for slots.

use serde_json::{Value, json};
use testkit::Visitor;

use crate::stage::{
    Booking, LINK, PROVIDERS, Person, Stage, errors, offer_week, on_default, provider,
};

/// Offers a session with these properties, for which the others have defaults.
async fn offer(provider: &mut Person, date: &str, more: Value) -> Value {
    let mut body = json!({
        "date": date, "time": "09:00", "minutes": 60, "title": "Call", "location": LINK,
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let page = provider.call("POST", "/api/v1/me/slots", &body).await;
    page.expect(201).json()
}

async fn ids(visitor: &mut Visitor, query: &str) -> Vec<Value> {
    let page = visitor.get(&format!("/api/v1/slots?{query}")).await;
    let items = page.expect(200).json()["items"].clone();
    let items = items.as_array().unwrap().iter();
    items.map(|one| one["id"].clone()).collect()
}

#[test]
fn a_slot_matches_all_filters_or_is_not_listed() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let here = json!({
            "location_kind": "in_person", "area": "Kuala Lumpur, Bangsar", "location": "No. 1",
            "price_minor": 18_000, "minutes": 90,
        });
        let here = offer(&mut farah, "2026-12-01", here).await;
        let room = json!({"location_kind": "room_pool", "location": ""});
        let room = offer(&mut farah, "2026-12-02", room).await;
        let credit = json!({"credit_kind": "session", "minutes": 30});
        let credit = offer(&mut farah, "2026-12-03", credit).await;
        let phone =
            json!({"location_kind": "phone", "location": "+60 3 1234", "price_minor": 5_000});
        let phone = offer(&mut farah, "2026-12-04", phone).await;
        let mut stranger = stage.visitor();
        for (query, expected) in [
            ("location_kind=in_person", vec![&here]),
            ("location_kind=online_link", vec![&room, &credit]),
            ("location_kind=room_pool", vec![&room]),
            ("area=bangsar", vec![&here]),
            ("area=%25", vec![]),
            ("max_price=17999", vec![&room, &credit, &phone]),
            ("max_price=18000", vec![&here, &room, &credit, &phone]),
            ("min_minutes=60", vec![&here, &room, &phone]),
            ("min_minutes=61", vec![&here]),
            ("credit_kind=session", vec![&credit]),
            ("credit_kind=session&location_kind=phone", vec![]),
            ("credit_kind=document_review", vec![]),
            ("min_minutes=60&location_kind=phone", vec![&phone]),
            (
                "date_from=2026-12-02&date_to=2026-12-03",
                vec![&room, &credit],
            ),
            ("date_to=2026-12-02&area=", vec![&here, &room]),
        ] {
            let expected: Vec<Value> = expected.iter().map(|one| one["id"].clone()).collect();
            assert_eq!(ids(&mut stranger, query).await, expected, "{query}");
        }
        // The page takes the same filters; its price is in whole units.
        for (query, expected) in [
            ("location_kind=phone", vec![&phone]),
            ("max_price=50", vec![&room, &credit, &phone]),
            ("credit_kind=session", vec![&credit]),
            ("area=Bangsar&min_minutes=90", vec![&here]),
        ] {
            let page = format!("/book?from=2026-12-01&{query}");
            let page = stranger.get(&page).await;
            for slot in [&here, &room, &credit, &phone] {
                let link = format!("/book/{}", slot["id"].as_str().unwrap());
                let is_there = page.expect(200).body.contains(&link);
                assert_eq!(is_there, expected.contains(&slot), "{query}");
            }
            let (name, value) = query.split('&').next().unwrap().split_once('=').unwrap();
            assert_eq!(page.form("/book").value(name), Some(value));
        }
    });
}

#[test]
fn days_are_those_of_the_zone_that_is_asked_for() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        // The clock is set forward on the first of these days, and back on the second.
        for (day, first, last) in [
            ("2027-03-28", "00:15", "23:45"),
            ("2027-10-31", "00:15", "23:45"),
        ] {
            let zone = json!("Europe/London");
            let at = |time: &str| json!({"time": time, "minutes": 30, "time_zone": zone});
            let before: jiff::civil::Date = day.parse().unwrap();
            let (before, after) = (before.yesterday().unwrap(), before.tomorrow().unwrap());
            offer(&mut farah, &before.to_string(), at("23:15")).await;
            let first = offer(&mut farah, day, at(first)).await;
            let last = offer(&mut farah, day, at(last)).await;
            offer(&mut farah, &after.to_string(), at("00:30")).await;
            let query = format!("date_from={day}&date_to={day}&tz=Europe/London");
            let found = ids(&mut stage.visitor(), &query).await;
            assert_eq!(found, [first["id"].clone(), last["id"].clone()], "{day}");
            // In Kuala Lumpur the last one begins on the next day.
            let query = format!("date_from={after}&date_to={after}&tz=Asia/Kuala_Lumpur");
            let found = ids(&mut stage.visitor(), &query).await;
            assert_eq!(found[0], last["id"], "{day}");
        }
        // Without a zone, days are those of the site's, which is UTC.
        let query = "date_from=2027-10-30&date_to=2027-10-30";
        assert_eq!(ids(&mut stage.visitor(), query).await.len(), 2);
    });
}

#[test]
fn what_no_slot_can_match_is_refused() {
    on_default(&async |stage: &Stage<'_>| {
        let mut stranger = stage.visitor();
        for (query, field, code) in [
            (
                "date_from=2026-12-02&date_to=2026-12-01",
                "date_to",
                "date_invalid",
            ),
            ("date_from=2026-02-30", "date_from", "date_invalid"),
            ("tz=Mars/Olympus", "tz", "time_zone_unknown"),
            ("location_kind=moon", "location_kind", "unknown_option"),
            ("credit_kind=maybe", "credit_kind", "unknown_option"),
            ("max_price=-1", "max_price", "out_of_range"),
            ("max_price=cheap", "max_price", "wrong_type"),
            ("min_minutes=0", "min_minutes", "out_of_range"),
            ("session_type=x", "session_type", "choice_not_offered"),
            ("provider=nobody", "provider", "unknown_option"),
        ] {
            let page = stranger.get(&format!("/api/v1/slots?{query}")).await;
            let expected = (format!("/{field}"), code.to_owned());
            assert_eq!(errors(page.expect(422)), [expected], "{query}");
        }
        // The page says it beside the field, and lists nothing.
        for (query, field) in [
            ("from=soon", "from"),
            ("max_price=cheap", "max_price"),
            ("location_kind=moon", "location_kind"),
            ("level=x", "level"),
        ] {
            let page = stranger.get(&format!("/book?{query}")).await;
            let text = page.expect(422).text();
            assert!(
                !text.contains(&stage.say("booking-nothing")),
                "{query}: {text}"
            );
            assert!(
                page.body.contains("complaint") || field == "level",
                "{query}: {}",
                page.body
            );
        }
    });
}

#[test]
fn a_cursor_holds_under_its_filters_alone() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let first = farah.offer("2026-12-01", "09:00", 0).await;
        let second = farah.offer("2026-12-02", "09:00", 0).await;
        let mut stranger = stage.visitor();
        let page = stranger.get("/api/v1/slots?limit=1&min_minutes=60").await;
        let list = page.expect(200).json();
        assert_eq!(list["items"][0]["id"], first["id"]);
        let cursor = list["next_cursor"].as_str().unwrap();
        let found = ids(&mut stranger, &format!("min_minutes=60&cursor={cursor}")).await;
        assert_eq!(found, [second["id"].clone()]);
        for query in ["", "min_minutes=30", "min_minutes=60&credit_kind=session"] {
            let page = format!("/api/v1/slots?{query}&cursor={cursor}");
            let page = stranger.get(&page).await;
            assert_eq!(page.expect(400).json()["code"], "cursor_invalid", "{query}");
        }
    });
}

#[test]
fn a_week_with_many_slots_is_shown_in_parts() {
    on_default(&async |stage: &Stage<'_>| {
        let mut made = Vec::new();
        for name in PROVIDERS {
            let items = offer_week(stage, name).await;
            made.extend(
                items
                    .iter()
                    .map(|one| format!("/book/{}", one["id"].as_str().unwrap())),
            );
        }
        let mut stranger = stage.visitor();
        let page = stranger.get("/book?from=2026-12-01").await;
        let links = |page: &testkit::Page| -> Vec<String> {
            let links = page.links().into_iter().map(|one| one.href);
            links.filter(|href| made.contains(href)).collect()
        };
        let mut page = page;
        let mut seen = links(page.expect(200));
        assert_eq!(seen.len(), 60);
        let more = stage.say("booking-more");
        let next = |page: &testkit::Page| {
            let mut links = page.links().into_iter();
            links
                .find(|one| one.text.contains(&more))
                .map(|one| one.href)
        };
        while let Some(href) = next(&page) {
            page = stranger.get(&href).await;
            seen.extend(links(page.expect(200)));
        }
        // The days of earlier parts are not called empty.
        assert!(
            !page.text().contains("Tuesday, 1 December"),
            "{}",
            page.text()
        );
        assert_eq!(seen.len(), 210);
        seen.sort();
        let mut made = made.clone();
        made.sort();
        assert_eq!(seen, made);
        // The way back leads to the first part.
        let back = page
            .links()
            .into_iter()
            .find(|one| one.text.contains("Earlier"));
        assert_eq!(back.unwrap().href, "/book?from=2026-12-01");
    });
}
