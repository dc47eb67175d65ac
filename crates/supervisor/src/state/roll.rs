//! How a next generation takes over.

use std::collections::VecDeque;
use std::sync::Arc;

use super::run::{Fate, Place, Run, RunId, Slot};
use super::{CommandId, Exit, Note, Policy, Roll, Step};

/// A next generation on its way.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rolling {
    pub(super) generation: u32,
    policy: Arc<Policy>,
    command: CommandId,
    /// Numbers of instances that were not started yet.
    left: VecDeque<u32>,
    /// How many have taken over.
    taken: u32,
}

impl Step {
    pub(super) fn begin_roll(&mut self, command: CommandId, policy: Arc<Policy>) {
        self.stop_candidates();
        self.state.rolling = Some(Rolling {
            generation: self.state.last_generation,
            left: (0..policy.instances + policy.spare).collect(),
            policy,
            command,
            taken: 0,
        });
    }

    /// Goes on as far as it can.
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
            self.spawn(number, generation, policy, Place::Wanted);
        }
        if let Some(rolling) = &self.state.rolling
            && rolling.left.is_empty()
            && self
                .ids(|run| run.is_candidate() && !run.is_leaving())
                .is_empty()
            && let Some(rolling) = self.state.rolling.take()
        {
            self.finish_roll(rolling);
        }
    }

    /// Lets those take over that may.
    fn take_over(&mut self) {
        let able = self.ids(|run| run.is_candidate() && run.is_ready());
        let waits_for_all = |rolling: &Rolling| rolling.policy.roll == Roll::AllAtOnce;
        if let Some(rolling) = self.state.rolling.as_ref().filter(|r| waits_for_all(r)) {
            let wanted = rolling.policy.instances + rolling.policy.spare;
            if able.len() < wanted as usize {
                return;
            }
        }
        for id in able {
            self.adopt(id);
        }
    }

    /// A candidate takes its place; who held it goes.
    fn adopt(&mut self, id: RunId) {
        let now = self.now;
        let Some(run) = self.state.runs.get_mut(&id) else {
            return;
        };
        run.place = Place::Held;
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
        slot.forgive();
        for id in self.ids(|run| run.number == number && run.id != id) {
            if let Some(run) = self.state.runs.get_mut(&id) {
                run.place = Place::Lost;
            }
            self.retire(id);
        }
        if let Some(rolling) = &mut self.state.rolling {
            rolling.taken += 1;
        }
    }

    fn finish_roll(&mut self, rolling: Rolling) {
        let total = rolling.policy.instances + rolling.policy.spare;
        self.state.generation = rolling.generation;
        self.state.policy = rolling.policy;
        self.drop_slots_from(total);
        self.tell(Note::RolledOver {
            generation: rolling.generation,
        });
        self.answer(rolling.command, Ok(()));
    }

    /// Instances from this number on are no longer wanted.
    pub(super) fn drop_slots_from(&mut self, total: u32) {
        self.state.slots.retain(|number, _| *number < total);
        for id in self.ids(|run| run.number >= total) {
            self.retire(id);
        }
    }

    /// A process that was to take a place will not.
    pub(super) fn candidate_failed(&mut self, run: &Run, reason: &str, exit: Option<Exit>) {
        let of_roll = |rolling: &Rolling| rolling.generation == run.generation;
        let is_of_roll = self.state.rolling.as_ref().is_some_and(of_roll);
        let again_in = if is_of_roll {
            None
        } else {
            self.successor_failed(run.number)
        };
        self.tell(Note::Failed {
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

    /// What has not been replaced stays as it is.
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
        self.tell(Note::RollFailed {
            reason: reason.clone(),
        });
        self.answer(rolling.command, Err(reason));
    }

    fn stop_candidates(&mut self) {
        for id in self.ids(Run::is_candidate) {
            self.stop(id, Fate::Gone);
        }
    }
}
