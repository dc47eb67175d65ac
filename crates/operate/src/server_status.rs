//! Requests the data of the operator's pages from the supervisor process and from the edge.
//!
//! The request goes over the worker's own channel, and the supervisor process answers it as it
//! answers the control socket. Nothing is cached, so nothing can be stale.

use std::time::Duration;

use edge::acme::CertificateStatus;
use edge::{Edge, FileCertificate, Plan};
use tokio::sync::{mpsc, oneshot};

use crate::control_requests::Reply;
use crate::control_requests::services::{ServiceRequest, ServiceResponse};
use crate::control_requests::{self};
use crate::messages::{MessageSender, ToParent};

/// The supervisor process and the edge reply at once, unless they are about to stop.
const PATIENCE: Duration = Duration::from_secs(3);

/// Requests the state of the supervisor process and the state of the edge. Cloning is cheap.
#[derive(Clone)]
pub struct ServerStatus {
    sender: MessageSender<ToParent>,
    requests: mpsc::Sender<StatusRequest>,
}

pub type StatusRequest = oneshot::Sender<EdgeStatus>;

#[derive(Debug, Clone)]
pub struct EdgeStatus {
    /// The certificates that Kenduri orders for the names of the configuration.
    pub ordered: Vec<CertificateStatus>,
    /// The certificates that Kenduri orders for occasions' own host names. Their failures do not
    /// alarm the operator, because only the hosts of an occasion can fix them.
    pub of_occasions: Vec<CertificateStatus>,
    pub in_files: Vec<FileCertificate>,
    /// The edge's routes as text, one per line. The edge tries them in this order.
    pub routes: String,
}

impl EdgeStatus {
    pub fn of(edge: &Edge) -> Self {
        let certificates = edge.certificates();
        Self::new(&edge.plan(), &certificates, edge.file_certificates())
    }

    /// `ordered` contains all certificates that Kenduri orders.
    fn new(plan: &Plan, ordered: &[CertificateStatus], in_files: Vec<FileCertificate>) -> Self {
        let is_configured = |name: &String| {
            let authority = plan.authority();
            authority.is_some_and(|authority| authority.names.contains(name))
        };
        let ordered = ordered.iter().cloned();
        let (ordered, of_occasions) = ordered.partition(|one| is_configured(&one.name));
        Self {
            ordered,
            of_occasions,
            in_files,
            routes: plan.table(),
        }
    }
}

/// Why a request to the supervisor process has no result.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The supervisor process refused, for this reason.
    #[error("{0}")]
    Refused(String),
    /// No reply arrived in time.
    #[error(
        "the supervisor process has not answered yet; load the page again in a minute; if it stays so, restart Kenduri"
    )]
    Late,
}

impl ServerStatus {
    /// `sender` is the channel to the supervisor process. `requests` is the channel to the worker's
    /// message loop.
    pub fn new(sender: MessageSender<ToParent>, requests: mpsc::Sender<StatusRequest>) -> Self {
        Self { sender, requests }
    }

    /// Requests a state from the supervisor process.
    pub async fn ask(&self, order: ServiceRequest) -> Result<ServiceResponse, RequestError> {
        self.order(order, PATIENCE).await
    }

    /// Requests an action from the supervisor process. The action continues even if no reply
    /// arrives within `patience`.
    pub async fn order(
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
    pub async fn edge_status(&self) -> Option<EdgeStatus> {
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
pub fn service_address(service: &str) -> String {
    format!("/admin/server/services/{service}")
}

#[cfg(test)]
mod tests {
    use configuration::{Asked, load};
    use edge::acme::Failures;
    use jiff::Timestamp;

    use super::*;
    use crate::alerts::conditions;

    #[test]
    fn only_names_of_the_configuration_alarm_the_operator() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("kenduri.toml");
        let text = "
            [site]
            url = \"https://kad.example\"
            [listen]
            http = [\"127.0.0.1:8080\"]
            https = [\"127.0.0.1:8443\"]
            [[route]]
            to = \"app\"
            [[route]]
            host = \"shop.example\"
            to = \"app\"
            [tls.acme]
            email = \"owner@kad.example\"
        ";
        std::fs::write(&file, text).unwrap();
        let asked = Asked {
            file: Some(file),
            ..Asked::default()
        };
        let plan = load(&[], &asked).unwrap().plan;
        let now = Timestamp::UNIX_EPOCH;
        let fails = |name: &str| CertificateStatus {
            name: name.to_owned(),
            valid_from: None,
            valid_until: None,
            next: None,
            failures: Some(Failures {
                count: 3,
                last: now,
                why: "CAA".to_owned(),
                asked_to_wait: 0,
            }),
            refused: None,
        };
        let all = ["kad.example", "our-day.example", "shop.example"].map(fails);
        let status = EdgeStatus::new(&plan, &all, Vec::new());
        let reports = conditions::certificates(&status, now);
        let found = reports.iter().flat_map(|report| &report.findings);
        let names: Vec<_> = found.map(|finding| finding.about.as_str()).collect();
        assert_eq!(names, ["kad.example", "shop.example"]);
        assert_eq!(status.of_occasions.len(), 1);
    }
}
