//! Tests of moving a booking to another slot.

use platform::sql;
use serde_json::{Value, json};
use testkit::{Form, Page};

use crate::classes::party;
use crate::hours::{BOOKINGS, booked, listed, offer, tuesdays};
use crate::stage::{Booking, Person, Stage, on_default, provider, run};

/// Begins to move a booking. Returns the calendar to which that leads.
async fn to_calendar(person: &mut Person, booking: &Value) -> Page {
    let page = format!("/me/bookings/{}", booking["id"].as_str().unwrap());
    let page = person.browser.get(&page).await.with(200);
    let begin = person.browser.get(&page.link("Move").href).await.with(303);
    let calendar = begin.location().unwrap().to_owned();
    assert!(calendar.starts_with("/book/s/"), "{calendar}");
    person.browser.get(&calendar).await.with(200)
}

/// The times to which a calendar leads.
fn times(page: &Page) -> Vec<(String, String)> {
    let times = page.links().into_iter();
    let times = times.filter(|link| link.href.contains("/move?slot="));
    times.map(|link| (link.text, link.href)).collect()
}

fn labels(page: &Page) -> Vec<String> {
    times(page).into_iter().map(|(label, _)| label).collect()
}

/// The form that moves a booking to the one time of its page.
fn confirm(page: &Page) -> Form {
    let mut forms = page.forms().into_iter();
    let mut form = forms.find(|form| form.action.ends_with("/move")).unwrap();
    let button = form.fields.iter().find(|field| field.name == "slot");
    let value = button.unwrap().value.clone();
    form.press("slot", &value);
    form
}

#[test]
fn a_paid_booking_moves_with_its_money_and_is_moved_twice_at_most() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut slots = Vec::new();
        for day in ["2026-12-01", "2026-12-02", "2026-12-03", "2026-12-04"] {
            slots.push(farah.offer(day, "09:00", 18_000).await);
        }
        let mut aina = stage.person("Aina Yusof").await;
        let (pay, booking) = aina.hold(&slots[0]).await;
        aina.pay(&pay, "pay").await.expect(200);
        for slot in &slots[1..3] {
            let path = format!("{booking}/move");
            let page = aina.browser.get(&path).await;
            let mut form = page.expect(200).form(&path);
            let value = format!("{} {}", slot["id"].as_str().unwrap(), slot["version"]);
            form.press("slot", &value);
            let done = aina.browser.submit(&page, &form).await;
            done.expect(303);
            let page = aina.browser.follow(done).await;
            assert!(
                page.expect(200)
                    .text()
                    .contains(&stage.say("booking-was-moved"))
            );
        }
        let now = aina.coming().await;
        assert_eq!(now["starts_at"], slots[2]["starts_at"]);
        assert_eq!(now["reschedules"], 2);
        let mut stranger = stage.visitor();
        for (slot, status) in slots.iter().zip([200, 200, 200, 200]) {
            let path = format!("/book/{}", slot["id"].as_str().unwrap());
            stranger.get(&path).await.expect(status);
        }
        let at = format!("/api/v1{}", booking.trim_start_matches("/me"));
        let body = json!({"slot_id": slots[3]["id"], "slot_version": 1});
        // An API token cannot move the booking, because it has a price. The page no longer offers
        // to move it.
        aina.call("POST", &format!("{at}/reschedule"), &body)
            .await
            .expect(403);
        let page = aina.browser.get(&booking).await;
        assert!(!page.links().iter().any(|link| link.href.ends_with("/move")));
    });
}

#[test]
fn it_moves_only_to_the_same_provider_and_price() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut daniel = stage
            .person_as("Daniel Tan", bookings::provider::PROVIDER)
            .await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let dear = farah.offer("2026-12-02", "09:00", 500).await;
        let taken = farah.offer("2026-12-04", "09:00", 0).await;
        let other = daniel.offer("2026-12-03", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        stage.person("Mei Lin").await.book(&taken).await.expect(303);
        let booking = aina.coming().await;
        let at = format!(
            "/api/v1/bookings/{}/reschedule",
            booking["id"].as_str().unwrap()
        );
        for (slot, code) in [
            (&dear, "reschedule_not_allowed"),
            (&other, "reschedule_not_allowed"),
            (&taken, "slot_taken"),
        ] {
            let body = json!({"slot_id": slot["id"], "slot_version": slot["version"]});
            let page = aina.call("POST", &at, &body).await;
            assert_eq!(page.json()["code"], code);
        }
        // The booking still has the old slot.
        let now: Value = aina.coming().await;
        assert_eq!(now["slot_id"], slot["id"]);
    });
}

#[test]
fn a_booking_in_hours_moves_through_the_calendar_of_its_session() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        let lengths = json!([{"minutes": 60}, {"minutes": 30, "price_minor": 500}]);
        let half = json!({"step_minutes": 30, "lengths": lengths});
        offer(&mut farah, &hours, &half).await;
        let mut daniel = stage
            .person_as("Daniel Tan", bookings::provider::PROVIDER)
            .await;
        let hours = tuesdays(&mut daniel).await;
        let whole = json!({"lengths": lengths});
        offer(&mut daniel, &hours, &whole).await;
        let mut aina = stage.person("Aina Yusof").await;
        let all = listed(&mut aina).await;
        // Only Farah has an hour then.
        let slot = all.iter().find(|one| {
            one["starts_at"] == "2026-11-24T01:30:00Z" && one["ends_at"] == "2026-11-24T02:30:00Z"
        });
        let booking = booked(&mut aina, slot.unwrap()).await;
        let id = booking["id"].as_str().unwrap();
        let calendar = to_calendar(&mut aina, &booking).await;
        let text = calendar.text();
        let now = "Now: Tuesday, 24 November 2026, 9:30 am, Kuala Lumpur (UTC+8).";
        assert!(text.contains(now), "{text}");
        // The own time leaves room for others, but is none. No other price is offered.
        let expected = ["9 am", "10 am", "10:30 am", "11 am"];
        assert_eq!(labels(&calendar), expected);
        assert!(!text.contains("RM 5"), "{text}");
        let day = calendar.links().into_iter().map(|link| link.href);
        let days: Vec<String> = day.filter(|href| href.contains("date=")).collect();
        assert!(!days.is_empty());
        for href in &days {
            assert!(href.contains(&format!("move={id}")), "{href}");
        }
        let mut later = calendar.links().into_iter().map(|link| link.href);
        let later = later.rfind(|href| href.contains("month=")).unwrap();
        let december = aina.browser.get(&later).await.with(200);
        let path = times(&december)[0].1.clone();
        let asked = aina.browser.get(&path).await.with(200);
        // Nobody else moves it, or reads of it.
        let mut mei = stage.person("Mei Lin").await;
        let begin = format!("/book/s/lesson?move={id}");
        mei.browser.get(&begin).await.expect(404);
        let led = stage.visitor().get(&begin).await.with(303);
        assert!(led.location().unwrap().starts_with("/login?redirect="));

        let done = aina.browser.submit(&asked, &confirm(&asked)).await;
        done.expect(303);
        let page = aina.browser.follow(done).await.with(200);
        assert!(page.text().contains(&stage.say("booking-was-moved")));
        assert_eq!(aina.coming().await["starts_at"], "2026-12-01T01:00:00Z");

        // A time that somebody takes meanwhile is refused, and the page leads to the others.
        let calendar = to_calendar(&mut aina, &booking).await;
        let path = times(&calendar)[0].1.clone();
        let asked = aina.browser.get(&path).await.with(200);
        let slot = path.rsplit('=').next().unwrap();
        let shown = format!("/api/v1/slots/{slot}");
        let shown = mei.call("GET", &shown, &Value::Null).await.with(200).json();
        booked(&mut mei, &shown).await;
        let refused = aina.browser.submit(&asked, &confirm(&asked)).await;
        let again = refused.expect(409).link("Another time").href;
        assert_eq!(again, format!("/me/bookings/{id}/move"));
        for path in [&path, &path.replace(&slot[..8], "00000000")] {
            let page = aina.browser.get(path).await.with(200);
            assert!(page.text().contains(&stage.say("booking-move-taken")));
        }
        // What is not offered any more has no calendar.
        run(stage, sql!("UPDATE offer SET active = 0")).await;
        let list = format!("/me/bookings/{id}/move");
        aina.sees(&list, &stage.say("booking-move-none")).await;
    });
}

#[test]
fn a_party_moves_to_dates_of_its_class_that_have_room_for_it() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let hours = tuesdays(&mut farah).await;
        offer(&mut farah, &hours, &json!({"seats": 3, "party_limit": 2})).await;
        stage.work().await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person("Mei Lin").await;
        let all = listed(&mut aina).await;
        let two = party(&all[0], 2);
        let booking = aina.call("POST", BOOKINGS, &two).await.with(201).json();
        let two = party(&all[1], 2);
        mei.call("POST", BOOKINGS, &two).await.expect(201);
        let calendar = to_calendar(&mut aina, &booking).await;
        assert_eq!(labels(&calendar), ["11 am 3 of 3 left"]);
        let asked = aina.browser.get(&times(&calendar)[0].1).await.with(200);
        let moved = aina.browser.submit(&asked, &confirm(&asked)).await;
        moved.expect(303);
        assert_eq!(aina.coming().await["slot_id"], all[2]["id"]);
    });
}

#[test]
fn before_it_moves_the_page_says_what_becomes_of_the_money() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 18_000).await;
        farah.offer("2026-11-24", "09:00", 18_000).await;
        farah.offer("2026-12-04", "09:00", 18_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let (pay, booking) = aina.hold(&slot).await;
        aina.pay(&pay, "pay").await.expect(200);
        let path = format!("{booking}/move");
        crate::stage::go_to(stage, "2026-11-23T12:00:00Z").await;
        crate::stage::prove(stage, &mut aina).await;
        let text = aina.browser.get(&path).await.expect(200).text();
        // Of tomorrow's time nothing comes back any more; of the later one all, until its own deadline.
        for said in [
            "What you paid stays with the booking: RM 180.00.",
            "You can cancel it until it begins, but nothing is paid back.",
            "Until Thursday, 3 December 2026, 9 am, Kuala Lumpur (UTC+8) you cancel or move it",
        ] {
            assert!(text.contains(said), "{said}: {text}");
        }
        // After the deadline the page says so, and offers no time.
        crate::stage::go_to(stage, "2026-11-30T12:00:00Z").await;
        crate::stage::prove(stage, &mut aina).await;
        let page = aina.browser.get(&path).await;
        let closed = stage.start("booking-move-closed");
        assert!(page.expect(200).text().contains(&closed), "{}", page.text());
        let moves = |form: &Form| form.action.ends_with("/move");
        assert!(!page.forms().iter().any(moves), "{}", page.text());
    });
}
