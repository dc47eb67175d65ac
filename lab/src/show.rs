//! `cargo xtask show`: promises that take more than a test to be believed, kept before one's eyes
//! by the built program.

mod changes;
mod crowd;
mod dist;
mod figures;
mod hostile;
mod machine;
mod neighbours;
mod place;
mod resets;
mod visitors;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Subcommand, ValueEnum};

use crate::command::{program, run};
use crate::example::install_node;
use crate::interrupt;
use crate::workspace::root;

/// What to show.
#[derive(Subcommand)]
pub(crate) enum Show {
    /// The front door: no request fails while everything behind it changes, and whoever is slow or
    /// mean on purpose slows down nobody else.
    Edge(Wanted),
    /// `kenduri install` on a live systemd, in a machine of its own: sockets, restarts, upgrades,
    /// services that take too much memory or leave their group, and that nothing is left.
    Install {
        /// The program to show it with, instead of a debug build.
        #[arg(long, value_name = "FILE")]
        program: Option<PathBuf>,
    },
    /// How Lighthouse judges the demo's public pages at the settings of a phone: at least 95 of 100 for
    /// performance and accessibility.
    Lighthouse {
        /// The program to show it with, instead of a debug build.
        #[arg(long, value_name = "FILE")]
        program: Option<PathBuf>,
    },
    /// A mail to 5,000 households through a slow mail server, killed again and again: nobody is left
    /// out, nobody gets it twice, and what nobody can know is counted.
    Mail,
    /// What is downloaded: two builds with the same bytes, a fresh Debian from the tarball to an
    /// invitation, and the package upgraded under a thousand requests a second.
    Dist(dist::Wanted),
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
    /// 20,000 connections of one address, and newcomers from others.
    Crowd,
}

/// What the promise names.
const REQUESTS: usize = 20_000;

/// Shows what is wanted; fails when a promise is not kept.
pub(crate) fn show(what: &Show) -> Result<()> {
    interrupt::listen()?;
    match what {
        Show::Edge(wanted) => edge(wanted),
        Show::Install { program } => machine::show(&shown(program.as_deref())?),
        Show::Lighthouse { program } => lighthouse(&shown(program.as_deref())?),
        Show::Mail => mail(),
        Show::Dist(wanted) => dist::show(wanted),
    }
}

/// The program that is shown: the one that is named, or a debug build.
fn shown(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(program) = named {
        return program
            .canonicalize()
            .with_context(|| format!("no program {}", program.display()));
    }
    run(program("cargo").args(["build", "--locked", "-p", "kenduri"]))?;
    Ok(root().join("target/debug/kenduri"))
}

fn edge(wanted: &Wanted) -> Result<()> {
    let shown = shown(wanted.program.as_deref())?;
    let is_wanted = |part| wanted.only.is_none_or(|only| only == part);
    if is_wanted(Part::Changes) {
        changes(&shown, wanted.requests)?;
    }
    if is_wanted(Part::Hostile) {
        runtime()?.block_on(hostile::show(&shown))?;
    }
    if is_wanted(Part::Crowd) {
        runtime()?.block_on(crowd::show(&shown, wanted.program.is_none()))?;
    }
    Ok(())
}

fn lighthouse(shown: &Path) -> Result<()> {
    let folder = root().join("tests/lighthouse");
    install_node(&folder)?;
    run(program("node")
        .arg("lighthouse.mjs")
        .env("TESTED_PROGRAM", shown)
        .current_dir(folder))
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

/// The end-to-end test of mail to many, with as many households as an occasion may have.
fn mail() -> Result<()> {
    run(program("cargo")
        .args(["test", "--package", "kenduri", "--test", "end_to_end"])
        .args(["--", "--nocapture", "a_campaign_on_sqlite"])
        .env("KENDURI_TEST_MAILS", "5000"))
}
