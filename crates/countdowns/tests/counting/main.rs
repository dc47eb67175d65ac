//! Tests of countdowns through the pages and the JSON API, with SQLite and PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test fails where it goes wrong")]

mod calls;
mod co_owners;
mod days;
mod following;
mod leaving;
mod live;
mod own;
mod phrase_races;
mod phrases;
mod pictures;
mod proofs;
mod public;
mod races;
mod sharing;
mod stage;
mod trusted;
mod webhooks;
