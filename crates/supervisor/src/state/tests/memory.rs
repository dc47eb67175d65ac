//! Tests of processes that use too much memory, driven by events.

use super::*;

const TOO_MUCH: u64 = 200 << 20;

/// Returns a service whose processes have been ready for `age`.
fn aged(memory: MemoryAction, age: Duration) -> Stage {
    let mut stage = Stage::ready(Policy { memory, ..policy() });
    stage.pass(age);
    stage
}

fn over(stage: &mut Stage, run: RunId) -> Vec<Action> {
    let actions = stage.on(Event::OverMemory(run, TOO_MUCH));
    let told = |action: &Action| matches!(action, Action::Report(Report::OverMemory { .. }));
    assert!(actions.iter().any(told), "never without a word");
    assert_eq!(
        stage.on(Event::OverMemory(run, TOO_MUCH)),
        [],
        "once is enough"
    );
    actions
}

fn reasons(stage: &Stage) -> Vec<String> {
    let reasons = stage.told.iter().filter_map(|action| match action {
        Action::Report(Report::Failed { reason, .. } | Report::GaveUp { reason, .. }) => {
            Some(reason.clone())
        }
        _ => None,
    });
    reasons.collect()
}

#[test]
fn after_a_good_life_it_is_dealt_with_as_described() {
    let mut stage = aged(MemoryAction::Roll, seconds(60));
    assert_eq!(spawned(&over(&mut stage, 1)), [2]);
    assert_eq!(stage.serving(), [1]);
    stage.on(Event::Ready(2));
    assert_eq!(stage.serving(), [2]);
    assert_eq!(stage.state.instances()[1].restarts, 0, "that is no failure");
    for action in [MemoryAction::Restart, MemoryAction::Kill] {
        let mut stage = aged(action, seconds(60));
        let actions = over(&mut stage, 1);
        assert!(actions.contains(&Action::AskToStop(1)));
        let kills = action == MemoryAction::Kill;
        assert_eq!(actions.contains(&Action::Kill(1)), kills);
        assert_eq!(spawned(&stage.exit(1)), [2]);
        assert_eq!(reasons(&stage), ["it uses 200 MB, more than memory.max"]);
        assert_eq!(stage.state.instances()[0].restarts, 1);
    }
}

#[test]
fn soon_after_it_was_ready_it_is_a_failure_until_it_is_given_up() {
    for action in [
        MemoryAction::Roll,
        MemoryAction::Restart,
        MemoryAction::Kill,
    ] {
        let mut stage = aged(action, seconds(1));
        for failure in 1..=10 {
            let run = stage.serving()[0];
            let actions = over(&mut stage, run);
            assert_eq!(spawned(&actions), NOBODY, "another would be no better");
            assert!(stage.serving().is_empty());
            let actions = stage.exit(run);
            assert_eq!(
                spawned(&actions).len(),
                usize::from(failure == 1),
                "the first is back at once, the others wait"
            );
            if failure < 10 {
                while stage.starting().is_empty() {
                    stage.pass(seconds(1));
                }
                let next = stage.starting()[0];
                stage.on(Event::Ready(next));
                stage.pass(seconds(1));
            }
        }
        assert_eq!(stage.standings(), [InstanceState::Failed], "{action:?}");
        assert_eq!(stage.state.instances()[0].restarts, 9);
        let why = "it uses 200 MB soon after it was ready: memory.max is below what it needs";
        assert_eq!(reasons(&stage).last().map(String::as_str), Some(why));
    }
}

#[test]
fn one_that_grows_slowly_is_rolled_over_again_and_again() {
    let mut stage = aged(MemoryAction::Roll, Duration::ZERO);
    for _ in 0..50 {
        stage.pass(seconds(60));
        let run = stage.serving()[0];
        let next = spawned(&over(&mut stage, run))[0];
        stage.on(Event::Ready(next));
        stage.on(Event::Drained(run));
        stage.exit(run);
        assert_eq!(stage.serving(), [next]);
    }
    assert_eq!(stage.state.runs().count(), 1);
}

#[test]
fn one_whose_successor_needs_too_much_at_once_is_given_up_too() {
    let mut stage = aged(MemoryAction::Roll, seconds(60));
    let next = spawned(&over(&mut stage, 1))[0];
    stage.on(Event::Ready(next));
    stage.on(Event::Drained(1));
    stage.exit(1);
    stage.pass(seconds(1));
    assert_eq!(spawned(&over(&mut stage, next)), NOBODY);
    stage.exit(next);
    assert_eq!(stage.state.instances()[0].restarts, 1);
}

#[test]
fn one_that_is_not_to_be_started_again_is_not() {
    let never = Policy {
        when: RestartWhen::Never,
        memory: MemoryAction::Restart,
        ..policy()
    };
    let mut stage = Stage::ready(never);
    stage.pass(seconds(60));
    over(&mut stage, 1);
    assert_eq!(spawned(&stage.exit(1)), NOBODY);
    assert_eq!(stage.standings(), [InstanceState::Finished]);
}

#[test]
fn a_next_generation_that_begins_with_too_much_memory_is_refused() {
    let mut stage = Stage::ready(policy());
    stage.command(2, Command::Reload(None));
    stage.on(Event::OverMemory(2, TOO_MUCH));
    let why = stage.answer(2).unwrap_err();
    assert!(why.contains("it uses 200 MB at its start"), "{why}");
    assert_eq!(stage.serving(), [1]);
}

/// Returns the restart delays that were reported when successors failed.
fn waits(stage: &Stage) -> Vec<u64> {
    let waits = stage.told.iter().filter_map(|action| match action {
        Action::Report(Report::Failed { again_in, .. }) => again_in.map(|wait| wait.as_secs()),
        _ => None,
    });
    waits.collect()
}

#[test]
fn one_whose_successors_never_get_ready_is_left_alone_longer_each_time() {
    let mut stage = aged(MemoryAction::Roll, seconds(60));
    for minutes in [2, 4, 8, 16, 32, 60, 60] {
        let next = spawned(&over(&mut stage, 1))[0];
        assert_eq!(spawned(&over(&mut stage, next)), NOBODY);
        stage.exit(next);
        assert_eq!(waits(&stage).last(), Some(&(minutes * 60)));
        stage.pass(seconds(minutes * 60 - 1));
        assert_eq!(stage.on(Event::OverMemory(1, TOO_MUCH)), []);
        stage.pass(seconds(1));
    }
    assert_eq!(stage.serving(), [1], "what runs stays");
    let next = spawned(&over(&mut stage, 1))[0];
    stage.exit(next);
    let why = "it ended with signal 9 before it was ready";
    assert_eq!(reasons(&stage).last().map(String::as_str), Some(why));
    assert_eq!(waits(&stage).last(), Some(&3_600), "whatever it failed of");
    stage.pass(seconds(3_600));
    let next = spawned(&over(&mut stage, 1))[0];
    stage.on(Event::Ready(next));
    assert_eq!(stage.serving(), [next]);
}
