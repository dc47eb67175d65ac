//! When instances are started, stopped and replaced.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The edge closes what is still open when `drain_within` is over, and tells both sides; the process
/// is asked to stop this much later, so that it sees the close first.
pub const CLOSE_GRACE: Duration = Duration::from_millis(500);

/// When instances are started, stopped and replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// So many take requests.
    pub instances: u32,
    /// So many more are ready.
    pub spare: u32,
    /// A process must be ready so soon.
    pub start_within: Duration,
    /// A process that was asked to stop is killed after this.
    pub stop_within: Duration,
    /// A process that is replaced has so long for what it was asked, and then [`CLOSE_GRACE`]; none:
    /// it is asked to stop at once.
    pub drain_within: Duration,
    /// So many failed checks in a row, and it is started anew.
    pub fall: u32,
    /// So many passed checks in a row, and it is ready.
    pub rise: u32,
    /// Whether a process that ended is started again.
    pub when: RestartWhen,
    /// The wait after the second failure in a row, and the longest one.
    pub backoff: (Duration, Duration),
    /// When it is not started again; none: always.
    pub give_up: Option<GiveUpLimit>,
    /// What happens to a process that uses too much memory.
    pub memory: MemoryAction,
    /// How the next generation takes over.
    pub roll: Roll,
}

/// When a process that ended is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RestartWhen {
    /// Whatever its end was.
    Always,
    /// Unless it ended with code 0.
    OnFailure,
    /// It is not.
    Never,
}

/// So many failures of an instance in so long are too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GiveUpLimit {
    /// How many, at least 1.
    pub failures: u32,
    /// In how long.
    pub within: Duration,
}

/// What happens to a process that uses too much memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemoryAction {
    /// Another one is started and ready first.
    Roll,
    /// It is stopped, then another is started.
    Restart,
    /// It is killed, then another is started.
    Kill,
}

/// How the next generation takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Roll {
    /// One more process than usual runs, never more.
    OneAtATime,
    /// All are ready, then all take over together.
    AllAtOnce,
}
