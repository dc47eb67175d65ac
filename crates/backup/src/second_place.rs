//! The second place of the backup, which gets what the first one has got.
//!
//! A thread of its own copies each object after it was written to the first place. When it could
//! not keep up or failed, and after each snapshot, it compares the two places and copies what is
//! missing. Nothing of this ever holds up the first place.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use platform::{Clock, Random};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::erasures;
use crate::generation::{BEGUN, GENERATIONS, Generation, MANIFESTS};
use crate::queue::{Message, Queue, Waiting, queue};
use crate::retention::old_objects;
use crate::status::{SecondStatus, Status};
use crate::vault::{SharedLease, Vault};
use crate::{BackupError, BackupKey, Target, files, head, wal_copy};

const INTERVAL: Duration = Duration::from_secs(1);
const AFTER_FAILURE: SignedDuration = SignedDuration::from_secs(10);
const COMPARE_INTERVAL: SignedDuration = SignedDuration::from_hours(1);
/// At a stop, for what still waits.
const STOP_TIME: Duration = Duration::from_secs(10);
/// In the data folder.
const FILE: &str = "backup-second.json";

/// The settings of the second place.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) first: Target,
    pub(crate) second: Target,
    pub(crate) key: BackupKey,
    /// How long backups are kept.
    pub(crate) keep: SignedDuration,
    pub(crate) data: PathBuf,
    pub(crate) lease: SharedLease,
}

/// The thread that copies to the second place.
#[derive(Debug)]
pub(crate) struct SecondPlace {
    pub(crate) queue: Queue,
    ended: Receiver<()>,
}

impl SecondPlace {
    pub(crate) fn start(
        setup: Setup,
        clock: &Clock,
        random: &Random,
        status: &watch::Sender<Status>,
    ) -> Result<Self, BackupError> {
        let (queue, waiting) = queue();
        let (end, ended) = sync_channel(1);
        let copying = Copying {
            setup,
            clock: clock.clone(),
            random: random.clone(),
            status: status.clone(),
            waiting,
            failed: None,
            compared: None,
        };
        std::thread::Builder::new()
            .name("backup-second".to_owned())
            .spawn(move || {
                copying.run();
                // Nobody waits any more if the time is over.
                let _ = end.send(());
            })
            .map_err(BackupError::thread("the second place of the backup"))?;
        Ok(Self { queue, ended })
    }

    /// Copies what waits, if that does not take long.
    pub(crate) fn stop(&self) {
        self.queue.stop();
        // What is not copied now is copied after the next start.
        let _ = self.ended.recv_timeout(STOP_TIME);
        self.queue.end();
    }
}

/// The newest snapshot that the second place must have from now on.
#[derive(Debug, Serialize, Deserialize)]
struct Known {
    target: String,
    generation: String,
}

struct Copying {
    setup: Setup,
    clock: Clock,
    random: Random,
    status: watch::Sender<Status>,
    waiting: Waiting,
    failed: Option<Timestamp>,
    compared: Option<Timestamp>,
}

impl Copying {
    fn run(mut self) {
        loop {
            let message = self.waiting.next(INTERVAL);
            let is_idle = message.is_none();
            let is_stopping = matches!(message, Some(Message::Stop));
            let outcome = match message {
                Some(Message::Object(object)) if !self.waiting.is_incomplete() => {
                    self.put(&object.name, &object.sealed)
                }
                _ => Ok(()),
            };
            let outcome = outcome.and_then(|()| self.compare_if_due(is_stopping));
            self.report(&outcome, is_idle);
            if is_stopping {
                return;
            }
        }
    }

    fn put(&self, name: &str, sealed: &[u8]) -> Result<(), BackupError> {
        if !self.may_write() {
            self.waiting.set_incomplete(true);
            return Ok(());
        }
        self.write(name, sealed)?;
        if name.starts_with(MANIFESTS) {
            self.waiting.set_incomplete(true);
        }
        Ok(())
    }

    fn may_write(&self) -> bool {
        !self.waiting.is_over() && self.setup.lease.lock().may_write()
    }

    fn write(&self, name: &str, sealed: &[u8]) -> Result<(), BackupError> {
        let must_end = || self.waiting.is_over() || self.setup.lease.validity.is_write_over();
        let second = &self.setup.second;
        second.put_unless(&self.random, name, sealed, must_end)
    }

    fn compare_if_due(&mut self, is_stopping: bool) -> Result<(), BackupError> {
        let now = self.clock.now();
        let is_over = |since: Timestamp, time| since > now || now.duration_since(since) >= time;
        if self.compared.is_none_or(|at| is_over(at, COMPARE_INTERVAL)) {
            self.waiting.set_incomplete(true);
        }
        let may_try = self.failed.is_none_or(|at| is_over(at, AFTER_FAILURE));
        if !self.waiting.is_incomplete() || is_stopping || !may_try {
            return Ok(());
        }
        self.compare(now)?;
        self.compared = Some(now).filter(|_| !self.waiting.is_incomplete());
        Ok(())
    }

    fn compare(&self, now: Timestamp) -> Result<(), BackupError> {
        // What is written from here on waits in the queue.
        self.waiting.set_incomplete(false);
        let Setup {
            first,
            second,
            key,
            keep,
            ..
        } = &self.setup;
        if !self.may_write() {
            self.waiting.set_incomplete(true);
            return Ok(());
        }
        self.check_known()?;
        let vault = Vault::claim(second, key, &self.random)?;
        let there: BTreeSet<String> = second.list("")?.into_iter().collect();
        // The head of before the list says nothing of what comes after it.
        let head = first.get(head::OBJECT)?;
        let mut missing = first.list("")?;
        missing.retain(|name| is_copied(name) && !there.contains(name));
        // A manifest says that its snapshot is there, and the head that all is there.
        missing.sort_by_key(|name| name.starts_with(MANIFESTS));
        for name in missing {
            if !self.may_write() {
                self.waiting.set_incomplete(true);
                return Ok(());
            }
            // It may have been removed since.
            if let Some(sealed) = first.get(&name)? {
                self.write(&name, &sealed)?;
            }
        }
        if let Some(head) = head {
            self.write(head::OBJECT, &head)?;
        }
        let oldest = now.checked_sub(*keep).unwrap_or(Timestamp::MIN);
        for name in old_objects(&vault, oldest)? {
            if !self.may_write() {
                self.waiting.set_incomplete(true);
                return Ok(());
            }
            second.remove(&name)?;
        }
        self.remember(&vault)
    }

    /// Fails if the second place has lost the backup. It may be the empty mount point of a disk
    /// that is missing.
    fn check_known(&self) -> Result<(), BackupError> {
        let Setup {
            second, key, data, ..
        } = &self.setup;
        let text = fs::read(data.join(FILE)).unwrap_or_default();
        let Ok(known) = serde_json::from_slice::<Known>(&text) else {
            return Ok(());
        };
        if known.target != second.name() {
            return Ok(());
        }
        let known = Generation::named(&known.generation);
        let newest = Generation::list(&Vault::of(second, key, &self.random))?.pop();
        if newest.is_some_and(|newest| newest >= known) {
            return Ok(());
        }
        Err(BackupError::Lost {
            target: second.name(),
            object: known.manifest_name(),
        })
    }

    fn remember(&self, vault: &Vault) -> Result<(), BackupError> {
        let Some(newest) = Generation::list(vault)?.pop() else {
            return Ok(());
        };
        let known = Known {
            target: self.setup.second.name(),
            generation: newest.name().to_owned(),
        };
        let path = self.setup.data.join(FILE);
        let text = serde_json::to_vec(&known).unwrap_or_default();
        crate::restore::write_file(&path, &text).map_err(BackupError::file(&path))
    }

    fn report(&mut self, outcome: &Result<(), BackupError>, is_idle: bool) {
        let now = self.clock.now();
        let is_whole = outcome.is_ok() && is_idle && !self.waiting.is_incomplete();
        if let Err(error) = outcome {
            self.failed = Some(now);
            self.waiting.set_incomplete(true);
            let text = error.to_string();
            self.status.send_modify(|status| {
                let second = status.second.get_or_insert_default();
                if second
                    .failure
                    .as_ref()
                    .is_none_or(|(_, before)| *before != text)
                {
                    tracing::error!("the backup's second place failed: {text}");
                }
                second.failure = Some((now, text));
            });
            metrics::counter!("kenduri_backup_second_failures_total").increment(1);
        } else if is_whole {
            self.failed = None;
            self.status.send_modify(|status| {
                let second = status.second.get_or_insert_default();
                if second.failure.take().is_some() {
                    tracing::info!("the backup's second place works again");
                }
                *second = SecondStatus {
                    copied_until: Some(now),
                    failure: None,
                };
            });
        }
    }
}

/// The lease is the first place's own, and each place has its own envelope. Names of other programs
/// are left alone.
fn is_copied(name: &str) -> bool {
    let folders = [
        GENERATIONS,
        MANIFESTS,
        BEGUN,
        files::PREFIX,
        erasures::ALL,
        wal_copy::ALL,
    ];
    folders.iter().any(|folder| name.starts_with(folder))
}

/// Lets the second place be begun anew, although it has lost what it had.
pub(crate) fn forget(data: &std::path::Path) {
    let path = data.join(FILE);
    if let Err(error) = fs::remove_file(&path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::error!(
            "cannot remove {}: {error}; delete it by hand, and run `kenduri backup now --anew` again",
            path.display()
        );
    }
}
