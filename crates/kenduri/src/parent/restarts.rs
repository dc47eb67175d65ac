//! The restarts that `cron_restart` plans. During a freeze they wait until it is over.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::process::{Freeze, ParentProcess};

/// The time between two looks whether the freeze is over. Hosts may end it early.
const PAUSE: Duration = Duration::from_mins(1);

impl ParentProcess {
    /// Replaces the instances of each service whose planned restart is due, once no event is near.
    /// As long as no worker tells whether one is, the restarts wait too.
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
                () = sleep(PAUSE), if is_any => None,
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
            tracing::warn!(%service, "a planned restart failed: {error:#}");
        }
    }
}
