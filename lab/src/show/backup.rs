//! Shows that a lost machine, a power failure or a killed database loses nothing. Each part runs a
//! test of the built program in steps, with the full number of repetitions. The results of the
//! steps are kept in a file, so that an interrupted run can be resumed.

use anyhow::Result;
use clap::{Args, ValueEnum};

use super::repeated::{Plan, Results};
use crate::command::{program, run};

/// The options of the demonstration.
#[derive(Args)]
pub(crate) struct Wanted {
    /// Show only this part.
    #[arg(long)]
    only: Option<Part>,
    #[command(flatten)]
    results: Results,
}

/// A part of the demonstration.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// 200 backups, 200 restores and 200 objects of a backup, cut at random bytes.
    Cuts,
    /// 100 random seconds, restored and compared with a model.
    Seconds,
    /// A machine that is thrown away in the middle of a wedding, and restored elsewhere.
    Wedding,
    /// The same, and the machine that follows its backup takes its place, by an order and by itself.
    Following,
    /// 500 power failures under load, on `SQLite`.
    Power,
    /// `PostgreSQL`, killed 1,000 times under load.
    Postgres,
    /// The cost and the lag of a backup under 3,000 answers per second, and the time to restore
    /// 1 GB: `cargo xtask bench backup`, with a release build.
    Load,
}

impl Part {
    fn plan(self) -> Option<Plan> {
        let (restoring, end_to_end) = ("restoring", "end_to_end");
        let (name, times, step, tests) = match self {
            Self::Cuts => ("cuts", 200, 50, (restoring, "cuts::")),
            Self::Seconds => (
                "seconds",
                100,
                100,
                (restoring, "each_second_is_restored_as_it_was"),
            ),
            Self::Wedding => ("wedding", 5_000, 5_000, (end_to_end, "lost_machine::")),
            Self::Following => ("following", 5_000, 5_000, (end_to_end, "following::")),
            Self::Power => (
                "power",
                500,
                50,
                (end_to_end, "power_failures_lose_no_acknowledged_answer"),
            ),
            Self::Postgres => ("postgres", 1_000, 50, (end_to_end, "postgres_killing::")),
            Self::Load => return None,
        };
        Some(Plan {
            name,
            times,
            step,
            tests,
        })
    }
}

pub(super) fn show(wanted: &Wanted) -> Result<()> {
    let into = wanted.results.open("backup")?;
    for part in Part::value_variants() {
        if wanted.only.is_some_and(|only| only != *part) {
            continue;
        }
        match part.plan() {
            Some(plan) => plan.run(&into)?,
            None => run(program("cargo").args(["xtask", "bench", "backup"]))?,
        }
    }
    Ok(())
}
