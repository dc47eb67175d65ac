//! Rolling updates, during which the instances of a new generation replace those of the old
//! generation.

use std::collections::VecDeque;
use std::sync::Arc;

use super::run::{AfterStop, Run, RunId, Slot, SlotClaim};
use super::{CommandId, Exit, Policy, Report, Roll, Transition};

#[derive(Debug, Clone, PartialEq)]
pub(super) struct RollingUpdate {
    pub(super) generation: u32,
    policy: Arc<Policy>,
    command: CommandId,
    /// The numbers of the instances that still need a new process.
    left: VecDeque<u32>,
    /// The number of new instances that have taken over their slots.
    taken: u32,
}

impl Transition {
    pub(super) fn begin_roll(&mut self, command: CommandId, policy: Arc<Policy>) {
        self.stop_candidates();
        self.state.rolling = Some(RollingUpdate {
            generation: self.state.last_generation,
            left: (0..policy.instances + policy.spare).collect(),
            policy,
            command,
            taken: 0,
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
        if let Some(rolling) = &self.state.rolling
            && rolling.left.is_empty()
            && self
                .ids_where(|run| run.is_candidate() && !run.is_leaving())
                .is_empty()
            && let Some(rolling) = self.state.rolling.take()
        {
            self.finish_roll(rolling);
        }
    }

    /// Gives ready processes of the new generation their slots.
    fn take_over(&mut self) {
        let able = self.ids_where(|run| run.is_candidate() && run.is_ready());
        let waits_for_all = |rolling: &RollingUpdate| rolling.policy.roll == Roll::AllAtOnce;
        if let Some(rolling) = self.state.rolling.as_ref().filter(|r| waits_for_all(r)) {
            let wanted = rolling.policy.instances + rolling.policy.spare;
            if able.len() < wanted as usize {
                return;
            }
        }
        for id in able {
            self.take_slot(id);
        }
    }

    /// Gives a slot to a new process, and drains the process that held it.
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
        if slot.generation != generation {
            let restarts = slot.restarts;
            *slot = new();
            slot.restarts = restarts;
        }
        slot.restart_at = None;
        slot.clear_failures();
        for id in self.ids_where(|run| run.number == number && run.id != id) {
            if let Some(run) = self.state.runs.get_mut(&id) {
                run.place = SlotClaim::Lost;
            }
            self.drain_and_stop(id);
        }
        if let Some(rolling) = &mut self.state.rolling {
            rolling.taken += 1;
        }
    }

    fn finish_roll(&mut self, rolling: RollingUpdate) {
        let total = rolling.policy.instances + rolling.policy.spare;
        self.state.generation = rolling.generation;
        self.state.policy = rolling.policy;
        self.drop_slots_from(total);
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

    /// Aborts the rolling update. Instances that were not replaced yet keep their old generation.
    pub(super) fn abort_roll(&mut self, reason: &str) {
        self.stop_candidates();
        let Some(rolling) = self.state.rolling.take() else {
            return;
        };
        self.drop_slots_from(self.state.total());
        let reason = match rolling.taken {
            0 => reason.to_owned(),
            taken => format!("{reason}; {taken} of the next generation had taken over and stay"),
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
