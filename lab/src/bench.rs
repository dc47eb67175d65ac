//! `cargo xtask bench`: measures the figures promised in the documents on this machine.
//!
//! Variants are compared within one run, in alternating turns, and by their medians, so that other
//! load on a shared machine affects all variants alike. Figures of different runs are not compared.

mod backup;
mod booking_locks;
mod bookings;
mod client;
mod cores;
mod countdown;
mod crawl;
mod crowd;
mod dashboards;
mod edge;
mod flush;
mod footprint;
mod free_times;
mod import;
mod load;
mod login;
mod machines;
mod members;
mod neighbours;
mod paced;
mod page;
mod rsvp;
mod server;
mod site;
mod watchers;

use std::path::{Path, PathBuf};
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
    /// What a backup costs under load, how far it lags behind, and the time of a restore.
    Backup {
        #[command(flatten)]
        wanted: backup::Wanted,
        #[command(flatten)]
        subject: Subject,
    },
    /// Browsing and booking under steady load, with many connected clients and some sign-ins:
    /// response times, errors, and processor time compared with `FastAPI` and `PostgreSQL`.
    Bookings {
        #[command(flatten)]
        wanted: bookings::Wanted,
        #[command(flatten)]
        subject: Subject,
    },
    /// Durable RSVPs per second over HTTP, and how many RSVPs share one flush.
    Rsvp {
        #[command(flatten)]
        turns: Turns,
        /// Measure `PostgreSQL` as well, in a private cluster.
        #[arg(long)]
        postgres: bool,
        #[command(flatten)]
        subject: Subject,
        /// Only compare this program with the other program: processor time of an RSVP and of a
        /// file of 1 KiB, on SQLite, with default settings.
        #[arg(long, value_name = "FILE", conflicts_with = "postgres")]
        beside: Option<PathBuf>,
    },
    /// The guest's page compared with a bare server that sends the same bytes, in a small and a
    /// large store.
    Page {
        #[command(flatten)]
        turns: Turns,
    },
    /// The edge compared with Debian's nginx and `HAProxy`: processor time per request, handshakes,
    /// memory. Prints how long it will take, and writes a table for `docs/measured.md`.
    Edge {
        /// The number of turns of each server; the median of the turns is shown.
        #[arg(long, default_value_t = 5)]
        rounds: usize,
        /// The number of seconds per turn.
        #[arg(long, default_value_t = 1)]
        seconds: u64,
        /// Measure this program instead of Kenduri: a release build of the edge's example `door`,
        /// which builds in a fraction of the time.
        #[arg(long, value_name = "FILE")]
        door: Option<PathBuf>,
        /// Only count the instructions that Kenduri executes for a file and for a proxied request.
        #[arg(long, conflicts_with_all = ["rows", "resume"])]
        instructions: bool,
        /// Measure only rows with this text in their name, as in `--rows 8x8 --rows handshakes`. An
        /// unknown name lists all names.
        #[arg(long, value_name = "TEXT")]
        rows: Vec<String>,
        /// The file with the table, to which each row is appended when it is measured.
        #[arg(long, value_name = "FILE", default_value = "target/bench-edge.md")]
        into: PathBuf,
        /// Continue an interrupted run: skip the rows that are already in the file.
        #[arg(long)]
        resume: bool,
    },
    /// A site with its services, run by Kenduri and run by PM2 behind Debian's nginx: speed,
    /// memory, crashes, reloads.
    Neighbours {
        #[command(flatten)]
        turns: Turns,
    },
    /// Idle memory, size, time to the first response, and optionally the time of a clean build.
    Footprint {
        /// Also build from an empty folder (minutes).
        #[arg(long)]
        clean_build: bool,
    },
    /// Processor time of a sign-in, and how 50 simultaneous sign-ins affect guests.
    Login {
        #[command(flatten)]
        turns: Turns,
        #[command(flatten)]
        subject: Subject,
    },
    /// Processor time of a request for a public countdown, compared with Actix, sqlx and
    /// `PostgreSQL`.
    Countdown {
        #[command(flatten)]
        turns: Turns,
        #[command(flatten)]
        subject: Subject,
    },
    /// Many clients that watch a countdown: memory, processor time, and how soon the clients learn
    /// of a reset.
    Watchers {
        #[command(flatten)]
        watching: watchers::Watching,
        #[command(flatten)]
        subject: Subject,
    },
    /// Many open overview pages of one occasion: memory, processor time, and how soon the pages know
    /// of an RSVP.
    Dashboards {
        #[command(flatten)]
        watched: dashboards::Watched,
        #[command(flatten)]
        subject: Subject,
    },
    /// An import of as many households as an occasion can have, while others send RSVPs: time,
    /// memory, how long others wait. Then the host's pages in that occasion.
    Import {
        #[command(flatten)]
        subject: Subject,
    },
    /// One, two and four programs on one `PostgreSQL` behind `HAProxy`: answers and pages a second,
    /// processor time of each part, connections, and transactions while nobody asks for anything.
    Machines {
        #[command(flatten)]
        turns: Turns,
        #[command(flatten)]
        subject: Subject,
    },
    /// A personal site with little memory under steady load.
    Site {
        #[command(flatten)]
        visit: site::Visit,
        #[command(flatten)]
        subject: Subject,
    },
}

/// The program to measure.
#[derive(Args)]
pub(crate) struct Subject {
    /// Measure this program in place of a release build of the workspace.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

impl Subject {
    fn path(&self) -> Result<PathBuf> {
        let named = self.program.as_ref();
        named.map_or_else(|| Ok(binary()), |path| Ok(path.canonicalize()?))
    }
}

/// How often and how long each variant is measured.
#[derive(Args, Clone, Copy)]
pub(crate) struct Turns {
    /// The number of turns of each variant; the median of the turns is shown.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    #[arg(long, default_value_t = 3)]
    seconds: u64,
}

impl Turns {
    fn duration(self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

/// Runs the benchmark. This process must be a release build, because a slow client would distort
/// the figures.
pub(crate) fn bench(bench: &Bench) -> Result<()> {
    let named = bench.named_program();
    ensure!(
        !cfg!(debug_assertions) || named.is_some(),
        "a build without optimisation measures itself: cargo xtask bench"
    );
    interrupt::listen()?;
    println!("$ cargo xtask {}", arguments());
    if cfg!(debug_assertions) {
        println!("a build without optimisation: the figures only show that they can be taken");
    }
    if named.is_none() {
        run(program("cargo").args(["build", "--release", "--locked", "-p", "kenduri"]))?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    match bench {
        Bench::Backup { wanted, subject } => backup::bench(&runtime, &subject.path()?, wanted),
        Bench::Bookings { wanted, subject } => bookings::bench(&runtime, &subject.path()?, *wanted),
        Bench::Rsvp {
            turns,
            postgres,
            subject,
            beside,
        } => match beside {
            None => rsvp::bench(&runtime, &subject.path()?, *turns, *postgres),
            Some(other) => {
                rsvp::beside(&runtime, [&subject.path()?, &other.canonicalize()?], *turns)
            }
        },
        Bench::Page { turns } => page::bench(&runtime, *turns),
        Bench::Edge {
            instructions: true,
            door,
            ..
        } => edge::instructions::bench(&runtime, door.as_deref()),
        Bench::Edge {
            rounds,
            seconds,
            door,
            instructions: false,
            rows,
            into,
            resume,
        } => edge::bench(
            &runtime,
            &edge::Wanted {
                turns: Turns {
                    rounds: *rounds,
                    seconds: *seconds,
                },
                program: door.as_deref(),
                rows,
                into,
                is_resumed: *resume,
            },
        ),
        Bench::Neighbours { turns } => neighbours::bench(&runtime, *turns),
        Bench::Footprint { clean_build } => footprint::bench(&runtime, *clean_build),
        Bench::Login { turns, subject } => login::bench(&runtime, &subject.path()?, *turns),
        Bench::Countdown { turns, subject } => countdown::bench(&runtime, &subject.path()?, *turns),
        Bench::Watchers { watching, subject } => {
            watchers::bench(&runtime, &subject.path()?, *watching)
        }
        Bench::Dashboards { watched, subject } => {
            dashboards::bench(&runtime, &subject.path()?, *watched)
        }
        Bench::Import { subject } => import::bench(&runtime, &subject.path()?),
        Bench::Machines { turns, subject } => machines::bench(&runtime, &subject.path()?, *turns),
        Bench::Site { visit, subject } => site::bench(&runtime, &subject.path()?, *visit),
    }
}

impl Bench {
    fn named_program(&self) -> Option<&Path> {
        match self {
            Bench::Edge { door, .. } => door.as_deref(),
            Bench::Backup { subject, .. }
            | Bench::Bookings { subject, .. }
            | Bench::Rsvp { subject, .. }
            | Bench::Login { subject, .. }
            | Bench::Countdown { subject, .. }
            | Bench::Watchers { subject, .. }
            | Bench::Dashboards { subject, .. }
            | Bench::Import { subject }
            | Bench::Machines { subject, .. }
            | Bench::Site { subject, .. } => subject.program.as_deref(),
            _ => None,
        }
    }
}

/// So that other programs are built like this one.
fn profile() -> Option<&'static str> {
    (!cfg!(debug_assertions)).then_some("--release")
}

/// The output shows how to repeat this run.
fn arguments() -> String {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    arguments.join(" ")
}

/// The system's temporary folder may be in memory, so it is on the workspace's disk.
fn new_folder() -> Result<TempDir> {
    TempDir::with_prefix_in("bench-", root().join("target"))
        .context("cannot make a folder in target")
}

fn binary() -> PathBuf {
    root().join("target/release/kenduri")
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn percentile(times: &[Duration], percent: usize) -> Duration {
    let at = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times.get(at).copied().unwrap_or_default()
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn within_its_time_so_many_of_a_hundred_are_done() {
        let times: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 50), Duration::from_millis(100));
        assert_eq!(percentile(&times, 99), Duration::from_millis(198));
        assert_eq!(percentile(&times, 100), Duration::from_millis(200));
        assert_eq!(percentile(&times[..1], 50), Duration::from_millis(1));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }
}
