//! Certificates from an ACME authority (RFC 8555).
//!
//! [`Prepared::start`] starts one task, which stores certificates in [`Issued`] and responses to
//! challenges in [`Challenges`]. Every name has its own certificate, so a failure for one name does
//! not affect others.

mod account;
mod book;
mod certificate;
mod challenges;
mod client;
mod issued;
mod order;
mod proof;
mod schedule;
mod settings;
mod shared_challenges;
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

pub use book::{BookError, BookFuture, CertificateBook, OrderPermit};
pub use challenges::{ACME_TLS, Challenges};
pub use issued::Issued;
pub use schedule::{Action, Failures, Next};
pub use settings::{ExternalAccount, Settings, Unorderable, can_be_ordered};
pub use storage::StorageError;

pub(crate) use schedule::{Life, later};

use client::Client;
use storage::Storage;
use task::Task;

pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Resolves a host name and adds the given port to each address.
pub type LookUp = Arc<
    dyn Fn(String, u16) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>
        + Send
        + Sync,
>;

#[derive(Clone)]
pub struct World {
    pub clock: Clock,
    pub look_up: LookUp,
    /// What other machines share; `None` if there are none.
    pub book: Option<Arc<dyn CertificateBook>>,
}

impl World {
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            look_up: Arc::new(|host, port| {
                Box::pin(async move {
                    let found = tokio::net::lookup_host((host, port)).await?;
                    Ok(found.collect())
                })
            }),
            book: None,
        }
    }
}

impl OrderContext {
    /// Gives a file of the authority's folder to the other machines, if they do not have it as it
    /// is here. Returns `false` if they cannot be told now. They get it then when this machine
    /// compares its files with theirs.
    async fn share(&self, file: &str) -> bool {
        let Some(book) = &self.world.book else {
            return true;
        };
        let folder = self.storage.name();
        let text = match self.storage.read(file) {
            Ok(Some(text)) => text,
            Ok(None) => return true,
            Err(error) => {
                tracing::error!(%error, "cannot read a file for the other machines, so they do not get it; it must belong to the user that runs Kenduri; restart Kenduri then");
                return true;
            }
        };
        if book.get(&folder, file).as_deref() == Some(&*text) {
            return true;
        }
        let put = book.put(&folder, file, &text).await;
        put.map_err(|error| {
            tracing::warn!(file, %error, "cannot give a file to the other machines yet; it is tried again when the store works");
        })
        .is_ok()
    }
}

impl fmt::Debug for World {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("World")
    }
}

#[derive(Debug, Error)]
pub enum AcmeError {
    #[error(
        "cannot store certificates: {0}\n  the data folder needs room, and must belong to the user that runs Kenduri"
    )]
    Storage(#[from] StorageError),
    /// rustls rejects the additional root certificate.
    #[error(
        "cannot trust the certificate in tls.acme.ca: {0}\n  \
         name the PEM file with the authority's root certificate, or leave tls.acme.ca out"
    )]
    Tls(#[from] rustls::Error),
}

struct OrderContext {
    settings: Settings,
    world: World,
    storage: Storage,
    client: Client,
    challenges: Arc<Challenges>,
    issued: Arc<Issued>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateStatus {
    pub name: String,
    /// `None` if there is no certificate.
    pub valid_from: Option<Timestamp>,
    /// `None` if there is no certificate.
    pub valid_until: Option<Timestamp>,
    /// `None` if no certificate can be ordered for the name.
    pub next: Option<Next>,
    /// The failures since the last success.
    pub failures: Option<Failures>,
    /// Why no certificate can be ordered for the name; `None` if one can be ordered.
    pub refused: Option<Unorderable>,
}

impl CertificateStatus {
    /// The certificate's validity period; `None` if there is no certificate.
    pub(crate) fn life(&self) -> Option<Life> {
        Some(Life {
            from: self.valid_from?,
            until: self.valid_until?,
        })
    }

    /// Whether the certificate should have been renewed by now. The rule is the same as for
    /// [`FileCertificate::is_overdue`](crate::FileCertificate::is_overdue).
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.life().is_some_and(|life| life.is_loud(now))
    }
}

pub struct Prepared(OrderContext);

#[derive(Debug)]
pub struct Acme {
    challenges: Arc<Challenges>,
    issued: Arc<Issued>,
    wanted: watch::Sender<BTreeSet<String>>,
    report: watch::Receiver<Arc<[CertificateStatus]>>,
    task: JoinHandle<()>,
}

impl Prepared {
    pub fn new(settings: Settings, world: World) -> Result<Self, AcmeError> {
        Ok(Self(OrderContext {
            storage: Storage::open(&settings.data, &settings.directory)?,
            client: Client::new(&settings.roots, world.clone())?,
            settings,
            world,
            challenges: Arc::default(),
            issued: Arc::default(),
        }))
    }

    /// Loads the stored certificates into [`Issued`] and starts the task. Must be called within a
    /// Tokio runtime with time and I/O enabled.
    ///
    /// The task ends when `stop` is cancelled, even in the middle of an order. The next start
    /// resumes the order.
    pub fn start(self, names: BTreeSet<String>, stop: CancellationToken) -> Acme {
        let challenges = Arc::clone(&self.0.challenges);
        let issued = Arc::clone(&self.0.issued);
        let (report, standings) = watch::channel(Arc::from([]));
        if let Some(book) = &self.0.world.book {
            let follow = shared_challenges::follow(
                Arc::clone(book),
                self.0.storage.name(),
                Arc::clone(&challenges),
            );
            let stop = stop.clone();
            tokio::spawn(async move { stop.run_until_cancelled(follow).await });
        }
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
    pub fn challenges(&self) -> &Arc<Challenges> {
        &self.challenges
    }

    pub fn issued(&self) -> &Arc<Issued> {
        &self.issued
    }

    pub fn set_names(&self, names: BTreeSet<String>) {
        self.wanted.send_replace(names);
    }

    pub fn report(&self) -> Arc<[CertificateStatus]> {
        Arc::clone(&self.report.borrow())
    }

    pub fn watch(&self) -> watch::Receiver<Arc<[CertificateStatus]>> {
        self.report.clone()
    }

    /// Waits until the task has ended. Cancel `stop` first.
    pub async fn stopped(self) {
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the task for certificates ended in a panic, and none was ordered or renewed since; restart Kenduri, and report what “the program panicked” in the log says");
        }
    }
}
