//! A change that a household requests, before it is checked. The form and the JSON API both produce
//! this type.

use std::collections::BTreeMap;

use serde_json::Value;
use web::FieldProblem;

use crate::id::GuestId;
use crate::words::ReplyStatus;

/// A requested change. Fields that are `None` or empty stay unchanged.
#[derive(Clone, Debug, Default)]
pub struct HouseholdChange {
    /// The version that the household has read.
    pub version: Option<i64>,
    /// The guests to change, and new guests to add.
    pub guests: Vec<GuestUpdate>,
    pub remove: Vec<GuestId>,
    /// The household's answers to the hosts' own questions, by the question's key. A null or empty
    /// value removes an answer.
    pub answers: BTreeMap<String, Value>,
    pub note: Option<NoteUpdate>,
    /// Errors of fields that could not be parsed. They are reported together with the other field
    /// errors.
    pub wrong: Vec<FieldProblem>,
}

/// Changes to a guest.
#[derive(Clone, Debug, Default)]
pub struct GuestUpdate {
    /// The guest's id; `None` for a new guest.
    pub id: Option<GuestId>,
    pub name: Option<String>,
    pub is_child: Option<bool>,
    /// A child's age. `Some(None)` means that the age is unknown.
    pub age: Option<Option<i64>>,
    /// The replies by event key. A household may send yes, no and undecided. A host may also send
    /// pending, which removes a reply.
    pub replies: BTreeMap<String, ReplyStatus>,
    /// Keys of dietary options.
    pub diets: Option<Vec<String>>,
    pub diet_note: Option<String>,
    /// Answers to the hosts' own questions, by key. A null or empty value removes an answer.
    pub answers: BTreeMap<String, Value>,
}

impl GuestUpdate {
    /// Whether the change contains a reply or an answer, or adds a guest. If so, the change must
    /// also contain all required answers.
    pub fn answers_anything(&self) -> bool {
        self.id.is_none() || !self.replies.is_empty() || !self.answers.is_empty()
    }
}

/// A change to the household's note. The note has its own version.
#[derive(Clone, Debug)]
pub struct NoteUpdate {
    /// The new text. An empty text removes the note.
    pub text: String,
    /// The version of the note that the household has read. With `None`, any version is replaced.
    pub version: Option<i64>,
}

impl HouseholdChange {
    /// Returns whether the change may take or free a seat.
    pub fn touches_seats(&self) -> bool {
        !self.remove.is_empty()
            || self
                .guests
                .iter()
                .any(|guest| guest.id.is_none() || !guest.replies.is_empty())
    }

    pub fn is_note_alone(&self) -> bool {
        self.guests.is_empty()
            && self.remove.is_empty()
            && self.answers.is_empty()
            && self.wrong.is_empty()
            && self.note.is_some()
    }

    /// Whether the change contains a reply or an answer, either of the household or of one of its
    /// guests.
    pub fn answers_anything(&self) -> bool {
        !self.answers.is_empty() || self.guests.iter().any(GuestUpdate::answers_anything)
    }

    pub fn touches_diets(&self) -> bool {
        self.guests
            .iter()
            .any(|guest| guest.diets.is_some() || guest.diet_note.is_some())
    }
}
