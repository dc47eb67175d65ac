//! A copy of an installation that follows its backup, and takes its place.
//!
//! The newest snapshot is unpacked into the folder `following` of the data folder. Once a second,
//! new segments are written over it, so the file there is the store of about a second ago. Nothing
//! opens it until [`Follower::take_over`] takes the lease, adds what is left, and puts everything in
//! its place.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use platform::{Clock, Random};
use serde::{Deserialize, Serialize};

use crate::disk_space::{Room, check_space};
use crate::generation::decode;
use crate::lease::{Holder, Holding, Lease, Validity, Verdict, Watch};
use crate::private_folder::make_folder;
use crate::restore::{
    self, Chosen, FOLLOWING_FOLDER, Places, Plan, Restored, STORE, StorePlace, UNFINISHED_FOLDER,
};
use crate::vault::Vault;
use crate::{BackupError, BackupKey, Target};

/// In the data folder, once the follower has taken over. What [`TookOver`] says, if by itself.
const TAKEN_OVER: &str = "taken-over";
/// For a new snapshot. Each look lists objects, which buckets charge for.
const SNAPSHOT_INTERVAL: SignedDuration = SignedDuration::from_secs(10);

/// Between two looks at the lease. Buckets charge for these too.
const WATCH_INTERVAL: Duration = Duration::from_secs(5);

/// At a take-over, until the other machine has noticed it.
const MAX_ROUNDS: u32 = 5;

#[derive(Debug)]
pub struct Follower {
    places: Places,
    key: BackupKey,
    clock: Clock,
    vault: Vault,
    lease: Lease,
    copy: Option<StoreCopy>,
    looked_at: Option<Timestamp>,
    /// Who held the lease before the take-over.
    former: Option<Holder>,
    watch: Watch,
    /// The last look at the lease, by the clock of [`Lease::steady`].
    watched_at: Option<Duration>,
}

/// A snapshot with the changes so far.
#[derive(Debug)]
struct StoreCopy {
    chosen: Chosen,
    folder: PathBuf,
    file: File,
    next_segment: u64,
    /// The name of the last segment.
    last: String,
    until: Timestamp,
}

/// The result of a take-over.
#[derive(Clone, Debug)]
pub struct TakenOver {
    /// The machine that held the lease; `None` if there was no lease.
    pub from: Option<Holder>,
    /// What was saved before is there. Unless the former machine has ended, what was saved later may
    /// be missing.
    pub whole_until: Timestamp,
    pub restored: Restored,
}

/// A take-over that nobody ordered, as the data folder remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TookOver {
    /// In milliseconds since the Unix epoch.
    at: i64,
    /// The host name of the other machine.
    pub from: String,
    /// In milliseconds since the Unix epoch.
    whole_until: i64,
}

impl TookOver {
    pub fn new(at: Timestamp, from: String, whole_until: Timestamp) -> Self {
        Self {
            at: at.as_millisecond(),
            from,
            whole_until: whole_until.as_millisecond(),
        }
    }

    pub fn at(&self) -> Timestamp {
        Timestamp::from_millisecond(self.at).unwrap_or_default()
    }

    /// What was saved before is there, and what was saved later may be missing.
    pub fn whole_until(&self) -> Timestamp {
        Timestamp::from_millisecond(self.whole_until).unwrap_or_default()
    }

    /// `None` if no machine has taken over with this data folder by itself.
    pub(crate) fn find(data: &Path) -> Option<Self> {
        let text = fs::read(data.join(TAKEN_OVER)).ok()?;
        serde_json::from_slice(&text).ok()
    }
}

/// Whether a follower has taken over with this data folder, so that it is to be served.
pub fn has_taken_over(data: &Path) -> bool {
    data.join(TAKEN_OVER).exists() && !restore::is_unfinished(data)
}

/// Leaves the folder itself, which says that nothing is served.
fn empty(folder: &Path) -> Result<(), BackupError> {
    let failed = BackupError::file(folder);
    for entry in fs::read_dir(folder).map_err(&failed)? {
        restore::remove_folder(&entry.map_err(&failed)?.path())?;
    }
    Ok(())
}

impl Follower {
    /// Fails if the places are not empty, or if the target has no lease.
    pub fn new(
        target: &Target,
        key: &BackupKey,
        places: &Places,
        clock: &Clock,
        random: &Random,
    ) -> Result<Self, BackupError> {
        if let StorePlace::Database(_) = places.store {
            return Err(BackupError::FollowsFilesOnly);
        }
        restore::check_empty(places)?;
        make_folder(&places.data)?;
        let validity = Validity::new(clock, &places.data);
        let holding = Holding::default();
        let mut lease = Lease::new(target, key, &places.data, &validity, random, holding);
        if !lease.keeps_conditions()? {
            return Err(BackupError::NoLease(target.name()));
        }
        let folder = places.data.join(FOLLOWING_FOLDER);
        make_folder(&folder)?;
        empty(&folder)?;
        Ok(Self {
            places: places.clone(),
            key: key.clone(),
            clock: clock.clone(),
            vault: Vault::of(target, key, random),
            lease,
            copy: None,
            looked_at: None,
            former: None,
            watch: Watch::default(),
            watched_at: None,
        })
    }

    /// Copies what is new. Returns the time of the last change, to which everything is there.
    pub fn turn(&mut self) -> Result<Timestamp, BackupError> {
        let now = self.clock.now();
        let is_fresh = self
            .looked_at
            .is_some_and(|at| at <= now && now.duration_since(at) < SNAPSHOT_INTERVAL);
        if !is_fresh || self.copy.is_none() {
            self.find_snapshot()?;
            self.looked_at = Some(now);
        }
        // Where a segment is missing, the copy waits for the next snapshot.
        self.add_segments()
    }

    /// Makes a copy of the newest snapshot, if that is another one than before.
    fn find_snapshot(&mut self) -> Result<(), BackupError> {
        let chosen = Chosen::find(&self.vault, None)?;
        chosen.manifest.kind.check(&self.places.store)?;
        let known = self.copy.as_ref().map(|copy| &copy.chosen.generation);
        if known == Some(&chosen.generation) {
            return Ok(());
        }
        let all = self.places.data.join(FOLLOWING_FOLDER);
        make_folder(&all)?;
        let folder = all.join(chosen.generation.name());
        restore::remove_folder(&folder)?;
        check_space(&all, chosen.manifest.unpacked())?;
        make_folder(&folder)?;
        let file = restore::write_snapshot(&self.vault, &chosen, &folder.join(STORE))?;
        let copy = StoreCopy {
            folder,
            file,
            next_segment: 0,
            last: String::new(),
            until: chosen.generation.at(),
            chosen,
        };
        if let Some(former) = self.copy.replace(copy) {
            restore::remove_folder(&former.folder)?;
        }
        Ok(())
    }

    fn add_segments(&mut self) -> Result<Timestamp, BackupError> {
        let Some(copy) = &mut self.copy else {
            return Err(BackupError::Nothing(self.vault.target.name()));
        };
        let path = copy.folder.join(STORE);
        for segment in copy
            .chosen
            .generation
            .segments_after(&self.vault, &copy.last)?
        {
            // A segment may have been sent again.
            if segment.number != copy.next_segment && segment.number + 1 != copy.next_segment {
                return Err(BackupError::damaged(
                    &copy.chosen.generation.segment_prefix(copy.next_segment),
                ));
            }
            let changes = decode(&self.vault.get(&segment.name)?);
            let changes = changes.ok_or_else(|| BackupError::damaged(&segment.name))?;
            for change in changes {
                restore::apply(&copy.file, &change).map_err(BackupError::file(&path))?;
                copy.until = Timestamp::from_millisecond(change.at).unwrap_or(copy.until);
            }
            copy.next_segment = segment.number + 1;
            copy.last = segment.name;
        }
        Ok(copy.until)
    }

    /// Looks at the lease every few seconds, whether this machine is to take over by itself. `None`
    /// if that was asked a moment ago.
    pub fn watch(&mut self) -> Result<Option<Verdict>, BackupError> {
        let now = self.lease.steady();
        let is_fresh = |at: Duration| now.saturating_sub(at) < WATCH_INTERVAL;
        if self.watched_at.is_some_and(is_fresh) {
            return Ok(None);
        }
        let verdict = self.watch.judge(self.lease.look()?);
        self.watched_at = Some(now);
        Ok(Some(verdict))
    }

    /// Takes the lease, so that the other machine writes nothing more to the backup, adds what is
    /// left, and puts everything in place. Afterwards, the installation can be served. After an
    /// error, it can be tried again.
    pub fn take_over(&mut self) -> Result<TakenOver, BackupError> {
        self.take_over_from(None)
    }

    /// Like [`Self::take_over`], but fails if the lease has another tag than that of the
    /// [`Verdict`], because the other machine has renewed it.
    pub fn take_over_by_itself(&mut self, tag: String) -> Result<TakenOver, BackupError> {
        self.take_over_from(Some(tag))
    }

    fn take_over_from(&mut self, expired: Option<String>) -> Result<TakenOver, BackupError> {
        // What takes long is done while the other machine may still write.
        self.turn()?;
        if let Some(other) = self.lease.other_holder()? {
            self.former = Some(other);
        }
        let is_by_itself = expired.is_some();
        match expired {
            Some(tag) => self.lease.insist_on(tag),
            None => self.lease.insist(),
        }
        self.lease.ensure()?;
        self.looked_at = None;
        let plan = self.add_rest()?;
        // If what follows fails, the next try begins with the snapshot.
        let Some(copy) = self.copy.take() else {
            return Err(BackupError::Nothing(self.vault.target.name()));
        };
        let (path, until) = (copy.folder.join(STORE), copy.until);
        copy.file.sync_all().map_err(BackupError::file(&path))?;
        restore::check_store(&path)?;
        let restored = restore::build_beside(&self.vault, &plan, &copy.folder, until, Room::All)?;
        let from = self.former.clone();
        let reached = from.as_ref().map(|from| from.copied_until);
        let whole_until = reached.map_or(until, |reached| reached.max(until));
        let host = from.as_ref().map(|from| from.host.clone());
        let note = is_by_itself.then(|| {
            let host = host.unwrap_or_else(|| "another machine".to_owned());
            TookOver::new(self.clock.now(), host, whole_until)
        });
        let note = note.and_then(|note| serde_json::to_vec(&note).ok());
        let beside = copy.folder.join("beside");
        self.key.keep(&beside)?;
        let mark = beside.join(TAKEN_OVER);
        restore::write_file(&mark, &note.unwrap_or_default()).map_err(BackupError::file(&mark))?;
        // One of the two folders is there until everything is in place, so a folder that is half
        // filled is never served.
        let unfinished = self.places.data.join(UNFINISHED_FOLDER);
        restore::remove_folder(&unfinished)?;
        fs::rename(&copy.folder, &unfinished).map_err(BackupError::file(&unfinished))?;
        restore::remove_folder(&self.places.data.join(FOLLOWING_FOLDER))?;
        restore::put_in_place(&unfinished, &self.places, &restored, None)?;
        Ok(TakenOver {
            from,
            whole_until,
            restored,
        })
    }

    /// Adds what is left, until nothing comes any more.
    fn add_rest(&mut self) -> Result<Plan, BackupError> {
        let mut missing = BackupError::Nothing(self.vault.target.name());
        for _ in 0..MAX_ROUNDS {
            self.turn()?;
            let Some(copy) = &self.copy else {
                continue;
            };
            let plan = copy.chosen.plan(&self.vault, None)?;
            let planned = plan.segments.last().map_or(0, |last| last.number + 1);
            if planned == copy.next_segment {
                return Ok(plan);
            }
            let object = copy.chosen.generation.segment_prefix(copy.next_segment);
            missing = BackupError::damaged(&object);
        }
        Err(missing)
    }
}
