//! The foundation of all other crates: store, jobs, mail, files and audit log.
//!
//! This crate contains the store and everything that a change writes in its transaction (jobs,
//! news, audit lines, idempotent responses). It also contains the interfaces to the outside world:
//! clock, randomness, outgoing mail and files. HTTP, languages and pages are in the crate `web`,
//! which builds on this crate.

extern crate self as platform;

pub mod audit;
pub mod clock;
pub mod dns;
pub mod erasure;
pub mod files;
pub mod id;
mod id_type;
pub mod idempotency;
pub mod jobs;
pub mod key;
pub mod key_file;
pub mod limits;
pub mod machine_news;
pub mod machines;
pub mod mail;
pub mod money;
pub mod news;
pub mod outbound;
pub mod random;
pub mod request;
pub mod s3;
pub mod secret;
pub mod shared_file;
pub mod store;
pub mod text_cleaning;
pub mod webhook_key;
mod zone_currency;

#[doc(hidden)]
pub use serde;
#[doc(hidden)]
pub use utoipa;

pub use clock::{Clock, ManualClock};
pub use dns::NameServers;
pub use files::Files;
pub use key::Keyring;
pub use outbound::Outbound;
pub use platform_derive::sql;
pub use random::Random;
pub use secret::Secret;
pub use store::{Rows, Sql, Store, StoreError, Tx};

pub const MIGRATIONS: store::migrate::Migrations = migrations!(
    "platform",
    "0001_begin" contracting,
    "0002_jobs_and_mail" contracting,
    "0003_installation" contracting,
    "0004_suppression" contracting,
    "0005_erased" contracting,
    "0006_mail_at_most_once" contracting,
    "0007_dkim" contracting,
    "0008_mail_calendar" contracting,
    "0009_bounces_and_sender" contracting,
    "0010_mail_link_origin" contracting,
    "0011_alerts" contracting,
    "0012_backup_place" contracting,
    "0013_done_change" contracting,
    "0014_machines" expanding,
    "0015_shared_files" expanding,
    "0016_job_due" expanding
);

/// The store, and all interfaces to the outside world. Tests replace some of these interfaces.
/// Clones share all fields.
#[derive(Clone, Debug)]
pub struct Platform {
    pub store: Store,
    pub clock: Clock,
    /// Randomness for use outside a transaction.
    pub random: Random,
    pub files: Files,
    /// Signing keys from the key file, which is outside the store.
    pub keys: Keyring,
    /// The client for HTTP requests to URLs that users have entered.
    pub outbound: Outbound,
    /// The name servers for DNS queries about domains that users have entered.
    pub name_servers: NameServers,
    pub limits: limits::Limits,
}
