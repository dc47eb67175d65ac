//! Runs named steps, measures their durations, and prints a table of them at the end.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::command::shown;
use crate::interrupt::{self, Running};
use crate::workspace::root;

pub(crate) struct Steps {
    begin: Instant,
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    took: Duration,
    failed: bool,
}

impl Row {
    fn word(&self) -> &'static str {
        if self.failed { "FAILED" } else { "ok" }
    }
}

/// A step that runs in the background. Dropping the step ends it.
#[must_use]
pub(crate) struct Background {
    name: &'static str,
    printed: PathBuf,
    running: Running,
    ended: Option<JoinHandle<Result<(ExitStatus, Duration)>>>,
}

impl Background {
    fn wait(&mut self) -> Result<(ExitStatus, Duration)> {
        let ended = self.ended.take().context("it is waited for once")?;
        ended
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if self.ended.is_some() {
            self.running.end();
            // The caller reports the error of an earlier step instead of this step's error.
            let _ = self.wait();
        }
    }
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self {
            begin: Instant::now(),
            rows: Vec::new(),
        }
    }

    /// Announces a step, runs it and records its time.
    pub(crate) fn step<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        println!("\n=== {name}");
        let begin = Instant::now();
        let outcome = work();
        self.note(name, begin.elapsed(), outcome.is_err());
        outcome.with_context(|| format!("the step “{name}” failed"))
    }

    /// Starts a step in a background process, whose output is collected in a file.
    pub(crate) fn start(name: &'static str, mut command: Command) -> Result<Background> {
        println!(
            "\n=== {name}: begins, beside the next steps\n$ {}",
            shown(&command)
        );
        let printed = root().join(format!("target/{}.log", name.replace(' ', "-")));
        let file = File::create(&printed)?;
        let begin = Instant::now();
        let mut process = command
            .stdout(file.try_clone()?)
            .stderr(file)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", shown(&command)))?;
        let running = Running::group_of(&process)?;
        let ended = std::thread::spawn(move || Ok((process.wait()?, begin.elapsed())));
        Ok(Background {
            name,
            printed,
            running,
            ended: Some(ended),
        })
    }

    /// Waits for a background step to finish, prints its output and records its duration.
    pub(crate) fn finish(&mut self, mut step: Background) -> Result<()> {
        let (status, took) = step.wait()?;
        println!("\n=== {}, which began before", step.name);
        print!("{}", String::from_utf8_lossy(&fs::read(&step.printed)?));
        self.note(step.name, took, !status.success());
        ensure!(!interrupt::is_wanted(), "interrupted");
        ensure!(
            status.success(),
            "the step “{}” failed: {status}",
            step.name
        );
        Ok(())
    }

    fn note(&mut self, name: &'static str, took: Duration, failed: bool) {
        let row = Row { name, took, failed };
        println!("=== {name}: {}, {}", row.word(), clock(took));
        self.rows.push(row);
    }

    pub(crate) fn print_table(&self) {
        println!();
        for row in &self.rows {
            println!("{:>7}  {:<6}  {}", clock(row.took), row.word(), row.name);
        }
        println!("{:>7}          in all", clock(self.begin.elapsed()));
    }
}

/// Formats a duration as minutes and seconds.
fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}
