//! The worker's message loop. It handles messages from the supervisor process and replies to its
//! requests.

use std::future::Future;
use std::os::fd::OwnedFd;

use anyhow::{Result, bail};
use edge::Edge;
use operate::alerts::{Outlet, ServiceAlarm};
use operate::channel::Parcel;
use operate::control_requests::ControlResponse;
use operate::control_requests::Reply;
use operate::messages::{MessageSender, ToParent, ToWorker};
use operate::server_status::{EdgeStatus, StatusRequest};
use supervisor::Plan;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::request_context::RequestContext;
use crate::shared_files::Purge;

use super::PARENT_ENDED;
use super::active_settings::ActiveSettings;
use super::upstream_servers::{LOOK, UpstreamServers};

const MAX_WAITING_PURGES: usize = 4;

pub(super) struct MessageLoop<'a> {
    edge: &'a Edge,
    active: ActiveSettings,
    sender: MessageSender<ToParent>,
    context: RequestContext,
    purges: mpsc::Receiver<Purge>,
    status_requests: mpsc::Receiver<StatusRequest>,
    upstream_servers: UpstreamServers,
    /// The alarm is `None` if the app does not run, or if the next worker already reports on
    /// services.
    alarm: Option<ServiceAlarm>,
    ending: CancellationToken,
    /// Whether another worker has taken over, or Kenduri is stopping.
    is_leaving: bool,
}

impl<'a> MessageLoop<'a> {
    pub(super) fn new(
        edge: &'a Edge,
        active: ActiveSettings,
        sender: MessageSender<ToParent>,
        mut context: RequestContext,
        status_requests: mpsc::Receiver<StatusRequest>,
        services: &Plan,
        ending: CancellationToken,
    ) -> Self {
        let mut upstream_servers = UpstreamServers::default();
        upstream_servers.set_plan(services, edge);
        let outlet = |site| Outlet::new(site, &context.settings.alerts);
        let alarm = context.opened.as_ref();
        let alarm = alarm.map(|opened| ServiceAlarm::start(outlet(&opened.site)));
        let (ask, purges) = mpsc::channel(MAX_WAITING_PURGES);
        context.purges = Some(ask);
        Self {
            edge,
            active,
            sender,
            context,
            purges,
            status_requests,
            upstream_servers,
            alarm,
            ending,
            is_leaving: false,
        }
    }

    /// Starts doing what other machines on the same store tell.
    pub(super) fn follow_other_machines(&self, tasks: &TaskTracker, stop: &CancellationToken) {
        let context = self.context.clone();
        if let (Some(Ok(shared)), Some(purges)) = (context.shared, context.purges) {
            tasks.spawn(shared.follow(context.maintenance, purges, stop.clone()));
        }
    }

    /// Reports that the worker serves, and handles all messages until `end` resolves.
    pub(super) async fn serve(
        &mut self,
        inbox: &mut mpsc::Receiver<Parcel<ToWorker>>,
        end: impl Future,
    ) -> Result<()> {
        self.sender.say(ToParent::Serving).await;
        self.listen(inbox, end).await
    }

    /// Handles messages until `end` resolves, but only those that affect requests in progress.
    pub(super) async fn finish(
        mut self,
        inbox: &mut mpsc::Receiver<Parcel<ToWorker>>,
        end: impl Future,
    ) -> Result<()> {
        self.is_leaving = true;
        self.alarm = None;
        self.listen(inbox, end).await
    }

    async fn listen(
        &mut self,
        inbox: &mut mpsc::Receiver<Parcel<ToWorker>>,
        end: impl Future,
    ) -> Result<()> {
        let mut end = std::pin::pin!(end);
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = &mut end => return Ok(()),
                Some((names, answer)) = self.purges.recv() => {
                    let count = names.iter().map(|name| self.edge.purge(name)).sum();
                    // The client may have disconnected.
                    let _ = answer.send(count);
                }
                Some(look) = self.status_requests.recv() => {
                    // The page may have stopped waiting meanwhile.
                    let _ = look.send(EdgeStatus::of(self.edge));
                }
                // A worker that is leaving does not report the load of the instances. The next
                // worker reports it.
                _ = look.tick(), if !self.is_leaving => {
                    let rates = self.upstream_servers.rates(self.edge);
                    if !rates.is_empty() {
                        self.sender.say(ToParent::Rates(rates)).await;
                    }
                }
                parcel = inbox.recv() => match parcel {
                    Some((message, sockets)) => self.hear(message, sockets).await,
                    None => bail!("{PARENT_ENDED}"),
                },
            }
        }
    }

    async fn hear(&mut self, message: ToWorker, sockets: Vec<OwnedFd>) {
        match message {
            ToWorker::Begin { .. } => {
                tracing::error!(
                    "the supervisor process told a running worker to start; the worker goes on as it was; please report this"
                );
            }
            ToWorker::ReadyInstances(instances) => {
                if let Some(alarm) = &self.alarm {
                    alarm.hear(&instances);
                }
                self.upstream_servers
                    .lead(instances, self.edge, &self.sender);
            }
            ToWorker::Request { id, order } => {
                let (context, sender) = (self.context.clone(), self.sender.clone());
                tokio::spawn(async move {
                    let reply = context.reply(order).await;
                    sender.say(ToParent::Reply { id, reply }).await;
                });
            }
            ToWorker::Apply { id, .. } if self.is_leaving => {
                let why = "this worker is stopping, and does not take new settings\n  try again when its successor serves".to_owned();
                let reply = Reply::Error(why);
                self.sender.say(ToParent::Reply { id, reply }).await;
            }
            ToWorker::Apply { id, asked } => {
                let reply = match self.active.apply(self.edge, &asked, sockets) {
                    Ok((said, services)) => {
                        self.context.plan = self.edge.plan();
                        self.upstream_servers.set_plan(&services, self.edge);
                        Reply::Ok(ControlResponse::Applied { said, file: None })
                    }
                    Err(error) => Reply::Error(format!("{error:#}")),
                };
                self.sender.say(ToParent::Reply { id, reply }).await;
            }
            ToWorker::Ending => self.ending.cancel(),
            ToWorker::Reply { id, reply } => self.sender.answered(id, reply),
        }
    }
}
