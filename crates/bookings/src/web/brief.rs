//! The form fields for a member's topics and note for the provider.

use web::Text;
use web::form_state::{Field, FormState};

/// The fields for topics, for a note with the label `note`, and for showing the member's email
/// address.
pub(super) fn fields(text: &Text, form_state: &FormState, note: String) -> [Field; 3] {
    [
        form_state
            .lines("topics", text.say("booking-topics-open"))
            .hint(text.say("booking-topics-hint")),
        form_state.lines("note", note),
        form_state.tick("shows_email", text.say("booking-shows-email")),
    ]
}
