//! Handles messages of [`Control`](crate::Control) (commands, queries, new plans and shutdown), and
//! runs the commands of schedules.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::remove_tree::remove;
use super::service::ManagedService;
use super::{StartError, Supervisor};
use crate::control::{AppliedPlan, CommandOutcome, ControlError, Message, ServiceChange};
use crate::plan::{OWN_SERVICE, Plan, ServiceSettings};
use crate::service_log::ServiceLog;
use crate::state::{Command, Event, State};
use crate::status::{InstanceStatus, ServiceStatus};

const MAX_STATUS_LINES: usize = 50;

impl Supervisor {
    pub(super) fn add(&mut self, settings: &Arc<ServiceSettings>) -> Result<(), StartError> {
        let name: Arc<str> = settings.name.as_str().into();
        let output = self.output(settings)?;
        let state = State::new(settings.policy.clone());
        let managed = ManagedService {
            settings: BTreeMap::from([(state.generation(), Arc::clone(settings))]),
            state,
            output,
            live: BTreeMap::new(),
            exits: VecDeque::new(),
            answers: BTreeMap::new(),
            sockets: super::start_instance::Sockets::default(),
            given_up: None,
            waits: true,
            leaves: false,
            scheduled_until: (self.options.clock)(),
            up_since: None,
        };
        self.services.insert(name, managed);
        Ok(())
    }

    /// Returns a service's log, or `None` if the service writes to the supervisor's own outputs.
    pub(super) fn output(
        &self,
        settings: &ServiceSettings,
    ) -> Result<Option<Arc<ServiceLog>>, StartError> {
        if settings.own {
            return Ok(None);
        }
        let (clock, echo) = (
            Arc::clone(&self.options.clock),
            self.options.line_hook.clone(),
        );
        let name = settings.name.as_str().into();
        let opened = ServiceLog::open(&name, &self.folders.logs, clock, echo);
        let output = opened.map_err(|why| StartError::Folder {
            path: self.options.logs.clone(),
            why,
        })?;
        output.limit(settings.logs);
        Ok(Some(output))
    }

    pub(super) fn handle_message(&mut self, message: Message) {
        match message {
            // During a handover, the supervisor starts no processes, because it could not hand them
            // over.
            Message::Command(..) | Message::Apply(..) | Message::Upgrade(..)
                if self.handover_waiter.is_some() =>
            {
                self.postponed.push(message);
            }
            Message::Event(name, event) => self.step(&name, event),
            Message::Command(name, command, answer) => self.command(&name, command, Some(answer)),
            Message::Apply(plan, answer) => {
                // An error means that the caller no longer waits.
                let _ = answer.send(self.apply(&plan));
            }
            Message::Statuses(answer) => {
                let _ = answer.send(
                    self.services
                        .keys()
                        .flat_map(|name| self.statuses(name))
                        .collect(),
                );
            }
            Message::Describe(name, answer) => {
                let _ = answer.send(self.describe(&name));
            }
            Message::Outputs(name, answer) => {
                let known = |name: &Arc<str>| self.services.contains_key(name);
                let outputs = name.as_ref().is_none_or(known).then(|| {
                    let named = |known: &&Arc<str>| name.as_ref().is_none_or(|name| name == *known);
                    let managed = self.services.iter().filter(|(known, _)| named(known));
                    managed
                        .filter_map(|(_, managed)| managed.output.clone())
                        .collect()
                });
                let _ = answer.send(outputs);
            }
            Message::Upgrade(answer) => self.upgrade(answer),
            Message::TrialsOver(answer) => self.trial_waiters.push(answer),
            Message::HandOver(answer) => match self.handover_refusal() {
                None => self.handover_waiter = Some(answer),
                Some(why) => {
                    let _ = answer.send(Err(why));
                }
            },
            Message::ShutDown(answer) => {
                self.shutdown_waiters.get_or_insert_default().push(answer);
                if let Some(handover_waiter) = self.handover_waiter.take() {
                    let why = "Kenduri is being stopped; start it again first".to_owned();
                    let _ = handover_waiter.send(Err(ControlError::Refused(why)));
                }
                for message in std::mem::take(&mut self.postponed) {
                    self.handle_message(message);
                }
            }
        }
    }

    /// Runs the commands that have become due since the last call.
    pub(super) fn run_schedules(&mut self) {
        let now = (self.options.clock)();
        let mut due: Vec<(Arc<str>, Command)> = Vec::new();
        for (name, managed) in &mut self.services {
            let settings = managed.current_settings();
            // Schedules consist of whole minutes, so one check per minute is enough.
            let minute = now.as_second().div_euclid(60);
            if minute == managed.scheduled_until.as_second().div_euclid(60) {
                continue;
            }
            let before = std::mem::replace(&mut managed.scheduled_until, now);
            for (schedule, command) in [
                (&settings.cron, Command::RunOnce),
                (&settings.cron_restart, Command::Reload(None)),
            ] {
                let next = schedule
                    .as_ref()
                    .and_then(|schedule| schedule.after(before));
                if next.is_some_and(|next| next <= now) && managed.state.is_up() {
                    due.push((Arc::clone(name), command));
                }
            }
        }
        for (name, command) in due {
            match (&self.options.due_restarts, command) {
                (Some(due_restarts), Command::Reload(_)) => {
                    // An error means that nobody replaces instances any more.
                    let _ = due_restarts.send(name);
                }
                (_, command) => self.command(&name, command, None),
            }
        }
    }

    fn command(
        &mut self,
        name: &Arc<str>,
        command: Command,
        answer: Option<oneshot::Sender<CommandOutcome>>,
    ) {
        let refusal = match self.services.get(name) {
            None => Some(format!(
                "there is no service {name:?}\n  kenduri ps lists the services"
            )),
            Some(_) if self.shutdown_waiters.is_some() && command != Command::Stop => {
                Some("Kenduri is being stopped; start it again first".to_owned())
            }
            Some(managed) if managed.leaves && command != Command::Stop => Some(format!(
                "{name:?} is no longer in the settings\n  write its section again, and run `kenduri apply`"
            )),
            Some(_) => None,
        };
        if let Some(why) = refusal {
            if let Some(answer) = answer {
                let _ = answer.send(Err(why));
            }
            return;
        }
        self.next_command += 1;
        let id = self.next_command;
        if let Some(managed) = self.services.get_mut(name) {
            // A service that waits for its dependencies must still wait after a reload or scale
            // command.
            managed.waits &= matches!(command, Command::Reload(_) | Command::Scale { .. });
            if matches!(command, Command::Reload(_)) {
                let next = managed.state.next_generation();
                let settings = managed.current_settings();
                managed.settings.entry(next).or_insert(settings);
            }
            managed.answers.extend(answer.map(|answer| (id, answer)));
        }
        self.step(name, Event::Command(id, command));
    }

    /// Starts the waiting services whose dependencies are ready.
    pub(super) fn start_waiting_services(&mut self) {
        if self.shutdown_waiters.is_some() {
            return;
        }
        let settled = |name: &String| {
            let before = self.services.get(name.as_str());
            before.is_none_or(|before| {
                !before.waits && (!before.state.is_up() || before.state.is_decided())
            })
        };
        let able: Vec<Arc<str>> = self
            .services
            .iter()
            .filter(|(_, managed)| {
                managed.waits && managed.current_settings().after.iter().all(settled)
            })
            .map(|(name, _)| Arc::clone(name))
            .collect();
        for name in able {
            self.command(&name, Command::Start, None);
        }
    }

    /// During a shutdown, stops each service that no running service depends on.
    pub(super) fn stop_next_services(&mut self) {
        if self.shutdown_waiters.is_none() {
            return;
        }
        let needed = |name: &Arc<str>| {
            self.services.iter().any(|(other, managed)| {
                let settings = managed.current_settings();
                let waits = || settings.after.iter().any(|before| **before == **name);
                // The program's own service (the worker process) stops before all others, because
                // it sends requests to them.
                !managed.state.is_gone() && other != name && (settings.own || waits())
            })
        };
        let able: Vec<Arc<str>> = self
            .services
            .iter()
            .filter(|(name, managed)| managed.state.is_up() && !needed(name))
            .map(|(name, _)| Arc::clone(name))
            .collect();
        for name in able {
            self.command(&name, Command::Stop, None);
        }
    }

    pub(super) fn remove_stopped_services(&mut self) {
        let left = |managed: &ManagedService| {
            managed.leaves && managed.state.is_gone() && managed.live.is_empty()
        };
        let gone: Vec<Arc<str>> = self
            .services
            .iter()
            .filter(|(_, managed)| left(managed))
            .map(|(name, _)| Arc::clone(name))
            .collect();
        for name in &gone {
            if let Some(mut managed) = self.services.remove(name) {
                managed.sockets.retain(&self.folders.services, |_| false);
            }
            // The folder may never have been created.
            let _ = remove(&self.folders.services.at(&**name));
        }
        if !gone.is_empty() {
            self.publish();
        }
    }

    /// Applies a plan. Only changed services are affected.
    pub(super) fn apply(&mut self, plan: &Plan) -> AppliedPlan {
        let mut applied = AppliedPlan::default();
        if self.shutdown_waiters.is_some() {
            return applied;
        }
        let names: Vec<Arc<str>> = self.services.keys().cloned().collect();
        for name in names {
            let Some(managed) = self.services.get(&name) else {
                continue;
            };
            match plan.services().get(&*name) {
                // A plan from the settings never contains the program's own service, so its absence
                // does not mean that it was removed.
                None if &*name == OWN_SERVICE => {}
                None => {
                    let outcome = self.send_command(&name, Command::Stop);
                    if let Some(managed) = self.services.get_mut(&name) {
                        managed.leaves = true;
                    }
                    applied.record(&name, ServiceChange::Removed, outcome);
                }
                Some(wanted)
                    if *wanted == managed.current_settings()
                        && !managed.leaves
                        && !managed.state.is_mixed() => {}
                Some(wanted) => {
                    let outcome = self.change(&name, wanted);
                    applied.record(&name, ServiceChange::Changed, outcome);
                }
            }
        }
        for (name, settings) in plan.services() {
            if !self.services.contains_key(name.as_str()) {
                let (answer, outcome) = oneshot::channel();
                let made = self.add(settings).map_err(|error| error.to_string());
                // The new service starts when its dependencies are ready.
                let _ = answer.send(made);
                applied.record(&name.as_str().into(), ServiceChange::Added, outcome);
            }
        }
        self.publish();
        applied
    }

    fn change(
        &mut self,
        name: &Arc<str>,
        wanted: &Arc<ServiceSettings>,
    ) -> oneshot::Receiver<CommandOutcome> {
        let Some(managed) = self.services.get_mut(name) else {
            return self.send_command(name, Command::Start);
        };
        if managed.state.is_rolling() {
            return self.send_command(name, Command::Reload(None));
        }
        let now = managed.current_settings();
        let was_leaving = std::mem::take(&mut managed.leaves);
        if let Some(output) = &managed.output {
            output.limit(wanted.logs);
        }
        let (instances, spare) = (wanted.policy.instances, wanted.policy.spare);
        let mut scaled = ServiceSettings::clone(&now);
        (scaled.policy.instances, scaled.policy.spare) = (instances, spare);
        scaled.logs = wanted.logs;
        scaled.cron_restart.clone_from(&wanted.cron_restart);
        // After a failed rolling update, the instances may belong to several generations. The
        // service is then reloaded even if only the number of instances has changed, so that all
        // instances get the same generation.
        if scaled == **wanted && !managed.state.is_mixed() {
            managed
                .settings
                .insert(managed.state.generation(), Arc::clone(wanted));
            let scale = Command::Scale {
                instances: Some(instances),
                spare: Some(spare),
            };
            let outcome = self.send_command(name, scale);
            return if was_leaving {
                self.send_command(name, Command::Start)
            } else {
                outcome
            };
        }
        managed
            .settings
            .insert(managed.state.next_generation(), Arc::clone(wanted));
        let outcome = self.send_command(name, Command::Reload(Some(wanted.policy.clone())));
        if was_leaving {
            self.send_command(name, Command::Start)
        } else {
            outcome
        }
    }

    /// To the program file on the disk.
    fn upgrade(&mut self, answer: oneshot::Sender<CommandOutcome>) {
        let name: Arc<str> = OWN_SERVICE.into();
        if let Some(managed) = self.services.get(&name)
            && !managed.state.is_rolling()
        {
            self.from_disk = Some(managed.state.next_generation());
        }
        self.command(&name, Command::Reload(None), Some(answer));
    }

    fn send_command(
        &mut self,
        name: &Arc<str>,
        command: Command,
    ) -> oneshot::Receiver<CommandOutcome> {
        let (answer, outcome) = oneshot::channel();
        self.command(name, command, Some(answer));
        outcome
    }

    fn statuses(&self, name: &Arc<str>) -> Vec<InstanceStatus> {
        let Some(managed) = self.services.get(name) else {
            return Vec::new();
        };
        let (now, at) = ((self.options.clock)(), self.began.elapsed());
        let instances = managed.state.instances().into_iter();
        instances
            .map(|instance| {
                let live = instance.run.and_then(|run| managed.live.get(&run));
                let exits = managed.exits.iter().rev();
                let ago = at.saturating_sub(instance.since);
                InstanceStatus {
                    service: Arc::clone(name),
                    instance: instance.number,
                    generation: instance.generation,
                    state: instance.standing,
                    pid: live.map(|live| live.process.pid().as_raw_nonzero().get()),
                    since: now.checked_sub(ago).unwrap_or(now),
                    up_since: managed.up_since,
                    restarts: instance.restarts,
                    cpu_percent: live.map_or(0.0, |live| live.use_of.cpu_percent),
                    memory_bytes: live.map_or(0, |live| live.use_of.memory_bytes),
                    requests_per_second: None,
                    last_exit: exits
                        .clone()
                        .find(|exit| exit.instance == instance.number)
                        .map(|exit| exit.how.clone()),
                }
            })
            .collect()
    }

    fn describe(&self, name: &Arc<str>) -> Option<ServiceStatus> {
        let managed = self.services.get(name)?;
        let settings = managed.current_settings();
        let sockets = managed
            .live
            .values()
            .filter_map(|live| live.address.clone());
        Some(ServiceStatus {
            service: Arc::clone(name),
            command: settings.shown_command(),
            directory: settings.directory.clone(),
            user: settings.user.as_ref().map(|user| user.name.clone()),
            front: settings.front.clone(),
            after: settings.after.clone(),
            generation: managed.state.generation(),
            wanted_instances: managed.state.policy().instances,
            wanted_spare: managed.state.policy().spare,
            memory_max_bytes: settings.memory,
            settings: settings.summary(),
            environment: settings.environment.names().map(str::to_owned).collect(),
            instances: self.statuses(name),
            sockets: sockets.collect(),
            exits: managed.exits.iter().cloned().collect(),
            lines: managed
                .output
                .as_ref()
                .map_or_else(Vec::new, |output| output.last_lines(MAX_STATUS_LINES, None)),
        })
    }
}
