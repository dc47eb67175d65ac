//! `cargo xtask`: everything that a contributor and CI run.
//!
//! `test` runs all tests, `check` the rules that no compiler checks, `bench` measures the figures
//! promised in the documents, `show` demonstrates what a test alone would not prove, `example` runs
//! a site that uses Kenduri, `dist` makes everything for a release page, and `dev` serves the demo
//! during development.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command speaks to the person who started it"
)]

mod check;
mod dev;
mod lab;
mod s3;
mod size;
mod steps;
mod test;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{command, dist, example, interrupt, postgres, workspace};

/// The tasks of contributors and CI.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything CI runs: formatting, repository checks, lints, all tests on both stores, the
    /// built program in a browser.
    Test(test::Wanted),
    /// Install the packages of Node and Python that the tests need, each into its folder.
    Packages,
    /// Check the rules of the repository: dependencies between crates, file sizes, third-party
    /// crates, migrations, locales, documents.
    Check {
        /// Print the number of upward dependencies between modules, and the size of dependency
        /// cycles.
        #[arg(long)]
        layers: bool,
        /// Print the numbers by crate that may only fall, and write down those that fell.
        #[arg(long, conflicts_with = "layers")]
        counts: bool,
    },
    /// Measure the release build on this machine.
    #[command(disable_help_flag = true)]
    Bench {
        /// What to measure; `--help` lists it.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        what: Vec<OsString>,
    },
    /// Demonstrate with the built program what a test alone would not prove.
    #[command(disable_help_flag = true)]
    Show {
        /// What to show; `--help` lists it.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        what: Vec<OsString>,
    },
    /// Print what the release's bytes are, by section and by crate.
    Size(size::Wanted),
    /// Build the program for every glibc since 2.26, and pack everything for a release page.
    Dist(dist::Wanted),
    /// Install and run a site of `examples/`.
    Example(example::Wanted),
    /// Serve the demo from `target/dev`; rebuild and restart it whenever a file is saved.
    Dev,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Test(wanted) => test::test(&wanted),
        Task::Packages => test::install_packages(),
        Task::Check { layers: true, .. } => check::print_circles(),
        Task::Check { counts: true, .. } => check::print_counts(),
        Task::Check { .. } => check::check(),
        Task::Bench { what } => lab::bench(&what),
        Task::Show { what } => lab::show(&what),
        Task::Size(wanted) => size::print(&wanted),
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
