//! Tests of findings: what does not agree is found, heals or is mended once, and keeps its history.

use bookings::booking::State;
use identity::grant::OWNER;
use identity::session::sudo::LIFETIME;
use jiff::SignedDuration;
use platform::sql;
use serde_json::{Value, json};
use testkit::Page;

use crate::alerts::alerts;
use crate::stage::{
    Booking, Person, Stage, count, go_to, ledger, on_default, prove, provider, rows, run, script,
    state, wrong,
};

const LIST: &str = "/api/v1/admin/reconcile";

/// The findings: kind, state, and how often each was found.
async fn findings(stage: &Stage<'_>) -> Vec<(String, String, i64)> {
    rows(
        stage,
        sql!("SELECT kind, state, times FROM finding ORDER BY found_at, kind"),
    )
    .await
}

fn one(kind: &str, state: &str, times: i64) -> Vec<(String, String, i64)> {
    vec![(kind.to_owned(), state.to_owned(), times)]
}

/// Waits until administrators are told, and what heals by itself has healed.
async fn wait(stage: &Stage<'_>) {
    stage.world.clock.advance(SignedDuration::from_mins(61));
    stage.work().await;
}

/// Waits until the next comparison.
async fn next_day(stage: &Stage<'_>) {
    stage.world.clock.advance(SignedDuration::from_hours(24));
    stage.work().await;
}

async fn apply(stage: &Stage<'_>, who: &Person, id: &str) -> Page {
    let path = format!("{LIST}/{id}/apply");
    let mut who = script(stage, who);
    who.call("POST".parse().unwrap(), &path, &Value::Null).await
}

/// The only open finding, beside those of the nightly check.
async fn only(stage: &Stage<'_>, owner: &Person) -> Value {
    let page = script(stage, owner).get(LIST).await;
    let mut all = page.expect(200).json()["items"].as_array().unwrap().clone();
    all.retain(|one| one["kind"] != "contradiction");
    assert_eq!(all.len(), 1, "{all:?}");
    all[0].clone()
}

/// Applies the remedy of the only open finding, with a recent proof.
async fn mend(stage: &Stage<'_>, owner: &mut Person) -> Page {
    let id = only(stage, owner).await["id"].as_str().unwrap().to_owned();
    prove(stage, owner).await;
    let page = apply(stage, owner, &id).await;
    stage.work().await;
    page
}

async fn notices(stage: &Stage<'_>) -> i64 {
    count(
        stage,
        sql!("SELECT COUNT(*) FROM notification WHERE kind LIKE 'booking-notice-finding%'"),
    )
    .await
}

/// A booking of Aina's on 1 December for RM 180, which she pays by the button `how`.
async fn paid(stage: &Stage<'_>, how: &str) -> (Person, String) {
    let mut farah = provider(stage).await;
    let slot = farah.offer("2026-12-01", "09:00", 18_000).await;
    let mut aina = stage.person("Aina Yusof").await;
    let (pay, booking) = aina.hold(&slot).await;
    match how {
        "lost" => aina.press(&pay, how).await.expect(303),
        how => aina.pay(&pay, how).await.expect(200),
    };
    (aina, booking)
}

#[test]
fn a_payment_that_nobody_reported_is_found_and_heals() {
    on_default(&async |stage: &Stage<'_>| {
        let _owner = stage.person_as("Siti Owner", OWNER).await;
        let (_, booking) = paid(stage, "lost").await;
        // The job that would have asked about this payment is lost.
        run(stage, sql!("DELETE FROM job WHERE kind = 'booking.poll'")).await;
        next_day(stage).await;
        let id = booking.rsplit('/').next().unwrap();
        assert_eq!(state(stage, id).await, State::Confirmed);
        assert_eq!(findings(stage).await, one("missing_here", "open", 1));
        wait(stage).await;
        assert_eq!(findings(stage).await, one("missing_here", "healed", 1));
        // What healed by itself is no news.
        assert_eq!(notices(stage).await, 0);
    });
}

#[test]
fn a_payment_that_the_gateway_does_not_know_stays_open_and_is_told_of() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let (mut aina, _) = paid(stage, "pay").await;
        run(stage, sql!("UPDATE test_payment SET id = 'x' || id")).await;
        run(
            stage,
            sql!("UPDATE test_payment SET gateway_order_id = 'x' || gateway_order_id"),
        )
        .await;
        next_day(stage).await;
        assert_eq!(findings(stage).await, one("missing_there", "open", 1));
        assert_eq!(notices(stage).await, 0);
        wait(stage).await;
        assert_eq!(notices(stage).await, 1);
        let mails = alerts(stage).await;
        assert_eq!(mails.len(), 1);
        let told = stage.fill("booking-alert-findings", [("count", 1.into())]);
        let text = &mails[0].text;
        assert!(
            text.contains(&told) && text.contains("/admin/orders/reconcile"),
            "{text}"
        );
        let told = stage.say("booking-notice-finding");
        owner.sees("/me/notices", &told).await;
        let waits = stage.fill("to-do-findings", [("count", 1.into())]);
        owner.sees("/me", &waits).await;
        assert!(!aina.browser.get("/me").await.text().contains(&waits));
        // Only administrators who have just proved who they are apply a remedy.
        let id = only(stage, &owner).await["id"].as_str().unwrap().to_owned();
        prove(stage, &mut aina).await;
        apply(stage, &aina, &id).await.expect(403);
        script(stage, &aina).get(LIST).await.expect(403);
        aina.browser
            .get("/admin/orders/reconcile")
            .await
            .expect(403);
        prove(stage, &mut owner).await;
        stage.world.clock.advance(LIFETIME);
        let page = apply(stage, &owner, &id).await;
        assert_eq!(page.expect(403).json()["code"], "sudo_required");
        mend(stage, &mut owner).await.expect(202);
        // The gateway still does not know it, so it is open again.
        assert_eq!(findings(stage).await, one("missing_there", "open", 2));
        run(stage, sql!("UPDATE test_payment SET id = substr(id, 2)")).await;
        run(
            stage,
            sql!("UPDATE test_payment SET gateway_order_id = substr(gateway_order_id, 2)"),
        )
        .await;
        mend(stage, &mut owner).await.expect(202);
        wait(stage).await;
        assert_eq!(findings(stage).await, one("missing_there", "applied", 2));
        let again = apply(stage, &owner, &id).await;
        assert_eq!(again.expect(403).json()["code"], "sudo_required");
        prove(stage, &mut owner).await;
        let again = apply(stage, &owner, &id).await;
        assert_eq!(again.expect(409).json()["code"], "finding_settled");
    });
}

#[test]
fn a_failed_refund_is_tried_again_through_the_page_and_pays_once() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let (mut aina, booking) = paid(stage, "stuck").await;
        aina.cancel(&booking).await.expect(303);
        stage.work().await;
        let open = findings(stage).await;
        assert!(
            open.iter()
                .any(|found| found.0 == "refund_drift" && found.1 == "open")
        );
        let list = owner.browser.get("/admin/orders/reconcile").await;
        for said in [
            "RM 180.00 to Aina Yusof could not be paid back (Test gateway)",
            "The order: Portrait on the veranda, paid, refund failed",
        ] {
            assert!(list.expect(200).text().contains(said), "{}", list.text());
        }
        for (person, path) in [(&mut owner, "/admin/orders"), (&mut aina, &booking)] {
            person.sees(path, &stage.say("order-back-failed")).await;
        }
        run(stage, sql!("UPDATE test_payment SET refund_fails = 0")).await;
        wait(stage).await;
        let id = only(stage, &owner).await["id"].as_str().unwrap().to_owned();
        prove(stage, &mut owner).await;
        let page = owner.browser.get("/admin/orders/reconcile").await;
        let form = page
            .expect(200)
            .form(&format!("/admin/orders/reconcile/{id}/apply"));
        owner.browser.submit(&page, &form).await.expect(303);
        // The same form sent again changes nothing.
        owner.browser.submit(&page, &form).await.expect(303);
        stage.work().await;
        assert_eq!(ledger(stage).await, 0);
        assert_eq!(wrong(stage).await, [""; 0]);
        aina.sees(&booking, &stage.say("order-refunded")).await;
        wait(stage).await;
        let text = owner
            .browser
            .get("/admin/orders/reconcile?state=applied")
            .await
            .text();
        assert!(text.contains("Siti Owner"), "{text}");
    });
}

#[test]
fn what_our_own_records_contradict_is_mended() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let (_, _) = paid(stage, "pay").await;
        run(stage, sql!("UPDATE booking_order SET state = 'refunded'")).await;
        next_day(stage).await;
        assert_eq!(only(stage, &owner).await["kind"], "state_mismatch");
        mend(stage, &mut owner).await.expect(202);
        assert_eq!(wrong(stage).await, [""; 0]);
        run(stage, sql!("UPDATE booking SET payout_minor = 5000")).await;
        go_to(stage, "2026-12-01T12:00:00Z").await;
        prove(stage, &mut owner).await;
        let waits = stage.fill("to-do-payouts", [("count", 1.into())]);
        owner.sees("/me", &waits).await;
        run(stage, sql!("UPDATE payout_item SET amount_minor = 4999")).await;
        next_day(stage).await;
        assert_eq!(only(stage, &owner).await["kind"], "payout_drift");
        mend(stage, &mut owner).await.expect(202);
        assert_eq!(wrong(stage).await, [""; 0]);
        next_day(stage).await;
        let states = findings(stage).await;
        assert!(states.iter().all(|found| found.1 != "open"), "{states:?}");
    });
}

#[test]
fn money_for_an_unknown_order_is_looked_at_once() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let event = sql!(
            "INSERT INTO gateway_event (gateway, event_id, kind, order_ref, body_sha256,
                 received_at, outcome)
             VALUES ('test', 'evt_1', 'payment.captured', 'unknown', '', 1, 'unmatched')"
        );
        run(stage, event).await;
        next_day(stage).await;
        let found = only(stage, &owner).await;
        assert_eq!(
            (&found["kind"], &found["subject"]),
            (&json!("unmatched_event"), &json!("evt_1"))
        );
        mend(stage, &mut owner).await.expect(202);
        next_day(stage).await;
        assert_eq!(findings(stage).await, one("unmatched_event", "applied", 1));
    });
}
