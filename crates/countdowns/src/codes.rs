//! The error codes of countdowns.

use ::web::codes::Code;

::web::codes! { pub(crate) PROBLEM_CODES:
    /// The error for resetting a countdown that counts down.
    pub const WRONG_KIND = Code::new(400, "wrong_kind");
    /// The error for a reset that has the same millisecond as another one.
    pub const ENTRY_EXISTS = Code::new(409, "entry_exists");
    /// The error for removing the owner whose slug is in the countdown's URL.
    pub const NAMED_AFTER = Code::new(409, "named_after");
    /// The error for a phrase with the same words as an active one.
    pub const PHRASE_EXISTS = Code::new(409, "phrase_exists");
    /// The error for a suggestion with the same words as another pending suggestion of the same
    /// person.
    pub const SUGGESTION_PENDING = Code::new(409, "suggestion_pending");
    /// The error for deciding on a suggestion on which another moderator has already decided.
    pub const ALREADY_MODERATED = Code::new(409, "already_moderated");
    // The error codes of single fields.
    const _ = Code::new(422, "reset_in_future");
    const _ = Code::new(422, "reset_too_old");
    const _ = Code::new(422, "timestamp_without_offset");
    const _ = Code::new(422, "target_in_past");
    const _ = Code::new(422, "target_out_of_range");
    const _ = Code::new(422, "listed_requires_public");
    const _ = Code::new(422, "words_too_few");
}
