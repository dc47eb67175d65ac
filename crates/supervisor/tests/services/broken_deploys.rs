//! Tests that a broken version of a program does not replace a good one, whatever the program says
//! and whenever it fails.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use supervisor::state::InstanceState;
use supervisor::{Address, ControlError};

use crate::program::Alone;
use crate::support::{Fixture, PATIENCE, folder_with, kill, until};

/// What gunicorn does: the first process opens the socket and sends `READY=1` before a child has
/// loaded the program, which the file `version` names. A version that cannot be loaded ends both
/// with code 3.
const LIKE_GUNICORN: &str = r#"
import http.server, os, signal, socket, socketserver, sys, time
version = open("version").read()
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(500 if version.startswith("ill") else 200)
        self.end_headers()
        self.wfile.write(version.encode())
    def address_string(self):
        return "local"
    def log_message(self, *words):
        pass
class Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
server = Unix(os.environ["SOCKET"], Answer)
out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
out.sendto(b"READY=1\nSTATUS=Gunicorn arbiter booted", os.environ["NOTIFY_SOCKET"])
child = os.fork()
if child == 0:
    time.sleep(0.2)
    if version.startswith("broken"):
        os._exit(3)
    server.serve_forever()
def stop(number, _):
    os.kill(child, number)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
os.waitpid(child, 0)
sys.exit(3)
"#;

/// What uvicorn does: the socket is opened once the program has been loaded. Nothing is said.
const LIKE_UVICORN: &str = r#"
import os, sys, time
time.sleep(0.2)
if open("version").read().startswith("broken"):
    sys.exit(1)
exec(open("server.py").read())
"#;

const NODE: &str = r#"
const { readFileSync } = require("node:fs");
const version = readFileSync("version", "utf8");
if (version.startsWith("broken")) require("no-such-module");
require("node:http").createServer((_, answer) => answer.end(version)).listen(process.env.SOCKET);
"#;

/// Asks the service for as long as `what` takes, and returns the result. There must be an instance,
/// and each answer must come from the old version.
fn asked_meanwhile<T>(fixture: &Fixture, what: impl FnOnce() -> T) -> T {
    let (over, asked) = (AtomicBool::new(false), AtomicU32::new(0));
    let fleet = fixture.control.ready_instances();
    let done = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                let addresses = fleet.borrow()["web"].addresses();
                let [Address::Unix(path)] = addresses.as_slice() else {
                    panic!("nobody is there");
                };
                let answer = ask(path).unwrap();
                assert!(
                    answer.contains(" 200 ") && answer.ends_with("one"),
                    "{answer}"
                );
                asked.fetch_add(1, Ordering::Relaxed);
            }
        });
        let done = what();
        over.store(true, Ordering::Relaxed);
        done
    });
    assert!(asked.load(Ordering::Relaxed) > 0);
    done
}

fn ask(path: &Path) -> io::Result<String> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

fn web(file: &str, text: &str, run: &str, more: &str) -> Fixture {
    let folder = folder_with(file, text);
    fs::write(folder.path().join("version"), "one").unwrap();
    let fixture = Fixture::in_folder(
        folder,
        &format!("[web]\nrun = \"{run}\"\nlisten = \"unix\"\ndrain_within = \"0s\"\n{more}"),
    );
    fixture.ready("web", 1);
    fixture
}

fn publish(fixture: &Fixture, version: &str) {
    fs::write(fixture.folder.path().join("version"), version).unwrap();
}

fn reload(fixture: &Fixture) -> Result<(), ControlError> {
    fixture.wait(fixture.control.reload("web"))
}

fn version(fixture: &Fixture) -> String {
    let addresses = fixture.ready("web", 1).addresses();
    let [Address::Unix(path)] = addresses.as_slice() else {
        panic!("{addresses:?}");
    };
    let answer = ask(path).unwrap();
    answer.rsplit_once("\r\n").unwrap().1.to_owned()
}

#[test]
fn one_that_says_that_it_is_ready_too_early_is_asked_all_the_same() {
    let fixture = web(
        "app.py",
        LIKE_GUNICORN,
        "python3 app.py",
        "start_within = \"2s\"\nkeep_former = \"0s\"\nhealth = { path = \"/\" }",
    );
    let pid = fixture.pid("web");
    for (broken, wanted) in [
        ("broken", "code 3 before it was ready"),
        ("ill", "not ready within 2s"),
    ] {
        publish(&fixture, broken);
        let why = asked_meanwhile(&fixture, || reload(&fixture)).unwrap_err();
        assert!(why.to_string().contains(wanted), "{why}");
        assert_eq!(
            (fixture.pid("web"), version(&fixture)),
            (pid, "one".to_owned())
        );
    }
    publish(&fixture, "two");
    reload(&fixture).unwrap();
    assert_eq!(version(&fixture), "two");
}

#[test]
fn one_that_fails_soon_after_it_took_over_gives_back_to_the_former_one() {
    // Without a health check, such a program is ready before it has failed.
    let fixture = web(
        "app.py",
        LIKE_GUNICORN,
        "python3 app.py",
        "keep_former = \"1s\"",
    );
    let pid = fixture.pid("web");
    publish(&fixture, "broken");
    let why = reload(&fixture).unwrap_err();
    assert!(
        why.to_string()
            .contains("code 3, soon after it had taken over"),
        "{why}"
    );
    assert_eq!(
        (fixture.pid("web"), version(&fixture)),
        (pid, "one".to_owned())
    );
    publish(&fixture, "two");
    let begin = Instant::now();
    reload(&fixture).unwrap();
    assert!(begin.elapsed() >= Duration::from_secs(1));
    assert_eq!(version(&fixture), "two");
    until("the former one is gone", || fixture.rows("web").len() == 1);
}

#[test]
fn one_that_opens_its_socket_late_or_never_is_waited_for() {
    for (file, text, run) in [
        ("late.py", LIKE_UVICORN, "python3 late.py"),
        ("app.cjs", NODE, "node app.cjs"),
    ] {
        let fixture = web(file, text, run, "keep_former = \"0s\"");
        let pid = fixture.pid("web");
        publish(&fixture, "broken");
        let why = reload(&fixture).unwrap_err();
        let wanted = "it ended with code 1 before it was ready";
        assert!(why.to_string().contains(wanted), "{why}");
        assert_eq!(fixture.pid("web"), pid);
        publish(&fixture, "two");
        reload(&fixture).unwrap();
        until("the old one is gone", || fixture.rows("web").len() == 1);
        assert_ne!(fixture.pid("web"), pid);
    }
}

#[test]
fn one_whose_socket_was_opened_for_it_has_to_answer_there_itself() {
    for health in ["", "health = { path = \"/\" }"] {
        let more = format!("keep_former = \"0s\"\nactivate = true\n{health}");
        let fixture = web("late.py", LIKE_UVICORN, "python3 late.py", &more);
        let pid = fixture.pid("web");
        let before = fixture.ready("web", 1).addresses();
        publish(&fixture, "broken");
        let why = reload(&fixture).unwrap_err();
        let wanted = "it ended with code 1 before it was ready";
        assert!(why.to_string().contains(wanted), "{why}");
        assert_eq!(fixture.ready("web", 1).addresses(), before);
        assert_eq!(version(&fixture), pid.to_string());
        publish(&fixture, "two");
        reload(&fixture).unwrap();
        let [Address::Unix(path)] = &before[..] else {
            panic!("{before:?}");
        };
        until("the old socket is gone", || !path.exists());
        assert_eq!(version(&fixture), fixture.pid("web").to_string());
    }
}

#[test]
fn one_that_says_nothing_and_listens_nowhere_has_to_live() {
    let fixture = Fixture::new(
        "[quiet]\nrun = \"test ! -e broken && exec sleep 1000; sleep 0.3; exit 4\"\nshell = true\n\
         keep_former = \"0s\"",
    );
    fixture.ready("quiet", 1);
    let pid = fixture.pid("quiet");
    fs::write(fixture.folder.path().join("broken"), "").unwrap();
    let why = fixture.wait(fixture.control.reload("quiet")).unwrap_err();
    assert!(
        why.to_string().contains("code 4 before it was ready"),
        "{why}"
    );
    assert_eq!(fixture.pid("quiet"), pid);
}

/// Begins a reload, and waits until the successor has taken over.
fn replaced(fixture: &Fixture, test: impl FnOnce(i32, i32)) -> Result<(), ControlError> {
    std::thread::scope(|scope| {
        let former = fixture.pid("web");
        let control = fixture.control.clone();
        let reloading = scope.spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime.unwrap().block_on(control.reload("web"))
        });
        until("another has taken over", || fixture.rows("web").len() == 2);
        fixture.crew("web", |crew| crew.ready.iter().all(|member| member.run > 1));
        let rows = fixture.rows("web");
        assert_eq!(rows[0].state, InstanceState::Former);
        assert_eq!(rows[0].pid, Some(former));
        test(former, rows[1].pid.unwrap());
        reloading.join().unwrap()
    })
}

#[test]
fn meanwhile_it_can_be_stopped_but_not_changed() {
    let fixture = web(
        "app.py",
        LIKE_GUNICORN,
        "python3 app.py",
        "keep_former = \"10m\"\nhealth = { path = \"/\" }",
    );
    let why = replaced(&fixture, |_, _| {
        let again = reload(&fixture).unwrap_err();
        assert!(again.to_string().contains("try again"), "{again}");
        fixture.wait(fixture.control.stop("web")).unwrap();
    });
    let why = why.unwrap_err().to_string();
    assert!(why.contains("stopped meanwhile"), "{why}");
    assert!(fixture.rows("web").iter().all(|row| row.pid.is_none()));
    fixture.wait(fixture.control.start("web")).unwrap();
    assert_eq!(version(&fixture), "one");
}

#[test]
fn a_former_one_that_ends_is_not_missed_unless_its_successor_ends_as_well() {
    let fixture = web(
        "server.py",
        crate::support::SERVER,
        "python3 server.py",
        "keep_former = \"10m\"",
    );
    let why = replaced(&fixture, |former, successor| {
        kill(former, rustix::process::Signal::KILL);
        until("it is gone", || fixture.rows("web").len() == 1);
        assert_eq!(fixture.pid("web"), successor);
        kill(successor, rustix::process::Signal::KILL);
    });
    let why = why.unwrap_err().to_string();
    assert!(why.contains("signal 9, soon after"), "{why}");
    let rows = || fixture.rows("web");
    until("another is there", || {
        rows().iter().any(|row| row.state == InstanceState::Ready)
    });
    assert_eq!(rows()[0].generation, 1);
}

#[test]
fn an_upgrade_waits_until_the_former_one_is_gone() {
    let folder = folder_with("server.py", crate::support::SERVER);
    let services = |word: &str| {
        json!({ "web": {
            "run": "python3 server.py", "listen": "unix", "env": { "WORD": word },
            "keep_former": "1s", "drain_within": "0s",
        } })
    };
    let mut alone = Alone::start(folder.path(), &services("one"));
    alone.wait_for("web", "ready");
    let next = services("two").to_string();
    fs::write(folder.path().join("services.json"), next).unwrap();
    // The next program changes the service.
    alone.renew();
    alone.wait_for("web", "ready");
    assert_eq!(alone.children().len(), 2);
    kill(alone.pid(), rustix::process::Signal::USR2);
    let mut told = Vec::new();
    alone.wait_until(|news| {
        told.push(news["what"].clone());
        news["what"] == "resumed" || news["what"] == "refused"
    });
    let at = |what: &str| told.iter().position(|told| told == what);
    assert!(
        at("rolled-over").unwrap() < at("resumed").unwrap(),
        "{told:?}"
    );
    until("the former one is gone", || alone.children().len() == 1);
    alone.stop();
}
