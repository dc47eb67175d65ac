//! Tests of the rules of bookings that bind administrators, and of what a payout keeps of the rules
//! under which its session was booked.

use identity::grant::{ADMIN, OWNER};
use identity::session::sudo::LIFETIME;
use platform::sql;
use serde_json::{Value, json};

use crate::payouts::{BATCHES, ITEMS, booked, call, item, items, mark, only_id};
use crate::stage::{Booking, Stage, go_to, on_default, prove, rows, run, script};

const SETTINGS: &str = "/api/v1/admin/booking-settings";

/// A change of the settings, based on their first version.
fn rules(set: &Value) -> Value {
    let mut body = set.clone();
    body["version"] = json!(1);
    body
}

#[test]
fn rules_are_changed_with_a_recent_proof() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Noor Owner", OWNER).await;
        stage.world.clock.advance(LIFETIME);
        for set in [
            json!({"payout_two_people": true}),
            json!({"meeting_hosts": ["meet.jit.si"]}),
            json!({"seller": "Somebody else"}),
            json!({"hold_minutes": 20}),
        ] {
            let refused = call(&mut script(stage, &owner), "PATCH", SETTINGS, &rules(&set)).await;
            assert_eq!(refused.expect(403).json()["code"], "sudo_required", "{set}");
        }
        let all = owner.browser.get("/admin/sessions/settings").await;
        let mut preset = all.expect(200).form("/admin/sessions/preset");
        preset.press("preset", "studio");
        let payouts = "/admin/sessions/settings/payouts";
        let page = owner.browser.get(payouts).await;
        let form = page.expect(200).form(payouts);
        for (page, form) in [(all, preset), (page, form)] {
            let asked = owner.browser.submit(&page, &form).await;
            let onward = asked.location().unwrap_or_default();
            assert!(onward.starts_with("/sudo?"), "{onward}");
        }
        prove(stage, &mut owner).await;
        let set = rules(&json!({"payout_two_people": true}));
        let done = call(&mut script(stage, &owner), "PATCH", SETTINGS, &set).await;
        done.expect(200);
    });
}

#[test]
fn only_an_owner_ends_the_rule_of_two_and_not_for_a_batch_that_stands() {
    on_default(&async |stage: &Stage<'_>| {
        let (farah, _, _) = booked(stage, 0).await;
        let set = json!({"reference": "Bank Satu 1"});
        let named = call(
            &mut script(stage, &farah),
            "PUT",
            "/api/v1/me/payouts",
            &set,
        )
        .await;
        named.expect(204);
        go_to(stage, "2026-12-03T00:00:00Z").await;
        let admin = stage.person_as("Mei Lin", ADMIN).await;
        let owner = stage.person_as("Noor Owner", OWNER).await;
        let (mut admin, mut owner) = (script(stage, &admin), script(stage, &owner));
        let none = &Value::Null;
        let on = json!({"payout_two_people": true, "version": 1});
        call(&mut admin, "PATCH", SETTINGS, &on).await.expect(200);
        let payout = only_id(&mut admin, "pending").await;
        let approve = format!("{ITEMS}/{payout}/approve");
        call(&mut admin, "POST", &approve, none).await.expect(200);
        let made = call(&mut admin, "POST", BATCHES, &json!({"currency": "MYR"})).await;
        let batch = format!(
            "{BATCHES}/{}",
            made.expect(201).json()["id"].as_str().unwrap()
        );
        let approve = format!("{batch}/approve");
        call(&mut admin, "POST", &approve, none).await.expect(200);

        let off = json!({"payout_two_people": false, "version": 2});
        let refused = call(&mut admin, "PATCH", SETTINGS, &off).await;
        assert_eq!(refused.expect(403).json()["code"], "role_required");
        call(&mut owner, "PATCH", SETTINGS, &off).await.expect(200);
        let (send, reference) = (format!("{batch}/send"), json!({"reference": "TRX-1"}));
        let refused = call(&mut admin, "POST", &send, &reference).await;
        assert_eq!(refused.expect(403).json()["code"], "second_person_required");
        call(&mut owner, "POST", &send, &reference)
            .await
            .expect(200);
    });
}

#[test]
fn a_missed_session_is_owed_by_the_rate_of_the_day_of_booking() {
    on_default(&async |stage: &Stage<'_>| {
        let (farah, _, id) = booked(stage, 0).await;
        run(stage, sql!("UPDATE provider SET no_show_bps = 10000")).await;
        go_to(stage, "2026-11-24T01:40:00Z").await;
        mark(stage, &farah, &id, "no_show_member").await.expect(200);
        assert_eq!(items(stage).await, [item(5_000, "pending")]);
    });
}

#[test]
fn the_rate_of_who_was_given_the_duty_is_set_before_they_offer_anything() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = stage
            .person_as("Farah Ali", bookings::provider::PROVIDER)
            .await;
        let mut owner = stage.person_as("Siti Boss", OWNER).await;
        let all = "/admin/payouts/providers";
        let page = owner.browser.get(all).await;
        let path = page.expect(200).link("Farah Ali").href.clone();
        // Those who only have a rank are not listed.
        let listed = page.links();
        let listed = listed
            .iter()
            .filter(|one| one.href.starts_with(&format!("{all}/")));
        assert_eq!(listed.count(), 1, "{}", page.text());
        let page = owner.browser.get(&path).await;
        let mut form = page.expect(200).form(&path);
        form.fill("payout_minor", "45");
        owner.browser.submit(&page, &form).await.expect(303);
        let slot = farah.offer("2026-12-01", "09:00", 0).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.book(&slot).await.expect(303);
        let owed: Vec<(i64,)> = rows(stage, sql!("SELECT payout_minor FROM booking")).await;
        assert_eq!(owed, [(4_500,)]);
        let known: Vec<(i64,)> = rows(stage, sql!("SELECT payout_minor FROM provider")).await;
        assert_eq!(known, [(4_500,)]);
        owner.browser.get(&path).await.expect(200);
    });
}
