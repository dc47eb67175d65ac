//! The addresses of older wedding cards: programs and browsers before the real router.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

mod browser;
mod busy;
mod connections;
mod guessing;
mod open_rsvp;
mod refused;
mod rsvp;
mod stage;
