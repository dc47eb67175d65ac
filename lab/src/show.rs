//! `cargo xtask show`: demonstrates with the built program what a test alone would not prove.

mod backup;
mod bare;
mod bookings;
mod changes;
mod cluster;
mod crowd;
mod dist;
mod examples;
mod figures;
mod hostile;
mod imports;
mod machine;
mod neighbours;
mod place;
mod repeated;
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
    /// Backups: cuts at random bytes, restores to random seconds, a lost machine, power failures, a
    /// killed `PostgreSQL`, and the cost under load.
    Backup(backup::Wanted),
    /// README's two commands on a bare Debian, in a clone where other users may not look, by root or
    /// by an ordinary user. As root; needs mmdebstrap.
    Bare(bare::Wanted),
    /// Bookings: every race, random days, a kill at each step between gateway and store, and
    /// reminders, on both stores.
    Bookings(bookings::Wanted),
    /// Several machines and a PostgreSQL cluster: killed, stopped and frozen machines, upgrades,
    /// switches and deaths of primary servers, wrong clocks and lost commits lose and double nothing.
    /// And what each machine costs.
    Cluster(cluster::Wanted),
    /// The edge: no request fails while everything behind it changes, and slow or hostile clients
    /// do not slow down others.
    Edge(Wanted),
    /// Each site of `examples/` with the programs beside it, within 1 GB of memory and on one core.
    Examples {
        /// The program to use instead of a debug build.
        #[arg(long, value_name = "FILE")]
        program: Option<PathBuf>,
    },
    /// Imports: thousands of files of nginx and PM2, changed at random. What is written passes
    /// `kenduri check`, every host has a route, no guard opens, and what is not understood is told.
    Imports(imports::Wanted),
    /// `kenduri install` on a live systemd, in a virtual machine: sockets, restarts, upgrades,
    /// services that use too much memory or leave their process group, and a clean removal.
    Install {
        /// The program to use instead of a debug build.
        #[arg(long, value_name = "FILE")]
        program: Option<PathBuf>,
        /// How often a service is restarted before its groups are counted.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        restarts: u32,
    },
    /// The Lighthouse scores of the demo's public pages with the settings of a phone: at least 95
    /// of 100 for performance and accessibility.
    Lighthouse {
        /// The program to use instead of a debug build.
        #[arg(long, value_name = "FILE")]
        program: Option<PathBuf>,
    },
    /// A mail to 5,000 households through a slow mail server, with repeated kills: every household
    /// gets it, none gets it twice, and uncertain cases are counted.
    Mail,
    /// The downloads: two builds with the same bytes, a fresh Debian from the tarball to an
    /// invitation, and an upgrade of the package under a thousand requests per second.
    Dist(dist::Wanted),
}

/// The options of the demonstration.
#[derive(Args)]
pub(crate) struct Wanted {
    /// Show only this part.
    #[arg(long)]
    only: Option<Part>,
    /// The program to use instead of a debug build.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Number of requests while everything changes.
    #[arg(long, default_value_t = REQUESTS)]
    requests: usize,
}

/// A part of the demonstration.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Requests and WebSocket messages through a reload, an invalid settings file, a new
    /// certificate, a new process and a new upstream.
    Changes,
    /// Slow headers, bodies and readers, rapid resets, 10,000 half-open connections.
    Hostile,
    /// 20,000 connections from one address, and new clients from others.
    Crowd,
}

const REQUESTS: usize = 20_000;

/// Runs a demonstration. Fails if Kenduri does not behave as the documents promise.
pub(crate) fn show(what: &Show) -> Result<()> {
    interrupt::listen()?;
    match what {
        Show::Backup(wanted) => backup::show(wanted),
        Show::Bare(wanted) => bare::show(wanted),
        Show::Bookings(wanted) => bookings::show(wanted),
        Show::Cluster(wanted) => cluster::show(wanted),
        Show::Edge(wanted) => edge(wanted),
        Show::Examples { program } => examples::show(&shown(program.as_deref())?),
        Show::Imports(wanted) => imports::show(wanted),
        Show::Install { program, restarts } => {
            machine::show(&shown(program.as_deref())?, *restarts)
        }
        Show::Lighthouse { program } => lighthouse(&shown(program.as_deref())?),
        Show::Mail => mail(),
        Show::Dist(wanted) => dist::show(wanted),
    }
}

/// The one that the user named, or else a debug build.
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

/// With as many households as an occasion may have.
fn mail() -> Result<()> {
    run(program("cargo")
        .args(["test", "--package", "kenduri", "--test", "end_to_end"])
        .args(["--", "--nocapture", "a_campaign_on_sqlite"])
        .env("KENDURI_TEST_MAILS", "5000"))
}
