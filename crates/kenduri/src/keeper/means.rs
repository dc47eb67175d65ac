//! What the supervisor is handed: services as they are described, and the worker
//! among them.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use supervisor::state::{Policy, RestartWhen, Roll};
use supervisor::{Channel, Means, Plan};
use tokio::sync::mpsc;

use super::notify;
use super::program::Program;
use crate::configuration::services::{LOGS, RUN};
use crate::configuration::{Asked, Configuration, Settings};
use crate::worker::DRAIN_TIME;

/// What the worker is called among the services.
pub(crate) const WORKER: &str = "kenduri";
/// The hidden word that makes a worker of the program.
const WORD: &str = "work";
/// A worker must serve so soon, migrations included.
const START_WITHIN: Duration = Duration::from_secs(30);
/// What a worker that stops gets beside what requests and tunnels get.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// The wait after the second failure in a row, and the longest one.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// What glibc's allocator reads when a process begins (mallopt(3), `M_ARENA_MAX`).
/// By itself it gives each thread a heap of its own, and what one of them gave back no
/// other uses: on a small machine that is a tenth of what a worker takes.
const ARENAS: (&str, &str) = ("MALLOC_ARENA_MAX", "1");
/// What concerns the keeper alone: who started it, and what was handed to it.
const KEPT: [&str; 4] = [notify::VARIABLE, "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"];

/// Means in the data folder, and where the channels of new workers come from.
pub(super) fn means(settings: &Settings) -> (Means, mpsc::UnboundedReceiver<Channel>) {
    let (channels, opened) = mpsc::unbounded_channel();
    let means = Means {
        run: settings.data.join(RUN),
        logs: settings.data.join(LOGS),
        channels: Some(channels),
        ..Means::in_folder(&settings.data)
    };
    (means, opened)
}

/// The services as they are described, and the worker.
pub(super) fn plan(
    configuration: &Configuration,
    asked: &Asked,
    program: &Program,
) -> Result<Plan> {
    let listen = &configuration.settings.listen;
    let drain_time = listen.drain_time.max(listen.tunnel_time).max(DRAIN_TIME);
    let mut environment: BTreeMap<String, String> = asked.environment.iter().cloned().collect();
    environment.retain(|name, _| !KEPT.contains(&name.as_str()));
    environment.entry(ARENAS.0.to_owned()).or_insert_with(|| ARENAS.1.to_owned());
    let worker = supervisor::Settings::program(
        WORKER,
        vec![program.word()?.to_owned(), WORD.to_owned()],
        environment,
        Policy {
            instances: 1,
            spare: 0,
            start_within: START_WITHIN,
            stop_within: drain_time + LAST_WORDS,
            drain_within: Duration::ZERO,
            fall: 1,
            rise: 1,
            when: RestartWhen::Always,
            backoff: BACKOFF,
            give_up: None,
            memory: supervisor::state::MemoryAction::Roll,
            roll: Roll::OneAtATime,
        },
    );
    Ok(configuration.services.clone().with(worker))
}
