//! Tests of refunds that administrators ask for.

use bookings::booking::State;
use identity::grant::OWNER;
use identity::session::sudo::LIFETIME;
use jiff::SignedDuration;
use platform::sql;
use serde_json::{Value, json};
use testkit::{Page, rounds, together};

use crate::credits;
use crate::stage::{
    Booking, Person, Stage, held, ledger, on_both, on_default, prove, provider, run, script, state,
    wrong,
};

const REFUNDS: &str = "/api/v1/admin/refunds";

async fn get(stage: &Stage<'_>, who: &Person, path: &str) -> Value {
    script(stage, who).get(path).await.expect(200).json()["items"].clone()
}

/// The id of the latest payment.
pub(crate) async fn payment(stage: &Stage<'_>, owner: &Person) -> String {
    let all = get(stage, owner, "/api/v1/admin/payments").await;
    all[0]["id"].as_str().unwrap().to_owned()
}

pub(crate) async fn refund(stage: &Stage<'_>, who: &Person, payment: &str, amount: i64) -> Page {
    let body = json!({"payment_id": payment, "amount_minor": amount,
        "reason": "The room was cold"});
    let mut who = script(stage, who);
    who.call("POST".parse().unwrap(), REFUNDS, &body).await
}

#[test]
fn a_part_goes_back_as_goodwill_and_cancelling_pays_the_rest() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let (mut aina, pay, booking) = held(stage, "2026-12-01").await;
        aina.pay(&pay, "pay").await.expect(200);
        let paid = payment(stage, &owner).await;
        prove(stage, &mut owner).await;
        for (amount, status) in [(0, 422), (18_001, 422), (5_000, 202), (13_001, 409)] {
            refund(stage, &owner, &paid, amount).await.expect(status);
        }
        stage.work().await;
        let id = booking.rsplit('/').next().unwrap();
        assert_eq!(state(stage, id).await, State::Confirmed);
        assert_eq!(ledger(stage).await, 13_000);
        let orders = get(stage, &owner, "/api/v1/admin/orders").await;
        assert_eq!(
            (&orders[0]["state"], &orders[0]["payer"]),
            (&json!("partially_refunded"), &json!("Aina Yusof"))
        );
        assert_eq!(wrong(stage).await, [""; 0]);
        // The list is in the order of their times.
        stage.world.clock.advance(SignedDuration::from_secs(1));
        aina.cancel(&booking).await.expect(303);
        stage.work().await;
        assert_eq!(ledger(stage).await, 0);
        let all = get(stage, &owner, REFUNDS).await;
        let reasons: Vec<&str> = all
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["reason"].as_str().unwrap())
            .collect();
        assert_eq!(reasons, ["cancelled", "The room was cold"]);
        let page = refund(stage, &owner, &paid, 1).await;
        assert_eq!(page.expect(409).json()["left_minor"], 0);
    });
}

#[test]
fn credits_of_a_refunded_plan_are_frozen_and_then_gone() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let plan = credits::plan(&mut owner, 3).await;
        let pay = credits::order(&mut aina, &plan).await;
        aina.pay(&pay, "pay").await.expect(200);
        let slot = credits::offer(&mut farah, "2026-12-01").await;
        let led = aina.book(&slot).await;
        let booked = led.expect(303).location().unwrap().to_owned();
        let booked = booked.split('?').next().unwrap();
        let paid = payment(stage, &owner).await;
        prove(stage, &mut owner).await;
        refund(stage, &owner, &paid, 10_000).await.expect(202);
        // While the money goes back, no credit of the plan can be spent.
        assert_eq!(credits::credits(&mut aina).await, 0);
        assert_eq!(wrong(stage).await, [""; 0]);
        stage.work().await;
        assert_eq!(credits::credits(&mut aina).await, 2);
        refund(stage, &owner, &paid, 20_000).await.expect(202);
        stage.work().await;
        assert_eq!(credits::credits(&mut aina).await, 0);
        assert_eq!((ledger(stage).await, wrong(stage).await.len()), (0, 0));
        // A credit that comes back later was paid back too.
        aina.cancel(booked).await.expect(303);
        assert_eq!(credits::credits(&mut aina).await, 0);
        assert_eq!(wrong(stage).await, [""; 0]);
    });
}

#[test]
fn the_check_finds_credits_that_do_not_follow_their_refunds() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut aina = stage.person("Aina Yusof").await;
        let plan = credits::plan(&mut owner, 3).await;
        let pay = credits::order(&mut aina, &plan).await;
        aina.pay(&pay, "pay").await.expect(200);
        for (harm, mend, found) in [
            (
                sql!("UPDATE credit_lot SET frozen = 1"),
                sql!("UPDATE credit_lot SET frozen = 0"),
                "credits are frozen, and no money for them goes back, or the reverse",
            ),
            (
                sql!("UPDATE booking_order SET state = 'refunded'"),
                sql!("UPDATE booking_order SET state = 'paid'"),
                "an order was refunded in full, and its credits can still be spent",
            ),
        ] {
            run(stage, harm).await;
            let all = wrong(stage).await;
            assert!(all.iter().any(|one| one.starts_with(found)), "{all:?}");
            run(stage, mend).await;
        }
    });
}

#[test]
fn a_refund_that_fails_releases_the_credits() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut aina = stage.person("Aina Yusof").await;
        let plan = credits::plan(&mut owner, 3).await;
        let pay = credits::order(&mut aina, &plan).await;
        aina.pay(&pay, "stuck").await.expect(200);
        let paid = payment(stage, &owner).await;
        prove(stage, &mut owner).await;
        refund(stage, &owner, &paid, 30_000).await.expect(202);
        stage.work().await;
        assert_eq!(get(stage, &owner, REFUNDS).await[0]["state"], "failed");
        assert_eq!(credits::credits(&mut aina).await, 3);
        assert_eq!(ledger(stage).await, 30_000);
    });
}

#[test]
fn a_refund_needs_an_administrator_with_a_recent_proof_and_shows_the_rule() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut aina = stage.person("Aina Yusof").await;
        let plan = credits::plan(&mut owner, 3).await;
        let pay = credits::order(&mut aina, &plan).await;
        aina.pay(&pay, "pay").await.expect(200);
        let paid = payment(stage, &owner).await;
        let at = format!("/admin/refunds/{paid}");
        prove(stage, &mut aina).await;
        refund(stage, &aina, &paid, 1).await.expect(403);
        for path in ["/admin/refunds", &at] {
            aina.browser.get(path).await.expect(403);
        }
        for path in [REFUNDS, "/api/v1/admin/payments", "/api/v1/admin/orders"] {
            script(stage, &aina).get(path).await.expect(403);
        }
        let body = json!({"payment_id": paid, "amount_minor": 1, "reason": "The room was cold"});
        owner.call("POST", REFUNDS, &body).await.expect(403);
        stage.world.clock.advance(LIFETIME);
        let page = refund(stage, &owner, &paid, 1).await;
        assert_eq!(page.expect(403).json()["code"], "sudo_required");
        prove(stage, &mut owner).await;
        let orders = owner.browser.get("/admin/orders").await;
        assert_eq!(orders.link(&stage.say("refund-link")).href, at);
        let page = owner.browser.get(&at).await;
        let clause = stage.fill("refund-clause-unused", [("days", 7.into())]);
        assert!(page.expect(200).text().contains(&clause), "{}", page.text());
        let mut form = page.form(&at);
        assert_eq!(form.value("amount_minor"), Some("300.00"));
        form.fill("reason", "No");
        owner.browser.submit(&page, &form).await.expect(422);
        form.fill("reason", "Moved abroad");
        owner.browser.submit(&page, &form).await.expect(303);
        stage.work().await;
        let text = owner.browser.get("/admin/refunds").await.text();
        assert!(
            text.contains("Moved abroad") && text.contains("RM 300.00"),
            "{text}"
        );
    });
}

#[test]
fn two_refunds_at_once_never_exceed_the_payment() {
    on_both(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut aina = stage.person("Aina Yusof").await;
        let plan = credits::plan(&mut owner, 3).await;
        for round in 0..rounds().min(8) {
            stage.world.clock.advance(SignedDuration::from_secs(1));
            let pay = credits::order(&mut aina, &plan).await;
            aina.pay(&pay, "pay").await.expect(200);
            let paid = payment(stage, &owner).await;
            prove(stage, &mut owner).await;
            let ask = || {
                let mut owner = script(stage, &owner);
                let body = json!({"payment_id": paid, "amount_minor": 20_000,
                    "reason": "The room was cold"});
                async move {
                    let page = owner.call("POST".parse().unwrap(), REFUNDS, &body).await;
                    page.status.as_u16()
                }
            };
            let (one, other) = together(ask(), ask()).await;
            let mut both = [one, other];
            both.sort_unstable();
            assert_eq!(both, [202, 409], "round {round}");
            stage.work().await;
            assert_eq!(wrong(stage).await, [""; 0], "round {round}");
        }
    });
}

#[test]
fn a_credit_is_booked_before_its_money_goes_back_or_not_at_all() {
    on_both(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        let plan = credits::plan(&mut owner, 1).await;
        for round in 0..rounds().min(8) {
            stage.world.clock.advance(SignedDuration::from_secs(1));
            let mut aina = stage.person(&format!("Aina {round}")).await;
            let pay = credits::order(&mut aina, &plan).await;
            aina.pay(&pay, "pay").await.expect(200);
            let day = format!("2026-12-{:02}", round + 1);
            let slot = credits::offer(&mut farah, &day).await;
            let paid = payment(stage, &owner).await;
            prove(stage, &mut owner).await;
            let (mut admin, mut member) = (script(stage, &owner), script(stage, &aina));
            let back = json!({"payment_id": paid, "amount_minor": 30_000,
                "reason": "The room was cold"});
            let new = json!({"slot_id": slot["id"], "slot_version": slot["version"]});
            let ask = async move { admin.call("POST".parse().unwrap(), REFUNDS, &back).await };
            let book = async move {
                let path = "/api/v1/bookings";
                member.call("POST".parse().unwrap(), path, &new).await
            };
            let (asked, booked) = together(ask, book).await;
            asked.expect(202);
            let status = booked.status.as_u16();
            assert!(matches!(status, 201 | 422), "round {round}: {status}");
            stage.work().await;
            assert_eq!(credits::credits(&mut aina).await, 0, "round {round}");
            assert_eq!(wrong(stage).await, [""; 0], "round {round}");
        }
    });
}

#[test]
fn the_page_of_money_says_what_came_in_went_back_and_waits_in_a_month() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let (mut aina, pay, _) = held(stage, "2026-12-01").await;
        owner.sees("/admin/money", &stage.say("money-unpaid")).await;
        aina.pay(&pay, "pay").await.expect(200);
        let paid = payment(stage, &owner).await;
        prove(stage, &mut owner).await;
        refund(stage, &owner, &paid, 5_000).await.expect(202);
        let under_way = stage.say("money-under-way");
        owner.sees("/admin/money", &under_way).await;
        stage.work().await;
        let page = owner.browser.get("/admin/money").await.with(200);
        for said in ["November 2026", "RM 180.00", "RM 50.00"] {
            assert!(page.text().contains(said), "{said}: {}", page.text());
        }
        for message in ["money-under-way", "money-unpaid"] {
            assert!(!page.text().contains(&stage.say(message)), "{message}");
        }
        let before = page.link(&stage.say("money-month-before")).href;
        assert_eq!(before, "/admin/money?month=2026-10");
        let page = owner.browser.get(&before).await.with(200);
        assert!(!page.text().contains("RM 180.00"), "{}", page.text());
        let next = page.link(&stage.say("money-month-next")).href;
        owner.sees(&next, "RM 180.00").await;
    });
}
