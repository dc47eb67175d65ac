//! Benchmarks and demonstrations of Kenduri: `cargo xtask bench` and `cargo xtask show`.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command speaks to the person who started it"
)]

mod bench;
mod confinement;
mod show;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{command, dist, example, interrupt, postgres, workspace};

/// Benchmarks and demonstrations.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measure the release build on this machine.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Demonstrate with the built program what a test alone would not prove.
    #[command(subcommand)]
    Show(show::Show),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Bench(bench) => bench::bench(&bench),
        Task::Show(show) => show::show(&show),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure:#}");
            ExitCode::FAILURE
        }
    }
}
