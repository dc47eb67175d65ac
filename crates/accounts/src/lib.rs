//! Who is asking: people, their passwords and sessions, the tokens of their
//! programs, and what each may do where.
//!
//! Permission is a value. A handler asks for [`SignedIn`] (or one of the
//! extractors of [`web`] that hold it), and a function that needs leave asks for
//! the proof in its signature; only the checks of this crate make one. What
//! somebody is in a scope, [`grant::rank_in`] tells.

pub mod account;
pub mod attempts;
pub mod changes;
pub mod client;
pub mod credential;
pub mod device;
pub mod grant;
pub mod hashing;
pub mod invite;
pub mod notice;
mod one_time;
mod opaque;
pub mod password;
mod right;
mod role;
pub mod session;
pub mod setup;
pub mod sign_in;
pub mod signed_in;
pub mod token;
pub mod web;

pub use account::{Account, AccountId};
pub use changes::Changes;
pub use grant::ScopeKinds;
pub use hashing::Hasher;
pub use signed_in::{Owner, SignedIn};

/// The tables of this crate.
pub const MIGRATIONS: platform::store::migrate::Migrations =
    platform::migrations!("accounts", "0001_begin");

/// The messages of this crate.
pub const LOCALES: &[::web::Locale] = &[
    ("en", include_str!("../locales/en.ftl")),
    ("ms", include_str!("../locales/ms.ftl")),
];

/// What signing in needs beside the site: the one place where passwords are
/// hashed, and the counters of changes. Cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    /// What every handler shares.
    pub site: ::web::Site,
    /// Where passwords are hashed.
    pub hasher: Hasher,
    /// How often somebody may change something.
    pub changes: Changes,
    /// Where, beside the installation, people may have roles.
    pub scope_kinds: ScopeKinds,
}

impl Accounts {
    /// For a site on this machine.
    pub fn new(site: ::web::Site, scope_kinds: ScopeKinds) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            hasher: Hasher::new(cores, site.random.clone()),
            changes: Changes::default(),
            scope_kinds,
            site,
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_language_says_the_same_messages_with_the_same_names() {
        let differences = ::web::locales::differences(super::LOCALES, |_, _| true);
        assert_eq!(differences, Vec::<String>::new());
    }
}
