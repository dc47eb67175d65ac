//! Tests of claims that one side of a session did not come.

use std::collections::BTreeSet;

use bookings::booking::State;
use identity::grant::ADMIN;
use platform::sql;
use serde_json::{Value, json};
use testkit::Page;

use crate::payouts::{ITEMS, booked, call, item, items, mark, only_id};
use crate::stage::{
    Booking, Person, Stage, count, go_to, ledger, on_both, on_default, prove, run, script, state,
};

/// After the session of [`booked`] and its completion.
const OVER: &str = "2026-11-24T05:00:00Z";

/// The claim about a booking, as a person reads it.
async fn claim(stage: &Stage<'_>, person: &Person, booking: &str) -> Value {
    let path = format!("/api/v1/bookings/{booking}");
    let page = script(stage, person).get(&path).await;
    page.expect(200).json()["claim"].clone()
}

async fn step(
    stage: &Stage<'_>,
    person: &Person,
    (booking, step): (&str, &str),
    body: &Value,
) -> Page {
    let claim = claim(stage, person, booking).await;
    let path = format!("/api/v1/claims/{}/{step}", claim["id"].as_str().unwrap());
    call(&mut script(stage, person), "POST", &path, body).await
}

/// How many mails with this subject somebody has got.
async fn mails(stage: &Stage<'_>, message: &str, to: &str) -> usize {
    let start = stage.start(message);
    let all = stage.world.mails().await;
    let is_it = |one: &&testkit::SentMail| {
        one.subject.starts_with(&start) && one.recipient.to_lowercase().contains(to)
    };
    all.iter().filter(is_it).count()
}

#[test]
fn after_their_own_feedback_nobody_claims_the_money_back() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, mut aina, id) = booked(stage, 18_000).await;
        go_to(stage, OVER).await;
        aina.sees(
            &format!("/me/bookings/{id}"),
            "Report that Farah Ali did not come…",
        )
        .await;
        farah
            .sees(
                "/me/slots/bookings?when=past",
                "Report that Aina Yusof did not come…",
            )
            .await;
        let said = format!("/api/v1/bookings/{id}/feedback");
        for person in [&mut farah, &mut aina] {
            person
                .call("POST", &said, &json!({"rating": 5}))
                .await
                .expect(201);
        }
        let closed = mark(stage, &aina, &id, "no_show_provider").await;
        assert_eq!(closed.expect(409).json()["code"], "claim_closed");
        let page = aina.browser.get(&format!("/me/bookings/{id}")).await;
        let offers = page
            .forms()
            .iter()
            .any(|form| form.action.ends_with("/outcome"));
        assert!(!offers, "{}", page.text());
        stage.work().await;
        assert_eq!(state(stage, &id).await, State::Completed);
        assert_eq!(
            (ledger(stage).await, items(stage).await),
            (18_000, vec![item(10_000, "pending")])
        );
    });
}

#[test]
fn after_the_providers_feedback_administrators_decide_and_no_money_moves_before() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut farah, aina, id) = booked(stage, 18_000).await;
        let mut admin = stage.person_as("Mei Lin", ADMIN).await;
        go_to(stage, OVER).await;
        let said = format!("/api/v1/bookings/{id}/feedback");
        farah
            .call("POST", &said, &json!({"rating": 4}))
            .await
            .expect(201);
        prove(stage, &mut admin).await;
        let payout = only_id(&mut script(stage, &admin), "pending").await;
        let approve = format!("{ITEMS}/{payout}/approve");
        let post = || "POST".parse().unwrap();
        let mut office = script(stage, &admin);
        office.call(post(), &approve, &json!({})).await.expect(200);
        let claimed = mark(stage, &aina, &id, "no_show_provider")
            .await
            .expect(200)
            .json();
        assert_eq!(
            (&claimed["state"], &claimed["claim"]["state"]),
            (&json!("completed"), &json!("disputed"))
        );
        assert_eq!(mails(stage, "claim-notice-disputed", "mei.lin").await, 1);
        // The approval is taken back, and cannot be given while the claim is unsettled.
        assert_eq!(items(stage).await, [item(10_000, "pending")]);
        let open = office.call(post(), &approve, &json!({})).await;
        assert_eq!(open.expect(409).json()["code"], "claim_open");
        let waits = admin.browser.get("/admin/sessions/claims").await;
        assert!(
            waits
                .expect(200)
                .body
                .contains(&format!("/me/bookings/{id}#claim"))
        );
        for (body, at) in [
            (json!({"outcome": "completed", "reason": "No"}), "/reason"),
            (
                json!({"outcome": "completed", "reason": "In part", "refund_minor": 18_001}),
                "/refund_minor",
            ),
        ] {
            let refused = step(stage, &admin, (&id, "decide"), &body).await;
            assert_eq!(refused.expect(422).json()["errors"][0]["pointer"], at);
        }
        // The page takes the sum as people write it.
        let page = admin.browser.get(&format!("/me/bookings/{id}")).await;
        let mut forms = page.forms().into_iter();
        let mut form = forms
            .find(|form| form.action.ends_with("/claim/decide"))
            .unwrap();
        form.fill("outcome", "completed")
            .fill("refund_minor", "60.00");
        form.fill("reason", "The call broke off");
        form.fill("refund_minor", "600.00");
        let refused = admin.browser.submit(&page, &form).await;
        assert!(
            refused
                .expect(422)
                .text()
                .contains("Between RM 0.01 and RM 180.00.")
        );
        let again = refused.form(&form.action);
        assert_eq!(again.value("refund_minor"), Some("600.00"));
        assert_eq!(again.value("reason"), Some("The call broke off"));
        // What is no sum is refused with a sentence, and if the provider did not come, all goes back.
        for (outcome, typed, said) in [
            ("completed", "RM ten", "180.00"),
            ("no_show_provider", "10", "RM 180.00"),
        ] {
            form.fill("outcome", outcome).fill("refund_minor", typed);
            let refused = admin.browser.submit(&page, &form).await;
            assert!(refused.expect(422).text().contains(said), "{typed}");
        }
        // An administrator decides the report, with a sum and a reason, and makes no other beside it.
        let reports = |form: &testkit::Form| form.action.ends_with(&format!("{id}/outcome"));
        assert!(!page.forms().iter().any(reports), "{}", page.text());
        let mut beside = form.clone();
        beside.action = format!("/me/bookings/{id}/outcome");
        beside.fill("outcome", "no_show_provider");
        let refused = admin.browser.submit_surely(&page, &beside).await;
        let undecided = stage.say("problem-claim-undecided");
        assert!(refused.expect(409).text().contains(&undecided));
        form.fill("outcome", "completed")
            .fill("refund_minor", "MYR 60");
        let asked = admin.browser.submit(&page, &form).await;
        for said in ["RM 60.00", "The call broke off"] {
            assert!(asked.expect(200).text().contains(said), "{}", asked.text());
        }
        assert_eq!(ledger(stage).await, 18_000);
        admin.browser.submit_surely(&page, &form).await.expect(303);
        stage.work().await;
        assert_eq!(state(stage, &id).await, State::Completed);
        assert_eq!(
            (ledger(stage).await, items(stage).await),
            (12_000, vec![item(10_000, "pending")])
        );
        office.call(post(), &approve, &json!({})).await.expect(200);
        for name in ["aina", "farah"] {
            assert_eq!(mails(stage, "claim-mail-settled", name).await, 1, "{name}");
            let all = stage.world.mails().await;
            let said = "the session took place. RM\u{a0}60.00 goes back to the member.";
            let is_told = |one: &&testkit::SentMail| {
                one.recipient.to_lowercase().contains(name) && one.text.contains(said)
            };
            assert_eq!(all.iter().filter(is_told).count(), 1, "{name}");
        }
    });
}

#[test]
fn a_claim_waits_for_its_answer_and_silence_counts_for_the_member() {
    on_both(&async |stage: &Stage<'_>| {
        let (farah, aina, id) = booked(stage, 18_000).await;
        go_to(stage, "2026-11-24T01:45:00Z").await;
        mark(stage, &aina, &id, "no_show_provider")
            .await
            .expect(200);
        assert_eq!(mails(stage, "claim-mail-open", "farah").await, 1);
        // The claim stops the completion of the session, and moves no money.
        go_to(stage, OVER).await;
        assert_eq!(
            (state(stage, &id).await, ledger(stage).await),
            (State::Confirmed, 18_000)
        );
        assert_eq!(items(stage).await, []);
        step(stage, &aina, (&id, "answer"), &json!({"agrees": true}))
            .await
            .expect(403);
        step(stage, &farah, (&id, "withdraw"), &Value::Null)
            .await
            .expect(403);
        go_to(stage, "2026-11-26T01:46:00Z").await;
        stage.work().await;
        assert_eq!(claim(stage, &aina, &id).await["state"], "lapsed");
        assert_eq!(
            (state(stage, &id).await, ledger(stage).await),
            (State::NoShowProvider, 0)
        );
        let late = step(stage, &farah, (&id, "answer"), &json!({"agrees": false})).await;
        assert_eq!(late.expect(409).json()["code"], "claim_settled");
    });
}

#[test]
fn a_claim_that_is_withdrawn_lets_the_session_have_taken_place() {
    on_default(&async |stage: &Stage<'_>| {
        let (farah, mut aina, id) = booked(stage, 18_000).await;
        go_to(stage, "2026-11-24T01:45:00Z").await;
        mark(stage, &aina, &id, "no_show_provider")
            .await
            .expect(200);
        let said = json!({"agrees": false, "answer": "I waited in the other room"});
        let answered = step(stage, &farah, (&id, "answer"), &said)
            .await
            .expect(200)
            .json();
        assert_eq!(answered["state"], "disputed");
        aina.sees(&format!("/me/bookings/{id}"), "I waited in the other room")
            .await;
        go_to(stage, OVER).await;
        step(stage, &aina, (&id, "withdraw"), &Value::Null)
            .await
            .expect(200);
        assert_eq!(state(stage, &id).await, State::Completed);
        assert_eq!(
            (ledger(stage).await, items(stage).await),
            (18_000, vec![item(10_000, "pending")])
        );
    });
}

#[test]
fn a_member_who_is_said_to_be_missing_gets_a_mail_and_may_object() {
    on_default(&async |stage: &Stage<'_>| {
        let (farah, aina, id) = booked(stage, 18_000).await;
        let mut admin = stage.person_as("Mei Lin", ADMIN).await;
        go_to(stage, "2026-11-24T01:45:00Z").await;
        mark(stage, &farah, &id, "no_show_member").await.expect(200);
        assert_eq!(mails(stage, "claim-mail-open", "aina").await, 1);
        let answered = step(stage, &aina, (&id, "answer"), &json!({"agrees": false})).await;
        assert_eq!(answered.expect(200).json()["state"], "disputed");
        go_to(stage, OVER).await;
        prove(stage, &mut admin).await;
        let all = json!({"outcome": "no_show_provider", "reason": "Nobody was there"});
        step(stage, &admin, (&id, "decide"), &all).await.expect(200);
        stage.work().await;
        assert_eq!(state(stage, &id).await, State::NoShowProvider);
        assert_eq!((ledger(stage).await, items(stage).await), (0, vec![]));
    });
}

#[test]
fn a_payout_that_is_sent_leaves_a_claim_to_administrators() {
    on_default(&async |stage: &Stage<'_>| {
        let (_, aina, id) = booked(stage, 18_000).await;
        go_to(stage, OVER).await;
        run(
            stage,
            sql!("UPDATE payout_item SET state = 'rejected', reason = 'Paid in cash'"),
        )
        .await;
        let claimed = mark(stage, &aina, &id, "no_show_provider")
            .await
            .expect(200)
            .json();
        assert_eq!(claimed["claim"]["state"], "disputed");
        assert_eq!(count(stage, sql!("SELECT COUNT(*) FROM refund")).await, 0);
    });
}

#[test]
fn a_list_of_payouts_goes_on_until_all_are_read() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, mut aina, _) = booked(stage, 0).await;
        for hour in ["11:00", "13:00"] {
            let slot = farah.offer("2026-11-24", hour, 0).await;
            aina.book(&slot).await.expect(303);
        }
        go_to(stage, "2026-11-25T00:00:00Z").await;
        let mut admin = stage.person_as("Mei Lin", ADMIN).await;
        let mut office = script(stage, &admin);
        let (mut path, mut read) = (format!("{ITEMS}?limit=1"), BTreeSet::new());
        loop {
            let page = call(&mut office, "GET", &path, &Value::Null).await;
            let page = page.expect(200).json();
            read.insert(page["items"][0]["id"].to_string());
            let Some(next) = page["next_cursor"].as_str() else {
                break;
            };
            path = format!("{ITEMS}?limit=1&cursor={next}");
        }
        assert_eq!(read.len(), 3);
        let first = admin.browser.get("/admin/payouts?limit=2").await;
        let next = first.expect(200).link(&stage.say("finding-more")).href;
        let rest = admin.browser.get(&next).await;
        let rest = rest.expect(200).body.matches("name=\"item\"").count();
        assert_eq!((first.body.matches("name=\"item\"").count(), rest), (2, 1));
    });
}

#[test]
fn nobody_decides_their_own_case_where_another_administrator_exists() {
    on_both(&async |stage: &Stage<'_>| {
        let (farah, mut aina, id) = booked(stage, 18_000).await;
        run(
            stage,
            sql!(
                "UPDATE role_grant SET account_id = (SELECT id FROM account WHERE display_name = 'Aina Yusof')
                 WHERE role = 'owner'"
            ),
        )
        .await;
        go_to(stage, "2026-11-24T01:45:00Z").await;
        mark(stage, &aina, &id, "no_show_provider")
            .await
            .expect(200);
        step(stage, &farah, (&id, "answer"), &json!({"agrees": false}))
            .await
            .expect(200);
        prove(stage, &mut aina).await;
        let here = format!("/me/bookings/{id}");
        let decides = |page: &Page| {
            let mut forms = page.forms().into_iter();
            forms.find(|form| form.action.ends_with("/claim/decide"))
        };
        // The only administrator may, and the page says so.
        let alone = aina.browser.get(&here).await.with(200);
        assert!(
            alone.text().contains(&stage.say("claim-own-alone")),
            "{}",
            alone.text()
        );
        let mut form = decides(&alone).unwrap();
        let mut mei = stage.person_as("Mei Lin", ADMIN).await;
        prove(stage, &mut mei).await;
        let barred = aina.browser.get(&here).await.with(200);
        assert!(
            barred.text().contains(&stage.say("claim-own")),
            "{}",
            barred.text()
        );
        assert!(decides(&barred).is_none());
        // A page that is older than the other administrator decides nothing, nor does the interface.
        form.fill("outcome", "completed")
            .fill("reason", "I was there");
        let refused = aina.browser.submit(&alone, &form).await;
        let problem = stage.say("problem-own-claim");
        assert!(
            refused.expect(403).text().contains(&problem),
            "{}",
            refused.text()
        );
        let decision = json!({"outcome": "completed", "reason": "Both were there"});
        let refused = step(stage, &aina, (&id, "decide"), &decision).await;
        assert_eq!(refused.expect(403).json()["code"], "own_claim");
        assert!(decides(&mei.browser.get(&here).await.with(200)).is_some());
        // Where both sides are the only administrators, each may decide.
        let hand_over = sql!(
            "UPDATE role_grant SET account_id = (SELECT id FROM account WHERE display_name = 'Farah Ali')
             WHERE role = 'admin'"
        );
        run(stage, hand_over).await;
        let page = aina.browser.get(&here).await.with(200);
        assert!(decides(&page).is_some());
        step(stage, &aina, (&id, "decide"), &decision)
            .await
            .expect(200);
        assert_eq!(claim(stage, &aina, &id).await["state"], "decided");
    });
}
