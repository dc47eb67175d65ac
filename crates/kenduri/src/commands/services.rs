//! The subcommands about services, such as `kenduri ps`, `logs` and `reload`. PM2 uses the same
//! names.

mod table;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use operate::control_requests::services::{Logs, ServiceRequest, ServiceResponse};
use operate::control_requests::{self};
use supervisor::{LogLine, LogPosition};

use super::{Where, data, not_running, send, show};
use crate::control;

const REFRESH_INTERVAL: std::time::Duration = std::time::Duration::from_secs(1);
const DEFAULT_LINES: u32 = 100;
/// ECMA-48.
const CLEAR_AND_HOME: &str = "\x1b[2J\x1b[H";

#[derive(Debug, Subcommand)]
pub(super) enum Services {
    /// List the instances of all services, and Kenduri itself
    Ps(Plain),
    /// Show all about a service: settings, instances, exits, last lines
    ///
    /// Of its environment only the names of the variables are shown.
    Describe(One),
    /// Show the services' log lines
    Logs(LogsOf),
    /// Start a stopped or failed service, and wait until it is ready
    Start(One),
    /// Stop a service, and wait until all its processes have ended
    Stop(One),
    /// Stop and start a service; requests wait or fail (see reload)
    Restart(Planned<OneOrAll>),
    /// Replace the instances one by one, without a failed request
    ///
    /// The next instance is ready before the old one stops. If it does not get ready, the old one
    /// stays, and the command fails and says why.
    Reload(Planned<OneOrAll>),
    /// Change the number of instances of a service
    ///
    /// The new number holds until the settings of the service change or Kenduri starts anew.
    Scale(Scale),
    /// Show the list of `ps` every second, until Ctrl+C
    Monit(Plain),
    /// Switch to the new program on the disk without a failed request
    ///
    /// The new worker is ready on the same sockets before the old one stops. Services are not
    /// touched. If it is not ready within 90 seconds, the old one goes on, and the command fails
    /// and says why.
    Upgrade(Planned<Plain>),
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
pub(super) struct OneOrAll {
    /// The name of the service, as in [service.NAME], or `all` for every service, one after the
    /// other
    service: String,
    #[command(flatten)]
    plain: Plain,
}

#[derive(Debug, Args)]
pub(super) struct Planned<T: Args> {
    #[command(flatten)]
    what: T,
    /// Do it even if an event is near and its hosts asked for no changes
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Args)]
pub(super) struct Scale {
    /// The name of the service, as in [service.NAME]
    service: String,
    /// How many instances take requests, 1 to 64
    #[arg(value_parser = clap::value_parser!(u32).range(1..=64))]
    instances: u32,
    #[command(flatten)]
    plain: Plain,
}

#[derive(Debug, Args)]
pub(super) struct LogsOf {
    /// Only this service
    service: Option<String>,
    /// Only this instance
    instance: Option<u32>,
    /// Only lines since a time, such as 2026-11-20T18:00:00Z, or of the last 10m, 2h or 1d
    #[arg(long, value_parser = since)]
    since: Option<Since>,
    /// Only lines that contain this text
    #[arg(long, value_name = "TEXT")]
    grep: Option<String>,
    /// The number of last lines to show, from memory and from the log files; at most 10,000
    #[arg(short = 'n', long, value_name = "N", default_value_t = DEFAULT_LINES,
          value_parser = clap::value_parser!(u32).range(..=10_000))]
    lines: u32,
    /// Show new lines as they are written, until Ctrl+C
    #[arg(short, long)]
    follow: bool,
    #[command(flatten)]
    plain: Plain,
}

#[derive(Debug, Clone, Copy)]
enum Since {
    At(Timestamp),
    Ago(std::time::Duration),
}

fn since(text: &str) -> Result<Since, String> {
    if let Ok(at) = text.parse() {
        return Ok(Since::At(at));
    }
    units::duration(text).map(Since::Ago).map_err(|_| {
        "write a time like 2026-11-20T18:00:00Z, or how long ago, like 10m or 1d".into()
    })
}

impl Services {
    pub(super) fn run(self) -> Result<()> {
        match self {
            Self::Ps(plain) => plain.ps(),
            Self::Monit(plain) => plain.monit(),
            Self::Logs(logs) => logs.run(),
            Self::Describe(One { service, plain }) => {
                let ServiceResponse::Described(found) =
                    ask(ServiceRequest::Describe { service }, &plain.place)?
                else {
                    bail!(OTHER);
                };
                plain.print(&*found, || table::description(&found, now()))
            }
            Self::Start(One { service, plain }) => plain.order(ServiceRequest::Start { service }),
            Self::Stop(One { service, plain }) => plain.order(ServiceRequest::Stop { service }),
            Self::Restart(Planned { what, force }) => {
                let OneOrAll { service, plain } = what;
                plain.order(ServiceRequest::Restart { service, force })
            }
            Self::Reload(Planned { what, force }) => {
                let OneOrAll { service, plain } = what;
                plain.order(ServiceRequest::Reload { service, force })
            }
            Self::Scale(scale) => scale.plain.order(ServiceRequest::Scale {
                service: scale.service,
                instances: scale.instances,
            }),
            Self::Upgrade(Planned { what, force }) => what.order(ServiceRequest::Upgrade { force }),
        }
    }
}

/// The error message for a response of an unexpected kind.
const OTHER: &str = "the running Kenduri has another version; run `kenduri upgrade`";

fn ask(order: ServiceRequest, place: &Where) -> Result<ServiceResponse> {
    match send(control_requests::ControlRequest::Services(order), place)? {
        control_requests::ControlResponse::Services(outcome) => Ok(outcome),
        _ => bail!(OTHER),
    }
}

impl Plain {
    fn order(&self, order: ServiceRequest) -> Result<()> {
        let ServiceResponse::Done(said) = ask(order, &self.place)? else {
            bail!(OTHER);
        };
        self.print(&serde_json::json!({ "done": said }), || format!("{said}\n"))
    }

    fn ps(&self) -> Result<()> {
        let rows = self.rows()?;
        self.print(&rows, || table::rows(&rows, now()))
    }

    fn rows(&self) -> Result<Vec<supervisor::InstanceStatus>> {
        match ask(ServiceRequest::Ps, &self.place)? {
            ServiceResponse::Rows(rows) => Ok(rows),
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
                Ok::<_, anyhow::Error>(format!("{CLEAR_AND_HOME}{}", table::rows(&rows, now())))
            };
            show(&text?)?;
            std::thread::sleep(REFRESH_INTERVAL);
        }
    }

    fn print(&self, found: &impl serde::Serialize, text: impl FnOnce() -> String) -> Result<()> {
        if self.json {
            show(&format!("{}\n", serde_json::to_string_pretty(found)?))
        } else {
            show(&text())
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
                Since::Ago(ago) => now().checked_sub(ago).unwrap_or(Timestamp::MIN),
            }),
            grep: self.grep,
            last: usize::try_from(self.lines).ok(),
            seen: BTreeMap::new(),
        };
        let json = self.plain.json;
        let print = |outcome: ServiceResponse| {
            let ServiceResponse::Lines { lines, missed } = outcome else {
                bail!(OTHER);
            };
            show(&written(&lines, missed, json)?)
        };
        if self.follow {
            follow(&self.plain.place, logs, print)
        } else {
            print(ask(ServiceRequest::Logs(logs), &self.plain.place)?)
        }
    }
}

/// `missed` is the number of lines that the client did not receive.
fn written(lines: &[LogLine], missed: u64, json: bool) -> Result<String> {
    let mut text = String::new();
    let _ = match (missed, json) {
        (0, _) => Ok(()),
        (_, true) => writeln!(text, "{}", serde_json::json!({ "missed": missed })),
        (_, false) => writeln!(text, "… {missed} lines are in the file only …"),
    };
    for line in lines {
        if json {
            text.push_str(&serde_json::to_string(line)?);
            text.push('\n');
        } else {
            text.push_str(&line.to_file_line());
        }
    }
    Ok(text)
}

/// Until Kenduri stops. After an upgrade, continues after the last received line.
fn follow(
    place: &Where,
    mut logs: Logs,
    print: impl Fn(ServiceResponse) -> Result<()>,
) -> Result<()> {
    let asked = place.asked();
    let data = data(&asked)?;
    let order = |logs: &Logs| {
        control_requests::ControlRequest::Services(ServiceRequest::Follow(logs.clone()))
    };
    let began = now();
    let mut heard = control::listen(&data, &order(&logs))?;
    if heard.is_none() {
        return Err(not_running(&asked));
    }
    while let Some(outcomes) = heard {
        let mut has_begun = false;
        for outcome in outcomes {
            let outcome = match outcome {
                Ok(control_requests::ControlResponse::Services(outcome)) => outcome,
                Ok(_) => bail!(OTHER),
                // Kenduri has stopped, possibly in the middle of a line.
                Err(error) if has_begun || error.is::<io::Error>() => break,
                Err(error) => return Err(error),
            };
            has_begun = true;
            if let ServiceResponse::Lines { lines, .. } = &outcome {
                let seen = lines.iter().map(|line| {
                    let (at, sequence) = (line.at, line.sequence);
                    (line.service.to_string(), LogPosition { at, sequence })
                });
                logs.seen.extend(seen);
            }
            print(outcome)?;
        }
        // A service that has written no lines has no last position. Its older lines are excluded by
        // the time instead.
        logs.since = logs.since.max(Some(began));
        logs.last = Some(usize::MAX);
        heard = match control::listen(&data, &order(&logs)) {
            // Kenduri stopped before it replied.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_an_instant_or_so_long_ago_as_in_settings() {
        for (text, seconds) in [("10m", 600), ("2h", 7_200), ("1d", 86_400), ("500ms", 0)] {
            let Ok(Since::Ago(ago)) = since(text) else {
                panic!("{text} is not a time");
            };
            assert_eq!(ago.as_secs(), seconds);
        }
        assert!(matches!(since("2026-11-20T18:00:00Z"), Ok(Since::At(_))));
        assert!(since("soon").is_err());
    }

    #[test]
    fn lines_that_are_missed_are_told_in_json_too() {
        let missed = |json| written(&[], 7, json).unwrap();
        assert_eq!(missed(true), "{\"missed\":7}\n");
        assert!(missed(false).contains("7 lines are in the file only"));
        assert_eq!(written(&[], 0, true).unwrap(), "");
    }
}
