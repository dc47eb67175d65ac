//! `kenduri follow` and `kenduri take-over`: a warm second machine for a store in an SQLite file.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::pin::pin;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Error, Result, bail};
use backup::{BackupError, Follower, Obstacle, TakenOver, Verdict};
use clap::Args;
use configuration::Settings;
use configuration::folders::Folders;
use jiff::{SignedDuration, Timestamp};
use operate::control_requests::{ControlRequest, ControlResponse, Reply};
use platform::{Clock, Random, Secret, store};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::password::read_secret;
use super::restore::place_named;
use super::{Where, say, settings_while_stopped};
use crate::control::{self, Control, PATIENCE, send_reply};
use crate::domains::DOMAINS;
use crate::program_io::environment;
use crate::sd_notify::SdNotify;
use crate::{app_setup, log};

const INTERVAL: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// Each failure is logged once, and again after this time.
const TOLD_AGAIN: SignedDuration = SignedDuration::from_mins(10);
const MAX_REQUEST_BYTES: u64 = 64 * 1024;
const START_TIME: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(100);

/// Follow the backup of another machine, ready to take its place
///
/// Restores the newest state into the empty data folder, and adds what is written, about a second
/// later. Serves nothing until `kenduri take-over`, and then everything, as `kenduri serve` does. With
/// follow.automatic on both machines, it also takes over by itself.
/// The settings are those of the machine that is followed: backup.to must name the place, and
/// files.url the same bucket, because files in a bucket are not in the backup. Started again after a
/// take-over, it serves.
#[derive(Debug, Args)]
pub(super) struct Follow {
    #[command(flatten)]
    place: Where,
    /// The location of the backup, as in `to` of [backup]
    #[arg(long, value_name = "s3://BUCKET/PREFIX")]
    from: String,
    /// A file that holds the passphrase; without it, the command asks for the passphrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// An address to listen on after the take-over, as for `kenduri serve`; may be repeated
    #[arg(long, value_name = "ADDR")]
    listen: Vec<String>,
}

/// Let the machine that follows here take over
///
/// Run this where `kenduri follow` runs, when the other machine is lost or stopped. The other
/// machine can then write nothing more to the backup. If it still runs, stop it first: what it saves
/// from now on is not here.
#[derive(Debug, Args)]
pub(super) struct TakeOver {
    #[command(flatten)]
    place: Where,
}

impl Follow {
    pub(super) fn run(self) -> Result<()> {
        settings_while_stopped(&self.place)?;
        // What `kenduri serve` would refuse is refused now, and not at the take-over.
        let settings = configuration::load(DOMAINS, &self.place.asked())?.settings;
        let places = app_setup::places(&settings);
        // A take-over may have been interrupted at its end.
        backup::finish(&places, None)?;
        if backup::has_taken_over(&settings.data) {
            return Err(self.serve());
        }
        let target = place_named(&self.from, &settings)?;
        check(&settings, &target.name())?;
        let passphrase =
            match &self.passphrase_file {
                None => read_secret("Passphrase of the backup: ")?,
                Some(path) => Secret::new(std::fs::read_to_string(path).with_context(|| {
                    format!(
                        "cannot read the passphrase from {}\n  --passphrase-file names it: correct the path, or run the command as a user who may read it",
                        path.display()
                    )
                })?),
            };
        let key = backup::open(&target, &passphrase)?;
        app_setup::make_data_folder(&settings.data)?;
        let run = Folders::of_supervisor(&settings.data)?.open()?;
        let lines = log::start(&settings.log, log::Who::Parent)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let has_taken_over = runtime.block_on(async {
            let control = Control::open(&run, &settings.data)?;
            let (clock, random) = (Clock::System, Random::system());
            let follower = Follower::new(&target, &key, &places, &clock, &random)?;
            let backup = settings.backup.as_ref();
            Following {
                is_automatic: backup.is_some_and(|backup| backup.is_automatic),
                clock,
                manager: SdNotify::of(&environment()),
                told: None,
                obstacle: None,
                expired: None,
                is_ready: false,
                until: None,
                pause: INTERVAL,
            }
            .run(follower, &control)
            .await
        })?;
        drop(runtime);
        lines.flush();
        drop(lines);
        if has_taken_over {
            return Err(self.serve());
        }
        Ok(())
    }

    /// Becomes `kenduri serve`. Returns only if that fails.
    fn serve(&self) -> Error {
        let program = match std::env::current_exe() {
            Ok(program) => program,
            Err(error) => return error.into(),
        };
        let mut words: Vec<OsString> = vec!["serve".into()];
        let Where {
            config,
            profile,
            data,
            set,
        } = &self.place;
        let mut add =
            |flag: &str, value: &OsStr| words.extend([OsString::from(flag), value.to_owned()]);
        if let Some(path) = config {
            add("--config", path.as_os_str());
        }
        if let Some(name) = profile {
            add("--profile", name.as_ref());
        }
        if let Some(path) = data {
            add("--data", path.as_os_str());
        }
        for (key, value) in set {
            add("--set", format!("{key}={value}").as_ref());
        }
        for address in &self.listen {
            add("--listen", address.as_ref());
        }
        let failed = Command::new(&program).args(words).exec();
        Error::new(failed).context(format!(
            "everything is taken over, but {} cannot be started\n  put a Kenduri for this machine there, and start `kenduri serve` with the same settings",
            program.display()
        ))
    }
}

/// Fails where a take-over would lose something.
fn check(settings: &Settings, from: &str) -> Result<()> {
    if !matches!(settings.store, store::Settings::Sqlite(_)) {
        return Err(BackupError::FollowsFilesOnly.into());
    }
    if matches!(settings.files, platform::Files::Folder(_)) {
        bail!(
            "files.url names a folder, and a machine that takes over needs the files of the other one\n  \
             put them into a bucket that both machines use: files.url = \"s3://…\" on both"
        );
    }
    let to = settings.backup.as_ref().map(|backup| backup.target.name());
    if to.as_deref() != Some(from) {
        bail!(
            "backup.to names {}, and --from {from}: after a take-over, this machine writes its backup to backup.to\n  \
             set backup.to to {from}",
            to.as_deref().unwrap_or("nothing")
        );
    }
    Ok(())
}

struct Following {
    /// Whether this machine may take over by itself.
    is_automatic: bool,
    clock: Clock,
    manager: SdNotify,
    /// The last failure that was logged.
    told: Option<(String, Timestamp)>,
    /// Why this machine does not take over by itself, as it was logged last.
    obstacle: Option<Obstacle>,
    /// The lease of the other machine, which is to be taken.
    expired: Option<String>,
    is_ready: bool,
    until: Option<Timestamp>,
    /// Until the next try. A failing one may fetch a whole snapshot.
    pause: Duration,
}

impl Following {
    /// Returns whether this machine has taken over. Otherwise, it was stopped.
    async fn run(mut self, mut follower: Follower, control: &Control) -> Result<bool> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        // Who asked for the take-over.
        let mut asked: Option<UnixStream> = None;
        // Each attempt fetches a whole snapshot.
        let mut pause_by_itself = INTERVAL;
        loop {
            let step = match (&asked, self.expired.take()) {
                (Some(_), _) => Step::TakeOver,
                (None, Some(tag)) => Step::TakeOverByItself(tag),
                (None, None) => Step::Turn {
                    is_automatic: self.is_automatic,
                },
            };
            let is_take_over = !matches!(step, Step::Turn { .. });
            let is_by_itself = matches!(step, Step::TakeOverByItself(_));
            let (done, is_stopped) = {
                // A snapshot may take long to fetch.
                let mut work = pin!(self.manager.wait_for(apart(follower, step)));
                let mut is_stopped = false;
                loop {
                    tokio::select! {
                        done = &mut work => break (done?, is_stopped),
                        // A take-over that was begun is completed.
                        _ = terminate.recv() => is_stopped = true,
                        _ = interrupt.recv() => is_stopped = true,
                        accepted = control.accept() => {
                            self.take_request(accepted?, &mut asked).await;
                        }
                    }
                    if is_stopped && !is_take_over {
                        return Ok(false);
                    }
                }
            };
            let outcome;
            (follower, outcome) = done;
            match outcome {
                Outcome::Followed { turned, verdict } => {
                    let watched = verdict.map(|verdict| self.note(verdict));
                    self.tell(turned.and_then(|until| watched.map(|()| until)))?;
                }
                Outcome::TakenOver(outcome) => {
                    if is_by_itself {
                        tell_take_over(&outcome);
                        pause_by_itself = (pause_by_itself * 2).min(MAX_PAUSE);
                        self.pause = self.pause.max(pause_by_itself);
                        // An order insists, where this attempt may have been refused.
                        if outcome.is_err() && asked.is_some() && !is_stopped {
                            continue;
                        }
                    }
                    let reply = match &outcome {
                        Ok(taken) => Reply::Ok(answer(taken)),
                        Err(error) => Reply::Error(error.to_string()),
                    };
                    if let Some(mut stream) = asked.take()
                        && let Err(error) = send_reply(&mut stream, &reply).await
                    {
                        let taken = outcome.is_ok();
                        tracing::warn!(%error, taken, "kenduri take-over ended before it was answered; if `taken` is false, run it again");
                    }
                    if is_stopped || outcome.is_ok() {
                        return Ok(!is_stopped);
                    }
                }
            }
            if asked.is_some() {
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep(self.pause) => {}
                _ = terminate.recv() => return Ok(false),
                _ = interrupt.recv() => return Ok(false),
                accepted = control.accept() => {
                    self.take_request(accepted?, &mut asked).await;
                }
            }
        }
    }

    /// Keeps the client if it asks for the take-over. Answers every other request.
    async fn take_request(&self, mut stream: UnixStream, asked: &mut Option<UnixStream>) {
        let me = rustix::process::geteuid().as_raw();
        let visitor = stream.peer_cred().map(|visitor| visitor.uid());
        let may = visitor.is_ok_and(|visitor| visitor == 0 || visitor == me);
        let mut line = Vec::new();
        let (reading, _) = stream.split();
        let mut reading = BufReader::new(reading.take(MAX_REQUEST_BYTES));
        let read = tokio::time::timeout(PATIENCE, reading.read_until(b'\n', &mut line)).await;
        if !matches!(read, Ok(Ok(_))) || line.is_empty() {
            return;
        }
        let reply = match serde_json::from_slice::<ControlRequest>(&line) {
            _ if !may => Reply::Error(
                "only root and the user that runs Kenduri may give it commands; run this as one of them, as with sudo".to_owned(),
            ),
            Ok(ControlRequest::TakeOver) if asked.is_none() => {
                *asked = Some(stream);
                return;
            }
            Ok(ControlRequest::TakeOver) => {
                Reply::Error("this machine takes over already\n  the first `kenduri take-over` says when it is done".to_owned())
            }
            Ok(ControlRequest::State) => Reply::Ok(ControlResponse::State { is_stopping: false }),
            _ => Reply::Error(format!(
                "this Kenduri follows another machine{}, and serves nothing\n  to let it take over: kenduri take-over",
                self.until
                    .map_or_else(String::new, |until| format!(", until {until} so far"))
            )),
        };
        if let Err(error) = send_reply(&mut stream, &reply).await {
            tracing::debug!(%error, "cannot answer a client of the control socket");
        }
    }

    /// Hears whether this machine is to take over by itself. What stands against it is logged once.
    fn note(&mut self, verdict: Option<Verdict>) {
        match verdict {
            Some(Verdict::Wait) => self.obstacle = None,
            Some(Verdict::TakeOver { tag }) => self.expired = Some(tag),
            Some(Verdict::ByOrder(obstacle)) if self.obstacle.as_ref() != Some(&obstacle) => {
                tracing::warn!(
                    "this machine does not take over by itself: {}",
                    reason(&obstacle)
                );
                self.obstacle = Some(obstacle);
            }
            None | Some(Verdict::ByOrder(_)) => {}
        }
    }

    fn tell(&mut self, outcome: Result<Timestamp, BackupError>) -> Result<()> {
        match outcome {
            Ok(until) => {
                if !self.is_ready {
                    self.is_ready = true;
                    self.manager.ready();
                    say(
                        "Kenduri follows, and serves nothing. To let it take over: kenduri take-over\n",
                    )?;
                    if self.is_automatic {
                        say(
                            "It also takes over by itself, a minute after the other machine has lost the place of the backup.\n",
                        )?;
                    }
                }
                if self.told.take().is_some() {
                    tracing::info!("the backup is followed again");
                }
                self.until = Some(until);
                self.pause = INTERVAL;
            }
            Err(error) => {
                let (text, now) = (error.to_string(), self.clock.now());
                let is_known = self.told.as_ref().is_some_and(|(before, at)| {
                    *before == text && now.duration_since(*at) < TOLD_AGAIN
                });
                if !is_known {
                    tracing::error!(
                        "cannot follow the backup; it is tried again within a minute: {text}"
                    );
                    self.told = Some((text, now));
                }
                self.pause = (self.pause * 2).min(MAX_PAUSE);
            }
        }
        Ok(())
    }
}

/// What is done next.
enum Step {
    Turn {
        /// Whether the lease is looked at.
        is_automatic: bool,
    },
    TakeOver,
    /// If the lease still has this tag.
    TakeOverByItself(String),
}

enum Outcome {
    Followed {
        turned: Result<Timestamp, BackupError>,
        verdict: Result<Option<Verdict>, BackupError>,
    },
    TakenOver(Result<TakenOver, BackupError>),
}

impl Step {
    fn run(self, follower: &mut Follower) -> Outcome {
        match self {
            Self::Turn { is_automatic } => Outcome::Followed {
                turned: follower.turn(),
                verdict: if is_automatic {
                    follower.watch()
                } else {
                    Ok(None)
                },
            },
            Self::TakeOver => Outcome::TakenOver(follower.take_over()),
            Self::TakeOverByItself(tag) => Outcome::TakenOver(follower.take_over_by_itself(tag)),
        }
    }
}

fn reason(obstacle: &Obstacle) -> String {
    match obstacle {
        Obstacle::GoesOn(host) => format!(
            "{host} would go on answering without the backup's place\n  \
             set follow.automatic = true on {host} too, and restart Kenduri there"
        ),
        Obstacle::Ended(host) => format!(
            "{host} was stopped in order\n  \
             to let this machine take over: kenduri take-over"
        ),
        Obstacle::NoLease => "the backup has no lease that can be read\n  \
             start Kenduri on the other machine, or let this one take over: kenduri take-over"
            .to_owned(),
        Obstacle::NoClock => {
            "the backup's place does not say what time it is: its answers have no Date\n  \
             use a bucket that sends it; to let this machine take over: kenduri take-over"
                .to_owned()
        }
    }
}

fn tell_take_over(outcome: &Result<TakenOver, BackupError>) {
    match outcome {
        Ok(taken) => {
            let from = taken.from.as_ref();
            tracing::warn!(
                "this machine has taken over from {} by itself: what was saved there until {} is here, and what was saved later may be missing; lead the domain to this machine, and stop Kenduri on the other one",
                from.map_or("another machine", |from| from.host.as_str()),
                taken.whole_until
            );
        }
        Err(error) => tracing::error!(
            "this machine could not take over by itself; it goes on following, and tries again as soon as it may: {error}"
        ),
    }
}

/// Runs blocking work on a thread of its own.
async fn apart(mut follower: Follower, step: Step) -> Result<(Follower, Outcome)> {
    let (send, done) = oneshot::channel();
    std::thread::Builder::new()
        .name("follow".to_owned())
        .spawn(move || {
            let outcome = step.run(&mut follower);
            // The receiver waits below.
            let _ = send.send((follower, outcome));
        })?;
    done.await.context("following ended in a panic\n  start `kenduri follow` again; “the program panicked” in the log says where: please report it")
}

fn answer(taken: &TakenOver) -> ControlResponse {
    ControlResponse::TakenOver {
        from: taken.from.as_ref().map(|from| from.host.clone()),
        has_ended: taken.from.as_ref().is_some_and(|from| from.has_ended),
        whole_until: taken.whole_until,
    }
}

impl TakeOver {
    pub(super) fn run(self) -> Result<()> {
        let mut asked = self.place.asked();
        asked.allow_public_mailbox = true;
        let data = super::data(&asked)?;
        let Some(outcome) = control::ask(&data, &ControlRequest::TakeOver)? else {
            return Err(super::not_running(&asked));
        };
        let ControlResponse::TakenOver {
            from,
            has_ended,
            whole_until,
        } = outcome
        else {
            bail!(
                "the running Kenduri has another version, so nobody knows whether it took over\n  look at its log; if it still follows, run the command with the program that runs"
            );
        };
        let until = Timestamp::from_second(whole_until.as_second()).unwrap_or(whole_until);
        let host = from.as_deref().unwrap_or("another machine");
        say(&if has_ended {
            format!(
                "This machine has taken over from {host}, which ended its backup in order: everything that was saved there until {until} is here.\n\
                 If {host} runs again, stop it: what is saved there is not here.\n"
            )
        } else {
            format!(
                "This machine has taken over from {host}. Everything that was saved there until {until} is here.\n\
                 What {host} saved later may be missing: 2 seconds as a rule, more if it could not reach the backup.\n\
                 If {host} still runs, stop it: what is saved there from now on is not here.\n"
            )
        })?;
        wait_until_served(&data)?;
        say("Kenduri serves here now.\n")
    }
}

/// The follower becomes `kenduri serve`, which opens its control socket as soon as it starts.
fn wait_until_served(data: &std::path::Path) -> Result<()> {
    let rounds = START_TIME.as_millis() / POLL.as_millis();
    for _ in 0..rounds {
        if let Ok(Some(ControlResponse::Frozen { .. })) =
            control::ask(data, &ControlRequest::Freeze)
        {
            return Ok(());
        }
        std::thread::sleep(POLL);
    }
    bail!(
        "this machine has taken over, but does not serve yet\n  its log says why: journalctl -u kenduri"
    )
}
