//! Tests of what happens at the gateways without us or without answers: orders that nobody pays,
//! refunds that somebody else makes, gateways that stay silent, sums that they do not take.

use identity::grant::OWNER;
use jiff::SignedDuration;
use platform::{StoreError, Tx, sql};
use serde_json::json;

use crate::alerts::alerts;
use crate::catalogue::send;
use crate::credits::{self, credits, order, plan};
use crate::memberships::grants;
use crate::razorpay::{come_back, id, open, outcomes, post, with_razorpay};
use crate::razorpay_double::Razorpay;
use crate::receipts::rule;
use crate::stage::{
    Booking, Stage, held, ledger, on_default, prove, provider, script, state, wrong,
};

/// The state of the order with this payment page.
async fn order_state(stage: &Stage<'_>, pay: &str) -> String {
    let id = id(pay).to_owned();
    let look = move |tx: &mut Tx<'_>| -> Result<(String,), StoreError> {
        sql!("SELECT state FROM booking_order WHERE id = :id", id).one(tx)
    };
    stage.world.store().read(look).await.unwrap().0
}

#[test]
fn an_order_of_a_plan_ends_and_late_money_still_counts() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 1).await;
        let (stage, double) = with_razorpay(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let pay = order(&mut aina, &plan).await;
        let name = open(&mut aina, &pay).await;
        stage.world.clock.advance(SignedDuration::from_hours(23));
        stage.work().await;
        assert_eq!(order_state(&stage, &pay).await, "created");
        stage.world.clock.advance(SignedDuration::from_hours(1));
        stage.work().await;
        assert_eq!(order_state(&stage, &pay).await, "expired");
        let text = aina.browser.get(&pay).await.expect(200).text();
        assert!(text.contains(&stage.say("pay-plan-expired")), "{text}");
        let payment = double.pay(&name, "captured");
        let back = Razorpay::returned(&name, &payment);
        come_back(&stage, &pay, &back).await.expect(303);
        assert_eq!(credits(&mut aina).await, 1);
    });
}

#[test]
fn a_refund_made_at_the_gateway_is_noted_and_applied() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 3).await;
        let (stage, double) = with_razorpay(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let pay = order(&mut aina, &plan).await;
        let name = open(&mut aina, &pay).await;
        let payment = double.pay(&name, "captured");
        // Money that never came here is not ours, whoever pays it back.
        let early = double.refund_there(&payment, 100);
        post(&stage, &double.event("refund.created", &early))
            .await
            .expect(200);
        stage.work().await;
        assert_eq!(outcomes(&stage).await, ["unmatched"]);
        double.forget_refund(&early);
        come_back(&stage, &pay, &Razorpay::returned(&name, &payment))
            .await
            .expect(303);
        // A part of it, of which two events tell, and then the rest.
        let part = double.refund_there(&payment, 10_000);
        for kind in ["refund.created", "refund.processed"] {
            post(&stage, &double.event(kind, &part)).await.expect(200);
        }
        stage.work().await;
        assert_eq!(order_state(&stage, &pay).await, "partially_refunded");
        assert_eq!(
            (credits(&mut aina).await, ledger(&stage).await),
            (3, 20_000)
        );
        let page = aina.browser.get(&pay).await;
        let sum = stage.fill("pay-part-back", [("sum", "RM 100.00".into())]);
        assert!(page.expect(200).text().contains(&sum));
        let rest = double.refund_there(&payment, 20_000);
        post(&stage, &double.event("refund.processed", &rest))
            .await
            .expect(200);
        stage.work().await;
        assert_eq!(order_state(&stage, &pay).await, "refunded");
        assert_eq!((credits(&mut aina).await, ledger(&stage).await), (0, 0));
        assert_eq!(double.balance(), 0);
        assert_eq!(wrong(&stage).await, [""; 0]);
        let text = owner.browser.get("/me/notices").await.text();
        let about = [("about", payment.as_str().into())];
        assert!(
            text.contains(&stage.fill("booking-notice-refund-elsewhere", about)),
            "{text}"
        );
        let text = owner.browser.get("/admin/refunds").await.expect(200).text();
        assert!(text.contains(&stage.say("refund-rule-elsewhere")), "{text}");
    });
}

#[test]
fn a_silent_gateway_is_asked_ever_more_seldom_and_told_of_once() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let (stage, double) = with_razorpay(stage).await;
        let (mut aina, pay, booking) = held(&stage, "2026-12-10").await;
        let name = open(&mut aina, &pay).await;
        let payment = double.pay(&name, "captured");
        come_back(&stage, &pay, &Razorpay::returned(&name, &payment))
            .await
            .expect(303);
        aina.cancel(&booking).await.expect(303);
        let tried = || {
            let calls = double.calls();
            calls
                .iter()
                .filter(|call| call.ends_with("/refund"))
                .count()
        };
        double.set_down(true);
        let (mut before, mut failed) = (0, Vec::new());
        for step in 0..4 * 24 * 12 {
            stage.work().await;
            if tried() > before {
                failed.push(step * 5);
                before = tried();
            }
            stage.world.clock.advance(SignedDuration::from_mins(5));
        }
        double.set_down(false);
        // In minutes: each pause is as long as all before it, and a day at most.
        let expected = [
            0, 5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 4_000, 5_440,
        ];
        assert_eq!(failed, expected);
        let text = owner.browser.get("/me/notices").await.text();
        let told = stage.fill(
            "booking-notice-gateway-silent",
            [("about", "razorpay".into())],
        );
        assert_eq!(text.matches(&told).count(), 1, "{text}");
        stage.world.clock.advance(SignedDuration::from_hours(24));
        stage.work().await;
        assert_eq!((double.balance(), ledger(&stage).await), (0, 0));
    });
}

#[test]
fn a_silent_gateway_is_told_of_once_also_after_an_outage_of_ours() {
    on_default(&async |stage: &Stage<'_>| {
        let _owner = stage.person_as("Siti Owner", OWNER).await;
        let (stage, double) = with_razorpay(stage).await;
        let (mut aina, pay, booking) = held(&stage, "2026-12-10").await;
        let name = open(&mut aina, &pay).await;
        let payment = double.pay(&name, "captured");
        come_back(&stage, &pay, &Razorpay::returned(&name, &payment))
            .await
            .expect(303);
        aina.cancel(&booking).await.expect(303);
        double.set_down(true);
        stage.work().await;
        assert_eq!(alerts(&stage).await.len(), 0);
        // We are off for four days, and then the gateway stays silent for three more.
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(4 * 24));
        for _ in 0..3 {
            stage.work().await;
            assert_eq!(alerts(&stage).await.len(), 1);
            stage.world.clock.advance(SignedDuration::from_hours(24));
        }
        double.set_down(false);
        stage.work().await;
        assert_eq!((double.balance(), ledger(&stage).await), (0, 0));
    });
}

#[test]
fn a_sum_that_gateways_do_not_take_is_no_price() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        for (currency, price, status) in [
            ("INR", 99, 422),
            ("INR", 100, 201),
            ("KWD", 5_124, 422),
            ("KWD", 5_120, 201),
            ("MGA", 5_050, 422),
            ("MGA", 5_000, 201),
        ] {
            rule(stage, &mut owner, &[("currency", currency)]).await;
            let body = json!({"name": format!("{currency} {price}"), "grants": grants(1, 0), "months": 1,
                "price_minor": price});
            let mut admin = script(stage, &owner);
            let page = send(&mut admin, "POST", "/api/v1/admin/plans", &body).await;
            page.expect(status);
            if status == 422 {
                assert_eq!(page.json()["errors"][0]["code"], "price_invalid");
            }
        }
    });
}

#[test]
fn plans_are_changed_by_those_alone_who_proved_themselves_just_now() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = credits::plan(&mut owner, 1).await;
        stage.world.clock.advance(SignedDuration::from_mins(11));
        let (all, one) = ("/api/v1/admin/plans", format!("/api/v1/admin/plans/{plan}"));
        let new = json!({"name": "Another", "months": 1, "price_minor": 100});
        let more = json!({"grants": grants(2, 0), "version": 1});
        for is_proved in [false, true] {
            let mut admin = script(stage, &owner);
            let calls = [
                ("POST", all, &new),
                ("PATCH", &one, &more),
                ("DELETE", &one, &json!({})),
            ];
            for (method, path, body) in calls {
                let page = send(&mut admin, method, path, body).await;
                if is_proved {
                    assert!(page.status.is_success(), "{method}: {}", page.text());
                } else {
                    assert_eq!(page.expect(403).json()["code"], "sudo_required");
                }
            }
            if !is_proved {
                let page = owner.browser.get("/admin/plans/new").await;
                let mut form = page.expect(200).form("/admin/plans/new");
                form.fill("name", "By page").fill("price_minor", "1.00");
                let asked = owner.browser.submit(&page, &form).await;
                assert_ne!(
                    asked.location().unwrap_or_default(),
                    "/admin/plans?done=saved"
                );
                prove(stage, &mut owner).await;
            }
        }
        let all = owner.browser.get("/api/v1/plans").await.json();
        assert_eq!(all["items"].as_array().unwrap().len(), 1, "{all}");
    });
}

#[test]
fn a_plan_that_is_given_back_says_so() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 18_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let (pay, booking) = aina.hold(&slot).await;
        aina.pay(&pay, "pay").await.expect(200);
        farah.cancel(&booking).await.expect(303);
        let text = aina.browser.get(&pay).await.expect(200).text();
        assert!(text.contains(&stage.say("pay-comes-back")), "{text}");
        stage.work().await;
        let text = aina.browser.get(&pay).await.expect(200).text();
        assert!(text.contains(&stage.say("pay-refunded")), "{text}");
        assert_eq!(
            state(stage, id(&booking)).await,
            bookings::booking::State::Cancelled
        );
    });
}
