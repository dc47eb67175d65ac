//! Code shared by `cargo xtask` and `lab`: running and ending other programs, a private
//! `PostgreSQL`, the sites of `examples/`, the packages needed by tests, and the files of the
//! repository.
#![expect(
    clippy::print_stdout,
    reason = "a command speaks to the person who started it"
)]

pub mod command;
pub mod dist;
pub mod example;
pub mod interrupt;
pub mod postgres;
pub mod workspace;
