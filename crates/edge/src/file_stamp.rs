//! Tells whether an open file has changed.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;

/// An open file, and its stamp when it was read.
#[derive(Debug)]
pub(crate) struct StampedFile {
    pub(crate) file: File,
    pub(crate) stamp: FileStamp,
}

impl StampedFile {
    pub(crate) fn is_unchanged(&self) -> bool {
        FileStamp::of(&self.file).is_ok_and(|now| now == self.stamp)
    }
}

/// Metadata that changes whenever the file's content changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileStamp {
    pub(crate) device: u64,
    pub(crate) inode: u64,
    pub(crate) size: u64,
    /// The modification time, in nanoseconds since 1970.
    pub(crate) modified: i128,
    /// When the inode was changed, in nanoseconds since 1970. Programs cannot set this time.
    pub(crate) changed: i128,
}

impl FileStamp {
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        let found = file.metadata()?;
        let nanoseconds =
            |seconds: i64, part: i64| i128::from(seconds) * 1_000_000_000 + i128::from(part);
        Ok(Self {
            device: found.dev(),
            inode: found.ino(),
            size: found.size(),
            modified: nanoseconds(found.mtime(), found.mtime_nsec()),
            changed: nanoseconds(found.ctime(), found.ctime_nsec()),
        })
    }
}
