//! What the admin pages show, asked of the supervisor process and of the edge.

use std::sync::Arc;
use std::time::Duration;

use edge::FileCertificate;
use edge::acme::Standing;
use tokio::sync::{mpsc, oneshot};

use crate::control::Reply;
use crate::control_requests::services::{ServiceRequest, ServiceResponse};
use crate::control_requests::{self};
use crate::messages::{MessageSender, ToParent};

/// How long a page waits for what it shows. Both answer at once, or are about to go.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks the supervisor process and the edge for their state. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ServerStatus {
    sender: MessageSender<ToParent>,
    requests: mpsc::Sender<StatusRequest>,
}

/// A request for the state of the edge.
pub(crate) type StatusRequest = oneshot::Sender<EdgeStatus>;

/// The state of the edge at one moment.
#[derive(Debug, Clone)]
pub(crate) struct EdgeStatus {
    /// The certificates that are ordered.
    pub(crate) ordered: Arc<[Standing]>,
    /// Those in files.
    pub(crate) in_files: Vec<FileCertificate>,
    /// The routes in the order they are tried, one to a line.
    pub(crate) routes: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    /// The supervisor process does not do it, and says why.
    #[error("{0}")]
    Refused(String),
    /// It did not answer within the time limit.
    #[error("the supervisor process has not answered yet")]
    Late,
}

impl ServerStatus {
    /// `sender` reaches the supervisor process, `requests` the worker's message loop.
    pub(crate) fn new(
        sender: MessageSender<ToParent>,
        requests: mpsc::Sender<StatusRequest>,
    ) -> Self {
        Self { sender, requests }
    }

    /// Asks the supervisor process.
    pub(super) async fn ask(&self, order: ServiceRequest) -> Result<ServiceResponse, RequestError> {
        self.order(order, PATIENCE).await
    }

    /// Has the supervisor process do something. After `patience` it goes on without an answer.
    pub(super) async fn order(
        &self,
        order: ServiceRequest,
        patience: Duration,
    ) -> Result<ServiceResponse, RequestError> {
        let order = control_requests::ControlRequest::Services(order);
        let message = |id| ToParent::Request { id, order };
        match tokio::time::timeout(patience, self.sender.ask(message, Vec::new())).await {
            Ok(Reply::Error(reason)) => Err(RequestError::Refused(reason)),
            Ok(Reply::Ok(control_requests::ControlResponse::Services(outcome))) => Ok(outcome),
            // Or the supervisor process is of another version and about to be replaced.
            Err(_) | Ok(Reply::Ok(_)) => Err(RequestError::Late),
        }
    }

    /// The state of the edge; none while the worker starts or stops.
    pub(super) async fn edge_status(&self) -> Option<EdgeStatus> {
        let (answer, seen) = oneshot::channel();
        let look = async {
            self.requests.send(answer).await.ok()?;
            seen.await.ok()
        };
        tokio::time::timeout(PATIENCE, look).await.ok().flatten()
    }
}
