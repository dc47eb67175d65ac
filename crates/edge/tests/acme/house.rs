//! A test's authority, edge, clock, and a folder that outlives restarts.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use edge::Challenge;
use edge::acme::{Acme, CertificateBook, CertificateStatus, Prepared, Settings, World};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::authority::{Authority, Wishes};
use crate::door::Door;

/// The timeout for each wait.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct House {
    pub(crate) authority: Option<Authority>,
    pub(crate) door: Door,
    pub(crate) clock: Arc<Mutex<Timestamp>>,
    pub(crate) asked: edge::Acme,
    pub(crate) elsewhere: Arc<Mutex<HashMap<String, Vec<SocketAddr>>>>,
    pub(crate) stop: CancellationToken,
    pub(crate) book: Option<Arc<dyn CertificateBook>>,
    folder: TempDir,
}

impl House {
    /// Creates the environment with a running Pebble; `None` if it is not installed and the
    /// environment permits skipping these tests.
    pub(crate) async fn with_authority(challenge: Challenge, wishes: Wishes) -> Option<Self> {
        let mut house = Self::alone(challenge, String::new(), String::new()).await;
        let (http, https) = (house.door.http.port(), house.door.https.port());
        let authority = Authority::start(http, https, wishes)?;
        house.asked.directory = authority.directory();
        house.asked.ca = authority.root().display().to_string();
        house.authority = Some(authority);
        Some(house)
    }

    /// Creates the environment without an authority. The ACME client uses this directory URL.
    pub(crate) async fn alone(challenge: Challenge, directory: String, ca: String) -> Self {
        Self {
            authority: None,
            door: Door::open().await,
            clock: Arc::new(Mutex::new(now())),
            asked: edge::Acme {
                email: "owner@example.org".to_owned(),
                directory,
                challenge,
                eab: None,
                ca,
                force: false,
            },
            elsewhere: Arc::default(),
            stop: CancellationToken::new(),
            book: None,
            folder: TempDir::with_prefix("kenduri-acme-").unwrap(),
        }
    }

    pub(crate) fn start(&mut self, names: &[&str]) -> Acme {
        self.stop = CancellationToken::new();
        let folder = self.folder.path();
        let settings = Settings::check(&self.asked, folder, folder).unwrap();
        let world = self.world();
        let prepared = Prepared::new(settings, world).unwrap();
        let acme = prepared.start(set(names), self.stop.clone());
        self.door.show(&acme);
        acme
    }

    /// The ACME client's environment, in which every name except localhost resolves to the edge,
    /// unless the test chose another address.
    fn world(&self) -> World {
        let clock = Arc::clone(&self.clock);
        let elsewhere = Arc::clone(&self.elsewhere);
        let (http, https) = (self.door.http, self.door.https);
        World {
            clock: Arc::new(move || *clock.lock().unwrap()),
            look_up: Arc::new(move |host, port| {
                let found = elsewhere.lock().unwrap().get(&host).cloned();
                let addresses = found.unwrap_or_else(|| {
                    vec![match (host.as_str(), port) {
                        ("localhost", port) => ([127, 0, 0, 1], port).into(),
                        (_, 80) => http,
                        _ => https,
                    }]
                });
                Box::pin(async move { Ok(addresses) })
            }),
            book: self.book.clone(),
        }
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        *self.clock.lock().unwrap() += by;
    }

    pub(crate) fn set_clock(&self, to: Timestamp) {
        *self.clock.lock().unwrap() = to;
    }

    pub(crate) fn storage(&self) -> PathBuf {
        let mut found = fs::read_dir(self.folder.path().join("acme")).unwrap();
        found.next().unwrap().unwrap().path()
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }
}

pub(crate) fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Waits until a host name's state satisfies a condition, and returns the state.
pub(crate) async fn wait(
    acme: &Acme,
    name: &str,
    so: impl Fn(&CertificateStatus) -> bool,
) -> CertificateStatus {
    let mut watch = acme.watch();
    let found =
        |all: &Arc<[CertificateStatus]>| all.iter().find(|it| it.name == name && so(it)).cloned();
    let waited = timeout(PATIENCE, watch.wait_for(|all| found(all).is_some())).await;
    match waited {
        Ok(Ok(all)) => found(&all).unwrap(),
        _ => panic!("{name} never came to it: {:?}", acme.report()),
    }
}

pub(crate) fn has_certificate(standing: &CertificateStatus) -> bool {
    standing.valid_until.is_some()
}

pub(crate) fn has_failed(standing: &CertificateStatus) -> bool {
    standing.failures.is_some()
}

#[expect(clippy::disallowed_methods, reason = "Pebble has no other clock")]
fn now() -> Timestamp {
    SystemTime::now().try_into().unwrap()
}
