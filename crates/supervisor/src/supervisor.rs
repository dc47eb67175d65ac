//! The supervisor as a whole: one loop, on one thread, that hears what happens
//! and does what the [states](crate::state) of the services say.

mod hand_over;
mod launch;
mod orders;
mod remove;
mod served;
mod watching;

use std::collections::BTreeMap;
use std::fs::{File, Permissions, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::marker::PhantomData;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use crate::channel::Channel;
use crate::control::{Control, ControlError, Message};
use crate::fleet::Fleet;
use crate::folder::Folder;
use crate::handed::let_signals_in;
use crate::news::News;
use crate::output::Echo;
use crate::plan::Plan;
use crate::process::{Groups, LOOK, Ledger, adopt_orphans};
use crate::shim;
use crate::state::{CommandId, Event, Now};
pub use hand_over::{HandOver, Stayed};
use remove::remove;
use served::Served;

/// The source of the present instant.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;
/// The source of chance: numbers from 0 to 1.
pub type Chance = Box<dyn FnMut() -> f64 + Send>;

/// So many messages may wait to be heard.
const INBOX: usize = 256;
/// So much news may wait for a slow reader.
const NEWS: usize = 256;
/// How often memory and processor time are looked at.
const SAMPLE: Duration = Duration::from_secs(1);
/// The rights of a folder that others may pass.
const OPEN: u32 = 0o711;
/// The rights of a folder that is for nobody else.
const CLOSED: u32 = 0o700;
/// The rights of a file that only this user may open.
const FOR_NOBODY_ELSE: u32 = 0o600;
/// Where it is written down what runs, in the folder that the program names.
const LEDGER: &str = "processes";
/// Where instances are found, in the same folder: what is opened for them, and a folder for each
/// service where they open what is theirs.
const SERVICES: &str = "services";
/// When nothing is due.
const LONG: Duration = Duration::from_hours(24);

/// What the program hands in beside the plan.
pub struct Means {
    /// Where sockets and records are kept; nobody else may write there. One supervisor at a time has it.
    pub run: PathBuf,
    /// Where the lines of services are kept.
    pub logs: PathBuf,
    /// The program that turns into services.
    pub launcher: Launcher,
    /// Whether processes whose parents end become children of this process, which then reaps
    /// every child that it did not start itself as a service. For a program that does nothing else.
    pub adopt_orphans: bool,
    /// Whether this process may change its own control group, so that each instance gets one. For
    /// a program whose group is its own; another's is left alone.
    pub control_groups: bool,
    /// What time it is.
    pub clock: Clock,
    /// What spreads restarts.
    pub chance: Chance,
    /// What is done with each line beside keeping it, for services whose `logs.journal` says so.
    pub echo: Option<Echo>,
    /// Where the program gets its ends of the channels to its own service; without it there can be
    /// no such service. One comes with each start, so what waits here is bounded by the back-off.
    pub channels: Option<mpsc::UnboundedSender<Channel>>,
}

impl Means {
    /// The usual means, with everything in one folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            run: folder.join("run"),
            logs: folder.join("logs"),
            launcher: Launcher::ThisProgram,
            adopt_orphans: true,
            control_groups: true,
            clock: Arc::new(system_time),
            chance: Box::new(chance),
            echo: None,
            channels: None,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "whoever hands in no clock gets the system's"
)]
fn system_time() -> Timestamp {
    Timestamp::now()
}

/// Good enough to keep restarts apart, and nothing else.
fn chance() -> f64 {
    let drawn = RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(drawn >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

/// The program that turns into services; see [`crate::shim`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Launcher {
    /// This one. Its `main` must begin with [`shim::run_if_asked`].
    ThisProgram,
    /// Another one, whose `main` does.
    Other(PathBuf),
}

/// Why the supervisor does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Nothing would turn into services: they would be copies of this program instead.
    #[error("`supervisor::shim::run_if_asked` was not called\n  let `main` begin with it")]
    NoShim,
    /// Somebody else holds the folder.
    #[error("another supervisor works in {}\n  stop it first, or name another folder", .0.display())]
    Taken(PathBuf),
    /// A folder or a file cannot be used.
    #[error("cannot use {}: {why}\n  it must be writable for the user that runs the supervisor", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// What an earlier supervisor left cannot be ended, or the system refuses something.
    #[error("cannot begin: {0}")]
    System(#[from] io::Error),
}

/// How a supervisor ended that was told to.
pub enum Ended {
    /// Nothing of the services is left.
    Stopped,
    /// All of them run, for the program that this process becomes.
    HandedOver(HandOver),
}

/// Keeps services running.
///
/// It stays on the thread that made it, for services are killed when the thread
/// that started them ends: that should be the main one.
pub struct Supervisor {
    means: Means,
    launcher: PathBuf,
    folders: Folders,
    services: BTreeMap<Arc<str>, Served>,
    inbox: mpsc::Receiver<Message>,
    voice: mpsc::Sender<Message>,
    fleet: watch::Sender<Fleet>,
    news: broadcast::Sender<News>,
    ledger: Ledger,
    /// Where instances get control groups; none: they cannot.
    groups: Option<Groups>,
    /// Tells this supervisor's processes from those of others.
    name: String,
    began: Instant,
    next_command: CommandId,
    /// Who waits for everything to be stopped; none: it is not to be.
    stopping: Option<Vec<oneshot::Sender<()>>>,
    /// Who waits for everything to be handed over; none: it is not to be.
    handing: Option<oneshot::Sender<Result<(), ControlError>>>,
    /// What was asked meanwhile, for afterwards.
    postponed: Vec<Message>,
    lock: File,
    _stays_on_its_thread: PhantomData<*const ()>,
}

impl Supervisor {
    /// Makes the folders ready and ends what an earlier supervisor left behind. Nothing is
    /// started before [`Supervisor::run`].
    pub fn new(plan: &Plan, means: Means) -> Result<(Self, Control), StartError> {
        let (launcher, run, logs) = Self::prepare(&means)?;
        let lock = lock(&run)?;
        let (ledger, ended) = Ledger::open(records(&run)?)?;
        for record in ended {
            let (service, pid) = (record.service, record.pid);
            tracing::warn!(
                service,
                pid,
                "ended a process that an earlier supervisor had left"
            );
        }
        // What is in it may be of somebody else, as may the folder.
        match remove(&run.at(SERVICES)) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => {
                return Err(unusable(&run.path().join(SERVICES), why));
            }
            _ => {}
        }
        let folders = Folders::of(&run, logs)?;
        let began = (means.clock)().as_millisecond();
        let name = format!("{}.{began}", std::process::id());
        let parts = (launcher, folders, lock, ledger, name);
        let (mut supervisor, control) = Self::assemble(means, parts, Instant::now());
        for settings in plan.services().values() {
            supervisor.add(settings)?;
        }
        supervisor.publish();
        Ok((supervisor, control))
    }

    /// Opens the folders, for sockets and records and for lines; says what turns into services.
    fn prepare(means: &Means) -> Result<(PathBuf, Folder, Folder), StartError> {
        let launcher = match &means.launcher {
            Launcher::ThisProgram if !shim::is_here() => return Err(StartError::NoShim),
            // Also when the file has been replaced meanwhile.
            Launcher::ThisProgram => PathBuf::from("/proc/self/exe"),
            Launcher::Other(path) => path.clone(),
        };
        let make = |path: &Path, mode| {
            let made = Folder::make(path, mode);
            made.map_err(|why| unusable(path, why))
        };
        let (run, logs) = (make(&means.run, OPEN)?, make(&means.logs, CLOSED)?);
        if means.adopt_orphans {
            adopt_orphans()?;
        }
        Ok((launcher, run, logs))
    }

    /// A supervisor without services.
    fn assemble(
        means: Means,
        (launcher, folders, lock, ledger, name): (PathBuf, Folders, File, Ledger, String),
        began: Instant,
    ) -> (Self, Control) {
        let (voice, inbox) = mpsc::channel(INBOX);
        let fleet = watch::Sender::default();
        let news = broadcast::Sender::new(NEWS);
        let control = Control::new(voice.clone(), fleet.clone(), news.clone());
        let groups = means.control_groups.then(find_groups).flatten();
        let supervisor = Self {
            means,
            launcher,
            folders,
            services: BTreeMap::new(),
            inbox,
            voice,
            fleet,
            news,
            ledger,
            groups,
            name,
            began,
            next_command: 0,
            stopping: None,
            handing: None,
            postponed: Vec::new(),
            lock,
            _stays_on_its_thread: PhantomData,
        };
        (supervisor, control)
    }

    /// Starts the services and keeps them running until [`Control::shut_down`], and then nothing of
    /// them is left, or until [`Control::hand_over`], and then all of them are as they were.
    pub async fn run(mut self) -> io::Result<Ended> {
        let mut children = signal(SignalKind::child())?;
        let_signals_in();
        // It may go on with what ran before.
        self.attend();
        for message in std::mem::take(&mut self.postponed) {
            self.hear(message);
        }
        self.reap();
        let mut sample = interval(SAMPLE);
        sample.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.start_who_may();
            self.stop_who_may();
            self.forget_who_left();
            if self.is_over() {
                break;
            }
            if self.handing.is_some() && self.is_calm() {
                self.pause().await;
                // Everything may have been told to stop meanwhile.
                if let Some(answer) = self.handing.take() {
                    // Who does not wait any longer need not know.
                    let _ = answer.send(Ok(()));
                    return Ok(Ended::HandedOver(HandOver(Box::new(self))));
                }
                self.attend();
                continue;
            }
            // Whoever ends now is found by whoever goes on.
            let reaps = self.handing.is_none();
            let due = self.next_due();
            let lingering = self.services.values().any(Served::is_lingering);
            tokio::select! {
                Some(message) = self.inbox.recv() => self.hear(message),
                _ = children.recv(), if reaps => self.reap(),
                () = sleep(LOOK), if lingering && reaps => self.reap(),
                () = sleep_until(due) => self.tick(),
                _ = sample.tick() => self.sample(),
            }
        }
        if let Some(groups) = self.groups.take() {
            groups.give_back();
        }
        for waiting in self.stopping.take().into_iter().flatten() {
            // Who does not wait any longer need not know.
            let _ = waiting.send(());
        }
        Ok(Ended::Stopped)
    }

    /// Time since the beginning, and a number.
    fn now(&mut self) -> Now {
        Now {
            at: self.began.elapsed(),
            chance: (self.means.chance)(),
        }
    }

    fn next_due(&self) -> Instant {
        let dues = self
            .services
            .values()
            .filter_map(|served| served.state.next_due());
        let due = dues.min().unwrap_or_else(|| self.began.elapsed() + LONG);
        self.began + due
    }

    fn tick(&mut self) {
        let at = self.began.elapsed();
        let due = |served: &Served| served.state.next_due().is_some_and(|due| due <= at);
        let due: Vec<Arc<str>> = self
            .services
            .iter()
            .filter(|(_, served)| due(served))
            .map(|(name, _)| Arc::clone(name))
            .collect();
        for name in due {
            self.step(&name, Event::Tick);
        }
    }

    fn is_over(&self) -> bool {
        self.stopping.is_some() && self.services.values().all(|served| served.state.is_gone())
    }
}

fn find_groups() -> Option<Groups> {
    match Groups::find() {
        Ok(groups) => {
            let folder = groups.folder().display();
            tracing::info!(%folder, "each instance of a service has a control group");
            Some(groups)
        }
        Err(why) => {
            tracing::debug!(%why, "instances have no control groups; their memory is sampled");
            None
        }
    }
}

/// The folders that are in use as long as anything runs.
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

/// The folder of records.
fn records(run: &Folder) -> Result<Folder, StartError> {
    let made = run.give_folder(LEDGER, None, CLOSED);
    let made = made.and_then(|()| run.make_inside(LEDGER, CLOSED));
    made.map_err(|why| unusable(&run.path().join(LEDGER), why))
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
    // Whoever may open it may hold it (flock(2)), also if it was made with other rights.
    let rights = Permissions::from_mode(FOR_NOBODY_ELSE);
    file.set_permissions(rights).map_err(refused)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::Taken(run.path().to_owned())),
        Err(TryLockError::Error(why)) => Err(refused(why)),
    }
}
