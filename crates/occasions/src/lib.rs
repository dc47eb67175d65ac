//! Occasions: invitations, the people on them, and what they answer.
//!
//! A noun owns its rules: [`invitation`] says when answers are open,
//! [`household`] what may be answered, [`rsvp`] how it is saved. Handlers in
//! [`mod@web`] turn HTTP into one call of a noun.

pub mod closing;
pub mod code;
pub mod demo;
pub mod diet;
pub mod diet_deletion;
pub mod event;
pub mod first_opened;
pub mod guest;
pub mod hosting;
pub mod household;
pub mod household_change;
pub mod invitation;
pub mod link;
#[cfg(test)]
mod locales;
pub mod name_check;
pub mod occasion;
pub mod open_rsvp;
pub mod portal;
pub mod question;
pub mod refusal;
pub mod role;
pub mod rsvp;
#[cfg(test)]
mod sample;
pub mod single_answer;
pub mod snapshot;
pub mod web;
pub mod words;

use platform::store::migrate::Migrations;

/// The tables of this crate.
pub const MIGRATIONS: Migrations = platform::migrations!(
    "occasions",
    "0001_begin",
    "0002_hosting",
    "0003_open_rsvp",
    "0004_possible_duplicates"
);

/// The kinds of scopes in which this crate has roles.
pub const SCOPE_KINDS: accounts::ScopeKinds = &[&role::OCCASION];

/// The messages of this crate.
pub const LOCALES: &[::web::Locale] = &[
    ("en", include_str!("../locales/en.ftl")),
    ("en", include_str!("../locales/en-host.ftl")),
    ("en", include_str!("../locales/en-host-pages.ftl")),
    ("ms", include_str!("../locales/ms.ftl")),
    ("ms", include_str!("../locales/ms-host.ftl")),
    ("ms", include_str!("../locales/ms-host-pages.ftl")),
    ("it", include_str!("../locales/it.ftl")),
    ("zh-Hans", include_str!("../locales/zh-Hans.ftl")),
    ("ar", include_str!("../locales/ar.ftl")),
];
