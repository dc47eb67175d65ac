//! The state that the supervisor process passes to the next program at an upgrade by `exec`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use configuration::folders::Folders;
use configuration::{Asked, Configuration};
use operate::messages::ServeMode;
use serde::{Deserialize, Serialize};
use supervisor::state::RunId;

use super::process::ParentProcess;
use super::signals::Signal;
use crate::demo::Temporary;
use crate::domains::DOMAINS;

/// The state for the next program. Fields may be added but never removed, because an older version
/// may have written the note.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct HandoverNote {
    pub(super) asked: Asked,
    pub(super) start: ServeMode,
    pub(super) temporary: Option<PathBuf>,
    pub(super) workers: Vec<RunId>,
    pub(super) serving: Option<RunId>,
    /// The last id of a request to a worker.
    #[serde(default)]
    pub(super) last_order: u64,
    /// The services whose planned restart waits for the end of a freeze.
    #[serde(default)]
    pub(super) postponed_restarts: BTreeSet<Arc<str>>,
    /// Signals that were received but not handled yet.
    #[serde(default)]
    pub(super) signals: Vec<Signal>,
}

impl HandoverNote {
    /// Collects the state. The parts about workers are collected again later, because they can
    /// change until the `exec`.
    pub(super) async fn of(parent: &ParentProcess, temporary: Option<&Temporary>) -> Self {
        let settings = parent.settings.lock().await;
        Self {
            asked: settings.asked(),
            start: settings.start,
            temporary: temporary.map(|folder| folder.path().to_owned()),
            workers: Vec::new(),
            serving: parent.workers.serving(),
            last_order: 0,
            postponed_restarts: parent.postponed_restarts.lock().clone(),
            signals: Vec::new(),
        }
    }
}

/// Parses the previous program's state, and checks its configuration.
pub(super) fn understand(note: &[u8]) -> Result<(HandoverNote, Configuration)> {
    let note: HandoverNote = serde_json::from_slice(note)
        .context("this program is older than the one that runs; put a newer one in its place")?;
    let configuration = configuration::load(DOMAINS, &note.asked)?;
    let folders = Folders::of_supervisor(&configuration.settings.data)?;
    if folders != configuration.folders {
        bail!(
            "the new program keeps sockets and records in {}, and the running one in {}: run `kenduri \
             install` again with the same flags (this restarts Kenduri); without systemd, stop \
             Kenduri and start it",
            folders.run.display(),
            configuration.folders.run.display()
        );
    }
    Ok((note, configuration))
}
