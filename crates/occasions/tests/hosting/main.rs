//! The hosts' side on both engines: who may do what, what every change leaves
//! behind, and that numbers, lists and files say the same.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

mod background;
mod lists;
mod numbers;
mod pages;
mod pages_changes;
mod pages_settings;
mod races;
mod roles;
mod rules;
mod stage;
mod stream;
mod tmpbench;
