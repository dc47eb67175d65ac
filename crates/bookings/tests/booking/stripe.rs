//! Tests of paying with Stripe, against a test double: sessions, signatures, events, and all ways
//! in which a request can fail.

use bookings::booking::State;
use jiff::SignedDuration;
use platform::random::Random;
use platform::sql;
use serde_json::{Value, json};
use testkit::{Page, first_round, rounds};

use crate::credits;
use crate::double::{Fault, run_or_die};
use crate::payouts::{ITEMS, only_id};
use crate::razorpay::{id, outcomes, press, restart};
use crate::stage::{
    Booking, Person, Stage, again, held, ledger, on_both, on_default, prove, provider, rows, run,
    script, state, wrong,
};
use crate::stripe_double::{Posted, Stripe};

/// A site whose only gateway is the test double of Stripe.
pub(crate) async fn with_stripe<'w>(stage: &Stage<'w>) -> (Stage<'w>, Stripe) {
    let double = Stripe::start(stage.site.clock.clone()).await;
    (stage.clone().with_settings(double.settings()), double)
}

/// Presses “Pay”. Returns the session's id.
pub(crate) async fn open(person: &mut Person, pay: &str) -> String {
    let page = press(person, pay).await;
    let link = page
        .expect(200)
        .body
        .split("https://checkout.stripe.com/c/pay/")
        .nth(1);
    link.unwrap().split('"').next().unwrap().to_owned()
}

/// Opens the return URL, as a browser does after a payment with Stripe, some seconds after the
/// gateway was last asked.
pub(crate) async fn come_back(stage: &Stage<'_>, pay: &str, session: &str) -> Page {
    stage.world.clock.advance(SignedDuration::from_secs(5));
    come_back_at_once(stage, pay, session).await
}

pub(crate) async fn come_back_at_once(stage: &Stage<'_>, pay: &str, session: &str) -> Page {
    let path = format!("{pay}/return?session_id={session}");
    stage.visitor().get(&path).await
}

async fn post(stage: &Stage<'_>, event: &Posted) -> Page {
    let mut visitor = stage.visitor();
    visitor.header("stripe-signature", &event.signature);
    let body = event.body.clone().into();
    let kind = Some("application/json");
    visitor
        .send("POST".parse().unwrap(), "/hooks/pay/stripe", kind, body)
        .await
}

/// Posts an event, and runs its job.
async fn hear(stage: &Stage<'_>, event: &Posted) {
    post(stage, event).await.expect(200);
    stage.work().await;
}

async fn payouts(stage: &Stage<'_>) -> Vec<(i64, String)> {
    rows(
        stage,
        sql!("SELECT amount_minor, state FROM payout_item ORDER BY is_adjustment, id"),
    )
    .await
}

#[test]
fn somebody_pays_on_its_page_and_gets_the_money_back() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_stripe(stage).await;
        let (mut aina, pay, booking) = held(&stage, "2026-12-01").await;
        let until = |time: &str| stage.fill("pay-until", [("time", time.into())]);
        aina.sees(&pay, &until("today, Fri 20 Nov, 4:15 pm (Kuala Lumpur)"))
            .await;
        let session = open(&mut aina, &pay).await;
        // A Stripe session lasts at least 30 minutes, so the time for payment is extended once.
        aina.sees(&pay, &until("today, Fri 20 Nov, 4:40 pm (Kuala Lumpur)"))
            .await;
        stage.world.clock.advance(SignedDuration::from_mins(30));
        assert_eq!(open(&mut aina, &pay).await, session);
        aina.sees(&pay, &until("today, Fri 20 Nov, 4:40 pm (Kuala Lumpur)"))
            .await;
        stage.work().await;
        assert_eq!(state(&stage, id(&booking)).await, State::PendingPayment);
        let made = double.session(&session);
        assert_eq!(
            (made["amount_total"].as_i64(), &made["currency"]),
            (Some(18_000), &"myr".into())
        );
        assert!(
            made["success_url"]
                .as_str()
                .unwrap()
                .ends_with("{CHECKOUT_SESSION_ID}")
        );
        // Opening the return URL of an unpaid session does not count as a payment.
        come_back(&stage, &pay, &session).await.expect(303);
        assert_eq!(state(&stage, id(&booking)).await, State::PendingPayment);
        double.pay(&session, "paid");
        for _ in 0..2 {
            come_back(&stage, &pay, &session).await.expect(303);
            assert_eq!(state(&stage, id(&booking)).await, State::Confirmed);
            assert_eq!((ledger(&stage).await, double.balance()), (18_000, 18_000));
        }
        aina.cancel(&booking).await.expect(303);
        stage.work().await;
        assert_eq!((ledger(&stage).await, double.balance()), (0, 0));
    });
}

#[test]
fn a_session_of_another_order_or_sum_pays_nothing() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_stripe(stage).await;
        let mut farah = provider(&stage).await;
        let cheap = farah.offer("2026-12-01", "09:00", 100).await;
        let dear = farah.offer("2026-12-02", "09:00", 90_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let (pay_cheap, _) = aina.hold(&cheap).await;
        let (pay_dear, booking) = aina.hold(&dear).await;
        let paid = open(&mut aina, &pay_cheap).await;
        let session = open(&mut aina, &pay_dear).await;
        double.pay(&paid, "paid");
        let page = come_back(&stage, &pay_dear, &paid).await;
        let told = stage.say("problem-payment-mismatch");
        assert!(page.expect(400).text().contains(&told));
        assert_eq!(state(&stage, id(&booking)).await, State::PendingPayment);
        assert_eq!(ledger(&stage).await, 0);
        // The session names another order than ours, so the site ignores it.
        double.pay(&session, "paid");
        let ours = double.session(&session)["client_reference_id"].clone();
        double.set(&session, "client_reference_id", "another");
        come_back(&stage, &pay_dear, &session).await.expect(303);
        assert_eq!(ledger(&stage).await, 0);
        // The paid amount differs from the order's amount, so the payment is refunded.
        double.set(&session, "client_reference_id", ours);
        double.set(&session, "amount_total", 89_999);
        come_back(&stage, &pay_dear, &session).await.expect(303);
        assert_eq!(state(&stage, id(&booking)).await, State::PendingPayment);
        stage.work().await;
        // The first comparison with Stripe's records has found the payment for the cheap order.
        assert_eq!((ledger(&stage).await, double.balance()), (100, 100));
        come_back(&stage, &pay_cheap, &paid).await.expect(303);
        assert_eq!(ledger(&stage).await, 100);
    });
}

#[test]
fn money_that_comes_days_later_waits_and_counts_when_it_is_there() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_stripe(stage).await;
        let (mut aina, pay, booking) = held(&stage, "2026-12-10").await;
        let session = open(&mut aina, &pay).await;
        double.pay(&session, "unpaid");
        let back = come_back(&stage, &pay, &session).await;
        let shown = aina.browser.follow(back).await;
        assert!(shown.expect(200).text().contains(&stage.say("pay-waiting")));
        hear(
            &stage,
            &double.event("checkout.session.completed", &session),
        )
        .await;
        assert_eq!(state(&stage, id(&booking)).await, State::PendingPayment);
        stage.world.clock.advance(SignedDuration::from_hours(50));
        stage.work().await;
        assert_eq!(state(&stage, id(&booking)).await, State::Expired);
        double.set(&session, "payment_status", "paid");
        let event = double.event("checkout.session.async_payment_succeeded", &session);
        hear(&stage, &event).await;
        assert_eq!(state(&stage, id(&booking)).await, State::Confirmed);
    });
}

#[test]
fn events_count_once_whenever_they_come_and_only_if_they_are_signed_now() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_stripe(stage).await;
        let (mut aina, pay, booking) = held(&stage, "2026-12-01").await;
        let session = open(&mut aina, &pay).await;
        double.pay(&session, "paid");
        let done = double.event("checkout.session.completed", &session);
        let later = done.signature.replace("t=", "t=1");
        let unsigned = done.signature.split(",v1=").next().unwrap().to_owned();
        for signature in [String::new(), later, unsigned] {
            let body = done.body.clone();
            post(&stage, &Posted { body, signature }).await.expect(401);
        }
        let changed = Posted {
            body: done.body.replace("completed", "expired"),
            ..done.clone()
        };
        post(&stage, &changed).await.expect(401);
        assert_eq!(outcomes(&stage).await, [""; 0]);
        let expired = double.event("checkout.session.expired", &session);
        for event in [&expired, &done, &done, &expired] {
            hear(&stage, event).await;
        }
        assert_eq!(outcomes(&stage).await, ["done"; 2]);
        assert_eq!(state(&stage, id(&booking)).await, State::Confirmed);
        assert_eq!(ledger(&stage).await, 18_000);
        // A processed event causes no request to Stripe. An event that only repeats another event
        // is not stored.
        let calls = double.calls().len();
        post(&stage, &done).await.expect(200);
        let other = done
            .body
            .replace("checkout.session.completed", "charge.refunded");
        post(&stage, &double.sign(&other)).await.expect(200);
        stage.work().await;
        assert_eq!(double.calls().len(), calls);
        let stranger = double.event("checkout.session.completed", "cs_test_999");
        hear(&stage, &stranger).await;
        assert_eq!(outcomes(&stage).await, ["done", "done", "unmatched"]);
        // A signature is too old after five minutes.
        let event = double.event("checkout.session.completed", &session);
        stage.world.clock.advance(SignedDuration::from_secs(301));
        post(&stage, &event).await.expect(401);
    });
}

#[test]
fn what_fails_on_the_way_is_tried_again_and_made_once() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_stripe(stage).await;
        let (mut aina, pay, booking) = held(&stage, "2026-12-01").await;
        for fault in [Fault::Before, Fault::Status(503), Fault::After] {
            double.fail(0, fault);
            let told = stage.say("problem-gateway-unavailable");
            let page = press(&mut aina, &pay).await;
            assert!(page.expect(502).text().contains(&told));
        }
        // The last request created a session, but its id was lost. The site finds it among the
        // sessions of that time.
        let sessions = double.sessions();
        assert_eq!(sessions.len(), 1);
        double.pay(&sessions[0], "paid");
        double.fail(0, Fault::Status(500));
        come_back(&stage, &pay, &sessions[0]).await.expect(303);
        stage.world.clock.advance(SignedDuration::from_secs(10));
        stage.work().await;
        assert_eq!(state(&stage, id(&booking)).await, State::Confirmed);
        aina.cancel(&booking).await.expect(303);
        double.fail(0, Fault::After);
        stage.work().await;
        assert_eq!((double.balance(), ledger(&stage).await), (0, 18_000));
        stage.world.clock.advance(SignedDuration::from_mins(5));
        stage.work().await;
        assert_eq!((double.balance(), ledger(&stage).await), (0, 0));
    });
}

#[test]
fn its_page_is_closed_with_the_order_and_a_lost_payment_is_found() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_stripe(stage).await;
        let (mut aina, pay, booking) = held(&stage, "2026-12-10").await;
        let session = open(&mut aina, &pay).await;
        aina.cancel(&booking).await.expect(303);
        double.fail(0, Fault::Status(500));
        stage.work().await;
        assert_eq!(double.session(&session)["status"], "open");
        stage.world.clock.advance(SignedDuration::from_mins(3));
        stage.work().await;
        assert_eq!(double.session(&session)["status"], "expired");
        // Three sessions are paid, but neither a browser nor an event reports the payments.
        let mut farah = stage
            .person_as("Mei Lin", bookings::provider::PROVIDER)
            .await;
        let mut bookings = Vec::new();
        for time in ["11:00", "12:00", "13:00"] {
            let slot = farah.offer("2026-12-10", time, 18_000).await;
            let mut daniel = stage.person(&format!("Daniel {}", &time[..2])).await;
            let (pay, booking) = daniel.hold(&slot).await;
            double.pay(&open(&mut daniel, &pay).await, "unpaid");
            bookings.push(booking);
        }
        for _ in 0..60 {
            stage.world.clock.advance(SignedDuration::from_hours(1));
            stage.work().await;
        }
        for session in double.sessions() {
            if double.session(&session)["status"] == "complete" {
                double.set(&session, "payment_status", "paid");
            }
        }
        stage.world.clock.advance(SignedDuration::from_hours(11));
        stage.work().await;
        for booking in &bookings {
            assert_eq!(state(&stage, id(booking)).await, State::Confirmed);
        }
        assert_eq!((ledger(&stage).await, double.balance()), (54_000, 54_000));
    });
}

#[test]
fn a_refund_that_takes_long_is_asked_about_until_it_ends() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_stripe(stage).await;
        let mut owner = stage.person_as("Siti Owner", identity::grant::OWNER).await;
        let mut farah = provider(&stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        double.answer_refunds("pending");
        for (day, end, left) in [
            ("2026-12-01", "succeeded", 0),
            ("2026-12-02", "failed", 18_000),
        ] {
            let slot = farah.offer(day, "09:00", 18_000).await;
            let (pay, booking) = aina.hold(&slot).await;
            let session = open(&mut aina, &pay).await;
            double.pay(&session, "paid");
            come_back(&stage, &pay, &session).await.expect(303);
            aina.cancel(&booking).await.expect(303);
            stage.work().await;
            assert_eq!(ledger(&stage).await, 18_000, "not yet: {end}");
            let refund = double.end_refunds(end).pop().unwrap();
            hear(&stage, &double.event("refund.updated", &refund)).await;
            assert_eq!(ledger(&stage).await, left, "{end}");
        }
        let values = [("about", "RM 180.00".into())];
        let told = stage.fill("booking-notice-refund-failed", values);
        owner.sees("/me/notices", &told).await;
    });
}

/// A session of Stripe lasts between 30 minutes and a day.
#[test]
fn a_plan_can_be_paid_as_soon_as_it_is_ordered_and_in_its_last_minutes() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_stripe(stage).await;
        let mut owner = stage.person_as("Siti Owner", identity::grant::OWNER).await;
        let plan = credits::plan(&mut owner, 1).await;
        for (name, minutes) in [("Aina Yusof", 0), ("Daniel Tan", 24 * 60 - 1)] {
            let mut member = stage.person(name).await;
            let pay = credits::order(&mut member, &plan).await;
            let wait = SignedDuration::from_mins(minutes);
            stage.world.clock.advance(wait);
            let session = open(&mut member, &pay).await;
            double.pay(&session, "paid");
            come_back(&stage, &pay, &session).await.expect(303);
            assert_eq!(credits::credits(&mut member).await, 1, "{name}");
        }
    });
}

/// While a payment is disputed, its payout is held back. If the payout was already paid, it is
/// taken back.
#[test]
fn a_dispute_holds_the_payout_back() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_stripe(stage).await;
        let mut owner = stage.person_as("Siti Owner", identity::grant::OWNER).await;
        let mut farah = provider(&stage).await;
        farah.profile("bio", "Portraits").await;
        run(&stage, sql!("UPDATE provider SET payout_minor = 10000")).await;
        let slot = farah.offer("2026-11-24", "09:00", 18_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let (pay, _) = aina.hold(&slot).await;
        let session = open(&mut aina, &pay).await;
        let payment = double.pay(&session, "paid");
        come_back(&stage, &pay, &session).await.expect(303);
        // The session takes place while its payment is disputed.
        post(&stage, &double.event("charge.dispute.created", &payment))
            .await
            .expect(200);
        crate::stage::go_to(&stage, "2026-11-25T00:00:00Z").await;
        let one = |state: &str| vec![(10_000, state.to_owned())];
        assert_eq!(payouts(&stage).await, one("rejected"));
        for (kind, expected) in [
            ("charge.dispute.closed.won", "pending"),
            ("charge.dispute.created", "rejected"),
            ("charge.dispute.closed.warning_closed", "pending"),
            // The event about the end of the dispute arrives before the event about its beginning.
            ("charge.dispute.closed.won", "pending"),
            ("charge.dispute.created", "pending"),
            ("charge.dispute.closed.lost", "rejected"),
        ] {
            hear(&stage, &double.event(kind, &payment)).await;
            assert_eq!(payouts(&stage).await, one(expected), "{kind}");
        }
        let batch = sql!(
            "INSERT INTO payout_batch (id, currency, state, reference, created_at, changed_at)
             VALUES ('b', 'MYR', 'settled', 'TRX', 1, 1)"
        );
        run(&stage, batch).await;
        let paid = sql!("UPDATE payout_item SET state = 'paid', batch_id = 'b'");
        run(&stage, paid).await;
        for _ in 0..2 {
            hear(
                &stage,
                &double.event("charge.dispute.closed.lost", &payment),
            )
            .await;
            let all = [(10_000, "paid".to_owned()), (-10_000, "pending".to_owned())];
            assert_eq!(payouts(&stage).await, all);
        }
        owner.sees("/me/notices", payment.as_str()).await;
        let page = farah.call("GET", "/api/v1/me/payouts", &Value::Null).await;
        let all = page.expect(200).json()["items"].clone();
        let mut all = all.as_array().unwrap().iter();
        assert!(all.any(|one| one["reason"] == "dispute"));
    });
}

#[test]
fn a_payout_that_was_rejected_with_the_word_dispute_stays_rejected() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_stripe(stage).await;
        let mut farah = provider(&stage).await;
        farah.profile("bio", "Portraits").await;
        run(&stage, sql!("UPDATE provider SET payout_minor = 10000")).await;
        let slot = farah.offer("2026-11-24", "09:00", 18_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let (pay, _) = aina.hold(&slot).await;
        let session = open(&mut aina, &pay).await;
        let payment = double.pay(&session, "paid");
        come_back(&stage, &pay, &session).await.expect(303);
        crate::stage::go_to(&stage, "2026-11-25T00:00:00Z").await;
        let owner = stage.person_as("Siti Owner", identity::grant::OWNER).await;
        let mut owner = crate::stage::script(&stage, &owner);
        let item = only_id(&mut owner, "pending").await;
        let reject = format!("{ITEMS}/{item}/reject");
        let why = json!({"reason": "dispute"});
        let done = owner.call("POST".parse().unwrap(), &reject, &why).await;
        done.expect(200);
        for kind in ["charge.dispute.created", "charge.dispute.closed.won"] {
            hear(&stage, &double.event(kind, &payment)).await;
            let rejected = vec![(10_000, "rejected".to_owned())];
            assert_eq!(payouts(&stage).await, rejected, "{kind}");
        }
    });
}

/// While the payment for a plan is disputed, its credits cannot be spent, and the payouts of sessions
/// that they paid for are held back, even those in a batch.
#[test]
fn a_dispute_over_a_plan_freezes_its_credits_and_its_payouts() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_stripe(stage).await;
        let mut owner = stage.person_as("Siti Owner", identity::grant::OWNER).await;
        let plan = credits::plan(&mut owner, 2).await;
        let mut farah = provider(&stage).await;
        farah.profile("bio", "Portraits").await;
        run(&stage, sql!("UPDATE provider SET payout_minor = 10000")).await;
        let mut aina = stage.person("Aina Yusof").await;
        let pay = credits::order(&mut aina, &plan).await;
        let session = open(&mut aina, &pay).await;
        let payment = double.pay(&session, "paid");
        come_back(&stage, &pay, &session).await.expect(303);
        let slot = credits::offer(&mut farah, "2026-11-24").await;
        aina.book(&slot).await.expect(303);
        assert_eq!(credits::credits(&mut aina).await, 1);

        let hear = async |kind: &str| hear(&stage, &double.event(kind, &payment)).await;
        let next = credits::offer(&mut farah, "2026-12-01").await;
        let new = json!({"slot_id": next["id"], "slot_version": next["version"]});
        hear("charge.dispute.created").await;
        assert_eq!(credits::credits(&mut aina).await, 0);
        let refused = aina.call("POST", "/api/v1/bookings", &new).await;
        assert_eq!(refused.expect(422).json()["code"], "credit_frozen");
        hear("charge.dispute.closed.won").await;
        assert_eq!(credits::credits(&mut aina).await, 1);
        crate::stage::go_to(&stage, "2026-11-25T00:00:00Z").await;
        let one = |state: &str| vec![(10_000, state.to_owned())];
        assert_eq!(payouts(&stage).await, one("pending"));

        run(
            &stage,
            sql!(
                "INSERT INTO payout_batch (id, currency, state, reference, created_at, changed_at)
             VALUES ('5f0c3a52-8d0e-4c6c-9d70-1b9a35f0c7e1', 'MYR', 'approved', '', 1, 1)"
            ),
        )
        .await;
        run(&stage, sql!(
            "UPDATE payout_item SET state = 'batched', batch_id = '5f0c3a52-8d0e-4c6c-9d70-1b9a35f0c7e1'"
        ))
        .await;
        hear("charge.dispute.created").await;
        assert_eq!(payouts(&stage).await, one("batched"));
        prove(&stage, &mut owner).await;
        let mut owner = script(&stage, &owner);
        let mut press = async |step: &str, body: &Value| {
            let path =
                format!("/api/v1/admin/payout-batches/5f0c3a52-8d0e-4c6c-9d70-1b9a35f0c7e1/{step}");
            owner.call("POST".parse().unwrap(), &path, body).await
        };
        let refused = press("send", &json!({"reference": "TRX-1"})).await;
        assert_eq!(refused.expect(409).json()["code"], "payout_state");
        // The lost dispute takes the payout back. It was never paid, so both are rejected.
        hear("charge.dispute.closed.lost").await;
        press("fail", &Value::Null).await.expect(200);
        let rejected = |amount: i64| (amount, "rejected".to_owned());
        assert_eq!(payouts(&stage).await, [rejected(10_000), rejected(-10_000)]);
        assert_eq!(credits::credits(&mut aina).await, 0);
    });
}

#[test]
fn a_kill_between_gateway_and_store_loses_neither_money_nor_service() {
    on_both(&async |stage: &Stage<'_>| {
        let (stage, double) = with_stripe(stage).await;
        let mut farah = provider(&stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let random = Random::seeded(31 + first_round());
        let (mut kills, mut paid) = (0, 0);
        for round in 0..rounds() {
            again(&stage).await;
            let day = jiff::civil::date(2026, 12, 1);
            let day = day.checked_add(jiff::Span::new().days(i64::try_from(round).unwrap()));
            let slot = farah
                .offer(&day.unwrap().to_string(), "09:00", 18_000)
                .await;
            let (pay, booking) = aina.hold(&slot).await;
            let arm = || {
                let faults = [Fault::SilentBefore, Fault::SilentAfter];
                double.fail(0, faults[random.below(2) as usize]);
            };
            arm();
            let (mut browser, path) = (aina.browser.clone(), pay.clone());
            let pressing = async move {
                let page = browser.get(&path).await;
                let form = page.expect(200).form(&format!("{path}/checkout"));
                browser.submit(&page, &form).await.expect(200);
            };
            if run_or_die(&double, pressing).await.is_none() {
                kills += 1;
                restart(&stage);
            }
            let session = open(&mut aina, &pay).await;
            double.pay(&session, "paid");
            arm();
            let died = if random.below(2) == 0 {
                let (mut visitor, session) = (stage.visitor(), session.clone());
                let path = format!("{pay}/return?session_id={session}");
                let back = async move { visitor.get(&path).await.expect(303).status };
                run_or_die(&double, back).await.is_none()
            } else {
                let event = double.event("checkout.session.completed", &session);
                post(&stage, &event).await.expect(200);
                run_or_die(&double, stage.work()).await.is_none()
            };
            if died {
                kills += 1;
                restart(&stage);
            }
            stage.world.clock.advance(SignedDuration::from_mins(4));
            stage.work().await;
            let now = state(&stage, id(&booking)).await;
            assert_eq!(now, State::Confirmed, "round {round}: paid, and no service");
            paid += 18_000;
            if random.below(2) == 0 {
                aina.cancel(&booking).await.expect(303);
                paid -= 18_000;
                arm();
                if run_or_die(&double, stage.work()).await.is_none() {
                    kills += 1;
                    restart(&stage);
                    stage.work().await;
                }
            }
            assert_eq!(
                (ledger(&stage).await, double.balance()),
                (paid, paid),
                "round {round}"
            );
            assert_eq!(double.sessions().len(), round + 1, "round {round}");
            assert_eq!(wrong(&stage).await, [""; 0], "round {round}");
        }
        assert!(kills >= rounds(), "{kills}");
    });
}
