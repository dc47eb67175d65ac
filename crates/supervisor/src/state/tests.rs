//! Tests of a service's life cycle, driven by events.

mod memory;
mod rolling;
mod trials;

use super::*;

pub(super) fn policy() -> Policy {
    Policy {
        instances: 1,
        spare: 0,
        start_within: Duration::from_secs(30),
        stop_within: Duration::from_secs(10),
        drain_within: Duration::from_secs(5),
        keep_former: Duration::ZERO,
        fall: 3,
        rise: 1,
        when: RestartWhen::Always,
        backoff: (Duration::from_millis(200), Duration::from_secs(30)),
        give_up: Some(GiveUpLimit {
            failures: 10,
            within: Duration::from_mins(10),
        }),
        memory: MemoryAction::Roll,
        roll: Roll::OneAtATime,
        scheduled: false,
    }
}

/// A simulated clock, and a service with processes that react to signals.
struct Stage {
    state: State,
    at: Duration,
    told: Vec<Action>,
}

impl Stage {
    fn new(policy: Policy) -> Self {
        Self {
            state: State::new(policy),
            at: Duration::ZERO,
            told: Vec::new(),
        }
    }

    /// Starts a service and makes every instance ready.
    fn ready(policy: Policy) -> Self {
        let mut stage = Self::new(policy);
        stage.on(Event::Command(1, Command::Start));
        for run in stage.starting() {
            stage.on(Event::Ready(run));
        }
        assert!(stage.answer(1).is_ok());
        stage
    }

    fn on(&mut self, event: Event) -> Vec<Action> {
        let now = Now {
            at: self.at,
            chance: 0.5,
        };
        let (state, actions) = self.state.clone().on(event, now);
        self.state = state;
        self.told.extend(actions.clone());
        actions
    }

    fn command(&mut self, id: CommandId, command: Command) -> Vec<Action> {
        self.on(Event::Command(id, command))
    }

    /// Advances the clock, and handles the deadlines that pass.
    fn pass(&mut self, time: Duration) -> Vec<Action> {
        let (end, mut actions) = (self.at + time, Vec::new());
        while let Some(due) = self.state.next_due().filter(|due| *due <= end) {
            self.at = due.max(self.at);
            actions.extend(self.on(Event::Tick));
        }
        self.at = end;
        actions
    }

    fn exit(&mut self, run: RunId) -> Vec<Action> {
        self.on(Event::Exited(run, Exit::Signal(9)))
    }

    fn runs(&self, which: fn(&Run) -> bool) -> Vec<RunId> {
        self.state
            .runs()
            .filter(|run| which(run))
            .map(|run| run.id)
            .collect()
    }

    fn starting(&self) -> Vec<RunId> {
        self.runs(|run| matches!(run.phase, Phase::Starting { .. }))
    }

    fn serving(&self) -> Vec<RunId> {
        self.runs(|run| run.serving)
    }

    fn answer(&self, id: CommandId) -> Result<(), String> {
        self.answered(id).expect("the command was answered")
    }

    fn answered(&self, id: CommandId) -> Option<Result<(), String>> {
        self.told.iter().find_map(|action| match action {
            Action::Answer(answered, outcome) if *answered == id => Some(outcome.clone()),
            _ => None,
        })
    }

    fn standings(&self) -> Vec<InstanceState> {
        self.state
            .instances()
            .iter()
            .map(|instance| instance.standing)
            .collect()
    }
}

fn spawned(actions: &[Action]) -> Vec<RunId> {
    let spawned = |action: &Action| match action {
        Action::Spawn { run, .. } => Some(*run),
        _ => None,
    };
    actions.iter().filter_map(spawned).collect()
}

const NOBODY: [RunId; 0] = [];

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn it_starts_gets_ready_and_takes_requests() {
    let mut stage = Stage::new(policy());
    assert_eq!(spawned(&stage.command(7, Command::Start)), [1]);
    assert_eq!(stage.answered(7), None);
    assert!(stage.serving().is_empty());
    stage.at = seconds(2);
    let actions = stage.on(Event::Passed(1));
    let after = seconds(2);
    assert!(actions.contains(&Action::Report(Report::Ready { run: 1, after })));
    assert!(actions.contains(&Action::Serve(1)));
    assert!(stage.answer(7).is_ok());
    assert_eq!(stage.state.next_due(), None);
}

#[test]
fn it_is_ready_after_as_many_passes_as_it_must_show() {
    let mut stage = Stage::new(Policy {
        rise: 3,
        ..policy()
    });
    stage.command(1, Command::Start);
    let fail = || Event::Failed(1, "503".to_owned());
    for event in [
        Event::Passed(1),
        Event::Passed(1),
        fail(),
        Event::Passed(1),
        Event::Passed(1),
    ] {
        stage.on(event);
        assert!(stage.serving().is_empty());
    }
    stage.on(Event::Passed(1));
    assert_eq!(stage.serving(), [1]);
    let mut stage = Stage::new(Policy {
        rise: 3,
        ..policy()
    });
    stage.command(1, Command::Start);
    stage.on(Event::Ready(1));
    assert_eq!(
        stage.serving(),
        [1],
        "who says that it is ready need not show it"
    );
}

#[test]
fn a_killed_process_is_back_at_once_and_then_waits_longer_each_time() {
    let mut stage = Stage::ready(policy());
    let actions = stage.exit(1);
    assert_eq!(
        actions[0],
        Action::Withdraw(1),
        "no requests go to the dead"
    );
    assert_eq!(spawned(&actions), [2]);
    stage.exit(2);
    assert_eq!(spawned(&stage.pass(Duration::from_millis(199))), NOBODY);
    assert_eq!(spawned(&stage.pass(Duration::from_millis(1))), [3]);
    stage.exit(3);
    assert_eq!(spawned(&stage.pass(Duration::from_millis(399))), NOBODY);
    assert_eq!(stage.standings(), [InstanceState::Waiting]);
    assert_eq!(spawned(&stage.pass(Duration::from_millis(1))), [4]);
    stage.on(Event::Ready(4));
    stage.pass(seconds(59));
    stage.exit(4);
    assert_eq!(
        spawned(&stage.pass(Duration::from_millis(799))),
        NOBODY,
        "59 s is not good enough"
    );
    assert_eq!(spawned(&stage.pass(Duration::from_millis(1))), [5]);
    stage.on(Event::Ready(5));
    stage.pass(seconds(60));
    assert_eq!(
        spawned(&stage.exit(5)),
        [6],
        "a good life makes up for the past"
    );
    assert_eq!(stage.state.instances()[0].restarts, 5);
}

#[test]
fn ten_failures_in_ten_minutes_are_too_many() {
    let mut stage = Stage::ready(policy());
    for failure in 1..=10 {
        assert!(!stage.state.is_failed(), "{failure}");
        stage.pass(seconds(30));
        let run = stage.runs(|_| true)[0];
        stage.exit(run);
    }
    assert!(stage.state.is_failed());
    assert_eq!(stage.standings(), [InstanceState::Failed]);
    assert_eq!(stage.state.next_due(), None);
    let gave_up =
        |action: &Action| matches!(action, Action::Report(Report::GaveUp { number: 0, .. }));
    assert!(stage.told.iter().any(gave_up));
    assert_eq!(
        spawned(&stage.command(2, Command::Start)),
        [11],
        "a person may try again"
    );
}

#[test]
fn failures_that_lie_far_apart_are_forgotten() {
    let mut stage = Stage::ready(policy());
    for _ in 0..50 {
        stage.pass(seconds(67));
        let run = stage.runs(|_| true)[0];
        stage.exit(run);
        let next = stage.starting()[0];
        stage.on(Event::Ready(next));
    }
    assert_eq!(stage.standings(), [InstanceState::Ready]);
}

#[test]
fn whether_it_starts_again_depends_on_how_it_ended() {
    for (when, exit, again) in [
        (RestartWhen::Always, Exit::Code(0), true),
        (RestartWhen::OnFailure, Exit::Code(0), false),
        (RestartWhen::OnFailure, Exit::Code(1), true),
        (RestartWhen::OnFailure, Exit::Signal(9), true),
        (RestartWhen::Never, Exit::Code(1), false),
    ] {
        let mut stage = Stage::ready(Policy { when, ..policy() });
        let actions = stage.on(Event::Exited(1, exit));
        assert_eq!(!spawned(&actions).is_empty(), again, "{when:?} {exit:?}");
        assert_eq!(stage.standings()[0] == InstanceState::Finished, !again);
    }
}

#[test]
fn one_that_is_not_started_again_still_tells_why_it_failed() {
    let mut stage = Stage::new(Policy {
        when: RestartWhen::Never,
        ..policy()
    });
    stage.command(1, Command::Start);
    let actions = stage.on(Event::Exited(1, Exit::Code(1)));
    let told = |action: &Action| {
        matches!(
            action,
            Action::Report(Report::Failed { again_in: None, .. })
        )
    };
    assert!(actions.iter().any(told));
    assert!(stage.answer(1).is_err());
    assert_eq!(stage.standings(), [InstanceState::Finished]);
}

#[test]
fn a_scheduled_command_runs_when_it_is_due_and_not_twice_at_once() {
    let mut stage = Stage::new(Policy {
        when: RestartWhen::Never,
        scheduled: true,
        ..policy()
    });
    stage.command(1, Command::RunOnce);
    assert!(stage.answer(1).is_err(), "it is not started");
    assert_eq!(spawned(&stage.command(2, Command::Start)), NOBODY);
    assert!(stage.answer(2).is_ok());
    assert_eq!(stage.standings(), [InstanceState::Finished]);
    assert_eq!(spawned(&stage.command(3, Command::RunOnce)), [1]);
    assert_eq!(spawned(&stage.command(4, Command::RunOnce)), NOBODY);
    assert_eq!(spawned(&stage.on(Event::Exited(1, Exit::Code(1)))), NOBODY);
    assert_eq!(stage.state.next_due(), None);
    assert_eq!(spawned(&stage.command(5, Command::RunOnce)), [2]);

    // Changes during a run of the command take effect at its next run.
    let reload = Command::Reload(Some(stage.state.policy().clone()));
    assert_eq!(spawned(&stage.command(6, reload)), NOBODY);
    assert_eq!(stage.runs(Run::is_leaving), NOBODY);
    stage.on(Event::Exited(2, Exit::Code(0)));
    let actions = stage.command(7, Command::RunOnce);
    assert!(actions.contains(&Action::Spawn {
        run: 3,
        number: 0,
        generation: 2
    }));
    stage.command(8, Command::Stop);
    stage.on(Event::Exited(3, Exit::Signal(15)));
    stage.command(9, Command::RunOnce);
    assert!(stage.answer(9).is_err());
    assert_eq!(spawned(&stage.command(10, Command::Start)), NOBODY);
    assert_eq!(spawned(&stage.command(11, Command::Restart)), [4]);
}

#[test]
fn a_service_becomes_a_scheduled_command_and_back() {
    let mut stage = Stage::ready(policy());
    let scheduled = Policy {
        when: RestartWhen::Never,
        scheduled: true,
        ..policy()
    };
    let actions = stage.command(2, Command::Reload(Some(scheduled)));
    assert!(actions.contains(&Action::AskToStop(1)));
    assert_eq!(spawned(&stage.on(Event::Exited(1, Exit::Code(0)))), NOBODY);
    assert_eq!(stage.standings(), [InstanceState::Finished]);
    let actions = stage.command(3, Command::Reload(Some(policy())));
    assert_eq!(spawned(&actions), [2]);
}

#[test]
fn a_start_that_takes_too_long_is_a_failure() {
    let mut stage = Stage::new(policy());
    stage.command(1, Command::Start);
    let actions = stage.pass(seconds(30));
    assert!(actions.contains(&Action::AskToStop(1)));
    let actions = stage.exit(1);
    assert_eq!(spawned(&actions), [2]);
    assert!(
        stage
            .answer(1)
            .unwrap_err()
            .contains("not ready within 30s")
    );
}

#[test]
fn a_failure_says_how_it_ended_and_whether_it_had_been_ready() {
    let told = |stage: &Stage| {
        let failures = stage.told.iter().filter_map(|action| match action {
            Action::Report(Report::Failed {
                exit, was_ready, ..
            }) => Some((*exit, *was_ready)),
            _ => None,
        });
        failures.collect::<Vec<_>>()
    };
    let mut stage = Stage::new(policy());
    stage.command(1, Command::Start);
    stage.on(Event::Exited(1, Exit::Code(7)));
    stage.on(Event::Ready(2));
    stage.exit(2);
    stage.pass(seconds(1));
    stage.on(Event::SpawnFailed(3, "no more processes".to_owned()));
    stage.pass(seconds(1));
    stage.pass(seconds(30));
    stage.on(Event::Exited(4, Exit::Signal(15)));
    stage.pass(seconds(2));
    stage.on(Event::Ready(5));
    stage.command(2, Command::Reload(None));
    stage.on(Event::Exited(6, Exit::Code(8)));
    let wanted = [
        (Some(Exit::Code(7)), false),
        (Some(Exit::Signal(9)), true),
        (None, false),
        (Some(Exit::Signal(15)), false),
        (Some(Exit::Code(8)), false),
    ];
    assert_eq!(told(&stage), wanted);
}

#[test]
fn a_process_that_cannot_start_is_a_failure() {
    let mut stage = Stage::new(policy());
    stage.command(1, Command::Start);
    stage.on(Event::SpawnFailed(1, "no more processes".to_owned()));
    assert!(stage.answer(1).unwrap_err().contains("no more processes"));
    assert_eq!(spawned(&stage.pass(seconds(1))), NOBODY);
    assert_eq!(stage.starting(), [2], "the next was started at once");
}

#[test]
fn one_that_is_unwell_is_replaced() {
    let mut stage = Stage::ready(policy());
    let fail = || Event::Failed(1, "it answered 500".to_owned());
    for event in [fail(), fail(), Event::Passed(1), fail(), fail()] {
        stage.on(event);
        assert_eq!(stage.serving(), [1]);
    }
    let actions = stage.on(fail());
    assert!(actions.contains(&Action::AskToStop(1)) && actions.contains(&Action::Withdraw(1)));
    assert!(
        stage.pass(seconds(10)).contains(&Action::Kill(1)),
        "it did not listen"
    );
    assert_eq!(spawned(&stage.exit(1)), [2]);
    let reason = stage.told.iter().find_map(|action| match action {
        Action::Report(Report::Failed { reason, .. }) => Some(reason.clone()),
        _ => None,
    });
    assert!(
        reason
            .unwrap()
            .contains("failed its health check 3 times in a row: it answered 500")
    );
}

#[test]
fn a_spare_takes_over_in_the_same_step() {
    let mut stage = Stage::ready(Policy {
        instances: 2,
        spare: 1,
        ..policy()
    });
    assert_eq!(stage.serving(), [1, 2]);
    assert_eq!(
        stage.standings(),
        [
            InstanceState::Ready,
            InstanceState::Ready,
            InstanceState::Spare
        ]
    );
    let actions = stage.exit(1);
    assert!(actions.contains(&Action::Withdraw(1)) && actions.contains(&Action::Serve(3)));
    assert_eq!(stage.serving(), [2, 3]);
    let new = spawned(&actions);
    stage.on(Event::Ready(new[0]));
    assert_eq!(stage.serving(), [2, 3], "the new one is the spare now");
}

#[test]
fn stop_asks_then_kills_and_nothing_comes_back() {
    let mut stage = Stage::ready(Policy {
        instances: 2,
        ..policy()
    });
    let actions = stage.command(2, Command::Stop);
    assert!(actions.contains(&Action::AskToStop(1)) && actions.contains(&Action::AskToStop(2)));
    assert!(stage.serving().is_empty());
    assert_eq!(stage.exit(1), []);
    assert_eq!(stage.pass(seconds(9)), []);
    assert!(stage.pass(seconds(1)).contains(&Action::Kill(2)));
    assert_eq!(stage.answered(2), None);
    stage.exit(2);
    assert!(stage.answer(2).is_ok());
    assert!(stage.state.is_gone() && stage.state.next_due().is_none());
    assert_eq!(stage.standings(), [InstanceState::Stopped; 2]);
}

#[test]
fn a_start_during_a_stop_begins_when_the_old_is_gone() {
    let mut stage = Stage::ready(policy());
    stage.command(2, Command::Stop);
    assert_eq!(spawned(&stage.command(3, Command::Start)), NOBODY);
    assert_eq!(spawned(&stage.exit(1)), [2]);
    stage.on(Event::Ready(2));
    assert!(stage.answer(3).is_ok());
}

#[test]
fn restart_stops_and_starts_and_counts_no_failure() {
    let mut stage = Stage::ready(policy());
    assert!(
        stage
            .command(2, Command::Restart)
            .contains(&Action::AskToStop(1))
    );
    assert_eq!(spawned(&stage.exit(1)), [2]);
    assert_eq!(stage.answered(2), None);
    stage.on(Event::Ready(2));
    assert!(stage.answer(2).is_ok());
    assert_eq!(
        spawned(&stage.exit(2)),
        [3],
        "the first failure is back at once"
    );
}

#[test]
fn scale_adds_and_takes_away() {
    let mut stage = Stage::ready(policy());
    let to = |instances| Command::Scale {
        instances: Some(instances),
        spare: None,
    };
    assert_eq!(spawned(&stage.command(2, to(3))), [2, 3]);
    stage.on(Event::Ready(2));
    stage.on(Event::Ready(3));
    assert!(stage.answer(2).is_ok());
    assert_eq!(stage.serving(), [1, 2, 3]);
    stage.command(3, to(1));
    assert_eq!(stage.serving(), [1]);
    assert!(stage.pass(seconds(6)).contains(&Action::AskToStop(3)));
    stage.exit(2);
    stage.exit(3);
    assert!(stage.answer(3).is_ok());
    for wrong in [0, 65, u32::MAX] {
        stage.command(4, to(wrong));
        assert!(stage.answer(4).is_err());
    }
}

#[test]
fn a_command_that_is_overtaken_is_told() {
    let mut stage = Stage::new(policy());
    stage.command(1, Command::Start);
    stage.command(2, Command::Stop);
    assert!(stage.answer(1).unwrap_err().contains("stopped meanwhile"));
    let mut stage = Stage::ready(policy());
    stage.command(2, Command::Reload(None));
    stage.command(3, Command::Stop);
    assert!(stage.answer(2).unwrap_err().contains("stopped meanwhile"));
    stage.exit(1);
    stage.exit(2);
    assert!(stage.answer(3).is_ok());
}

#[test]
fn who_says_that_it_needs_longer_has_longer() {
    let mut stage = Stage::new(policy());
    stage.command(1, Command::Start);
    let run = stage.starting()[0];
    stage.pass(Duration::from_secs(20));
    stage.on(Event::TimeoutExtended(run, Duration::from_mins(1)));
    // A request for less than the remaining time does not bring the deadline forward.
    stage.on(Event::TimeoutExtended(run, Duration::from_secs(1)));
    stage.pass(Duration::from_secs(59));
    assert_eq!(stage.starting(), [run]);
    stage.on(Event::TimeoutExtended(run, Duration::MAX));
    stage.pass(Duration::from_mins(9));
    assert_eq!(stage.starting(), [run]);
    assert!(!stage.pass(Duration::from_mins(2)).is_empty());
    assert_ne!(stage.starting(), [run]);
}
