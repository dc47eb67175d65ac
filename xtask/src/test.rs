//! `cargo xtask test`: runs the same steps as CI, from a fresh Debian to the browser tests.
//!
//! The run stops at the first failed step. Each step's processes and files are private to the run
//! and are removed when the run ends, even after a failure or Ctrl-C.

mod packages;

use std::path::Path;
use std::process::Command;

use anyhow::Result;

pub(crate) use packages::Packages;

use crate::check;
use crate::command::{program, run};
use crate::example::{Site, install_node, install_python};
use crate::interrupt;
use crate::lab::showing;
use crate::postgres::PrivatePostgres;
use crate::s3::PrivateS3;
use crate::steps::Steps;
use crate::workspace::root;

/// The number of parallel compiler jobs, the same as in CI.
const JOBS: &str = "-j2";
/// The number of tests in a test binary that run in parallel. It is larger than the number of
/// cores, because many tests wait.
const THREADS: &str = "4";

/// How often each race is repeated in tests.
pub(crate) const ROUNDS: u32 = 6;
/// How often each race is repeated with `--long`.
pub(crate) const LONG_ROUNDS: u32 = 200;

/// Runs every step and prints their times.
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
    let cargo_test = || {
        let mut cargo = program("cargo");
        cargo.args(["test", "--workspace", "--locked", "--no-fail-fast", JOBS]);
        cargo
    };
    steps.step("the tests and the program, built", || {
        run(cargo_test().arg("--no-run"))
    })?;
    // The following steps test an unoptimized build, because a release build would take as long as
    // all tests together.
    let built = root().join("target/debug/kenduri");
    // The virtual-machine step starts as early as possible, because it mostly waits, whereas the
    // browser tests keep the processor busy.
    let mut machine = showing(&["install", "--program"]);
    machine.arg(&built);
    let machine = Steps::start("installed on a live systemd", machine)?;
    // Tests cannot cause a power failure, so `fsync` is off; another test checks that the store
    // requests durable commits. The short `deadlock_timeout` avoids a wait of one second until
    // deadlocks are detected.
    let postgres = steps.step("private PostgreSQL", || {
        PrivatePostgres::start(&["fsync=off", "deadlock_timeout=20ms"])
    })?;
    let buckets = steps.step("private server of buckets", PrivateS3::start)?;
    steps.step("units, both stores, pages, end to end", || {
        run(cargo_test()
            .env("KENDURI_TEST_POSTGRES", postgres.url())
            .env("KENDURI_TEST_S3", buckets.address())
            .env("KENDURI_TEST_ROUNDS", rounds.to_string())
            .env("RUST_TEST_THREADS", THREADS))
    })?;
    drop(postgres);
    drop(buckets);
    let api = root().join("tests/api");
    steps.step("the API, as it describes itself", || {
        install_python(&api)?;
        run(program(api.join(".venv/bin/python"))
            .arg("api.py")
            .current_dir(&api))
    })?;
    let dkim = root().join("tests/dkim");
    steps.step("signatures of mail, by another library", || {
        install_python(&dkim)?;
        run(program(dkim.join(".venv/bin/python"))
            .arg("signed.py")
            .current_dir(&dkim))
    })?;
    steps.step("requests through every change", || {
        let what = ["edge", "--only", "changes", "--program"];
        run(showing(&what).arg(&built))
    })?;
    let tests = |name: &str| root().join("tests").join(name);
    let [websockets, socketio, oidc, browser, examples] =
        ["websockets", "socketio", "oidc", "browser", "examples"].map(tests);
    steps.step("packages of Node and Python", || {
        for site in [Site::Kadkahwin, Site::FlaskExpress, Site::Mentoring] {
            site.install()?;
        }
        for folder in [&websockets, &socketio, &oidc, &browser, &examples] {
            install_node(folder)?;
        }
        Ok(())
    })?;
    steps.step("websockets of another maker", || {
        run(&mut npm_test(&websockets))
    })?;
    steps.step("Socket.IO with its own client", || {
        run(&mut npm_test(&socketio))
    })?;
    steps.step("sign-ins with a provider", || run(&mut npm_test(&oidc)))?;
    // This step runs in the background, because most of the time it waits for the example sites'
    // programs to start or stop.
    let sites = Steps::start("sites with programs beside them", npm_test(&examples))?;
    steps.step("stories and looks in a browser", || {
        run(&mut npm_test(&browser))
    })?;
    steps.finish(sites)?;
    steps.finish(machine)
}

fn npm_test(folder: &Path) -> Command {
    let mut npm = program("npm");
    npm.args(["test", "--silent"]).current_dir(folder);
    npm
}
