//! Copies SQLite's write-ahead log while the store is in use.
//!
//! A separate connection, the *hold*, has a read transaction open on an older state. As long as
//! this transaction is open, no checkpoint by any process can restart the log, so nothing is lost
//! before it is copied. Only [`LogCopy::checkpoint`] ends the transaction, when everything is
//! copied and while no process can write.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use platform::store::log::{Log, LogMark, LogPosition};
use platform::{Clock, Store};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::BackupError;
use crate::generation::{Change, PIECE};
use crate::progress::Progress;

/// In bytes.
const LOG_HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;
/// In bytes: while changes are sent, they are in memory several times.
const MAX_TRANSACTION_BYTES: usize = 32 << 20;
/// While another process has locked the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Copies a store's write-ahead log.
#[derive(Debug)]
pub(crate) struct LogCopy {
    store: Store,
    log: Log,
    clock: Clock,
    hold: Connection,
    worker: Connection,
    file: Option<File>,
    /// Everything before this position was copied.
    at: LogPosition,
    /// The commits after `at`, in order of time.
    marks: VecDeque<LogMark>,
    /// Whether this agent has checkpointed the whole log. SQLite may then restart the log.
    may_restart: bool,
}

impl LogCopy {
    /// Starts copying at the log's current end.
    pub(crate) fn begin(store: &Store, log: &Log, clock: &Clock) -> Result<Self, BackupError> {
        let (hold, worker) = (connect(log.store())?, connect(log.store())?);
        take_hold(&hold)?;
        // Discards the marks of earlier commits, because copying starts after them.
        log.take_marks();
        let at = log.position().map_err(BackupError::file(&log.path()))?;
        Ok(Self {
            store: store.clone(),
            log: log.clone(),
            clock: clock.clone(),
            hold,
            worker,
            file: None,
            at,
            marks: VecDeque::new(),
            may_restart: false,
        })
    }

    /// Continues at the position at which an earlier process stopped. Returns `false` if the log's
    /// content before this position has changed.
    pub(crate) fn go_on(&mut self, progress: &Progress) -> Result<bool, BackupError> {
        let at = LogPosition {
            salt: progress.salt,
            frame: progress.frame,
            ..self.at
        };
        if at.salt != self.at.salt || at.frame == 0 || at.frame > self.at.frame {
            return Ok(false);
        }
        let before = std::mem::replace(&mut self.at, at);
        if self.last_checksum()? != progress.checksum {
            self.at = before;
            return Ok(false);
        }
        Ok(true)
    }

    /// Returns the position up to which the log was copied. Returns `None` at the beginning of a
    /// log.
    pub(crate) fn progress(
        &mut self,
        generation: &str,
        next_segment: u64,
    ) -> Result<Option<Progress>, BackupError> {
        if self.at.frame == 0 {
            return Ok(None);
        }
        Ok(Some(Progress {
            generation: generation.to_owned(),
            salt: self.at.salt,
            frame: self.at.frame,
            checksum: self.last_checksum()?,
            next_segment,
        }))
    }

    fn last_checksum(&mut self) -> Result<[u8; 8], BackupError> {
        let path = self.log.path();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(File::open(&path).map_err(BackupError::file(&path))?),
        };
        let length = FRAME_HEADER + u64::from(self.at.page_size);
        let last = u64::from(self.at.frame.saturating_sub(1));
        let mut checksum = [0; 8];
        file.read_exact_at(&mut checksum, LOG_HEADER + last * length + 16)
            .map_err(BackupError::file(&path))?;
        Ok(checksum)
    }

    /// Returns the changes since the last call, up to the size of a segment. Also returns whether
    /// no changes are left.
    pub(crate) fn copy(&mut self) -> Result<(Vec<Change>, bool), BackupError> {
        self.find_marks()?;
        let (mut changes, mut bytes) = (Vec::new(), 0);
        while let Some(mark) = self.marks.front().copied() {
            if bytes >= PIECE {
                return Ok((changes, false));
            }
            if let Some(change) = self.copy_until(mark.position, mark.at)? {
                bytes += change.length();
                changes.push(change);
            }
            let end = mark.position;
            if self.at.salt == end.salt && self.at.frame >= end.frame {
                self.marks.pop_front();
            }
        }
        Ok((changes, true))
    }

    fn find_marks(&mut self) -> Result<(), BackupError> {
        let path = self.log.path();
        let mut marks = self.log.take_marks();
        let position = self.log.position().map_err(BackupError::file(&path))?;
        let at = self.clock.now();
        let later = self.log.take_marks();
        // Commits of other processes have no mark. Commits that Kenduri has not acknowledged yet
        // may have none either, because Kenduri sets the mark just before it acknowledges. All
        // commits without a mark get the present time.
        if later.is_empty() {
            marks.push(LogMark { at, position });
        }
        marks.extend(later);
        let mut latest = Timestamp::MIN;
        for mark in marks {
            latest = latest.max(mark.at);
            self.marks.push_back(LogMark { at: latest, ..mark });
        }
        Ok(())
    }

    fn copy_until(
        &mut self,
        until: LogPosition,
        at: Timestamp,
    ) -> Result<Option<Change>, BackupError> {
        if until.salt != self.at.salt {
            if !self.may_restart {
                return Err(BackupError::LogLost);
            }
            self.may_restart = false;
            self.at = LogPosition { frame: 0, ..until };
        }
        if until.frame <= self.at.frame {
            return Ok(None);
        }
        let path = self.log.path();
        let (change, end) = self
            .read(until, at)
            .map_err(BackupError::file(&path))?
            .ok_or(BackupError::LogLost)?;
        if change.length() > MAX_TRANSACTION_BYTES {
            return Err(BackupError::LongTransaction);
        }
        self.at = LogPosition {
            frame: end,
            ..until
        };
        Ok(Some(change))
    }

    /// The latest version of each page up to the first commit that fills a segment, and that
    /// commit's last frame. `None` if the log was restarted.
    fn read(&mut self, until: LogPosition, at: Timestamp) -> io::Result<Option<(Change, u32)>> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(File::open(self.log.path())?),
        };
        let length = FRAME_HEADER + u64::from(until.page_size);
        let mut last = BTreeMap::new();
        let (mut pages, mut end) = (0, until.frame);
        for frame in self.at.frame..until.frame {
            let offset = LOG_HEADER + u64::from(frame) * length;
            let mut header = [0; 16];
            file.read_exact_at(&mut header, offset)?;
            let (numbers, salt) = header.split_at(8);
            if salt != until.salt {
                return Ok(None);
            }
            let number = |at: usize| {
                let bytes = numbers
                    .get(at..at + 4)
                    .and_then(|part| part.try_into().ok());
                u32::from_be_bytes(bytes.unwrap_or_default())
            };
            last.insert(number(0), offset + FRAME_HEADER);
            pages = number(4);
            // Only a commit's last frame contains the database's length.
            if pages > 0 && last.len() * until.page_size as usize >= PIECE {
                end = frame + 1;
                break;
            }
            if last.len() * until.page_size as usize > MAX_TRANSACTION_BYTES {
                break;
            }
        }
        let mut changed = BTreeMap::new();
        for (number, offset) in last {
            let mut page = vec![0; until.page_size as usize];
            file.read_exact_at(&mut page, offset)?;
            changed.insert(number, page);
        }
        let change = Change {
            at: at.as_millisecond(),
            page_size: until.page_size,
            pages,
            changed,
        };
        Ok(Some((change, end)))
    }

    /// Checkpoints the log into the database file, as far as other readers permit. Returns the
    /// changes that were not copied yet. Also returns whether the database file is complete and
    /// will not change until the next call.
    pub(crate) fn checkpoint(&mut self) -> Result<(Vec<Change>, bool), BackupError> {
        // Other processes can write during the first checkpoint, which does most of the work. They
        // cannot write during the second checkpoint, which is therefore short.
        let mut changes = self.while_paused(|this| {
            this.hold.execute_batch("COMMIT")?;
            take_hold(&this.hold)
        })?;
        passive(&self.worker)?;
        let mut is_whole = false;
        changes.extend(self.while_paused(|this| {
            this.hold.execute_batch("COMMIT")?;
            let outcome = passive(&this.hold);
            take_hold(&this.hold)?;
            is_whole = outcome?;
            this.may_restart |= is_whole;
            Ok(())
        })?);
        Ok((changes, is_whole))
    }

    /// Checkpoints and truncates the log, so that no deleted data is in it. Returns `false` if
    /// another connection uses the log. The caller must then try again.
    pub(crate) fn empty(&mut self) -> Result<(Vec<Change>, bool), BackupError> {
        let (changes, is_whole) = self.checkpoint()?;
        // The hold's read transaction sees the state in the database file. If the log has new
        // frames, the hold prevents the truncation.
        let emptied = is_whole && truncate(&self.worker)?;
        Ok((changes, emptied))
    }

    fn copy_all(&mut self) -> Result<Vec<Change>, BackupError> {
        let mut all = Vec::new();
        loop {
            let (changes, is_all) = self.copy()?;
            all.extend(changes);
            if is_all {
                return Ok(all);
            }
        }
    }

    /// Also copies the rest of the log. No process can write meanwhile.
    fn while_paused(
        &mut self,
        act: impl FnOnce(&mut Self) -> Result<(), rusqlite::Error>,
    ) -> Result<Vec<Change>, BackupError> {
        let pause = self.store.pause()?;
        self.worker.execute_batch("BEGIN IMMEDIATE")?;
        let copied = self.copy_all();
        let done = copied.and_then(|changes| {
            act(self)?;
            Ok(changes)
        });
        self.worker.execute_batch("ROLLBACK")?;
        drop(pause);
        done
    }
}

/// Checkpoints and truncates a log that is not being copied. Returns `false` if another connection
/// uses the log.
pub(crate) fn empty(log: &Log) -> Result<bool, BackupError> {
    Ok(truncate(&connect(log.store())?)?)
}

fn truncate(connection: &Connection) -> Result<bool, rusqlite::Error> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
        Ok(row.get::<_, i64>(0)? == 0)
    })
}

/// Returns whether the whole log is in the database file now.
fn passive(connection: &Connection) -> Result<bool, rusqlite::Error> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        let (busy, in_log, written): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(busy == 0 && in_log == written)
    })
}

fn take_hold(connection: &Connection) -> Result<(), rusqlite::Error> {
    connection.execute_batch("BEGIN")?;
    connection.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))
}

fn connect(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(connection)
}
