//! Tests that a site which reveals providers only after booking shows them to no stranger.

use identity::grant::OWNER;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::Page;

use crate::catalogue::send;
use crate::feeds;
use crate::stage::{Booking, Person, Stage, exported, go_to, on_default, provider, script};

const SETTINGS: &str = "/api/v1/admin/booking-settings";

async fn set_reveal(stage: &Stage<'_>, owner: &Person, reveal: &str) {
    let mut owner = script(stage, owner);
    let rules = owner.get(SETTINGS).await.expect(200).json();
    assert_eq!(rules["reveal"], "always");
    let mut change = json!({"reveal": "never", "version": rules["version"]});
    let refused = send(&mut owner, "PATCH", SETTINGS, &change).await;
    refused.expect(422);
    change["reveal"] = json!(reveal);
    send(&mut owner, "PATCH", SETTINGS, &change)
        .await
        .expect(200);
}

async fn reveal_after_booking(stage: &Stage<'_>) {
    let owner = stage.person_as("Siti Owner", OWNER).await;
    set_reveal(stage, &owner, "after_booking").await;
}

/// A provider with a page, and slots of a series on these days with these prices. Each field that
/// can be hidden has a marker.
async fn offer(stage: &Stage<'_>, days: &[(&str, i64)]) -> (Person, Vec<Value>) {
    let mut farah = provider(stage).await;
    let slug = json!({"slug": "marker-slug"});
    let mut own = script(stage, &farah);
    send(&mut own, "PUT", "/api/v1/me/slug", &slug)
        .await
        .expect(204);
    farah.profile("bio", "MARKER-bio").await;
    let mut slots = Vec::new();
    for (date, price) in days {
        let body = json!({
            "first_date": date, "weeks": 1, "weekdays": [1, 2, 3, 4, 5, 6, 7], "times": ["09:00"],
            "without": (0..7).filter_map(|day| {
                let first: jiff::civil::Date = date.parse().unwrap();
                let day = first.checked_add(jiff::Span::new().days(day)).unwrap();
                (day != first).then(|| format!("{day}T09:00"))
            }).collect::<Vec<String>>(),
            "slot": {
                "minutes": 60, "title": "Portrait", "location": "https://meet.jit.si/MARKER-place",
                "prep_note": "MARKER-note", "price_minor": price,
            },
        });
        let made = farah.call("POST", "/api/v1/me/slots/series", &body).await;
        slots.push(made.expect(201).json()["items"][0].clone());
    }
    (farah, slots)
}

/// When the slots were created, for all of them.
const CREATED: &str = "2026-11-19T03:04:05.678Z";

/// Everything that a stranger must not read: what is hidden in both modes, and what is hidden until
/// the booking too where providers are revealed after it.
async fn markers(stage: &Stage<'_>, slots: &[Value], is_hidden: bool) -> Vec<String> {
    let at: jiff::Timestamp = CREATED.parse().unwrap();
    let change = move |tx: &mut Tx<'_>| -> Result<(String,), StoreError> {
        sql!("UPDATE slot SET created_at = :at", at).run(tx, Rows::Any)?;
        tx.one(sql!("SELECT id FROM provider"), &[])
    };
    let (provider,) = stage.world.store().write(change).await.unwrap();
    let mut words = vec![
        "MARKER-place".to_owned(),
        "MARKER-note".to_owned(),
        "Farah.Ali@example.my".to_owned(),
        "03:04:05".to_owned(),
        at.as_millisecond().to_string(),
        provider,
    ];
    let series = slots.iter().map(|slot| slot["series_id"].as_str().unwrap());
    words.extend(series.map(str::to_owned));
    if is_hidden {
        let rating = mean(stage);
        words.extend(["MARKER-bio", "marker-slug", "Farah", rating.as_str()].map(str::to_owned));
    }
    words
}

/// The words for the rating of the provider whom [`rate`] is about.
fn mean(stage: &Stage<'_>) -> String {
    let values = [
        ("whole", 5.into()),
        ("tenth", 0.into()),
        ("count", 3.into()),
    ];
    stage.fill("feedback-mean", values)
}

fn check(markers: &[String], path: &str, page: &Page) {
    let told = format!("{} {}", page.body, page.location().unwrap_or_default());
    for marker in markers {
        assert!(!told.contains(marker), "{path} shows {marker}: {told}");
    }
}

/// Three members have had a session, and say how it was, so that the provider has a rating.
async fn rate(stage: &Stage<'_>, slots: &[Value]) {
    let mut members = Vec::new();
    for (name, slot) in ["Bala Nair", "Chong Wei", "Devi Raj"]
        .into_iter()
        .zip(slots)
    {
        let mut member = stage.person(name).await;
        let wish = json!({"slot_id": slot["id"], "slot_version": slot["version"]});
        let booked = member.call("POST", "/api/v1/bookings", &wish).await;
        let id = booked.expect(201).json()["id"].as_str().unwrap().to_owned();
        members.push((member, id));
    }
    go_to(stage, "2026-11-25T00:00:00Z").await;
    for (member, id) in &mut members {
        let path = format!("/api/v1/bookings/{id}/feedback");
        let said = member.call("POST", &path, &json!({"rating": 5})).await;
        said.expect(201);
    }
}

/// Fills every field that can be hidden with a marker, and looks for them in all that is answered to
/// strangers and to other members, in both modes.
#[test]
fn no_answer_to_strangers_or_other_members_has_a_hidden_field() {
    for mode in ["always", "after_booking"] {
        on_default(&async |stage: &Stage<'_>| look_everywhere(stage, mode).await);
    }
}

async fn look_everywhere(stage: &Stage<'_>, mode: &str) {
    let is_hidden = mode == "after_booking";
    let days = [
        ("2026-11-22", 0),
        ("2026-11-23", 0),
        ("2026-11-24", 0),
        ("2026-12-01", 0),
        ("2026-12-02", 18_000),
        ("2026-12-03", 0),
    ];
    let (mut farah, slots) = offer(stage, &days).await;
    rate(stage, &slots[..3]).await;
    let (free, priced, asked) = (&slots[3], &slots[4], &slots[5]);
    let (free_id, priced_id) = (free["id"].as_str().unwrap(), priced["id"].as_str().unwrap());
    let owner = stage.person_as("Siti Owner", OWNER).await;
    let mut stranger = stage.visitor();
    // Where providers are always shown, their pages and the filter lead to their times.
    let page = stranger.get("/book/marker-slug").await;
    let page = page.expect(200).text();
    for words in ["Farah", "MARKER-bio", &mean(stage)] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let filter = "/api/v1/slots?provider=marker-slug";
    let all = stranger.get(filter).await.expect(200).json();
    assert_eq!(all["items"][0]["provider_name"], "Farah Ali");
    if is_hidden {
        set_reveal(stage, &owner, mode).await;
    }
    let markers = markers(stage, &slots, is_hidden).await;
    let statuses = if is_hidden { (404, 422) } else { (200, 200) };
    let public = [
        ("/".to_owned(), 200),
        ("/book".to_owned(), 200),
        ("/book?from=2026-11-30&min_minutes=30".to_owned(), 200),
        ("/book?max_price=none".to_owned(), 422),
        (format!("/book/{free_id}"), 200),
        (format!("/book/{priced_id}"), 200),
        ("/book/plans".to_owned(), 200),
        ("/book/nobody".to_owned(), 404),
        ("/sitemap.xml".to_owned(), 200),
        ("/api/v1/slots".to_owned(), 200),
        ("/api/v1/slots?limit=1&date_from=2026-12-02".to_owned(), 200),
        (format!("/api/v1/slots/{free_id}"), 200),
        ("/api/v1/slots?date_from=never".to_owned(), 422),
        ("/api/v1/slots/nobody".to_owned(), 404),
        ("/api/v1/plans".to_owned(), 200),
    ];
    let mut daniel = stage.person("Daniel Tan").await;
    for visitor in [&mut stranger, &mut daniel.browser] {
        for (path, status) in &public {
            let page = visitor.get(path).await;
            check(&markers, path, page.expect(*status));
        }
        for (path, status) in [("/book/marker-slug", statuses.0), (filter, statuses.1)] {
            let page = visitor.get(path).await;
            // What was asked for may be repeated.
            let rest: Vec<String> = markers
                .iter()
                .filter(|marker| *marker != "marker-slug")
                .cloned()
                .collect();
            check(&rest, path, page.expect(status));
        }
    }

    // A member who asks for times, or has not paid, is a stranger as well.
    let mut aina = stage.person("Aina Yusof").await;
    let wanted = json!({"slot_ids": [free_id, asked["id"]]});
    let request = aina.call("POST", "/api/v1/requests", &wanted).await;
    check(&markers, "a request", request.expect(201));
    let (pay, booking) = aina.hold(priced).await;
    let id = booking.rsplit('/').next().unwrap();
    let order = pay.rsplit('/').next().unwrap();
    let own = [
        "/me".to_owned(),
        "/me/requests/new".to_owned(),
        "/me/requests".to_owned(),
        "/me/bookings".to_owned(),
        "/me/credits".to_owned(),
        "/me/orders".to_owned(),
        "/me/notices".to_owned(),
        pay.clone(),
        booking.clone(),
        format!("{booking}/calendar.ics"),
        format!("{booking}/move"),
        format!("{booking}/feedback"),
    ];
    for path in &own {
        check(&markers, path, &aina.browser.get(path).await);
    }
    let feed = feeds::path(&feeds::press(&mut aina, "new").await);
    let feed = stranger.get(&feed).await;
    check(&markers, "the feed", feed.expect(200));
    let own = [
        "/api/v1/requests".to_owned(),
        "/api/v1/bookings".to_owned(),
        format!("/api/v1/bookings/{id}"),
        format!("/api/v1/bookings/{id}/calendar.ics"),
        format!("/api/v1/bookings/{id}/feedback"),
        "/api/v1/orders".to_owned(),
        format!("/api/v1/orders/{order}"),
    ];
    for path in &own {
        let page = aina.call("GET", path, &Value::Null).await;
        check(&markers, path, &page);
    }
    let copy = exported(stage, &aina).await.to_string();
    for marker in &markers {
        assert!(!copy.contains(marker), "the copy shows {marker}: {copy}");
    }
    for mail in stage.world.mails().await {
        let told = format!("{} {}", mail.subject, mail.text);
        if mail.recipient.starts_with("Aina") {
            for marker in &markers {
                assert!(!told.contains(marker), "a mail shows {marker}: {told}");
            }
        }
    }

    // Refusals name other times, and what changed.
    for (slot, version, status) in [
        (priced_id, &priced["version"], 409),
        (free_id, &json!(999), 409),
        (free_id, &Value::Null, 428),
        ("nobody", &json!(1), 422),
    ] {
        let wish = json!({"slot_id": slot, "slot_version": version});
        let refused = daniel.call("POST", "/api/v1/bookings", &wish).await;
        check(&markers, "a refusal", refused.expect(status));
    }
    let theirs = [booking.clone(), format!("{booking}/calendar.ics")];
    let closed = [
        format!("/api/v1/bookings/{id}"),
        format!("/api/v1/bookings/{id}/feedback"),
        format!("/api/v1/orders/{order}"),
    ];
    let look_at_theirs = async |daniel: &mut Person| {
        for path in &theirs {
            let page = daniel.browser.get(path).await;
            check(&markers, path, page.expect(404));
        }
        for path in &closed {
            let page = daniel.call("GET", path, &Value::Null).await;
            check(&markers, path, page.expect(404));
        }
        for path in [
            format!("/book/{priced_id}"),
            format!("/api/v1/slots/{priced_id}"),
        ] {
            check(&markers, &path, &daniel.browser.get(&path).await);
        }
    };
    look_at_theirs(&mut daniel).await;

    // The provider is no stranger, and neither is a member who has paid.
    let path = "/api/v1/requests?as=provider";
    let seen = farah
        .call("GET", path, &Value::Null)
        .await
        .expect(200)
        .json();
    assert_eq!(seen["items"][0]["slots"][0]["provider"], "Farah Ali");
    aina.pay(&pay, "pay").await.expect(200);
    let text = aina.browser.get(&booking).await.expect(200).text();
    for words in ["Farah Ali", "MARKER-place", "MARKER-note"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    look_at_theirs(&mut daniel).await;
}

#[test]
fn a_confirmed_request_reveals_the_provider_of_its_time_alone() {
    on_default(&async |stage: &Stage<'_>| {
        let days = [("2026-12-01", 0), ("2026-12-02", 18_000)];
        let (mut farah, slots) = offer(stage, &days).await;
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
