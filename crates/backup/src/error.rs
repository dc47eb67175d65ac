//! Why something could not be backed up or restored, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use platform::StoreError;

/// Why something could not be backed up or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The target is neither a folder nor a bucket.
    #[error("{0:?} is no place for a backup\n  write folder:/PATH or s3://BUCKET/PREFIX")]
    NoTarget(String),
    /// The bucket's address or key is wrong.
    #[error(
        "the bucket of the backup cannot be used: {0}\n  look at endpoint, region, access_key and secret_key_file of [backup]"
    )]
    Access(String),
    /// Nothing was ever backed up there.
    #[error("there is no backup in {0}\n  is it the place that [backup] to named?")]
    Nothing(String),
    /// The key of this installation was not made yet.
    #[error(
        "this backup has no key yet\n  make it, and see its passphrase once: kenduri backup now"
    )]
    NoKey,
    /// The passphrase does not open the key.
    #[error(
        "the passphrase does not open this backup\n  it is six words, shown when the key was made"
    )]
    Passphrase,
    /// Another installation backs up there.
    #[error(
        "{0} holds the backup of another installation, which is left as it is\n  \
         give this one a folder or a prefix of its own: [backup] to"
    )]
    OtherInstallation(String),
    /// A newer version made it.
    #[error(
        "Kenduri {made_by} made this backup, and this is {ours}\n  install {made_by} or a newer one"
    )]
    Newer {
        /// The version that made it.
        made_by: String,
        /// This version.
        ours: &'static str,
    },
    /// An object is missing, cut or changed.
    #[error("{object} of the backup is missing or damaged\n  {}", .whole_until.map_or_else(
        || "restore an earlier one: kenduri backup list".to_owned(),
        |until| format!("what was before it is whole: --to {until}")
    ))]
    Damaged {
        /// The name of the object.
        object: String,
        /// Until when everything before it is whole.
        whole_until: Option<Timestamp>,
    },
    /// No backup is old enough.
    #[error("no backup reaches back to {0}\n  kenduri backup list shows the times that can be had")]
    TooEarly(Timestamp),
    /// Something is already where the restored files would go.
    #[error(
        "{} is there already, and nothing was restored\n  \
         name an empty folder: --data DIR, or move what is there away",
        .0.display()
    )]
    NotEmpty(PathBuf),
    /// The disk is too small.
    #[error(
        "{} has {free} bytes free, and the backup needs {needed}\n  nothing was restored",
        .path.display()
    )]
    NoSpace {
        /// The folder.
        path: PathBuf,
        /// What is free, in bytes.
        free: u64,
        /// What is needed, in bytes.
        needed: u64,
    },
    /// What was restored does not hold together.
    #[error(
        "what was restored is not a whole store: {0}\n  restore an earlier one: kenduri backup list"
    )]
    NotWhole(String),
    /// A long read keeps the log from being written back.
    #[error(
        "somebody has been reading for a long time, so no snapshot could be made; the next try is soon"
    )]
    InUse,
    /// Another process of this installation backs up.
    #[error("another process backs this installation up just now; try again in a minute")]
    ElsewhereUnderWay,
    /// The log was emptied by another program.
    #[error("another program emptied the store's log; a new snapshot is made")]
    LogLost,
    /// The target refused or cannot be reached.
    #[error(
        "the backup's place {target} failed: {reason}\n  the next try is soon; look at [backup] to"
    )]
    Target {
        /// The target, for people.
        target: String,
        /// The cause.
        reason: String,
    },
    /// A file of this machine cannot be read or written.
    #[error("cannot use {}: {reason}\n  it belongs to the user that runs Kenduri", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        reason: io::Error,
    },
    /// SQLite refused.
    #[error("the store's file: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BackupError {
    /// For `map_err` of what is done to a file.
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
