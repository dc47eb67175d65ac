//! Messages between the supervisor process and the worker, over their [channel](crate::channel).

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use supervisor::state::RunId;
use supervisor::{Address, ReadyInstances};
use tokio::sync::{mpsc, oneshot};

use crate::channel::Parcel;
use crate::configuration::{Asked, Settings};
use crate::control::Reply;
use crate::control_requests::ControlRequest;

/// A message of the supervisor process.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToWorker {
    /// The first message: what to serve. The listening sockets come with it.
    Begin {
        /// What was asked for, with the file as it was checked.
        asked: Asked,
        /// What is served.
        start: ServeMode,
    },
    /// Who takes the requests of each service now.
    #[serde(rename = "Fleet")]
    ReadyInstances(ReadyInstances),
    /// Somebody wants something of the app or of the edge.
    #[serde(rename = "Order")]
    Request {
        /// By which the reply is known.
        id: u64,
        /// What.
        order: ControlRequest,
    },
    /// Other settings, checked. Listening sockets that are new come with them.
    Apply {
        /// By which the reply is known.
        id: u64,
        /// What is asked for now.
        asked: Asked,
    },
    /// All of Kenduri ends, not this worker alone: a load balancer
    /// before it is to learn of it.
    Ending,
    /// What came of an order of the worker's.
    Reply {
        /// That of the order.
        id: u64,
        /// What came of it.
        reply: Reply,
    },
}

/// A message of the worker.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToParent {
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
    Rates(Vec<RequestRate>),
    /// Somebody in the app wants something of the supervisor process.
    #[serde(rename = "Order")]
    Request {
        /// By which the reply is known.
        id: u64,
        /// What.
        order: ControlRequest,
    },
}

/// How busy a server is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RequestRate {
    /// Where it listens.
    pub(crate) address: Address,
    /// Requests in a second.
    pub(crate) per_second: f64,
}

/// What is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ServeMode {
    /// An installation.
    Usual,
    /// A demonstration in a folder that was named.
    Demo,
    /// A demonstration in a folder that is removed at the end.
    DemoForNow,
}

impl ServeMode {
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

/// Ids by which replies are matched to requests. None is given twice, so that a late reply meets
/// no other order than its own.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestIds(Arc<AtomicU64>);

impl RequestIds {
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

/// Sends requests one way over a channel, and matches each reply to its request.
pub(crate) struct MessageSender<T> {
    outbox: mpsc::Sender<Parcel<T>>,
    numbers: RequestIds,
    answers: Arc<Mutex<Answers>>,
}

/// The waiting callers, by the id of their request.
type Answers = BTreeMap<u64, oneshot::Sender<Reply>>;

impl<T> Clone for MessageSender<T> {
    fn clone(&self) -> Self {
        Self {
            outbox: self.outbox.clone(),
            numbers: self.numbers.clone(),
            answers: Arc::clone(&self.answers),
        }
    }
}

impl<T> MessageSender<T> {
    /// A line on which nobody waits for a reply yet.
    pub(crate) fn new(outbox: mpsc::Sender<Parcel<T>>, numbers: RequestIds) -> Self {
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

    /// Hands a reply to the request that waits for it.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_requests::services::ServiceRequest;

    /// At an upgrade the other side is of another version.
    #[test]
    fn messages_keep_their_names_on_the_channel() {
        let request = ControlRequest::Services(ServiceRequest::Ps);
        let id = 7;
        let to_worker = [
            ToWorker::ReadyInstances(ReadyInstances::new()),
            ToWorker::Request {
                id,
                order: request.clone(),
            },
            ToWorker::Ending,
        ];
        let written = serde_json::to_string(&to_worker).expect("written");
        let request_text = r#"{"Order":{"id":7,"order":{"order":"neighbours","verb":"ps"}}}"#;
        assert_eq!(
            written,
            format!(r#"[{{"Fleet":{{}}}},{request_text},"Ending"]"#)
        );
        let to_parent = [ToParent::Serving, ToParent::Request { id, order: request }];
        let written = serde_json::to_string(&to_parent).expect("written");
        assert_eq!(written, format!(r#"["Serving",{request_text}]"#));
    }
}
