//! The thread that backs up while the program runs.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use platform::erasure::{self, Erased};
use platform::{Clock, Random, Store};

use crate::drill::{self, Drill, DrillResult};
use crate::files::Beside;
use crate::going::Going;
use crate::log_copy::LogCopy;
use crate::vault::Vault;
use crate::{BackupError, BackupKey, Target};

/// How often new commits are copied to the target.
const PACE: Duration = Duration::from_secs(1);
/// How often the files beside the store are checked for changes.
const FILES: Duration = Duration::from_secs(10);
/// How many frames the log has when it is checkpointed into the database file.
const LOG_FRAMES: u32 = 4_000;
/// How many frames the log has (256 MiB) when it is checkpointed even if the target fails, so that
/// it was not copied.
const MOST_LOG_FRAMES: u32 = 65_536;

/// The `[backup]` section of the settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The target of backups.
    pub target: Target,
    /// How often a snapshot is made.
    pub every: SignedDuration,
    /// For how long backups are kept.
    pub keep: SignedDuration,
    /// Whether a drill runs once a week: the backup is restored elsewhere to test it.
    pub has_drills: bool,
    /// The data folder, which contains the key file.
    pub data: PathBuf,
    /// The files and folders that are backed up with the store.
    pub beside: Vec<Beside>,
}

#[derive(Clone, Debug, Default)]
pub struct Status {
    pub has_key: bool,
    /// When the last snapshot was made.
    pub snapshot: Option<Timestamp>,
    /// Every commit up to this time is in the backup.
    pub copied_until: Option<Timestamp>,
    /// The outcome of the last drill.
    pub drill: Option<Drill>,
    /// When and why the backup failed; `None` once it has succeeded again.
    pub failure: Option<(Timestamp, String)>,
}

/// Backs up a running program, in a thread.
#[derive(Debug)]
pub struct Agent {
    status: Arc<Mutex<Status>>,
    requests: SyncSender<Request>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

enum Request {
    /// Make a snapshot, and send the result when it is complete.
    Now(SyncSender<Result<(), BackupError>>),
    Stop,
}

impl Agent {
    /// Starts the backup thread.
    pub fn start(
        settings: Settings,
        store: Store,
        clock: Clock,
        random: Random,
    ) -> Result<Self, BackupError> {
        let status = Arc::new(Mutex::new(Status {
            has_key: BackupKey::read(&settings.data)?.is_some(),
            drill: Drill::last(&settings.data),
            ..Status::default()
        }));
        let (requests, asked) = sync_channel(16);
        let work = Work {
            settings,
            store,
            clock,
            random,
            status: Arc::clone(&status),
            lock: None,
            going: None,
            drill: None,
        };
        let thread = std::thread::Builder::new()
            .name("backup".to_owned())
            .spawn(move || work.run(&asked))
            .map_err(BackupError::file(std::path::Path::new(
                "the thread of the backup",
            )))?;
        Ok(Self {
            status,
            requests,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Returns the current state of the backup.
    pub fn status(&self) -> Status {
        guard(&self.status).clone()
    }

    /// Makes a snapshot now. Blocks until the snapshot is complete.
    pub fn now(&self) -> Result<(), BackupError> {
        let (answer, outcome) = sync_channel(1);
        let stopped = || BackupError::Store(platform::StoreError::Stopped);
        let sent = self.requests.send(Request::Now(answer));
        sent.map_err(|_| stopped())?;
        outcome.recv().unwrap_or_else(|_| Err(stopped()))
    }

    /// Copies the remaining changes and ends the thread. Blocks.
    pub fn stop(&self) {
        // The thread may have ended already.
        let _ = self.requests.send(Request::Stop);
        if let Some(thread) = guard(&self.thread).take()
            && thread.join().is_err()
        {
            tracing::error!("the backup ended in a panic");
        }
    }
}

/// The thread's state.
struct Work {
    settings: Settings,
    store: Store,
    clock: Clock,
    random: Random,
    status: Arc<Mutex<Status>>,
    /// The lock that lets only one process back up: two workers share the store during an upgrade.
    lock: Option<File>,
    going: Option<Going>,
    drill: Option<JoinHandle<Result<Drill, BackupError>>>,
}

impl Work {
    fn run(mut self, asked: &Receiver<Request>) {
        loop {
            let (outcome, answer) = match asked.recv_timeout(PACE) {
                Ok(Request::Now(answer)) => (self.snapshot_now(), Some(answer)),
                Ok(Request::Stop) | Err(RecvTimeoutError::Disconnected) => {
                    let outcome = self.follow();
                    self.note(&outcome);
                    return;
                }
                Err(RecvTimeoutError::Timeout) => (self.turn(), None),
            };
            self.note(&outcome);
            // After one of these errors the log cannot be followed reliably, so the backup starts
            // again with a snapshot.
            if matches!(
                outcome,
                Err(BackupError::LogLost | BackupError::Sqlite(_) | BackupError::Store(_))
            ) {
                self.going = None;
            }
            if let Some(answer) = answer {
                // The caller may have stopped waiting.
                let _ = answer.send(outcome);
            }
        }
    }

    /// Reports an outcome on the operator's page, in the log and in the metrics.
    fn note(&self, outcome: &Result<(), BackupError>) {
        let now = self.clock.now();
        let mut status = guard(&self.status);
        if let Err(error) = outcome {
            let text = error.to_string();
            if status
                .failure
                .as_ref()
                .is_none_or(|(_, before)| *before != text)
            {
                tracing::error!("the backup failed: {text}");
            }
            status.failure = Some((now, text));
            metrics::counter!("kenduri_backup_failures_total").increment(1);
        } else if status.failure.take().is_some() {
            tracing::info!("the backup goes on");
        }
        if let Some(until) = status.copied_until {
            metrics::gauge!("kenduri_backup_lag_seconds")
                .set(now.duration_since(until).as_secs_f64());
        }
        if let Some(at) = status.snapshot {
            metrics::gauge!("kenduri_backup_snapshot_timestamp_seconds")
                .set(at.as_duration().as_secs_f64());
        }
        if let Some(drill) = &status.drill {
            let at = Timestamp::from_millisecond(drill.at).unwrap_or_default();
            let is_good = matches!(drill.result, DrillResult::Good { .. });
            metrics::gauge!("kenduri_backup_drill_timestamp_seconds")
                .set(at.as_duration().as_secs_f64());
            metrics::gauge!("kenduri_backup_drill_good").set(f64::from(u8::from(is_good)));
        }
    }

    fn turn(&mut self) -> Result<(), BackupError> {
        if !self.is_ours()? {
            return Ok(());
        }
        let now = self.clock.now();
        let last = self.begin()?.and_then(|going| going.snapshot);
        let is_due = last.is_none_or(|last| now.duration_since(last) >= self.settings.every);
        let outcome = if is_due {
            self.snapshot()
        } else {
            self.follow()
        };
        let reclaimed = self.reclaim(outcome.is_ok());
        let drilled = self.drill(now);
        outcome.and(reclaimed).and(drilled)
    }

    /// Collects the outcome of a finished drill, and starts a drill in a thread if one is due.
    fn drill(&mut self, now: Timestamp) -> Result<(), BackupError> {
        if let Some(thread) = self.drill.take_if(|thread| thread.is_finished()) {
            let panicked = || std::io::Error::other("the drill ended in a panic");
            let outcome = thread.join();
            let drill =
                outcome.map_err(|_| BackupError::file(&self.settings.data)(panicked()))??;
            if let DrillResult::Failed(reason) = &drill.result {
                tracing::error!("the drill of the backup failed: {reason}");
            }
            guard(&self.status).drill = Some(drill);
        }
        let data = self.settings.data.clone();
        let has_snapshot = self
            .going
            .as_ref()
            .is_some_and(|going| going.snapshot.is_some());
        if !self.settings.has_drills
            || !has_snapshot
            || self.drill.is_some()
            || !drill::is_due(&data, now)
        {
            return Ok(());
        }
        let Some(key) = BackupKey::read(&data)? else {
            return Ok(());
        };
        let target = self.settings.target.clone();
        let (clock, random) = (self.clock.clone(), self.random.clone());
        let thread = std::thread::Builder::new()
            .name("backup-drill".to_owned())
            .spawn(move || drill::drill(&target, &key, &data, &clock, &random));
        self.drill = Some(thread.map_err(BackupError::file(&self.settings.data))?);
        Ok(())
    }

    fn snapshot_now(&mut self) -> Result<(), BackupError> {
        if !self.is_ours()? {
            return Err(BackupError::ElsewhereUnderWay);
        }
        match self.snapshot() {
            Ok(()) if self.going.is_none() => Err(BackupError::NoKey),
            outcome => outcome,
        }
    }

    /// Tries to take the lock, and returns whether this process holds it and so is the one that
    /// backs up.
    fn is_ours(&mut self) -> Result<bool, BackupError> {
        if self.lock.is_none() {
            let path = self.settings.data.join("backup.lock");
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(false).mode(0o600);
            let file = options.open(&path).map_err(BackupError::file(&path))?;
            let operation = rustix::fs::FlockOperation::NonBlockingLockExclusive;
            if rustix::fs::flock(&file, operation).is_ok() {
                self.lock = Some(file);
            }
        }
        Ok(self.lock.is_some())
    }

    /// Returns the running backup, and starts it if necessary; `None` if there is no key.
    fn begin(&mut self) -> Result<Option<&mut Going>, BackupError> {
        if self.going.is_none() {
            let key = BackupKey::read(&self.settings.data)?;
            guard(&self.status).has_key = key.is_some();
            let Some(key) = key else {
                return Ok(None);
            };
            let vault = Vault::claim(&self.settings.target, &key, &self.random)?;
            let log = self.store.log();
            let log = log.map(|log| LogCopy::begin(&self.store, log, &self.clock));
            let data = self.settings.data.clone();
            let going = Going::begin(vault, log.transpose()?, data)?;
            guard(&self.status).snapshot = going.snapshot;
            self.going = Some(going);
        }
        Ok(self.going.as_mut())
    }

    /// Copies new commits to the target.
    fn follow(&mut self) -> Result<(), BackupError> {
        let Some(going) = &mut self.going else {
            return Ok(());
        };
        let until = going.follow(&self.clock)?;
        if let Some(until) = until {
            guard(&self.status).copied_until = Some(until);
        }
        let last = going.erasures.last;
        let read = self.store.read(move |tx| erasure::after(tx, last));
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.map_err(BackupError::file(&self.settings.data))?;
        let erased: Vec<Erased> = runtime.block_on(read)?;
        going.erasures.send(&going.vault, &erased)?;
        if going.files_looked_at.is_none_or(|at| at.elapsed() >= FILES) {
            let now = self.clock.now();
            going.files.copy(&going.vault, &self.settings.beside, now)?;
            going.files_looked_at = Some(Instant::now());
        }
        Ok(())
    }

    fn snapshot(&mut self) -> Result<(), BackupError> {
        let (clock, log) = (self.clock.clone(), self.store.log().cloned());
        let Some(going) = self.begin()? else {
            return Ok(());
        };
        going.files_looked_at = None;
        self.follow()?;
        let Some(going) = &mut self.going else {
            return Ok(());
        };
        let Some(log) = log else {
            return Ok(());
        };
        let at = going.snapshot_sqlite(&log, &clock)?;
        guard(&self.status).snapshot = Some(at);
        let now = clock.now();
        let oldest = now
            .checked_sub(self.settings.keep)
            .unwrap_or(Timestamp::MIN);
        going.find_old(oldest)
    }

    /// Checkpoints the log when it is long, or when deleted data should be removed from it.
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
                if wants_empty || position.frame >= LOG_FRAMES {
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

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
