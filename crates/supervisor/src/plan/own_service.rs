//! The one service that is a part of the program itself.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use rustix::process::Signal;

use super::settings::{Environment, Listening, LogSettings, ServiceSettings, User};
use crate::state::{MemoryAction, Policy, RestartWhen, Roll};

/// The name of the service that is a part of the program; nobody may write another one of this name.
pub const OWN_SERVICE: &str = "kenduri";
/// Means all services of the configuration where one is named; no service may have this name.
pub const ALL_SERVICES: &str = "all";

/// A part of the program that runs as a process of its own, beside the services that were written
/// and before them: the program describes it, trusts it and sends it messages.
///
/// It has the environment and the outputs of the supervisor. Its standard input is a
/// [`Channel`](crate::Channel) to the program. It is ready when it says so (`READY=1` on
/// `NOTIFY_SOCKET`), and for no other reason. It is started again for as long as the supervisor
/// runs. One that is replaced is asked to stop as soon as the next one is ready, and ends by itself
/// when it has finished. At the end it is stopped before everybody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnService {
    /// The program and its arguments, as they are.
    pub command: Vec<String>,
    /// Where it runs.
    pub directory: PathBuf,
    /// What is in its environment beside what the supervisor has in its own.
    pub environment: BTreeMap<String, String>,
    /// Its user; none: the user of the supervisor.
    pub user: Option<User>,
    /// It must be ready so soon after its start.
    pub start_within: Duration,
    /// It is killed when it has not stopped so long after it was asked.
    pub stop_within: Duration,
    /// The wait after the second failure in a row, and the longest one; the first waits for nothing.
    pub backoff: (Duration, Duration),
}

impl OwnService {
    /// A command with the usual times, in the supervisor's folder.
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
            logs: LogSettings {
                max: 0,
                keep: 0,
                journal: false,
            },
            after: Vec::new(),
            policy: Policy {
                instances: 1,
                spare: 0,
                start_within: self.start_within,
                stop_within: self.stop_within,
                // It drains by itself once it was asked to stop.
                drain_within: Duration::ZERO,
                fall: 1,
                rise: 1,
                when: RestartWhen::Always,
                backoff: self.backoff,
                give_up: None,
                memory: MemoryAction::Roll,
                roll: Roll::OneAtATime,
            },
        }
    }
}
