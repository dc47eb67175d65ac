//! Kills a PostgreSQL server with all its processes while households answer. No acknowledged answer
//! may be lost. `cargo xtask show backup` does this 1,000 times.

use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::killing::open_households;
use crate::load::{Load, last_versions, tell, times};
use crate::power_loss::wait_for;
use crate::program::{PATIENCE, Program, children};

/// The number of acknowledged answers between two kills.
const ANSWERS: usize = 12;

/// The test's own PostgreSQL server, which flushes commits to the disk.
struct Server {
    programs: PathBuf,
    folder: TempDir,
    process: Option<Child>,
}

impl Server {
    /// Creates a server. Returns `None` if PostgreSQL is not installed.
    fn create() -> Option<Self> {
        let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
        let programs = versions
            .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
            .filter(|programs| programs.join("initdb").exists())
            .max()?;
        let folder = tempfile::tempdir().expect("a folder");
        if rustix::process::geteuid().is_root() {
            let user = Command::new("id").args(["-u", "postgres"]).output();
            let user = String::from_utf8(user.expect("id").stdout).expect("a number");
            let user = user.trim().parse().ok();
            chown(folder.path(), user, None).expect("given away");
        }
        let server = Self {
            programs,
            folder,
            process: None,
        };
        let made = server
            .command("initdb")
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8"])
            .arg("--pgdata")
            .arg(server.data())
            .stdout(Stdio::null())
            .status();
        assert!(made.expect("initdb").success());
        Some(server)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Builds a command for one of PostgreSQL's programs. They refuse to run as root, so root runs
    /// them as another user.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        if rustix::process::geteuid().is_root() {
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
        }
        command.args(["--pdeathsig", "KILL", "--"]);
        command.arg(self.programs.join(program));
        command.current_dir("/").stdin(Stdio::null());
        command
    }

    fn start(&mut self) {
        let log = File::create(self.folder.path().join("log")).expect("a log");
        let process = self
            .command("postgres")
            .arg("-D")
            .arg(self.data())
            .arg("-k")
            .arg(self.folder.path())
            .args(["-c", "listen_addresses=", "-c", "fsync=on"])
            .stderr(log)
            .spawn();
        self.process = Some(process.expect("postgres"));
        let end = Instant::now() + PATIENCE;
        let url = self.url();
        while postgres::Client::connect(&url, postgres::NoTls).is_err() {
            assert!(Instant::now() < end, "the server does not start");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn url(&self) -> String {
        let folder = self.folder.path().to_string_lossy().replace('/', "%2F");
        format!("postgres://postgres@{folder}/postgres")
    }

    /// Kills all processes of the server, and waits until they have exited.
    fn kill(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        let all = children(process.id());
        process.kill().expect("killed");
        for child in &all {
            let pid = i32::try_from(*child).ok().and_then(Pid::from_raw);
            // The process may have exited already.
            let _ = kill_process(pid.expect("a process id"), Signal::KILL);
        }
        process.wait().expect("it ended");
        let is_running = |child: &u32| {
            let status = fs::read_to_string(format!("/proc/{child}/stat"));
            status.is_ok_and(|status| !status.contains(") Z "))
        };
        let end = Instant::now() + PATIENCE;
        while all.iter().any(is_running) {
            assert!(Instant::now() < end, "a process goes on");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

#[test]
fn a_killed_postgresql_server_loses_no_acknowledged_answer() {
    let Some(mut server) = Server::create() else {
        eprintln!("skipped: no server of PostgreSQL is installed");
        return;
    };
    server.start();
    let folder = tempfile::tempdir().expect("a folder");
    let (data, url) = (folder.path().to_string_lossy(), server.url());
    let store = format!("store.url={url}");
    let arguments = ["--demo", "--data", &*data, "--set", &*store];
    let program = Program::serve(&arguments, &[]);
    let mut households = open_households(&program, invitations(&url));
    let (load, kills) = (Load::default(), times(4));
    let acknowledged = std::thread::scope(|scope| {
        let answering = scope.spawn(|| load.run(&program.address, &mut households, || ()));
        for _ in 0..kills {
            let before = load.acknowledged.load(Ordering::Relaxed);
            wait_for(&load, before + ANSWERS);
            server.kill();
            server.start();
        }
        let before = load.acknowledged.load(Ordering::Relaxed);
        wait_for(&load, before + ANSWERS);
        load.is_ended.store(true, Ordering::Relaxed);
        answering.join().expect("the clients")
    });
    program.kill();
    let stored = versions(&url);
    for (code, version) in last_versions(acknowledged.iter()) {
        let found = stored.iter().find(|(stored, _)| stored == code);
        let found = found.map(|(_, version)| *version);
        assert!(found >= Some(version), "{code} lost an answer");
    }
    tell(&format!(
        "{kills} kills of PostgreSQL among {} acknowledged answers: 0 answers lost",
        acknowledged.len()
    ));
}

fn invitations(url: &str) -> Vec<(String, Option<String>)> {
    let codes = versions(url).into_iter();
    codes.map(|(code, _)| (code, None)).collect()
}

fn versions(url: &str) -> Vec<(String, i64)> {
    let mut client = postgres::Client::connect(url, postgres::NoTls).expect("the server");
    let rows = client.query("SELECT code, version FROM invitation", &[]);
    let rows = rows.expect("a table");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}
