//! What keeper and worker tell each other over their [channel](crate::channel).

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use supervisor::state::RunId;
use supervisor::{Address, Fleet};
use tokio::sync::{mpsc, oneshot};

use crate::channel::Parcel;
use crate::configuration::{Asked, Settings};
use crate::control::Reply;
use crate::orders::Order;

/// What the keeper says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToWorker {
    /// The first word: what to serve. The listening sockets come with it.
    Begin {
        /// What was asked for, with the file as it was checked.
        asked: Asked,
        /// What is served.
        start: Start,
    },
    /// Who takes the requests of each service now.
    Fleet(Fleet),
    /// Somebody wants something of the app or of the front door.
    Order {
        /// By which the reply is known.
        id: u64,
        /// What.
        order: Order,
    },
    /// Other settings, checked. Listening sockets that are new come with them.
    Apply {
        /// By which the reply is known.
        id: u64,
        /// What is asked for now.
        asked: Asked,
    },
    /// All of Kenduri ends, not this worker alone: whoever shares requests out
    /// among machines is to hear of it.
    Ending,
    /// What came of an order of the worker's.
    Reply {
        /// That of the order.
        id: u64,
        /// What came of it.
        reply: Reply,
    },
}

/// What the worker says.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToKeeper {
    /// Every listener is open.
    Serving,
    /// What came of an order.
    Reply {
        /// That of the order.
        id: u64,
        /// What came of it.
        reply: Reply,
    },
    /// An instance that was replaced has answered everything.
    Drained {
        /// Of which service.
        service: String,
        /// Which process.
        run: RunId,
    },
    /// How many requests each server got in the last second.
    Rates(Vec<Rate>),
    /// Somebody in the app wants something of the keeper.
    Order {
        /// By which the reply is known.
        id: u64,
        /// What.
        order: Order,
    },
}

/// How busy a server is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rate {
    /// Where it listens.
    pub(crate) address: Address,
    /// Requests in a second.
    pub(crate) per_second: f64,
}

/// What is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Start {
    /// An installation.
    Usual,
    /// A demonstration in a folder that was named.
    Demo,
    /// A demonstration in a folder that is removed at the end.
    DemoForNow,
}

impl Start {
    /// Whether it is a demonstration.
    pub(crate) fn is_demo(self) -> bool {
        self != Self::Usual
    }

    /// How it ends, and what stays.
    pub(crate) fn farewell(self, settings: &Settings) -> String {
        let what_stays = match self {
            Self::Usual => return String::new(),
            Self::Demo => "and stays there",
            Self::DemoForNow => "and removed at the end",
        };
        format!(
            "\n  Stop with Ctrl+C. Everything is in {}, {what_stays}.\n",
            settings.data.display(),
        )
    }
}

/// Numbers by which replies are known. None is given twice, so that a late reply meets
/// no other order than its own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbers(Arc<AtomicU64>);

impl Numbers {
    /// Those after the last one that was given before.
    pub(crate) fn after(last: u64) -> Self {
        Self(Arc::new(AtomicU64::new(last)))
    }

    /// The last one that was given.
    pub(crate) fn last(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// Orders that travel one way over a channel, each with the reply that comes back.
pub(crate) struct Line<T> {
    outbox: mpsc::Sender<Parcel<T>>,
    numbers: Numbers,
    answers: Arc<Mutex<Answers>>,
}

/// Who waits for the reply of this number.
type Answers = BTreeMap<u64, oneshot::Sender<Reply>>;

impl<T> Clone for Line<T> {
    fn clone(&self) -> Self {
        Self {
            outbox: self.outbox.clone(),
            numbers: self.numbers.clone(),
            answers: Arc::clone(&self.answers),
        }
    }
}

impl<T> Line<T> {
    /// A line on which nobody waits for a reply yet.
    pub(crate) fn new(outbox: mpsc::Sender<Parcel<T>>, numbers: Numbers) -> Self {
        Self {
            outbox,
            numbers,
            answers: Arc::default(),
        }
    }

    /// Says something that is not answered. Who has gone need not hear it.
    pub(crate) async fn say(&self, message: T) {
        let _ = self.outbox.send((message, Vec::new())).await;
    }

    /// Asks, and waits for the reply.
    pub(crate) async fn ask(
        &self,
        message: impl FnOnce(u64) -> T,
        descriptors: Vec<OwnedFd>,
    ) -> Reply {
        let (answer, answered) = oneshot::channel();
        let id = self.numbers.next();
        self.answers().insert(id, answer);
        let gone = || Reply::Error("Kenduri is stopping, or starting again; try once more".into());
        if self.outbox.send((message(id), descriptors)).await.is_err() {
            self.answers().remove(&id);
            return gone();
        }
        answered.await.unwrap_or_else(|_| gone())
    }

    /// Hands a reply to whoever waits for it.
    pub(crate) fn answered(&self, id: u64, reply: Reply) {
        if let Some(answer) = self.answers().remove(&id) {
            // Who does not wait any longer need not know.
            let _ = answer.send(reply);
        }
    }

    /// Nothing will be answered any more.
    pub(crate) fn hang_up(&self) {
        self.answers().clear();
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
