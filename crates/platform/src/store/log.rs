//! Access to SQLite's write-ahead log, for the backup that copies it.
//!
//! The file format is SQLite's: <https://sqlite.org/walformat.html>. The index in the `-shm` file
//! records how much of the log is committed.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

const READS: u32 = 100;
/// The length of the index's header in bytes. The index contains two copies of the header.
const HEADER: usize = 48;

/// The end of the committed part of the write-ahead log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPosition {
    /// The log's salt, which SQLite changes when it restarts the log at the beginning of the file.
    pub salt: [u8; 8],
    /// The number of committed frames in the log.
    pub frame: u32,
    /// The length of a page, in bytes.
    pub page_size: u32,
}

/// A position in the log, with the time of its commit.
#[derive(Clone, Copy, Debug)]
pub struct LogMark {
    /// A time at which all commits up to `position` were on disk.
    pub at: Timestamp,
    pub position: LogPosition,
}

/// A store's write-ahead log, which only the backup checkpoints. Clones share the open files.
#[derive(Clone, Debug)]
pub struct Log(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: PathBuf,
    // These files stay open while SQLite has connections. Closing any descriptor of a file would
    // drop all locks that the process has on the file (fcntl(2)).
    index: Mutex<Option<File>>,
    database: Mutex<Option<File>>,
    marks: Mutex<VecDeque<LogMark>>,
    is_empty_wanted: AtomicBool,
}

/// While a `Pause` exists, this process's writer writes nothing.
#[derive(Debug)]
pub struct Pause(
    #[expect(dead_code, reason = "dropping it lets the writer go on")] pub(super) SyncSender<()>,
);

impl Log {
    pub(super) fn of(store: &Path) -> Self {
        Self(Arc::new(Shared {
            store: store.to_owned(),
            index: Mutex::default(),
            database: Mutex::default(),
            marks: Mutex::default(),
            is_empty_wanted: AtomicBool::new(false),
        }))
    }

    pub fn store(&self) -> &Path {
        &self.0.store
    }

    pub fn path(&self) -> PathBuf {
        beside(&self.0.store, "-wal")
    }

    /// The end of the committed part of the log, including other processes' commits.
    pub fn position(&self) -> io::Result<LogPosition> {
        let mut index = guard(&self.0.index);
        let file = match &mut *index {
            Some(file) => file,
            none => none.insert(File::open(beside(&self.0.store, "-shm"))?),
        };
        let mut both = [0; 2 * HEADER];
        for _ in 0..READS {
            file.read_exact_at(&mut both, 0)?;
            let (first, second) = both.split_at(HEADER);
            if first == second {
                return Ok(parse(first));
            }
            std::thread::yield_now();
        }
        Err(io::Error::other("the index of the log keeps changing"))
    }

    /// Reads from the database file, ignoring the log. Returns the number of bytes read, which is 0
    /// at the end of the file.
    pub fn read_database(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut database = guard(&self.0.database);
        let file = match &mut *database {
            Some(file) => file,
            none => none.insert(File::open(&self.0.store)?),
        };
        file.read_at(bytes, offset)
    }

    /// Returns and removes the marks recorded since the previous call. There is one mark per
    /// second, for that second's last commit.
    pub fn take_marks(&self) -> Vec<LogMark> {
        guard(&self.0.marks).drain(..).collect()
    }

    /// Returns whether truncating the log was requested, and resets the request. The log should be
    /// truncated when it contains deleted data.
    pub fn take_empty_wanted(&self) -> bool {
        self.0.is_empty_wanted.swap(false, Ordering::AcqRel)
    }

    /// Asks the backup to truncate the log.
    pub fn want_empty(&self) {
        self.0.is_empty_wanted.store(true, Ordering::Release);
    }

    /// Records that all commits so far were on disk at the time `at`.
    pub(super) fn mark(&self, at: Timestamp) {
        let position = match self.position() {
            Ok(position) => position,
            Err(error) => {
                tracing::warn!(%error, "cannot note the time of a change for the backup, so a restore to that second may miss it; nothing needs to be done");
                return;
            }
        };
        let mut marks = guard(&self.0.marks);
        let is_same_second = |last: &LogMark| last.at.as_second() == at.as_second();
        if marks.back().is_some_and(is_same_second) {
            marks.pop_back();
        }
        marks.push_back(LogMark { at, position });
    }
}

fn parse(header: &[u8]) -> LogPosition {
    let number = |at: usize| {
        let bytes = header
            .get(at..at + 4)
            .and_then(|bytes| bytes.try_into().ok());
        u32::from_ne_bytes(bytes.unwrap_or_default())
    };
    let page_size = header.get(14..16).and_then(|bytes| bytes.try_into().ok());
    let salt = header.get(32..40).and_then(|bytes| bytes.try_into().ok());
    LogPosition {
        salt: salt.unwrap_or_default(),
        frame: number(16),
        page_size: match u16::from_ne_bytes(page_size.unwrap_or_default()) {
            // The largest page size, 65,536, does not fit into the field, which then contains 1.
            1 => 65_536,
            size => u32::from(size),
        },
    }
}

fn beside(store: &Path, ending: &str) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
