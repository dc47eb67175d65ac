//! One service as it runs: its state, its processes, and what is known of them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::Supervisor;
use super::launch::Sockets;
use crate::answers::LastExit;
use crate::control::{Message, Outcome};
use crate::fleet::{Address, Crew, GivenUp, Member};
use crate::news::{News, What};
use crate::output::{Attention, Begun, Output};
use crate::place::Place;
use crate::plan::Settings;
use crate::probe::{Notify, Watch};
use crate::process::Process;
use crate::state::{Action, CommandId, Event, Exit, Note, Phase, Run, RunId, State};

/// So many ends of processes are remembered.
const EXITS: usize = 20;
/// So many lines are told with the end of a process.
const LAST_WORDS: usize = 20;

/// One service.
pub(super) struct Served {
    pub(super) state: State,
    /// What each generation is told to be.
    pub(super) settings: BTreeMap<u32, Arc<Settings>>,
    /// What it says; none: it has the supervisor's own outputs.
    pub(super) output: Option<Arc<Output>>,
    pub(super) live: BTreeMap<RunId, Live>,
    pub(super) exits: VecDeque<LastExit>,
    pub(super) answers: BTreeMap<CommandId, oneshot::Sender<Outcome>>,
    pub(super) sockets: Sockets,
    /// Since when an instance is given up, and why the first was.
    pub(super) given_up: Option<GivenUp>,
    /// It is to be started as soon as those before it are ready.
    pub(super) waits: bool,
    /// It is no longer described.
    pub(super) leaves: bool,
}

/// One process of it.
pub(super) struct Live {
    pub(super) process: Process,
    pub(super) number: u32,
    /// What its generation is told to be.
    pub(super) settings: Arc<Settings>,
    pub(super) address: Option<Address>,
    /// Where it says that it is ready.
    pub(super) notify: Arc<Notify>,
    pub(super) watch: Option<JoinHandle<()>>,
    pub(super) readers: Vec<JoinHandle<Option<Begun>>>,
    pub(super) attention: watch::Sender<Attention>,
    /// Its outputs, while nobody reads them.
    pub(super) begun: Vec<Begun>,
    pub(super) since: Timestamp,
    /// Nothing of it is left; what it said is still being read.
    pub(super) exit: Option<Exit>,
    /// Why it counts as failed.
    fault: Option<String>,
    pub(super) use_of: Use,
}

/// Who watches a process, and who reads what it says.
pub(super) type Attending = (JoinHandle<()>, Vec<JoinHandle<Option<Begun>>>);

/// What a process and its children use.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Use {
    pub(super) ticks: Option<u64>,
    pub(super) cpu_percent: f64,
    pub(super) memory_bytes: u64,
}

impl Live {
    /// A process that nobody reads or watches yet.
    pub(super) fn new(
        process: Process,
        number: u32,
        settings: Arc<Settings>,
        notify: Notify,
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
            attention: watch::Sender::new(Attention::Paid),
            begun: Vec::new(),
            since,
            exit: None,
            fault: None,
            use_of: Use::default(),
        }
    }

    /// Reads what it says and watches whether it is well, unless somebody does. The group is that
    /// of those who lead requests to it, where they are not whoever runs the supervisor.
    pub(super) fn attend(
        &mut self,
        (name, run): (&Arc<str>, &Run),
        output: Option<&Arc<Output>>,
        voice: &mpsc::Sender<Message>,
        own_group: Option<u32>,
    ) {
        if self.watch.is_some() || self.exit.is_some() {
            return;
        }
        self.attention.send_replace(Attention::Paid);
        for begun in std::mem::take(&mut self.begun) {
            if let Some(output) = output {
                let read = Arc::clone(output).read(
                    begun,
                    (self.number, run.id),
                    self.attention.subscribe(),
                );
                self.readers.push(tokio::spawn(read));
            }
        }
        let place = |address| Place {
            address,
            owner: self.settings.owner(),
            group: own_group,
        };
        let watch = Watch {
            place: self.address.clone().map(place),
            health: self.settings.health.clone(),
            rise: self.settings.policy.rise,
            activated: self.settings.activate && self.address.is_some(),
            says_so_itself: self.settings.own,
            is_ready: !matches!(run.phase, Phase::Starting { .. }),
            notify: Arc::clone(&self.notify),
            run: run.id,
        };
        let (voice, service) = (voice.clone(), Arc::clone(name));
        let found = async move |event| {
            // A supervisor that is gone needs no events.
            let _ = voice
                .send(Message::Event(Arc::clone(&service), event))
                .await;
        };
        self.watch = Some(tokio::spawn(watch.run(found, self.attention.subscribe())));
    }

    /// Has those who read and watch end soon, with nothing lost; none: nobody does.
    pub(super) fn pause(&mut self) -> Option<Attending> {
        let watch = self.watch.take()?;
        self.attention.send_replace(Attention::Paused);
        Some((watch, std::mem::take(&mut self.readers)))
    }

    /// Nobody need know any more whether it is well.
    pub(super) fn look_away(&mut self) {
        if let Some(watch) = self.watch.take() {
            watch.abort();
        }
    }
}

impl Served {
    pub(super) fn now(&self) -> Arc<Settings> {
        let now = self.settings.get(&self.state.generation());
        let any = now.or_else(|| self.settings.values().next_back());
        // There is one for every generation in use; see `Supervisor::step`.
        any.map_or_else(|| unreachable!("a service without settings"), Arc::clone)
    }

    /// Whether a process has ended of which something is left.
    pub(super) fn is_lingering(&self) -> bool {
        self.live
            .values()
            .any(|live| live.exit.is_none() && live.process.is_ended())
    }

    fn crew(&self) -> Crew {
        let members = |which: &dyn Fn(&crate::state::Run) -> bool| {
            let runs = self.state.runs().filter(|run| which(run));
            runs.map(|run| {
                let live = self.live.get(&run.id);
                Member {
                    instance: run.number,
                    run: run.id,
                    address: live.and_then(|live| live.address.clone()),
                    owner: live.and_then(|live| live.settings.owner()),
                }
            })
            .collect()
        };
        Crew {
            ready: members(&|run| run.serving),
            draining: members(&|run| matches!(run.phase, Phase::Draining { .. })),
            failed: self.state.is_failed(),
            given_up: self.given_up.clone(),
        }
    }

    /// Remembers since when an instance is given up: what comes while one is belongs to the same.
    fn note_given_up(&mut self, actions: &[Action], at: Timestamp) {
        if !self.state.has_given_up() {
            self.given_up = None;
            return;
        }
        let mut reasons = actions.iter().filter_map(|action| match action {
            Action::Tell(Note::GaveUp { reason, .. }) => Some(reason),
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
    /// Tells a service what happened, and does what follows.
    pub(super) fn step(&mut self, name: &Arc<str>, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let (now, at) = (self.now(), (self.means.clock)());
            let gone = match event {
                Event::Exited(run, _) | Event::Unstartable(run, _) => Some(run),
                _ => None,
            };
            let Some(served) = self.services.get_mut(name) else {
                return;
            };
            let (state, actions) = served.state.clone().on(event, now);
            served.state = state;
            served.note_given_up(&actions, at);
            let state = &served.state;
            served
                .settings
                .retain(|generation, _| state.uses(*generation));
            // Whoever leads requests hears of it before anybody is asked to stop.
            self.publish();
            let is_answer = |action: &Action| matches!(action, Action::Answer(..));
            let (answers, deeds): (Vec<Action>, Vec<Action>) =
                actions.into_iter().partition(is_answer);
            for deed in deeds {
                self.act(name, deed, &mut events);
            }
            if let Some(run) = gone {
                self.bury(name, run);
            }
            // What is answered is true by then.
            for answer in answers {
                self.act(name, answer, &mut events);
            }
        }
    }

    pub(super) fn publish(&self) {
        let services = self.services.iter();
        let fleet = services
            .map(|(name, served)| (Arc::clone(name), served.crew()))
            .collect();
        self.fleet.send_if_modified(|known| {
            let is_changed = *known != fleet;
            *known = fleet;
            is_changed
        });
    }

    pub(super) fn live_mut(&mut self, name: &Arc<str>, run: RunId) -> Option<&mut Live> {
        self.services.get_mut(name)?.live.get_mut(&run)
    }

    fn act(&mut self, name: &Arc<str>, action: Action, events: &mut VecDeque<Event>) {
        match action {
            Action::Spawn {
                run,
                number,
                generation,
            } => {
                if let Err(error) = self.launch(name, run, number, generation) {
                    events.push_back(Event::Unstartable(
                        run,
                        format!("it cannot be started: {error}"),
                    ));
                }
            }
            Action::AskToStop(run) => {
                if let Some(live) = self.live_mut(name, run) {
                    live.process.ask(live.settings.stop_signal);
                }
            }
            Action::Kill(run) => {
                if let Some(live) = self.live_mut(name, run) {
                    live.process.kill();
                }
            }
            Action::Serve(run) => self.tell_of(name, run, What::Serving),
            Action::Withdraw(run) => self.tell_of(name, run, What::Withdrawn),
            Action::Answer(id, outcome) => {
                if let Some(answer) = self
                    .services
                    .get_mut(name)
                    .and_then(|served| served.answers.remove(&id))
                {
                    // Who does not wait any longer need not know.
                    let _ = answer.send(outcome);
                }
            }
            Action::Tell(note) => self.tell(name, note),
        }
    }

    fn tell(&mut self, name: &Arc<str>, note: Note) {
        match note {
            Note::Ready { run, after } => {
                let milliseconds = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                self.tell_of(name, run, What::Ready { milliseconds });
            }
            Note::Failed {
                run,
                reason,
                exit,
                was_ready,
                again_in,
            } => {
                let again_in =
                    again_in.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
                let (lines, ran) = self.last_of(name, run);
                if let Some(live) = self.live_mut(name, run) {
                    live.fault = Some(reason.clone());
                }
                self.tell_of(
                    name,
                    run,
                    What::Failed {
                        reason,
                        exit,
                        ran_milliseconds: u64::try_from(ran.as_millis()).unwrap_or(0),
                        was_ready,
                        again_in,
                        lines,
                    },
                );
            }
            Note::Finished(run) => self.tell_of(name, run, What::Finished),
            Note::GaveUp { number, reason } => {
                self.spread(name, Some(number), None, What::GaveUp { reason });
            }
            Note::Stubborn(run) => self.tell_of(name, run, What::Killed),
            Note::OverMemory { run, bytes, action } => {
                let action = format!("{action:?}").to_lowercase();
                self.tell_of(name, run, What::OverMemory { bytes, action });
            }
            Note::RolledOver { generation } => {
                self.spread(name, None, None, What::RolledOver { generation });
            }
            Note::RollFailed { reason } => {
                self.spread(name, None, None, What::RollFailed { reason });
            }
        }
    }

    /// What a process said last, and how long it has run: not at all if it could not be started.
    fn last_of(&self, name: &Arc<str>, run: RunId) -> (Vec<String>, SignedDuration) {
        let Some(served) = self.services.get(name) else {
            return Default::default();
        };
        let Some(live) = served.live.get(&run) else {
            return Default::default();
        };
        let ran = (self.means.clock)().duration_since(live.since);
        let lines = served.output.as_ref();
        let lines = lines.map_or_else(Vec::new, |output| output.last(LAST_WORDS, Some(run)));
        (lines.into_iter().map(|line| line.text).collect(), ran)
    }

    fn tell_of(&mut self, name: &Arc<str>, run: RunId, what: What) {
        let live = self
            .services
            .get(name)
            .and_then(|served| served.live.get(&run));
        let number = live.map(|live| live.number);
        let pid = live.map(|live| live.process.pid().as_raw_nonzero().get());
        self.spread(name, number, pid, what);
    }

    fn spread(&mut self, name: &Arc<str>, instance: Option<u32>, pid: Option<i32>, what: What) {
        let news = News {
            at: (self.means.clock)(),
            service: Arc::clone(name),
            instance,
            pid,
            what,
        };
        news.log();
        // Nobody may be listening.
        let _ = self.news.send(news);
    }

    /// A process is gone, and everything has been said about it.
    fn bury(&mut self, name: &Arc<str>, run: RunId) {
        let at = (self.means.clock)();
        let Some(served) = self.services.get_mut(name) else {
            return;
        };
        let Some(mut live) = served.live.remove(&run) else {
            return;
        };
        live.look_away();
        if let Some(exit) = live.exit {
            let fault = live.fault.as_deref();
            served
                .exits
                .push_back(LastExit::new(live.number, at, live.since, exit, fault));
            while served.exits.len() > EXITS {
                served.exits.pop_front();
            }
        }
        let state = &served.state;
        let services = &self.folders.services;
        served
            .sockets
            .keep(services, |number| state.has_place(number));
        if !served.sockets.holds(live.number)
            && let Some(Address::Unix(path)) = &live.address
        {
            // It may never have been made.
            let _ = std::fs::remove_file(services.through(path));
        }
        if let Err(error) = self.ledger.remove(live.process.token()) {
            tracing::warn!(%error, "cannot write down that a process is gone");
        }
    }
}
