//! Identity: people, their credentials, their sessions and tokens, and their roles. This crate has
//! no URLs and no pages.
//!
//! A permission is a value, called a proof. A function that requires a permission takes the proof
//! as a parameter, and only this crate's checks create proofs, such as
//! [`session::signed_in::SignedIn`]. [`grant::rank_in`] returns a person's rank in a scope.
//!
//! The layers from the bottom up are: accounts, one-time links and scopes; [`session`]; [`grant`];
//! [`credential`]; [`sign_in`]; people's operations on their own accounts ([`person`]), and
//! administrators' operations on other people's accounts ([`people`]).

pub mod account;
pub mod accounts;
pub mod client;
pub mod credential;
pub mod grant;
pub mod limits;
pub mod notification;
mod one_time;
pub mod opaque_secret;
pub mod people;
pub mod person;
pub mod problem;
pub mod scope;
pub mod security_mail;
pub mod session;
pub mod sign_in;

pub use accounts::Accounts;
pub use scope::domain::DomainAccounts;

/// The migrations of this crate. The store records them under the crate's former name, `accounts`.
pub const MIGRATIONS: platform::store::migrate::Migrations = platform::migrations!(
    "accounts",
    "0001_begin" contracting,
    "0002_slugs" contracting,
    "0003_refresh_tokens" contracting,
    "0004_registration" contracting,
    "0005_second_factors" contracting,
    "0006_people" contracting,
    "0007_passkeys" contracting,
    "0008_identities" contracting,
    "0009_slug_aliases" contracting,
    "0010_factor_reset" contracting,
    "0011_imported_people" contracting,
    "0012_newsletters" contracting,
    "0013_profile" contracting,
    "0014_site" contracting,
    "0015_webhooks" contracting,
    "0016_declared_webhooks" contracting,
    "0017_folded_names" contracting,
    "0018_zone_source" contracting,
    "0019_group_links" contracting
);
