//! The worker as the keeper sees it: one channel for each process, of which the
//! last that serves is asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use supervisor::state::RunId;
use supervisor::{Address, Control, Fleet};
use tokio::sync::{Notify, mpsc, watch};

use crate::channel::Parcel;
use crate::control::Reply;
use crate::words::{Line, Rate, ToKeeper, ToWorker};

/// An order waits so long for a worker that serves.
const PATIENCE: Duration = Duration::from_secs(30);

/// All worker processes there are.
#[derive(Clone)]
pub(crate) struct Workers {
    control: Control,
    lines: Arc<Mutex<BTreeMap<RunId, Line<ToWorker>>>>,
    /// The last one that began to serve, and is still there.
    serving: watch::Sender<Option<RunId>>,
    /// There is one that has been told nothing yet.
    added: Arc<Notify>,
    served: watch::Sender<bool>,
    rates: Arc<Mutex<Vec<Rate>>>,
}

impl Workers {
    /// None yet.
    pub(super) fn new(control: Control) -> Self {
        Self {
            control,
            lines: Arc::default(),
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

    /// Knows another one.
    pub(super) fn add(&self, run: RunId, line: Line<ToWorker>) {
        self.lines().insert(run, line);
        self.added.notify_one();
    }

    /// Hears what one of them says until it has gone. Its own orders are handed back.
    pub(super) async fn hear(
        &self,
        run: RunId,
        mut inbox: mpsc::Receiver<Parcel<ToKeeper>>,
        mut order: impl FnMut(u64, crate::orders::Order),
    ) {
        while let Some((message, _)) = inbox.recv().await {
            match message {
                ToKeeper::Serving => {
                    self.serving.send_replace(Some(run));
                    self.served.send_replace(true);
                }
                ToKeeper::Reply { id, reply } => {
                    if let Some(line) = self.line(run) {
                        line.answered(id, reply);
                    }
                }
                ToKeeper::Drained { service, run } => {
                    let _ = self.control.drained(&service, run).await;
                }
                ToKeeper::Rates(rates) => *lock(&self.rates) = rates,
                ToKeeper::Order { id, order: wanted } => order(id, wanted),
            }
        }
        if let Some(line) = self.lines().remove(&run) {
            line.hang_up();
        }
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
            let lines: Vec<_> = self.lines().values().cloned().collect();
            for line in lines {
                line.say(ToWorker::Fleet(now.clone())).await;
            }
            tokio::select! {
                changed = fleet.changed() => if changed.is_err() {
                    return;
                },
                () = self.added.notified() => {}
            }
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
        descriptors: Vec<std::os::fd::OwnedFd>,
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
        self.lines().get(&run).cloned()
    }

    fn lines(&self) -> MutexGuard<'_, BTreeMap<RunId, Line<ToWorker>>> {
        lock(&self.lines)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
