//! Tests of guests' requests through the real router. Some come from a browser with cookies but
//! without scripts, others from a client that sends JSON.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

mod after;
mod answering;
mod asking;
mod busy;
mod calendar;
#[path = "../shared/demo.rs"]
mod demo;
mod entry;
mod gifts;
mod guessing;
mod info_pages;
mod interface;
mod interface_repeating;
mod interface_saving;
mod language;
mod looking_again;
mod made_up;
mod mail;
mod mail_restricted;
mod open_rsvp;
mod portal;
mod privacy;
mod properties;
mod refused;
mod remembering;
mod rows;
mod stage;
mod two_at_once;
mod uploads;
mod waiting;
