//! Tests that lists go on from page to page, and nothing is cut off.

use serde_json::{Value, json};
use testkit::Page;

use crate::stage::{
    Booking, PROVIDERS, Person, Stage, go_to, offer_week, on_default, prove, provider,
};

/// The ids on all pages of one entry each.
async fn walk(person: &mut Person, path: &str) -> Vec<String> {
    let (mut ids, mut next) = (Vec::new(), String::new());
    loop {
        let page = format!("{path}limit=1{next}");
        let list = person.call("GET", &page, &Value::Null).await;
        let list = list.expect(200).json();
        for one in list["items"].as_array().unwrap() {
            ids.push(one["id"].as_str().unwrap().to_owned());
        }
        match list["next_cursor"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => return ids,
        }
    }
}

/// The ids of the links to `path` on all pages, from that with the address `first`.
async fn follow(person: &mut Person, first: &str, path: &str) -> Vec<String> {
    let (mut ids, mut at) = (Vec::new(), first.to_owned());
    loop {
        let page = person.browser.get(&at).await;
        let links = page.expect(200).links();
        let found = links.iter().filter_map(|link| link.href.strip_prefix(path));
        ids.extend(found.filter(|id| id.len() == 36).map(str::to_owned));
        let next = links.iter().find(|link| link.href.contains("cursor="));
        match next {
            Some(next) => at = format!("{}&limit=1", next.href),
            None => return ids,
        }
    }
}

#[test]
fn own_bookings_orders_requests_and_reviews_are_listed_to_the_end() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut booked = Vec::new();
        let mut slots = Vec::new();
        for day in ["2026-12-01", "2026-12-02", "2026-12-03"] {
            let slot = farah.offer(day, "09:00", 0).await;
            let body = json!({"slot_id": slot["id"], "slot_version": slot["version"]});
            let page = aina.call("POST", "/api/v1/bookings", &body).await;
            booked.push(page.expect(201).json()["id"].as_str().unwrap().to_owned());
            slots.push(farah.offer(day, "12:00", 5_000).await);
        }
        assert_eq!(walk(&mut aina, "/api/v1/bookings?").await, booked);
        // Two orders, of which one ended; and two requests.
        for slot in &slots[..2] {
            let (_, booking) = aina.hold(slot).await;
            aina.cancel(&booking).await.expect(303);
            let asked = json!({"slot_ids": [slot["id"]]});
            aina.call("POST", "/api/v1/requests", &asked)
                .await
                .expect(201);
            stage
                .world
                .clock
                .advance(jiff::SignedDuration::from_secs(1));
        }
        let orders = walk(&mut aina, "/api/v1/orders?").await;
        assert_eq!(orders.len(), 2);
        let first = aina
            .call("GET", "/api/v1/orders", &Value::Null)
            .await
            .json();
        assert_eq!(first["items"][0]["id"], orders[0].as_str());
        assert_eq!(
            follow(&mut aina, "/me/credits?list=orders&limit=1", "/pay/").await,
            orders
        );
        let requests = walk(&mut aina, "/api/v1/requests?").await;
        assert_eq!(requests.len(), 2);
        let page = aina.browser.get("/me/requests?limit=1").await;
        let next = page.expect(200).links().into_iter();
        let next = next
            .map(|link| link.href)
            .find(|href| href.contains("cursor="));
        let rest = aina.browser.get(&next.unwrap()).await;
        assert!(page.body.contains(&requests[0]) && !page.body.contains(&requests[1]));
        assert!(rest.expect(200).body.contains(&requests[1]));
        // A cursor of one list does not continue another.
        let page = aina
            .call("GET", "/api/v1/bookings?limit=1", &Value::Null)
            .await
            .json();
        let cursor = page["next_cursor"].as_str().unwrap();
        let past = format!("/api/v1/bookings?when=past&cursor={cursor}");
        let page = aina.call("GET", &past, &Value::Null).await;
        assert_eq!(page.expect(400).json()["code"], "cursor_invalid");
        // Over, they are listed with the latest first.
        go_to(stage, "2026-12-04T00:00:00Z").await;
        prove(stage, &mut aina).await;
        let past = walk(&mut aina, "/api/v1/bookings?when=past&").await;
        assert_eq!(past.len(), 5);
        let held: Vec<&String> = past.iter().filter(|id| booked.contains(*id)).collect();
        let reversed: Vec<&String> = booked.iter().rev().collect();
        assert_eq!(held, reversed);
        let shown = follow(&mut aina, "/me/bookings?when=past&limit=1", "/me/bookings/").await;
        assert_eq!(shown, past);
    });
}

#[test]
fn a_booking_moves_to_any_time_and_a_request_may_ask_for_any() {
    on_default(&async |stage: &Stage<'_>| {
        let mut aina = stage.person("Aina Yusof").await;
        let mut last = Value::Null;
        for name in PROVIDERS {
            let items = offer_week(stage, name).await;
            last = items.last().unwrap().clone();
            if name == "Farah Ali" {
                let slot = items[0].clone();
                aina.book(&slot).await.expect(303);
            }
        }
        // Only the provider's own times are offered, and all of them.
        let booking = aina.coming().await["id"].as_str().unwrap().to_owned();
        let path = format!("/me/bookings/{booking}/move");
        let count = |page: &Page| page.body.matches("name=\"slot\"").count();
        let page = aina.browser.get(&format!("{path}?limit=30")).await;
        assert_eq!(count(page.expect(200)), 30);
        let mut next = page.links().into_iter().map(|link| link.href);
        let next = next.rfind(|href| href.contains("cursor=")).unwrap();
        let rest = aina.browser.get(&next).await;
        assert_eq!(count(rest.expect(200)), 11);
        // The form of a request offers 200 of 209 times at first, and keeps what was chosen.
        let form = "/me/requests/new";
        let first = format!("{form}?slot={}", last["id"].as_str().unwrap());
        let page = aina.browser.get(&first).await;
        let id = last["id"].as_str().unwrap();
        assert_eq!(page.expect(200).form(form).value("slot_1"), Some(id));
        let mut more = page.form(form);
        let after = page.body.split("name=\"after\" value=\"").nth(1).unwrap();
        more.press("after", after.split('"').next().unwrap());
        more.fill("note", "Please");
        let page = aina.browser.submit(&page, &more).await;
        let mut asked = page.expect(200).form(form);
        assert_eq!(asked.value("slot_1"), Some(id));
        assert_eq!(asked.value("note"), Some("Please"));
        assert!(page.body.matches("<option").count() < 60, "{}", page.body);
        asked.fill("slot_2", "");
        aina.browser.submit(&page, &asked).await.expect(303);
    });
}

#[test]
fn a_calendar_has_hours_and_sessions_and_says_what_waits() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = json!({"name": "Mine", "time_zone": "Asia/Kuala_Lumpur",
            "week": [{"day": "tuesday", "opens": "09:00", "closes": "12:00"}]});
        let made = farah.call("POST", "/api/v1/me/schedules", &hours).await;
        made.expect(201);
        let slot = farah.offer("2026-12-01", "10:00", 0).await;
        farah.offer("2026-12-02", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        let path = "/api/v1/me/calendar?from=2026-11-30T00:00:00Z&to=2026-12-05T00:00:00Z";
        let list = farah.call("GET", path, &Value::Null).await;
        let list = list.expect(200).json();
        let items = list["items"].as_array().unwrap();
        let kinds: Vec<&Value> = items.iter().map(|one| &one["kind"]).collect();
        assert_eq!(kinds, ["open", "booked", "free"]);
        assert_eq!(items[1]["member"], "Aina Yusof");
        let unread = "/api/v1/me/calendar?from=soon";
        farah.call("GET", unread, &Value::Null).await.expect(422);
        // Open hours lead to the form, with day and time; what is booked leads to the booking.
        let page = farah.browser.get("/me/slots?from=2026-12-01").await;
        let links = page.expect(200).links();
        let booking = format!("/me/bookings/{}", items[1]["booking_id"].as_str().unwrap());
        assert!(links.iter().any(|link| link.href == booking));
        let mut new = links
            .iter()
            .filter(|link| link.href.starts_with("/me/slots/new?"));
        let form = farah.browser.get(&new.next().unwrap().href).await;
        let form = form.expect(200).form("/me/slots/new");
        let typed = (form.value("date"), form.value("time"));
        assert_eq!(typed, (Some("2026-12-01"), Some("09:00")));
        let legend = stage.say("calendar-is-busy");
        assert!(page.text().contains(&*legend), "{}", page.text());
        assert!(!page.body.contains("class=\"now "));
        // Over, it waits for the provider's word, and the menu counts it. The line of now is at 11:30.
        go_to(stage, "2026-12-01T03:30:00Z").await;
        prove(stage, &mut farah).await;
        let page = farah.browser.get("/me/slots").await;
        let waits = stage.fill("to-do-outcomes", [("count", 1.into())]);
        assert!(page.expect(200).text().contains(&waits));
        assert!(page.body.contains("class=\"now h3 q2 "), "{}", page.body);
        assert!(page.text().contains("11:30 am Now"), "{}", page.text());
        assert!(page.body.contains("<span class=\"count\">1</span>"));
    });
}
