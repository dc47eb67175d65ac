//! Tests of a supervisor in a separate process: its resources, the orphans that it adopts, and the
//! processes that are left when it is killed.

use std::fs;
use std::process::Command;

use serde_json::json;

use crate::program::Alone;
use crate::support::{SUPERVISE, folder, lives, marked, sleeping, until};

#[test]
fn a_thousand_crashes_cost_nothing() {
    // The test compares the supervisor's memory and descriptors after the first crashes with those
    // after a thousand more.
    let folder = folder();
    let crashes = |times: u32, after: &[&str]| {
        json!({
            "run": "echo going down; exit 1",
            "shell": true,
            "after": after,
            "restart": { "backoff": "1ms..1ms", "give_up": format!("{times} in 1d") },
        })
    };
    // `wait` starts when `first` is abandoned, and finishes when the test creates the file `go`.
    let wait = json!({ "run": "while ! test -e go; do sleep 0.05; done; echo done", "shell": true,
        "after": ["first"], "restart": { "when": "never" }, "stop": { "within": "1s" } });
    let mut second = crashes(1_000, &[]);
    second["run"] = json!("while ! test -e go; do sleep 0.05; done; echo going down; exit 1");
    let services = json!({ "first": crashes(50, &[]), "second": second, "wait": wait });
    let mut alone = Alone::start(folder.path(), &services);
    // If a run of `first` takes longer than a second, `first` counts as ready and `wait` starts
    // early. So the two events can come in either order.
    alone.wait_for_all([("first", "gave-up"), ("wait", "ready")]);
    until("it is calm", || alone.children().len() == 2);
    let (memory, descriptors) = (alone.memory(), alone.descriptors());
    fs::write(folder.path().join("go"), "").unwrap();
    alone.wait_for("second", "gave-up");
    // Two processes that ran during the first measurement have exited, so the supervisor may have
    // fewer descriptors now.
    until("nobody is left", || alone.children().is_empty());
    let (after, now) = (alone.memory(), alone.descriptors());
    assert!(now <= descriptors, "{descriptors} descriptors became {now}");
    assert!(after <= memory + (1 << 20), "{memory} bytes became {after}");
    alone.stop();
}

#[test]
fn orphans_are_reaped() {
    let folder = folder();
    let services = json!({
        "forks": {
            // Each command leaves an orphaned process in its own session. The orphaned process
            // exits later.
            "run": "i=0; while test $i -lt 50; do i=$((i+1)); (setsid sleep 0.1 &); done; echo all; exec sleep 1000",
            "shell": true,
        },
    });
    let mut alone = Alone::start(folder.path(), &services);
    alone.wait_for("forks", "ready");
    until("only the service is left", || {
        let log = fs::read_to_string(folder.path().join("logs/forks.log")).unwrap();
        log.contains("all") && alone.children().len() == 1
    });
    alone.stop();
}

#[test]
fn what_a_killed_supervisor_leaves_is_ended_by_the_next() {
    let folder = folder();
    let stray = format!("1000.{}4", std::process::id());
    let services = json!({
        "family": {
            "run": format!(
                "trap '' TERM; sleep 1000 & setsid sleep 1000 & (setsid env -i /bin/sleep {stray} &); wait"
            ),
            "shell": true,
            "env": { "MARK": folder.path() },
        },
    });
    let mut alone = Alone::start(folder.path(), &services);
    let head = alone.wait_for("family", "ready")["pid"].as_i64().unwrap();
    let head = i32::try_from(head).unwrap();
    until("all are there", || {
        marked(folder.path()).len() == 3 && sleeping(&stray).len() == 1
    });
    let mut left = marked(folder.path());
    left.extend(sleeping(&stray));
    let taken = Command::new(SUPERVISE)
        .args([&folder.path().join("services.json"), folder.path()])
        .output()
        .unwrap();
    let why = String::from_utf8_lossy(&taken.stderr).into_owned();
    assert!(
        !taken.status.success() && why.contains("another supervisor uses"),
        "{why}"
    );
    drop(alone);
    until("the first process died with its supervisor", || {
        !lives(head)
    });
    assert!(
        left.iter().any(|pid| lives(*pid)),
        "the others had no such luck"
    );
    let mut next = Alone::start(folder.path(), &services);
    next.wait_for("family", "ready");
    assert!(
        left.iter().all(|pid| !lives(*pid)),
        "nobody is left from before"
    );
    next.stop();
    assert_eq!(marked(folder.path()), [] as [i32; 0]);
}

#[test]
fn who_carries_a_recorded_number_and_is_another_is_left_alone() {
    let folder = folder();
    let mut stranger = Command::new("sleep").arg("1000").spawn().unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let record = json!({
        "boot": boot.trim(), "service": "a", "pid": stranger.id(), "start": 1, "token": "another",
    });
    let records = folder.path().join("run/processes");
    fs::create_dir_all(&records).unwrap();
    fs::write(records.join("another"), record.to_string()).unwrap();
    fs::write(records.join("torn"), "{\"boot\":").unwrap();
    let mut alone = Alone::start(folder.path(), &json!({ "a": { "run": "sleep 1000" } }));
    alone.wait_for("a", "ready");
    assert!(lives(stranger.id().try_into().unwrap()));
    assert_eq!(fs::read_dir(&records).unwrap().count(), 1, "that of a");
    alone.stop();
    assert_eq!(fs::read_dir(&records).unwrap().count(), 0);
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}
