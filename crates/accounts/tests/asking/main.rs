//! Accounts on both engines: the rules of signing in, sessions, roles and
//! tokens, and what must hold when two want the same at once.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

mod access;
mod api;
mod grants;
mod notes;
mod pages;
mod races;
mod refreshing;
mod security;
mod sessions;
mod setup;
mod signing_in;
mod stage;
mod sudo;
mod tokens;
mod upstream_access;
