//! The thread that makes backups while Kenduri runs.

mod drills;
mod ending;
mod target;

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use platform::erasure::{self, Erased};
use platform::machines::{Lead, Membership};
use platform::store::PostgresSettings;
use platform::{Clock, Random, Store, StoreError, Tx};
use tokio::sync::watch;

use crate::drill::{self, Drill};
use crate::files::Beside;
use crate::follow::TookOver;
use crate::lease::{self, Validity};
use crate::progress::Progress;
use crate::running_backup::Going;
use crate::second_place::{self, SecondPlace};
use crate::status::Status;
use crate::vault::SharedLease;
use crate::wal_copy::Ends;
use crate::{BackupError, BackupKey, Target};
use ending::Ending;

const COPY_INTERVAL: Duration = Duration::from_secs(1);
/// Beside the store.
const FILES_INTERVAL: Duration = Duration::from_secs(10);
/// SQLite's log is then checkpointed into the database file.
const LOG_FRAMES: u32 = 4_000;
/// 256 MiB. The log is then checkpointed even if the target is failing and has no copy of it.
const MOST_LOG_FRAMES: u32 = 65_536;
const AFTER_FAILED_DUMP: SignedDuration = SignedDuration::from_mins(1);

/// The settings in the section `[backup]`, and the paths of the data.
#[derive(Clone, Debug)]
pub struct Settings {
    pub target: Target,
    /// A second place, which gets the same backup.
    pub also: Option<Target>,
    /// The time between two snapshots.
    pub every: SignedDuration,
    /// How long backups are kept in the target.
    pub keep: SignedDuration,
    /// Whether a machine that follows may take over by itself (`follow.automatic`). This one then
    /// acknowledges nothing without the lease.
    pub is_automatic: bool,
    /// Whether the agent tests the backup once a week, by restoring it into a temporary folder.
    pub has_drills: bool,
    /// The data folder, which contains the key file.
    pub data: PathBuf,
    /// The PostgreSQL connection; `None` if the store is SQLite.
    pub postgres: Option<PostgresSettings>,
    /// The files and folders that are backed up in addition to the store.
    pub beside: Vec<Beside>,
}

/// Controls the thread that backs up a running installation.
#[derive(Debug)]
pub struct Agent {
    status: watch::Sender<Status>,
    validity: Validity,
    requests: SyncSender<Request>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Request {
    /// Makes a snapshot, and sends the result.
    Now(SyncSender<Result<(), BackupError>>),
    /// Makes a snapshot, even if the target has lost the backup, and sends the result.
    Anew(SyncSender<Result<(), BackupError>>),
    /// Runs one round of the thread's work, and sends the result.
    Turn(SyncSender<Result<(), BackupError>>),
    HoldDrills(IsFrozen),
    Stop(Ending),
}

impl Agent {
    /// Starts the agent of the only machine.
    pub fn start(
        settings: Settings,
        store: Store,
        clock: Clock,
        random: Random,
    ) -> Result<Self, BackupError> {
        Self::start_on(None, settings, store, clock, random)
    }

    /// Starts the agent of one of several machines, which makes backups only while its process is
    /// the leader.
    pub fn start_on(
        membership: Option<Membership>,
        settings: Settings,
        store: Store,
        clock: Clock,
        random: Random,
    ) -> Result<Self, BackupError> {
        let status = watch::Sender::new(Status {
            has_key: BackupKey::read(&settings.data)?.is_some(),
            drill: Drill::last(&settings.data),
            took_over: TookOver::find(&settings.data),
            ..Status::default()
        });
        let validity = Validity::new(&clock, &settings.data);
        let place = settings.target.name();
        let has_promised = lease::promised(&settings.data, |other| other == place).is_some();
        // Without a key, there is no backup that another machine could follow.
        validity.set_binding(has_promised || settings.is_automatic && status.borrow().has_key);
        let (requests, asked) = sync_channel(16);
        let work = Work {
            settings,
            store,
            clock,
            random,
            status: status.clone(),
            validity: validity.clone(),
            membership,
            lead: None,
            lock: None,
            lease: None,
            renewal: None,
            second: None,
            going: None,
            made: None,
            dump_failed: None,
            measured_at: None,
            looked_at: None,
            may_begin_anew: false,
            drill: None,
            is_frozen: None,
        };
        let thread = std::thread::Builder::new()
            .name("backup".to_owned())
            .spawn(move || work.run_or_report(&asked))
            .map_err(BackupError::thread("the backup"))?;
        Ok(Self {
            status,
            validity,
            requests,
            thread: Mutex::new(Some(thread)),
        })
    }

    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Whether changes of the store may be acknowledged, at each moment. For
    /// [`Store::acknowledge_while`].
    pub fn may_acknowledge(&self) -> impl Fn() -> bool + Send + Sync + 'static {
        let validity = self.validity.clone();
        move || validity.may_acknowledge()
    }

    /// Returns a receiver for changes of the backup's status.
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// Makes a snapshot. Blocks until it is complete.
    pub fn now(&self) -> Result<(), BackupError> {
        self.ask(Request::Now)
    }

    /// Makes a snapshot. If the target has lost the backup, begins a new one there. Blocks until
    /// the snapshot is complete.
    pub fn begin_anew(&self) -> Result<(), BackupError> {
        self.ask(Request::Anew)
    }

    /// Runs one round of the work that the thread does every second: copies new changes, and makes
    /// a snapshot if one is due. Blocks until the round has ended.
    pub fn turn(&self) -> Result<(), BackupError> {
        self.ask(Request::Turn)
    }

    /// Prevents drills while `is_frozen` returns true. A drill that becomes due in this time begins
    /// afterwards.
    pub fn hold_drills(
        &self,
        is_frozen: impl Fn(&mut Tx<'_>) -> Result<bool, StoreError> + Send + Sync + 'static,
    ) {
        // The thread may already have ended.
        let _ = self.requests.send(Request::HoldDrills(Arc::new(is_frozen)));
    }

    fn ask(
        &self,
        request: impl FnOnce(SyncSender<Result<(), BackupError>>) -> Request,
    ) -> Result<(), BackupError> {
        let (answer, outcome) = sync_channel(1);
        let stopped = || BackupError::Store(platform::StoreError::Stopped);
        let sent = self.requests.send(request(answer));
        sent.map_err(|_| stopped())?;
        outcome.recv().unwrap_or_else(|_| Err(stopped()))
    }

    /// Copies the remaining changes, stops the thread, and lets another machine take the lease.
    /// Blocks until the thread has ended. Nothing may be written to the store any more.
    pub fn stop(&self) {
        self.end(Ending::OfKenduri);
    }

    /// Like [`Self::stop`], but another process of this machine makes the backup from now on.
    pub fn hand_over(&self) {
        self.end(Ending::OfThisProcess);
    }

    fn end(&self, ending: Ending) {
        // The thread may already have ended.
        let _ = self.requests.send(Request::Stop(ending));
        let thread = self.thread.lock();
        if let Some(thread) = thread.unwrap_or_else(PoisonError::into_inner).take() {
            // A panic was reported when it happened.
            let _ = thread.join();
        }
    }
}

struct Work {
    settings: Settings,
    store: Store,
    clock: Clock,
    random: Random,
    status: watch::Sender<Status>,
    validity: Validity,
    /// `None` on the only machine.
    membership: Option<Membership>,
    /// The term in which this process makes backups.
    lead: Option<Lead>,
    /// On `backup.lock`. During an upgrade, two workers share the store, and only the one with the
    /// lock makes backups.
    lock: Option<File>,
    lease: Option<SharedLease>,
    /// Dropping it ends the thread that renews the lease.
    renewal: Option<SyncSender<()>>,
    second: Option<SecondPlace>,
    going: Option<Going>,
    /// When this process made its last snapshot.
    made: Option<Timestamp>,
    dump_failed: Option<Timestamp>,
    measured_at: Option<Instant>,
    /// When the target was last looked at and had everything.
    looked_at: Option<Timestamp>,
    /// Whether the operator asked to begin a new backup in a target that has lost the former one.
    may_begin_anew: bool,
    drill: Option<JoinHandle<Result<Drill, BackupError>>>,
    is_frozen: Option<IsFrozen>,
}

type IsFrozen = Arc<dyn Fn(&mut Tx<'_>) -> Result<bool, StoreError> + Send + Sync>;

impl Work {
    fn run_or_report(self, asked: &Receiver<Request>) {
        let (status, clock) = (self.status.clone(), self.clock.clone());
        let ran = panic::catch_unwind(AssertUnwindSafe(|| self.run(asked)));
        if ran.is_err() {
            let outcome = Err(BackupError::Panicked);
            status.send_modify(|status| status.record(&outcome, clock.now(), false));
        }
    }

    fn run(mut self, asked: &Receiver<Request>) {
        // Until it holds the lease, this process may have to refuse changes.
        let mut wait = if self.settings.is_automatic {
            Duration::ZERO
        } else {
            COPY_INTERVAL
        };
        loop {
            let request = asked.recv_timeout(std::mem::replace(&mut wait, COPY_INTERVAL));
            let (outcome, answer) = match request {
                Ok(Request::Now(answer)) => (self.snapshot_now(), Some(answer)),
                Ok(Request::Anew(answer)) => (self.begin_anew(), Some(answer)),
                Ok(Request::Turn(answer)) => (self.turn(), Some(answer)),
                Ok(Request::HoldDrills(is_frozen)) => {
                    self.is_frozen = Some(is_frozen);
                    continue;
                }
                Ok(Request::Stop(ending)) => return self.stop(ending),
                Err(RecvTimeoutError::Disconnected) => return self.stop(Ending::OfThisProcess),
                Err(RecvTimeoutError::Timeout) => (self.turn(), None),
            };
            self.report_outcome(&outcome);
            if outcome.is_err() {
                self.looked_at = None;
                self.measured_at = None;
            }
            if matches!(
                outcome,
                Err(BackupError::LongTransaction | BackupError::Gone(_))
            ) {
                self.going = None;
                // The saved position is before the transaction that is too large, or after changes
                // that are gone. An attempt that continues there would fail again.
                Progress::forget(&self.settings.data);
            }
            // After one of these errors, the log cannot be copied reliably. The backup begins again
            // with a snapshot.
            if matches!(
                outcome,
                Err(BackupError::LogLost
                    | BackupError::Sqlite(_)
                    | BackupError::Store(_)
                    | BackupError::Superseded { .. })
            ) {
                self.going = None;
            }
            if let Some(answer) = answer {
                // The caller may have stopped waiting.
                let _ = answer.send(outcome);
            }
        }
    }

    /// To the operators' page, the log and the metrics.
    fn report_outcome(&self, outcome: &Result<(), BackupError>) {
        let now = self.clock.now();
        let may_acknowledge = self.validity.may_acknowledge();
        self.status.send_modify(|status| {
            status.record(outcome, now, self.dump_failed.is_some());
            status.note_pause(may_acknowledge, now);
        });
    }

    fn turn(&mut self) -> Result<(), BackupError> {
        if !self.take_lock()? {
            return Ok(());
        }
        let now = self.clock.now();
        let begun = self.begin().map(drop);
        let looked = begun.and_then(|()| self.look(now));
        let outcome = looked.and_then(|()| {
            let last = self.going.as_ref().and_then(|going| going.snapshot);
            // If the clock was set back, the last snapshot can be in the future.
            let made = self.made;
            let last = last.map(|last| made.filter(|_| last > now).unwrap_or(last));
            let is_due = last
                .is_none_or(|last| last > now || now.duration_since(last) >= self.settings.every)
                && self
                    .dump_failed
                    .is_none_or(|at| now.duration_since(at) >= AFTER_FAILED_DUMP);
            if is_due {
                self.snapshot()
            } else {
                self.copy_commits()
            }
        });
        // Only checkpoints keep the log short, so the log is checkpointed even if the target cannot
        // be reached.
        let reclaimed = self.reclaim(outcome.is_ok());
        let drilled = self.drill(now);
        let measured = match &outcome {
            Ok(()) => self.measure(),
            Err(_) => Ok(()),
        };
        outcome.and(measured).and(reclaimed).and(drilled)
    }

    fn snapshot_now(&mut self) -> Result<(), BackupError> {
        if !self.take_lock()? {
            return Err(BackupError::ElsewhereUnderWay);
        }
        self.begin()?;
        match self.look(self.clock.now()) {
            // The operator asked for what this error announces: a new snapshot.
            Err(BackupError::Gone(_)) => self.going = None,
            looked => looked?,
        }
        match self.snapshot() {
            Ok(()) if self.going.is_none() => Err(BackupError::NoKey),
            Ok(()) => {
                self.status.send_modify(|status| status.missing = None);
                Ok(())
            }
            failed => failed,
        }
    }

    fn begin_anew(&mut self) -> Result<(), BackupError> {
        if self.take_lock()? {
            self.going = None;
            self.may_begin_anew = true;
            Progress::forget(&self.settings.data);
            second_place::forget(&self.settings.data);
        }
        self.snapshot_now()
    }

    /// Whether this process leads and holds the lock. Only then may it make backups.
    fn take_lock(&mut self) -> Result<bool, BackupError> {
        self.give_way();
        if let Some(membership) = &self.membership {
            if self.lead.is_none() {
                self.lead = membership.lead();
            }
            let is_elsewhere = self.lead.is_none();
            self.status.send_if_modified(|status| {
                let is_new = status.is_elsewhere != is_elsewhere;
                status.is_elsewhere = is_elsewhere;
                is_new
            });
            if is_elsewhere {
                self.lock = None;
                return Ok(false);
            }
        }
        if self.lock.is_none() {
            let path = self.settings.data.join("backup.lock");
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(false).mode(0o600);
            let file = options.open(&path).map_err(BackupError::file(&path))?;
            let operation = rustix::fs::FlockOperation::NonBlockingLockExclusive;
            if rustix::fs::flock(&file, operation).is_ok() {
                self.lock = Some(file);
                drill::clear_left(&self.settings.data)?;
            }
        }
        Ok(self.lock.is_some())
    }

    /// If the term has ended, leaves the target to the next leader.
    fn give_way(&mut self) {
        if self.lead.as_ref().is_some_and(|lead| !lead.is_held()) {
            // The next leader may have written to the target meanwhile.
            self.going = None;
            self.lead = None;
            self.end(Ending::OfThisProcess, false);
            self.lease = None;
        }
    }

    fn copy_commits(&mut self) -> Result<(), BackupError> {
        let Some(going) = &self.going else {
            return Ok(());
        };
        let stream = going.wal.as_ref().map(|wal| wal.name.clone());
        let (last, now) = (going.erasures.last, self.clock.now());
        let ends = stream
            .map(|name| self.read(move |tx| Ends::read(tx, &name, now)))
            .transpose()?;
        let Some(going) = &mut self.going else {
            return Ok(());
        };
        let until = going.follow(&self.clock, ends)?;
        if let Some(at) = until {
            if let Some(lease) = &self.lease {
                lease.lock().set_copied_until(at);
            }
            self.status
                .send_modify(|status| status.copied_until = until);
        }
        let erased: Vec<Erased> = self.read(move |tx| erasure::after(tx, last))?;
        let Some(going) = &mut self.going else {
            return Ok(());
        };
        going.erasures.send(&going.vault, &erased)?;
        if going
            .files_looked_at
            .is_none_or(|at| at.elapsed() >= FILES_INTERVAL)
        {
            let now = self.clock.now();
            going.files.copy(&going.vault, &self.settings.beside, now)?;
            going.files_looked_at = Some(Instant::now());
        }
        self.note_head(false)
    }

    fn note_head(&mut self, at_once: bool) -> Result<(), BackupError> {
        let now = self.clock.now();
        let going = self.going.as_mut();
        going.map_or(Ok(()), |going| going.note_head(now, at_once))
    }

    fn read<T, F>(&self, look: F) -> Result<T, BackupError>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
        T: Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.map_err(BackupError::thread("the backup"))?;
        Ok(runtime.block_on(self.store.read(look))?)
    }

    fn snapshot(&mut self) -> Result<(), BackupError> {
        let (clock, log) = (self.clock.clone(), self.store.log().cloned());
        let Some(going) = self.begin()? else {
            return Ok(());
        };
        going.files_looked_at = None;
        going.vault.keep_envelope()?;
        let repair = going.copy_missing()?;
        if let Some(repair) = repair {
            self.report(Some(repair.to_string()));
        }
        self.copy_commits()?;
        let Some(going) = &mut self.going else {
            return Ok(());
        };
        let at = match (&log, &self.settings.postgres) {
            (Some(log), _) => going.snapshot_sqlite(log, &clock)?,
            (None, Some(database)) => {
                let dumped = going.snapshot_postgres(database, &clock);
                self.dump_failed = dumped.is_err().then(|| clock.now());
                dumped?
            }
            (None, None) => return Ok(()),
        };
        let is_dumped = self.status.borrow().is_dumped;
        self.status.send_modify(|status| {
            status.snapshot = Some(at);
            if is_dumped {
                status.copied_until = Some(at);
            }
        });
        let now = clock.now();
        self.made = Some(now);
        self.measured_at = None;
        going.note_head(now, true)?;
        let oldest = now
            .checked_sub(self.settings.keep)
            .unwrap_or(Timestamp::MIN);
        going.find_old(oldest)?;
        if let Some(newest) = going.newest.clone() {
            self.remember(newest.name())?;
        }
        self.may_begin_anew = false;
        Ok(())
    }

    /// If the log is long, or if it contains deleted data that must disappear.
    fn reclaim(&mut self, is_copied: bool) -> Result<(), BackupError> {
        let Some(log) = self.store.log().cloned() else {
            return Ok(());
        };
        let position = log.position().map_err(BackupError::file(&log.path()))?;
        let wants_empty = log.take_empty_wanted();
        let outcome = match &mut self.going {
            Some(going) if is_copied && (wants_empty || position.frame >= LOG_FRAMES) => {
                going.reclaim(wants_empty)
            }
            Some(_) if position.frame < MOST_LOG_FRAMES => Ok(!wants_empty),
            // No backup is running, or the log is too long to wait for the target.
            _ => {
                self.going = None;
                log.take_marks();
                // A log that was not copied may grow longer, so that copying can continue when the
                // target works again.
                let most = if is_copied {
                    LOG_FRAMES
                } else {
                    MOST_LOG_FRAMES
                };
                if wants_empty || position.frame >= most {
                    crate::log_copy::empty(&log)
                } else {
                    Ok(true)
                }
            }
        };
        if wants_empty && !matches!(outcome, Ok(true)) {
            log.want_empty();
        }
        outcome.map(drop)
    }
}
