//! Tests of `packaging/deploy.sh`, which installs a new version of a service.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::program::{Program, text};

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
    instances = 2\nstart_within = \"10s\"\n[[route]]\nto = \"service:web\"\n";

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
