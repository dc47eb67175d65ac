//! A running service: its state and its processes. Carries out the actions that the state decides.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::Supervisor;
use super::start_instance::Sockets;
use crate::address_check::CheckedAddress;
use crate::control::{CommandOutcome, Message};
use crate::notifications::{Notification, NotificationKind};
use crate::plan::ServiceSettings;
use crate::process::Process;
use crate::readiness::{NotifySocket, Probe};
use crate::ready_instances::{Address, GivenUp, InstanceAddress, ServiceInstances};
use crate::service_log::{OpenPipe, ServiceLog, WatchPhase};
use crate::state::{Action, CommandId, Event, Exit, Phase, Report, Run, RunId, State};
use crate::status::LastExit;

const MAX_REMEMBERED_EXITS: usize = 20;
/// Of the output, when a process exits.
const MAX_LAST_LINES: usize = 20;

pub(super) struct ManagedService {
    pub(super) state: State,
    /// The settings of each generation that is still in use.
    pub(super) settings: BTreeMap<u32, Arc<ServiceSettings>>,
    /// The service's log; `None` if the service writes to the supervisor's own outputs.
    pub(super) output: Option<Arc<ServiceLog>>,
    pub(super) live: BTreeMap<RunId, RunningInstance>,
    pub(super) exits: VecDeque<LastExit>,
    pub(super) answers: BTreeMap<CommandId, oneshot::Sender<CommandOutcome>>,
    pub(super) sockets: Sockets,
    /// When the first abandoned instance was abandoned, and why.
    pub(super) given_up: Option<GivenUp>,
    /// Whether the service waits for its dependencies to become ready.
    pub(super) waits: bool,
    pub(super) leaves: bool,
    /// The time up to which due scheduled commands have been started.
    pub(super) scheduled_until: Timestamp,
    /// Since when at least one instance has taken requests without a gap.
    pub(super) up_since: Option<Timestamp>,
}

pub(super) struct RunningInstance {
    pub(super) process: Process,
    pub(super) number: u32,
    /// The settings with which the process was started.
    pub(super) settings: Arc<ServiceSettings>,
    pub(super) address: Option<Address>,
    pub(super) notify: Arc<NotifySocket>,
    pub(super) watch: Option<JoinHandle<()>>,
    pub(super) readers: Vec<JoinHandle<Option<OpenPipe>>>,
    pub(super) attention: watch::Sender<WatchPhase>,
    /// The process's output pipes, while no task reads them.
    pub(super) begun: Vec<OpenPipe>,
    pub(super) since: Timestamp,
    /// How the process exited. This field is already set while the process's last output is being
    /// read.
    pub(super) exit: Option<Exit>,
    /// Why the process's exit will count as a failure; `None` if it will not.
    fault: Option<String>,
    pub(super) use_of: ResourceUse,
}

/// The tasks that watch a process and read its output.
pub(super) type WatchTasks = (JoinHandle<()>, Vec<JoinHandle<Option<OpenPipe>>>);

/// The processor time and memory of a process and its children.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct ResourceUse {
    pub(super) ticks: Option<u64>,
    pub(super) cpu_percent: f64,
    pub(super) memory_bytes: u64,
}

impl RunningInstance {
    /// Creates an instance, without the tasks that read its output and check its health.
    pub(super) fn new(
        process: Process,
        number: u32,
        settings: Arc<ServiceSettings>,
        notify: NotifySocket,
        since: Timestamp,
    ) -> Self {
        Self {
            process,
            number,
            settings,
            address: None,
            notify: Arc::new(notify),
            watch: None,
            readers: Vec::new(),
            attention: watch::Sender::new(WatchPhase::Active),
            begun: Vec::new(),
            since,
            exit: None,
            fault: None,
            use_of: ResourceUse::default(),
        }
    }

    /// Starts the tasks that read the instance's output and check its health, unless they already
    /// run. `worker_group` is the worker process's group, if the worker runs as a user other than
    /// the supervisor's. `alive` is how long a process must live to be ready if nothing else tells.
    pub(super) fn start_watching(
        &mut self,
        name: &Arc<str>,
        run: &Run,
        output: Option<&Arc<ServiceLog>>,
        messages: &mpsc::Sender<Message>,
        worker_group: Option<u32>,
        alive: Duration,
    ) {
        if self.watch.is_some() || self.exit.is_some() {
            return;
        }
        self.attention.send_replace(WatchPhase::Active);
        for begun in std::mem::take(&mut self.begun) {
            if let Some(output) = output {
                let read =
                    Arc::clone(output).read(begun, self.number, run.id, self.attention.subscribe());
                self.readers.push(tokio::spawn(read));
            }
        }
        let address = |address| CheckedAddress {
            address,
            owner: self.settings.owner(),
            group: worker_group,
        };
        let watch = Probe {
            address: self.address.clone().map(address),
            health: self.settings.health.clone(),
            rise: self.settings.policy.rise,
            activated: self.settings.activate && self.address.is_some(),
            needs_notification: self.settings.own,
            alive,
            is_ready: !matches!(run.phase, Phase::Starting { .. }),
            notify: Arc::clone(&self.notify),
            run: run.id,
        };
        let (messages, service) = (messages.clone(), Arc::clone(name));
        let found = async move |event| {
            // If the supervisor no longer exists, nobody needs the event.
            let _ = messages
                .send(Message::Event(Arc::clone(&service), event))
                .await;
        };
        self.watch = Some(tokio::spawn(watch.run(found, self.attention.subscribe())));
    }

    /// Asks the instance's tasks to stop soon, without losing output. Returns `None` if no task is
    /// running.
    pub(super) fn pause(&mut self) -> Option<WatchTasks> {
        let watch = self.watch.take()?;
        self.attention.send_replace(WatchPhase::Paused);
        Some((watch, std::mem::take(&mut self.readers)))
    }

    /// Stops the health checks.
    pub(super) fn stop_watching(&mut self) {
        if let Some(watch) = self.watch.take() {
            watch.abort();
        }
    }
}

impl ManagedService {
    pub(super) fn current_settings(&self) -> Arc<ServiceSettings> {
        let now = self.settings.get(&self.state.generation());
        let any = now.or_else(|| self.settings.values().next_back());
        // Every generation in use has settings; see `Supervisor::step`.
        any.map_or_else(|| unreachable!("a service without settings"), Arc::clone)
    }

    /// Whether an exited process has left other processes in its group.
    pub(super) fn is_lingering(&self) -> bool {
        self.live
            .values()
            .any(|live| live.exit.is_none() && live.process.is_ended())
    }

    fn instances(&self) -> ServiceInstances {
        let members = |which: &dyn Fn(&crate::state::Run) -> bool| {
            let runs = self.state.runs().filter(|run| which(run));
            runs.map(|run| {
                let live = self.live.get(&run.id);
                InstanceAddress {
                    instance: run.number,
                    run: run.id,
                    address: live.and_then(|live| live.address.clone()),
                    owner: live.and_then(|live| live.settings.owner()),
                }
            })
            .collect()
        };
        ServiceInstances {
            ready: members(&|run| run.serving),
            draining: members(&|run| matches!(run.phase, Phase::Draining { .. })),
            failed: self.state.is_failed(),
            given_up: self.given_up.clone(),
        }
    }

    /// Forgets it when no instance is abandoned any more.
    fn update_given_up(&mut self, actions: &[Action], at: Timestamp) {
        if !self.state.has_given_up() {
            self.given_up = None;
            return;
        }
        let mut reasons = actions.iter().filter_map(|action| match action {
            Action::Report(Report::GaveUp { reason, .. }) => Some(reason),
            _ => None,
        });
        if let (None, Some(reason)) = (&self.given_up, reasons.next()) {
            self.given_up = Some(GivenUp {
                since: at,
                reason: reason.clone(),
            });
        }
    }
}

impl Supervisor {
    /// Passes an event to a service's state, and carries out the resulting actions.
    pub(super) fn step(&mut self, name: &Arc<str>, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let (now, at) = (self.now(), (self.options.clock)());
            let gone = match event {
                Event::Exited(run, _) | Event::SpawnFailed(run, _) => Some(run),
                _ => None,
            };
            let Some(managed) = self.services.get_mut(name) else {
                return;
            };
            let (state, actions) = managed.state.clone().on(event, now);
            managed.state = state;
            managed.update_given_up(&actions, at);
            managed.up_since = managed
                .state
                .runs()
                .any(|run| run.serving)
                .then(|| managed.up_since.unwrap_or(at));
            let state = &managed.state;
            managed
                .settings
                .retain(|generation, _| state.uses(*generation));
            // The edge learns of the new state before any instance is asked to stop.
            self.publish();
            let is_answer = |action: &Action| matches!(action, Action::Answer(..));
            let (answers, others): (Vec<Action>, Vec<Action>) =
                actions.into_iter().partition(is_answer);
            for action in others {
                self.perform(name, action, &mut events);
            }
            if let Some(run) = gone {
                self.remove_instance(name, run);
            }
            // Outcomes come last, because the other actions may affect them.
            for answer in answers {
                self.perform(name, answer, &mut events);
            }
        }
    }

    pub(super) fn publish(&self) {
        let services = self.services.iter();
        let ready_instances = services
            .map(|(name, managed)| (Arc::clone(name), managed.instances()))
            .collect();
        self.ready_instances.send_if_modified(|known| {
            let is_changed = *known != ready_instances;
            *known = ready_instances;
            is_changed
        });
    }

    pub(super) fn live_mut(&mut self, name: &Arc<str>, run: RunId) -> Option<&mut RunningInstance> {
        self.services.get_mut(name)?.live.get_mut(&run)
    }

    fn perform(&mut self, name: &Arc<str>, action: Action, events: &mut VecDeque<Event>) {
        match action {
            Action::Spawn {
                run,
                number,
                generation,
            } => {
                if let Err(error) = self.launch(name, run, number, generation) {
                    events.push_back(Event::SpawnFailed(
                        run,
                        format!("it cannot be started: {error}"),
                    ));
                }
            }
            Action::AskToStop(run) => {
                if let Some(live) = self.live_mut(name, run) {
                    live.process.request_stop(live.settings.stop_signal);
                }
            }
            Action::Kill(run) => {
                if let Some(live) = self.live_mut(name, run) {
                    live.process.kill();
                    self.look_again_soon = true;
                }
            }
            Action::Serve(run) => self.notify_about(name, run, NotificationKind::Serving),
            Action::Withdraw(run) => self.notify_about(name, run, NotificationKind::Withdrawn),
            Action::Answer(id, outcome) => {
                if let Some(answer) = self
                    .services
                    .get_mut(name)
                    .and_then(|managed| managed.answers.remove(&id))
                {
                    // An error means that the caller no longer waits.
                    let _ = answer.send(outcome);
                }
            }
            Action::Report(note) => self.report(name, note),
        }
    }

    fn report(&mut self, name: &Arc<str>, note: Report) {
        match note {
            Report::Ready { run, after } => {
                let milliseconds = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                self.notify_about(name, run, NotificationKind::Ready { milliseconds });
            }
            Report::Failed {
                run,
                reason,
                exit,
                was_ready,
                again_in,
            } => {
                let again_in =
                    again_in.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
                let (lines, ran) = self.last_lines_of(name, run);
                if let Some(live) = self.live_mut(name, run) {
                    live.fault = Some(reason.clone());
                }
                self.notify_about(
                    name,
                    run,
                    NotificationKind::Failed {
                        reason,
                        exit,
                        ran_milliseconds: u64::try_from(ran.as_millis()).unwrap_or(0),
                        was_ready,
                        again_in,
                        lines,
                    },
                );
            }
            Report::Finished(run) => self.notify_about(name, run, NotificationKind::Finished),
            Report::GaveUp { number, reason } => {
                self.notify(
                    name,
                    Some(number),
                    None,
                    NotificationKind::GaveUp { reason },
                );
            }
            Report::Killed(run) => self.notify_about(name, run, NotificationKind::Killed),
            Report::OverMemory { run, bytes, action } => {
                let action = format!("{action:?}").to_lowercase();
                self.notify_about(name, run, NotificationKind::OverMemory { bytes, action });
            }
            Report::RolledOver { generation } => {
                self.notify(
                    name,
                    None,
                    None,
                    NotificationKind::RolledOver { generation },
                );
            }
            Report::RollFailed { reason } => {
                self.notify(name, None, None, NotificationKind::RollFailed { reason });
            }
        }
    }

    /// Zero if the process could not be started.
    fn last_lines_of(&self, name: &Arc<str>, run: RunId) -> (Vec<String>, SignedDuration) {
        let Some(managed) = self.services.get(name) else {
            return Default::default();
        };
        let Some(live) = managed.live.get(&run) else {
            return Default::default();
        };
        let ran = (self.options.clock)().duration_since(live.since);
        let lines = managed.output.as_ref();
        let lines = lines.map_or_else(Vec::new, |output| {
            output.last_lines(MAX_LAST_LINES, Some(run))
        });
        (lines.into_iter().map(|line| line.text).collect(), ran)
    }

    fn notify_about(&mut self, name: &Arc<str>, run: RunId, what: NotificationKind) {
        let live = self
            .services
            .get(name)
            .and_then(|managed| managed.live.get(&run));
        let number = live.map(|live| live.number);
        let pid = live.map(|live| live.process.pid().as_raw_nonzero().get());
        self.notify(name, number, pid, what);
    }

    fn notify(
        &mut self,
        name: &Arc<str>,
        instance: Option<u32>,
        pid: Option<i32>,
        what: NotificationKind,
    ) {
        let notification = Notification {
            at: (self.options.clock)(),
            service: Arc::clone(name),
            instance,
            pid,
            what,
        };
        notification.log();
        // An error means that there are no receivers.
        let _ = self.notifications.send(notification);
    }

    fn remove_instance(&mut self, name: &Arc<str>, run: RunId) {
        let at = (self.options.clock)();
        let Some(managed) = self.services.get_mut(name) else {
            return;
        };
        let Some(mut live) = managed.live.remove(&run) else {
            return;
        };
        live.stop_watching();
        if let Some(exit) = live.exit {
            let fault = live.fault.as_deref();
            managed
                .exits
                .push_back(LastExit::new(live.number, at, live.since, exit, fault));
            while managed.exits.len() > MAX_REMEMBERED_EXITS {
                managed.exits.pop_front();
            }
        }
        let state = &managed.state;
        let services = &self.folders.services;
        managed
            .sockets
            .retain(services, |key| state.has_place(key.number, key.generation));
        if let Some(address) = &live.address
            && let Address::Unix(path) = address
            && !managed.sockets.holds(address)
        {
            // The file may never have been created.
            let _ = std::fs::remove_file(services.through(path));
        }
        if let Err(error) = self.pid_records.remove(live.process.token()) {
            tracing::warn!(
                %error,
                "cannot delete the record of a process that has ended; no instance can start \
                 until the folder of these records is writable: correct that"
            );
        }
    }
}
