//! The policy by which a service's instances are started, stopped and replaced.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// When `drain_within` is over, the edge closes the remaining connections and informs both sides.
/// The supervisor asks the process to stop this much later, so that the process notices the closed
/// connections first.
pub const CLOSE_GRACE: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    pub instances: u32,
    pub spare: u32,
    /// The start timeout of a process.
    pub start_within: Duration,
    /// The stop timeout, after which a process is killed.
    pub stop_within: Duration,
    /// How long a process that is being replaced may take to finish its requests. [`CLOSE_GRACE`]
    /// is added to this time. If the value is zero, the process is asked to stop at once.
    pub drain_within: Duration,
    /// The number of failed checks in a row after which a process is restarted.
    pub fall: u32,
    /// The number of successful checks in a row after which a process is ready.
    pub rise: u32,
    /// The condition on which a process that exited is started again.
    pub when: RestartWhen,
    /// The delay after the second failure in a row, and the longest delay.
    pub backoff: (Duration, Duration),
    /// The number of failures after which an instance is abandoned; `None` for no limit.
    pub give_up: Option<GiveUpLimit>,
    /// The action against a process that uses too much memory.
    pub memory: MemoryAction,
    /// How a new generation takes over.
    pub roll: Roll,
}

/// The condition on which a process that exited is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RestartWhen {
    Always,
    /// Restart unless the process exited with code 0.
    OnFailure,
    Never,
}

/// An instance is abandoned after this number of failures within this period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiveUpLimit {
    /// The number of failures, at least 1.
    pub failures: u32,
    /// The period in which failures are counted.
    pub within: Duration,
}

/// The action against a process that uses too much memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemoryAction {
    /// A successor is started and becomes ready before the process is stopped.
    Roll,
    /// The process is stopped before a successor is started.
    Restart,
    Kill,
}

/// How a new generation takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Roll {
    /// The instances are replaced one by one, so that there is at most one additional process.
    OneAtATime,
    /// All new instances become ready first and then take over at once.
    AllAtOnce,
}
