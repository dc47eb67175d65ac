//! Decides what to do with the instances of one service, as a pure function `(State, Event, Now) →
//! (State, Actions)`.
//!
//! The function starts nothing, waits for nothing and reads no clock. With each event, the caller
//! passes the time since the supervisor began and a random number. The result is a list of
//! [`Action`]s, in order. [`State::next_due`] returns when the next [`Event::Tick`] is needed.

mod backoff;
mod command;
mod lifecycle;
mod policy;
mod rolling_update;
mod run;
mod trial;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use policy::{CLOSE_GRACE, GiveUpLimit, MemoryAction, Policy, RestartWhen, Roll};
pub use run::{Phase, Run, RunId};

use command::PendingCommand;
use rolling_update::RollingUpdate;
use run::Slot;

/// The current time and a random number, for one event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Now {
    /// The time since the supervisor began, on a monotonic clock.
    pub at: Duration,
    /// A random number from 0 to 1, a new one for each event.
    pub chance: f64,
}

/// Identifies a command, so that its caller receives its outcome.
pub type CommandId = u64;

/// An event for a service's state.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Command(CommandId, Command),
    /// A process could not be started.
    SpawnFailed(RunId, String),
    /// The first process of a process group and all other processes of the group have exited.
    Exited(RunId, Exit),
    /// A process is ready. It has reported this, or a check has shown it.
    Ready(RunId),
    /// A process requests more time to start.
    TimeoutExtended(RunId, Duration),
    /// A health check passed.
    Passed(RunId),
    Failed(RunId, String),
    /// Another process listens on the instance's address.
    Refused(RunId, String),
    /// A process exceeds its memory limit. The number is its memory use, in bytes.
    OverMemory(RunId, u64),
    Drained(RunId),
    Tick,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Start,
    Stop,
    Restart,
    /// Run the command of a scheduled service, unless it is still running.
    RunOnce,
    /// Replace all instances with a new generation, with a new policy if one is given.
    Reload(Option<Policy>),
    /// Set the number of instances.
    Scale {
        /// The number of instances that take requests; `None` keeps the current number.
        instances: Option<u32>,
        /// The number of additional ready instances; `None` keeps the current number.
        spare: Option<u32>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exit {
    Code(i32),
    Signal(i32),
    /// The kernel killed the process because its memory limit or the system's memory was exhausted.
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
    Spawn {
        run: RunId,
        number: u32,
        /// The version of the settings for the new process.
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
    /// A process exited unexpectedly or could not be started, or is being stopped because its
    /// checks failed.
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
    /// An instance failed so often that it is abandoned: it is no longer restarted.
    GaveUp {
        /// The instance's number, counted from 0.
        number: u32,
        /// The reason of the instance's last failure.
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
        /// Why the rolling update was aborted.
        reason: String,
    },
}

/// The state of an instance, as shown to users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InstanceState {
    /// A process was started and is not ready yet.
    Starting,
    /// The process takes requests.
    Ready,
    /// The process is ready and takes over if another instance fails.
    Spare,
    /// The process was replaced, and takes over again if its successor fails soon.
    Former,
    /// The process finishes its requests and takes no new ones.
    Draining,
    /// The process was asked to stop.
    Stopping,
    /// The process failed and is about to be started again.
    Waiting,
    /// The instance failed too often and is no longer restarted.
    Failed,
    /// The process exited without a failure.
    Finished,
    /// The instance is not meant to run.
    Stopped,
}

/// The whole state of one service.
///
/// Pending commands and a rolling update are not serialized, because an upgrade is refused while
/// there are any.
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

struct Transition {
    state: State,
    now: Now,
    actions: Vec<Action>,
}

impl State {
    /// Creates the state of a service that was not started yet.
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

    /// Returns when the next [`Event::Tick`] is needed, unless another event comes earlier.
    pub fn next_due(&self) -> Option<Duration> {
        let runs = self.runs.values().filter_map(Run::due);
        let slots = self.slots.values().filter_map(|slot| slot.restart_at);
        let trials = self.rolling.iter().flat_map(RollingUpdate::ends_of_trials);
        let waits = self.end_of_wait().into_iter();
        runs.chain(slots).chain(trials).chain(waits).min()
    }

    pub fn is_up(&self) -> bool {
        self.up
    }

    /// Whether no process of the service is left.
    pub fn is_gone(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whether each instance is ready, abandoned or finished. Dependent services then need not wait
    /// any longer.
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

    /// Whether a command waits for new instances to prove themselves, or a former generation is
    /// kept.
    pub fn is_on_trial(&self) -> bool {
        let rolling = self.rolling.as_ref();
        rolling.is_some_and(|rolling| !rolling.trials.is_empty())
            || self.waiting.iter().any(PendingCommand::is_trial)
    }

    /// Whether the instances belong to different generations, because the last rolling update
    /// failed.
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

    /// Returns all runs, including those that are stopping.
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

    /// Whether an instance uses this generation of the settings, or will use it because of a
    /// rolling update.
    pub fn uses(&self, generation: u32) -> bool {
        let rolling = self.rolling.as_ref();
        self.generation == generation
            || self.runs.values().any(|run| run.generation == generation)
            || self
                .slots
                .values()
                .any(|slot| slot.generation == generation)
            || rolling.is_some_and(|rolling| rolling.uses(generation))
    }

    /// Whether there is still a slot or a process for this instance of this generation.
    pub fn has_place(&self, number: u32, generation: u32) -> bool {
        let slot = self.slots.get(&number);
        slot.is_some_and(|slot| slot.generation == generation)
            || self
                .runs
                .values()
                .any(|run| run.number == number && run.generation == generation)
    }

    fn ready_run(&self, number: u32) -> Option<&Run> {
        self.runs
            .values()
            .find(|run| run.number == number && run.is_ready() && !run.is_candidate())
    }

    fn total(&self) -> u32 {
        self.policy.total()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceSummary {
    /// The instance's number, counted from 0.
    pub number: u32,
    pub generation: u32,
    pub standing: InstanceState,
    /// The run of the current process, if there is one.
    pub run: Option<RunId>,
    /// When the current process was started. If none is running, this is when the last process
    /// exited. Measured since the supervisor began.
    pub since: Duration,
    /// How often the instance's process was replaced after a failure.
    pub restarts: u64,
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
