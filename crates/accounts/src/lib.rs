//! Who is asking: people, their passwords and sessions, the tokens of their
//! programs, and what each may do where.
//!
//! Permission is a value. A handler asks for [`SignedIn`] (or one of the
//! extractors of [`web`] that hold it), and a function that needs leave asks for
//! the proof in its signature; only the checks of this crate make one. What
//! somebody is in a scope, [`grant::rank_in`] tells.

pub mod access;
pub mod account;
pub mod client;
pub mod credential;
pub mod dates;
mod described;
pub mod domain;
pub mod grant;
pub mod limits;
pub mod look;
pub mod newsletter;
pub mod notice;
pub mod notification;
mod one_time;
mod opaque;
pub mod people;
pub mod person;
pub mod scope;
pub mod session;
pub mod sign_in;
pub mod web;
pub mod webhook;

pub use credential::linked_identity as identity;
pub(crate) use credential::web_authn;
pub use credential::{hashing, passkey, password, provider, second_factor};
pub use limits::{changes, request_limits};
pub use people::{factor_reset, import, invite, setup};
pub use person::{
    email_change, erasure, export, profile, provider_sign_in, registration, reset, slug,
    slug_change, suppressed, trusted, verification,
};
pub use session::{access_token, device, refresh, sudo, token};
pub use sign_in::second_step;

/// The proofs that somebody is signed in, and owns the installation.
pub mod signed_in {
    pub use crate::grant::administrator::{Owner, owner};
    pub use crate::session::signed_in::*;
}

pub use access::Callers;
pub use account::{Account, AccountId};
pub use credential::hashing::Hasher;
pub use credential::provider::{ProviderSettings, Providers};
pub use credential::require_mfa::RequireMfaFor;
pub use described::describe;
pub use domain::{Domain, Domains};
pub use grant::administrator::Owner;
pub use limits::changes::Changes;
pub use limits::in_flight::InFlight;
pub use limits::request_limits::RequestLimits;
pub use person::registration::Policy;
pub use session::signed_in::{Confirmed, SignedIn, confirmed};

use ::web::codes::Code;
use ::web::masking::SecretPath;
use platform::mail::{CallbackKey, SnsTopic};
use serde_json::json;

/// All that the program has to know of this crate.
pub const DOMAIN: Domain = Domain {
    locales: LOCALES,
    problem_codes: PROBLEM_CODES,
    token_scopes: &[token::PROFILE_READ],
    secret_paths: &[
        SecretPath::token("/setup/"),
        SecretPath::token("/unsubscribe/"),
        SecretPath::token("/reset/"),
        SecretPath::token("/sign-in/"),
        SecretPath::token("/verify/"),
        SecretPath::token("/admin/join/"),
        SecretPath::token("/restore/"),
        SecretPath::token("/email/confirm/"),
        SecretPath::token("/email/undo/"),
        SecretPath::token("/factors/keep/"),
        SecretPath::token("/email/receive/"),
    ],
    routes: web::routes,
    jobs: |site| {
        vec![
            refresh::sweeps(site.store.clone()),
            reset::mails(site),
            factor_reset::job(site),
            webhook::delivery::handler(site),
            webhook::delivery::sweep_job(),
        ]
    },
    export: |tx, id| Ok(json!({ "webhooks": webhook::export(tx, id)? })),
    shared: |tx, id| {
        let contacts = trusted::shared(tx, id)?.into_iter();
        Ok(contacts.chain(webhook::shared(tx, id)?).collect())
    },
    describe: domain::debug_only(web::api::describe),
    ..Domain::new(MIGRATIONS)
};

/// The tables of this crate.
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
    "0015_webhooks"
);

/// The error codes of this crate, which those of domains may use too.
const PROBLEM_CODES: &[Code] = &[
    Code::new(409, "email_taken"),
    Code::new(409, "last_owner"),
    Code::new(401, "credentials_invalid"),
    Code::new(401, "token_missing"),
    Code::new(401, "token_invalid"),
    Code::new(401, "token_expired"),
    Code::new(401, "session_expired"),
    Code::new(401, "session_revoked"),
    Code::new(401, "refresh_invalid"),
    Code::new(401, "refresh_expired"),
    Code::new(401, "refresh_reused"),
    Code::new(403, "forbidden"),
    Code::new(403, "role_required"),
    Code::new(403, "role_above_own"),
    Code::new(400, "role_unknown"),
    Code::new(403, "sudo_required"),
    Code::new(403, "scope_required"),
    Code::new(403, "token_not_permitted"),
    Code::new(403, "registration_closed"),
    Code::new(403, "email_unverified"),
    Code::new(403, "password_required"),
    Code::new(422, "person_unknown"),
    Code::new(422, "webhook_url_refused"),
    Code::new(403, "invite_for_other_address"),
    Code::new(400, "form_stale"),
    Code::new(403, "secure_connection_required"),
    Code::new(401, "passkey_invalid"),
    Code::new(409, "last_credential"),
    // Of providers of sign-ins.
    Code::new(400, "oauth_state_invalid"),
    Code::new(400, "oauth_denied"),
    Code::new(502, "oauth_provider_failed"),
    Code::new(409, "link_requires_sign_in"),
    Code::new(409, "identity_in_use"),
    Code::new(400, "token_expired_or_used"),
    Code::new(400, "current_password_wrong"),
    Code::new(400, "password_exists"),
    Code::new(403, "sign_in_page_required"),
    // Of people who are administered, or leave.
    Code::new(409, "account_leaving"),
    Code::new(409, "account_unverified"),
    Code::new(409, "account_deactivated"),
    Code::new(409, "account_without_factors"),
    Code::new(409, "address_suppressed"),
    Code::new(409, "active_obligations"),
    // Of a callback about mails.
    Code::new(401, "signature_invalid"),
    // Of second factors.
    Code::new(401, "mfa_code_invalid"),
    Code::new(401, "password_or_code_wrong"),
    Code::new(401, "mfa_token_invalid"),
    Code::new(409, "mfa_enrolled"),
    Code::new(409, "mfa_not_enrolled"),
    Code::new(403, "mfa_enrolment_required"),
];

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
    /// How often people who are not signed in may ask for something.
    pub limits: RequestLimits,
    /// The tries to sign in whose outcome is not known yet.
    pub in_flight: InFlight,
    /// What the configuration says of new accounts.
    pub policy: Policy,
    /// Who must have a second factor.
    pub require_mfa_for: RequireMfaFor,
    /// With whom people may sign in.
    pub providers: Providers,
    /// What signs the callbacks of the mail's provider; none: there are none.
    pub mail_callbacks: Option<CallbackKey>,
    /// By which topic Amazon SES says what became of mails.
    pub ses_topic: Option<SnsTopic>,
    /// What the program consists of.
    pub domains: Domains,
}

impl Accounts {
    /// For a site on this machine.
    pub fn new(site: ::web::Site, domains: Domains) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            // One core stays free for pages, where there are several.
            hasher: Hasher::new(cores - 1, site.random.clone()),
            changes: Changes::default(),
            limits: RequestLimits::default(),
            in_flight: InFlight::default(),
            policy: Policy::default(),
            require_mfa_for: RequireMfaFor::default(),
            providers: Providers::default(),
            mail_callbacks: None,
            ses_topic: None,
            domains,
            site,
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_code_has_its_sentence() {
        let found = ::web::codes::mismatches(super::PROBLEM_CODES, &[], super::LOCALES);
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn every_language_says_the_same_messages_with_the_same_names() {
        let differences = ::web::locales::differences(super::LOCALES, |_, _| true);
        assert_eq!(differences, Vec::<String>::new());
    }
}
