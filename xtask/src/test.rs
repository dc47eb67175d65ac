//! `cargo xtask test`: runs the same steps as CI, from a fresh Debian to the browser tests.
//!
//! The run stops at the first failed step. Each step's processes and files are private to the run
//! and are removed when the run ends, even after a failure or Ctrl-C.

mod binaries;
mod build;
mod packages;
mod place;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

pub(crate) use packages::Packages;

use crate::check;
use crate::command::{program, run};
use crate::example::{Site, install_node, install_python};
use crate::interrupt;
use crate::postgres::PrivatePostgres;
use crate::s3::PrivateS3;
use crate::steps::{Lane, Steps};
use crate::workspace::root;

/// In tests, and with `--long`.
const ROUNDS: u32 = 4;
const LONG_ROUNDS: u32 = 200;

/// In Node.
const NODE_TESTS: [&str; 5] = ["websockets", "socketio", "oidc", "browser", "examples"];
/// In Python: tests, or the servers of tests.
const PYTHON_TESTS: [&str; 4] = ["s3", "api", "dkim", "packaging"];

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Wanted {
    /// Only check that Debian's packages are installed; do not install them.
    #[arg(long)]
    no_install: bool,
    #[command(flatten)]
    extent: Extent,
}

/// How much to run.
#[derive(clap::Args)]
struct Extent {
    /// Only format, rules, lints and the tests of crates on SQLite, for the time between commits:
    /// no browser, no virtual machine, no programs of other makers.
    #[arg(long, conflicts_with_all = ["every_engine", "long"])]
    fast: bool,
    /// Run every test of the store on PostgreSQL too, not only those that could differ there.
    #[arg(long)]
    every_engine: bool,
    /// Like --every-engine, and try each race 200 times instead of 4.
    #[arg(long)]
    long: bool,
}

/// Runs every step and prints their times.
pub(crate) fn test(wanted: &Wanted) -> Result<()> {
    interrupt::listen()?;
    let mut steps = Steps::new();
    let outcome = if wanted.extent.fast {
        run_fast(&mut steps, wanted)
    } else {
        run_all(&mut steps, wanted)
    };
    steps.print_table();
    outcome
}

/// Installs the packages of Node and Python that tests need.
pub(crate) fn install_packages() -> Result<()> {
    let tests = |name: &str| root().join("tests").join(name);
    for name in PYTHON_TESTS {
        install_python(&tests(name))?;
    }
    for site in [Site::Kadkahwin, Site::FlaskExpress, Site::Mentoring] {
        site.install()?;
    }
    for name in NODE_TESTS {
        install_node(&tests(name))?;
    }
    Ok(())
}

fn run_fast(steps: &mut Steps, wanted: &Wanted) -> Result<()> {
    provide_packages(steps, wanted)?;
    check_sources(steps)?;
    let binaries = steps.step("lints, the program and the tests, built", build::build_all)?;
    let variables = [("KENDURI_TEST_ROUNDS", ROUNDS.to_string())];
    steps.step("units, pages, end to end", || {
        binaries::run(binaries, &variables)
    })
}

fn provide_packages(steps: &mut Steps, wanted: &Wanted) -> Result<()> {
    let packages = if wanted.no_install {
        Packages::Check
    } else {
        Packages::Install
    };
    steps.step("packages", || packages.provide())?;
    place::print_skipped();
    Ok(())
}

fn run_all(steps: &mut Steps, wanted: &Wanted) -> Result<()> {
    provide_packages(steps, wanted)?;
    check_sources(steps)?;
    let mut installing = Command::new(std::env::current_exe()?);
    installing.arg("packages");
    let installing = Steps::start(vec![("packages of Node and Python", installing)]);
    let binaries = steps.step("lints, the program and the tests, built", build::build_all)?;
    steps.finish(installing)?;
    // The following steps test an unoptimized build, because a release build would take as long as
    // all tests together.
    let built = Built::new();
    // What mostly waits runs beside the tests of crates, the longest first.
    let machine = Steps::start(vec![(
        "installed on a live systemd",
        built.show(&["install", "--restarts", "5"]),
    )]);
    let others = start_other_makers();
    // Tests cannot cause a power failure, so `fsync` is off; another test checks that the store
    // requests durable commits. The short `deadlock_timeout` avoids a wait of one second until
    // deadlocks are detected.
    let postgres = steps.step("private PostgreSQL", || {
        PrivatePostgres::start(&["fsync=off", "deadlock_timeout=20ms"])
    })?;
    let buckets = steps.step("private server of buckets", PrivateS3::start)?;
    let rounds = if wanted.extent.long {
        LONG_ROUNDS
    } else {
        ROUNDS
    };
    let mut variables = vec![
        ("KENDURI_TEST_POSTGRES", postgres.url()),
        ("KENDURI_TEST_S3", buckets.address().to_owned()),
        ("KENDURI_TEST_ROUNDS", rounds.to_string()),
    ];
    if wanted.extent.every_engine || wanted.extent.long {
        variables.push(("KENDURI_TEST_ENGINES", "all".to_owned()));
    }
    // A run takes long, so it says all that fails: no failure from here on ends it.
    let mut outcomes = vec![steps.step("units, both stores, pages, end to end", || {
        binaries::run(binaries, &variables)
    })];
    drop(postgres);
    drop(buckets);
    outcomes.push(steps.finish(others));
    outcomes.push(steps.finish(machine));
    ensure!(!interrupt::is_wanted(), "interrupted");
    // It holds that no request is late, so nothing runs beside it.
    outcomes.push(steps.step("requests through every change", || {
        run(&mut built.show(&["edge", "--only", "changes"]))
    }));
    ensure!(!interrupt::is_wanted(), "interrupted");
    // The sites mostly wait for their programs to start or stop.
    let sites = Steps::start(vec![(
        "sites with programs beside them",
        npm_test("examples"),
    )]);
    let mut browser = npm_test("browser");
    if wanted.extent.long {
        browser.env("KENDURI_TEST_LOOKS", "all");
    }
    outcomes.push(steps.step("stories and looks in a browser", || run(&mut browser)));
    outcomes.push(steps.finish(sites));
    outcomes.into_iter().collect()
}

fn check_sources(steps: &mut Steps) -> Result<()> {
    steps.step("format", || {
        run(program("cargo").args(["fmt", "--all", "--check"]))
    })?;
    steps.step("fences", check::check)
}

/// Of the built program.
fn start_other_makers() -> Lane {
    Steps::start(vec![
        (
            "signatures of mail, by another library",
            python_test("dkim", "signed.py"),
        ),
        (
            "packaging of several machines",
            python_test("packaging", "validate.py"),
        ),
        ("websockets of another maker", npm_test("websockets")),
        ("Socket.IO with its own client", npm_test("socketio")),
        ("sign-ins with a provider", npm_test("oidc")),
        (
            "the API, as it describes itself",
            python_test("api", "api.py"),
        ),
    ])
}

struct Built {
    kenduri: PathBuf,
    lab: PathBuf,
}

impl Built {
    fn new() -> Self {
        let folder = root().join("target/debug");
        Self {
            kenduri: folder.join("kenduri"),
            lab: folder.join("lab"),
        }
    }

    fn show(&self, what: &[&str]) -> Command {
        let mut lab = program(&self.lab);
        lab.arg("show")
            .args(what)
            .arg("--program")
            .arg(&self.kenduri);
        lab
    }
}

fn npm_test(name: &str) -> Command {
    let mut npm = program("npm");
    npm.args(["test", "--silent"])
        .current_dir(root().join("tests").join(name));
    npm
}

fn python_test(name: &str, script: &str) -> Command {
    let folder = root().join("tests").join(name);
    let mut python = program(folder.join(".venv/bin/python"));
    python.arg(script).current_dir(&folder);
    python
}
