//! Tests of the trial of a new generation, during which the former one is kept, driven by events.

use super::*;

const KEEP: Duration = Duration::from_secs(10);
/// A millisecond less.
const ALMOST: Duration = Duration::from_millis(9_999);

fn kept(instances: u32) -> Policy {
    Policy {
        instances,
        keep_former: KEEP,
        ..policy()
    }
}

/// Returns a service whose instances, from number 0 on, have all been replaced.
fn replaced(policy: Policy) -> Stage {
    let instances = RunId::from(policy.instances);
    let mut stage = Stage::ready(policy.clone());
    stage.command(2, Command::Reload(Some(policy)));
    for run in instances + 1..=instances * 2 {
        assert_eq!(stage.starting(), [run], "the next begins meanwhile");
        stage.on(Event::Ready(run));
    }
    assert_eq!(stage.answered(2), None);
    stage
}

#[test]
fn the_former_one_is_kept_without_requests_until_the_time_is_over() {
    let mut stage = replaced(kept(2));
    assert_eq!(stage.serving(), [3, 4]);
    let kept = [InstanceState::Former, InstanceState::Ready];
    assert_eq!(stage.standings(), [kept, kept].concat());
    stage.pass(ALMOST);
    assert_eq!(stage.answered(2), None);
    assert_eq!(stage.runs(Run::is_former), [1, 2]);
    let actions = stage.pass(Duration::from_millis(1));
    assert!(actions.contains(&Action::AskToStop(1)) && actions.contains(&Action::AskToStop(2)));
    assert!(stage.answer(2).is_ok());
    assert_eq!((stage.state.generation(), stage.serving()), (2, vec![3, 4]));
    stage.exit(1);
    stage.exit(2);
    assert!(stage.state.runs().all(|run| run.generation == 2));
    assert_eq!(stage.state.next_due(), None);
}

#[test]
fn one_that_may_finish_requests_for_longer_than_it_is_kept_does() {
    let mut stage = replaced(Policy {
        drain_within: seconds(30),
        ..kept(1)
    });
    assert!(!stage.pass(KEEP).contains(&Action::AskToStop(1)));
    assert!(stage.answer(2).is_ok());
    assert_eq!(stage.standings()[0], InstanceState::Draining);
    let rest = seconds(20) + CLOSE_GRACE;
    assert!(stage.pass(rest).contains(&Action::AskToStop(1)));
}

#[test]
fn a_successor_that_ends_soon_brings_all_former_ones_back() {
    for roll in [Roll::OneAtATime, Roll::AllAtOnce] {
        let policy = Policy { roll, ..kept(2) };
        let mut stage = Stage::ready(policy.clone());
        stage.command(2, Command::Reload(Some(policy)));
        for run in [3, 4] {
            stage.on(Event::Ready(run));
        }
        stage.pass(seconds(5));
        let actions = stage.on(Event::Exited(4, Exit::Code(0)));
        for run in [1, 2] {
            assert!(actions.contains(&Action::Serve(run)), "{actions:?}");
        }
        assert_eq!(stage.serving(), [1, 2]);
        let why = stage.answer(2).unwrap_err();
        let wanted = "instance 1: it ended with code 0, soon after it had taken over";
        assert_eq!(why, wanted);
        assert_eq!(stage.state.generation(), 1);
        assert!(!stage.state.is_mixed());
        // The other one finishes its requests, and does not come back.
        assert!(stage.pass(seconds(6)).contains(&Action::AskToStop(3)));
        stage.exit(3);
        assert_eq!(stage.standings(), [InstanceState::Ready; 2]);
        assert!(!stage.state.uses(2));
        assert_eq!(stage.state.next_due(), None);
    }
}

#[test]
fn a_successor_that_fails_its_health_does_too_and_may_finish_its_requests() {
    let mut stage = replaced(kept(1));
    for _ in 0..3 {
        assert_eq!(stage.serving(), [2]);
        stage.on(Event::Failed(2, "no".to_owned()));
    }
    assert_eq!(stage.serving(), [1]);
    assert!(
        stage
            .answer(2)
            .unwrap_err()
            .contains("failed its health check 3 times")
    );
    assert_eq!(
        stage.standings(),
        [InstanceState::Ready, InstanceState::Draining]
    );
}

#[test]
fn one_that_is_not_well_when_the_time_is_over_is_still_on_trial() {
    let mut stage = replaced(kept(1));
    stage.on(Event::Failed(2, "no".to_owned()));
    stage.pass(seconds(20));
    assert_eq!(stage.answered(2), None);
    stage.on(Event::Passed(2));
    assert!(stage.answer(2).is_ok());

    let mut stage = replaced(kept(1));
    stage.on(Event::Failed(2, "no".to_owned()));
    stage.pass(seconds(20));
    stage.on(Event::Failed(2, "no".to_owned()));
    stage.on(Event::Failed(2, "no".to_owned()));
    assert_eq!(stage.serving(), [1]);
}

#[test]
fn later_it_is_an_ordinary_failure() {
    let mut stage = replaced(kept(1));
    stage.pass(KEEP);
    stage.exit(1);
    assert_eq!(spawned(&stage.exit(2)), [3]);
    assert!(stage.answer(2).is_ok());
}

#[test]
fn one_that_uses_too_much_memory_soon_has_failed() {
    for (memory, is_killed) in [(MemoryAction::Roll, false), (MemoryAction::Kill, true)] {
        let mut stage = replaced(Policy { memory, ..kept(1) });
        let kept = stage.on(Event::OverMemory(1, 200 << 20));
        assert_eq!(kept, [], "it gets no requests, and goes soon");
        let actions = stage.on(Event::OverMemory(2, 200 << 20));
        assert_eq!(stage.serving(), [1]);
        assert_eq!(actions.contains(&Action::Kill(2)), is_killed);
        assert!(stage.answer(2).unwrap_err().contains("soon after"));
    }
}

#[test]
fn a_former_one_that_dies_meanwhile_is_not_missed_unless_its_successor_fails_too() {
    let mut stage = replaced(kept(1));
    assert_eq!(spawned(&stage.exit(1)), NOBODY);
    stage.pass(KEEP);
    assert!(stage.answer(2).is_ok());

    let mut stage = replaced(kept(1));
    for _ in 0..3 {
        stage.on(Event::Failed(1, "no".to_owned()));
    }
    stage.exit(1);
    // The settings that were good before are used for the next process.
    assert_eq!(
        stage.exit(2).last(),
        Some(&Action::Spawn {
            run: 3,
            number: 0,
            generation: 1
        })
    );
    assert!(stage.answer(2).unwrap_err().contains("soon after"));
    assert!(!stage.state.is_mixed());
    stage.on(Event::Ready(3));
    assert_eq!(stage.serving(), [3]);
}

#[test]
fn one_that_is_never_ready_brings_back_those_that_were_replaced() {
    let mut stage = Stage::ready(kept(2));
    stage.command(2, Command::Reload(None));
    stage.on(Event::Ready(3));
    assert_eq!(stage.serving(), [2, 3]);
    stage.on(Event::Exited(4, Exit::Code(1)));
    assert_eq!(stage.serving(), [1, 2]);
    let why = stage.answer(2).unwrap_err();
    assert!(!why.contains("stay"), "{why}");
    assert!(!stage.state.is_mixed());
}

#[test]
fn those_whose_time_is_over_stay_and_the_command_says_so() {
    let mut stage = Stage::ready(kept(2));
    stage.command(2, Command::Reload(None));
    stage.on(Event::Ready(3));
    stage.pass(KEEP);
    stage.exit(1);
    stage.on(Event::Exited(4, Exit::Code(1)));
    let why = stage.answer(2).unwrap_err();
    assert!(
        why.contains("1 of the new generation had taken over and keep running"),
        "{why}"
    );
    assert_eq!(stage.serving(), [2, 3]);
    assert!(stage.state.is_mixed());
}

#[test]
fn instances_that_the_next_generation_has_not_are_kept_and_come_back_too() {
    let mut stage = Stage::ready(kept(3));
    stage.command(2, Command::Reload(Some(kept(1))));
    stage.on(Event::Ready(4));
    assert_eq!(stage.serving(), [4]);
    assert_eq!(stage.runs(Run::is_former), [1, 2, 3]);
    assert_eq!(spawned(&stage.exit(2)), NOBODY, "it is not needed now");
    stage.exit(4);
    assert_eq!(stage.serving(), [1, 3]);
    assert_eq!(stage.starting(), [5], "and is started again then");
    assert_eq!(stage.state.policy().instances, 3);
}

#[test]
fn instances_that_the_former_generation_had_not_go() {
    let mut stage = Stage::ready(kept(1));
    stage.command(2, Command::Reload(Some(kept(2))));
    stage.on(Event::Ready(2));
    stage.on(Event::Ready(3));
    assert_eq!(spawned(&stage.exit(3)), NOBODY);
    assert_eq!(stage.serving(), [1]);
    assert!(stage.answer(2).is_err());
    stage.pass(seconds(6));
    stage.exit(2);
    assert_eq!(stage.standings(), [InstanceState::Ready]);
}

#[test]
fn meanwhile_it_is_changed_by_nobody_else() {
    let mut stage = replaced(kept(1));
    let scale = Command::Scale {
        instances: Some(2),
        spare: None,
    };
    for (id, command) in [(3, Command::Reload(None)), (4, scale)] {
        stage.command(id, command);
        let why = stage.answer(id).unwrap_err();
        assert!(why.contains("try again when it has"), "{why}");
    }
    assert_eq!(stage.runs(Run::is_former), [1]);
    stage.pass(KEEP);
    assert!(stage.answer(2).is_ok());
}

#[test]
fn a_stop_stops_both_and_what_ran_before_is_started_next() {
    let mut stage = replaced(kept(1));
    let actions = stage.command(3, Command::Stop);
    assert!(actions.contains(&Action::AskToStop(1)) && actions.contains(&Action::AskToStop(2)));
    assert!(stage.answer(2).unwrap_err().contains("stopped meanwhile"));
    stage.exit(2);
    stage.exit(1);
    assert!(stage.answer(3).is_ok() && stage.state.is_gone());
    assert!(!stage.state.is_mixed());
    assert_eq!(stage.state.next_due(), None);
}

#[test]
fn a_restart_starts_what_ran_before() {
    let mut stage = replaced(kept(1));
    stage.command(3, Command::Restart);
    assert!(stage.answer(2).unwrap_err().contains("restarted meanwhile"));
    assert_eq!(spawned(&stage.exit(2)), NOBODY);
    assert_eq!(spawned(&stage.exit(1)), [3]);
    stage.on(Event::Ready(3));
    assert!(stage.answer(3).is_ok());
    assert_eq!(stage.standings(), [InstanceState::Ready]);
}

#[test]
fn further_instances_have_to_live_for_as_long() {
    let scaled = || {
        let mut stage = Stage::ready(kept(1));
        let scale = Command::Scale {
            instances: Some(2),
            spare: None,
        };
        stage.command(2, scale);
        stage.on(Event::Ready(2));
        assert_eq!(stage.serving(), [1, 2]);
        stage.pass(ALMOST);
        assert!(stage.answered(2).is_none() && stage.state.is_on_trial());
        stage
    };
    let mut stage = scaled();
    stage.pass(Duration::from_millis(1));
    assert!(stage.answer(2).is_ok());
    assert_eq!(stage.state.next_due(), None);

    let mut stage = scaled();
    stage.exit(2);
    assert!(
        stage
            .answer(2)
            .unwrap_err()
            .contains("instance 1: it ended")
    );
    assert_eq!(stage.serving(), [1]);
}

#[test]
fn the_names_in_a_handover_are_these() {
    let stage = replaced(kept(1));
    let saved = serde_json::to_value(&stage.state).unwrap();
    let phases = ["1", "2"].map(|run| saved["runs"][run]["phase"].clone());
    let time = |seconds: u64, nanos: u64| serde_json::json!({ "secs": seconds, "nanos": nanos });
    let former = serde_json::json!({
        "Former": { "at": time(0, 0), "drain_until": time(5, 500_000_000) },
    });
    assert_eq!(
        phases,
        [former, serde_json::json!({ "Ready": { "at": time(0, 0) } })]
    );
    assert_eq!(saved["policy"]["keep_former"], time(10, 0));
    let state = serde_json::to_value(InstanceState::Former).unwrap();
    assert_eq!(state, "former");
}
