//! Kenduri as a service of systemd: its unit, its user, its folder.
//!
//! What is to be done is decided first, by a plain function of what was asked
//! and what was found ([`steps`]), and done then, step by step. A unit that
//! somebody has changed is never overwritten unasked: the first line of each
//! tells whether it is still as it was written ([`mark`]).

mod mark;
mod steps;
mod unit;

pub(crate) use mark::{Seen, marked, seen};
pub(crate) use steps::{Found, Running, Step, Wish, Work, places, remove, steps};
pub(crate) use unit::{Unit, socket};
