//! Generations. A generation is a snapshot of the store, together with the changes after it.
//!
//! A generation is called `TIME-RANDOM`. Under `generations/NAME/` are the pieces of the database
//! file, `snapshot/NUMBER`, and segments with the later changes, `log/NUMBER-TIME`.
//! `manifests/NAME` lists the contents of the snapshot and is written last, so a generation without
//! a manifest is ignored. `begun/NAME` is written first and removed last.

use std::collections::BTreeMap;

use jiff::Timestamp;
use platform::text_cleaning::hexadecimal;
use serde::{Deserialize, Serialize};

use crate::vault::Vault;
use crate::{BackupError, Target};

pub(crate) const GENERATIONS: &str = "generations/";
pub(crate) const MANIFESTS: &str = "manifests/";
pub(crate) const BEGUN: &str = "begun/";
/// The size of a piece of a snapshot, in bytes.
pub(crate) const PIECE: usize = 8 << 20;
/// SQLite's limit, in bytes.
const LARGEST_PAGE: u32 = 65_536;

/// The name of a generation. Names sort by time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Generation(String);

/// The description of a snapshot. A snapshot without a manifest is incomplete.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The version of Kenduri that made the snapshot.
    pub(crate) made_by: String,
    /// The time of the state in the snapshot, in milliseconds since the Unix epoch.
    pub(crate) at: i64,
    #[serde(default)]
    pub(crate) kind: Kind,
    /// The size of the database file or the dump, in bytes.
    pub(crate) bytes: u64,
    pub(crate) pieces: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) base: Option<Base>,
    /// The total length of the files beside the store, in bytes.
    #[serde(default)]
    pub(crate) file_bytes: u64,
    /// The name of each file's object. The key is the file's path in a restored data folder.
    pub(crate) files: BTreeMap<String, String>,
    /// Whether the backup has a head, which records how much the backup must contain.
    #[serde(default)]
    pub(crate) has_head: bool,
}

impl Manifest {
    /// The space for unpacking the snapshot and its files, in bytes. A base backup needs space
    /// twice, because it is unpacked and then dumped.
    pub(crate) fn unpacked(&self) -> u64 {
        let store = match self.kind {
            Kind::Sqlite | Kind::Dump => self.bytes,
            Kind::Base => self.bytes.saturating_mul(2),
        };
        store.saturating_add(self.file_bytes)
    }
}

/// The form in which a snapshot contains the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// An SQLite database file.
    #[default]
    Sqlite,
    /// A PostgreSQL database, in the format of `pg_dump --format=custom`.
    Dump,
    /// A whole PostgreSQL server, as a tar archive from `pg_basebackup`. It is followed by the
    /// server's log.
    Base,
}

/// The data that is needed to recover a base backup.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Base {
    /// The first segment of the log that must be replayed over the base backup.
    pub(crate) first: String,
    /// In bytes.
    pub(crate) segment_length: u64,
    /// The name of the store's database.
    pub(crate) database: String,
    /// The name of the role that owns the database.
    pub(crate) user: String,
}

impl Generation {
    /// Begins a generation. Its name sorts after `newest`, even if the clock was set back.
    pub(crate) fn begin(
        vault: &Vault,
        now: Timestamp,
        newest: Option<&Self>,
    ) -> Result<Self, BackupError> {
        let least = newest.map_or(0, |newest| newest.at().as_millisecond() + 1);
        let mut unique = [0; 4];
        vault.random().fill(&mut unique);
        let at = now.as_millisecond().max(least);
        let generation = Self(format!("{at:013}-{}", hexadecimal(&unique)));
        vault.put(&generation.begun_name(), &[])?;
        Ok(generation)
    }

    fn find(vault: &Vault, folder: &str) -> Result<Vec<Self>, BackupError> {
        let names = vault.target.list(folder)?.into_iter();
        Ok(names
            .filter_map(|name| Self::parse(name.strip_prefix(folder)?))
            .collect())
    }

    /// Returns `None` for the name of another program's file.
    fn parse(name: &str) -> Option<Self> {
        let (at, unique) = name.split_once('-')?;
        let is_ours = at.len() >= 13
            && at.bytes().all(|byte| byte.is_ascii_digit())
            && is_hexadecimal(unique, 8);
        is_ours.then(|| Self(name.to_owned()))
    }

    /// Whether the target contains generations. This can be determined without a key.
    pub(crate) fn is_any_in(target: &Target) -> Result<bool, BackupError> {
        for folder in [MANIFESTS, BEGUN] {
            let names = target.list(folder)?;
            let mut names = names.iter().filter_map(|name| name.strip_prefix(folder));
            if names.any(|name| Self::parse(name).is_some()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the complete generations, oldest first.
    pub(crate) fn list(vault: &Vault) -> Result<Vec<Self>, BackupError> {
        Self::find(vault, MANIFESTS)
    }

    /// Returns all generations that use space, including incomplete ones, oldest first.
    pub(crate) fn list_all(vault: &Vault) -> Result<Vec<Self>, BackupError> {
        Self::find(vault, BEGUN)
    }

    pub(crate) fn named(name: &str) -> Self {
        Self(name.to_owned())
    }

    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// When the generation began.
    pub(crate) fn at(&self) -> Timestamp {
        let milliseconds = self.0.get(..13).and_then(|text| text.parse().ok());
        Timestamp::from_millisecond(milliseconds.unwrap_or_default()).unwrap_or_default()
    }

    /// Returns a time between the snapshot and the changes after it. Usually, this is the time when
    /// the generation began. If the clock was ahead at that time, the first change is earlier, and
    /// its time is returned instead.
    pub(crate) fn since(&self, vault: &Vault) -> Result<Timestamp, BackupError> {
        let (segments, _) = self.segments(vault)?;
        let Some(first) = segments.first().filter(|first| first.until < self.at()) else {
            return Ok(self.at());
        };
        let changes = decode(&vault.get(&first.name)?);
        let changes = changes.ok_or_else(|| BackupError::damaged(&first.name))?;
        let at = changes.first().map(|change| change.at);
        Ok(at
            .and_then(|at| Timestamp::from_millisecond(at).ok())
            .unwrap_or(first.until))
    }

    pub(crate) fn folder(&self) -> String {
        format!("{GENERATIONS}{}/", self.0)
    }

    pub(crate) fn manifest_name(&self) -> String {
        format!("{MANIFESTS}{}", self.0)
    }

    pub(crate) fn piece_name(&self, number: u32) -> String {
        format!("{}{number:06}", self.pieces_folder())
    }

    pub(crate) fn pieces_folder(&self) -> String {
        format!("{}snapshot/", self.folder())
    }

    pub(crate) fn manifest(&self, vault: &Vault) -> Result<Manifest, BackupError> {
        let name = self.manifest_name();
        let bytes = vault.get(&name)?;
        let manifest: Manifest =
            serde_json::from_slice(&bytes).map_err(|_| BackupError::damaged(&name))?;
        let number = |version: &str| -> Vec<u32> {
            let parts = version.split(['.', '-', '+']);
            parts.map_while(|part| part.parse().ok()).take(3).collect()
        };
        if number(&manifest.made_by) > number(crate::VERSION) {
            return Err(BackupError::Newer {
                made_by: manifest.made_by,
                ours: crate::VERSION,
            });
        }
        Ok(manifest)
    }

    /// Lists the segments in order, up to the first gap, and returns whether there is a gap. Two
    /// segments have the same number if one was sent again because its arrival was uncertain.
    pub(crate) fn segments(&self, vault: &Vault) -> Result<(Vec<Segment>, bool), BackupError> {
        let mut segments: Vec<Segment> = Vec::new();
        for name in vault.target.list(&format!("{}log/", self.folder()))? {
            let Some(segment) = self.parse_segment(name) else {
                continue;
            };
            let next = segments.last().map_or(0, |last| last.number + 1);
            if segment.number != next && segment.number + 1 != next {
                return Ok((segments, true));
            }
            segments.push(segment);
        }
        Ok((segments, false))
    }

    /// Lists the segments that sort after the one called `after`, in order.
    pub(crate) fn segments_after(
        &self,
        vault: &Vault,
        after: &str,
    ) -> Result<Vec<Segment>, BackupError> {
        let names = vault
            .target
            .list_after(&format!("{}log/", self.folder()), after)?;
        let segments = names
            .into_iter()
            .filter_map(|name| self.parse_segment(name));
        Ok(segments.collect())
    }

    /// Returns `None` for the name of another program's file.
    fn parse_segment(&self, name: String) -> Option<Segment> {
        let (number, at) = name.rsplit('/').next()?.split_once('-')?;
        let number = number.parse().ok()?;
        let until = Timestamp::from_millisecond(at.parse().ok()?).ok()?;
        let is_ours = self.segment_name(number, until) == name;
        is_ours.then_some(Segment {
            name,
            number,
            until,
        })
    }

    pub(crate) fn segment_name(&self, number: u64, until: Timestamp) -> String {
        let milliseconds = until.as_millisecond();
        format!("{}-{milliseconds:013}", self.segment_prefix(number))
    }

    /// The beginning of a segment's name, which is known even if the segment is missing.
    pub(crate) fn segment_prefix(&self, number: u64) -> String {
        format!("{}log/{number:010}", self.folder())
    }

    fn begun_name(&self) -> String {
        format!("{BEGUN}{}", self.0)
    }

    /// Lists the generation's objects in the order of removal. The manifest comes first, so that a
    /// partly removed generation is ignored.
    pub(crate) fn objects(&self, vault: &Vault) -> Result<Vec<String>, BackupError> {
        let mut names = vec![self.manifest_name()];
        names.extend(vault.target.list(&self.folder())?);
        names.push(self.begun_name());
        Ok(names)
    }
}

/// Whether the text has this length and consists of the digits that
/// [`hexadecimal`](platform::text_cleaning::hexadecimal) writes.
pub(crate) fn is_hexadecimal(text: &str, length: usize) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == length && text.bytes().all(is_digit)
}

/// Changes after a snapshot, in one object.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) name: String,
    pub(crate) number: u64,
    /// The time of the segment's last commit.
    pub(crate) until: Timestamp,
}

/// The pages that one or more transactions have changed. Each page is in its latest version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// When the last of these transactions was flushed to the disk, in milliseconds since the Unix
    /// epoch.
    pub(crate) at: i64,
    pub(crate) page_size: u32,
    /// The database's length after these transactions, in pages.
    pub(crate) pages: u32,
    /// The changed pages, by page number from 1.
    pub(crate) changed: BTreeMap<u32, Vec<u8>>,
}

impl Change {
    /// Returns the size of the changed pages, in bytes.
    pub(crate) fn length(&self) -> usize {
        self.changed.len() * self.page_size as usize
    }
}

/// Encodes changes as the content of a segment.
pub(crate) fn encode(changes: &[Change]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for change in changes {
        bytes.extend(change.at.to_be_bytes());
        bytes.extend(change.page_size.to_be_bytes());
        bytes.extend(change.pages.to_be_bytes());
        let count = u32::try_from(change.changed.len()).unwrap_or(u32::MAX);
        bytes.extend(count.to_be_bytes());
        for (number, page) in &change.changed {
            bytes.extend(number.to_be_bytes());
            bytes.extend(page);
        }
    }
    bytes
}

/// Decodes the changes in a segment. Returns `None` if the bytes are invalid.
pub(crate) fn decode(mut bytes: &[u8]) -> Option<Vec<Change>> {
    let mut changes = Vec::new();
    while !bytes.is_empty() {
        let at = i64::from_be_bytes(*take(&mut bytes)?);
        let page_size = u32::from_be_bytes(*take(&mut bytes)?);
        let pages = u32::from_be_bytes(*take(&mut bytes)?);
        let count = u32::from_be_bytes(*take(&mut bytes)?);
        if !page_size.is_power_of_two() || page_size > LARGEST_PAGE {
            return None;
        }
        let mut changed = BTreeMap::new();
        for _ in 0..count {
            let number = u32::from_be_bytes(*take(&mut bytes)?);
            let (page, rest) = bytes.split_at_checked(page_size as usize)?;
            bytes = rest;
            changed.insert(number, page.to_vec());
        }
        changes.push(Change {
            at,
            page_size,
            pages,
            changed,
        });
    }
    Some(changes)
}

fn take<'a, const N: usize>(bytes: &mut &'a [u8]) -> Option<&'a [u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn changes() -> impl Strategy<Value = Vec<Change>> {
        let page = prop::collection::vec(any::<u8>(), 512);
        let changed = prop::collection::btree_map(1_u32..9, page, 0..4);
        let change =
            (any::<i64>(), any::<u32>(), changed).prop_map(|(at, pages, changed)| Change {
                at,
                page_size: 512,
                pages,
                changed,
            });
        prop::collection::vec(change, 0..4)
    }

    proptest! {
        #[test]
        fn a_segment_is_read_as_it_was_written_and_never_in_half(
            changes in changes(),
            cut in any::<prop::sample::Index>(),
        ) {
            let bytes = encode(&changes);
            prop_assert_eq!(decode(&bytes), Some(changes.clone()));
            let cut = cut.index(bytes.len() + 1);
            if let Some(part) = decode(&bytes[..cut]) {
                prop_assert!(changes.starts_with(&part));
            }
        }
    }
}
