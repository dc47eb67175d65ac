//! Tests of asking for money back.

use bookings::booking::State;
use identity::grant::{ADMIN, OWNER};
use platform::sql;
use serde_json::{Value, json};
use testkit::Page;

use crate::payouts::{booked, call};
use crate::stage::{
    Booking, Person, Stage, count, ledger, on_both, on_default, prove, rows, script, state,
};

/// The order of the only booking.
async fn order(stage: &Stage<'_>) -> String {
    let all: Vec<(String,)> = rows(stage, sql!("SELECT id FROM booking_order")).await;
    all[0].0.clone()
}

async fn ask(stage: &Stage<'_>, person: &Person, order: &str, text: &str) -> Page {
    let path = format!("/api/v1/orders/{order}/refund-request");
    let body = json!({"text": text});
    call(&mut script(stage, person), "POST", &path, &body).await
}

async fn decide(stage: &Stage<'_>, admin: &Person, id: &Value, body: &Value) -> Page {
    let id = id.as_str().unwrap();
    let path = format!("/api/v1/admin/refund-requests/{id}/decide");
    call(&mut script(stage, admin), "POST", &path, body).await
}

/// How many mails somebody has got whose subject is this message.
async fn mails(stage: &Stage<'_>, message: &str, to: &str) -> usize {
    let start = stage.start(message);
    let all = stage.world.mails().await;
    let to = to.to_lowercase();
    all.iter()
        .filter(|one| {
            one.subject.contains(start.trim()) && one.recipient.to_lowercase().contains(&to)
        })
        .count()
}

#[test]
fn who_cancelled_late_asks_for_the_money_all_the_same() {
    on_both(&async |stage: &Stage<'_>| {
        let (_, mut aina, id) = booked(stage, 18_000).await;
        let mut admin = stage.person_as("Mei Lin", ADMIN).await;
        let order = order(stage).await;
        // A session that is to come is cancelled instead.
        let refused = ask(stage, &aina, &order, "I am ill.").await;
        assert_eq!(refused.expect(422).json()["code"], "refund_not_eligible");
        crate::stage::go_to(stage, "2026-11-23T12:00:00Z").await;
        prove(stage, &mut aina).await;
        let booking = format!("/me/bookings/{id}");
        aina.cancel(&booking).await.expect(303);
        assert_eq!(state(stage, &id).await, State::Cancelled);
        stage.work().await;
        assert_eq!(ledger(stage).await, 18_000);
        // The page of the order has the form; a word alone is too short.
        let pay = format!("/pay/{order}");
        let page = aina.browser.get(&pay).await;
        let mut form = page.expect(200).form(&format!("{pay}/refund"));
        form.fill("text", "Ill");
        aina.browser.submit(&page, &form).await.expect(422);
        form.fill("text", "I was in hospital.");
        aina.browser.submit(&page, &form).await.expect(303);
        let open = ask(stage, &aina, &order, "I was in hospital, really.").await;
        let request = open.expect(200).json()["request"].clone();
        assert_eq!(request["text"], "I was in hospital.");
        aina.sees(&pay, "You asked for your money").await;
        let told = stage.fill("refund-request-notice", [("about", "Aina Yusof".into())]);
        let all = stage.world.mails().await;
        let to_mei = |one: &&testkit::SentMail| one.recipient.starts_with("Mei");
        assert_eq!(
            all.iter()
                .filter(to_mei)
                .filter(|one| one.subject == told)
                .count(),
            1
        );
        // Nothing moves until an administrator answers.
        stage.work().await;
        assert_eq!(ledger(stage).await, 18_000);
        prove(stage, &mut admin).await;
        admin.sees("/admin/refunds", "I was in hospital.").await;
        let too_much = decide(
            stage,
            &admin,
            &request["id"],
            &json!({"amount_minor": 18_001}),
        )
        .await;
        too_much.expect(422);
        // The page says the limits as money, also for what is no amount to pay back.
        let page = admin.browser.get("/admin/refunds").await;
        let path = format!(
            "/admin/refunds/requests/{}",
            request["id"].as_str().unwrap()
        );
        let mut form = page.expect(200).form(&path);
        for typed in ["9000", "180.01", "0"] {
            form.fill("amount_minor", typed).press("do", "grant");
            let refused = admin.browser.submit(&page, &form).await;
            assert!(
                refused
                    .expect(422)
                    .text()
                    .contains("Between RM 0.01 and RM 180.00."),
                "{typed}"
            );
        }
        // The rule has been applied already, so whoever pays more says why.
        let payments: Vec<(String,)> = rows(stage, sql!("SELECT id FROM payment")).await;
        let more = json!({"payment_id": payments[0].0, "amount_minor": 100});
        let mut office = script(stage, &admin);
        let refused = call(&mut office, "POST", "/api/v1/admin/refunds", &more).await;
        assert_eq!(refused.expect(422).json()["clause"], "cancelled_late");
        let part = json!({"amount_minor": 9_000, "reason": "Get well soon."});
        let done = decide(stage, &admin, &request["id"], &part).await;
        assert_eq!(done.expect(200).json()["state"], "granted");
        let again = decide(stage, &admin, &request["id"], &part).await;
        assert_eq!(again.expect(409).json()["code"], "refund_request_settled");
        stage.work().await;
        assert_eq!(ledger(stage).await, 9_000);
        assert_eq!(mails(stage, "refund-request-mail-granted", "aina").await, 1);
        let start = stage.start("refund-request-mail-granted");
        let all = stage.world.mails().await;
        let mut told = all.iter().filter(|one| one.subject.starts_with(&start));
        assert!(told.any(|one| one.subject.ends_with("RM\u{a0}90.00")));
        aina.sees("/me/notices", "RM 90.00").await;
        aina.sees(&pay, "Get well soon.").await;
    });
}

#[test]
fn a_refusal_has_a_reason_that_the_payer_reads() {
    on_default(&async |stage: &Stage<'_>| {
        let (_, mut aina, _) = booked(stage, 18_000).await;
        let mut admin = stage.person_as("Mei Lin", ADMIN).await;
        let order = order(stage).await;
        crate::stage::go_to(stage, "2026-11-24T05:00:00Z").await;
        let asked = ask(stage, &aina, &order, "It was not for me.").await;
        let request = asked.expect(200).json()["request"].clone();
        prove(stage, &mut admin).await;
        let page = admin.browser.get("/admin/refunds").await;
        let path = format!(
            "/admin/refunds/requests/{}",
            request["id"].as_str().unwrap()
        );
        let mut form = page.expect(200).form(&path);
        let what = form.value("ask.what.refuse").unwrap();
        assert!(what.contains("Aina") && what.contains("180"), "{what}");
        form.press("do", "refuse");
        let refused = admin.browser.submit(&page, &form).await;
        refused.expect(422);
        form.fill("reason", "The session took place.");
        admin.browser.submit(&page, &form).await.expect(303);
        stage.work().await;
        assert_eq!(ledger(stage).await, 18_000);
        assert_eq!(mails(stage, "refund-request-mail-refused", "aina").await, 1);
        prove(stage, &mut aina).await;
        aina.sees(&format!("/pay/{order}"), "The session took place.")
            .await;
        // Somebody else's order is not there.
        let daniel = stage.person("Daniel Tan").await;
        ask(stage, &daniel, &order, "Give it to me.")
            .await
            .expect(404);
        assert_eq!(
            count(stage, sql!("SELECT COUNT(*) FROM refund_request")).await,
            1
        );
    });
}

#[test]
fn an_unused_plan_goes_back_at_once() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = crate::credits::plan(&mut owner, 3).await;
        let mut aina = stage.person("Aina Yusof").await;
        let pay = crate::credits::order(&mut aina, &plan).await;
        aina.pay(&pay, "pay").await.expect(200);
        let order = order(stage).await;
        let page = aina.browser.get(&pay).await;
        let form = page.expect(200).form(&format!("{pay}/refund"));
        assert!(form.value("text").is_none());
        let before = ledger(stage).await;
        assert!(before > 0);
        aina.browser.submit(&page, &form).await.expect(303);
        stage.work().await;
        assert_eq!(ledger(stage).await, 0);
        assert_eq!(
            count(stage, sql!("SELECT COUNT(*) FROM refund_request")).await,
            0
        );
        let again = ask(stage, &aina, &order, "Once more, please.").await;
        again.expect(422);
    });
}

/// Buys a plan of five credits, and books three sessions with it.
async fn used_plan(stage: &Stage<'_>, owner: &mut Person, how: &str) -> (Person, Person) {
    let mut farah = crate::stage::provider(stage).await;
    let plan = crate::credits::plan(owner, 5).await;
    let mut aina = stage.person("Aina Yusof").await;
    let pay = crate::credits::order(&mut aina, &plan).await;
    aina.pay(&pay, how).await.expect(200);
    for day in 1..=3 {
        let slot = crate::credits::offer(&mut farah, &format!("2026-12-0{day}")).await;
        aina.book(&slot).await.expect(303);
    }
    (farah, aina)
}

#[test]
fn paying_back_a_used_plan_takes_the_unused_credits_away() {
    on_both(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let (mut farah, mut aina) = used_plan(stage, &mut owner, "pay").await;
        let order = order(stage).await;
        let asked = ask(stage, &aina, &order, "I move abroad.").await;
        let request = asked.expect(200).json()["request"].clone();
        let path = format!(
            "/admin/refunds/requests/{}",
            request["id"].as_str().unwrap()
        );
        prove(stage, &mut owner).await;
        let used = |used: i64| {
            let values = [("used", used.into()), ("granted", 5.into())];
            stage.fill("refund-credits-used", values)
        };
        let list = script(stage, &owner)
            .get("/api/v1/admin/refund-requests")
            .await;
        let first = list.expect(200).json()["items"][0].clone();
        assert_eq!(
            (&first["credits_used"], &first["credits"]),
            (&json!(3), &json!(5))
        );
        // The share of two of five credits is proposed, on the payment's own page as well.
        let payments: Vec<(String,)> = rows(stage, sql!("SELECT id FROM payment")).await;
        let own = format!("/admin/refunds/{}", payments[0].0);
        for (shown, action) in [(own.as_str(), own.as_str()), ("/admin/refunds", &path)] {
            let page = owner.browser.get(shown).await;
            assert!(page.expect(200).text().contains(&used(3)), "{shown}");
            let form = page.form(action);
            assert_eq!(form.value("amount_minor"), Some("120.00"), "{shown}");
            assert_eq!(form.value("credits_used"), Some("3"), "{shown}");
        }
        // The member spends one more before the administrator answers.
        let page = owner.browser.get("/admin/refunds").await;
        let mut form = page.expect(200).form(&path);
        form.press("do", "grant");
        let slot = crate::credits::offer(&mut farah, "2026-12-04").await;
        let led = aina.book(&slot).await;
        let booked = led.expect(303).location().unwrap().to_owned();
        let refused = owner.browser.submit(&page, &form).await;
        let values = [("used", 4.into())];
        let told = stage.fill("problem-credits-changed", values);
        assert!(refused.expect(409).text().contains(&told));
        assert!(refused.text().contains(&used(4)), "{}", refused.text());
        assert_eq!(count(stage, sql!("SELECT COUNT(*) FROM refund")).await, 0);
        let mut form = refused.form(&path);
        form.fill("amount_minor", "60.00").press("do", "grant");
        owner.browser.submit(&refused, &form).await.expect(303);
        let again = owner.browser.submit(&refused, &form).await;
        again.expect(409);
        assert_eq!(crate::credits::credits(&mut aina).await, 0);
        stage.work().await;
        assert_eq!(crate::credits::credits(&mut aina).await, 0);
        assert_eq!(ledger(stage).await, 24_000);
        assert_eq!(crate::stage::wrong(stage).await, [""; 0]);
        // A credit that was spent then was not paid back, so it comes back to the member.
        aina.cancel(booked.split('?').next().unwrap())
            .await
            .expect(303);
        assert_eq!(crate::credits::credits(&mut aina).await, 1);
        assert_eq!(crate::stage::wrong(stage).await, [""; 0]);
    });
}

#[test]
fn a_refund_that_fails_leaves_the_credits_that_go_with_it() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let (mut farah, mut aina) = used_plan(stage, &mut owner, "stuck").await;
        let payments: Vec<(String,)> = rows(stage, sql!("SELECT id FROM payment")).await;
        prove(stage, &mut owner).await;
        let back = json!({"payment_id": payments[0].0, "amount_minor": 12_000,
            "reason": "She moves abroad", "credits_used": 3});
        let mut office = script(stage, &owner);
        let asked = call(&mut office, "POST", "/api/v1/admin/refunds", &back).await;
        asked.expect(202);
        stage.work().await;
        assert_eq!(crate::credits::credits(&mut aina).await, 2);
        // One of them is spent before somebody tries again.
        let slot = crate::credits::offer(&mut farah, "2026-12-04").await;
        aina.book(&slot).await.expect(303);
        let all: Vec<(String,)> = rows(
            stage,
            sql!("SELECT id FROM finding WHERE kind = 'refund_drift'"),
        )
        .await;
        let path = format!("/api/v1/admin/reconcile/{}/apply", all[0].0);
        let refused = call(&mut office, "POST", &path, &Value::Null).await;
        assert_eq!(refused.expect(409).json()["code"], "refund_exceeds");
        assert_eq!(crate::credits::credits(&mut aina).await, 1);
    });
}
