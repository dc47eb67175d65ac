//! Requests the state that the admin pages show from the supervisor process and the edge.

use std::sync::Arc;
use std::time::Duration;

use edge::FileCertificate;
use edge::acme::Standing;
use tokio::sync::{mpsc, oneshot};

use crate::control_requests::Reply;
use crate::control_requests::services::{ServiceRequest, ServiceResponse};
use crate::control_requests::{self};
use crate::messages::{MessageSender, ToParent};

/// How long a page waits for the status. The supervisor process and the edge reply at once, unless
/// they are about to stop.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks the supervisor process and the edge for their state. Cheap to clone.
#[derive(Clone)]
pub(crate) struct ServerStatus {
    sender: MessageSender<ToParent>,
    requests: mpsc::Sender<StatusRequest>,
}

pub(crate) type StatusRequest = oneshot::Sender<EdgeStatus>;

/// The edge's state at a single moment.
#[derive(Debug, Clone)]
pub(crate) struct EdgeStatus {
    /// The certificates that are ordered from a certificate authority.
    pub(crate) ordered: Arc<[Standing]>,
    pub(crate) in_files: Vec<FileCertificate>,
    /// The routes in the order in which they are tried, one per line.
    pub(crate) routes: String,
}

/// The reason why there is no reply.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    /// The supervisor process refused the request, with this reason.
    #[error("{0}")]
    Refused(String),
    /// There was no reply within the time limit.
    #[error("the supervisor process has not answered yet")]
    Late,
}

impl ServerStatus {
    /// `sender` is the channel to the supervisor process, `requests` that to the worker's message
    /// loop.
    pub(crate) fn new(
        sender: MessageSender<ToParent>,
        requests: mpsc::Sender<StatusRequest>,
    ) -> Self {
        Self { sender, requests }
    }

    /// Requests a state from the supervisor process.
    pub(super) async fn ask(&self, order: ServiceRequest) -> Result<ServiceResponse, RequestError> {
        self.order(order, PATIENCE).await
    }

    /// Sends a request for an action to the supervisor process. If no reply arrives within
    /// `patience`, the action continues.
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
            // An unexpected reply means that the supervisor process is another version and about to
            // be replaced.
            Err(_) | Ok(Reply::Ok(_)) => Err(RequestError::Late),
        }
    }

    /// Returns the edge's state; `None` while the worker starts or stops.
    pub(super) async fn edge_status(&self) -> Option<EdgeStatus> {
        let (answer, seen) = oneshot::channel();
        let look = async {
            self.requests.send(answer).await.ok()?;
            seen.await.ok()
        };
        tokio::time::timeout(PATIENCE, look).await.ok().flatten()
    }
}
