//! Errors of backups and restores. Each message says what the operator can do.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use platform::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{0:?} is not a place for a backup\n  write folder:/PATH or s3://BUCKET/PREFIX")]
    NoTarget(String),
    #[error(
        "cannot use the bucket of the backup: {0}\n  \
         check endpoint, region, access_key and secret_key_file in [backup]"
    )]
    Access(String),
    #[error(
        "there is no backup in {0}\n  name the place that backup.to named when the backup was made"
    )]
    Nothing(String),
    #[error(
        "this backup has no key yet\n  to make it, and to see its passphrase once: kenduri backup now"
    )]
    NoKey,
    #[error(
        "the passphrase does not open this backup\n  type the six words that were shown when the key was made (`kenduri backup now`)"
    )]
    Passphrase,
    #[error(
        "{0} holds the backup of another installation, and nothing was changed there\n  \
         set backup.to to a folder or prefix of its own"
    )]
    OtherInstallation(String),
    #[error(
        "this backup is of {backup}, but store.url names {here}; nothing was restored\n  \
         set store.url to {backup}, and restore again"
    )]
    OtherEngine {
        backup: &'static str,
        here: &'static str,
    },
    #[error(
        "the database {0} has tables already, and nothing was restored\n  \
         create an empty database, and name it in store.url"
    )]
    DatabaseNotEmpty(String),
    #[error("{0} is not installed here\n  install it: sudo apt install postgresql-client")]
    NoProgram(&'static str),
    #[error(
        "restoring this backup takes PostgreSQL {0}, which is not installed here\n  \
         install it: sudo apt install postgresql-{0}"
    )]
    NoServer(String),
    #[error(
        "PostgreSQL does not run as root\n  \
         run the command as the user that runs Kenduri: sudo -u kenduri kenduri restore …"
    )]
    Root,
    #[error("{program} failed: {reason}\n  correct what it says, and run the command again")]
    Program {
        program: &'static str,
        reason: String,
    },
    #[error(
        "this backup was made by Kenduri {made_by}, and this is {ours}\n  \
         install {made_by} or a newer one, and restore with that"
    )]
    Newer {
        made_by: String,
        /// The version of Kenduri that is running.
        ours: &'static str,
    },
    #[error("{object} of the backup is missing or damaged\n  {}", .whole_until.map_or_else(
        || "restore an earlier state: `kenduri backup list` shows the times, --to names one".to_owned(),
        |until| format!("the state before it can be restored: --to {until}")
    ))]
    Damaged {
        object: String,
        /// Everything before this time can be restored without the object.
        whole_until: Option<Timestamp>,
    },
    #[error(
        "no backup reaches back to {0}\n  `kenduri backup list` shows the times that can be restored"
    )]
    TooEarly(Timestamp),
    #[error(
        "{} already exists, and nothing was restored\n  \
         name an empty folder: --data DIR, or move it away",
        .0.display()
    )]
    NotEmpty(PathBuf),
    #[error(
        "{} has {free} bytes free, and the backup needs {needed}; nothing was restored\n  \
         free some space, or restore into another folder: --data DIR",
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
        "the restored store is damaged: {0}\n  \
         restore an earlier state: `kenduri backup list` shows the times, --to names one"
    )]
    NotWhole(String),
    /// A long read transaction prevents a checkpoint of the log.
    #[error(
        "a long-running read blocked the snapshot\n  \
         it is tried again soon; if this goes on, end what reads the store for long (an export, sqlite3)"
    )]
    InUse,
    #[error("another process is backing up this installation\n  try again in a minute")]
    ElsewhereUnderWay,
    /// The target no longer contains the backup that the store remembers. It may be the empty mount
    /// point of a disk that is missing.
    #[error(
        "{target} no longer holds this backup: {object} is missing; nothing is written there\n  \
         check that the disk is mounted; to begin a new backup there: kenduri backup now --anew"
    )]
    Lost {
        /// The target's name for operators.
        target: String,
        object: String,
    },
    /// This machine wrote to the target before another one took its place.
    #[error(
        "{host} writes to {target} in place of this machine, last at {renewed}, so nothing is written there from here\n  \
         if that machine is meant to go on, stop Kenduri here; \
         if this one is, stop it there, and then here: kenduri backup now --anew\n  \
         what was saved on the other machine since is not on the one that goes on"
    )]
    Superseded {
        /// The target's name for operators.
        target: String,
        /// The other machine's host name.
        host: String,
        renewed: Timestamp,
    },
    #[error("{host} holds the lease of {target}, so nothing is written there from here\n  {}", if *.is_alive {
        "stop Kenduri on one of the two machines; one place takes the backup of one machine"
    } else {
        "if it has ended, this machine goes on within a minute"
    })]
    HeldElsewhere {
        /// The target's name for operators.
        target: String,
        /// The other machine's host name.
        host: String,
        /// It was renewed while this machine waited.
        is_alive: bool,
    },
    #[error(
        "{0} lets two machines write at once, so it cannot be followed: after a take-over, both could go on\n  \
         use a bucket that keeps If-Match and If-None-Match (Amazon's does), or a folder with locks"
    )]
    NoLease(String),
    /// The lease in another place says that this machine acknowledges nothing without it.
    #[error(
        "the lease in {0} was not given back, and says that this machine saves nothing without it, \
         so the machine that follows there may have taken over\n  \
         set backup.to to {0} again, start Kenduri, and stop it in order; then change backup.to; \
         if nothing follows there, delete backup-lease.json in the data folder"
    )]
    Promised(String),
    #[error(
        "store.url names a PostgreSQL database, and only an SQLite file can be followed\n  \
         PostgreSQL has its own standbys: docs/scale.md"
    )]
    FollowsFilesOnly,
    /// The target contains the backup, but without this object.
    #[error(
        "{0} is missing from the backup\n  \
         a new snapshot replaces it; find out who can delete there"
    )]
    Gone(String),
    /// A part of the log was removed before it was copied: by another process, by the server, or
    /// because the target failed for too long.
    #[error(
        "the store's log was removed before it was copied\n  \
         a new snapshot is made; if this comes again, no other program may open the store, and the \
         backup's place must be reachable"
    )]
    LogLost,
    #[error(
        "cannot start {what}: {reason}\n  \
         the system allows no more threads or open files: raise TasksMax= and LimitNOFILE= in the \
         systemd unit, or `ulimit -u` and `ulimit -n`, and restart Kenduri"
    )]
    Thread {
        what: &'static str,
        reason: io::Error,
    },
    #[error(
        "the backup ended in a panic, and nothing is backed up until Kenduri is restarted\n  “the program panicked” in the log says where: please report it"
    )]
    Panicked,
    #[error(
        "the trial restore ended in a panic\n  “the program panicked” in the log says where: please report it"
    )]
    DrillPanicked,
    /// A single transaction changed too much data to copy it from the log.
    #[error(
        "one change of the store was too large to copy\n  \
         a new snapshot is made, and nothing needs to be done"
    )]
    LongTransaction,
    #[error(
        "cannot use the backup's place {target}: {reason}\n  it is tried again soon; check backup.to, and the keys and `endpoint` of [backup]"
    )]
    Target {
        /// The target's name for operators.
        target: String,
        reason: String,
    },
    #[error("cannot use {}: {reason}\n  {}", .path.display(), remedy(.reason))]
    File {
        path: PathBuf,
        /// The operating system's error.
        reason: io::Error,
    },
    #[error(
        "cannot read the store's file: {0}\n  check its disk; if the file is damaged, restore a backup: kenduri restore"
    )]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn remedy(reason: &io::Error) -> &'static str {
    match reason.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on that disk",
        io::ErrorKind::PermissionDenied => "it must belong to the user that runs Kenduri",
        io::ErrorKind::ReadOnlyFilesystem => "its file system is mounted read-only",
        _ => "correct that, and try again",
    }
}

impl BackupError {
    /// Returns a function for `map_err` that adds this path to an I/O error.
    pub(crate) fn file(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |reason| Self::File {
            path: path.to_owned(),
            reason,
        }
    }

    /// Like [`BackupError::file`], for a thread or a runtime.
    pub(crate) fn thread(what: &'static str) -> impl Fn(io::Error) -> Self {
        move |reason| Self::Thread { what, reason }
    }

    /// Another machine writes to the target. This is not said of one that may have ended.
    pub(crate) fn is_of_another_machine(&self) -> bool {
        matches!(
            self,
            Self::Superseded { .. } | Self::HeldElsewhere { is_alive: true, .. }
        )
    }

    pub(crate) fn damaged(object: &str) -> Self {
        Self::Damaged {
            object: object.to_owned(),
            whole_until: None,
        }
    }
}
