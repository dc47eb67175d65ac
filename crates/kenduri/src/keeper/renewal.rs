//! The keeper becomes the program that is on the disk now: the same process, with the
//! same children, sockets and channels.

use std::ffi::OsString;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Error, Result};
use edge::Inherited;
use serde::{Deserialize, Serialize};
use supervisor::state::RunId;
use supervisor::{HandOver, Handed, Supervisor};
use tokio::net::UnixStream;

use super::carry_out::Keeper;
use super::notify::Manager;
use super::program::Program;
use super::settings::Settings;
use super::signals::Signals;
use super::{Running, Sockets, means};
use crate::configuration::{self, Asked};
use crate::control::{self, Control, Reply};
use crate::demo::Temporary;
use crate::log;
use crate::orders::Outcome;
use crate::orders::neighbours;
use crate::words::Start;

/// The listening sockets.
const LISTEN: &str = "listen";
/// The control socket.
const CONTROL: &str = "control";
/// Whoever waits for the outcome.
const CLIENT: &str = "client";
/// The channels of workers, in the order of the note.
const WORKER: &str = "worker";

/// What the next program has to know. It only grows: the one before may be older.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Note {
    asked: Asked,
    start: Start,
    temporary: Option<PathBuf>,
    workers: Vec<RunId>,
    serving: Option<RunId>,
}

/// All that is known, but for the workers, which speak until the last moment.
pub(super) async fn note(keeper: &Keeper, start: Start, temporary: Option<&Temporary>) -> Note {
    Note {
        asked: keeper.settings.lock().await.asked(),
        start,
        temporary: temporary.map(|folder| folder.path().to_owned()),
        workers: Vec::new(),
        serving: keeper.workers.serving(),
    }
}

/// Becomes the program that is on the disk now. Comes back if that fails: then all goes
/// on as it was, and whoever waits is told.
pub(super) async fn renew(
    keeper: &Arc<Keeper>,
    everything: HandOver,
    listener: &OwnedFd,
    client: UnixStream,
    mut note: Note,
    lines: &log::Writing,
) -> Result<Supervisor> {
    tracing::info!(program = %keeper.program.path().display(), "going on as the program on the disk");
    let (workers, channels): (Vec<_>, Vec<_>) = keeper.workers.halt().await.into_iter().unzip();
    note.workers.clone_from(&workers);
    // One may have begun to serve until the last moment.
    note.serving = keeper.workers.serving();
    let listening = keeper.settings.lock().await.sockets.share()?;
    let written = serde_json::to_vec(&note)?;
    let mut extra: Vec<(&str, BorrowedFd<'_>)> =
        vec![(CONTROL, listener.as_fd()), (CLIENT, client.as_fd())];
    extra.extend(listening.iter().map(|socket| (LISTEN, socket.as_fd())));
    extra.extend(channels.iter().map(|channel| (WORKER, channel.as_fd())));
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    lines.flush();
    let stayed = everything.exec(keeper.program.path(), &arguments, &extra, &written);
    drop(extra);
    adopt(keeper, workers, channels, note.serving)?;
    let why = Error::new(stayed.why).context(
        "the new program serves, but this process could not become it and goes on as the old one",
    );
    refuse(client, &why).await;
    Ok(stayed.supervisor)
}

/// Tells whoever waits why nothing came of it.
pub(super) async fn refuse(client: UnixStream, why: &Error) {
    tracing::error!("the keeper was not renewed: {why:#}");
    // Who does not wait any longer need not know.
    let _ = control::tell(client, &Reply::Error(format!("{why:#}"))).await;
}

fn adopt(
    keeper: &Arc<Keeper>,
    workers: Vec<RunId>,
    channels: Vec<OwnedFd>,
    serving: Option<RunId>,
) -> Result<()> {
    for (run, channel) in workers.into_iter().zip(channels) {
        drop(keeper.hear(run, channel.into())?);
    }
    keeper.workers.serves(serving);
    Ok(())
}

/// Goes on with what the program before has handed over.
pub(super) async fn resume(handed: Handed) -> Result<Running> {
    let Note {
        mut asked,
        start,
        temporary,
        workers,
        serving,
    } = serde_json::from_slice(&handed.note).context("the program before was a newer one")?;
    let configuration = configuration::load(&asked)?;
    let lines = log::start(&configuration.settings.log, log::Who::Keeper)?;
    let manager = Manager::of(&asked.environment);
    let signals = Signals::listen()?;
    let (mut listening, mut channels) = (Vec::new(), Vec::new());
    let (mut listener, mut client) = (None, None);
    for (name, descriptor) in handed.extra {
        match name.as_str() {
            LISTEN => listening.push(descriptor),
            WORKER => channels.push(descriptor),
            CONTROL => listener = Some(descriptor),
            CLIENT => client = Some(descriptor),
            other => tracing::warn!(other, "something was handed over that nobody knows"),
        }
    }
    let listener = listener.context("no control socket was handed over")?;
    let control = Control::resume(&configuration.settings.data, listener)?;
    let mut sockets = Sockets::new(Inherited::new(listening)?);
    sockets.open(&configuration.plan)?;
    let configuration = super::sockets::find_ports(&mut asked, configuration)?;
    let (means, started) = means::means(&configuration.settings);
    let program = Program::this()?;
    let plan = means::plan(&configuration, &asked, &program)?;
    let (supervisor, services) = Supervisor::resume(&plan, means, handed.rest)?;
    let path = program.path().display().to_string();
    let settings = Settings::new(asked, configuration, sockets, start);
    let (keeper, renewals) = Keeper::new(services, program, settings, started);
    adopt(&keeper, workers, channels, serving)?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        "this is the program now"
    );
    if let Some(client) = client {
        let client = std::os::unix::net::UnixStream::from(client);
        client.set_nonblocking(true)?;
        let said = format!("{path} serves now; no request was dropped.");
        let done = Outcome::Neighbours(neighbours::Outcome::Done(said));
        // Who does not wait any longer need not know.
        let _ = control::tell(UnixStream::from_std(client)?, &Reply::Ok(done)).await;
    }
    Ok(Running {
        supervisor,
        keeper,
        control,
        signals,
        manager,
        renewals,
        start,
        temporary: temporary.map(Temporary::resume),
        lines,
    })
}
