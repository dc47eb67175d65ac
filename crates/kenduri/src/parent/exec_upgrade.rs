//! Upgrades the supervisor process by `exec`. The process then runs the program file that is on the
//! disk now, but keeps its pid, children, sockets and channels.
//!
//! The steps, in order:
//!
//! 1. A worker of the new program serves. The gate closes ([`command_gate`](super::command_gate)),
//!    and requests and trials in progress end.
//! 2. The supervisor pauses. [`handover_check`] runs the new program, which says whether it can take
//!    over.
//! 3. Signals are blocked, and workers' channels halt between two messages.
//! 4. The [`HandoverNote`] and the supervisor's state are written, and `exec` follows.
//! 5. The new program takes over, handles the signals that arrived, and answers the waiting
//!    command.
//!
//! If a step fails, the process goes on as the old program, and the command gets the reason.

use std::ffi::OsString;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::Arc;

use anyhow::{Context as _, Error, Result};
use operate::control_requests::ControlResponse;
use operate::control_requests::Reply;
use operate::control_requests::services;
use operate::messages::RequestIds;
use supervisor::state::RunId;
use supervisor::{PausedSupervisor, ReceivedHandover, Supervisor};
use tokio::net::UnixStream;

use super::active_settings::Settings;
use super::handover_check;
use super::handover_note::{HandoverNote, understand};
use super::permissions;
use super::process::{ParentProcess, Running, UpgradeRequest};
use super::program_file::ProgramFile;
use super::service_config;
use super::signals::Signals;
use super::sockets::{Sockets, find_ports};
use crate::control::{self, Control};
use crate::demo::Temporary;
use crate::domains::DOMAINS;
use crate::log;
use crate::sd_notify::SdNotify;

/// Names in the handover. `LISTEN` has the sockets from the service manager, `OPENED` those that
/// this process has opened.
const LISTEN: &str = "listen";
const OPENED: &str = "opened";
const CONTROL: &str = "control";
/// The connection to the client that waits for the result.
const CLIENT: &str = "client";
/// The channels to workers, in the order of the workers in the [`HandoverNote`].
const WORKER: &str = "worker";

const STAYED: &str = "the new program's worker serves, but the supervisor process could not be \
                      upgraded and keeps running as the old program; correct the reason, and run `kenduri upgrade` again";

/// The parts of the running process that the next program takes over.
pub(super) struct ExecContext<'a> {
    pub(super) listener: &'a OwnedFd,
    pub(super) lines: &'a log::Lines,
    /// The temporary folder of a demo.
    pub(super) temporary: Option<&'a Temporary>,
}

impl UpgradeRequest {
    /// Replaces this process with the program file on the disk. Returns only after a failure. Then
    /// everything continues as before, and the client receives the reason.
    pub(super) async fn renew(
        self,
        parent: &Arc<ParentProcess>,
        everything: PausedSupervisor,
        signals: &mut Signals,
        left: ExecContext<'_>,
    ) -> Supervisor {
        let note = HandoverNote::of(parent, left.temporary).await;
        // Everything that can fail is done first, while nothing is halted yet.
        let prepared = async {
            handover_check::rehearse(&parent.program, &everything, &note).await?;
            parent.settings.lock().await.sockets.leave()
        };
        let sockets = match prepared.await {
            Ok(sockets) => sockets,
            Err(why) => {
                self.refuse(&why.context(STAYED)).await;
                return everything.stay();
            }
        };
        let path = parent.program.path();
        tracing::info!(program = %path.display(), "continuing as the program on the disk");
        // From here on, signals wait for the next program. If the upgrade fails, this program
        // handles them.
        supervisor::block_signals();
        let (workers, channels): (Vec<_>, Vec<_>) = parent.workers.halt().await.into_iter().unzip();
        let postponed_restarts = parent.postponed_restarts.lock().clone();
        let note = HandoverNote {
            workers,
            // This field is read only after the workers were halted. Until then, another worker
            // could become ready.
            serving: parent.workers.serving(),
            last_order: parent.numbers.last(),
            postponed_restarts,
            signals: signals.rest().await,
            ..note
        };
        let (why, supervisor) = match serde_json::to_vec(&note) {
            Ok(written) => {
                let (handed_in, opened) = &sockets;
                let mut extra: Vec<(&str, BorrowedFd<'_>)> = vec![
                    (CONTROL, left.listener.as_fd()),
                    (CLIENT, self.client.as_fd()),
                ];
                extra.extend(handed_in.iter().map(|socket| (LISTEN, socket.as_fd())));
                extra.extend(opened.iter().map(|socket| (OPENED, socket.as_fd())));
                extra.extend(channels.iter().map(|channel| (WORKER, channel.as_fd())));
                let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
                left.lines.flush();
                let stayed = everything.exec(path, &arguments, &extra, &written);
                (Error::new(stayed.why), stayed.supervisor)
            }
            Err(why) => (Error::new(why), everything.stay()),
        };
        signals.again(note.signals);
        adopt(parent, note.workers, channels, note.serving);
        self.refuse(&why.context(STAYED)).await;
        supervisor
    }

    /// Tells the client why the upgrade failed.
    pub(super) async fn refuse(self, why: &Error) {
        tracing::error!("the supervisor process was not upgraded: {why:#}");
        // The client may have disconnected.
        let _ = control::send_reply(self.client, &Reply::Error(format!("{why:#}"))).await;
    }
}

fn adopt(
    parent: &Arc<ParentProcess>,
    workers: Vec<RunId>,
    channels: Vec<OwnedFd>,
    serving: Option<RunId>,
) {
    for (run, channel) in workers.into_iter().zip(channels) {
        if let Err(error) = parent.hear(run, channel.into(), None) {
            // The worker notices the closed channel, exits and is restarted.
            tracing::error!(
                run,
                "a worker's channel is lost, so the worker is restarted; if it comes again, please report this: {error:#}"
            );
        }
    }
    parent.workers.serves(serving);
}

/// Continues with the previous program's state.
pub(super) async fn resume(handed: ReceivedHandover) -> Result<Running> {
    let (note, mut configuration) = understand(&handed.note)?;
    let HandoverNote {
        mut asked,
        start,
        temporary,
        workers,
        serving,
        last_order,
        postponed_restarts,
        signals,
    } = note;
    let run = configuration.folders.open()?;
    let lines = log::start(&configuration.log_of_supervisor(), log::Who::Parent)?;
    let manager = SdNotify::of(&asked.environment);
    let signals = Signals::listen(signals)?;
    let (mut handed_in, mut opened, mut channels) = (Vec::new(), Vec::new(), Vec::new());
    let (mut listener, mut client) = (None, None);
    for (name, descriptor) in handed.extra {
        match name.as_str() {
            LISTEN => handed_in.push(descriptor),
            OPENED => opened.push(descriptor),
            WORKER => channels.push(descriptor),
            CONTROL => listener = Some(descriptor),
            CLIENT => client = Some(descriptor),
            other => tracing::warn!(
                other,
                "the former program handed over a descriptor that this version does not know; it is closed, and nothing needs to be done"
            ),
        }
    }
    let listener = listener.context("the upgrade broke off and Kenduri ended, because no control socket was handed over\n  start Kenduri again if systemd does not, and please report this")?;
    let control = Control::resume(&run, listener)?;
    let mut sockets = Sockets::resume(handed_in, opened)?;
    sockets.open(&configuration.plan)?;
    if find_ports(&mut asked, &configuration.wanting_ports)? {
        configuration = configuration::load(DOMAINS, &asked)?;
    }
    let (means, from_supervisor) = service_config::means(&configuration);
    let program = ProgramFile::this()?;
    let plan = service_config::plan(&configuration, &program)?;
    // An error is only logged, so that the services keep running even if this program is stricter
    // than the previous one.
    if let Err(error) = permissions::let_through(&configuration, &run, &plan) {
        tracing::error!("{error:#}");
    }
    let (supervisor, services) = Supervisor::resume(&plan, means, handed.rest)?;
    let path = program.path().display().to_string();
    let settings = Settings::new(asked, configuration, sockets, start, run);
    let numbers = RequestIds::after(last_order);
    let (parent, renewals) =
        ParentProcess::new(services, program, settings, from_supervisor, numbers);
    parent.postponed_restarts.lock().extend(postponed_restarts);
    adopt(&parent, workers, channels, serving);
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        "this is now the running program"
    );
    if let Some(client) = client {
        let client = std::os::unix::net::UnixStream::from(client);
        client.set_nonblocking(true)?;
        let said = format!("{path} serves now; no request was dropped.");
        let done = ControlResponse::Services(services::ServiceResponse::Done(said));
        // The client may have disconnected.
        let _ = control::send_reply(UnixStream::from_std(client)?, &Reply::Ok(done)).await;
    }
    Ok(Running {
        supervisor,
        parent,
        control,
        signals,
        manager,
        renewals,
        start,
        temporary: temporary.map(Temporary::resume),
        lines,
    })
}
