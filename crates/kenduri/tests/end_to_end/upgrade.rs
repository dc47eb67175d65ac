//! Another program takes over while everybody asks: the worker is replaced by it, and
//! the keeper becomes it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::program::{Program, command, run, text};

/// Clients that ask one after the other over connections that stay open.
const CLIENTS: usize = 8;
/// How often the program is replaced under them.
const ROUNDS: usize = 3;
/// At least so many requests are sent meanwhile.
const REQUESTS: usize = 20_000;
/// How long an answer may take on a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A copy of the program in a folder of its own, where it can be replaced.
struct Copy {
    folder: tempfile::TempDir,
}

impl Copy {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let copy = Self { folder };
        copy.replace(|path| {
            fs::copy(env!("CARGO_BIN_EXE_kenduri"), path).expect("a copy");
        });
        let settings = "[service.other]\nrun = \"sleep 1000\"\n";
        fs::write(copy.settings(), settings).expect("settings");
        copy
    }

    fn settings(&self) -> PathBuf {
        self.folder.path().join("kenduri.toml")
    }

    /// The process of the service beside.
    fn other(&self) -> Option<i64> {
        let words = ["ps", "--json", "--data", &self.data()];
        let output = run(&words, self.folder.path(), &[]);
        let rows: Vec<Value> = serde_json::from_slice(&output.stdout).expect("a list");
        let mut rows = rows.into_iter().filter(|row| row["service"] == "other");
        rows.next().and_then(|row| row["pid"].as_i64())
    }

    fn program(&self) -> PathBuf {
        self.folder.path().join("kenduri")
    }

    fn data(&self) -> String {
        let data = self.folder.path().join("data");
        data.to_string_lossy().into_owned()
    }

    /// Puts another one in its place, as packages do.
    fn replace(&self, write: impl FnOnce(&Path)) {
        let fresh = self.folder.path().join("fresh");
        write(&fresh);
        fs::set_permissions(&fresh, fs::Permissions::from_mode(0o755)).expect("a mode");
        fs::rename(fresh, self.program()).expect("in its place");
    }

    fn serve(&self) -> Program {
        let usual = command(&[]);
        let mut command = Command::new(self.program());
        for (name, value) in usual.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data"]);
        command
            .arg(self.data())
            .arg("--config")
            .arg(self.settings());
        Program::watch(command)
    }

    fn upgrade(&self) -> std::process::Output {
        let words = ["upgrade", "--data", &self.data()];
        run(&words, self.folder.path(), &[])
    }
}

/// Asks over one connection until it is told that it ends; says how often it was answered.
fn ask(address: &str, stop: &AtomicBool, count: &AtomicUsize) -> std::io::Result<()> {
    while !stop.load(Ordering::Relaxed) {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let mut reading = BufReader::new(stream);
        loop {
            let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\n\r\n");
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

#[test]
fn nobody_notices_that_another_program_serves() {
    let copy = Copy::new();
    let mut program = copy.serve();
    let keeper = program.keeper();
    let other = copy.other();
    let (stop, count) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(|| ask(&program.address, &stop, &count)))
            .collect();
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for round in 1..=ROUNDS {
                let before = program.worker();
                copy.replace(|path| {
                    fs::copy(env!("CARGO_BIN_EXE_kenduri"), path).expect("a copy");
                });
                let output = copy.upgrade();
                assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
                assert_ne!(program.worker(), before);
                assert_eq!(program.keeper(), keeper);
                let runs = fs::metadata(format!("/proc/{keeper}/exe")).expect("a program");
                let there = fs::metadata(copy.program()).expect("a program");
                assert_eq!(
                    runs.ino(),
                    there.ino(),
                    "the keeper is the new program, too"
                );
                assert_eq!(copy.other(), other, "services are not touched");
                // Before the next one everybody has asked this one.
                let wanted = round * REQUESTS / ROUNDS;
                while count.load(Ordering::Relaxed) < wanted
                    && clients.iter().any(|client| !client.is_finished())
                {
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
    // What was kept before is kept now: a dead worker is back.
    let worker = program.worker();
    let pid = i32::try_from(worker).ok().and_then(Pid::from_raw);
    kill_process(pid.expect("a process"), Signal::KILL).expect("it lives");
    assert_eq!(program.get("/readyz").status, 200);
    assert_ne!(program.worker(), worker);
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}

#[test]
fn a_program_that_does_not_serve_changes_nothing() {
    let copy = Copy::new();
    let mut program = copy.serve();
    let worker = program.worker();

    copy.replace(|path| fs::write(path, "#!/bin/sh\nexit 3\n").expect("a program"));
    let output = copy.upgrade();
    assert_eq!(output.status.code(), Some(1));
    let why = text(&output.stderr);
    assert!(why.contains("the old program goes on"), "{why}");
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
    assert_eq!(program.end(Signal::TERM).code(), Some(0));
}
