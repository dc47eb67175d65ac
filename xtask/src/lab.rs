//! `cargo xtask bench` and `cargo xtask show`, which are a crate of their own: nobody who only runs
//! the tests has to wait for what it is made of.

use std::ffi::{OsStr, OsString};
use std::process::Command;

use anyhow::Result;

use crate::command::{program, run};
use crate::interrupt;

/// Measures with a release build of both sides: a slow client would only measure itself.
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

/// Shows what is wanted; fails when a promise is not kept.
pub(crate) fn show(what: &[OsString]) -> Result<()> {
    interrupt::listen()?;
    run(&mut showing(what))
}

/// The command that shows it.
pub(crate) fn showing(what: &[impl AsRef<OsStr>]) -> Command {
    let mut cargo = program("cargo");
    cargo
        .args(["run", "--quiet", "--locked", "-p", "lab", "--", "show"])
        .args(what);
    cargo
}
