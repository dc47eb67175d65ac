//! What one booking costs, in numbers that do not depend on the machine. The file `costs.txt` holds
//! them; none may rise unsaid.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

#[expect(dead_code, unused_imports, reason = "other tests use the rest of it")]
#[path = "../booking/stage.rs"]
mod stage;

use axum::http::Method;
use serde_json::json;
use site::domains;
use testkit::World;
use testkit::costs::{self, Cost, Counting, INSTRUMENTED_SYSTEM};

use crate::stage::{Booking as _, DOMAINS, Stage, provider, script};

#[global_allocator]
static ALLOCATOR: &Counting = &INSTRUMENTED_SYSTEM;

/// How many times are booked, each by somebody else. The lowest cost counts, because the first also
/// does what is done once, and threads of the store finish what came before.
const DAYS: [&str; 4] = ["2026-12-01", "2026-12-02", "2026-12-03", "2026-12-04"];

#[test]
fn one_booking() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let world = World::sqlite(&domains::migrations(DOMAINS));
    runtime.block_on(stage::run_in(&world, &async |stage: &Stage<'_>| {
        let mut farah = provider(stage).await;
        let mut lowest: Option<Cost> = None;
        for day in DAYS {
            let slot = farah.offer(day, "09:00", 0).await;
            let member = stage.person(&format!("Member {day}")).await;
            let mut browser = script(stage, &member);
            let body = json!({ "slot_id": slot["id"], "slot_version": slot["version"] });
            let cost = Cost::of(&stage.site.store, async || {
                let booked = browser.call(Method::POST, "/api/v1/bookings", &body).await;
                booked.expect(201).body.len()
            });
            let cost = cost.await;
            lowest = Some(lowest.map_or(cost, |lowest| lowest.min(cost)));
        }
        let found = [("by JSON", lowest.unwrap())];
        costs::compare(include_str!("costs.txt"), &found).unwrap_or_else(|wrong| panic!("{wrong}"));
    }));
}
