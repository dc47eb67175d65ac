//! Tests of the page on which a member pays: what it says before and after, and how often it asks
//! the gateway.

use bookings::booking::State;
use identity::grant::OWNER;
use jiff::SignedDuration;

use crate::credits::{order, plan};
use crate::double::Fault;
use crate::paying::withhold;
use crate::razorpay::{id, open, press, with_razorpay};
use crate::receipts::rule;
use crate::stage::{Booking, Stage, go_to, held, on_default, prove, provider, script, state};

#[test]
fn who_came_back_waits_two_minutes_and_can_ask_again() {
    on_default(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 18_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let (pay, booking) = aina.hold(&slot).await;
        let back = aina.press(&pay, "pay").await;
        let back = back.expect(303).location().unwrap().to_owned();
        withhold(stage, true).await;
        let led = aina.browser.get(&back).await;
        let waiting = led.expect(303).location().unwrap().to_owned();
        let page = aina.browser.get(&waiting).await;
        assert!(page.expect(200).text().contains(&stage.say("pay-waiting")));
        assert_eq!(page.header("refresh"), "5");
        // Who waits is not asked to pay again.
        let pays = |form: &testkit::Form| form.action.ends_with("/checkout");
        assert!(!page.forms().iter().any(pays));
        stage.world.clock.advance(SignedDuration::from_secs(121));
        let page = aina.browser.get(&waiting).await;
        assert!(page.expect(200).text().contains(&stage.say("pay-we-write")));
        assert_eq!(page.header("refresh"), "");
        assert!(page.forms().iter().any(pays));
        // The gateway was just asked; a press some seconds later asks it again.
        withhold(stage, false).await;
        let check = page.form(&format!("{pay}/check"));
        stage.world.clock.advance(SignedDuration::from_secs(4));
        aina.browser.submit(&page, &check).await.expect(303);
        assert_eq!(state(stage, id(&booking)).await, State::PendingPayment);
        stage.world.clock.advance(SignedDuration::from_secs(1));
        let led = aina.browser.submit(&page, &check).await;
        assert_eq!(state(stage, id(&booking)).await, State::Confirmed);
        let page = aina.browser.follow(led).await;
        assert!(page.expect(200).text().contains(&stage.say("pay-paid")));
        // Somebody else's order cannot be asked about.
        let daniel = stage.person("Daniel Tan").await;
        let mut stranger = script(stage, &daniel);
        let asked = stranger.post(&format!("{pay}/check"), &[]).await;
        asked.expect(404);
    });
}

#[test]
fn a_session_that_is_over_stays_paid() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        rule(
            stage,
            &mut owner,
            &[("tax_bps", "18"), ("tax_label", "GST")],
        )
        .await;
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 18_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let (pay, booking) = aina.hold(&slot).await;
        let tax = [
            ("sum", "RM 27.46".into()),
            ("rate", "18".into()),
            ("tax", "GST".into()),
        ];
        let tax = stage.fill("order-tax", tax);
        let text = aina.browser.get(&pay).await.text();
        assert!(text.contains(&tax), "{text}");
        aina.pay(&pay, "pay").await.expect(200);
        // Only who comes back from the gateway is told of a mail.
        let text = aina.browser.get(&pay).await.expect(200).text();
        assert!(text.contains(&stage.say("pay-paid")), "{text}");
        go_to(stage, "2026-12-01T08:00:00Z").await;
        assert_eq!(state(stage, id(&booking)).await, State::Completed);
        prove(stage, &mut aina).await;
        let text = aina.browser.get(&pay).await.expect(200).text();
        assert!(text.contains(&stage.say("pay-paid")), "{text}");
        assert!(!text.contains(&stage.say("pay-comes-back")), "{text}");
        let receipt = format!("/me/orders/{}/receipt", id(&pay));
        let text = aina.browser.get(&receipt).await.expect(200).text();
        for part in [
            "TEST-2026-000001",
            "RM 180.00",
            &tax,
            &stage.say("receipt-test"),
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let text = aina.browser.get("/me/orders").await.expect(200).text();
        for part in ["TEST-2026-000001", "Portrait on the veranda", &tax] {
            assert!(text.contains(part), "{part}: {text}");
        }
        prove(stage, &mut farah).await;
        farah.browser.get(&receipt).await.expect(404);
    });
}

#[test]
fn who_orders_a_plan_reads_when_its_money_comes_back() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 1).await;
        let mut aina = stage.person("Aina Yusof").await;
        rule(
            stage,
            &mut owner,
            &[("refund_days", "3"), ("offer_days", "0")],
        )
        .await;
        let pay = order(&mut aina, &plan).await;
        let text = aina.browser.get(&pay).await.expect(200).text();
        let unused = stage.fill("pay-terms-unused", [("days", 3.into())]);
        assert!(text.contains(&unused), "{text}");
        assert!(!text.contains(&stage.start("pay-terms-offer")), "{text}");
        // There is no receipt of what is not paid.
        let receipt = format!("/me/orders/{}/receipt", id(&pay));
        aina.browser.get(&receipt).await.expect(404);
        // A plan that is paid says so once, and from then on where its receipt is.
        let page = aina.pay(&pay, "pay").await;
        assert!(
            page.expect(200)
                .text()
                .contains(&stage.say("credit-was-paid"))
        );
        let page = aina.browser.get(&pay).await;
        assert!(page.expect(200).text().contains(&stage.say("pay-paid")));
        aina.browser.get(&receipt).await.expect(200);
    });
}

#[test]
fn the_page_asks_the_gateway_now_and_then() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_razorpay(stage).await;
        let (mut aina, pay, booking) = held(&stage, "2026-12-01").await;
        let asked = || {
            let calls = double.calls();
            calls
                .iter()
                .filter(|call| call.ends_with("/payments"))
                .count()
        };
        aina.browser.get(&pay).await.expect(200);
        let order = open(&mut aina, &pay).await;
        assert_eq!(asked(), 0);
        for _ in 0..3 {
            aina.browser.get(&pay).await.expect(200);
        }
        assert_eq!(asked(), 1);
        // A gateway that does not answer is no error of the page.
        stage.world.clock.advance(SignedDuration::from_secs(15));
        double.fail(0, Fault::Status(500));
        aina.browser.get(&pay).await.expect(200);
        double.pay(&order, "captured");
        press(&mut aina, &pay).await;
        assert_eq!(state(&stage, id(&booking)).await, State::PendingPayment);
        stage.world.clock.advance(SignedDuration::from_secs(15));
        let text = aina.browser.get(&pay).await.expect(200).text();
        assert!(text.contains(&stage.say("pay-paid")), "{text}");
        let before = asked();
        stage.world.clock.advance(SignedDuration::from_secs(15));
        aina.browser.get(&pay).await.expect(200);
        assert_eq!(asked(), before);
    });
}
