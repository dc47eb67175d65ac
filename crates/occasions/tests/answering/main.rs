//! Saving answers on both engines: what a save writes, which saves are refused, and how concurrent
//! saves behave.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

mod races;
mod saving;
mod stage;
