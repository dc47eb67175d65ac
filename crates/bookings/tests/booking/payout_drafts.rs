//! Tests of the batches of payouts that are drafted each morning.

use identity::grant::OWNER;
use platform::sql;
use serde_json::{Value, json};

use crate::stage::{
    Booking, Person, Stage, count, go_to, on_default, prove, provider, rows, run, script,
};

const BATCHES: &str = "/api/v1/admin/payout-batches";

/// The batches: currency, state, and how many items each has.
async fn batches(stage: &Stage<'_>) -> Vec<(String, String, i64)> {
    let all = sql!(
        "SELECT t.currency, t.state,
             (SELECT COUNT(*) FROM payout_item i WHERE i.batch_id = t.id)
         FROM payout_batch t ORDER BY t.currency, t.created_at"
    );
    rows(stage, all).await
}

fn batch(currency: &str, state: &str, items: i64) -> (String, String, i64) {
    (currency.to_owned(), state.to_owned(), items)
}

async fn approve(stage: &Stage<'_>) {
    run(
        stage,
        sql!("UPDATE payout_item SET state = 'approved' WHERE state = 'pending'"),
    )
    .await;
}

/// Farah has given three sessions, each for RM 100, and the last one for US$ 100. All may be paid on
/// 3 December.
async fn owed(stage: &Stage<'_>) -> Person {
    let mut farah = provider(stage).await;
    farah.profile("bio", "Portraits").await;
    run(stage, sql!("UPDATE provider SET payout_minor = 10000")).await;
    let mut aina = stage.person("Aina Yusof").await;
    for time in ["09:00", "11:00", "13:00"] {
        let slot = farah.offer("2026-11-24", time, 0).await;
        aina.book(&slot).await.expect(303);
    }
    let mut own = script(stage, &farah);
    let set = json!({"reference": "Bank Satu 1"});
    let named = own.call("PUT".parse().unwrap(), "/api/v1/me/payouts", &set);
    named.await.expect(204);
    run(
        stage,
        sql!(
            "UPDATE booking SET payout_currency = 'USD'
             WHERE starts_at = (SELECT MAX(starts_at) FROM booking)"
        ),
    )
    .await;
    go_to(stage, "2026-12-03T00:00:00Z").await;
    farah
}

#[test]
fn a_batch_is_drafted_each_morning_and_never_a_second_one_beside_it() {
    on_default(&async |stage: &Stage<'_>| {
        let mut owner = stage.person_as("Siti Owner", OWNER).await;
        owed(stage).await;
        // What nobody has approved is in no batch.
        go_to(stage, "2026-12-03T06:00:00Z").await;
        assert!(batches(stage).await.is_empty());
        run(
            stage,
            sql!(
                "UPDATE payout_item SET state = 'approved' WHERE currency = 'USD' OR id =
                     (SELECT MIN(id) FROM payout_item WHERE currency = 'MYR')"
            ),
        )
        .await;
        go_to(stage, "2026-12-04T05:59:00Z").await;
        assert!(batches(stage).await.is_empty());
        go_to(stage, "2026-12-04T06:00:00Z").await;
        let first = [batch("MYR", "draft", 1), batch("USD", "draft", 1)];
        assert_eq!(batches(stage).await, first);
        prove(stage, &mut owner).await;
        owner
            .sees("/admin/payouts", &stage.say("batch-draft"))
            .await;
        // While a draft stands, what is approved waits.
        approve(stage).await;
        go_to(stage, "2026-12-05T06:00:00Z").await;
        assert_eq!(batches(stage).await, first);
        prove(stage, &mut owner).await;
        let mut admin = script(stage, &owner);
        let all = admin.get(BATCHES).await.expect(200).json();
        let all = all["items"].as_array().unwrap();
        let ringgit = all.iter().find(|one| one["currency"] == "MYR").unwrap();
        let path = format!("{BATCHES}/{}/approve", ringgit["id"].as_str().unwrap());
        let done = admin.call("POST".parse().unwrap(), &path, &json!({})).await;
        done.expect(200);
        go_to(stage, "2026-12-06T06:00:00Z").await;
        let second = [
            batch("MYR", "approved", 1),
            batch("MYR", "draft", 1),
            batch("USD", "draft", 1),
        ];
        assert_eq!(batches(stage).await, second);
        let lines = sql!(
            "SELECT COUNT(*) FROM audit
             WHERE action = 'payout_batch.created' AND actor_kind = 'system'"
        );
        assert_eq!(count(stage, lines).await, 3);
        // A member reads nothing of it.
        let mut daniel = stage.person("Daniel Tan").await;
        let page = daniel.call("GET", BATCHES, &Value::Null).await;
        page.expect(403);
    });
}

#[test]
fn the_morning_is_that_of_the_site() {
    on_default(&async |stage: &Stage<'_>| {
        let far = crate::stage::in_zone(stage, "Asia/Kuala_Lumpur");
        owed(&far).await;
        approve(&far).await;
        go_to(&far, "2026-12-03T21:59:00Z").await;
        assert!(batches(&far).await.is_empty());
        go_to(&far, "2026-12-03T22:00:00Z").await;
        assert_eq!(batches(&far).await.len(), 2);
    });
}
