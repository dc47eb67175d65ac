//! Certificates from an authority (RFC 8555): ordered, proven, kept, and replaced in time.
//!
//! [`Prepared::start`] begins one task. It delivers into [`Issued`], which the TLS side
//! reads at every handshake, and shows its proofs in [`Challenges`], which the edge
//! asks. Every name gets a certificate of its own, so that one that fails keeps
//! nobody else from theirs. Self-signed certificates are not made here.

mod account;
mod certificate;
mod challenges;
mod client;
mod issued;
mod order;
mod proof;
mod schedule;
mod settings;
mod storage;
mod task;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use challenges::{ACME_TLS, Challenges};
pub use issued::Issued;
pub use schedule::{Action, Failures, Next};
pub use settings::{ExternalAccount, Settings, SettingsError, Unorderable, can_be_ordered};
pub use storage::StorageError;

pub(crate) use schedule::{Life, later};

use client::Client;
use storage::Storage;
use task::Task;

/// The source of the present instant.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The addresses of a host, with a port.
pub type LookUp = Arc<
    dyn Fn(String, u16) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>
        + Send
        + Sync,
>;

/// What the world decides.
#[derive(Clone)]
pub struct World {
    /// What time it is.
    pub clock: Clock,
    /// Where hosts are.
    pub look_up: LookUp,
}

impl World {
    /// With the system's resolver.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            look_up: Arc::new(|host, port| {
                Box::pin(async move {
                    let found = tokio::net::lookup_host((host, port)).await?;
                    Ok(found.collect())
                })
            }),
        }
    }
}

impl fmt::Debug for World {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("World")
    }
}

/// Why no certificates can be got at all.
#[derive(Debug, Error)]
pub enum AcmeError {
    /// The folder for them cannot be used.
    #[error("certificates cannot be kept: {0}\n  let the edge own its data folder")]
    Storage(#[from] StorageError),
    /// The TLS library does not take the extra root.
    #[error("the authority cannot be talked to: {0}\n  look at tls.acme.ca")]
    Tls(#[from] rustls::Error),
}

/// What all parts of an order need.
struct Shared {
    settings: Settings,
    world: World,
    storage: Storage,
    client: Client,
    challenges: Arc<Challenges>,
    issued: Arc<Issued>,
}

/// How it stands with one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Which.
    pub name: String,
    /// The beginning of its certificate, if there is one.
    pub valid_from: Option<Timestamp>,
    /// The end of its certificate, if there is one.
    pub valid_until: Option<Timestamp>,
    /// What is done next; none if it cannot be ordered.
    pub next: Option<Next>,
    /// What went wrong since the last certificate came.
    pub failures: Option<Failures>,
    /// Why it is not ordered at all.
    pub refused: Option<Unorderable>,
}

impl Standing {
    /// From when until when its certificate is good, if there is one.
    pub(crate) fn life(&self) -> Option<Life> {
        Some(Life {
            from: self.valid_from?,
            until: self.valid_until?,
        })
    }
}

/// All that can go wrong before the task begins has gone well.
pub struct Prepared(Shared);

/// The running task, as the edge holds it.
#[derive(Debug)]
pub struct Acme {
    challenges: Arc<Challenges>,
    issued: Arc<Issued>,
    wanted: watch::Sender<BTreeSet<String>>,
    report: watch::Receiver<Arc<[Standing]>>,
    task: JoinHandle<()>,
}

impl Prepared {
    /// Makes the folder for certificates and what speaks to the authority. Nothing is ordered yet.
    pub fn new(settings: Settings, world: World) -> Result<Self, AcmeError> {
        Ok(Self(Shared {
            storage: Storage::open(&settings.data, &settings.directory)?,
            client: Client::new(&settings.roots, world.clone())?,
            settings,
            world,
            challenges: Arc::default(),
            issued: Arc::default(),
        }))
    }

    /// Loads what there is, so that [`Issued`] is filled when this returns, and begins.
    ///
    /// The task ends when `stop` is cancelled, wherever it is; nothing is lost by that. It must
    /// be called within a tokio runtime that has time and network.
    pub fn start(self, names: BTreeSet<String>, stop: CancellationToken) -> Acme {
        let challenges = Arc::clone(&self.0.challenges);
        let issued = Arc::clone(&self.0.issued);
        let (report, standings) = watch::channel(Arc::from([]));
        let mut task = Task::new(self.0, report);
        task.take_on(&names);
        let (wanted, wishes) = watch::channel(names);
        Acme {
            challenges,
            issued,
            wanted,
            report: standings,
            task: tokio::spawn(task.run(wishes, stop)),
        }
    }
}

impl Acme {
    /// The proofs that the edge shows.
    pub fn challenges(&self) -> &Arc<Challenges> {
        &self.challenges
    }

    /// The certificates that the edge serves.
    pub fn issued(&self) -> &Arc<Issued> {
        &self.issued
    }

    /// From now on these names, and no others; also looks at once whether something is due.
    pub fn set_names(&self, names: BTreeSet<String>) {
        self.wanted.send_replace(names);
    }

    /// How it stands with each name, at this moment.
    pub fn report(&self) -> Arc<[Standing]> {
        Arc::clone(&self.report.borrow())
    }

    /// The same, to be waited on.
    pub fn watch(&self) -> watch::Receiver<Arc<[Standing]>> {
        self.report.clone()
    }

    /// Waits until the task has ended, after its `stop` was cancelled.
    pub async fn stopped(self) {
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the task for certificates broke down");
        }
    }
}
