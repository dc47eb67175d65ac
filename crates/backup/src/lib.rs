//! Backups: everything that an installation keeps, sealed, elsewhere, and back.
//!
//! A backup is a snapshot of the store and, on SQLite, what was written after it, second by second
//! ([`generation`]). [`Agent`] makes it while the program runs; [`restore()`] puts an installation
//! together again. What leaves the machine is sealed with a key ([`BackupKey`]) that a passphrase
//! keeps.

mod agent;
mod destination;
mod drill;
pub mod erasures;
mod error;
mod files;
mod generation;
mod going;
mod key;
mod log_copy;
mod progress;
mod restore;
mod vault;

pub use agent::{Agent, Settings, Status};
pub use destination::{S3Access, Target};
pub use drill::{Drill, DrillResult, drill};
pub use error::BackupError;
pub use files::Beside;
pub use key::{BackupKey, FILE as KEY_FILE};
pub use restore::{Listed, Places, Restored, is_unfinished, list, open, restore};

/// The version of Kenduri.
const VERSION: &str = env!("CARGO_PKG_VERSION");
