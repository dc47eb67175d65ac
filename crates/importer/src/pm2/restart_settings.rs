//! Converts the settings that control when a service is stopped, when it is restarted, and when
//! Kenduri stops restarting it.

use serde_json::Value;
use toml::Table;

use super::app::shown;
use super::command::Interpreter;
use super::service::Service;
use super::values::{milliseconds, size, text};
use crate::time;

/// PM2's defaults, in milliseconds.
const MIN_UPTIME: u64 = 1_000;
const MOST_BACKOFF: u64 = 15_000;

/// Kenduri's default, in milliseconds: the first and the longest delay.
const BACKOFF: (u64, u64) = (200, 30_000);

/// Kenduri's default, in milliseconds.
const START_WITHIN: u64 = 30_000;

/// A year, in milliseconds.
const LONGEST: u64 = 366 * 24 * 3_600 * 1_000;

const MOST_FAILURES: u64 = 1_000;

impl Service<'_> {
    pub(super) fn memory(&mut self, interpreter: &Interpreter) {
        let Some(written) = self.take(&["max_memory_restart"]) else {
            return;
        };
        match size(written) {
            Some(size) => {
                let mut table = Table::new();
                table.insert("max".to_owned(), size.into());
                // An app on node usually consists of a single process, so the difference does not
                // matter.
                if !interpreter.is_node() {
                    self.page.remark(
                        "max_memory_restart: PM2 measures the one process that it started, Kenduri all that this one starts \
                         as well: where it has workers, `max` is for all of them together",
                    );
                }
                self.page.key("memory", table);
            }
            None => self.page.remark(&format!(
                "max_memory_restart {}: not a size; write memory = {{ max = \"150M\" }}",
                shown(written)
            )),
        }
    }

    pub(super) fn stop(&mut self) {
        let mut table = Table::new();
        table.insert("signal".to_owned(), "INT".into());
        if let Some(within) = self.time(&["kill_timeout"]) {
            table.insert("within".to_owned(), time(within).into());
        }
        self.page.key("stop", table);
    }

    pub(super) fn time(&mut self, fields: &[&'static str]) -> Option<u64> {
        let written = self.take(fields)?;
        let read = milliseconds(written).filter(|time| (1..=LONGEST).contains(time));
        if read.is_none() && milliseconds(written) != Some(0) {
            let field = fields.first().copied().unwrap_or_default();
            self.page.remark(&format!(
                "{field} {}: not a time that can be carried over; docs/configure.md names the setting for it",
                shown(written)
            ));
        }
        read
    }

    /// Converts the settings for restarts. Returns whether the service may exit permanently.
    pub(super) fn restart(&mut self) -> bool {
        let mut table = Table::new();
        let no_restart = self
            .take(&["autorestart"])
            .is_some_and(|value| matches!(value, Value::Bool(false)) || value == "false");
        if no_restart {
            table.insert("when".to_owned(), "never".into());
        }
        if let Some(codes) = self.take(&["stop_exit_codes"]) {
            if matches!(codes, Value::Array(codes) if codes.len() == 1 && codes[0] == 0)
                || *codes == 0
            {
                if !no_restart {
                    table.insert("when".to_owned(), "on-failure".into());
                }
            } else {
                self.page.remark(&format!(
                    "stop_exit_codes {}: only 0 can end a program for good, by restart = {{ when = \"on-failure\" }}",
                    shown(codes)
                ));
            }
        }
        let delay = self.time(&["restart_delay"]);
        // PM2 prefers this setting to a fixed delay.
        let growing = self.time(&["exp_backoff_restart_delay"]);
        let backoff = growing.map_or_else(
            || delay.map(|delay| (delay, delay)),
            |least| Some((least, least.max(MOST_BACKOFF))),
        );
        if let Some((least, most)) = backoff {
            let range = format!("{}..{}", time(least), time(most));
            table.insert("backoff".to_owned(), range.into());
            self.page.say(
                "`backoff`: the wait from the second failure in a row; after the first it is \
                 restarted at once.",
            );
        }
        let uptime = self.time(&["min_uptime"]);
        if let Some(written) = self.take(&["max_restarts"]) {
            match written.as_u64().or_else(|| text(written)?.parse().ok()) {
                Some(failures @ 1..=MOST_FAILURES) => {
                    let life = uptime.unwrap_or(MIN_UPTIME);
                    let (least, most) = backoff.unwrap_or(BACKOFF);
                    let within = longest_time_to_fail(failures, life, least, most);
                    self.page.remark(&format!(
                        "max_restarts {failures}: PM2 counts failures within min_uptime of a start, Kenduri all in a time: here as \
                         long as so many take, with the waits between them"
                    ));
                    table.insert(
                        "give_up".to_owned(),
                        format!("{failures} in {}", time(within)).into(),
                    );
                }
                _ => self.page.remark(&format!(
                    "max_restarts {}: 1 to {MOST_FAILURES} can be carried over; write give_up = \"10 in 10m\" into `restart`",
                    shown(written)
                )),
            }
        } else {
            if uptime.is_some() {
                self.page.remark(
                    "min_uptime: says when a failure counts; Kenduri counts each, see `give_up`",
                );
            }
            if backoff.is_some() && !no_restart {
                self.page.remark(
                    "with such waits PM2 may restart a program forever; Kenduri gives it up after \
                     10 failures in 10 minutes, unless you write give_up = \"never\"",
                );
            }
        }
        let may_end = table.contains_key("when");
        if !table.is_empty() {
            self.page.key("restart", table);
        }
        may_end
    }

    pub(super) fn start(&mut self) {
        if self.is_true("wait_ready") {
            self.page.remark(
                "wait_ready: the message `ready` is ignored. A service is ready when it writes \
                 READY=1 to NOTIFY_SOCKET, when `health` says so, or when it accepts connections",
            );
        }
        if let Some(within) = self.time(&["listen_timeout"]) {
            if within > START_WITHIN {
                self.page.key("start_within", time(within));
            } else {
                self.page.remark(&format!(
                    "listen_timeout {}: an instance that is not ready by then has failed, so the usual 30s are kept",
                    time(within)
                ));
            }
        }
    }
}

/// If a process exits `life` after each start, with the supervisor's delays; in milliseconds,
/// rounded up to whole seconds.
fn longest_time_to_fail(failures: u64, life: u64, least: u64, most: u64) -> u64 {
    let mut whole = life.saturating_mul(failures);
    let mut wait = least;
    // The supervisor does not wait after the first failure, nor after the last.
    for _ in 2..failures {
        // The supervisor may lengthen a delay by a tenth at random.
        whole = whole.saturating_add(wait + wait.div_ceil(10));
        wait = (wait * 2).min(most);
    }
    whole.clamp(1_000, LONGEST).div_ceil(1_000) * 1_000
}
