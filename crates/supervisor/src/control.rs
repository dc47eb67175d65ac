//! A handle to a running supervisor. It can be used from any thread.

use std::sync::Arc;

use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::log_query::{LogLine, LogQuery};
use crate::notifications::Notification;
use crate::plan::Plan;
use crate::ready_instances::ReadyInstances;
use crate::service_log::ServiceLog;
use crate::state::{Command, Event, RunId};
use crate::status::{InstanceStatus, ServiceStatus};

/// `Err` contains the reason why a command failed.
pub(crate) type CommandOutcome = Result<(), String>;

pub(crate) enum Message {
    Event(Arc<str>, Event),
    Command(Arc<str>, Command, oneshot::Sender<CommandOutcome>),
    Apply(Plan, oneshot::Sender<AppliedPlan>),
    Statuses(oneshot::Sender<Vec<InstanceStatus>>),
    Describe(Arc<str>, oneshot::Sender<Option<ServiceStatus>>),
    /// Requests the log of the named service, or of all services. The response is `None` if the
    /// service does not exist.
    Outputs(
        Option<Arc<str>>,
        oneshot::Sender<Option<Vec<Arc<ServiceLog>>>>,
    ),
    /// Requests an answer as soon as no former generation is kept.
    TrialsOver(oneshot::Sender<()>),
    HandOver(oneshot::Sender<Result<(), ControlError>>),
    Upgrade(oneshot::Sender<CommandOutcome>),
    ShutDown(oneshot::Sender<()>),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    #[error("the supervisor has stopped\n  start Kenduri again, if it was not stopped on purpose")]
    Gone,
    #[error("there is no service {0:?}\n  kenduri ps lists the services")]
    Unknown(String),
    /// The supervisor refused the request or could not carry it out.
    #[error("{0}")]
    Refused(String),
}

#[derive(Clone)]
pub struct Control {
    messages: mpsc::Sender<Message>,
    ready_instances: watch::Sender<ReadyInstances>,
    notifications: broadcast::Sender<Notification>,
}

impl Control {
    pub(crate) fn new(
        messages: mpsc::Sender<Message>,
        ready_instances: watch::Sender<ReadyInstances>,
        notifications: broadcast::Sender<Notification>,
    ) -> Self {
        Self {
            messages,
            ready_instances,
            notifications,
        }
    }

    pub async fn ps(&self) -> Result<Vec<InstanceStatus>, ControlError> {
        self.ask(Message::Statuses).await
    }

    pub async fn describe(&self, service: &str) -> Result<ServiceStatus, ControlError> {
        let described = self
            .ask(|answer| Message::Describe(service.into(), answer))
            .await?;
        described.ok_or_else(|| ControlError::Unknown(service.to_owned()))
    }

    /// Starts a service. Also starts its abandoned instances, which failed too often and are no
    /// longer restarted automatically. Returns when all instances are ready.
    pub async fn start(&self, service: &str) -> Result<(), ControlError> {
        self.command(service, Command::Start).await
    }

    pub async fn stop(&self, service: &str) -> Result<(), ControlError> {
        self.command(service, Command::Stop).await
    }

    /// Stops and starts a service and returns when all its instances are ready.
    pub async fn restart(&self, service: &str) -> Result<(), ControlError> {
        self.command(service, Command::Restart).await
    }

    /// Replaces the processes of a service with a new generation of processes. Returns when the new
    /// generation has taken over and the old one is no longer kept. If the new generation does not
    /// become ready, or fails while the old one is kept, the old one stays, and the error contains
    /// the reason.
    pub async fn reload(&self, service: &str) -> Result<(), ControlError> {
        self.command(service, Command::Reload(None)).await
    }

    /// Replaces the process of the program's own service by the program file on the disk; see
    /// [`Control::reload`]. Every other start of that service runs the supervisor's own program,
    /// even if its file was replaced.
    pub async fn upgrade(&self) -> Result<(), ControlError> {
        let outcome = self.ask(Message::Upgrade).await?;
        outcome.map_err(ControlError::Refused)
    }

    /// Sets the number of instances that take requests. Returns when all of them have been ready for
    /// some time (`keep_former`) and all surplus instances have exited.
    pub async fn scale(&self, service: &str, instances: u32) -> Result<(), ControlError> {
        let scale = Command::Scale {
            instances: Some(instances),
            spare: None,
        };
        self.command(service, scale).await
    }

    /// Reports that a draining process has no requests left. The supervisor then stops the process.
    pub async fn drained(&self, service: &str, run: RunId) -> Result<(), ControlError> {
        let event = Message::Event(service.into(), Event::Drained(run));
        self.messages
            .send(event)
            .await
            .map_err(|_| ControlError::Gone)
    }

    /// Replaces the plan: replaces the instances of changed services, starts new services and stops
    /// removed ones. Unchanged services are not affected. Waits until all changes are complete.
    /// Returns the outcome for each changed service.
    pub async fn apply(&self, plan: Plan) -> Result<Vec<ChangeOutcome>, ControlError> {
        let applied = self.ask(|answer| Message::Apply(plan, answer)).await?;
        let mut changes = Vec::new();
        for (service, change, outcome) in applied.0 {
            let outcome = outcome.await.map_err(|_| ControlError::Gone)?;
            changes.push(ChangeOutcome {
                service,
                change,
                outcome: outcome.map_err(ControlError::Refused),
            });
        }
        Ok(changes)
    }

    /// Returns log lines from the files and from memory, oldest first.
    pub async fn logs(&self, query: &LogQuery) -> Result<Vec<LogLine>, ControlError> {
        let outputs = self.outputs(query).await?;
        let (mut lines, mut query) = (Vec::new(), query.clone());
        for output in &outputs {
            let said = output.query(&query).await;
            query.merge(&mut lines, said);
        }
        Ok(lines)
    }

    /// Returns a receiver of the instances that take requests. The supervisor updates the receiver
    /// on every change.
    pub fn ready_instances(&self) -> watch::Receiver<ReadyInstances> {
        self.ready_instances.subscribe()
    }

    /// Subscribes to future notifications. A subscriber that is too slow misses notifications, and
    /// is told how many.
    pub fn notifications(&self) -> broadcast::Receiver<Notification> {
        self.notifications.subscribe()
    }

    /// Stops all services, each before the services that it depends on. Returns when all processes
    /// have exited.
    pub async fn shut_down(&self) -> Result<(), ControlError> {
        self.ask(Message::ShutDown).await
    }

    /// Pauses the supervisor and makes [`run`](crate::Supervisor::run) return with all services
    /// still running, so that this process can exec another program. Requests that arrive later are
    /// handled only if this process does not exec.
    ///
    /// Waits while a former generation is kept. The supervisor refuses while a new generation is
    /// taking over, while a caller waits for a service, or while a shutdown is in progress. The error
    /// contains the reason.
    pub async fn hand_over(&self) -> Result<(), ControlError> {
        self.trials_over().await?;
        self.ask(Message::HandOver).await?
    }

    /// Waits until no former generation is kept; see
    /// [`ServiceConfig::keep_former`](crate::ServiceConfig::keep_former).
    pub async fn trials_over(&self) -> Result<(), ControlError> {
        self.ask(Message::TrialsOver).await
    }

    pub(crate) async fn outputs(
        &self,
        query: &LogQuery,
    ) -> Result<Vec<Arc<ServiceLog>>, ControlError> {
        let name: Option<Arc<str>> = query.service.as_deref().map(Into::into);
        let outputs = self.ask(|answer| Message::Outputs(name, answer)).await?;
        let of = || query.service.clone().unwrap_or_default();
        let outputs = outputs.ok_or_else(|| ControlError::Unknown(of()))?;
        if query.service.is_some() && outputs.is_empty() {
            let why = "its output is not kept here; it goes where the program's own output goes";
            return Err(ControlError::Refused(why.to_owned()));
        }
        Ok(outputs)
    }

    pub(crate) async fn closed(&self) {
        self.messages.closed().await;
    }

    async fn command(&self, service: &str, command: Command) -> Result<(), ControlError> {
        let outcome = self
            .ask(|answer| Message::Command(service.into(), command, answer))
            .await?;
        outcome.map_err(ControlError::Refused)
    }

    async fn ask<T>(
        &self,
        message: impl FnOnce(oneshot::Sender<T>) -> Message,
    ) -> Result<T, ControlError> {
        let (answer, answered) = oneshot::channel();
        self.messages
            .send(message(answer))
            .await
            .map_err(|_| ControlError::Gone)?;
        answered.await.map_err(|_| ControlError::Gone)
    }
}

/// The changes that a new plan has started; see [`Control::apply`].
#[derive(Default)]
pub(crate) struct AppliedPlan(Vec<(Arc<str>, ServiceChange, oneshot::Receiver<CommandOutcome>)>);

impl AppliedPlan {
    pub(crate) fn record(
        &mut self,
        service: &Arc<str>,
        change: ServiceChange,
        outcome: oneshot::Receiver<CommandOutcome>,
    ) {
        self.0.push((Arc::clone(service), change, outcome));
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeOutcome {
    pub service: Arc<str>,
    pub change: ServiceChange,
    pub outcome: Result<(), ControlError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceChange {
    /// The service is new. It starts when the services that it depends on are ready.
    Added,
    Changed,
    Removed,
}
