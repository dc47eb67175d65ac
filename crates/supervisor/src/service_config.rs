//! The settings of a service, as in `[service.NAME]` of `kenduri.toml`.
//!
//! The values are validated when a plan is made from them. Sizes are numbers with K, M or G; times
//! are numbers with ms, s, m, h or d.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use units::HealthConfig;

pub type ServiceConfigs = BTreeMap<String, ServiceConfig>;

/// `[service.NAME]`: a command that the supervisor keeps running.
///
/// This type does not implement `Debug`, because the environment may contain secrets.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceConfig {
    /// The name of the service on the public status page; empty to leave it out.
    pub public_name: String,
    /// The command: one line, split at blanks outside quotes, or a list of words.
    pub run: CommandLine,
    /// Whether `/bin/sh` runs the command line.
    pub shell: bool,
    /// The working directory, relative to the folder of the settings file.
    pub directory: String,
    /// How the instances listen: `unix`, `tcp` or `none`.
    pub listen: String,
    /// The fixed address, as `HOST:PORT`, on which the edge listens for the service; empty for
    /// none.
    pub front: String,
    /// How many instances take requests, 1 to 64.
    pub instances: u32,
    /// The number of additional ready instances. One of them takes over when another instance
    /// fails.
    pub spare: u32,
    /// How the edge balances requests: `round-robin`, `least` or `sticky`.
    pub balance: String,
    /// The edge's timeout for connecting to an instance.
    pub connect_time: String,
    /// The edge's timeout for the first byte of an instance's response.
    pub first_byte_time: String,
    /// The edge's timeout for a request body, a response body or a WebSocket that makes no
    /// progress.
    pub idle_time: String,
    /// How long the edge keeps an idle connection to an instance; must be less than the service's
    /// keep-alive time.
    pub keep_time: String,
    /// Environment variables of the service. It inherits only `PATH`, `HOME`, `LANG` and `TZ` from
    /// the supervisor.
    pub env: BTreeMap<String, String>,
    /// A file of `NAME=value` lines with mode 0600; empty for none.
    pub env_file: String,
    /// The user that runs the service; empty for the user of the supervisor.
    pub user: String,
    /// The health check; without one, a running process counts as healthy.
    pub health: Option<HealthConfig>,
    /// The start timeout.
    pub start_within: String,
    pub stop: StopConfig,
    pub restart: RestartConfig,
    /// The memory limit; `None` for no limit.
    pub memory: Option<MemoryConfig>,
    /// An instance's relative share of the processor when several processes need it, 1 to 10,000;
    /// the default is 100.
    pub cpu_weight: u32,
    /// The size limits of the log files.
    pub logs: LogConfig,
    /// The times at which the command runs, as in `crontab`; empty for a command that runs
    /// permanently.
    pub cron: String,
    /// The times at which the instances are replaced, as in `crontab`; empty for never.
    pub cron_restart: String,
    /// The time zone of `cron` and `cron_restart`; empty for UTC.
    pub time_zone: String,
    /// Services that start before this service and stop after it.
    pub after: Vec<String>,
    /// How long an instance that is being replaced may take to finish its requests.
    pub drain_within: String,
    /// How long a replaced instance is kept without requests. It takes over again if its successor
    /// ends or fails its health check in this time.
    pub keep_former: String,
    /// Whether the supervisor opens the listening socket and passes it to the instance
    /// (`LISTEN_FDS`).
    pub activate: bool,
    /// How a new generation takes over: `one` instance at a time, or `all` at once.
    pub roll: String,
}

impl Default for ServiceConfig {
    fn default() -> Self {
        Self {
            public_name: String::new(),
            run: CommandLine::default(),
            shell: false,
            directory: ".".to_owned(),
            listen: "none".to_owned(),
            front: String::new(),
            instances: 1,
            spare: 0,
            balance: "round-robin".to_owned(),
            connect_time: "5s".to_owned(),
            first_byte_time: "60s".to_owned(),
            idle_time: "60s".to_owned(),
            keep_time: "1500ms".to_owned(),
            env: BTreeMap::new(),
            env_file: String::new(),
            user: String::new(),
            health: None,
            start_within: "30s".to_owned(),
            stop: StopConfig::default(),
            restart: RestartConfig::default(),
            memory: None,
            cpu_weight: 100,
            logs: LogConfig::default(),
            cron: String::new(),
            cron_restart: String::new(),
            time_zone: String::new(),
            after: Vec::new(),
            drain_within: "5s".to_owned(),
            keep_former: "10s".to_owned(),
            activate: false,
            roll: "one".to_owned(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
pub enum CommandLine {
    /// A single command line, as typed in a shell.
    Line(String),
    /// The program and its arguments.
    Words(Vec<String>),
}

impl Default for CommandLine {
    fn default() -> Self {
        Self::Line(String::new())
    }
}

/// `stop = { signal = "TERM", within = "10s" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StopConfig {
    /// The signal to send: `TERM`, `INT`, `QUIT`, `HUP`, `USR1`, `USR2`, `WINCH` or `KILL`.
    pub signal: String,
    /// How long after the signal the remaining processes of the group are killed.
    pub within: String,
}

impl Default for StopConfig {
    fn default() -> Self {
        Self {
            signal: "TERM".to_owned(),
            within: "10s".to_owned(),
        }
    }
}

/// `restart = { when = "always", backoff = "200ms..30s", give_up = "10 in 10m" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RestartConfig {
    /// When to restart: `always`, `on-failure` or `never`.
    pub when: String,
    /// The restart delays, as `SHORTEST..LONGEST`. The first restart is immediate. The shortest
    /// delay follows the second consecutive failure, and doubles with each further failure up to
    /// the longest.
    pub backoff: String,
    /// After this many failures in a period, such as `10 in 10m`, an instance is no longer
    /// restarted. `never` sets no limit.
    pub give_up: String,
}

impl Default for RestartConfig {
    fn default() -> Self {
        Self {
            when: "always".to_owned(),
            backoff: "200ms..30s".to_owned(),
            give_up: "10 in 10m".to_owned(),
        }
    }
}

/// `memory = { max = "150M", action = "roll" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryConfig {
    /// The memory limit of an instance, including all its child processes.
    pub max: String,
    /// How the supervisor replaces an instance that exceeds the limit: `roll` starts a successor
    /// before it stops the instance, `restart` stops the instance first, and `kill` kills the
    /// instance without asking it to stop.
    #[serde(default = "roll")]
    pub action: String,
}

fn roll() -> String {
    "roll".to_owned()
}

/// `logs = { max = "10M", keep = 5, journal = false, errors = false }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// The size at which a log file is rotated.
    pub max: String,
    /// The number of rotated files that are kept.
    pub keep: u32,
    /// Whether each log line is also sent to the system's journal.
    pub journal: bool,
    /// Whether lines on standard error are also written to a separate file.
    pub errors: bool,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            max: "10M".to_owned(),
            keep: 5,
            journal: false,
            errors: false,
        }
    }
}
