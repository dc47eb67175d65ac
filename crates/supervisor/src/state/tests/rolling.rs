//! Tests of rolling updates, driven by events.

use super::*;

#[test]
fn a_reload_takes_one_at_a_time_and_never_leaves_a_gap() {
    let mut stage = Stage::ready(Policy {
        instances: 3,
        ..policy()
    });
    let mut next = spawned(&stage.command(2, Command::Reload(None)));
    for old in 1..=3 {
        assert_eq!(next.len(), 1, "one more at a time");
        assert_eq!(stage.serving().len(), 3, "nobody leaves before");
        let actions = stage.on(Event::Ready(next[0]));
        assert!(actions.contains(&Action::Serve(next[0])));
        assert!(actions.contains(&Action::Withdraw(old)));
        assert!(
            !actions.contains(&Action::AskToStop(old)),
            "it drains first"
        );
        assert_eq!(stage.serving().len(), 3);
        let actions = stage.pass(seconds(5) + CLOSE_GRACE);
        assert!(actions.contains(&Action::AskToStop(old)));
        next = spawned(&stage.exit(old));
    }
    assert!(stage.answer(2).is_ok());
    assert_eq!(stage.state.generation(), 2);
    assert!(stage.state.runs().all(|run| run.generation == 2));
    assert!(!stage.state.uses(1));
}

#[test]
fn a_drained_process_need_not_wait() {
    let mut stage = Stage::ready(policy());
    stage.command(2, Command::Reload(None));
    stage.on(Event::Ready(2));
    assert!(stage.on(Event::Drained(1)).contains(&Action::AskToStop(1)));
    assert_eq!(
        stage.on(Event::Drained(2)),
        [],
        "one that is in use is not drained"
    );
}

#[test]
fn a_draining_process_hears_the_farewell_before_it_is_asked_to_stop() {
    let mut stage = Stage::ready(policy());
    stage.command(2, Command::Reload(None));
    stage.on(Event::Ready(2));
    assert_eq!(stage.pass(seconds(5)), [], "its connections are closed now");
    assert_eq!(
        stage.pass(CLOSE_GRACE.saturating_sub(Duration::from_millis(1))),
        []
    );
    let actions = stage.pass(Duration::from_millis(1));
    assert!(actions.contains(&Action::AskToStop(1)));
    let at_once = Policy {
        drain_within: Duration::ZERO,
        ..policy()
    };
    let mut stage = Stage::ready(at_once);
    stage.command(2, Command::Reload(None));
    assert!(stage.on(Event::Ready(2)).contains(&Action::AskToStop(1)));
}

#[test]
fn who_was_replaced_and_takes_its_time_holds_up_nobody() {
    let slow = Policy {
        drain_within: Duration::ZERO,
        stop_within: seconds(60),
        ..policy()
    };
    let mut stage = Stage::ready(slow);
    stage.command(2, Command::Reload(None));
    stage.on(Event::Ready(2));
    assert!(stage.answer(2).is_ok());
    stage.pass(seconds(1));
    assert_eq!(spawned(&stage.exit(2)), [3], "the old one is still leaving");
    stage.on(Event::Ready(3));
    assert_eq!(stage.exit(1), []);
    assert_eq!(stage.serving(), [3]);
    assert_eq!(stage.standings(), [InstanceState::Ready]);
}

#[test]
fn all_at_once_waits_for_the_last() {
    let all = Policy {
        instances: 2,
        roll: Roll::AllAtOnce,
        ..policy()
    };
    let mut stage = Stage::ready(all);
    assert_eq!(spawned(&stage.command(2, Command::Reload(None))), [3, 4]);
    stage.on(Event::Ready(3));
    assert_eq!(stage.serving(), [1, 2]);
    stage.on(Event::Ready(4));
    assert_eq!(stage.serving(), [3, 4]);
    assert!(stage.answer(2).is_ok());
}

#[test]
fn a_generation_that_fails_leaves_the_old_one() {
    for roll in [Roll::OneAtATime, Roll::AllAtOnce] {
        let mut stage = Stage::ready(Policy {
            instances: 2,
            roll,
            ..policy()
        });
        let changed = Policy {
            roll,
            instances: 5,
            ..policy()
        };
        stage.command(2, Command::Reload(Some(changed)));
        stage.on(Event::Exited(3, Exit::Code(1)));
        let why = stage.answer(2).unwrap_err();
        assert!(
            why.contains("instance 0: it ended with code 1 before it was ready"),
            "{why}"
        );
        assert_eq!(stage.serving(), [1, 2]);
        for run in stage.runs(|run| !run.serving) {
            stage.exit(run);
        }
        assert_eq!(
            (stage.state.generation(), stage.state.policy().instances),
            (1, 2)
        );
        assert_eq!(stage.state.runs().count(), 2);
        assert!(!stage.state.uses(2));
    }
}

#[test]
fn a_generation_that_is_never_ready_is_stopped() {
    let mut stage = Stage::ready(policy());
    stage.command(2, Command::Reload(None));
    let why = "a new generation is already taking over";
    stage.command(3, Command::Reload(None));
    assert!(stage.answer(3).unwrap_err().contains(why));
    assert!(stage.pass(seconds(30)).contains(&Action::AskToStop(2)));
    assert!(
        stage
            .answer(2)
            .unwrap_err()
            .contains("not ready within 30s")
    );
    stage.exit(2);
    assert_eq!(stage.serving(), [1]);
}

#[test]
fn a_next_generation_may_be_larger_or_smaller() {
    for (before, after) in [(1, 3), (3, 1)] {
        let mut stage = Stage::ready(Policy {
            instances: before,
            ..policy()
        });
        let changed = Policy {
            instances: after,
            ..policy()
        };
        stage.command(2, Command::Reload(Some(changed)));
        while stage.answered(2).is_none() {
            for run in stage.starting() {
                stage.on(Event::Ready(run));
            }
            stage.pass(seconds(6));
            for run in stage.runs(Run::is_leaving) {
                stage.exit(run);
            }
        }
        stage.pass(seconds(6));
        for run in stage.runs(Run::is_leaving) {
            stage.exit(run);
        }
        assert_eq!(stage.serving().len(), after as usize);
        assert_eq!(stage.state.runs().count(), after as usize);
    }
}

#[test]
fn one_that_fails_on_its_way_leaves_generations_that_a_reload_brings_together() {
    let mut stage = Stage::ready(Policy {
        instances: 2,
        ..policy()
    });
    stage.command(2, Command::Reload(None));
    stage.on(Event::Ready(3));
    assert!(!stage.state.is_mixed(), "it is on its way");
    stage.on(Event::Drained(1));
    let next = spawned(&stage.exit(1));
    stage.on(Event::Exited(next[0], Exit::Code(1)));
    let why = stage.answer(2).unwrap_err();
    assert!(
        why.contains("1 of the new generation had taken over and keep running"),
        "{why}"
    );
    assert!(stage.state.is_mixed());
    stage.command(3, Command::Reload(None));
    while stage.answered(3).is_none() {
        for run in stage.starting() {
            stage.on(Event::Ready(run));
        }
        for run in stage.runs(Run::is_leaving) {
            stage.on(Event::Drained(run));
            stage.exit(run);
        }
    }
    assert!(stage.answer(3).is_ok() && !stage.state.is_mixed());
}

#[test]
fn one_that_is_stopped_takes_another_description_and_stays_where_it_is() {
    let mut stage = Stage::ready(policy());
    stage.command(2, Command::Stop);
    let more = Policy {
        instances: 2,
        ..policy()
    };
    // Processes that are already stopping are not replaced.
    stage.command(3, Command::Reload(Some(more)));
    assert!(stage.answer(3).is_ok());
    stage.exit(1);
    assert_eq!(stage.standings(), [InstanceState::Stopped; 2]);
    assert!(!stage.state.is_mixed());
    let next = spawned(&stage.command(4, Command::Start));
    let runs = stage.state.runs().filter(|run| next.contains(&run.id));
    let generations: Vec<u32> = runs.map(|run| run.generation).collect();
    assert_eq!(generations, [2, 2]);
    for run in next {
        stage.on(Event::Ready(run));
    }
    assert!(stage.answer(4).is_ok());
    stage.command(5, Command::Stop);
    for run in stage.runs(|_| true) {
        stage.exit(run);
    }
    stage.command(6, Command::Reload(Some(policy())));
    assert_eq!(stage.standings(), [InstanceState::Stopped]);
}
