//! Installation as a systemd service, with a unit, a user and a data folder.
//!
//! Pure functions first decide the steps from the options and the machine's state ([`mod@steps`]),
//! and how to undo each change that may fail ([`change`]). Then [`mod@carry_out`] runs the steps.
//! An edited unit is overwritten only on request. The first line of a unit contains a checksum over
//! the remaining lines, which detects edits ([`mark`]).

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
