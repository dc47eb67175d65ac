//! The trial of a new generation: after an instance has taken over, the process that it replaced is
//! kept for a while without requests, and takes over again if the new one fails.

use std::sync::Arc;
use std::time::Duration;

use super::run::{Phase, Run, RunId, Slot, SlotClaim};
use super::{CLOSE_GRACE, Exit, Policy, Report, Transition};

/// The trial of a process that has taken over its slot.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trial {
    run: RunId,
    until: Duration,
    /// The time is over, but the last health check failed: the trial ends with the check that
    /// passes next, or with the failure of the process.
    is_overdue: bool,
}

/// The generation that a rolling update replaces.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FormerGeneration {
    pub(super) generation: u32,
    pub(super) policy: Arc<Policy>,
}

impl Trial {
    /// Returns when the trial ends, unless it ends with the next health check.
    pub(super) fn end(&self) -> Option<Duration> {
        (!self.is_overdue).then_some(self.until)
    }
}

impl Transition {
    /// Begins the trial of a process that has taken over. Returns whether there is one.
    pub(super) fn begin_trial(&mut self, run: RunId, generation: u32) -> bool {
        let at = self.now.at;
        let Some(rolling) = &mut self.state.rolling else {
            return false;
        };
        let keep = rolling.policy.keep_former;
        if rolling.generation != generation || keep.is_zero() {
            return false;
        }
        rolling.trials.push(Trial {
            run,
            until: at.saturating_add(keep),
            is_overdue: false,
        });
        true
    }

    /// Takes its slot away from a process. If it is kept, it may take over again.
    pub(super) fn replace(&mut self, id: RunId, is_kept: bool) {
        let now = self.now.at;
        let Some(run) = self.state.runs.get_mut(&id) else {
            return;
        };
        run.place = SlotClaim::Lost;
        let Phase::Ready { at } = run.phase else {
            return self.drain_and_stop(id);
        };
        if !is_kept {
            return self.drain_and_stop(id);
        }
        let is_draining = run.serving && !run.policy.drain_within.is_zero();
        let drain_until = if is_draining {
            now + run.policy.drain_within + CLOSE_GRACE
        } else {
            now
        };
        run.phase = Phase::Former { at, drain_until };
    }

    /// Ends the trials whose time is over, and stops the processes that were kept for them.
    pub(super) fn end_trials(&mut self) {
        let at = self.now.at;
        let Some(rolling) = &mut self.state.rolling else {
            return;
        };
        let runs = &self.state.runs;
        let mut passed = Vec::new();
        rolling.trials.retain_mut(|trial| {
            trial.is_overdue = trial.until <= at;
            let run = runs.get(&trial.run);
            let is_over = trial.is_overdue && run.is_none_or(|run| run.streak == 0);
            passed.extend(run.filter(|_| is_over).map(|run| run.number));
            !is_over
        });
        for id in self.ids_where(|run| run.is_former() && passed.contains(&run.number)) {
            self.drain_and_stop(id);
        }
    }

    /// Handles the failure of a process. If the process is on trial, the rolling update is aborted.
    /// Returns whether its instance needs no other process, because the former one has taken over
    /// again or because the former generation had no such instance.
    pub(super) fn fail_trial(&mut self, run: &Run, reason: &str, exit: Option<Exit>) -> bool {
        let Some(rolling) = &self.state.rolling else {
            return false;
        };
        if !rolling.trials.iter().any(|trial| trial.run == run.id) {
            return false;
        }
        let before = self.former_generation();
        let is_former = |other: &Run| other.is_former() && other.number == run.number;
        let is_retaken = self.state.runs.values().any(is_former);
        let needs_none = is_retaken || run.number >= before.policy.total();
        if needs_none {
            self.report(Report::Failed {
                run: run.id,
                reason: reason.to_owned(),
                exit,
                was_ready: run.was_ready,
                again_in: None,
            });
        } else if let Some(slot) = self.state.slots.get_mut(&run.number) {
            slot.become_of(before.generation, &before.policy, self.now);
        }
        self.abort_roll(&format!(
            "instance {}: {reason}, soon after it had taken over",
            run.number
        ));
        needs_none
    }

    fn former_generation(&self) -> FormerGeneration {
        let rolling = self.state.rolling.as_ref();
        let known = rolling.and_then(|rolling| rolling.former.clone());
        known.unwrap_or_else(|| FormerGeneration {
            generation: self.state.generation,
            policy: Arc::clone(&self.state.policy),
        })
    }

    /// Gives all processes that are kept their slots back, and stops their successors.
    pub(super) fn restore_formers(&mut self) {
        let now = self.now;
        for id in self.ids_where(Run::is_former) {
            let Some(run) = self.state.runs.get_mut(&id) else {
                continue;
            };
            let Phase::Former { at, .. } = run.phase else {
                continue;
            };
            run.phase = Phase::Ready { at };
            let (number, generation) = (run.number, run.generation);
            let policy = Arc::clone(&run.policy);
            let new = || Slot::new(generation, Arc::clone(&policy), now);
            let slot = self.state.slots.entry(number).or_insert_with(new);
            slot.become_of(generation, &policy, now);
            slot.restart_at = None;
            slot.clear_failures();
            for id in self.ids_where(|run| run.number == number && run.id != id) {
                self.replace(id, false);
            }
            if let Some(run) = self.state.runs.get_mut(&id) {
                run.place = SlotClaim::Held;
            }
        }
    }
}
