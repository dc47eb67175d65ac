//! What is asked of the supervisor: commands, questions, another plan, the end.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::remove::remove;
use super::served::Served;
use super::{StartError, Supervisor};
use crate::answers::{Described, Row};
use crate::control::{Applied, Change, ControlError, Message, Outcome};
use crate::output::Output;
use crate::plan::{OWN, Own, Plan, Settings};
use crate::state::{Command, Event, State};

/// So many last lines are part of a description.
const LAST_LINES: usize = 50;

impl Supervisor {
    pub(super) fn add(&mut self, settings: &Arc<Settings>) -> Result<(), StartError> {
        let name: Arc<str> = settings.name.as_str().into();
        let output = self.output(settings)?;
        let state = State::new(settings.policy.clone());
        let served = Served {
            settings: BTreeMap::from([(state.generation(), Arc::clone(settings))]),
            state,
            output,
            live: BTreeMap::new(),
            exits: VecDeque::new(),
            answers: BTreeMap::new(),
            sockets: super::launch::Sockets::default(),
            given_up: None,
            waits: true,
            leaves: false,
        };
        self.services.insert(name, served);
        Ok(())
    }

    /// Where a service speaks to, unless it has the program's own outputs.
    pub(super) fn output(&self, settings: &Settings) -> Result<Option<Arc<Output>>, StartError> {
        if settings.own {
            return Ok(None);
        }
        let (clock, echo) = (Arc::clone(&self.means.clock), self.means.echo.clone());
        let name = settings.name.as_str().into();
        let opened = Output::open(&name, &self.folders.logs, clock, echo);
        let output = opened.map_err(|why| StartError::Folder {
            path: self.means.logs.clone(),
            why,
        })?;
        output.limit(settings.logs);
        Ok(Some(output))
    }

    pub(super) fn hear(&mut self, message: Message) {
        match message {
            // Nothing is begun that could not be handed over.
            Message::Command(..) | Message::Apply(..) | Message::Renew(..)
                if self.handing.is_some() =>
            {
                self.postponed.push(message);
            }
            Message::Event(name, event) => self.step(&name, event),
            Message::Command(name, command, answer) => self.command(&name, command, Some(answer)),
            Message::Apply(plan, answer) => {
                // Who does not wait any longer need not know.
                let _ = answer.send(self.apply(&plan));
            }
            Message::Rows(answer) => {
                let _ = answer.send(
                    self.services
                        .keys()
                        .flat_map(|name| self.rows(name))
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
                    let served = self.services.iter().filter(|(known, _)| named(known));
                    served
                        .filter_map(|(_, served)| served.output.clone())
                        .collect()
                });
                let _ = answer.send(outputs);
            }
            Message::Renew(own, answer) => self.renew(own, answer),
            Message::HandOver(answer) => match self.why_not_now() {
                None => self.handing = Some(answer),
                Some(why) => {
                    let _ = answer.send(Err(why));
                }
            },
            Message::ShutDown(answer) => {
                self.stopping.get_or_insert_default().push(answer);
                if let Some(handing) = self.handing.take() {
                    let why = "everything is being stopped".to_owned();
                    let _ = handing.send(Err(ControlError::Refused(why)));
                }
                for message in std::mem::take(&mut self.postponed) {
                    self.hear(message);
                }
            }
        }
    }

    fn command(
        &mut self,
        name: &Arc<str>,
        command: Command,
        answer: Option<oneshot::Sender<Outcome>>,
    ) {
        let refusal = match self.services.get(name) {
            None => Some(format!("there is no service {name:?}")),
            Some(_) if self.stopping.is_some() && command != Command::Stop => {
                Some("everything is being stopped".to_owned())
            }
            Some(served) if served.leaves && command != Command::Stop => {
                Some(format!("{name:?} is no longer described"))
            }
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
        if let Some(served) = self.services.get_mut(name) {
            // What is described for later starts when its turn comes, all the same.
            served.waits &= matches!(command, Command::Reload(_) | Command::Scale { .. });
            if matches!(command, Command::Reload(_)) {
                let next = served.state.next_generation();
                let settings = served.now();
                served.settings.entry(next).or_insert(settings);
            }
            served.answers.extend(answer.map(|answer| (id, answer)));
        }
        self.step(name, Event::Command(id, command));
    }

    /// Starts those that wait for nobody any longer.
    pub(super) fn start_who_may(&mut self) {
        if self.stopping.is_some() {
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
            .filter(|(_, served)| served.waits && served.now().after.iter().all(settled))
            .map(|(name, _)| Arc::clone(name))
            .collect();
        for name in able {
            self.command(&name, Command::Start, None);
        }
    }

    /// At the end, stops those after which nobody else is to be stopped.
    pub(super) fn stop_who_may(&mut self) {
        if self.stopping.is_none() {
            return;
        }
        let needed = |name: &Arc<str>| {
            self.services.iter().any(|(other, served)| {
                let settings = served.now();
                let waits = || settings.after.iter().any(|before| **before == **name);
                // Whoever leads requests to all the others goes before them.
                !served.state.is_gone() && other != name && (settings.own || waits())
            })
        };
        let able: Vec<Arc<str>> = self
            .services
            .iter()
            .filter(|(name, served)| served.state.is_up() && !needed(name))
            .map(|(name, _)| Arc::clone(name))
            .collect();
        for name in able {
            self.command(&name, Command::Stop, None);
        }
    }

    pub(super) fn forget_who_left(&mut self) {
        let left =
            |served: &Served| served.leaves && served.state.is_gone() && served.live.is_empty();
        let gone: Vec<Arc<str>> = self
            .services
            .iter()
            .filter(|(_, served)| left(served))
            .map(|(name, _)| Arc::clone(name))
            .collect();
        for name in &gone {
            if let Some(mut served) = self.services.remove(name) {
                served.sockets.keep(&self.folders.services, |_| false);
            }
            // It may never have been made.
            let _ = remove(&self.folders.services.at(&**name));
        }
        if !gone.is_empty() {
            self.publish();
        }
    }

    /// Only services whose description changed are touched.
    pub(super) fn apply(&mut self, plan: &Plan) -> Applied {
        let mut applied = Applied::default();
        if self.stopping.is_some() {
            return applied;
        }
        let names: Vec<Arc<str>> = self.services.keys().cloned().collect();
        for name in names {
            let Some(served) = self.services.get(&name) else {
                continue;
            };
            match plan.services().get(&*name) {
                // The program does not stop because of what somebody writes.
                None if &*name == OWN => {}
                None => {
                    let outcome = self.ask(&name, Command::Stop);
                    if let Some(served) = self.services.get_mut(&name) {
                        served.leaves = true;
                    }
                    applied.note(&name, Change::Removed, outcome);
                }
                Some(wanted)
                    if *wanted == served.now() && !served.leaves && !served.state.is_mixed() => {}
                Some(wanted) => {
                    let outcome = self.change(&name, wanted);
                    applied.note(&name, Change::Changed, outcome);
                }
            }
        }
        for (name, settings) in plan.services() {
            if !self.services.contains_key(name.as_str()) {
                let (answer, outcome) = oneshot::channel();
                let made = self.add(settings).map_err(|error| error.to_string());
                // It is started when those before it are ready.
                let _ = answer.send(made);
                applied.note(&name.as_str().into(), Change::Added, outcome);
            }
        }
        self.publish();
        applied
    }

    fn change(&mut self, name: &Arc<str>, wanted: &Arc<Settings>) -> oneshot::Receiver<Outcome> {
        let Some(served) = self.services.get_mut(name) else {
            return self.ask(name, Command::Start);
        };
        if served.state.is_rolling() {
            return self.ask(name, Command::Reload(None));
        }
        let now = served.now();
        let was_leaving = std::mem::take(&mut served.leaves);
        if let Some(output) = &served.output {
            output.limit(wanted.logs);
        }
        let (instances, spare) = (wanted.policy.instances, wanted.policy.spare);
        let mut scaled = Settings::clone(&now);
        (scaled.policy.instances, scaled.policy.spare) = (instances, spare);
        scaled.logs = wanted.logs;
        // Where a next generation failed on its way, those of it that stayed go too.
        if scaled == **wanted && !served.state.is_mixed() {
            served
                .settings
                .insert(served.state.generation(), Arc::clone(wanted));
            let scale = Command::Scale {
                instances: Some(instances),
                spare: Some(spare),
            };
            let outcome = self.ask(name, scale);
            return if was_leaving {
                self.ask(name, Command::Start)
            } else {
                outcome
            };
        }
        served
            .settings
            .insert(served.state.next_generation(), Arc::clone(wanted));
        let outcome = self.ask(name, Command::Reload(Some(wanted.policy.clone())));
        if was_leaving {
            self.ask(name, Command::Start)
        } else {
            outcome
        }
    }

    /// Rolls the program's own service over, whether anything changed or not.
    fn renew(&mut self, own: Own, answer: oneshot::Sender<Outcome>) {
        let name: Arc<str> = OWN.into();
        let settings = Arc::new(own.settings());
        let policy = settings.policy.clone();
        if let Some(served) = self.services.get_mut(&name)
            && !served.leaves
            && !served.state.is_rolling()
        {
            let next = served.state.next_generation();
            served.settings.insert(next, settings);
        }
        self.command(&name, Command::Reload(Some(policy)), Some(answer));
    }

    fn ask(&mut self, name: &Arc<str>, command: Command) -> oneshot::Receiver<Outcome> {
        let (answer, outcome) = oneshot::channel();
        self.command(name, command, Some(answer));
        outcome
    }

    fn rows(&self, name: &Arc<str>) -> Vec<Row> {
        let Some(served) = self.services.get(name) else {
            return Vec::new();
        };
        let (now, at) = ((self.means.clock)(), self.began.elapsed());
        let instances = served.state.instances().into_iter();
        instances
            .map(|instance| {
                let live = instance.run.and_then(|run| served.live.get(&run));
                let exits = served.exits.iter().rev();
                let ago = at.saturating_sub(instance.since);
                Row {
                    service: Arc::clone(name),
                    instance: instance.number,
                    generation: instance.generation,
                    state: instance.standing,
                    pid: live.map(|live| live.process.pid().as_raw_nonzero().get()),
                    since: now.checked_sub(ago).unwrap_or(now),
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

    fn describe(&self, name: &Arc<str>) -> Option<Described> {
        let served = self.services.get(name)?;
        let settings = served.now();
        let sockets = served.live.values().filter_map(|live| live.address.clone());
        Some(Described {
            service: Arc::clone(name),
            command: settings.shown_command(),
            directory: settings.directory.clone(),
            user: settings.user.as_ref().map(|user| user.name.clone()),
            front: settings.front.clone(),
            after: settings.after.clone(),
            generation: served.state.generation(),
            wanted_instances: served.state.policy().instances,
            wanted_spare: served.state.policy().spare,
            memory_max_bytes: settings.memory,
            manner: settings.manner(),
            environment: settings.environment.names().map(str::to_owned).collect(),
            instances: self.rows(name),
            sockets: sockets.collect(),
            exits: served.exits.iter().cloned().collect(),
            lines: served
                .output
                .as_ref()
                .map_or_else(Vec::new, |output| output.last(LAST_LINES, None)),
        })
    }
}
