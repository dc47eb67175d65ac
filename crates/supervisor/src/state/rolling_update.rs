//! Rolling updates, during which the instances of a new generation replace those of the old
//! generation.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::run::{AfterStop, Run, RunId, Slot, SlotClaim};
use super::trial::{FormerGeneration, Trial};
use super::{CommandId, Exit, Policy, Report, Roll, Transition};

#[derive(Debug, Clone, PartialEq)]
pub(super) struct RollingUpdate {
    pub(super) generation: u32,
    pub(super) policy: Arc<Policy>,
    command: CommandId,
    /// The numbers of the instances that still need a new process.
    left: VecDeque<u32>,
    /// The trials of the new processes that have taken over their slots.
    pub(super) trials: Vec<Trial>,
    /// The generation before, once all instances of the new one have taken over.
    pub(super) former: Option<FormerGeneration>,
}

impl RollingUpdate {
    pub(super) fn ends_of_trials(&self) -> impl Iterator<Item = Duration> {
        self.trials.iter().filter_map(Trial::end)
    }

    /// Whether an instance may still use this generation of the settings because of the update.
    pub(super) fn uses(&self, generation: u32) -> bool {
        let former = self.former.as_ref();
        self.generation == generation
            || former.is_some_and(|former| former.generation == generation)
    }
}

impl Transition {
    pub(super) fn begin_roll(&mut self, command: CommandId, policy: Arc<Policy>) {
        self.stop_candidates();
        self.state.rolling = Some(RollingUpdate {
            generation: self.state.last_generation,
            left: (0..policy.total()).collect(),
            policy,
            command,
            trials: Vec::new(),
            former: None,
        });
    }

    /// Advances the rolling update as far as possible.
    pub(super) fn roll(&mut self) {
        loop {
            self.take_over();
            let Some(rolling) = &mut self.state.rolling else {
                return;
            };
            let room = match rolling.policy.roll {
                Roll::AllAtOnce => true,
                Roll::OneAtATime => {
                    let mut runs = self.state.runs.values();
                    !runs.any(|run| run.is_candidate() || run.is_leaving())
                }
            };
            let (generation, policy) = (rolling.generation, Arc::clone(&rolling.policy));
            let Some(number) = rolling.left.pop_front_if(|_| room) else {
                break;
            };
            self.spawn(number, generation, policy, SlotClaim::Wanted);
        }
        self.complete_take_over();
        self.end_trials();
        if let Some(rolling) = self
            .state
            .rolling
            .take_if(|rolling| rolling.former.is_some() && rolling.trials.is_empty())
        {
            self.finish_roll(&rolling);
        }
    }

    /// Once all instances of the new generation have taken over.
    fn complete_take_over(&mut self) {
        let is_starting = |run: &Run| run.is_candidate() && !run.is_leaving();
        let Some(rolling) = &mut self.state.rolling else {
            return;
        };
        if rolling.former.is_some()
            || !rolling.left.is_empty()
            || self.state.runs.values().any(is_starting)
        {
            return;
        }
        let (total, is_kept) = (rolling.policy.total(), !rolling.trials.is_empty());
        rolling.former = Some(FormerGeneration {
            generation: std::mem::replace(&mut self.state.generation, rolling.generation),
            policy: std::mem::replace(&mut self.state.policy, Arc::clone(&rolling.policy)),
        });
        self.state.slots.retain(|number, _| *number < total);
        for id in self.ids_where(|run| run.number >= total) {
            self.replace(id, is_kept);
        }
    }

    fn take_over(&mut self) {
        let able = self.ids_where(|run| run.is_candidate() && run.is_ready());
        let waits_for_all = |rolling: &RollingUpdate| rolling.policy.roll == Roll::AllAtOnce;
        if let Some(rolling) = self.state.rolling.as_ref().filter(|r| waits_for_all(r))
            && able.len() < rolling.policy.total() as usize
        {
            return;
        }
        for id in able {
            self.take_slot(id);
        }
    }

    /// The process that held the slot is kept, or drained.
    fn take_slot(&mut self, id: RunId) {
        let now = self.now;
        let Some(run) = self.state.runs.get_mut(&id) else {
            return;
        };
        run.place = SlotClaim::Held;
        let (number, generation) = (run.number, run.generation);
        let policy = Arc::clone(&run.policy);
        let slots = &mut self.state.slots;
        let new = || Slot::new(generation, Arc::clone(&policy), now);
        let slot = slots.entry(number).or_insert_with(new);
        slot.become_of(generation, &policy, now);
        slot.restart_at = None;
        slot.clear_failures();
        let is_kept = self.begin_trial(id, generation);
        for id in self.ids_where(|run| run.number == number && run.id != id) {
            self.replace(id, is_kept);
        }
    }

    fn finish_roll(&mut self, rolling: &RollingUpdate) {
        for id in self.ids_where(Run::is_former) {
            self.drain_and_stop(id);
        }
        self.report(Report::RolledOver {
            generation: rolling.generation,
        });
        self.answer(rolling.command, Ok(()));
    }

    /// Removes the slots from number `total` on, and stops their processes.
    pub(super) fn drop_slots_from(&mut self, total: u32) {
        self.state.slots.retain(|number, _| *number < total);
        for id in self.ids_where(|run| run.number >= total) {
            self.drain_and_stop(id);
        }
    }

    pub(super) fn candidate_failed(&mut self, run: &Run, reason: &str, exit: Option<Exit>) {
        let of_roll = |rolling: &RollingUpdate| rolling.generation == run.generation;
        let is_of_roll = self.state.rolling.as_ref().is_some_and(of_roll);
        let again_in = if is_of_roll {
            None
        } else {
            self.successor_failed(run.number)
        };
        self.report(Report::Failed {
            run: run.id,
            reason: reason.to_owned(),
            exit,
            was_ready: run.was_ready,
            again_in,
        });
        if is_of_roll {
            self.abort_roll(&format!("instance {}: {reason}", run.number));
        }
    }

    /// Aborts the rolling update. Processes of the former generation that are kept take over again.
    /// Instances that were not replaced yet keep their old generation.
    pub(super) fn abort_roll(&mut self, reason: &str) {
        self.stop_candidates();
        let Some(rolling) = self.state.rolling.take() else {
            return;
        };
        if let Some(former) = rolling.former {
            self.state.generation = former.generation;
            self.state.policy = former.policy;
        }
        self.restore_formers();
        self.drop_slots_from(self.state.total());
        let is_new = |slot: &&Slot| slot.generation == rolling.generation;
        let reason = match self.state.slots.values().filter(is_new).count() {
            0 => reason.to_owned(),
            stay => {
                format!("{reason}; {stay} of the new generation had taken over and keep running")
            }
        };
        self.report(Report::RollFailed {
            reason: reason.clone(),
        });
        self.answer(rolling.command, Err(reason));
    }

    fn stop_candidates(&mut self) {
        for id in self.ids_where(Run::is_candidate) {
            self.stop(id, AfterStop::Gone);
        }
    }
}
