//! Installation as a systemd service: unit, user and data folder.
//!
//! Pure functions first decide the steps, from the options and the state of the machine
//! ([`mod@steps`]), and how to undo each change that may fail ([`change`]). Then [`mod@carry_out`]
//! runs the steps one by one. A unit that was edited is overwritten only on request: its first line
//! contains a checksum of the rest ([`mark`]).

mod carry_out;
mod change;
mod found;
mod mark;
mod steps;
mod unit;

pub(crate) use carry_out::{carry_out, do_all, tell};
pub(crate) use found::{found, installed};
pub(crate) use mark::marked;
pub(crate) use steps::{InstallOptions, remove, steps};
pub(crate) use unit::{Before, Unit, socket};
