//! Tests of rolling updates: how a new generation or a new plan takes over.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use supervisor::state::{Exit, InstanceState};
use supervisor::{Address, NotificationKind, ServiceChange};

use crate::support::{Fixture, plan, until};

const WEB: &str = r#"
[web]
run = "python3 server.py"
listen = "unix"
instances = 2
drain_within = "500ms"
keep_former = "0s"
health = { path = "/health" }
"#;

/// The drain timeout in the test service's settings.
const DRAIN_WITHIN: Duration = Duration::from_millis(500);

fn ask(path: &Path) -> io::Result<String> {
    let mut stream = UnixStream::connect(path)?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn somebody_always_answers_while_a_service_rolls_over() {
    for roll in ["one", "all"] {
        let fixture = Fixture::new(
            &format!("{WEB}\nroll = \"{roll}\"").replace("health =", "env = {}\nhealth ="),
        );
        fixture.ready("web", 2);
        let before: Vec<_> = fixture.rows("web").iter().map(|row| row.pid).collect();
        let (over, asked) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU32::new(0)),
        );
        let fleet = fixture.control.ready_instances();
        let guest = std::thread::spawn({
            let (over, asked) = (Arc::clone(&over), Arc::clone(&asked));
            move || {
                while !over.load(Ordering::Relaxed) {
                    let begin = Instant::now();
                    let addresses = fleet.borrow()["web"].addresses();
                    let [Address::Unix(path), ..] = addresses.as_slice() else {
                        panic!("nobody is there");
                    };
                    match ask(path) {
                        Ok(answer) if answer.contains("200") => {
                            asked.fetch_add(1, Ordering::Relaxed);
                        }
                        // After the drain timeout, the process may have exited, so the connection
                        // may fail.
                        other => assert!(begin.elapsed() >= DRAIN_WITHIN, "{other:?}"),
                    }
                }
            }
        });
        fixture.wait(fixture.control.reload("web")).unwrap();
        over.store(true, Ordering::Relaxed);
        guest.join().unwrap();
        assert!(asked.load(Ordering::Relaxed) > 0);
        let rows = fixture.rows("web");
        let now = rows
            .iter()
            .filter(|row| row.generation == 2 && !before.contains(&row.pid));
        assert_eq!(now.count(), 2);
    }
}

#[test]
fn a_service_has_been_up_since_before_it_was_replaced() {
    let fixture = Fixture::new(&WEB.replace("instances = 2", "instances = 1"));
    fixture.ready("web", 1);
    let up_since = || fixture.rows("web")[0].up_since;
    let before = up_since().unwrap();
    fixture.wait(fixture.control.reload("web")).unwrap();
    assert_eq!(up_since(), Some(before));
    fixture.wait(fixture.control.restart("web")).unwrap();
    assert!(up_since().unwrap() > before, "there was a gap");
    fixture.wait(fixture.control.stop("web")).unwrap();
    assert_eq!(up_since(), None);
}

#[test]
fn a_generation_that_does_not_get_ready_leaves_the_old_one() {
    let fixture = Fixture::new(WEB);
    fixture.ready("web", 2);
    let before = fixture.rows("web");
    fs::write(
        fixture.folder.path().join("server.py"),
        "raise SystemExit(3)",
    )
    .unwrap();
    let why = fixture.wait(fixture.control.reload("web")).unwrap_err();
    assert!(
        why.to_string().contains("code 3 before it was ready"),
        "{why}"
    );
    let pids =
        |rows: &[supervisor::InstanceStatus]| rows.iter().map(|row| row.pid).collect::<Vec<_>>();
    assert_eq!(pids(&fixture.rows("web")), pids(&before));
}

#[test]
fn what_is_told_of_one_that_failed_it_has_said_itself() {
    let talks = "while :; do echo old; sleep 0.01; done";
    let fails = "touch here; while ! test -e go; do sleep 0.01; done; echo new; exit 3";
    let fixture = Fixture::new(&format!("[talks]\nrun = \"{talks}\"\nshell = true"));
    fixture.ready("talks", 1);
    let folder = fixture.folder.path();
    let next = format!("[talks]\nrun = \"{fails}\"\nshell = true\nlisten = \"unix\"");
    let next = plan(folder, &next).unwrap();
    let mut news = fixture.control.notifications();
    let changed = std::thread::scope(|scope| {
        scope.spawn(|| {
            until("the next one is there", || folder.join("here").exists());
            let said = || {
                let log = fs::read_to_string(folder.join("logs/talks.log"));
                log.unwrap().matches("old").count()
            };
            let before = said();
            until("the old one goes on", || said() > before + 20);
            fs::write(folder.join("go"), "").unwrap();
        });
        fixture.wait(fixture.control.apply(next)).unwrap()
    });
    assert!(changed[0].outcome.is_err());
    let told = std::iter::from_fn(|| news.try_recv().ok());
    let failed = told.filter_map(|news| match news.what {
        NotificationKind::Failed {
            lines,
            exit,
            ran_milliseconds,
            ..
        } => Some((lines, exit, ran_milliseconds)),
        _ => None,
    });
    let failed: Vec<_> = failed.collect();
    let [(lines, exit, ran)] = &failed[..] else {
        panic!("{failed:?}");
    };
    assert_eq!(
        (&lines[..], exit),
        (&["new".to_owned()][..], &Some(Exit::Code(3)))
    );
    assert!((200..100_000).contains(ran), "{ran}");
}

#[test]
fn the_old_plan_brings_back_what_a_failed_one_left() {
    let fixture = Fixture::new(WEB);
    fixture.ready("web", 2);
    let fails = "run = \"test $KENDURI_INSTANCE = 0 && exec python3 server.py\"\nshell = true";
    let next = WEB.replace("run = \"python3 server.py\"", fails);
    let path = fixture.folder.path();
    let (before, next) = (plan(path, WEB).unwrap(), plan(path, &next).unwrap());
    let changed = fixture.wait(fixture.control.apply(next)).unwrap();
    let why = changed[0].outcome.as_ref().unwrap_err().to_string();
    assert!(why.contains("had taken over and keep running"), "{why}");
    let changed = fixture.wait(fixture.control.apply(before.clone())).unwrap();
    assert_eq!(changed.len(), 1, "what stayed of the failed one goes");
    assert!(changed[0].outcome.is_ok());
    let rows = fixture.rows("web");
    let ready = rows.iter().filter(|row| row.state == InstanceState::Ready);
    let generations: Vec<u32> = ready.map(|row| row.generation).collect();
    assert_eq!(generations, [3, 3]);
    assert!(
        fixture
            .wait(fixture.control.apply(before))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn another_plan_touches_only_what_changed() {
    let sleeps = |seconds: u32, instances: u32| {
        format!(
            "run = \"sleep {seconds}\"\ninstances = {instances}\ndrain_within = \"0s\"\nkeep_former = \"0s\"\n"
        )
    };
    let fixture = Fixture::new(&format!(
        "[same]\n{}[changes]\n{}[goes]\n{}[grows]\n{}",
        sleeps(1_000, 1),
        sleeps(1_000, 1),
        sleeps(1_000, 1),
        sleeps(1_000, 1)
    ));
    for name in ["same", "changes", "goes", "grows"] {
        fixture.ready(name, 1);
    }
    let before = ["same", "changes", "grows"].map(|name| fixture.pid(name));
    let next = format!(
        "[same]\n{}[changes]\n{}[comes]\n{}[grows]\n{}",
        sleeps(1_000, 1),
        sleeps(2_000, 1),
        sleeps(1_000, 1),
        sleeps(1_000, 2)
    );
    let next = plan(fixture.folder.path(), &next).unwrap();
    let mut changes = fixture.wait(fixture.control.apply(next.clone())).unwrap();
    changes.sort_by_key(|changed| Arc::clone(&changed.service));
    let told: Vec<_> = changes
        .iter()
        .map(|changed| (&*changed.service, changed.change))
        .collect();
    let wanted = [
        ("changes", ServiceChange::Changed),
        ("comes", ServiceChange::Added),
        ("goes", ServiceChange::Removed),
        ("grows", ServiceChange::Changed),
    ];
    assert_eq!(told, wanted);
    assert!(changes.iter().all(|changed| changed.outcome.is_ok()));
    fixture.ready("comes", 1);
    until("the old one is gone", || fixture.rows("changes").len() == 1);
    let after = ["same", "changes", "grows"].map(|name| fixture.pid(name));
    assert!(before[0] == after[0] && before[1] != after[1] && before[2] == after[2]);
    assert_eq!(fixture.ready("grows", 2).ready.len(), 2);
    assert!(fixture.rows("goes").is_empty());
    assert!(
        fixture
            .wait(fixture.control.apply(next))
            .unwrap()
            .is_empty(),
        "nothing changed"
    );
}

#[test]
fn one_that_is_stopped_is_still_there_and_starts_as_it_was_described_last() {
    let fixture = Fixture::new("[a]\nrun = \"sleep 1000\"");
    fixture.ready("a", 1);
    fixture.wait(fixture.control.stop("a")).unwrap();
    let states =
        || -> Vec<InstanceState> { fixture.rows("a").iter().map(|row| row.state).collect() };
    fixture.wait(fixture.control.reload("a")).unwrap();
    assert_eq!(states(), [InstanceState::Stopped]);
    let next = plan(fixture.folder.path(), "[a]\nrun = \"sleep 2000\"").unwrap();
    let changed = fixture.wait(fixture.control.apply(next)).unwrap();
    assert!(changed[0].outcome.is_ok());
    assert_eq!(states(), [InstanceState::Stopped]);
    fixture.wait(fixture.control.start("a")).unwrap();
    let described = fixture.wait(fixture.control.describe("a")).unwrap();
    assert_eq!(described.command, ["sleep", "2000"]);
    assert_eq!(
        (described.generation, states()),
        (3, vec![InstanceState::Ready])
    );
}

#[test]
fn one_that_waits_for_another_starts_as_it_was_described_last() {
    let described = |seconds: u32| {
        format!(
            "[first]\nrun = \"while ! test -e go; do sleep 0.02; done; exec python3 server.py\"\n\
             shell = true\nlisten = \"unix\"\n\
             [second]\nrun = \"sleep {seconds}\"\nafter = [\"first\"]\n"
        )
    };
    let fixture = Fixture::new(&described(1_000));
    let next = plan(fixture.folder.path(), &described(2_000)).unwrap();
    fixture.wait(fixture.control.apply(next)).unwrap();
    fixture.wait(fixture.control.reload("second")).unwrap();
    assert!(fixture.rows("second").iter().all(|row| row.pid.is_none()));
    fs::write(fixture.folder.path().join("go"), "").unwrap();
    fixture.ready("second", 1);
    let described = fixture.wait(fixture.control.describe("second")).unwrap();
    assert_eq!(described.command, ["sleep", "2000"]);
}
