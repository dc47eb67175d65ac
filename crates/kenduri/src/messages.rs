//! Messages between the supervisor process and the worker, over their [channel](crate::channel).

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use supervisor::state::RunId;
use supervisor::{Address, ReadyInstances};
use tokio::sync::{mpsc, oneshot};

use crate::channel::Parcel;
use crate::configuration::{Asked, Settings};
use crate::control_requests::ControlRequest;
use crate::control_requests::Reply;

/// How long the background tasks of a worker may take to finish when it stops.
pub(crate) const DRAIN_TIME: Duration = Duration::from_secs(30);

/// A message from the supervisor process to the worker.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToWorker {
    /// The first message, with the configuration to serve. The listening sockets are sent with this
    /// message.
    Begin {
        /// The inputs of the configuration, with the text of the validated file.
        asked: Asked,
        /// The kind of installation.
        start: ServeMode,
    },
    /// The instances of each service that take requests now.
    #[serde(rename = "Fleet")]
    ReadyInstances(ReadyInstances),
    /// A request for the app or the edge.
    #[serde(rename = "Order")]
    Request {
        /// The id by which the reply refers to this request.
        id: u64,
        order: ControlRequest,
    },
    /// New, validated settings. Newly opened listening sockets are sent with them.
    Apply {
        id: u64,
        /// The inputs of the new configuration.
        asked: Asked,
    },
    /// All of Kenduri is stopping, not only this worker, so readiness checks should fail.
    Ending,
    /// The reply to a request of the worker.
    Reply {
        /// The id of the request to which this is the reply.
        id: u64,
        reply: Reply,
    },
}

/// A message from the worker to the supervisor process.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToParent {
    /// Every listener is open.
    Serving,
    /// The reply to a request.
    Reply {
        /// The id of the request to which this is the reply.
        id: u64,
        reply: Reply,
    },
    /// A replaced instance has no requests left.
    Drained {
        service: String,
        /// The instance's process.
        run: RunId,
    },
    /// The number of requests each server got in the last second.
    Rates(Vec<RequestRate>),
    /// A request of the app for the supervisor process.
    #[serde(rename = "Order")]
    Request {
        /// The id by which the reply refers to this request.
        id: u64,
        order: ControlRequest,
    },
}

/// A server's load.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RequestRate {
    pub(crate) address: Address,
    /// Requests per second.
    pub(crate) per_second: f64,
}

/// The kind of installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ServeMode {
    /// A normal installation.
    Usual,
    /// A demo in a named folder.
    Demo,
    /// A demo in a temporary folder.
    DemoForNow,
}

impl ServeMode {
    pub(crate) fn is_demo(self) -> bool {
        self != Self::Usual
    }

    /// Returns the text that is printed when Kenduri stops and says which data is kept.
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

/// Ids that match replies to requests. None is reused, so a late reply cannot match another
/// request.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestIds(Arc<AtomicU64>);

impl RequestIds {
    /// Continues with ids after `last`, the last id assigned earlier.
    pub(crate) fn after(last: u64) -> Self {
        Self(Arc::new(AtomicU64::new(last)))
    }

    /// Returns the last assigned id.
    pub(crate) fn last(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// Sends requests in a single direction over a channel, and matches each reply to its request.
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
    pub(crate) fn new(outbox: mpsc::Sender<Parcel<T>>, numbers: RequestIds) -> Self {
        Self {
            outbox,
            numbers,
            answers: Arc::default(),
        }
    }

    /// Sends a message without a reply. A closed channel is ignored.
    pub(crate) async fn say(&self, message: T) {
        let _ = self.outbox.send((message, Vec::new())).await;
    }

    /// Sends a request and waits for its reply.
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

    /// Passes a reply to the caller that waits for it.
    pub(crate) fn answered(&self, id: u64, reply: Reply) {
        if let Some(answer) = self.answers().remove(&id) {
            // The task that sent the request may have stopped waiting.
            let _ = answer.send(reply);
        }
    }

    /// Ends all pending requests, because no more replies will arrive.
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

    /// During an upgrade, the other side may run another version.
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
