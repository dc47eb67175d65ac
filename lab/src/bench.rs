//! `cargo xtask bench`: the figures that the documents promise, measured on this machine.
//!
//! Ways are compared within one run, turn by turn, and by their medians: neighbours on a shared
//! machine then disturb all of them alike. Nothing is believed across runs.

mod client;
mod cores;
mod crawl;
mod crowd;
mod edge;
mod flush;
mod footprint;
mod load;
mod neighbours;
mod page;
mod rsvp;
mod server;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use tempfile::TempDir;

use crate::command::{program, run};
use crate::interrupt;
use crate::workspace::root;

/// What to measure.
#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Durable RSVPs a second through HTTP, and how many share one flush.
    Rsvp {
        #[command(flatten)]
        turns: Turns,
        /// Measure `PostgreSQL` as well, in a private cluster.
        #[arg(long)]
        postgres: bool,
    },
    /// The guest's page beside a bare server that answers the same bytes, in a small and a large store.
    Page {
        #[command(flatten)]
        turns: Turns,
    },
    /// The front door beside Debian's nginx: processor time of a request, handshakes, memory.
    Edge {
        #[command(flatten)]
        turns: Turns,
        /// Measure this program in place of Kenduri: a release build of the edge's example `door`,
        /// which builds in a fraction of the time.
        #[arg(long, value_name = "FILE")]
        door: Option<PathBuf>,
        /// Measure only rows with this in their name, as in `--only 8x8 --only handshakes`. A wrong
        /// one shows all names.
        #[arg(long, value_name = "TEXT")]
        only: Vec<String>,
    },
    /// A site with programs beside it, kept by Kenduri and kept by PM2 behind Debian's nginx: speed,
    /// memory, deaths, reloads.
    Neighbours {
        #[command(flatten)]
        turns: Turns,
    },
    /// Idle memory, size, time to the first answer, and if wanted the time of a clean build.
    Footprint {
        /// Also build from an empty folder (minutes).
        #[arg(long)]
        clean_build: bool,
    },
}

/// How often and how long each way is measured.
#[derive(Args, Clone, Copy)]
pub(crate) struct Turns {
    /// Turns of each way; their median is shown.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Seconds of one turn.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
}

impl Turns {
    fn duration(self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

/// Measures, if this is a release build: a slow client would only measure itself.
pub(crate) fn bench(bench: &Bench) -> Result<()> {
    ensure!(
        !cfg!(debug_assertions),
        "a build without optimisation measures itself: cargo xtask bench"
    );
    interrupt::listen()?;
    let needs_kenduri = !matches!(bench, Bench::Edge { door: Some(_), .. });
    if needs_kenduri {
        run(program("cargo").args(["build", "--release", "--locked", "-p", "kenduri"]))?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match bench {
        Bench::Rsvp { turns, postgres } => rsvp::bench(&runtime, *turns, *postgres),
        Bench::Page { turns } => page::bench(&runtime, *turns),
        Bench::Edge { turns, door, only } => edge::bench(&runtime, *turns, door.as_deref(), only),
        Bench::Neighbours { turns } => neighbours::bench(&runtime, *turns),
        Bench::Footprint { clean_build } => footprint::bench(&runtime, *clean_build),
    }
}

/// A folder on the disk that the workspace lies on: a temporary one may be memory.
fn new_folder() -> Result<TempDir> {
    TempDir::with_prefix_in("bench-", root().join("target"))
        .context("cannot make a folder in target")
}

/// The release build of the program.
fn binary() -> PathBuf {
    root().join("target/release/kenduri")
}

/// The middle of some figures.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
