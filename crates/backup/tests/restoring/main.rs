//! What was backed up is restored as it was.

mod bad_input;
mod buckets;
mod drills;
mod place;
mod to_a_second;
