//! Starts the built binary on a free port, reads its output, and stops it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::http::{self, Answer};

/// The time limit for starting or stopping, long enough for a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A running Kenduri. Dropping this value kills it.
pub(crate) struct Program {
    child: Child,
    lines: Receiver<String>,
    /// The lines of Kenduri's output that were read so far.
    pub(crate) said: Vec<String>,
    /// Kenduri's listening address, such as `127.0.0.1:40123`.
    pub(crate) address: String,
    /// A temporary folder for Kenduri. Deleting it also deletes what a killed Kenduri leaves
    /// behind.
    _temporary: tempfile::TempDir,
}

impl Program {
    /// Runs `kenduri serve` with these arguments on a free port, and waits until it serves.
    pub(crate) fn serve(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut whole = vec!["serve", "--listen", "127.0.0.1:0"];
        whole.extend(arguments);
        Self::start(&whole, environment)
    }

    /// Runs `kenduri` with these arguments, and waits until it serves.
    pub(crate) fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = command(environment);
        command.args(arguments);
        Self::watch(command)
    }

    /// Runs a command that becomes `kenduri serve`, and waits until it serves.
    pub(crate) fn watch(command: Command) -> Self {
        Self::watch_with(command, Stdio::null())
    }

    /// Like [`Self::watch`], but with a destination for the log.
    pub(crate) fn watch_with(command: Command, log: Stdio) -> Self {
        let mut program = Self::begin(command, log);
        program.address = program.listener("http://");
        program
    }

    /// Runs a command that does not serve yet.
    pub(crate) fn begin(mut command: Command, log: Stdio) -> Self {
        let temporary = tempfile::tempdir().expect("a folder");
        let mut child = command
            .env("TMPDIR", temporary.path())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let output = child.stdout.take().expect("its output");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            lines,
            said: Vec::new(),
            address: String::new(),
            _temporary: temporary,
        }
    }

    /// Returns the first printed listening address with this scheme. Returns an empty text if there
    /// is none.
    pub(crate) fn listener(&mut self, scheme: &str) -> String {
        let ready = self.wait_for_line("Kenduri answers at ");
        let address = ready
            .split_whitespace()
            .find_map(|word| word.strip_prefix(scheme));
        address.unwrap_or_default().to_owned()
    }

    /// Reads Kenduri's output until a line contains `text`.
    pub(crate) fn wait_for_line(&mut self, text: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(line) = self.said.iter().find(|line| line.contains(text)) {
                return line.clone();
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => self.said.push(line),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("never said {text:?}, but:\n{}", self.said.join("\n"))
                }
            }
        }
    }

    /// Returns the path of the first URL on a line that contains `text`.
    pub(crate) fn link(&mut self, text: &str) -> String {
        let line = self.wait_for_line(text);
        let address = format!("http://{}", self.address);
        let start = line.find(&address).expect("an address of this program");
        let link = &line[start + address.len()..];
        link.split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        http::send(&self.address, "GET", path, &[], b"").expect("an answer")
    }

    /// Sends a signal to the supervisor process, and waits until it has exited.
    pub(crate) fn end(&mut self, signal: Signal) -> ExitStatus {
        self.signal(signal);
        self.wait()
    }

    /// Reads one of the worker's files in `/proc`, such as `environ` (proc(5)).
    pub(crate) fn system_file(&self, name: &str) -> Vec<u8> {
        let file = format!("/proc/{}/{name}", self.worker());
        std::fs::read(file).expect("what the system knows of it")
    }

    pub(crate) fn supervisor_pid(&self) -> u32 {
        self.child.id()
    }

    /// Returns the worker's pid. The worker is the child of the supervisor process that runs the
    /// same binary.
    pub(crate) fn worker(&self) -> u32 {
        let mut workers = children(self.supervisor_pid()).into_iter().filter(|child| {
            let words = std::fs::read(format!("/proc/{child}/cmdline")).unwrap_or_default();
            words.split(|byte| *byte == 0).nth(1) == Some(b"work")
        });
        workers.next_back().expect("a worker")
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("a process id"), signal).expect("it lives");
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait().expect("its status") {
                Some(status) => return status,
                None if Instant::now() > end => panic!("does not end"),
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    pub(crate) fn kill(mut self) {
        let status = self.end(Signal::KILL);
        assert_eq!(status.signal(), Some(9));
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let workers = children(self.supervisor_pid());
        // The process may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // The kernel ends its workers afterwards. Until then, they can write.
        let end = Instant::now() + PATIENCE;
        while workers.iter().any(|worker| is_running(*worker)) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// `false` for a process that has ended and only waits to be reaped.
fn is_running(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = status.rsplit_once(") ").map_or("", |(_, rest)| rest);
    !state.is_empty() && !state.starts_with(['Z', 'X'])
}

/// Returns a free address that no other test uses. Each call returns a different loopback IP
/// address, and the kernel chooses the port.
pub(crate) fn free_address() -> SocketAddr {
    static NEXT: AtomicU8 = AtomicU8::new(2);
    let own = Ipv4Addr::new(127, 0, 0, NEXT.fetch_add(1, Ordering::Relaxed));
    loop {
        let stream = TcpListener::bind((own, 0)).expect("a port");
        let address = stream.local_addr().expect("its address");
        if UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}

pub(crate) fn children(process: u32) -> Vec<u32> {
    let file = format!("/proc/{process}/task/{process}/children");
    let children = std::fs::read_to_string(file).unwrap_or_default();
    let children = children.split_whitespace();
    children.filter_map(|child| child.parse().ok()).collect()
}

pub(crate) fn run(arguments: &[&str], folder: &Path, environment: &[(&str, &str)]) -> Output {
    let mut child = command(environment)
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let end = Instant::now() + PATIENCE;
    while child.try_wait().expect("its status").is_none() {
        if Instant::now() > end {
            let _ = child.kill();
            let mut said = String::new();
            if let Some(mut error) = child.stderr.take() {
                let _ = error.read_to_string(&mut said);
            }
            panic!("kenduri {arguments:?} does not end: {said}");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.wait_with_output().expect("its output")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn command(environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kenduri"));
    // The developer's environment must not affect the tests.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("KENDURI_") {
            command.env_remove(name);
        }
    }
    command
        .envs(environment.iter().copied())
        .stdin(Stdio::null());
    command
}
