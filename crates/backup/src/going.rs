//! A running backup. New changes go into one generation, or into two while a snapshot is being
//! made.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use platform::Clock;
use platform::store::log::Log;

use crate::erasures::Sent;
use crate::files::{self, Copied};
use crate::generation::{Change, Generation, Manifest, PIECE, encode};
use crate::log_copy::LogCopy;
use crate::progress::Progress;
use crate::vault::Vault;
use crate::{BackupError, VERSION};

/// How often new changes are copied while a snapshot is made.
const PACE: Duration = Duration::from_secs(1);
/// The maximum number of old objects removed per second.
const REMOVED_AT_ONCE: u32 = 50;
/// How many times a snapshot is attempted while a long read prevents a checkpoint.
const TRIES: u32 = 50;

/// A running backup.
pub(crate) struct Going {
    pub(crate) vault: Vault,
    /// The copy of the log; `None` on PostgreSQL.
    log: Option<LogCopy>,
    /// The generations that receive new changes: two while a snapshot is being made.
    generations: Vec<Active>,
    /// Changes that were copied from the log but are not in the target yet.
    waiting: Vec<Change>,
    pub(crate) files: Copied,
    pub(crate) files_looked_at: Option<Instant>,
    pub(crate) erasures: Sent,
    data: PathBuf,
    /// The objects to remove, in reverse order.
    old: Vec<String>,
    /// The progress as saved in the data folder.
    progress: Option<Progress>,
    /// When the last snapshot was made.
    pub(crate) snapshot: Option<Timestamp>,
}

struct Active {
    generation: Generation,
    next_segment: u64,
}

impl Going {
    pub(crate) fn begin(
        vault: Vault,
        log: Option<LogCopy>,
        data: PathBuf,
    ) -> Result<Self, BackupError> {
        let mut going = Self {
            log,
            generations: Vec::new(),
            waiting: Vec::new(),
            files: Copied::find(&vault)?,
            files_looked_at: None,
            erasures: Sent::find(&vault)?,
            data,
            old: Vec::new(),
            progress: None,
            snapshot: None,
            vault,
        };
        going.go_on()?;
        Ok(going)
    }

    /// Continues the newest generation, if the log still contains everything since its last
    /// segment. Otherwise another program has written in the meantime, and a new snapshot is
    /// needed.
    fn go_on(&mut self) -> Result<(), BackupError> {
        let (Some(log), Some(progress)) = (&mut self.log, Progress::read(&self.data)) else {
            return Ok(());
        };
        let generation = Generation::named(&progress.generation);
        if Generation::list(&self.vault)?.last() != Some(&generation) {
            return Ok(());
        }
        let (segments, has_gap) = generation.segments(&self.vault)?;
        if has_gap || !log.go_on(&progress)? {
            return Ok(());
        }
        self.snapshot = Some(generation.at());
        self.generations.push(Active {
            next_segment: segments.last().map_or(0, |last| last.number + 1),
            generation,
        });
        Ok(())
    }

    /// Saves the progress of the generation, if there is only one and its snapshot is complete.
    fn keep_progress(&mut self) -> Result<(), BackupError> {
        let (Some(log), [only], Some(_)) = (&mut self.log, &*self.generations, self.snapshot)
        else {
            return Ok(());
        };
        let progress = log.progress(only.generation.name())?;
        if progress != self.progress
            && let Some(progress) = &progress
        {
            progress.keep(&self.data)?;
        }
        self.progress = progress;
        Ok(())
    }

    /// Copies new changes. Returns the time up to which everything is in the target.
    pub(crate) fn follow(&mut self, clock: &Clock) -> Result<Option<Timestamp>, BackupError> {
        let now = clock.now();
        let Some(log) = &mut self.log else {
            return Ok(None);
        };
        if self.waiting.is_empty() {
            self.waiting = log.copy()?;
            self.send()?;
            self.keep_progress()?;
            self.remove_old()?;
            return Ok((!self.generations.is_empty()).then_some(now));
        }
        self.send()?;
        Ok(None)
    }

    /// Sends the changes copied from the log. If sending fails, they are sent again later; sending
    /// a change twice does no harm.
    fn send(&mut self) -> Result<(), BackupError> {
        if let Some(last) = self.waiting.last() {
            let until = Timestamp::from_millisecond(last.at).unwrap_or_default();
            let segment = encode(&self.waiting);
            for active in &mut self.generations {
                let name = active.generation.segment_name(active.next_segment, until);
                self.vault.put(&name, &segment)?;
                active.next_segment += 1;
            }
            self.waiting.clear();
        }
        Ok(())
    }

    /// Copies the database file. All changes made in the meantime stay in the log.
    pub(crate) fn snapshot_sqlite(
        &mut self,
        log: &Log,
        clock: &Clock,
    ) -> Result<Timestamp, BackupError> {
        self.write_back()?;
        let newest = Generation::list_all(&self.vault)?.pop();
        let generation = Generation::begin(&self.vault, clock.now(), newest.as_ref())?;
        let at = generation.at();
        self.generations.push(Active {
            generation: generation.clone(),
            next_segment: 0,
        });
        let made = self.pieces(log, clock, &generation);
        if made.is_err() {
            self.generations.pop();
        }
        let (bytes, pieces) = made?;
        let manifest = Manifest {
            made_by: VERSION.to_owned(),
            at: at.as_millisecond(),
            bytes,
            pieces,
            files: self.files.list(),
        };
        let manifest = serde_json::to_vec(&manifest).unwrap_or_default();
        self.vault.put(&generation.manifest_name(), &manifest)?;
        self.generations
            .retain(|active| active.generation == generation);
        self.snapshot = Some(at);
        Ok(at)
    }

    /// Checkpoints the whole log into the database file, which then does not change.
    fn write_back(&mut self) -> Result<(), BackupError> {
        for _ in 0..TRIES {
            let Some(log) = &mut self.log else {
                return Ok(());
            };
            let (changes, is_whole) = log.checkpoint()?;
            self.waiting.extend(changes);
            self.send()?;
            if is_whole {
                return Ok(());
            }
            std::thread::sleep(PACE / 10);
        }
        Err(BackupError::InUse)
    }

    /// Copies the database file. Returns its length in bytes and the number of its pieces.
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
            if copied.elapsed() >= PACE {
                self.follow(clock)?;
                copied = Instant::now();
            }
        }
        Ok((bytes, pieces))
    }

    /// Checkpoints the log and, with `wants_empty`, truncates it. Returns whether this was done
    /// completely.
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

    /// Finds the objects to remove: those older than `oldest` that are not needed to restore the
    /// state of `oldest` or of any later time.
    pub(crate) fn find_old(&mut self, oldest: Timestamp) -> Result<(), BackupError> {
        let mut kept = Generation::list(&self.vault)?;
        while kept.get(1).is_some_and(|next| next.at() < oldest) {
            kept.remove(0);
        }
        let mut old = Vec::new();
        for generation in Generation::list_all(&self.vault)? {
            if !kept.contains(&generation) {
                old.extend(generation.objects(&self.vault)?);
            }
        }
        let mut named = BTreeSet::new();
        for generation in &kept {
            named.extend(generation.manifest(&self.vault)?.files.into_values());
        }
        let first = kept.first().map_or(oldest, Generation::at);
        old.extend(files::unnamed(&self.vault, first, &named)?);
        old.reverse();
        self.old = old;
        Ok(())
    }

    /// Removes some of the old objects.
    fn remove_old(&mut self) -> Result<(), BackupError> {
        for _ in 0..REMOVED_AT_ONCE {
            let Some(name) = self.old.last() else {
                return Ok(());
            };
            self.vault.target.remove(name)?;
            files::forget(&mut self.files, name);
            self.old.pop();
        }
        Ok(())
    }
}
