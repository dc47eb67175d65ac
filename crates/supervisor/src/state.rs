//! Decides what to do with the instances of one service: a pure function `(State, Event, Now) →
//! (State, Actions)`.
//!
//! The function starts nothing, waits for nothing and reads no clock. With each event, the caller
//! passes in the time since the supervisor began and a random number. The decisions are returned as
//! [`Action`]s, in order. [`State::next_due`] returns the time at which the next [`Event::Tick`] is
//! needed.

mod backoff;
mod command;
mod lifecycle;
mod policy;
mod rolling_update;
mod run;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use policy::{CLOSE_GRACE, GiveUpLimit, MemoryAction, Policy, RestartWhen, Roll};
pub use run::{Phase, Run, RunId};

use command::PendingCommand;
use rolling_update::RollingUpdate;
use run::Slot;

/// The current time and a random number, which are passed in with each event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Now {
    /// The time since the supervisor began, on a monotonic clock.
    pub at: Duration,
    /// A random number from 0 to 1, drawn for each event.
    pub chance: f64,
}

/// Identifies a command, so that its outcome can be returned to its caller.
pub type CommandId = u64;

/// An event that the state of a service must handle.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Command(CommandId, Command),
    /// A process could not be started at all.
    SpawnFailed(RunId, String),
    /// A process and all other processes of its group have exited.
    Exited(RunId, Exit),
    /// A process has reported or proved that it is ready.
    Ready(RunId),
    /// A process asks for more time to start.
    TimeoutExtended(RunId, Duration),
    /// A health check passed.
    Passed(RunId),
    Failed(RunId, String),
    /// A process other than the instance's own listens on the instance's address.
    Refused(RunId, String),
    /// A process uses more memory than permitted. The number is its memory use, in bytes.
    OverMemory(RunId, u64),
    Drained(RunId),
    Tick,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Start,
    Stop,
    Restart,
    /// Run the command of a scheduled service, unless it still runs.
    RunOnce,
    /// Replace all instances by a new generation, with a new policy if one is given.
    Reload(Option<Policy>),
    /// Set the number of instances.
    Scale {
        /// The number of instances that take requests; `None` leaves the number unchanged.
        instances: Option<u32>,
        /// The number of additional instances that are kept ready; `None` leaves the number
        /// unchanged.
        spare: Option<u32>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exit {
    Code(i32),
    Signal(i32),
    /// The kernel killed the process, because the process's memory limit or the system's memory was
    /// exhausted.
    OutOfMemory,
}

impl std::fmt::Display for Exit {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Code(code) => write!(out, "code {code}"),
            Self::Signal(number) => write!(out, "signal {number}"),
            Self::OutOfMemory => write!(out, "signal 9, out of memory"),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Start a process.
    Spawn {
        run: RunId,
        number: u32,
        /// The version of the settings that the new process uses.
        generation: u32,
    },
    AskToStop(RunId),
    Kill(RunId),
    Serve(RunId),
    Withdraw(RunId),
    /// Return the outcome of a command to its caller.
    Answer(CommandId, Result<(), String>),
    Report(Report),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    Ready {
        run: RunId,
        /// The time from the process's start to its readiness.
        after: Duration,
    },
    /// A process failed by itself, or is being stopped because it failed its checks.
    Failed {
        run: RunId,
        reason: String,
        /// How the process ended. `None` if it could not be started, or is still being stopped.
        exit: Option<Exit>,
        was_ready: bool,
        /// The minimum delay before the instance is started again; `None` if it is not started
        /// again.
        again_in: Option<Duration>,
    },
    /// A process exited by itself in a way that is not a failure.
    Finished(RunId),
    /// An instance failed so often that it is abandoned, that is, no longer restarted.
    GaveUp {
        /// The number of the instance, counted from 0.
        number: u32,
        /// The reason for the instance's last failure.
        reason: String,
    },
    /// A process did not stop in time and is killed.
    Killed(RunId),
    /// A process used too much memory.
    OverMemory {
        run: RunId,
        bytes: u64,
        action: MemoryAction,
    },
    /// A new generation took over.
    RolledOver {
        /// The number of the new generation.
        generation: u32,
    },
    /// A new generation did not take over.
    RollFailed {
        /// The reason why the rolling update was aborted.
        reason: String,
    },
}

/// The state of an instance, as shown to users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InstanceState {
    /// A process was started and is not ready.
    Starting,
    /// The process is ready and takes requests.
    Ready,
    /// The process is ready and takes over when another instance fails.
    Spare,
    /// The process takes no new requests and finishes its current ones.
    Draining,
    /// The process was asked to stop.
    Stopping,
    /// The process failed and will be started again.
    Waiting,
    /// The instance failed too often and is not started again.
    Failed,
    /// The process exited, which does not count as a failure.
    Finished,
    /// The instance is not meant to run.
    Stopped,
}

/// The whole state of one service.
///
/// Pending commands and a rolling update are not serialized, because an upgrade is refused while
/// any exist.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    policy: Arc<Policy>,
    generation: u32,
    last_generation: u32,
    up: bool,
    slots: BTreeMap<u32, Slot>,
    runs: BTreeMap<RunId, Run>,
    next_run: RunId,
    #[serde(skip)]
    rolling: Option<RollingUpdate>,
    #[serde(skip)]
    waiting: Vec<PendingCommand>,
}

/// A transition in progress: the new state, the time and random number, and the actions so far.
struct Transition {
    state: State,
    now: Now,
    actions: Vec<Action>,
}

impl State {
    /// Makes the state of a service that has not been started yet.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy: Arc::new(policy),
            generation: 1,
            last_generation: 1,
            up: false,
            slots: BTreeMap::new(),
            runs: BTreeMap::new(),
            next_run: 1,
            rolling: None,
            waiting: Vec::new(),
        }
    }

    /// Handles an event. Returns the new state and the actions to take.
    #[must_use]
    pub fn on(self, event: Event, now: Now) -> (Self, Vec<Action>) {
        let mut transition = Transition {
            state: self,
            now,
            actions: Vec::new(),
        };
        match event {
            Event::Command(id, command) => transition.on_command(id, command),
            Event::SpawnFailed(run, reason) => transition.on_exit(run, &reason, None),
            Event::Exited(run, exit) => {
                transition.on_exit(run, &format!("it ended with {exit}"), Some(exit));
            }
            Event::Ready(run) => transition.on_check_passed(run, true),
            Event::TimeoutExtended(run, time) => transition.on_timeout_extended(run, time),
            Event::Passed(run) => transition.on_check_passed(run, false),
            Event::Failed(run, reason) => transition.on_check_failed(run, &reason),
            Event::Refused(run, reason) => transition.on_wrong_listener(run, reason),
            Event::OverMemory(run, bytes) => transition.on_over_memory(run, bytes),
            Event::Drained(run) => transition.on_drained(run),
            Event::Tick => {}
        }
        transition.settle();
        (transition.state, transition.actions)
    }

    /// Returns the time at which the next [`Event::Tick`] is needed if no other event comes
    /// earlier.
    pub fn next_due(&self) -> Option<Duration> {
        let runs = self.runs.values().filter_map(Run::due);
        let slots = self.slots.values().filter_map(|slot| slot.restart_at);
        runs.chain(slots).min()
    }

    pub fn is_up(&self) -> bool {
        self.up
    }

    /// Whether no process of the service is left.
    pub fn is_gone(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whether every instance is ready, abandoned or finished, so that dependent services need not
    /// wait any longer.
    pub fn is_decided(&self) -> bool {
        self.up
            && self
                .slots
                .iter()
                .all(|(number, slot)| slot.is_over() || self.ready_run(*number).is_some())
    }

    /// Whether all instances of the service are abandoned, that is, no longer restarted.
    pub fn is_failed(&self) -> bool {
        self.up && !self.slots.is_empty() && self.slots.values().all(|slot| slot.given_up)
    }

    /// Whether at least one instance is abandoned.
    pub fn has_given_up(&self) -> bool {
        self.slots.values().any(|slot| slot.given_up)
    }

    pub fn is_rolling(&self) -> bool {
        self.rolling.is_some()
    }

    /// Whether the instances belong to several generations, because the last rolling update failed.
    pub fn is_mixed(&self) -> bool {
        let strays = |slot: &Slot| slot.generation != self.generation;
        !self.is_rolling() && self.slots.values().any(strays)
    }

    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Returns the generation that a reload would begin.
    pub fn next_generation(&self) -> u32 {
        self.last_generation + 1
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Returns all runs, including those whose processes are stopping.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.runs.values()
    }

    pub fn instances(&self) -> Vec<InstanceSummary> {
        let mut instances: Vec<InstanceSummary> = self
            .runs
            .values()
            .map(|run| InstanceSummary {
                number: run.number,
                generation: run.generation,
                standing: run.standing(),
                run: Some(run.id),
                since: run.since,
                restarts: self.slots.get(&run.number).map_or(0, |slot| slot.restarts),
            })
            .collect();
        for (number, slot) in &self.slots {
            let seen = |run: &Run| run.number == *number && run.place != run::SlotClaim::Lost;
            if !self.runs.values().any(seen) {
                instances.push(InstanceSummary {
                    number: *number,
                    generation: slot.generation,
                    standing: slot.standing(self.up),
                    run: None,
                    since: slot.since,
                    restarts: slot.restarts,
                });
            }
        }
        instances.sort_by_key(|instance| (instance.number, instance.generation, instance.run));
        instances
    }

    /// Whether an instance uses this generation of settings, or a rolling update is about to use
    /// it.
    pub fn uses(&self, generation: u32) -> bool {
        let rolling = self.rolling.as_ref();
        self.generation == generation
            || self.runs.values().any(|run| run.generation == generation)
            || self
                .slots
                .values()
                .any(|slot| slot.generation == generation)
            || rolling.is_some_and(|rolling| rolling.generation == generation)
    }

    /// Whether the service still has a slot or a process for the instance with this number.
    pub fn has_place(&self, number: u32) -> bool {
        self.slots.contains_key(&number) || self.runs.values().any(|run| run.number == number)
    }

    fn ready_run(&self, number: u32) -> Option<&Run> {
        self.runs
            .values()
            .find(|run| run.number == number && run.is_ready() && !run.is_candidate())
    }

    fn total(&self) -> u32 {
        self.policy.instances + self.policy.spare
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceSummary {
    /// The number of the instance, counted from 0.
    pub number: u32,
    pub generation: u32,
    pub standing: InstanceState,
    /// The run of the instance's current process, if there is one.
    pub run: Option<RunId>,
    /// The time at which the current process was started or the last process exited, measured since
    /// the supervisor began.
    pub since: Duration,
    /// How often the instance's process was replaced after a failure.
    pub restarts: u64,
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
