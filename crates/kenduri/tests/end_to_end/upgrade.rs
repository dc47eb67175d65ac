//! Tests of upgrades under load. A new worker replaces the old one, and then the supervisor process
//! becomes the new program.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process};
use serde_json::Value;

use crate::program::{Program, command, run, text};

/// The number of clients, each with a persistent connection.
const CLIENTS: usize = 8;
const ROUNDS: usize = 3;
/// The minimum number of requests sent during the upgrades. `cargo xtask show edge --only changes`
/// sends ten times as many.
const REQUESTS: usize = 2_000;
/// The time limit for a response, long enough for a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A copy of the binary in its own folder, so that the file can be replaced.
pub(crate) struct Copy {
    folder: tempfile::TempDir,
}

pub(crate) const SETTINGS: &str = "[service.other]\nrun = \"sleep 1000\"\n";

impl Copy {
    /// Creates a copy of the binary, and a settings file.
    pub(crate) fn new(settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let copy = Self { folder };
        copy.renew();
        fs::write(copy.settings(), settings).expect("settings");
        copy
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn settings(&self) -> PathBuf {
        self.folder.path().join("kenduri.toml")
    }

    /// Returns the pid of the service `other`.
    fn other(&self) -> Option<i64> {
        let output = self.order(&["ps", "--json"]);
        let rows: Vec<Value> = serde_json::from_slice(&output.stdout).expect("a list");
        let mut rows = rows.into_iter().filter(|row| row["service"] == "other");
        rows.next().and_then(|row| row["pid"].as_i64())
    }

    pub(crate) fn program(&self) -> PathBuf {
        self.folder.path().join("kenduri")
    }

    pub(crate) fn data(&self) -> String {
        let data = self.folder.path().join("data");
        data.to_string_lossy().into_owned()
    }

    /// Replaces the copy with another binary, as a package manager does. A separate process writes
    /// the file, because a process that another test forks could inherit this process's open file.
    /// A file that is open for writing cannot be executed.
    fn replace(&self, by: &Path) {
        let fresh = self.folder.path().join("fresh");
        let copied = Command::new("cp").args([by, &fresh]).status();
        assert!(copied.expect("cp").success());
        fs::set_permissions(&fresh, fs::Permissions::from_mode(0o755)).expect("a mode");
        fs::rename(fresh, self.program()).expect("in its place");
    }

    fn replace_by_script(&self, text: &str) {
        let script = self.folder.path().join("script");
        fs::write(&script, text).expect("a program");
        self.replace(&script);
    }

    /// Replaces the copy with a new file that contains the same binary.
    pub(crate) fn renew(&self) {
        self.replace(env!("CARGO_BIN_EXE_kenduri").as_ref());
    }

    /// Serves a demo with the copy.
    pub(crate) fn serve(&self) -> Program {
        Program::watch(self.command())
    }

    pub(crate) fn command(&self) -> Command {
        let program = self.program();
        let settings = self.settings();
        let words = ["serve", "--demo", "--listen", "127.0.0.1:0", "--config"];
        let mut words: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
        let data = self.data();
        words.extend([settings.as_os_str(), "--data".as_ref(), data.as_ref()]);
        Self::becoming(&program, &words)
    }

    /// Runs a program that becomes `kenduri serve`, in the environment of the tests.
    pub(crate) fn start(program: &Path, words: &[&OsStr]) -> Program {
        Program::watch(Self::becoming(program, words))
    }

    fn becoming(program: &Path, words: &[&OsStr]) -> Command {
        let usual = command(&[]);
        let mut command = Command::new(program);
        for (name, value) in usual.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.args(words).stdin(Stdio::null());
        command
    }

    /// Runs a command against the running Kenduri.
    pub(crate) fn order(&self, words: &[&str]) -> std::process::Output {
        let data = self.data();
        run(&[words, &["--data", &data]].concat(), self.path(), &[])
    }

    /// Upgrades the running Kenduri to the binary file as it is now.
    pub(crate) fn upgrade(&self) -> std::process::Output {
        self.order(&["upgrade"])
    }

    /// Upgrades to a new file with the same binary. Checks that the worker is a new process, and
    /// that the supervisor process has kept its pid but runs the new file.
    pub(crate) fn change(&self, program: &Program) {
        let (parent, before) = (program.supervisor_pid(), program.worker());
        self.renew();
        let output = self.upgrade();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        assert_ne!(program.worker(), before);
        assert!(
            self.is_run_by(parent),
            "the supervisor process is the new program, too"
        );
    }

    /// Whether the process runs the binary file as it is now.
    fn is_run_by(&self, process: u32) -> bool {
        let runs = fs::metadata(format!("/proc/{process}/exe")).expect("a program");
        runs.ino() == fs::metadata(self.program()).expect("a program").ino()
    }
}

/// Requests a path repeatedly over one connection, until the server closes it. Returns the number
/// of responses.
pub(crate) fn ask(
    address: &str,
    path: &str,
    stop: &AtomicBool,
    count: &AtomicUsize,
) -> std::io::Result<()> {
    while !stop.load(Ordering::Relaxed) {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut reading = BufReader::new(stream);
        loop {
            let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
            reading.get_mut().write_all(request.as_bytes())?;
            let (mut length, mut ends, mut line) = (0, false, String::new());
            reading.read_line(&mut line)?;
            if !line.starts_with("HTTP/1.1 200") {
                return Err(std::io::Error::other(format!("answered {line:?}")));
            }
            loop {
                line.clear();
                reading.read_line(&mut line)?;
                let head = line.trim_end().to_ascii_lowercase();
                if head.is_empty() {
                    break;
                }
                if let Some(said) = head.strip_prefix("content-length: ") {
                    length = said.parse().map_err(std::io::Error::other)?;
                }
                ends |= head == "connection: close";
            }
            let mut body = vec![0; length];
            reading.read_exact(&mut body)?;
            count.fetch_add(1, Ordering::Relaxed);
            if ends || stop.load(Ordering::Relaxed) {
                break;
            }
        }
    }
    Ok(())
}

fn kill(process: u32) {
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    kill_process(pid.expect("a process"), Signal::KILL).expect("it lives");
}

#[test]
fn nobody_notices_that_another_program_serves() {
    let copy = Copy::new(SETTINGS);
    let mut program = copy.serve();
    let other = copy.other();
    let (stop, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(|| ask(&program.address, "/readyz", &stop, &count)))
            .collect();
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for round in 1..=ROUNDS {
                copy.change(&program);
                assert_eq!(copy.other(), other, "services are not touched");
                // The next upgrade waits until all clients have sent requests to this version.
                let wanted = round * REQUESTS / ROUNDS;
                let end = Instant::now() + 10 * PATIENCE;
                while count.load(Ordering::Relaxed) < wanted
                    && clients.iter().any(|client| !client.is_finished())
                {
                    assert!(Instant::now() < end, "never: so many requests");
                    std::thread::sleep(Duration::from_millis(5));
                }
            }
        }));
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().expect("a client").expect("no failed request");
        }
        done.expect("every round");
    });
    let count = count.into_inner();
    assert!(count >= REQUESTS, "{count}");
    println!("{count} requests, none failed");
    // The new supervisor process still supervises: it restarts the worker that is killed here.
    let worker = program.worker();
    kill(worker);
    assert_eq!(program.get("/readyz").status, 200);
    assert_ne!(program.worker(), worker);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}

#[test]
fn who_follows_a_service_hears_each_line_once() {
    let copy = Copy::new(
        "[service.counts]\nshell = true\n\
         run = \"i=0; while :; do i=$((i + 1)); echo line $i; sleep 0.002; done\"\n",
    );
    let mut program = copy.serve();
    let mut follows = command(&[]);
    follows.args(["logs", "counts", "-f", "--data", &copy.data()]);
    let mut follows = follows.stdout(Stdio::piped()).spawn().expect("a reader");
    let said = BufReader::new(follows.stdout.take().expect("a pipe"));
    let (tell, told) = std::sync::mpsc::channel();
    let reader = std::thread::spawn(move || {
        let numbers = said
            .lines()
            .map_while(Result::ok)
            .filter_map(|line| number(&line));
        for number in numbers {
            // If the test has failed, nobody receives this any more.
            let _ = tell.send(number);
        }
    });
    let mut heard = told.recv_timeout(PATIENCE).expect("a line");
    for _ in 0..ROUNDS {
        copy.change(&program);
        let newest = copy.order(&["logs", "counts", "-n", "1"]).stdout;
        let newest = number(text(&newest).trim()).expect("a line");
        while heard < newest {
            assert_eq!(told.recv_timeout(PATIENCE), Ok(heard + 1));
            heard += 1;
        }
    }
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
    assert!(follows.wait().expect("an end").success());
    reader.join().expect("it ends with what it reads");
}

/// Returns the number at the end of a line such as `line 5`.
fn number(line: &str) -> Option<u64> {
    line.rsplit_once("line ")?.1.parse().ok()
}

#[test]
fn a_program_that_does_not_serve_changes_nothing() {
    let copy = Copy::new(SETTINGS);
    let mut program = copy.serve();
    let worker = program.worker();

    copy.replace_by_script("#!/bin/sh\nexit 3\n");
    let output = copy.upgrade();
    assert_eq!(output.status.code(), Some(1));
    let why = text(&output.stderr);
    assert!(why.contains("the old program keeps running"), "{why}");
    assert_eq!(program.get("/readyz").status, 200);
    assert_eq!(program.worker(), worker);

    let mode = |mode| {
        fs::set_permissions(copy.program(), fs::Permissions::from_mode(mode)).expect("a mode");
    };
    mode(0o777);
    let why = text(&copy.upgrade().stderr);
    assert!(why.contains("chmod go-w"), "{why}");
    mode(0o755);
    fs::remove_file(copy.program()).expect("gone");
    let why = text(&copy.upgrade().stderr);
    assert!(why.contains("is gone"), "{why}");
    assert_eq!(program.worker(), worker);
    // Only an upgrade runs the file on the disk: a worker that ends is replaced by the same
    // program, and so is one that takes waiting settings.
    kill(worker);
    assert_eq!(program.get("/readyz").status, 200);
    let restarted = program.worker();
    assert_ne!(restarted, worker);
    assert!(copy.order(&["reload", "kenduri"]).status.success());
    assert_eq!(program.get("/readyz").status, 200);
    assert_ne!(program.worker(), restarted);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}

#[test]
fn a_program_that_serves_and_cannot_keep_changes_nothing() {
    let copy = Copy::new(SETTINGS);
    let mut program = copy.serve();
    let (parent, other) = (program.supervisor_pid(), copy.other());
    let usual = env!("CARGO_BIN_EXE_kenduri");
    copy.replace_by_script(&format!(
        "#!/bin/sh\ntest \"$1\" = serve && echo 'error: no memory of that' >&2 && exit 3\n\
         exec '{usual}' \"$@\"\n"
    ));
    let output = copy.upgrade();
    assert_eq!(output.status.code(), Some(1));
    let why = text(&output.stderr);
    assert!(
        why.contains("keeps running as the old program") && why.contains("no memory of that"),
        "{why}"
    );
    assert_eq!(program.get("/readyz").status, 200);
    assert_eq!((program.supervisor_pid(), copy.other()), (parent, other));
    assert!(!copy.is_run_by(parent));
    // The failed upgrade did not harm the supervisor process, so a good binary can still take over.
    copy.change(&program);
    assert_eq!(copy.other(), other);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}

fn open_files(process: u32) -> u64 {
    let open = fs::read_dir(format!("/proc/{process}/fd")).expect("a process");
    u64::try_from(open.count()).expect("a number")
}

fn limit_files(process: u32, most: u64) {
    let pid = i32::try_from(process).ok().and_then(Pid::from_raw);
    let before = rustix::process::prlimit(
        pid,
        Resource::Nofile,
        Rlimit {
            current: Some(most),
            maximum: getrlimit(Resource::Nofile).maximum,
        },
    );
    before.expect("its limit");
}

#[test]
fn where_no_more_files_may_be_open_the_old_program_goes_on() {
    let copy = Copy::new(SETTINGS);
    let mut program = copy.serve();
    let (parent, other, worker) = (program.supervisor_pid(), copy.other(), program.worker());
    let limits = fs::read_to_string(format!("/proc/{parent}/limits")).expect("limits");
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let mut files = files.expect("one").split_whitespace().skip(3);
    let (now, most) = (files.next(), files.next());
    assert!(
        now == most || now == Some("65536"),
        "it is raised: {limits}"
    );
    for more in [8, 24, 60] {
        copy.renew();
        limit_files(parent, open_files(parent) + more);
        let output = copy.upgrade();
        assert_eq!(output.status.code(), Some(1), "{more}");
        let why = text(&output.stderr);
        assert!(
            why.contains("the old program keeps running") && why.contains("LimitNOFILE="),
            "{more}: {why}"
        );
        assert_eq!(program.get("/readyz").status, 200);
        assert_eq!(program.worker(), worker);
        assert_eq!((program.supervisor_pid(), copy.other()), (parent, other));
    }
    limit_files(parent, 1_024);
    copy.change(&program);
    assert_eq!(copy.other(), other);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}

#[test]
fn an_upgrade_that_fails_at_last_ends_nothing() {
    let copy = Copy::new(SETTINGS);
    let mut program = copy.serve();
    let (parent, other) = (program.supervisor_pid(), copy.other());
    // The supervisor process cannot open more files while the new binary is checked.
    let usual = env!("CARGO_BIN_EXE_kenduri");
    copy.replace_by_script(&format!(
        "#!/bin/sh\n\
         for word; do\n\
         test \"$word\" = --rehearsal &&\n\
         prlimit --pid $PPID --nofile=$(ls /proc/$PPID/fd | wc -l):\n\
         done\n\
         exec '{usual}' \"$@\"\n"
    ));
    let output = copy.upgrade();
    assert_eq!(output.status.code(), Some(1));
    let why = text(&output.stderr);
    assert!(
        why.contains("keeps running as the old program") && why.contains("LimitNOFILE="),
        "{why}"
    );
    limit_files(parent, 1_024);
    assert_eq!(program.get("/readyz").status, 200);
    assert_eq!((program.supervisor_pid(), copy.other()), (parent, other));
    assert!(!copy.is_run_by(parent));
    copy.change(&program);
    assert_eq!(copy.other(), other);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}

#[test]
fn a_rehearsal_needs_a_parent() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(&["serve", "--rehearsal"], folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let why = text(&output.stderr);
    assert!(
        why.contains("only the supervisor process runs this"),
        "{why}"
    );
    assert!(!folder.path().join("data").exists());
}

#[test]
fn what_cannot_be_taken_over_is_started_anew() {
    // The new binary's standard input is not a handover from Kenduri, but an empty socket that the
    // program created itself.
    let becomes = "import os, socket, sys\n\
                   _, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n\
                   os.dup2(theirs.fileno(), 0)\n\
                   os.execv(sys.argv[1], sys.argv[1:])\n";
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let serve = [
        "-c",
        becomes,
        env!("CARGO_BIN_EXE_kenduri"),
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
    ];
    let mut words: Vec<&OsStr> = serve.iter().map(OsStr::new).collect();
    words.push(data.as_os_str());
    let mut program = Copy::start(Path::new("python3"), &words);
    assert_eq!(program.get("/readyz").status, 200);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}
