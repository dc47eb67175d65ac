//! Tests that a backup is restored unchanged.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

mod bad_input;
mod buckets;
mod drills;
mod place;
mod to_a_second;
