//! The policy for starting, stopping and replacing a service's instances.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The time between two steps of stopping a process. When `drain_within` is over, the edge closes
/// the process's remaining connections. This much later, the supervisor asks the process to stop.
/// In the meantime, the process can notice that its connections are closed.
pub const CLOSE_GRACE: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    pub instances: u32,
    pub spare: u32,
    /// The start timeout of a process.
    pub start_within: Duration,
    /// The stop timeout, after which a process is killed.
    pub stop_within: Duration,
    /// How long a replaced process may take to finish its requests. The supervisor asks the process
    /// to stop [`CLOSE_GRACE`] after that, or at once if `drain_within` is zero.
    pub drain_within: Duration,
    /// How long a replaced process is kept without requests, so that it can take over again if its
    /// successor fails.
    pub keep_former: Duration,
    /// The number of consecutive failed health checks after which a process is restarted.
    pub fall: u32,
    /// The number of consecutive successful health checks after which a process is ready.
    pub rise: u32,
    /// When an exited process is restarted.
    pub when: RestartWhen,
    /// The restart delay after the second consecutive failure, and the maximum delay.
    pub backoff: (Duration, Duration),
    /// The number of failures after which an instance is abandoned; `None` for no limit.
    pub give_up: Option<GiveUpLimit>,
    pub memory: MemoryAction,
    pub roll: Roll,
    /// Whether the command runs only at scheduled times.
    #[serde(default)]
    pub scheduled: bool,
}

impl Policy {
    /// The number of instances, including spares.
    pub(super) fn total(&self) -> u32 {
        self.instances + self.spare
    }
}

/// When an exited process is restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RestartWhen {
    Always,
    /// Restart unless the process exited with code 0.
    OnFailure,
    Never,
}

/// The number of failures in a period after which an instance is abandoned, that is, no longer
/// restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiveUpLimit {
    /// The number of failures, at least 1.
    pub failures: u32,
    /// The period in which failures are counted.
    pub within: Duration,
}

/// How a process that uses too much memory is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemoryAction {
    /// A successor is started and becomes ready before the process is stopped.
    Roll,
    /// The process is stopped before a successor is started.
    Restart,
    Kill,
}

/// How the instances of a new generation replace those of the old generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Roll {
    /// The instances are replaced one by one, so that there is at most one additional process.
    OneAtATime,
    /// The new instances take over together, once all of them are ready.
    AllAtOnce,
}
