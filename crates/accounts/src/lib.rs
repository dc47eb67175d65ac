//! The pages and the JSON API for accounts and their administration: sign-in, a person's own
//! account, and other people's accounts. The crate `identity` manages accounts and credentials, and
//! `site` contains what every page needs.

pub mod web;

use ::identity::DomainAccounts;
use ::identity::MIGRATIONS;
use ::identity::people::{factor_reset, folded_names};
use ::identity::person::reset;
use ::identity::session::{refresh, token};
use ::site::domain::{Domain, debug_only};
use ::site::{look, webhook};
use ::web::codes::Code;
use ::web::masking::SecretPath;
use serde_json::json;

pub const DOMAIN: Domain = Domain {
    locales: LOCALES,
    problem_codes: PROBLEM_CODES,
    secret_paths: &[
        SecretPath::token("/setup/"),
        SecretPath::token("/unsubscribe/"),
        SecretPath::token("/reset/"),
        SecretPath::token("/sign-in/"),
        SecretPath::token("/verify/"),
        SecretPath::token("/group/"),
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
            folded_names::job(site),
            webhook::delivery::handler(site),
            webhook::delivery::sweep_job(),
        ]
    },
    shared: |tx, id| {
        let contacts = web::trusted::shared(tx, id)?.into_iter();
        Ok(contacts.chain(webhook::shared(tx, id)?).collect())
    },
    describe: debug_only(web::api::describe),
    accounts: DomainAccounts {
        token_scopes: &[token::PROFILE_READ],
        export: |tx, id| Ok(json!({ "webhooks": webhook::export(tx, id)? })),
        leave: webhook::erase,
        erase: |tx, id| {
            webhook::erase(tx, id)?;
            look::erase(tx, id)
        },
        ..DomainAccounts::new(MIGRATIONS.owner)
    },
    ..Domain::new(MIGRATIONS)
};

/// The error codes of this crate. Other domains may use them too.
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
    Code::new(429, "registrations_used_up"),
    Code::new(403, "secure_connection_required"),
    Code::new(401, "passkey_invalid"),
    Code::new(409, "last_credential"),
    // Sign-in with identity providers.
    Code::new(400, "oauth_state_invalid"),
    Code::new(400, "oauth_denied"),
    Code::new(502, "oauth_provider_failed"),
    Code::new(409, "link_requires_sign_in"),
    Code::new(409, "identity_in_use"),
    Code::new(400, "token_expired_or_used"),
    Code::new(400, "current_password_wrong"),
    Code::new(400, "password_exists"),
    Code::new(403, "sign_in_page_required"),
    // The administration of accounts, and their erasure.
    Code::new(409, "account_leaving"),
    Code::new(409, "account_unverified"),
    Code::new(409, "account_deactivated"),
    Code::new(409, "account_without_factors"),
    Code::new(409, "address_suppressed"),
    Code::new(409, "active_obligations"),
    // Callbacks of mail providers.
    Code::new(401, "signature_invalid"),
    // Second factors.
    Code::new(401, "mfa_code_invalid"),
    Code::new(401, "password_or_code_wrong"),
    Code::new(401, "mfa_token_invalid"),
    Code::new(409, "mfa_enrolled"),
    Code::new(409, "mfa_not_enrolled"),
    Code::new(403, "mfa_enrolment_required"),
];

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
