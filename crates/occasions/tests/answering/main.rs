//! Answering on both engines: what a save writes, what it refuses, and what
//! must hold when two want the same at once.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

mod races;
mod saving;
mod stage;
