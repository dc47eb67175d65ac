//! Tests that a supervisor can replace its program by `exec` while all services keep running.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::program::Alone;
use crate::support::{
    PATIENCE, SUPERVISE, copy_program, folder, folder_with, kill, lives, marked, until,
};

fn pid_of(news: &Value) -> i32 {
    news["pid"].as_i64().unwrap().try_into().unwrap()
}

fn ask(socket: &Path) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn many_renewals_change_no_child_and_leave_no_descriptor() {
    let folder = folder();
    let services = json!({
        "quiet": { "run": "sleep 1000", "instances": 3 },
        "web": { "run": "python3 server.py", "listen": "unix" },
    });
    let mut alone = Alone::start(folder.path(), &services);
    for _ in 0..4 {
        alone.wait_until(|news| news["what"] == "ready");
    }
    until("it is calm", || alone.children().len() == 4);
    let (children, descriptors, me) = (alone.children(), alone.descriptors(), alone.pid());
    for _ in 0..50 {
        alone.renew();
    }
    assert_eq!((alone.pid(), alone.children()), (me, children.clone()));
    until("every descriptor is closed", || {
        alone.descriptors() <= descriptors
    });
    // The new supervisor must restart a service when its process dies.
    kill(children[0], Signal::KILL);
    alone.wait_until(|news| news["what"] == "failed" && pid_of(news) == children[0]);
    alone.wait_until(|news| news["what"] == "ready");
    alone.stop();
    assert!(children.iter().all(|pid| !lives(*pid)));
}

#[test]
fn no_line_is_lost_or_doubled() {
    const LINES: u32 = 30_000;
    // The service writes incomplete lines, as fast as the supervisor reads them.
    let script = format!(
        r#"
import os, time
text = "".join("line %d of many\n" % number for number in range({LINES})).encode()
at = 0
while at < len(text):
    at += os.write(1, text[at:at + 977])
    if at % 50 == 0:
        time.sleep(0.01)
print("end", flush=True)
time.sleep(1000)
"#
    );
    let folder = folder_with("chatty.py", &script);
    let services = json!({ "chatty": { "run": "python3 chatty.py", "logs": { "max": "1G" } } });
    let mut alone = Alone::start(folder.path(), &services);
    let log = || fs::read_to_string(folder.path().join("logs/chatty.log")).unwrap_or_default();
    until("it speaks", || log().lines().count() > 100);
    for _ in 0..5 {
        let before = log().len();
        alone.renew();
        until("it goes on", || {
            log().len() > before || log().contains("out end")
        });
    }
    until("it has said everything", || log().contains("out end"));
    let log = log();
    let said = log.lines().map(|line| line.split_once(" out ").unwrap().1);
    let wanted: Vec<String> = (0..LINES)
        .map(|number| format!("line {number} of many"))
        .collect();
    assert!(
        said.take(wanted.len())
            .eq(wanted.iter().map(String::as_str))
    );
    alone.stop();
}

#[test]
fn an_activated_socket_serves_all_the_time() {
    let folder = folder();
    let services = json!({
        "web": { "run": "python3 server.py", "listen": "unix", "activate": true, "health": { "path": "/health" } },
    });
    let mut alone = Alone::start(folder.path(), &services);
    let pid = pid_of(&alone.wait_for("web", "ready"));
    let socket = folder.path().join("run/services/web.0.1.sock");
    let (stop, asked) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU32::new(0)),
    );
    let asking = std::thread::spawn({
        let (stop, asked, socket) = (Arc::clone(&stop), Arc::clone(&asked), socket.clone());
        move || {
            let mut answers = BTreeSet::new();
            while !stop.load(Ordering::Relaxed) {
                answers.insert(ask(&socket));
                asked.fetch_add(1, Ordering::Relaxed);
            }
            answers
        }
    });
    for _ in 0..5 {
        alone.renew();
        let before = asked.load(Ordering::Relaxed);
        until("it was asked", || {
            asked.load(Ordering::Relaxed) > before + 5
        });
    }
    stop.store(true, Ordering::Relaxed);
    let answers = asking.join().unwrap();
    assert!(
        answers
            .iter()
            .all(|answer| answer.ends_with(&format!("\r\n\r\n{pid}"))),
        "{answers:?}"
    );
    kill(pid, Signal::KILL);
    assert!(ask(&socket).contains("200"));
    alone.stop();
}

#[test]
fn failures_are_counted_on() {
    let folder = folder();
    let services = json!({
        "broken": { "run": "exit 3", "shell": true, "restart": { "backoff": "100ms..100ms", "give_up": "12 in 1d" } },
    });
    let mut alone = Alone::start(folder.path(), &services);
    let mut failures = 0;
    // The service fails twelve times in total, no matter how often the supervisor replaces its
    // program.
    loop {
        let told = alone.wait_until(|news| {
            ["failed", "gave-up"]
                .iter()
                .any(|what| news["what"] == *what)
        });
        if told["what"] == "gave-up" {
            break;
        }
        failures += 1;
        if failures % 3 == 0 && failures < 12 {
            kill(alone.pid(), Signal::USR2);
        }
    }
    assert_eq!(failures, 12);
    alone.renew();
    kill(alone.pid(), Signal::USR2);
    let told = alone.wait_until(|_| true);
    assert_eq!(told["what"], "resumed", "it stays given up");
    alone.stop();
}

#[test]
fn who_dies_meanwhile_is_started_again() {
    let folder = folder();
    let services = json!({ "fragile": { "run": "sleep 1000", "restart": { "backoff": "1ms..1ms", "give_up": "never" } } });
    let mut alone = Alone::start(folder.path(), &services);
    alone.wait_for("fragile", "ready");
    for round in 0..20 {
        until("there is one", || alone.children().len() == 1);
        let pid = alone.children()[0];
        // The service's process is killed before, between and after the replacements of the
        // program.
        if round % 2 == 0 {
            kill(pid, Signal::KILL);
        }
        kill(alone.pid(), Signal::USR2);
        if round % 2 == 1 {
            kill(pid, Signal::KILL);
        }
        let mut left = BTreeSet::from(["resumed", "failed"]);
        while !left.is_empty() {
            let told = alone.wait_until(|_| true);
            assert!(
                told["what"] != "refused" && told["what"] != "stayed",
                "{told}"
            );
            left.remove(told["what"].as_str().unwrap());
        }
        until("another is there", || {
            alone
                .children()
                .iter()
                .any(|child| *child != pid && lives(*child))
        });
    }
    alone.stop();
}

#[test]
fn a_program_that_is_not_there_changes_nothing() {
    let folder = folder();
    let services =
        json!({ "talks": { "run": "while :; do echo word; sleep 0.02; done", "shell": true } });
    let mut alone = Alone::start(folder.path(), &services);
    let pid = pid_of(&alone.wait_for("talks", "ready"));
    let next = folder.path().join("next");
    let log = || fs::read_to_string(folder.path().join("logs/talks.log")).unwrap();
    let broken = folder.path().join("broken");
    fs::write(&broken, "no program").unwrap();
    fs::set_permissions(&broken, fs::Permissions::from_mode(0o755)).unwrap();
    let descriptors = alone.descriptors();
    for aim in [
        folder.path().join("nowhere"),
        broken,
        folder.path().to_owned(),
    ] {
        symlink(aim, &next).unwrap();
        kill(alone.pid(), Signal::USR2);
        alone.wait_until(|news| news["what"] == "stayed");
        let before = log().len();
        until("it is still heard", || log().len() > before);
        assert_eq!(
            alone
                .children()
                .into_iter()
                .filter(|child| *child == pid)
                .count(),
            1
        );
        fs::remove_file(&next).unwrap();
    }
    until("every descriptor is closed", || {
        alone.descriptors() <= descriptors
    });
    alone.renew();
    assert!(lives(pid));
    alone.stop();
    assert!(!lives(pid));
}

#[test]
fn another_plan_is_followed_after_a_renewal() {
    let folder = folder();
    let services = json!({ "same": { "run": "sleep 1000" }, "gone": { "run": "sleep 1000" } });
    let mut alone = Alone::start(folder.path(), &services);
    alone.wait_for("same", "ready");
    let next = json!({ "same": { "run": "sleep 1000" }, "new": { "run": "sleep 1000" } });
    until("both are there", || alone.children().len() == 2);
    let before = alone.children();
    fs::write(folder.path().join("services.json"), next.to_string()).unwrap();
    alone.renew();
    let new = pid_of(&alone.wait_for("new", "ready"));
    until("the other is gone", || alone.children().len() == 2);
    let now = alone.children();
    assert!(now.contains(&new) && now.iter().any(|pid| before.contains(pid)));
    alone.stop();
}

/// A program that sets the format version of the handed-over state to an unknown number, and then
/// becomes `supervise`.
const OTHER_FORMAT: &str = r#"#!/usr/bin/env python3
import array, json, os, socket, sys
taken = socket.socket(fileno=os.dup(0))
descriptors = []
while True:
    text, some, _, _ = socket.recv_fds(taken, 1, 250)
    if not text:
        break
    descriptors += some
for descriptor in descriptors:
    os.set_inheritable(descriptor, False)
with os.fdopen(descriptors[0], "rb") as file:
    head, rest = file.read().split(b"\n", 1)
head = json.loads(head)
head["format"] = 4711
file = os.memfd_create("other")
os.write(file, json.dumps(head).encode() + b"\n" + rest)
os.lseek(file, 0, 0)
descriptors[0] = file
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
socket.send_fds(ours, [b"+"], descriptors)
ours.close()
os.dup2(theirs.fileno(), 0)
os.execv("SUPERVISE", sys.argv)
"#;

#[test]
fn what_is_not_understood_is_ended_and_started_anew() {
    let folder = folder();
    let services = json!({
        "family": {
            "run": "trap '' TERM; sleep 1000 & setsid sleep 1000 & wait",
            "shell": true,
            "env": { "MARK": folder.path() },
            "stop": { "within": "100ms" },
        },
    });
    let mut alone = Alone::start(folder.path(), &services);
    alone.wait_for("family", "ready");
    until("all are there", || marked(folder.path()).len() == 3);
    let before = marked(folder.path());
    let next = folder.path().join("next");
    let (written, script) = (folder.path().join("written"), folder.path().join("other"));
    fs::write(&written, OTHER_FORMAT.replace("SUPERVISE", SUPERVISE)).unwrap();
    copy_program(&written, &script);
    symlink(&script, &next).unwrap();
    alone.renew();
    assert!(
        before.iter().all(|pid| !lives(*pid)),
        "nobody is left from before"
    );
    alone.wait_for("family", "ready");
    until("all are there anew", || marked(folder.path()).len() == 3);
    fs::remove_file(&next).unwrap();
    until("no zombie is left", || alone.children().len() == 1);
    alone.renew();
    alone.stop();
    assert_eq!(marked(folder.path()), [] as [i32; 0]);
}
