//! Steps with a name and a time each, and a table of them at the end.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// What has been done so far.
#[derive(Default)]
pub(crate) struct Steps {
    rows: Vec<Row>,
}

struct Row {
    name: &'static str,
    took: Duration,
    failed: bool,
}

impl Steps {
    /// Announces a step, does it, and notes the time it took.
    pub(crate) fn step<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        println!("\n=== {name}");
        let begin = Instant::now();
        let outcome = work();
        let row = Row {
            name,
            took: begin.elapsed(),
            failed: outcome.is_err(),
        };
        let word = if row.failed { "FAILED" } else { "ok" };
        println!("=== {name}: {word}, {}", clock(row.took));
        self.rows.push(row);
        outcome.with_context(|| format!("the step “{name}” failed"))
    }

    /// The table of times.
    pub(crate) fn print_table(&self) {
        println!();
        for row in &self.rows {
            let word = if row.failed { "FAILED" } else { "ok" };
            println!("{:>7}  {word:<6}  {}", clock(row.took), row.name);
        }
        let total = self.rows.iter().map(|row| row.took).sum();
        println!("{:>7}          in all", clock(total));
    }
}

/// Minutes and seconds.
fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}
