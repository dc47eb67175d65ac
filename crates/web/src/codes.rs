//! The error codes shared by all pages. Domains declare their own codes
//! ([`Declared::codes`](crate::Declared)).
//!
//! A code's message in `locales/` is `problem-{code}` (with hyphens for underscores), and its title
//! is the attribute `.title`. A test compares codes and messages.

use std::collections::{BTreeMap, BTreeSet};

use crate::language::Language;
use crate::locales::messages;
use crate::text::{Catalogue, Locale};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code in `snake_case`; it never changes.
    pub code: &'static str,
    /// The HTTP status of responses with this code.
    pub status: u16,
}

impl Code {
    pub const fn new(status: u16, code: &'static str) -> Self {
        Self { code, status }
    }
}

/// Declares error codes: the table of all of them, and a constant for each that has a name.
///
/// ```
/// use web::codes::Code;
///
/// web::codes! { PROBLEM_CODES:
///     /// The error for a dish that somebody else took.
///     pub const DISH_TAKEN = Code::new(409, "dish_taken");
///     const _ = Code::new(422, "dish_cold");
/// }
/// assert_eq!(PROBLEM_CODES, [DISH_TAKEN, Code::new(422, "dish_cold")]);
/// ```
#[macro_export]
macro_rules! codes {
    ($all_visible:vis $all:ident: $($(#[$about:meta])* $visible:vis const $name:tt = $code:expr;)+) => {
        $all_visible const $all: &[$crate::codes::Code] = &[$($code),+];
        $($(#[$about])* $visible const $name: $crate::codes::Code = $code;)+
    };
}

/// The message id for an error code, such as `problem-version-conflict` for `version_conflict`.
pub(crate) fn message_id(prefix: &str, code: &str) -> String {
    format!("{prefix}-{}", code.replace('_', "-"))
}

pub const SLUG_TAKEN: Code = Code::new(409, "slug_taken");

/// The error codes that all domains share, in the order of the page `/problems`.
pub static CODES: &[Code] = &[
    Code::new(400, "body_invalid"),
    Code::new(400, "request_invalid"),
    Code::new(400, "cursor_invalid"),
    Code::new(400, "idempotency_key_invalid"),
    Code::new(404, "not_found"),
    Code::new(405, "method_not_allowed"),
    Code::new(413, "body_too_large"),
    Code::new(415, "unsupported_media_type"),
    Code::new(431, "headers_too_large"),
    Code::new(422, "validation_failed"),
    Code::new(403, "csrf_failed"),
    // Edit conflicts and repeated requests.
    Code::new(428, "version_required"),
    Code::new(409, "version_conflict"),
    Code::new(422, "idempotency_key_reused"),
    Code::new(409, "idempotency_in_progress"),
    // Limits and server errors.
    Code::new(429, "rate_limited"),
    Code::new(429, "too_many_attempts"),
    Code::new(503, "store_busy"),
    Code::new(503, "saving_paused"),
    Code::new(503, "outcome_unknown"),
    Code::new(503, "busy"),
    Code::new(500, "internal"),
    // Conflicts that can occur with any kind of record.
    SLUG_TAKEN,
    Code::new(409, "limit_reached"),
    Code::new(409, "wrong_state"),
    // The caller is not signed in. An HTML page redirects to the sign-in page instead.
    Code::new(401, "unauthenticated"),
];

/// The error codes of single fields. They occur in the `errors` of a problem with the code
/// `validation_failed`. Their messages are called `field-{code}`. A field's error may also have the
/// code of a [`Problem`](crate::Problem).
pub static FIELD_CODES: &[&str] = &[
    "required",
    "too_short",
    "too_long",
    "too_few",
    "too_many",
    "out_of_range",
    "too_low",
    "too_high",
    "unknown_option",
    "unknown_field",
    "wrong_type",
    "not_allowed",
    "not_unique",
    "invalid",
    "amount_invalid",
    "percentage_invalid",
    "duration_invalid",
    "currency_changed",
    "email_invalid",
    "url_invalid",
    "date_invalid",
    "time_invalid",
    "time_zone_unknown",
    "time_zone_several",
    "language_unknown",
    "ends_before_start",
    "password_short",
    "password_long",
    "password_common",
    "display_name_length",
    "display_name_address",
    "slug_invalid",
    "slug_reserved",
    "confirmation_wrong",
    "image_invalid",
    "image_heic",
    "not_an_image",
    "picture_undescribed",
];

/// Compares codes with their messages in the declaring crate, and returns every mismatch. Each code
/// needs a sentence and a title in English and Malay, both complete without arguments. Each message
/// whose id begins with `problem-` or `field-` needs a code.
///
/// ```
/// use web::codes::{Code, mismatches};
///
/// let codes = [Code::new(409, "dish_taken")];
/// let locales = [("en", "problem-dish-taken = Taken.\n    .title = Taken\n")];
/// let found = mismatches(&codes, &[], &locales);
/// assert_eq!(found, ["ms: problem-dish-taken is missing"]);
/// ```
pub fn mismatches(codes: &[Code], fields: &[&str], locales: &[Locale]) -> Vec<String> {
    let ids: BTreeSet<String> = codes
        .iter()
        .map(|code| message_id("problem", code.code))
        .chain(fields.iter().map(|code| message_id("field", code)))
        .collect();
    let catalogue = Catalogue::build(&[locales]);
    let mut found = Vec::new();
    for tag in BTreeSet::from(["en", "ms"]) {
        let files = locales.iter().filter(|(other, _)| *other == tag);
        let said: BTreeMap<_, _> = files.flat_map(|(_, file)| messages(file)).collect();
        for id in &ids {
            let title = format!("{id}.title");
            if !said.contains_key(id) {
                found.push(format!("{tag}: {id} is missing"));
            } else if id.starts_with("problem-") && !said.contains_key(&title) {
                found.push(format!("{tag}: {title} is missing"));
            }
        }
        let is_of_code = |id: &&String| id.starts_with("problem-") || id.starts_with("field-");
        let whole = said.keys().filter(|id| !id.contains('.'));
        let more = whole.filter(is_of_code).filter(|id| !ids.contains(*id));
        found.extend(more.map(|id| format!("{tag}: {id} is of no code")));
    }
    for tag in catalogue.languages() {
        let text = catalogue.speak(&Language::of(tag));
        for id in &ids {
            let said = text.with_rest(id, &[], |_| "none");
            if said.contains("{$") {
                found.push(format!(
                    "{tag}: {id} cannot be said with nothing to fill in"
                ));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_snake_case_and_stand_once() {
        let mut seen = BTreeSet::new();
        let fields = FIELD_CODES.iter().copied();
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
        assert_eq!(mismatches(CODES, FIELD_CODES, crate::LOCALES), [""; 0]);
    }

    #[test]
    fn what_is_wrong_with_a_sentence_is_told() {
        let codes = [Code::new(409, "dish_taken"), Code::new(409, "dish_gone")];
        let en = "problem-dish-taken = Taken.\nproblem-dish-gone = Gone.\n    .title = Gone\n";
        let ms = "problem-dish-gone = Tiada.\n    .title = Tiada\nproblem-more = x\nfield-x = x\n";
        assert_eq!(
            mismatches(&codes, &[], &[("en", en), ("ms", ms)]),
            [
                "en: problem-dish-taken.title is missing",
                "ms: problem-dish-taken is missing",
                "ms: field-x is of no code",
                "ms: problem-more is of no code",
            ]
        );
    }
}
