//! Requests to the supervisor process about services, such as `ps`, `logs`, `start`, `stop`,
//! `restart`, `reload` and `scale`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use supervisor::{InstanceStatus, LogLine, LogPosition, ServiceStatus, SettingsSummary};

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum ServiceRequest {
    Ps,
    /// Returns the state, settings and exits of one service.
    Describe {
        service: String,
    },
    /// Returns log lines of services.
    Logs(Logs),
    /// Returns the last lines of services' logs, then new lines until the client disconnects.
    Follow(Logs),
    Start {
        service: String,
    },
    Stop {
        service: String,
    },
    /// Stops a service, then starts it again.
    Restart {
        /// The name of the service, or `all`.
        service: String,
        /// Whether to restart the service even during a freeze.
        #[serde(default)]
        force: bool,
    },
    /// Replaces the instances of a service one by one, so that no request fails.
    Reload {
        /// The name of the service, or `all`.
        service: String,
        /// Whether to reload the service even during a freeze.
        #[serde(default)]
        force: bool,
    },
    Scale {
        service: String,
        /// The number of instances that serve requests.
        instances: u32,
    },
    /// Upgrades to the program file that is now on the disk.
    Upgrade {
        /// Whether to upgrade even during a freeze.
        #[serde(default)]
        force: bool,
    },
}

/// Selects log lines.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Logs {
    /// Only lines of this service; `None` for all services.
    pub service: Option<String>,
    /// Only lines of this instance; `None` for all instances.
    pub instance: Option<u32>,
    /// Only lines written since this time.
    pub since: Option<Timestamp>,
    /// Only lines that contain this text.
    pub grep: Option<String>,
    /// The maximum number of lines. If more lines match, only the last ones are returned.
    pub last: Option<usize>,
    /// For each service, the position of the last line that the client has received.
    #[serde(default)]
    pub seen: BTreeMap<String, LogPosition>,
}

impl From<Logs> for supervisor::LogQuery {
    fn from(logs: Logs) -> Self {
        Self {
            service: logs.service,
            instance: logs.instance,
            since: logs.since,
            grep: logs.grep,
            last: logs.last,
            seen: logs.seen,
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceResponse {
    Rows(Vec<InstanceStatus>),
    Described(Box<ServiceStatus>),
    Lines {
        lines: Vec<LogLine>,
        /// The number of lines that the client missed because it read too slowly. These lines are
        /// only in the log file.
        missed: u64,
    },
    /// The request was carried out. The text is for the user.
    Done(String),
}

/// Returns the settings of a running service, in the notation of the settings file.
pub fn settings(manner: &SettingsSummary) -> Vec<(String, String)> {
    let Ok(toml::Value::Table(settings)) = toml::Value::try_from(manner) else {
        return Vec::new();
    };
    let settings = settings.into_iter().map(|(name, value)| {
        let words = value.as_str().map(str::to_owned);
        (name, words.unwrap_or_else(|| value.to_string()))
    });
    settings.collect()
}
