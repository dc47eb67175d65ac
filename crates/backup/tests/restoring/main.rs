//! Tests that a restored backup equals the original data.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

mod attacked;
mod automatic;
mod bad_input;
mod buckets;
mod cuts;
mod drills;
mod follows;
mod lease;
mod lost;
mod place;
mod postgres;
mod postgres_log;
mod s3_double;
mod small_disk;
mod to_a_second;
