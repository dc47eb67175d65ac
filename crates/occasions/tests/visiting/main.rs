//! Guests through the edge: a visitor with cookies and no script, and a
//! program that sends JSON, before the real router.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

mod answering;
mod asking;
mod busy;
mod calendar;
#[path = "../../../compat/tests/kadkahwin/rsvp.rs"]
mod compat;
#[path = "../../../compat/tests/kadkahwin/browser.rs"]
mod compat_browser;
#[path = "../../../compat/tests/kadkahwin/connections.rs"]
mod compat_connections;
#[path = "../../../compat/tests/kadkahwin/refused.rs"]
mod compat_refused;
mod entry;
mod guessing;
mod interface;
mod interface_repeating;
mod interface_saving;
mod language;
mod looking_again;
mod made_up;
mod mail;
mod open_rsvp;
mod portal;
mod privacy;
mod properties;
mod refused;
mod remembering;
mod rows;
mod stage;
mod two_at_once;
