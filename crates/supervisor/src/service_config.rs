//! The settings of a service, as in `[service.NAME]` of `kenduri.toml`.
//!
//! Nothing here has been checked; a plan is made of it before it is used.
//! Sizes are numbers with K, M or G; times are numbers with ms, s, m, h or d.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// All services by name.
pub type ServiceConfigs = BTreeMap<String, ServiceConfig>;

/// `[service.NAME]`: a command that is to be kept running.
///
/// It has no `Debug`: the environment may hold secrets.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceConfig {
    /// The command: one line, split at blanks outside quotes, or a list of words.
    pub run: CommandLine,
    /// Whether `/bin/sh` reads the line.
    pub shell: bool,
    /// Where it runs; relative to the folder of the description.
    pub directory: String,
    /// How it is reached: `unix`, `tcp` or `none`.
    pub listen: String,
    /// A fixed address that is held for it, `HOST:PORT`; empty: none.
    pub front: String,
    /// How many instances take requests, 1 to 64.
    pub instances: u32,
    /// How many more are ready, and take over when one dies.
    pub spare: u32,
    /// `round-robin`, `least` or `sticky`.
    pub balance: String,
    /// How long a connection to an instance may take, for the edge.
    pub connect_time: String,
    /// How long the first byte of an answer may take.
    pub first_byte_time: String,
    /// How long a body or a websocket may stand still, in either direction.
    pub idle_time: String,
    /// How long an unused connection is kept: below what the service keeps it.
    pub keep_time: String,
    /// Added to the clean environment.
    pub env: BTreeMap<String, String>,
    /// A file of `NAME=value` lines, mode 0600; empty: none.
    pub env_file: String,
    /// Its user; empty: the user of the supervisor.
    pub user: String,
    /// How it is asked whether it is well; none: that it runs is enough.
    pub health: Option<HealthConfig>,
    /// How long its start may take.
    pub start_within: String,
    /// How it is stopped.
    pub stop: StopConfig,
    /// What happens when it ends by itself.
    pub restart: RestartConfig,
    /// How much memory it may use; none: no limit.
    pub memory: Option<MemoryConfig>,
    /// How much of its log is kept.
    pub logs: LogConfig,
    /// Services that are started before it and stopped after it.
    pub after: Vec<String>,
    /// What requests get to finish when an instance is replaced.
    pub drain_within: String,
    /// Whether the supervisor opens the socket and passes it on (`LISTEN_FDS`).
    pub activate: bool,
    /// How the next generation takes over: `one` at a time, or `all` at once.
    pub roll: String,
}

impl Default for ServiceConfig {
    fn default() -> Self {
        Self {
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
            logs: LogConfig::default(),
            after: Vec::new(),
            drain_within: "5s".to_owned(),
            activate: false,
            roll: "one".to_owned(),
        }
    }
}

/// A command line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "a command line is one text, or a list of them")]
pub enum CommandLine {
    /// As one would type it.
    Line(String),
    /// The program and its arguments.
    Words(Vec<String>),
}

impl Default for CommandLine {
    fn default() -> Self {
        Self::Line(String::new())
    }
}

/// `health = { path = "/healthz", … }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HealthConfig {
    /// Asked with `GET`; any 2xx is well.
    pub path: String,
    /// How often.
    pub every: String,
    /// How long an answer may take.
    pub within: String,
    /// So many failures in a row, and it is started anew.
    pub fall: u32,
    /// So many successes in a row, and it is ready.
    pub rise: u32,
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self {
            path: "/".to_owned(),
            every: "5s".to_owned(),
            within: "2s".to_owned(),
            fall: 3,
            rise: 1,
        }
    }
}

/// `stop = { signal = "TERM", within = "10s" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StopConfig {
    /// `TERM`, `INT`, `QUIT`, `HUP`, `USR1`, `USR2`, `WINCH` or `KILL`.
    pub signal: String,
    /// What is left of the group after this long is killed.
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
    /// `always`, `on-failure` or `never`.
    pub when: String,
    /// The wait after the second failure in a row, doubled until the most; the first waits for nothing.
    pub backoff: String,
    /// So many failures of an instance in so long, or `never`.
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
    /// Of the whole process group of an instance.
    pub max: String,
    /// `roll`: its successor is ready first; `restart`: it is stopped first; `kill`: it is not asked.
    #[serde(default = "roll")]
    pub action: String,
}

fn roll() -> String {
    "roll".to_owned()
}

/// `logs = { max = "10M", keep = 5, journal = false }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// A file that would grow past this is put aside.
    pub max: String,
    /// So many of those are kept.
    pub keep: u32,
    /// Whether each line goes to the system's journal too.
    pub journal: bool,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            max: "10M".to_owned(),
            keep: 5,
            journal: false,
        }
    }
}
