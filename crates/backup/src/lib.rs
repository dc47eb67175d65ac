//! Backups: copies all data of an installation elsewhere, encrypted, and restores it.
//!
//! A backup contains a snapshot of the store. On SQLite, the changes committed after the snapshot
//! are copied every second ([`generation`]). [`Agent`] makes backups while Kenduri runs;
//! [`restore()`] restores an installation. All data that leaves the machine is encrypted with a key
//! ([`BackupKey`]), which is protected by a passphrase.
//!
//! On SQLite, only the backup checkpoints the log while it is on. After each commit, the writer
//! marks how far the log is committed and when (`platform::store::log`). Once a second, the
//! [`agent`] writes the new frames up to the last mark, the last version of each page, as a segment
//! ([`log_copy`]). A snapshot is a copy of the database file, which does not change meanwhile,
//! because all changes go to the log. On PostgreSQL, the log is copied as the server writes it
//! ([`wal_copy`]), or dumps are made ([`postgres`]). The [`head`] records how far the backup is, so
//! that a missing end is noticed. One machine writes to the target, the holder of the `lease`. With
//! `follow.automatic`, it also acknowledges nothing without the lease ([`acknowledging`]). What was
//! erased after the restored time is erased again before the store is served ([`erasures`]).

mod acknowledging;
mod agent;
mod destination;
mod disk_space;
mod drill;
pub mod erasures;
mod error;
mod files;
mod follow;
mod generation;
mod head;
mod key;
mod known_target;
mod lease;
mod log_copy;
mod postgres;
mod private_folder;
mod progress;
mod queue;
mod recovery;
mod restore;
mod retention;
mod running_backup;
mod second_place;
mod status;
mod vault;
mod wal_copy;

pub use acknowledging::{check_promise, may_acknowledge};
pub use agent::{Agent, Settings};
pub use destination::{S3Access, Target};
pub use drill::{Drill, DrillResult, drill};
pub use error::BackupError;
pub use files::Beside;
pub use follow::{Follower, TakenOver, TookOver, has_taken_over};
pub use key::{BackupKey, FILE as KEY_FILE};
pub use lease::{Holder, Obstacle, Verdict};
pub use restore::{
    Listed, Places, Restored, StorePlace, finish, is_unfinished, list, open, restore,
};
pub use status::{Pause, SecondStatus, Status};

const VERSION: &str = env!("CARGO_PKG_VERSION");
