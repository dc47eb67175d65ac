//! Tests that exited instances are restarted and that their processes leave nothing behind.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;
use supervisor::NotificationKind;
use supervisor::state::InstanceState;

use crate::support::{Fixture, folder, folder_with, kill, lives, marked, sleeping, until};

/// Starts children, grandchildren, and a process in its own session.
const FAMILY: &str = "sleep 1000 & (sleep 1000 & sleep 1000) & setsid sleep 1000 & wait";
/// The minimum number of processes that `FAMILY` starts. Some shells start another process for the
/// parentheses.
const FAMILY_SIZE: usize = 5;

/// Starts a supervisor for one service. The service's processes have the fixture's folder in their
/// variable `MARK`. `service` is TOML that ends within the service's table.
fn fixture_of(service: &str) -> Fixture {
    let folder = folder();
    let mark = folder.path().display();
    let marked = format!("{service}\nenv = {{ MARK = \"{mark}\" }}");
    Fixture::in_folder(folder, &marked)
}

#[test]
fn one_that_is_killed_is_back_and_what_it_said_is_told() {
    let fixture = Fixture::new(
        "[web]\nrun = \"python3 server.py\"\nlisten = \"unix\"\nhealth = { path = \"/\" }",
    );
    fixture.ready("web", 1);
    let mut news = fixture.control.notifications();
    let before = fixture.pid("web");
    kill(before, Signal::KILL);
    let failed = fixture.wait(async {
        loop {
            let news = news.recv().await.unwrap();
            if let NotificationKind::Failed { .. } = news.what {
                return news;
            }
        }
    });
    assert_eq!((failed.pid, failed.instance), (Some(before), Some(0)));
    let NotificationKind::Failed { reason, lines, .. } = failed.what else {
        unreachable!()
    };
    assert_eq!(
        (reason.as_str(), lines),
        ("it ended with signal 9", vec!["serving".to_owned()])
    );
    fixture.ready("web", 1);
    let row = &fixture.rows("web")[0];
    assert!(row.pid != Some(before) && row.restarts == 1);
    assert_eq!(row.last_exit.as_deref(), Some("signal 9"));
}

#[test]
fn a_family_ends_together_when_its_head_is_killed_or_stopped() {
    let fixture = fixture_of(&format!("[family]\nrun = \"{FAMILY}\"\nshell = true"));
    let marked = || marked(fixture.folder.path());
    fixture.ready("family", 1);
    until("all are there", || marked().len() >= FAMILY_SIZE);
    let before = marked();
    kill(fixture.pid("family"), Signal::KILL);
    until("all of them are gone", || {
        before.iter().all(|pid| !lives(*pid))
    });
    fixture.ready("family", 1);
    until("all are there again", || marked().len() >= FAMILY_SIZE);
    fixture.wait(fixture.control.stop("family")).unwrap();
    assert_eq!(marked(), [] as [i32; 0]);
    assert_eq!(fixture.rows("family")[0].state, InstanceState::Stopped);
}

#[test]
fn who_left_without_a_trace_is_asked_to_stop_and_ends_with_the_others() {
    // Each process sleeps for longer than the test lasts. So the test notices any process that the
    // supervisor fails to kill.
    let name = format!("1000.{}1", std::process::id());
    let fixture = Fixture::new(&format!(
        r#"
        [strays]
        run = "setsid /bin/sleep {name} & (setsid nohup env -i /bin/sleep {name} &); exec /bin/sleep {name}"
        shell = true
        stop = {{ within = "1h" }}
        "#,
    ));
    fixture.ready("strays", 1);
    until("all are there", || sleeping(&name).len() == 3);
    fixture.wait(fixture.control.stop("strays")).unwrap();
    assert_eq!(sleeping(&name), [] as [i32; 0]);
    fixture.wait(fixture.control.start("strays")).unwrap();
    until("all are there again", || sleeping(&name).len() == 3);
    let before = sleeping(&name);
    kill(fixture.pid("strays"), Signal::KILL);
    until("all of them are gone", || {
        before.iter().all(|pid| !lives(*pid))
    });
}

#[test]
fn one_that_does_not_listen_is_killed_with_all_that_it_started() {
    let fixture = fixture_of(
        r#"
        [deaf]
        run = 'trap "" TERM; sleep 1000 & echo here; while :; do sleep 1000; done'
        shell = true
        stop = { within = "200ms" }
        "#,
    );
    until("it is deaf", || fixture.log_text("deaf").contains("here"));
    let mut news = fixture.control.notifications();
    fixture.wait(fixture.control.stop("deaf")).unwrap();
    assert_eq!(marked(fixture.folder.path()), [] as [i32; 0]);
    let told = std::iter::from_fn(|| news.try_recv().ok());
    assert!(
        told.into_iter()
            .any(|news| news.what == NotificationKind::Killed)
    );
}

#[test]
fn one_that_is_unwell_is_replaced() {
    let fixture = Fixture::new(
        r#"
        [web]
        run = "python3 server.py"
        listen = "tcp"
        health = { path = "/health", every = "50ms", within = "20s", fall = 2 }
        "#,
    );
    fixture.ready("web", 1);
    let before = fixture.pid("web");
    fs::write(fixture.folder.path().join("ill"), "").unwrap();
    until("it is replaced", || !lives(before));
    fs::remove_file(fixture.folder.path().join("ill")).unwrap();
    fixture.ready("web", 1);
    assert!(fixture.pid("web") != before);
}

#[test]
fn a_spare_takes_over_before_a_new_one_is_ready() {
    let fixture = Fixture::new("[two]\nrun = \"sleep 1000\"\nspare = 1");
    let crew = fixture.ready("two", 1);
    until("there is a spare", || {
        fixture
            .rows("two")
            .iter()
            .any(|row| row.state == InstanceState::Spare)
    });
    let mut fleet = fixture.control.ready_instances();
    fleet.mark_unchanged();
    kill(
        fixture.rows("two")[crew.ready[0].instance as usize]
            .pid
            .unwrap(),
        Signal::KILL,
    );
    fixture.wait(async { fleet.changed().await.unwrap() });
    let next = fleet.borrow()["two"].clone();
    assert_eq!(next.ready.len(), 1, "never nobody");
    assert!(next.ready[0].run != crew.ready[0].run);
}

#[test]
fn it_is_started_again_as_often_as_it_may() {
    let fixture = Fixture::new(
        r#"
        [once]
        run = "true"
        restart = { when = "on-failure" }
        [often]
        run = "false"
        restart = { backoff = "1ms..1ms", give_up = "5 in 10m" }
        "#,
    );
    fixture.crew("often", |crew| crew.failed);
    let row = &fixture.rows("often")[0];
    assert_eq!(
        (row.state, row.restarts, row.last_exit.as_deref()),
        (InstanceState::Failed, 4, Some("code 1"))
    );
    let described = fixture.wait(fixture.control.describe("often")).unwrap();
    assert_eq!(described.exits.len(), 5);
    until("it has finished", || {
        fixture.rows("once")[0].state == InstanceState::Finished
    });
    let gone = fixture.wait(fixture.control.describe("other")).unwrap_err();
    assert_eq!(
        gone.to_string(),
        "there is no service \"other\"\n  kenduri ps lists the services"
    );
}

#[test]
fn that_instances_are_given_up_is_one_time_from_the_first_to_the_last() {
    let fixture = Fixture::in_folder(
        folder_with("well1", ""),
        r#"
        [often]
        run = "test -e well$KENDURI_INSTANCE && exec sleep 1000; exit 3"
        shell = true
        instances = 2
        restart = { backoff = "1ms..1ms", give_up = "3 in 10m" }
        "#,
    );
    let file = |instance: u32| fixture.folder.path().join(format!("well{instance}"));
    let fail = |instance: u32| {
        let _ = fs::remove_file(file(instance));
        let rows = fixture.rows("often");
        if let Some(pid) = rows[instance as usize].pid {
            kill(pid, Signal::KILL);
        }
    };
    let first = fixture.crew("often", |crew| {
        crew.given_up.is_some() && crew.ready.len() == 1
    });
    assert!(!first.failed);
    let reason = &first.given_up.as_ref().unwrap().reason;
    assert!(reason.contains("code 3"), "{reason}");
    fail(1);
    let all = fixture.crew("often", |crew| crew.failed);
    assert_eq!(all.given_up, first.given_up);
    for instance in [0, 1] {
        fs::write(file(instance), "").unwrap();
    }
    fixture.wait(fixture.control.start("often")).unwrap();
    assert_eq!(fixture.ready("often", 2).given_up, None);
    fail(0);
    let again = fixture.crew("often", |crew| crew.given_up.is_some());
    let since = |crew: &supervisor::ServiceInstances| crew.given_up.as_ref().map(|time| time.since);
    assert!(since(&again) > since(&first));
}

#[test]
fn too_much_memory_is_noticed_and_rolled_over() {
    let script = r#"
import os, time
held = b""
print("small", flush=True)
while True:
    if os.path.exists("grow") and not held:
        os.remove("grow")
        held = b"x" * (96 << 20)
        print("large", flush=True)
    time.sleep(0.05)
"#;
    let fixture = Fixture::in_folder(
        folder_with("grows.py", script),
        r#"
        [grows]
        run = "python3 grows.py"
        memory = { max = "64M" }
        drain_within = "100ms"
        "#,
    );
    fixture.ready("grows", 1);
    let first = fixture.pid("grows");
    let grow = || fs::write(fixture.folder.path().join("grow"), "").unwrap();
    grow();
    until("it is started again", || !lives(first));
    fixture.ready("grows", 1);
    let restarts = fixture.rows("grows")[0].restarts;
    assert_eq!(restarts, 1, "so soon, another one would be no better");
    fixture.passes(Duration::from_mins(1));
    let before = fixture.pid("grows");
    let mut news = fixture.control.notifications();
    grow();
    until("it is replaced", || !lives(before));
    fixture.ready("grows", 1);
    let told: Vec<NotificationKind> = std::iter::from_fn(|| news.try_recv().ok())
        .map(|news| news.what)
        .collect();
    let over = |what: &NotificationKind| matches!(what, NotificationKind::OverMemory { bytes, .. } if *bytes > 64 << 20);
    let at = |what: &dyn Fn(&NotificationKind) -> bool| told.iter().position(what);
    let ready = at(&|what| matches!(what, NotificationKind::Ready { .. }));
    let left = at(&|what| *what == NotificationKind::Withdrawn);
    assert!(at(&over) < ready && ready < left, "{told:?}");
    until("its use is told", || {
        fixture.rows("grows")[0].memory_bytes > 1 << 20
    });
}

#[test]
fn starting_and_stopping_by_hand() {
    let fixture = Fixture::new("[a]\nrun = \"sleep 1000\"\nkeep_former = \"0s\"");
    fixture.ready("a", 1);
    fixture.wait(fixture.control.stop("a")).unwrap();
    assert_eq!(fixture.rows("a")[0].pid, None);
    fixture.wait(fixture.control.start("a")).unwrap();
    let first = fixture.pid("a");
    fixture.wait(fixture.control.restart("a")).unwrap();
    assert!(fixture.pid("a") != first && !lives(first));
    fixture.wait(fixture.control.scale("a", 3)).unwrap();
    assert_eq!(fixture.ready("a", 3).ready.len(), 3);
    fixture.wait(fixture.control.scale("a", 1)).unwrap();
    assert_eq!(fixture.rows("a").len(), 1);
    let refused = fixture.wait(fixture.control.scale("a", 0)).unwrap_err();
    assert!(refused.to_string().contains("1 to 64"));
    let row = serde_json::to_value(&fixture.rows("a")[0]).unwrap();
    for key in [
        "service",
        "instance",
        "generation",
        "state",
        "pid",
        "since",
        "restarts",
        "cpu_percent",
        "memory_bytes",
        "requests_per_second",
        "last_exit",
    ] {
        assert!(row.get(key).is_some(), "{key}");
    }
    let control = fixture.control.clone();
    fixture.stop();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    assert!(runtime.block_on(control.ps()).is_err());
}
