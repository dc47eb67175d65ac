//! Tests that are repeated in steps, with the full number of repetitions. The results of the steps
//! are kept in a file, so that an interrupted run can be resumed.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::command::{output, program};
use crate::interrupt;
use crate::workspace::root;

/// Where the results are kept.
#[derive(Args)]
pub(super) struct Results {
    /// The file to which the result of each step is appended, instead of `target/show-NAME.txt`.
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
    /// Continue an interrupted run: skip the steps whose results are in the file.
    #[arg(long)]
    resume: bool,
}

impl Results {
    /// Returns the file for the demonstration with this name. It is empty if no run is continued.
    pub(super) fn open(&self, name: &str) -> Result<PathBuf> {
        let usual = PathBuf::from(format!("target/show-{name}.txt"));
        let into = root().join(self.into.as_ref().unwrap_or(&usual));
        if !self.resume {
            fs::write(&into, "").with_context(|| format!("cannot write {}", into.display()))?;
        }
        Ok(into)
    }
}

/// A test and how often it is repeated.
pub(super) struct Plan {
    pub(super) name: &'static str,
    /// The number of repetitions in the whole part, and in one step.
    pub(super) times: usize,
    pub(super) step: usize,
    /// The integration test's crate and its tests.
    pub(super) tests: (&'static str, &'static str),
}

impl Plan {
    pub(super) fn run(&self, into: &Path) -> Result<()> {
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
        let plan = |name| Plan {
            name,
            times: 500,
            step: 50,
            tests: ("end_to_end", "power_loss::"),
        };
        let (power, cuts) = (plan("power"), plan("cuts"));
        assert_eq!(power.done(&file), 0);
        let text = format!(
            "{}\n50 power failures: 0\n{}\n",
            cuts.mark(200),
            power.mark(50)
        );
        fs::write(&file, text).unwrap();
        assert_eq!(power.done(&file), 50);
    }
}
