//! A copy of an installation that follows its backup, and takes its place.
//!
//! The newest snapshot is unpacked into the folder `following` of the data folder. Once a second,
//! new segments are written over it, so the file there is the store of about a second ago. Nothing
//! opens it until [`Follower::take_over`] takes the lease, adds what is left, and puts everything in
//! its place.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use platform::{Clock, Random};

use crate::generation::decode;
use crate::lease::{Holder, Lease};
use crate::private_folder::make_folder;
use crate::restore::{
    self, Chosen, FOLLOWING_FOLDER, Places, Plan, Restored, STORE, StorePlace, UNFINISHED_FOLDER,
};
use crate::room::{Room, check_space};
use crate::vault::Vault;
use crate::{BackupError, BackupKey, Target};

/// In the data folder, once the follower has taken over.
const TAKEN_OVER: &str = "taken-over";
/// For a new snapshot. Each look lists objects, which buckets charge for.
const SNAPSHOT_INTERVAL: SignedDuration = SignedDuration::from_secs(10);

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
        let mut lease = Lease::new(target, key, &places.data, clock, random, None);
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

    /// Takes the lease, so that the other machine writes nothing more to the backup, adds what is
    /// left, and puts everything in place. Afterwards, the installation can be served. After an
    /// error, it can be tried again.
    pub fn take_over(&mut self) -> Result<TakenOver, BackupError> {
        // What takes long is done while the other machine may still write.
        self.turn()?;
        if let Some(other) = self.lease.other_holder()? {
            self.former = Some(other);
        }
        self.lease.insist();
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
        let beside = copy.folder.join("beside");
        self.key.keep(&beside)?;
        let mark = beside.join(TAKEN_OVER);
        restore::write_file(&mark, &[]).map_err(BackupError::file(&mark))?;
        // One of the two folders is there until everything is in place, so a folder that is half
        // filled is never served.
        let unfinished = self.places.data.join(UNFINISHED_FOLDER);
        restore::remove_folder(&unfinished)?;
        fs::rename(&copy.folder, &unfinished).map_err(BackupError::file(&unfinished))?;
        restore::remove_folder(&self.places.data.join(FOLLOWING_FOLDER))?;
        restore::put_in_place(&unfinished, &self.places, &restored, None)?;
        let from = self.former.clone();
        let reached = from.as_ref().map(|from| from.copied_until);
        Ok(TakenOver {
            whole_until: reached.map_or(until, |reached| reached.max(until)),
            from,
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
