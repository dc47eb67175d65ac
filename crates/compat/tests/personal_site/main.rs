//! Tests of the older personal site's routes. A front end and a browser send requests to the real
//! router.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

mod access_requests;
mod browser;
mod health;
mod listed;
mod people;
mod posts;
mod proofs;
mod stage;
mod timers;
mod unsubscribe;
mod withdrawing;
