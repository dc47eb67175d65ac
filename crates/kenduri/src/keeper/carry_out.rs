//! What is asked of the keeper, over the control socket or by the worker.

use std::fmt::Write as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use anyhow::{Context as _, Error, Result, bail};
use supervisor::state::RunId;
use supervisor::{Channel, Control, Follow, OWN};
use tokio::sync::{Mutex, mpsc};

use super::means;
use super::program::Program;
use super::settings::Settings;
use super::workers::Workers;
use crate::channel::{self, Parcel};
use crate::control::{self, Reply};
use crate::orders::{Order, Outcome, neighbours};
use crate::words::{Line, ToWorker};

/// A running keeper, for those who want something of it.
pub(crate) struct Keeper {
    pub(super) control: Control,
    pub(super) workers: Workers,
    pub(super) program: Program,
    pub(super) settings: Mutex<Settings>,
    /// Whoever changes what is in force does so alone; workers begin all the same.
    pub(super) changes: Mutex<()>,
    /// Whoever waits for this process to become the program that is on the disk now.
    pub(super) renewals: mpsc::Sender<tokio::net::UnixStream>,
}

impl Keeper {
    /// A keeper of these services, who takes on workers as they are started; and where
    /// it is told that this process is to become another program.
    pub(super) fn new(
        control: Control,
        program: Program,
        settings: Settings,
        channels: mpsc::UnboundedReceiver<Channel>,
    ) -> (Arc<Self>, mpsc::Receiver<tokio::net::UnixStream>) {
        let workers = Workers::new();
        let (renewals, wanted) = mpsc::channel(1);
        let fleet = control.fleet();
        let keeper = Arc::new(Self {
            control,
            workers: workers.clone(),
            program,
            settings: Mutex::new(settings),
            changes: Mutex::default(),
            renewals,
        });
        tokio::spawn(Arc::clone(&keeper).take_on(channels));
        tokio::spawn(workers.lead(fleet));
        (keeper, wanted)
    }

    /// Tells each worker that is started what to serve, and hears it.
    pub(super) async fn take_on(self: Arc<Self>, mut channels: mpsc::UnboundedReceiver<Channel>) {
        while let Some(channel) = channels.recv().await {
            let run = channel.run;
            if let Err(error) = Arc::clone(&self).begin(channel).await {
                // It never gets ready, and is started anew.
                tracing::error!(run, "a worker cannot be told what to do: {error:#}");
            }
        }
    }

    async fn begin(self: Arc<Self>, channel: Channel) -> Result<()> {
        let (begin, sockets) = {
            let settings = self.settings.lock().await;
            let begin = ToWorker::Begin {
                asked: settings.asked(),
                start: settings.start,
            };
            (begin, settings.sockets.share()?)
        };
        let outbox = self.hear(channel.run, channel.stream)?;
        outbox.send((begin, sockets)).await?;
        Ok(())
    }

    /// Hears a worker, and lets others speak to it; the first word to it goes first.
    pub(super) fn hear(
        self: &Arc<Self>,
        run: RunId,
        stream: UnixStream,
    ) -> Result<mpsc::Sender<Parcel<ToWorker>>> {
        let (outbox, inbox, halt) = channel::open(stream)?;
        let line = Line::new(outbox.clone());
        let (keeper, known) = (Arc::clone(self), line.clone());
        let hearing = tokio::spawn(async move {
            let carry_out = |id, order: Order| {
                let (keeper, line) = (Arc::clone(&keeper), line.clone());
                tokio::spawn(async move {
                    let reply = keeper.reply(order).await;
                    line.say(ToWorker::Reply { id, reply }).await;
                });
            };
            keeper
                .workers
                .hear(run, inbox, &keeper.control, carry_out)
                .await;
        });
        self.workers.add(run, known, halt, hearing);
        Ok(outbox)
    }

    /// Does what is wanted, and says how it went.
    pub(crate) async fn reply(&self, order: Order) -> Reply {
        let done = match order {
            Order::Apply => self.apply().await.map(|said| Outcome::Applied { said }),
            Order::Neighbours(order) => self.neighbours(order).await.map(Outcome::Neighbours),
            order => {
                let message = |id| ToWorker::Order { id, order };
                return self.workers.ask(message).await;
            }
        };
        done.map_or_else(|error| Reply::Error(format!("{error:#}")), Reply::Ok)
    }

    /// What a service says from now on.
    pub(crate) async fn follow(&self, logs: neighbours::Logs) -> Result<Follow> {
        Ok(self.control.follow(logs.into()).await?)
    }

    async fn neighbours(&self, order: neighbours::Order) -> Result<neighbours::Outcome> {
        use neighbours::{Order, Outcome};
        let control = &self.control;
        let done = match order {
            Order::Ps => return self.ps().await.map(Outcome::Rows),
            Order::Describe { service } => {
                let described = control.describe(&service).await?;
                return Ok(Outcome::Described(Box::new(described)));
            }
            Order::Logs(logs) => {
                let lines = control.logs(&logs.into()).await?;
                return Ok(Outcome::Lines { lines, missed: 0 });
            }
            Order::Follow(_) => bail!("lines that come are read from the control socket"),
            Order::Start { service } => {
                control.start(&service).await?;
                format!("{service} runs.")
            }
            Order::Stop { service } => {
                not_the_worker(&service)?;
                control.stop(&service).await?;
                format!("{service} is stopped.")
            }
            Order::Restart { service } => {
                not_the_worker(&service)?;
                control.restart(&service).await?;
                format!("{service} was stopped and runs again.")
            }
            Order::Reload { service } => {
                control.reload(&service).await?;
                format!("{service} was replaced; requests went on.")
            }
            Order::Scale { service, instances } => {
                not_the_worker(&service)?;
                control.scale(&service, instances).await?;
                format!("{service} has {instances} instances.")
            }
            Order::Upgrade => bail!("only `kenduri upgrade` can ask for that"),
        };
        Ok(Outcome::Done(done))
    }

    async fn ps(&self) -> Result<Vec<supervisor::Row>> {
        let mut rows = self.control.ps().await?;
        let fleet = self.control.fleet().borrow().clone();
        for row in &mut rows {
            let crew = fleet.get(&row.service);
            let members = crew.into_iter().flat_map(|crew| &crew.ready);
            let mut here = members.filter(|member| member.instance == row.instance);
            let address = here.find_map(|member| member.address.as_ref());
            row.requests_per_second = address.and_then(|address| self.workers.rate(address));
        }
        Ok(rows)
    }

    /// Goes on with the program that is on the disk now: the worker first, and when
    /// that serves this process itself. `client` hears how it went.
    pub(crate) async fn upgrade(&self, client: tokio::net::UnixStream) -> Result<()> {
        let renewed = async {
            self.program.check()?;
            let _alone = self.changes.lock().await;
            let path = self.program.path().display();
            let next = self.control.reload(OWN).await;
            next.with_context(|| format!("the old program goes on, for {path} does not serve"))
        };
        match renewed.await {
            Ok(()) => Ok(self.renewals.send(client).await?),
            Err(error) => control::tell(client, &Reply::Error(format!("{error:#}"))).await,
        }
    }

    /// Reads the settings again and has everybody do what they say, all or nothing.
    async fn apply(&self) -> Result<String> {
        let _alone = self.changes.lock().await;
        let (asked, configuration, opened) = {
            let mut settings = self.settings.lock().await;
            let (asked, configuration) = settings.read()?;
            let opened = settings.sockets.open(&configuration.plan)?;
            (asked, configuration, opened)
        };
        let plan = means::plan(&configuration, &asked, &self.program)?;
        let message = |id| ToWorker::Apply {
            id,
            asked: asked.clone(),
        };
        let reply = self.workers.ask_with(message, opened).await;
        let mut settings = self.settings.lock().await;
        let mut said = match reply {
            Reply::Ok(Outcome::Applied { said }) => said,
            Reply::Ok(_) => bail!("the worker is of another version: kenduri upgrade"),
            Reply::Error(reason) => {
                settings.close_others();
                return Err(Error::msg(reason));
            }
        };
        settings.take(asked, configuration.plan);
        drop(settings);
        let mut failed = Vec::new();
        for changed in self.control.apply(plan).await? {
            let name = &changed.service;
            let what = match changed.change {
                supervisor::Change::Added => "was started",
                supervisor::Change::Changed => "was replaced",
                supervisor::Change::Removed => "was stopped",
            };
            match changed.outcome {
                // Writing into a text cannot fail.
                Ok(()) => drop(writeln!(said, "Service {name} {what}.")),
                Err(error) => failed.push(format!("service {name}: {error}")),
            }
        }
        if failed.is_empty() {
            Ok(said)
        } else {
            bail!("{said}{}", failed.join("\n"))
        }
    }

    /// The same, for nobody who waits.
    pub(super) fn apply_and_log(self: &Arc<Self>) {
        let keeper = Arc::clone(self);
        tokio::spawn(async move {
            match keeper.apply().await {
                Ok(told) => tracing::info!("{}", told.trim_end()),
                Err(error) => tracing::error!("nothing was changed: {error:#}"),
            }
        });
    }
}

fn not_the_worker(service: &str) -> Result<()> {
    if service == OWN {
        bail!("that is Kenduri itself: reload replaces it; to stop it, stop `kenduri serve`");
    }
    Ok(())
}
