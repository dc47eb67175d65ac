//! Errors of backups and restores. Each message says what the operator can do.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use platform::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{0:?} is no place for a backup\n  write folder:/PATH or s3://BUCKET/PREFIX")]
    NoTarget(String),
    #[error(
        "the bucket of the backup cannot be used: {0}\n  look at endpoint, region, access_key and secret_key_file of [backup]"
    )]
    Access(String),
    #[error("there is no backup in {0}\n  is it the place that [backup] to named?")]
    Nothing(String),
    #[error(
        "this backup has no key yet\n  make it, and see its passphrase once: kenduri backup now"
    )]
    NoKey,
    #[error(
        "the passphrase does not open this backup\n  it is six words, shown when the key was made"
    )]
    Passphrase,
    #[error(
        "{0} holds the backup of another installation, which is left as it is\n  \
         give this one a folder or a prefix of its own: [backup] to"
    )]
    OtherInstallation(String),
    #[error(
        "this backup is of {backup}, and store.url names {here}\n  \
         nothing was restored; restore it with a store.url of its own kind"
    )]
    OtherEngine {
        backup: &'static str,
        here: &'static str,
    },
    #[error(
        "the database {0} has tables already, and nothing was restored\n  \
         create an empty one, and name it in store.url"
    )]
    DatabaseNotEmpty(String),
    #[error("{0} is not installed here\n  sudo apt install postgresql-client")]
    NoProgram(&'static str),
    #[error(
        "this backup is restored by PostgreSQL {0}, which is not installed here\n  \
         sudo apt install postgresql-{0}"
    )]
    NoServer(String),
    #[error("PostgreSQL does not run as root\n  sudo -u kenduri kenduri restore …")]
    Root,
    #[error("{program} failed: {reason}")]
    Program {
        program: &'static str,
        reason: String,
    },
    #[error(
        "Kenduri {made_by} made this backup, and this is {ours}\n  install {made_by} or a newer one"
    )]
    Newer {
        made_by: String,
        /// The version of Kenduri that is running.
        ours: &'static str,
    },
    #[error("{object} of the backup is missing or damaged\n  {}", .whole_until.map_or_else(
        || "restore an earlier one: kenduri backup list".to_owned(),
        |until| format!("what was before it is whole: --to {until}")
    ))]
    Damaged {
        object: String,
        /// Everything before this time can be restored without the object.
        whole_until: Option<Timestamp>,
    },
    #[error("no backup reaches back to {0}\n  kenduri backup list shows the times that can be had")]
    TooEarly(Timestamp),
    #[error(
        "{} is there already, and nothing was restored\n  \
         name an empty folder: --data DIR, or move what is there away",
        .0.display()
    )]
    NotEmpty(PathBuf),
    #[error(
        "{} has {free} bytes free, and the backup needs {needed}\n  nothing was restored",
        .path.display()
    )]
    NoSpace {
        path: PathBuf,
        /// In bytes.
        free: u64,
        /// The required space, in bytes.
        needed: u64,
    },
    #[error(
        "what was restored is not a whole store: {0}\n  restore an earlier one: kenduri backup list"
    )]
    NotWhole(String),
    /// A long read transaction prevents a checkpoint of the log.
    #[error(
        "somebody has been reading for a long time, so no snapshot could be made; the next try is soon"
    )]
    InUse,
    #[error("another process backs this installation up just now; try again in a minute")]
    ElsewhereUnderWay,
    /// The target no longer contains the backup that the store remembers. It may be the empty mount
    /// point of a disk that is missing.
    #[error(
        "{target} no longer holds this backup: {object} is missing, so nothing is written there\n  \
         look whether the disk is mounted; to begin a new backup there: kenduri backup now --anew"
    )]
    Lost {
        /// The target's name for operators.
        target: String,
        object: String,
    },
    /// The target contains the backup, but without this object.
    #[error("{0} is gone from the backup, and is replaced by a new snapshot")]
    Gone(String),
    /// A part of the log was removed before it was copied: by another process, by the server, or
    /// because the target failed for too long.
    #[error("the store's log was removed before it was copied; a new snapshot is made")]
    LogLost,
    /// A single transaction changed too much data to copy it from the log.
    #[error("one change of the store was too large to copy; a new snapshot is made")]
    LongTransaction,
    #[error(
        "the backup's place {target} failed: {reason}\n  the next try is soon; look at [backup] to"
    )]
    Target {
        /// The target's name for operators.
        target: String,
        reason: String,
    },
    #[error("cannot use {}: {reason}\n  it belongs to the user that runs Kenduri", .path.display())]
    File {
        path: PathBuf,
        /// The operating system's error.
        reason: io::Error,
    },
    #[error("the store's file: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BackupError {
    /// Returns a function for `map_err` that adds this path to an I/O error.
    pub(crate) fn file(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |reason| Self::File {
            path: path.to_owned(),
            reason,
        }
    }

    pub(crate) fn damaged(object: &str) -> Self {
        Self::Damaged {
            object: object.to_owned(),
            whole_until: None,
        }
    }
}
