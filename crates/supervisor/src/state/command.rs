//! Commands to a service, and the conditions under which each command is complete.

use std::sync::Arc;
use std::time::Duration;

use super::run::{AfterStop, Phase, Run};
use super::{Action, Command, CommandId, Policy, State, Transition};

const MAX_PENDING_COMMANDS: usize = 32;
/// Including spares.
const MOST_INSTANCES: u32 = 64;

/// A command that is not complete yet. Its caller waits for the outcome.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PendingCommand {
    id: CommandId,
    goal: Goal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// Every instance is ready, and there is no surplus instance.
    Settled,
    /// As [`Goal::Settled`], and every instance has been ready for [`Policy::keep_former`].
    Proven,
    /// No process of the service is left.
    Gone,
}

impl PendingCommand {
    /// Whether the command waits for new instances to prove themselves.
    pub(super) fn is_trial(&self) -> bool {
        self.goal == Goal::Proven
    }
}

impl State {
    fn is_settled(&self) -> bool {
        let ready = |number| u32::from(self.ready_run(number).is_some());
        let running: u32 = self.slots.keys().map(|number| ready(*number)).sum();
        self.is_decided() && self.runs.len() == running as usize
    }

    /// `None` if one of the instances is not ready now.
    fn proven_at(&self) -> Option<Duration> {
        if !self.is_settled() {
            return None;
        }
        let ready = self.runs.values().filter_map(|run| match run.phase {
            Phase::Ready { at } => Some(at),
            _ => None,
        });
        Some(ready.max().unwrap_or_default() + self.policy.keep_former)
    }

    /// Returns when a command that waits for new instances to prove themselves is complete.
    pub(super) fn end_of_wait(&self) -> Option<Duration> {
        let waits = self.waiting.iter().any(PendingCommand::is_trial);
        self.proven_at().filter(|_| waits)
    }
}

const STARTED: &str = "the service was started meanwhile; stop it again, if it should not run";
const STOPPED: &str = "the service was stopped meanwhile; start it, if it should run";

impl Transition {
    pub(super) fn on_command(&mut self, id: CommandId, command: Command) {
        if self.state.waiting.len() >= MAX_PENDING_COMMANDS {
            return self.refuse(
                id,
                "too many commands wait for this service; try again later",
            );
        }
        match command {
            Command::Start => self.start(id),
            Command::Stop => self.stop_all(id),
            Command::Restart => self.restart(id),
            Command::RunOnce => self.run_once(id),
            Command::Reload(policy) => self.reload(id, policy),
            Command::Scale { instances, spare } => self.scale(id, instances, spare),
        }
    }

    fn start(&mut self, id: CommandId) {
        self.state.up = true;
        self.fail_pending(Goal::Gone, STARTED);
        if self.state.policy.scheduled {
            self.finish_slots(false);
        } else {
            self.start_idle_slots();
        }
        self.wait(id, Goal::Settled);
    }

    fn run_once(&mut self, id: CommandId) {
        if !self.state.up {
            return self.refuse(id, "the service is stopped; `kenduri start` starts it");
        }
        self.start_idle_slots();
        self.answer(id, Ok(()));
    }

    fn stop_all(&mut self, id: CommandId) {
        self.state.up = false;
        self.abort_roll(STOPPED);
        self.fail_pending_commands(STOPPED);
        for slot in self.state.slots.values_mut() {
            slot.restart_at = None;
            slot.since = self.now.at;
            slot.clear_failures();
        }
        self.stop_each(&AfterStop::Gone);
        self.wait(id, Goal::Gone);
    }

    fn restart(&mut self, id: CommandId) {
        self.state.up = true;
        self.fail_pending(Goal::Gone, STARTED);
        self.abort_roll(
            "the service was restarted meanwhile; try again, if it runs with old settings",
        );
        self.stop_each(&AfterStop::Again);
        self.start_idle_slots();
        self.wait(id, Goal::Settled);
    }

    fn reload(&mut self, id: CommandId, policy: Option<Policy>) {
        if self.state.rolling.is_some() {
            let why = "a new generation is already taking over; try again when it has";
            return self.refuse(id, why);
        }
        let policy = policy.map_or_else(|| Arc::clone(&self.state.policy), Arc::new);
        self.state.last_generation += 1;
        let (was_scheduled, is_scheduled) = (self.state.policy.scheduled, policy.scheduled);
        if self.state.up && !was_scheduled && !is_scheduled {
            self.begin_roll(id, policy);
        } else {
            self.state.generation = self.state.last_generation;
            self.state.policy = policy;
            self.fill_slots();
            if self.state.up && !is_scheduled {
                self.start_idle_slots();
            } else if self.state.up && !was_scheduled {
                self.finish_slots(true);
                self.stop_each(&AfterStop::Gone);
            }
            self.answer(id, Ok(()));
        }
    }

    /// Until the next scheduled time. If `also_running` is false, skips slots with a running
    /// process.
    fn finish_slots(&mut self, also_running: bool) {
        self.add_slots();
        let runs = &self.state.runs;
        for (number, slot) in &mut self.state.slots {
            let is_held = |run: &Run| run.number == *number && run.holds_place();
            if also_running || !runs.values().any(is_held) {
                slot.finished = true;
                slot.restart_at = None;
            }
        }
    }

    fn scale(&mut self, id: CommandId, instances: Option<u32>, spare: Option<u32>) {
        if self.state.rolling.is_some() {
            return self.refuse(id, "a new generation is taking over; try again when it has");
        }
        let instances = instances.unwrap_or(self.state.policy.instances);
        let spare = spare.unwrap_or(self.state.policy.spare);
        let total = instances.saturating_add(spare);
        if instances == 0 || total > MOST_INSTANCES {
            let why = format!(
                "a service has 1 to {MOST_INSTANCES} instances, spares included; write a number within that"
            );
            return self.refuse(id, &why);
        }
        self.state.policy = Arc::new(Policy {
            instances,
            spare,
            ..Policy::clone(&self.state.policy)
        });
        self.drop_slots_from(total);
        if self.state.up {
            self.wait(id, Goal::Proven);
        } else {
            self.answer(id, Ok(()));
        }
    }

    fn fill_slots(&mut self) {
        self.drop_slots_from(self.state.total());
        self.add_slots();
        for slot in self.state.slots.values_mut() {
            slot.generation = self.state.generation;
            slot.policy = Arc::clone(&self.state.policy);
        }
    }

    fn start_idle_slots(&mut self) {
        let runs = &self.state.runs;
        for (number, slot) in &mut self.state.slots {
            if !runs
                .values()
                .any(|run| run.number == *number && run.holds_place())
            {
                slot.clear_failures();
                slot.restart_at = Some(self.now.at);
            }
        }
    }

    fn wait(&mut self, id: CommandId, goal: Goal) {
        self.state.waiting.push(PendingCommand { id, goal });
    }

    fn refuse(&mut self, id: CommandId, why: &str) {
        self.answer(id, Err(why.to_owned()));
    }

    pub(super) fn answer(&mut self, id: CommandId, outcome: Result<(), String>) {
        self.actions.push(Action::Answer(id, outcome));
    }

    /// Fails the commands that wait until all instances are ready, with this reason.
    pub(super) fn fail_pending_commands(&mut self, reason: &str) {
        self.fail_pending(Goal::Settled, reason);
        self.fail_pending(Goal::Proven, reason);
    }

    fn fail_pending(&mut self, goal: Goal, reason: &str) {
        let (broken, kept) = std::mem::take(&mut self.state.waiting)
            .into_iter()
            .partition(|waiting: &PendingCommand| waiting.goal == goal);
        self.state.waiting = kept;
        for waiting in broken {
            self.answer(waiting.id, Err(reason.to_owned()));
        }
    }

    pub(super) fn answer_finished_commands(&mut self) {
        let settled = self.state.is_settled();
        let proven = self.state.proven_at().is_some_and(|at| at <= self.now.at);
        let gone = self.state.is_gone();
        let (done, open) = std::mem::take(&mut self.state.waiting)
            .into_iter()
            .partition(|waiting: &PendingCommand| match waiting.goal {
                Goal::Settled => settled,
                Goal::Proven => proven,
                Goal::Gone => gone,
            });
        self.state.waiting = open;
        for waiting in done {
            self.answer(waiting.id, Ok(()));
        }
    }
}
