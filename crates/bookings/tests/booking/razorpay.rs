//! Tests of paying with Razorpay, against a test double: signatures, events, and all ways in which
//! a request can fail.

use bookings::booking::State;
use bookings::gateway::KEY_ID;
use jiff::SignedDuration;
use platform::random::Random;
use platform::sql;
use testkit::{Page, first_round, rounds};

use crate::double::{Fault, run_or_die};
use crate::razorpay_double::{Posted, Razorpay};
use crate::stage::{
    Booking, Person, Stage, again, held, ledger, on_both, on_default, provider, rows, state, wrong,
};

/// A site whose only gateway is the test double of Razorpay.
pub(crate) async fn with_razorpay<'w>(stage: &Stage<'w>) -> (Stage<'w>, Razorpay) {
    let double = Razorpay::start().await;
    (stage.clone().with_settings(double.settings()), double)
}

pub(crate) fn id(booking: &str) -> &str {
    booking.rsplit('/').next().unwrap()
}

/// Presses the button “Pay”.
pub(crate) async fn press(person: &mut Person, pay: &str) -> Page {
    let page = person.browser.get(pay).await;
    let form = page.expect(200).form(&format!("{pay}/checkout"));
    person.browser.submit(&page, &form).await
}

/// Presses “Pay”. Returns the order's id at the gateway.
pub(crate) async fn open(person: &mut Person, pay: &str) -> String {
    let page = press(person, pay).await;
    let forms = page.expect(200).forms();
    let there = |form: &&testkit::Form| form.action.ends_with("/v1/checkout/embedded");
    let form = forms.iter().find(there).unwrap();
    form.value("order_id").unwrap().to_owned()
}

/// Opens the return URL as the gateway makes a browser do, without cookies, some seconds after the
/// gateway was last asked.
pub(crate) async fn come_back(
    stage: &Stage<'_>,
    pay: &str,
    fields: &[(&'static str, String)],
) -> Page {
    stage.world.clock.advance(SignedDuration::from_secs(5));
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    stage
        .visitor()
        .post(&format!("{pay}/return"), &fields)
        .await
}

pub(crate) async fn post(stage: &Stage<'_>, event: &Posted) -> Page {
    let mut visitor = stage.visitor();
    visitor.header("x-razorpay-signature", &event.signature);
    visitor.header("x-razorpay-event-id", &event.id);
    let body = event.body.clone().into();
    let kind = Some("application/json");
    visitor
        .send("POST".parse().unwrap(), "/hooks/pay/razorpay", kind, body)
        .await
}

/// Posts an event, and runs its job.
async fn hear(stage: &Stage<'_>, event: &Posted) {
    post(stage, event).await.expect(200);
    stage.work().await;
}

/// Opens the return URL after a payment.
pub(crate) async fn come_back_paid(stage: &Stage<'_>, pay: &str, order: &str, payment: &str) {
    let fields = Razorpay::returned(order, payment);
    come_back(stage, pay, &fields).await.expect(303);
}

pub(crate) async fn outcomes(stage: &Stage<'_>) -> Vec<String> {
    let all: Vec<(String,)> = rows(
        stage,
        sql!("SELECT outcome FROM gateway_event ORDER BY event_id"),
    )
    .await;
    all.into_iter().map(|(outcome,)| outcome).collect()
}

#[test]
fn somebody_pays_on_its_page_and_gets_the_money_back() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_razorpay(stage).await;
        let (mut aina, pay, booking) = held(&stage, "2026-12-01").await;
        let page = press(&mut aina, &pay).await;
        let policy = page.header("content-security-policy").to_owned();
        assert!(
            policy.contains(&format!("form-action 'self' {}", double.url)),
            "{policy}"
        );
        assert!(policy.contains("script-src 'self';"), "{policy}");
        let forms = page.expect(200).forms();
        let form = forms
            .iter()
            .find(|form| form.action.starts_with(&double.url))
            .unwrap();
        assert_eq!(form.value("amount"), Some("18000"));
        assert_eq!(form.value("currency"), Some("MYR"));
        assert!(
            form.value("callback_url")
                .unwrap()
                .ends_with(&format!("{pay}/return"))
        );
        let order = form.value("order_id").unwrap().to_owned();
        // Pressing “Pay” again leads to the same order at the gateway.
        assert_eq!(open(&mut aina, &pay).await, order);
        assert_eq!(double.orders(), 1);
        // The site captures the authorized payment, with exactly the order's amount.
        let payment = double.pay(&order, "authorized");
        let back = Razorpay::returned(&order, &payment);
        come_back(&stage, &pay, &back).await.expect(303);
        assert_eq!(state(&stage, id(&booking)).await, State::Confirmed);
        assert_eq!((ledger(&stage).await, double.balance()), (18_000, 18_000));
        // Opening the return URL again changes nothing.
        come_back(&stage, &pay, &back).await.expect(303);
        assert_eq!(ledger(&stage).await, 18_000);
        aina.cancel(&booking).await.expect(303);
        stage.work().await;
        assert_eq!((ledger(&stage).await, double.balance()), (0, 0));
    });
}

#[test]
fn a_signature_over_another_order_pays_nothing() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_razorpay(stage).await;
        let mut farah = provider(&stage).await;
        let cheap = farah.offer("2026-12-01", "09:00", 100).await;
        let dear = farah.offer("2026-12-02", "09:00", 90_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let (pay_cheap, _) = aina.hold(&cheap).await;
        let (pay_dear, booking) = aina.hold(&dear).await;
        let order = open(&mut aina, &pay_cheap).await;
        let other = open(&mut aina, &pay_dear).await;
        let payment = double.pay(&order, "captured");
        let back = Razorpay::returned(&order, &payment);
        let page = come_back(&stage, &pay_dear, &back).await;
        assert!(
            page.expect(400)
                .text()
                .contains(&stage.say("problem-payment-mismatch"))
        );
        // The signature is for the cheap order, but the order's id is that of the expensive order.
        let mut mixed = back.clone();
        mixed[0].1 = other;
        let page = come_back(&stage, &pay_dear, &mixed).await;
        assert!(
            page.expect(400)
                .text()
                .contains(&stage.say("problem-payment-signature"))
        );
        assert_eq!(state(&stage, id(&booking)).await, State::PendingPayment);
        assert_eq!(ledger(&stage).await, 0);
        // After a failed payment, the site sends no request to the gateway, and the page reports
        // the failure.
        let failed = [("error[code]", "BAD_REQUEST_ERROR".to_owned())];
        let page = come_back(&stage, &pay_dear, &failed).await;
        assert_eq!(
            page.expect(303).location(),
            Some(&*format!("{pay_dear}?failed=1"))
        );
    });
}

#[test]
fn another_amount_or_currency_grants_nothing_and_goes_back() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_razorpay(stage).await;
        let (mut aina, pay, booking) = held(&stage, "2026-12-01").await;
        let order = open(&mut aina, &pay).await;
        for (amount, currency) in [(17_999, "MYR"), (18_000, "INR")] {
            let payment = double.pay_other(&order, amount, currency, "captured");
            come_back_paid(&stage, &pay, &order, &payment).await;
            stage.work().await;
            assert_eq!(state(&stage, id(&booking)).await, State::PendingPayment);
            assert_eq!((ledger(&stage).await, double.balance()), (0, 0));
        }
        // The site does not capture an authorization for another amount.
        double.pay_other(&order, 20_000, "MYR", "authorized");
        let payment = double.pay(&order, "captured");
        come_back_paid(&stage, &pay, &order, &payment).await;
        assert_eq!(state(&stage, id(&booking)).await, State::Confirmed);
        assert_eq!(double.balance(), 18_000);
    });
}

#[test]
fn events_count_once_whenever_they_come() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_razorpay(stage).await;
        let (mut aina, pay, booking) = held(&stage, "2026-12-01").await;
        let order = open(&mut aina, &pay).await;
        let payment = double.pay(&order, "captured");
        let captured = double.event("payment.captured", &payment);
        // An event is not stored if it has no signature, or the signature of another body.
        for forged in [
            Posted {
                signature: String::new(),
                ..captured.clone()
            },
            Posted {
                body: captured.body.replace("captured", "failed"),
                ..captured.clone()
            },
        ] {
            post(&stage, &forged).await.expect(401);
        }
        assert_eq!(outcomes(&stage).await, [""; 0]);
        // The events arrive in the wrong order, and some of them twice.
        let paid = double.event("order.paid", &payment);
        let authorized = double.event("payment.authorized", &payment);
        for event in [&paid, &captured, &captured, &authorized, &paid] {
            hear(&stage, event).await;
        }
        assert_eq!(outcomes(&stage).await, ["done"; 3]);
        assert_eq!(state(&stage, id(&booking)).await, State::Confirmed);
        assert_eq!(ledger(&stage).await, 18_000);
        // An event that was already processed causes no request to the gateway.
        let calls = double.calls().len();
        hear(&stage, &paid).await;
        assert_eq!(double.calls().len(), calls);
        // The event is about an order that does not belong to this site.
        let stranger = double.pay_other("order_999", 5_000, "MYR", "captured");
        hear(&stage, &double.event("payment.captured", &stranger)).await;
        assert_eq!(outcomes(&stage).await.last().unwrap(), "unmatched");
        // A site without keys for the gateway does not accept events.
        let mut none = double.settings();
        none.set_line(KEY_ID, "");
        let off = stage.clone().with_settings(none);
        post(&off, &paid).await.expect(404);
    });
}

#[test]
fn what_fails_on_the_way_is_tried_again_and_made_once() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_razorpay(stage).await;
        let (mut aina, pay, booking) = held(&stage, "2026-12-01").await;
        // The gateway cannot be reached, or responds with 503.
        for fault in [Fault::Before, Fault::Status(503)] {
            double.fail(0, fault);
            let page = press(&mut aina, &pay).await;
            let told = stage.say("problem-gateway-unavailable");
            assert!(page.expect(502).text().contains(&told));
        }
        // The gateway creates the order, but the response is lost. When “Pay” is pressed again, the
        // site finds that order.
        double.fail(1, Fault::After);
        press(&mut aina, &pay).await.expect(502);
        let order = open(&mut aina, &pay).await;
        assert_eq!(double.orders(), 1);
        // When the browser returns, the gateway does not respond. A job therefore polls it again
        // soon.
        let payment = double.pay(&order, "captured");
        double.fail(0, Fault::Status(500));
        let back = come_back(&stage, &pay, &Razorpay::returned(&order, &payment)).await;
        let shown = aina.browser.follow(back).await;
        assert!(shown.expect(200).text().contains(&stage.say("pay-waiting")));
        stage.world.clock.advance(SignedDuration::from_secs(10));
        stage.work().await;
        assert_eq!(state(&stage, id(&booking)).await, State::Confirmed);
        // The gateway makes the refund, but the response is lost. The job's next request has the
        // same idempotency key.
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
fn a_lost_payment_is_found_by_polling_or_by_comparing_the_books() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_razorpay(stage).await;
        let (mut aina, pay, booking) = held(&stage, "2026-12-10").await;
        let order = open(&mut aina, &pay).await;
        double.pay(&order, "captured");
        stage.world.clock.advance(SignedDuration::from_mins(4));
        stage.work().await;
        assert_eq!(state(&stage, id(&booking)).await, State::Confirmed);
        // The site polls the gateway about an order for two days. A payment after that time is
        // found by comparing the records of both sides.
        let mut daniel = stage.person("Daniel Tan").await;
        let mut mei = stage
            .person_as("Mei Lin", bookings::provider::PROVIDER)
            .await;
        let slot = mei.offer("2026-12-10", "11:00", 18_000).await;
        let (pay, booking) = daniel.hold(&slot).await;
        let order = open(&mut daniel, &pay).await;
        for _ in 0..80 {
            stage.world.clock.advance(SignedDuration::from_hours(1));
            stage.work().await;
        }
        assert_eq!(state(&stage, id(&booking)).await, State::Expired);
        double.pay(&order, "captured");
        stage.world.clock.advance(SignedDuration::from_hours(24));
        stage.work().await;
        assert_eq!(state(&stage, id(&booking)).await, State::Confirmed);
    });
}

#[test]
fn a_second_attempt_gets_a_new_order_where_the_first_order_refuses_it() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_razorpay(stage).await;
        let (mut aina, pay, booking) = held(&stage, "2026-12-01").await;
        let first = open(&mut aina, &pay).await;
        let failed = double.pay(&first, "failed");
        let refused = |metadata: String| {
            let code = ("error[code]", "BAD_REQUEST_ERROR".to_owned());
            vec![code, ("error[metadata]", metadata)]
        };
        // An attempt that failed may be followed by another one on the same order.
        let with_payment = format!(r#"{{"payment_id":"{failed}","order_id":"{first}"}}"#);
        come_back(&stage, &pay, &refused(with_payment))
            .await
            .expect(303);
        assert_eq!(open(&mut aina, &pay).await, first);
        // Here Razorpay made no attempt. One failed attempt leads to one new order, whoever posts.
        let without = format!(r#"{{"order_id":"{first}"}}"#);
        come_back(&stage, &pay, &refused(without.clone()))
            .await
            .expect(303);
        let second = open(&mut aina, &pay).await;
        assert_ne!(second, first);
        stage.world.clock.advance(SignedDuration::from_secs(5));
        come_back(&stage, &pay, &refused(without)).await.expect(303);
        assert_eq!(open(&mut aina, &pay).await, second);
        assert_eq!(double.orders(), 2);
        // Money for either of them counts, and what is too much goes back.
        for order in [&first, &second] {
            let payment = double.pay(order, "captured");
            post(&stage, &double.event("payment.captured", &payment))
                .await
                .expect(200);
        }
        stage.work().await;
        assert_eq!(state(&stage, id(&booking)).await, State::Confirmed);
        assert_eq!((ledger(&stage).await, double.balance()), (18_000, 18_000));
        assert_eq!(wrong(&stage).await, [""; 0]);
    });
}

#[test]
fn a_refund_that_takes_long_is_asked_about_until_it_ends() {
    on_default(&async |stage: &Stage<'_>| {
        let (stage, double) = with_razorpay(stage).await;
        let mut owner = stage.person_as("Siti Owner", identity::grant::OWNER).await;
        let mut farah = provider(&stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        double.answer_refunds("pending");
        for (day, end, left) in [
            ("2026-12-01", "processed", 0),
            ("2026-12-02", "failed", 18_000),
        ] {
            let slot = farah.offer(day, "09:00", 18_000).await;
            let (pay, booking) = aina.hold(&slot).await;
            let order = open(&mut aina, &pay).await;
            let payment = double.pay(&order, "captured");
            come_back_paid(&stage, &pay, &order, &payment).await;
            aina.cancel(&booking).await.expect(303);
            stage.work().await;
            assert_eq!(ledger(&stage).await, 18_000, "not yet: {end}");
            let refund = double.end_refunds(end).pop().unwrap();
            // If no event arrives, the job asks the gateway about the refund after some hours.
            if end == "processed" {
                post(&stage, &double.event("refund.processed", &refund))
                    .await
                    .expect(200);
            } else {
                stage.world.clock.advance(SignedDuration::from_hours(7));
            }
            stage.work().await;
            assert_eq!(ledger(&stage).await, left, "{end}");
        }
        let text = owner.browser.get("/me/notices").await.text();
        let told = stage.fill(
            "booking-notice-refund-failed",
            [("about", "RM 180.00".into())],
        );
        assert!(text.contains(&told), "{text}");
    });
}

/// Advances the clock so that the leases of the killed process expire.
pub(crate) fn restart(stage: &Stage<'_>) {
    stage.world.clock.advance(SignedDuration::from_secs(61));
}

#[test]
fn a_kill_between_gateway_and_store_loses_neither_money_nor_service() {
    on_both(&async |stage: &Stage<'_>| {
        let (stage, double) = with_razorpay(stage).await;
        let mut farah = provider(&stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let random = Random::seeded(30 + first_round());
        let (mut kills, mut paid) = (0, 0);
        for round in 0..rounds() {
            again(&stage).await;
            let day = jiff::civil::date(2026, 12, 1);
            let day = day.checked_add(jiff::Span::new().days(i64::try_from(round).unwrap()));
            let slot = farah
                .offer(&day.unwrap().to_string(), "09:00", 18_000)
                .await;
            let (pay, booking) = aina.hold(&slot).await;
            // In each phase, the process is killed at one of the next requests, either before or
            // after the gateway processes the request.
            let arm = || {
                let faults = [Fault::SilentBefore, Fault::SilentAfter];
                let fault = faults[random.below(2) as usize];
                double.fail(random.below(3) as usize, fault);
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
            let order = open(&mut aina, &pay).await;
            let state_paid = ["captured", "authorized"][random.below(2) as usize];
            let payment = double.pay(&order, state_paid);
            // Whoever returns within 5 s of the last question causes no other.
            stage.world.clock.advance(SignedDuration::from_secs(5));
            arm();
            let way = random.below(3);
            let died = match way {
                0 => {
                    let fields = Razorpay::returned(&order, &payment);
                    let (mut visitor, path) = (stage.visitor(), format!("{pay}/return"));
                    let back = async move {
                        let fields: Vec<(&str, &str)> = fields
                            .iter()
                            .map(|(name, value)| (*name, value.as_str()))
                            .collect();
                        visitor.post(&path, &fields).await.expect(303);
                    };
                    run_or_die(&double, back).await.is_none()
                }
                1 => {
                    post(&stage, &double.event("payment.captured", &payment))
                        .await
                        .expect(200);
                    run_or_die(&double, stage.work()).await.is_none()
                }
                // The browser does not return, and no event arrives.
                _ => false,
            };
            double.recover();
            if died {
                kills += 1;
                restart(&stage);
            }
            stage.world.clock.advance(SignedDuration::from_mins(4));
            arm();
            if run_or_die(&double, stage.work()).await.is_none() {
                kills += 1;
                restart(&stage);
                stage.work().await;
            }
            double.recover();
            let is_confirmed = state(&stage, id(&booking)).await == State::Confirmed;
            assert!(is_confirmed, "round {round}: paid {way}, and no service");
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
                double.recover();
            }
            assert_eq!(ledger(&stage).await, paid, "round {round}");
            assert_eq!(double.balance(), paid, "round {round}");
            assert_eq!(double.orders(), round + 1, "round {round}");
            assert_eq!(wrong(&stage).await, [""; 0], "round {round}");
        }
        assert!(kills >= rounds(), "{kills}");
        // The comparison with the gateway's records finds no difference, so the site sends no
        // requests about single payments.
        stage.world.clock.advance(SignedDuration::from_hours(24));
        let before = double.calls().len();
        stage.work().await;
        let calls = double.calls().split_off(before);
        let compared = calls
            .iter()
            .filter(|call| *call == "GET /v1/payments")
            .count();
        assert!(compared > 0, "{calls:?}");
        assert_eq!(calls.len(), compared, "{calls:?}");
    });
}
