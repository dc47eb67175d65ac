//! The supervisor as a process of its own: what it uses, what it adopts, what it leaves when killed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{SUPERVISE, folder, kill, lives, marked, until};

/// `supervise` on a folder; what it prints is read.
struct Alone {
    child: Child,
    news: Box<dyn Iterator<Item = Value>>,
}

impl Alone {
    fn start(folder: &Path, services: &Value) -> Self {
        let file = folder.join("services.json");
        fs::write(&file, services.to_string()).unwrap();
        let mut child = Command::new(SUPERVISE)
            .args([&file, folder])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let news = lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        Self {
            child,
            news: Box::new(news),
        }
    }

    fn pid(&self) -> i32 {
        self.child.id().try_into().unwrap()
    }

    fn wait_for(&mut self, service: &str, what: &str) -> Value {
        let is_it = |news: &Value| news["service"] == service && news["what"] == what;
        self.news.find(is_it).expect("the supervisor has ended")
    }

    fn descriptors(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.pid()))
            .unwrap()
            .count()
    }

    fn memory(&self) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        line.trim()
            .strip_suffix(" kB")
            .unwrap()
            .parse::<u64>()
            .unwrap()
            << 10
    }

    fn children(&self) -> Vec<i32> {
        let me = self.pid().to_string();
        let pids = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
        pids.filter(|pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let rest = stat
                .rsplit_once(") ")
                .map(|(_, rest)| rest.to_owned())
                .unwrap_or_default();
            rest.split(' ').nth(1) == Some(&me)
        })
        .collect()
    }

    fn stop(mut self) {
        kill(self.pid(), Signal::TERM);
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_thousand_crashes_cost_nothing() {
    // The same supervisor, after its first crashes and after a thousand more.
    let folder = folder();
    let crashes = |times: u32, after: &[&str]| {
        json!({
            "run": "echo going down; exit 1",
            "shell": true,
            "after": after,
            "restart": { "backoff": "1ms..1ms", "give_up": format!("{times} in 1d") },
        })
    };
    // The second begins when its turn comes: when somebody makes `go`.
    let wait = json!({ "run": "while ! test -e go; do sleep 0.05; done; echo done", "shell": true,
        "after": ["first"], "restart": { "when": "never" }, "stop": { "within": "1s" } });
    let mut second = crashes(1_000, &[]);
    second["run"] = json!("while ! test -e go; do sleep 0.05; done; echo going down; exit 1");
    let services = json!({ "first": crashes(50, &[]), "second": second, "wait": wait });
    let mut alone = Alone::start(folder.path(), &services);
    alone.wait_for("first", "gave-up");
    alone.wait_for("wait", "ready");
    until("it is calm", || alone.children().len() == 2);
    let (memory, descriptors) = (alone.memory(), alone.descriptors());
    fs::write(folder.path().join("go"), "").unwrap();
    alone.wait_for("second", "gave-up");
    // One process of each of the two others less.
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
            // Each leaves an orphan in a session of its own, which ends later.
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
    let mark = format!("MARK={}", folder.path().display());
    let services = json!({
        "family": {
            "run": "trap '' TERM; sleep 1000 & setsid sleep 1000 & wait",
            "shell": true,
            "env": { "MARK": folder.path() },
        },
    });
    let mut alone = Alone::start(folder.path(), &services);
    let head = alone.wait_for("family", "ready")["pid"].as_i64().unwrap();
    let head = i32::try_from(head).unwrap();
    until("all are there", || marked(&mark).len() == 3);
    let left = marked(&mark);
    let taken = Command::new(SUPERVISE)
        .args([&folder.path().join("services.json"), folder.path()])
        .output()
        .unwrap();
    let why = String::from_utf8_lossy(&taken.stderr).into_owned();
    assert!(
        !taken.status.success() && why.contains("another supervisor works in"),
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
    assert_eq!(marked(&mark), [] as [i32; 0]);
}

#[test]
fn who_carries_a_recorded_number_and_is_another_is_left_alone() {
    let folder = folder();
    let mut stranger = Command::new("sleep").arg("1000").spawn().unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let record = json!({
        "boot": boot.trim(),
        "processes": [{ "service": "a", "pid": stranger.id(), "start": 1, "token": "another" }],
    });
    fs::create_dir_all(folder.path().join("run")).unwrap();
    fs::write(folder.path().join("run/processes.json"), record.to_string()).unwrap();
    let mut alone = Alone::start(folder.path(), &json!({ "a": { "run": "sleep 1000" } }));
    alone.wait_for("a", "ready");
    assert!(lives(stranger.id().try_into().unwrap()));
    alone.stop();
    stranger.kill().unwrap();
    stranger.wait().unwrap();
}
