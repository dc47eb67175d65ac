//! Backups: copies all data of an installation elsewhere, encrypted, and restores it.
//!
//! A backup contains a snapshot of the store. On SQLite, the changes committed after the snapshot
//! are copied every second ([`generation`]). [`Agent`] makes backups while Kenduri runs;
//! [`restore()`] restores an installation. All data that leaves the machine is encrypted with a key
//! ([`BackupKey`]), which is protected by a passphrase.

mod agent;
mod destination;
mod drill;
pub mod erasures;
mod error;
mod files;
mod generation;
mod going;
mod head;
mod key;
mod known_target;
mod log_copy;
mod postgres;
mod progress;
mod recovery;
mod restore;
mod status;
mod vault;
mod wal_copy;

pub use agent::{Agent, Settings};
pub use destination::{S3Access, Target};
pub use drill::{Drill, DrillResult, drill};
pub use error::BackupError;
pub use files::Beside;
pub use key::{BackupKey, FILE as KEY_FILE};
pub use restore::{
    Listed, Places, Restored, StorePlace, finish, is_unfinished, list, open, restore,
};
pub use status::Status;

const VERSION: &str = env!("CARGO_PKG_VERSION");
