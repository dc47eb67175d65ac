//! The status of services and instances for the commands `ps` and `describe`.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use units::HealthConfig;

use crate::log_query::LogLine;
use crate::ready_instances::Address;
use crate::service_config::{LogConfig, MemoryConfig, RestartConfig, StopConfig};
use crate::state::{Exit, InstanceState};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceStatus {
    pub service: Arc<str>,
    pub instance: u32,
    /// The version of the settings with which the instance was started.
    pub generation: u32,
    pub state: InstanceState,
    pub pid: Option<i32>,
    /// When the current process was started. If none is running, this is when the last process
    /// exited.
    pub since: Timestamp,
    /// Since when at least one instance of the service has taken requests without a gap; `None` if
    /// none takes requests now.
    #[serde(default)]
    pub up_since: Option<Timestamp>,
    /// How often the instance's process was replaced after a failure.
    pub restarts: u64,
    /// Processor use in the last second, in percent of one processor.
    pub cpu_percent: f64,
    /// The memory use of the instance's control group, in bytes. Without a control group, this is
    /// the resident memory of the process group.
    pub memory_bytes: u64,
    /// The supervisor leaves this field empty. The program that uses this crate fills it in.
    pub requests_per_second: Option<f64>,
    /// How the instance's last process exited, as in [`LastExit::how`].
    pub last_exit: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastExit {
    pub instance: u32,
    pub at: Timestamp,
    /// How long the process had run, in seconds.
    pub ran_seconds: i64,
    /// How the process exited: `code 1`, `signal 9` or `signal 9, out of memory`. If the supervisor
    /// stopped the process, the reason follows, as in `signal 15: it was not ready within 1m`.
    pub how: String,
}

impl LastExit {
    pub(crate) fn new(
        instance: u32,
        at: Timestamp,
        since: Timestamp,
        exit: Exit,
        fault: Option<&str>,
    ) -> Self {
        let exit = exit.to_string();
        // A reason that only repeats how the process exited is left out.
        let fault = fault.filter(|fault| !fault.contains(&exit));
        Self {
            instance,
            at,
            ran_seconds: at.duration_since(since).as_secs(),
            how: fault.map_or_else(|| exit.clone(), |fault| format!("{exit}: {fault}")),
        }
    }
}

/// How a service runs, in the notation of its settings. A status from an older version of the
/// supervisor may lack some fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SettingsSummary {
    pub listen: String,
    /// Whether the supervisor opens an instance's socket before it starts the instance.
    pub activate: bool,
    /// How the edge balances requests.
    pub balance: String,
    pub health: Option<HealthConfig>,
    /// The start timeout, for example `1m`.
    pub start_within: String,
    pub stop: StopConfig,
    /// When an exited process is restarted.
    pub restart: RestartConfig,
    /// The memory limit of an instance; `None` for no limit.
    pub memory: Option<MemoryConfig>,
    /// The limits of the log files; `None` if the service writes to the supervisor's own outputs.
    pub logs: Option<LogConfig>,
    /// How long an instance that is being replaced may take to finish its requests.
    pub drain_within: String,
    /// How long a replaced instance is kept without requests, in case its successor fails.
    pub keep_former: String,
    pub roll: String,
    /// When the command runs; empty for a command that runs permanently.
    pub cron: String,
    /// When the instances are replaced; empty for never.
    pub cron_restart: String,
    /// The time zone of `cron` and `cron_restart`; empty for UTC.
    pub time_zone: String,
}

/// The full status of a service, without the values of its environment variables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceStatus {
    pub service: Arc<str>,
    /// The program and its arguments. Placeholders are not replaced, and secrets appear as `***`.
    pub command: Vec<String>,
    pub directory: PathBuf,
    /// The user that runs the service; `None` for the supervisor's user.
    pub user: Option<String>,
    /// The fixed address on which the edge listens for the service; `None` if there is none.
    pub front: Option<String>,
    pub after: Vec<String>,
    pub generation: u32,
    /// The desired number of instances that take requests.
    pub wanted_instances: u32,
    /// The desired number of additional instances that are kept ready.
    pub wanted_spare: u32,
    /// The memory limit of an instance, in bytes.
    pub memory_max_bytes: Option<u64>,
    #[serde(flatten)]
    pub settings: SettingsSummary,
    /// The names of the service's environment variables.
    pub environment: Vec<String>,
    pub instances: Vec<InstanceStatus>,
    pub sockets: Vec<Address>,
    /// The most recently exited processes, oldest first.
    pub exits: Vec<LastExit>,
    pub lines: Vec<LogLine>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_of_the_version_before_is_read() {
        let before = serde_json::json!({
            "service": "web", "command": ["web"], "directory": "/", "user": null, "front": null,
            "after": [], "generation": 1, "wanted_instances": 1, "wanted_spare": 0,
            "memory_max_bytes": null, "environment": [], "instances": [], "sockets": [],
            "exits": [], "lines": [],
        });
        let described: ServiceStatus = serde_json::from_value(before).unwrap();
        assert_eq!(described.settings, SettingsSummary::default());
    }
}
