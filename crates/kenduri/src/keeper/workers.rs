//! The worker as the keeper sees it: one channel for each process, of which the
//! last that serves is asked.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use supervisor::state::RunId;
use supervisor::{Address, Control, Fleet};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

use crate::channel::{Halt, Parcel};
use crate::control::Reply;
use crate::words::{Line, Rate, ToKeeper, ToWorker};

/// An order waits so long for a worker that serves.
const PATIENCE: Duration = Duration::from_secs(30);

/// All worker processes there are.
#[derive(Clone)]
pub(crate) struct Workers {
    links: Arc<Mutex<BTreeMap<RunId, Link>>>,
    /// The last one that began to serve, and is still there.
    serving: watch::Sender<Option<RunId>>,
    /// There is one that has been told nothing yet.
    added: Arc<Notify>,
    served: watch::Sender<bool>,
    rates: Arc<Mutex<Vec<Rate>>>,
}

/// What leads to one of them.
struct Link {
    line: Line<ToWorker>,
    halt: Halt,
    hearing: JoinHandle<()>,
}

impl Workers {
    /// None yet.
    pub(super) fn new() -> Self {
        Self {
            links: Arc::default(),
            serving: watch::Sender::default(),
            added: Arc::default(),
            served: watch::Sender::default(),
            rates: Arc::default(),
        }
    }

    /// Whether any of them has ever served.
    pub(super) fn have_served(&self) -> bool {
        *self.served.borrow()
    }

    /// Waits until the first of them serves.
    pub(super) async fn first_served(&self) {
        let mut served = self.served.subscribe();
        // The sender lives as long as this does.
        let _ = served.wait_for(|served| *served).await;
    }

    /// Knows another one, which `hearing` hears.
    pub(super) fn add(
        &self,
        run: RunId,
        line: Line<ToWorker>,
        halt: Halt,
        hearing: JoinHandle<()>,
    ) {
        let link = Link {
            line,
            halt,
            hearing,
        };
        self.links().insert(run, link);
        self.added.notify_one();
    }

    /// The last one that began to serve.
    pub(super) fn serving(&self) -> Option<RunId> {
        *self.serving.borrow()
    }

    /// This one serves already.
    pub(super) fn serves(&self, run: Option<RunId>) {
        self.serving.send_replace(run);
        self.served.send_replace(true);
    }

    /// Halts the channels of all of them, for whoever goes on. None is known any more.
    pub(super) async fn halt(&self) -> Vec<(RunId, OwnedFd)> {
        let links = std::mem::take(&mut *self.links());
        let mut halted = Vec::new();
        for (run, link) in links {
            match link.halt.halt().await {
                Ok(channel) => halted.push((run, channel)),
                // It is started anew when it finds its channel at an end.
                Err(error) => tracing::error!(%error, run, "a worker's channel is lost"),
            }
            // Nothing more comes, so that it ends; nor does an answer.
            let _ = link.hearing.await;
            link.line.hang_up();
        }
        halted
    }

    /// Hears what one of them says until it has gone. Its own orders are handed back.
    pub(super) async fn hear(
        &self,
        run: RunId,
        mut inbox: mpsc::Receiver<Parcel<ToKeeper>>,
        control: &Control,
        mut order: impl FnMut(u64, crate::orders::Order),
    ) {
        while let Some((message, _)) = inbox.recv().await {
            match message {
                ToKeeper::Serving => {
                    self.serves(Some(run));
                }
                ToKeeper::Reply { id, reply } => {
                    if let Some(line) = self.line(run) {
                        line.answered(id, reply);
                    }
                }
                ToKeeper::Drained { service, run } => {
                    let _ = control.drained(&service, run).await;
                }
                ToKeeper::Rates(rates) => *lock(&self.rates) = rates,
                ToKeeper::Order { id, order: wanted } => order(id, wanted),
            }
        }
        // One that was halted goes on elsewhere.
        let Some(link) = self.links().remove(&run) else {
            return;
        };
        link.line.hang_up();
        self.serving.send_if_modified(|serving| {
            let was_this = *serving == Some(run);
            if was_this {
                *serving = None;
            }
            was_this
        });
    }

    /// Tells all of them who takes requests, whenever that or they change.
    pub(super) async fn lead(self, mut fleet: watch::Receiver<Fleet>) {
        loop {
            let now = fleet.borrow_and_update().clone();
            self.say(|| ToWorker::Fleet(now.clone())).await;
            tokio::select! {
                changed = fleet.changed() => if changed.is_err() {
                    return;
                },
                () = self.added.notified() => {}
            }
        }
    }

    /// Tells all of them that everything ends.
    pub(super) async fn end(&self) {
        self.say(|| ToWorker::Ending).await;
    }

    async fn say(&self, message: impl Fn() -> ToWorker) {
        let lines: Vec<_> = self
            .links()
            .values()
            .map(|link| link.line.clone())
            .collect();
        for line in lines {
            line.say(message()).await;
        }
    }

    /// Asks the one that serves, as soon as one does.
    pub(super) async fn ask(&self, message: impl FnOnce(u64) -> ToWorker) -> Reply {
        self.ask_with(message, Vec::new()).await
    }

    /// The same, with descriptors.
    pub(super) async fn ask_with(
        &self,
        message: impl FnOnce(u64) -> ToWorker,
        descriptors: Vec<OwnedFd>,
    ) -> Reply {
        let mut serving = self.serving.subscribe();
        let found = serving.wait_for(Option::is_some);
        let found = tokio::time::timeout(PATIENCE, found).await;
        let run = found.ok().and_then(|found| found.ok().and_then(|run| *run));
        match run.and_then(|run| self.line(run)) {
            Some(line) => line.ask(message, descriptors).await,
            None => Reply::Error("no worker serves; the log says why".to_owned()),
        }
    }

    /// How many requests a server got in the last second.
    pub(super) fn rate(&self, address: &Address) -> Option<f64> {
        let rates = lock(&self.rates);
        let found = rates.iter().find(|rate| rate.address == *address);
        found.map(|rate| rate.per_second)
    }

    fn line(&self, run: RunId) -> Option<Line<ToWorker>> {
        self.links().get(&run).map(|link| link.line.clone())
    }

    fn links(&self) -> MutexGuard<'_, BTreeMap<RunId, Link>> {
        lock(&self.links)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
