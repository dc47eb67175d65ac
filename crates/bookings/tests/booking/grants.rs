//! Tests of plans that grant credits of several kinds, or none.

use identity::grant::OWNER;
use serde_json::{Value, json};

use crate::catalogue::send;
use crate::credits::{credits, order};
use crate::memberships::grants;
use crate::stage::{Booking, Person, Stage, ledger, on_default, prove, script, wrong};

/// The kind and the number of each of the person's lots.
async fn lots(person: &mut Person) -> Vec<(String, i64)> {
    let page = person.call("GET", "/api/v1/me/credits", &Value::Null).await;
    let all = page.expect(200).json()["items"].as_array().unwrap().clone();
    let mut lots: Vec<(String, i64)> = all
        .iter()
        .map(|lot| {
            let kind = lot["credit_kind"].as_str().unwrap().to_owned();
            (kind, lot["granted"].as_i64().unwrap())
        })
        .collect();
    lots.sort();
    lots
}

#[test]
fn a_plan_grants_sessions_and_reviews_at_once() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let page = owner.browser.get("/admin/plans/new").await;
        let mut form = page.expect(200).form("/admin/plans/new");
        form.fill("name", "Both").fill("grants.0.quantity", "3");
        form.fill("grants.1.quantity", "2")
            .fill("price_minor", "300.00");
        owner.browser.submit(&page, &form).await.expect(303);
        let all = owner.browser.get("/api/v1/plans").await.json();
        let plan = &all["items"][0];
        assert_eq!(plan["grants"], grants(3, 2));
        let mut aina = stage.person("Aina Yusof").await;
        let pay = order(&mut aina, plan["id"].as_str().unwrap()).await;
        let text = aina.browser.get(&pay).await.expect(200).text();
        for (count, kind) in [(3, "Sessions"), (2, "Reviews of documents")] {
            let values = [("count", count.into()), ("kind", kind.into())];
            assert!(text.contains(&stage.fill("credit-count", values)), "{text}");
        }
        assert!(text.contains(&stage.fill("plan-lasts", [("months", 3.into())])));
        aina.pay(&pay, "pay").await.expect(200);
        let both = [("document_review".to_owned(), 2), ("session".to_owned(), 3)];
        assert_eq!(lots(&mut aina).await, both);
        assert_eq!(wrong(stage).await, [""; 0]);
        // While the money goes back, neither kind can be spent, and then both are gone.
        let mut admin = script(stage, &owner);
        let paid = admin.get("/api/v1/admin/payments").await.json()["items"][0]["id"].clone();
        prove(stage, &mut owner).await;
        let body = json!({"payment_id": paid, "amount_minor": 30_000, "reason": "Nobody has time"});
        let mut admin = script(stage, &owner);
        send(&mut admin, "POST", "/api/v1/admin/refunds", &body)
            .await
            .expect(202);
        assert_eq!(lots(&mut aina).await, []);
        assert_eq!(wrong(stage).await, [""; 0]);
        stage.work().await;
        assert_eq!((credits(&mut aina).await, ledger(stage).await), (0, 0));
    });
}

#[test]
fn a_plan_without_credits_opens_a_membership_or_is_empty() {
    on_default(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        let mut admin = script(stage, &owner);
        let mut body = json!({"name": "Club", "grants": [], "months": 1, "price_minor": 30_000});
        let page = send(&mut admin, "POST", "/api/v1/admin/plans", &body).await;
        assert_eq!(page.expect(422).json()["errors"][0]["code"], "plan_empty");
        body["tier"] = json!(1);
        let page = send(&mut admin, "POST", "/api/v1/admin/plans", &body).await;
        let plan = page.expect(201).json()["id"].as_str().unwrap().to_owned();
        let mut aina = stage.person("Aina Yusof").await;
        let pay = order(&mut aina, &plan).await;
        aina.pay(&pay, "pay").await.expect(200);
        assert_eq!(lots(&mut aina).await, []);
        let page = aina
            .call("GET", "/api/v1/me/membership", &Value::Null)
            .await;
        assert_eq!(page.expect(200).json()["items"][0]["plan"], "Club");
        assert_eq!(wrong(stage).await, [""; 0]);
    });
}
