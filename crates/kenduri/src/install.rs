//! Kenduri as a service of systemd: its unit, its user, its folder.
//!
//! What is to be done is decided first, by a plain function of what was asked
//! and what was found ([`mod@steps`]), and so is the way back from each thing that
//! may fail ([`change`]); it is done then, step by step ([`mod@carry_out`]). A unit
//! that somebody has changed is never overwritten unasked: the first line of each
//! tells whether it is still as it was written ([`mark`]).

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
