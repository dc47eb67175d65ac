//! The slots of a service's instances, and the processes that fill them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::backoff::{self, STABLE_AFTER};
use super::{InstanceState, Now, Policy};

/// Identifies one run of a service's process. IDs increase and are never reused.
pub type RunId = u64;

/// A process. This value exists from before the process's start until its whole process group has
/// exited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    pub id: RunId,
    pub number: u32,
    /// The version of the settings with which the process was started.
    pub generation: u32,
    pub phase: Phase,
    /// Whether the edge sends requests to the process.
    pub serving: bool,
    /// The time at which the process was started, measured since the supervisor began.
    pub since: Duration,
    pub(super) policy: Arc<Policy>,
    pub(super) place: SlotClaim,
    pub(super) was_ready: bool,
    /// The number of consecutive health checks with the same result. Before the process is ready,
    /// successful checks are counted, and afterwards failed checks.
    pub(super) streak: u32,
    /// Until this time, the process may exceed its memory limit.
    pub(super) patience: Duration,
    /// The number of successors that were started because this process used too much memory, and
    /// that failed.
    #[serde(default)]
    pub(super) failed_successors: u32,
}

/// How a process is related to its instance's slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum SlotClaim {
    /// The process is to take over the slot when it is ready. Until then, the slot may be empty.
    Wanted,
    /// The process holds the slot until it has exited.
    Held,
    /// Another process has taken over the slot.
    Lost,
}

/// The phase of a process. Times are measured since the supervisor began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Phase {
    Starting {
        /// The deadline for becoming ready.
        until: Duration,
    },
    Ready {
        /// The time at which the process became ready.
        at: Duration,
    },
    /// The process finishes its requests and receives no new ones.
    /// A successor has taken over and is on trial. The process receives no requests, and takes over
    /// again if the successor fails.
    Former {
        /// The time at which the process became ready.
        at: Duration,
        /// The time until which the process may finish its requests.
        drain_until: Duration,
    },
    Draining {
        /// The time at which the process is asked to stop.
        until: Duration,
    },
    Stopping {
        /// The time at which the process is killed; `None` if it has been killed already.
        until: Option<Duration>,
        /// What happens when the process has exited.
        fate: AfterStop,
    },
}

/// What happens when a stopping process has exited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AfterStop {
    Gone,
    Again,
    /// The stop counts as a failure. The fields are the reason for the stop and the time for which
    /// the process had been ready.
    Failure(String, Duration),
}

impl Run {
    pub fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Ready { .. })
    }

    /// Returns the deadline of the process's current phase.
    pub(super) fn due(&self) -> Option<Duration> {
        match &self.phase {
            Phase::Starting { until } | Phase::Draining { until } => Some(*until),
            Phase::Ready { .. } | Phase::Former { .. } => None,
            Phase::Stopping { until, .. } => *until,
        }
    }

    pub(super) fn holds_place(&self) -> bool {
        self.place == SlotClaim::Held
    }

    /// Whether the process has not taken over its slot yet.
    pub(super) fn is_candidate(&self) -> bool {
        self.place == SlotClaim::Wanted
    }

    /// Whether the process is kept in case its successor fails.
    pub(super) fn is_former(&self) -> bool {
        matches!(self.phase, Phase::Former { .. })
    }

    pub(super) fn is_leaving(&self) -> bool {
        matches!(self.phase, Phase::Draining { .. } | Phase::Stopping { .. })
    }

    pub(super) fn time_ready(&self, now: Now) -> Duration {
        match self.phase {
            Phase::Ready { at } => now.at.saturating_sub(at),
            _ => Duration::ZERO,
        }
    }

    pub(super) fn standing(&self) -> InstanceState {
        match self.phase {
            Phase::Starting { .. } => InstanceState::Starting,
            Phase::Ready { .. } if self.serving => InstanceState::Ready,
            Phase::Ready { .. } => InstanceState::Spare,
            Phase::Former { .. } => InstanceState::Former,
            Phase::Draining { .. } => InstanceState::Draining,
            Phase::Stopping { .. } => InstanceState::Stopping,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Slot {
    pub(super) generation: u32,
    pub(super) policy: Arc<Policy>,
    /// When the next process is started, measured since the supervisor began.
    pub(super) restart_at: Option<Duration>,
    pub(super) given_up: bool,
    pub(super) finished: bool,
    pub(super) restarts: u64,
    pub(super) since: Duration,
    failures_in_a_row: u32,
    failures: VecDeque<Duration>,
}

impl Slot {
    pub(super) fn new(generation: u32, policy: Arc<Policy>, now: Now) -> Self {
        Self {
            generation,
            restart_at: None,
            given_up: false,
            finished: policy.scheduled,
            policy,
            restarts: 0,
            since: now.at,
            failures_in_a_row: 0,
            failures: VecDeque::new(),
        }
    }

    /// Makes the slot one of another generation. The number of restarts is kept.
    pub(super) fn become_of(&mut self, generation: u32, policy: &Arc<Policy>, now: Now) {
        if self.generation != generation {
            let restarts = self.restarts;
            *self = Self::new(generation, Arc::clone(policy), now);
            self.restarts = restarts;
        }
    }

    pub(super) fn clear_failures(&mut self) {
        self.given_up = false;
        self.finished = false;
        self.failures_in_a_row = 0;
        self.failures.clear();
    }

    /// Counts a failure of the slot's process. Returns the delay before the next start, or `None`
    /// if the instance is abandoned.
    pub(super) fn fail(&mut self, time_ready: Duration, now: Now) -> Option<Duration> {
        if time_ready >= STABLE_AFTER {
            self.failures_in_a_row = 0;
        }
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        self.since = now.at;
        if let Some(give_up) = self.policy.give_up {
            self.failures.push_back(now.at);
            let old = |at: &&Duration| now.at.saturating_sub(**at) >= give_up.within;
            let gone = self.failures.iter().take_while(old).count();
            self.failures.drain(..gone);
            if self.failures.len() >= give_up.failures as usize {
                self.given_up = true;
                self.restart_at = None;
                return None;
            }
        }
        let (least, most) = self.policy.backoff;
        let wait = backoff::wait(self.failures_in_a_row, least, most, now.chance);
        self.restart_at = Some(now.at + wait);
        Some(wait)
    }

    /// Whether no further process will be started for this slot.
    pub(super) fn is_over(&self) -> bool {
        self.given_up || self.finished
    }

    pub(super) fn standing(&self, up: bool) -> InstanceState {
        if self.given_up {
            InstanceState::Failed
        } else if self.finished {
            InstanceState::Finished
        } else if up {
            InstanceState::Waiting
        } else {
            InstanceState::Stopped
        }
    }
}
