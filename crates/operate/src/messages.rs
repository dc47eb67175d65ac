//! The messages between the supervisor process and a worker, sent over their
//! [channel](crate::channel).

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use configuration::{Asked, Settings};
use serde::{Deserialize, Serialize};
use supervisor::state::RunId;
use supervisor::{Address, ReadyInstances};
use tokio::sync::{mpsc, oneshot};

use crate::channel::Parcel;
use crate::control_requests::ControlRequest;
use crate::control_requests::Reply;

/// How long a worker's background tasks may take to finish when the worker stops.
pub const DRAIN_TIME: Duration = Duration::from_secs(30);

/// A message from the supervisor process to the worker.
#[derive(Debug, Serialize, Deserialize)]
pub enum ToWorker {
    /// The first message. It contains the worker's settings, and the listening sockets are sent
    /// with it.
    Begin {
        /// The inputs of the configuration. They include the text of the settings file, which was
        /// already checked.
        asked: Asked,
        start: ServeMode,
        /// Whether no worker has served yet, so that this one may answer before it is ready.
        #[serde(default)]
        is_first: bool,
    },
    /// The ready instances of each service.
    #[serde(rename = "Fleet")]
    ReadyInstances(ReadyInstances),
    #[serde(rename = "Order")]
    Request {
        /// The id of the request. The reply repeats it.
        id: u64,
        order: ControlRequest,
    },
    /// New settings that were already checked. Newly opened listening sockets are sent with this
    /// message.
    Apply {
        id: u64,
        /// The inputs of the new configuration. They include the text of the settings file, which
        /// was already checked.
        asked: Asked,
    },
    /// Kenduri as a whole is stopping, not only this worker. From now on, `/readyz` must report
    /// that Kenduri is not ready.
    Ending,
    /// The reply to a request of the worker.
    Reply {
        /// The id of the request.
        id: u64,
        reply: Reply,
    },
}

/// A message from the worker to the supervisor process.
#[derive(Debug, Serialize, Deserialize)]
pub enum ToParent {
    Serving,
    /// The worker ends because of an error. A command that waits for the worker shows the reason.
    Failed {
        reason: String,
    },
    /// The reply to a request of the supervisor process.
    Reply {
        /// The id of the request.
        id: u64,
        reply: Reply,
    },
    /// The worker sends no more requests to an instance that is being replaced.
    Drained {
        service: String,
        /// The run of the instance's process.
        run: RunId,
    },
    Rates(Vec<RequestRate>),
    #[serde(rename = "Order")]
    Request {
        /// The id of the request. The reply repeats it.
        id: u64,
        order: ControlRequest,
    },
}

/// The rate of requests to a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestRate {
    pub address: Address,
    pub per_second: f64,
}

/// Whether Kenduri serves an installation or a demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServeMode {
    Usual,
    /// A demo in a data folder that the user named.
    Demo,
    /// A demo in a temporary folder.
    DemoForNow,
}

impl ServeMode {
    pub fn is_demo(self) -> bool {
        self != Self::Usual
    }

    /// Returns the text that tells the user of a demo how to stop it, and whether its data is kept.
    pub fn farewell(self, settings: &Settings) -> String {
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

/// The ids by which replies are matched to requests. Ids are never reused, so a late reply cannot
/// match a later request.
#[derive(Debug, Clone, Default)]
pub struct RequestIds(Arc<AtomicU64>);

impl RequestIds {
    pub fn after(last: u64) -> Self {
        Self(Arc::new(AtomicU64::new(last)))
    }

    /// Returns the last id that was used.
    pub fn last(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// Sends messages to the other process, and matches its replies to the requests.
pub struct MessageSender<T> {
    outbox: mpsc::Sender<Parcel<T>>,
    numbers: RequestIds,
    answers: Arc<Mutex<Answers>>,
}

/// By request id.
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
    pub fn new(outbox: mpsc::Sender<Parcel<T>>, numbers: RequestIds) -> Self {
        Self {
            outbox,
            numbers,
            answers: Arc::default(),
        }
    }

    /// Sends a message without a reply. Does nothing if the channel is closed.
    pub async fn say(&self, message: T) {
        let _ = self.outbox.send((message, Vec::new())).await;
    }

    /// Sends a request, and waits for the reply.
    pub async fn ask(&self, message: impl FnOnce(u64) -> T, descriptors: Vec<OwnedFd>) -> Reply {
        let (answer, answered) = oneshot::channel();
        let id = self.numbers.next();
        self.answers().insert(id, answer);
        let gone = || Reply::Error("Kenduri is stopping or restarting; try again".into());
        if self.outbox.send((message(id), descriptors)).await.is_err() {
            self.answers().remove(&id);
            return gone();
        }
        answered.await.unwrap_or_else(|_| gone())
    }

    /// Passes a reply to the caller that waits for it.
    pub fn answered(&self, id: u64, reply: Reply) {
        if let Some(answer) = self.answers().remove(&id) {
            // The caller may have stopped waiting.
            let _ = answer.send(reply);
        }
    }

    /// Makes all waiting callers fail, because no more replies will arrive.
    pub fn hang_up(&self) {
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

    /// The names must not change, because the two processes may be of different versions during an
    /// upgrade.
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
        let reason = "full".to_owned();
        let to_parent = [
            ToParent::Serving,
            ToParent::Failed { reason },
            ToParent::Request { id, order: request },
        ];
        let written = serde_json::to_string(&to_parent).expect("written");
        let failed_text = r#"{"Failed":{"reason":"full"}}"#;
        assert_eq!(
            written,
            format!(r#"["Serving",{failed_text},{request_text}]"#)
        );
    }
}
