//! Tests of what an order leaves behind: receipts in their fiscal years, taxes, and that test money
//! buys nothing where real money moves.

use bookings::gateway::MODE;
use bookings::order::OrderId;
use identity::grant::OWNER;
use platform::{StoreError, Tx};
use serde_json::{Value, json};

use crate::catalogue::send;
use crate::credits::{credits, offer, order, plan};
use crate::memberships::{grants, need};
use crate::razorpay::{come_back, open};
use crate::razorpay_double::Razorpay;
use crate::rule_groups::GROUPS;
use crate::stage::{
    Booking, Person, Stage, go_to, ledger, on_default, prove, provider, script, wrong,
};

/// The same site, which takes real money through the test double of Razorpay.
async fn live<'w>(stage: &Stage<'w>) -> (Stage<'w>, Razorpay) {
    let double = Razorpay::start().await;
    let mut values = double.settings();
    values.set_word(MODE, "live").unwrap();
    (stage.clone().with_settings(values), double)
}

/// Lets the person's browser and API client call the other stage.
fn move_to(stage: &Stage<'_>, person: &mut Person) {
    let session = person.browser.cookie("kd_session").unwrap().to_owned();
    person.browser = stage.visitor();
    person.browser.set_cookie("kd_session", &session);
    person.program = stage.visitor();
    person.program.header("authorization", &person.token);
}

/// Sets rules of bookings, which are of one group.
pub(crate) async fn rule(stage: &Stage<'_>, owner: &mut Person, rules: &[(&str, &str)]) {
    prove(stage, owner).await;
    for group in GROUPS {
        let path = format!("/admin/sessions/settings/{group}");
        let page = owner.browser.get(&path).await;
        let mut form = page.expect(200).form(&path);
        if !form.fields.iter().any(|field| field.name == rules[0].0) {
            continue;
        }
        for (name, value) in rules {
            form.fill(name, value);
        }
        owner.browser.submit(&page, &form).await.expect(303);
    }
}

async fn receipt(stage: &Stage<'_>, pay: &str) -> Option<String> {
    let id: OrderId = pay.rsplit('/').next().unwrap().parse().unwrap();
    let look = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        Ok(bookings::order::find(tx, &id)?.unwrap().receipt())
    };
    stage.world.store().read(look).await.unwrap()
}

#[test]
fn what_test_money_bought_is_void_where_real_money_moves() {
    on_default(&async |stage: &Stage<'_>| {
        let owner = stage.person_as("Siti Owner", OWNER).await;
        let mut admin = script(stage, &owner);
        let body = json!({"name": "Silver", "grants": grants(2, 0), "months": 1, "price_minor": 30_000,
            "tier": 1});
        let made = send(&mut admin, "POST", "/api/v1/admin/plans", &body).await;
        let silver = made.expect(201).json()["id"].as_str().unwrap().to_owned();
        let mut farah = provider(stage).await;
        let slot = offer(&mut farah, "2026-12-01").await;
        let priced = farah.offer("2026-12-02", "09:00", 18_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let pay = order(&mut aina, &silver).await;
        aina.pay(&pay, "pay").await.expect(200);
        assert_eq!(credits(&mut aina).await, 2);
        // An order that is not paid yet, and one whose payment is not known here yet.
        let unpaid = order(&mut aina, &silver).await;
        let (held, _) = aina.hold(&priced).await;
        let back = aina.press(&held, "pay").await;
        let back = back.expect(303).location().unwrap().to_owned();
        let (live, double) = live(stage).await;
        move_to(&live, &mut aina);
        assert_eq!(credits(&mut aina).await, 0);
        let page = aina.call("GET", "/api/v1/me/membership", &Value::Null);
        assert_eq!(page.await.expect(200).json()["items"], json!([]));
        need(stage, &owner, 1).await;
        let body = json!({"slot_id": slot["id"], "slot_version": slot["version"]});
        let page = aina.call("POST", "/api/v1/bookings", &body).await;
        assert_eq!(page.expect(403).json()["code"], "tier_required");
        // Test money that comes now pays nothing.
        aina.browser.get(&back).await.expect(303);
        assert_eq!(ledger(&live).await, 30_000);
        // An order of the test mode can be paid with real money.
        let name = open(&mut aina, &unpaid).await;
        let payment = double.pay(&name, "captured");
        come_back(&live, &unpaid, &Razorpay::returned(&name, &payment))
            .await
            .expect(303);
        assert_eq!((credits(&mut aina).await, double.balance()), (2, 30_000));
        assert_eq!(receipt(stage, &pay).await.unwrap(), "TEST-2026-000001");
        assert_eq!(receipt(stage, &unpaid).await.unwrap(), "2026-000001");
        let page = aina.call("POST", "/api/v1/bookings", &body).await;
        page.expect(201);
        assert_eq!(wrong(stage).await, [""; 0]);
        // Back in the test mode, both count.
        move_to(stage, &mut aina);
        assert_eq!(credits(&mut aina).await, 3);
    });
}

#[test]
fn receipts_count_anew_in_each_fiscal_year() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 1).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut numbers = Vec::new();
        for _ in 0..2 {
            let pay = order(&mut aina, &plan).await;
            aina.pay(&pay, "pay").await.expect(200);
            numbers.push(receipt(stage, &pay).await.unwrap());
        }
        rule(stage, &mut owner, &[("fiscal_month", "4")]).await;
        for at in ["2027-03-31T23:59:00Z", "2027-04-01T00:00:00Z"] {
            go_to(stage, at).await;
            let mut daniel = stage.person(&format!("Daniel {}", &at[14..16])).await;
            let pay = order(&mut daniel, &plan).await;
            assert_eq!(receipt(stage, &pay).await, None);
            daniel.pay(&pay, "pay").await.expect(200);
            numbers.push(receipt(stage, &pay).await.unwrap());
        }
        let expected = ["2026-000001", "2026-000002", "2026-000003", "2027-000001"];
        assert_eq!(numbers, expected.map(|number| format!("TEST-{number}")));
    });
}

#[test]
fn a_receipt_says_for_ever_what_it_said_when_it_was_paid() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let plan = plan(&mut owner, 1).await;
        let mut aina = stage.person("Aina Yusof").await;
        let receipt = |pay: &str| format!("/me/orders/{}/receipt", pay.rsplit('/').next().unwrap());
        let unnamed = order(&mut aina, &plan).await;
        aina.pay(&unnamed, "pay").await.expect(200);
        let rules = [
            ("tax_bps", "18"),
            ("tax_label", "GST"),
            ("seller", "Studio Farah\n12 Jalan Besar\nGST 0042"),
        ];
        rule(stage, &mut owner, &rules).await;
        let pay = order(&mut aina, &plan).await;
        aina.pay(&pay, "pay").await.expect(200);
        rule(
            stage,
            &mut owner,
            &[("tax_label", "SST"), ("seller", "Rumah Farah")],
        )
        .await;
        let later = order(&mut aina, &plan).await;
        // What is not paid yet has today's tax.
        aina.sees(&later, "SST").await;
        aina.pay(&later, "pay").await.expect(200);
        for (pay, said, unsaid) in [
            (&unnamed, "Kenduri Kami", "Farah"),
            (&pay, "12 Jalan Besar", "Rumah"),
            (&later, "Rumah Farah", "Jalan"),
        ] {
            let text = aina.browser.get(&receipt(pay)).await.expect(200).text();
            let card = text.split(&*stage.say("receipt-from")).nth(1).unwrap();
            assert!(card.contains(said) && !card.contains(unsaid), "{text}");
        }
        let text = aina.browser.get(&receipt(&pay)).await.text();
        assert!(text.contains("GST") && !text.contains("SST"), "{text}");
        let path = format!("/api/v1/orders/{}", pay.rsplit('/').next().unwrap());
        let own = aina
            .call("GET", &path, &Value::Null)
            .await
            .expect(200)
            .json();
        assert_eq!(
            (&own["tax_label"], &own["seller"]),
            (&json!("GST"), &json!(rules[2].1))
        );
    });
}
