//! Runs `cargo xtask bench` and `cargo xtask show`. Their code is in the crate `lab`, so that
//! running the tests does not require building its dependencies.

use std::ffi::OsString;

use anyhow::Result;

use crate::command::{program, run};
use crate::interrupt;

/// Runs a benchmark with release builds of the client and the server, because a slow client would
/// distort the figures.
pub(crate) fn bench(what: &[OsString]) -> Result<()> {
    interrupt::listen()?;
    let cargo = [
        "run",
        "--quiet",
        "--release",
        "--locked",
        "-p",
        "lab",
        "--",
        "bench",
    ];
    run(program("cargo").args(cargo).args(what))
}

pub(crate) fn show(what: &[OsString]) -> Result<()> {
    interrupt::listen()?;
    let cargo = ["run", "--quiet", "--locked", "-p", "lab", "--", "show"];
    run(program("cargo").args(cargo).args(what))
}
