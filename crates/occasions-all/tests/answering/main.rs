//! Tests of saving answers on both engines: the rows that a save writes, refused saves, and
//! concurrent saves.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

mod gifts;
mod races;
mod saving;
mod stage;
mod uploads;
mod waiting;
