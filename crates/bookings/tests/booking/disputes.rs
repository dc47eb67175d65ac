//! Tests of what a disputed payment freezes: the credits that it bought, and payouts.

use identity::grant::OWNER;
use jiff::SignedDuration;
use platform::{Rows, StoreError, Tx, sql};
use serde_json::json;

use crate::credits::{credits, offer, order, plan};
use crate::stage::{Booking, Person, Stage, go_to, on_default, prove, provider, run, script};

/// Stores an event about all payments, as gateways send it.
pub(crate) async fn hear(stage: &Stage<'_>, kind: &'static str) {
    let write = move |tx: &mut Tx<'_>| -> Result<u64, StoreError> {
        sql!(
            "INSERT INTO gateway_event
                 (gateway, event_id, kind, payment_ref, body_sha256, received_at, outcome)
             SELECT gateway, :kind || gateway_payment_id, :kind, gateway_payment_id, '', 1, 'done'
             FROM payment",
            kind
        )
        .run(tx, Rows::Any)
    };
    stage.world.store().write(write).await.unwrap();
}

/// A member with credits that they paid for.
async fn member_with_credits(stage: &Stage<'_>) -> Person {
    let mut owner = stage.person_as("Siti Owner", OWNER).await;
    let plan = plan(&mut owner, 2).await;
    let mut aina = stage.person("Aina Yusof").await;
    let pay = order(&mut aina, &plan).await;
    aina.pay(&pay, "pay").await.expect(200);
    assert_eq!(credits(&mut aina).await, 2);
    aina
}

#[test]
fn what_is_disputed_at_the_test_gateway_is_frozen_and_told() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 2).await;
        let mut aina = stage.person("Aina Yusof").await;
        let pay = order(&mut aina, &plan).await;
        aina.pay(&pay, "dispute").await.expect(200);
        stage.work().await;
        assert_eq!(credits(&mut aina).await, 0);
        let text = owner.browser.get("/me/notices").await.text();
        assert!(text.contains("disputes the payment"), "{text}");
        assert!(text.contains("Aina Yusof"), "{text}");
        owner.sees("/admin/orders", "the payment is disputed").await;
        // It needs the administrators until the bank decides, either way.
        let needs = stage.fill("to-do-disputed", [("count", 1.into())]);
        let list = "/admin/orders?state=disputed";
        for page in ["/me", "/admin/money"] {
            let page = owner.browser.get(page).await.with(200);
            assert_eq!(page.link(&needs).href, list);
        }
        owner.sees(list, "Aina Yusof").await;
        for end in ["payment.dispute.lost", "payment.dispute.won"] {
            hear(stage, end).await;
            let money = owner.browser.get("/admin/money").await.text();
            assert!(!money.contains(&needs), "{end}: {money}");
            owner.sees(list, &stage.say("order-none")).await;
            let undo = sql!("DELETE FROM gateway_event WHERE kind LIKE '%.lost'");
            run(stage, undo).await;
        }
    });
}

#[test]
fn who_has_only_frozen_credits_is_told_why() {
    on_default(&async |stage: &Stage<'_>| {
        let mut aina = member_with_credits(stage).await;
        let mut farah = provider(stage).await;
        let slot = offer(&mut farah, "2026-12-10").await;
        let wish = json!({"slot_id": slot["id"], "slot_version": slot["version"]});
        let ask = json!({"slot_ids": [slot["id"]]});
        let asked = aina.call("POST", "/api/v1/requests", &ask).await;
        let asked = asked.expect(201).json();
        hear(stage, "payment.dispute.created").await;
        for (path, body) in [("/api/v1/bookings", &wish), ("/api/v1/requests", &ask)] {
            let page = aina.call("POST", path, body).await;
            assert_eq!(page.expect(422).json()["code"], "credit_frozen", "{path}");
        }
        let page = format!("/book/{}", slot["id"].as_str().unwrap());
        let text = aina.browser.get(&page).await.text();
        assert!(text.contains(&stage.say("booking-credit-frozen")), "{text}");
        // The provider does not learn of the dispute.
        let path = format!("/api/v1/requests/{}/confirm", asked["id"].as_str().unwrap());
        let confirmed = json!({"slot_id": slot["id"]});
        let page = farah.call("POST", &path, &confirmed).await;
        assert_eq!(page.expect(422).json()["code"], "quota_exhausted");
        // Somebody without any credits has none.
        let mut daniel = stage.person("Daniel Tan").await;
        let page = daniel.call("POST", "/api/v1/bookings", &wish).await;
        assert_eq!(page.expect(422).json()["code"], "quota_exhausted");
        let text = daniel
            .browser
            .get(&format!("/book/{}", slot["id"].as_str().unwrap()))
            .await
            .text();
        assert!(text.contains(&stage.say("booking-no-credit")), "{text}");
    });
}

#[test]
fn a_dispute_that_is_closed_without_a_result_freezes_nothing_any_more() {
    on_default(&async |stage: &Stage<'_>| {
        let mut aina = member_with_credits(stage).await;
        hear(stage, "payment.dispute.created").await;
        assert_eq!(credits(&mut aina).await, 0);
        hear(stage, "payment.dispute.closed").await;
        assert_eq!(credits(&mut aina).await, 2);
    });
}

#[test]
fn a_frozen_credit_that_ended_is_not_replaced() {
    on_default(&async |stage: &Stage<'_>| {
        let mut aina = member_with_credits(stage).await;
        let mut farah = provider(stage).await;
        let slot = offer(&mut farah, "2027-01-10").await;
        let booked = aina.book(&slot).await;
        let page = booked.expect(303).location().unwrap().to_owned();
        let page = page.split('?').next().unwrap();
        let booking = page.rsplit('/').next().unwrap();
        hear(stage, "payment.dispute.created").await;
        let month = SignedDuration::from_hours(32 * 24);
        stage.world.clock.advance(month);
        stage.work().await;
        let path = format!("/api/v1/bookings/{booking}/cancel");
        let why = json!({"reason": "Fever"});
        farah.call("POST", &path, &why).await.expect(200);
        assert_eq!(credits(&mut aina).await, 0);
    });
}

#[test]
fn nothing_is_taken_back_of_a_payout_that_is_not_paid_yet() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        farah.profile("bio", "Portraits").await;
        run(stage, sql!("UPDATE provider SET payout_minor = 10000")).await;
        let mut aina = stage.person("Aina Yusof").await;
        for time in ["09:30", "11:00"] {
            let slot = farah.offer("2026-11-24", time, 0).await;
            aina.book(&slot).await.expect(303);
        }
        let set = json!({"reference": "Bank Satu 1"});
        let mut own = script(stage, &farah);
        let named = own.call("PUT".parse().unwrap(), "/api/v1/me/payouts", &set);
        named.await.expect(204);
        go_to(stage, "2026-12-03T00:00:00Z").await;
        run(
            stage,
            sql!(
                "INSERT INTO payout_batch (id, currency, state, reference, created_at, changed_at)
                 VALUES ('b', 'MYR', 'sent', 'TRX-1', 1, 1)"
            ),
        )
        .await;
        run(stage, sql!("UPDATE payout_item SET state = 'approved'")).await;
        run(
            stage,
            sql!(
                "UPDATE payout_item SET state = 'batched', batch_id = 'b'
                 WHERE id = (SELECT MIN(id) FROM payout_item)"
            ),
        )
        .await;
        run(
            stage,
            sql!(
                "INSERT INTO payout_item (id, provider_id, booking_id, amount_minor, currency,
                     state, is_adjustment, reason, available_at, created_at)
                 SELECT 'a', provider_id, booking_id, -10000, currency, 'approved', 1, 'dispute', 1, 1
                 FROM payout_item WHERE state = 'batched'"
            ),
        )
        .await;
        prove(stage, &mut owner).await;
        let mut owner = script(stage, &owner);
        let path = "/api/v1/admin/payout-batches";
        let body = json!({"currency": "MYR"});
        let made = owner.call("POST".parse().unwrap(), path, &body).await;
        assert_eq!(made.expect(201).json()["lines"][0]["amount_minor"], 10_000);
    });
}
