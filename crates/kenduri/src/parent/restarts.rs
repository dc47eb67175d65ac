//! Replaces services on request and at the times in `cron_restart`. A planned restart that is due
//! during a freeze waits until the freeze is over.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use jiff::Timestamp;
use operate::control_requests::{ControlRequest, ControlResponse, Reply};
use operate::messages::ToWorker;
use supervisor::OWN_SERVICE;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::process::{ParentProcess, is_stopped};

/// Waiting for the planned end of a freeze is not enough, because hosts may end it early.
const FREEZE_CHECK_INTERVAL: Duration = Duration::from_mins(1);

/// The time is short, so that a worker that hangs can still be replaced.
const FREEZE_TIME: Duration = Duration::from_secs(5);

struct Freeze {
    /// The end of the current freeze; `None` if there is no freeze.
    until: Option<Timestamp>,
}

impl ParentProcess {
    /// Fails if an event is near, unless `force` is set. Without a worker, this check never fails,
    /// because only the worker knows whether an event is near. Automatic restarts skip this check.
    pub(super) async fn check_freeze(&self, force: bool) -> Result<()> {
        if force {
            return Ok(());
        }
        match self.freeze().await {
            Some(Freeze { until: Some(until) }) => bail!(
                "nothing is restarted or upgraded until {until}, because of an event\n  \
                 --force does it anyway"
            ),
            _ => Ok(()),
        }
    }

    /// `None` if no worker answers.
    async fn freeze(&self) -> Option<Freeze> {
        self.workers.serving()?;
        let message = |id| ToWorker::Request {
            id,
            order: ControlRequest::Freeze,
        };
        match timeout(FREEZE_TIME, self.workers.ask(message)).await {
            Ok(Reply::Ok(ControlResponse::Frozen { until })) => Some(Freeze { until }),
            _ => None,
        }
    }

    pub(super) async fn reload(&self, service: &str) -> Result<String> {
        if service == OWN_SERVICE {
            return self.replace_worker().await;
        }
        self.control.reload(service).await?;
        Ok(if is_stopped(&self.control.ps().await?, service) {
            format!("{service} is stopped; its settings are used at its next start.")
        } else {
            format!("{service} was replaced; requests went on.")
        })
    }

    /// The next worker takes the settings that wait for a restart.
    async fn replace_worker(&self) -> Result<String> {
        let _alone = self.alone().await?;
        let renewed = self.settings.lock().await.renew();
        let replaced = self.workers.replace(self.control.reload(OWN_SERVICE)).await;
        let mut done = format!("{OWN_SERVICE} was replaced; requests went on.");
        match (renewed, &replaced) {
            (Ok(former), Err(_)) => self.settings.lock().await.put_back(former),
            // A worker that hangs is replaced all the same.
            (Err(error), Ok(())) => {
                let _ = write!(
                    done,
                    "\nSettings that wait for a restart still wait: {error:#}"
                );
            }
            (Ok(_), Ok(())) | (Err(_), Err(_)) => {}
        }
        replaced?;
        Ok(done)
    }

    /// Replaces the instances of each service whose planned restart is due, as soon as no event is
    /// near. If no worker reports whether an event is near, the restarts wait.
    pub(super) async fn restart_when_due(
        self: Arc<Self>,
        mut due: mpsc::UnboundedReceiver<Arc<str>>,
    ) {
        loop {
            let is_any = !self.postponed_restarts.lock().is_empty();
            let service = tokio::select! {
                service = due.recv() => match service {
                    Some(service) => Some(service),
                    None => return,
                },
                () = sleep(FREEZE_CHECK_INTERVAL), if is_any => None,
            };
            self.postponed_restarts.lock().extend(service.clone());
            match self.freeze().await {
                Some(Freeze { until: None }) => {
                    let services = std::mem::take(&mut *self.postponed_restarts.lock());
                    for service in services {
                        tokio::spawn(Arc::clone(&self).restart_as_planned(service));
                    }
                }
                Some(Freeze { until: Some(until) }) => {
                    if let Some(service) = service {
                        tracing::info!(%service, %until, "a planned restart waits for an event");
                    }
                }
                None => {}
            }
        }
    }

    async fn restart_as_planned(self: Arc<Self>, service: Arc<str>) {
        // The service may have been removed, or the supervisor may be stopping.
        if let Err(error) = self.reload(&service).await {
            tracing::warn!(%service, "a planned restart failed; try again with `kenduri reload {service}`: {error:#}");
        }
    }
}
