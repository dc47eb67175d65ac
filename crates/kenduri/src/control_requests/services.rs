//! Requests about services: `ps`, `logs`, `start`, `stop`, `restart`, `reload`, `scale` …

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use supervisor::{InstanceStatus, LogLine, LogPosition, ServiceStatus, SettingsSummary};

/// A request about services, handled by the supervisor process.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub(crate) enum ServiceRequest {
    /// All instances of all services.
    Ps,
    /// All about one service.
    Describe {
        /// Its name.
        service: String,
    },
    /// Lines of the logs of services.
    Logs(Logs),
    /// The last lines of a service's log and those from now on, until the client has gone.
    Follow(Logs),
    /// Start a service.
    Start {
        /// Its name.
        service: String,
    },
    /// Stop a service.
    Stop {
        /// Its name.
        service: String,
    },
    /// Stop a service and start it.
    Restart {
        /// Its name, or `all`.
        service: String,
    },
    /// Replace a service's instances without a failed request.
    Reload {
        /// Its name, or `all`.
        service: String,
    },
    /// Have another number of instances.
    Scale {
        /// The name of the service.
        service: String,
        /// How many take requests.
        instances: u32,
    },
    /// Go on with the program that is on the disk now.
    Upgrade,
}

/// Which lines are wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Logs {
    /// Of this service; nothing: of all.
    pub(crate) service: Option<String>,
    /// Of this instance; nothing: of all.
    pub(crate) instance: Option<u32>,
    /// From then on.
    pub(crate) since: Option<Timestamp>,
    /// That hold this text.
    pub(crate) grep: Option<String>,
    /// The last so many.
    pub(crate) last: Option<usize>,
    /// The last line of each service that the client has seen.
    #[serde(default)]
    pub(crate) seen: BTreeMap<String, LogPosition>,
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

/// The answer to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ServiceResponse {
    /// All instances.
    Rows(Vec<InstanceStatus>),
    /// All about a service.
    Described(Box<ServiceStatus>),
    /// Lines, and how many of them are lost because the client asked too late.
    Lines {
        /// The lines.
        lines: Vec<LogLine>,
        /// So many were written in between and are in the file only.
        missed: u64,
    },
    /// It is done, in words.
    Done(String),
}

/// How a service is kept running, for people: a setting and its value each, as its description
/// says them.
pub(crate) fn settings(manner: &SettingsSummary) -> Vec<(String, String)> {
    let Ok(toml::Value::Table(settings)) = toml::Value::try_from(manner) else {
        return Vec::new();
    };
    let settings = settings.into_iter().map(|(name, value)| {
        let words = value.as_str().map(str::to_owned);
        (name, words.unwrap_or_else(|| value.to_string()))
    });
    settings.collect()
}
