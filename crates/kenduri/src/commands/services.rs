//! The words about what is kept running: `kenduri ps`, `logs`, `reload` and the
//! others somebody who comes from PM2 would reach for.

mod table;

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};
use supervisor::Line;

use super::{NotRunning, Where, give, say};
use crate::configuration;
use crate::control;
use crate::orders::neighbours::{Logs, Order, Outcome};
use crate::orders::{self};

/// How often `monit` looks.
const LOOK: std::time::Duration = std::time::Duration::from_secs(1);
/// So many last lines `logs` shows when nobody says how many.
const LINES: usize = 100;
/// Clears a terminal and goes to its first place (ECMA-48).
const CLEAR: &str = "\x1b[2J\x1b[H";

#[derive(Debug, Subcommand)]
pub(super) enum Services {
    /// List what runs: each instance of each service, and Kenduri itself
    Ps(Plain),
    /// Tell all about a service: command, sockets, instances, how they ended, last lines
    ///
    /// Values of its environment are not told, only their names.
    Describe(One),
    /// Show what services said
    Logs(LogsOf),
    /// Start a service that was stopped or given up, and wait until it is ready
    Start(One),
    /// Stop a service, and wait until nothing of it is left
    Stop(One),
    /// Stop a service and start it; requests wait or fail meanwhile: see reload
    Restart(One),
    /// Replace the instances of a service one after the other, without a failed request
    ///
    /// The next one is ready before the old one goes. If it does not get ready,
    /// the old one stays, and this fails and says why.
    Reload(One),
    /// Have another number of instances of a service, until its description changes
    Scale(Scale),
    /// Show what runs, again and again, until Ctrl+C
    Monit(Plain),
    /// Go on with the program that is on the disk now, without a failed request
    ///
    /// The next worker starts on the same sockets and is ready before the old one
    /// goes; services are not touched. If it is not ready within 30 seconds the old
    /// one stays, and this fails and says why.
    Upgrade(Plain),
}

#[derive(Debug, Args)]
pub(super) struct Plain {
    #[command(flatten)]
    place: Where,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct One {
    /// The name of the service, as in [service.NAME]
    service: String,
    #[command(flatten)]
    plain: Plain,
}

#[derive(Debug, Args)]
pub(super) struct Scale {
    /// The name of the service, as in [service.NAME]
    service: String,
    /// How many instances take requests
    #[arg(value_parser = clap::value_parser!(u32).range(1..=64))]
    instances: u32,
    #[command(flatten)]
    plain: Plain,
}

#[derive(Debug, Args)]
pub(super) struct LogsOf {
    /// Of this service alone
    service: Option<String>,
    /// Of this instance alone
    instance: Option<u32>,
    /// From then on: a time like 2026-11-20T18:00:00Z, or so long ago like 10m, 2h
    #[arg(long, value_parser = since)]
    since: Option<Since>,
    /// Lines that hold this text
    #[arg(long, value_name = "TEXT")]
    grep: Option<String>,
    /// The last so many lines
    #[arg(short = 'n', long, value_name = "N", default_value_t = LINES)]
    lines: usize,
    /// Go on with what the service says, until Ctrl+C
    #[arg(short, long, requires = "service")]
    follow: bool,
    #[command(flatten)]
    plain: Plain,
}

/// Since when.
#[derive(Debug, Clone, Copy)]
enum Since {
    At(Timestamp),
    Ago(SignedDuration),
}

fn since(text: &str) -> Result<Since, String> {
    if let Ok(at) = text.parse() {
        return Ok(Since::At(at));
    }
    let ago: Result<SignedDuration, _> = text.parse();
    ago.map(|ago| Since::Ago(ago.abs()))
        .map_err(|_| "write a time like 2026-11-20T18:00:00Z, or so long ago like 10m".to_owned())
}

impl Services {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::Ps(plain) => plain.ps(),
            Self::Monit(plain) => plain.monit(),
            Self::Logs(logs) => logs.run(),
            Self::Describe(One { service, plain }) => {
                let Outcome::Described(found) = ask(Order::Describe { service }, &plain.place)?
                else {
                    bail!(OTHER);
                };
                plain.print(&*found, || table::description(&found))
            }
            Self::Start(One { service, plain }) => plain.order(Order::Start { service }),
            Self::Stop(One { service, plain }) => plain.order(Order::Stop { service }),
            Self::Restart(One { service, plain }) => plain.order(Order::Restart { service }),
            Self::Reload(One { service, plain }) => plain.order(Order::Reload { service }),
            Self::Scale(scale) => scale.plain.order(Order::Scale {
                service: scale.service,
                instances: scale.instances,
            }),
            Self::Upgrade(plain) => plain.order(Order::Upgrade),
        }
    }
}

/// The running one answers something else than it was asked.
const OTHER: &str = "the running Kenduri is of another version: kenduri upgrade";

/// Asks the keeper.
fn ask(order: Order, place: &Where) -> Result<Outcome> {
    match give(orders::Order::Neighbours(order), place)? {
        orders::Outcome::Neighbours(outcome) => Ok(outcome),
        _ => bail!(OTHER),
    }
}

impl Plain {
    fn order(&self, order: Order) -> Result<()> {
        let Outcome::Done(said) = ask(order, &self.place)? else {
            bail!(OTHER);
        };
        self.print(&serde_json::json!({ "done": said }), || format!("{said}\n"))
    }

    fn ps(&self) -> Result<()> {
        let rows = self.rows()?;
        self.print(&rows, || table::rows(&rows, now()))
    }

    fn rows(&self) -> Result<Vec<supervisor::Row>> {
        match ask(Order::Ps, &self.place)? {
            Outcome::Rows(rows) => Ok(rows),
            _ => bail!(OTHER),
        }
    }

    fn monit(&self) -> Result<()> {
        loop {
            let rows = self.rows()?;
            let json = || Ok(format!("{}\n", serde_json::to_string(&rows)?));
            let text = if self.json {
                json()
            } else {
                Ok::<_, anyhow::Error>(format!("{CLEAR}{}", table::rows(&rows, now())))
            };
            say(&text?)?;
            std::thread::sleep(LOOK);
        }
    }

    fn print(&self, found: &impl serde::Serialize, text: impl FnOnce() -> String) -> Result<()> {
        if self.json {
            say(&format!("{}\n", serde_json::to_string_pretty(found)?))
        } else {
            say(&text())
        }
    }
}

impl LogsOf {
    fn run(self) -> Result<()> {
        let logs = Logs {
            service: self.service,
            instance: self.instance,
            since: self.since.map(|since| match since {
                Since::At(at) => at,
                Since::Ago(ago) => now().saturating_sub(ago).unwrap_or(Timestamp::MIN),
            }),
            grep: self.grep,
            last: Some(self.lines),
        };
        let json = self.plain.json;
        let print = |outcome: Outcome| {
            let Outcome::Lines { lines, missed } = outcome else {
                bail!(OTHER);
            };
            let mut text = String::new();
            if missed > 0 && !json {
                // Writing into a text cannot fail.
                let _ = writeln!(text, "… {missed} lines are in the file only …");
            }
            for line in lines {
                if json {
                    text.push_str(&serde_json::to_string(&line)?);
                    text.push('\n');
                } else {
                    text.push_str(&line.written());
                }
            }
            say(&text)
        };
        if self.follow {
            let data = configuration::data(&self.plain.place.asked()).0;
            follow(&data, logs, print)
        } else {
            print(ask(Order::Logs(logs), &self.plain.place)?)
        }
    }
}

/// Prints what a service says until Kenduri stops. One that becomes another program goes on
/// where it was.
fn follow(data: &Path, mut logs: Logs, print: impl Fn(Outcome) -> Result<()>) -> Result<()> {
    let order = |logs: &Logs| orders::Order::Neighbours(Order::Follow(logs.clone()));
    let began = now();
    let is_everything = logs.grep.is_none() && logs.instance.is_none();
    let mut last = None;
    let mut heard = control::listen(data, &order(&logs))?;
    if heard.is_none() {
        bail!(NotRunning(data.display().to_string()));
    }
    while let Some(outcomes) = heard {
        let mut has_begun = false;
        for outcome in outcomes {
            let (mut lines, mut missed) = match outcome {
                Ok(orders::Outcome::Neighbours(Outcome::Lines { lines, missed })) => {
                    (lines, missed)
                }
                Ok(_) => bail!(OTHER),
                // Whoever spoke is gone, perhaps in the middle of a word.
                Err(error) if has_begun || error.is::<io::Error>() => break,
                Err(error) => return Err(error),
            };
            has_begun = true;
            let is_known = |line: &Line| {
                last.is_some_and(|(at, sequence)| line.at <= at && line.sequence <= sequence)
            };
            lines.retain(|line| !is_known(line));
            if is_everything && let (Some((_, before)), Some(line)) = (last, lines.first()) {
                // What another connection did not hear of, and is remembered no more.
                missed = missed.max(line.sequence.saturating_sub(before + 1));
            }
            if let Some(line) = lines.last() {
                last = Some((line.at, line.sequence));
            }
            print(Outcome::Lines { lines, missed })?;
        }
        logs.since = Some(last.map_or(began, |(at, _)| at));
        logs.last = Some(usize::MAX);
        heard = match control::listen(data, &order(&logs)) {
            // It went while it was asked.
            Err(error) if error.is::<io::Error>() => None,
            heard => heard?,
        };
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is shown to a person at a terminal is told by the time there"
)]
fn now() -> Timestamp {
    Timestamp::now()
}
