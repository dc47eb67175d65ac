//! Hands everything that runs to the program that this process becomes, and goes on with it there.

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

use super::launch::Sockets;
use super::served::{Live, Served, Use};
use super::{Folders, LEDGER, Means, StartError, Supervisor, records};
use crate::answers::LastExit;
use crate::control::{Control, ControlError};
use crate::fleet::{Address, GivenUp};
use crate::folder::Folder;
use crate::handed::{Parcel, Rest, become_another, written};
use crate::output::{Begun, Line, Stream};
use crate::plan::{OWN, Plan, Settings};
use crate::probe::Notify;
use crate::process::{Ledger, Process};
use crate::state::{CommandId, RunId, State};

/// Changes whenever [`Known`], or anything in it, does: what is written in another format is not
/// guessed at.
const FORMAT: u32 = 5;

/// A supervisor that holds still, with everything that it keeps running.
///
/// Nothing is read or noticed until it goes on: by [`HandOver::exec`] as the next program, by
/// [`HandOver::stay`] as this one.
pub struct HandOver(pub(super) Box<Supervisor>);

/// The program is still the same one.
pub struct Stayed {
    /// Why.
    pub why: io::Error,
    /// To be [run](Supervisor::run) again; every [`Control`] of it still holds.
    pub supervisor: Supervisor,
}

impl HandOver {
    /// This process becomes another program, or the same one anew: with the same pid, the same
    /// children, their pipes and sockets. It must begin with
    /// [`shim::run_if_asked`](crate::shim::run_if_asked) and
    /// [`handed_over`](crate::handed_over), and finds there the note and the descriptors, by the
    /// names they have here. Everything else that is open ends with this program.
    ///
    /// `program` is a path, and is not looked for anywhere. It comes back only if it fails, and
    /// then nothing has happened.
    pub fn exec(
        self,
        program: &Path,
        arguments: &[OsString],
        extra: &[(&str, BorrowedFd<'_>)],
        note: &[u8],
    ) -> Stayed {
        let why = match pack(&self.0) {
            Err(error) => error,
            Ok((known, descriptors)) => {
                let parcel = Parcel {
                    format: FORMAT,
                    known: &known,
                    note,
                    extra,
                    descriptors: &descriptors,
                };
                become_another(program, arguments, &parcel)
            }
        };
        Stayed {
            why,
            supervisor: *self.0,
        }
    }

    /// What [`HandOver::exec`] would hand over, but for the descriptors: a file for a program that
    /// is to say whether it could go on with that; see [`rehearsed`](crate::rehearsed) and
    /// [`Rest::check`].
    pub fn rehearsal(&self, note: &[u8]) -> io::Result<File> {
        let (known, _) = pack(&self.0)?;
        written(&Parcel {
            format: FORMAT,
            known: &known,
            note,
            extra: &[],
            descriptors: &[],
        })
    }

    /// The supervisor, to be [run](Supervisor::run) again as if nothing had been asked.
    pub fn stay(self) -> Supervisor {
        *self.0
    }
}

/// All that is known, as it is written. Descriptors are numbers in the order in which they travel.
#[derive(Serialize, Deserialize)]
struct Known {
    run: PathBuf,
    name: String,
    /// On the clock that starts with the system, which no `exec` changes.
    began: Duration,
    next_command: CommandId,
    lock: usize,
    services: BTreeMap<Arc<str>, KnownService>,
}

#[derive(Serialize, Deserialize)]
struct KnownService {
    state: State,
    settings: BTreeMap<u32, Settings>,
    said: Option<(Vec<Line>, u64)>,
    live: BTreeMap<RunId, KnownLive>,
    exits: VecDeque<LastExit>,
    sockets: BTreeMap<u32, (Address, usize)>,
    given_up: Option<GivenUp>,
    waits: bool,
    leaves: bool,
}

#[derive(Serialize, Deserialize)]
struct KnownLive {
    process: Process,
    number: u32,
    settings: Settings,
    address: Option<Address>,
    notify: (PathBuf, usize),
    begun: Vec<(Stream, Vec<u8>, usize)>,
    since: Timestamp,
    use_of: Use,
}

fn pack(supervisor: &Supervisor) -> io::Result<(Vec<u8>, Vec<BorrowedFd<'_>>)> {
    let mut descriptors = Vec::new();
    let mut number = |descriptor| {
        descriptors.push(descriptor);
        descriptors.len() - 1
    };
    let lock = number(supervisor.lock.as_fd());
    let mut services = BTreeMap::new();
    for (name, served) in &supervisor.services {
        let live = served.live.iter().map(|(run, live)| {
            let begun = live.begun.iter().map(|begun| {
                let pipe = number(begun.pipe.as_fd());
                (begun.stream, begun.line.clone(), pipe)
            });
            let known = KnownLive {
                process: live.process.clone(),
                number: live.number,
                settings: Settings::clone(&live.settings),
                address: live.address.clone(),
                begun: begun.collect(),
                notify: (live.notify.path().to_owned(), number(live.notify.as_fd())),
                since: live.since,
                use_of: live.use_of,
            };
            (*run, known)
        });
        let live = live.collect();
        let settings = served.settings.iter();
        let known = KnownService {
            state: served.state.clone(),
            settings: settings
                .map(|(generation, settings)| (*generation, Settings::clone(settings)))
                .collect(),
            said: served.output.as_ref().map(|output| output.remembered()),
            live,
            exits: served.exits.clone(),
            sockets: served
                .sockets
                .iter()
                .map(|(place, address, socket)| (place, (address.clone(), number(socket))))
                .collect(),
            given_up: served.given_up.clone(),
            waits: served.waits,
            leaves: served.leaves,
        };
        services.insert(Arc::clone(name), known);
    }
    let known = Known {
        run: supervisor.means.run.clone(),
        name: supervisor.name.clone(),
        began: system_clock().saturating_sub(supervisor.began.elapsed()),
        next_command: supervisor.next_command,
        lock,
        services,
    };
    Ok((serde_json::to_vec(&known)?, descriptors))
}

fn system_clock() -> Duration {
    Duration::try_from(clock_gettime(ClockId::Monotonic)).unwrap_or_default()
}

impl Supervisor {
    /// Goes on with what this process, as the program that it was before, kept running; see
    /// [`Control::hand_over`]. Services that are described as they were go on untouched, as does
    /// the program's own, which is started by its new description from the next time on. What
    /// else the plan says is done as by [`Control::apply`].
    ///
    /// What cannot be understood, because it comes from too different a version, is ended and
    /// started anew.
    pub fn resume(plan: &Plan, means: Means, rest: Rest) -> Result<(Self, Control), StartError> {
        let (launcher, run, logs) = Self::prepare(&means)?;
        let (known, mut descriptors) = match understand(rest, &means.run) {
            Ok(understood) => understood,
            Err(why) => {
                tracing::error!(
                    why,
                    "what the program kept running as it was before cannot be taken over; it is ended and started anew"
                );
                return Self::new(plan, means);
            }
        };
        let lock = File::from(descriptors.take(known.lock)?);
        let ledger = Ledger::resume(records(&run)?);
        let folders = Folders::of(&run, logs)?;
        let running = system_clock().saturating_sub(known.began);
        let now = Instant::now();
        let began = now.checked_sub(running).unwrap_or(now);
        let parts = (launcher, folders, lock, ledger, known.name);
        let (mut supervisor, control) = Self::assemble(means, parts, began);
        supervisor.next_command = known.next_command;
        for (name, service) in known.services {
            supervisor.take_over(&name, service, &mut descriptors)?;
        }
        if let Some(own) = plan.services().get(OWN)
            && let Some(served) = supervisor.services.get_mut(OWN)
        {
            let generation = served.state.generation();
            served.settings.insert(generation, Arc::clone(own));
        }
        // Nobody waits for what becomes of it; the news tell.
        drop(supervisor.apply(plan));
        supervisor.publish();
        Ok((supervisor, control))
    }

    fn take_over(
        &mut self,
        name: &Arc<str>,
        known: KnownService,
        descriptors: &mut Descriptors,
    ) -> Result<(), StartError> {
        let settings: BTreeMap<u32, Arc<Settings>> = known
            .settings
            .into_iter()
            .map(|(generation, settings)| (generation, Arc::new(settings)))
            .collect();
        let now = settings.get(&known.state.generation());
        let now = now.ok_or_else(|| io::Error::other(format!("nothing says what {name} is")))?;
        let output = self.output(now)?;
        if let (Some(output), Some(said)) = (&output, known.said) {
            output.remember(said);
        }
        let mut live = BTreeMap::new();
        for (run, known) in known.live {
            let begun = known.begun.into_iter().map(|(stream, line, pipe)| {
                let pipe = descriptors.take(pipe)?;
                Ok(Begun { pipe, stream, line })
            });
            let begun = begun.collect::<io::Result<_>>()?;
            let (path, socket) = known.notify;
            let services = &self.folders.services;
            let notify = Notify::taken_over(descriptors.take(socket)?, services, path)?;
            let settings = Arc::new(known.settings);
            let mut one = Live::new(known.process, known.number, settings, notify, known.since);
            one.address = known.address;
            one.begun = begun;
            one.use_of = known.use_of;
            live.insert(run, one);
        }
        let mut sockets = Sockets::default();
        for (number, (address, socket)) in known.sockets {
            sockets.take_over(number, address, descriptors.take(socket)?);
        }
        let served = Served {
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
        };
        self.services.insert(Arc::clone(name), served);
        Ok(())
    }

    /// Why everything cannot be handed over now.
    pub(super) fn why_not_now(&self) -> Option<ControlError> {
        let refused = |why: String| Some(ControlError::Refused(why));
        if self.stopping.is_some() {
            return refused("everything is being stopped".to_owned());
        }
        if self.handing.is_some() {
            return refused("it is being done already".to_owned());
        }
        for (name, served) in &self.services {
            if served.state.is_rolling() {
                let why =
                    format!("a next generation of {name:?} is taking over; ask again when it has");
                return refused(why);
            }
            if served.answers.values().any(|answer| !answer.is_closed()) {
                let why = format!(
                    "somebody waits until {name:?} is as it was told to be; ask again then"
                );
                return refused(why);
            }
        }
        None
    }

    /// Whether no process is half gone.
    pub(super) fn is_calm(&self) -> bool {
        let mut live = self
            .services
            .values()
            .flat_map(|served| served.live.values());
        live.all(|live| live.exit.is_none())
    }

    /// Lets nobody read and watch any more. What was read by then has been kept, what was noticed
    /// has been heard.
    pub(super) async fn pause(&mut self) {
        loop {
            while let Ok(message) = self.inbox.try_recv() {
                self.hear(message);
            }
            let mut attending = Vec::new();
            for (name, served) in &mut self.services {
                for (run, live) in &mut served.live {
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
                    // They may be waiting for room to say what they noticed.
                    Some(message) = self.inbox.recv() => heard.push(message),
                }
            };
            for (name, run, begun) in gathered {
                if let Some(live) = self.live_mut(&name, run) {
                    live.begun.push(begun);
                }
            }
            for message in heard {
                self.hear(message);
            }
        }
    }

    /// Reads and watches everybody of whom nobody does.
    pub(super) fn attend(&mut self) {
        let own_group = self.own_group();
        for (name, served) in &mut self.services {
            for run in served.state.runs() {
                if let Some(live) = served.live.get_mut(&run.id) {
                    live.attend((name, run), served.output.as_ref(), &self.voice, own_group);
                }
            }
        }
    }
}

/// Descriptors by the number under which they travelled, each taken once.
struct Descriptors(Vec<Option<OwnedFd>>);

impl Descriptors {
    fn take(&mut self, number: usize) -> io::Result<OwnedFd> {
        let descriptor = self.0.get_mut(number).and_then(Option::take);
        descriptor.ok_or_else(|| io::Error::other("a descriptor was not handed over"))
    }
}

impl Rest {
    /// Why [`Supervisor::resume`] with this folder for sockets and records would have to end what
    /// runs and start it anew, if it would.
    pub fn check(&self, run: &Path) -> Result<(), String> {
        let known = known(self)?;
        was_kept_in(&known, run)
    }
}

fn understand(rest: Rest, run: &Path) -> Result<(Known, Descriptors), String> {
    let known = known(&rest)?;
    if let Err(why) = was_kept_in(&known, run) {
        // Nobody else would end what is written down there.
        let _ = Folder::make(&known.run.join(LEDGER), 0o700).and_then(Ledger::open);
        return Err(why);
    }
    Ok((
        known,
        Descriptors(rest.descriptors.into_iter().map(Some).collect()),
    ))
}

fn known(rest: &Rest) -> Result<Known, String> {
    if rest.format != FORMAT {
        return Err(format!(
            "it is in format {}, and this program knows {FORMAT}",
            rest.format
        ));
    }
    serde_json::from_slice(&rest.known).map_err(|error| error.to_string())
}

fn was_kept_in(known: &Known, run: &Path) -> Result<(), String> {
    if known.run == run {
        Ok(())
    } else {
        Err(format!("it was kept in {}", known.run.display()))
    }
}
