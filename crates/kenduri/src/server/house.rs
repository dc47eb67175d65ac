//! Whom the pages ask: the keeper, and the front door.

use std::sync::Arc;
use std::time::Duration;

use edge::FileCertificate;
use edge::acme::Standing;
use tokio::sync::{mpsc, oneshot};

use crate::control::Reply;
use crate::orders::neighbours::{Order, Outcome};
use crate::orders::{self};
use crate::words::{Line, ToKeeper};

/// How long a page waits for what it shows. Both answer at once, or are about to go.
const PATIENCE: Duration = Duration::from_secs(3);

/// The way to the keeper and to the front door. Cheap to clone.
#[derive(Clone)]
pub(crate) struct House {
    line: Line<ToKeeper>,
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
    /// The keeper does not do it, and says why.
    #[error("{0}")]
    Refused(String),
    /// It was still at it when nobody wanted to wait any longer.
    #[error("the keeper has not answered yet")]
    Late,
}

impl House {
    /// By this line, and by whoever answers looks.
    pub(crate) fn new(line: Line<ToKeeper>, looks: mpsc::Sender<Look>) -> Self {
        Self { line, looks }
    }

    /// What the keeper says.
    pub(super) async fn ask(&self, order: Order) -> Result<Outcome, Unanswered> {
        self.order(order, PATIENCE).await
    }

    /// Has the keeper do something. It goes on with what takes longer than `patience`.
    pub(super) async fn order(
        &self,
        order: Order,
        patience: Duration,
    ) -> Result<Outcome, Unanswered> {
        let order = orders::Order::Neighbours(order);
        let message = |id| ToKeeper::Order { id, order };
        match tokio::time::timeout(patience, self.line.ask(message, Vec::new())).await {
            Ok(Reply::Error(reason)) => Err(Unanswered::Refused(reason)),
            Ok(Reply::Ok(orders::Outcome::Neighbours(outcome))) => Ok(outcome),
            // Or its keeper is of another version, and is being replaced.
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
