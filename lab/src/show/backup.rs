//! Shows that a lost machine, a power failure or a killed database loses nothing. Each part runs a
//! test of the built program in steps, with the full number of repetitions. The results of the
//! steps are kept in a file, so that an interrupted run can be resumed.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};

use crate::command::{output, program, run};
use crate::interrupt;
use crate::workspace::root;

/// The options of the demonstration.
#[derive(Args)]
pub(crate) struct Wanted {
    /// Show only this part.
    #[arg(long)]
    only: Option<Part>,
    /// The file to which the result of each step is appended.
    #[arg(long, value_name = "FILE", default_value = "target/show-backup.txt")]
    into: PathBuf,
    /// Continue an interrupted run: skip the steps whose results are in the file.
    #[arg(long)]
    resume: bool,
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
    /// 500 power failures under load, on `SQLite`.
    Power,
    /// `PostgreSQL`, killed 1,000 times under load.
    Postgres,
    /// The cost and the lag of a backup under 3,000 answers per second, and the time to restore
    /// 1 GB: `cargo xtask bench backup`, with a release build.
    Load,
}

struct Plan {
    name: &'static str,
    /// The number of repetitions in the whole part, and in one step.
    times: usize,
    step: usize,
    /// The integration test's crate and its tests.
    tests: (&'static str, &'static str),
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
    let into = root().join(&wanted.into);
    if !wanted.resume {
        fs::write(&into, "").with_context(|| format!("cannot write {}", into.display()))?;
    }
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

impl Plan {
    fn run(&self, into: &Path) -> Result<()> {
        let mut done = self.done(into);
        println!("\n{}: {done} of {} done", self.name, self.times);
        while done < self.times {
            ensure!(!interrupt::is_wanted(), "interrupted");
            let times = self.step.min(self.times - done);
            let (binary, tests) = self.tests;
            let said = output(
                program("cargo")
                    .args(["test", "--workspace", "--locked", "--test", binary])
                    .args(["--", "--nocapture", "--test-threads=1", tests])
                    .env("KENDURI_TEST_TIMES", times.to_string()),
            )?;
            done += times;
            let results = said.lines().filter_map(|line| line.split_once("shown: "));
            let mut file = OpenOptions::new().create(true).append(true).open(into)?;
            let mut is_any = false;
            for (_, result) in results {
                println!("{result}");
                writeln!(file, "{result}")?;
                is_any = true;
            }
            ensure!(is_any, "the test was skipped:\n{said}");
            writeln!(file, "{}", self.mark(done))?;
        }
        Ok(())
    }

    /// Written to the file when `done` repetitions are finished.
    fn mark(&self, done: usize) -> String {
        format!("{}: {done} of {}", self.name, self.times)
    }

    /// According to the file.
    fn done(&self, into: &Path) -> usize {
        let text = fs::read_to_string(into).unwrap_or_default();
        let prefix = format!("{}: ", self.name);
        let marks = text.lines().filter_map(|line| line.strip_prefix(&prefix));
        let counts = marks.filter_map(|mark| mark.split_once(" of ")?.0.parse().ok());
        counts.max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resumed_part_goes_on_after_its_last_step() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("results");
        let plan = Part::Power.plan().unwrap();
        assert_eq!(plan.done(&file), 0);
        let other = Part::Cuts.plan().unwrap().mark(200);
        let text = format!("{other}\n50 power failures: 0\n{}\n", plan.mark(50));
        fs::write(&file, text).unwrap();
        assert_eq!(plan.done(&file), 50);
    }
}
