//! The program's own service: a part of the supervisor's program that runs as a separate process.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;

use super::settings::{Environment, Listening, LogSettings, ServiceSettings, USUAL_WEIGHT, User};
use crate::state::{MemoryAction, Policy, RestartWhen, Roll};

/// The name of the program's own service; no configured service may use it.
pub const OWN_SERVICE: &str = "kenduri";
/// The name that stands for all configured services; no service may use it.
pub const ALL_SERVICES: &str = "all";

/// A part of the supervisor's program that runs in a separate process and starts before the
/// configured services. The program defines this service, trusts it and sends messages to it.
///
/// The process inherits the supervisor's environment and outputs. Its standard input is a
/// [`Channel`](crate::Channel) to the supervisor's program. The process is ready only when it sends
/// `READY=1` to `NOTIFY_SOCKET`. The supervisor always restarts the process after an exit.
///
/// When the process is replaced, the supervisor asks the old process to stop as soon as the new one
/// is ready, and the old process exits after finishing its work. At shutdown, the supervisor stops
/// this service before all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnService {
    /// The command and its arguments, without placeholders.
    pub command: Vec<String>,
    pub directory: PathBuf,
    pub environment: BTreeMap<String, String>,
    /// The user that runs the process; `None` for the supervisor's user.
    pub user: Option<User>,
    /// The start timeout. The process must become ready within this time.
    pub start_within: Duration,
    /// The stop timeout. If the process has not exited within this time, it is killed.
    pub stop_within: Duration,
    /// The restart delay after the second consecutive failure, and the maximum delay. There is no
    /// delay after the first failure.
    pub backoff: (Duration, Duration),
}

impl OwnService {
    /// Makes a service with this command, default timeouts and the supervisor's working directory.
    pub fn new(command: Vec<String>) -> Self {
        Self {
            command,
            directory: PathBuf::from("."),
            environment: BTreeMap::new(),
            user: None,
            start_within: Duration::from_secs(30),
            stop_within: Duration::from_secs(30),
            backoff: (Duration::from_millis(200), Duration::from_secs(5)),
        }
    }

    pub(crate) fn settings(self) -> ServiceSettings {
        ServiceSettings {
            name: OWN_SERVICE.to_owned(),
            own: true,
            command: self.command,
            directory: self.directory,
            listening: Listening::Nowhere,
            activate: false,
            front: None,
            balance: "round-robin".to_owned(),
            environment: Environment {
                found: self.environment,
                ..Environment::default()
            },
            user: self.user,
            health: None,
            stop_signal: Signal::TERM,
            memory: None,
            cpu_weight: USUAL_WEIGHT,
            logs: LogSettings {
                max: 0,
                keep: 0,
                journal: false,
                errors: false,
            },
            cron: None,
            cron_restart: None,
            after: Vec::new(),
            policy: Policy {
                instances: 1,
                spare: 0,
                start_within: self.start_within,
                stop_within: self.stop_within,
                // When asked to stop, the process finishes its requests by itself, so the
                // supervisor need not wait.
                drain_within: Duration::ZERO,
                // Two workers at once would do the app's background work twice.
                keep_former: Duration::ZERO,
                fall: 1,
                rise: 1,
                when: RestartWhen::Always,
                backoff: self.backoff,
                give_up: None,
                memory: MemoryAction::Roll,
                roll: Roll::OneAtATime,
                scheduled: false,
            },
        }
    }
}
