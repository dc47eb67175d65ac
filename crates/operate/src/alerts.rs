//! Notifies owners and a webhook once when a problem begins, and once when it is over.
//!
//! The store has a row for each active alert ([`alert`]). A restart therefore does not repeat a
//! notification. The module [`conditions`] decides what is a problem.

pub mod alert;
pub mod conditions;
mod service_alarm;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use backup::Agent;
use jiff::{SignedDuration, Timestamp};
use platform::jobs::{Done, Handler, JobError};
use platform::machines::Membership;
use platform::{StoreError, Tx, jobs, mail};

use crate::machine::Machine;
use crate::server_status::ServerStatus;

pub use alert::{Outlet, Report};
pub use service_alarm::ServiceAlarm;

/// Until the leader looks for jobs again.
const LEADER_PAUSE: SignedDuration = SignedDuration::from_secs(1);
/// For counting failed jobs and failed mails.
const PERIOD: SignedDuration = SignedDuration::from_hours(24);

pub struct Watch {
    pub outlet: Outlet,
    pub machine: Machine,
    pub membership: Membership,
    pub server: ServerStatus,
    pub backup: Option<Arc<Agent>>,
    /// The time between two snapshots of the backup.
    pub every: SignedDuration,
    /// When this process started.
    pub started: Timestamp,
}

impl Watch {
    /// Returns reports on the machine, the certificates and the backup. Leaves out those whose
    /// state is not known.
    pub async fn look(&self) -> Vec<Report> {
        let (machine, edge) = tokio::join!(self.machine.status(), self.server.edge_status());
        let (limits, now) = (&self.outlet.settings.limits, self.outlet.site.clock.now());
        let mut reports = conditions::machine(&machine, limits);
        if let Some(edge) = edge {
            reports.extend(conditions::certificates(&edge, now));
        }
        if let Some(agent) = &self.backup {
            let times = conditions::BackupTimes {
                now,
                started: self.started,
                every: self.every,
            };
            reports.extend(conditions::backup(&agent.status(), times, limits));
        }
        reports
    }
}

/// Returns the handler of the job that checks all conditions once a minute. Of several machines,
/// the leader runs it, and the others leave it to the leader: the reports on another machine would
/// end the alerts about the leader's.
pub fn job(watch: Watch) -> Handler {
    let watch = Arc::new(watch);
    Handler::each_minute("alerts.look", move |_| {
        let watch = Arc::clone(&watch);
        async move {
            let Some(lead) = watch.membership.lead() else {
                return Err(JobError::later(LEADER_PAUSE, "the leader runs this job"));
            };
            let (reports, outlet) = (watch.look().await, watch.outlet.clone());
            let membership = watch.membership.clone();
            let settle = move |tx: &mut Tx<'_>| -> Result<(), JobError> {
                lead.check(tx)?;
                if !membership.is_alone() {
                    let clocks = conditions::clocks(&membership.list(tx)?);
                    alert::settle(tx, &outlet, &clocks)?;
                }
                let failures = failures(tx)?;
                let of_store = conditions::failures(&failures, &outlet.settings.limits);
                for report in reports.iter().chain(&of_store) {
                    alert::settle(tx, &outlet, report)?;
                }
                Ok(())
            };
            Ok(Done::with(settle))
        }
    })
}

/// The jobs and mails that failed in the last day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures {
    /// The number of failed jobs of each kind.
    pub jobs: Vec<(String, u64)>,
    pub mails: u64,
}

pub fn failures(tx: &mut Tx<'_>) -> Result<Failures, StoreError> {
    let since = tx.now() - PERIOD;
    Ok(Failures {
        jobs: jobs::failed_since(tx, since)?,
        mails: mail::failed_since(tx, since)?,
    })
}
