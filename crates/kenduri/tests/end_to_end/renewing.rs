//! Tests of what can happen while the supervisor process upgrades itself by `exec`. No request and
//! no signal is lost, and the state stays the same.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process};

use crate::http;
use crate::program::{Program, command, free_address, run, text};
use crate::upgrade::{Copy, SETTINGS};

/// The time limit, long enough for a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);
/// How many times the settings change during an upgrade.
const ROUNDS: usize = 4;

impl Copy {
    fn apply(&self) -> std::process::Output {
        let settings = self.settings().to_string_lossy().into_owned();
        let words = ["apply", "--config", &settings, "--data", &self.data()];
        run(&words, Path::new("/"), &[])
    }

    fn upgrading(&self) -> Child {
        command(&[])
            .args(["upgrade", "--data", &self.data()])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts")
    }

    /// Whether the supervisor process accepts requests. During an upgrade, it refuses them.
    fn answers(&self) -> bool {
        let socket = Path::new(&self.data()).join("run/control.sock");
        let Ok(mut stream) = UnixStream::connect(socket) else {
            return true;
        };
        let soon = Some(Duration::from_millis(250));
        stream.set_read_timeout(soon).expect("a limit");
        stream.write_all(b"nonsense\n").expect("sent");
        let mut answer = String::new();
        let read = BufReader::new(stream).read_line(&mut answer);
        !read.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }
}

fn kill_worker(program: &Program) {
    let worker = i32::try_from(program.worker()).ok().and_then(Pid::from_raw);
    kill_process(worker.expect("a process"), Signal::KILL).expect("it lives");
}

#[test]
fn what_the_parent_has_opened_it_closes_as_another_program() {
    let copy = Copy::new(SETTINGS);
    let front = free_address();
    let beside = format!(
        "{SETTINGS}[service.front]\nrun = \"sleep 1000\"\nlisten = \"unix\"\nfront = \"{front}\"\n"
    );
    fs::write(copy.settings(), beside).expect("settings");
    let _program = copy.serve();
    assert!(TcpStream::connect(front).is_ok());
    let output = copy.upgrade();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(TcpStream::connect(front).is_ok());
    fs::write(copy.settings(), SETTINGS).expect("settings");
    let output = copy.apply();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(TcpStream::connect(front).is_err());
    drop(TcpListener::bind(front).expect("nobody has it"));
}

#[test]
fn settings_are_taken_whole_while_the_program_is_replaced() {
    let copy = Copy::new(SETTINGS);
    let program = copy.serve();
    let is_served = |status: usize| {
        let answer = http::send(&program.address, "GET", "/old/x", &[], b"").expect("an answer");
        assert_eq!(usize::from(answer.status), status, "{}", answer.text());
    };
    for round in 0..ROUNDS {
        let status = 410 + round;
        let route = format!("[[route]]\npath = \"/old/\"\nto = \"status:{status}\"\n");
        let app = "[[route]]\nto = \"app\"\n";
        fs::write(copy.settings(), format!("{SETTINGS}{route}{app}")).expect("settings");
        let upgrading = copy.upgrading();
        let end = Instant::now() + PATIENCE;
        loop {
            let output = copy.apply();
            if output.status.success() {
                break;
            }
            // The supervisor process was upgrading and refused the request, so the client must try
            // again.
            let why = text(&output.stderr);
            assert!(why.contains("try again"), "{why}");
            assert!(Instant::now() < end, "{why}");
        }
        is_served(status);
        let upgraded = upgrading.wait_with_output().expect("its end");
        assert!(upgraded.status.success(), "{}", text(&upgraded.stderr));
        is_served(status);
        // The supervisor process has the new settings, so the next worker uses them too.
        kill_worker(&program);
        is_served(status);
    }
}

#[test]
fn a_signal_in_that_moment_is_heard() {
    for signal in [Signal::TERM, Signal::HUP] {
        let copy = Copy::new(SETTINGS);
        // Nobody reads the pipe of the log. Before the `exec`, the supervisor process therefore
        // waits a moment for the log to be written.
        let (_reader, log) = std::io::pipe().expect("a pipe");
        let flags = fcntl_getfl(&log).expect("flags");
        fcntl_setfl(&log, flags | OFlags::NONBLOCK).expect("flags");
        while (&log).write(b"\n").is_ok() {}
        fcntl_setfl(&log, flags).expect("flags");
        let mut program = Program::watch_with(copy.command(), Stdio::from(log));
        let worker = program.worker();
        let mut upgrading = copy.upgrading();
        let end = Instant::now() + PATIENCE;
        while program.worker() == worker || copy.answers() {
            assert!(Instant::now() < end, "never renewed");
            let ended = upgrading.try_wait().expect("its status");
            assert!(ended.is_none(), "the moment was missed");
        }
        // Either signal stops a demo.
        assert_eq!(program.end(signal).code(), Some(0));
        let _ = upgrading.wait();
    }
}

#[test]
fn one_thread_of_the_parent_hears_signals() {
    let copy = Copy::new(SETTINGS);
    let program = copy.serve();
    let parent = program.supervisor_pid();
    // Returns the threads that can receive TERM, INT or HUP.
    let open = || {
        let threads = fs::read_dir(format!("/proc/{parent}/task")).expect("threads");
        let paths = threads.map(|thread| thread.expect("a thread").path());
        let is_open = |thread: &PathBuf| {
            let Ok(status) = fs::read_to_string(thread.join("status")) else {
                // The thread has exited.
                return false;
            };
            let blocked = status.lines().find_map(|line| line.strip_prefix("SigBlk:"));
            let blocked = u64::from_str_radix(blocked.expect("a mask").trim(), 16);
            let blocked = blocked.expect("a number");
            let mut all = [Signal::TERM, Signal::INT, Signal::HUP].into_iter();
            all.any(|signal| blocked & (1 << (signal.as_raw() - 1)) == 0)
        };
        paths.filter(is_open).collect::<Vec<_>>()
    };
    let first = PathBuf::from(format!("/proc/{parent}/task/{parent}"));
    let end = Instant::now() + PATIENCE;
    for round in 0..2 {
        // Only the first thread may receive these signals, before and after the upgrade.
        while open() != [first.as_path()] {
            assert!(Instant::now() < end, "{:?} in round {round}", open());
        }
        assert!(copy.upgrade().status.success());
    }
}
