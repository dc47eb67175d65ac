//! What the supervisor is handed: services as they are described, and the worker
//! among them.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use supervisor::{Channel, Means, Own, Plan, User};
use tokio::sync::mpsc;

use super::program::Program;
use crate::configuration::services::{LOGS, RUN};
use crate::configuration::{Configuration, Settings};
use crate::worker::DRAIN_TIME;

/// The hidden word that makes a worker of the program.
const WORD: &str = "work";
/// A worker must serve so soon, unless it says that migrations take longer.
const START_WITHIN: Duration = Duration::from_secs(30);
/// What a worker that stops gets beside what requests and tunnels get.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// The wait after the second failure in a row, and the longest one.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Means in the data folder, and where the channels of new workers come from.
pub(super) fn means(settings: &Settings) -> (Means, mpsc::UnboundedReceiver<Channel>) {
    let (channels, opened) = mpsc::unbounded_channel();
    // Services are told paths in here, and each looks from a folder of its own.
    let data = std::path::absolute(&settings.data).unwrap_or_else(|_| settings.data.clone());
    let means = Means {
        run: data.join(RUN),
        logs: data.join(LOGS),
        echo: super::journal::echo(),
        channels: Some(channels),
        ..Means::in_folder(&data)
    };
    (means, opened)
}

/// The services as they are described, and the worker.
pub(super) fn plan(configuration: &Configuration, program: &Program) -> Result<Plan> {
    let listen = &configuration.settings.listen;
    let drain_time = listen.drain_time.max(listen.tunnel_time).max(DRAIN_TIME);
    let worker = Own {
        user: owner(&configuration.settings.data)?,
        start_within: START_WITHIN,
        stop_within: drain_time + LAST_WORDS,
        backoff: BACKOFF,
        ..Own::new(vec![program.word()?.to_owned(), WORD.to_owned()])
    };
    Ok(configuration.services.clone().with(worker))
}

/// Whoever the data belongs to, if the keeper may become anybody: the worker needs no
/// more than that. Nobody: it is who the keeper is.
fn owner(data: &Path) -> Result<Option<User>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let found = std::fs::metadata(data);
    let found = found.with_context(|| format!("cannot look at {}", data.display()))?;
    Ok((found.uid() != 0).then(|| User {
        name: found.uid().to_string(),
        user: found.uid(),
        group: found.gid(),
        home: None,
    }))
}
