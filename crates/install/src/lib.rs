//! Installs Kenduri as a systemd service, with a unit, a user and a data folder.
//!
//! First, pure functions plan the steps ([`mod@steps`]) and how to undo each change that can fail
//! ([`change`]). Their only inputs are the options and the state of the machine. Then
//! [`mod@carry_out`] carries out the steps. The first line of a unit contains a checksum of the
//! other lines ([`mark`]). A unit that somebody has edited is overwritten only on request.

mod carry_out;
mod change;
mod found;
mod mark;
mod step;
mod steps;
mod unit;

pub use carry_out::{carry_out, do_all, tell};
pub use found::{found, installed};
pub use mark::marked;
pub use step::InstallOptions;
pub use steps::{remove, steps};
pub use unit::{Before, Unit, socket};
