//! Tests of the paths of older wedding cards. Clients and browsers send requests to the real
//! router.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

mod browser;
mod busy;
mod connections;
#[path = "../../../occasions-all/tests/shared/demo.rs"]
#[expect(dead_code, reason = "the guests' own tests need more of it")]
mod demo;
mod guessing;
mod open_rsvp;
mod refused;
mod rsvp;
mod stage;
