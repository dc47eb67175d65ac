//! The sentences with which pages describe the audit log's entries about accounts.

use web::Text;

const SENTENCES: &[(&str, &str)] = &[
    ("account.activated", "event-account-activated"),
    ("account.deactivated", "event-account-deactivated"),
    ("account.erased", "event-account-erased"),
    ("account.erasure_asked", "event-account-erasure-asked"),
    ("account.erasure_ordered", "event-account-erasure-ordered"),
    ("account.exported", "event-account-exported"),
    ("account.registered", "event-account-registered"),
    ("account.renamed", "event-account-renamed"),
    ("account.reset_sent", "event-account-reset-sent"),
    ("account.restored", "event-account-restored"),
    ("account.signed_out", "event-account-signed-out"),
    ("email.changed", "event-email-changed"),
    ("email.restored", "event-email-restored"),
    ("email.verified", "event-email-verified"),
    ("factor_reset.asked", "event-factor-reset-asked"),
    ("factor_reset.cancelled", "event-factor-reset-cancelled"),
    ("factor_reset.done", "event-factor-reset-done"),
    ("grant.changed", "event-grant-changed"),
    ("grant.given", "event-grant-given"),
    ("grant.removed", "event-grant-removed"),
    ("group_link.created", "event-group-link-created"),
    ("group_link.ended", "event-group-link-ended"),
    ("identity.linked", "event-identity-linked"),
    ("identity.removed", "event-identity-removed"),
    ("invite.created", "event-invite-created"),
    ("invite.withdrawn", "event-invite-withdrawn"),
    ("owner.created", "event-owner-created"),
    ("passkey.added", "event-passkey-added"),
    ("passkey.copied", "event-passkey-copied"),
    ("passkey.removed", "event-passkey-removed"),
    ("password.changed", "event-password-changed"),
    ("password.reset", "event-password-reset"),
    ("password.set", "event-password-set"),
    ("profile.changed", "event-profile-changed"),
    ("recovery_codes.renewed", "event-recovery-codes-renewed"),
    ("refresh.reused", "event-refresh-reused"),
    ("second_factor.added", "event-second-factor-added"),
    ("second_factor.failed", "event-second-factor-failed"),
    ("second_factor.proved", "event-second-factor-proved"),
    ("second_factor.removed", "event-second-factor-removed"),
    ("session.revoked", "event-session-revoked"),
    ("session.signed_out", "event-session-signed-out"),
    ("sign_in.failed", "event-sign-in-failed"),
    ("sign_in.succeeded", "event-sign-in-succeeded"),
    ("site.look_changed", "event-site-look-changed"),
    ("sudo.proved", "event-sudo-proved"),
    ("token.created", "event-token-created"),
    ("token.revoked", "event-token-revoked"),
    ("webhook.created", "event-webhook-created"),
    ("webhook.deleted", "event-webhook-deleted"),
    ("webhook.rotated", "event-webhook-rotated"),
];

/// The sentence that describes an action in the audit log. Other crates define sentences for their
/// actions as messages. For example, the message `event-service-ordered` describes the action
/// `service.ordered`.
pub(super) fn sentence(text: &Text, action: &str) -> String {
    let found = SENTENCES.iter().find(|(known, _)| *known == action);
    if let Some((_, sentence)) = found {
        return text.say(sentence).into_owned();
    }
    let sentence = format!("event-{}", action.replace(['.', '_'], "-"));
    if text.catalogue().has(&sentence) {
        text.say(&sentence).into_owned()
    } else {
        action.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::SENTENCES;

    /// The beginnings of strings that look like an action's name but are something else, such as
    /// the name of a job, a file or a form field.
    const OTHERS: [&str; 12] = [
        "accounts.",
        "date.moved",
        "account.json",
        "ask.",
        "email.bounced",
        "email.complained",
        "email.delivered",
        "site.image",
        "webauthn.",
        "webhook.deliver",
        "webhook.sweep",
        "webhook.test",
    ];

    /// Collects the strings in the source files below `folder` that look like the name of an
    /// action.
    fn actions(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                actions(&path, found);
            } else if path
                .file_name()
                .is_some_and(|name| name != "audit_sentences.rs")
            {
                let source = fs::read_to_string(&path).unwrap();
                let texts = source.split('"').filter(|text| is_action(text));
                found.extend(texts.map(str::to_owned));
            }
        }
    }

    fn is_action(text: &str) -> bool {
        let is_word = |word: &str| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        };
        text.split_once('.').is_some_and(|(noun, verb)| {
            let is_other = OTHERS.iter().any(|other| text.starts_with(other));
            is_word(noun) && is_word(verb) && verb != "html" && !is_other
        })
    }

    #[test]
    fn every_action_that_is_recorded_has_a_sentence() {
        let mut recorded = BTreeSet::new();
        let accounts = Path::new(env!("CARGO_MANIFEST_DIR"));
        for sources in ["src", "../site/src", "../identity/src"] {
            actions(&accounts.join(sources), &mut recorded);
        }
        let known: BTreeSet<_> = SENTENCES
            .iter()
            .map(|(action, _)| (*action).to_owned())
            .collect();
        assert_eq!(recorded, known);
        let messages: Vec<_> = crate::LOCALES.iter().map(|(_, text)| *text).collect();
        for (_, sentence) in SENTENCES {
            let line = format!("\n{sentence} = ");
            assert!(
                messages.iter().all(|text| text.contains(&line)),
                "{sentence}"
            );
        }
    }
}
