//! Tests of hours and offers: the times that are listed, booked, moved and given back.

use identity::grant::ADMIN;
use platform::sql;
use serde_json::{Value, json};
use testkit::Page;

use crate::stage::{
    Booking, LINK, Person, Stage, call_as_script, count, exported, on_both, on_default, provider,
    run,
};

const SLOTS: &str = "/api/v1/slots";
pub(crate) const BOOKINGS: &str = "/api/v1/bookings";

/// Hours on these days, by the clock of Kuala Lumpur. Returns their id.
async fn hours_on(farah: &mut Person, days: &[&str], opens: &str, closes: &str) -> String {
    let week = days
        .iter()
        .map(|day| json!({"day": day, "opens": opens, "closes": closes}));
    let hours = json!({"name": "Mine", "time_zone": "Asia/Kuala_Lumpur",
        "week": week.collect::<Vec<_>>()});
    let made = farah.call("POST", "/api/v1/me/schedules", &hours).await;
    made.expect(201).json()["id"].as_str().unwrap().to_owned()
}

/// Hours from 9 to 12 on Tuesdays.
pub(crate) async fn tuesdays(farah: &mut Person) -> String {
    hours_on(farah, &["tuesday"], "09:00", "12:00").await
}

/// The same hours on each day.
pub(crate) async fn every_day(farah: &mut Person, opens: &str, closes: &str) -> String {
    let days = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    hours_on(farah, &days, opens, closes).await
}

/// Offers an hour in these hours, with `more` set.
pub(crate) async fn offer(farah: &mut Person, hours: &str, more: &Value) -> Value {
    let mut offer = json!({"schedule_id": hours, "title": "Lesson", "location": LINK,
        "lengths": [{"minutes": 60}], "horizon_days": 21});
    for (name, value) in more.as_object().unwrap() {
        offer[name] = value.clone();
    }
    let made = farah.call("POST", "/api/v1/me/offers", &offer).await;
    made.with(201).json()
}

pub(crate) async fn listed(person: &mut Person) -> Vec<Value> {
    let page = person.call("GET", SLOTS, &Value::Null).await;
    page.with(200).json()["items"].as_array().unwrap().clone()
}

pub(crate) fn starts(slots: &[Value]) -> Vec<&str> {
    let starts = slots.iter().map(|slot| slot["starts_at"].as_str().unwrap());
    starts.collect()
}

pub(crate) fn wish(slot: &Value) -> Value {
    json!({"slot_id": slot["id"], "slot_version": slot["version"]})
}

pub(crate) async fn book(person: &mut Person, slot: &Value) -> Page {
    person.call("POST", BOOKINGS, &wish(slot)).await
}

/// Books a time. Returns the booking.
pub(crate) async fn booked(person: &mut Person, slot: &Value) -> Value {
    book(person, slot).await.with(201).json()
}

pub(crate) fn code(page: &Page) -> Value {
    page.json()["code"].clone()
}

#[test]
fn hours_leave_times_free_and_a_booked_one_is_gone_until_it_is_given_back() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        offer(&mut farah, &hours, &json!({})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let all = listed(&mut aina).await;
        let expected = [
            "2026-11-24T01:00:00Z",
            "2026-11-24T02:00:00Z",
            "2026-11-24T03:00:00Z",
            "2026-12-01T01:00:00Z",
            "2026-12-01T02:00:00Z",
            "2026-12-01T03:00:00Z",
            "2026-12-08T01:00:00Z",
            "2026-12-08T02:00:00Z",
            "2026-12-08T03:00:00Z",
        ];
        assert_eq!(starts(&all), expected);
        assert_eq!(count(stage, sql!("SELECT COUNT(*) FROM slot")).await, 0);

        // A second click finds the first booking.
        let slot = &all[4];
        let booking = booked(&mut aina, slot).await;
        assert_eq!(booking["slot_id"], slot["id"]);
        let again = book(&mut aina, slot).await.with(200);
        assert_eq!(again.json()["id"], booking["id"]);
        let mut mei = stage.person("Mei Lin").await;
        let refused = book(&mut mei, slot).await;
        assert_eq!(code(refused.expect(409)), "slot_taken");
        let near = refused.json()["alternatives"].as_array().unwrap().clone();
        assert_eq!(near.len(), 3, "{near:?}");
        let left = listed(&mut mei).await;
        assert_eq!(left.len(), all.len() - 1);
        assert!(!starts(&left).contains(&expected[4]));

        // Cancelled by its member, the time is free under the same id.
        aina.cancel(&format!("/me/bookings/{}", booking["id"].as_str().unwrap()))
            .await;
        assert_eq!(starts(&listed(&mut mei).await), expected);
        let again = booked(&mut mei, slot).await;
        assert_ne!(again["id"], booking["id"]);
        assert_eq!(again["slot_id"], slot["id"]);

        // Cancelled by its provider, it stays closed until the provider leaves it to the hours.
        farah
            .cancel(&format!("/me/bookings/{}", again["id"].as_str().unwrap()))
            .await;
        assert_eq!(listed(&mut mei).await.len(), all.len() - 1);
        let own = format!("/api/v1/me/slots/{}", slot["id"].as_str().unwrap());
        for (method, path, body) in [
            ("DELETE", own.clone(), Value::Null),
            (
                "PATCH",
                own.clone(),
                json!({"title": "Other", "version": 5}),
            ),
        ] {
            let page = farah.call(method, &path, &body).await;
            assert_eq!(code(page.expect(409)), "slot_locked", "{method}");
        }
        let shown = json!({"visible": true});
        farah
            .call("POST", &format!("{own}/visibility"), &shown)
            .await
            .expect(200);
        assert_eq!(starts(&listed(&mut mei).await), expected);
    });
}

#[test]
fn days_off_other_hours_and_single_times_close_the_hours() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        offer(
            &mut farah,
            &hours,
            &json!({"buffer_after": 30, "step_minutes": 30}),
        )
        .await;
        for days in [
            json!({"first_day": "2026-11-23", "last_day": "2026-11-30"}),
            json!({"first_day": "2026-12-08", "hours": [{"opens": "20:00", "closes": "22:00"}]}),
        ] {
            let made = farah.call("POST", "/api/v1/me/exceptions", &days).await;
            made.expect(201);
        }
        let single = json!({"date": "2026-12-01", "time": "10:00", "time_zone": "Asia/Kuala_Lumpur",
            "minutes": 30, "title": "Single", "location": LINK});
        farah
            .call("POST", "/api/v1/me/slots", &single)
            .await
            .expect(201);
        let mut aina = stage.person("Aina Yusof").await;
        let all = listed(&mut aina).await;
        let lessons: Vec<Value> = all
            .into_iter()
            .filter(|one| one["title"] == "Lesson")
            .collect();
        let expected = [
            // The session and its 30 minutes end before the single time begins, or begin after it.
            "2026-12-01T02:30:00Z",
            "2026-12-01T03:00:00Z",
            "2026-12-08T12:00:00Z",
            "2026-12-08T12:30:00Z",
            "2026-12-08T13:00:00Z",
        ];
        assert_eq!(starts(&lessons), expected);
    });
}

#[test]
fn each_listed_time_can_be_booked_and_no_other() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        let other = json!({"lengths": [{"minutes": 45}, {"minutes": 90}], "title": "Talk"});
        offer(&mut farah, &hours, &json!({"step_minutes": 30})).await;
        offer(&mut farah, &hours, &other).await;
        let mut bookings = 0;
        loop {
            let mut member = stage.person(&format!("Member {bookings}")).await;
            let all = listed(&mut member).await;
            // What is listed is what the hours and the bookings before leave.
            let Some(slot) = all.get(bookings * 5 % all.len().max(1)) else {
                break;
            };
            booked(&mut member, slot).await;
            bookings += 1;
            let mut other = stage.person(&format!("Other {bookings}")).await;
            for gone in all.iter().filter(|one| overlap(one, slot)) {
                let refused = book(&mut other, gone).await;
                assert_eq!(code(refused.expect(409)), "slot_taken");
            }
        }
        assert!(bookings > 5, "{bookings}");
        // An id of no offer, and one of a time outside the grid, name nothing.
        let mut aina = stage.person("Aina Yusof").await;
        for id in [
            "01aa8f50-7800-8f60-9c2e-93a95b3ed2f1",
            "ffffffff-ffff-8fff-bfff-ffffffffffff",
            "00000000-0000-8000-8000-000000000000",
        ] {
            let page = book(&mut aina, &json!({"id": id, "version": 1})).await;
            page.expect(404);
            aina.browser.get(&format!("/book/{id}")).await.expect(404);
        }
    });
}

fn overlap(one: &Value, other: &Value) -> bool {
    let at = |slot: &Value, name: &str| slot[name].as_str().unwrap().to_owned();
    at(one, "starts_at") < at(other, "ends_at") && at(other, "starts_at") < at(one, "ends_at")
}

#[test]
fn a_teacher_writes_hours_and_offers_in_forms_and_a_visitor_books_on_the_pages() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        farah
            .sees("/me/offers", &stage.say("offer-needs-hours"))
            .await;
        let path = "/me/hours/new";
        let page = farah.browser.get(path).await;
        let mut form = page.expect(200).form(path);
        form.fill("time_zone", "München");
        assert_eq!(form.value("name"), Some("My hours"));
        assert_eq!(form.value("week.0.opens"), Some("09:00"));
        farah.browser.submit(&page, &form).await.expect(303);
        farah.sees("/me/hours", "09:00 – 17:00").await;

        // A missing end and an empty length are said, and what was typed is kept.
        let path = "/me/offers/new";
        let page = farah.browser.get(path).await;
        let mut form = page.expect(200).form(path);
        form.fill("title", "German lesson")
            .fill("location", LINK)
            .fill("lengths.0.minutes", "")
            .fill("lengths.0.price_minor", "");
        let refused = farah.browser.submit(&page, &form).await;
        refused.expect(422);
        let mut form = refused.form(path);
        assert_eq!(form.value("title"), Some("German lesson"));
        form.fill("lengths.0.minutes", "90")
            .fill("lengths.0.minutes.unit", "minutes")
            .fill("lengths.0.price_minor", "18.50");
        farah.browser.submit(&refused, &form).await.expect(303);
        let page = farah.browser.get("/me/offers").await;
        assert!(page.expect(200).text().contains("18.50"), "{}", page.text());

        let mut visitor = stage.visitor();
        let page = visitor.get("/book?from=2026-11-23&tz=Asia/Tokyo").await;
        let text = page.expect(200).text();
        // 9 o'clock in Berlin is 5 in the afternoon in Tokyo.
        assert!(text.contains("5 pm"), "{text}");
        let is_time = |href: &str| href.len() > "/book/".len() + 36 && !href.contains("zone?");
        let mut links = page.links().into_iter().map(|link| link.href);
        let link = links.find(|href| href.starts_with("/book/") && is_time(href));
        let link = link.unwrap();
        let page = visitor.get(&link).await;
        assert!(page.expect(200).text().contains("18.50"));

        // A day off has no last day and no hours.
        let path = "/me/days/new";
        let page = farah.browser.get(path).await;
        let mut form = page.expect(200).form(path);
        let refused = farah.browser.submit(&page, &form).await;
        assert!(refused.expect(422).body.contains("href=\"#first_day\""));
        form.fill("first_day", "2026-12-24");
        let saved = farah.browser.submit(&page, &form).await;
        let page = farah.browser.follow(saved).await;
        let page = farah.browser.follow(page).await;
        assert!(
            page.text().contains("24 December") || page.text().contains("24 Dec"),
            "{}",
            page.text()
        );

        // Hours that are taken back are said.
        let hours = farah
            .call("GET", "/api/v1/me/schedules", &Value::Null)
            .await;
        let id = hours.json()["items"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/me/hours/{id}");
        let page = farah.browser.get(&path).await;
        let mut form = page.expect(200).form(&path);
        form.fill("week.0.closes", "");
        let refused = farah.browser.submit(&page, &form).await;
        assert!(refused.expect(422).body.contains("href=\"#week.0.closes\""));
        let page = farah.browser.get(&path).await;
        let form = page.expect(200).form(&format!("{path}/remove"));
        let refused = farah.browser.submit(&page, &form).await;
        refused.expect(409);
        assert!(
            refused
                .text()
                .contains("You still offer something in these hours")
        );
    });
}

#[test]
fn what_a_provider_wrote_about_hours_is_exported_and_erased() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        offer(&mut farah, &hours, &json!({})).await;
        let days = json!({"first_day": "2026-12-24", "note": "Grandmother visits"});
        farah
            .call("POST", "/api/v1/me/exceptions", &days)
            .await
            .expect(201);
        let copy = exported(stage, &farah).await;
        assert_eq!(copy["hours"][0]["name"], "Mine");
        assert_eq!(copy["days"][0]["note"], "Grandmother visits");
        assert_eq!(copy["offers"][0]["title"], "Lesson");
        crate::stage::erase(stage, &farah).await;
        let left = sql!(
            "SELECT (SELECT COUNT(*) FROM provider_schedule_exception)
                 + (SELECT COUNT(*) FROM provider_schedule WHERE name <> '')
                 + (SELECT COUNT(*) FROM offer WHERE title <> '' OR active = 1)"
        );
        assert_eq!(count(stage, left).await, 0);
    });
}

#[test]
fn a_part_of_a_day_that_meets_another_is_refused_where_it_was_typed() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let path = "/me/hours/new";
        let page = farah.browser.get(path).await;
        let mut form = page.expect(200).form(path);
        // The empty part below Monday's hours.
        form.fill("week.5.opens", "16:00")
            .fill("week.5.closes", "18:00");
        let refused = farah.browser.submit(&page, &form).await;
        assert!(refused.expect(422).body.contains("href=\"#week.5.opens\""));
        let said = stage.say("problem-hours-overlap");
        assert!(refused.text().contains(&*said), "{}", refused.text());
        let mut form = refused.form(path);
        assert_eq!(form.value("week.5.closes"), Some("18:00"));
        // What touches is another part.
        form.fill("week.5.opens", "17:00");
        farah.browser.submit(&refused, &form).await.expect(303);
        farah
            .sees("/me/hours", "09:00 – 17:00, 17:00 – 18:00")
            .await;
    });
}

#[test]
fn hours_that_say_nothing_or_too_much_are_refused() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        let window =
            |opens: &str, closes: &str| json!({"day": "monday", "opens": opens, "closes": closes});
        for (path, body, pointer, code) in [
            (
                "schedules",
                json!({"name": "A", "time_zone": "Mars/Base"}),
                "/time_zone",
                "time_zone_unknown",
            ),
            (
                "schedules",
                json!({"name": "A", "time_zone": "CST"}),
                "/time_zone",
                "time_zone_several",
            ),
            (
                "schedules",
                json!({"name": "A", "week": [window("09:00", "09:00")]}),
                "/week/0/closes",
                "hours_empty",
            ),
            (
                "schedules",
                json!({"name": "A", "week": [window("9", "10:00")]}),
                "/week/0/opens",
                "invalid",
            ),
            (
                "schedules",
                json!({"name": "A", "week": vec![window("09:00", "10:00"); 9]}),
                "/week",
                "too_many",
            ),
            (
                "exceptions",
                json!({"first_day": "2027-02-30"}),
                "/first_day",
                "date_invalid",
            ),
            (
                "exceptions",
                json!({"first_day": "2027-03-02", "last_day": "2027-03-01"}),
                "/last_day",
                "days_reversed",
            ),
            (
                "exceptions",
                json!({"first_day": "2027-03-02", "schedule_id": "other"}),
                "/schedule_id",
                "unknown_option",
            ),
            (
                "offers",
                json!({"title": "A", "location": LINK}),
                "/lengths",
                "required",
            ),
            (
                "offers",
                json!({"title": "A", "location": LINK, "lengths": [{"minutes": 60}, {"minutes": 60}]}),
                "/lengths/1/minutes",
                "not_unique",
            ),
            (
                "offers",
                json!({"title": "A", "location": LINK, "lengths": [{"minutes": 60, "price_minor": 500}], "credit_kind": "session"}),
                "/lengths/0/price_minor",
                "price_and_credit",
            ),
            (
                "offers",
                json!({"title": "A", "location": LINK, "lengths": [{"minutes": 60}], "step_minutes": 3}),
                "/step_minutes",
                "too_low",
            ),
            (
                "offers",
                json!({"title": "A", "lengths": [{"minutes": 60}]}),
                "/location",
                "location_required",
            ),
            (
                "offers",
                json!({"title": "A", "location": LINK, "lengths": [{"minutes": 60}], "schedule_id": "x"}),
                "/schedule_id",
                "unknown_option",
            ),
        ] {
            let page = farah
                .call("POST", &format!("/api/v1/me/{path}"), &body)
                .await;
            let errors = crate::stage::errors(page.expect(422));
            assert!(
                errors
                    .iter()
                    .any(|(at, said)| at == pointer && said == code),
                "{body}: {errors:?}"
            );
        }
        offer(&mut farah, &hours, &json!({})).await;
        let used = format!("/api/v1/me/schedules/{hours}");
        let refused = farah.call("DELETE", &used, &Value::Null).await;
        assert_eq!(code(refused.expect(409)), "schedule_in_use");
    });
}

#[test]
fn what_an_offer_names_is_kept_and_an_offer_is_taken_away_whatever_the_rules_are_now() {
    on_default(&async |stage: &Stage<'_>| {
        let siti = stage.person_as("Siti Admin", ADMIN).await;
        let kind = json!({"code": "call", "label": "Call"});
        let made = call_as_script(stage, &siti, "POST", "/api/v1/admin/session-types", &kind).await;
        let id = made.expect(201).json()["id"].as_str().unwrap().to_owned();
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        let offered = offer(&mut farah, &hours, &json!({"session_types": ["call"]})).await;
        let path = format!("/api/v1/admin/session-types/{id}");
        let kept = call_as_script(stage, &siti, "DELETE", &path, &Value::Null).await;
        assert_eq!(kept.expect(200).json()["active"], false);
        let mut aina = stage.person("Aina Yusof").await;
        let slot = listed(&mut aina).await[0].clone();
        booked(&mut aina, &slot).await;

        run(
            stage,
            sql!("UPDATE booking_setting SET shortest_minutes = 90, meeting_hosts = '[]'"),
        )
        .await;
        let one = format!("/api/v1/me/offers/{}", offered["id"].as_str().unwrap());
        let gone = farah.call("DELETE", &one, &Value::Null).await;
        assert_eq!(gone.expect(200).json()["active"], false);
        assert_eq!(listed(&mut aina).await.len(), 0);
    });
}

#[test]
fn offers_that_cannot_be_booked_do_not_count_towards_the_limit() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        let first = offer(&mut farah, &hours, &json!({})).await;
        for _ in 1..30 {
            offer(&mut farah, &hours, &json!({})).await;
        }
        let new = json!({"schedule_id": hours, "title": "Lesson", "location": LINK,
            "lengths": [{"minutes": 60}]});
        let one = format!("/api/v1/me/offers/{}", first["id"].as_str().unwrap());
        let active = |active: bool, version: i64| json!({"active": active, "version": version});
        for (method, path, body, status) in [
            ("POST", "/api/v1/me/offers", &new, 409),
            ("PATCH", &one, &active(false, 1), 200),
            ("POST", "/api/v1/me/offers", &new, 201),
            ("PATCH", &one, &active(true, 2), 409),
            ("PATCH", &one, &json!({"title": "Talk", "version": 2}), 200),
        ] {
            let page = farah.call(method, path, body).await;
            page.expect(status);
            if status == 409 {
                assert_eq!(code(&page), "too_many_offers", "{method} {body}");
            }
        }
    });
}

#[test]
fn sessions_that_changed_hours_leave_outside_are_named() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        offer(&mut farah, &hours, &json!({})).await;
        let mut aina = stage.person("Aina Yusof").await;
        let slot = listed(&mut aina).await[0].clone();
        let booking = booked(&mut aina, &slot).await;
        let link = format!("/me/bookings/{}", booking["id"].as_str().unwrap());
        let one = format!("/api/v1/me/schedules/{hours}");
        let week = |opens: &str, version: i64| {
            let window = json!({"day": "tuesday", "opens": opens, "closes": "12:00"});
            json!({"week": [window], "version": version})
        };
        let off = json!({"first_day": "2026-11-24"});
        for (method, path, body, is_outside) in [
            ("GET", one.as_str(), Value::Null, false),
            ("PATCH", &one, week("10:00", 1), true),
            ("PATCH", &one, week("08:00", 2), false),
            ("POST", "/api/v1/me/exceptions", off, true),
        ] {
            let page = farah.call(method, path, &body).await;
            assert!(page.status.is_success(), "{}", page.text());
            let page = farah.browser.get("/me/hours").await;
            let is_linked = page.expect(200).links().iter().any(|one| one.href == link);
            assert_eq!(is_linked, is_outside, "{method} {body}");
            let is_said = page.text().contains(&stage.say("hours-outside"));
            assert_eq!(is_said, is_outside, "{method} {body}");
            assert_eq!(page.text().contains("Aina Yusof"), is_outside);
        }
    });
}

#[test]
fn a_day_that_is_over_is_refused_and_hours_beyond_midnight_say_so() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        hours_on(&mut farah, &["monday"], "22:00", "02:00").await;
        farah.sees("/me/hours", "22:00 – 02:00 (next day)").await;
        for (day, status) in [("2026-11-19", 422), ("2026-11-20", 201)] {
            let day = json!({"first_day": day});
            let made = farah.call("POST", "/api/v1/me/exceptions", &day).await;
            if made.expect(status).status == 422 {
                let error = made.json()["errors"][0].clone();
                assert_eq!(
                    (&error["pointer"], &error["code"]),
                    (&json!("/last_day"), &json!("slot_in_past"))
                );
            }
        }
    });
}
