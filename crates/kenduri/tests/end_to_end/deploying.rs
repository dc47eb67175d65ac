//! Tests of `packaging/deploy.sh`, which installs a new version of a service.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::http;
use crate::program::{Program, run, text};

const PATIENCE: Duration = Duration::from_mins(1);
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/deploy.sh");

/// A service that responds with its version. The build writes the version to a file.
const SERVER: &str = r#"
import http.server, os, socketserver

version = open("built").read().encode()

class Answer(http.server.BaseHTTPRequestHandler):
    def address_string(self):
        return "local"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(version)))
        self.end_headers()
        self.wfile.write(version)

class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

Server(os.environ["SOCKET"], Answer).serve_forever()
"#;

const SETTINGS: &str = "data = \"data\"\n[listen]\nhttp = [\"127.0.0.1:0\"]\n\
    [service.web]\nrun = \"python3 server.py\"\ndirectory = \"web/current\"\nlisten = \"unix\"\n\
    instances = 2\nstart_within = \"10s\"\nkeep_former = \"200ms\"\n[[route]]\nto = \"service:web\"\n";

fn git(folder: &Path, words: &[&str]) {
    let mut git = Command::new("git");
    git.args(["-c", "user.name=a", "-c", "user.email=a@b.example"]);
    let output = git.args(words).current_dir(folder).output().expect("git");
    assert!(output.status.success(), "{}", text(&output.stderr));
}

/// Commits a version of the service.
fn publish(source: &Path, version: &str, server: &str) {
    fs::write(source.join("version"), version).expect("a file");
    fs::write(source.join("server.py"), server).expect("a file");
    git(source, &["add", "."]);
    git(source, &["commit", "--quiet", "--message", version]);
}

fn deploy(folder: &Path, build: &str, version: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_kenduri"));
    let beside = program.parent().expect("a folder").display();
    let home = folder.join("web").display().to_string();
    let config = folder.join("kenduri.toml").display().to_string();
    let with_program = format!("PATH={beside}:$PATH exec \"$0\" \"$@\"");
    let mut script = Command::new("sh");
    script.args(["-c", &with_program, SCRIPT]);
    script.args(["web", &home, build, "--config", &config]);
    if !version.is_empty() {
        script.env("VERSION", version);
    }
    script.output().expect("the script runs")
}

#[test]
fn a_new_version_is_put_in_place_and_goes_back_when_it_is_not_ready() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let source = folder.join("source");
    fs::create_dir_all(folder.join("web/releases")).expect("a folder");
    fs::create_dir(&source).expect("a folder");
    git(&source, &["init", "--quiet", "--initial-branch", "main"]);
    publish(&source, "one", SERVER);
    git(folder, &["clone", "--quiet", "source", "web/repo"]);
    fs::write(folder.join("kenduri.toml"), SETTINGS).expect("a file");
    let build = "cp version built";

    // Kenduri does not run while the first version is built, so nothing can be reloaded.
    let first = deploy(folder, build, "");
    let said = text(&first.stderr);
    assert!(said.contains("no version before it"), "{said}");
    let config = folder.join("kenduri.toml").display().to_string();
    let program = Program::start(&["serve", "--config", &config], &[]);
    let version = || {
        let end = Instant::now() + PATIENCE;
        loop {
            let answer = program.get("/");
            if answer.status == 200 {
                break answer.text();
            }
            assert!(answer.status == 503 && Instant::now() < end, "{answer:?}");
        }
    };
    assert_eq!(version(), "one");

    publish(&source, "two", SERVER);
    let done = deploy(folder, build, "");
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    for _ in 0..4 {
        assert_eq!(version(), "two");
    }

    // A failing build leaves the running version in place. The same happens if the new version
    // exits at once.
    publish(&source, "three", "raise SystemExit(3)\n");
    for build in ["cp missing built", build] {
        let failed = deploy(folder, build, "");
        assert_eq!(failed.status.code(), Some(1), "{}", text(&failed.stdout));
        let current = fs::canonicalize(folder.join("web/current")).expect("a link");
        let built = fs::read_to_string(current.join("built"));
        assert_eq!(built.expect("a file"), "two");
        for _ in 0..4 {
            assert_eq!(version(), "two");
        }
    }

    let back = deploy(folder, build, "origin/main~2");
    assert_eq!(back.status.code(), Some(0), "{}", text(&back.stderr));
    assert_eq!(version(), "one");
}

/// What gunicorn does: the first process opens the socket and sends `READY=1` before a child has
/// loaded the version. A version that cannot be loaded ends both with code 3.
const LIKE_GUNICORN: &str = r#"
import http.server, os, signal, socket, socketserver, sys, time

version = open("version").read()

class Answer(http.server.BaseHTTPRequestHandler):
    def address_string(self):
        return "local"
    def log_message(self, *words):
        pass
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(version)))
        self.end_headers()
        self.wfile.write(version.encode())

class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 100

server = Server(os.environ["SOCKET"], Answer)
said = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
said.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
child = os.fork()
if child == 0:
    time.sleep(0.5)
    if version == "broken":
        os._exit(3)
    server.serve_forever()

def stop(number, _):
    os.kill(child, number)
    sys.exit(0)

signal.signal(signal.SIGTERM, stop)
os.waitpid(child, 0)
sys.exit(3)
"#;

/// The number of clients that send requests during a deploy.
const CLIENTS: usize = 4;

/// Sends requests to this address while a command runs. Returns its output. Each request must
/// succeed.
fn asked_meanwhile(address: &str, command: impl FnOnce() -> Output) -> Output {
    let (over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let output = std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let answer = http::send(address, "GET", "/", &[], b"");
                    let answer = answer.expect("an answer");
                    assert_eq!((answer.status, &*answer.text()), (200, "one"));
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let output = command();
        over.store(true, Ordering::Relaxed);
        output
    });
    assert!(asked.load(Ordering::Relaxed) > CLIENTS);
    output
}

#[test]
fn no_request_fails_when_a_broken_version_is_deployed() {
    for (health, wanted) in [
        (
            "health = { path = \"/\" }\n",
            "instance 0: it ended with code 3 before it was ready",
        ),
        // Without a health check, the broken version takes over for a moment. Either instance may
        // end first.
        ("", ": it ended with code 3, soon after it had taken over"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        fs::write(folder.join("server.py"), LIKE_GUNICORN).expect("a file");
        fs::write(folder.join("version"), "one").expect("a file");
        let settings = format!(
            "data = \"data\"\n[listen]\nhttp = [\"127.0.0.1:0\"]\n\
             [service.web]\nrun = \"python3 server.py\"\nlisten = \"unix\"\n\
             instances = 2\nkeep_former = \"2s\"\n{health}[[route]]\nto = \"service:web\"\n"
        );
        fs::write(folder.join("kenduri.toml"), settings).expect("a file");
        let config = folder.join("kenduri.toml").display().to_string();
        let program = Program::start(&["serve", "--config", &config], &[]);
        let end = Instant::now() + PATIENCE;
        while program.get("/").status != 200 {
            assert!(Instant::now() < end, "it does not start");
        }
        fs::write(folder.join("version"), "broken").expect("a file");
        let reload = || run(&["reload", "web", "--config", &config], folder, &[]);
        let output = asked_meanwhile(&program.address, reload);
        let why = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{why}");
        assert!(why.contains(wanted), "{why}");
        for _ in 0..4 {
            assert_eq!(program.get("/").text(), "one");
        }
    }
}

#[test]
fn an_upgrade_waits_until_a_version_has_proved_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fs::write(folder.join("server.py"), LIKE_GUNICORN).expect("a file");
    fs::write(folder.join("version"), "one").expect("a file");
    let settings = SETTINGS
        .replace("web/current", ".")
        .replace("200ms", "2s")
        .replace(
            "listen = \"unix\"",
            "listen = \"unix\"\nhealth = { path = \"/\" }",
        );
    fs::write(folder.join("kenduri.toml"), settings).expect("a file");
    let config = folder.join("kenduri.toml").display().to_string();
    let order = |words: &[&str]| run(&[words, &["--config", &config]].concat(), folder, &[]);
    let program = Program::start(&["serve", "--config", &config], &[]);
    let former = || text(&order(&["ps"]).stdout).matches(" former ").count();
    let end = Instant::now() + PATIENCE;
    let wait = |is_so: &dyn Fn() -> bool| {
        while !is_so() {
            assert!(Instant::now() < end, "it takes too long");
        }
    };
    wait(&|| program.get("/").status == 200);
    std::thread::scope(|scope| {
        let reloading = scope.spawn(|| order(&["reload", "web"]));
        wait(&|| former() > 0);
        let upgraded = order(&["upgrade"]);
        assert_eq!(
            upgraded.status.code(),
            Some(0),
            "{}",
            text(&upgraded.stderr)
        );
        assert_eq!(former(), 0);
        let reloaded = reloading.join().expect("its outcome");
        assert_eq!(
            reloaded.status.code(),
            Some(0),
            "{}",
            text(&reloaded.stderr)
        );
    });
    assert_eq!(program.get("/").text(), "one");
}
