//! `cargo xtask test`: what CI runs, from a fresh Debian to the last click in a browser.
//!
//! Stops at the first failure. Everything that a step starts is private to this run, in a random
//! folder, and gone at its end, also after a failure or Ctrl-C.

mod packages;

use anyhow::Result;

pub(crate) use packages::Packages;

use crate::check;
use crate::command::{program, run};
use crate::example::{Site, install_python};
use crate::interrupt;
use crate::lab::showing;
use crate::postgres::PrivatePostgres;
use crate::steps::Steps;
use crate::workspace::root;

/// How many compilers work at once: what CI has.
const JOBS: &str = "-j2";

/// How often tests of races try each race.
pub(crate) const ROUNDS: u32 = 25;
/// The same with `--long`.
pub(crate) const LONG_ROUNDS: u32 = 200;

/// Runs every step, and prints the times they took.
pub(crate) fn test(packages: Packages, rounds: u32) -> Result<()> {
    interrupt::listen()?;
    let mut steps = Steps::new();
    let outcome = all(&mut steps, packages, rounds);
    steps.print_table();
    outcome
}

fn all(steps: &mut Steps, packages: Packages, rounds: u32) -> Result<()> {
    steps.step("packages", || packages.provide())?;
    steps.step("format", || {
        run(program("cargo").args(["fmt", "--all", "--check"]))
    })?;
    steps.step("fences", check::check)?;
    steps.step("lints", || {
        run(program("cargo")
            .args(["clippy", "--workspace", "--all-targets", "--locked", JOBS])
            .args(["--", "-D", "warnings"]))
    })?;
    let postgres = steps.step("private PostgreSQL", PrivatePostgres::start)?;
    steps.step("units, both stores, pages, end to end", || {
        run(program("cargo")
            .args(["test", "--workspace", "--locked", "--no-fail-fast", JOBS])
            .env("KENDURI_TEST_POSTGRES", postgres.url())
            .env("KENDURI_TEST_ROUNDS", rounds.to_string()))
    })?;
    drop(postgres);
    let api = root().join("tests/api");
    // Here and below, the program without optimisation, which the tests before have built. A release
    // build would take as long as all tests together.
    let built = root().join("target/debug/kenduri");
    steps.step("the API, as it describes itself", || {
        install_python(&api)?;
        run(program(api.join(".venv/bin/python"))
            .arg("api.py")
            .current_dir(&api))
    })?;
    steps.step("requests through every change", || {
        let what = ["edge", "--only", "changes", "--program"];
        run(showing(&what).arg(&built))
    })?;
    let mut machine = showing(&["install", "--program"]);
    machine.arg(&built);
    let machine = Steps::start("installed on a live systemd", machine)?;
    let websockets = root().join("tests/websockets");
    steps.step("websockets of another maker", || {
        run(program("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&websockets))?;
        run(program("npm")
            .args(["test", "--silent"])
            .current_dir(&websockets))
    })?;
    let socketio = root().join("tests/socketio");
    steps.step("Socket.IO with its own client", || {
        run(program("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&socketio))?;
        run(program("npm")
            .args(["test", "--silent"])
            .current_dir(&socketio))
    })?;
    let browser = root().join("tests/browser");
    steps.step("browser tests' packages", || {
        run(program("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&browser))
    })?;
    steps.step("stories and looks in a browser", || {
        run(program("npm")
            .args(["test", "--silent"])
            .current_dir(&browser))
    })?;
    let examples = root().join("tests/examples");
    steps.step("sites with programs beside them", || {
        for site in [Site::Kadkahwin, Site::FlaskExpress] {
            site.install()?;
        }
        run(program("npm")
            .args(["ci", "--no-audit", "--no-fund"])
            .current_dir(&examples))?;
        run(program("npm")
            .args(["test", "--silent"])
            .current_dir(&examples))
    })?;
    steps.finish(machine)
}
