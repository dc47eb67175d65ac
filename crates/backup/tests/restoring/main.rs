//! What was backed up is restored as it was.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

mod attacked;
mod bad_input;
mod buckets;
mod drills;
mod place;
mod to_a_second;
