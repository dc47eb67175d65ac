//! Describes the services that the supervisor process runs, which are those in the settings and
//! Kenduri's own worker.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use configuration::Configuration;
use operate::messages::DRAIN_TIME;
use supervisor::{Channel, OWN_SERVICE, OwnService, Plan, SupervisorOptions};
use tokio::sync::mpsc;

use super::program_file::ProgramFile;

const WORKER_SUBCOMMAND: &str = "work";
/// As long as systemd waits for a service. At an upgrade, the old worker goes on meanwhile. A worker
/// that migrates the store requests more time.
const START_WITHIN: Duration = Duration::from_secs(90);
/// After the drain times of requests and tunnels.
const STOP_GRACE: Duration = Duration::from_secs(5);
/// The shortest and the longest.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// The receiving ends of the channels from the supervisor.
pub(super) struct FromSupervisor {
    /// The channels to new workers.
    pub(super) channels: mpsc::UnboundedReceiver<Channel>,
    /// The names of services whose `cron_restart` is due.
    pub(super) due_restarts: mpsc::UnboundedReceiver<Arc<str>>,
}

/// Returns the supervisor's options, and the receiving ends of the channels on which the supervisor
/// sends.
pub(super) fn means(configuration: &Configuration) -> (SupervisorOptions, FromSupervisor) {
    let folders = &configuration.folders;
    let (channels, opened) = mpsc::unbounded_channel();
    let (due_restarts, due) = mpsc::unbounded_channel();
    let means = SupervisorOptions {
        run: folders.run.clone(),
        logs: folders.logs.clone(),
        line_hook: super::journal::line_hook(),
        channels: Some(channels),
        due_restarts: Some(due_restarts),
        memory: configuration.settings.service_memory,
        ..SupervisorOptions::in_folder(&folders.run)
    };
    let from_supervisor = FromSupervisor {
        channels: opened,
        due_restarts: due,
    };
    (means, from_supervisor)
}

/// Returns the plan of all configured services and the worker.
pub(super) fn plan(configuration: &Configuration, program: &ProgramFile) -> Result<Plan> {
    let listen = &configuration.settings.listen;
    let data = &configuration.settings.data;
    let owner = configuration.folders.worker(data);
    let owner = owner.with_context(|| {
        format!(
            "cannot read {}\n  `data` or --data names it; the user that runs Kenduri must be able to",
            data.display()
        )
    })?;
    let drain_time = listen.drain_time.max(listen.tunnel_time).max(DRAIN_TIME);
    let worker = OwnService {
        user: owner,
        start_within: START_WITHIN,
        stop_within: drain_time + STOP_GRACE,
        backoff: BACKOFF,
        ..OwnService::new(vec![
            program.word()?.to_owned(),
            WORKER_SUBCOMMAND.to_owned(),
        ])
    };
    Ok(configuration.services.clone().with(worker))
}

/// Warns the operator if requests are served as root.
pub(super) fn warn_of_root(plan: &Plan) {
    let own = plan.services().get(OWN_SERVICE);
    if rustix::process::geteuid().is_root() && own.is_some_and(|own| own.user.is_none()) {
        tracing::warn!(
            "the worker runs as root, because the data folder belongs to root; \
             `kenduri install` gives it an account of its own"
        );
    }
}
