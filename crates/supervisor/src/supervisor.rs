//! The supervisor: a loop on one thread that receives events and carries out the actions that each
//! service's [state](crate::state) decides.

mod commands;
mod exec_upgrade;
mod monitor;
mod remove_tree;
mod service;
mod start_instance;

use std::collections::BTreeMap;
use std::fs::{File, Permissions, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::marker::PhantomData;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::channel::Channel;
use crate::control::{Control, ControlError, Message};
use crate::folder::Folder;
use crate::handover::unblock_signals;
use crate::notifications::Notification;
use crate::plan::Plan;
use crate::process::shim;
use crate::process::{Cgroups, PidRecords, PollBackoff, adopt_orphans};
use crate::ready_instances::ReadyInstances;
use crate::service_log::{Clock, LineHook};
use crate::state::{CommandId, Event, Now};
pub use exec_upgrade::{FailedExec, PausedSupervisor};
use remove_tree::remove;
use service::ManagedService;

/// A function that returns random numbers from 0 to 1.
pub type RandomSource = Box<dyn FnMut() -> f64 + Send>;

const MAX_QUEUED_MESSAGES: usize = 256;
/// For a slow subscriber.
const MAX_BUFFERED_NOTIFICATIONS: usize = 256;
const SAMPLE_INTERVAL: Duration = Duration::from_secs(1);
/// Other users may traverse such a folder, but not list it.
const OPEN: u32 = 0o711;
const CLOSED: u32 = 0o700;
const FOR_NOBODY_ELSE: u32 = 0o600;
const PID_RECORDS: &str = "processes";
/// Contains the sockets that the supervisor opens and, for each service, a subfolder for its own.
const SERVICES: &str = "services";
const DEFAULT_ALIVE: Duration = Duration::from_secs(3);
const LONG: Duration = Duration::from_hours(24);

/// The supervisor's options, except the plan.
pub struct SupervisorOptions {
    /// The run folder, for sockets and pid records. Other users must not be able to write to it,
    /// and only one supervisor can use it at a time.
    pub run: PathBuf,
    /// The folder for the log files.
    pub logs: PathBuf,
    /// The program with which the supervisor starts services. It becomes the service by `exec`.
    pub launcher: ShimProgram,
    /// Whether orphaned processes become children of this process. This process then reaps every
    /// child, even those that are not services. Use this only if this process starts no other
    /// children.
    pub adopt_orphans: bool,
    /// Whether this process may create control groups for the instances inside its own control
    /// group. Use this only if this group contains no other process. A group with other processes
    /// is never changed.
    pub control_groups: bool,
    /// The memory limit of all services together, in bytes. It has an effect only with control
    /// groups.
    pub memory: Option<u64>,
    /// After this time, a process with neither a health check nor a socket counts as ready.
    pub alive: Duration,
    pub clock: Clock,
    /// The source of the random numbers that vary the restart delays.
    pub random: RandomSource,
    /// Receives each log line of the services that have set `logs.journal`.
    pub line_hook: Option<LineHook>,
    /// Sends a [`Channel`] to this process each time the program's own service is started. The
    /// field must be set if the plan contains that service. Few channels queue up, because the
    /// restart backoff limits how often the service is started.
    pub channels: Option<mpsc::UnboundedSender<Channel>>,
    /// The supervisor sends the names of services whose `cron_restart` is due to this channel. The
    /// receiving end decides when to replace their instances. If `None`, the supervisor replaces
    /// them at once.
    pub due_restarts: Option<mpsc::UnboundedSender<Arc<str>>>,
}

impl SupervisorOptions {
    /// Makes the default options, with all files in one folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            run: folder.join("run"),
            logs: folder.join("logs"),
            launcher: ShimProgram::ThisProgram,
            adopt_orphans: true,
            control_groups: true,
            memory: None,
            alive: DEFAULT_ALIVE,
            clock: Arc::new(system_time),
            random: Box::new(random),
            line_hook: None,
            channels: None,
            due_restarts: None,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever hands in no clock gets the system's"
)]
fn system_time() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

/// Good enough to vary restart delays, but not for other purposes.
fn random() -> f64 {
    let drawn = RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(drawn >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

/// The program with which the supervisor starts services. It becomes the service by `exec`; see
/// [`crate::shim`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShimProgram {
    /// This program. Its `main` must begin with [`shim::run_if_asked`].
    ThisProgram,
    /// Another program, whose `main` begins with [`shim::run_if_asked`].
    Other(PathBuf),
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// `main` did not call [`shim::run_if_asked`], so each started service would be another copy of
    /// this program.
    #[error("`supervisor::shim::run_if_asked` was not called\n  let `main` begin with it")]
    NoShim,
    /// Another supervisor uses the run folder.
    #[error("another supervisor uses {}\n  stop it first, or name another folder", .0.display())]
    Taken(PathBuf),
    /// A folder or a file cannot be used.
    #[error("cannot use {}: {why}\n  it must be writable for the user that runs the supervisor", path.display())]
    Folder {
        /// The path of the folder or file that cannot be used.
        path: PathBuf,
        why: io::Error,
    },
    /// Processes of an earlier supervisor could not be ended, or another system call failed.
    #[error(
        "cannot start the services: {0}\n  the data folder needs room, and the system must allow more processes and open files (TasksMax= and LimitNOFILE= in the systemd unit); then start Kenduri again"
    )]
    System(#[from] io::Error),
}

/// Why [`Supervisor::run`] returned.
pub enum RunEnd {
    /// All services were stopped.
    Stopped,
    /// All services keep running, and the program that this process executes next takes them over.
    HandedOver(PausedSupervisor),
}

/// Keeps services running.
///
/// A supervisor stays on the thread that created it. This should be the main thread, because the
/// kernel kills a service when the thread that started it ends.
pub struct Supervisor {
    options: SupervisorOptions,
    launcher: PathBuf,
    folders: Folders,
    services: BTreeMap<Arc<str>, ManagedService>,
    inbox: mpsc::Receiver<Message>,
    messages: mpsc::Sender<Message>,
    ready_instances: watch::Sender<ReadyInstances>,
    notifications: broadcast::Sender<Notification>,
    pid_records: PidRecords,
    /// The parent of the instances' control groups; `None` if there can be no control groups.
    groups: Option<Cgroups>,
    /// The prefix of the tokens by which the supervisor recognizes its processes.
    name: String,
    began: Instant,
    /// The generation of the program's own service that runs the program file on the disk.
    from_disk: Option<u32>,
    next_command: CommandId,
    /// The callers that wait for the end of the shutdown; `None` if no shutdown is in progress.
    shutdown_waiters: Option<Vec<oneshot::Sender<()>>>,
    /// The caller that waits for the end of the handover; `None` if no handover is in progress.
    handover_waiter: Option<oneshot::Sender<Result<(), ControlError>>>,
    /// The callers that wait until no former generation is kept.
    trial_waiters: Vec<oneshot::Sender<()>>,
    /// Messages that arrived during a handover and are to be handled afterwards.
    postponed: Vec<Message>,
    /// Set after a process has exited or was killed, because the other processes of its group will
    /// probably exit soon too.
    look_again_soon: bool,
    lock: File,
    _stays_on_its_thread: PhantomData<*const ()>,
}

impl Supervisor {
    /// Prepares the folders and ends the processes of an earlier supervisor. Does not start the
    /// services; [`Supervisor::run`] does this.
    pub fn new(plan: &Plan, options: SupervisorOptions) -> Result<(Self, Control), StartError> {
        let (launcher, run, logs) = Self::prepare(&options)?;
        let lock = lock(&run)?;
        let (pid_records, ended) = PidRecords::open(records(&run)?)?;
        for record in ended {
            let (service, pid) = (record.service, record.pid);
            tracing::warn!(
                service,
                pid,
                "stopped a process that an earlier supervisor had left running; nothing needs to be done"
            );
        }
        // This fails if another user owns the folder or its contents.
        match remove(&run.at(SERVICES)) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => {
                return Err(unusable(&run.path().join(SERVICES), why));
            }
            _ => {}
        }
        let folders = Folders::of(&run, logs)?;
        let began = (options.clock)().as_nanosecond();
        let name = format!("{}.{began}", std::process::id());
        let (mut supervisor, control) = Self::assemble(
            options,
            launcher,
            folders,
            lock,
            pid_records,
            name,
            Instant::now(),
        );
        for settings in plan.services().values() {
            supervisor.add(settings)?;
        }
        supervisor.publish();
        Ok((supervisor, control))
    }

    /// Also finds the program with which services are started.
    fn prepare(options: &SupervisorOptions) -> Result<(PathBuf, Folder, Folder), StartError> {
        let launcher = match &options.launcher {
            ShimProgram::ThisProgram if !shim::is_installed() => return Err(StartError::NoShim),
            ShimProgram::ThisProgram => PathBuf::from(shim::THIS_PROGRAM),
            ShimProgram::Other(path) => path.clone(),
        };
        let make = |path: &Path, mode| {
            let made = Folder::make(path, mode);
            made.map_err(|why| unusable(path, why))
        };
        let (run, logs) = (make(&options.run, OPEN)?, make(&options.logs, CLOSED)?);
        if options.adopt_orphans {
            adopt_orphans()?;
        }
        Ok((launcher, run, logs))
    }

    fn assemble(
        options: SupervisorOptions,
        launcher: PathBuf,
        folders: Folders,
        lock: File,
        pid_records: PidRecords,
        name: String,
        began: Instant,
    ) -> (Self, Control) {
        let (messages, inbox) = mpsc::channel(MAX_QUEUED_MESSAGES);
        let ready_instances = watch::Sender::default();
        let notifications = broadcast::Sender::new(MAX_BUFFERED_NOTIFICATIONS);
        let control = Control::new(
            messages.clone(),
            ready_instances.clone(),
            notifications.clone(),
        );
        let groups = options.control_groups.then(|| find_cgroups(options.memory));
        let groups = groups.flatten();
        let supervisor = Self {
            options,
            launcher,
            folders,
            services: BTreeMap::new(),
            inbox,
            messages,
            ready_instances,
            notifications,
            pid_records,
            groups,
            name,
            began,
            from_disk: None,
            next_command: 0,
            shutdown_waiters: None,
            handover_waiter: None,
            trial_waiters: Vec::new(),
            postponed: Vec::new(),
            look_again_soon: false,
            lock,
            _stays_on_its_thread: PhantomData,
        };
        (supervisor, control)
    }

    /// Starts the services and keeps them running until a shutdown or a handover; see
    /// [`Control::shut_down`] and [`Control::hand_over`]. A shutdown stops the services. A handover
    /// does not stop them.
    pub async fn run(mut self) -> io::Result<RunEnd> {
        let mut children = signal(SignalKind::child())?;
        unblock_signals();
        // Processes from before a handover may still be running.
        self.start_watching();
        for message in std::mem::take(&mut self.postponed) {
            self.handle_message(message);
        }
        self.reap();
        let mut backoff = PollBackoff::default();
        let mut look_at = None;
        let mut sample = interval(SAMPLE_INTERVAL);
        sample.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.start_waiting_services();
            self.stop_next_services();
            self.remove_stopped_services();
            self.answer_trial_waiters();
            if self.is_over() {
                break;
            }
            if self.handover_waiter.is_some() && self.has_no_exit_pending() {
                self.pause().await;
                // A shutdown may have been requested meanwhile.
                if let Some(answer) = self.handover_waiter.take() {
                    // An error means that the caller no longer waits.
                    let _ = answer.send(Ok(()));
                    return Ok(RunEnd::HandedOver(PausedSupervisor(Box::new(self))));
                }
                self.start_watching();
                continue;
            }
            // During a handover, exited processes are not reaped. They are reaped afterwards.
            let reaps = self.handover_waiter.is_none();
            let due = self.next_due();
            let is_lingering = self.services.values().any(ManagedService::is_lingering);
            if !is_lingering || std::mem::take(&mut self.look_again_soon) {
                (backoff, look_at) = (PollBackoff::default(), None);
            }
            let look = *look_at.get_or_insert_with(|| Instant::now() + backoff.next());
            tokio::select! {
                Some(message) = self.inbox.recv() => self.handle_message(message),
                _ = children.recv(), if reaps => self.reap(),
                () = sleep_until(look), if is_lingering && reaps => {
                    look_at = None;
                    self.look_at_lingering();
                }
                () = sleep_until(due) => self.tick(),
                _ = sample.tick() => {
                    self.sample();
                    self.run_schedules();
                }
            }
        }
        if let Some(groups) = self.groups.take() {
            groups.restore();
        }
        for waiting in self.shutdown_waiters.take().into_iter().flatten() {
            // An error means that the caller no longer waits.
            let _ = waiting.send(());
        }
        Ok(RunEnd::Stopped)
    }

    /// Since the supervisor began.
    fn now(&mut self) -> Now {
        Now {
            at: self.began.elapsed(),
            chance: (self.options.random)(),
        }
    }

    fn next_due(&self) -> Instant {
        let dues = self
            .services
            .values()
            .filter_map(|managed| managed.state.next_due());
        let due = dues.min().unwrap_or_else(|| self.began.elapsed() + LONG);
        self.began + due
    }

    fn tick(&mut self) {
        let at = self.began.elapsed();
        let due = |managed: &ManagedService| managed.state.next_due().is_some_and(|due| due <= at);
        let due: Vec<Arc<str>> = self
            .services
            .iter()
            .filter(|(_, managed)| due(managed))
            .map(|(name, _)| Arc::clone(name))
            .collect();
        for name in due {
            self.step(&name, Event::Tick);
        }
    }

    fn answer_trial_waiters(&mut self) {
        if self
            .services
            .values()
            .any(|managed| managed.state.is_on_trial())
        {
            return;
        }
        for waiting in self.trial_waiters.drain(..) {
            // An error means that the caller no longer waits.
            let _ = waiting.send(());
        }
    }

    fn is_over(&self) -> bool {
        self.shutdown_waiters.is_some()
            && self
                .services
                .values()
                .all(|managed| managed.state.is_gone())
    }
}

/// `memory` is the limit of all services together, in bytes.
fn find_cgroups(memory: Option<u64>) -> Option<Cgroups> {
    match Cgroups::find() {
        Ok(mut groups) => {
            let folder = groups.folder().display();
            tracing::info!(%folder, "each instance of a service gets a control group");
            if let Some(why) = memory.and_then(|memory| groups.limit_all(memory).err()) {
                tracing::warn!(%why, "service_memory has no effect, because nothing limits the memory of all services together; correct what `why` says");
            }
            Some(groups)
        }
        Err(why) => {
            if memory.is_some() {
                tracing::warn!(%why, "service_memory has no effect, because nothing limits the memory of all services together; correct what `why` says");
            }
            tracing::debug!(%why, "instances have no control groups; their memory is sampled");
            None
        }
    }
}

struct Folders {
    services: Arc<Folder>,
    logs: Arc<Folder>,
}

impl Folders {
    fn of(run: &Folder, logs: Folder) -> Result<Self, StartError> {
        let services = run.make_inside(SERVICES, OPEN);
        let services = services.map_err(|why| unusable(&run.path().join(SERVICES), why))?;
        Ok(Self {
            services: Arc::new(services),
            logs: Arc::new(logs),
        })
    }
}

fn records(run: &Folder) -> Result<Folder, StartError> {
    let made = run.give_folder(PID_RECORDS, None, CLOSED);
    let made = made.and_then(|()| run.make_inside(PID_RECORDS, CLOSED));
    made.map_err(|why| unusable(&run.path().join(PID_RECORDS), why))
}

fn unusable(path: &Path, why: io::Error) -> StartError {
    StartError::Folder {
        path: path.to_owned(),
        why,
    }
}

fn lock(run: &Folder) -> Result<File, StartError> {
    let name = "supervisor.lock";
    let refused = |why| unusable(&run.path().join(name), why);
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FOR_NOBODY_ELSE)
        .custom_flags(libc::O_NOFOLLOW)
        .open(run.at(name))
        .map_err(refused)?;
    // A user who can open the lock file can also lock it (flock(2)). An earlier version may have
    // created the file with a weaker mode.
    let rights = Permissions::from_mode(FOR_NOBODY_ELSE);
    file.set_permissions(rights).map_err(refused)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::Taken(run.path().to_owned())),
        Err(TryLockError::Error(why)) => Err(refused(why)),
    }
}
