//! What every domain builds on: store, jobs, mail, files, audit. It knows no domain.
//!
//! Here are the store and what is written with it in one transaction (jobs,
//! news, audit lines, idempotent answers), and what the world decides and
//! therefore is handed in: the clock, randomness, outgoing mail, files. HTTP,
//! languages and pages are one floor up, in `web`.

extern crate self as platform;

pub mod audit;
pub mod clock;
pub mod files;
pub mod id;
pub mod idempotency;
pub mod jobs;
pub mod key;
pub mod key_file;
pub mod limits;
pub mod mail;
pub mod news;
pub mod outbound;
pub mod random;
pub mod request;
pub mod secret;
pub mod store;
pub mod text_cleaning;

#[doc(hidden)]
pub use serde;

pub use clock::{Clock, ManualClock};
pub use files::Files;
pub use key::Keyring;
pub use outbound::Outbound;
pub use platform_derive::sql;
pub use random::Random;
pub use secret::Secret;
pub use store::{Rows, Sql, Store, StoreError, Tx};

/// The tables of this floor.
pub const MIGRATIONS: store::migrate::Migrations = migrations!(
    "platform",
    "0001_begin",
    "0002_jobs_and_mail",
    "0003_installation",
    "0004_suppression"
);

/// What the world decides, in one value: built by the program, and built
/// another way by tests. Clones share it.
#[derive(Clone, Debug)]
pub struct Platform {
    /// What is known, and the only way to change it.
    pub store: Store,
    /// What time it is.
    pub clock: Clock,
    /// Randomness for what is made outside a transaction.
    pub random: Random,
    /// Exports and uploads.
    pub files: Files,
    /// What signs, kept apart from the store.
    pub keys: Keyring,
    /// Requests to addresses that people have typed.
    pub outbound: Outbound,
}
