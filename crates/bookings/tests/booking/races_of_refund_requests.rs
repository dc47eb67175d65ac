//! Race tests for requests of refunds: administrators who decide one at once, and a member who asks
//! meanwhile. Each is repeated `testkit::rounds` times with SQLite and PostgreSQL.

use identity::grant::ADMIN;
use platform::sql;
use serde_json::{Value, json};
use testkit::together;

use crate::payouts::call;
use crate::races::{day, send, statuses, there};
use crate::stage::{
    Booking, Person, Stage, count, each_round, ledger, on_both, prove, provider, run, script,
};

const PRICE: i64 = 18_000;
/// What goes back in each round.
const BACK: i64 = 7_000;

/// Aina pays for a session, cancels it late, and asks for her money. Returns the path of the order's
/// requests, and the request's id.
async fn asked(
    stage: &Stage<'_>,
    farah: &mut Person,
    aina: &mut Person,
    round: usize,
) -> (String, String) {
    let slot = farah.offer(&day(round), "09:00", PRICE).await;
    let (pay, booking) = aina.hold(&slot).await;
    aina.pay(&pay, "pay").await.expect(200);
    run(stage, sql!("UPDATE booking SET cancel_minutes = 1000000")).await;
    prove(stage, aina).await;
    aina.cancel(&booking).await.expect(303);
    let order = pay.rsplit('/').next().unwrap();
    let path = format!("/api/v1/orders/{order}/refund-request");
    let body = json!({"text": "I was in hospital."});
    let asked = call(&mut script(stage, aina), "POST", &path, &body).await;
    let id = asked.expect(200).json()["request"]["id"].clone();
    (path, id.as_str().unwrap().to_owned())
}

fn decision(id: &str) -> (String, Value) {
    let path = format!("/api/v1/admin/refund-requests/{id}/decide");
    (
        path,
        json!({"amount_minor": BACK, "reason": "Get well soon."}),
    )
}

/// Checks that each round has refunded once.
async fn check(stage: &Stage<'_>, round: usize) {
    stage.work().await;
    let rounds = i64::try_from(round + 1).unwrap();
    let refunds = count(stage, sql!("SELECT COUNT(*) FROM refund")).await;
    assert_eq!(refunds, rounds, "round {round}");
    assert_eq!(
        ledger(stage).await,
        (PRICE - BACK) * rounds,
        "round {round}"
    );
}

#[test]
fn of_two_administrators_who_decide_one_request_at_once_one_decides() {
    on_both(&async |stage: &Stage<'_>| {
        let other = stage.beside();
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person_as("Mei Lin", ADMIN).await;
        let mut ravi = stage.person_as("Ravi Kumar", ADMIN).await;
        each_round(stage, async |round| {
            let (_, id) = asked(stage, &mut farah, &mut aina, round).await;
            prove(stage, &mut mei).await;
            prove(stage, &mut ravi).await;
            let (path, body) = decision(&id);
            let (one, two) = together(
                send(&script(stage, &mei), "POST", &path, body.clone()),
                send(&there(&script(stage, &ravi), &other), "POST", &path, body),
            )
            .await;
            assert_eq!(statuses(&one, &two), [200, 409], "round {round}");
            let late = [&one, &two].into_iter().find(|page| page.status == 409);
            assert_eq!(late.unwrap().json()["code"], "refund_request_settled");
            check(stage, round).await;
        })
        .await;
    });
}

#[test]
fn who_asks_again_while_the_request_is_decided_gets_one_refund() {
    on_both(&async |stage: &Stage<'_>| {
        let other = stage.beside();
        let mut farah = provider(stage).await;
        let mut aina = stage.person("Aina Yusof").await;
        let mut mei = stage.person_as("Mei Lin", ADMIN).await;
        each_round(stage, async |round| {
            let (ask, id) = asked(stage, &mut farah, &mut aina, round).await;
            prove(stage, &mut mei).await;
            let (path, body) = decision(&id);
            let again = json!({"text": "I was in hospital, really."});
            let (decided, again) = together(
                send(&script(stage, &mei), "POST", &path, body),
                send(&there(&script(stage, &aina), &other), "POST", &ask, again),
            )
            .await;
            assert_eq!(decided.expect(200).json()["state"], "granted");
            // It is either the same request, or a new one about what is left.
            let request = again.expect(200).json()["request"].clone();
            assert!(request["state"] == "open", "round {round}: {request}");
            let open = count(
                stage,
                sql!("SELECT COUNT(*) FROM refund_request WHERE state = 'open'"),
            );
            assert_eq!(
                open.await,
                i64::from(request["id"] != id.as_str()),
                "round {round}"
            );
            run(
                stage,
                sql!("DELETE FROM refund_request WHERE state = 'open'"),
            )
            .await;
            check(stage, round).await;
        })
        .await;
    });
}
