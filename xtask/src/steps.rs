//! Runs named steps, measures their durations, and prints a table of them at the end.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::command::{shown, start};
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

/// Steps that run in the background, one after another. Dropping them ends them.
#[must_use]
pub(crate) struct Lane {
    running: Arc<Mutex<LaneState>>,
    ended: Option<JoinHandle<Result<Vec<Ended>>>>,
}

#[derive(Default)]
struct LaneState {
    step: Option<Running>,
    is_over: bool,
}

struct Ended {
    name: &'static str,
    printed: PathBuf,
    status: ExitStatus,
    took: Duration,
}

impl Lane {
    fn wait(&mut self) -> Result<Vec<Ended>> {
        let ended = self.ended.take().context("it is waited for once")?;
        ended
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if self.ended.is_some() {
            {
                let mut state = lock(&self.running);
                state.is_over = true;
                if let Some(step) = &state.step {
                    step.end();
                }
            }
            // The caller reports the error of an earlier step instead of this lane's error.
            let _ = self.wait();
        }
    }
}

fn lock(state: &Mutex<LaneState>) -> MutexGuard<'_, LaneState> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All of them, even if one fails.
fn run_lane(steps: Vec<(&'static str, Command)>, running: &Mutex<LaneState>) -> Result<Vec<Ended>> {
    let mut all = Vec::new();
    for (name, mut command) in steps {
        let printed = root().join(format!("target/{}.log", name.replace(' ', "-")));
        let file = File::create(&printed)?;
        let begin = Instant::now();
        let mut process = {
            let mut state = lock(running);
            if state.is_over || interrupt::is_wanted() {
                break;
            }
            let (process, step) = start(command.stdout(file.try_clone()?).stderr(file))?;
            state.step = Some(step);
            process
        };
        let status = process.wait()?;
        lock(running).step = None;
        all.push(Ended {
            name,
            printed,
            status,
            took: begin.elapsed(),
        });
    }
    Ok(all)
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
        self.record(name, begin.elapsed(), outcome.is_err());
        outcome.with_context(|| format!("the step “{name}” failed"))
    }

    /// Starts steps in the background, one after another. What each prints goes to a file.
    pub(crate) fn start(steps: Vec<(&'static str, Command)>) -> Lane {
        for (name, command) in &steps {
            println!(
                "\n=== {name}: runs beside the next steps\n$ {}",
                shown(command)
            );
        }
        let running = Arc::new(Mutex::new(LaneState::default()));
        let state = Arc::clone(&running);
        let ended = Some(std::thread::spawn(move || run_lane(steps, &state)));
        Lane { running, ended }
    }

    /// Waits for the steps of a lane, and prints the output and duration of each.
    pub(crate) fn finish(&mut self, mut lane: Lane) -> Result<()> {
        let mut failed = Vec::new();
        for step in lane.wait()? {
            println!("\n=== {}, which ran beside others", step.name);
            print!("{}", String::from_utf8_lossy(&fs::read(&step.printed)?));
            let has_failed = !step.status.success();
            self.record(step.name, step.took, has_failed);
            failed.extend(has_failed.then(|| format!("“{}”: {}", step.name, step.status)));
        }
        ensure!(!interrupt::is_wanted(), "interrupted");
        ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
        Ok(())
    }

    fn record(&mut self, name: &'static str, took: Duration, failed: bool) {
        let row = Row { name, took, failed };
        println!("=== {name}: {}, {}", row.word(), minutes_and_seconds(took));
        self.rows.push(row);
    }

    pub(crate) fn print_table(&self) {
        println!();
        for row in &self.rows {
            println!(
                "{:>7}  {:<6}  {}",
                minutes_and_seconds(row.took),
                row.word(),
                row.name
            );
        }
        println!(
            "{:>7}          in all",
            minutes_and_seconds(self.begin.elapsed())
        );
    }
}

fn minutes_and_seconds(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}
