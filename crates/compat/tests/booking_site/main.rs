//! Tests of the older booking site's routes. A front end sends requests to the real router.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

mod administering;
mod booking;
mod documents;
mod listed;
mod noticing;
mod offering;
mod paying;
mod requesting;
mod signing_in;
mod stage;
