//! Tests of the nightly check of the books: what it finds is told once while it stands.

use identity::grant::OWNER;
use jiff::SignedDuration;
use platform::sql;
use serde_json::Value;

use crate::credits::{order, plan};
use crate::stage::{Booking, Person, Stage, count, on_default, prove, rows, run, script, wrong};

const LIST: &str = "/api/v1/admin/reconcile";

/// The findings of the nightly check: state, and how often each was found.
async fn found(stage: &Stage<'_>) -> Vec<(String, i64)> {
    let all = sql!("SELECT state, times FROM finding WHERE kind = 'contradiction'");
    rows(stage, all).await
}

fn one(state: &str, times: i64) -> Vec<(String, i64)> {
    vec![(state.to_owned(), times)]
}

async fn told(stage: &Stage<'_>) -> i64 {
    let notices =
        sql!("SELECT COUNT(*) FROM notification WHERE kind LIKE 'booking-notice-finding%'");
    count(stage, notices).await
}

/// The next night, and the hour after it, in which administrators are told.
async fn night(stage: &Stage<'_>) {
    for hours in [24, 1] {
        stage.world.clock.advance(SignedDuration::from_hours(hours));
        stage.work().await;
    }
}

/// A member who has bought two credits.
async fn bought(stage: &Stage<'_>) -> (Person, Person) {
    let mut owner = stage.person_as("Siti Owner", OWNER).await;
    let plan = plan(&mut owner, 2).await;
    let mut aina = stage.person("Aina Yusof").await;
    let pay = order(&mut aina, &plan).await;
    aina.pay(&pay, "pay").await.expect(200);
    (owner, aina)
}

#[test]
fn what_the_nightly_check_finds_is_told_once_while_it_stands() {
    on_default(&async |stage: &Stage<'_>| {
        let (mut owner, _) = bought(stage).await;
        night(stage).await;
        assert!(found(stage).await.is_empty());
        run(stage, sql!("UPDATE credit_lot SET used = 1")).await;
        night(stage).await;
        assert_eq!((found(stage).await, told(stage).await), (one("open", 1), 1));
        night(stage).await;
        assert_eq!((found(stage).await, told(stage).await), (one("open", 1), 1));
        // An administrator reads what is wrong, and lets it be checked again.
        prove(stage, &mut owner).await;
        owner.sees("/admin/orders/reconcile", "do not add up").await;
        let mut script = script(stage, &owner);
        let all = script.get(LIST).await.expect(200).json();
        let id = all["items"][0]["id"].as_str().unwrap().to_owned();
        let apply = format!("{LIST}/{id}/apply");
        let applied = script.call("POST".parse().unwrap(), &apply, &Value::Null);
        applied.await.expect(202);
        stage.work().await;
        assert_eq!(found(stage).await, one("open", 2));
        run(stage, sql!("UPDATE credit_lot SET used = 0")).await;
        night(stage).await;
        assert_eq!(found(stage).await, one("healed", 2));
    });
}

/// Makes a change, says which line of the check finds it, and undoes it.
async fn spoilt(stage: &Stage<'_>, spoil: platform::Sql, mend: platform::Sql, what: &str) {
    run(stage, spoil).await;
    let lines = wrong(stage).await;
    assert!(lines.iter().any(|line| line.starts_with(what)), "{lines:?}");
    run(stage, mend).await;
    assert_eq!(wrong(stage).await, [""; 0]);
}

#[test]
fn the_check_finds_what_must_not_be() {
    on_default(&async |stage: &Stage<'_>| {
        let (_, mut aina) = bought(stage).await;
        let mut farah = crate::stage::provider(stage).await;
        let slot = farah.offer("2026-12-01", "09:00", 18_000).await;
        let (pay, _) = aina.hold(&slot).await;
        aina.pay(&pay, "pay").await.expect(200);
        spoilt(
            stage,
            sql!("UPDATE booking_order SET tier = 1 WHERE plan_id IS NOT NULL"),
            sql!("UPDATE booking_order SET tier = 0"),
            "an order of a membership is paid, and opened none",
        )
        .await;
        spoilt(
            stage,
            sql!("UPDATE booking SET order_id = NULL"),
            sql!(
                "UPDATE booking SET order_id =
                     (SELECT id FROM booking_order WHERE plan_id IS NULL)"
            ),
            "an order is paid, and there is neither a booking nor a full refund",
        )
        .await;
    });
}
