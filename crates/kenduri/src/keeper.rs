//! The keeper: what `kenduri serve` is. It holds the listening sockets, the control
//! socket and the children, the first of which is the [worker](crate::worker), and
//! does nothing else, so that it never needs to stop.

mod apply;
mod carry_out;
mod gate;
mod journal;
mod means;
mod notify;
mod program;
mod rehearsal;
mod renewal;
mod rights;
mod settings;
mod signals;
mod sockets;
mod workers;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use supervisor::state::Exit;
use supervisor::{Ended, Folder, Handed, News, OWN, Supervisor, What};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use crate::commands::Failed;
use crate::configuration::{Asked, Configuration};
use crate::control::Control;
use crate::demo::Temporary;
use crate::log;
use crate::words::{Numbers, Start};

use program::Program;
use renewal::{Left, Renewal};
use settings::Settings;
use signals::{Signal, Signals};
use workers::Workers;

pub(crate) use carry_out::Keeper;
pub(crate) use gate::Inside;
pub(crate) use notify::Manager;
pub(crate) use rehearsal::take_part;
pub(crate) use sockets::{Sockets, threads};

/// What is there before anything is kept running.
pub(crate) struct Keeping {
    /// What was asked for.
    pub(crate) asked: Asked,
    /// What that comes to.
    pub(crate) configuration: Configuration,
    /// Listening sockets that are open already.
    pub(crate) sockets: Sockets,
    /// What is served.
    pub(crate) start: Start,
    /// A folder that is removed at the end.
    pub(crate) temporary: Option<Temporary>,
    /// Where lines of the log go.
    pub(crate) lines: log::Lines,
    /// The folder of sockets and records.
    pub(crate) run: Arc<Folder>,
}

/// Keeps everything running until it is told to stop.
pub(crate) fn run(keeping: Keeping) -> Result<()> {
    runtime()?.block_on(async { keep(begin(keeping)?).await })
}

/// Goes on with what this process has kept as the program that it was before.
pub(crate) fn go_on(handed: Handed) -> Result<()> {
    runtime()?.block_on(async { keep(renewal::resume(handed).await?).await })
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        // Signals are heard on this thread alone, which decides when they wait.
        .on_thread_start(supervisor::keep_signals_out)
        .enable_all()
        .build()
        .context("cannot start the runtime")
}

/// Everything that runs, and what it needs to go on.
struct Running {
    supervisor: Supervisor,
    keeper: Arc<Keeper>,
    control: Control,
    signals: Signals,
    manager: Manager,
    renewals: mpsc::Receiver<Renewal>,
    start: Start,
    temporary: Option<Temporary>,
    lines: log::Lines,
}

fn begin(keeping: Keeping) -> Result<Running> {
    let Keeping {
        mut asked,
        configuration,
        mut sockets,
        start,
        temporary,
        lines,
        run,
    } = keeping;
    let configuration = sockets::find_ports(&mut asked, configuration)?;
    let manager = Manager::of(&asked.environment);
    let signals = Signals::listen(Vec::new())?;
    let control = Control::open(&run, &configuration.settings.data)?;
    let (means, channels) = means::means(&configuration.folders);
    let program = Program::this()?;
    let plan = means::plan(&configuration, &program)?;
    let (supervisor, services) = Supervisor::new(&plan, means)?;
    rights::forget(&run)?;
    // What a killed keeper has left is ended by now: its worker had these, too.
    sockets.open(&configuration.plan)?;
    rights::let_through(&configuration, &run, &plan)?;
    means::warn_of_root(&plan);
    let settings = Settings::new(asked, configuration, sockets, start, run);
    let (keeper, renewals) = Keeper::new(services, program, settings, channels, Numbers::default());
    Ok(Running {
        supervisor,
        keeper,
        control,
        signals,
        manager,
        renewals,
        start,
        temporary,
        lines,
    })
}

/// Why the keeper looks up.
enum Turn {
    /// It is to stop, or there is no use in going on.
    Stop(Result<(), Failed>),
    /// Everything is held for the program that this process becomes.
    Renew(Renewal),
}

async fn keep(running: Running) -> Result<()> {
    let Running {
        mut supervisor,
        keeper,
        control,
        mut signals,
        manager,
        mut renewals,
        start,
        temporary,
        lines,
    } = running;
    let listener = control.share()?;
    let answering = tokio::spawn(control.serve(Arc::clone(&keeper)));
    tokio::spawn(supervisor::memory::keep_low());
    let mut news = keeper.control.news();
    let mut is_told = keeper.workers.have_served();
    let mut is_to_apply = false;
    let first_served = manager.wait_for(keeper.workers.first_served());
    let mut first_served = std::pin::pin!(first_served);
    loop {
        let watching = async {
            loop {
                tokio::select! {
                    signal = signals.next() => match signal {
                        Signal::Reload if start.is_demo() => break Turn::Stop(Ok(())),
                        Signal::Reload => is_to_apply = true,
                        Signal::Stop => break Turn::Stop(Ok(())),
                    },
                    alone = Arc::clone(&keeper.changes).lock_owned(), if is_to_apply => {
                        is_to_apply = false;
                        keeper.apply_and_log(alone);
                    }
                    () = &mut first_served, if !is_told => {
                        is_told = true;
                        manager.ready();
                    }
                    Some(renewal) = renewals.recv() => match keeper.control.hand_over().await {
                        Ok(()) => break Turn::Renew(renewal),
                        Err(error) => renewal.refuse(&error.into()).await,
                    },
                    told = news.recv() => match told {
                        Ok(told) => if let Some(code) = never_served(&told, &keeper.workers) {
                            // It has said why.
                            break Turn::Stop(Err(Failed(code)));
                        },
                        Err(RecvError::Lagged(_)) => {}
                        Err(RecvError::Closed) => break Turn::Stop(Ok(())),
                    },
                }
            }
        };
        let watching = async {
            let turn = watching.await;
            if let Turn::Stop(_) = turn {
                stop(&keeper, &manager).await;
            }
            turn
        };
        let (ended, turn) = tokio::join!(supervisor.run(), watching);
        match (
            ended.context("the system takes no care of children any more")?,
            turn,
        ) {
            (Ended::HandedOver(everything), Turn::Renew(renewal)) => {
                signals.again(std::mem::take(&mut is_to_apply).then_some(Signal::Reload));
                let left = Left {
                    listener: &listener,
                    lines: &lines,
                    temporary: temporary.as_ref(),
                };
                supervisor = renewal
                    .renew(&keeper, everything, &mut signals, left)
                    .await?;
            }
            (Ended::HandedOver(everything), Turn::Stop(_)) => supervisor = everything.stay(),
            (Ended::Stopped, turn) => {
                answering.abort();
                drop(lines);
                return match turn {
                    Turn::Stop(outcome) => Ok(outcome?),
                    Turn::Renew(_) => Ok(()),
                };
            }
        }
    }
}

async fn stop(keeper: &Keeper, manager: &Manager) {
    tracing::info!("stopping: requests that run may finish, then services are stopped");
    manager.stopping();
    keeper.workers.end().await;
    keeper.settings.lock().await.sockets.close();
    // It has stopped already.
    let _ = keeper.control.shut_down().await;
}

/// The code of a worker that ended although none has ever served: there is no use
/// in trying again, for nothing that worked is lost.
fn never_served(news: &News, workers: &Workers) -> Option<ExitCode> {
    match &news.what {
        What::Failed { exit, .. } if *news.service == *OWN && !workers.have_served() => {
            let code = match exit {
                Some(Exit::Code(code)) => u8::try_from(*code).ok().filter(|code| *code != 0),
                _ => None,
            };
            Some(code.map_or(ExitCode::FAILURE, ExitCode::from))
        }
        _ => None,
    }
}
