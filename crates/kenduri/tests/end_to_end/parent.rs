//! Tests of the supervisor process: services run beside Kenduri's worker, processes die, and no
//! process is left behind.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;

use crate::http;
use crate::mail_server::{MailServer, Received};
use crate::program::{Program, children, run, text};

/// The time limit, long enough for a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A service that responds with its pid and instance. It sends a response in a single write, so
/// that a killed instance sends either the whole response or nothing.
pub(crate) const SERVER: &str = r#"
import http.server, os, socketserver

class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    def address_string(self):
        return "local"
    def do_GET(self):
        said = f"{os.getpid()} {os.environ['KENDURI_INSTANCE']} {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

print("hello from", os.getpid(), flush=True)
Server(os.environ["SOCKET"], Answer).serve_forever()
"#;

/// A service that is ready at once, and then does nothing.
const QUIET: &str = r#"
import os, socket, time
out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
out.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
time.sleep(1000)
"#;

const SETTINGS: &str = r#"
[service.web]
run = "python3 server.py"
listen = "unix"
instances = 2
keep_former = "0s"
health = { path = "/health" }

[[route]]
path = "/web/"
to = "service:web"

[[route]]
to = "app"
"#;

/// A running Kenduri, with the folder of its settings and services.
struct House {
    folder: tempfile::TempDir,
    program: Program,
}

impl House {
    fn build(settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("server.py"), SERVER).expect("written");
        std::fs::write(folder.path().join("quiet.py"), QUIET).expect("written");
        std::fs::write(folder.path().join("kenduri.toml"), settings).expect("written");
        let file = folder.path().join("kenduri.toml");
        let data = folder.path().join("data");
        let paths = [file, data].map(|path| path.to_string_lossy().into_owned());
        let arguments = ["--config", &paths[0], "--data", &paths[1]];
        let program = Program::serve(&arguments, &[]);
        Self { folder, program }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a command, which must succeed. Returns its output.
    fn order(&self, words: &[&str]) -> String {
        let output = self.give(words);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    fn give(&self, words: &[&str]) -> std::process::Output {
        let file = self.path().join("kenduri.toml");
        let data = self.path().join("data");
        let paths = [file, data].map(|path| path.to_string_lossy().into_owned());
        let place = ["--config", &paths[0], "--data", &paths[1]];
        run(&[words, &place].concat(), self.path(), &[])
    }

    fn ps(&self) -> Vec<Value> {
        let said = self.order(&["ps", "--json"]);
        serde_json::from_str(&said).expect("a list")
    }

    /// Returns the pids of a service's ready instances.
    fn ready(&self, service: &str) -> Vec<i32> {
        let rows = self.ps().into_iter();
        let ready = rows.filter(|row| row["service"] == service && row["state"] == "ready");
        let pids = ready.filter_map(|row| row["pid"].as_i64());
        pids.filter_map(|pid| i32::try_from(pid).ok()).collect()
    }
}

fn wait<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn kill(pid: i32) {
    signal(pid, Signal::KILL);
}

fn signal(pid: i32, signal: Signal) {
    let pid = Pid::from_raw(pid).expect("a process");
    kill_process(pid, signal).expect("it lives");
}

fn lives(pid: i32) -> bool {
    Pid::from_raw(pid).is_some_and(|pid| test_kill_process(pid).is_ok())
}

fn number(pid: u32) -> i32 {
    i32::try_from(pid).expect("a process id")
}

#[test]
fn services_are_kept_and_asked_through_the_door() {
    let house = House::build(SETTINGS);
    let pids = wait("two instances", || {
        Some(house.ready("web")).filter(|pids| pids.len() == 2)
    });
    for pid in &pids {
        // The worker may learn of the second instance slightly later than the supervisor process.
        wait("each answers", || {
            let answer = house.program.get("/web/x");
            assert_eq!(answer.status, 200, "{}", answer.text());
            answer.text().starts_with(&pid.to_string()).then_some(())
        });
    }
    assert!(house.order(&["logs", "web"]).contains("hello from"));
    assert!(
        house
            .order(&["describe", "web"])
            .contains("python3 server.py")
    );
    assert!(house.order(&["ps"]).starts_with("SERVICE"));
    wait("requests are counted", || {
        let told = house.order(&["describe", "web", "--json"]);
        let told: Value = serde_json::from_str(&told).expect("JSON");
        let rate = &told["instances"][0]["requests_per_second"];
        rate.is_f64().then_some(())
    });

    // If an instance dies, no request fails, and the instance is restarted.
    kill(pids[0]);
    for _ in 0..20 {
        assert_eq!(house.program.get("/web/x").status, 200);
    }
    wait("another one", || {
        let now = house.ready("web");
        (now.len() == 2 && !now.contains(&pids[0])).then_some(())
    });

    house.order(&["scale", "web", "3"]);
    assert_eq!(house.ready("web").len(), 3);
    house.order(&["stop", "web"]);
    assert_eq!(house.ready("web").len(), 0);
    assert_eq!(house.program.get("/web/x").status, 503);
    house.order(&["start", "web"]);
    assert_eq!(house.program.get("/web/x").status, 200);

    let unknown = house.give(&["restart", "wep"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("wep"));
    let itself = house.give(&["stop", "kenduri"]);
    assert_eq!(itself.status.code(), Some(1));
}

#[test]
fn requests_that_begin_as_all_instances_are_killed_wait() {
    let few = "instances = 3\nrestart = { backoff = \"1ms..1ms\", give_up = \"never\" }";
    let house = House::build(&SETTINGS.replace("instances = 2", few));
    let ready = |before: &[i32]| {
        wait("three instances", || {
            let now = house.ready("web");
            let is_new = now.iter().all(|pid| !before.contains(pid));
            (now.len() == 3 && is_new).then_some(now)
        })
    };
    let (is_over, answers) = (AtomicBool::new(false), AtomicUsize::new(0));
    let ask = || {
        let mut broken = 0;
        while !is_over.load(Ordering::Relaxed) {
            let answer = http::send(&house.program.address, "GET", "/web/x", &[], b"");
            let status = answer.expect("an answer").status;
            // If the restart is slow, the edge responds with 503 after two seconds.
            assert!([200, 502, 503].contains(&status), "{status}");
            broken += usize::from(status == 502);
            answers.fetch_add(1, Ordering::Relaxed);
        }
        broken
    };
    let mut pids = ready(&[]);
    let broken: usize = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        for _ in 0..testkit::rounds() {
            let before = answers.load(Ordering::Relaxed);
            wait("answers", || {
                (answers.load(Ordering::Relaxed) > before + 20).then_some(())
            });
            // Stopping all instances first makes the kills take effect at the same time.
            for pid in &pids {
                signal(*pid, Signal::STOP);
            }
            pids.iter().copied().for_each(kill);
            pids = ready(&pids);
        }
        is_over.store(true, Ordering::Relaxed);
        let broken = clients
            .into_iter()
            .map(|client| client.join().expect("it ends"));
        broken.sum()
    });
    println!("{} answers", answers.load(Ordering::Relaxed));
    assert_eq!(broken, 0);
}

#[test]
fn a_dead_worker_is_back_and_nobody_else_notices() {
    let house = House::build(SETTINGS);
    let before = wait("two instances", || {
        Some(house.ready("web")).filter(|pids| pids.len() == 2)
    });
    for _ in 0..3 {
        let worker = house.program.worker();
        let begin = Instant::now();
        kill(number(worker));
        // Without a worker, the listening socket stays open, so requests wait instead of being
        // refused.
        let answer = wait("an answer", || {
            http::send(&house.program.address, "GET", "/readyz", &[], b"").ok()
        });
        assert_eq!(answer.status, 200);
        assert_ne!(house.program.worker(), worker);
        println!("back after {:?}", begin.elapsed());
    }
    assert_eq!(house.ready("web"), before);
    assert_eq!(house.program.get("/web/x").status, 200);
}

#[test]
fn nothing_is_left_when_it_stops_or_is_killed() {
    for signal in [Signal::TERM, Signal::KILL] {
        let mut house = House::build(SETTINGS);
        let web = wait("two instances", || {
            Some(house.ready("web")).filter(|pids| pids.len() == 2)
        });
        let worker = number(house.program.worker());
        assert!(children(house.program.supervisor_pid()).len() >= 3);
        let status = house.program.end(signal);
        assert_eq!(status.success(), signal == Signal::TERM);
        for pid in web.into_iter().chain([worker]) {
            wait("its end", || (!lives(pid)).then_some(()));
        }
    }
}

#[test]
fn settings_that_are_applied_touch_only_what_changed() {
    let house = House::build(SETTINGS);
    let before = wait("two instances", || {
        Some(house.ready("web")).filter(|pids| pids.len() == 2)
    });
    let file = house.path().join("kenduri.toml");
    let other = "[service.other]\nrun = \"python3 quiet.py\"\nkeep_former = \"0s\"\n";
    let more = format!("{SETTINGS}\n{other}");
    std::fs::write(&file, &more).expect("written");
    let said = house.order(&["apply"]);
    assert!(said.contains("other is being started"), "{said}");
    assert_eq!(house.ready("web"), before);
    wait("the other one", || {
        (house.ready("other").len() == 1).then_some(())
    });

    std::fs::write(&file, more.replace("python3 quiet.py", "no-such-program")).expect("written");
    let refused = house.give(&["apply"]);
    assert_eq!(refused.status.code(), Some(1));
    let why = text(&refused.stderr);
    assert!(
        why.contains("no-such-program") && why.contains("kenduri.toml:"),
        "{why}"
    );
    assert_eq!(house.ready("other").len(), 1);

    // A service that fails to start does not prevent the other changes. Its error is reported
    // separately.
    let route = "\n[[route]]\npath = \"/gone\"\nto = \"status:410\"\n";
    let fails = more.replace("python3 quiet.py", "false");
    std::fs::write(&file, format!("{fails}{route}")).expect("written");
    let told = house.give(&["apply"]);
    assert_eq!(told.status.code(), Some(1));
    let why = text(&told.stderr);
    assert!(
        why.contains("the settings were applied, but not to every service")
            && why.contains("Service other was not changed: "),
        "{why}"
    );
    let gone = http::send(&house.program.address, "GET", "/gone", &[], b"").expect("an answer");
    assert_eq!(gone.status, 410);
    assert_eq!(house.ready("other").len(), 1);

    // A worker that starts while the settings are invalid uses the last valid settings.
    kill(number(house.program.worker()));
    wait("an answer", || {
        let answer = http::send(&house.program.address, "GET", "/web/x", &[], b"");
        answer.ok().filter(|answer| answer.status == 200)
    });

    let fewer = SETTINGS.replace("instances = 2", "instances = 1");
    std::fs::write(&file, fewer).expect("written");
    let said = house.order(&["apply"]);
    assert!(said.contains("other was stopped"), "{said}");
    assert_eq!(house.ready("web").len(), 1);
    assert!(before.contains(&house.ready("web")[0]));
}

#[test]
fn a_worker_that_cannot_start_ends_the_program() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().to_string_lossy().into_owned();
    std::fs::write(
        folder.path().join("kenduri.db"),
        "no database at all, but long enough to be looked at\n".repeat(99),
    )
    .expect("written");
    let output = run(
        &["serve", "--listen", "127.0.0.1:0", "--data", &data],
        folder.path(),
        &[],
    );
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert_eq!(said.matches("error: ").count(), 1, "{said}");
}

#[test]
fn an_owner_is_told_once_that_a_service_was_given_up() {
    let mail = MailServer::start();
    let began = |received: &[Received]| {
        let began = |mail: &&Received| mail.subject.starts_with("frail failed too often");
        received.iter().filter(began).count()
    };
    let told = |count| mail.wait(PATIENCE, |received| began(received) >= count);
    let settings = format!(
        "[service.frail]
run = \"test -e well$KENDURI_INSTANCE && exec python3 quiet.py; exit 3\"
shell = true
instances = 2
restart = {{ backoff = \"1ms..1ms\", give_up = \"3 in 10m\" }}
[mail]
url = \"smtp://{}\"
[[route]]
to = \"app\"
",
        mail.address
    );
    let house = House::build(&settings);
    let put = |instance: usize, is_well: bool| {
        let file = house.path().join(format!("well{instance}"));
        if is_well {
            std::fs::write(file, "").expect("written");
        } else {
            std::fs::remove_file(file).expect("removed");
        }
    };
    let states = |wanted: [&str; 2]| {
        wait(&format!("{wanted:?}"), || {
            let rows = house.ps();
            let rows = rows.iter().filter(|row| row["service"] == "frail");
            let states: Vec<&str> = rows.filter_map(|row| row["state"].as_str()).collect();
            (states == wanted).then_some(())
        });
    };
    // Without an owner, nobody is notified.
    states(["failed", "failed"]);
    house.order(&[
        "owner",
        "create",
        "--email",
        "f@example.my",
        "--name",
        "Farah",
    ]);
    put(1, true);
    house.give(&["start", "frail"]);
    states(["failed", "ready"]);
    assert!(told(1), "the owner hears of it");
    // A new worker, an upgrade or another failing instance must not repeat the notification about
    // this failure.
    let before = house.ready("kenduri");
    kill(before[0]);
    wait("the next worker", || {
        let now = house.ready("kenduri");
        (now.len() == 1 && now != before).then_some(())
    });
    house.order(&["upgrade"]);
    put(1, false);
    kill(house.ready("frail")[0]);
    states(["failed", "failed"]);
    // If the service fails again after a restart, there is a new notification.
    put(0, true);
    put(1, true);
    house.order(&["start", "frail"]);
    put(0, false);
    put(1, false);
    for pid in house.ready("frail") {
        kill(pid);
    }
    states(["failed", "failed"]);
    assert!(told(2), "the owner hears of it again");
    house.program.kill();
    let received = mail.received();
    assert!(received.iter().all(|mail| mail.to == "f@example.my"));
    assert_eq!(began(&received), 2, "{received:?}");
}

#[test]
fn what_waits_for_a_restart_stays_whoever_serves() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("kenduri.toml");
    let route = "[[route]]\npath = \"/old/\"\nto = \"status:410\"\n[[route]]\nto = \"app\"\n";
    let before = format!("data = \"data\"\n{route}");
    std::fs::write(&file, before).expect("written");
    let name = file.to_string_lossy().into_owned();
    let mut program = Program::serve(&["--config", &name], &[]);
    let after = route.replace("410", "451");
    let after = format!("data = \"elsewhere\"\n[store]\nurl = \"sqlite:other.db\"\n{after}");
    std::fs::write(&file, after).expect("written");
    let data = folder.path().join("data");
    let order = |words: &[&str]| {
        let place = ["--config", &name, "--data", &data.to_string_lossy()];
        let output = run(&[words, &place].concat(), folder.path(), &[]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    assert_eq!(
        order(&["apply"]),
        "Changed: route[0].to.\nWaiting for a restart of everything: data, store.url.\n  \
         sudo systemctl restart kenduri   (or stop and start `kenduri serve`)\n"
    );
    let as_before = |program: &Program| {
        let answer = || http::send(&program.address, "GET", "/old/x", &[], b"").ok();
        assert_eq!(wait("an answer", answer).status, 451);
        assert_eq!(program.get("/readyz").status, 200);
        assert!(!folder.path().join("elsewhere").exists());
        assert!(!data.join("other.db").exists());
    };
    as_before(&program);
    kill(number(program.worker()));
    as_before(&program);
    order(&["reload", "kenduri"]);
    as_before(&program);
    let said = order(&["apply"]);
    assert!(said.starts_with("No setting changed"), "{said}");
    assert!(
        said.contains("restart of everything: data, store.url."),
        "{said}"
    );

    assert_eq!(program.end(Signal::TERM).code(), Some(0));
    let program = Program::serve(&["--config", &name], &[]);
    assert_eq!(program.get("/readyz").status, 200);
    assert!(folder.path().join("elsewhere/other.db").exists());
}

#[test]
fn all_services_are_restarted_or_reloaded_one_after_the_other() {
    let broken = "\n[service.broken]\nrun = \"test ! -e broken && exec python3 quiet.py\"\nshell = true\n\
                  keep_former = \"0s\"\n\
                  restart = { give_up = \"1 in 1m\" }\n\
                  [service.other]\nrun = \"python3 quiet.py\"\nkeep_former = \"100ms\"\n";
    let house = House::build(&[SETTINGS, broken].concat());
    let all = || ["broken", "other", "web", "kenduri"].map(|service| house.ready(service));
    let is_ready = || all().iter().all(|pids| !pids.is_empty()).then_some(());
    wait("all are ready", is_ready);
    for (word, done) in [("restart", "runs again."), ("reload", "requests went on.")] {
        let before = all();
        let said = house.order(&[word, "all"]);
        assert_eq!(said.matches(done).count(), 3, "{said}");
        let after = all();
        for (before, after) in before.iter().zip(&after).take(3) {
            assert!(!after.is_empty() && after.iter().all(|pid| !before.contains(pid)));
        }
        assert_eq!(before[3], after[3], "Kenduri itself is no service");
    }
    // If one service fails to reload, the others are still reloaded.
    let before = all();
    std::fs::write(house.path().join("broken"), "").expect("a file");
    let refused = house.give(&["reload", "all"]);
    let why = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{why}");
    assert!(
        why.contains("broken: ") && why.contains("web was replaced"),
        "{why}"
    );
    assert_eq!(house.ready("broken"), before[0]);
    assert!(
        house
            .ready("web")
            .iter()
            .all(|pid| !before[2].contains(pid))
    );
    let refused = house.give(&["stop", "all"]);
    assert_eq!(refused.status.code(), Some(1));
}
