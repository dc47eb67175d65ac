//! Tests that a site which reveals providers only after booking shows them to no stranger.

use identity::grant::OWNER;
use platform::{StoreError, Tx, sql};
use serde_json::{Value, json};

use crate::catalogue::send;
use crate::stage::{Booking, Person, Stage, on_both, provider, script};

const SETTINGS: &str = "/api/v1/admin/booking-settings";

async fn reveal_after_booking(stage: &Stage<'_>) {
    let owner = stage.person_as("Siti Owner", OWNER).await;
    let mut owner = script(stage, &owner);
    let rules = owner.get(SETTINGS).await.expect(200).json();
    assert_eq!(rules["reveal"], "always");
    let mut change = json!({"reveal": "never", "version": rules["version"]});
    let refused = send(&mut owner, "PATCH", SETTINGS, &change).await;
    refused.expect(422);
    change["reveal"] = json!("after_booking");
    send(&mut owner, "PATCH", SETTINGS, &change)
        .await
        .expect(200);
}

/// A provider with a page, and two slots of a series: the first is free, the second costs something.
async fn offer(stage: &Stage<'_>) -> (Person, Vec<Value>) {
    let mut farah = provider(stage).await;
    let slug = json!({"slug": "marker-slug"});
    let mut own = script(stage, &farah);
    send(&mut own, "PUT", "/api/v1/me/slug", &slug)
        .await
        .expect(204);
    farah.profile("bio", "MARKER").await;
    let mut slots = Vec::new();
    for (date, price) in [("2026-12-01", 0), ("2026-12-02", 18_000)] {
        let body = json!({
            "first_date": date, "weeks": 1, "weekdays": [1, 2, 3, 4, 5, 6, 7], "times": ["09:00"],
            "without": (0..7).filter_map(|day| {
                let first: jiff::civil::Date = date.parse().unwrap();
                let day = first.checked_add(jiff::Span::new().days(day)).unwrap();
                (day != first).then(|| format!("{day}T09:00"))
            }).collect::<Vec<String>>(),
            "slot": {
                "minutes": 60, "title": "Portrait", "location": "https://meet.jit.si/MARKER",
                "prep_note": "MARKER", "price_minor": price,
            },
        });
        let made = farah.call("POST", "/api/v1/me/slots/series", &body).await;
        slots.push(made.expect(201).json()["items"][0].clone());
    }
    (farah, slots)
}

/// Everything that a stranger must not read.
async fn markers(stage: &Stage<'_>, slots: &[Value]) -> Vec<String> {
    let look = |tx: &mut Tx<'_>| -> Result<(String,), StoreError> {
        tx.one(sql!("SELECT id FROM provider"), &[])
    };
    let (id,) = stage.world.store().read(look).await.unwrap();
    let series = slots.iter().map(|slot| slot["series_id"].as_str().unwrap());
    let words = ["MARKER", "marker-slug", "Farah", id.as_str()];
    words.into_iter().chain(series).map(str::to_owned).collect()
}

fn check(markers: &[String], path: &str, body: &str) {
    for marker in markers {
        assert!(!body.contains(marker), "{path} shows {marker}: {body}");
    }
}

#[test]
fn a_stranger_learns_nothing_about_a_provider() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut farah, slots) = offer(stage).await;
        let (free, priced) = (&slots[0], &slots[1]);
        let (free_id, priced_id) = (free["id"].as_str().unwrap(), priced["id"].as_str().unwrap());
        let mut stranger = stage.visitor();
        // Where providers are always shown, their pages and the filter lead to their times.
        let page = stranger.get("/book/marker-slug").await;
        assert!(page.expect(200).body.contains("Farah"));
        let filter = "/api/v1/slots?provider=marker-slug";
        let all = stranger.get(filter).await.expect(200).json();
        assert_eq!(all["items"][0]["provider_name"], "Farah Ali");
        reveal_after_booking(stage).await;
        let markers = markers(stage, &slots).await;
        for path in [
            "/".to_owned(),
            "/book?from=2026-11-30".to_owned(),
            format!("/book/{free_id}"),
            format!("/book/{priced_id}"),
            "/api/v1/slots".to_owned(),
            format!("/api/v1/slots/{free_id}"),
            "/sitemap.xml".to_owned(),
        ] {
            let page = stranger.get(&path).await;
            check(&markers, &path, &page.expect(200).body);
        }
        for (path, status) in [("/book/marker-slug", 404), (filter, 422)] {
            let page = stranger.get(path).await;
            check(&markers[2..], path, &page.expect(status).body);
        }
        // A member who asks for times, or has not paid, is a stranger as well.
        let mut aina = stage.person("Aina Yusof").await;
        let asked = json!({"slot_ids": [free_id, priced_id]});
        let asked = aina.call("POST", "/api/v1/requests", &asked).await;
        check(&markers, "a request", &asked.expect(201).body);
        let (pay, booking) = aina.hold(priced).await;
        for path in [
            "/me/requests/new",
            "/me/requests",
            "/me/bookings",
            "/me",
            &pay,
            &booking,
            "/notifications",
        ] {
            let page = aina.browser.get(path).await;
            check(&markers, path, &page.body);
        }
        for path in ["/api/v1/requests", "/api/v1/bookings"] {
            let page = aina.call("GET", path, &Value::Null).await;
            check(&markers, path, &page.expect(200).body);
        }
        let mut daniel = stage.person("Daniel Tan").await;
        let late = json!({"slot_id": priced_id, "slot_version": priced["version"]});
        let late = daniel.call("POST", "/api/v1/bookings", &late).await;
        check(&markers, "a refusal", &late.expect(409).body);
        // The provider is no stranger, and neither is a member who has paid.
        let seen = farah
            .call("GET", "/api/v1/requests?as=provider", &Value::Null)
            .await;
        assert_eq!(
            seen.expect(200).json()["items"][0]["slots"][0]["provider"],
            "Farah Ali"
        );
        aina.pay(&pay, "pay").await.expect(200);
        let text = aina.browser.get(&booking).await.expect(200).text();
        assert!(
            text.contains("Farah Ali") && text.contains("MARKER"),
            "{text}"
        );
    });
}

#[test]
fn a_confirmed_request_reveals_the_provider_of_its_time_alone() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut farah, slots) = offer(stage).await;
        reveal_after_booking(stage).await;
        let mut mei = stage
            .person_as("Mei Lin", bookings::provider::PROVIDER)
            .await;
        let other = mei.offer("2026-12-03", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        let asked = json!({"slot_ids": [slots[0]["id"], other["id"]]});
        let asked = aina.call("POST", "/api/v1/requests", &asked).await;
        let id = asked.expect(201).json()["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/requests/{id}/confirm");
        let confirmed = json!({"slot_id": slots[0]["id"]});
        farah.call("POST", &path, &confirmed).await.expect(200);
        assert_eq!(aina.coming().await["provider"], "Farah Ali");
        let own = aina.call("GET", "/api/v1/requests", &Value::Null).await;
        let own = own.expect(200).json();
        let names = own["items"][0]["slots"].as_array().unwrap().iter();
        let names: Vec<&Value> = names.map(|slot| &slot["provider"]).collect();
        assert_eq!(names, [&json!("Farah Ali"), &json!("")]);
    });
}
