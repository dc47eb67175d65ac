//! Status of services and instances, as `ps` and `describe` show it.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::log_query::LogLine;
use crate::ready_instances::Address;
use crate::service_config::{HealthConfig, LogConfig, MemoryConfig, RestartConfig, StopConfig};
use crate::state::{Exit, InstanceState};

/// One instance, as a line of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct InstanceStatus {
    /// The name of the service.
    pub service: Arc<str>,
    /// The number of the instance.
    pub instance: u32,
    /// From which version of the description.
    pub generation: u32,
    /// What it does.
    pub state: InstanceState,
    /// Its process.
    pub pid: Option<i32>,
    /// Since when there has been this process, or none.
    pub since: Timestamp,
    /// How often its process was replaced because it failed.
    pub restarts: u64,
    /// Of one processor, over the last second.
    pub cpu_percent: f64,
    /// What it uses, by its control group, else resident memory of its group.
    pub memory_bytes: u64,
    /// Filled in by the caller; the supervisor does not know.
    pub requests_per_second: Option<f64>,
    /// How its last process ended, as in [`LastExit::how`].
    pub last_exit: Option<String>,
}

/// The end of a process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastExit {
    /// The number of the instance.
    pub instance: u32,
    /// When it was.
    pub at: Timestamp,
    /// How long it had run.
    pub ran_seconds: i64,
    /// `code 1`, `signal 9`, `signal 9, out of memory`; where it was ended for a fault with
    /// that behind it, as in `signal 15: it was not ready within 1m`.
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
        // A fault may be just that it ended so.
        let fault = fault.filter(|fault| !fault.contains(&exit));
        Self {
            instance,
            at,
            ran_seconds: at.duration_since(since).as_secs(),
            how: fault.map_or_else(|| exit.clone(), |fault| format!("{exit}: {fault}")),
        }
    }
}

/// How a service is kept running, in the words of its description. A supervisor process of the version before
/// does not tell all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SettingsSummary {
    /// How it is reached.
    pub listen: String,
    /// Whether its socket is opened before it is started.
    pub activate: bool,
    /// How its instances share requests.
    pub balance: String,
    /// How it is asked whether it is well; none: it is not.
    pub health: Option<HealthConfig>,
    /// It must be ready so soon after its start.
    pub start_within: String,
    /// How it is stopped.
    pub stop: StopConfig,
    /// What happens when it ends by itself.
    pub restart: RestartConfig,
    /// How much memory an instance may use; none: no limit.
    pub memory: Option<MemoryConfig>,
    /// How much of what it says is kept; none: that goes where the supervisor's own output goes.
    pub logs: Option<LogConfig>,
    /// What requests get to finish when an instance is replaced.
    pub drain_within: String,
    /// How the next generation takes over.
    pub roll: String,
}

/// All about a service. Values of its environment are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// Its name.
    pub service: Arc<str>,
    /// The program and its arguments, with placeholders of the instance; what looks like a secret
    /// is `***`.
    pub command: Vec<String>,
    /// Where it runs.
    pub directory: PathBuf,
    /// Its user; none: the user of the supervisor.
    pub user: Option<String>,
    /// A fixed address that the edge holds for it.
    pub front: Option<String>,
    /// Services that must be ready before it is started.
    pub after: Vec<String>,
    /// The generation of what is started now.
    pub generation: u32,
    /// How many instances are to take requests.
    pub wanted_instances: u32,
    /// How many more are to be ready.
    pub wanted_spare: u32,
    /// The most memory of an instance.
    pub memory_max_bytes: Option<u64>,
    /// How it is kept running.
    #[serde(flatten)]
    pub settings: SettingsSummary,
    /// The names of the variables in its environment.
    pub environment: Vec<String>,
    /// Its instances.
    pub instances: Vec<InstanceStatus>,
    /// Where they listen.
    pub sockets: Vec<Address>,
    /// Exits of its processes, the latest last.
    pub exits: Vec<LastExit>,
    /// Its last log lines.
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
