//! The supervisor process, which `kenduri serve` starts. It owns the listening sockets, the control
//! socket and the child processes, including the [worker](crate::worker). It does as little as
//! possible, so that it never needs a restart.
//!
//! If it is killed, the kernel ends its children at once, by their parent-death signal. Nothing
//! acknowledged is lost, and the next supervisor process opens its ports when they have ended.

mod exec_upgrade;

mod control_server;
mod handover_check;

mod control_handler;

mod restarts;

mod apply;
mod handover_note;

mod process;

mod active_settings;
mod service_config;
mod workers;

mod command_gate;
mod journal;
mod permissions;
mod program_file;
mod signals;
mod sockets;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Context as _, Result};
use configuration::{Asked, Configuration};
use operate::messages::{RequestIds, ServeMode};
use supervisor::state::Exit;
use supervisor::{
    Folder, Notification, NotificationKind, OWN_SERVICE, ReceivedHandover, RunEnd, Supervisor,
};
use tokio::sync::broadcast::error::RecvError;

use crate::control::Control;
use crate::demo::Temporary;
use crate::descriptors;
use crate::domains::DOMAINS;
use crate::log;
use crate::program_io::{Failed, NO_RUNTIME};
use crate::sd_notify::SdNotify;

use active_settings::Settings;
use exec_upgrade::ExecContext;
use process::{ParentProcess, Running, UpgradeRequest};
use program_file::ProgramFile;
use signals::{Signal, Signals};
use workers::Workers;

pub(crate) use handover_check::take_part;
pub(crate) use sockets::Sockets;

/// The state with which the supervisor process starts.
pub(crate) struct ParentSetup {
    pub(crate) asked: Asked,
    pub(crate) configuration: Configuration,
    /// The listening sockets that are already open.
    pub(crate) sockets: Sockets,
    pub(crate) start: ServeMode,
    /// A demo's temporary folder, which is deleted when the demo ends.
    pub(crate) temporary: Option<Temporary>,
    pub(crate) lines: log::Lines,
    /// The folder for sockets and records of the running Kenduri.
    pub(crate) run: Arc<Folder>,
}

/// Runs the supervisor process until a signal or a command stops it.
pub(crate) fn run(keeping: ParentSetup) -> Result<()> {
    raise_limit();
    runtime()?.block_on(async { supervise(start(keeping)?).await })
}

/// Continues after an upgrade by `exec`, with the state of the previous program.
pub(crate) fn go_on(handed: ReceivedHandover) -> Result<()> {
    raise_limit();
    runtime()?.block_on(async { supervise(exec_upgrade::resume(handed).await?).await })
}

/// Each process of a service needs several descriptors, and an upgrade needs more.
fn raise_limit() {
    if let Err(error) = descriptors::raise_limit() {
        tracing::warn!(%error, "cannot raise the limit on open files, so it stays as it was; if connections are refused, set LimitNOFILE= in the systemd unit");
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        // Only the main thread receives signals, so that it can control when they are blocked.
        .on_thread_start(supervisor::block_signals)
        .enable_all()
        .build()
        .context(NO_RUNTIME)
}

fn start(keeping: ParentSetup) -> Result<Running> {
    let ParentSetup {
        mut asked,
        mut configuration,
        mut sockets,
        start,
        temporary,
        lines,
        run,
    } = keeping;
    if sockets::find_ports(&mut asked, &configuration.wanting_ports)? {
        configuration = configuration::load(DOMAINS, &asked)?;
    }
    let manager = SdNotify::of(&asked.environment);
    let signals = Signals::listen(Vec::new())?;
    let control = Control::open(&run, &configuration.settings.data)?;
    let (means, from_supervisor) = service_config::means(&configuration);
    let program = ProgramFile::this()?;
    let plan = service_config::plan(&configuration, &program)?;
    let (supervisor, services) = Supervisor::new(&plan, means)?;
    permissions::forget(&run)?;
    // If an earlier supervisor process was killed, its child processes have exited by now. So the
    // addresses are free again.
    sockets.open(&configuration.plan)?;
    permissions::let_through(&configuration, &run, &plan)?;
    service_config::warn_of_root(&plan);
    let settings = Settings::new(asked, configuration, sockets, start, run);
    let numbers = RequestIds::default();
    let (parent, renewals) =
        ParentProcess::new(services, program, settings, from_supervisor, numbers);
    Ok(Running {
        supervisor,
        parent,
        control,
        signals,
        manager,
        renewals,
        start,
        temporary,
        lines,
    })
}

enum LoopExit {
    /// Kenduri stops, because of a request or an error.
    Stop(Result<(), Failed>),
    /// The supervisor process upgrades itself by `exec`. The next program handles the requests that
    /// arrive meanwhile.
    Renew(UpgradeRequest),
}

async fn supervise(running: Running) -> Result<()> {
    let Running {
        mut supervisor,
        parent,
        control,
        mut signals,
        manager,
        mut renewals,
        start,
        temporary,
        lines,
    } = running;
    let listener = control.share()?;
    let answering = tokio::spawn(control_server::serve(control, Arc::clone(&parent)));
    let mut news = parent.control.notifications();
    let mut is_told = parent.workers.have_served();
    let mut is_to_apply = false;
    let first_served = manager.wait_for(parent.workers.first_served());
    let mut first_served = std::pin::pin!(first_served);
    loop {
        let watching = async {
            loop {
                tokio::select! {
                    signal = signals.next() => match signal {
                        Signal::Apply if start.is_demo() => break LoopExit::Stop(Ok(())),
                        Signal::Apply => is_to_apply = true,
                        Signal::Stop => break LoopExit::Stop(Ok(())),
                    },
                    alone = Arc::clone(&parent.changes).lock_owned(), if is_to_apply => {
                        is_to_apply = false;
                        parent.apply_and_log(alone);
                    }
                    () = &mut first_served, if !is_told => {
                        is_told = true;
                        manager.ready();
                    }
                    Some(renewal) = renewals.recv() => match parent.control.hand_over().await {
                        Ok(()) => break LoopExit::Renew(renewal),
                        Err(error) => renewal.refuse(&error.into()).await,
                    },
                    told = news.recv() => match told {
                        Ok(told) => if let Some(code) = never_served(&told, &parent.workers) {
                            // The worker has already printed its error.
                            break LoopExit::Stop(Err(Failed(code)));
                        },
                        Err(RecvError::Lagged(_)) => {}
                        Err(RecvError::Closed) => break LoopExit::Stop(Ok(())),
                    },
                }
            }
        };
        let watching = async {
            let turn = watching.await;
            if let LoopExit::Stop(_) = turn {
                stop(&parent, &manager).await;
            }
            turn
        };
        let (ended, turn) = tokio::join!(supervisor.run(), watching);
        match (
            ended.context("cannot wait for child processes any more\n  start Kenduri again, if systemd does not")?,
            turn,
        ) {
            (RunEnd::HandedOver(everything), LoopExit::Renew(renewal)) => {
                signals.again(std::mem::take(&mut is_to_apply).then_some(Signal::Apply));
                let left = ExecContext {
                    listener: &listener,
                    lines: &lines,
                    temporary: temporary.as_ref(),
                };
                supervisor = renewal.renew(&parent, everything, &mut signals, left).await;
            }
            (RunEnd::HandedOver(everything), LoopExit::Stop(_)) => supervisor = everything.stay(),
            (RunEnd::Stopped, turn) => {
                answering.abort();
                drop(lines);
                return match turn {
                    LoopExit::Stop(outcome) => Ok(outcome?),
                    LoopExit::Renew(_) => Ok(()),
                };
            }
        }
    }
}

async fn stop(parent: &ParentProcess, manager: &SdNotify) {
    tracing::info!("stopping: running requests may finish, then services are stopped");
    manager.stopping();
    parent.is_stopping.store(true, Ordering::Relaxed);
    parent.workers.end().await;
    let unready_time = parent.settings.lock().await.unready_time();
    tokio::time::sleep(unready_time).await;
    parent.settings.lock().await.sockets.close();
    // The supervisor may already have stopped.
    let _ = parent.control.shut_down().await;
}

/// Kenduri then stops, because a restart would fail in the same way. This interrupts no working
/// service.
fn never_served(news: &Notification, workers: &Workers) -> Option<ExitCode> {
    match &news.what {
        NotificationKind::Failed { exit, .. }
            if *news.service == *OWN_SERVICE && !workers.have_served() =>
        {
            let code = match exit {
                Some(Exit::Code(code)) => u8::try_from(*code).ok().filter(|code| *code != 0),
                _ => None,
            };
            Some(code.map_or(ExitCode::FAILURE, ExitCode::from))
        }
        _ => None,
    }
}
