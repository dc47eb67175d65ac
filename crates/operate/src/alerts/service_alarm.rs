//! Alerts people to a service that failed too often and is no longer restarted.

use std::time::Duration;

use platform::{StoreError, Tx};
use supervisor::{OWN_SERVICE, ReadyInstances};
use tokio::sync::watch;

use super::alert::{self, Finding, Kind, Level, Outlet, Report};

const RETRY_PAUSE: Duration = Duration::from_secs(30);

/// Begins and ends alerts when the supervisor reports a change of its services.
pub struct ServiceAlarm {
    heard: watch::Sender<Option<Report>>,
}

impl ServiceAlarm {
    /// Starts the task that writes to the store. The task ends when the returned value is dropped.
    /// Must be called within a runtime.
    pub fn start(outlet: Outlet) -> Self {
        let (heard, told) = watch::channel(None);
        tokio::spawn(store_reports(outlet, told));
        Self { heard }
    }

    pub fn hear(&self, fleet: &ReadyInstances) {
        let report = Some(report(fleet));
        self.heard.send_if_modified(|before| {
            let is_new = *before != report;
            *before = report;
            is_new
        });
    }
}

/// Only one task does this, so that an older report never overwrites a newer one.
async fn store_reports(outlet: Outlet, mut told: watch::Receiver<Option<Report>>) {
    while told.changed().await.is_ok() {
        let Some(report) = told.borrow_and_update().clone() else {
            continue;
        };
        while let Err(error) = settle(&outlet, &report).await {
            tracing::warn!(%error, "cannot report yet that a service was given up; it is tried again; if this goes on, check the store's disk or database server");
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }
}

pub(super) async fn settle(outlet: &Outlet, report: &Report) -> Result<(), StoreError> {
    let (here, report) = (outlet.clone(), report.clone());
    let settle = move |tx: &mut Tx<'_>| alert::settle(tx, &here, &report);
    outlet.site.store.write(settle).await
}

pub(super) fn report(fleet: &ReadyInstances) -> Report {
    let services = fleet.iter().filter(|(name, _)| ***name != *OWN_SERVICE);
    let findings = services.filter_map(|(name, crew)| {
        let (level, details) = match &crew.given_up {
            Some(given_up) => (Level::Wrong, vec![given_up.reason.clone()]),
            // A service that is starting may fail again.
            None if crew.ready.is_empty() => (Level::Between, Vec::new()),
            None => return None,
        };
        Some(Finding {
            about: name.to_string(),
            level,
            details,
            since: crew.given_up.as_ref().map(|given_up| given_up.since),
        })
    });
    Report {
        kind: Kind::Service,
        findings: findings.collect(),
    }
}
