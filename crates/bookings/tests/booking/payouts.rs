//! Tests of the outcomes of sessions, and of the amounts that providers are owed for them.

use bookings::booking::State;
use bookings::payout::PayoutId;
use bookings::provider::PROVIDER;
use identity::grant::{ADMIN, OWNER};
use identity::session::sudo::LIFETIME;
use jiff::Timestamp;
use platform::{StoreError, Tx, sql};
use serde_json::{Value, json};
use testkit::{Page, Visitor, rounds, together};

use crate::credits;
use crate::stage::{
    Booking, Person, Stage, go_to, ledger, on_both, on_default, prove, provider, rows, run, script,
    state, wrong,
};

pub(crate) const ITEMS: &str = "/api/v1/admin/payout-items";
pub(crate) const BATCHES: &str = "/api/v1/admin/payout-batches";
/// An instant after the end of the session that [`booked`] creates.
const OVER: &str = "2026-11-24T02:30:00Z";

pub(crate) async fn call(who: &mut Visitor, method: &str, path: &str, body: &Value) -> Page {
    who.call(method.parse().unwrap(), path, body).await
}

/// Sets the rate of all providers to RM 100 for a session, and to half of it if the member does not
/// come.
async fn set_rate(stage: &Stage<'_>, owner: &Person) {
    let mut owner = script(stage, owner);
    let all = call(
        &mut owner,
        "GET",
        "/api/v1/admin/payout-rates",
        &Value::Null,
    )
    .await;
    for one in all.json()["items"].as_array().unwrap() {
        let path = format!("/api/v1/admin/payout-rates/{}", one["id"].as_str().unwrap());
        let body = json!({"payout_minor": 10_000, "no_show_bps": 5_000});
        call(&mut owner, "PUT", &path, &body).await.expect(200);
    }
}

/// Creates a provider (Farah) with a rate, and a booking by Aina of Farah's session on 24 November.
/// Returns the provider, the member and the booking's id.
pub(crate) async fn booked(stage: &Stage<'_>, price: i64) -> (Person, Person, String) {
    let owner = stage.person_as("Siti Owner", OWNER).await;
    let mut farah = provider(stage).await;
    farah.profile("bio", "Portraits").await;
    set_rate(stage, &owner).await;
    let slot = farah.offer("2026-11-24", "09:30", price).await;
    let mut aina = stage.person("Aina Yusof").await;
    let booking = if price == 0 {
        let led = aina.book(&slot).await;
        led.expect(303).location().unwrap().to_owned()
    } else {
        let (pay, booking) = aina.hold(&slot).await;
        aina.pay(&pay, "pay").await.expect(200);
        booking
    };
    let id = booking.split('?').next().unwrap().rsplit('/').next();
    (farah, aina, id.unwrap().to_owned())
}

pub(crate) async fn mark(stage: &Stage<'_>, person: &Person, id: &str, outcome: &str) -> Page {
    let path = format!("/api/v1/bookings/{id}/outcome");
    let body = json!({"outcome": outcome});
    call(&mut script(stage, person), "POST", &path, &body).await
}

/// All payout items, oldest first: amount, state, and whether the item is an adjustment.
pub(crate) async fn items(stage: &Stage<'_>) -> Vec<(i64, String, bool)> {
    rows(
        stage,
        sql!(
            "SELECT amount_minor, state, is_adjustment FROM payout_item
             ORDER BY is_adjustment, created_at, id"
        ),
    )
    .await
}

pub(crate) fn item(amount: i64, state: &str) -> (i64, String, bool) {
    (amount, state.to_owned(), amount < 0)
}

pub(crate) async fn only_id(owner: &mut Visitor, state: &str) -> String {
    let path = format!("{ITEMS}?state={state}");
    let found = call(owner, "GET", &path, &Value::Null).await;
    let found = found.expect(200).json()["items"].clone();
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    found[0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn each_side_says_in_its_time_what_became_of_a_session() {
    on_default(&async |stage: &Stage<'_>| {
        let (farah, aina, id) = booked(stage, 0).await;
        // The booking stores the rate at the time of booking, so a later change of the rate has no
        // effect.
        run(stage, sql!("UPDATE provider SET payout_minor = 1")).await;
        let early = mark(stage, &farah, &id, "completed").await;
        assert_eq!(early.expect(422).json()["code"], "outcome_too_early");
        go_to(stage, "2026-11-24T01:40:00Z").await;
        // The session has begun but not ended. The member can be marked as missing, but the session
        // cannot be marked as completed.
        mark(stage, &farah, &id, "completed").await.expect(422);
        mark(stage, &aina, &id, "completed").await.expect(403);
        mark(stage, &aina, &id, "no_show_member").await.expect(403);
        mark(stage, &farah, &id, "no_show_provider")
            .await
            .expect(403);
        mark(stage, &farah, &id, "no_show_member").await.expect(200);
        assert_eq!(state(stage, &id).await, State::NoShowMember);
        assert_eq!(items(stage).await, [item(5_000, "pending")]);
        // The member answers the provider's claim and makes none, but the provider can correct it.
        let contested = mark(stage, &aina, &id, "no_show_provider").await;
        assert_eq!(contested.expect(409).json()["code"], "claim_closed");
        let told = stage.start("claim-mail-open");
        let mut reader = aina.browser.clone();
        assert!(reader.get("/me/notices").await.text().contains(&told));
        go_to(stage, OVER).await;
        mark(stage, &farah, &id, "completed").await.expect(200);
        assert_eq!(items(stage).await, [item(10_000, "pending")]);
        mark(stage, &farah, &id, "completed").await.expect(200);
        // For other people, the booking does not exist.
        let daniel = stage.person_as("Daniel Tan", PROVIDER).await;
        mark(stage, &daniel, &id, "completed").await.expect(404);
        go_to(stage, "2026-11-26T02:31:00Z").await;
        let late = mark(stage, &farah, &id, "no_show_member").await;
        assert_eq!(late.expect(409).json()["code"], "outcome_closed");
    });
}

#[test]
fn a_provider_who_does_not_come_is_owed_nothing_and_the_money_goes_back() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, mut aina, id) = booked(stage, 18_000).await;
        go_to(stage, "2026-11-24T05:00:00Z").await;
        // The job has completed the session, and no person has confirmed this.
        assert_eq!(state(stage, &id).await, State::Completed);
        assert_eq!(items(stage).await, [item(10_000, "pending")]);
        let page = aina.browser.get(&format!("/me/bookings/{id}")).await;
        let mut form = page.form(&format!("/me/bookings/{id}/outcome"));
        form.press("outcome", "no_show_provider");
        aina.browser.submit_surely(&page, &form).await.expect(303);
        stage.work().await;
        // No money moves before the provider agrees.
        assert_eq!(state(stage, &id).await, State::Completed);
        assert_eq!(ledger(stage).await, 18_000);
        let page = farah.browser.get(&format!("/me/bookings/{id}")).await;
        let claim = page.forms().into_iter();
        let mut claim = claim.filter(|form| form.action.ends_with("/answer"));
        let mut form = claim.next().unwrap();
        form.fill("agrees", "yes");
        farah.browser.submit(&page, &form).await.expect(303);
        stage.work().await;
        assert_eq!(state(stage, &id).await, State::NoShowProvider);
        assert_eq!((ledger(stage).await, items(stage).await), (0, vec![]));
        let again = mark(stage, &farah, &id, "completed").await;
        assert_eq!(again.expect(409).json()["code"], "outcome_contested");
        let told = stage.start("claim-mail-open");
        farah.sees("/me/notices", &told).await;
        // An administrator decides the conflict. The refund is not reversed.
        let admin = stage.person_as("Mei Lin", ADMIN).await;
        mark(stage, &admin, &id, "completed").await.expect(200);
        stage.work().await;
        assert_eq!(ledger(stage).await, 0);
        assert_eq!(items(stage).await, [item(10_000, "pending")]);
        mark(stage, &admin, &id, "no_show_provider")
            .await
            .expect(200);
        assert_eq!((ledger(stage).await, items(stage).await), (0, vec![]));
    });
}

#[test]
fn a_credit_comes_back_once_from_a_provider_who_does_not_come() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        let plan = credits::plan(&mut owner, 1).await;
        let slot = credits::offer(&mut farah, "2026-11-25").await;
        let mut aina = stage.person("Aina Yusof").await;
        let pay = credits::order(&mut aina, &plan).await;
        aina.pay(&pay, "pay").await.expect(200);
        let led = aina.book(&slot).await;
        let at = led.expect(303).location().unwrap().to_owned();
        let id = at.split('?').next().unwrap().rsplit('/').next().unwrap();
        go_to(stage, "2026-11-25T05:00:00Z").await;
        let admin = stage.person_as("Mei Lin", ADMIN).await;
        for outcome in ["no_show_provider", "completed", "no_show_provider"] {
            mark(stage, &admin, id, outcome).await.expect(200);
            assert_eq!(wrong(stage).await, [""; 0], "{outcome}");
            assert_eq!(credits::credits(&mut aina).await, 1, "{outcome}");
        }
    });
}

#[test]
fn a_payout_is_approved_sent_and_corrected_through_the_pages() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, _, id) = booked(stage, 0).await;
        go_to(stage, OVER).await;
        let at = format!("/me/bookings/{id}");
        let page = farah.browser.get("/me/slots/bookings").await;
        let mut form = page.form(&format!("{at}/outcome"));
        form.press("outcome", "completed");
        farah.browser.submit(&page, &form).await.expect(303);
        let text = farah.browser.get("/me/slots/payouts").await.text();
        assert!(text.contains("RM 100.00") && text.contains(&stage.say("payout-where-none")));
        let mut owner = stage.person_as("Noor Owner", OWNER).await;
        let page = owner.browser.get("/admin/payouts").await;
        let form = page.expect(200).form("/admin/payouts/approve");
        owner.browser.submit(&page, &form).await.expect(303);
        assert_eq!(items(stage).await, [item(10_000, "approved")]);
        // Nothing is payable before the provider has a bank reference, or before the item's day.
        let none = stage.say("batch-none-due");
        owner.sees("/admin/payouts", &none).await;
        prove(stage, &mut farah).await;
        let page = farah.browser.get("/me/slots/payouts").await;
        let mut form = page.form("/me/slots/payouts");
        form.fill("reference", "Bank Satu 123-456, Farah Ali");
        farah.browser.submit(&page, &form).await.expect(303);
        let text = farah.browser.get("/me/slots/payouts").await.text();
        assert!(text.contains(&stage.say("payout-where-set")) && !text.contains("123-456"));
        owner.sees("/admin/payouts", &none).await;
        // The job of the morning, which would draft the batch, does not run.
        let due: Timestamp = "2026-12-01T02:30:00Z".parse().unwrap();
        let wait = due.duration_since(stage.site.clock.now());
        stage.world.clock.advance(wait);
        let values = [("sum", "RM 100.00".into()), ("count", 1.into())];
        let make = stage.fill("batch-make", values);
        prove(stage, &mut owner).await;
        let page = owner.browser.get("/admin/payouts").await;
        assert!(page.text().contains(&make), "{}", page.text());
        stage.world.clock.advance(LIFETIME);
        let form = page.form("/admin/payouts/batches");
        let asked = owner.browser.submit(&page, &form).await;
        assert!(asked.expect(307).location().unwrap().starts_with("/sudo"));
        prove(stage, &mut owner).await;
        let admin = &mut owner.browser;
        let page = admin.get("/admin/payouts").await;
        let form = page.form("/admin/payouts/batches");
        let led = admin.submit(&page, &form).await;
        let batch = led.expect(303).location().unwrap().to_owned();
        let file = admin.get(&format!("{batch}/lines.csv")).await;
        let file = file.expect(200).body.clone();
        let line = "Farah Ali,\"Bank Satu 123-456, Farah Ali\",100.00,MYR,10000,1,";
        assert!(file.contains(line), "{file}");
        for step in ["approve", "send", "settle"] {
            let page = admin.get(&batch).await;
            let mut form = page.form(&format!("{batch}/{step}"));
            if step == "send" {
                admin.submit(&page, &form).await.expect(422);
                form.fill("reference", "TRX-7");
            }
            admin.submit(&page, &form).await.expect(303);
        }
        assert_eq!(items(stage).await, [item(10_000, "paid")]);
        let mails = stage.world.mails().await;
        let mail = mails.iter().find(|mail| mail.subject.contains("100.00"));
        let mail = mail.unwrap();
        assert!(
            mail.recipient.to_lowercase().contains("farah.ali") && mail.text.contains("TRX-7"),
            "{mail:?}"
        );
        // A paid item is never changed. A correction is another item.
        let page = admin.get("/admin/payouts?state=paid").await;
        let links = page.body.split("/admin/payouts/items/").nth(1).unwrap();
        let at = format!("/admin/payouts/items/{}", links.split('"').next().unwrap());
        let page = admin.get(&at).await;
        let mut form = page.form(&format!("{at}/correct"));
        form.fill("amount_minor", "100.01");
        form.fill("reason", "Paid for the wrong day");
        admin.submit(&page, &form).await.expect(422);
        form.fill("amount_minor", "40");
        admin.submit(&page, &form).await.expect(303);
        assert_eq!(
            items(stage).await,
            [item(10_000, "paid"), item(-4_000, "pending")]
        );
    });
}

#[test]
fn a_batch_holds_one_currency_and_carries_what_is_negative_on() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, _, id) = booked(stage, 0).await;
        let set = json!({"reference": "Bank Satu 1"});
        let mut own = script(stage, &farah);
        call(&mut own, "PUT", "/api/v1/me/payouts", &set)
            .await
            .expect(204);
        go_to(stage, "2026-12-03T00:00:00Z").await;
        let owner = stage.person_as("Noor Owner", OWNER).await;
        let mut owner = script(stage, &owner);
        let none = &Value::Null;
        let first = only_id(&mut owner, "pending").await;
        let step = |id: &str, step: &str| format!("{ITEMS}/{id}/{step}");
        let why = json!({"reason": "Not yet clear"});
        for (what, body, expected) in [
            ("reject", none, 422),
            ("reject", &why, 200),
            ("approve", none, 409),
            ("reopen", none, 200),
            ("approve", none, 200),
            ("pay", none, 404),
        ] {
            let done = call(&mut owner, "POST", &step(&first, what), body).await;
            done.expect(expected);
        }
        // After the payout was decided, the outcome of the session cannot be changed.
        let admin = stage.person_as("Mei Lin", ADMIN).await;
        let late = mark(stage, &admin, &id, "no_show_member").await;
        assert_eq!(late.expect(409).json()["code"], "payout_state");
        let ringgit = json!({"currency": "MYR"});
        let other = call(&mut owner, "POST", BATCHES, &json!({"currency": "INR"})).await;
        assert_eq!(other.expect(422).json()["code"], "payout_empty");
        let made = call(&mut owner, "POST", BATCHES, &ringgit).await;
        let made = made.expect(201).json();
        assert_eq!(made["lines"][0]["amount_minor"], 10_000);
        let batch = format!("{BATCHES}/{}", made["id"].as_str().unwrap());
        let done = call(&mut owner, "POST", BATCHES, &ringgit).await;
        done.expect(422);
        // A batch that has failed releases its items for the next batch.
        let done = call(&mut owner, "POST", &format!("{batch}/fail"), none).await;
        done.expect(200);
        assert_eq!(items(stage).await, [item(10_000, "approved")]);
        let done = call(&mut owner, "POST", &format!("{batch}/approve"), none).await;
        done.expect(409);
        let made = call(&mut owner, "POST", BATCHES, &ringgit)
            .await
            .expect(201)
            .json();
        let batch = format!("{BATCHES}/{}", made["id"].as_str().unwrap());
        let sent = json!({"reference": "TRX-1"});
        for (step, body) in [("approve", none), ("send", &sent), ("settle", none)] {
            call(&mut owner, "POST", &format!("{batch}/{step}"), body)
                .await
                .expect(200);
        }
        let done = call(&mut owner, "POST", &format!("{batch}/fail"), none).await;
        done.expect(409);
        let take = json!({"amount_minor": 4_000, "reason": "Too much"});
        for expected in [200, 200, 422] {
            let corrected = call(&mut owner, "POST", &step(&first, "correct"), &take).await;
            corrected.expect(expected);
        }
        // A rejected correction cannot be reopened once another one has taken its place.
        let page = call(&mut owner, "GET", ITEMS, none).await.json();
        let rejected = page["items"][0]["id"].as_str().unwrap();
        for (path, body, expected) in [
            (step(rejected, "reject"), &why, 200),
            (step(&first, "correct"), &take, 200),
            (step(rejected, "reopen"), none, 409),
        ] {
            let done = call(&mut owner, "POST", &path, body).await;
            done.expect(expected);
        }
        let page = call(&mut owner, "GET", ITEMS, none).await.json();
        for one in page["items"].as_array().unwrap() {
            let path = step(one["id"].as_str().unwrap(), "approve");
            call(&mut owner, "POST", &path, none).await.expect(200);
        }
        // The provider's items add up to less than zero, so no batch contains them.
        let done = call(&mut owner, "POST", BATCHES, &ringgit).await;
        done.expect(422);
        let own = farah.call("GET", "/api/v1/me/payouts", none).await.json();
        assert_eq!(
            own["totals"],
            json!([{"currency": "MYR", "state": "approved", "amount_minor": -8_000},
                {"currency": "MYR", "state": "paid", "amount_minor": 10_000}])
        );
        assert_eq!(own["has_reference"], true);
    });
}

#[test]
fn with_two_people_nobody_sends_what_they_approved() {
    on_default(&async |stage: &Stage<'_>| {
        let (farah, _, _) = booked(stage, 0).await;
        let set = json!({"reference": "Bank Satu 1"});
        call(
            &mut script(stage, &farah),
            "PUT",
            "/api/v1/me/payouts",
            &set,
        )
        .await
        .expect(204);
        run(
            stage,
            sql!("UPDATE booking_setting SET payout_two_people = 1"),
        )
        .await;
        go_to(stage, "2026-12-03T00:00:00Z").await;
        let one = stage.person_as("Noor Owner", OWNER).await;
        let other = stage.person_as("Mei Lin", ADMIN).await;
        let (mut one, mut other) = (script(stage, &one), script(stage, &other));
        let none = &Value::Null;
        let id = only_id(&mut one, "pending").await;
        call(&mut one, "POST", &format!("{ITEMS}/{id}/approve"), none)
            .await
            .expect(200);
        let made = call(&mut one, "POST", BATCHES, &json!({"currency": "MYR"})).await;
        let batch = format!(
            "{BATCHES}/{}",
            made.expect(201).json()["id"].as_str().unwrap()
        );
        call(&mut one, "POST", &format!("{batch}/approve"), none)
            .await
            .expect(200);
        let sent = json!({"reference": "TRX-1"});
        let refused = call(&mut one, "POST", &format!("{batch}/send"), &sent).await;
        assert_eq!(refused.expect(403).json()["code"], "second_person_required");
        call(&mut other, "POST", &format!("{batch}/send"), &sent)
            .await
            .expect(200);
    });
}

#[test]
fn payouts_are_for_administrators_with_a_recent_proof() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut farah, aina, _) = booked(stage, 0).await;
        let none = &Value::Null;
        for path in ["/admin/payouts", "/admin/payouts/providers"] {
            farah.browser.get(path).await.expect(403);
        }
        let (mut aina, mut own) = (script(stage, &aina), script(stage, &farah));
        call(&mut aina, "GET", "/api/v1/me/payouts", none)
            .await
            .expect(403);
        for path in [ITEMS, BATCHES, "/api/v1/admin/payout-rates"] {
            call(&mut own, "GET", path, none).await.expect(403);
            let refused = farah.call("GET", path, none).await;
            refused.expect(403);
        }
        farah
            .call("GET", "/api/v1/me/payouts", none)
            .await
            .expect(200);
        go_to(stage, "2026-12-03T00:00:00Z").await;
        let owner = stage.person_as("Mei Lin", OWNER).await;
        let mut owner = script(stage, &owner);
        prove(stage, &mut farah).await;
        let mut own = script(stage, &farah);
        stage.world.clock.advance(LIFETIME);
        let id = only_id(&mut owner, "pending").await;
        for (path, body) in [
            (format!("{ITEMS}/{id}/approve"), none),
            (BATCHES.to_owned(), &json!({"currency": "MYR"})),
        ] {
            let refused = call(&mut owner, "POST", &path, body).await;
            assert_eq!(
                refused.expect(403).json()["code"],
                "sudo_required",
                "{path}"
            );
        }
        let set = json!({"reference": "Bank Dua 2"});
        let refused = call(&mut own, "PUT", "/api/v1/me/payouts", &set).await;
        assert_eq!(refused.expect(403).json()["code"], "sudo_required");
        assert_eq!(items(stage).await, [item(10_000, "pending")]);
    });
}

/// If a payout is approved while its session is being marked as missed by the provider, exactly one
/// of the two changes succeeds.
#[test]
fn an_approval_and_a_correction_at_once_end_as_one_of_both() {
    on_both(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        farah.profile("bio", "Portraits").await;
        set_rate(stage, &owner).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut ids = Vec::new();
        for round in 0..rounds() {
            crate::stage::again(stage).await;
            let day = jiff::civil::date(2026, 12, 1);
            let day = day.checked_add(jiff::Span::new().days(i64::try_from(round).unwrap()));
            let slot = farah.offer(&day.unwrap().to_string(), "09:00", 0).await;
            let led = aina.book(&slot).await;
            let at = led.expect(303).location().unwrap().to_owned();
            let at = at.split('?').next().unwrap().to_owned();
            ids.push(at.rsplit('/').next().unwrap().to_owned());
        }
        go_to(stage, "2027-07-01T00:00:00Z").await;
        let owner = stage.person_as("Noor Owner", OWNER).await;
        let admin = stage.person_as("Mei Lin", ADMIN).await;
        let other = stage.beside();
        for (round, id) in ids.into_iter().enumerate() {
            let booking = id.clone();
            let look = move |tx: &mut Tx<'_>| -> Result<(PayoutId,), StoreError> {
                sql!(
                    "SELECT id FROM payout_item WHERE booking_id = :booking",
                    booking
                )
                .one(tx)
            };
            let (payout,) = stage.world.store().read(look).await.unwrap();
            let path = format!("{ITEMS}/{payout}/approve");
            let (mut one, mut two) = (script(stage, &owner), script(&other, &admin));
            let approve = async move { call(&mut one, "POST", &path, &Value::Null).await };
            let path = format!("/api/v1/bookings/{id}/outcome");
            let body = json!({"outcome": "no_show_provider"});
            let correct = async move { call(&mut two, "POST", &path, &body).await };
            let (approved, corrected) = together(approve, correct).await;
            let is_approved = approved.status == 200;
            assert_ne!(is_approved, corrected.status == 200, "round {round}");
            let now = state(stage, &id).await;
            let expected = if is_approved {
                State::Completed
            } else {
                State::NoShowProvider
            };
            assert_eq!(now, expected, "round {round}");
        }
        assert_eq!(wrong(stage).await, [""; 0]);
    });
}

#[test]
fn a_payout_that_does_not_agree_is_found() {
    on_default(&async |stage: &Stage<'_>| {
        let (_, _, _) = booked(stage, 0).await;
        go_to(stage, "2026-11-24T05:00:00Z").await;
        let batch = sql!(
            "INSERT INTO payout_batch (id, currency, state, reference, created_at, changed_at)
             VALUES ('b', 'MYR', 'draft', '', 1, 1)"
        );
        run(stage, batch).await;
        for (harm, mend, found) in [
            (
                sql!("UPDATE payout_item SET state = 'batched', batch_id = 'b', amount_minor = 0"),
                sql!(
                    "UPDATE payout_item
                     SET state = 'pending', batch_id = NULL, amount_minor = 10000"
                ),
                "a batch pays a provider nothing, or less",
            ),
            (
                sql!(
                    "INSERT INTO payout_item (id, provider_id, booking_id, amount_minor, currency,
                         state, is_adjustment, reason, available_at, created_at)
                     SELECT 'a', provider_id, booking_id, -10001, currency, 'pending', 1, '', 1, 1
                     FROM payout_item"
                ),
                sql!("DELETE FROM payout_item WHERE id = 'a'"),
                "the adjustments of a payout are more than it was",
            ),
            (
                sql!("UPDATE payout_item SET amount_minor = 9999"),
                sql!("UPDATE payout_item SET amount_minor = 10000"),
                "a provider is owed another sum than the booking says",
            ),
            (
                sql!("UPDATE payout_item SET state = 'paid'"),
                sql!("UPDATE payout_item SET state = 'pending'"),
                "a payout and its batch do not agree",
            ),
            (
                sql!("UPDATE payout_item SET is_adjustment = 1"),
                sql!("UPDATE payout_item SET is_adjustment = 0"),
                "a session took place, and what its provider is owed was not noted",
            ),
            (
                sql!("UPDATE booking SET state = 'no_show_provider'"),
                sql!("UPDATE booking SET state = 'completed'"),
                "a provider is owed something for a session that did not take place",
            ),
        ] {
            run(stage, harm).await;
            let all = wrong(stage).await;
            assert!(
                all.iter().any(|one| one.starts_with(found)),
                "{found}: {all:?}"
            );
            run(stage, mend).await;
            assert_eq!(wrong(stage).await, [""; 0], "{found}");
        }
    });
}
