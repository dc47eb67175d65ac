//! Installation as a systemd service: unit, user and data folder.
//!
//! Plain functions first decide the steps, from what was asked and what was found ([`mod@steps`]),
//! and how to undo each change that may fail ([`change`]). Then [`mod@carry_out`] runs the steps
//! one by one. A unit that somebody has edited is never overwritten unasked: its first line holds a
//! checksum of the rest ([`mark`]).

mod carry_out;
mod change;
mod found;
mod mark;
mod steps;
mod unit;

pub(crate) use carry_out::{carry_out, do_all, tell};
pub(crate) use found::{found, installed};
pub(crate) use mark::marked;
pub(crate) use steps::{Wish, remove, steps};
pub(crate) use unit::{Before, Unit, socket};
