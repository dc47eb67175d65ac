//! Tests of saving answers on both engines, with the rows that a save writes, the saves that are
//! refused, and concurrent saves.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

mod gifts;
mod races;
mod saving;
mod stage;
