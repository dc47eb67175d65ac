//! `cargo xtask`: everything a contributor runs, and what CI runs.
//!
//! `test` is the whole proof, `check` the fences that no compiler holds, `bench` the figures
//! that the documents promise, `show` what takes more than a test to be believed, `example` a site
//! that uses it, `dist` what a release page needs, `dev` the loop of a working day.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command speaks to the person who started it"
)]

mod check;
mod dev;
mod lab;
mod steps;
mod test;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{command, dist, example, interrupt, postgres, workspace};

/// What a contributor runs.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything CI runs: format, fences, lints, all tests on both stores, the built program in a browser.
    Test {
        /// Only check that Debian's packages are there; do not install them.
        #[arg(long)]
        no_install: bool,
        /// Try each race 200 times instead of 15.
        #[arg(long)]
        long: bool,
    },
    /// The fences: crates' arrows, sizes of files, dependencies, migrations, locales, documents.
    Check {
        /// Print how many dependencies between modules point up, and how large circles are.
        #[arg(long)]
        layers: bool,
    },
    /// Measure the release build on this machine.
    #[command(disable_help_flag = true)]
    Bench {
        /// What to measure; `--help` lists it.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        what: Vec<OsString>,
    },
    /// Show what a test alone would not make one believe, with the built program.
    #[command(disable_help_flag = true)]
    Show {
        /// What to show; `--help` lists it.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        what: Vec<OsString>,
    },
    /// Build the program for every glibc since 2.26, and pack all that a release page needs.
    Dist(dist::Wanted),
    /// Install and run a site of `examples/`.
    Example(example::Wanted),
    /// Serve the demo from `target/dev`; build and start again whenever a file is saved.
    Dev,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Test { no_install, long } => {
            let packages = if no_install {
                test::Packages::Check
            } else {
                test::Packages::Install
            };
            test::test(
                packages,
                if long {
                    test::LONG_ROUNDS
                } else {
                    test::ROUNDS
                },
            )
        }
        Task::Check { layers: true } => check::print_circles(),
        Task::Check { layers: false } => check::check(),
        Task::Bench { what } => lab::bench(&what),
        Task::Show { what } => lab::show(&what),
        Task::Dist(wanted) => dist::dist(&wanted),
        Task::Example(wanted) => example::example(&wanted),
        Task::Dev => dev::dev(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure:#}");
            ExitCode::FAILURE
        }
    }
}
