//! Tests of offering slots.

use serde_json::{Value, json};

use crate::stage::{Booking, Stage, errors, local, on_default, provider};

fn series(first: &str, weeks: i64, weekdays: &[i64], times: &[&str]) -> Value {
    json!({
        "first_date": first, "weeks": weeks, "weekdays": weekdays, "times": times,
        "slot": {
            "minutes": 60, "title": "First call", "location": "https://meet.jit.si/Veranda",
        },
    })
}

#[test]
fn a_time_is_offered_once_and_never_over_another() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        assert_eq!(slot["starts_at"], "2026-12-01T01:00:00Z");
        let body = json!({
            "date": "2026-12-01", "time": "09:30", "minutes": 60, "title": "Over",
            "location": "https://meet.jit.si/Veranda",
        });
        let page = farah.call("POST", "/api/v1/me/slots", &body).await;
        assert_eq!(page.expect(409).json()["slot_id"], slot["id"]);
        // A slot may begin when the slot before it ends.
        farah.offer("2026-12-01", "10:00", 0).await;
        for (change, code) in [
            (json!({"date": "2026-11-19"}), "slot_in_past"),
            (json!({"date": "2028-01-01"}), "slot_too_far"),
            (json!({"minutes": 10}), "slot_too_short"),
            (json!({"minutes": 1_000}), "slot_too_long"),
            (
                json!({"location": "http://meet.jit.si/x"}),
                "link_not_allowed",
            ),
            (json!({"time_zone": "Mars/Base"}), "time_zone_unknown"),
            (json!({"title": ""}), "required"),
        ] {
            let mut body = json!({"date": "2026-12-02", "time": "09:00", "minutes": 60, "title": "Call", "location": "https://meet.jit.si/Veranda"});
            for (name, value) in change.as_object().unwrap() {
                body[name] = value.clone();
            }
            let page = farah.call("POST", "/api/v1/me/slots", &body).await;
            page.expect(422);
            assert!(
                errors(&page).iter().any(|(_, found)| found == code),
                "{code}"
            );
        }
        let mut aina = stage.person("Aina Yusof").await;
        aina.call("POST", "/api/v1/me/slots", &json!({}))
            .await
            .expect(403);
        aina.browser.get("/me/slots").await.expect(403);
    });
}

#[test]
fn buffers_keep_times_apart() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        farah.profile("buffer_after", "30").await;
        farah.offer("2026-12-01", "09:00", 0).await;
        let body = json!({
            "date": "2026-12-01", "time": "10:15", "minutes": 60, "title": "Close",
            "location": "https://meet.jit.si/Veranda",
        });
        let refused = farah.call("POST", "/api/v1/me/slots", &body).await;
        let refused = refused.expect(409).json();
        assert_eq!(
            refused["detail"],
            "This runs into your session at 9 am (Kuala Lumpur), or into the 30 minutes that stay free after it."
        );
        assert_eq!(
            (&refused["starts_at"], &refused["free_minutes"]),
            (&json!("2026-12-01T01:00:00Z"), &json!(30))
        );
        // The new session's own 30 minutes count too.
        let early = json!({
            "date": "2026-12-01", "time": "07:45", "minutes": 60, "title": "Close",
            "location": "https://meet.jit.si/Veranda",
        });
        let refused = farah.call("POST", "/api/v1/me/slots", &early).await;
        assert_eq!(
            refused.expect(409).json()["detail"],
            "This runs into your session at 9 am (Kuala Lumpur), or into the 30 minutes that stay free before it."
        );
        farah.offer("2026-12-01", "10:30", 0).await;
    });
}

#[test]
fn a_series_keeps_the_time_of_the_clock_over_a_change_of_the_clock() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        for (name, first, weekday, instants) in [
            // Clocks go forward on Sunday, 28 March 2027.
            (
                "Europe/London",
                "2027-03-22",
                1,
                ["2027-03-22T09:00:00Z", "2027-03-29T08:00:00Z"],
            ),
            // Clocks go forward on Sunday, 14 March 2027. The zone's UTC offset includes half an
            // hour.
            (
                "America/St_Johns",
                "2027-03-08",
                2,
                ["2027-03-09T12:30:00Z", "2027-03-16T11:30:00Z"],
            ),
        ] {
            farah.zone(name).await;
            let body = series(first, 2, &[weekday], &["09:00"]);
            let made = farah.call("POST", "/api/v1/me/slots/series", &body).await;
            let made = made.expect(201).json();
            for (slot, instant) in made["items"].as_array().unwrap().iter().zip(instants) {
                assert_eq!(slot["starts_at"], instant, "{name}");
                assert_eq!(local(instant, name).1, "09:00");
            }
        }
    });
}

#[test]
fn a_series_is_made_whole_or_not_at_all() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        farah.zone("Europe/London").await;
        // Clocks go forward on Sunday, 28 March 2027, so 01:30 does not exist on that day.
        let mut body = series("2027-03-15", 2, &[7], &["01:30", "12:00"]);
        let page = farah.call("POST", "/api/v1/me/slots/series", &body).await;
        page.expect(422);
        assert_eq!(page.json()["code"], "series_rejected");
        let missing = ("/dates/2027-03-28T01:30", "local_time_missing");
        assert_eq!(
            errors(&page),
            [(missing.0.to_owned(), missing.1.to_owned())]
        );
        let list = "/api/v1/me/slots?from=2027-03-01T00:00:00Z";
        let none = farah.call("GET", list, &Value::Null).await.json();
        assert_eq!(none["items"], json!([]));
        body["without"] = json!(["2027-03-28T01:30"]);
        let made = farah.call("POST", "/api/v1/me/slots/series", &body).await;
        assert_eq!(
            made.expect(201).json()["items"].as_array().unwrap().len(),
            3
        );
        // The same series cannot be created again, because its slots would overlap those of the
        // first one.
        let page = farah.call("POST", "/api/v1/me/slots/series", &body).await;
        assert_eq!(errors(page.expect(422)).len(), 3);
    });
}

#[test]
fn the_page_counts_the_times_before_it_makes_them() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        farah.offer("2026-12-01", "09:00", 0).await;
        let page = farah.browser.get("/me/slots/series").await;
        let mut form = page.form("/me/slots/series");
        form.tick("weekdays", "2").tick("weekdays", "4");
        form.fill("times", "09:00, 10:30")
            .fill("first_date", "2026-11-30");
        form.fill("title", "First call")
            .fill("minutes", "45")
            .fill("price", "180.50");
        let counted = farah.browser.submit(&page, &form).await;
        let text = counted.expect(200).text();
        for (message, count) in [
            ("series-makes", 16),
            ("series-left-out", 1),
            ("series-add", 15),
        ] {
            let said = stage.fill(message, [("count", count.into())]);
            assert!(text.contains(&said), "{said}");
        }
        let form = counted
            .forms()
            .into_iter()
            .find(|form| form.value("sure").is_some());
        let done = farah.browser.submit(&counted, &form.unwrap()).await;
        done.expect(303);
        let page = farah.browser.follow(done).await;
        assert!(page.expect(200).text().contains(&stage.say("slot-added")));
        let list = "/api/v1/me/slots?from=2026-11-30T00:00:00Z";
        let all = farah.call("GET", list, &Value::Null).await.json();
        let all = all["items"].as_array().unwrap().clone();
        assert_eq!(all.len(), 16);
        assert!(all[1..].iter().all(|one| one["price_minor"] == 18_050));
    });
}

#[test]
fn what_is_hidden_or_deleted_is_not_offered() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let id = slot["id"].as_str().unwrap();
        let (own, open) = (format!("/api/v1/me/slots/{id}"), format!("/book/{id}"));
        let mut stranger = stage.visitor();
        stranger.get(&open).await.expect(200);
        let show = |visible| json!({"visible": visible});
        let at = format!("{own}/visibility");
        farah.call("POST", &at, &show(false)).await.expect(200);
        stranger.get(&open).await.expect(404);
        farah.call("POST", &at, &show(true)).await.expect(200);
        stranger.get(&open).await.expect(200);
        farah.call("DELETE", &own, &Value::Null).await.expect(204);
        stranger.get(&open).await.expect(404);
        farah.call("DELETE", &own, &Value::Null).await.expect(404);
        // While a provider is paused, their slots are not offered.
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let open = format!("/api/v1/slots/{}", slot["id"].as_str().unwrap());
        stranger.get(&open).await.expect(200);
        farah.profile("is_paused", "").await;
        stranger.get(&open).await.expect(404);
    });
}

#[test]
fn strangers_read_neither_the_link_nor_what_is_to_be_known_beforehand() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let body = json!({
            "date": "2026-12-01", "time": "09:00", "minutes": 60, "title": "Portrait",
            "location": "https://meet.jit.si/MARKER", "prep_note": "MARKER",
        });
        let made = farah.call("POST", "/api/v1/me/slots", &body).await;
        let made = made.expect(201).json();
        let id = made["id"].as_str().unwrap();
        let mut stranger = stage.visitor();
        for path in [
            "/book".to_owned(),
            format!("/book/{id}"),
            "/api/v1/slots".to_owned(),
            format!("/api/v1/slots/{id}"),
            "/".to_owned(),
        ] {
            let page = stranger.get(&path).await;
            assert!(!page.expect(200).text().contains("MARKER"), "{path}");
        }
    });
}

#[test]
fn days_and_times_are_those_of_the_reader() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        farah.offer("2026-12-01", "00:30", 18_000).await;
        // Visitors who are not signed in see times in the site's zone, UTC.
        let page = stage.visitor().get("/book?from=2026-11-28").await;
        let text = page.expect(200).text();
        assert!(
            text.contains("Monday, 30 November") && text.contains("4:30 pm"),
            "{text}"
        );
        assert!(text.contains("RM 180"), "{text}");
        let mut aina = stage.person("Aina Yusof").await;
        let page = aina.browser.get("/book?from=2026-11-28").await;
        let text = page.expect(200).text();
        assert!(
            text.contains("Tuesday, 1 December") && text.contains("12:30 am"),
            "{text}"
        );
        // There is no free slot on these days, so the page names the next one.
        let text = stage.visitor().get("/book").await.text();
        let next = stage.fill(
            "booking-nothing-next",
            [("day", "Monday, 30 November".into())],
        );
        assert!(text.contains(&next), "{text}");
    });
}

/// The number of times in a series is limited before they are computed. Otherwise a single request
/// could block all other writes.
#[test]
fn a_series_of_any_length_is_refused_at_once() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let minutes = (0..60).map(|minute| format!("09:{minute:02}"));
        let minutes: Vec<String> = minutes.collect();
        let minutes: Vec<&str> = minutes.iter().map(String::as_str).collect();
        for (first, weeks, times) in [
            // Without the limit, Jiff would panic on this number of days.
            ("2026-12-01", 2_000_000, &["09:00"][..]),
            ("x", 2_000_000, &["09:00"]),
            ("2026-12-01", 0, &["09:00"]),
            ("2026-12-01", 400_000, &minutes),
        ] {
            let body = series(first, weeks, &[1], times);
            let page = farah.call("POST", "/api/v1/me/slots/series", &body).await;
            page.expect(422);
        }
    });
}

#[test]
fn each_side_reads_a_session_in_its_own_zone_and_in_the_other_s() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        // Offering times gives a provider an address.
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        stage.visitor().get("/book/farah-ali").await.expect(200);
        let mut aina = stage.person("Aina Yusof").await;
        aina.zone("Europe/Rome").await;
        let booked = aina.book(&slot).await;
        let booking = booked.expect(303).location().unwrap().to_owned();
        farah.sees(&booking, "9–10 am, Kuala Lumpur (UTC+8)").await;
        farah.sees(&booking, "For the member:").await;
        farah.sees(&booking, "2 am, Rome (UTC+1)").await;
        aina.sees(&booking, "2–3 am, Rome (UTC+1)").await;
        aina.sees(&booking, "9 am, Kuala Lumpur (UTC+8)").await;
        let mails = stage.world.mails().await;
        for (who, when) in [
            ("Farah.Ali", "9–10 am, Kuala Lumpur (UTC+8)"),
            ("Aina.Yusof", "2–3 am, Rome (UTC+1)"),
        ] {
            let mut mails = mails.iter().filter(|mail| mail.recipient.starts_with(who));
            assert!(mails.any(|mail| mail.text.contains(when)), "{mails:?}");
        }
    });
}

#[test]
fn a_visitor_is_told_how_to_get_an_account() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let path = format!("/book/{}", slot["id"].as_str().unwrap());
        let page = stage.visitor().get(&path).await;
        let text = page.expect(200).text();
        assert!(text.contains(&stage.say("booking-invited")), "{text}");
        assert!(!text.contains(&stage.say("booking-register")), "{text}");
        let open = stage.open();
        let text = open.visitor().get(&path).await.expect(200).text();
        assert!(text.contains(&stage.say("booking-register")), "{text}");
        assert!(!text.contains(&stage.say("booking-invited")), "{text}");
    });
}

#[test]
fn a_time_that_no_clock_shows_is_refused_as_a_time() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let body = series("2026-12-01", 1, &[2], &["09:00", "25:00"]);
        let page = farah.call("POST", "/api/v1/me/slots/series", &body).await;
        let expected = ("/times".to_owned(), "time_invalid".to_owned());
        assert_eq!(errors(page.expect(422)), [expected]);
    });
}
