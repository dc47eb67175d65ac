//! Opens the target, and looks whether it still contains the backup.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use platform::{StoreError, Tx, sql};

use super::{Settings, Work};
use crate::known_target::KnownTarget;
use crate::lease::{self, Holding, Lease};
use crate::log_copy::LogCopy;
use crate::running_backup::{Going, Repair};
use crate::second_place::{SecondPlace, Setup};
use crate::vault::{SharedLease, Vault};
use crate::wal_copy::{self, WalCopy};
use crate::{BackupError, BackupKey, postgres};

const LOOK_INTERVAL: SignedDuration = SignedDuration::from_mins(1);
/// The backup is measured, and everything in it looked for.
const MEASURE_INTERVAL: Duration = Duration::from_hours(1);

impl Work {
    /// Returns the running backup. Starts it if necessary. Returns `None` if this installation has
    /// no backup key.
    pub(super) fn begin(&mut self) -> Result<Option<&mut Going>, BackupError> {
        if self.going.is_none() {
            let key = BackupKey::read(&self.settings.data)?;
            let has_key = key.is_some();
            self.status.send_modify(|status| status.has_key = has_key);
            let Some(key) = key else {
                return Ok(None);
            };
            if let Some(lease) = self.lease.as_ref().filter(|_| !self.may_begin_anew)
                && let Some(refusal) = lease.lock().recent_refusal()
            {
                return Err(refusal);
            }
            let known = self.read(KnownTarget::find)?;
            if let Some(known) = known.as_ref().filter(|_| !self.may_begin_anew) {
                known.check(&self.settings.target, &key, &self.random)?;
                self.report_envelope(known, &key)?;
            }
            let vault = self.claim(&key)?.only_during(self.lead.clone());
            let log = self.store.log();
            let log = log.map(|log| LogCopy::begin(&self.store, log, &self.clock));
            let data = self.settings.data.clone();
            let wal = match &self.settings.postgres {
                Some(database)
                    if self.read(wal_copy::may_see_streams)?
                        && postgres::may_replicate(database)? =>
                {
                    Some(WalCopy::begin(database, &data, &vault)?)
                }
                _ => None,
            };
            let is_dumped = self.settings.postgres.is_some() && wal.is_none();
            self.status
                .send_modify(|status| status.is_dumped = is_dumped);
            let is_on_same_disk = self.settings.target.is_on_disk_of(&data);
            let mut going = Going::begin(vault, log.transpose()?, wal, data)?;
            let (snapshot, gap) = (going.snapshot, going.gap.take());
            self.status.send_modify(|status| {
                status.snapshot = snapshot;
                if is_on_same_disk && !status.is_on_same_disk {
                    tracing::warn!(
                        "the backup is on the same disk as the data, so losing the disk loses \
                         both; set backup.to to another disk or a bucket"
                    );
                }
                status.is_on_same_disk = is_on_same_disk;
            });
            if let Some(object) = gap {
                self.report(Some(BackupError::Gone(object).to_string()));
            }
            if let Some(newest) = &going.newest {
                self.remember(newest.name())?;
            }
            self.going = Some(going);
        }
        Ok(self.going.as_mut())
    }

    /// Takes the lease, and opens the target and the second place.
    fn claim(&mut self, key: &BackupKey) -> Result<Vault, BackupError> {
        if self.lease.is_none() {
            let database = match self.settings.postgres {
                Some(_) => Some(self.read(identity)?),
                None => None,
            };
            let Settings { target, data, .. } = &self.settings;
            let (validity, random) = (&self.validity, &self.random);
            let holding = Holding {
                database,
                stops: self.settings.is_automatic,
            };
            let lease = Lease::new(target, key, data, validity, random, holding);
            self.lease = Some(SharedLease::new(lease));
        }
        let Settings {
            target,
            also,
            data,
            keep,
            ..
        } = &self.settings;
        let (clock, random) = (&self.clock, &self.random);
        let Some(lease) = &self.lease else {
            return Err(BackupError::ElsewhereUnderWay);
        };
        if self.may_begin_anew {
            lease.lock().insist();
        }
        if self.second.is_none()
            && let Some(second) = also
        {
            let setup = Setup {
                first: target.clone(),
                second: second.clone(),
                key: key.clone(),
                keep: *keep,
                data: data.clone(),
                lease: lease.clone(),
            };
            self.second = Some(SecondPlace::start(setup, clock, random, &self.status)?);
        }
        let queue = self.second.as_ref().map(|second| second.queue.clone());
        let vault = Vault::claim_under(target, key, random, lease.clone(), queue)?;
        let (has_lease, stops) = {
            let mut lease = lease.lock();
            (lease.is_kept()?, lease.stops())
        };
        self.validity.set_binding(stops);
        if stops && self.renewal.is_none() {
            self.renewal = Some(lease.renew_apart()?);
        }
        self.status.send_modify(|status| {
            if !has_lease && status.has_lease.is_none() && self.settings.is_automatic {
                tracing::warn!(
                    "follow.automatic does nothing: {} has no lease, so no machine can follow there; use a bucket that keeps If-Match and If-None-Match, or a folder with locks",
                    target.name()
                );
            }
            if !has_lease && status.has_lease.is_none() {
                tracing::warn!(
                    "{} lets two conditional writes at once through, so nothing keeps a second \
                     machine from writing there; make sure that only one runs",
                    target.name()
                );
            }
            status.has_lease = Some(has_lease);
        });
        Ok(vault)
    }

    /// Only the envelope is missing; opening the target writes it again.
    fn report_envelope(&self, known: &KnownTarget, key: &BackupKey) -> Result<(), BackupError> {
        let target = &self.settings.target;
        if known.target == target.name() && !Vault::of(target, key, &self.random).has_envelope()? {
            self.report(Some(Repair::Envelope.to_string()));
        }
        Ok(())
    }

    /// Records in the store which generation the target must contain from now on.
    pub(super) fn remember(&self, generation: &str) -> Result<(), BackupError> {
        let target = KnownTarget {
            target: self.settings.target.name(),
            generation: generation.to_owned(),
        };
        if self.read(KnownTarget::find)?.as_ref() == Some(&target) {
            return Ok(());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.map_err(BackupError::thread("the backup"))?;
        let store = match &self.lead {
            Some(lead) => lead.store(&self.store),
            None => self.store.clone(),
        };
        let write = store.write(move |tx| target.save(tx));
        let written: Result<(), StoreError> = runtime.block_on(write);
        Ok(written?)
    }

    /// Looks whether the target still contains the backup, once a minute and after an error.
    pub(super) fn look(&mut self, now: Timestamp) -> Result<(), BackupError> {
        let Some(going) = &mut self.going else {
            return Ok(());
        };
        let is_fresh = self
            .looked_at
            .is_some_and(|at| at <= now && now.duration_since(at) < LOOK_INTERVAL);
        if is_fresh && !self.settings.target.is_looked_at_each_round() {
            return going.vault.ensure_lease();
        }
        let looked = going.look();
        if looked.is_ok() || going.vault.target.has(lease::OBJECT)? {
            // What is missing may have been removed by the machine that writes there now.
            going.vault.ensure_lease()?;
        }
        if matches!(looked, Err(BackupError::Lost { .. })) && going.wal.is_some() {
            // PostgreSQL's log would fill the data folder meanwhile.
            self.going = None;
        }
        let repair = looked?;
        self.looked_at = Some(now);
        self.report(repair.map(|repair| repair.to_string()));
        Ok(())
    }

    /// Reports what was missing in the target. `None` means that nothing is missing.
    pub(super) fn report(&self, missing: Option<String>) {
        let now = self.clock.now();
        self.status
            .send_if_modified(|status| status.report(missing, now));
    }

    /// Measures the backup's size, and looks for everything in it, after each snapshot and each
    /// error, and otherwise once an hour.
    pub(super) fn measure(&mut self) -> Result<(), BackupError> {
        let is_fresh = self
            .measured_at
            .is_some_and(|at| at.elapsed() < MEASURE_INTERVAL);
        let Some(going) = self.going.as_mut().filter(|_| !is_fresh) else {
            return Ok(());
        };
        let repair = going.look_at_all()?;
        if let Some(repair) = repair {
            going.files_looked_at = None;
            self.report(Some(repair.to_string()));
        }
        self.measured_at = Some(Instant::now());
        // The backup does not depend on its size, so an error is ignored.
        let bytes = self.settings.target.bytes().ok();
        self.status.send_modify(|status| status.bytes = bytes);
        Ok(())
    }
}

/// The PostgreSQL server and database in which the store is, or an empty text if the store's role
/// may not know it. A database that was restored elsewhere has another one.
fn identity(tx: &mut Tx<'_>) -> Result<String, StoreError> {
    let may = sql!("SELECT has_function_privilege('pg_control_system()', 'EXECUTE')");
    let (may,): (bool,) = tx.one(may, &[])?;
    if !may {
        return Ok(String::new());
    }
    let identity = sql!(
        "SELECT CAST((SELECT system_identifier FROM pg_control_system()) AS text)
         || '/' || CAST(oid AS text) FROM pg_database WHERE datname = current_database()"
    );
    let (identity,): (String,) = tx.one(identity, &[])?;
    Ok(identity)
}
