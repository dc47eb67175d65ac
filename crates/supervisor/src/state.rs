//! What is to be done with the instances of one service: a pure function
//! `(State, Event, Now) → (State, Actions)`.
//!
//! It starts nothing, waits for nothing and knows no clock. Time since some
//! beginning and a random number come in with each event; what is to be done
//! goes out as [`Action`]s, in order. [`State::next_due`] says when it wants to
//! be asked again although nothing happened.

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

/// The present, as far as the state needs it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Now {
    /// Time since the beginning, which never goes back.
    pub at: Duration,
    /// Drawn anew for each event, from 0 to 1.
    pub chance: f64,
}

/// Tells commands apart, so that each can be answered.
pub type CommandId = u64;

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A command.
    Command(CommandId, Command),
    /// A process could not be started at all.
    SpawnFailed(RunId, String),
    /// A process ended, and nothing of its group is left.
    Exited(RunId, Exit),
    /// A process reports that it is ready.
    Ready(RunId),
    /// A process asks for more time to start.
    TimeoutExtended(RunId, Duration),
    /// A health check passed.
    Passed(RunId),
    /// A health check failed.
    Failed(RunId, String),
    /// Another program listens at the address of a process.
    Refused(RunId, String),
    /// A process uses so much memory, in bytes, more than it may.
    OverMemory(RunId, u64),
    /// A draining process has no requests left.
    Drained(RunId),
    /// Time has passed.
    Tick,
}

/// A command to the service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// All instances shall run; those that were given up are tried again.
    Start,
    /// None shall run.
    Stop,
    /// All shall be stopped and started.
    Restart,
    /// A next generation shall take over; it has another policy if one is given.
    Reload(Option<Policy>),
    /// So many instances shall take requests, and so many more be ready.
    Scale {
        /// Those that take requests; none: as many as now.
        instances: Option<u32>,
        /// Those that are ready beside them; none: as many as now.
        spare: Option<u32>,
    },
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
    /// The system killed it, because it used more memory than it may or than there is.
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

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Start a process.
    Spawn {
        /// What it will be called.
        run: RunId,
        /// The number of the instance.
        number: u32,
        /// From which version of the description.
        generation: u32,
    },
    /// Send the group of a process the signal that asks it to stop.
    AskToStop(RunId),
    /// Kill the group of a process.
    Kill(RunId),
    /// Requests may go there.
    Serve(RunId),
    /// No more requests go there.
    Withdraw(RunId),
    /// A command is done, or is not, for a reason.
    Answer(CommandId, Result<(), String>),
    /// Report what happened.
    Report(Report),
}

/// A report of what happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// A process is ready, so long after its start.
    Ready {
        /// Which.
        run: RunId,
        /// How long it took.
        after: Duration,
    },
    /// A process ended by itself, or because it was not well.
    Failed {
        /// Which.
        run: RunId,
        /// Why, in words.
        reason: String,
        /// How it ended; none: it could not be started, or is only now asked to stop.
        exit: Option<Exit>,
        /// Whether it had been ready before.
        was_ready: bool,
        /// How long until another is started, at the earliest; none: no other is started.
        again_in: Option<Duration>,
    },
    /// A process ended by itself, as it may.
    Finished(RunId),
    /// An instance failed so often that it is not started again.
    GaveUp {
        /// The number of the instance.
        number: u32,
        /// What went wrong the last time.
        reason: String,
    },
    /// A process did not stop in time and is killed.
    Killed(RunId),
    /// A process used too much memory, and this is done about it.
    OverMemory {
        /// Which.
        run: RunId,
        /// How much it uses, in bytes.
        bytes: u64,
        /// What is done.
        action: MemoryAction,
    },
    /// A next generation took over.
    RolledOver {
        /// Its number.
        generation: u32,
    },
    /// A next generation did not take over.
    RollFailed {
        /// Why, in words.
        reason: String,
    },
}

/// What an instance is doing, for a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InstanceState {
    /// A process was started and is not ready.
    Starting,
    /// It is ready and takes requests.
    Ready,
    /// It is ready and waits to take over.
    Spare,
    /// It takes no more requests and finishes those it has.
    Draining,
    /// It was asked to stop.
    Stopping,
    /// It failed and will be started again.
    Waiting,
    /// It failed too often.
    Failed,
    /// It ended as it may.
    Finished,
    /// It shall not run.
    Stopped,
}

/// All that is known of one service.
///
/// Pending commands and a rolling update are not saved: an upgrade waits until there are none.
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

/// A step on its way: the state, the present, and what is to be done so far.
struct Transition {
    state: State,
    now: Now,
    actions: Vec<Action>,
}

impl State {
    /// A service that has not been started yet.
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

    /// What follows from an event.
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

    /// When something is to be done although nothing happens.
    pub fn next_due(&self) -> Option<Duration> {
        let runs = self.runs.values().filter_map(Run::due);
        let slots = self.slots.values().filter_map(|slot| slot.restart_at);
        runs.chain(slots).min()
    }

    /// Whether it is meant to run.
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// Whether no process of it is left.
    pub fn is_gone(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whether every instance is ready, failed or finished: services that come after this one
    /// need not wait longer.
    pub fn is_decided(&self) -> bool {
        self.up
            && self
                .slots
                .iter()
                .all(|(number, slot)| slot.is_over() || self.ready_run(*number).is_some())
    }

    /// Whether every instance was given up.
    pub fn is_failed(&self) -> bool {
        self.up && !self.slots.is_empty() && self.slots.values().all(|slot| slot.given_up)
    }

    /// Whether an instance was given up.
    pub fn has_given_up(&self) -> bool {
        self.slots.values().any(|slot| slot.given_up)
    }

    /// Whether a next generation is taking over.
    pub fn is_rolling(&self) -> bool {
        self.rolling.is_some()
    }

    /// Whether instances of several generations are to run, because the next one failed on its way.
    pub fn is_mixed(&self) -> bool {
        let strays = |slot: &Slot| slot.generation != self.generation;
        !self.is_rolling() && self.slots.values().any(strays)
    }

    /// The generation of what is started now.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// The generation that a reload would begin.
    pub fn next_generation(&self) -> u32 {
        self.last_generation + 1
    }

    /// What holds for it.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// All processes.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.runs.values()
    }

    /// All instances: number, generation, what it does, its process, how often it was restarted.
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

    /// Whether an instance still uses a generation.
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

    /// Whether there is an instance of this number, or a process that has it.
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

/// One instance, for a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceSummary {
    /// From 0.
    pub number: u32,
    /// From which version of the description.
    pub generation: u32,
    /// What it does.
    pub standing: InstanceState,
    /// Its process, if there is one.
    pub run: Option<RunId>,
    /// When that began, in time since the beginning.
    pub since: Duration,
    /// How often its process was replaced because it failed.
    pub restarts: u64,
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
