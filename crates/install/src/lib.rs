//! Installs Kenduri as a systemd service, with a unit, a user and a data folder.
//!
//! First, pure functions plan the steps ([`mod@steps`]) and how to undo each change that can fail
//! ([`change`]). Their only inputs are the options and the state of the machine. Then
//! [`mod@carry_out`] carries out the steps. The first line of a unit contains a checksum of the
//! other lines ([`mark`]). A unit that somebody has edited is overwritten only on request.

mod carry_out;
mod change;
mod machine_state;
mod step;
mod steps;
mod unit;
mod unit_checksum;

pub use carry_out::{carry_out, do_all, tell};
pub use machine_state::{found, installed};
pub use step::InstallOptions;
pub use steps::{remove, steps};
pub use unit::{Before, Unit, socket};
pub use unit_checksum::marked;
