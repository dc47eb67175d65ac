//! How a running supervisor is asked and told: from any thread, by any number of people.

use std::sync::Arc;

use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::answers::{Described, Row};
use crate::fleet::Fleet;
use crate::follow::{Follow, Wish};
use crate::news::News;
use crate::output::{Line, Output};
use crate::plan::{Own, Plan};
use crate::state::{Command, Event, RunId};

/// Whether a command was done, or why not.
pub(crate) type Outcome = Result<(), String>;

/// What reaches the supervisor.
pub(crate) enum Message {
    Event(Arc<str>, Event),
    Command(Arc<str>, Command, oneshot::Sender<Outcome>),
    Apply(Plan, oneshot::Sender<Applied>),
    Rows(oneshot::Sender<Vec<Row>>),
    Describe(Arc<str>, oneshot::Sender<Option<Described>>),
    /// Of one service or of all; nothing: there is no such service.
    Outputs(Option<Arc<str>>, oneshot::Sender<Option<Vec<Arc<Output>>>>),
    HandOver(oneshot::Sender<Result<(), ControlError>>),
    Renew(Own, oneshot::Sender<Outcome>),
    ShutDown(oneshot::Sender<()>),
}

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// The supervisor does not run any more.
    #[error("the supervisor has stopped")]
    Gone,
    /// There is no service of this name.
    #[error("there is no service {0:?}")]
    Unknown(String),
    /// It was refused, or it failed.
    #[error("{0}")]
    Refused(String),
}

/// A way to a running supervisor.
#[derive(Clone)]
pub struct Control {
    voice: mpsc::Sender<Message>,
    fleet: watch::Sender<Fleet>,
    news: broadcast::Sender<News>,
}

impl Control {
    pub(crate) fn new(
        voice: mpsc::Sender<Message>,
        fleet: watch::Sender<Fleet>,
        news: broadcast::Sender<News>,
    ) -> Self {
        Self { voice, fleet, news }
    }

    /// All instances of all services.
    pub async fn ps(&self) -> Result<Vec<Row>, ControlError> {
        self.ask(Message::Rows).await
    }

    /// All about one service.
    pub async fn describe(&self, service: &str) -> Result<Described, ControlError> {
        let described = self
            .ask(|answer| Message::Describe(service.into(), answer))
            .await?;
        described.ok_or_else(|| ControlError::Unknown(service.to_owned()))
    }

    /// Starts a service; done when all its instances are ready. One that was given up is tried again.
    pub async fn start(&self, service: &str) -> Result<(), ControlError> {
        self.command(service, Command::Start).await
    }

    /// Stops a service; done when nothing of it is left.
    pub async fn stop(&self, service: &str) -> Result<(), ControlError> {
        self.command(service, Command::Stop).await
    }

    /// Stops a service and starts it; done when all its instances are ready.
    pub async fn restart(&self, service: &str) -> Result<(), ControlError> {
        self.command(service, Command::Restart).await
    }

    /// Rolls a service over; done when the next generation has taken over. Refused, with the
    /// reason, when it does not get ready: then the old one stays.
    pub async fn reload(&self, service: &str) -> Result<(), ControlError> {
        self.command(service, Command::Reload(None)).await
    }

    /// Rolls the program's own service over to another description of it, or to the same; see
    /// [`Control::reload`]. A plan that does not mention it leaves it as it is.
    pub async fn renew(&self, own: Own) -> Result<(), ControlError> {
        let outcome = self.ask(|answer| Message::Renew(own, answer)).await?;
        outcome.map_err(ControlError::Refused)
    }

    /// Sets how many instances take requests; done when all are ready and none is too many.
    pub async fn scale(&self, service: &str, instances: u32) -> Result<(), ControlError> {
        let scale = Command::Scale {
            instances: Some(instances),
            spare: None,
        };
        self.command(service, scale).await
    }

    /// Tells that nobody asks a draining process for anything any more, so that it need not be
    /// waited for.
    pub async fn drained(&self, service: &str, run: RunId) -> Result<(), ControlError> {
        let event = Message::Event(service.into(), Event::Drained(run));
        self.voice.send(event).await.map_err(|_| ControlError::Gone)
    }

    /// Swaps the plan: services that changed roll over, new ones are started, others stopped,
    /// and the rest is not touched. Says what was done with each, once it is.
    pub async fn apply(&self, plan: Plan) -> Result<Vec<Changed>, ControlError> {
        let applied = self.ask(|answer| Message::Apply(plan, answer)).await?;
        let mut changes = Vec::new();
        for (service, change, outcome) in applied.0 {
            let outcome = outcome.await.map_err(|_| ControlError::Gone)?;
            changes.push(Changed {
                service,
                change,
                outcome: outcome.map_err(ControlError::Refused),
            });
        }
        Ok(changes)
    }

    /// What services said, the oldest first: what is remembered, and from the files what was said
    /// before.
    pub async fn logs(&self, wish: &Wish) -> Result<Vec<Line>, ControlError> {
        let outputs = self.outputs(wish).await?;
        let (mut lines, mut wish) = (Vec::new(), wish.clone());
        for output in &outputs {
            let said = output.said(&wish).await;
            wish.gather(&mut lines, said);
        }
        Ok(lines)
    }

    /// What services said last, as many lines as are wished for, and what they say from now on.
    pub async fn follow(&self, wish: Wish) -> Result<Follow, ControlError> {
        let outputs = self.outputs(&wish).await?;
        Ok(Follow::begin(self.clone(), outputs, wish).await)
    }

    /// Who takes requests, now and after every change.
    pub fn fleet(&self) -> watch::Receiver<Fleet> {
        self.fleet.subscribe()
    }

    /// What happens from now on. A reader that is too slow is told how much it missed.
    pub fn news(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    /// Stops everything, each service before those it comes after; done when nothing is left.
    pub async fn shut_down(&self) -> Result<(), ControlError> {
        self.ask(Message::ShutDown).await
    }

    /// Has the supervisor hold still and [end](crate::Supervisor::run) with all that runs in its
    /// hands, so that this process can become another program. Refused, with the reason, while
    /// something takes over, somebody waits for a service, or everything is being stopped. What is
    /// asked from then on is heard only if the process stays the same program.
    pub async fn hand_over(&self) -> Result<(), ControlError> {
        self.ask(Message::HandOver).await?
    }

    pub(crate) async fn outputs(&self, wish: &Wish) -> Result<Vec<Arc<Output>>, ControlError> {
        let name: Option<Arc<str>> = wish.service.as_deref().map(Into::into);
        let outputs = self.ask(|answer| Message::Outputs(name, answer)).await?;
        let of = || wish.service.clone().unwrap_or_default();
        let outputs = outputs.ok_or_else(|| ControlError::Unknown(of()))?;
        if wish.service.is_some() && outputs.is_empty() {
            let why = "what it says goes where the program's own output goes";
            return Err(ControlError::Refused(why.to_owned()));
        }
        Ok(outputs)
    }

    /// Waits until nobody hears any more.
    pub(crate) async fn closed(&self) {
        self.voice.closed().await;
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
        self.voice
            .send(message(answer))
            .await
            .map_err(|_| ControlError::Gone)?;
        answered.await.map_err(|_| ControlError::Gone)
    }
}

/// What another plan set off; see [`Control::apply`].
#[derive(Default)]
pub(crate) struct Applied(Vec<(Arc<str>, Change, oneshot::Receiver<Outcome>)>);

impl Applied {
    pub(crate) fn note(
        &mut self,
        service: &Arc<str>,
        change: Change,
        outcome: oneshot::Receiver<Outcome>,
    ) {
        self.0.push((Arc::clone(service), change, outcome));
    }
}

/// What became of a service under another plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Which.
    pub service: Arc<str>,
    /// What was to be done.
    pub change: Change,
    /// Whether it was.
    pub outcome: Result<(), ControlError>,
}

/// What another plan does with a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is new, and starts when those it comes after are ready.
    Added,
    /// It rolled over, or has another number of instances.
    Changed,
    /// It was stopped and is forgotten.
    Removed,
}
