//! Tests of the JSON API of orders: paying with a front end of one's own.

use identity::grant::OWNER;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};
use testkit::{Page, Visitor};

use crate::credits::{credits, order, plan};
use crate::double::Fault;
use crate::razorpay::{id, with_razorpay};
use crate::razorpay_double::Razorpay;
use crate::stage::{Stage, on_default, script, wrong};

async fn post(caller: &mut Visitor, key: &str, path: &str, body: &Value) -> Page {
    caller.header("idempotency-key", key);
    caller.call("POST".parse().unwrap(), path, body).await
}

#[test]
fn a_front_end_pays_with_the_gateways_own_fields() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 2).await;
        let (stage, double) = with_razorpay(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let pay = order(&mut aina, &plan).await;
        let at = |rest: &str| format!("/api/v1/orders/{}{rest}", id(&pay));
        let mut caller = script(&stage, &aina);
        // Without a key nothing is asked.
        for step in ["/checkout", "/verify", "/check"] {
            let page = caller
                .call("POST".parse().unwrap(), &at(step), &json!({}))
                .await;
            assert_eq!(page.expect(400).json()["code"], "idempotency_key_required");
        }
        assert_eq!(double.calls(), [""; 0]);
        let none = json!({"gateway": "stripe"});
        let page = post(&mut caller, "a", &at("/checkout"), &none).await;
        assert_eq!(
            page.expect(422).json()["errors"][0]["code"],
            "choice_not_offered"
        );
        let first = post(&mut caller, "b", &at("/checkout"), &json!({})).await;
        let opened = first.expect(201).json();
        assert_eq!(
            (
                &opened["gateway"],
                &opened["key_id"],
                &opened["amount_minor"],
                &opened["currency"]
            ),
            (
                &json!("razorpay"),
                &json!("rzp_test_1"),
                &json!(30_000),
                &json!("MYR")
            )
        );
        let name = opened["gateway_order_id"].as_str().unwrap().to_owned();
        assert_eq!(opened["fields"]["order_id"], json!(name));
        // The same key gets the same answer, and does not call the gateway again.
        let calls = double.calls().len();
        let again = post(&mut caller, "b", &at("/checkout"), &json!({})).await;
        assert_eq!(again.expect(201).json(), opened);
        assert_eq!(double.calls().len(), calls);
        let other = post(&mut caller, "b", &at("/checkout"), &none).await;
        assert_eq!(other.expect(422).json()["code"], "idempotency_key_reused");
        // A token pays nothing, and for others the order does not exist.
        let mut program = stage.visitor();
        program.header("authorization", &aina.token);
        for step in ["/checkout", "/verify", "/check"] {
            post(&mut program, "c", &at(step), &json!({}))
                .await
                .expect(403);
            let daniel = stage.person(&format!("Daniel {}", &step[1..])).await;
            let mut stranger = script(&stage, &daniel);
            post(&mut stranger, "c", &at(step), &json!({}))
                .await
                .expect(404);
        }
        // A proof of another order is refused; a valid one is processed when the gateway answers.
        let payment = double.pay(&name, "captured");
        let proof = |order: &str| -> Value {
            let fields = Razorpay::returned(order, &payment).into_iter();
            let fields = fields.map(|(name, value)| (name.to_owned(), value.into()));
            Value::Object(fields.collect::<Map<String, Value>>())
        };
        let page = post(&mut caller, "d", &at("/verify"), &proof("order_999999")).await;
        assert_eq!(page.expect(400).json()["code"], "payment_mismatch");
        double.fail(0, Fault::Status(503));
        let page = post(&mut caller, "e", &at("/verify"), &proof(&name)).await;
        assert_eq!(page.expect(202).json()["state"], "processing");
        assert_eq!(credits(&mut aina).await, 0);
        stage.world.clock.advance(SignedDuration::from_secs(5));
        double.fail(0, Fault::Status(503));
        let page = post(&mut caller, "f", &at("/check"), &json!({})).await;
        assert_eq!(page.expect(502).json()["code"], "gateway_unavailable");
        stage.world.clock.advance(SignedDuration::from_secs(5));
        let page = post(&mut caller, "f", &at("/check"), &json!({})).await;
        let paid = page.expect(200).json();
        assert_eq!(
            (&paid["state"], &paid["receipt"]),
            (&json!("paid"), &json!("TEST-2026-000001"))
        );
        let page = post(&mut caller, "e", &at("/verify"), &proof(&name)).await;
        assert_eq!(page.expect(200).json()["state"], "paid");
        assert_eq!(credits(&mut aina).await, 2);
        let page = post(&mut caller, "g", &at("/checkout"), &json!({})).await;
        assert_eq!(page.expect(409).json()["code"], "order_closed");
        stage.work().await;
        assert_eq!(wrong(&stage).await, [""; 0]);
    });
}

#[test]
fn people_list_their_own_orders_page_by_page() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 1).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut daniel = stage.person("Daniel Tan").await;
        order(&mut daniel, &plan).await;
        let mut made = Vec::new();
        for _ in 0..3 {
            made.insert(0, id(&order(&mut aina, &plan).await).to_owned());
            stage.world.clock.advance(SignedDuration::from_secs(1));
        }
        let (mut found, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/v1/orders?limit=2{cursor}");
            let page = aina.call("GET", &path, &Value::Null).await;
            let list = page.expect(200).json();
            for one in list["items"].as_array().unwrap() {
                assert_eq!(
                    (&one["title"], &one["receipt"]),
                    (&json!("Three sessions"), &Value::Null)
                );
                found.push(one["id"].as_str().unwrap().to_owned());
            }
            match list["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(found, made);
    });
}
