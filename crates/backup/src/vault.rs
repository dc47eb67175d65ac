//! A backup's target together with its key. Objects are encrypted and bound to their names, and
//! authenticated when they are read.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use platform::machines::Lead;
use platform::{Random, key};

use crate::destination::{Conditional, Precondition, SHORT_TIME};
use crate::key::{BackupKey, OBJECT};
use crate::lease::{Lease, RENEWAL, VALID, Validity};
use crate::queue::Queue;
use crate::{BackupError, Target};

/// How often it is looked whether the lease is due for its renewal.
const LOOK: Duration = Duration::from_secs(2);
// A renewal may hang until its request is given up, and the next one still comes in time: first it
// reads the lease, then it writes.
const _: () = assert!(
    RENEWAL.as_secs() + LOOK.as_secs() + SHORT_TIME.as_secs() + LOOK.as_secs() < VALID.as_secs()
);

/// The encrypted objects of an installation's backup.
#[derive(Clone, Debug)]
pub(crate) struct Vault {
    pub(crate) target: Target,
    key: BackupKey,
    sealing: key::Key,
    random: Random,
    /// The term in which objects may be written; `None` if there is one machine.
    lead: Option<Lead>,
    /// Without it, the target has no lease, or nothing is written.
    lease: Option<SharedLease>,
    /// What is written goes to the second place, too.
    also: Option<Queue>,
}

/// Shared by the threads that write to the places of a backup.
#[derive(Clone, Debug)]
pub(crate) struct SharedLease {
    lease: Arc<Mutex<Lease>>,
    pub(crate) validity: Validity,
}

impl SharedLease {
    pub(crate) fn new(lease: Lease) -> Self {
        Self {
            validity: lease.validity().clone(),
            lease: Arc::new(Mutex::new(lease)),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Lease> {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Renews the lease until the returned value is dropped, whatever else takes long.
    pub(crate) fn renew_apart(&self) -> Result<SyncSender<()>, BackupError> {
        let (end, ended) = sync_channel::<()>(0);
        let lease = self.clone();
        let thread = std::thread::Builder::new().name("backup-lease".to_owned());
        thread
            .spawn(move || {
                while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                    // The backup's thread finds the same error, and reports it.
                    let _ = lease.lock().renew();
                }
            })
            .map_err(BackupError::thread("the lease of the backup"))?;
        Ok(end)
    }

    /// Renews the lease while something is written, which takes minutes over a slow line.
    fn renew_during<T>(&self, write: impl FnOnce() -> T) -> T {
        let (end, ended) = sync_channel::<()>(0);
        std::thread::scope(|scope| {
            let renew = move || {
                while ended.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                    // Without the lease, the write ends soon.
                    let _ = self.lock().ensure();
                }
            };
            let thread = std::thread::Builder::new().name("backup-lease".to_owned());
            // Without a thread, the write has to be short.
            let _ = thread.spawn_scoped(scope, renew);
            let written = write();
            drop(end);
            written
        })
    }
}

impl Vault {
    /// Opens a target for writing. An empty target then belongs to this installation.
    pub(crate) fn claim(
        target: &Target,
        key: &BackupKey,
        random: &Random,
    ) -> Result<Self, BackupError> {
        Self::of(target, key, random).begin_writing()
    }

    /// Like [`Self::claim`], but writes only while the lease is held, and offers what is written
    /// to `also`.
    pub(crate) fn claim_under(
        target: &Target,
        key: &BackupKey,
        random: &Random,
        lease: SharedLease,
        also: Option<Queue>,
    ) -> Result<Self, BackupError> {
        let vault = Self {
            lease: Some(lease),
            also,
            ..Self::of(target, key, random)
        };
        vault.begin_writing()
    }

    fn begin_writing(self) -> Result<Self, BackupError> {
        self.target.prepare()?;
        self.keep_envelope()?;
        self.ensure_lease()?;
        Ok(self)
    }

    /// Fails if another machine writes to the target.
    pub(crate) fn ensure_lease(&self) -> Result<(), BackupError> {
        match &self.lease {
            Some(lease) => lease.lock().ensure(),
            None => Ok(()),
        }
    }

    /// Writes the envelope, which contains the encrypted key, if it is missing or was changed.
    /// Fails if the envelope belongs to another installation.
    pub(crate) fn keep_envelope(&self) -> Result<(), BackupError> {
        let ours = self.key.envelope_bytes();
        match self.target.get(OBJECT)? {
            Some(found) if found == ours => return Ok(()),
            Some(found) if !self.key.is_of(&found)? => {
                return Err(BackupError::OtherInstallation(self.target.name()));
            }
            Some(_) => tracing::error!(
                "{OBJECT} of the backup was changed by somebody else; it is written again; check who can write to backup.to"
            ),
            None => {}
        }
        self.check_lead()?;
        self.ensure_lease()?;
        self.write(OBJECT, &ours)
    }

    /// Fails if the envelope, which contains the encrypted key, is missing or was changed.
    pub(crate) fn check_envelope(&self) -> Result<(), BackupError> {
        if self.has_envelope()? {
            Ok(())
        } else {
            Err(BackupError::damaged(OBJECT))
        }
    }

    /// Whether the target contains the envelope as it was written.
    pub(crate) fn has_envelope(&self) -> Result<bool, BackupError> {
        Ok(self.target.get(OBJECT)? == Some(self.key.envelope_bytes()))
    }

    /// Opens a target for reading. `key` must be the key of its backup.
    pub(crate) fn of(target: &Target, key: &BackupKey, random: &Random) -> Self {
        Self {
            target: target.clone(),
            key: key.clone(),
            sealing: key.sealing(),
            random: random.clone(),
            lead: None,
            lease: None,
            also: None,
        }
    }

    /// Refuses to write as soon as the term has ended.
    pub(crate) fn only_during(self, lead: Option<Lead>) -> Self {
        Self { lead, ..self }
    }

    /// The number of the term in which objects may be written; `None` if there is one machine.
    pub(crate) fn term(&self) -> Option<i64> {
        self.lead.as_ref().map(Lead::term)
    }

    fn check_lead(&self) -> Result<(), BackupError> {
        match &self.lead {
            Some(lead) if !lead.is_held() => Err(BackupError::ElsewhereUnderWay),
            _ => Ok(()),
        }
    }

    pub(crate) fn random(&self) -> &Random {
        &self.random
    }

    /// Derives an object's name from `parts` and the key. The same parts always yield the same
    /// name. The name reveals nothing about the parts.
    pub(crate) fn name_of(&self, parts: &[&str]) -> String {
        platform::text_cleaning::hexadecimal(&self.sealing.mac(parts)[..16])
    }

    pub(crate) fn put(&self, name: &str, plain: &[u8]) -> Result<(), BackupError> {
        self.check_lead()?;
        self.ensure_lease()?;
        let sealed = self.sealing.seal(&self.random, &[name], plain);
        self.write(name, &sealed)?;
        self.offer(name, sealed);
        Ok(())
    }

    /// Replaces an object, unless another machine has taken the lease and replaced it. `tag` is of
    /// what this process has written or found there; `None` lets it look.
    pub(crate) fn replace(
        &self,
        name: &str,
        plain: &[u8],
        tag: &mut Option<String>,
    ) -> Result<(), BackupError> {
        let Some(lease) = &self.lease else {
            return self.put(name, plain);
        };
        if !lease.lock().is_kept()? {
            return self.put(name, plain);
        }
        for _ in 0..2 {
            let before = match tag.take() {
                None => self.target.get_with_tag(name)?.map(|found| found.tag),
                before => before,
            };
            let Some(before) = before else {
                return self.put(name, plain);
            };
            self.check_lead()?;
            self.ensure_lease()?;
            let sealed = self.sealing.seal(&self.random, &[name], plain);
            let over = Precondition::Tag(&before);
            let put = self.target.put_if(&self.random, name, &sealed, over)?;
            if let Conditional::Written(new) = put {
                *tag = Some(new);
                self.offer(name, sealed);
                return Ok(());
            }
            // The holder may replace what anybody else wrote there.
            lease.lock().doubt();
        }
        Err(BackupError::Target {
            target: self.target.name(),
            reason: format!("another process replaces {name} too"),
        })
    }

    fn write(&self, name: &str, sealed: &[u8]) -> Result<(), BackupError> {
        let Some(lease) = &self.lease else {
            return self.target.put(&self.random, name, sealed);
        };
        lease.renew_during(|| {
            self.target.put_unless(&self.random, name, sealed, || {
                lease.validity.is_write_over()
            })
        })
    }

    fn offer(&self, name: &str, sealed: Vec<u8>) {
        if let Some(also) = &self.also {
            also.offer(name, sealed);
        }
    }

    /// Removes an object, if it exists.
    pub(crate) fn remove(&self, name: &str) -> Result<(), BackupError> {
        self.check_lead()?;
        self.ensure_lease()?;
        self.target.remove(name)
    }

    /// Returns an object's decrypted content. A missing object is an error.
    pub(crate) fn get(&self, name: &str) -> Result<Vec<u8>, BackupError> {
        let sealed = self.target.get(name)?;
        sealed
            .and_then(|sealed| self.sealing.open(&[name], &sealed))
            .ok_or_else(|| BackupError::damaged(name))
    }
}
