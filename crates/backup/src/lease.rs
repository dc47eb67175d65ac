//! The lease on a backup's place, so that one machine writes there.
//!
//! The object `lease` names the process that writes, with a generation that rises each time that
//! another process takes it. It is only written conditionally: over nothing, or over the content
//! that was read before. Its holder renews it, and writes nothing when its last renewal is too long
//! ago. Another machine takes it when it was released, or did not change for longer than that. A
//! machine that held it before never takes it from another one by itself, because its store lacks
//! what was written there since.

mod contender;
mod validity;
mod watch;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use platform::text_cleaning::hexadecimal;
use platform::{Random, key};

use crate::destination::{Conditional, Precondition, Tagged};
use crate::{BackupError, BackupKey, Target};
use contender::{Call, Contender, Found, Memory, Outcome, Record, Refusal, Standing};
pub(crate) use contender::{Holding, RENEWAL, VALID};
pub(crate) use validity::Validity;
use validity::steady;
pub(crate) use watch::Watch;
use watch::{FoundHolder, FoundLease, Moment, Reading};
pub use watch::{Obstacle, Verdict};

pub(crate) const OBJECT: &str = "lease";
/// Objects for trying whether a place keeps conditions.
pub(crate) const TRIAL: &str = "lease-trial-";
/// In the data folder: the claims of this machine, by place.
const FILE: &str = "backup-lease.json";
const HOST_FILE: &str = "/proc/sys/kernel/hostname";
/// A write that was refused is followed by a look, and by another write.
const MAX_CALLS: u32 = 6;

/// Who writes to the backup's place.
#[derive(Debug)]
pub(crate) struct Lease {
    target: Target,
    sealing: key::Key,
    data: PathBuf,
    random: Random,
    contender: Contender,
    /// What the data folder knows of the claims.
    remembered: Memory,
    /// Whether the place keeps conditions; `None` until this was tried.
    is_kept: Option<bool>,
    validity: Validity,
}

impl Lease {
    pub(crate) fn new(
        target: &Target,
        key: &BackupKey,
        data: &Path,
        validity: &Validity,
        random: &Random,
        holding: Holding,
    ) -> Self {
        let memory = read_memories(data).remove(&target.name());
        let memory = memory.unwrap_or_default();
        let host = fs::read_to_string(HOST_FILE).unwrap_or_default();
        let host = host.trim().to_owned();
        let mut claim = [0; 16];
        random.fill(&mut claim);
        let claim = hexadecimal(&claim);
        Self {
            target: target.clone(),
            sealing: key.sealing(),
            data: data.to_owned(),
            random: random.clone(),
            contender: Contender::new(memory.clone(), host, claim, holding),
            remembered: memory,
            is_kept: None,
            validity: validity.clone(),
        }
    }

    /// Whether the place has a lease: it keeps conditions, or somebody has found so before. Tries it
    /// the first time.
    pub(crate) fn is_kept(&mut self) -> Result<bool, BackupError> {
        if let Some(is_kept) = self.is_kept {
            return Ok(is_kept);
        }
        let is_kept = self.target.has(OBJECT)? || self.keeps_conditions()?;
        self.is_kept = Some(is_kept);
        if !is_kept {
            self.validity.set_endless();
        }
        Ok(is_kept)
    }

    /// Tries whether of two conditional writes at once only one succeeds.
    pub(crate) fn keeps_conditions(&mut self) -> Result<bool, BackupError> {
        let mut unique = [0; 8];
        self.random.fill(&mut unique);
        let name = format!("{TRIAL}{}", hexadecimal(&unique));
        let is_kept = self.target.keeps_conditions(&name)?;
        if is_kept {
            self.is_kept = Some(true);
        }
        Ok(is_kept)
    }

    pub(crate) fn validity(&self) -> &Validity {
        &self.validity
    }

    /// Whether changes may be acknowledged only while this machine holds the lease.
    pub(crate) fn stops(&self) -> bool {
        self.is_kept != Some(false) && self.contender.stops()
    }

    /// Looks at the next call of [`Self::ensure`] whether this process still holds the lease.
    pub(crate) fn doubt(&mut self) {
        self.contender.doubt();
    }

    /// Takes the lease at the next call of [`Self::ensure`], whoever holds it.
    pub(crate) fn insist(&mut self) {
        self.contender.insist();
    }

    /// Takes the lease at the next call of [`Self::ensure`], if it still has this tag.
    pub(crate) fn insist_on(&mut self, tag: String) {
        self.contender.insist_on(tag);
    }

    /// Reads the lease, without taking it.
    pub(crate) fn look(&self) -> Result<Reading, BackupError> {
        let found = self.target.get_with_tag(OBJECT)?;
        let here = self.steady();
        let there = match &self.target {
            Target::S3(_) => {
                let date = found.as_ref().and_then(|found| found.date);
                date.map(|date| Duration::from_millis(date.as_millisecond().unsigned_abs()))
            }
            // A folder has no clock of its own.
            Target::Folder(_) => Some(here),
        };
        let found = found.map(|found| {
            let Found { tag, record } = self.open(&found);
            let holder = record.map(|record| FoundHolder {
                is_own: self.contender.is_own(&record),
                stops: record.stops,
                is_released: record.is_released,
                host: record.host,
            });
            FoundLease { tag, holder }
        });
        Ok(Reading {
            found,
            at: there.map(|there| Moment { there, here }),
        })
    }

    /// Takes or renews the lease if necessary. Afterwards, this process may write to the place.
    pub(crate) fn ensure(&mut self) -> Result<(), BackupError> {
        if !self.is_kept()? {
            return Ok(());
        }
        self.contender.begin_round();
        for _ in 0..MAX_CALLS {
            let Some(call) = self.next() else {
                break;
            };
            if let Err(error) = self.carry_out(call) {
                // The place is away. The lease still lasts for a while.
                if self.contender.may_write(self.steady()) {
                    return self.remember();
                }
                return Err(error);
            }
        }
        if self.contender.may_write(self.steady()) {
            // After a crash, it must be known that something may have been written.
            return self.remember();
        }
        Err(self.refusal())
    }

    /// Renews the lease if necessary, and if this process holds it.
    pub(crate) fn renew(&mut self) -> Result<(), BackupError> {
        match self.contender.standing() {
            Standing::Held { .. } => self.ensure(),
            Standing::Open | Standing::Lost => Ok(()),
        }
    }

    /// Whether this process may write to the place. Does not ask the place.
    pub(crate) fn may_write(&self) -> bool {
        self.is_kept == Some(false) || self.contender.may_write(self.steady())
    }

    /// Why the lease was refused a moment ago; `None` if it is time to look again.
    pub(crate) fn recent_refusal(&self) -> Option<BackupError> {
        let is_recent = self.contender.was_refused_recently(self.steady());
        is_recent.then(|| self.refusal())
    }

    /// Reads which other machine held the lease last, without taking it.
    pub(crate) fn other_holder(&self) -> Result<Option<Holder>, BackupError> {
        let record = self.read()?.and_then(|found| found.record);
        let other = record.filter(|record| !self.contender.is_own(record));
        Ok(other.map(|record| Holder {
            copied_until: Timestamp::from_millisecond(record.copied_until).unwrap_or_default(),
            has_ended: record.is_released && record.is_whole,
            host: record.host,
        }))
    }

    /// Notes in the lease's next renewal that all changes before this time are in the backup.
    pub(crate) fn set_copied_until(&mut self, until: Timestamp) {
        self.contender.set_copied_until(until.as_millisecond());
    }

    /// Lets another machine take the lease at once. `is_whole`: everything is in the backup.
    pub(crate) fn release(&mut self, is_whole: bool) -> Result<(), BackupError> {
        let at = self.now();
        let Some(call) = self.contender.release(self.steady(), at, is_whole) else {
            return Ok(());
        };
        self.validity.set(self.contender.standing());
        self.carry_out(call)?;
        self.remember()
    }

    fn next(&mut self) -> Option<Call> {
        let at = self.now();
        self.contender.next(self.steady(), at)
    }

    /// In milliseconds since the Unix epoch.
    fn now(&self) -> i64 {
        self.validity.clock().now().as_millisecond()
    }

    fn carry_out(&mut self, call: Call) -> Result<(), BackupError> {
        let outcome = self.remember().and_then(|()| match call {
            Call::Read => self.read().map(Outcome::Read),
            Call::Write { over, record } => {
                let plain = serde_json::to_vec(&record).unwrap_or_default();
                let sealed = self.sealing.seal(&self.random, &[OBJECT], &plain);
                let condition = over
                    .as_deref()
                    .map_or(Precondition::Absent, Precondition::Tag);
                let put = self.target.put_if(&self.random, OBJECT, &sealed, condition);
                put.map(|put| match put {
                    Conditional::Written(tag) => Outcome::Written(tag),
                    Conditional::Refused | Conditional::Unsupported => Outcome::Refused,
                })
            }
        });
        let (outcome, result) = match outcome {
            Ok(outcome) => (outcome, Ok(())),
            Err(error) => (Outcome::Failed, Err(error)),
        };
        self.contender.finish(outcome, self.steady());
        self.validity.set(self.contender.standing());
        result
    }

    fn read(&self) -> Result<Option<Found>, BackupError> {
        let found = self.target.get_with_tag(OBJECT)?;
        Ok(found.map(|found| self.open(&found)))
    }

    fn open(&self, found: &Tagged) -> Found {
        let plain = self.sealing.open(&[OBJECT], &found.bytes);
        Found {
            tag: found.tag.clone(),
            record: plain.and_then(|plain| serde_json::from_slice::<Record>(&plain).ok()),
        }
    }

    /// A claim is remembered before it is written, so that it is recognised after a crash.
    fn remember(&mut self) -> Result<(), BackupError> {
        let memory = self.contender.memory();
        if self.remembered == *memory {
            return Ok(());
        }
        let mut all = read_memories(&self.data);
        all.insert(self.target.name(), memory.clone());
        let path = self.data.join(FILE);
        let next = path.with_extension("next");
        let text = serde_json::to_vec(&all).unwrap_or_default();
        fs::write(&next, text)
            .and_then(|()| fs::File::open(&next)?.sync_all())
            .and_then(|()| fs::rename(&next, &path))
            .and_then(|()| fs::File::open(&self.data)?.sync_all())
            .map_err(BackupError::file(&path))?;
        self.remembered = memory.clone();
        Ok(())
    }

    fn refusal(&self) -> BackupError {
        let target = self.target.name();
        match self.contender.refusal() {
            Some(Refusal {
                record,
                is_superseded,
                is_alive,
                ..
            }) => {
                let (host, since) = record.as_ref().map_or_else(
                    || ("an unknown machine".to_owned(), None),
                    |record| {
                        let at = Timestamp::from_millisecond(record.at).unwrap_or_default();
                        (
                            record.host.clone(),
                            Timestamp::from_second(at.as_second()).ok(),
                        )
                    },
                );
                if *is_superseded {
                    BackupError::Superseded {
                        target,
                        host,
                        renewed: since.unwrap_or_default(),
                    }
                } else {
                    BackupError::HeldElsewhere {
                        target,
                        host,
                        is_alive: *is_alive,
                    }
                }
            }
            None => BackupError::Target {
                target,
                reason: "the lease could not be renewed".to_owned(),
            },
        }
    }

    pub(crate) fn steady(&self) -> Duration {
        steady(self.validity.clock())
    }
}

/// The machine that held a lease last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub host: String,
    /// All changes of its store before this time are in the backup.
    pub copied_until: Timestamp,
    /// It ended the backup in order, after it had copied everything that was saved until then.
    pub has_ended: bool,
}

/// A place whose lease may say that this machine acknowledges nothing without it.
pub(crate) fn promised(data: &Path, is_meant: impl Fn(&str) -> bool) -> Option<String> {
    let promised = read_memories(data).into_iter();
    let mut promised = promised.filter(|(_, memory)| memory.stops);
    promised.find_map(|(place, _)| is_meant(&place).then_some(place))
}

/// Forgets this machine's claims, because its data folder is filled from a backup.
pub(crate) fn forget(data: &Path) -> Result<(), BackupError> {
    let path = data.join(FILE);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(BackupError::file(&path)(error))
        }
        _ => Ok(()),
    }
}

/// A file that cannot be read is as none: the lease is then taken when it has expired.
fn read_memories(data: &Path) -> BTreeMap<String, Memory> {
    let text = fs::read(data.join(FILE)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}
