//! The running supervisor process.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{self, Arc, MutexGuard, PoisonError};

use operate::messages::{RequestIds, ServeMode};
use supervisor::state::InstanceState;
use supervisor::{Control, InstanceStatus, Supervisor};
use tokio::net::UnixStream;
use tokio::sync::{Mutex, OwnedMutexGuard, mpsc};

use super::active_settings::Settings;
use super::command_gate::{ClosedGate, CommandGate};
use super::program_file::ProgramFile;
use super::signals::Signals;
use super::workers::Workers;
use crate::control;
use crate::demo::Temporary;
use crate::log;
use crate::sd_notify::SdNotify;

/// The running supervisor process. It includes everything that an upgrade passes to the next
/// program.
pub(super) struct Running {
    pub(super) supervisor: Supervisor,
    pub(super) parent: Arc<ParentProcess>,
    pub(super) control: control::Control,
    pub(super) signals: Signals,
    pub(super) manager: SdNotify,
    pub(super) renewals: mpsc::Receiver<UpgradeRequest>,
    pub(super) start: ServeMode,
    pub(super) temporary: Option<Temporary>,
    pub(super) lines: log::Lines,
}

/// The parts of the running supervisor process that the request handlers need.
pub(crate) struct ParentProcess {
    pub(super) control: Control,
    pub(super) workers: Workers,
    pub(super) program: ProgramFile,
    pub(super) settings: Mutex<Settings>,
    /// Every change of the active settings must hold this lock. Starting a worker does not need it.
    pub(super) changes: Arc<Mutex<()>>,
    /// Admits control requests. Closed just before an upgrade by `exec`.
    pub(crate) gate: CommandGate,
    pub(super) numbers: RequestIds,
    /// The services whose planned restart waits for the end of a freeze.
    pub(super) postponed_restarts: PostponedRestarts,
    /// Whether Kenduri is stopping.
    pub(super) is_stopping: AtomicBool,
    /// The channel for requests to upgrade.
    pub(super) renewals: mpsc::Sender<UpgradeRequest>,
}

/// The services whose planned restart waits for the end of a freeze.
#[derive(Default)]
pub(super) struct PostponedRestarts(sync::Mutex<BTreeSet<Arc<str>>>);

impl PostponedRestarts {
    pub(super) fn lock(&self) -> MutexGuard<'_, BTreeSet<Arc<str>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Proof that the caller holds the lock for changing the active settings.
pub(super) type ChangeLock = OwnedMutexGuard<()>;

pub(super) struct UpgradeRequest {
    /// The client that waits for the result.
    pub(super) client: UnixStream,
    /// Prevents changes and new requests until the upgrade ends.
    pub(super) _held: (ChangeLock, ClosedGate),
}

/// True if somebody stopped the service on request, false if it failed or still runs.
pub(super) fn is_stopped(rows: &[InstanceStatus], service: &str) -> bool {
    let of_it = rows.iter().filter(|row| &*row.service == service);
    let mut states = of_it.map(|row| row.state).peekable();
    let rests = |state| matches!(state, InstanceState::Stopping | InstanceState::Stopped);
    states.peek().is_some() && states.all(rests)
}
