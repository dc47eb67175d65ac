//! Tests of payments and their failures. Nobody pays without getting a session, and nobody gets a
//! session without paying.

use bookings::booking::State;
use jiff::SignedDuration;
use platform::sql;
use serde_json::json;

use crate::stage::{Booking, Stage, held, ledger, on_both, provider, rows, run, state};

fn id(booking: &str) -> &str {
    booking.rsplit('/').next().unwrap()
}

async fn refunds(stage: &Stage<'_>) -> Vec<(String, String, i64)> {
    rows(
        stage,
        sql!("SELECT reason, state, amount_minor FROM refund ORDER BY created_at, id"),
    )
    .await
}

fn one(reason: &str, state: &str, minor: i64) -> Vec<(String, String, i64)> {
    vec![(reason.to_owned(), state.to_owned(), minor)]
}

#[test]
fn what_is_paid_is_booked_and_comes_back_when_it_is_cancelled_in_time() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut aina, pay, booking) = held(stage, "2026-12-01").await;
        assert_eq!(state(stage, id(&booking)).await, State::PendingPayment);
        let text = aina.browser.get(&pay).await.text();
        let until = stage.fill(
            "pay-until",
            [("time", "today, Fri 20 Nov, 4:15 pm (Kuala Lumpur)".into())],
        );
        assert!(
            text.contains(&until) && text.contains("RM 180.00"),
            "{text}"
        );
        let page = aina.pay(&pay, "pay").await;
        assert!(
            page.expect(200)
                .text()
                .contains(&stage.say("booking-was-paid"))
        );
        assert_eq!(state(stage, id(&booking)).await, State::Confirmed);
        assert_eq!(ledger(stage).await, 18_000);
        let mails = stage.world.mails().await;
        let receipt = stage.start("booking-mail-receipt");
        assert!(mails.iter().any(|mail| mail.subject.starts_with(&receipt)));
        // The confirmation page states the amount of the refund.
        let page = aina.browser.get(&booking).await;
        let form = page.form(&format!("{booking}/cancel"));
        let asked = aina.browser.submit(&page, &form).await;
        assert!(asked.expect(200).text().contains("RM 180.00"));
        aina.cancel(&booking).await.expect(303);
        aina.sees(&booking, &stage.say("order-comes-back")).await;
        stage.work().await;
        assert_eq!(refunds(stage).await, one("cancelled", "processed", 18_000));
        assert_eq!(ledger(stage).await, 0);
        aina.sees(&booking, &stage.say("order-refunded")).await;
    });
}

#[test]
fn a_member_who_pays_hears_that_the_provider_cancels() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 18_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let (_, booking) = aina.hold(&slot).await;
        let page = farah.browser.get(&booking).await;
        let mut form = page.expect(200).form(&format!("{booking}/cancel"));
        form.fill("reason", "Fever");
        let asked = farah.browser.submit(&page, &form).await;
        let text = asked.expect(200).text();
        assert!(text.contains("is not offered any more"), "{text}");
        assert!(!text.contains("becomes free"), "{text}");
        farah.cancel(&booking).await.expect(303);
        let mails = stage.world.mails().await;
        let told: Vec<_> = mails.iter().map(|mail| mail.recipient.as_str()).collect();
        assert_eq!(told, ["Aina.Yusof@example.my"]);
        assert!(
            mails[0].subject.starts_with("Cancelled: "),
            "{}",
            mails[0].subject
        );
    });
}

#[test]
fn after_its_window_the_provider_of_a_paid_booking_cancels_it_and_all_is_paid_back() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-11-21", "12:00", 18_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let (pay, booking) = aina.hold(&slot).await;
        aina.pay(&pay, "pay").await.expect(200);
        let page = aina.browser.get(&booking).await;
        assert!(page.text().contains(&stage.say("booking-cancel-closed")));
        // The provider can cancel after the member's deadline, and the whole payment is refunded.
        farah.cancel(&booking).await.expect(303);
        stage.work().await;
        assert_eq!(refunds(stage).await, one("cancelled", "processed", 18_000));
    });
}

#[test]
fn a_payment_that_fails_may_be_tried_again() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut aina, pay, booking) = held(stage, "2026-12-01").await;
        let page = aina.pay(&pay, "fail").await;
        assert!(page.expect(200).text().contains(&stage.say("pay-failed")));
        assert_eq!(ledger(stage).await, 0);
        stage.world.clock.advance(SignedDuration::from_secs(5));
        aina.pay(&pay, "pay").await.expect(200);
        assert_eq!(state(stage, id(&booking)).await, State::Confirmed);
    });
}

#[test]
fn money_of_a_browser_that_never_comes_back_is_found() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut aina, pay, booking) = held(stage, "2026-12-01").await;
        aina.press(&pay, "lost").await.expect(303);
        assert_eq!(state(stage, id(&booking)).await, State::PendingPayment);
        stage.world.clock.advance(SignedDuration::from_mins(4));
        stage.work().await;
        assert_eq!(state(stage, id(&booking)).await, State::Confirmed);
        assert_eq!(ledger(stage).await, 18_000);
    });
}

#[test]
fn what_is_paid_twice_or_wrongly_goes_back() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut aina, pay, booking) = held(stage, "2026-12-01").await;
        aina.pay(&pay, "wrong").await.expect(200);
        assert_eq!(state(stage, id(&booking)).await, State::PendingPayment);
        stage.work().await;
        assert_eq!(
            refunds(stage).await,
            one("amount_mismatch", "processed", 17_999)
        );
        let values = [("sum", "RM 179.99".into()), ("price", "RM 180.00".into())];
        aina.sees(&pay, &stage.fill("pay-wrong-sum", values)).await;
        aina.pay(&pay, "twice").await.expect(200);
        stage.work().await;
        assert_eq!(state(stage, id(&booking)).await, State::Confirmed);
        assert_eq!(refunds(stage).await.len(), 2);
        assert_eq!(ledger(stage).await, 18_000);
    });
}

#[test]
fn a_refund_that_fails_is_told_and_reserves_nothing() {
    on_both(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", identity::grant::OWNER).await;
        let (mut aina, pay, booking) = held(stage, "2026-12-01").await;
        aina.pay(&pay, "stuck").await.expect(200);
        aina.cancel(&booking).await.expect(303);
        stage.work().await;
        assert_eq!(refunds(stage).await, one("cancelled", "failed", 18_000));
        assert_eq!(ledger(stage).await, 18_000);
        let text = owner.browser.get("/me/notices").await.text();
        let told = stage.fill(
            "booking-notice-refund-failed",
            [("about", "RM 180.00".into())],
        );
        assert!(text.contains(&told), "{text}");
        owner.browser.get("/admin/orders").await.expect(200);
        aina.browser.get("/admin/orders").await.expect(403);
    });
}

#[test]
fn a_receipt_of_one_order_pays_no_other() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let cheap = farah.offer("2026-12-01", "09:00", 100).await;
        let dear = farah.offer("2026-12-02", "09:00", 90_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let (pay_cheap, _) = aina.hold(&cheap).await;
        let back = aina.press(&pay_cheap, "pay").await;
        let back = back.expect(303).location().unwrap().to_owned();
        let (pay_dear, dear) = aina.hold(&dear).await;
        // A return URL is refused if it belongs to another order, or if it is forged.
        let other = back.replace(&pay_cheap, &pay_dear);
        let page = aina.browser.get(&other).await;
        page.expect(400);
        assert!(page.text().contains(&stage.say("problem-payment-mismatch")));
        let forged = back.replace("payment=", "payment=x");
        aina.browser.get(&forged).await.expect(400);
        assert_eq!(state(stage, id(&dear)).await, State::PendingPayment);
        assert_eq!(ledger(stage).await, 0);
        // For other members, the order does not exist.
        let mut daniel = stage.person("Daniel Tan").await;
        daniel.browser.get(&pay_cheap).await.expect(404);
    });
}

#[test]
fn a_hold_ends_and_late_money_gets_the_time_while_it_is_free() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut aina, pay, booking) = held(stage, "2026-12-01").await;
        let back = aina.press(&pay, "pay").await;
        let back = back.expect(303).location().unwrap().to_owned();
        // The gateway reports the payment only later.
        withhold(stage, true).await;
        stage.world.clock.advance(SignedDuration::from_mins(15));
        stage.work().await;
        assert_eq!(state(stage, id(&booking)).await, State::Expired);
        withhold(stage, false).await;
        aina.browser.get(&back).await.expect(303);
        assert_eq!(state(stage, id(&booking)).await, State::Confirmed);
    });
}

/// Hides the payments in the test gateway's records, or shows them again.
pub(crate) async fn withhold(stage: &Stage<'_>, is_withheld: bool) {
    let change = if is_withheld {
        sql!("UPDATE test_payment SET gateway_order_id = 'x' || gateway_order_id")
    } else {
        sql!("UPDATE test_payment SET gateway_order_id = substr(gateway_order_id, 2)")
    };
    run(stage, change).await;
}

#[test]
fn late_money_for_a_time_that_is_taken_goes_back() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 18_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let (pay, booking) = aina.hold(&slot).await;
        let back = aina.press(&pay, "pay").await;
        let back = back.expect(303).location().unwrap().to_owned();
        withhold(stage, true).await;
        stage.world.clock.advance(SignedDuration::from_mins(15));
        stage.work().await;
        let mut daniel = stage.person("Daniel Tan").await;
        let (_, other) = daniel.hold(&slot).await;
        withhold(stage, false).await;
        let page = aina.browser.get(&back).await;
        let page = aina.browser.follow(page).await;
        assert!(
            page.expect(200)
                .text()
                .contains(&stage.say("pay-comes-back"))
        );
        stage.work().await;
        assert_eq!(refunds(stage).await, one("slot_gone", "processed", 18_000));
        assert_eq!(ledger(stage).await, 0);
        assert_eq!(state(stage, id(&booking)).await, State::Expired);
        assert_eq!(state(stage, id(&other)).await, State::PendingPayment);
    });
}

#[test]
fn late_money_for_a_time_that_has_changed_goes_back() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let ways = [
            (json!({"price_minor": 900_000}), State::Expired),
            (
                json!({"price_minor": 0, "credit_kind": "session"}),
                State::Expired,
            ),
            (json!({"minutes": 30}), State::Expired),
            (json!({"title": "A selfie"}), State::Expired),
            (
                json!({"public_note": "Bring your own camera."}),
                State::Expired,
            ),
            (
                json!({"location_kind": "in_person", "area": "Ipoh", "location": "Jalan 1"}),
                State::Expired,
            ),
            // Members do not see these before they have booked.
            (
                json!({"prep_note": "Wear blue.", "location": "https://meet.jit.si/Garden"}),
                State::Confirmed,
            ),
        ];
        for (day, (mut change, expected)) in (1..).zip(ways) {
            let date = format!("2026-12-0{day}");
            let slot = farah.offer(&date, "09:00", 18_000).await;
            let (pay, booking) = aina.hold(&slot).await;
            let back = aina.press(&pay, "pay").await;
            let back = back.expect(303).location().unwrap().to_owned();
            withhold(stage, true).await;
            stage.world.clock.advance(SignedDuration::from_mins(15));
            stage.work().await;
            let path = format!("/api/v1/me/slots/{}", slot["id"].as_str().unwrap());
            // The hold and its end have each changed the version.
            change["version"] = (slot["version"].as_i64().unwrap() + 2).into();
            farah.call("PATCH", &path, &change).await.expect(200);
            withhold(stage, false).await;
            aina.browser.get(&back).await.expect(303);
            stage.work().await;
            assert_eq!(state(stage, id(&booking)).await, expected, "{change}");
            let kept = i64::from(expected == State::Confirmed) * 18_000;
            assert_eq!(ledger(stage).await, kept, "{change}");
        }
    });
}

#[test]
fn so_many_times_are_kept_for_one_person() {
    on_both(&async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut held = Vec::new();
        for day in ["2026-12-01", "2026-12-02"] {
            let slot = farah.offer(day, "09:00", 18_000).await;
            held.push(aina.hold(&slot).await);
        }
        let third = farah.offer("2026-12-03", "09:00", 18_000).await;
        let page = aina.book(&third).await;
        assert!(
            page.expect(429)
                .text()
                .contains(&stage.say("problem-too-many-holds"))
        );
        // A cancelled hold no longer counts, so a third slot can be held.
        aina.cancel(&held[0].1).await.expect(303);
        aina.hold(&third).await;
    });
}
