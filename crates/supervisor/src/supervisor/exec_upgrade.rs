//! Saves the supervisor's state for an upgrade by `exec`, and resumes from the saved state in the
//! new program.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::service::{ManagedService, ResourceUse, RunningInstance};
use super::start_instance::{SocketKey, Sockets};
use super::{Folders, PID_RECORDS, StartError, Supervisor, SupervisorOptions, records};
use crate::control::{Control, ControlError};
use crate::folder::Folder;
use crate::handover::{HandoverContents, HandoverState, exec_program, written};
use crate::log_query::{LogLine, Stream};
use crate::plan::{OWN_SERVICE, Plan, ServiceSettings};
use crate::process::{PidRecords, Process};
use crate::readiness::NotifySocket;
use crate::ready_instances::{Address, GivenUp};
use crate::service_log::OpenPipe;
use crate::state::{CommandId, RunId, State};
use crate::status::LastExit;

/// Must change whenever [`SavedState`] changes: a supervisor reads only its own version.
const FORMAT: u32 = 6;

/// A paused supervisor, with all services running.
///
/// While the supervisor is paused, no output is read and no exit is noticed. The supervisor
/// continues in a new program after [`PausedSupervisor::exec`], or in this program after
/// [`PausedSupervisor::stay`].
pub struct PausedSupervisor(pub(super) Box<Supervisor>);

/// A failed `exec`. This program continues.
pub struct FailedExec {
    pub why: io::Error,
    /// The supervisor, which must be [run](Supervisor::run) again. Its [`Control`]s are still
    /// valid.
    pub supervisor: Supervisor,
}

impl PausedSupervisor {
    /// Replaces this process's program with `program`, which may be the same one. The pid, the
    /// children, their pipes and their sockets stay. The new program must begin with
    /// [`shim::run_if_asked`](crate::shim::run_if_asked) and then
    /// [`receive_handover`](crate::receive_handover), which returns the note and the named
    /// descriptors passed here. All other descriptors are closed.
    ///
    /// `program` is a path; `PATH` is not searched. Returns only if the `exec` fails, after
    /// restoring the previous state.
    pub fn exec(
        self,
        program: &Path,
        arguments: &[OsString],
        extra: &[(&str, BorrowedFd<'_>)],
        note: &[u8],
    ) -> FailedExec {
        let why = match save(&self.0) {
            Err(error) => error,
            Ok((known, descriptors)) => {
                let parcel = HandoverContents {
                    format: FORMAT,
                    known: &known,
                    note,
                    extra,
                    descriptors: &descriptors,
                };
                exec_program(program, arguments, &parcel)
            }
        };
        FailedExec {
            why,
            supervisor: *self.0,
        }
    }

    /// Writes the same state as [`PausedSupervisor::exec`], without the descriptors, to a file.
    /// Another program can read this file to find out whether it could resume; see
    /// [`read_handover_file`](crate::read_handover_file) and [`HandoverState::check`].
    pub fn handover_file(&self, note: &[u8]) -> io::Result<File> {
        let (known, _) = save(&self.0)?;
        written(&HandoverContents {
            format: FORMAT,
            known: &known,
            note,
            extra: &[],
            descriptors: &[],
        })
    }

    /// Gives the supervisor back without an `exec`. It must be [run](Supervisor::run) again.
    pub fn stay(self) -> Supervisor {
        *self.0
    }
}

/// Descriptors are sent separately; this contains their indices in the order of sending.
#[derive(Serialize, Deserialize)]
struct SavedState {
    run: PathBuf,
    name: String,
    /// On the monotonic clock, which starts at boot and which `exec` does not affect.
    began: Duration,
    next_command: CommandId,
    lock: usize,
    services: BTreeMap<Arc<str>, SavedService>,
}

#[derive(Serialize, Deserialize)]
struct SavedService {
    state: State,
    settings: BTreeMap<u32, ServiceSettings>,
    said: Option<(Vec<LogLine>, u64)>,
    live: BTreeMap<RunId, SavedInstance>,
    exits: VecDeque<LastExit>,
    sockets: Vec<SavedSocket>,
    given_up: Option<GivenUp>,
    waits: bool,
    leaves: bool,
    #[serde(default)]
    scheduled_until: Option<Timestamp>,
    up_since: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct SavedSocket {
    key: SocketKey,
    address: Address,
    socket: usize,
}

#[derive(Serialize, Deserialize)]
struct SavedInstance {
    process: Process,
    number: u32,
    settings: ServiceSettings,
    address: Option<Address>,
    notify: (PathBuf, usize),
    begun: Vec<(Stream, Vec<u8>, usize)>,
    since: Timestamp,
    use_of: ResourceUse,
}

fn save(supervisor: &Supervisor) -> io::Result<(Vec<u8>, Vec<BorrowedFd<'_>>)> {
    let mut descriptors = Vec::new();
    let mut number = |descriptor| {
        descriptors.push(descriptor);
        descriptors.len() - 1
    };
    let lock = number(supervisor.lock.as_fd());
    let mut services = BTreeMap::new();
    for (name, managed) in &supervisor.services {
        let live = managed.live.iter().map(|(run, live)| {
            let begun = live.begun.iter().map(|begun| {
                let pipe = number(begun.pipe.as_fd());
                (begun.stream, begun.line.clone(), pipe)
            });
            let known = SavedInstance {
                process: live.process.clone(),
                number: live.number,
                settings: ServiceSettings::clone(&live.settings),
                address: live.address.clone(),
                begun: begun.collect(),
                notify: (live.notify.path().to_owned(), number(live.notify.as_fd())),
                since: live.since,
                use_of: live.use_of,
            };
            (*run, known)
        });
        let live = live.collect();
        let settings = managed.settings.iter();
        let known = SavedService {
            state: managed.state.clone(),
            settings: settings
                .map(|(generation, settings)| (*generation, ServiceSettings::clone(settings)))
                .collect(),
            said: managed.output.as_ref().map(|output| output.snapshot()),
            live,
            exits: managed.exits.clone(),
            sockets: managed
                .sockets
                .iter()
                .map(|(key, address, socket)| SavedSocket {
                    key,
                    address: address.clone(),
                    socket: number(socket),
                })
                .collect(),
            given_up: managed.given_up.clone(),
            waits: managed.waits,
            leaves: managed.leaves,
            scheduled_until: Some(managed.scheduled_until),
            up_since: managed.up_since,
        };
        services.insert(Arc::clone(name), known);
    }
    let known = SavedState {
        run: supervisor.options.run.clone(),
        name: supervisor.name.clone(),
        began: monotonic_time().saturating_sub(supervisor.began.elapsed()),
        next_command: supervisor.next_command,
        lock,
        services,
    };
    Ok((serde_json::to_vec(&known)?, descriptors))
}

fn monotonic_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::Monotonic)).unwrap_or_default()
}

impl Supervisor {
    /// Continues with the services that this process kept running during its `exec`; see
    /// [`Control::hand_over`]. Services with unchanged settings are not affected. The program's own
    /// service also keeps running, and its new settings apply from its next start. All other
    /// changes in the plan are applied like those in [`Control::apply`].
    ///
    /// If the state comes from an incompatible version, all services are stopped and started again.
    pub fn resume(
        plan: &Plan,
        options: SupervisorOptions,
        rest: HandoverState,
    ) -> Result<(Self, Control), StartError> {
        let (launcher, run, logs) = Self::prepare(&options)?;
        let (known, mut descriptors) = match parse_state(rest, &options.run) {
            Ok(understood) => understood,
            Err(why) => {
                tracing::error!(
                    why,
                    "processes of the previous version cannot be taken over; they are stopped and started again, and nothing needs to be done"
                );
                return Self::new(plan, options);
            }
        };
        let lock = File::from(descriptors.take(known.lock)?);
        let pid_records = PidRecords::resume(records(&run)?);
        let folders = Folders::of(&run, logs)?;
        let running = monotonic_time().saturating_sub(known.began);
        let now = Instant::now();
        let began = now.checked_sub(running).unwrap_or(now);
        let (mut supervisor, control) = Self::assemble(
            options,
            launcher,
            folders,
            lock,
            pid_records,
            known.name,
            began,
        );
        supervisor.next_command = known.next_command;
        for (name, service) in known.services {
            supervisor.take_over(&name, service, &mut descriptors)?;
        }
        if let Some(own) = plan.services().get(OWN_SERVICE)
            && let Some(managed) = supervisor.services.get_mut(OWN_SERVICE)
        {
            let generation = managed.state.generation();
            managed.settings.insert(generation, Arc::clone(own));
        }
        // Nobody waits for the outcome. Notifications report it.
        drop(supervisor.apply(plan));
        supervisor.publish();
        Ok((supervisor, control))
    }

    fn take_over(
        &mut self,
        name: &Arc<str>,
        known: SavedService,
        descriptors: &mut Descriptors,
    ) -> Result<(), StartError> {
        let settings: BTreeMap<u32, Arc<ServiceSettings>> = known
            .settings
            .into_iter()
            .map(|(generation, settings)| (generation, Arc::new(settings)))
            .collect();
        let now = settings.get(&known.state.generation());
        let now = now.ok_or_else(|| io::Error::other(format!("nothing says what {name} is")))?;
        let output = self.output(now)?;
        if let (Some(output), Some((lines, next))) = (&output, known.said) {
            output.restore(lines, next);
        }
        let mut live = BTreeMap::new();
        for (run, known) in known.live {
            let begun = known.begun.into_iter().map(|(stream, line, pipe)| {
                let pipe = descriptors.take(pipe)?;
                Ok(OpenPipe { pipe, stream, line })
            });
            let begun = begun.collect::<io::Result<_>>()?;
            let (path, socket) = known.notify;
            let services = &self.folders.services;
            let notify = NotifySocket::from_descriptor(descriptors.take(socket)?, services, path)?;
            let settings = Arc::new(known.settings);
            let mut one =
                RunningInstance::new(known.process, known.number, settings, notify, known.since);
            one.address = known.address;
            one.begun = begun;
            one.use_of = known.use_of;
            live.insert(run, one);
        }
        let mut sockets = Sockets::default();
        for SavedSocket {
            key,
            address,
            socket,
        } in known.sockets
        {
            sockets.take_over(key, address, descriptors.take(socket)?);
        }
        let managed = ManagedService {
            state: known.state,
            settings,
            output,
            live,
            exits: known.exits,
            answers: BTreeMap::new(),
            sockets,
            given_up: known.given_up,
            waits: known.waits,
            leaves: known.leaves,
            up_since: known.up_since,
            scheduled_until: known
                .scheduled_until
                .unwrap_or_else(|| (self.options.clock)()),
        };
        self.services.insert(Arc::clone(name), managed);
        Ok(())
    }

    /// Returns why a handover is impossible now, or `None` if it is possible.
    pub(super) fn handover_refusal(&self) -> Option<ControlError> {
        let refused = |why: String| Some(ControlError::Refused(why));
        if self.shutdown_waiters.is_some() {
            return refused("Kenduri is being stopped; start it again first".to_owned());
        }
        if self.handover_waiter.is_some() {
            return refused(
                "an upgrade is already being done; try again when it is done".to_owned(),
            );
        }
        for (name, managed) in &self.services {
            if managed.state.is_rolling() {
                let why =
                    format!("a new generation of {name:?} is taking over; try again when it has");
                return refused(why);
            }
            if managed.answers.values().any(|answer| !answer.is_closed()) {
                let why = format!(
                    "a command for {name:?} is still being carried out; try again when it is done"
                );
                return refused(why);
            }
        }
        None
    }

    /// Whether the supervisor has handled the exits of all exited processes.
    pub(super) fn has_no_exit_pending(&self) -> bool {
        let mut live = self
            .services
            .values()
            .flat_map(|managed| managed.live.values());
        live.all(|live| live.exit.is_none())
    }

    /// Stops the tasks that read output and watch processes. What they have already read is not
    /// lost.
    pub(super) async fn pause(&mut self) {
        loop {
            while let Ok(message) = self.inbox.try_recv() {
                self.handle_message(message);
            }
            let mut attending = Vec::new();
            for (name, managed) in &mut self.services {
                for (run, live) in &mut managed.live {
                    attending.extend(live.pause().map(|tasks| (Arc::clone(name), *run, tasks)));
                }
            }
            if attending.is_empty() {
                return;
            }
            let gather = async {
                let mut gathered = Vec::new();
                for (name, run, (watch, readers)) in attending {
                    let _ = watch.await;
                    for reader in readers {
                        gathered.extend(
                            reader
                                .await
                                .ok()
                                .flatten()
                                .map(|begun| (Arc::clone(&name), run, begun)),
                        );
                    }
                }
                gathered
            };
            tokio::pin!(gather);
            let mut heard = Vec::new();
            let gathered = loop {
                tokio::select! {
                    gathered = &mut gather => break gathered,
                    // The tasks may be waiting for space in the queue, to send their last events.
                    Some(message) = self.inbox.recv() => heard.push(message),
                }
            };
            for (name, run, begun) in gathered {
                if let Some(live) = self.live_mut(&name, run) {
                    live.begun.push(begun);
                }
            }
            for message in heard {
                self.handle_message(message);
            }
        }
    }

    /// Starts the tasks that read output and watch processes, unless they already run.
    pub(super) fn start_watching(&mut self) {
        let worker_group = self.worker_group();
        for (name, managed) in &mut self.services {
            for run in managed.state.runs() {
                if let Some(live) = managed.live.get_mut(&run.id) {
                    live.start_watching(
                        name,
                        run,
                        managed.output.as_ref(),
                        &self.messages,
                        worker_group,
                        self.options.alive,
                    );
                }
            }
        }
    }
}

/// By index. Each can be taken only once.
struct Descriptors(Vec<Option<OwnedFd>>);

impl Descriptors {
    fn take(&mut self, number: usize) -> io::Result<OwnedFd> {
        let descriptor = self.0.get_mut(number).and_then(Option::take);
        descriptor.ok_or_else(|| io::Error::other("a descriptor was not handed over"))
    }
}

impl HandoverState {
    /// Checks whether [`Supervisor::resume`] with this run folder could continue with the running
    /// processes. If not, returns why it would have to end and restart them.
    pub fn check(&self, run: &Path) -> Result<(), String> {
        let known = parse_saved(self)?;
        check_run_folder(&known, run)
    }
}

fn parse_state(rest: HandoverState, run: &Path) -> Result<(SavedState, Descriptors), String> {
    let known = parse_saved(&rest)?;
    if let Err(why) = check_run_folder(&known, run) {
        // No later supervisor would use the saved run folder. So the processes that are recorded in
        // it are ended now.
        let _ = Folder::make(&known.run.join(PID_RECORDS), 0o700).and_then(PidRecords::open);
        return Err(why);
    }
    Ok((
        known,
        Descriptors(rest.descriptors.into_iter().map(Some).collect()),
    ))
}

fn parse_saved(rest: &HandoverState) -> Result<SavedState, String> {
    if rest.format != FORMAT {
        return Err(format!(
            "it is in format {}, and this program knows {FORMAT}",
            rest.format
        ));
    }
    serde_json::from_slice(&rest.known).map_err(|error| error.to_string())
}

fn check_run_folder(known: &SavedState, run: &Path) -> Result<(), String> {
    if known.run == run {
        Ok(())
    } else {
        Err(format!("it was kept in {}", known.run.display()))
    }
}
