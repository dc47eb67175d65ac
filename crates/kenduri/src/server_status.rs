//! Requests the data of the operator's pages from the supervisor process and from the edge.

use std::sync::Arc;
use std::time::Duration;

use edge::FileCertificate;
use edge::acme::Standing;
use tokio::sync::{mpsc, oneshot};

use crate::control_requests::Reply;
use crate::control_requests::services::{ServiceRequest, ServiceResponse};
use crate::control_requests::{self};
use crate::messages::{MessageSender, ToParent};

/// How long a page waits for a reply. The supervisor process and the edge reply at once, unless
/// they are about to stop.
const PATIENCE: Duration = Duration::from_secs(3);

/// Requests the state of the supervisor process and of the edge. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct ServerStatus {
    sender: MessageSender<ToParent>,
    requests: mpsc::Sender<StatusRequest>,
}

pub(crate) type StatusRequest = oneshot::Sender<EdgeStatus>;

#[derive(Debug, Clone)]
pub(crate) struct EdgeStatus {
    /// The certificates that Kenduri orders from a certificate authority.
    pub(crate) ordered: Arc<[Standing]>,
    pub(crate) in_files: Vec<FileCertificate>,
    /// The edge's routes as text, one per line. The edge tries them in this order.
    pub(crate) routes: String,
}

/// Why the supervisor process did not provide a state.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    /// The supervisor process refused, for this reason.
    #[error("{0}")]
    Refused(String),
    /// No reply arrived in time.
    #[error("the supervisor process has not answered yet")]
    Late,
}

impl ServerStatus {
    /// `sender` is the channel to the supervisor process. `requests` is the channel to the worker's
    /// message loop.
    pub(crate) fn new(
        sender: MessageSender<ToParent>,
        requests: mpsc::Sender<StatusRequest>,
    ) -> Self {
        Self { sender, requests }
    }

    /// Requests a state from the supervisor process.
    pub(crate) async fn ask(&self, order: ServiceRequest) -> Result<ServiceResponse, RequestError> {
        self.order(order, PATIENCE).await
    }

    /// Requests an action from the supervisor process. The action continues even if no reply
    /// arrives within `patience`.
    pub(crate) async fn order(
        &self,
        order: ServiceRequest,
        patience: Duration,
    ) -> Result<ServiceResponse, RequestError> {
        let order = control_requests::ControlRequest::Services(order);
        let message = |id| ToParent::Request { id, order };
        match tokio::time::timeout(patience, self.sender.ask(message, Vec::new())).await {
            Ok(Reply::Error(reason)) => Err(RequestError::Refused(reason)),
            Ok(Reply::Ok(control_requests::ControlResponse::Services(outcome))) => Ok(outcome),
            // A reply of another kind comes from another version of the supervisor process. That
            // process is about to be replaced.
            Err(_) | Ok(Reply::Ok(_)) => Err(RequestError::Late),
        }
    }

    /// Returns the edge's state, or `None` while the worker starts or stops.
    pub(crate) async fn edge_status(&self) -> Option<EdgeStatus> {
        let (answer, seen) = oneshot::channel();
        let look = async {
            self.requests.send(answer).await.ok()?;
            seen.await.ok()
        };
        tokio::time::timeout(PATIENCE, look).await.ok().flatten()
    }
}

/// Returns the path of the operator's page about a service. The name needs no escaping, because it
/// consists of letters, digits and hyphens.
pub(crate) fn service_address(service: &str) -> String {
    format!("/admin/server/services/{service}")
}
