//! A running backup. New changes go to one generation, or to two while a snapshot is being made.

mod place_check;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use platform::Clock;
use platform::store::PostgresSettings;
use platform::store::log::Log;

use crate::erasures::Sent;
use crate::files::{self, Copied};
use crate::generation::{Base, Change, Generation, Kind, Manifest, PIECE, encode};
use crate::head::Head;
use crate::log_copy::LogCopy;
use crate::progress::Progress;
use crate::vault::Vault;
use crate::wal_copy::{self, Ends, WalCopy};
use crate::{BackupError, VERSION, postgres, retention};
pub(crate) use place_check::Repair;

/// While a snapshot is being made.
const COPY_INTERVAL: Duration = Duration::from_secs(1);
/// Old objects per second at most.
const REMOVED_AT_ONCE: u32 = 50;
/// In milliseconds.
const HEAD_INTERVAL: i64 = 60_000;
/// While a long read transaction prevents a checkpoint for a snapshot.
const MAX_CHECKPOINT_TRIES: u32 = 50;

pub(crate) struct Going {
    pub(crate) vault: Vault,
    /// Copies SQLite's log; `None` if the store is in PostgreSQL.
    log: Option<LogCopy>,
    /// Copies PostgreSQL's log; `None` if the store's role may not replicate.
    pub(crate) wal: Option<WalCopy>,
    /// The generations to which new changes go. There are two while a snapshot is being made.
    generations: Vec<Active>,
    /// Changes that were read from the log but not yet sent to the target.
    waiting: Vec<Change>,
    pub(crate) files: Copied,
    pub(crate) files_looked_at: Option<Instant>,
    pub(crate) erasures: Sent,
    /// The last head that was written.
    head: Option<Head>,
    /// Of the head in the target, so that it is not written over another machine's.
    head_tag: Option<String>,
    data: PathBuf,
    /// The objects to remove, in reverse order.
    old: Vec<String>,
    /// The position in the log that was last saved in the data folder.
    progress: Option<Progress>,
    /// When the last snapshot was complete.
    pub(crate) snapshot: Option<Timestamp>,
    /// The generation of the newest complete snapshot.
    pub(crate) newest: Option<Generation>,
    /// The object that was missing when this backup was to continue an earlier one.
    pub(crate) gap: Option<String>,
}

struct Active {
    generation: Generation,
    next_segment: u64,
    /// The name of the last segment that was written.
    last: Option<String>,
}

impl Going {
    pub(crate) fn begin(
        vault: Vault,
        log: Option<LogCopy>,
        wal: Option<WalCopy>,
        data: PathBuf,
    ) -> Result<Self, BackupError> {
        let mut going = Self {
            log,
            wal,
            generations: Vec::new(),
            waiting: Vec::new(),
            files: Copied::find(&vault)?,
            files_looked_at: None,
            erasures: Sent::find(&vault)?,
            head: None,
            head_tag: None,
            data,
            old: Vec::new(),
            progress: None,
            snapshot: None,
            newest: None,
            gap: None,
            vault,
        };
        going.resume_newest()?;
        Ok(going)
    }

    /// If the log no longer contains everything after the last segment, a new snapshot is needed.
    fn resume_newest(&mut self) -> Result<(), BackupError> {
        let Some(log) = &mut self.log else {
            let Some(newest) = Generation::list(&self.vault)?.pop() else {
                return Ok(());
            };
            let kind = newest.manifest(&self.vault)?.kind;
            let goes_on = match &self.wal {
                None => kind == Kind::Dump,
                Some(wal) => kind == Kind::Base && wal.is_chained()?,
            };
            if goes_on && self.is_restorable(0)? {
                self.complete(newest);
            }
            return Ok(());
        };
        let Some(progress) = Progress::read(&self.data) else {
            return Ok(());
        };
        let generation = Generation::named(&progress.generation);
        if Generation::list(&self.vault)?.last() != Some(&generation) {
            return Ok(());
        }
        if !log.go_on(&progress)? || !self.is_restorable(progress.next_segment)? {
            return Ok(());
        }
        let (segments, _) = generation.segments(&self.vault)?;
        self.complete(generation.clone());
        self.generations.push(Active {
            next_segment: segments.last().map_or(0, |last| last.number + 1),
            generation,
            last: segments.last().map(|last| last.name.clone()),
        });
        Ok(())
    }

    /// Later changes may be added only then.
    fn is_restorable(&mut self, next_segment: u64) -> Result<bool, BackupError> {
        match place_check::check(&self.vault, next_segment) {
            Err(BackupError::Damaged { object, .. }) => {
                self.gap = Some(object);
                if let Some(wal) = &mut self.wal {
                    wal.give_up()?;
                }
                Ok(false)
            }
            checked => checked.map(|()| true),
        }
    }

    /// Returns the snapshot's time.
    fn complete(&mut self, generation: Generation) -> Timestamp {
        let at = generation.at();
        self.snapshot = Some(at);
        self.newest = Some(generation);
        at
    }

    /// Only while there is one generation, and its snapshot is complete.
    fn keep_progress(&mut self) -> Result<(), BackupError> {
        let (Some(log), [only], Some(_)) = (&mut self.log, &*self.generations, self.snapshot)
        else {
            return Ok(());
        };
        let progress = log.progress(only.generation.name(), only.next_segment)?;
        if progress != self.progress
            && let Some(progress) = &progress
        {
            progress.save(&self.data)?;
        }
        self.progress = progress;
        Ok(())
    }

    /// Copies new changes. All commits before the returned time are in the target.
    pub(crate) fn follow(
        &mut self,
        clock: &Clock,
        ends: Option<Ends>,
    ) -> Result<Option<Timestamp>, BackupError> {
        let now = clock.now();
        if self.log.is_none() {
            self.remove_old()?;
            return match (&mut self.wal, ends) {
                (Some(wal), Some(ends)) => {
                    let until = wal.copy(&self.vault, ends)?;
                    Ok(until.filter(|_| self.snapshot.is_some()))
                }
                _ => Ok(self.snapshot),
            };
        }
        if self.waiting.is_empty() {
            self.copy_log()?;
            self.remove_old()?;
            return Ok((!self.generations.is_empty()).then_some(now));
        }
        self.send()?;
        Ok(None)
    }

    fn copy_log(&mut self) -> Result<(), BackupError> {
        while let Some(log) = &mut self.log {
            let (changes, is_all) = log.copy()?;
            self.waiting = changes;
            self.send()?;
            self.keep_progress()?;
            if is_all {
                break;
            }
        }
        Ok(())
    }

    /// A segment is in memory several times, so segments are small. What could not be sent is sent
    /// again later: the target may get a change twice without harm.
    fn send(&mut self) -> Result<(), BackupError> {
        loop {
            let mut bytes = 0;
            let segment = self.waiting.iter().take_while(|change| {
                let is_first = bytes == 0;
                bytes += change.length();
                is_first || bytes <= PIECE
            });
            let count = segment.count();
            let segment = self.waiting.get(..count).unwrap_or_default();
            let Some(last) = segment.last() else {
                return Ok(());
            };
            let until = Timestamp::from_millisecond(last.at).unwrap_or_default();
            let segment = encode(segment);
            for active in &mut self.generations {
                let name = active.generation.segment_name(active.next_segment, until);
                self.vault.put(&name, &segment)?;
                active.next_segment += 1;
                active.last = Some(name);
            }
            self.waiting.drain(..count);
        }
    }

    /// Makes a snapshot by copying the database file. Meanwhile, all changes stay in the log.
    pub(crate) fn snapshot_sqlite(
        &mut self,
        log: &Log,
        clock: &Clock,
    ) -> Result<Timestamp, BackupError> {
        self.checkpoint_whole()?;
        let generation = self.begin_generation(clock)?;
        self.generations.push(Active {
            generation: generation.clone(),
            next_segment: 0,
            last: None,
        });
        let made = self.pieces(log, clock, &generation);
        let ended = made.and_then(|(bytes, pieces)| {
            self.end_snapshot(&generation, Kind::Sqlite, bytes, pieces, None)
        });
        if ended.is_err() {
            self.generations.pop();
            self.remove_failed(&generation);
        }
        ended?;
        self.generations
            .retain(|active| active.generation == generation);
        Ok(self.complete(generation))
    }

    /// Makes a snapshot by copying the whole server, or by dumping the database if the store's role
    /// may not replicate.
    pub(crate) fn snapshot_postgres(
        &mut self,
        settings: &PostgresSettings,
        clock: &Clock,
    ) -> Result<Timestamp, BackupError> {
        let generation = self.begin_generation(clock)?;
        let made = match self.wal.take() {
            None => self.dump(settings, &generation),
            Some(mut wal) => {
                let made = self.base_backup(settings, clock, &generation, &mut wal);
                self.wal = Some(wal);
                made
            }
        };
        if made.is_err() {
            self.remove_failed(&generation);
        }
        made?;
        Ok(self.complete(generation))
    }

    fn dump(
        &self,
        settings: &PostgresSettings,
        generation: &Generation,
    ) -> Result<(), BackupError> {
        let (mut bytes, mut pieces) = (0, 0);
        postgres::dump(settings, |piece| {
            self.vault.put(&generation.piece_name(pieces), piece)?;
            bytes += piece.len() as u64;
            pieces += 1;
            Ok(())
        })?;
        self.end_snapshot(generation, Kind::Dump, bytes, pieces, None)
    }

    /// And, at the same time, the log. Then waits for all parts of the log that the base backup
    /// needs.
    fn base_backup(
        &self,
        settings: &PostgresSettings,
        clock: &Clock,
        generation: &Generation,
        wal: &mut WalCopy,
    ) -> Result<(), BackupError> {
        let segment_length = wal.wait_for_segment()?;
        let (mut bytes, mut pieces, mut copied) = (0, 0, Instant::now());
        let positions = postgres::base_backup(settings, |piece| {
            self.vault.put(&generation.piece_name(pieces), piece)?;
            bytes += piece.len() as u64;
            pieces += 1;
            if copied.elapsed() >= COPY_INTERVAL {
                wal.copy_files(&self.vault, clock.now())?;
                copied = Instant::now();
            }
            Ok(())
        });
        let positions = positions?;
        let segment = |position: &str| {
            let segment = wal_copy::segment_of(positions.timeline, position, segment_length);
            segment.ok_or(BackupError::LogLost)
        };
        wal.wait_for_copy(
            &self.vault,
            clock,
            &segment(&positions.end)?,
            segment_length,
        )?;
        let (database, user) = postgres::names(settings)?;
        let base = Base {
            first: segment(&positions.start)?,
            segment_length,
            database,
            user,
        };
        self.end_snapshot(generation, Kind::Base, bytes, pieces, Some(base))
    }

    fn begin_generation(&self, clock: &Clock) -> Result<Generation, BackupError> {
        let newest = Generation::list_all(&self.vault)?.pop();
        Generation::begin(&self.vault, clock.now(), newest.as_ref())
    }

    /// The manifest makes the snapshot complete.
    fn end_snapshot(
        &self,
        generation: &Generation,
        kind: Kind,
        bytes: u64,
        pieces: u32,
        base: Option<Base>,
    ) -> Result<(), BackupError> {
        let manifest = Manifest {
            made_by: VERSION.to_owned(),
            at: generation.at().as_millisecond(),
            kind,
            bytes,
            pieces,
            base,
            file_bytes: self.files.bytes(),
            files: self.files.list(),
            has_head: true,
        };
        self.check_listed(generation, pieces, &manifest)?;
        Head::begin(&self.vault)?;
        let manifest = serde_json::to_vec(&manifest).unwrap_or_default();
        self.vault.put(&generation.manifest_name(), &manifest)
    }

    /// Fails if the target lacks an object on which the manifest relies.
    fn check_listed(
        &self,
        generation: &Generation,
        pieces: u32,
        manifest: &Manifest,
    ) -> Result<(), BackupError> {
        let there = self.vault.target.list(&generation.pieces_folder())?;
        let there: BTreeSet<String> = there.into_iter().collect();
        let names = (0..pieces).map(|number| generation.piece_name(number));
        let piece = names.into_iter().find(|name| !there.contains(name));
        let there = files::list(&self.vault)?;
        let file = manifest.files.values().find(|name| !there.contains(*name));
        match piece.or_else(|| file.cloned()) {
            Some(object) => Err(BackupError::Gone(object)),
            None => Ok(()),
        }
    }

    /// A failed snapshot's objects may fill the target.
    fn remove_failed(&self, generation: &Generation) {
        let objects = generation.objects(&self.vault);
        for name in objects.unwrap_or_default() {
            // Objects that cannot be removed now are removed later, together with other old
            // objects.
            if self.vault.remove(&name).is_err() {
                return;
            }
        }
    }

    /// Writes the head, which records how much the backup must contain. If `at_once` is false,
    /// writes it at most once a minute.
    pub(crate) fn note_head(&mut self, now: Timestamp, at_once: bool) -> Result<(), BackupError> {
        let Some(newest) = &self.newest else {
            return Ok(());
        };
        let next_segment = match &*self.generations {
            // A PostgreSQL store has no segments of this kind.
            [] => 0,
            [only] if only.generation == *newest => only.next_segment,
            _ => return Ok(()),
        };
        let head = Head {
            at: now.as_millisecond(),
            generation: newest.name().to_owned(),
            next_segment,
            erasures: self.erasures.count(),
            log: self.wal.as_ref().and_then(WalCopy::end),
        };
        let is_new = self.head.as_ref().is_none_or(|before| {
            let is_later = !(0..HEAD_INTERVAL).contains(&(head.at - before.at));
            let same = Head {
                at: before.at,
                ..head.clone()
            };
            (at_once || is_later) && same != *before
        });
        if is_new {
            head.write(&self.vault, &mut self.head_tag)?;
            self.head = Some(head);
        }
        Ok(())
    }

    /// Afterwards, the database file does not change while it is copied.
    fn checkpoint_whole(&mut self) -> Result<(), BackupError> {
        for _ in 0..MAX_CHECKPOINT_TRIES {
            let Some(log) = &mut self.log else {
                return Ok(());
            };
            let (changes, is_whole) = log.checkpoint()?;
            self.waiting.extend(changes);
            self.send()?;
            if is_whole {
                return Ok(());
            }
            std::thread::sleep(COPY_INTERVAL / 10);
        }
        Err(BackupError::InUse)
    }

    /// Returns the database file's size in bytes and the number of pieces.
    fn pieces(
        &mut self,
        log: &Log,
        clock: &Clock,
        generation: &Generation,
    ) -> Result<(u64, u32), BackupError> {
        let failed = BackupError::file(log.store());
        let bytes = fs::metadata(log.store()).map_err(&failed)?.len();
        let (mut offset, mut pieces, mut copied) = (0, 0, Instant::now());
        let mut piece = vec![0; PIECE];
        while offset < bytes {
            let left = usize::try_from(bytes - offset).unwrap_or(PIECE).min(PIECE);
            let mut filled = 0;
            while filled < left {
                let free = piece.get_mut(filled..left).unwrap_or_default();
                let read = log.read_database(free, offset + filled as u64);
                match read.map_err(&failed)? {
                    0 => return Err(BackupError::LogLost),
                    read => filled += read,
                }
            }
            let whole = piece.get(..left).unwrap_or_default();
            self.vault.put(&generation.piece_name(pieces), whole)?;
            offset += left as u64;
            pieces += 1;
            if copied.elapsed() >= COPY_INTERVAL {
                self.follow(clock, None)?;
                copied = Instant::now();
            }
        }
        Ok((bytes, pieces))
    }

    /// Checkpoints the log, and truncates it if `wants_empty`. Returns whether the whole log was
    /// checkpointed and, if requested, truncated.
    pub(crate) fn reclaim(&mut self, wants_empty: bool) -> Result<bool, BackupError> {
        let Some(log) = &mut self.log else {
            return Ok(true);
        };
        let (changes, is_done) = if wants_empty {
            log.empty()?
        } else {
            log.checkpoint()?
        };
        self.waiting.extend(changes);
        self.send()?;
        Ok(is_done)
    }

    /// Finds the objects that can be removed. They are older than `oldest` and not needed to
    /// restore any state since `oldest`.
    pub(crate) fn find_old(&mut self, oldest: Timestamp) -> Result<(), BackupError> {
        let mut old = retention::old_objects(&self.vault, oldest)?;
        // A file that comes back is copied again from now on.
        files::forget(&mut self.files, &old);
        old.reverse();
        self.old = old;
        Ok(())
    }

    fn remove_old(&mut self) -> Result<(), BackupError> {
        for _ in 0..REMOVED_AT_ONCE {
            let Some(name) = self.old.last() else {
                return Ok(());
            };
            self.vault.remove(name)?;
            self.old.pop();
        }
        Ok(())
    }
}
