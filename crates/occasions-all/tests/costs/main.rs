//! What one answer of a household costs, in numbers that do not depend on the machine. The file
//! `costs.txt` holds them; none may rise unsaid.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

#[expect(dead_code, reason = "other tests use the rest of it")]
#[path = "../shared/demo.rs"]
mod demo;

use axum::Router;
use axum::http::Method;
use occasions::role::{self, Role};
use occasions::rsvp;
use serde_json::{Value, json};
use site::domains;
use testkit::costs::{self, Cost, Counting, INSTRUMENTED_SYSTEM};
use testkit::{Visitor, World};

use crate::demo::{Stage, guest, state};

#[global_allocator]
static ALLOCATOR: &Counting = &INSTRUMENTED_SYSTEM;

/// How often each answer is saved. The lowest cost counts, because some saves also do what the
/// first of its kind does once, and threads of the store finish what came before.
const ROUNDS: usize = 6;

#[test]
fn one_answer_of_each_kind() {
    let domains: site::domain::Domains = &[accounts::DOMAIN, occasions_all::DOMAIN];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let world = World::sqlite(&domains::migrations(domains));
    runtime.block_on(async {
        world.expect_jobs(rsvp::CONFIRM);
        let stage = Stage::build(&world, domains, &["en"], |_, _| Router::new()).await;
        let found = [
            ("by form", by_form(&stage).await),
            ("by JSON", by_json(&stage, false).await),
            ("by JSON with a key", by_json(&stage, true).await),
            ("by a host", by_host(&stage).await),
        ];
        costs::compare(include_str!("costs.txt"), &found).unwrap_or_else(|wrong| panic!("{wrong}"));
    });
}

/// The answers of two rounds differ, so that each is a change.
fn word(round: usize) -> &'static str {
    if round.is_multiple_of(2) { "yes" } else { "no" }
}

async fn by_form(stage: &Stage<'_>) -> Cost {
    let mut visitor = stage.visitor();
    let rahman = rahman(&mut visitor).await;
    let mut lowest = None;
    for round in 0..ROUNDS {
        let page = visitor.get("/invite/RAHMA/rsvp").await.with(200);
        let mut form = page.form("/invite/RAHMA/rsvp");
        form.fill(&format!("reply.{rahman}.nikah"), word(round));
        let cost = Cost::of(&stage.site.store, async || {
            visitor.submit(&page, &form).await.expect(303).body.len()
        });
        keep(&mut lowest, cost.await);
    }
    lowest.unwrap()
}

async fn by_json(stage: &Stage<'_>, with_key: bool) -> Cost {
    let mut program = stage.visitor();
    let rahman = rahman(&mut program).await;
    let mut lowest = None;
    for round in 0..ROUNDS {
        if with_key {
            program.header("idempotency-key", &format!("key-{round}"));
        }
        let body = json!({
            "version": version(&mut program).await,
            "guests": [{ "id": rahman, "replies": { "nikah": word(round) } }],
        });
        let cost = Cost::of(&stage.site.store, async || {
            let saved = program
                .call(Method::PUT, "/api/v1/invitations/RAHMA/rsvp", &body)
                .await;
            saved.expect(200).body.len()
        });
        keep(&mut lowest, cost.await);
    }
    lowest.unwrap()
}

async fn by_host(stage: &Stage<'_>) -> Cost {
    let mut program = stage.visitor();
    let rahman = rahman(&mut program).await;
    let role = Some((Role::OccasionOwner.into(), role::scope(&stage.occasion)));
    let (_, session) = stage.sign_in("The owner", "owner@example.com", role).await;
    program.set_cookie("kd_session", session.reveal());
    let token = web::csrf::token(session.reveal(), &stage.site.random);
    program.header("x-csrf-token", &token);
    let address = format!("/api/v1/guests/{rahman}/replies/nikah");
    let mut lowest = None;
    for round in 0..ROUNDS {
        let body = json!({ "version": version(&mut program).await, "status": word(round) });
        let cost = Cost::of(&stage.site.store, async || {
            let saved = program.call(Method::PUT, &address, &body).await;
            saved.expect(200).body.len()
        });
        keep(&mut lowest, cost.await);
    }
    lowest.unwrap()
}

async fn rahman(visitor: &mut Visitor) -> String {
    let state = state(visitor, "RAHMA").await;
    guest(&state, "Rahman")["id"].as_str().unwrap().to_owned()
}

async fn version(visitor: &mut Visitor) -> Value {
    state(visitor, "RAHMA").await["version"].clone()
}

fn keep(lowest: &mut Option<Cost>, cost: Cost) {
    *lowest = Some(lowest.map_or(cost, |lowest| lowest.min(cost)));
}
