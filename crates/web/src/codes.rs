//! Every error code, on one page: its status, who may meet it, and what its
//! sentence can be filled with.
//!
//! The sentences are the messages `problem-{code}` of `locales/` (hyphens for
//! underscores), their titles the attribute `.title`; a test compares.

/// Who may meet a code, and so in how many languages it needs a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meets {
    /// Guests: every language of ours.
    Guest,
    /// Hosts and programs: English and Malay.
    Host,
}

/// One error code.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// The code, `snake_case`, never to change.
    pub code: &'static str,
    /// The HTTP status it comes with.
    pub status: u16,
    /// Who may meet it.
    pub meets: Meets,
    /// What its sentence may name; what a problem leaves out is "none".
    pub values: &'static [&'static str],
}

/// The entry of a code.
pub fn find(code: &str) -> Option<&'static Code> {
    CODES.iter().find(|entry| entry.code == code)
}

const fn guest(status: u16, code: &'static str, values: &'static [&'static str]) -> Code {
    Code {
        code,
        status,
        meets: Meets::Guest,
        values,
    }
}

const fn host(status: u16, code: &'static str, values: &'static [&'static str]) -> Code {
    Code {
        code,
        status,
        meets: Meets::Host,
        values,
    }
}

/// All codes, in the order in which `/problems` shows them.
pub static CODES: &[Code] = &[
    // What is wrong with a request as such.
    guest(400, "body_invalid", &[]),
    guest(400, "request_invalid", &[]),
    host(400, "cursor_invalid", &[]),
    host(400, "idempotency_key_invalid", &[]),
    guest(404, "not_found", &[]),
    guest(405, "method_not_allowed", &[]),
    guest(413, "body_too_large", &[]),
    guest(415, "unsupported_media_type", &[]),
    host(431, "headers_too_large", &[]),
    guest(422, "validation_failed", &[]),
    guest(403, "csrf_failed", &[]),
    // Versions and repeats.
    guest(428, "version_required", &[]),
    guest(409, "version_conflict", &[]),
    guest(422, "idempotency_key_reused", &[]),
    guest(409, "idempotency_in_progress", &[]),
    // Limits, and our own trouble.
    guest(429, "rate_limited", &["minutes"]),
    guest(429, "too_many_attempts", &["minutes"]),
    guest(503, "store_busy", &[]),
    guest(503, "busy", &[]),
    guest(500, "internal", &[]),
    // Behind an invitation's code.
    guest(404, "invitation_not_found", &[]),
    guest(410, "invitation_expired", &[]),
    guest(401, "name_required", &[]),
    guest(422, "code_malformed", &[]),
    guest(422, "code_required", &[]),
    guest(422, "party_size", &["limit"]),
    guest(423, "rsvp_deadline_passed", &["day", "contact"]),
    guest(423, "invitation_locked", &["contact"]),
    guest(423, "occasion_closed", &["contact"]),
    guest(404, "feature_disabled", &[]),
    guest(409, "plus_one_limit", &["allowed", "used"]),
    guest(409, "children_limit", &["allowed", "used"]),
    guest(409, "guest_limit", &["limit"]),
    guest(404, "guest_not_found", &[]),
    guest(403, "named_guest", &[]),
    guest(422, "event_not_invited", &[]),
    guest(409, "event_full", &["event", "left"]),
    guest(409, "open_full", &[]),
    guest(422, "dietary_note_required", &[]),
    // Hosts.
    host(409, "slug_taken", &[]),
    host(409, "code_taken", &[]),
    host(422, "code_guessable", &[]),
    host(409, "email_taken", &[]),
    host(409, "last_event", &[]),
    host(409, "last_owner", &[]),
    host(409, "limit_reached", &["limit"]),
    host(409, "question_in_use", &[]),
    host(409, "exports_waiting", &["limit"]),
    host(409, "wrong_state", &[]),
    // Who is asking.
    host(401, "unauthenticated", &[]),
    host(401, "credentials_invalid", &[]),
    host(401, "token_missing", &[]),
    host(401, "token_invalid", &[]),
    host(401, "token_expired", &[]),
    host(401, "session_expired", &[]),
    host(403, "forbidden", &[]),
    host(403, "role_required", &["role"]),
    host(403, "role_above_own", &[]),
    host(400, "role_unknown", &[]),
    host(403, "reauth_required", &[]),
    host(403, "scope_required", &["scope"]),
    host(403, "token_not_permitted", &[]),
    host(403, "registration_closed", &[]),
    host(403, "secure_connection_required", &[]),
    host(400, "token_expired_or_used", &[]),
    host(400, "current_password_wrong", &[]),
];

/// The codes of single fields, inside `errors` of a `validation_failed`: the
/// messages `field-{code}`. A code of the table above may stand there too.
pub static FIELD_CODES: &[(&str, &[&str])] = &[
    ("required", &[]),
    ("too_short", &["min"]),
    ("too_long", &["max"]),
    ("too_few", &["min"]),
    ("too_many", &["max"]),
    ("out_of_range", &["min", "max"]),
    ("unknown_option", &[]),
    ("unknown_field", &[]),
    ("wrong_type", &[]),
    ("not_allowed", &[]),
    ("not_unique", &[]),
    ("invalid", &[]),
    ("email_invalid", &[]),
    ("url_invalid", &[]),
    ("date_invalid", &[]),
    ("time_zone_unknown", &[]),
    ("language_unknown", &[]),
    ("ends_before_start", &[]),
    ("password_short", &["min"]),
    ("password_long", &["max"]),
    ("password_common", &[]),
    ("display_name_length", &["min", "max"]),
    ("slug_invalid", &[]),
    ("slug_reserved", &[]),
    ("confirmation_wrong", &[]),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::problem::message_id;
    use crate::testing;

    #[test]
    fn codes_are_snake_case_and_stand_once() {
        let mut seen = BTreeSet::new();
        let fields = FIELD_CODES.iter().map(|(code, _)| *code);
        for code in CODES.iter().map(|code| code.code).chain(fields) {
            assert!(
                code.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            );
            assert!(seen.insert(code), "{code} stands twice");
        }
    }

    #[test]
    fn every_code_has_its_sentence_and_no_sentence_is_left_over() {
        for (tag, messages) in crate::LOCALES {
            let said = crate::locales::messages(messages);
            let wanted = |meets: Meets| meets == Meets::Guest || ["en", "ms"].contains(tag);
            for code in CODES {
                let id = message_id("problem", code.code);
                assert_eq!(said.contains_key(&id), wanted(code.meets), "{tag} {id}");
            }
            for (code, _) in FIELD_CODES {
                let id = message_id("field", code);
                assert!(said.contains_key(&id), "{tag} {id}");
            }
            for id in said.into_keys().filter(|id| !id.contains('.')) {
                let code = |prefix: &str| Some(id.strip_prefix(prefix)?.replace('-', "_"));
                if let Some(code) = code("problem-") {
                    assert!(find(&code).is_some(), "{tag} {id} is no code");
                }
                if let Some(code) = code("field-") {
                    assert!(
                        FIELD_CODES.iter().any(|(known, _)| *known == code),
                        "{tag} {id}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_sentence_can_be_said_with_nothing_to_fill_in() {
        for (tag, _) in crate::LOCALES {
            let text = testing::text(tag);
            for code in CODES {
                for said in [
                    crate::problem::title(&text, code.code),
                    crate::problem::sentence(&text, "problem", code.code, code.values, &[]),
                ] {
                    assert!(
                        !said.is_empty() && !said.contains("{$"),
                        "{tag} {}: {said}",
                        code.code
                    );
                }
            }
            for (code, values) in FIELD_CODES {
                let said = crate::problem::sentence(&text, "field", code, values, &[]);
                assert!(
                    !said.is_empty() && !said.contains("{$"),
                    "{tag} {code}: {said}"
                );
            }
            assert_eq!(text.catalogue().missing(), Vec::<String>::new());
        }
    }
}
