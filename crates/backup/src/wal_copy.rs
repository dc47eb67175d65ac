//! Copies PostgreSQL's write-ahead log while the server writes it.
//!
//! `pg_receivewal` streams the log into a folder of segments. New bytes of a segment go to the
//! target as an object `wal/SEGMENT/FROM-UNTIL-TIME`. FROM and UNTIL are the positions of these
//! bytes in the segment.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use platform::store::{LogHold, PostgresSettings};
use platform::{StoreError, Tx, sql};

use crate::BackupError;
use crate::postgres::{self, Running};
use crate::vault::Vault;

/// The prefix of the log's objects in a backup.
pub(crate) const ALL: &str = "wal/";
const FOLDER: &str = "backup-wal";
/// Of the segment that `pg_receivewal` is writing.
const PARTIAL: &str = ".partial";
/// In the folder while the target fails.
const MAX_WAITING_BYTES: u64 = 1 << 30;
/// After it, a commit's part of the log has certainly been copied.
const LATE: SignedDuration = SignedDuration::from_mins(10);
/// `pg_receivewal` says it if the server has removed the next part of the log.
const REMOVED: &str = "has already been removed";
/// Together half a minute.
const TRIES: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);

/// A segment of the log, and the position up to which it was copied.
pub(crate) type LogEnd = (String, u64);

/// How far the log is committed and how far it is received, in bytes since the log's beginning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ends {
    /// When the server reported these positions.
    pub(crate) at: Timestamp,
    /// All commits that were acknowledged before `at` are before this position.
    committed: i64,
    /// The position up to which `pg_receivewal` has stored the log. `None` if the server does not
    /// list its stream.
    received: Option<i64>,
    /// The length of a segment, in bytes.
    segment: i64,
}

impl Ends {
    /// Queries how far the server's log is committed and received. `name` is the name of
    /// `pg_receivewal`'s connection.
    pub(crate) fn read(tx: &mut Tx<'_>, name: &str, at: Timestamp) -> Result<Self, StoreError> {
        let (committed, received, segment) = sql!(
            "SELECT CAST(pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0') AS bigint),
                (SELECT CAST(MAX(pg_wal_lsn_diff(write_lsn, '0/0')) AS bigint)
                 FROM pg_stat_replication WHERE application_name = :name),
                CAST(pg_size_bytes(current_setting('wal_segment_size')) AS bigint)",
            name
        )
        .one(tx)?;
        Ok(Self {
            at,
            committed,
            received,
            segment,
        })
    }
}

/// Whether the store's role may query the progress of the server's streams.
pub(crate) fn may_see_streams(tx: &mut Tx<'_>) -> Result<bool, StoreError> {
    let role = "pg_read_all_stats";
    let (count,): (i64,) = sql!(
        "SELECT COUNT(*) FROM pg_roles WHERE rolname = current_user
         AND pg_has_role(CAST(:role AS text), 'USAGE')",
        role
    )
    .one(tx)?;
    Ok(count == 1)
}

/// Copies a server's log.
pub(crate) struct WalCopy {
    settings: PostgresSettings,
    folder: PathBuf,
    /// The stream's name on the server.
    pub(crate) name: String,
    receiving: Option<Running>,
    /// A replication slot. It keeps the server from removing segments before they are received.
    hold: Option<LogHold>,
    /// The length of a segment, in bytes. 0 until the server has reported it.
    segment_length: u64,
    /// The position up to which each segment was copied.
    copied: BTreeMap<String, u64>,
    /// The earliest reported positions that the copy has not reached yet.
    awaited: Option<Ends>,
    /// The name of the last object that was written.
    pub(crate) last: Option<String>,
}

impl WalCopy {
    /// Starts receiving the log where an earlier process stopped. If there was none, starts at the
    /// log's current end.
    pub(crate) fn begin(
        settings: &PostgresSettings,
        data: &Path,
        vault: &Vault,
    ) -> Result<Self, BackupError> {
        let mut copied = BTreeMap::new();
        for stretch in stretches(vault)? {
            copied.insert(stretch.segment, stretch.until);
        }
        let mut copy = Self {
            settings: settings.clone(),
            folder: data.join(FOLDER),
            name: stream_name(&vault.name_of(&["stream"]), vault.term()),
            receiving: None,
            hold: None,
            segment_length: 0,
            copied,
            awaited: None,
            last: None,
        };
        copy.ensure_receiving()?;
        Ok(copy)
    }

    /// Whether the received log follows the copied log without a gap. This is the case if the
    /// folder contains a segment.
    pub(crate) fn is_chained(&self) -> Result<bool, BackupError> {
        Ok(self.files()?.iter().any(Received::is_segment))
    }

    /// Stops receiving, and removes the received log, so that a new base backup is made.
    pub(crate) fn give_up(&mut self) -> Result<(), BackupError> {
        self.receiving = None;
        clear(&self.folder).map_err(BackupError::file(&self.folder))
    }

    fn ensure_receiving(&mut self) -> Result<(), BackupError> {
        if let Some(running) = &mut self.receiving {
            if !running.has_ended()? {
                return Ok(());
            }
            let ended = self.receiving.take().map(Running::finish);
            let ended = ended.unwrap_or(Ok(String::new()));
            let Err(BackupError::Program { reason, .. }) = &ended else {
                // The PostgreSQL server was shut down properly.
                return ended.map(drop);
            };
            if reason.contains(REMOVED) {
                clear(&self.folder).map_err(BackupError::file(&self.folder))?;
                return Err(BackupError::LogLost);
            }
            return ended.map(drop);
        }
        crate::private_folder::make_folder(&self.folder)?;
        if self.hold.is_none() {
            self.hold = Some(LogHold::begin(&self.settings, &self.name)?);
        }
        self.receiving = Some(postgres::receive(&self.settings, &self.folder, &self.name)?);
        Ok(())
    }

    /// Copies new parts of the log. All commits before the returned time are in the target.
    pub(crate) fn copy(
        &mut self,
        vault: &Vault,
        ends: Ends,
    ) -> Result<Option<Timestamp>, BackupError> {
        self.segment_length = ends.segment.unsigned_abs();
        self.ensure_receiving()?;
        self.release_received(ends)?;
        self.copy_files(vault, ends.at)?;
        let awaited = *self.awaited.get_or_insert(ends);
        if ends.received.is_none_or(|end| end < awaited.committed) {
            return Ok(None);
        }
        self.awaited = None;
        let is_all = ends.received.is_some_and(|end| end >= ends.committed);
        Ok(Some(if is_all { ends.at } else { awaited.at }))
    }

    /// If the folder has become too large because the target fails, clears it and returns an error.
    fn release_received(&mut self, ends: Ends) -> Result<(), BackupError> {
        if let (Some(hold), Some(received)) = (&mut self.hold, ends.received)
            && let Err(error) = hold.advance(received)
        {
            // The connection was lost, so the server has dropped the connection's temporary
            // replication slot.
            self.hold = Some(LogHold::begin(&self.settings, &self.name).map_err(|_| error)?);
        }
        let waiting: u64 = self.files()?.iter().map(|file| file.length).sum();
        if waiting > MAX_WAITING_BYTES {
            self.give_up()?;
            return Err(BackupError::LogLost);
        }
        Ok(())
    }

    /// Copies new parts of the files in the folder.
    pub(crate) fn copy_files(&mut self, vault: &Vault, now: Timestamp) -> Result<(), BackupError> {
        let files = self.files()?;
        let last_whole = files.iter().rposition(|file| file.is_whole);
        let is_growing = files.iter().any(|file| !file.is_whole);
        for (place, file) in files.iter().enumerate() {
            let path = self.folder.join(&file.name);
            let from = self.copied.get(&file.segment).copied().unwrap_or_default();
            if !file.is_whole || from < file.length || file.length == 0 {
                let failed = BackupError::file(&path);
                // `pg_receivewal` renames a complete file, so the file may have a different name by
                // now.
                let bytes = match fs::read(&path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    bytes => bytes.map_err(failed)?,
                };
                let filled = bytes.iter().rposition(|byte| *byte != 0);
                let filled = filled.map_or(0, |last| last as u64 + 1).max(from);
                let until = if file.is_whole { file.length } else { filled };
                if until > from {
                    let range = index(from)..index(filled);
                    let stretch = Stretch {
                        segment: file.segment.clone(),
                        from,
                        until,
                        at: now,
                    };
                    vault.put(&stretch.name(), bytes.get(range).unwrap_or_default())?;
                    self.last = Some(stretch.name());
                    self.copied.insert(file.segment.clone(), until);
                }
            }
            // If no segment is being written, the newest complete segment stays, because
            // `pg_receivewal` resumes after it.
            let is_needed = !is_growing && Some(place) == last_whole;
            if file.is_whole && !is_needed {
                fs::remove_file(&path).map_err(BackupError::file(&path))?;
            }
        }
        Ok(())
    }

    /// Returns the newest segment, and the position up to which it was copied.
    pub(crate) fn end(&self) -> Option<LogEnd> {
        let mut segments = self.copied.iter().rev();
        let newest = segments.find(|(segment, _)| is_segment(segment));
        newest.map(|(segment, until)| (segment.clone(), *until))
    }

    /// Waits until a segment is being received. Returns the length of segments.
    pub(crate) fn wait_for_segment(&mut self) -> Result<u64, BackupError> {
        for _ in 0..TRIES {
            self.ensure_receiving()?;
            let files = self.files()?;
            if files.iter().any(Received::is_segment) {
                return Ok(self.segment_length);
            }
            std::thread::sleep(PAUSE);
        }
        Err(BackupError::LogLost)
    }

    /// Waits until the target contains all `length` bytes of the segment.
    pub(crate) fn wait_for_copy(
        &mut self,
        vault: &Vault,
        clock: &platform::Clock,
        segment: &str,
        length: u64,
    ) -> Result<(), BackupError> {
        for _ in 0..TRIES {
            self.ensure_receiving()?;
            self.copy_files(vault, clock.now())?;
            if self.copied.get(segment) == Some(&length) {
                return Ok(());
            }
            std::thread::sleep(PAUSE);
        }
        Err(BackupError::LogLost)
    }

    fn files(&self) -> Result<Vec<Received>, BackupError> {
        let failed = BackupError::file(&self.folder);
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(&failed)? {
            let entry = entry.map_err(&failed)?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let length = match entry.metadata() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                facts => facts.map_err(&failed)?.len(),
            };
            let segment = name.trim_end_matches(PARTIAL).to_owned();
            // `pg_receivewal` is still writing the other files.
            if is_segment(&segment) || segment.ends_with(HISTORY) {
                files.push(Received {
                    is_whole: segment == name,
                    segment,
                    name,
                    length,
                });
            }
        }
        files.sort_by(|one, other| one.segment.cmp(&other.segment));
        Ok(files)
    }
}

/// The name of a stream and its replication slot, of at most 63 bytes. In each term it is another,
/// because a former leader that froze still has its own.
fn stream_name(backup: &str, term: Option<i64>) -> String {
    let name = format!("kenduri_{}", backup.get(..16).unwrap_or(backup));
    term.map_or_else(|| name.clone(), |term| format!("{name}_{term}"))
}

struct Received {
    name: String,
    segment: String,
    is_whole: bool,
    length: u64,
}

impl Received {
    fn is_segment(&self) -> bool {
        is_segment(&self.segment)
    }
}

/// Such files record where timelines begin.
const HISTORY: &str = ".history";

fn is_segment(name: &str) -> bool {
    name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Returns the segment that contains a log position such as `0/2000028`.
pub(crate) fn segment_of(timeline: u32, position: &str, length: u64) -> Option<String> {
    let (high, low) = position.split_once('/')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    let number = ((number(high)? << 32) | number(low)?).checked_div(length)?;
    let in_each = (1 << 32) / length;
    Some(format!(
        "{timeline:08X}{:08X}{:08X}",
        number / in_each,
        number % in_each
    ))
}

/// A range of bytes in a segment of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) segment: String,
    pub(crate) from: u64,
    pub(crate) until: u64,
    /// When the stretch was copied.
    pub(crate) at: Timestamp,
}

impl Stretch {
    pub(crate) fn name(&self) -> String {
        format!(
            "{ALL}{}/{:010}-{:010}-{:013}",
            self.segment,
            self.from,
            self.until,
            self.at.as_millisecond()
        )
    }

    fn parse(name: &str) -> Option<Self> {
        let (segment, rest) = name.strip_prefix(ALL)?.split_once('/')?;
        let mut numbers = rest.split('-');
        let mut next = || numbers.next()?.parse::<u64>().ok();
        let (from, until, at) = (next()?, next()?, next()?);
        let stretch = Self {
            segment: segment.to_owned(),
            from,
            until,
            at: Timestamp::from_millisecond(i64::try_from(at).ok()?).ok()?,
        };
        // Another program may have left a file with a similar name.
        (stretch.name() == name).then_some(stretch)
    }
}

/// Returns all stretches in the backup, in the order of the log.
pub(crate) fn stretches(vault: &Vault) -> Result<Vec<Stretch>, BackupError> {
    let names = vault.target.list(ALL)?;
    Ok(names
        .iter()
        .filter_map(|name| Stretch::parse(name))
        .collect())
}

/// Returns the newest segment, and the position up to which it was copied.
pub(crate) fn end(stretches: &[Stretch]) -> Option<LogEnd> {
    let segments = stretches.iter().filter(|one| is_segment(&one.segment));
    segments.map(|one| (one.segment.clone(), one.until)).max()
}

/// Returns the objects of segments before `first`.
pub(crate) fn before(vault: &Vault, first: &str) -> Result<Vec<String>, BackupError> {
    let old = stretches(vault)?.into_iter();
    let old = old.filter(|stretch| is_segment(&stretch.segment) && *stretch.segment < *first);
    Ok(old.map(|stretch| stretch.name()).collect())
}

/// Returns the stretches from the segment `first` on. Stops at a stretch that was copied so long
/// after `end` that no later one can contain a commit before `end`. Fails if a stretch is missing.
pub(crate) fn choose(
    all: Vec<Stretch>,
    first: &str,
    segment_length: u64,
    end: Timestamp,
) -> Result<Vec<Stretch>, BackupError> {
    let end = end.saturating_add(LATE).unwrap_or(Timestamp::MAX);
    let mut chosen: Vec<Stretch> = Vec::new();
    for stretch in all {
        if !is_segment(&stretch.segment) {
            chosen.push(stretch);
            continue;
        }
        if *stretch.segment < *first {
            continue;
        }
        let last = chosen.iter().rfind(|last| is_segment(&last.segment));
        let goes_on = match last {
            None => stretch.segment == first && stretch.from == 0,
            Some(last) if last.segment == stretch.segment => stretch.from <= last.until,
            Some(last) => {
                stretch.from == 0
                    && last.until == segment_length
                    && follows(&last.segment, &stretch.segment, segment_length)
            }
        };
        if !goes_on {
            return Err(BackupError::Damaged {
                object: format!("what is before {}", stretch.name()),
                whole_until: last.map(|last| second(last.at)),
            });
        }
        let is_last = stretch.at > end;
        chosen.push(stretch);
        if is_last {
            break;
        }
    }
    Ok(chosen)
}

/// A new timeline's first segment has the number of the old timeline's last segment.
fn follows(before: &str, after: &str, length: u64) -> bool {
    let number = |segment: &str| {
        let part = |range| u64::from_str_radix(segment.get(range)?, 16).ok();
        let in_each = (1_u64 << 32).checked_div(length)?;
        Some(part(8..16)? * in_each + part(16..24)?)
    };
    match (number(before), number(after)) {
        (Some(before_number), Some(number)) => {
            number == before_number + 1 || (number == before_number && after > before)
        }
        _ => false,
    }
}

/// Assembles segments from these stretches, and writes them into a folder.
pub(crate) fn write(
    vault: &Vault,
    stretches: &[Stretch],
    segment_length: u64,
    folder: &Path,
) -> Result<(), BackupError> {
    use std::os::unix::fs::FileExt as _;
    crate::private_folder::make_folder(folder)?;
    for stretch in stretches {
        let bytes = vault.get(&stretch.name())?;
        let path = folder.join(&stretch.segment);
        let write = || {
            let mut options = fs::OpenOptions::new();
            options.write(true).create(true).truncate(false);
            let file = options.open(&path)?;
            if is_segment(&stretch.segment) {
                file.set_len(segment_length)?;
            }
            file.write_all_at(&bytes, stretch.from)
        };
        write().map_err(BackupError::file(&path))?;
    }
    Ok(())
}

fn index(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

fn clear(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Rounds a time down to the second.
pub(crate) fn second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: u64 = 16 << 20;

    fn stretch(segment: &str, from: u64, until: u64, at: i64) -> Stretch {
        Stretch {
            segment: format!("00000001{segment:0>16}"),
            from,
            until,
            at: Timestamp::from_second(at * 1_000).unwrap(),
        }
    }

    #[test]
    fn each_term_has_a_stream_of_its_own() {
        let key = "0123456789abcdef0123456789abcdef";
        let name = |term| stream_name(key, term);
        assert_eq!(name(None), "kenduri_0123456789abcdef");
        assert_ne!(name(Some(7)), name(Some(8)));
        let longest = name(Some(i64::MAX));
        let is_allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        assert!(
            longest.len() <= 63 && longest.bytes().all(is_allowed),
            "{longest}"
        );
    }

    #[test]
    fn segments_are_named_as_postgresql_names_them() {
        let name = |position| segment_of(1, position, LENGTH).unwrap();
        assert_eq!(name("0/2000028"), "000000010000000000000002");
        assert_eq!(name("A/FF000000"), "000000010000000A000000FF");
        let written = stretch("2", 5, 9, 1_700_000);
        assert_eq!(Stretch::parse(&written.name()), Some(written));
    }

    #[test]
    fn a_stretch_that_is_missing_is_named_with_the_time_before_it() {
        let all = [
            stretch("1", 0, LENGTH, 1),
            stretch("2", 0, 10, 2),
            stretch("2", 10, LENGTH, 3),
            stretch("100000000", 0, 4, 4),
        ];
        let first = all[1].segment.clone();
        let choose = |without: Option<usize>, end: i64| {
            let mut all = all.to_vec();
            without.map(|place| all.remove(place));
            let end = Timestamp::from_second(end * 1_000 - 600).unwrap();
            choose(all, &first, LENGTH, end).map(|chosen| chosen.len())
        };
        assert_eq!(choose(None, 1).unwrap(), 1);
        assert_eq!(choose(None, 2).unwrap(), 2);
        // The segments from 0/3 to 0/FF are missing, so 1/0 does not follow 0/2.
        assert!(choose(None, 9).is_err());
        for place in [1, 2] {
            assert!(choose(Some(place), 9).is_err(), "{place}");
        }
        assert!(follows(
            "0000000100000000000000FF",
            "000000010000000100000000",
            LENGTH
        ));
        assert!(follows(
            "000000010000000000000003",
            "000000020000000000000003",
            LENGTH
        ));
    }
}
