//! Messages to webhooks of administrators.

use identity::grant::{ADMIN, OWNER};
use platform::sql;
use serde_json::{Value, json};

use crate::stage::{
    Booking, Person, Stage, call_as_script, go_to, on_default, prove, provider, rows, run,
};

const HOOKS: &str = "/api/v1/webhooks";
const EVENTS: [&str; 7] = [
    "booking.confirmed",
    "booking.moved",
    "booking.cancelled",
    "booking.completed",
    "order.paid",
    "refund.processed",
    "payout.sent",
];

fn hook() -> Value {
    json!({"url": "https://hooks.example/", "events": EVENTS})
}

/// An owner who hears of all events.
async fn subscriber(stage: &Stage<'_>) -> Person {
    stage.world.expect_jobs("webhook.deliver");
    let mut owner = stage.person_as("Siti Owner", OWNER).await;
    subscribe(stage, &mut owner).await;
    owner
}

async fn subscribe(stage: &Stage<'_>, owner: &mut Person) {
    prove(stage, owner).await;
    call_as_script(stage, owner, "POST", HOOKS, &hook())
        .await
        .expect(201);
}

/// The events and the bodies of the messages since the last call.
async fn heard(stage: &Stage<'_>) -> Vec<(String, Value)> {
    let messages: Vec<(String, String)> = rows(
        stage,
        sql!("SELECT event, body FROM webhook_delivery ORDER BY event"),
    )
    .await;
    run(stage, sql!("DELETE FROM webhook_delivery")).await;
    let parse = |(event, body): (String, String)| (event, serde_json::from_str(&body).unwrap());
    messages.into_iter().map(parse).collect()
}

fn events(heard: &[(String, Value)]) -> Vec<&str> {
    heard.iter().map(|(event, _)| event.as_str()).collect()
}

/// Checks that a message has no name, note, link or address.
fn assert_discreet(heard: &[(String, Value)]) {
    for (_, body) in heard {
        let body = body.to_string();
        for secret in [
            "Farah", "Aina", "Caches", "kind", "folder", "meet.jit", "@", "Bank",
        ] {
            assert!(!body.contains(secret), "{secret}: {body}");
        }
    }
}

#[test]
fn administrators_webhooks_hear_what_becomes_of_a_booking() {
    on_default(&async |stage: &Stage<'_>| {
        let owner = subscriber(stage).await;
        let mut farah = provider(stage).await;
        let mut slots = Vec::new();
        for time in ["09:00", "12:00"] {
            let offer = json!({"date": "2026-11-24", "time": time, "minutes": 60,
                "title": "Call", "location": crate::stage::LINK,
                "prep_note": "Bring the folder"});
            let made = farah.call("POST", "/api/v1/me/slots", &offer).await;
            slots.push(made.expect(201).json());
        }
        let mut aina = stage.person("Aina Yusof").await;
        let new = json!({"slot_id": slots[0]["id"], "slot_version": 1, "topics": ["Caches"],
            "note": "Be kind"});
        let booked = aina.call("POST", "/api/v1/bookings", &new).await;
        let booked = booked.expect(201).json();
        // A repetition is no second event.
        aina.call("POST", "/api/v1/bookings", &new)
            .await
            .expect(200);
        let said = heard(stage).await;
        assert_discreet(&said);
        assert_eq!(events(&said), ["booking.confirmed"]);
        let body = &said[0].1;
        assert_eq!(body["type"], "booking.confirmed");
        assert_eq!(body["booking"], booked["id"]);
        assert_eq!(body["slot"], slots[0]["id"]);
        assert_eq!(body["member"], json!(aina.who.account().id));
        assert_eq!(body["state"], "confirmed");
        assert_eq!(body["starts_at"], "2026-11-24T01:00:00Z");
        assert_eq!(body["order"], Value::Null);
        let at = format!("/api/v1/bookings/{}", booked["id"].as_str().unwrap());
        let next = json!({"slot_id": slots[1]["id"], "slot_version": 1});
        aina.call("POST", &format!("{at}/reschedule"), &next)
            .await
            .expect(200);
        let said = heard(stage).await;
        assert_eq!(events(&said), ["booking.moved"]);
        assert_eq!(said[0].1["starts_at"], "2026-11-24T04:00:00Z");
        assert_eq!(said[0].1["reschedules"], 1);
        for _ in 0..2 {
            aina.call("POST", &format!("{at}/cancel"), &json!({}))
                .await
                .expect(200);
        }
        let said = heard(stage).await;
        assert_eq!(events(&said), ["booking.cancelled"]);
        assert_eq!(said[0].1["cancelled_by"], "member");
        let slot = farah.offer("2026-11-24", "15:00", 0).await;
        aina.book(&slot).await.expect(303);
        assert_eq!(events(&heard(stage).await), ["booking.confirmed"]);
        go_to(stage, "2026-11-24T10:00:00Z").await;
        let said = heard(stage).await;
        assert_eq!(events(&said), ["booking.completed"]);
        // Saying again what is known, and correcting it, is no second completion.
        let id = said[0].1["booking"].as_str().unwrap();
        let path = format!("/api/v1/bookings/{id}/outcome");
        let done = json!({"outcome": "completed"});
        farah.call("POST", &path, &done).await.expect(200);
        assert_eq!(heard(stage).await, []);
        drop(owner);
    });
}

#[test]
fn administrators_webhooks_hear_of_money() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = subscriber(stage).await;
        let mut farah = provider(stage).await;
        let slot = farah.offer("2026-11-24", "09:00", 18_000).await;
        let mut aina = stage.person("Aina Yusof").await;
        let (pay, booking) = aina.hold(&slot).await;
        assert_eq!(heard(stage).await, []);
        aina.pay(&pay, "pay").await.expect(200);
        let said = heard(stage).await;
        assert_discreet(&said);
        assert_eq!(events(&said), ["booking.confirmed", "order.paid"]);
        let paid = &said[1].1;
        assert_eq!(paid["order"], json!(pay.rsplit('/').next().unwrap()));
        assert_eq!(said[0].1["order"], paid["order"]);
        assert_eq!(paid["booking"], said[0].1["booking"]);
        assert_eq!(paid["amount_minor"], 18_000);
        assert_eq!(paid["currency"], "MYR");
        assert_eq!(
            (&paid["state"], &paid["mode"]),
            (&json!("paid"), &json!("test"))
        );
        aina.cancel(&booking).await.expect(303);
        assert_eq!(events(&heard(stage).await), ["booking.cancelled"]);
        stage.work().await;
        let said = heard(stage).await;
        assert_eq!(events(&said), ["refund.processed"]);
        assert_eq!(said[0].1["amount_minor"], 18_000);
        assert_eq!(said[0].1["order"], paid["order"]);
        stage.work().await;
        assert_eq!(heard(stage).await, []);

        run(stage, sql!("UPDATE provider SET payout_minor = 10000")).await;
        let slot = farah.offer("2026-11-24", "12:00", 0).await;
        aina.book(&slot).await.expect(303);
        prove(stage, &mut farah).await;
        let named = json!({"reference": "Bank Satu 123"});
        call_as_script(stage, &farah, "PUT", "/api/v1/me/payouts", &named)
            .await
            .expect(204);
        go_to(stage, "2026-12-03T00:00:00Z").await;
        // The first one may be turned off, because nothing arrived for days.
        run(stage, sql!("DELETE FROM webhook_delivery")).await;
        run(stage, sql!("DELETE FROM webhook")).await;
        subscribe(stage, &mut owner).await;
        let none = &Value::Null;
        let items = "/api/v1/admin/payout-items";
        let pending = format!("{items}?state=pending");
        let found = call_as_script(stage, &owner, "GET", &pending, none);
        let found = found.await.expect(200).json()["items"][0].clone();
        let item = format!("{items}/{}/approve", found["id"].as_str().unwrap());
        call_as_script(stage, &owner, "POST", &item, none)
            .await
            .expect(200);
        let batches = "/api/v1/admin/payout-batches";
        let new = json!({"currency": "MYR"});
        let made = call_as_script(stage, &owner, "POST", batches, &new).await;
        let made = made.expect(201).json();
        let batch = format!("{batches}/{}", made["id"].as_str().unwrap());
        let sent = json!({"reference": "TRX-1"});
        for (step, body) in [("approve", none), ("send", &sent)] {
            call_as_script(stage, &owner, "POST", &format!("{batch}/{step}"), body)
                .await
                .expect(200);
        }
        let said = heard(stage).await;
        assert_discreet(&said);
        assert_eq!(events(&said), ["payout.sent"]);
        let body = &said[0].1;
        assert_eq!((&body["batch"], &body["items"]), (&made["id"], &json!(1)));
        assert_eq!(body["provider"], made["lines"][0]["provider_id"]);
        assert_eq!(
            (&body["amount_minor"], &body["currency"]),
            (&json!(10_000), &json!("MYR"))
        );
    });
}

#[test]
fn only_administrators_in_a_browser_subscribe() {
    on_default(&async |stage: &Stage<'_>| {
        stage.world.expect_jobs("webhook.deliver");
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut admin = stage.person_as("Mei Lin", ADMIN).await;
        // Neither members nor providers hear of others.
        for person in [&mut farah, &mut aina] {
            call_as_script(stage, person, "POST", HOOKS, &hook())
                .await
                .expect(422);
            person.call("POST", HOOKS, &hook()).await.expect(422);
        }
        // A token of an administrator reads no bookings of others, by webhooks neither.
        let refused = admin.call("POST", HOOKS, &hook()).await;
        assert_eq!(refused.expect(403).json()["code"], "token_not_permitted");
        let made = call_as_script(stage, &admin, "POST", HOOKS, &hook()).await;
        let made = made.expect(201).json();
        let test = format!("{HOOKS}/{}/test", made["id"].as_str().unwrap());
        let refused = admin.call("POST", &test, &Value::Null).await;
        assert_eq!(refused.expect(403).json()["code"], "token_not_permitted");
        // Who administers no more hears nothing more.
        run(stage, sql!("DELETE FROM role_grant WHERE is_rank = 1")).await;
        let slot = farah.offer("2026-11-24", "09:00", 0).await;
        aina.book(&slot).await.expect(303);
        assert_eq!(heard(stage).await, []);
    });
}
