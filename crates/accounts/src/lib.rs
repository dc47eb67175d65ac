//! Who is asking: people, their passwords and sessions, the tokens of their
//! programs, and what each may do where.
//!
//! Permission is a value. A handler asks for [`SignedIn`] (or one of the
//! extractors of [`web`] that hold it), and a function that needs leave asks for
//! the proof in its signature; only the checks of this crate make one. What
//! somebody is in a scope, [`grant::rank_in`] tells.

pub mod web;

pub use ::site::described::describe;
pub use ::site::{Callers, Context as Accounts, Domain, Domains};
pub use ::site::{access, dates, domain, history_of, look, newsletter, webhook};

pub use ::identity::MIGRATIONS;
pub use ::identity::credential::linked_identity as identity;
pub use ::identity::credential::{hashing, passkey, password, provider, second_factor};
pub use ::identity::limits::{changes, request_limits};
pub use ::identity::notification;
pub use ::identity::people::{factor_reset, import, invite, setup};
pub use ::identity::person::{
    email_change, erasure, export, profile, provider_sign_in, registration, reset, slug,
    slug_change, suppressed, trusted, verification,
};
pub use ::identity::session::{access_token, device, refresh, sudo, token};
pub use ::identity::sign_in::second_step;
pub use ::identity::{
    account, client, credential, grant, limits, notice, people, person, scope, session, sign_in,
};

/// The proofs that somebody is signed in, and owns the installation.
pub mod signed_in {
    pub use ::identity::grant::administrator::{Owner, owner};
    pub use ::identity::session::signed_in::*;
}

pub use account::{Account, AccountId};
pub use credential::hashing::Hasher;
pub use credential::provider::{ProviderSettings, Providers};
pub use credential::require_mfa::RequireMfaFor;
pub use grant::administrator::Owner;
pub use limits::changes::Changes;
pub use limits::in_flight::InFlight;
pub use limits::request_limits::RequestLimits;
pub use person::registration::Policy;
pub use session::signed_in::{Confirmed, SignedIn, confirmed};

use ::web::codes::Code;
use ::web::masking::SecretPath;
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
        let contacts = web::trusted::shared(tx, id)?.into_iter();
        Ok(contacts.chain(webhook::shared(tx, id)?).collect())
    },
    leave: webhook::erase,
    erase: |tx, id| {
        webhook::erase(tx, id)?;
        look::erase(tx, id)
    },
    describe: domain::debug_only(web::api::describe),
    ..Domain::new(MIGRATIONS)
};

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
