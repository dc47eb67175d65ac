//! The keeper: what `kenduri serve` is. It holds the listening sockets, the control
//! socket and the children, the first of which is the [worker](crate::worker), and
//! does nothing else, so that it never needs to stop.

mod carry_out;
mod means;
mod notify;
mod program;
mod settings;
mod signals;
mod sockets;
mod workers;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use supervisor::state::Exit;
use supervisor::{News, OWN, Supervisor, What};
use tokio::sync::Mutex;
use tokio::sync::broadcast::error::RecvError;

use crate::commands::Failed;
use crate::configuration::{Asked, Configuration};
use crate::control::Control;
use crate::words::Start;

use program::Program;
use settings::Settings;
use signals::{Signal, Signals};
use workers::Workers;

pub(crate) use carry_out::Keeper;
pub(crate) use notify::Manager;
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
}

/// Keeps everything running until it is told to stop.
pub(crate) fn run(keeping: Keeping) -> Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?
        .block_on(keep(keeping))
}

async fn keep(keeping: Keeping) -> Result<()> {
    let Keeping {
        mut asked,
        configuration,
        mut sockets,
        start,
    } = keeping;
    let configuration = sockets::find_ports(&mut asked, configuration)?;
    let manager = Manager::of(&asked.environment);
    let mut signals = Signals::listen()?;
    let socket = Control::open(&configuration.settings.data)?;
    sockets.open(&configuration.plan)?;
    let (means, channels) = means::means(&configuration.settings);
    let program = Program::this()?;
    let plan = means::plan(&configuration, &asked, &program)?;
    let (supervisor, control) = Supervisor::new(&plan, means)?;
    let mut news = control.news();
    let workers = Workers::new(control.clone());
    let keeper = Arc::new(Keeper {
        control: control.clone(),
        workers: workers.clone(),
        program,
        settings: Mutex::new(Settings::new(asked, configuration, sockets, start)),
        changes: Mutex::default(),
    });
    tokio::spawn(Arc::clone(&keeper).take_on(channels));
    tokio::spawn(workers.clone().lead(control.fleet()));
    let answering = tokio::spawn(socket.serve(Arc::clone(&keeper)));

    let mut is_told = false;
    let keeping = async {
        loop {
            tokio::select! {
                signal = signals.next() => match signal {
                    Signal::Reload if start.is_demo() => break Ok(()),
                    Signal::Reload => keeper.apply_and_log(),
                    Signal::Stop => break Ok(()),
                },
                () = workers.first_served(), if !is_told => {
                    is_told = true;
                    manager.ready();
                }
                told = news.recv() => match told {
                    Ok(told) => if let Some(code) = never_served(&told, &workers) {
                        // It has said why.
                        break Err(Failed(code));
                    },
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => break Ok(()),
                },
            }
        }
    };
    let keeping = async {
        let outcome = keeping.await;
        tracing::info!("stopping: requests that run may finish, then services are stopped");
        manager.stopping();
        let _ = control.shut_down().await;
        outcome
    };
    let (supervised, kept) = tokio::join!(supervisor.run(), keeping);
    answering.abort();
    supervised.context("the system takes no care of children any more")?;
    Ok(kept?)
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
