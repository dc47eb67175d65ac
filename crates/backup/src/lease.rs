//! The lease on a backup's place, so that one machine writes there.
//!
//! The object `lease` names the process that writes, with a generation that rises each time that
//! another process takes it. It is only written conditionally: over nothing, or over the content
//! that was read before. Its holder renews it, and writes nothing when its last renewal is too long
//! ago. Another machine takes it when it was released, or did not change for longer than that. A
//! machine that held it before never takes it from another one by itself, because its store lacks
//! what was written there since.

mod contender;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use platform::clock::since_boot;
use platform::text_cleaning::hexadecimal;
use platform::{Clock, Random, key};

use crate::destination::{Conditional, Precondition};
use crate::{BackupError, BackupKey, Target};
pub(crate) use contender::RENEWAL;
use contender::{Call, Contender, Found, Memory, Outcome, Refusal};

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
    last_write: LastWrite,
}

/// Until when a write that has begun must have ended. Shared with the threads that write.
#[derive(Clone, Debug)]
pub(crate) struct LastWrite {
    clock: Clock,
    /// In milliseconds of [`steady`].
    ends: Arc<AtomicU64>,
}

impl LastWrite {
    pub(crate) fn is_over(&self) -> bool {
        let now = steady(&self.clock).as_millis();
        now >= u128::from(self.ends.load(Ordering::SeqCst))
    }
}

impl Lease {
    /// `database`: the store is in this database, which several machines share, so a machine that
    /// held the lease before lacks nothing of what another one with the same database has written.
    pub(crate) fn new(
        target: &Target,
        key: &BackupKey,
        data: &Path,
        clock: &Clock,
        random: &Random,
        database: Option<String>,
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
            contender: Contender::new(memory.clone(), host, claim, database),
            remembered: memory,
            is_kept: None,
            last_write: LastWrite {
                clock: clock.clone(),
                ends: Arc::new(AtomicU64::new(0)),
            },
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
        self.set_last_write();
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

    pub(crate) fn last_write(&self) -> &LastWrite {
        &self.last_write
    }

    fn set_last_write(&self) {
        let ends = if self.is_kept == Some(false) {
            u64::MAX
        } else {
            u64::try_from(self.contender.last_write_ends().as_millis()).unwrap_or(u64::MAX)
        };
        self.last_write.ends.store(ends, Ordering::SeqCst);
    }

    /// Looks at the next call of [`Self::ensure`] whether this process still holds the lease.
    pub(crate) fn doubt(&mut self) {
        self.contender.doubt();
    }

    /// Takes the lease at the next call of [`Self::ensure`], whoever holds it.
    pub(crate) fn insist(&mut self) {
        self.contender.insist();
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
        let call = self.contender.release(self.steady(), at, is_whole);
        self.set_last_write();
        match call {
            Some(call) => self.carry_out(call),
            None => Ok(()),
        }
    }

    fn next(&mut self) -> Option<Call> {
        let at = self.now();
        self.contender.next(self.steady(), at)
    }

    /// In milliseconds since the Unix epoch.
    fn now(&self) -> i64 {
        self.last_write.clock.now().as_millisecond()
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
        self.set_last_write();
        result
    }

    fn read(&self) -> Result<Option<Found>, BackupError> {
        let found = self.target.get_with_tag(OBJECT)?;
        Ok(found.map(|(sealed, tag)| {
            let plain = self.sealing.open(&[OBJECT], &sealed);
            let record = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
            Found { tag, record }
        }))
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

    fn steady(&self) -> Duration {
        steady(&self.last_write.clock)
    }
}

/// Time that goes on while the machine is suspended, and never goes back.
fn steady(clock: &Clock) -> Duration {
    match clock {
        Clock::System => since_boot(),
        Clock::Manual(clock) => {
            let now = u64::try_from(clock.now().as_millisecond());
            Duration::from_millis(now.unwrap_or_default())
        }
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
