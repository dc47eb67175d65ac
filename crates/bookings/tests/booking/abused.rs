//! Tests of attacks: people who try to take all slots, to cause endless mail, or to overload the
//! site.

use bookings::DOMAIN;
use jiff::SignedDuration;
use platform::{StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::Engine;

use crate::stage::{
    Booking, Person, Stage, count, give_all_to, held, on_default, provider, run, state,
};

/// Offers a free session on each day of `weeks` weeks.
async fn offer_days(farah: &mut Person, weeks: i64) -> Vec<Value> {
    let body = json!({
        "first_date": "2026-12-01", "weeks": weeks, "weekdays": [1, 2, 3, 4, 5, 6, 7],
        "times": ["09:00"], "slot": {
            "minutes": 60, "title": "First call", "location": "https://meet.jit.si/Veranda",
        },
    });
    let made = farah.call("POST", "/api/v1/me/slots/series", &body).await;
    made.expect(201).json()["items"].as_array().unwrap().clone()
}

async fn book(person: &mut Person, slot: &Value) -> testkit::Page {
    let body = json!({"slot_id": slot["id"], "slot_version": slot["version"]});
    person.call("POST", "/api/v1/bookings", &body).await
}

#[test]
fn one_member_takes_so_many_times_and_no_more() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slots = offer_days(&mut farah, 4).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut last = String::new();
        for slot in &slots[..20] {
            let booked = book(&mut aina, slot).await;
            last = booked.expect(201).json()["id"].as_str().unwrap().to_owned();
        }
        let refused = book(&mut aina, &slots[20]).await;
        assert_eq!(refused.expect(429).json()["code"], "too_many_bookings");
        // A cancelled booking counts towards the limit for a day, because each booking has sent
        // mails.
        aina.cancel(&format!("/me/bookings/{last}")).await;
        let refused = book(&mut aina, &slots[20]).await;
        assert_eq!(refused.expect(429).json()["code"], "too_many_bookings");
        // The limit does not apply to other members.
        let mut daniel = stage.person("Daniel Tan").await;
        book(&mut daniel, &slots[21]).await.expect(201);
        stage.world.clock.advance(SignedDuration::from_hours(24));
        book(&mut aina, &slots[20]).await.expect(201);
        let refused = book(&mut aina, &slots[22]).await;
        assert_eq!(refused.expect(429).json()["code"], "too_many_bookings");
    });
}

async fn taken_by_gateway(stage: &Stage<'_>) -> i64 {
    count(stage, sql!("SELECT COUNT(*) FROM test_payment")).await
}

/// Submits the form on the test gateway's page once more, regardless of the order's state.
async fn press_again(person: &mut Person, pay: &str, how: &str) -> String {
    let gateway = pay.replace("/pay/", "/pay/test/");
    let page = person.browser.get(&gateway).await;
    let mut form = page.expect(200).form(&gateway);
    form.press("how", how);
    let led = person.browser.submit(&page, &form).await;
    led.expect(303).location().unwrap().to_owned()
}

#[test]
fn the_gateway_takes_no_money_without_end_and_none_for_a_closed_order() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 18_000).await;
        let other = farah.offer("2026-12-02", "09:00", 18_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let (pay, _) = aina.hold(&slot).await;
        aina.press(&pay, "wrong").await.expect(303);
        for _ in 0..5 {
            press_again(&mut aina, &pay, "wrong").await;
        }
        assert_eq!(taken_by_gateway(stage).await, 5);
        let led = press_again(&mut aina, &pay, "pay").await;
        assert_eq!(led, format!("{pay}?failed=1"));
        // The test gateway takes no second payment for a paid order, and none for an expired order.
        let (pay, _) = aina.hold(&other).await;
        aina.pay(&pay, "pay").await.expect(200);
        press_again(&mut aina, &pay, "twice").await;
        assert_eq!(taken_by_gateway(stage).await, 6);
        let third = farah.offer("2026-12-03", "09:00", 18_000).await;
        stage.work().await;
        stage.world.clock.advance(SignedDuration::from_mins(15));
        stage.work().await;
        let (pay, _) = aina.hold(&third).await;
        stage.world.clock.advance(SignedDuration::from_mins(15));
        press_again(&mut aina, &pay, "pay").await;
        assert_eq!(taken_by_gateway(stage).await, 6);
        stage.work().await;
    });
}

/// The gateway's return URL can be opened repeatedly. Only the first time writes anything.
#[test]
fn a_repeated_return_changes_nothing() {
    on_default(&async |stage: &Stage<'_>| {
        if stage.world.engine() == Engine::Postgres {
            // The triggers of this test are written for SQLite. The tested code is the same for
            // PostgreSQL.
            return;
        }
        let (mut aina, pay, _) = held(stage, "2026-12-01").await;
        let back = aina.press(&pay, "pay").await;
        let back = back.expect(303).location().unwrap().to_owned();
        aina.browser.get(&back).await.expect(303);
        run(
            stage,
            sql!(
                "CREATE TRIGGER none_written BEFORE UPDATE ON payment
                 BEGIN SELECT RAISE(ABORT, 'written'); END"
            ),
        )
        .await;
        aina.browser.get(&back).await.expect(303);
    });
}

#[test]
fn all_bookings_of_a_leaver_end_however_many() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut slots = offer_days(&mut farah, 12).await;
        slots.extend(
            farah
                .call(
                    "POST",
                    "/api/v1/me/slots/series",
                    &json!({
                        "first_date": "2026-12-01", "weeks": 4,
                        "weekdays": [1, 2, 3, 4, 5, 6, 7], "times": ["14:00"],
                        "slot": {
            "minutes": 60, "title": "First call", "location": "https://meet.jit.si/Veranda",
        },
                    }),
                )
                .await
                .expect(201)
                .json()["items"]
                .as_array()
                .unwrap()
                .clone(),
        );
        assert!(slots.len() > 100);
        let mut aina = stage.person("Aina Yusof").await;
        let mut all = Vec::new();
        for (number, slot) in slots.iter().enumerate() {
            if number > 0 && number % 20 == 0 {
                // The test detaches the bookings from the member, because it needs more bookings
                // than a member may have.
                give_all_to(stage, None).await;
            }
            let booked = book(&mut aina, slot).await;
            all.push(booked.expect(201).json()["id"].as_str().unwrap().to_owned());
        }
        let id = aina.who.account().id.clone();
        give_all_to(stage, Some(id.clone())).await;
        let leave = move |tx: &mut Tx<'_>| (DOMAIN.accounts.leave)(tx, &id);
        stage.world.store().write(leave).await.unwrap();
        for booking in &all {
            let now = state(stage, booking).await;
            assert_eq!(now, bookings::booking::State::Cancelled);
        }
        stage.work().await;
    });
}

/// An administrator's API token gives access only to the administrator's own bookings.
#[test]
fn a_token_of_an_administrator_reads_and_cancels_no_booking_of_others() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", identity::grant::OWNER).await;
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        let booking = aina.coming().await;
        let id = booking["id"].as_str().unwrap();
        let at = format!("/api/v1/bookings/{id}");
        owner.call("GET", &at, &Value::Null).await.expect(404);
        let cancel = format!("{at}/cancel");
        owner.call("POST", &cancel, &json!({})).await.expect(404);
        let page = format!("/me/bookings/{id}");
        let shown = owner.browser.get(&page).await;
        let mut form = shown.expect(200).form(&format!("{page}/cancel"));
        form.fill("reason", "The veranda leaks");
        let ended = owner.browser.submit_surely(&shown, &form).await;
        ended.expect(303);
    });
}

#[test]
fn the_last_days_of_time_are_listed() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let path = "/api/v1/me/slots?from=9999-12-30T00:00:00Z";
        let page = farah.call("GET", path, &Value::Null).await;
        assert_eq!(page.expect(200).json()["items"], json!([]));
    });
}

/// Mails about bookings have no scope, because a scope would preserve the texts of undelivered
/// mails, although nobody can send them again.
#[test]
fn mails_of_bookings_have_no_scope_that_keeps_their_texts() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        let count = |tx: &mut Tx<'_>| -> Result<(i64, i64), StoreError> {
            let count =
                sql!("SELECT COUNT(*), COUNT(scope) FROM mail WHERE stream = 'transactional'");
            tx.one(count, &[])
        };
        let (all, kept) = stage.world.store().read(count).await.unwrap();
        assert!(all >= 2 && kept == 0, "{all} {kept}");
    });
}
