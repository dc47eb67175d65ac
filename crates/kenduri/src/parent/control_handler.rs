//! Handles requests to the supervisor process, from the control socket and from the worker.

use std::collections::BTreeSet;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, Error, Result, bail};
use operate::channel::{self, Parcel};
use operate::control_requests::Reply;
use operate::control_requests::{ControlRequest, ControlResponse, services};
use operate::messages::{MessageSender, RequestIds, ToWorker};
use supervisor::state::{InstanceState, RunId};
use supervisor::{
    ALL_SERVICES, Address, Channel, Control, InstanceStatus, LogTail, OWN_SERVICE, ReadyInstances,
};
use tokio::sync::{Mutex, mpsc};

use super::active_settings::Settings;
use super::apply::Applied;
use super::command_gate::{CommandGate, GatePermit};
use super::process::{ParentProcess, PostponedRestarts, UpgradeRequest};
use super::program_file::ProgramFile;
use super::service_config::FromSupervisor;
use super::workers::Workers;
use crate::control;

impl ParentProcess {
    /// Creates the supervisor process's state, which handles requests. Also returns the receiver of
    /// requests to upgrade.
    pub(super) fn new(
        control: Control,
        program: ProgramFile,
        settings: Settings,
        from_supervisor: FromSupervisor,
        numbers: RequestIds,
    ) -> (Arc<Self>, mpsc::Receiver<UpgradeRequest>) {
        let workers = Workers::new(control.ready_instances());
        let (renewals, wanted) = mpsc::channel(1);
        let parent = Arc::new(Self {
            control,
            workers,
            program,
            settings: Mutex::new(settings),
            changes: Arc::default(),
            gate: CommandGate::default(),
            numbers,
            postponed_restarts: PostponedRestarts::default(),
            is_stopping: AtomicBool::new(false),
            renewals,
        });
        let FromSupervisor {
            channels,
            due_restarts,
        } = from_supervisor;
        tokio::spawn(Arc::clone(&parent).take_on(channels));
        tokio::spawn(Arc::clone(&parent).restart_when_due(due_restarts));
        (parent, wanted)
    }

    /// Sends each new worker its settings and sockets, and handles the worker's messages.
    pub(super) async fn take_on(self: Arc<Self>, mut channels: mpsc::UnboundedReceiver<Channel>) {
        while let Some(channel) = channels.recv().await {
            let run = channel.run;
            if let Err(error) = Arc::clone(&self).begin_worker(channel).await {
                // This worker never becomes ready, so the supervisor restarts it.
                tracing::error!(
                    run,
                    "cannot send a new worker its settings; it is started again; if this goes on, restart Kenduri: {error:#}"
                );
            }
        }
    }

    async fn begin_worker(self: Arc<Self>, channel: Channel) -> Result<()> {
        // Because of this lock, the worker misses no change of the settings. A change is either
        // already in `settings`, or the worker receives it later.
        let settings = self.settings.lock().await;
        let begin = ToWorker::Begin {
            asked: settings.asked(),
            start: settings.start,
            is_first: !self.workers.have_served(),
        };
        let first = (begin, settings.sockets.share()?);
        self.hear(channel.run, channel.stream, Some(first))
    }

    /// Handles a worker's messages. Sends `first`, if it is given, before any other task can send
    /// the worker a message.
    pub(super) fn hear(
        self: &Arc<Self>,
        run: RunId,
        stream: UnixStream,
        first: Option<Parcel<ToWorker>>,
    ) -> Result<()> {
        let (outbox, inbox, halt) = channel::open(stream)?;
        if let Some(first) = first {
            outbox.try_send(first)?;
        }
        let line = MessageSender::new(outbox, self.numbers.clone());
        let (parent, known) = (Arc::clone(self), line.clone());
        let hearing = tokio::spawn(async move {
            let carry_out = |id, order: ControlRequest| {
                let (parent, line) = (Arc::clone(&parent), line.clone());
                tokio::spawn(async move {
                    let inside = parent.gate.enter();
                    let reply = match &inside {
                        Ok(inside) => parent.reply(order, inside).await,
                        Err(error) => Reply::Error(error.to_string()),
                    };
                    line.say(ToWorker::Reply { id, reply }).await;
                });
            };
            parent
                .workers
                .hear(run, inbox, &parent.control, carry_out)
                .await;
        });
        self.workers.add(run, known, halt, hearing);
        Ok(())
    }

    pub(crate) async fn reply(&self, order: ControlRequest, _inside: &GatePermit) -> Reply {
        let done = match order {
            ControlRequest::State => Ok(ControlResponse::State {
                is_stopping: self.is_stopping.load(Ordering::Relaxed),
            }),
            ControlRequest::Apply => self.apply().await.and_then(Applied::outcome),
            ControlRequest::Services(order) => self
                .service_request(order)
                .await
                .map(ControlResponse::Services),
            order => {
                let message = |id| ToWorker::Request { id, order };
                return self.workers.ask(message).await;
            }
        };
        done.map_or_else(|error| reply_of(&error), Reply::Ok)
    }

    /// Returns the requested last log lines, and then new lines as services write them.
    pub(crate) async fn follow(&self, logs: services::Logs) -> Result<LogTail> {
        not_the_log(&logs)?;
        self.check_instance(&logs).await?;
        Ok(self.control.follow(logs.into()).await?)
    }

    async fn service_request(
        &self,
        order: services::ServiceRequest,
    ) -> Result<services::ServiceResponse> {
        use services::{ServiceRequest, ServiceResponse};
        let control = &self.control;
        if let ServiceRequest::Restart { force, .. } | ServiceRequest::Reload { force, .. } = &order
        {
            self.check_freeze(*force).await?;
        }
        let done = match order {
            ServiceRequest::Ps => {
                let mut rows = control.ps().await?;
                self.count_requests(&mut rows);
                return Ok(ServiceResponse::Rows(rows));
            }
            ServiceRequest::Describe { service } => {
                let mut described = control.describe(&service).await?;
                self.count_requests(&mut described.instances);
                return Ok(ServiceResponse::Described(Box::new(described)));
            }
            ServiceRequest::Logs(logs) => {
                not_the_log(&logs)?;
                let lines = control.logs(&logs.clone().into()).await?;
                // This check comes after the search, because an instance that no longer exists may
                // still have lines in the log.
                if lines.is_empty() {
                    self.check_instance(&logs).await?;
                }
                return Ok(ServiceResponse::Lines { lines, missed: 0 });
            }
            ServiceRequest::Follow(_) => {
                bail!("this connection cannot follow a log\n  run `kenduri logs --follow`")
            }
            ServiceRequest::Start { service } => {
                control.start(&service).await?;
                format!("{service} runs.")
            }
            ServiceRequest::Stop { service } => {
                not_the_worker(&service)?;
                control.stop(&service).await?;
                format!("{service} is stopped.")
            }
            ServiceRequest::Restart { service, .. } if service == ALL_SERVICES => {
                let mut outcomes = Vec::new();
                for service in self.service_names().await? {
                    outcomes.push((self.restart(&service).await, service));
                }
                combine(outcomes)?
            }
            ServiceRequest::Reload { service, .. } if service == ALL_SERVICES => {
                let mut outcomes = Vec::new();
                for service in self.service_names().await? {
                    outcomes.push((self.reload(&service).await, service));
                }
                combine(outcomes)?
            }
            ServiceRequest::Restart { service, .. } => self.restart(&service).await?,
            ServiceRequest::Reload { service, .. } => self.reload(&service).await?,
            ServiceRequest::Scale { service, instances } => {
                not_the_worker(&service)?;
                control.scale(&service, instances).await?;
                format!("{service} has {instances} instances.")
            }
            ServiceRequest::Upgrade { .. } => {
                bail!("this connection cannot upgrade Kenduri\n  run `kenduri upgrade`")
            }
        };
        Ok(ServiceResponse::Done(done))
    }

    async fn restart(&self, service: &str) -> Result<String> {
        not_the_worker(service)?;
        self.control.restart(service).await?;
        Ok(format!("{service} was stopped and runs again."))
    }

    async fn service_names(&self) -> Result<BTreeSet<Arc<str>>> {
        let rows = self.control.ps().await?;
        let names = rows.into_iter().map(|row| row.service);
        Ok(names.filter(|name| **name != *OWN_SERVICE).collect())
    }

    async fn check_instance(&self, logs: &services::Logs) -> Result<()> {
        let (Some(service), Some(instance)) = (&logs.service, logs.instance) else {
            return Ok(());
        };
        let described = self.control.describe(service).await?;
        let mut known = described.instances.iter();
        if !known.any(|row| row.instance == instance) {
            bail!("{service} has no instance {instance}\n  `kenduri ps` lists those there are");
        }
        Ok(())
    }

    /// As the worker has counted them.
    fn count_requests(&self, rows: &mut [InstanceStatus]) {
        let fleet = self.control.ready_instances().borrow().clone();
        let rate = |address: &Address| self.workers.rate(address);
        for row in rows {
            row.requests_per_second = rate_of(row, &fleet, rate);
        }
    }

    /// Upgrades to the program file on the disk. Replaces the worker first. After the new worker
    /// has begun to serve, replaces this process. `client` receives the result.
    pub(crate) async fn upgrade(&self, client: tokio::net::UnixStream, force: bool) -> Result<()> {
        let renewed = async {
            self.check_freeze(force).await?;
            self.program.check()?;
            let alone = self.alone().await?;
            // A service that was just replaced may still fail, and its former processes take over
            // again. The next program would not know of that.
            self.control.trials_over().await?;
            let room = self.settings.lock().await.sockets.leave();
            room.context("the old program keeps running; correct the reason, and upgrade again")?;
            let path = self.program.path().display();
            let next = self.workers.replace(self.control.upgrade()).await;
            next.with_context(|| {
                format!("the old program keeps running, because {path} does not serve; correct the reason, which is in the log too, and run `kenduri upgrade` again")
            })?;
            let longer = async { drop(self.control.trials_over().await) };
            let shut = self.gate.shut(longer).await;
            let shut = shut.context(
                "the new program's worker serves, but the supervisor process is still the old \
                 program; run `kenduri upgrade` again",
            )?;
            // A planned restart may have begun meanwhile.
            self.control.trials_over().await?;
            Ok((alone, shut))
        };
        match renewed.await {
            Ok(held) => {
                let renewal = UpgradeRequest {
                    client,
                    _held: held,
                };
                Ok(self.renewals.send(renewal).await?)
            }
            Err(error) => control::send_reply(client, &reply_of(&error)).await,
        }
    }
}

/// While an instance is replaced, the old and the new one have the same number, but only one of
/// them serves.
fn rate_of(
    row: &InstanceStatus,
    fleet: &ReadyInstances,
    rate: impl Fn(&Address) -> Option<f64>,
) -> Option<f64> {
    if row.state != InstanceState::Ready {
        return None;
    }
    let mut members = fleet.get(&row.service)?.ready.iter();
    let here = members.find(|member| member.instance == row.instance)?;
    rate(here.address.as_ref()?)
}

/// A failure does not stop the work on the other services.
fn combine(outcomes: Vec<(Result<String>, Arc<str>)>) -> Result<String> {
    if outcomes.is_empty() {
        return Ok("There are no services.".to_owned());
    }
    let has_failed = outcomes.iter().any(|(outcome, _)| outcome.is_err());
    let lines = outcomes
        .into_iter()
        .map(|(outcome, service)| match outcome {
            Ok(said) => said,
            Err(error) => format!("{service}: {error:#}"),
        });
    let lines = lines.collect::<Vec<_>>().join("\n");
    if has_failed {
        bail!(
            "not every service could do it; correct what its line says, or see `kenduri logs NAME`, and try again\n{lines}"
        );
    }
    Ok(lines)
}

fn reply_of(error: &Error) -> Reply {
    Reply::Error(format!("{error:#}"))
}

fn not_the_worker(service: &str) -> Result<()> {
    if service == OWN_SERVICE {
        bail!(
            "that is Kenduri itself\n  `kenduri reload kenduri` replaces it; to stop it, stop `kenduri serve`"
        );
    }
    Ok(())
}

fn not_the_log(logs: &services::Logs) -> Result<()> {
    if logs.service.as_deref() == Some(OWN_SERVICE) {
        bail!(
            "Kenduri's own log is not kept with those of services\n  \
             it goes to standard error, which systemd keeps (journalctl -u kenduri), or into the \
             folder that log.to names"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use supervisor::{InstanceAddress, ServiceInstances};

    use super::*;

    #[test]
    fn only_who_takes_requests_has_a_rate() {
        let row = |state| InstanceStatus {
            service: "web".into(),
            instance: 0,
            generation: 1,
            state,
            pid: Some(1),
            since: jiff::Timestamp::UNIX_EPOCH,
            restarts: 0,
            cpu_percent: 0.0,
            memory_bytes: 0,
            requests_per_second: None,
            up_since: None,
            last_exit: None,
        };
        let ready = InstanceAddress {
            instance: 0,
            run: 2,
            address: Some(Address::Tcp(4711)),
            owner: None,
        };
        let crew = ServiceInstances {
            ready: vec![ready],
            ..ServiceInstances::default()
        };
        let fleet = ReadyInstances::from([("web".into(), crew)]);
        let rate = |state| rate_of(&row(state), &fleet, |_| Some(7.0));
        assert_eq!(rate(InstanceState::Ready), Some(7.0));
        // During a replacement, the old and the new instance have the same number.
        assert_eq!(rate(InstanceState::Draining), None);
        assert_eq!(rate(InstanceState::Starting), None);
    }
}
