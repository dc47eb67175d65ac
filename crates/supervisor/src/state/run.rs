//! The slot of an instance, and the processes that fill it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::backoff::{self, STABLE_AFTER};
use super::{InstanceState, Now, Policy};

/// Tells the processes of a service apart; grows, and is never used twice.
pub type RunId = u64;

/// A process, from before its start until nothing of it is left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Which.
    pub id: RunId,
    /// The number of the instance.
    pub number: u32,
    /// From which version of the description.
    pub generation: u32,
    /// Where it is in its life.
    pub phase: Phase,
    /// Whether requests go to it.
    pub serving: bool,
    /// When it was started, in time since the beginning.
    pub since: Duration,
    pub(super) policy: Arc<Policy>,
    pub(super) place: SlotClaim,
    /// Whether it has ever been ready.
    pub(super) was_ready: bool,
    /// Checks in a row: passed ones before it is ready, failed ones after.
    pub(super) streak: u32,
    /// Nothing is done about its memory before this.
    pub(super) patience: Duration,
    /// So many that were to take its place because of its memory have failed.
    #[serde(default)]
    pub(super) failed_successors: u32,
}

/// Whether a process fills the place of its instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum SlotClaim {
    /// It has yet to take the place of another, or its own.
    Wanted,
    /// It does, until it is gone.
    Held,
    /// Another has taken it.
    Lost,
}

/// Where a process is in its life. Times are since the beginning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Phase {
    /// It must be ready by `until`.
    Starting {
        /// When it is too late.
        until: Duration,
    },
    /// It can be asked.
    Ready {
        /// Since when.
        at: Duration,
    },
    /// It finishes what it was asked, until `until`.
    Draining {
        /// When it is asked to stop.
        until: Duration,
    },
    /// It was asked to stop.
    Stopping {
        /// When it is killed; none: it was.
        until: Option<Duration>,
        /// What follows.
        fate: AfterStop,
    },
}

/// What follows when a process that was asked to stop is gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum AfterStop {
    /// Nothing.
    Gone,
    /// Another one is started.
    Again,
    /// It is counted as a failure, for this reason, after having been ready so long.
    Failure(String, Duration),
}

impl Run {
    /// Whether it can be asked.
    pub fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Ready { .. })
    }

    /// When something is to be done with it.
    pub(super) fn due(&self) -> Option<Duration> {
        match &self.phase {
            Phase::Starting { until } | Phase::Draining { until } => Some(*until),
            Phase::Ready { .. } => None,
            Phase::Stopping { until, .. } => *until,
        }
    }

    /// Whether it holds the place of its instance.
    pub(super) fn holds_place(&self) -> bool {
        self.place == SlotClaim::Held
    }

    /// Whether it has yet to take the place of another, or its own.
    pub(super) fn is_candidate(&self) -> bool {
        self.place == SlotClaim::Wanted
    }

    pub(super) fn is_leaving(&self) -> bool {
        matches!(self.phase, Phase::Draining { .. } | Phase::Stopping { .. })
    }

    /// How long it has been ready.
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
            Phase::Draining { .. } => InstanceState::Draining,
            Phase::Stopping { .. } => InstanceState::Stopping,
        }
    }
}

/// A place of an instance, which outlives its processes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Slot {
    pub(super) generation: u32,
    pub(super) policy: Arc<Policy>,
    /// When a process is started.
    pub(super) restart_at: Option<Duration>,
    pub(super) given_up: bool,
    pub(super) finished: bool,
    pub(super) restarts: u64,
    /// Since when there is no process.
    pub(super) since: Duration,
    failures_in_a_row: u32,
    failures: VecDeque<Duration>,
}

impl Slot {
    pub(super) fn new(generation: u32, policy: Arc<Policy>, now: Now) -> Self {
        Self {
            generation,
            policy,
            restart_at: None,
            given_up: false,
            finished: false,
            restarts: 0,
            since: now.at,
            failures_in_a_row: 0,
            failures: VecDeque::new(),
        }
    }

    /// Forgets what went wrong.
    pub(super) fn clear_failures(&mut self) {
        self.given_up = false;
        self.finished = false;
        self.failures_in_a_row = 0;
        self.failures.clear();
    }

    /// Counts a failure; answers how long to wait, or that it was one too many.
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
        let wait = backoff::wait(self.failures_in_a_row, self.policy.backoff, now.chance);
        self.restart_at = Some(now.at + wait);
        Some(wait)
    }

    /// Whether nothing is started here any more.
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
