//! Tests of plans and of paying for them.

use serde_json::{Value, json};
use testkit::Stage;

use crate::stage::{buy, member, on_both, pay, plan, user};

const CREATE: &str = "/api/payment/create-order";
const VERIFY: &str = "/api/payment/verify";

#[test]
fn plans_and_the_public_key_are_open_to_everybody() {
    on_both(&async |stage: &Stage<'_>| {
        let id = plan(stage, 3).await;
        let mut anybody = stage.visitor();
        let plans = anybody.get("/api/pricing-plans").await.with(200).json();
        let expected = json!([{
            "plan_id": id, "name": "Starter", "price": 15_000, "currency": "MYR",
            "duration_months": 3, "features": ["Talk to a mentor", "Keep the notes"],
            "limits": {"session": 3}, "display_order": 1,
        }]);
        assert_eq!(plans, expected);
        let config = anybody.get("/api/payment/config").await.with(200).json();
        assert_eq!(
            config,
            json!({"key_id": "", "currency": "MYR", "mode": "test"})
        );
        assert_eq!(
            anybody.get("/api/companies").await.with(200).json(),
            json!([])
        );
        assert_eq!(
            anybody.get("/health").await.with(308).location(),
            Some("/healthz")
        );
        for gone in [
            "/api/ai/questions",
            "/api/community/posts",
            "/api/bug-reports",
        ] {
            anybody.get(gone).await.with(404);
        }
    });
}

#[test]
fn the_server_decides_what_is_paid_and_by_whom() {
    on_both(&async |stage: &Stage<'_>| {
        let mut mei = member(stage).await;
        let plan = plan(stage, 3).await;
        for name in ["amount", "email", "name", "password"] {
            let mut body = json!({"plan_id": plan});
            body[name] = json!("1");
            let refused = mei.call("POST", CREATE, body).await.with(422);
            let found = testkit::errors(&refused);
            assert_eq!(found, [(format!("/{name}"), "unknown_field".to_owned())]);
        }
        let body = json!({"plan_id": plan});
        stage
            .visitor()
            .call("POST".parse().unwrap(), CREATE, &body)
            .await
            .with(401);
        let made = mei
            .call("POST", CREATE, body.clone())
            .await
            .with(201)
            .json();
        assert_eq!(
            (&made["amount"], &made["currency"]),
            (&json!(15_000), &json!("MYR"))
        );
        let again = mei.call("POST", CREATE, body).await.with(201).json();
        assert_eq!(
            again["order_id"], made["order_id"],
            "a double click orders once"
        );
    });
}

#[test]
fn a_payment_is_verified_for_its_own_order_and_person() {
    on_both(&async |stage: &Stage<'_>| {
        let (mut mei, mut aina) = (member(stage).await, user(stage, "aina", None).await);
        let plan = plan(stage, 2).await;
        let report = pay(stage, &mut mei, &plan).await;
        aina.refused("POST", VERIFY, report.clone(), (404, "not_found"))
            .await;
        let made = aina.call("POST", CREATE, json!({"plan_id": plan})).await;
        let theirs = made.with(201).json()["order_id"].clone();
        let mut replayed = report.clone();
        replayed["order_id"] = theirs;
        aina.refused("POST", VERIFY, replayed, (400, "payment_mismatch"))
            .await;
        let mut forged = report.clone();
        forged["signature"] = json!("0".repeat(64));
        mei.refused("POST", VERIFY, forged, (400, "payment_signature"))
            .await;
        mei.refused("POST", VERIFY, json!({}), (422, "validation_failed"))
            .await;
        for _ in 0..2 {
            let paid = mei
                .call("POST", VERIFY, report.clone())
                .await
                .with(200)
                .json();
            let expected = json!({
                "success": true, "order_id": report["order_id"], "status": "paid",
            });
            assert_eq!(paid, expected, "no token is answered");
        }
    });
}

#[test]
fn administrators_see_all_orders() {
    on_both(&async |stage: &Stage<'_>| {
        let mut mei = member(stage).await;
        buy(stage, &mut mei, 1).await;
        let mut aisyah = crate::stage::administrator(stage).await;
        let all = aisyah.get("/api/admin/orders").await;
        assert_eq!(
            (&all[0]["amount_minor"], &all[0]["status"], &all[0]["title"]),
            (&json!(15_000), &json!("paid"), &json!("Starter"))
        );
        let path = "/api/admin/orders";
        mei.refused("GET", path, Value::Null, (403, "forbidden"))
            .await;
    });
}
