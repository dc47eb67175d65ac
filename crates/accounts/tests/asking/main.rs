//! Tests of accounts, with SQLite and PostgreSQL: the rules for sign-ins, sessions, roles and
//! tokens, and concurrent requests.

#![expect(clippy::unwrap_used, reason = "a test that fails is to say where")]

mod access;
mod api;
mod changing_email;
mod credential_mails;
mod erased_again;
mod factor_resets;
mod forged_tokens;
mod grants;
mod group_links;
mod identities;
mod identity_races;
mod inviting;
mod landing;
mod leaving;
mod leaving_races;
mod networks;
mod newcomer;
mod notes;
mod pages;
mod passkeys;
mod passwords;
mod people;
mod people_more;
mod profile;
mod provider;
mod providing;
mod races;
mod refreshing;
mod registering;
mod resetting;
mod second_factors;
mod second_step;
mod security;
mod ses_callbacks;
mod sessions;
mod setup;
mod sharing;
mod signing_in;
mod site_look;
mod slugs;
mod stage;
mod sudo;
mod sudo_passkeys;
mod suppressions;
mod tokens;
mod trusted;
mod unconfirmed;
mod upstream_access;
mod withdrawing;
