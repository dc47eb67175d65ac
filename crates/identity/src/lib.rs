//! Who somebody is: people, what they sign in with, their sessions and the tokens of their
//! programs, and what each may do where. Nothing here is an address or a page.
//!
//! Permission is a value. A function that needs leave asks for the proof in its signature; only the
//! checks of this crate make one, such as [`session::signed_in::SignedIn`]. What somebody is in a
//! scope, [`grant::rank_in`] tells.
//!
//! From the bottom up: accounts, links that work once and scopes; [`session`]; [`grant`];
//! [`credential`]; [`sign_in`]; what people do with their own accounts ([`person`]), and what is
//! done with those of others ([`people`]).

pub mod account;
pub mod accounts;
pub mod client;
pub mod credential;
pub mod grant;
pub mod limits;
pub mod notice;
pub mod notification;
mod one_time;
pub mod opaque;
pub mod people;
pub mod person;
pub mod problem;
pub mod scope;
pub mod session;
pub mod sign_in;

pub use accounts::Accounts;
pub use scope::domain::DomainAccounts;

/// The tables of people. The store knows them by the name that they had first.
pub const MIGRATIONS: platform::store::migrate::Migrations = platform::migrations!(
    "accounts",
    "0001_begin",
    "0002_slugs",
    "0003_refresh_tokens",
    "0004_registration",
    "0005_second_factors",
    "0006_people",
    "0007_passkeys",
    "0008_identities",
    "0009_slug_aliases",
    "0010_factor_reset",
    "0011_imported_people",
    "0012_newsletters",
    "0013_profile",
    "0014_site",
    "0015_webhooks",
    "0016_declared_webhooks"
);
