//! Tests of payers who make the site call a gateway again and again, and of reports of gateways that
//! cannot be true.

use bookings::booking::State;
use jiff::SignedDuration;
use platform::sql;
use testkit::together;

use crate::razorpay::{id, press};
use crate::stage::{Booking, Stage, held, ledger, on_both, on_default, provider, rows, run, state};
use crate::stripe::{come_back, come_back_at_once, open, with_stripe};

#[test]
fn a_return_that_is_opened_again_and_again_asks_the_gateway_once() {
    on_both(&async |stage: &Stage<'_>| {
        let (stage, double) = with_stripe(stage).await;
        let (mut aina, pay, booking) = held(&stage, "2026-12-01").await;
        let session = open(&mut aina, &pay).await;
        let pause = SignedDuration::from_secs(5);
        let before = double.calls().len();
        for round in 1..=2 {
            stage.world.clock.advance(pause);
            let path = format!("{pay}/return?session_id={session}");
            let (mut one, mut other) = (stage.visitor(), stage.visitor());
            let again = path.clone();
            let (one, other) = together(async move { one.get(&path).await }, async move {
                other.get(&again).await
            })
            .await;
            one.expect(303);
            other.expect(303);
            for _ in 0..10 {
                let back = come_back_at_once(&stage, &pay, &session).await;
                back.expect(303);
            }
            assert_eq!(double.calls().len() - before, round);
        }
        // A payment is seen by the next request that asks.
        double.pay(&session, "paid");
        come_back_at_once(&stage, &pay, &session).await.expect(303);
        assert_eq!(state(&stage, id(&booking)).await, State::PendingPayment);
        stage.world.clock.advance(pause);
        come_back_at_once(&stage, &pay, &session).await.expect(303);
        assert_eq!(state(&stage, id(&booking)).await, State::Confirmed);
    });
}

#[test]
fn somebody_who_opens_the_gateway_again_and_again_has_to_wait() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_stripe(stage).await;
        let (mut aina, pay, _) = held(&stage, "2026-12-01").await;
        for _ in 0..30 {
            open(&mut aina, &pay).await;
        }
        let calls = double.calls().len();
        press(&mut aina, &pay).await.expect(429);
        assert_eq!(double.calls().len(), calls);
        stage.world.clock.advance(SignedDuration::from_mins(11));
        open(&mut aina, &pay).await;
    });
}

#[test]
fn a_report_that_cannot_be_true_pays_nothing_and_is_a_finding() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_stripe(stage).await;
        let mut farah = provider(&stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let (mut pays, mut sessions) = (Vec::new(), Vec::new());
        for day in ["2026-12-01", "2026-12-02"] {
            let slot = farah.offer(day, "09:00", 18_000).await;
            let (pay, booking) = aina.hold(&slot).await;
            sessions.push(open(&mut aina, &pay).await);
            pays.push((pay, booking));
        }
        let payments: Vec<String> = sessions.iter().map(|one| double.pay(one, "paid")).collect();
        let ((pay, booking), session) = (&pays[0], &sessions[0]);
        let findings = async || -> Vec<(String, String)> {
            rows(
                &stage,
                sql!("SELECT kind, subject FROM finding ORDER BY id"),
            )
            .await
        };
        let missing = |payment: &String| ("missing_here".to_owned(), payment.clone());
        for amount in [-18_000, 0, i64::MAX] {
            double.set(session, "amount_total", amount);
            come_back(&stage, pay, session).await.expect(303);
            assert_eq!(state(&stage, id(booking)).await, State::PendingPayment);
            assert_eq!(ledger(&stage).await, 0, "{amount}");
            assert_eq!(findings().await, [missing(&payments[0])], "{amount}");
        }
        double.set(session, "amount_total", 18_000);
        come_back(&stage, pay, session).await.expect(303);
        assert_eq!(state(&stage, id(booking)).await, State::Confirmed);
        // The gateway names the same payment for the other order.
        let ((pay, booking), session) = (&pays[1], &sessions[1]);
        double.set(session, "payment_intent", payments[0].clone());
        run(&stage, sql!("DELETE FROM finding")).await;
        come_back(&stage, pay, session).await.expect(303);
        assert_eq!(state(&stage, id(booking)).await, State::PendingPayment);
        assert_eq!(ledger(&stage).await, 18_000);
        assert_eq!(findings().await, [missing(&payments[0])]);
    });
}
