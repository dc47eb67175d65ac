//! The life cycle of an instance: becoming ready, failing, draining and stopping.

use std::sync::Arc;
use std::time::Duration;

use super::backoff::STABLE_AFTER;
use super::run::{AfterStop, Phase, Run, RunId, Slot, SlotClaim};
use super::{Action, CLOSE_GRACE, Exit, MemoryAction, Policy, Report, RestartWhen, Transition};

/// Doubles with each successor that fails.
const OVER_MEMORY_TIME: Duration = Duration::from_mins(1);

const MAX_OVER_MEMORY_TIME: Duration = Duration::from_hours(1);

/// In one request. A process may send several.
const MAX_START_EXTENSION: Duration = Duration::from_mins(10);

impl Transition {
    /// Applies all rules of the life cycle that are due.
    pub(super) fn settle(&mut self) {
        self.handle_deadlines();
        self.start_due_instances();
        self.roll();
        self.choose_serving_instances();
        self.answer_finished_commands();
    }

    pub(super) fn on_check_passed(&mut self, id: RunId, certain: bool) {
        let at = self.now.at;
        let Some(run) = self.state.runs.get_mut(&id) else {
            return;
        };
        match run.phase {
            Phase::Starting { .. } => {
                run.streak += 1;
                if certain || run.streak >= run.policy.rise {
                    run.streak = 0;
                    run.was_ready = true;
                    run.phase = Phase::Ready { at };
                    let after = at.saturating_sub(run.since);
                    self.report(Report::Ready { run: id, after });
                }
            }
            Phase::Ready { .. } | Phase::Former { .. } => run.streak = 0,
            Phase::Draining { .. } | Phase::Stopping { .. } => {}
        }
    }

    pub(super) fn on_timeout_extended(&mut self, id: RunId, time: Duration) {
        let asked = self.now.at.saturating_add(time.min(MAX_START_EXTENSION));
        if let Some(run) = self.state.runs.get_mut(&id)
            && let Phase::Starting { until } = &mut run.phase
        {
            *until = asked.max(*until);
        }
    }

    pub(super) fn on_check_failed(&mut self, id: RunId, reason: &str) {
        let now = self.now;
        let Some(run) = self.state.runs.get_mut(&id) else {
            return;
        };
        match run.phase {
            Phase::Starting { .. } => run.streak = 0,
            Phase::Ready { .. } => {
                run.streak += 1;
                if run.streak >= run.policy.fall {
                    let (time_ready, streak) = (run.time_ready(now), run.streak);
                    let reason =
                        format!("it failed its health check {streak} times in a row: {reason}");
                    self.stop_as_failed(id, reason, time_ready);
                }
            }
            Phase::Former { .. } => {
                run.streak += 1;
                if run.streak >= run.policy.fall {
                    self.stop(id, AfterStop::Gone);
                }
            }
            Phase::Draining { .. } | Phase::Stopping { .. } => {}
        }
    }

    pub(super) fn on_wrong_listener(&mut self, id: RunId, reason: String) {
        let run = self.state.runs.get(&id).filter(|run| !run.is_leaving());
        if let Some(time_ready) = run.map(|run| run.time_ready(self.now)) {
            self.stop_as_failed(id, reason, time_ready);
        }
    }

    /// Handles the exit of a process, or a failed attempt to start a process.
    pub(super) fn on_exit(&mut self, id: RunId, reason: &str, exit: Option<Exit>) {
        let Some(run) = self.state.runs.remove(&id) else {
            return;
        };
        if run.serving {
            self.actions.push(Action::Withdraw(id));
        }
        let time_ready = run.time_ready(self.now);
        match &run.phase {
            Phase::Stopping {
                fate: AfterStop::Gone,
                ..
            }
            | Phase::Draining { .. }
            | Phase::Former { .. } => {}
            Phase::Stopping {
                fate: AfterStop::Again,
                ..
            } => self.start_again(&run),
            Phase::Stopping {
                fate: AfterStop::Failure(reason, time_ready),
                ..
            } => {
                self.slot_failed(&run, reason, *time_ready, exit, false);
            }
            phase => {
                let early = matches!(phase, Phase::Starting { .. });
                let before = if early { " before it was ready" } else { "" };
                let reason = format!("{reason}{before}");
                if run.is_candidate() {
                    self.candidate_failed(&run, &reason, exit);
                } else if !self.fail_trial(&run, &reason, exit) {
                    let clean = exit == Some(Exit::Code(0));
                    self.slot_failed(&run, &reason, time_ready, exit, clean);
                }
            }
        }
    }

    pub(super) fn on_over_memory(&mut self, id: RunId, bytes: u64) {
        let now = self.now;
        let busy = self.state.rolling.is_some() || self.state.runs.values().any(Run::is_candidate);
        let Some(run) = self.state.runs.get_mut(&id) else {
            return;
        };
        if run.is_leaving() || run.is_former() || run.patience > now.at {
            return;
        }
        let time_ready = run.time_ready(now);
        let is_early = run.is_candidate() || time_ready < STABLE_AFTER;
        let action = match run.policy.memory {
            // The process exceeded its limit soon after its start, so a successor would soon exceed
            // it too.
            MemoryAction::Roll if is_early => MemoryAction::Restart,
            action => action,
        };
        if action == MemoryAction::Roll && busy {
            return;
        }
        let (number, generation, policy) = (run.number, run.generation, Arc::clone(&run.policy));
        let uses = format!("it uses {} MB", bytes >> 20);
        let reason = if !run.is_ready() || run.is_candidate() {
            format!("{uses} at its start: memory.max is below what it needs")
        } else if is_early {
            format!("{uses} soon after it was ready: memory.max is below what it needs")
        } else {
            format!("{uses}, more than memory.max")
        };
        run.patience = now.at + OVER_MEMORY_TIME;
        self.report(Report::OverMemory {
            run: id,
            bytes,
            action,
        });
        if action == MemoryAction::Roll {
            return self.spawn(number, generation, policy, SlotClaim::Wanted);
        }
        self.stop_as_failed(id, reason, time_ready);
        if action == MemoryAction::Kill {
            let run = self.state.runs.get(&id);
            if run.is_some_and(|run| matches!(run.phase, Phase::Draining { .. })) {
                self.stop(id, AfterStop::Gone);
            }
            self.kill(id);
        }
    }

    /// Handles the failure of a successor that should have replaced a process with too much memory.
    /// Returns how much longer the old process may exceed its limit before the next successor is
    /// started.
    pub(super) fn successor_failed(&mut self, number: u32) -> Option<Duration> {
        let at = self.now.at;
        let mut runs = self.state.runs.values_mut();
        let run = runs.find(|run| run.number == number && run.holds_place())?;
        run.failed_successors = run.failed_successors.saturating_add(1);
        let factor = 2_u32.saturating_pow(run.failed_successors);
        let wait = OVER_MEMORY_TIME
            .saturating_mul(factor)
            .min(MAX_OVER_MEMORY_TIME);
        run.patience = at + wait;
        Some(wait)
    }

    pub(super) fn on_drained(&mut self, id: RunId) {
        let run = self.state.runs.get(&id);
        if run.is_some_and(|run| matches!(run.phase, Phase::Draining { .. })) {
            self.stop(id, AfterStop::Gone);
        }
    }

    fn stop_as_failed(&mut self, id: RunId, reason: String, time_ready: Duration) {
        let Some(run) = self.state.runs.get(&id).cloned() else {
            return;
        };
        if run.is_candidate() {
            self.stop(id, AfterStop::Gone);
            self.candidate_failed(&run, &reason, None);
        } else if !self.fail_trial(&run, &reason, None) {
            self.stop(id, AfterStop::Failure(reason, time_ready));
        }
    }

    fn start_again(&mut self, run: &Run) {
        let at = self.now.at;
        if let Some(slot) = self.empty_slot(run) {
            slot.restart_at = Some(at);
            slot.restarts += 1;
        }
    }

    fn slot_failed(
        &mut self,
        run: &Run,
        reason: &str,
        time_ready: Duration,
        exit: Option<Exit>,
        clean: bool,
    ) {
        let now = self.now;
        let Some(slot) = self.empty_slot(run) else {
            return;
        };
        let may_end = match slot.policy.when {
            RestartWhen::Always => false,
            RestartWhen::OnFailure => clean,
            RestartWhen::Never => true,
        };
        if may_end {
            slot.finished = true;
            slot.since = now.at;
            if clean {
                return self.report(Report::Finished(run.id));
            }
        }
        let again_in = if may_end {
            None
        } else {
            slot.fail(time_ready, now)
        };
        slot.restarts += u64::from(again_in.is_some());
        self.report(Report::Failed {
            run: run.id,
            reason: reason.to_owned(),
            exit,
            was_ready: run.was_ready,
            again_in,
        });
        if again_in.is_none() && !may_end {
            self.report(Report::GaveUp {
                number: run.number,
                reason: reason.to_owned(),
            });
        }
        self.fail_pending_commands(&format!("instance {}: {reason}", run.number));
    }

    /// `None` if the service is stopped, the process held no slot, or another process has taken the
    /// slot.
    fn empty_slot(&mut self, run: &Run) -> Option<&mut Slot> {
        let state = &mut self.state;
        let taken = |other: &Run| other.number == run.number && other.holds_place();
        if !state.up || !run.holds_place() || state.runs.values().any(taken) {
            return None;
        }
        state.slots.get_mut(&run.number)
    }

    fn handle_deadlines(&mut self) {
        let at = self.now.at;
        for id in self.ids_where(|run| run.due().is_some_and(|due| due <= at)) {
            let Some(run) = self.state.runs.get(&id) else {
                continue;
            };
            match run.phase {
                Phase::Starting { .. } => {
                    let reason = format!("it was not ready within {:?}", run.policy.start_within);
                    self.stop_as_failed(id, reason, Duration::ZERO);
                }
                Phase::Draining { .. } => self.stop(id, AfterStop::Gone),
                Phase::Stopping { .. } => {
                    self.report(Report::Killed(id));
                    self.kill(id);
                }
                Phase::Ready { .. } | Phase::Former { .. } => {}
            }
        }
    }

    fn start_due_instances(&mut self) {
        if !self.state.up {
            return;
        }
        let now = self.now;
        self.add_slots();
        // The new generation of a rolling update may already have more slots than the old one.
        let numbers: Vec<u32> = self.state.slots.keys().copied().collect();
        for number in numbers {
            let Some(slot) = self.state.slots.get_mut(&number) else {
                continue;
            };
            let runs = &self.state.runs;
            if slot.is_over()
                || runs
                    .values()
                    .any(|run| run.number == number && run.holds_place())
            {
                continue;
            }
            if *slot.restart_at.get_or_insert(now.at) <= now.at {
                slot.restart_at = None;
                let (generation, policy) = (slot.generation, Arc::clone(&slot.policy));
                self.spawn(number, generation, policy, SlotClaim::Held);
            }
        }
    }

    /// Adds the missing slots, so that there is one for each desired instance.
    pub(super) fn add_slots(&mut self) {
        let (generation, policy) = (self.state.generation, Arc::clone(&self.state.policy));
        let now = self.now;
        for number in 0..self.state.total() {
            let new = || Slot::new(generation, Arc::clone(&policy), now);
            self.state.slots.entry(number).or_insert_with(new);
        }
    }

    pub(super) fn spawn(
        &mut self,
        number: u32,
        generation: u32,
        policy: Arc<Policy>,
        place: SlotClaim,
    ) {
        let id = self.state.next_run;
        self.state.next_run += 1;
        let run = Run {
            id,
            number,
            generation,
            phase: Phase::Starting {
                until: self.now.at + policy.start_within,
            },
            serving: false,
            since: self.now.at,
            policy,
            place,
            was_ready: false,
            streak: 0,
            patience: Duration::ZERO,
            failed_successors: 0,
        };
        self.state.runs.insert(id, run);
        self.actions.push(Action::Spawn {
            run: id,
            number,
            generation,
        });
    }

    /// Lets a process finish its requests, and then stops it.
    pub(super) fn drain_and_stop(&mut self, id: RunId) {
        let at = self.now.at;
        let Some(run) = self.state.runs.get_mut(&id) else {
            return;
        };
        match &mut run.phase {
            Phase::Ready { .. } if run.serving && !run.policy.drain_within.is_zero() => {
                run.phase = Phase::Draining {
                    until: at + run.policy.drain_within + CLOSE_GRACE,
                };
            }
            Phase::Former { drain_until, .. } if *drain_until > at => {
                run.phase = Phase::Draining {
                    until: *drain_until,
                };
            }
            Phase::Ready { .. } | Phase::Former { .. } | Phase::Starting { .. } => {
                self.stop(id, AfterStop::Gone);
            }
            Phase::Draining { .. } => {}
            Phase::Stopping { fate, .. } => *fate = AfterStop::Gone,
        }
    }

    pub(super) fn stop_each(&mut self, fate: &AfterStop) {
        for id in self.ids_where(|_| true) {
            self.stop(id, fate.clone());
        }
    }

    pub(super) fn stop(&mut self, id: RunId, next: AfterStop) {
        let at = self.now.at;
        let Some(run) = self.state.runs.get_mut(&id) else {
            return;
        };
        if let Phase::Stopping { fate, .. } = &mut run.phase {
            *fate = next;
            return;
        }
        run.phase = Phase::Stopping {
            until: Some(at + run.policy.stop_within),
            fate: next,
        };
        self.actions.push(Action::AskToStop(id));
    }

    fn kill(&mut self, id: RunId) {
        if let Some(run) = self.state.runs.get_mut(&id)
            && let Phase::Stopping { until, .. } = &mut run.phase
        {
            *until = None;
            self.actions.push(Action::Kill(id));
        }
    }

    fn choose_serving_instances(&mut self) {
        let mut able: Vec<&Run> = self
            .state
            .runs
            .values()
            .filter(|run| run.is_ready() && !run.is_candidate())
            .collect();
        able.sort_by_key(|run| (!run.serving, run.number));
        able.truncate(self.state.policy.instances as usize);
        let chosen: Vec<RunId> = able.into_iter().map(|run| run.id).collect();
        for run in self.state.runs.values_mut() {
            let serves = chosen.contains(&run.id);
            if serves != run.serving {
                run.serving = serves;
                self.actions.push(if serves {
                    Action::Serve(run.id)
                } else {
                    Action::Withdraw(run.id)
                });
            }
        }
    }

    pub(super) fn ids_where(&self, is_wanted: impl Fn(&Run) -> bool) -> Vec<RunId> {
        let runs = self.state.runs.values();
        runs.filter(|run| is_wanted(run))
            .map(|run| run.id)
            .collect()
    }

    pub(super) fn report(&mut self, note: Report) {
        self.actions.push(Action::Report(note));
    }
}
