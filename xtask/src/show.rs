//! `cargo xtask show`: promises that take more than a test to be believed, kept before one's eyes
//! by the built program.

mod changes;
mod figures;
mod hostile;
mod neighbours;
mod place;
mod resets;
mod visitors;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};

use crate::command::{program, run};
use crate::interrupt;
use crate::workspace::root;

/// What to show.
#[derive(Subcommand)]
pub(crate) enum Show {
    /// The front door: no request fails while everything behind it changes, and whoever is slow or
    /// mean on purpose slows down nobody else.
    Edge(Wanted),
}

/// How it is shown.
#[derive(Args)]
pub(crate) struct Wanted {
    /// Only this.
    #[arg(long)]
    only: Option<Part>,
    /// The program to show it with, instead of a debug build.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// How many requests are asked while everything changes.
    #[arg(long, default_value_t = REQUESTS)]
    requests: usize,
}

/// What is shown.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Requests and websockets through a reload, a broken file, another certificate, another
    /// process and another upstream.
    Changes,
    /// Slow heads, bodies and readers, rapid resets, 10,000 connections that are half open.
    Hostile,
}

/// What the promise names.
const REQUESTS: usize = 20_000;

/// Shows what is wanted; fails when a promise is not kept.
pub(crate) fn show(Show::Edge(wanted): &Show) -> Result<()> {
    interrupt::listen()?;
    let shown = if let Some(program) = &wanted.program {
        program
            .canonicalize()
            .with_context(|| format!("no program {}", program.display()))?
    } else {
        run(program("cargo").args(["build", "--locked", "-p", "kenduri"]))?;
        root().join("target/debug/kenduri")
    };
    if wanted.only != Some(Part::Hostile) {
        changes(&shown, wanted.requests)?;
    }
    if wanted.only != Some(Part::Changes) {
        runtime()?.block_on(hostile::show(&shown))?;
    }
    Ok(())
}

/// No request fails while everything changes, with this build of the program.
pub(crate) fn all_changes(program: &Path) -> Result<()> {
    changes(program, REQUESTS)
}

fn changes(program: &Path, requests: usize) -> Result<()> {
    runtime()?.block_on(changes::show(program, requests))
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?)
}
