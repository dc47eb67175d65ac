//! The head, an object that records how much a backup must contain. Without it, somebody who can
//! delete objects in the target could remove the newest part of a backup unnoticed.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::generation::{Generation, Segment};
use crate::vault::Vault;
use crate::wal_copy::{self, LogEnd, Stretch};
use crate::{BackupError, erasures};

pub(crate) const OBJECT: &str = "head";

/// What a backup must contain at least.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// When the head was written, in milliseconds since the Unix epoch.
    pub(crate) at: i64,
    /// The name of the newest complete generation; empty if there is none yet.
    pub(crate) generation: String,
    /// The number of the generation's next segment.
    pub(crate) next_segment: u64,
    /// The number of erasures in the backup.
    pub(crate) erasures: usize,
    /// The end of PostgreSQL's log; `None` if the log is not copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) log: Option<LogEnd>,
}

impl Head {
    /// `tag` is of the head that this process has written or found; `None` lets it look.
    pub(crate) fn write(&self, vault: &Vault, tag: &mut Option<String>) -> Result<(), BackupError> {
        let plain = serde_json::to_vec(self).unwrap_or_default();
        vault.replace(OBJECT, &plain, tag)
    }

    /// Writes an empty head if the target has none.
    pub(crate) fn begin(vault: &Vault) -> Result<(), BackupError> {
        match vault.target.get(OBJECT)? {
            None => Self::default().write(vault, &mut None),
            Some(_) => Ok(()),
        }
    }

    fn read(vault: &Vault) -> Result<Self, BackupError> {
        let bytes = vault.get(OBJECT)?;
        serde_json::from_slice(&bytes).map_err(|_| BackupError::damaged(OBJECT))
    }
}

/// What a backup actually contains, for comparison with the head.
pub(crate) struct Found<'a> {
    pub(crate) generation: &'a Generation,
    pub(crate) segments: &'a [Segment],
    /// The copied parts of PostgreSQL's log.
    pub(crate) stretches: &'a [Stretch],
}

impl Found<'_> {
    fn until(&self) -> Timestamp {
        let changes = self.segments.last().map(|last| last.until);
        let log = self.stretches.iter().map(|stretch| stretch.at).max();
        let last = changes.max(log);
        last.unwrap_or(self.generation.at())
    }
}

/// Fails if a backup contains less than its head records. A restore to a time before the head's
/// time is always allowed, because it does not need the whole backup.
pub(crate) fn check(
    vault: &Vault,
    to: Option<Timestamp>,
    found: &Found<'_>,
) -> Result<(), BackupError> {
    let (generation, last) = (found.generation, found.until());
    let missing = |object: String, until: Timestamp| BackupError::Damaged {
        object,
        whole_until: Timestamp::from_second(until.as_second()).ok(),
    };
    let head = match Head::read(vault) {
        // The operator requested a specific time. The remaining objects may suffice for that time.
        Err(BackupError::Damaged { .. }) if to.is_some() => return Ok(()),
        Err(BackupError::Damaged { object, .. }) => return Err(missing(object, last)),
        head => head?,
    };
    let last = last.min(Timestamp::from_millisecond(head.at).unwrap_or(last));
    let missing = |object| Err(missing(object, last));
    if to.is_some_and(|to| to.as_millisecond() <= head.at) {
        return Ok(());
    }
    let named = Generation::named(&head.generation);
    if *generation < named {
        return missing(named.manifest_name());
    }
    let next = found.segments.last().map_or(0, |last| last.number + 1);
    if *generation == named && next < head.next_segment {
        return missing(generation.segment_prefix(next));
    }
    if let Some(end) = &head.log
        && wal_copy::end(found.stretches).is_none_or(|found| found < *end)
    {
        return missing(format!("{}{}/", wal_copy::ALL, end.0));
    }
    if erasures::count(vault)? < head.erasures {
        return missing(erasures::ALL.to_owned());
    }
    Ok(())
}
