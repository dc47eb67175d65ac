//! Tests of administrators' adjustments of credits.

use identity::grant::OWNER;
use identity::session::sudo::LIFETIME;
use jiff::SignedDuration;
use serde_json::{Value, json};
use testkit::{Page, rounds, together};

use crate::credits;
use crate::stage::{Booking, Person, Stage, on_both, on_default, prove, provider, script, wrong};

pub(crate) async fn adjust(stage: &Stage<'_>, owner: &Person, of: &Person, delta: i64) -> Page {
    let body = json!({"account_id": of.who.account().id, "credit_kind": "session",
        "delta": delta, "reason": "A session was cut short"});
    let mut owner = script(stage, owner);
    owner
        .call("POST".parse().unwrap(), "/api/v1/admin/credits", &body)
        .await
}

#[test]
fn credits_are_added_and_taken_away_but_never_those_that_are_spent() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let plan = credits::plan(&mut owner, 2).await;
        let pay = credits::order(&mut aina, &plan).await;
        aina.pay(&pay, "pay").await.expect(200);
        // Entries of one instant have no order.
        stage
            .world
            .clock
            .advance(jiff::SignedDuration::from_secs(1));
        prove(stage, &mut owner).await;
        stage.world.clock.advance(SignedDuration::from_secs(1));
        let added = adjust(stage, &owner, &aina, 3).await.expect(201).json();
        assert_eq!(added["lots"].as_array().unwrap().len(), 2);
        assert_eq!(added["entries"][0]["note"], "A session was cut short");
        assert_eq!(credits::credits(&mut aina).await, 5);
        let slot = credits::offer(&mut farah, "2026-11-25").await;
        aina.book(&slot).await.expect(303);
        // Of five credits one is spent, so that four can be taken away.
        let refused = adjust(stage, &owner, &aina, -5).await;
        assert_eq!(refused.expect(422).json()["errors"][0]["pointer"], "/delta");
        assert_eq!(credits::credits(&mut aina).await, 4);
        // They are taken from the lot that ends first, and then from the next one.
        adjust(stage, &owner, &aina, -2).await.expect(201);
        assert_eq!(credits::credits(&mut aina).await, 2);
        assert_eq!(wrong(stage).await, [""; 0]);
        adjust(stage, &owner, &aina, -2).await.expect(201);
        assert_eq!(credits::credits(&mut aina).await, 0);
        adjust(stage, &owner, &aina, -1).await.expect(422);
        adjust(stage, &owner, &aina, 0).await.expect(422);
        assert_eq!(wrong(stage).await, [""; 0]);
    });
}

#[test]
fn an_adjustment_needs_a_reason_an_administrator_and_a_recent_proof() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut aina = stage.person("Aina Yusof").await;
        let at = format!("/admin/orders/credits/{}", aina.who.account().id);
        prove(stage, &mut owner).await;
        let page = owner.browser.get(&at).await;
        let mut form = page.expect(200).form(&at);
        form.fill("delta", "2").fill("reason", "Oops");
        let refused = owner.browser.submit(&page, &form).await;
        refused.expect(422);
        form.fill("reason", "Oops, twice paid");
        owner.browser.submit(&page, &form).await.expect(303);
        let text = owner.browser.get(&at).await.text();
        assert!(
            text.contains("Oops, twice paid") && text.contains("+2"),
            "{text}"
        );
        assert_eq!(credits::credits(&mut aina).await, 2);
        stage.world.clock.advance(LIFETIME);
        let page = adjust(stage, &owner, &aina, 1).await;
        assert_eq!(page.expect(403).json()["code"], "sudo_required");
        prove(stage, &mut aina).await;
        adjust(stage, &aina, &aina, 1).await.expect(403);
        aina.browser.get(&at).await.expect(403);
        // A token never adjusts credits.
        let body = json!({"account_id": aina.who.account().id, "credit_kind": "session",
            "delta": 1, "reason": "A session was cut short"});
        let page = owner.call("POST", "/api/v1/admin/credits", &body).await;
        page.expect(403);
        let nobody = "/api/v1/admin/credits/01K00000000000000000000000";
        let mut reader = script(stage, &owner);
        reader.get(nobody).await.expect(404);
        let read = reader
            .get(&format!("/api/v1{}", at.replace("/orders", "")))
            .await;
        assert_eq!(
            read.expect(200).json()["lots"][0]["granted"],
            Value::from(2)
        );
    });
}

#[test]
fn a_credit_is_spent_or_taken_away_and_never_both() {
    on_both(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        let mut farah = provider(stage).await;
        for round in 0..rounds().min(10) {
            let aina = stage.person(&format!("Aina {round}")).await;
            prove(stage, &mut owner).await;
            adjust(stage, &owner, &aina, 1).await.expect(201);
            let day = format!("2026-12-{:02}", round + 1);
            let slot = credits::offer(&mut farah, &day).await;
            let (mut admin, mut member) = (script(stage, &owner), script(stage, &aina));
            let body = json!({"account_id": aina.who.account().id, "credit_kind": "session",
                "delta": -1, "reason": "A session was cut short"});
            let path = "/api/v1/admin/credits";
            let taken = async move { admin.call("POST".parse().unwrap(), path, &body).await };
            let new = json!({"slot_id": slot["id"], "slot_version": slot["version"]});
            let book = async move {
                let path = "/api/v1/bookings";
                member.call("POST".parse().unwrap(), path, &new).await
            };
            let (booked, taken) = together(book, taken).await;
            let is_taken = taken.status == 201;
            assert_ne!(booked.status == 201, is_taken, "round {round}");
            assert_eq!(wrong(stage).await, [""; 0], "round {round}");
        }
    });
}
