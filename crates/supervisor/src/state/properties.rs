//! Property tests: invariants of the state that hold after any sequence of events.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::tests::policy;
use super::*;

#[derive(Debug, Clone)]
enum Turn {
    Ready(usize),
    Failed(usize),
    Refused(usize),
    Exit(usize, i32),
    Memory(usize),
    Drained(usize),
    Pass(u64),
    Start,
    Stop,
    Restart,
    Reload(u32),
    Scale(u32),
}

fn turn() -> impl Strategy<Value = Turn> {
    prop_oneof![
        8 => any::<usize>().prop_map(Turn::Ready),
        3 => any::<usize>().prop_map(Turn::Failed),
        1 => any::<usize>().prop_map(Turn::Refused),
        4 => (any::<usize>(), 0..3).prop_map(|(run, code)| Turn::Exit(run, code)),
        1 => any::<usize>().prop_map(Turn::Memory),
        1 => any::<usize>().prop_map(Turn::Drained),
        6 => (0_u64..40_000).prop_map(Turn::Pass),
        1 => Just(Turn::Start),
        1 => Just(Turn::Stop),
        1 => Just(Turn::Restart),
        2 => (1_u32..5).prop_map(Turn::Reload),
        1 => (1_u32..5).prop_map(Turn::Scale),
    ]
}

/// With the processes that a supervisor would run for it.
struct World {
    state: State,
    at: Duration,
    alive: BTreeSet<RunId>,
    asked: BTreeSet<RunId>,
    serving: BTreeSet<RunId>,
    open: BTreeSet<CommandId>,
    commands: CommandId,
}

impl World {
    fn on(&mut self, event: Event) {
        let now = Now {
            at: self.at,
            chance: 0.3,
        };
        match &event {
            Event::Exited(run, _) => assert!(self.alive.remove(run)),
            Event::Command(id, _) => assert!(self.open.insert(*id)),
            _ => {}
        }
        let (state, actions) = self.state.clone().on(event, now);
        self.state = state;
        for action in actions {
            match action {
                Action::Spawn { run, .. } => assert!(self.alive.insert(run), "{run} twice"),
                Action::AskToStop(run) => assert!(self.asked.insert(run), "{run} asked twice"),
                Action::Kill(run) => assert!(self.asked.contains(&run)),
                Action::Serve(run) => assert!(self.serving.insert(run)),
                Action::Withdraw(run) => assert!(self.serving.remove(&run)),
                Action::Answer(id, _) => assert!(self.open.remove(&id), "{id} answered twice"),
                Action::Report(_) => {}
            }
        }
        self.holds();
    }

    /// Must be true after every event.
    fn holds(&self) {
        let known: BTreeSet<RunId> = self.state.runs().map(|run| run.id).collect();
        assert_eq!(
            known, self.alive,
            "no process is forgotten, none is imagined"
        );
        let serving: BTreeSet<RunId> = self
            .state
            .runs()
            .filter(|run| run.serving)
            .map(|run| run.id)
            .collect();
        assert_eq!(serving, self.serving);
        assert!(self.state.runs().all(|run| !run.serving || run.is_ready()));
        assert!(serving.len() <= self.state.policy().instances as usize);
        let staying = self
            .state
            .runs()
            .filter(|run| !run.is_leaving() && !run.is_candidate() && !run.is_former());
        let numbers: Vec<u32> = staying.map(|run| run.number).collect();
        let distinct: BTreeSet<u32> = numbers.iter().copied().collect();
        assert_eq!(
            numbers.len(),
            distinct.len(),
            "two processes for one instance"
        );
        if self.state.policy().roll == Roll::OneAtATime {
            assert!(
                self.state
                    .runs()
                    .filter(|run| run.is_candidate() && !run.is_leaving())
                    .count()
                    <= 1
            );
        }
        if self.state.is_failed() {
            assert!(!self.state.slots.is_empty());
        }
    }

    fn pass(&mut self, time: Duration) {
        let end = self.at + time;
        let mut steps = 0;
        while let Some(due) = self.state.next_due().filter(|due| *due <= end) {
            self.at = due.max(self.at);
            self.on(Event::Tick);
            let next = self.state.next_due();
            assert!(
                next.is_none_or(|next| next > self.at),
                "it would be asked for ever"
            );
            steps += 1;
            assert!(steps < 10_000);
        }
        self.at = end;
    }

    fn command(&mut self, command: Command) {
        self.commands += 1;
        self.on(Event::Command(self.commands, command));
    }

    fn turn(&mut self, turn: &Turn) {
        let alive: Vec<RunId> = self.alive.iter().copied().collect();
        let mut on = |which: usize, event: fn(RunId) -> Event| {
            if let Some(run) = alive.get(which % alive.len().max(1)) {
                self.on(event(*run));
            }
        };
        match turn {
            Turn::Ready(which) => on(*which, Event::Ready),
            Turn::Failed(which) => on(*which, |run| Event::Failed(run, "no".to_owned())),
            Turn::Refused(which) => on(*which, |run| Event::Refused(run, "no".to_owned())),
            Turn::Exit(which, 0) => on(*which, |run| Event::Exited(run, Exit::Code(0))),
            Turn::Exit(which, _) => on(*which, |run| Event::Exited(run, Exit::Code(1))),
            Turn::Memory(which) => on(*which, |run| Event::OverMemory(run, 1)),
            Turn::Drained(which) => on(*which, Event::Drained),
            Turn::Pass(time) => self.pass(Duration::from_millis(*time)),
            Turn::Start => self.command(Command::Start),
            Turn::Stop => self.command(Command::Stop),
            Turn::Restart => self.command(Command::Restart),
            Turn::Reload(instances) => {
                let policy = Policy {
                    instances: *instances,
                    ..self.state.policy().clone()
                };
                self.command(Command::Reload(Some(policy)));
            }
            Turn::Scale(instances) => self.command(Command::Scale {
                instances: Some(*instances),
                spare: None,
            }),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_happens_it_ends_well(
        turns in prop::collection::vec(turn(), 1..120),
        instances in 1_u32..4,
        spare in 0_u32..3,
        all in any::<bool>(),
        when in 0..3,
        drain in 0_u64..6,
        keep in 0_u64..12,
    ) {
        let policy = Policy {
            instances,
            spare,
            drain_within: Duration::from_secs(drain),
            keep_former: Duration::from_secs(keep),
            roll: if all { Roll::AllAtOnce } else { Roll::OneAtATime },
            when: match when {
                0 => RestartWhen::OnFailure,
                1 => RestartWhen::Never,
                _ => RestartWhen::Always,
            },
            ..policy()
        };
        let mut world = World {
            state: State::new(policy),
            at: Duration::ZERO,
            alive: BTreeSet::new(),
            asked: BTreeSet::new(),
            serving: BTreeSet::new(),
            open: BTreeSet::new(),
            commands: 0,
        };
        for turn in &turns {
            world.turn(turn);
        }
        // From here on, no process fails.
        world.command(Command::Start);
        for _ in 0..200 {
            world.pass(Duration::from_secs(1));
            for run in world.alive.clone() {
                world.on(Event::Ready(run));
                if world.asked.contains(&run) {
                    world.on(Event::Exited(run, Exit::Signal(15)));
                }
            }
        }
        prop_assert!(world.open.is_empty(), "nobody waits for ever: {:?}", world.state);
        prop_assert!(!world.state.is_on_trial());
        let serving = u32::try_from(world.serving.len()).unwrap();
        let over = world.state.slots.values().filter(|slot| slot.is_over()).count();
        let missing = world.state.policy().instances - serving;
        prop_assert!(missing as usize <= over, "{:?}", world.state);
        world.command(Command::Stop);
        for run in world.alive.clone() {
            world.on(Event::Exited(run, Exit::Signal(15)));
        }
        prop_assert!(world.state.is_gone() && world.serving.is_empty());
        prop_assert_eq!(world.state.next_due(), None);
        prop_assert!(world.open.is_empty());
    }
}
