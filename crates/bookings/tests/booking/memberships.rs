//! Tests of memberships: the tiers that plans open, what needs a tier, and plans that sell out.

use identity::grant::OWNER;
use jiff::{Span, Timestamp, Zoned};
use platform::sql;
use serde_json::{Value, json};
use testkit::{Visitor, rounds, together};

use crate::catalogue::send;
use crate::credits::{credits, offer, order};
use crate::stage::{
    Booking, Person, Stage, ledger, on_both, on_default, prove, provider, run, script,
};

/// Creates a plan with two credits. Returns its id.
pub(crate) async fn plan(owner: &mut Visitor, name: &str, more: &Value) -> String {
    let mut body =
        json!({"name": name, "grants": grants(2, 0), "months": 1, "price_minor": 30_000});
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    let made = send(owner, "POST", "/api/v1/admin/plans", &body).await;
    made.expect(201).json()["id"].as_str().unwrap().to_owned()
}

/// What a plan grants: credits for sessions and for reviews.
pub(crate) fn grants(sessions: i64, reviews: i64) -> Value {
    let all = [("session", sessions), ("document_review", reviews)];
    let all = all.into_iter().filter(|(_, quantity)| *quantity > 0);
    all.map(|(kind, quantity)| json!({"credit_kind": kind, "quantity": quantity}))
        .collect()
}

/// Sets the tier that credits for sessions and for reviews need.
pub(crate) async fn need(stage: &Stage<'_>, owner: &Person, tier: i64) {
    let mut admin = script(stage, owner);
    let all = admin
        .get("/api/v1/admin/credit-kinds")
        .await
        .expect(200)
        .json();
    for kind in all["items"].as_array().unwrap() {
        let path = format!(
            "/api/v1/admin/credit-kinds/{}",
            kind["id"].as_str().unwrap()
        );
        let body = json!({"min_tier": tier, "version": kind["version"]});
        send(&mut admin, "PATCH", &path, &body).await.expect(200);
    }
}

pub(crate) async fn buy(person: &mut Person, plan: &str) {
    let pay = order(person, plan).await;
    person.pay(&pay, "pay").await.expect(200);
}

/// The plan, the tier, the start and the end of each membership.
pub(crate) async fn memberships(
    stage: &Stage<'_>,
    person: &mut Person,
) -> Vec<(i64, Zoned, Zoned)> {
    let page = person.call("GET", "/api/v1/me/membership", &Value::Null);
    let all = page.await.expect(200).json()["items"].clone();
    let zone = stage.site.settings.time_zone.clone();
    let at = |one: &Value, name: &str| {
        let at: Timestamp = one[name].as_str().unwrap().parse().unwrap();
        at.to_zoned(zone.clone())
    };
    let all = all.as_array().unwrap().iter();
    all.map(|one| {
        (
            one["tier"].as_i64().unwrap(),
            at(one, "starts_at"),
            at(one, "ends_at"),
        )
    })
    .collect()
}

async fn try_book(person: &mut Person, slot: &Value) -> (u16, Value) {
    let body = json!({"slot_id": slot["id"], "slot_version": slot["version"]});
    let page = person.call("POST", "/api/v1/bookings", &body).await;
    (page.status.as_u16(), page.json())
}

#[test]
fn credits_of_a_tier_are_for_members_of_it() {
    on_default(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        let mut admin = script(stage, &owner);
        let (add_on, silver) = (
            plan(&mut admin, "Two more", &json!({})).await,
            plan(&mut admin, "Silver", &json!({"tier": 1})).await,
        );
        let gold = plan(&mut admin, "Gold", &json!({"tier": 2})).await;
        let mut farah = provider(stage).await;
        let slot = offer(&mut farah, "2026-12-01").await;
        let mut aina = stage.person("Aina Yusof").await;
        buy(&mut aina, &add_on).await;
        need(stage, &owner, 2).await;
        // The credits are there, and cannot be used; nor does a lower tier help.
        assert_eq!(credits(&mut aina).await, 2);
        let refused = try_book(&mut aina, &slot).await;
        assert_eq!(
            (refused.0, &refused.1["code"]),
            (403, &json!("tier_required"))
        );
        assert_eq!(refused.1["upgrade_url"], "/book/plans");
        assert_eq!(refused.1["plan"], "Gold");
        // The slot's page leads to the plans, and has no button that would be refused.
        let path = format!("/book/{}", slot["id"].as_str().unwrap());
        let page = aina.browser.get(&path).await;
        let text = page.expect(200).text();
        assert!(text.contains(&stage.say("booking-no-membership")), "{text}");
        assert!(text.contains(&stage.say("plan-see")), "{text}");
        assert!(!page.forms().iter().any(|form| form.action == path));
        buy(&mut aina, &silver).await;
        assert_eq!(try_book(&mut aina, &slot).await.0, 403);
        let asked = json!({"slot_ids": [slot["id"]]});
        let asked = aina.call("POST", "/api/v1/requests", &asked).await;
        assert_eq!(asked.expect(403).json()["code"], "tier_required");
        // Whoever is no member cannot buy what only adds credits.
        let page = aina.browser.get("/book/plans").await;
        let form = page.expect(200).form(&format!("/book/plans/{add_on}"));
        let refused = aina.browser.submit(&page, &form).await;
        assert!(refused.expect(422).text().contains("for members"));
        buy(&mut aina, &gold).await;
        assert_eq!(try_book(&mut aina, &slot).await.0, 201);
        buy(&mut aina, &add_on).await;
        let page = aina.browser.get("/me/credits").await;
        let text = page.expect(200).text();
        assert!(text.contains("Gold") && text.contains("Silver"), "{text}");
        // The membership ends, and the credits of the add-on are of no use any more.
        let slot = offer(&mut farah, "2027-01-10").await;
        stage
            .world
            .clock
            .advance(jiff::SignedDuration::from_hours(32 * 24));
        prove(stage, &mut aina).await;
        assert_eq!(memberships(stage, &mut aina).await, []);
        assert_eq!(try_book(&mut aina, &slot).await.0, 403);
    });
}

#[test]
fn months_are_counted_from_the_first_start_and_a_higher_tier_begins_at_once() {
    on_default(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        let mut admin = script(stage, &owner);
        let silver = plan(&mut admin, "Silver", &json!({"tier": 1})).await;
        let gold = plan(&mut admin, "Gold", &json!({"tier": 2, "months": 3})).await;
        // From the last of January, a month ends on the last of February, and two end on the last
        // of March.
        let zone = stage.site.settings.time_zone.clone();
        let last = jiff::civil::date(2027, 1, 31)
            .at(12, 0, 0, 0)
            .to_zoned(zone);
        let begin = last.unwrap();
        let wait = begin.timestamp().duration_since(stage.site.clock.now());
        stage.world.clock.advance(wait);
        let mut aina = stage.person("Aina Yusof").await;
        buy(&mut aina, &silver).await;
        buy(&mut aina, &silver).await;
        let after = |months: i64| begin.checked_add(Span::new().months(months)).unwrap();
        let silvers = [(1, begin.clone(), after(1)), (1, after(1), after(2))];
        assert_eq!(memberships(stage, &mut aina).await, silvers);
        assert_eq!((after(1).day(), after(2).day()), (28, 31));
        buy(&mut aina, &gold).await;
        let [first, second] = silvers;
        let golden = (2, begin.clone(), after(3));
        let mut all = memberships(stage, &mut aina).await;
        all.sort_by_key(|one| (one.0, one.1.timestamp()));
        assert_eq!(all, [first, second, golden]);
        // A lower tier begins where the higher one ends.
        buy(&mut aina, &silver).await;
        let all = memberships(stage, &mut aina).await;
        let end = after(3).checked_add(Span::new().months(1)).unwrap();
        assert_eq!(*all.last().unwrap(), (1, after(3), end));
    });
}

/// Pays an order on the test gateway's page.
async fn pay(mut person: Person, path: String) -> Person {
    person.pay(&path, "pay").await.expect(200);
    person
}

#[test]
fn the_last_one_of_a_plan_is_sold_once_and_the_other_payer_is_refunded() {
    on_both(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        let mut admin = script(stage, &owner);
        let limited = json!({"tier": 1, "sale_limit": 1});
        let plan = plan(&mut admin, "Early bird", &limited).await;
        for round in 0..rounds() {
            let mut aina = stage.person(&format!("Aina {round}")).await;
            let mut badrul = stage.person(&format!("Badrul {round}")).await;
            let page = aina.browser.get("/book/plans").await;
            assert!(page.expect(200).text().contains("Only 1 left"));
            let (first, second) = (
                order(&mut aina, &plan).await,
                order(&mut badrul, &plan).await,
            );
            let before = ledger(stage).await;
            let (mut aina, badrul) = together(pay(aina, first), pay(badrul, second)).await;
            stage.work().await;
            let mut granted = Vec::new();
            for mut person in [aina.clone(), badrul] {
                let has = memberships(stage, &mut person).await.len();
                let left = i64::try_from(has * 2).unwrap();
                assert_eq!(credits(&mut person).await, left, "round {round}");
                granted.push(has);
            }
            granted.sort_unstable();
            assert_eq!(granted, [0, 1], "round {round}");
            assert_eq!(ledger(stage).await - before, 30_000, "round {round}");
            // It is sold out, and not offered any more.
            let page = aina.browser.get("/book/plans").await;
            assert!(!page.expect(200).text().contains("Early bird"));
            run(stage, sql!("UPDATE plan SET sale_limit = sale_limit + 1")).await;
        }
    });
}
