//! When instances are started, stopped and replaced.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// When `drain_within` is over, the edge closes the remaining connections and informs both sides.
/// The process is asked to stop this much later, so that it notices the close first.
pub const CLOSE_GRACE: Duration = Duration::from_millis(500);

/// When instances are started, stopped and replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The number of instances that take requests.
    pub instances: u32,
    /// The number of additional instances that are kept ready.
    pub spare: u32,
    /// The start timeout of a process.
    pub start_within: Duration,
    /// The time after which a process that was asked to stop is killed.
    pub stop_within: Duration,
    /// How long a process that is being replaced may finish its requests, followed by
    /// [`CLOSE_GRACE`]. If zero, it is asked to stop at once.
    pub drain_within: Duration,
    /// The number of failed checks in a row after which a process is restarted.
    pub fall: u32,
    /// The number of successful checks in a row after which a process is ready.
    pub rise: u32,
    /// When a process that ended is started again.
    pub when: RestartWhen,
    /// The delay after the second failure in a row, and the longest delay.
    pub backoff: (Duration, Duration),
    /// When an instance is given up; `None` for never.
    pub give_up: Option<GiveUpLimit>,
    /// What happens to a process that uses too much memory.
    pub memory: MemoryAction,
    /// How a new generation takes over.
    pub roll: Roll,
}

/// When a process that ended is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RestartWhen {
    /// However the process ended.
    Always,
    /// Unless it ended with code 0.
    OnFailure,
    /// Never.
    Never,
}

/// How many failures of an instance within a time are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiveUpLimit {
    /// The number of failures, at least 1.
    pub failures: u32,
    /// The time in which they are counted.
    pub within: Duration,
}

/// What happens to a process that uses too much memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemoryAction {
    /// A successor is started and becomes ready before the process is stopped.
    Roll,
    /// The process is stopped before a successor is started.
    Restart,
    /// The process is killed before a successor is started.
    Kill,
}

/// How a new generation takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Roll {
    /// The instances are replaced one by one, with at most one more process than usual.
    OneAtATime,
    /// All new instances become ready first and then take over together.
    AllAtOnce,
}
