//! Whom the pages ask: the supervisor process, and the front door.

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

/// The way to the supervisor process and to the front door. Cheap to clone.
#[derive(Clone)]
pub(crate) struct House {
    line: MessageSender<ToParent>,
    looks: mpsc::Sender<Look>,
}

/// Who wants to see the front door.
pub(crate) type Look = oneshot::Sender<Door>;

/// The front door as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    /// The certificates that are ordered.
    pub(crate) ordered: Arc<[Standing]>,
    /// Those in files.
    pub(crate) in_files: Vec<FileCertificate>,
    /// The routes in the order they are tried, one to a line.
    pub(crate) routes: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    /// The supervisor process does not do it, and says why.
    #[error("{0}")]
    Refused(String),
    /// It was still at it when nobody wanted to wait any longer.
    #[error("the supervisor process has not answered yet")]
    Late,
}

impl House {
    /// By this line, and by whoever answers looks.
    pub(crate) fn new(line: MessageSender<ToParent>, looks: mpsc::Sender<Look>) -> Self {
        Self { line, looks }
    }

    /// What the supervisor process says.
    pub(super) async fn ask(&self, order: ServiceRequest) -> Result<ServiceResponse, Unanswered> {
        self.order(order, PATIENCE).await
    }

    /// Has the supervisor process do something. It goes on with what takes longer than `patience`.
    pub(super) async fn order(
        &self,
        order: ServiceRequest,
        patience: Duration,
    ) -> Result<ServiceResponse, Unanswered> {
        let order = control_requests::ControlRequest::Services(order);
        let message = |id| ToParent::Request { id, order };
        match tokio::time::timeout(patience, self.line.ask(message, Vec::new())).await {
            Ok(Reply::Error(reason)) => Err(Unanswered::Refused(reason)),
            Ok(Reply::Ok(control_requests::ControlResponse::Services(outcome))) => Ok(outcome),
            // Or its supervisor process is of another version, and is being replaced.
            Err(_) | Ok(Reply::Ok(_)) => Err(Unanswered::Late),
        }
    }

    /// The front door; nothing while the worker begins or ends.
    pub(super) async fn door(&self) -> Option<Door> {
        let (answer, seen) = oneshot::channel();
        let look = async {
            self.looks.send(answer).await.ok()?;
            seen.await.ok()
        };
        tokio::time::timeout(PATIENCE, look).await.ok().flatten()
    }
}
