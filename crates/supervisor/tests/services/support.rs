//! Runs a supervisor on a separate thread, and observes processes from outside.

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use supervisor::{
    Channel, CheckDepth, Clock, Control, InnerListener, InstanceStatus, LogQuery, OwnService, Plan,
    PlanContext, Problem, ServiceConfigs, ServiceInstances, ShimProgram, Supervisor,
    SupervisorOptions,
};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The time limit for every event that a test waits for.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// The program that the supervisor executes to start a service. It then becomes the service.
pub(crate) const SUPERVISE: &str = env!("CARGO_BIN_EXE_supervise");
/// The name of its copy in a folder that other users may enter.
const COPIED: &str = "supervise";

/// A service that responds to requests on its socket or port. `/health` fails while the file `ill`
/// exists.
pub(crate) const SERVER: &str = r#"
import http.server, os, socket, socketserver, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if os.path.exists("ill") else 200)
        self.end_headers()
        self.wfile.write(str(os.getpid()).encode())
    def address_string(self):
        return "local"
    def log_message(self, *words):
        pass
class Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
class Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
if "LISTEN_FDS" in os.environ:
    assert os.environ["LISTEN_PID"] == str(os.getpid()), "another pid"
    taken = socket.socket(fileno=3)
    server = Unix("unused", Answer, False) if taken.family == socket.AF_UNIX else Tcp(("", 0), Answer, False)
    server.socket = taken
elif "SOCKET" in os.environ:
    server = Unix(os.environ["SOCKET"], Answer)
else:
    server = Tcp(("127.0.0.1", int(os.environ["PORT"])), Answer)
print("serving", flush=True)
server.serve_forever()
"#;

pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) control: Control,
    channels: UnboundedReceiver<Channel>,
    passes: UnboundedSender<(Duration, mpsc::Sender<()>)>,
    runtime: Runtime,
    thread: Option<JoinHandle<()>>,
}

/// Creates a folder with the test service's script.
pub(crate) fn folder() -> TempDir {
    let folder = tempfile::Builder::new().prefix("n").tempdir().unwrap();
    fs::write(folder.path().join("server.py"), SERVER).unwrap();
    folder
}

/// Creates a folder with the test service's script and another file.
pub(crate) fn folder_with(file: &str, text: &str) -> TempDir {
    let folder = folder();
    fs::write(folder.path().join(file), text).unwrap();
    folder
}

/// Creates a folder that other users may enter, with the test service's script and another file. It
/// also contains a copy of the program that starts services, because other users may not be allowed
/// to enter the build folder.
pub(crate) fn folder_for_others(file: &str, text: &str) -> TempDir {
    let folder = folder_with(file, text);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).unwrap();
    copy_program(Path::new(SUPERVISE), &folder.path().join(COPIED));
    folder
}

/// Copies a program. A separate process writes the copy, because a process that another test forks
/// could inherit this process's open file. A file that is open for writing cannot be executed.
pub(crate) fn copy_program(from: &Path, to: &Path) {
    let copied = Command::new("cp").args([from, to]).status();
    assert!(copied.unwrap().success());
    fs::set_permissions(to, fs::Permissions::from_mode(0o755)).unwrap();
}

pub(crate) fn wish(service: &str) -> LogQuery {
    LogQuery {
        service: Some(service.to_owned()),
        ..LogQuery::default()
    }
}

pub(crate) fn plan(folder: &Path, services: &str) -> Result<Plan, Vec<Problem>> {
    let description: ServiceConfigs = toml::from_str(services).unwrap();
    let inner = InnerListener {
        socket: PathBuf::from("inner.sock"),
        url: "http://127.0.0.1:4711".to_owned(),
    };
    let ground = PlanContext {
        folder,
        run: &folder.join("run"),
        inner: &BTreeMap::from([("inner".to_owned(), inner)]),
        environment: &BTreeMap::new(),
        user: None,
        depth: CheckDepth::Whole,
    };
    Plan::check(&description, &ground)
}

impl Fixture {
    /// Starts a supervisor for `services`, which is TOML as it would follow `[service]`.
    pub(crate) fn new(services: &str) -> Self {
        Self::in_folder(folder(), services)
    }

    pub(crate) fn in_folder(folder: TempDir, services: &str) -> Self {
        let plan = plan(folder.path(), services).unwrap();
        Self::with_plan(folder, plan)
    }

    /// Starts a supervisor for `services` and for the program's own service.
    pub(crate) fn with_own(folder: TempDir, services: &str, own: OwnService) -> Self {
        let plan = plan(folder.path(), services).unwrap().with(own);
        Self::with_plan(folder, plan)
    }

    /// Starts a supervisor that reads the time from this clock.
    pub(crate) fn with_clock(services: &str, clock: Clock) -> Self {
        let folder = folder();
        let plan = plan(folder.path(), services).unwrap();
        Self::start(folder, plan, Some(clock), None)
    }

    /// Starts a supervisor that sends the names of services whose planned restart is due.
    pub(crate) fn with_due_restarts(
        services: &str,
        clock: Clock,
        due_restarts: UnboundedSender<Arc<str>>,
    ) -> Self {
        let folder = folder();
        let plan = plan(folder.path(), services).unwrap();
        Self::start(folder, plan, Some(clock), Some(due_restarts))
    }

    fn with_plan(folder: TempDir, plan: Plan) -> Self {
        Self::start(folder, plan, None, None)
    }

    fn start(
        folder: TempDir,
        plan: Plan,
        clock: Option<Clock>,
        due_restarts: Option<UnboundedSender<Arc<str>>>,
    ) -> Self {
        let path = folder.path().to_owned();
        let (sender, control) = mpsc::channel();
        let (voice, channels) = unbounded_channel();
        let (passes, mut passed) = unbounded_channel::<(Duration, mpsc::Sender<()>)>();
        let thread = std::thread::spawn(move || {
            let usual = SupervisorOptions::in_folder(&path);
            let copied = Some(path.join(COPIED)).filter(|copied| copied.exists());
            let means = SupervisorOptions {
                clock: clock.unwrap_or_else(|| Arc::clone(&usual.clock)),
                launcher: ShimProgram::Other(copied.unwrap_or_else(|| SUPERVISE.into())),
                // The test process must not reap the children of other tests.
                adopt_orphans: false,
                control_groups: false,
                // The tests need not wait for as long as a server does.
                alive: Duration::from_secs(1),
                channels: Some(voice),
                due_restarts,
                ..usual
            };
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let (supervisor, control) = Supervisor::new(&plan, means).unwrap();
                sender.send(control).unwrap();
                tokio::spawn(async move {
                    while let Some((time, over)) = passed.recv().await {
                        tokio::time::pause();
                        tokio::time::advance(time).await;
                        tokio::time::resume();
                        let _ = over.send(());
                    }
                });
                supervisor.run().await.unwrap();
            });
        });
        Self {
            folder,
            control: control.recv().unwrap(),
            channels,
            passes,
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
            thread: Some(thread),
        }
    }

    /// Runs a future to completion. Panics after [`PATIENCE`].
    pub(crate) fn wait<T>(&self, what: impl Future<Output = T>) -> T {
        let limited = async { tokio::time::timeout(PATIENCE, what).await };
        self.runtime.block_on(limited).expect("it takes too long")
    }

    /// Lets time pass on the supervisor's thread.
    pub(crate) fn passes(&self, time: Duration) {
        let (over, is_over) = mpsc::channel();
        self.passes.send((time, over)).unwrap();
        is_over.recv_timeout(PATIENCE).unwrap();
    }

    /// Waits for the next start of the program's own service. Returns the channel to it.
    pub(crate) fn channel(&mut self) -> Channel {
        let limited = async { tokio::time::timeout(PATIENCE, self.channels.recv()).await };
        self.runtime.block_on(limited).unwrap().unwrap()
    }

    /// Waits until a service's instances satisfy `wanted`, and returns them.
    pub(crate) fn crew(
        &self,
        service: &str,
        wanted: impl Fn(&ServiceInstances) -> bool,
    ) -> ServiceInstances {
        let mut fleet = self.control.ready_instances();
        let service = service.to_owned();
        self.wait(async move {
            let fleet = fleet
                .wait_for(|fleet| fleet.get(service.as_str()).is_some_and(&wanted))
                .await;
            fleet.unwrap()[service.as_str()].clone()
        })
    }

    /// Waits until this many instances take requests.
    pub(crate) fn ready(&self, service: &str, count: usize) -> ServiceInstances {
        self.crew(service, |crew| crew.ready.len() == count)
    }

    pub(crate) fn rows(&self, service: &str) -> Vec<InstanceStatus> {
        let mut rows = self.wait(self.control.ps()).unwrap();
        rows.retain(|row| &*row.service == service);
        rows
    }

    pub(crate) fn pid(&self, service: &str) -> i32 {
        self.rows(service)[0].pid.unwrap()
    }

    /// Returns the service's whole log file.
    pub(crate) fn log_text(&self, service: &str) -> String {
        fs::read_to_string(self.folder.path().join(format!("logs/{service}.log")))
            .unwrap_or_default()
    }

    pub(crate) fn stop(mut self) -> TempDir {
        self.end();
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }

    fn end(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = self.runtime.block_on(self.control.shut_down());
            let ended = thread.join();
            assert!(
                ended.is_ok() || std::thread::panicking(),
                "the supervisor panicked"
            );
        }
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.end();
    }
}

pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Returns the living processes that have `MARK` with this folder in their environment.
pub(crate) fn marked(folder: &Path) -> Vec<i32> {
    let mark = format!("MARK={}", folder.display());
    let pids = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment)
            .split('\0')
            .any(|pair| pair == mark)
    })
    .collect()
}

/// Returns the living processes with this word at the end of their command line.
pub(crate) fn sleeping(word: &str) -> Vec<i32> {
    let pids = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words = String::from_utf8_lossy(&words);
        words.starts_with("/bin/sleep") && words.trim_end_matches('\0').ends_with(word)
    })
    .collect()
}

pub(crate) fn lives(pid: i32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit_once(')').unwrap().1.starts_with(" Z"))
}

pub(crate) fn kill(pid: i32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}
