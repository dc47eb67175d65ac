//! Tests of the kinds of credits, of the codes of plans, and of presets.

use identity::grant::OWNER;
use jiff::SignedDuration;
use platform::sql;
use serde_json::{Value, json};
use testkit::Visitor;

use crate::catalogue::send;
use crate::credits::{credits, order};
use crate::memberships::{buy, grants, plan};
use crate::stage::{
    Booking, Person, Stage, count, on_default, prove, provider, run, script, wrong,
};
use crate::strangers::set;

const KINDS: &str = "/api/v1/admin/credit-kinds";
const PLANS: &str = "/api/v1/admin/plans";

async fn offer(farah: &mut Person, day: &str, kind: &str) -> testkit::Page {
    let body = json!({
        "date": day, "time": "09:00", "minutes": 60, "title": "Tasting",
        "location": "https://meet.jit.si/Veranda", "credit_kind": kind,
    });
    farah.call("POST", "/api/v1/me/slots", &body).await
}

async fn book(person: &mut Person, slot: &Value) -> testkit::Page {
    let body = json!({"slot_id": slot["id"], "slot_version": slot["version"]});
    person.call("POST", "/api/v1/bookings", &body).await
}

async fn kind(admin: &mut Visitor, code: &str) -> Value {
    let all = admin.get(KINDS).await.expect(200).json();
    let all = all["items"].as_array().unwrap().clone();
    all.into_iter().find(|one| one["code"] == code).unwrap()
}

#[test]
fn a_slot_takes_credits_of_its_kind_alone_and_its_tier() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut admin = script(stage, &owner);
        // The page adds a kind, and the list of plans leads to it.
        let page = owner.browser.get("/admin/plans").await;
        let at = "/admin/plans/credit-kinds";
        assert!(page.expect(200).body.contains(&format!("href=\"{at}\"")));
        let new = format!("{at}/new");
        let page = owner.browser.get(&new).await;
        let mut form = page.expect(200).form(&new);
        form.fill("code", "tasting").fill("label", "Tastings");
        owner.browser.submit(&page, &form).await.expect(303);
        let again = json!({"code": "tasting", "label": "Other"});
        let again = send(&mut admin, "POST", KINDS, &again).await;
        assert_eq!(again.expect(422).json()["errors"][0]["code"], "not_unique");
        let tasting = kind(&mut admin, "tasting").await;
        assert_eq!(tasting["min_tier"], 0);

        let mut farah = provider(stage).await;
        let unknown = offer(&mut farah, "2026-12-01", "dinner").await;
        let unknown = unknown.expect(422).json();
        assert_eq!(unknown["errors"][0]["pointer"], "/credit_kind");
        let slot = offer(&mut farah, "2026-12-01", "tasting").await;
        let slot = slot.expect(201).json();
        assert_eq!(slot["credit_kind"], "tasting");
        let page = stage
            .visitor()
            .get("/api/v1/slots?credit_kind=tasting")
            .await;
        assert_eq!(page.expect(200).json()["items"][0]["id"], slot["id"]);

        let sessions = plan(&mut admin, "Sessions", &json!({})).await;
        let grant = json!([{"credit_kind": "tasting", "quantity": 2}]);
        let tastings = plan(&mut admin, "Tastings", &json!({"grants": grant})).await;
        let mut aina = stage.person("Aina Yusof").await;
        buy(&mut aina, &sessions).await;
        let refused = book(&mut aina, &slot).await;
        assert_eq!(refused.expect(422).json()["code"], "quota_exhausted");
        buy(&mut aina, &tastings).await;
        let words = stage.fill(
            "credit-count",
            [("count", 2.into()), ("kind", "Tastings".into())],
        );
        aina.sees("/me/credits", &words).await;
        aina.sees("/book/plans", &words).await;
        let words = stage.fill(
            "credit-count",
            [("count", 1.into()), ("kind", "Tastings".into())],
        );
        let page = format!("/book/{}", slot["id"].as_str().unwrap());
        aina.sees(&page, &words).await;
        aina.sees("/book?from=2026-12-01", &words).await;

        // A kind with a tier is for members of it.
        let path = format!("{KINDS}/{}", tasting["id"].as_str().unwrap());
        let body = json!({"min_tier": 1, "version": tasting["version"]});
        send(&mut admin, "PATCH", &path, &body).await.expect(200);
        let refused = book(&mut aina, &slot).await.expect(403).json();
        assert_eq!(refused["code"], "tier_required");
        let body = json!({"min_tier": 0, "version": 2});
        send(&mut admin, "PATCH", &path, &body).await.expect(200);
        let booked = book(&mut aina, &slot).await.expect(201).json();
        assert_eq!(booked["credit_kind"], "tasting");
        assert_eq!(credits(&mut aina).await, 3);
        let page = format!("/me/bookings/{}", booked["id"].as_str().unwrap());
        aina.sees(&page, &words).await;
        assert_eq!(wrong(stage).await, [""; 0]);

        // It was used, so it is deactivated: no slot or plan takes it anew, and what was bought stays.
        let gone = send(&mut admin, "DELETE", &path, &json!({})).await;
        assert_eq!(gone.expect(200).json()["active"], false);
        offer(&mut farah, "2026-12-02", "tasting").await.expect(422);
        let body = json!({"name": "More", "price_minor": 100,
            "grants": [{"credit_kind": "tasting", "quantity": 1}]});
        let refused = send(&mut admin, "POST", PLANS, &body)
            .await
            .expect(422)
            .json();
        assert_eq!(refused["errors"][0]["pointer"], "/grants/0/credit_kind");
        let body = json!({"name": "Twice", "price_minor": 100, "grants": [
            {"credit_kind": "session", "quantity": 1}, {"credit_kind": "session", "quantity": 2}]});
        let refused = send(&mut admin, "POST", PLANS, &body)
            .await
            .expect(422)
            .json();
        assert_eq!(refused["errors"][0]["code"], "not_unique");
        assert_eq!(credits(&mut aina).await, 3);
        // One that nothing uses is deleted, but not the one that reviews cost.
        let body = json!({"code": "spare", "label": "Spare"});
        let spare = send(&mut admin, "POST", KINDS, &body)
            .await
            .expect(201)
            .json();
        let path = format!("{KINDS}/{}", spare["id"].as_str().unwrap());
        send(&mut admin, "DELETE", &path, &json!({}))
            .await
            .expect(204);
        let reviews = kind(&mut admin, "document_review").await;
        let path = format!("{KINDS}/{}", reviews["id"].as_str().unwrap());
        let kept = send(&mut admin, "DELETE", &path, &json!({})).await;
        assert_eq!(kept.expect(200).json()["active"], false);
        let mut other = script(stage, &aina);
        other.get(KINDS).await.expect(403);
    });
}

#[test]
fn a_plan_is_ordered_by_its_code_and_the_list_is_revalidated() {
    on_default(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        let mut admin = script(stage, &owner);
        let mut visitor = stage.visitor();
        let first = visitor.get("/api/v1/plans").await;
        let tag = first.expect(200).header("etag").to_owned();
        visitor.header("if-none-match", &tag);
        let same = visitor.get("/api/v1/plans").await;
        assert_eq!(same.expect(304).body, "");
        plan(&mut admin, "Café & more", &json!({})).await;
        let other = plan(&mut admin, "Cafe more", &json!({})).await;
        let changed = visitor.get("/api/v1/plans").await;
        assert_ne!(changed.expect(200).header("etag"), tag);
        let all = changed.json();
        let codes: Vec<&Value> = all["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["code"])
            .collect();
        assert_eq!(codes, ["cafe-more", "cafe-more-2"]);
        let body = json!({"name": "Third", "code": "cafe-more", "price_minor": 100});
        let refused = send(&mut admin, "POST", PLANS, &body)
            .await
            .expect(422)
            .json();
        assert_eq!(refused["errors"][0]["code"], "not_unique");
        let path = format!("{PLANS}/{other}");
        let body = json!({"code": "another", "version": 1});
        send(&mut admin, "PATCH", &path, &body).await.expect(422);

        let aina = stage.person("Aina Yusof").await;
        let mut own = script(stage, &aina);
        let wish = json!({"plan_code": "cafe-more-2"});
        let made = send(&mut own, "POST", "/api/v1/orders", &wish).await;
        assert_eq!(made.expect(201).json()["plan_id"], other);
        let wish = json!({"plan_code": "nothing"});
        send(&mut own, "POST", "/api/v1/orders", &wish)
            .await
            .expect(404);
        let wish = json!({"plan_id": other});
        send(&mut own, "POST", "/api/v1/orders", &wish)
            .await
            .expect(422);
    });
}

#[test]
fn credits_without_months_last_as_long_as_the_rules_say() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut admin = script(stage, &owner);
        set(stage, &owner, "add_on_days", json!(10)).await;
        prove(stage, &mut owner).await;
        let body = json!({"name": "Club", "tier": 1, "months": 0, "price_minor": 100});
        let refused = send(&mut admin, "POST", PLANS, &body)
            .await
            .expect(422)
            .json();
        assert_eq!(refused["errors"][0]["pointer"], "/months");
        let add_on = json!({"months": 0, "grants": grants(1, 0)});
        let add_on = plan(&mut admin, "One more", &add_on).await;
        let mut aina = stage.person("Aina Yusof").await;
        aina.sees(
            "/book/plans",
            &stage.fill("plan-lasts-days", [("days", 10.into())]),
        )
        .await;
        let pay = order(&mut aina, &add_on).await;
        aina.pay(&pay, "pay").await.expect(200);
        assert_eq!(credits(&mut aina).await, 1);
        stage
            .world
            .clock
            .advance(SignedDuration::from_hours(9 * 24));
        prove(stage, &mut aina).await;
        assert_eq!(credits(&mut aina).await, 1);
        stage.world.clock.advance(SignedDuration::from_hours(25));
        assert_eq!(credits(&mut aina).await, 0);
    });
}

#[test]
fn each_preset_brings_its_types_levels_criteria_and_reveal_mode() {
    on_default(&async |stage: &Stage<'_>| {
        for (preset, first, criteria, reveal) in [
            ("mentoring", "mock-interview", 8, "after_booking"),
            ("studio", "portrait", 3, "always"),
            ("catering", "tasting", 3, "always"),
            ("consulting", "first-talk", 3, "always"),
        ] {
            let mut owner = stage.person_as(&format!("Owner of {preset}"), OWNER).await;
            let page = owner.browser.get("/admin/sessions/settings").await;
            let mut form = page.expect(200).form("/admin/sessions/preset");
            form.press("preset", preset);
            owner.browser.submit(&page, &form).await.expect(303);
            let mut admin = script(stage, &owner);
            let types = admin.get("/api/v1/admin/session-types").await.json();
            assert_eq!(types["items"][0]["code"], first, "{preset}");
            let levels = admin.get("/api/v1/admin/levels").await.json();
            assert_eq!(levels["items"].as_array().unwrap().len(), 3, "{preset}");
            let rules = admin.get("/api/v1/admin/booking-settings").await.json();
            assert_eq!(rules["reveal"], reveal, "{preset}");
            assert_eq!(rules["newcomers"], preset == "studio", "{preset}");
            let rows = sql!("SELECT COUNT(*) FROM criterion");
            assert_eq!(count(stage, rows).await, criteria, "{preset}");
            for all in [
                sql!("DELETE FROM session_type"),
                sql!("DELETE FROM level"),
                sql!("DELETE FROM criterion"),
            ] {
                run(stage, all).await;
            }
        }
    });
}
